"""Scenarios for real: against an emulator in this process, over HTTP, with receivers that listen."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ringback import cli, vendors
from ringback.scenario import report
from ringback.scenario.load import LoadedScenario, find, load, parse
from ringback.scenario.run import ScenarioResult, run
from ringback.scenario.yaml_loader import Path as Place
from ringback.testing import Ringback

SHIPPED = find(vendors.names())

NUMBER = {"method": "POST", "path": "/v1/numbers", "body": {"business_phone": "+13465551234"}}


@pytest.fixture(scope="module")
def server() -> Iterator[Ringback]:
    with Ringback(*vendors.names()) as ringback:
        yield ringback


def scenario(when: list[Any], then: list[Any] | None = None, **given: Any) -> LoadedScenario:
    """A scenario from its steps; JSON is YAML too."""
    return parse(
        json.dumps(
            {
                "name": "A scenario",
                "vendor": "kwickphone",
                "given": {"account": {"balance": "20.00"}, **given},
                "when": when,
                "then": then or [{"balance": {"is": "string"}}],
            },
            indent=1,
        ),
        "a.yaml",
    )


def played(server: Ringback, *when: Any, then: list[Any] | None = None, **given: Any) -> ScenarioResult:
    return run(scenario(list(when), then, **given), server)


def passed(outcome: ScenarioResult) -> ScenarioResult:
    assert outcome.verdict == "passed", report.explanation(outcome)
    return outcome


# -- the scenarios that ship ------


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_scenario_that_ships_holds(server: Ringback, file: Path) -> None:
    outcome = passed(run(load(file), server))
    assert [step.verdict for step in outcome.steps] == ["passed"] * len(outcome.steps)
    assert outcome.timeline == ""


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_expectation_of_a_scenario_that_ships_is_able_to_fail(server: Ringback, file: Path) -> None:
    original = load(file).source.value
    places = list(expectations(original))
    assert len(places) >= 5
    unnoticed = {}
    for place in places:
        outcome = run(parse(json.dumps(turned(original, place), ensure_ascii=False), file.name), server)
        broken = [step for step in outcome.steps if step.verdict == "failed"]
        section, index = place[0], place[1] if place[0] == "when" else 0
        if (
            outcome.verdict != "failed"
            or (broken[0].section, broken[0].index) != (section, index)
            or not broken[0].differences
        ):
            unnoticed[".".join(map(str, place))] = report.explanation(outcome) or "it holds"
    assert unnoticed == {}, "\n".join(f"{place} turned around: {text}" for place, text in unnoticed.items())


def expectations(value: dict[str, Any]) -> Iterator[Place]:
    """Where in a scenario something is expected: each innermost expectation, and each secret to sign with."""
    for section in ("when", "then"):
        for index, step in enumerate(value[section]):
            for verb in ("expect", "balance", "ledger", "deliveries", "account", "timeline"):
                if verb in step:
                    yield from leaves(step[verb], (section, index, verb))
            if "webhooks" in step:
                yield from leaves(step["webhooks"]["arrived"], (section, index, "webhooks", "arrived"))
                if "signed" in step["webhooks"]:
                    yield (section, index, "webhooks", "signed")


def leaves(expected: Any, place: Place) -> Iterator[Place]:
    if isinstance(expected, dict) and expected and not set(expected) <= types_of_matchers():
        for key, item in expected.items():
            yield from leaves(item, (*place, key))
    elif isinstance(expected, list) and expected:
        for index, item in enumerate(expected):
            yield from leaves(item, (*place, index))
    else:
        yield place


def types_of_matchers() -> set[str]:
    from ringback.scenario.expectations import MATCHERS

    return set(MATCHERS)


def turned(original: dict[str, Any], place: Place) -> dict[str, Any]:
    """The scenario with one expectation made into its opposite, or where others could meet that, into one that nothing
    meets; of `then` only the look at stake is left."""
    value = deepcopy(original)
    holder: Any = value
    for step in place[:-1]:
        holder = holder[step]
    if "signed" in place:
        holder[place[-1]] = "whsec_another"
    elif "timeline" in place:
        holder[place[-1]] = "never"
    else:
        holder[place[-1]] = {"not": holder[place[-1]]}
    value["then"] = [value["then"][place[1] if place[0] == "then" else 0]]
    return value


def test_all_at_once_on_one_emulator_go_as_one_by_one() -> None:
    scenarios = [load(file) for file in SHIPPED]
    with Ringback(*vendors.names()) as ringback, ThreadPoolExecutor(8) as pool:
        one_by_one = [essence(run(scenario, ringback)) for scenario in scenarios]
        at_once = list(pool.map(lambda scenario: essence(run(scenario, ringback)), scenarios))
    assert at_once == one_by_one


def essence(outcome: ScenarioResult) -> tuple[Any, ...]:
    return outcome.name, outcome.verdict, [step.verdict for step in outcome.steps], outcome.began, outcome.ended


def test_an_address_that_is_not_the_emulators_is_trouble(server: Ringback) -> None:
    outcome = played(server, {"request": {"method": "GET", "url": "http://127.0.0.1:9/elsewhere"}})
    assert outcome.verdict == "trouble"
    assert "http://127.0.0.1:9/elsewhere is not at this emulator" in report.explanation(outcome)


def test_an_address_from_an_answer_is_asked_without_a_key_unless_one_is_named(server: Ringback) -> None:
    url = "$account.base_url/v1/calls"
    keyless = {"request": {"method": "GET", "url": url}, "expect": {"status": 401}}
    keyed = {"request": {"method": "GET", "url": url, "key": "main"}, "expect": {"status": 200}}
    assert [step.title for step in passed(played(server, keyless, keyed)).steps[:2]] == [f"GET {url}"] * 2


def test_the_scenario_on_the_page_holds(server: Ringback) -> None:
    page = (Path(__file__).parent.parent / "docs" / "scenarios.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(# yaml-language-server.*?)```", page, re.DOTALL)
    passed(run(parse(text), server))


def test_a_scenario_moves_its_own_clock_alone(server: Ringback) -> None:
    before = server.now
    bystander = server.account("kwickphone", balance="20.00")
    outcome = passed(played(server, {"request": NUMBER}, {"advance": "1mo"}, then=[{"balance": "10.00"}]))
    assert (outcome.ended - outcome.began).days == 31
    assert server.now == before
    assert str(bystander.balance) == "20.00"


# -- what failing looks like ------


def test_a_difference_shows_where_what_was_expected_and_what_was_seen(server: Ringback) -> None:
    outcome = played(server, {"request": NUMBER}, then=[{"balance": "19.78"}, {"note": "Money", "balance": {"gt": 99}}])
    assert outcome.verdict == "failed"
    lines = scenario([{"request": NUMBER}], [{"balance": "19.78"}, {"note": "Money", "balance": {"gt": 99}}])
    first, second = lines.line("then", 0), lines.line("then", 1)
    text = report.explanation(outcome)
    assert text.startswith(
        f"""\
A scenario: failed
  a.yaml:{first}  then 1: balance 19.78
    balance
      expected  "19.78"
      seen      "15.00"
  a.yaml:{second}  then 2: Money
    balance
      expected  more than 99
      seen      "15.00"
  what happened to account {outcome.account_id}:
    2026-03-01
"""
    )
    assert "POST /v1/numbers → 201" in text


def test_a_step_that_fails_ends_the_scenario_and_a_look_does_not(server: Ringback) -> None:
    outcome = played(server, {"balance": "1"}, {"fund": "1.00"}, then=[{"balance": "20.00"}])
    assert [step.verdict for step in outcome.steps] == ["failed", "skipped", "skipped"]
    assert "2 further steps were not reached" in report.explanation(outcome)
    outcome = played(server, {"fund": "1.00"}, then=[{"balance": "1"}, {"balance": "2"}, {"balance": "21.00"}])
    assert [step.verdict for step in outcome.steps] == ["passed", "failed", "failed", "passed"]


def test_a_request_must_succeed_unless_the_scenario_says_otherwise(server: Ringback) -> None:
    refused = {"request": {"method": "GET", "path": "/v1/nothing"}}
    outcome = played(server, refused)
    assert [(d.path, str(d.expected), d.seen) for d in outcome.steps[0].differences] == [(("status",), "2xx", 404)]
    assert outcome.steps[0].differences[0].why.startswith("not_found ")
    assert played(server, {**refused, "expect": {"body": {"error": {"code": "not_found"}}}}).verdict == "failed"
    passed(played(server, {**refused, "expect": {"status": 404, "body": {"error": {"code": "not_found"}}}}))


@pytest.mark.parametrize(
    ("step", "code", "param"),
    [
        ({"call": {"to": "+19075550100", "from": "+12145559876"}}, "number_not_found", "to"),
        ({"call": {"to": "+19075550100", "from": "12"}}, "invalid_value", "from"),
        ({"text": {"to": "+19075550100", "from": "+12145559876", "body": "Hi"}}, "invalid_value", "vendor"),
        ({"script": {"to": "+19075550100", "end": "busy"}}, "invalid_value", "vendor"),
        ({"settings": {"card": "lost"}}, "invalid_value", "settings.card"),
        ({"fault": {"operation": "createNumbr", "effect": {"status": 503}}}, "invalid_value", "operation"),
        ({"control": {"method": "GET", "path": "/nothing"}}, "not_found", None),
        ({"until": "2026-02-28T09:00:00Z"}, "invalid_value", "until"),
        ({"fund": "999999999999.99"}, None, None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_refusal_of_the_emulator_fails_a_step_unless_it_is_expected(
    server: Ringback, step: dict[str, Any], code: str | None, param: str | None
) -> None:
    if code is None:
        passed(played(server, step))
        return
    outcome = played(server, step)
    assert outcome.verdict == "failed"
    assert f"seen      {code}: " in report.explanation(outcome)
    passed(played(server, {**step, "expect": {"error": {"code": code, "param": param}}}))


def test_an_expected_refusal_that_does_not_come_fails(server: Ringback) -> None:
    outcome = played(server, {"fund": "1.00", "expect": {"error": {"code": "not_found"}}})
    assert outcome.steps[0].differences[0].path == ("error",)


def test_what_is_given_can_be_refused_too(server: Ringback) -> None:
    outcome = played(server, {"advance": 1}, account={"settings": {"talk_rat": "1"}})
    assert (outcome.verdict, outcome.steps[0].section, outcome.steps[0].line) == ("failed", "given", 4)
    assert "talk_rat" in report.explanation(outcome)


def test_a_reference_to_a_part_that_is_not_there_fails_the_step(server: Ringback) -> None:
    outcome = played(server, {"request": NUMBER, "save": "number"}, {"advance": 1, "expect": {"now": "$number.phone"}})
    assert '$number has no phone; did you mean "phone_number"?' in report.explanation(outcome)


def test_a_saved_value_of_the_wrong_type_fails_the_step(server: Ringback) -> None:
    outcome = played(server, {"fund": "1.00", "save": "money"}, {"call": {"to": "$money", "from": "+12145559876"}})
    assert outcome.steps[1].verdict == "failed"
    assert "expected  values of the right type" in report.explanation(outcome)


def test_events_in_another_order_are_not_in_order(server: Ringback) -> None:
    entries = [{"kind": "number"}, {"kind": "money", "cause": "number"}]
    passed(played(server, {"request": NUMBER}, then=[{"timeline": entries}]))
    outcome = played(server, {"request": NUMBER}, then=[{"timeline": [*reversed(entries), {"kind": "number"}]}])
    (difference,) = outcome.steps[1].differences
    assert difference.path == ("timeline", 1)
    assert str(difference.seen) == "no such entry after entry 0 of the scenario"


# -- steps ------


def test_a_request_says_what_the_scenario_says(server: Ringback) -> None:
    passed(
        played(
            server,
            {"request": {"method": "POST", "path": "/v1/numbers", "raw": "{"}, "expect": {"status": 400}},
            {
                "request": {**NUMBER, "headers": {"Content-Type": "text/plain"}},
                "expect": {"status": 400, "body": {"error": {"code": "invalid_request"}}},
            },
            {"request": {"method": "GET", "path": "/v1/calls", "query": {"limit": 0}}, "expect": {"status": 400}},
            {"request": {"method": "GET", "path": "/v1/calls", "query": {"limit": 1}}},
            {
                "request": {"method": "GET", "path": "/v1/calls", "headers": {"authorization": None}},
                "expect": {"status": 401},
            },
            {
                "request": {
                    "method": "GET",
                    "path": "/v1/calls",
                    "headers": {"AUTHORIZATION": "Bearer $keys.main.secret"},
                },
                "expect": {"size": {"gt": 0}, "headers": {"content-type": {"contains": "json"}}},
            },
        )
    )


def test_a_connection_that_breaks_is_a_failure_to_be_expected(server: Ringback) -> None:
    look = {"request": {"method": "GET", "path": "/v1/calls"}}
    broken = {**look, "expect": {"failure": {"is": "string"}}}
    for effect in ({"reset": True}, {"truncate": 3}):
        fault = {"operation": "listCalls", "first": 1, "effect": effect}
        passed(played(server, broken, look, faults=[fault]))
        outcome = played(server, look, faults=[fault])
        assert (outcome.verdict, outcome.steps[0].differences[0].path) == ("failed", ("status",))


def test_faults_strike_this_account_alone_and_are_lifted_at_the_end(server: Ringback) -> None:
    always = {"operation": "listCalls", "effect": {"status": 503}}
    outcome = passed(
        played(
            server, {"fault": always}, {"request": {"method": "GET", "path": "/v1/calls"}, "expect": {"status": 503}}
        )
    )
    assert [f for f in server.control.get("/faults")["data"] if f["account_id"] == outcome.account_id] == []
    passed(played(server, {"request": {"method": "GET", "path": "/v1/calls"}}))


def test_a_receiver_that_hangs_is_given_up_on_and_tried_again(server: Ringback) -> None:
    passed(
        played(
            server,
            {"request": {**NUMBER, "body": {**NUMBER["body"], "webhook_url": "$hook.url"}}, "save": "number"},  # type: ignore[dict-item]
            {"call": {"to": "$number.phone_number", "from": "+12145559876", "duration": 1}},
            {"advance": "idle"},
            then=[
                {"deliveries": [{"attempts": [{"status": None, "error": {"contains": "no answer"}}, {"status": 200}]}]},
                {"webhooks": {"receiver": "hook", "arrived": {"length": 2}, "signed": "$number.webhook_secret"}},
            ],
            account={"balance": "20.00", "settings": {"webhook_timeout": 0.1}},
            receivers={"hook": {"answers": ["hang", 200]}},
        )
    )


def test_an_event_with_a_bad_signature_is_noticed(server: Ringback) -> None:
    outcome = played(
        server,
        {"request": {**NUMBER, "body": {**NUMBER["body"], "webhook_url": "$hook.url"}}, "save": "number"},  # type: ignore[dict-item]
        {"call": {"to": "$number.phone_number", "from": "+12145559876", "duration": 1}},
        {"advance": "idle"},
        then=[{"webhooks": {"receiver": "hook", "arrived": {"length": 1}, "signed": "$number.webhook_secret"}}],
        receivers={"hook": {}},
        faults=[{"effect": {"webhook": "bad_signature"}}],
    )
    assert outcome.verdict == "failed"
    assert "expected  a valid signature" in report.explanation(outcome)


def test_everything_about_a_call_reaches_the_emulator(server: Ringback) -> None:
    turns = [{"agent": "Hello", "at": "1s"}, {"caller": "Bye", "at": 2}]
    conduct = {"answer_after": "5s", "turns": turns, "outcome": "question", "duration": "9s", "recording": False}
    passed(
        played(
            server,
            {"request": NUMBER, "save": "number"},
            {
                "call": {"to": "$number.phone_number", "from": "+12145559876", **conduct, "end": "completed"},
                "save": "call",
            },
            {"advance": "14s"},
            then=[
                {
                    "request": {"method": "GET", "path": "/v1/calls"},
                    "expect": {
                        "body": {
                            "data": [
                                {
                                    "outcome": "question",
                                    "duration_sec": 9,
                                    "has_recording": False,
                                    "caller": "+12145559876",
                                }
                            ]
                        }
                    },
                },
                {
                    "request": {"method": "GET", "path": "/v1/calls/$call.call_id/transcript"},
                    "expect": {
                        "body": {
                            "turns": [
                                {"speaker": "agent", "text": "Hello", "offset_sec": 1},
                                {"speaker": "caller", "text": "Bye", "offset_sec": 2},
                            ]
                        }
                    },
                },
            ],
        )
    )


def test_time_passes_by_length_to_an_instant_and_until_idle(server: Ringback) -> None:
    passed(
        played(
            server,
            {"advance": "1h", "expect": {"now": {"after": "1h"}}},
            {"advance": 0.5, "expect": {"now": "2026-03-01T10:00:00.500000Z"}},
            {"advance": "1mo", "expect": {"now": "2026-04-01T10:00:00.500000Z"}},
            {"until": "2026-04-02T00:00:00Z", "expect": {"now": "2026-04-02T00:00:00Z"}},
            {"advance": "idle", "expect": {"now": "$now"}},
            {"until": "$now", "expect": {"fired": 0}},
            then=[{"account": {"now": "2026-04-02T00:00:00Z"}}],
        )
    )


def test_a_scenario_begins_when_it_says(server: Ringback) -> None:
    outcome = passed(
        played(server, {"advance": 0}, then=[{"account": {"now": "$start"}}], clock="2001-02-03T04:05:06Z")
    )
    assert outcome.began.isoformat() == "2001-02-03T04:05:06+00:00"


def test_time_ends_with_the_year_9999(server: Ringback) -> None:
    outcome = played(server, {"advance": "2mo"}, clock="9999-12-01T00:00:00Z")
    assert outcome.verdict == "trouble"
    assert "past the year 9999" in report.explanation(outcome)


def test_the_account_stays_when_a_scenario_fails_and_is_closed_when_it_passes(server: Ringback) -> None:
    failed = played(server, {"balance": "1"})
    fine = passed(played(server, {"balance": "20.00"}))
    keys = {
        id_: server.control.get(f"/accounts/{id_}")["keys"][0]["status"] for id_ in (failed.account_id, fine.account_id)
    }
    assert keys == {failed.account_id: "active", fine.account_id: "revoked"}


# -- the command ------

GOOD = json.dumps(scenario([{"request": NUMBER}], [{"balance": "15.00"}]).source.value)
BAD = json.dumps(scenario([{"request": NUMBER}], [{"balance": "5.00"}]).source.value).replace(
    "A scenario", "A [wrong] scenario"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    return tmp_path


def test_run_shows_a_table_and_differences_and_gives_the_exit_code(
    folder: Path, server: Ringback, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["scenario", "run", str(folder / "good.yaml"), "--url", server.url]) == 0
    shown = capsys.readouterr()
    assert "✓  A scenario" in shown.out
    assert "1 scenario: 1 passed" in shown.out
    assert shown.err == ""
    assert cli.run(["scenario", "run", str(folder), "--url", server.url, "--jobs", "2"]) == 1
    shown = capsys.readouterr()
    assert "✗  A [wrong] scenario" in shown.out
    assert "2 scenarios: 1 passed, 1 failed" in shown.out
    assert 'expected  "5.00"\n      seen      "15.00"' in shown.err


def test_run_without_an_address_starts_an_emulator(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", "run", str(folder / "good.yaml")]) == 0
    assert "1 passed" in capsys.readouterr().out


def test_run_prints_one_json_document(folder: Path, server: Ringback, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", "run", str(folder), "--url", server.url, "--json"]) == 1
    shown = capsys.readouterr()
    document = json.loads(shown.out)
    assert document["summary"] == {"passed": 1, "failed": 1, "trouble": 0}
    bad, good = document["scenarios"]
    assert (good["verdict"], good["began"], good["steps"][0]["verdict"]) == ("passed", "2026-03-01T09:00:00Z", "passed")
    assert bad["steps"][1]["differences"] == [{"path": "balance", "expected": '"5.00"', "seen": '"15.00"'}]
    assert bad["steps"][1]["line"] == 1
    assert "2 scenarios: 1 passed, 1 failed" in shown.err


def test_run_writes_junit(folder: Path, server: Ringback) -> None:
    file = folder / "reports" / "scenarios.xml"
    assert cli.run(["scenario", "run", str(folder), "--url", server.url, "--junit", str(file)]) == 1
    suite = ElementTree.parse(file).getroot().find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "then 1: balance 5.00" in (failure.get("message") or "")
    assert 'seen      "15.00"' in (failure.text or "")


def test_a_report_that_cannot_be_written_is_trouble(folder: Path, server: Ringback) -> None:
    arguments = ["scenario", "run", str(folder / "good.yaml"), "--url", server.url]
    assert cli.run([*arguments, "--junit", str(folder / "good.yaml" / "x.xml")]) == 3


def test_junit_takes_any_text(server: Ringback) -> None:
    raw = {"request": {**NUMBER, "headers": {"X": "\x01"}}, "note": "a control character \x07"}
    text = json.dumps(scenario([raw], [{"balance": "x \x00 <&"}]).source.value)
    outcome = run(parse(text), server)
    ElementTree.fromstring(report.junit([outcome]))


@contextmanager
def stranger(status: int, body: bytes) -> Iterator[str]:
    """A server that is no emulator."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (404, b"{}"), (500, b"null")])
def test_a_stranger_at_the_address_is_trouble(
    folder: Path, status: int, body: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with stranger(status, body) as url:
        assert cli.run(["scenario", "run", str(folder / "good.yaml"), "--url", url]) == 3
    assert re.search(r"ringback: .*not a Ringback emulator", capsys.readouterr().err)


def test_nobody_at_the_address_is_trouble(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with stranger(200, b"") as url:
        pass
    assert cli.run(["scenario", "run", str(folder / "good.yaml"), "--url", url]) == 3
    assert "no emulator responds" in capsys.readouterr().err
    assert cli.run(["scenario", "run", str(folder / "good.yaml"), "--url", "nonsense"]) == 2
    assert "Invalid URL 'nonsense'" in capsys.readouterr().err


def test_an_emulator_that_goes_away_is_trouble_and_not_a_failure() -> None:
    ringback = Ringback("kwickphone").start()
    guest = Ringback.connect(ringback.url)
    ringback.stop()
    outcome = run(scenario([{"advance": 1}]), guest)
    assert outcome.verdict == "trouble"
    assert "no emulator responds" in report.explanation(outcome)
    assert report.document([outcome])["scenarios"][0]["account_id"] is None


def test_a_vendor_that_is_not_served_is_trouble(server: Ringback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(server), "vendors", ("inkbox",))
    outcome = run(scenario([{"advance": 1}]), server)
    assert outcome.verdict == "trouble"
    assert "this emulator does not serve kwickphone: inkbox" in report.explanation(outcome)
    assert report.junit([outcome]).count(b"<error") == 1
