"""The published integration, on an emulator that is chaos to it: answers fail or get lost, events come twice."""

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
    """The integration at work on an account: what it is made of, how long it waited, and what it was told."""

    codes: Any
    account: Account
    http: httpx.Client
    waited: list[float]
    taken: list[dict[str, Any]]
    not_sent: type[Exception]
    balance: Decimal

    def code(self, phone: str = PHONE) -> str:
        """The code that a phone was sent last."""
        (latest,) = (m for m in self.sent()[:1] if m["to"] == phone)
        found = re.search(r"\d{6}", latest["body"])
        assert found is not None
        return found[0]

    def sent(self) -> list[dict[str, Any]]:
        """The messages that went out, the latest first."""
        answer = self.http.get("/v1/sms", params={"limit": 100})
        return list(answer.json()["data"])

    def paid(self) -> Decimal:
        return self.balance - self.account.balance

    def rest(self) -> None:
        """Until nothing is under way."""
        self.account.advance(idle=True)


@pytest.fixture
def shop(account: Account, http: httpx.Client, activate: Activate, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from two_factor_sender.codes import STATES, Codes  # type: ignore[import-not-found]
    from two_factor_sender.receipts import Receipts, Server  # type: ignore[import-not-found]
    from two_factor_sender.sms import NotSent, Sms  # type: ignore[import-not-found]

    waited: list[float] = []
    taken: list[dict[str, Any]] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        account.advance(seconds=seconds)

    def now() -> float:
        return account.now.timestamp()

    codes = Codes(Sms(http, activate()["id"], sleep), now)

    def take(event: dict[str, Any]) -> None:
        taken.append(event)
        codes.receipt(event)

    server = Server()
    endpoint = http.post("/v1/webhook_endpoints", json={"url": server.url, "enabled_events": list(STATES)}).json()
    server.receipts = Receipts(endpoint["secret"], take, now)
    yield Shop(codes, account, http, waited, taken, NotSent, account.balance)
    server.close()


def test_a_code_arrives_and_is_good_once(shop: Shop) -> None:
    name = shop.codes.start(PHONE)
    assert shop.codes.state(name) == "sending"
    shop.account.advance(seconds=1)
    assert shop.codes.state(name) == "sent"
    shop.rest()
    assert shop.codes.state(name) == "delivered"
    code = shop.code()
    assert not shop.codes.check(name, f"{(int(code) + 1) % 10**6:06d}")
    assert shop.codes.check(name, code)
    assert not shop.codes.check(name, code)
    assert not shop.codes.check("another", code)


def test_a_code_takes_five_tries_and_ten_minutes(shop: Shop) -> None:
    guessed, late = shop.codes.start(PHONE), shop.codes.start(PHONE)
    second, first = (re.sub(r"\D", "", message["body"]) for message in shop.sent())
    for _ in range(5):
        assert not shop.codes.check(guessed, "no code")
    assert not shop.codes.check(guessed, first)
    shop.account.advance(minutes=10)
    assert not shop.codes.check(late, second)


def test_trouble_on_the_other_side_is_waited_out_and_paid_once(shop: Shop) -> None:
    with shop.account.fault("createSms", first=3, status=503):
        name = shop.codes.start(PHONE)
    assert shop.waited == [5, 5, 5]
    shop.rest()
    assert shop.codes.state(name) == "delivered"
    assert [message["status"] for message in shop.sent()] == ["delivered"]
    assert shop.paid() == SEGMENT


def test_an_answer_that_got_lost_is_asked_for_again_and_the_message_goes_out_once(shop: Shop) -> None:
    with shop.account.fault("createSms", first=2, truncate=20):
        name = shop.codes.start(PHONE)
    assert shop.waited == [0.5, 1]
    shop.rest()
    assert shop.codes.state(name) == "delivered"
    assert len(shop.sent()) == 1
    assert shop.paid() == SEGMENT


def test_trouble_that_stays_is_told(shop: Shop) -> None:
    with shop.account.fault("createSms", status=500), pytest.raises(shop.not_sent, match=r"internal_error.*req_"):
        shop.codes.start(PHONE)
    assert shop.waited == [0.5, 1, 2, 4, 8]
    assert shop.sent() == []
    assert shop.paid() == 0


def test_what_will_never_work_is_not_tried_again(shop: Shop) -> None:
    with pytest.raises(shop.not_sent, match="parameter_invalid"):
        shop.codes.start("0639980077")
    shop.account.fund(-shop.account.balance)
    with pytest.raises(shop.not_sent, match="insufficient_balance"):
        shop.codes.start(PHONE)
    assert shop.waited == []
    assert shop.sent() == []


def test_events_that_come_twice_and_in_disorder_are_taken_once_and_in_sense(shop: Shop) -> None:
    with shop.account.fault(webhook="duplicate"), shop.account.fault(webhook="reorder", first=1):
        name = shop.codes.start(PHONE)
        shop.rest()
    arrived = sum(len(delivery["attempts"]) for delivery in shop.account.deliveries())
    assert arrived > len(shop.taken) == 2
    assert {event["type"] for event in shop.taken} == {"sms.sent", "sms.delivered"}
    assert shop.codes.state(name) == "delivered"


def test_a_forged_event_is_refused(shop: Shop) -> None:
    with shop.account.fault(webhook="bad_signature"):
        name = shop.codes.start(PHONE)
        shop.account.advance(seconds=10)
    assert shop.taken == []
    assert shop.codes.state(name) == "sending"
    assert {attempt["status"] for delivery in shop.account.deliveries() for attempt in delivery["attempts"]} == {400}


def test_an_event_from_the_past_is_refused(shop: Shop) -> None:
    shop.codes.start(PHONE)
    shop.rest()
    delivery = shop.account.deliveries()[0]
    headers = {name: value for name, value in delivery["attempts"][0]["headers"] if name.startswith("X-")}

    def again() -> int:
        with httpx.Client(trust_env=False) as client:
            return client.post(delivery["url"], content=delivery["body"], headers=headers).status_code

    taken = len(shop.taken)
    shop.account.advance(minutes=4)
    assert again() == 204
    shop.account.advance(minutes=2)
    assert again() == 400
    assert len(shop.taken) == taken


@pytest.mark.parametrize("end", ["failed", "undelivered"])
def test_a_code_that_does_not_arrive_asks_for_another_way(shop: Shop, end: str) -> None:
    shop.account.script({"to": PHONE}, end=end)
    name = shop.codes.start(PHONE)
    shop.rest()
    assert shop.codes.state(name) == "failed"


def test_through_a_bad_day_every_code_arrives_once(shop: Shop) -> None:
    phones = [f"+336399800{number:02d}" for number in range(25)]
    with (
        shop.account.fault("createSms", probability=0.25, status=503),
        shop.account.fault("createSms", probability=0.2, truncate=0),
        shop.account.fault("createSms", probability=0.1, reset=True),
        shop.account.fault(webhook="duplicate", probability=0.5),
        shop.account.fault(webhook="delay", probability=0.3),
    ):
        names = [shop.codes.start(phone) for phone in phones]
        shop.rest()
    assert shop.waited
    assert sorted(message["to"] for message in shop.sent()) == phones
    assert {shop.codes.state(name) for name in names} == {"delivered"}
    assert len({event["id"] for event in shop.taken}) == len(shop.taken) == 2 * len(phones)
    assert shop.paid() == SEGMENT * len(phones)


def test_it_runs_as_its_page_says() -> None:
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
