"""An organization at PhoneStack for each test, and the ways of using it that every test needs."""

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
def hook(ringback: Ringback) -> Receiver:
    """A receiver of all events."""
    return ringback.receiver()


@pytest.fixture
def organization(ringback: Ringback, hook: Receiver) -> Organization:
    """An organization that sends all its events to the receiver, with other settings where a test wants them."""

    def made(**settings: Any) -> Account:
        settings = {"rate_limit": None, "webhook": {"url": hook.url}, **settings}
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
    """A client that knows the envelope."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, V1 + path, **options)

    def _taken(self, method: str, path: str, status: int | tuple[int, ...], **options: Any) -> Any:
        answer = self.ask(method, path, **options)
        assert answer.status_code in ((status,) if isinstance(status, int) else status), answer.text
        assert answer.json()["success"] is True
        return answer.json()["data"]

    def get(self, path: str, **query: Any) -> Any:
        return self._taken("GET", path, 200, params=query)

    def post(self, path: str, **body: Any) -> Any:
        return self._taken("POST", path, (200, 201), json=body)

    def patch(self, path: str, **body: Any) -> Any:
        return self._taken("PATCH", path, 200, json=body)

    def delete(self, path: str) -> Any:
        return self._taken("DELETE", path, 200)

    def refused(self, method: str, path: str, **options: Any) -> tuple[int, str, str]:
        """Status, code and message of a refusal."""
        answer = self.ask(method, path, **options)
        document = answer.json()
        assert document["success"] is False, answer.text
        assert set(document) == {"success", "error"}
        return answer.status_code, document["error"]["code"], document["error"]["message"]

    def all(self, path: str, limit: int = 100, **query: Any) -> list[dict[str, Any]]:
        """Every object of a list, page by page."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = self.ask("GET", path, params={"limit": limit, **query, **cursor}).json()
            found += answer["data"]
            if not answer["meta"]["has_more"]:
                return found
            cursor = {"cursor": answer["meta"]["next_cursor"]}


def campaign_of(http: Api, name: str) -> dict[str, Any]:
    """A campaign by its name."""
    found: dict[str, Any] = next(one for one in http.all("/campaigns") if one["name"] == name)
    return found


def contacts(count: int, first: int = 100) -> list[dict[str, Any]]:
    """People for a campaign's queue."""
    return [{"phone": f"+1214555{number:04d}", "first_name": f"P{number}"} for number in range(first, first + count)]


def told(account: Account, *kinds: str) -> list[str]:
    """The events that were sent, in order; of these kinds alone where some are named."""
    events = [delivery["event"] for delivery in account.deliveries()]
    return [event for event in events if not kinds or event in kinds]


__all__ = ["LEAD", "V1", "Api", "Organization", "campaign_of", "contacts", "told"]
