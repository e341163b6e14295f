"""Fixtures: a NoKYCNumber account for each test, its client, a receiver of its events, and its numbers."""

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
    """Return a receiver of all events."""
    receiver = ringback.receiver()
    response = http.post("/v1/webhook_endpoints", json={"url": receiver.url, "enabled_events": ["*"]})
    assert response.status_code == 201, response.text
    return receiver


@pytest.fixture
def activate(http: httpx.Client) -> Activate:
    def buy(*, country: str = "fr", billing_period: str = "monthly", **body: Any) -> dict[str, Any]:
        (offer,) = http.get(
            "/v1/numbers/available", params={"country": country, "tier": "standard", "limit": 1}
        ).json()["data"]
        body |= {"available_id": offer["id"], "billing_period": billing_period}
        response = http.post("/v1/numbers", json=body)
        assert response.status_code == 201, response.text
        number: dict[str, Any] = response.json()
        return number

    return buy


def code(response: httpx.Response) -> tuple[int, str]:
    """Return the status and the error code of an error response."""
    return response.status_code, response.json()["error"]["code"]


def event_names(account: Account, *kinds: str) -> list[str]:
    """Return the names of the events that were sent, in order; only those of `kinds`, if any are given."""
    events = [delivery["event"] for delivery in account.deliveries()]
    return [event for event in events if not kinds or event in kinds]
