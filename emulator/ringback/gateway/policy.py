"""What some vendors do around every request beyond key and limit: request ids, scopes, dated versions, token buckets
with headers, keys for retries. Each is data; what a vendor leaves out is not done."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringback.carrier.clock import MINUTE, SECOND
from ringback.gateway.errors import Header, Refusal
from ringback.gateway.idempotency import Mismatch, look_of
from ringback.gateway.limits import Level
from ringback.gateway.middleware import Answer, ASGIApp, Gate, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringback.gateway.accounts import AccountSettings
    from ringback.gateway.faults import Effect
    from ringback.gateway.journal import Exchange
    from ringback.gateway.keys import Key
    from ringback.gateway.services import World
    from ringback.gateway.vendor import Vendor

REQUEST_ID_DIGITS = 16
_KEY = re.compile(rb"[\x21-\x7e]{1,255}")


@dataclass(frozen=True)
class Versions:
    """Dated versions: the request header that pins one, an account's default, those known, and for each that is
    outdated what the `notice` header says."""

    header: bytes
    default: Callable[[AccountSettings], str]
    known: Mapping[str, str | None]
    notice: bytes
    unknown: Callable[[str], Refusal]


@dataclass(frozen=True)
class Retries:
    """Keys for retries of POST requests: their header, how long (microseconds) an answer is kept, and how a key that
    comes with another request, or is none, is refused."""

    header: bytes
    keep_for: int
    reused: Callable[[], Refusal]
    malformed: Callable[[], Refusal]


@dataclass(frozen=True)
class Bucket:
    """A token bucket for each key: `burst` tokens beyond a limit, and the headers that tell the limit, what is left of
    it, and the Unix second at which the bucket is full again. A key whose limit is lifted is told `lifted`."""

    burst: Callable[[int], int]
    limit: bytes
    remaining: bytes
    reset: bytes
    lifted: int


@dataclass(frozen=True, kw_only=True)
class Manners:
    """All of it; what is left out is not done. `request_id` is a header and a prefix, `usable` the kinds of key that
    any operation takes, `permit` raises Refusal for what a key may not do (a method at a path). Without a `bucket` the
    vendor's limit is a sliding window and no header tells of it."""

    request_id: tuple[bytes, str] | None = None
    usable: frozenset[str | None] | None = None
    versions: Versions | None = None
    bucket: Bucket | None = None
    permit: Callable[[Key, str, str], None] | None = None
    retries: Retries | None = None


class MannerlyGate(Gate):
    """The gate of a vendor that has manners. The order: key, version, limit, scope, then faults, route and body."""

    def __init__(self, world: World, vendor: Vendor, app: ASGIApp, manners: Manners) -> None:
        super().__init__(world, vendor, app if manners.retries is None else self._once(app, manners.retries))
        self._manners = manners
        if manners.request_id or manners.versions or manners.bucket:
            self._extra = _headers

    def _admit(self, exchange: Exchange) -> Sequence[Effect]:
        manners = self._manners
        if self._vendor.is_public(exchange.method, exchange.path):
            exchange.at = self._world.clock.now()
            self._number(exchange)
            return self._trouble(exchange)
        try:
            key = self._authenticate(exchange)
            if manners.usable is not None and key.kind not in manners.usable:
                raise self._wording.unauthorized()
        except Refusal:
            self._number(exchange)
            raise
        self._belongs_to(exchange, key)
        self._number(exchange)
        if manners.versions is not None:
            self._pin(exchange, manners.versions)
        if manners.bucket is not None:
            self._spend(exchange, key, manners.bucket)
        else:
            self._count(exchange, key)
        if manners.permit is not None:
            manners.permit(key, exchange.method, exchange.path)
        return self._trouble(exchange)

    def _number(self, exchange: Exchange) -> None:
        if self._manners.request_id is None:
            return
        header, prefix = self._manners.request_id
        digits = self._world.streams(self._name, exchange.account, "request").hex(REQUEST_ID_DIGITS)
        exchange.request_id = prefix + digits
        exchange.extra.append((header, exchange.request_id.encode()))

    def _pin(self, exchange: Exchange, versions: Versions) -> None:
        """Which version holds. Raises Refusal for one that is unknown."""
        pinned = next((value for name, value in exchange.headers if name == versions.header), None)
        settings = self._world.settings_of(exchange.account)
        version = versions.default(settings) if pinned is None else pinned.decode("latin-1").strip()
        if version not in versions.known:
            raise versions.unknown(version)
        notice = versions.known[version]
        if notice is not None:
            exchange.extra.append((versions.notice, notice.encode()))

    def _spend(self, exchange: Exchange, key: Key, bucket: Bucket) -> None:
        """Take a token. Raises Refusal when there is none."""
        limit = self._world.rate_limit(key)
        if limit is None:
            level, burst, limit = Level(0, bucket.lifted, exchange.at), 0, bucket.lifted
        else:
            burst = bucket.burst(limit)
            level = self._world.buckets.take(key.id, limit, limit + burst, MINUTE, exchange.at)
        exchange.extra += (
            (bucket.limit, b"%d" % limit),
            (bucket.remaining, b"%d" % max(0, level.left - burst)),
            (bucket.reset, b"%d" % -(-level.reset // SECOND)),
        )
        if level.wait:
            raise self._wording.rate_limited(-(-level.wait // SECOND))

    def _once(self, app: ASGIApp, retries: Retries) -> ASGIApp:
        """The app, doing nothing twice that comes with a key for retries."""

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            exchange: Exchange = scope["exchange"]
            key = next((value for name, value in exchange.headers if name == retries.header), None)
            operation = None
            if key is not None and exchange.method == "POST":
                operation = self._vendor.operation_at("POST", exchange.path)
            if key is None or operation is None:
                await app(scope, receive, send)
                return
            if not _KEY.fullmatch(key):
                raise retries.malformed()
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            async def act() -> tuple[int, bytes]:
                await app(scope, receive, keep)
                return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])

            try:
                outcome = await self._world.idempotency.once(
                    exchange.account,
                    operation,
                    key.decode("latin-1"),
                    look_of(exchange.path, exchange.body),
                    retries.keep_for,
                    act,
                )
            except Mismatch:
                raise retries.reused() from None
            if outcome.replayed:
                await Answer(outcome.body, outcome.status)(scope, receive, send)
                return
            for message in messages:
                await send(message)

        return run


def _headers(exchange: Exchange) -> Sequence[Header]:
    return exchange.extra


def by_method(
    methods: Mapping[str, frozenset[str] | None], forbidden: Callable[[str, str], Refusal]
) -> Callable[[Key, str, str], None]:
    """A permit by each scope's methods, None for all; `forbidden` words what a scope lacks. A key without a scope may
    do all."""

    def permit(key: Key, method: str, _: str) -> None:
        allowed = methods.get(key.scope, frozenset()) if key.scope is not None else None
        if allowed is not None and method not in allowed:
            raise forbidden(key.scope or "", method)

    return permit
