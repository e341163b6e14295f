"""Servers that are not KwickPhone: the run ends, says why, and passes nothing that it did not observe."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from click.testing import CliRunner

from ringback_conformance.command import conform
from tests.conformance.servers import Answering, Reply, Socketed, hang, html, not_found, reset, saying, sometimes_500


def run(url: str, *more: str) -> tuple[int, dict[str, Any], str]:
    arguments = ["kwickphone", "--url", url, "--key", "kp_live_other", "--timeout", "0.2", "--json", "-", *more]
    outcome = CliRunner().invoke(conform, arguments)
    return outcome.exit_code, json.loads(outcome.stdout), outcome.stderr


@pytest.mark.parametrize("more", [[], ["--profile", "sandbox", "--budget", "10"]], ids=["readonly", "sandbox"])
@pytest.mark.parametrize(
    ("kind", "manner", "trouble"),
    [
        (Answering, not_found, "404 with text/plain, not JSON"),
        (Answering, html, "200 with text/html, not JSON"),
        (Socketed, hang, "cannot be reached: no response within 0.2 s"),
        (Socketed, reset, "cannot be reached"),
        (
            Answering,
            lambda *_: saying(401, {"error": {"code": "unauthorized", "message": "no"}}),
            "the key is rejected",
        ),
        (Answering, lambda *_: saying(200, [1, 2]), "not {"),
        (Answering, lambda *_: saying(404, {"detail": "Not Found"}), "answers 404"),
        (Answering, lambda *_: saying(500, b"oops", "text/plain"), "500 with text/plain"),
    ],
    ids=["404", "html", "hang", "reset", "401", "array", "other-json", "500"],
)
def test_another_server_ends_the_run_with_3_and_a_reason(
    serve: Any, kind: Any, manner: Any, trouble: str, more: list[str]
) -> None:
    server = serve(kind, manner)
    code, report, printed = run(server.url, *more)
    assert code == 3
    assert trouble in report["trouble"]
    assert trouble in " ".join(printed.split())
    assert report["summary"]["pass"] == 0
    assert report["summary"]["fail"] == 0


def test_an_unreachable_target_is_reported(serve: Any) -> None:
    server = serve(Socketed, hang)
    server.stop()
    code, report, _ = run(server.url)
    assert code == 3
    assert "cannot be reached: ConnectionRefusedError" in report["trouble"]
    assert report["summary"]["pass"] == 0


def test_a_server_that_fails_at_random_fails_claims_and_the_run_ends(serve: Any, hurried: None) -> None:
    server = serve(Answering, sometimes_500(3))
    code, report, _ = run(server.url)
    assert code == 1
    failed = {verdict["claim"]: verdict for verdict in report["verdicts"] if verdict["verdict"] == "fail"}
    assert "KWP-ERR-1" in failed
    assert any("500" in verdict["reason"] for verdict in failed.values())


def test_a_server_that_falls_silent_midway_ends_the_run(serve: Any, hurried: None) -> None:
    seen: list[str] = []
    silence = threading.Event()

    def reply(_: str, path: str, headers: dict[str, str], __: bytes) -> Reply:
        seen.append(path)
        if len(seen) > 12:
            silence.wait(0.5)
        if headers.get("Authorization") != "Bearer kp_live_other":
            return saying(401, {"error": {"code": "unauthorized", "message": "no"}})
        return saying(200, {"data": []})

    server = serve(Answering, reply)
    code, report, _ = run(server.url)
    assert code == 3
    assert "stopped answering" in report["trouble"]
    assert report["summary"]["error"] == 0
    assert len(seen) < 20


def test_a_server_that_always_says_the_same_passes_only_what_it_shows(serve: Any, hurried: None) -> None:
    """As a mock does that serves the contract's examples to everybody."""
    number = {
        "id": "num_1",
        "phone_number": "+12125550100",
        "business_phone": "+13465550142",
        "status": "active",
        "webhook_url": None,
        "created_at": "2026-01-01T00:00:00+00:00",
    }
    server = serve(Answering, lambda *_: saying(200, {"data": [number]}))
    code, report, _ = run(server.url)
    verdicts = {verdict["claim"]: verdict["verdict"] for verdict in report["verdicts"]}
    assert code == 1
    assert verdicts["KWP-NUM-11"] == "pass"
    assert verdicts["KWP-AUTH-1"] == verdicts["KWP-AUTH-2"] == verdicts["KWP-ERR-1"] == "fail"
    passed = {claim for claim, verdict in verdicts.items() if verdict == "pass"}
    assert passed <= {"KWP-NUM-11", "KWP-NUM-12", "KWP-ERR-4"}


def test_a_server_that_takes_everything_is_stopped_at_the_budget(serve: Any, hurried: None) -> None:
    made: list[str] = []

    def reply(method: str, path: str, _: dict[str, str], __: bytes) -> Reply:
        if method != "POST":
            return saying(200, {"data": []})
        made.append(path)
        return saying(201, {"id": f"num_{len(made)}", "phone_number": "+12125550100"})

    server = serve(Answering, reply)
    code, report, _ = run(server.url, "--profile", "sandbox", "--budget", "10")
    assert code == 1
    assert len(made) == 2
    assert report["spent"] == "10.00"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--url", "http://kwickphone.example", "--key", "k"], "in the clear"),
        (["--url", "https://me:pw@kwickphone.example", "--key", "k"], "user name or password"),
        (["--url", "kwickphone.com", "--key", "k"], "expected http(s)://"),
        (["--url", "https://kwickphone.example"], "--key-env NAME"),
        (["--url", "https://k.example", "--key-env", "NO_SUCH_VARIABLE"], "no such variable"),
        (["--url", "https://k.example", "--key", "k", "--profile", "readonly", "--allow", "write"], "contradict"),
        (["--control", "http://127.0.0.1:7464"], "--control goes with --url"),
        (["--url", "https://k.example", "--key", "k", "--allow", "spend"], "--budget"),
        (["--url", "https://k.example", "--key", "k", "--budget", "10"], "goes with"),
        (["--budget", "ten"], "expected dollars"),
        (["--only", "NOTHING-*"], "no claim matches"),
        (["--webhook-url", "http://h.example"], "expected https://"),
        (["--webhook-listen", "nowhere"], "expected HOST:PORT"),
        (["--compare", "/no/such/report.json"], "No such file"),
        (["--cleanup", "/no/such/ledger"], "No such file"),
    ],
)
def test_options_that_cannot_be_used_are_rejected_with_2_and_one_line(arguments: list[str], word: str) -> None:
    outcome = CliRunner().invoke(conform, ["kwickphone", *arguments])
    assert outcome.exit_code == 2, outcome.output
    assert word in " ".join(outcome.stderr.split())
    assert "Traceback" not in outcome.stderr


def test_the_emulator_profile_needs_a_control_api(serve: Any) -> None:
    server = serve(Answering, not_found)
    outcome = CliRunner().invoke(conform, ["kwickphone", "--url", server.url, "--profile", "emulator"])
    assert outcome.exit_code == 3
    assert "control API" in outcome.stderr
