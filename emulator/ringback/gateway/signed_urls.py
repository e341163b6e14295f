"""Signed URLs: anyone who has one may use it until it expires. The query holds the expiry and a signature."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from ringback.carrier.clock import SECOND


class LinkError(PermissionError):
    """A link that does not work: it was changed, or it has `expired`."""

    def __init__(self, message: str, *, expired: bool) -> None:
        super().__init__(message)
        self.expired = expired


def sign_path(secret: bytes, path: str, until: int) -> str:
    """Return the path with a query that is valid until an instant (microseconds, cut to seconds)."""
    expires = until // SECOND
    return f"{path}?expires={expires}&sig={_signature(secret, path, expires)}"


def check_link(secret: bytes, path: str, query: Mapping[str, str], now: int) -> None:
    """Check a link at an instant (microseconds). Raises LinkError."""
    expires, signature = query.get("expires", ""), query.get("sig", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) <= 12):
        raise LinkError("the link has no time at which it ends", expired=False)
    if not compare_digest(_signature(secret, path, int(expires)).encode(), signature.encode()):
        raise LinkError("the link's signature is wrong", expired=False)
    if now >= int(expires) * SECOND:
        raise LinkError("the link has expired", expired=True)


def _signature(secret: bytes, path: str, expires: int) -> str:
    return hmac(secret, f"{path}\n{expires}".encode(), sha256).hexdigest()
