"""AgentPhone's register of mutants, and what several of them need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Mutants, Request, patch

NAME = "agentphone"
REGISTRY = Mutants(NAME)
NUMBERS, AGENTS, CALLS = "/v1/numbers", "/v1/agents", "/v1/calls"
MESSAGES, CONVERSATIONS, CONTACTS = "/v1/messages", "/v1/conversations", "/v1/contacts"
WEBHOOK, DELIVERIES, USAGE, REGISTER = "/v1/webhooks", "/v1/webhooks/deliveries", "/v1/usage", "/v1/register"
ONE_NUMBER, ONE_AGENT, ONE_CALL = f"{NUMBERS}/(?!available|lookup)[^/]+", f"{AGENTS}/(?!voices)[^/]+", f"{CALLS}/[^/]+"
ONE_CONVERSATION, ONE_CONTACT = f"{CONVERSATIONS}/[^/]+", f"{CONTACTS}/(?!capabilities)[^/]+"
Thing = dict[str, Any]
Change = Callable[[Thing], object]


def backend(emulator: Emulator) -> Any:
    """AgentPhone's backend in a emulator, with its inner parts open to be replaced."""
    return emulator.backends[NAME]


def asked_of(thing: MutableResponse | Request) -> Request:
    """The request, or the one that was answered."""
    return thing.asked if isinstance(thing, MutableResponse) else thing


def at(thing: MutableResponse | Request, method: str, path: str) -> bool:
    """Whether a request, or an answer's, was of this method to a path that matches."""
    asked = asked_of(thing)
    return asked.method == method and re.fullmatch(path, asked.path) is not None


def fine(answer: MutableResponse, method: str, path: str) -> bool:
    """Whether an answer to this is a success."""
    return answer.status < 300 and at(answer, method, path)


def id_in(path: str, place: int = 3) -> str:
    """A part of a path: `/v1/numbers/num_1` has `num_1` at 3."""
    return path.split("/")[place]


def refuse(
    answer: MutableResponse, status: int, code: str = "VALIDATION_ERROR", kind: str = "validation_error"
) -> None:
    """Response an error on purpose, in the envelope."""
    message = "Broken on purpose."
    detail: Any = message
    if status == 422:
        detail = [{"loc": ["body"], "msg": message, "type": "value_error"}]
    answer.without(b"content-type")
    answer.headers.append((b"content-type", b"application/json"))
    answer.say(status, {"detail": detail, "error": {"message": message, "code": code, "type": kind}})


def show(answer: MutableResponse, change: Change) -> None:
    """Change the object that is answered."""
    body = answer.json()
    if isinstance(body, dict):
        change(body)
        answer.say(answer.status, body)


def rows(answer: MutableResponse, change: Change, name: str = "data") -> None:
    """Change every object of a list that is answered."""

    def each(body: Thing) -> None:
        for row in body.get(name) or ():
            change(row)

    show(answer, each)


def rewrite(asked: Request, change: Change) -> None:
    """Change the body of a request, where it is an object."""
    body = asked.json()
    if isinstance(body, dict):
        change(body)
        put(asked, json.dumps(body).encode())


def put(asked: Request, body: bytes) -> None:
    """Give a request another body."""
    asked.body = body
    asked.set(b"content-length", str(len(body)))
    asked.set(b"content-type", "application/json")


def query(asked: Request, change: Callable[[dict[str, str]], object]) -> None:
    """Change the query of a request."""
    named = dict(parse_qsl(asked.query, True))
    change(named)
    asked.query = urlencode(named)


def forget(asked: Request, *names: str) -> None:
    """Drop parameters from the query of a request."""
    if asked.query:
        query(asked, lambda named: [named.pop(name, None) for name in names])


def between(value: Any, least: float, most: float) -> Any:
    """A number brought within bounds; anything else as it is."""
    return min(max(value, least), most) if isinstance(value, int | float) and not isinstance(value, bool) else value


def sent(emulator: Emulator, change: Callable[[Thing], Thing | None]) -> None:
    """Change the payload of every event before it is stored; None drops it. What is asked is changed too, and never
    dropped, for its answer is waited for."""

    def written(payload: Thing) -> bytes:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()

    def telling(send: Any) -> Any:
        def changed(**event: Any) -> Any:
            payload = change(json.loads(event["body"]))
            if payload is None:
                kept = backend(emulator).data.deliveries
                kept.remove(kept[event["id_"]])
                return None
            return send(**{**event, "body": written(payload)})

        return changed

    def asking(ask: Any) -> Any:
        def changed(**event: Any) -> Any:
            payload = change(json.loads(event["body"]))
            return ask(**{**event, "body": event["body"] if payload is None else written(payload)})

        return changed

    patch(emulator.services.outbox, "send", telling)
    patch(emulator.services.outbox, "request", asking)


def charged(emulator: Emulator, change: Callable[[str, int, str, str], int]) -> None:
    """Charge another amount: given account, amount in millionths of a dollar, cause and reference."""

    def make(charge: Any) -> Any:
        return lambda account, amount, cause, ref: charge(account, change(account, amount, cause, ref), cause, ref)

    patch(backend(emulator).money, "charge", make)
