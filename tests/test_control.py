"""The control API: shapes, errors, isolation between accounts, the journal."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from ringback import __version__
from ringback.client import ControlError
from ringback.control.common import PREFIX
from ringback.control.control_app import RESOURCES
from ringback.gateway.journal import JOURNAL_KINDS
from ringback.gateway.operations import Operation
from ringback.testing import Account, Receiver, Ringback

BUSINESS = "+13465551234"


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("kwickphone", balance="50.00")


def ask(ringback: Ringback, method: str, path: str, **given: Any) -> httpx.Response:
    return httpx.request(method, f"{ringback.url}/_ringback{path}", trust_env=False, timeout=30, **given)


def test_health_says_what_is_served_and_what_time_it_is(ringback: Ringback) -> None:
    health = ringback.control.get("/health")
    assert (health["status"], health["version"]) == ("ok", __version__)
    assert "kwickphone" in health["vendors"]
    assert health["clock"]["mode"] == "frozen"
    assert health["clock"]["now"].endswith("Z")


def test_the_well_known_account_is_there_with_a_hundred_dollars() -> None:
    with Ringback() as ringback:
        health = ringback.control.get("/health")
        headers = {"Authorization": "Bearer kp_live_ringback"}
        assert (
            httpx.get(f"{health['urls']['kwickphone']}/v1/numbers", headers=headers, trust_env=False).status_code == 200
        )
        (seed,) = ringback.control.get("/accounts", vendor="kwickphone")["data"]
        assert seed["balance"] == "100.00"


def test_an_account_opens_with_what_it_is_given(ringback: Ringback) -> None:
    answer = ask(
        ringback, "POST", "/accounts",
        json={"vendor": "kwickphone", "balance": "12.50", "keys": [{"label": "a"}, {"allowlist": ["10.0.0.0/8"]}],
              "settings": {"number_limit": 7, "talk_rate": "0.25"}, "now": "2030-02-03T04:05:06Z"},
    )  # fmt: skip
    assert answer.status_code == 201
    made = answer.json()
    assert made["balance"] == "12.50"
    assert made["now"] == "2030-02-03T04:05:06Z"
    assert len({key["secret"] for key in made["keys"]}) == 2
    shown = ringback.control.get(f"/accounts/{made['account_id']}")
    assert shown["settings"]["number_limit"] == 7
    assert [entry["cause"] for entry in shown["ledger"]] == ["funded"]
    assert "secret" not in str(shown["keys"])


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "param"),
    [
        ("POST", "/accounts", {"vendor": "nophone"}, 422, "vendor"),
        ("POST", "/accounts", {}, 422, "vendor"),
        ("POST", "/accounts", {"vendor": "kwickphone", "balance": "much"}, 422, "balance"),
        ("POST", "/accounts", {"vendor": "kwickphone", "balance": 25}, 422, "balance"),
        ("POST", "/accounts", {"vendor": "kwickphone", "colour": 1}, 422, None),
        ("POST", "/accounts", {"vendor": "kwickphone", "settings": {"number_limt": 3}}, 422, "settings"),
        ("POST", "/accounts", {"vendor": "kwickphone", "settings": {"number_limit": "x"}}, 422, "settings.number_limit"),
        ("POST", "/accounts", {"vendor": "kwickphone", "keys": [{}] * 6}, 422, "keys"),
        ("POST", "/accounts", {"vendor": "kwickphone", "keys": [{"allowlist": ["here"]}]}, 422, "allowlist"),
        ("POST", "/accounts", {"vendor": "kwickphone", "now": "soon"}, 422, "now"),
        ("GET", "/accounts/unknown", None, 404, "account_id"),
        ("POST", "/accounts/unknown/fund", {"amount": "1"}, 404, "account_id"),
        ("POST", "/accounts/acct_kwickphone_seed/fund", {"amount": "lots"}, 422, "amount"),
        ("POST", "/clock/advance", {}, 422, None),
        ("POST", "/clock/advance", {"seconds": 1, "idle": True}, 422, None),
        ("POST", "/clock/advance", {"seconds": -1}, 422, "seconds"),
        ("POST", "/clock/advance", {"seconds": 1e300}, 422, "seconds"),
        ("POST", "/clock/advance", {"until": "2001-01-01T00:00:00Z"}, 422, "until"),
        ("POST", "/clock/advance", {"seconds": 1, "account_id": "no_one"}, 404, "account_id"),
        ("POST", "/clock", {"mode": "slow"}, 422, "mode"),
        ("POST", "/clock", {"mode": "scaled", "factor": 0}, 422, "factor"),
        ("POST", "/clock", {"mode": "frozen", "factor": 3}, 422, "factor"),
        ("POST", "/clock", {"now": "1999-01-01T00:00:00Z"}, 422, "now"),
        ("POST", "/calls", {"vendor": "kwickphone", "to": "+19075550199", "from": "+12145559876"}, 404, "to"),
        ("POST", "/calls", {"vendor": "kwickphone", "to": "+19075550199", "from": "me"}, 422, "from"),
        ("POST", "/calls", {"vendor": "kwickphone", "to": "+1", "from": "+12145559876", "scenario": "x"}, 422, "scenario"),
        ("POST", "/messages", {"vendor": "kwickphone", "to": "+1346", "from": "+1214", "body": "hi"}, 422, "vendor"),
        ("POST", "/scripts", {"vendor": "kwickphone", "script": {}}, 422, "vendor"),
        ("POST", "/faults", {"vendor": "kwickphone", "operation": "fly", "effect": {"reset": True}}, 422, "operation"),
        ("POST", "/faults", {"vendor": "kwickphone", "method": "GET", "path": "/v1/x", "effect": {"reset": True}}, 422, "path"),
        ("POST", "/faults", {"vendor": "kwickphone", "path": "/v1/calls", "effect": {"reset": True}}, 422, "method"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {}}, 422, "effect"),
        ("POST", "/faults", {"vendor": "kwickphone", "event": "call", "effect": {"webhook": "drop"}}, 422, "event"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {"status": 503, "reset": True}}, 422, "effect"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {"status": 200}}, 422, "effect"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {"reset": True}, "first": 0}, 422, "first"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {"reset": True}, "probability": 2}, 422, "probability"),
        ("POST", "/faults", {"vendor": "kwickphone", "effect": {"reset": True}, "first": 1, "every": 2}, 422, None),
        ("DELETE", "/faults/fault_0", None, 404, "fault_id"),
        ("POST", "/deliveries/dlv_0/replay", {}, 404, "delivery_id"),
        ("GET", "/journal?limit=x", None, 400, "limit"),
        ("GET", "/journal?wait=-1", None, 400, "wait"),
        ("GET", "/deliveries?since=never", None, 422, "since"),
        ("PUT", "/hosts", {"a.example": ["nowhere"]}, 422, "a.example"),
        ("GET", "/nothing", None, 404, None),
        ("PUT", "/health", {}, 404, None),
    ],
)  # fmt: skip
def test_an_invalid_request_is_rejected_with_a_reason(
    ringback: Ringback, method: str, path: str, body: Any, status: int, param: str | None
) -> None:
    answer = ask(ringback, method, path, **({} if body is None else {"json": body}))
    error = answer.json()["error"]
    assert (answer.status_code, error.get("param")) == (status, param), answer.text
    assert error["code"]
    assert error["message"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"nope"])
def test_a_body_that_is_no_json_is_malformed(ringback: Ringback, body: bytes) -> None:
    answer = ask(ringback, "POST", "/accounts", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed")


def test_funding_takes_money_in_and_out(account: Account) -> None:
    assert account.fund("0.01") == account.balance
    assert str(account.fund("-20.01")) == "30.00"
    assert str(account.fund("-40")) == "-10.00"


def test_faults_strike_as_often_as_set(account: Account) -> None:
    with account.client() as http:

        def statuses(count: int) -> list[int]:
            return [http.get("/v1/calls").status_code for _ in range(count)]

        with account.fault("listCalls", status=503, first=2):
            assert statuses(4) == [503, 503, 200, 200]
            assert http.get("/v1/numbers").status_code == 200
        with account.fault(method="GET", path="/v1/calls", status=500, every=3):
            assert statuses(6) == [200, 200, 500, 200, 200, 500]
        with account.fault("listCalls", status=429, code="rate_limited", probability=0.5):
            struck = statuses(20)
            assert 2 <= struck.count(429) <= 18
        assert statuses(3) == [200] * 3


def test_a_fault_of_one_account_strikes_no_other(ringback: Ringback, account: Account) -> None:
    other = ringback.account("kwickphone")
    with account.fault(status=503), other.client() as http, account.client() as mine:
        assert http.get("/v1/calls").status_code == 200
        assert mine.get("/v1/calls").status_code == 503


def test_a_connection_can_be_made_to_break(account: Account) -> None:
    with account.client() as http:
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()
        with account.fault("createNumber", reset=True), pytest.raises(httpx.RemoteProtocolError):
            http.post("/v1/numbers", json={"business_phone": BUSINESS})
        with account.fault("listNumbers", truncate=10), pytest.raises(httpx.RemoteProtocolError):
            http.get("/v1/numbers")
        assert [one["id"] for one in http.get("/v1/numbers").json()["data"]] == [number["id"]]
    assert account.balance == 45


def test_breaking_connections_uses_up_nothing(account: Account) -> None:
    with account.client() as http, account.fault("listNumbers", reset=True):
        before = _open_but_sockets()
        for _ in range(20):
            with pytest.raises(httpx.RemoteProtocolError):
                http.get("/v1/numbers")
        assert _open_but_sockets() < before + 20


def _open_but_sockets() -> int:
    count = 0
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names are all that is wanted
        with contextlib.suppress(OSError):
            count += not stat.S_ISSOCK(os.fstat(int(name)).st_mode)
    return count


def test_an_answer_can_be_made_late(account: Account) -> None:
    with account.client() as http:
        with account.fault("listCalls", latency=3), pytest.raises(httpx.ReadTimeout):
            http.get("/v1/calls", timeout=0.05)
        assert http.get("/v1/calls").status_code == 200


def test_a_broken_provision_charges_nothing(account: Account) -> None:
    with account.client() as http:
        for status, code in ((503, "provider_unavailable"), (500, "internal_error"), (429, "rate_limited")):
            with account.fault("createNumber", status=status):
                answer = http.post("/v1/numbers", json={"business_phone": BUSINESS})
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert http.get("/v1/numbers").json()["data"] == []
        assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 201
    assert account.balance == 45


def test_the_journal_has_every_kind_newest_first_and_masks_secrets(account: Account) -> None:
    with Receiver() as hook, account.client() as http:
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook.url}).json()
        account.call(number["phone_number"], turns=["agent: Hello"])
        account.advance(minutes=1)
    journal = account._control.get("/journal", account_id=account.id)
    kinds = {entry["kind"] for entry in journal["data"]}
    assert kinds >= {"account", "money", "request", "number", "call", "delivery"}
    assert [entry["seq"] for entry in journal["data"]] == sorted((e["seq"] for e in journal["data"]), reverse=True)
    (request,) = [entry for entry in journal["data"] if entry["kind"] == "request"]
    assert request["operation"] is None or request["operation"] == "createNumber"
    text = str(journal)
    assert account.key not in text
    assert number["webhook_secret"] not in text
    assert account.key[-4:] in text
    deliveries = str(account.deliveries())
    assert number["webhook_secret"] not in deliveries


def test_the_journal_can_be_read_as_an_archive(account: Account) -> None:
    with account.client() as http:
        http.get("/v1/calls?limit=3")
        http.get("/v1/nothing")
    archive = account._control.get("/journal", account_id=account.id, format="har")["log"]
    assert archive["version"] == "1.2"
    assert [entry["response"]["status"] for entry in archive["entries"]] == [200, 404]
    assert archive["entries"][0]["request"]["url"] == "https://kwickphone.com/v1/calls?limit=3"
    assert account.key not in str(archive)


def french_number(nokycnumber: httpx.Client) -> Any:
    (offer,) = nokycnumber.get("/v1/numbers/available?country=fr&limit=1").json()["data"]
    return nokycnumber.post("/v1/numbers", json={"available_id": offer["id"], "billing_period": "monthly"}).json()


@pytest.fixture(scope="module")
def busy() -> Iterator[Ringback]:
    """An emulator whose journal has entries of every kind, and many newer ones of another kind."""
    with Ringback("kwickphone", "nokycnumber") as ringback, ringback.receiver() as hook:
        account, texter = ringback.account("kwickphone"), ringback.account("nokycnumber")
        with account.client() as http, texter.client() as other:
            number = http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook.url}).json()
            account.call(number["phone_number"], turns=["agent: Hello"])
            account.advance(minutes=1)
            texter.text(french_number(other)["number"], "Hello")
            for _ in range(20):
                http.get("/v1/calls")
        yield ringback


@pytest.mark.parametrize("kind", JOURNAL_KINDS)
def test_the_journal_filters_by_kind_before_it_counts(busy: Ringback, kind: str) -> None:
    everything = busy.control.get("/journal", limit=1000)["data"]
    wanted = [entry["seq"] for entry in everything if entry["kind"] == kind]
    for limit in (1, 2):
        found = busy.control.get("/journal", kind=kind, limit=limit)["data"]
        assert [entry["seq"] for entry in found] == wanted[:limit]


def test_the_archive_counts_requests_alone(busy: Ringback) -> None:
    busy.kwickphone.fund("1")
    archive = busy.control.get("/journal", format="har", limit=2)["log"]
    assert len(archive["entries"]) == 2


OPERATIONS = [operation for resource in RESOURCES for operation in resource]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_an_unknown_query_parameter_is_rejected_everywhere(ringback: Ringback, operation: Operation) -> None:
    path = re.sub(r"\{\w+\}", "some", operation.path.removeprefix(PREFIX))
    answer = ask(ringback, operation.method, f"{path}?colour=red")
    error = answer.json()["error"]
    if answer.status_code == 422:
        assert operation.method in ("POST", "PUT")  # the body is read first
        return
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_query", "colour"), answer.text


@pytest.mark.parametrize(
    ("query", "param", "accepted"),
    [
        ("/journal?kind=bogus", "kind", JOURNAL_KINDS),
        ("/journal?kind=", "kind", JOURNAL_KINDS),
        ("/journal?format=xml", "format", ("json", "har")),
        ("/deliveries?event=call.complete", "event", ("call.completed",)),
        ("/accounts?vendor=nophone", "vendor", ("kwickphone", "nokycnumber")),
    ],
)
def test_an_unknown_word_in_a_query_is_rejected_with_those_accepted(
    busy: Ringback, query: str, param: str, accepted: tuple[str, ...]
) -> None:
    answer = ask(busy, "GET", query)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), answer.text
    assert all(word in error["message"] for word in accepted)


@pytest.mark.parametrize("path", ["/journal", "/deliveries", "/calls"])
def test_the_records_of_an_unknown_account_are_not_found(ringback: Ringback, path: str) -> None:
    answer = ask(ringback, "GET", f"{path}?account_id=acct_none")
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "account_id")


def test_a_number_that_is_not_assigned_is_answered_with_those_that_are(busy: Ringback) -> None:
    (own,) = (number["phone_number"] for account in busy._accounts.values() if account.vendor == "kwickphone"
              for number in account.show()["numbers"])  # fmt: skip
    body = {"vendor": "kwickphone", "to": "+19075550199", "from": "+12145559876"}
    with pytest.raises(ControlError, match="404 number_not_found") as raised:
        busy.control.post("/calls", body)
    assert f"kwickphone has {own}; other vendors: nokycnumber has +33" in raised.value.message
    with pytest.raises(ControlError, match="404 number_not_found") as raised:
        busy.control.post("/messages", {**body, "vendor": "nokycnumber", "to": own, "body": "Hello"})
    assert f"kwickphone has {own}" in raised.value.message
    with Ringback("kwickphone") as empty, pytest.raises(ControlError, match="kwickphone has none"):
        empty.control.post("/calls", body)


def test_a_number_that_accepts_nothing_now_is_told_from_one_that_does_not_exist(ringback: Ringback) -> None:
    account = ringback.account("nokycnumber", balance="50")
    with account.client() as http:
        number = french_number(http)
        windows = [{"days": ["thu"], "from": "00:01", "to": "23:59"}]
        http.patch(f"/v1/numbers/{number['id']}", json={"on_off": {"timezone": "UTC", "windows": windows}})
        account.advance(minutes=2)
    with pytest.raises(ControlError, match="409 not_accepting_calls"):
        account.call(number["number"])
    with pytest.raises(ControlError, match="409 not_accepting_messages"):
        account.text(number["number"], "Hello")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/faults", {"vendor": "nokycnumber", "effect": {"status": 503}}),
        ("/scripts", {"vendor": "nokycnumber", "script": {"end": "failed"}}),
    ],
)
def test_what_is_deleted_is_gone(ringback: Ringback, path: str, body: dict[str, Any]) -> None:
    made = ringback.control.post(path, {**body, "account_id": ringback.nokycnumber.id})
    deleted = ringback.control.delete(f"{path}/{made['id']}")
    assert deleted["deleted"] is True
    assert deleted["id"] == made["id"]
    with pytest.raises(ControlError, match="404 not_found"):
        ringback.control.delete(f"{path}/{made['id']}")


def test_the_journal_can_be_waited_for(ringback: Ringback, account: Account) -> None:
    last = ringback.control.get("/journal", account_id=account.id)["last"]
    found: list[Any] = []
    waiter = threading.Thread(
        target=lambda: found.append(ringback.control.get("/journal", account_id=account.id, since=last, wait=10))
    )
    waiter.start()
    started = time.monotonic()
    while not found and time.monotonic() - started < 10:
        account.fund("1")
        waiter.join(0.05)
    waiter.join()
    assert found[0]["data"][0]["kind"] == "money"
    assert ringback.control.get("/journal", account_id=account.id, since=2**50, wait=0.01)["data"] == []


def test_accounts_travel_in_time_alone_and_together() -> None:
    with Ringback("kwickphone") as ringback:
        one, other = ringback.account(), ringback.account()
        one.advance(days=3)
        assert (one.now - other.now).days == 3
        ringback.advance(hours=1)
        assert (one.now - other.now).days == 3
        assert other.now == ringback.now


def test_many_tests_on_one_server_do_not_disturb_one_another(ringback: Ringback) -> None:
    """Twenty accounts at once, each through a month of its own: all end alike."""

    def live(results: list[Any]) -> None:
        account = ringback.account("kwickphone", balance="30", now="2026-03-15T00:00:00Z")
        with account.client() as http, Receiver() as hook:
            number = http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook.url}).json()
            account.call(number["phone_number"], "+12145559876", turns=["agent: Hello"], duration=60)
            with account.fault("listCalls", status=503, first=1):
                first = http.get("/v1/calls").status_code
            account.advance(days=40)
            calls = http.get("/v1/calls").json()["data"]
            results.append(
                (str(account.balance), first, [call["started_at"] for call in calls], len(hook.requests),
                 [entry["what"] for entry in account.journal() if entry["kind"] == "money"])
            )  # fmt: skip

    results: list[Any] = []
    threads = [threading.Thread(target=live, args=(results,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert all(result == results[0] for result in results), results


def test_calls_are_shown_with_what_is_said_on_them(ringback: Ringback, account: Account) -> None:
    with account.client() as http:
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()
    placed = [account.call(number["phone_number"], turns=["agent: Hello", "caller: Hi"]) for _ in range(3)]
    account.advance(minutes=1)
    shown = ringback.control.get("/calls", account_id=account.id, limit=2)["data"]
    assert [call["call_id"] for call in shown] == placed[:0:-1]
    assert [(turn["speaker"], turn["text"]) for turn in shown[0]["turns"]] == [("agent", "Hello"), ("caller", "Hi")]
    assert shown[0]["state"] == "completed"
    assert {call["call_id"] for call in ringback.control.get("/calls")["data"]} >= set(placed)


def test_a_named_account_draws_the_same_whatever_came_before() -> None:
    seen = []
    for others in (0, 3):
        with Ringback("kwickphone") as ringback:
            for _ in range(others):
                ringback.account()
            account = ringback.account(name="the baker")
            with account.client() as http:
                number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()
            seen.append((account.id, account.key, number["phone_number"], number["webhook_secret"]))
            assert ringback.account(name="the baker").id != account.id
    assert seen[0] == seen[1]


def test_closing_an_account_ends_its_numbers_and_its_webhooks(ringback: Ringback, account: Account) -> None:
    with Receiver() as hook, account.client() as http:
        hook.respond_with(500)
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook.url}).json()
        account.call(number["phone_number"], turns=[], duration=1)
        account.advance(seconds=10)
        ringback.control.delete(f"/accounts/{account.id}")
        assert http.get("/v1/numbers").status_code == 401
        ringback.control.post("/clock/advance", {"seconds": 86400, "account_id": account.id})
        assert len(hook.requests) == 1
        with pytest.raises(ControlError, match="number_not_found"):
            account.call(number["phone_number"])


def test_a_control_token_is_required() -> None:
    with Ringback("kwickphone", control_token="open-sesame") as ringback:
        assert ask(ringback, "GET", "/health").status_code == 401
        headers = {"Authorization": "Bearer open-sesame"}
        assert ask(ringback, "GET", "/health", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers", [{"Host": "rebound.example.com"}, {"Origin": "https://elsewhere.example"}, {"Origin": "null"}]
)
def test_pages_of_other_sites_cannot_reach_the_control_api(ringback: Ringback, headers: dict[str, str]) -> None:
    assert ask(ringback, "POST", "/reset", headers=headers).status_code == 403


def test_without_a_control_plane_there_is_nothing_but_the_vendor() -> None:
    from ringback.server import ServerThread
    from ringback.settings import Settings

    with ServerThread(Settings(port=0, control=False, clock="frozen")) as server:
        assert httpx.get(f"{server.url}/_ringback/health", trust_env=False).status_code == 404
        assert httpx.get(f"{server.url}/", trust_env=False).status_code == 404
        headers = {"Authorization": "Bearer kp_live_ringback"}
        assert httpx.get(f"{server.url}/kwickphone/v1/calls", headers=headers, trust_env=False).status_code == 200


def test_a_server_that_cannot_start_says_why_and_blocks_no_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringback import server
    from ringback.settings import Settings

    def no_loop() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(server, "_loop_factory", lambda: no_loop)
    with pytest.raises(OSError, match="Too many open files"):
        server.ServerThread(Settings(port=0, clock="frozen")).start()


def test_a_vendor_answers_by_prefix_by_host_and_at_the_root() -> None:
    headers = {"Authorization": "Bearer kp_live_ringback"}
    with Ringback("kwickphone", root="kwickphone") as ringback:
        for url, host in (
            (f"{ringback.url}/kwickphone/v1/calls", None),
            (f"{ringback.url}/v1/calls", "kwickphone.localhost:80"),
            (f"{ringback.url}/v1/calls", None),
        ):
            answer = httpx.get(url, headers={**headers, **({"Host": host} if host else {})}, trust_env=False)
            assert answer.json() == {"data": []}, url
        assert ringback.control.get("/health")["urls"]["kwickphone"] == ringback.url


def test_tls_beside_plain_http() -> None:
    import ssl

    with Ringback("kwickphone", tls=True) as ringback:
        assert ringback.https_url is not None
        trusting = ssl.create_default_context(cafile=ringback.ca_pem)
        headers = {"Authorization": "Bearer kp_live_ringback"}
        with httpx.Client(verify=trusting, headers=headers, trust_env=False) as http:
            assert http.get(f"{ringback.https_url}/kwickphone/v1/calls").json() == {"data": []}
            plain = http.get(f"{ringback.url}/kwickphone/v1/calls?x=1")
            assert plain.status_code == 301
            assert plain.headers["location"] == f"{ringback.https_url}/kwickphone/v1/calls?x=1"


def test_the_contract_is_served(ringback: Ringback) -> None:
    base = ringback.control.get("/health")["urls"]["kwickphone"]
    document = httpx.get(f"{base}/openapi.json", trust_env=False).json()
    assert document["openapi"].startswith("3.1")
    assert httpx.get(f"{base}/openapi.yaml", trust_env=False).headers["content-type"] == "application/yaml"
    assert "listCalls" in httpx.get(f"{base}/docs", trust_env=False).text


def test_chaos_is_seeded_and_documented() -> None:
    seen = []
    for _ in range(2):
        rates = {"rate_limited": 0.2, "unavailable": 0.2, "duplicate": 0.5, "delay": 0.2, "reorder": 0.2}
        with Ringback("kwickphone", chaos=True, chaos_rates=rates, seed=3) as ringback, Receiver() as hook:
            account = ringback.account(rate_limit=None, balance="50")
            with account.client() as http:
                statuses = [http.get("/v1/calls").status_code for _ in range(60)]
                while (
                    made := http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook.url})
                ).is_error:
                    assert made.status_code in (429, 503)
                    assert "retry-after" in made.headers
                for _ in range(20):
                    account.call(made.json()["phone_number"], turns=[], duration=1)
                    account.advance(seconds=60)
            seen.append((statuses, [event["call"]["call_sid"] for event in hook.events]))
    assert seen[0] == seen[1]
    assert set(seen[0][0]) == {200, 429, 503}
    events = seen[0][1]
    assert len(set(events)) == 20
    assert len(events) > 20


def test_reset_goes_back_to_the_start_the_clock_included() -> None:
    with Ringback("kwickphone", start="2026-05-01T09:00:00Z", seed=4) as ringback:

        def live() -> list[Any]:
            account = ringback.account(balance="50")
            ringback.control.put("/hosts", {"hooks.example": ["192.0.2.1"]})
            ringback.control.put("/webhook-routes", {"https://hooks.example": "http://127.0.0.1:9"})
            with account.client() as http:
                number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()
            account.fault("listCalls", status=503)
            account.advance(days=2)
            ringback.advance(days=40)
            return [account.id, account.key, number, account.show(), ringback.control.get("/clock")]

        start = ringback.now
        first = live()
        account = ringback.account()
        ringback.control.post("/clock", {"mode": "scaled", "factor": 60})
        ringback.reset()
        assert ringback.now == start
        assert ringback.control.get("/clock")["mode"] == "frozen"
        assert ringback.control.get("/faults")["data"] == []
        assert ringback.control.get("/hosts") == ringback.control.get("/webhook-routes") == {}
        with pytest.raises(ControlError, match="404"):
            account.show()
        (seed,) = ringback.control.get("/accounts")["data"]
        assert (seed["account_id"], seed["balance"]) == ("acct_kwickphone_seed", "100.00")
        assert live() == first


def test_a_reader_that_waits_does_not_hold_up_the_end() -> None:
    ringback = Ringback("kwickphone").start()
    answers: list[httpx.Response] = []
    url = f"{ringback.url}/_ringback/journal?wait=60"
    waiter = threading.Thread(target=lambda: answers.append(httpx.get(url, trust_env=False, timeout=60)))
    waiter.start()
    journal = ringback._thread.application.emulator.services.journal  # type: ignore[union-attr]
    while not journal._waiting:
        waiter.join(0.01)
    ringback.stop()
    waiter.join(20)
    assert not waiter.is_alive()
    assert answers[0].json()["data"] == []


def test_no_time_at_all_can_pass_on_a_clock_that_runs() -> None:
    with Ringback("kwickphone", clock="real") as rb:
        for _ in range(50):
            assert httpx.post(f"{rb.url}/_ringback/clock/advance", json={"seconds": 0}).status_code == 200
