"""The records of the suite: claims, exchanges (their evidence), observations and verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import msgspec

Header = tuple[str, str]

ENVELOPES = (("error", "code"), ("detail", "error"))
"""Where an error's code is: the envelope and the field in it."""


class Basis(StrEnum):
    """Where a claim comes from: the vendor's page, its SDK, or our own choice where both are silent."""

    DOC = "doc"
    SDK = "sdk"
    OURS = "ours"


class Level(StrEnum):
    """A broken `must` fails the run; a broken `should` is only shown."""

    MUST = "must"
    SHOULD = "should"


class Need(StrEnum):
    """What a check must have before it may run.

    `read` sends GET and HEAD only, `write` changes things that are free, `spend` costs the account money, `hook`
    needs a webhook receiver that the target can reach, `ctl` the emulator's control API, `burst` uses up a key's
    request allowance for a minute.
    """

    READ = "read"
    WRITE = "write"
    SPEND = "spend"
    HOOK = "hook"
    CTL = "ctl"
    BURST = "burst"


class Verdict(StrEnum):
    """The closed set of answers to "does this claim hold?"."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    SKIPPED = "skipped"
    NOT_OBSERVED = "not-observed"
    DEVIATION = "deviation"
    INFO = "info"
    ERROR = "error"


class Profile(StrEnum):
    """How far a run may go: everything, writes within a budget, or reading alone."""

    EMULATOR = "emulator"
    SANDBOX = "sandbox"
    READONLY = "readonly"


class Kind(StrEnum):
    """Who sent the request: we to the vendor's API, we to the emulator's control API, the vendor to our receiver."""

    API = "api"
    CONTROL = "control"
    WEBHOOK = "webhook"


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a vendor's documentation promises and that a program can check.

    `section` is the heading of the vendor's page; `text` the promise in our words. An id never changes meaning.
    """

    id: str
    basis: Basis
    needs: frozenset[Need]
    section: str
    text: str
    level: Level = Level.MUST


class Send(msgspec.Struct, frozen=True):
    """A line of a plan: at most `times` requests of this kind, each costing at most `cents` when it succeeds.

    `risk` is what one would cost, in cents, if the target accepted what its page says it rejects.
    """

    method: str
    path: str
    times: int = 1
    cents: int = 0
    note: str = ""
    risk: int = 0


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its response, exactly as they went over the wire.

    `id` is `producer#n`, so that two runs of the same seed name their exchanges alike. `status` is None when no
    response came; `error` then says why. `account` is a label for whose key was used, never the key.
    For a webhook the request is the vendor's and the response ours.
    """

    id: str
    producer: str
    kind: Kind
    method: str
    path: str
    request_headers: tuple[Header, ...] = ()
    request_body: bytes = b""
    status: int | None = None
    response_headers: tuple[Header, ...] = ()
    response_body: bytes = b""
    error: str = ""
    account: str = ""
    truncated: bool = False
    raced: bool = False
    """It was sent together with others, so their order is chance."""

    @property
    def route(self) -> str:
        """The path without its query."""
        return self.path.partition("?")[0]

    @property
    def content_type(self) -> str:
        """The response's media type in lower case, without parameters."""
        return (self.response_header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def succeeded(self) -> bool:
        """Whether it was answered with a 2xx."""
        return self.status is not None and 200 <= self.status < 300

    def request_header(self, name: str) -> str | None:
        """Return the first request header of that name, in any case."""
        return find(self.request_headers, name)

    def response_header(self, name: str) -> str | None:
        """Return the first response header of that name, in any case."""
        return find(self.response_headers, name)

    def json(self) -> Any:
        """Return the response's body as JSON, or None when it is not JSON."""
        return decode(self.response_body)

    def sent(self) -> Any:
        """Return the request's body as JSON, or None when it is not JSON."""
        return decode(self.request_body)

    @property
    def code(self) -> str | None:
        """The code in the response's error envelope, if any, in each of the places where vendors put it."""
        body = self.json()
        for envelope, name in ENVELOPES:
            inner = body.get(envelope) if isinstance(body, dict) else None
            code = inner.get(name) if isinstance(inner, dict) else None
            if isinstance(code, str):
                return code
        return None

    def __str__(self) -> str:
        """Return `GET /v1/calls → 404 not_found`, for messages."""
        outcome = f"no response ({self.error})" if self.status is None else str(self.status)
        return f"{self.method} {self.path} → {outcome}" + (f" {self.code}" if self.code else "")


class Decoded(Exchange, frozen=True, kw_only=True):
    """An exchange whose bodies were decoded once for all invariants, which must not change them."""

    response_json: Any
    request_json: Any

    @classmethod
    def of(cls, exchange: Exchange) -> Decoded:
        """Return the same exchange, decoded."""
        fields = {name: getattr(exchange, name) for name in exchange.__struct_fields__}
        return cls(**fields, response_json=decode(exchange.response_body), request_json=decode(exchange.request_body))

    def json(self) -> Any:
        return self.response_json

    def sent(self) -> Any:
        return self.request_json


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """What a producer saw of a claim: whether it held, a message, and the exchanges that show it."""

    claim: str
    held: bool
    message: str
    exchanges: tuple[str, ...]
    origin: str


class RunWarning(msgspec.Struct, frozen=True):
    """A finding of the schemathesis engine's own checks: worth checking by hand, never a verdict."""

    operation: str
    check: str
    message: str
    exchange: str


def find(headers: Iterable[Header], name: str) -> str | None:
    """Return the first value under `name`, in any case."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def decode(body: bytes) -> Any:
    """Return the decoded JSON, or None; never raises."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
