"""What a vendor documents about every request, as data: request ids, dated versions, token buckets, idempotency.

Every part is optional: a part that a vendor leaves out costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringback.gateway.accounts import AccountSettings
from ringback.gateway.errors import ApiError
from ringback.gateway.keys import Key


@dataclass(frozen=True)
class VersioningPolicy:
    """Dated versions of an API.

    The request's `header` chooses one, else the account's `default`. `known` maps each version to None or, if it is
    outdated, to the text of the `notice` response header. `unknown` returns the error for any other version.
    """

    header: bytes
    default: Callable[[AccountSettings], str]
    known: Mapping[str, str | None]
    notice: bytes
    unknown: Callable[[str], ApiError]


@dataclass(frozen=True)
class IdempotencyPolicy:
    """Idempotency keys of POST requests.

    `header` holds the key, and a response is stored for `keep_for` microseconds. `reused` returns the error for a key
    that was used with another request, `malformed` the error for a key with other characters or more than 255.
    """

    header: bytes
    keep_for: int
    reused: Callable[[], ApiError]
    malformed: Callable[[], ApiError]


@dataclass(frozen=True)
class TokenBucketPolicy:
    """A token bucket for each key.

    `burst` returns how many tokens a bucket holds beyond its limit a minute. Three headers show the limit, what
    remains of it, and the Unix second at which the bucket is full again; `unlimited` is what a key without a limit
    shows.
    """

    burst: Callable[[int], int]
    limit: bytes
    remaining: bytes
    reset: bytes
    unlimited: int


@dataclass(frozen=True, kw_only=True)
class RequestPolicy:
    """A vendor's policy for all requests.

    `request_id` is a response header and the prefix of its value. `usable_kinds` are the kinds of key that may be used
    at all. `authorize(key, method, path)` raises ApiError for what a key may not do. Without a `bucket` the vendor's
    rate limit is a sliding window that no header shows.
    """

    request_id: tuple[bytes, str] | None = None
    usable_kinds: frozenset[str | None] | None = None
    versions: VersioningPolicy | None = None
    bucket: TokenBucketPolicy | None = None
    authorize: Callable[[Key, str, str], None] | None = None
    retries: IdempotencyPolicy | None = None

    @property
    def adds_headers(self) -> bool:
        """Return whether responses carry headers of this policy."""
        return bool(self.request_id or self.versions or self.bucket)


def by_method(
    methods: Mapping[str, frozenset[str] | None], forbidden: Callable[[str, str], ApiError]
) -> Callable[[Key, str, str], None]:
    """Return an `authorize` that allows each scope its HTTP methods, or all methods where they are None.

    `forbidden(scope, method)` returns the error. A key without a scope may do everything.
    """

    def authorize(key: Key, method: str, _: str) -> None:
        allowed = methods.get(key.scope, frozenset()) if key.scope is not None else None
        if allowed is not None and method not in allowed:
            raise forbidden(key.scope or "", method)

    return authorize
