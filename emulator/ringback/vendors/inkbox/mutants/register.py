"""The book of Inkbox's mutants, and what several of them need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Mutants, Request, patch
from ringback.vendors.inkbox.rules.common import NAME, PHONE, Caller

REGISTRY = Mutants(NAME)
NUMBERS, PLACE, CALLS = f"{PHONE}/numbers", f"{PHONE}/place-call", f"{PHONE}/calls"
IDENTITIES, API_KEYS, SIGNING = "/api/v1/identities/", "/api/v1/api-keys", "/api/v1/signing-keys"
SUBSCRIPTIONS, DELIVERIES = "/api/v1/webhooks/subscriptions", "/api/v1/webhooks/deliveries"
ONE_NUMBER = rf"{NUMBERS}/[^/]+"
TEXTS = rf"{ONE_NUMBER}/texts"
ONE_TEXT = rf"{TEXTS}/(?!search$|conversations$)[^/]+"
Thing = dict[str, Any]


def backend(emulator: Emulator) -> Any:
    """Inkbox's backend in a emulator, with its inner parts open to be replaced."""
    return emulator.backends[NAME]


def refuse(answer: MutableResponse, status: int, code: str = "") -> None:
    """Response an error on purpose, in the envelope."""
    message = "Broken on purpose."
    answer.say(status, {"detail": {"error": code, "message": message} if code else message})


def asked_for(thing: MutableResponse | Request, method: str, path: str) -> bool:
    """Whether a request, or an answer's, was of this method to a path of this pattern."""
    asked = thing.asked if isinstance(thing, MutableResponse) else thing
    return asked.method in method.split() and re.fullmatch(path, asked.path) is not None


def shown(answer: MutableResponse, method: str, path: str, change: Callable[[Thing], object], under: str = "") -> None:
    """Change every object of a successful answer, or of the array in it."""
    if not asked_for(answer, method, path) or answer.status >= 300:
        return
    body = answer.json()
    found = body.get(under) if under and isinstance(body, dict) else body
    for thing in found if isinstance(found, list) else [found]:
        if isinstance(thing, dict):
            change(thing)
    answer.say(answer.status, body)


def turned(answer: MutableResponse, path: str, under: str = "") -> None:
    """Turn a list the other way round."""
    body = answer.json() if asked_for(answer, "GET", path) and answer.status == 200 else None
    if isinstance(body, list):
        answer.say(200, body[::-1])
    elif isinstance(body, dict) and under:
        answer.say(200, {**body, under: body[under][::-1]})


def rewrite(asked: Request, change: Callable[[Thing], object]) -> None:
    """Change the body of a request, where it is an object."""
    body = asked.json()
    if isinstance(body, dict):
        change(body)
        asked.body = json.dumps(body).encode()
        asked.set(b"content-length", str(len(asked.body)))


def forget(asked: Request, path: str, *names: str) -> None:
    """Drop parameters from the query of a list."""
    if asked_for(asked, "GET", path):
        asked.query = urlencode([pair for pair in parse_qsl(asked.query, True) if pair[0] not in names])


def sent(emulator: Emulator, change: Callable[[Thing], Thing | None], method: str = "send") -> None:
    """Change the payload of every event, or question, before it is stored; None drops it."""

    def make(send: Any) -> Any:
        def changed(**event: Any) -> Any:
            payload = change(json.loads(event["body"]))
            if payload is None:
                return None
            body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
            return send(**{**event, "body": body})

        return changed

    patch(emulator.services.outbox, method, make)


def as_admin(rule: Any) -> Any:
    """A rule whose caller passes for an administrator."""

    def wide(caller: Caller, *rest: Any, **named: Any) -> Any:
        return rule(replace(caller, agent=None), *rest, **named)

    return wide


def instead(value: Any) -> Callable[[Any], Callable[..., Any]]:
    """What replaces a rule by one that always gives the same."""
    return lambda _rule: lambda *_rest, **_named: value
