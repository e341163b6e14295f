"""Fixtures and helpers of Inkbox's tests: an account for each test, a number, a webhook receiver, an agent."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from ringback.testing import Account, Receiver, Ringback
from tests.support.contract import Contract

FRIEND = "+12145550177"
OTHER = "+12145550188"
PHONE = "/api/v1/phone"
EVENTS = [
    "text.received",
    "text.sent",
    "text.delivered",
    "text.delivery_failed",
    "text.delivery_unconfirmed",
    "call.ended",
]
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"
EXAMPLES = Path(__file__).parents[2] / "examples"
Provision = Callable[..., dict[str, Any]]
Serve = Callable[[web.Application], str]


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("inkbox")


@pytest.fixture
def http(account: Account) -> Iterator[httpx.Client]:
    with account.client() as client:
        yield client


@pytest.fixture
def provision(http: httpx.Client) -> Provision:
    """Return a function that provisions a number for a new identity, `support` by default."""

    def buy(handle: str = "support", **body: Any) -> dict[str, Any]:
        made = http.post("/api/v1/identities/", json={"agent_handle": handle})
        assert made.status_code == 201, made.text
        response = http.post(f"{PHONE}/numbers", json={"agent_handle": handle, **body})
        assert response.status_code == 201, response.text
        number: dict[str, Any] = response.json()
        return number

    return buy


@pytest.fixture
def number(provision: Provision) -> dict[str, Any]:
    return provision()


@pytest.fixture
def agent_http(account: Account, http: httpx.Client, number: dict[str, Any]) -> Iterator[httpx.Client]:
    """A client whose key is scoped to the number's identity."""
    made = http.post("/api/v1/api-keys", json={"label": "agent", "scoped_identity_id": number["agent_identity_id"]})
    assert made.status_code == 201, made.text
    with account.client(key=made.json()["api_key"]) as client:
        yield client


class Hook:
    """A receiver of all events of the number's identity, which checks deliveries against the contract."""

    def __init__(self, receiver: Receiver, subscription: dict[str, Any]) -> None:
        self.receiver = receiver
        self.subscription = subscription
        self.secret: str = subscription["signing_key"] or ""

    @property
    def events(self) -> list[dict[str, Any]]:
        """Return the events, oldest first."""
        for request in self.receiver.requests:
            event = request.json()["event_type"]
            problems = Contract.load("inkbox").check_webhook(event, dict(request.headers), request.body)
            assert problems == [], f"{event}: {problems}"
        return self.receiver.events

    @property
    def kinds(self) -> list[str]:
        """Return the names of the events, oldest first."""
        return [event["event_type"] for event in self.events]


@pytest.fixture
def hook(ringback: Ringback, http: httpx.Client, number: dict[str, Any]) -> Hook:
    receiver = ringback.receiver()
    body = {"url": receiver.url, "event_types": EVENTS, "agent_identity_id": number["agent_identity_id"]}
    response = http.post("/api/v1/webhooks/subscriptions", json=body)
    assert response.status_code == 201, response.text
    return Hook(receiver, response.json())


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, for agents."""
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever, name="agents", daemon=True)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join()
    found.close()


@pytest.fixture
def serve(loop: asyncio.AbstractEventLoop) -> Iterator[Serve]:
    """Return a function that serves an agent at /call and returns its WebSocket URL."""
    runners: list[web.AppRunner] = []

    async def start(application: web.Application) -> str:
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"ws://127.0.0.1:{runner.addresses[0][1]}/call"

    yield lambda application: asyncio.run_coroutine_threadsafe(start(application), loop).result(10)
    for runner in runners:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The example agent's module."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from echo_agent import agent

    yield agent
    for name in [name for name in sys.modules if name.split(".")[0] == "echo_agent"]:
        del sys.modules[name]


def accept(http: httpx.Client, number: dict[str, Any], url: str) -> None:
    """Connect the number's calls to a WebSocket URL."""
    body = {"incoming_call_action": "auto_accept", "client_websocket_url": url}
    response = http.patch(f"{PHONE}/numbers/{number['id']}", json=body)
    assert response.status_code == 200, response.text


def send(http: httpx.Client, number: dict[str, Any], to: Any = FRIEND, text: str = "Hello", **rest: Any) -> Any:
    """Send a text, and return the response."""
    return http.post(f"{PHONE}/numbers/{number['id']}/texts", json={"to": to, "text": text, **rest})


def error(response: httpx.Response) -> tuple[int, str]:
    """Return the status and code of an error; the code is empty if it has none."""
    detail = response.json()["detail"]
    return response.status_code, detail.get("error", "") if isinstance(detail, dict) else ""


def field(response: httpx.Response) -> str:
    """Return the field that a 422 names."""
    assert response.status_code == 422, response.text
    detail = response.json()["detail"]
    return ".".join(map(str, detail[0]["loc"][1:])) if isinstance(detail, list) else detail
