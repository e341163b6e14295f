"""Pre-signed links to audio files, page "Voicemails" and "Object schemas"."""

from __future__ import annotations

from ringback.carrier.clock import HOUR
from ringback.gateway.services import Services
from ringback.gateway.signed_urls import LinkError, check_link, sign_path
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.rules.common import NAME
from ringback.vendors.nokycnumber.wire import LinkQuery

LINK_LIFETIME = HOUR
"""Page "Voicemails": links expire an hour after they were issued."""


class Links:
    """Issue links, and check those that are opened."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def issue(self, account: str, path: str) -> str:
        """Return a link to a file of an account that works for an hour from now."""
        expires = self.services.clock.now(account) + LINK_LIFETIME
        return self.services.base_url(NAME) + sign_path(self.services.streams.secret(NAME, "files"), path, expires)

    def check(self, path: str, query: LinkQuery, now: int | None) -> None:
        """Check that a link was issued and, if `now` (microseconds) is known, has not expired. Raises ApiError 400 or
        403."""
        values = {"expires": query.expires, "sig": query.sig}
        for name, value in values.items():
            if not value:
                raise errors.missing(name)
        if not (query.expires.isascii() and query.expires.isdigit()):
            raise errors.invalid("expires", "must be a number of seconds since 1970")
        try:
            check_link(self.services.streams.secret(NAME, "files"), path, values, now if now is not None else 0)
        except LinkError as error:
            raise errors.error("url_expired" if error.expired else "invalid_signature") from None
