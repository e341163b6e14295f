"""Signed links to recordings, page "Calls API"."""

from __future__ import annotations

from collections.abc import Mapping

from ringback.carrier.clock import HOUR
from ringback.gateway.services import Services
from ringback.gateway.signed_urls import LinkError, check_link, sign_path
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.rules.common import NAME

RECORDINGS = "/api/v1/files/recordings/"
LIFETIME = HOUR
"""Page "Calls API": a signed URL expires after an hour."""


class Links:
    """Signs links and checks them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def sign(self, path: str, until: int) -> str:
        """Return a link to a file that works until an instant."""
        return self._services.base_url(NAME) + sign_path(self._secret(), path, until)

    def check(self, path: str, query: Mapping[str, str], now: int | None) -> None:
        """Check that a link is ours and has not expired; without `now`, only that it is ours. Raises ApiError."""
        for name in ("expires", "sig"):
            if not query.get(name):
                raise errors.missing(name)
        if not (query["expires"].isascii() and query["expires"].isdigit()):
            raise errors.invalid("expires", "must be seconds since the Unix epoch")
        try:
            check_link(self._secret(), path, query, now if now is not None else 0)
        except LinkError as error:
            raise errors.error("URL_EXPIRED" if error.expired else "INVALID_SIGNATURE") from None

    def _secret(self) -> bytes:
        return self._services.streams.secret(NAME, "files")
