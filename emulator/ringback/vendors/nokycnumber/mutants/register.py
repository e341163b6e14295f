"""NoKYCNumber's register of mutants, and what several of them need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Mutants, Request, patch

NAME = "nokycnumber"
REGISTRY = Mutants(NAME)
NUMBERS, CALLS, SMS = "/v1/numbers", "/v1/calls", "/v1/sms"
VOICEMAILS, ENDPOINTS = "/v1/voicemails", "/v1/webhook_endpoints"
ACCOUNT, USAGE, AVAILABLE = "/v1/account", "/v1/account/usage", "/v1/numbers/available"
Thing = dict[str, Any]


def backend(emulator: Emulator) -> Any:
    """NoKYCNumber's backend in a emulator, with its inner parts open to be replaced."""
    return emulator.backends[NAME]


def refuse(answer: MutableResponse, status: int, kind: str = "invalid_request_error", code: str = "broken") -> None:
    """Response an error on purpose, in the envelope."""
    name = next((value for key, value in answer.headers if key.lower() == b"request-id"), b"req_0000000000000000")
    error = {"type": kind, "code": code, "message": "Broken on purpose.", "request_id": name.decode()}
    answer.say(status, {"error": error})


def reword(answer: MutableResponse, **changes: Any) -> None:
    """Change parts of an error."""
    body = answer.json()
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        answer.say(answer.status, {"error": {**body["error"], **changes}})


def things(body: Any, kind: str) -> Iterator[Thing]:
    """The objects of a kind in a document."""
    if isinstance(body, dict):
        if body.get("object") == kind:
            yield body
        for inner in body.values():
            yield from things(inner, kind)
    elif isinstance(body, list):
        for inner in body:
            yield from things(inner, kind)


def show(answer: MutableResponse, kind: str, change: Callable[[Thing], None]) -> None:
    """Change every object of a kind in an answer."""
    body = answer.json() if answer.status < 300 else None
    found = list(things(body, kind))
    for thing in found:
        change(thing)
    if found:
        answer.say(answer.status, body)


def is_list(answer: MutableResponse, path: str) -> bool:
    """Whether an answer is a list of a path."""
    return answer.asked.method == "GET" and answer.asked.path == path and answer.status == 200


def is_one(answer: MutableResponse, path: str) -> bool:
    """Whether an answer is one object of a path."""
    rest = answer.asked.path.removeprefix(f"{path}/")
    asked_for = answer.asked.method == "GET" and rest != answer.asked.path
    return asked_for and "/" not in rest and rest != "available" and answer.status == 200


def posted(thing: MutableResponse | Request, path: str) -> bool:
    """Whether a request, or an answer's, was a POST to a path."""
    asked = thing.asked if isinstance(thing, MutableResponse) else thing
    return asked.method == "POST" and asked.path == path


def rewrite(asked: Request, change: Callable[[Thing], None]) -> None:
    """Change the body of a request, where it is an object."""
    body = asked.json()
    if isinstance(body, dict):
        change(body)
        asked.body = json.dumps(body).encode()
        asked.set(b"content-length", str(len(asked.body)))


def forget(asked: Request, path: str, *names: str) -> None:
    """Drop parameters from the query of a list."""
    if asked.method == "GET" and asked.path == path:
        asked.query = urlencode([pair for pair in parse_qsl(asked.query, True) if pair[0] not in names])


def empty(path: str) -> Thing:
    """A list of nothing."""
    return {"object": "list", "url": path, "data": [], "has_more": False, "next_cursor": None}


def sent(emulator: Emulator, change: Callable[[Thing], Thing | None]) -> None:
    """Change the payload of every event before it is stored; None drops it."""

    def make(send: Any) -> Any:
        def changed(**event: Any) -> Any:
            payload = change(json.loads(event["body"]))
            if payload is None:
                return None
            body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
            return send(**{**event, "body": body})

        return changed

    patch(emulator.services.outbox, "send", make)


def key_of(asked: Request, emulator: Emulator) -> Any:
    """The key that a request came with."""
    secret = asked.header(b"authorization").removeprefix("Bearer ")
    return emulator.services.keys.find(NAME, secret)
