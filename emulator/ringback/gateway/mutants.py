"""The old register of mutants, for the vendors whose mutants have not moved to `ringback.mutants` yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.asgi import ASGIApp, ASGIMessage, Receive, Scope, Send, encode
from ringback.mutants.registry import Mutant

Break = Callable[[Emulator], None]
Headers = list[tuple[bytes, bytes]]


@dataclass
class Request:
    """A request on its way in; what is changed here is what the gate sees."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> str:
        """The value of a header, or an empty text."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")

    def set(self, name: bytes, value: str) -> None:
        """Replace a header."""
        self.headers = [header for header in self.headers if header[0].lower() != name] + [(name, value.encode())]

    def json(self) -> Any:
        """The body as JSON, or None."""
        return _decode(self.body)


@dataclass
class MutableResponse:
    """An answer on its way out, beside the request as it came in; what is changed here is what the client sees."""

    asked: Request
    account: str
    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None."""
        return _decode(self.body)

    @property
    def code(self) -> str:
        """The code in the error envelope, or an empty text."""
        body = self.json()
        error = body.get("error") if isinstance(body, dict) else None
        return str(error.get("code", "")) if isinstance(error, dict) else ""

    def say(self, status: int, body: Any) -> None:
        """Response this JSON instead."""
        self.status, self.body = status, encode(body)

    def refuse(self, status: int, code: str) -> None:
        """Response this error instead, in the usual envelope."""
        self.say(status, {"error": {"code": code, "message": "Broken on purpose."}})

    def without(self, name: bytes) -> None:
        """Drop a header."""
        self.headers = [header for header in self.headers if header[0].lower() != name]


@dataclass
class Mutants:
    """A register of one vendor's mutants, by name."""

    vendor: str
    all: dict[str, Mutant] = field(default_factory=dict)

    def on_start(self, name: str, claim: str, description: str, *also_breaks: str) -> Callable[[Break], Break]:
        """Register what description a emulator when it is made."""

        def register(action: Break) -> Break:
            self._add(name, claim, description, also_breaks, install=action)
            return action

        return register

    def on_request(
        self, name: str, claim: str, description: str, *also_breaks: str
    ) -> Callable[[Callable[[Request], None]], Callable[[Request], None]]:
        """Register what changes requests."""

        def register(change: Callable[[Request], None]) -> Callable[[Request], None]:
            self._add(name, claim, description, also_breaks, wrap=lambda _world, app: _asking(app, change))
            return change

        return register

    def on_response(
        self, name: str, claim: str, description: str, *also_breaks: str
    ) -> Callable[[Callable[[MutableResponse, Emulator], None]], Callable[[MutableResponse, Emulator], None]]:
        """Register what changes answers."""

        def register(
            change: Callable[[MutableResponse, Emulator], None],
        ) -> Callable[[MutableResponse, Emulator], None]:
            self._add(
                name, claim, description, also_breaks, wrap=lambda emulator, app: _answering(emulator, app, change)
            )
            return change

        return register

    def _add(
        self,
        name: str,
        claim: str,
        description: str,
        also_breaks: Sequence[str],
        install: Break | None = None,
        wrap: Callable[[Emulator, ASGIApp], ASGIApp] | None = None,
    ) -> None:
        full = f"{self.vendor}.{name}"
        if full in self.all:
            raise ValueError(f"{full} is there already")
        self.all[full] = Mutant(full, claim, description, tuple(also_breaks), install, wrap)


def patch(thing: object, name: str, make: Callable[[Any], Any]) -> None:
    """Put `make(what was there)` in place of an attribute. Raises AttributeError where there is none of that name."""
    setattr(thing, name, make(getattr(thing, name)))


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


async def _whole(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _fed(body: bytes) -> Receive:
    async def receive() -> ASGIMessage:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


async def _read(scope: Scope, receive: Receive) -> Request:
    query = scope["query_string"].decode("latin-1")
    return Request(scope["method"], scope["path"], query, list(scope["headers"]), await _whole(receive))


def _asking(app: ASGIApp, change: Callable[[Request], None]) -> ASGIApp:
    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        asked = await _read(scope, receive)
        change(asked)
        scope["headers"] = asked.headers
        scope["query_string"] = asked.query.encode("latin-1")
        await app(scope, _fed(asked.body), send)

    return changed


def _answering(emulator: Emulator, app: ASGIApp, change: Callable[[MutableResponse, Emulator], None]) -> ASGIApp:
    async def changed(scope: Scope, receive: Receive, send: Send) -> None:
        asked = await _read(scope, receive)
        start: ASGIMessage = {}
        parts: list[bytes] = []

        async def hold(message: ASGIMessage) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await app(scope, _fed(asked.body), hold)
        if not start:
            return
        account = scope["log_entry"].account if "log_entry" in scope else ""
        answer = MutableResponse(asked, account, start["status"], list(start["headers"]), b"".join(parts))
        change(answer, emulator)
        answer.without(b"content-length")
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    return changed
