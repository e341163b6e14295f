"""Fixtures and helpers for the tests of AgentPhone: each test has its own account."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Receiver, Ringback

FRIEND = "+447700900177"
Json = dict[str, Any]
Make = Callable[..., Json]


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("agentphone", balance="100.00", recording=True)


@pytest.fixture
def http(account: Account) -> Iterator[httpx.Client]:
    with account.client() as client:
        yield client


@pytest.fixture
def hook(ringback: Ringback, http: httpx.Client) -> Receiver:
    """The account's webhook."""
    receiver = ringback.receiver()
    made = ok(http.post("/v1/webhooks", json={"url": receiver.url}))
    receiver.secret = made["secret"]  # type: ignore[attr-defined]
    return receiver


@pytest.fixture
def agent(http: httpx.Client) -> Make:
    def make(**body: Any) -> Json:
        return ok(http.post("/v1/agents", json={"name": "Front desk", **body}))

    return make


@pytest.fixture
def buy(http: httpx.Client) -> Make:
    def make(**body: Any) -> Json:
        return ok(http.post("/v1/numbers", json=body))

    return make


@pytest.fixture
def desk(agent: Make, buy: Make) -> Callable[..., tuple[Json, Json]]:
    """An agent with a number."""

    def make(**body: Any) -> tuple[Json, Json]:
        made = agent(**body)
        return made, buy(agentId=made["id"], areaCode="415")

    return make


def ok(response: httpx.Response, status: int = 200) -> Any:
    """Return the body of a response, after checking its status."""
    assert response.status_code == status, response.text
    return response.json()


def code(response: httpx.Response) -> tuple[int, str]:
    """Return the status and code of an error, after checking the envelope that both clients read."""
    body = response.json()
    if response.status_code == 422:
        (problem,) = body["detail"]
        assert set(problem) == {"loc", "msg", "type"}
        assert body["error"]["details"][0]["message"] == problem["msg"]
    else:
        assert body["detail"] == body["error"]["message"]
    return response.status_code, body["error"]["code"]


def location(response: httpx.Response) -> list[Any]:
    """Return the path to the field that a 422 names."""
    assert response.status_code == 422, response.text
    loc: list[Any] = response.json()["detail"][0]["loc"]
    return loc


def respond(receiver: Receiver, *replies: Json | str) -> None:
    """Let a receiver respond with a JSON object, or with a text as NDJSON."""
    (reply,) = replies
    if isinstance(reply, str):
        receiver.respond_with(200, headers={"Content-Type": "application/x-ndjson"}, body=reply.encode())
    else:
        receiver.respond_with(200, headers={"Content-Type": "application/json"}, body=json.dumps(reply).encode())


def events(receiver: Receiver, kind: str) -> list[Json]:
    """Return the received events of a kind, oldest first."""
    return [event for event in receiver.events if event["event"] == kind]
