"""PhoneStack's register of mutants, and what several of them need."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Mutants, Request, patch

NAME = "phonestack"
REGISTRY = Mutants(NAME)
API = "/api/v1"
CONTACTS, BULK = f"{API}/contacts", f"{API}/contacts/bulk"
CALLS, TRIGGER = f"{API}/calls", f"{API}/calls/trigger"
CAMPAIGNS, FIELDS = f"{API}/campaigns", f"{API}/custom-fields"
PROFILES, REPORTS = f"{API}/profiles", f"{API}/reports"
FILES, MCP = f"{API}/files/recordings", "/mcp"
LISTS = (CONTACTS, CALLS, CAMPAIGNS, FIELDS, PROFILES, REPORTS)
Thing = dict[str, Any]


def backend(emulator: Emulator) -> Any:
    """PhoneStack's backend in a emulator, with its inner parts open to be replaced."""
    return emulator.backends[NAME]


# -- answers ------


def refuse(answer: MutableResponse, status: int, code: str) -> None:
    """Response an error on purpose, in the envelope."""
    answer.say(status, {"success": False, "error": {"code": code, "message": "Broken on purpose."}})


def done(answer: MutableResponse, status: int, data: Any) -> None:
    """Response that all is well, in the envelope."""
    answer.say(status, {"success": True, "data": msgspec.to_builtins(data)})


def show(answer: MutableResponse, prefix: str, change: Callable[[Thing], None]) -> None:
    """Change every object in an answer whose id begins so."""
    body = answer.json() if answer.status < 300 and answer.asked.path != MCP else None
    data = body.get("data") if isinstance(body, dict) else None
    shown: list[Any] = data if isinstance(data, list) else [data]
    found = [each for each in shown if _named(each, prefix)]
    for thing in found:
        change(thing)
    if found:
        answer.say(answer.status, body)


def _named(thing: Any, prefix: str) -> bool:
    return isinstance(thing, dict) and str(thing.get("id", "")).startswith(prefix)


def is_list(answer: MutableResponse, *paths: str) -> bool:
    """Whether an answer is a list of one of these paths, or of any."""
    return answer.asked.method == "GET" and answer.asked.path in (paths or LISTS) and answer.status == 200


def relist(answer: MutableResponse, change: Callable[[Thing], Any], *paths: str) -> None:
    """Change the envelope of lists."""
    if is_list(answer, *paths):
        body = answer.json()
        change(body)
        answer.say(200, body)


def posted(thing: MutableResponse | Request, path: str) -> bool:
    """Whether a request, or an answer's, was a POST to a path."""
    asked = thing.asked if isinstance(thing, MutableResponse) else thing
    return asked.method == "POST" and asked.path == path


# -- requests ------


def rewrite(asked: Request, change: Callable[[Thing], Any]) -> None:
    """Change the body of a request, where it is an object."""
    body = asked.json()
    if isinstance(body, dict):
        change(body)
        resend(asked, body)


def resend(asked: Request, body: Any) -> None:
    """Put another body in a request."""
    asked.body = json.dumps(body).encode()
    asked.set(b"content-length", str(len(asked.body)))


def forget(asked: Request, path: str, *names: str) -> None:
    """Drop parameters from a query."""
    requery(asked, path, lambda pairs: [pair for pair in pairs if pair[0] not in names])


def requery(asked: Request, path: str, change: Callable[[list[tuple[str, str]]], list[tuple[str, str]]]) -> None:
    """Change the query of a GET of a path, or of what is below it."""
    if asked.method == "GET" and (asked.path == path or asked.path.startswith(f"{path}/")):
        asked.query = urlencode(change(parse_qsl(asked.query, keep_blank_values=True)))


def patched(asked: Request, path: str) -> bool:
    """Whether a request changes one object of a path."""
    return asked.method == "PATCH" and asked.path.startswith(f"{path}/")


# -- tools ------


def tool(asked: Request) -> str:
    """The tool that a message calls, or an empty text."""
    body = asked.json() if asked.path == MCP else None
    params = body.get("params") if isinstance(body, dict) and body.get("method") == "tools/call" else None
    return str(params.get("name", "")) if isinstance(params, dict) else ""


def recall(asked: Request, names: tuple[str, ...], change: Callable[[Thing], Any]) -> None:
    """Change the parameters of a tool's call: its `name` and its `arguments`."""
    if tool(asked) in names:
        rewrite(asked, lambda body: change(body["params"]))


def retell(answer: MutableResponse, change: Callable[[Thing], Any], *names: str) -> None:
    """Change what tools give, of these names or all: the envelope."""
    name = tool(answer.asked)
    if not name or (names and name not in names) or answer.status != 200:
        return
    body = answer.json()
    result = body.get("result") if isinstance(body, dict) else None
    if isinstance(result, dict) and isinstance(result.get("structuredContent"), dict):
        change(result["structuredContent"])
        result["content"] = [{"type": "text", "text": json.dumps(result["structuredContent"])}]
        answer.say(200, body)


# -- the backend ------


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


def viewed(part: Any, change: Callable[[Any], Any], name: str = "view") -> None:
    """Change what a part of the backend shows, by REST and by MCP alike."""

    def make(view: Any) -> Any:
        def changed(*record: Any, **options: Any) -> Any:
            shown = view(*record, **options)
            change(shown)
            return shown

        return changed

    patch(part, name, make)


def key_of(asked: Request, emulator: Emulator) -> Any:
    """The key that a request came with."""
    return emulator.services.keys.find(NAME, asked.header(b"authorization").removeprefix("Bearer "))


def never(*_: Any, **__: Any) -> None:
    """Do nothing."""
