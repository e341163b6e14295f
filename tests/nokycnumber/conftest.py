"""An account at NoKYCNumber for each test, and the ways of using it that every test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Receiver, Ringback

FRIEND = "+33612345678"
Activate = Callable[..., dict[str, Any]]


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("nokycnumber", balance="500.00", rate_limit=None)


@pytest.fixture
def http(account: Account) -> Iterator[httpx.Client]:
    with account.client() as client:
        yield client


@pytest.fixture
def hook(ringback: Ringback, http: httpx.Client) -> Receiver:
    """A receiver of all events."""
    receiver = ringback.receiver()
    answer = http.post("/v1/webhook_endpoints", json={"url": receiver.url, "enabled_events": ["*"]})
    assert answer.status_code == 201, answer.text
    return receiver


@pytest.fixture
def activate(http: httpx.Client) -> Activate:
    def buy(*, country: str = "fr", billing_period: str = "monthly", **body: Any) -> dict[str, Any]:
        (offer,) = http.get("/v1/numbers/available", params={"country": country, "limit": 1}).json()["data"]
        body |= {"available_id": offer["id"], "billing_period": billing_period}
        answer = http.post("/v1/numbers", json=body)
        assert answer.status_code == 201, answer.text
        number: dict[str, Any] = answer.json()
        return number

    return buy


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


def told(account: Account, *kinds: str) -> list[str]:
    """The events that were sent, in order; of these kinds alone where some are named."""
    events = [delivery["event"] for delivery in account.deliveries()]
    return [event for event in events if not kinds or event in kinds]
