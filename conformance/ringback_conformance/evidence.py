"""Render an exchange for people: a curl command that repeats it and the raw text of both sides, secrets masked."""

from __future__ import annotations

import re
import shlex
from typing import Any

from ringback_conformance.masking import Mask
from ringback_conformance.model import Exchange, Header, Kind

BODY_CHARACTERS = 4_000
OMITTED = frozenset({"host", "connection", "content-length", "user-agent", "accept", "accept-encoding"})
"""Request headers that curl adds by itself or that do not matter."""
PASSING = frozenset({"date", "connection", "keep-alive"})
"""Response headers that do not matter and may differ between two runs of the same seed."""
ORIGIN = {Kind.API: "$BASE_URL", Kind.CONTROL: "$CONTROL_URL", Kind.WEBHOOK: "$WEBHOOK_URL"}
NAMES = r"(?:BASE_URL|CONTROL_URL|WEBHOOK_URL|(?:KEY|WEBHOOK_SECRET|CONTROL_TOKEN)(?:_\d+)?)\b"
VARIABLE = re.compile(rf"\${NAMES}")
PLAIN_DOLLAR = re.compile(rf"\$(?!{NAMES})")


def render(exchange: Exchange, mask: Mask) -> dict[str, Any]:
    """Return `{"id", "kind", "account", "curl", "request", "response"}`, all text and all masked."""
    request_body = mask.body(exchange.request_body, exchange.request_header("content-type") or "", BODY_CHARACTERS)
    return {
        "id": exchange.id,
        "kind": exchange.kind.value,
        "account": exchange.account,
        "curl": curl(exchange, mask),
        "request": _raw(
            f"{exchange.method} {mask.text(exchange.path)} HTTP/1.1",
            mask.headers(_said(exchange.request_headers)),
            request_body,
        ),
        "response": _response(exchange, mask),
    }


def curl(exchange: Exchange, mask: Mask) -> str:
    """Return a command that sends the same request; the reader sets `$BASE_URL` and `$KEY`."""
    words = ["curl", "-i"]
    if exchange.method == "HEAD":
        words = ["curl", "-I"]
    elif exchange.method != "GET" or exchange.request_body:
        words += ["-X", exchange.method]
    words.append(_quote(ORIGIN[exchange.kind] + mask.text(exchange.path)))
    for name, value in mask.headers(_said(exchange.request_headers)):
        words += ["-H", _quote(f"{name}: {value}")]
    if exchange.request_body:
        body = mask.body(exchange.request_body, exchange.request_header("content-type") or "", BODY_CHARACTERS)
        words += ["--data-binary", _quote(body)]
    return " ".join(words)


def _response(exchange: Exchange, mask: Mask) -> str:
    if exchange.status is None:
        return mask.text(f"(no answer: {exchange.error})")
    kept = [header for header in exchange.response_headers if header[0].lower() not in PASSING]
    body = mask.body(exchange.response_body, exchange.content_type, BODY_CHARACTERS)
    return _raw(f"HTTP/1.1 {exchange.status}", mask.headers(kept), body)


def _raw(first: str, headers: tuple[Header, ...], body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers)]
    return "\n".join([*lines, "", body]) if body else "\n".join(lines)


def _said(headers: tuple[Header, ...]) -> list[Header]:
    return [header for header in headers if header[0].lower() not in OMITTED]


def _quote(word: str) -> str:
    """Quote for a shell; our own variables stay unquoted, to be expanded."""
    if not VARIABLE.search(word):
        return shlex.quote(word)
    escaped = re.sub(r'(["\\`])', r"\\\1", word)
    return '"' + PLAIN_DOLLAR.sub(r"\\$", escaped) + '"'
