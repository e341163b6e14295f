"""Fixtures and helpers for PhoneStack: an organization for each test, a client, a receiver of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Receiver, Ringback

V1 = "/api/v1"
LEAD = "+19725550187"
Organization = Callable[..., Account]


@pytest.fixture
def receiver(ringback: Ringback) -> Receiver:
    """A receiver of all events."""
    return ringback.receiver()


@pytest.fixture
def organization(ringback: Ringback, receiver: Receiver) -> Organization:
    """Return a function that creates an organization, with further settings; it sends all events to the receiver."""

    def made(**settings: Any) -> Account:
        settings = {"rate_limit": None, "webhook": {"url": receiver.url}, **settings}
        return ringback.account("phonestack", balance="100.00", **settings)

    return made


@pytest.fixture
def account(organization: Organization) -> Account:
    return organization()


@pytest.fixture
def http(account: Account) -> Iterator[Api]:
    with account.client() as client:
        yield Api(client)


class Api:
    """A client that opens the envelope."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, V1 + path, **options)

    def _data(self, method: str, path: str, status: int | tuple[int, ...], **options: Any) -> Any:
        response = self.request(method, path, **options)
        assert response.status_code in ((status,) if isinstance(status, int) else status), response.text
        assert response.json()["success"] is True
        return response.json()["data"]

    def get(self, path: str, **query: Any) -> Any:
        return self._data("GET", path, 200, params=query)

    def post(self, path: str, **body: Any) -> Any:
        return self._data("POST", path, (200, 201), json=body)

    def patch(self, path: str, **body: Any) -> Any:
        return self._data("PATCH", path, 200, json=body)

    def delete(self, path: str) -> Any:
        return self._data("DELETE", path, 200)

    def error(self, method: str, path: str, **options: Any) -> tuple[int, str, str]:
        """Return the status, code and message of an error."""
        response = self.request(method, path, **options)
        document = response.json()
        assert document["success"] is False, response.text
        assert set(document) == {"success", "error"}
        return response.status_code, document["error"]["code"], document["error"]["message"]

    def all(self, path: str, limit: int = 100, **query: Any) -> list[dict[str, Any]]:
        """Return every object of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            response = self.request("GET", path, params={"limit": limit, **query, **cursor}).json()
            found += response["data"]
            if not response["meta"]["has_more"]:
                return found
            cursor = {"cursor": response["meta"]["next_cursor"]}


def campaign_of(http: Api, name: str) -> dict[str, Any]:
    """Return a campaign by its name."""
    found: dict[str, Any] = next(one for one in http.all("/campaigns") if one["name"] == name)
    return found


def contacts(count: int, first: int = 100) -> list[dict[str, Any]]:
    """Return contacts for a campaign's queue."""
    return [{"phone": f"+1214555{number:04d}", "first_name": f"P{number}"} for number in range(first, first + count)]


def sent_events(account: Account, *kinds: str) -> list[str]:
    """Return the events that were sent, in order, of these kinds or all."""
    events = [delivery["event"] for delivery in account.deliveries()]
    return [event for event in events if not kinds or event in kinds]


__all__ = ["LEAD", "V1", "Api", "Organization", "campaign_of", "contacts", "sent_events"]
