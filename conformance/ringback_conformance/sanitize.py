"""Change generated requests so that they cannot reach third parties."""

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
"""An IPv4 address in any of its spellings."""
NO_ONE = "https://webhooks.invalid"
"""An origin that cannot exist (RFC 2606)."""


def said(request: Request) -> Any:
    """Return the JSON body of a request about to be sent, or None."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None


def public_https(url: str) -> bool:
    """Return whether a URL is https and its host is public, or a name that could be."""
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
    """Return the request with public webhook addresses in these fields moved to a host that cannot exist."""
    body = said(request)
    if not isinstance(body, dict):
        return request
    public = {name: body[name] for name in fields if isinstance(body.get(name), str) and public_https(body[name])}
    if not public:
        return request
    renamed = {name: f"{NO_ONE}{urlsplit(url).path}" for name, url in public.items()}
    return Request(request.method, request.path, request.headers, json.dumps({**body, **renamed}).encode())
