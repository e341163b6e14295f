"""What a vendor documents about every request, as data: request ids, dated versions, token buckets, scopes, idempotency.

Every part is optional: what a vendor leaves out is not done and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringback.gateway.accounts import AccountSettings
from ringback.gateway.errors import ApiError
from ringback.gateway.keys import Key


@dataclass(frozen=True)
class VersioningPolicy:
    """Dated versions.

    `header` pins one, `default` reads an account's own, `known` maps each version to None, or to the text of the
    `notice` header where it is outdated; `unknown` words the error for any other.
    """

    header: bytes
    default: Callable[[AccountSettings], str]
    known: Mapping[str, str | None]
    notice: bytes
    unknown: Callable[[str], ApiError]


@dataclass(frozen=True)
class IdempotencyPolicy:
    """Idempotency keys of POST requests.

    `header` carries the key, a response is kept for `keep_for` microseconds, `reused` words the error for a key that
    comes with another request, `malformed` that for a key that is none.
    """

    header: bytes
    keep_for: int
    reused: Callable[[], ApiError]
    malformed: Callable[[], ApiError]


@dataclass(frozen=True)
class TokenBucketPolicy:
    """A token bucket for each key.

    `burst` returns the tokens beyond a limit; three headers carry the limit, what remains of it, and the Unix second
    at which the bucket is full again. A key without a limit is shown `lifted`.
    """

    burst: Callable[[int], int]
    limit: bytes
    remaining: bytes
    reset: bytes
    unlimited: int


@dataclass(frozen=True, kw_only=True)
class RequestPolicy:
    """All of it.

    `request_id` is a header and a prefix, `usable` the kinds of key that any operation takes, and `authorize` raises
    ApiError for what a key may not do (key, method, path). Without a `bucket` the vendor's limit is a sliding window
    that no header shows.
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
    """Return an `authorize` that goes by each scope's methods, None for all; `forbidden` words what a scope lacks.

    A key without a scope may do everything.
    """

    def authorize(key: Key, method: str, _: str) -> None:
        allowed = methods.get(key.scope, frozenset()) if key.scope is not None else None
        if allowed is not None and method not in allowed:
            raise forbidden(key.scope or "", method)

    return authorize
