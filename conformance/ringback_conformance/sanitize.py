"""Generated requests, made harmless to third parties: what they say, and addresses that a stranger could own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from ringback_conformance.transport import Request

INTERNAL_NAMES = ("localhost", ".localhost", ".local", ".internal")
NUMERIC = re.compile(r"(0x[0-9a-f]*|\d+)(\.(0x[0-9a-f]*|\d+)){0,3}\.?")
"""An address in any of its spellings."""
NOBODY = "https://webhooks.invalid"
"""An origin that nobody has."""


def said(request: Request) -> Any:
    """The body of a request about to be sent as JSON, or None."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def public_https(url: str) -> bool:
    """Whether an address is https and leads to a public host, or to a name that could."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme.lower() != "https" or not host or host.endswith(INTERNAL_NAMES):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and NUMERIC.fullmatch(host) is None


def tamed(request: Request, fields: Iterable[str]) -> Request:
    """The request with the webhook addresses in these fields that a stranger could own put under a name that nobody
    has, so that a generated one makes nobody look it up."""
    body = said(request)
    if not isinstance(body, dict):
        return request
    strange = {name: body[name] for name in fields if isinstance(body.get(name), str) and public_https(body[name])}
    if not strange:
        return request
    renamed = {name: f"{NOBODY}{urlsplit(url).path}" for name, url in strange.items()}
    return Request(request.method, request.path, request.headers, json.dumps({**body, **renamed}).encode())
