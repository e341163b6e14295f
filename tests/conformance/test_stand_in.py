"""A stand-in for a real deployment: TLS, no control API, a clock that runs, its own key, strict egress."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from ringback.testing import Ringback
from ringback_conformance.command import conform
from ringback_conformance.receiver import Receiver

KEY = "kp_live_ringback"
"""The seed account's key."""


@pytest.fixture
def deployment() -> Iterator[Ringback]:
    """Its minute lasts a tenth of a second, and so does the suite's (`hurried`)."""
    emulator = Ringback("kwickphone", clock="x1200", strict=True, tls=True)
    emulator.start()
    yield emulator
    emulator.stop()


def look(deployment: Ringback, *more: str) -> tuple[int, dict[str, Any]]:
    arguments = ["kwickphone", "--url", f"{deployment.https_url}/kwickphone", "--ca", str(deployment.ca_pem)]
    settled = [] if "--profile" in more else ["--profile", "readonly"]
    outcome = CliRunner().invoke(
        conform, [*arguments, "--key-env", "K", "--json", "-", *settled, *more], env={"K": KEY}
    )
    return outcome.exit_code, json.loads(outcome.stdout)


def numbers(deployment: Ringback) -> list[dict[str, Any]]:
    trusted = ssl.create_default_context(cafile=deployment.ca_pem)
    headers = {"Authorization": f"Bearer {KEY}"}
    url = f"{deployment.https_url}/kwickphone/v1/numbers"
    return list(httpx.get(url, headers=headers, verify=trusted, trust_env=False).json()["data"])


@pytest.mark.usefixtures("hurried")
def test_reading_a_deployment_gives_verdicts_and_honest_skips(deployment: Ringback) -> None:
    code, reported = look(deployment)
    assert code == 0
    assert reported["summary"]["fail"] == 0
    assert reported["summary"]["pass"] >= 6
    for verdict in reported["verdicts"]:
        assert verdict["verdict"] in ("pass", "skipped", "not-observed"), verdict
        assert verdict["verdict"] == "pass" or verdict["reason"]
    assert numbers(deployment) == []
    log = {each["request"].split(" ")[0] for verdict in reported["verdicts"] for each in verdict["evidence"]}
    assert log == {"GET"}


@pytest.mark.usefixtures("hurried")
def test_a_sandbox_run_spends_what_was_planned_and_leaves_nothing(deployment: Ringback) -> None:
    code, reported = look(deployment, "--profile", "sandbox", "--budget", "10")
    assert code == 0, [verdict for verdict in reported["verdicts"] if verdict["verdict"] == "fail"]
    assert reported["spent"] == reported["planned"] == "10.00"
    assert {number["status"] for number in numbers(deployment)} == {"released"}
    verdicts = {verdict["claim"]: verdict["verdict"] for verdict in reported["verdicts"]}
    assert verdicts["KWP-NUM-1"] == verdicts["KWP-NUM-4"] == verdicts["KWP-NUM-13"] == "pass"
    assert verdicts["KWP-NUM-2"] == verdicts["KWP-NUM-6"] == "pass"
    assert reported["left_behind"] == []


@pytest.mark.usefixtures("hurried")
def test_using_up_the_rate_limit_takes_to_be_allowed(deployment: Ringback) -> None:
    _, reported = look(deployment, "--only", "KWP-LIM-1")
    assert reported["verdicts"][0]["verdict"] == "skipped"
    assert "--allow burst" in reported["verdicts"][0]["reason"]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(deployment: Ringback) -> None:
    arguments = ["kwickphone", "--url", f"{deployment.https_url}/kwickphone", "--key", KEY, "--profile", "readonly"]
    outcome = CliRunner().invoke(conform, [*arguments, "--json", "-"])
    reported = json.loads(outcome.stdout)
    assert outcome.exit_code == 3
    assert "CERTIFICATE_VERIFY_FAILED" in reported["trouble"]
    assert reported["summary"]["pass"] == 0


@pytest.mark.usefixtures("hurried")
def test_somebody_who_calls_the_test_number_is_evidence_for_the_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public address is routed to the suite's receiver; once the number is there, someone phones it."""
    with Ringback("kwickphone", clock="real", strict=True) as emulator:
        account = emulator.account("kwickphone", balance="20.00", rate_limit=None)
        origin: list[str] = []
        started = Receiver.start

        def start(receiver: Any) -> Any:
            origin.append(receiver.origin)
            emulator.control.put("/webhook-routes", {"https://hooks.me.example": receiver.origin})
            return started(receiver)

        def phone() -> None:
            to = emulator.control.get(f"/accounts/{account.id}")["numbers"][0]["phone_number"]
            emulator.call(to=to, turns=["agent: Hello."], duration=2, answer_after=0)
            account.advance(seconds=30)

        monkeypatch.setattr("ringback_conformance.receiver.Receiver.start", start)
        monkeypatch.setattr(
            "ringback_conformance.probe_context.RunContext.say",
            lambda _, text: threading.Thread(target=phone).start() if "call" in text else None,
        )
        arguments = [
            "kwickphone",
            "--url",
            account.base_url,
            "--key",
            account.key,
            "--profile",
            "sandbox",
            "--json",
            "-",
        ]
        more = ["--budget", "5", "--webhook-url", "https://hooks.me.example", "--await-call", "30"]
        outcome = CliRunner().invoke(conform, [*arguments, *more, "--only", "KWP-HOOK-[12]"])
    reported = json.loads(outcome.stdout)
    assert {verdict["claim"]: verdict["verdict"] for verdict in reported["verdicts"]} == {
        "KWP-HOOK-1": "pass",
        "KWP-HOOK-2": "pass",
    }, reported["verdicts"]
    assert reported["spent"] == "5.00"
