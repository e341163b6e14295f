"""The signature of what Inkbox sends, as its official SDK verifies it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from ringback_conformance.model import Header, find

REQUEST_ID, TIMESTAMP, SIGNATURE = "X-Inkbox-Request-ID", "X-Inkbox-Timestamp", "X-Inkbox-Signature"
PREFIX = "whsec_"


def genuine(headers: Iterable[Header], body: bytes, secret: str) -> bool:
    """Whether a body was signed with a key, which begins after its `whsec_`."""
    given = tuple(headers)
    id_, at, signature = (find(given, name) or "" for name in (REQUEST_ID, TIMESTAMP, SIGNATURE))
    digest = hmac.new(secret.removeprefix(PREFIX).encode(), f"{id_}.{at}.".encode() + body, hashlib.sha256).hexdigest()
    return bool(id_ and at) and hmac.compare_digest(f"sha256={digest}", signature)
