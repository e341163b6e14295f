"""The published integration under faults: responses fail or get lost, events come twice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Ringback
from tests.nokycnumber.conftest import Activate

EXAMPLES = Path(__file__).parents[2] / "examples"
PHONE = "+33639980077"
SEGMENT = Decimal("0.012")


@dataclass
class Shop:
    """The running integration: its parts, how long it waited (seconds), and the events that it accepted."""

    codes: Any
    account: Account
    http: httpx.Client
    waited: list[float]
    accepted: list[dict[str, Any]]
    not_sent: type[Exception]
    balance: Decimal

    def code(self, phone: str = PHONE) -> str:
        """Return the code that was last sent to a phone."""
        (latest,) = (m for m in self.sent()[:1] if m["to"] == phone)
        found = re.search(r"\d{6}", latest["body"])
        assert found is not None
        return found[0]

    def sent(self) -> list[dict[str, Any]]:
        """Return the messages that were sent, the latest first."""
        response = self.http.get("/v1/sms", params={"limit": 100})
        return list(response.json()["data"])

    def charged(self) -> Decimal:
        return self.balance - self.account.balance

    def settle(self) -> None:
        """Advance the clock until nothing is in progress."""
        self.account.advance(idle=True)


@pytest.fixture
def shop(account: Account, http: httpx.Client, activate: Activate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from two_factor_sender.codes import STATES, Codes  # type: ignore[import-not-found]
    from two_factor_sender.receipts import Receipts, Server  # type: ignore[import-not-found]
    from two_factor_sender.sms import NotSent, Sms  # type: ignore[import-not-found]

    waited: list[float] = []
    accepted: list[dict[str, Any]] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        account.advance(seconds=seconds)

    def now() -> float:
        return account.now.timestamp()

    codes = Codes(Sms(http, activate()["id"], sleep), now)

    def accept(event: dict[str, Any]) -> None:
        accepted.append(event)
        codes.receipt(event)

    server = Server()
    endpoint = http.post("/v1/webhook_endpoints", json={"url": server.url, "enabled_events": list(STATES)}).json()
    server.receipts = Receipts(endpoint["secret"], accept, now)
    yield Shop(codes, account, http, waited, accepted, NotSent, account.balance)
    server.close()


def test_a_code_is_delivered_and_works_once(shop: Shop) -> None:
    name = shop.codes.start(PHONE)
    assert shop.codes.state(name) == "sending"
    shop.account.advance(seconds=1)
    assert shop.codes.state(name) == "sent"
    shop.settle()
    assert shop.codes.state(name) == "delivered"
    code = shop.code()
    assert not shop.codes.check(name, f"{(int(code) + 1) % 10**6:06d}")
    assert shop.codes.check(name, code)
    assert not shop.codes.check(name, code)
    assert not shop.codes.check("another", code)


def test_a_code_allows_five_tries_and_ten_minutes(shop: Shop) -> None:
    guessed, late = shop.codes.start(PHONE), shop.codes.start(PHONE)
    second, first = (re.sub(r"\D", "", message["body"]) for message in shop.sent())
    for _ in range(5):
        assert not shop.codes.check(guessed, "no code")
    assert not shop.codes.check(guessed, first)
    shop.account.advance(minutes=10)
    assert not shop.codes.check(late, second)


def test_a_server_failure_is_retried_and_charged_once(shop: Shop) -> None:
    with shop.account.fault("createSms", first=3, status=503):
        name = shop.codes.start(PHONE)
    assert shop.waited == [5, 5, 5]
    shop.settle()
    assert shop.codes.state(name) == "delivered"
    assert [message["status"] for message in shop.sent()] == ["delivered"]
    assert shop.charged() == SEGMENT


def test_a_lost_response_is_retried_and_the_message_is_sent_once(shop: Shop) -> None:
    with shop.account.fault("createSms", first=2, truncate=20):
        name = shop.codes.start(PHONE)
    assert shop.waited == [0.5, 1]
    shop.settle()
    assert shop.codes.state(name) == "delivered"
    assert len(shop.sent()) == 1
    assert shop.charged() == SEGMENT


def test_a_lasting_server_failure_is_reported(shop: Shop) -> None:
    with shop.account.fault("createSms", status=500), pytest.raises(shop.not_sent, match=r"internal_error.*req_"):
        shop.codes.start(PHONE)
    assert shop.waited == [0.5, 1, 2, 4, 8]
    assert shop.sent() == []
    assert shop.charged() == 0


def test_a_rejected_request_is_not_retried(shop: Shop) -> None:
    with pytest.raises(shop.not_sent, match="parameter_invalid"):
        shop.codes.start("0639980077")
    shop.account.fund(-shop.account.balance)
    with pytest.raises(shop.not_sent, match="insufficient_balance"):
        shop.codes.start(PHONE)
    assert shop.waited == []
    assert shop.sent() == []


def test_duplicate_and_reordered_events_are_handled_once_and_in_order(shop: Shop) -> None:
    with shop.account.fault(webhook="duplicate"), shop.account.fault(webhook="reorder", first=1):
        name = shop.codes.start(PHONE)
        shop.settle()
    arrived = sum(len(delivery["attempts"]) for delivery in shop.account.deliveries())
    assert arrived > len(shop.accepted) == 2
    assert {event["type"] for event in shop.accepted} == {"sms.sent", "sms.delivered"}
    assert shop.codes.state(name) == "delivered"


def test_a_forged_event_is_rejected(shop: Shop) -> None:
    with shop.account.fault(webhook="bad_signature"):
        name = shop.codes.start(PHONE)
        shop.account.advance(seconds=10)
    assert shop.accepted == []
    assert shop.codes.state(name) == "sending"
    assert {attempt["status"] for delivery in shop.account.deliveries() for attempt in delivery["attempts"]} == {400}


def test_an_old_event_is_rejected(shop: Shop) -> None:
    shop.codes.start(PHONE)
    shop.settle()
    delivery = shop.account.deliveries()[0]
    headers = {name: value for name, value in delivery["attempts"][0]["headers"] if name.startswith("X-")}

    def again() -> int:
        with httpx.Client(trust_env=False) as client:
            return client.post(delivery["url"], content=delivery["body"], headers=headers).status_code

    accepted = len(shop.accepted)
    shop.account.advance(minutes=4)
    assert again() == 204
    shop.account.advance(minutes=2)
    assert again() == 400
    assert len(shop.accepted) == accepted


@pytest.mark.parametrize("end", ["failed", "undelivered"])
def test_a_code_that_is_not_delivered_fails(shop: Shop, end: str) -> None:
    shop.account.script({"to": PHONE}, end=end)
    name = shop.codes.start(PHONE)
    shop.settle()
    assert shop.codes.state(name) == "failed"


def test_under_many_faults_every_code_is_delivered_once(shop: Shop) -> None:
    phones = [f"+336399800{number:02d}" for number in range(25)]
    with (
        shop.account.fault("createSms", probability=0.25, status=503),
        shop.account.fault("createSms", probability=0.2, truncate=0),
        shop.account.fault("createSms", probability=0.1, reset=True),
        shop.account.fault(webhook="duplicate", probability=0.5),
        shop.account.fault(webhook="delay", probability=0.3),
    ):
        names = [shop.codes.start(phone) for phone in phones]
        shop.settle()
    assert shop.waited
    assert sorted(message["to"] for message in shop.sent()) == phones
    assert {shop.codes.state(name) for name in names} == {"delivered"}
    assert len({event["id"] for event in shop.accepted}) == len(shop.accepted) == 2 * len(phones)
    assert shop.charged() == SEGMENT * len(phones)


def test_it_runs_as_its_readme_says() -> None:
    page = (EXAMPLES / "two_factor_sender" / "README.md").read_text(encoding="utf-8")
    (command, shown) = re.findall(r"^\$ ringback run -- python (.*)\n(.*)$", page, re.MULTILINE)[0]
    with Ringback("nokycnumber", clock="x50", start=datetime.now(UTC).isoformat()) as ringback:
        account = ringback.account("nokycnumber", balance="20.00")
        environment = {
            **os.environ,
            "NOKYCNUMBER_BASE_URL": account.base_url,
            "NOKYCNUMBER_API_KEY": account.key,
        }
        ran = subprocess.run(
            [sys.executable, *command.split()],
            cwd=EXAMPLES,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        with account.client() as client:
            assert client.get("/v1/webhook_endpoints").json()["data"] == []
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, shown, "")
