"""What a request passes before a vendor's routes: key, limits, faults, body bounds, journal, errors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ringback.carrier.clock import MINUTE, SECOND, wall_seconds, wall_sleep
from ringback.gateway.asgi import JSON, ASGIApp, ASGIMessage, Receive, Response, Scope, Send
from ringback.gateway.connections import BrokenConnection, break_connection, truncated
from ringback.gateway.errors import ApiError, DecodeError, Header
from ringback.gateway.faults import Effect
from ringback.gateway.idempotency import KeyReused, request_digest
from ringback.gateway.journal import MAX_BODY_BYTES, RequestLogEntry
from ringback.gateway.keys import Key
from ringback.gateway.limits import BucketLevel
from ringback.gateway.policy import IdempotencyPolicy, TokenBucketPolicy, VersioningPolicy
from ringback.gateway.services import Services
from ringback.gateway.vendor import VendorSpec

MAX_HEADER_BYTES = 32 * 1024
REQUEST_ID_DIGITS = 16
_MAX_DISCARDED = 4
"""How many times the body limit is read and discarded before the client is disconnected."""
_IDEMPOTENCY_KEY = re.compile(rb"[\x21-\x7e]{1,255}")


class VendorMiddleware:
    """One vendor's middleware. It checks key, version, rate limit and scope, then faults, route and body."""

    def __init__(self, services: Services, vendor: VendorSpec, app: ASGIApp) -> None:
        policy = vendor.policy
        self._services = services
        self._vendor = vendor
        self._name = vendor.name
        self._errors = vendor.errors
        self._policy = policy
        self._key_headers = vendor.key_headers
        self._slashed = frozenset(
            operation.path[:-1] for operation in vendor.operations if operation.path.endswith("/")
        )
        self._app = app if policy.retries is None else self._idempotent(app, policy.retries)
        self._limit = services.settings.max_body
        self._chaos = services.settings.chaos_rates if services.settings.chaos else None
        self._adds_headers = policy.adds_headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = wall_seconds()
        method: str = scope["method"]
        client: Sequence[object] = scope.get("client") or ("",)
        entry = RequestLogEntry(
            self._name, method, scope["path"], scope["query_string"], scope["headers"], str(client[0])
        )
        adds_headers = self._adds_headers

        async def respond(message: ASGIMessage) -> None:
            if message["type"] == "http.response.start":
                if adds_headers:
                    message["headers"] = [*message["headers"], *entry.extra]
                entry.status = message["status"]
                entry.response_headers = message["headers"]
            elif len(entry.response_body) < MAX_BODY_BYTES:
                entry.response_body += message.get("body", b"")
            await send(message)

        scope["log_entry"] = entry
        try:
            effects = self._authorize(entry)
            path: str = scope["path"]
            if method == "OPTIONS" or "//" in path or (path[-1] == "/") is not (path.rstrip("/") in self._slashed):
                raise self._errors.no_route()
            if method == "HEAD":
                scope["method"] = "GET"
            if method in ("POST", "PUT", "PATCH", "DELETE"):
                entry.body = await self._read(entry, receive)
            if effects:
                await self._apply_faults(effects, scope, receive, respond)
            else:
                await self._app(scope, receive, respond)
        except ApiError as error:
            await error_response(self._errors.envelope, error, entry)(scope, receive, respond)
        except BrokenConnection:
            break_connection(scope)
        except Exception as error:
            self._services.record_crash(error)
            await error_response(self._errors.envelope, self._errors.internal_error(), entry)(scope, receive, respond)
        finally:
            entry.latency = wall_seconds() - started
            self._services.journal.add(entry)

    # -- before the route ------

    def _authorize(self, entry: RequestLogEntry) -> Sequence[Effect]:
        """Apply the policy and select the faults. Raises ApiError."""
        policy = self._policy
        if self._vendor.is_public(entry.method, entry.path):
            entry.at = self._services.clock.now()
            self._assign_request_id(entry)
            return self._select_faults(entry)
        try:
            key = self._authenticate(entry)
            if policy.usable_kinds is not None and key.kind not in policy.usable_kinds:
                raise self._errors.unauthorized()
        except ApiError:
            self._assign_request_id(entry)
            raise
        entry.account = key.account
        entry.key = key.id
        entry.at = self._services.clock.now(key.account)
        self._assign_request_id(entry)
        if policy.versions is not None:
            self._resolve_version(entry, policy.versions)
        if policy.bucket is not None:
            self._take_token(entry, key, policy.bucket)
        else:
            self._count_request(entry, key)
        if policy.authorize is not None:
            policy.authorize(key, entry.method, entry.path)
        return self._select_faults(entry)

    def _authenticate(self, entry: RequestLogEntry) -> Key:
        services = self._services
        size = 0
        secret = None
        for name, value in entry.headers:
            size += len(name) + len(value)
            if name in self._key_headers:
                secret = value if name != b"authorization" else _bearer(value)
        entry.at = services.clock.now()
        if size > MAX_HEADER_BYTES:
            raise self._errors.malformed(DecodeError("the request's headers are too large"))
        key = None
        if secret is not None:
            key = services.keys.find(self._name, secret.strip().decode("latin-1"))
        if key is None or not services.keys.admits(key, entry.client, services.clock.now(key.account)):
            raise self._errors.unauthorized()
        return key

    def _assign_request_id(self, entry: RequestLogEntry) -> None:
        if self._policy.request_id is None:
            return
        header, prefix = self._policy.request_id
        entry.request_id = prefix + self._services.streams(self._name, entry.account, "request").hex(REQUEST_ID_DIGITS)
        entry.extra.append((header, entry.request_id.encode()))

    def _resolve_version(self, entry: RequestLogEntry, versions: VersioningPolicy) -> None:
        """Raise ApiError for an unknown version, and add the notice of an outdated one."""
        pinned = next((value for name, value in entry.headers if name == versions.header), None)
        settings = self._services.settings_of(entry.account)
        version = versions.default(settings) if pinned is None else pinned.decode("latin-1").strip()
        if version not in versions.known:
            raise versions.unknown(version)
        notice = versions.known[version]
        if notice is not None:
            entry.extra.append((versions.notice, notice.encode()))

    def _take_token(self, entry: RequestLogEntry, key: Key, bucket: TokenBucketPolicy) -> None:
        """Take a token from the key's bucket. Raises ApiError when it is empty."""
        limit = self._services.rate_limit(key)
        if limit is None:
            level, burst, limit = BucketLevel(0, bucket.unlimited, entry.at), 0, bucket.unlimited
        else:
            burst = bucket.burst(limit)
            level = self._services.buckets.take(key.id, limit, limit + burst, MINUTE, entry.at)
        entry.extra += (
            (bucket.limit, b"%d" % limit),
            (bucket.remaining, b"%d" % max(0, level.left - burst)),
            (bucket.reset, b"%d" % -(-level.reset // SECOND)),
        )
        if level.wait:
            raise self._errors.rate_limited(-(-level.wait // SECOND))

    def _count_request(self, entry: RequestLogEntry, key: Key) -> None:
        """Count a request in its key's window. Raises ApiError when that is full."""
        group = self._vendor.rate_limit_groups.get((entry.method, entry.path))
        wait = self._services.count_request(key, group)
        if wait > 0:
            raise self._errors.rate_limited(-(-wait // SECOND))

    async def _read(self, entry: RequestLogEntry, receive: Receive) -> bytes:
        """Read the whole body, within bounds and of the right type. Raises ApiError."""
        headers, limit = entry.headers, self._limit
        for name, value in headers:
            if name == b"content-length" and value.isdigit() and int(value) > limit * _MAX_DISCARDED:
                raise self._errors.too_large(limit)
        message = await receive()
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            chunks, size = [body], len(body)
            while message.get("more_body"):
                message = await receive()
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= limit:
                    chunks.append(chunk)
                elif size > limit * _MAX_DISCARDED:
                    break
            body = b"".join(chunks)
            if size > limit:
                raise self._errors.too_large(limit)
        if len(body) > limit:
            raise self._errors.too_large(limit)
        if body and not self._vendor.any_type:
            self._check_content_type(entry)
        return body

    def _check_content_type(self, entry: RequestLogEntry) -> None:
        for name, value in entry.headers:
            if name == b"content-type" and not _is_json(value):
                if self._vendor.operation_at(entry.method, entry.path) is None:
                    raise self._errors.no_route()
                raise self._errors.wrong_type()

    # -- faults ------

    def _select_faults(self, entry: RequestLogEntry) -> Sequence[Effect]:
        """Return the faults to apply to a request. Raises ApiError for a request that chaos rejects."""
        services, account = self._services, entry.account
        if not services.faults.records and self._chaos is None:
            return ()
        operation = entry.operation = self._vendor.operation_at(entry.method, entry.path)
        effects = services.faults.for_request(self._name, account, operation)
        if self._chaos is not None and not effects:
            stream = services.streams("chaos", "request", account)
            if stream.random() < self._chaos.rate_limited:
                raise self._errors.rate_limited(1)
            if stream.random() < self._chaos.unavailable:
                raise self._errors.fault(503, None)
        return effects

    async def _apply_faults(self, effects: Sequence[Effect], scope: Scope, receive: Receive, respond: Send) -> None:
        for effect in effects:
            if effect.latency is not None:
                await wall_sleep(effect.latency)
            if effect.status is not None:
                raise self._errors.fault(effect.status, effect.code)
            if effect.reset:
                raise BrokenConnection
            if effect.truncate is not None:
                await self._app(scope, receive, truncated(respond, effect.truncate, scope))
                return
        await self._app(scope, receive, respond)

    # -- idempotency ------

    def _idempotent(self, app: ASGIApp, retries: IdempotencyPolicy) -> ASGIApp:
        """Return the app, executing a POST at most once per idempotency key."""

        async def run(scope: Scope, receive: Receive, send: Send) -> None:
            entry: RequestLogEntry = scope["log_entry"]
            key = next((value for name, value in entry.headers if name == retries.header), None)
            operation = None
            if key is not None and entry.method == "POST":
                operation = self._vendor.operation_at("POST", entry.path)
            if key is None or operation is None:
                await app(scope, receive, send)
                return
            if not _IDEMPOTENCY_KEY.fullmatch(key):
                raise retries.malformed()
            messages: list[ASGIMessage] = []

            async def keep(message: ASGIMessage) -> None:
                messages.append(message)

            async def act() -> tuple[int, bytes]:
                await app(scope, receive, keep)
                return messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:])

            digest = request_digest(entry.path, entry.body)
            try:
                stored = await self._services.idempotency.run_once(
                    entry.account, operation, key.decode("latin-1"), digest, retries.keep_for, act
                )
            except KeyReused:
                raise retries.reused() from None
            if stored.replayed:
                await Response(stored.body, stored.status)(scope, receive, send)
                return
            for message in messages:
                await send(message)

        return run


def error_response(envelope: Callable[[ApiError], bytes], error: ApiError, entry: RequestLogEntry) -> Response:
    """Return an error as a response in the vendor's envelope."""
    error.request_id = entry.request_id
    headers: Sequence[Header] = error.headers
    if error.wait is not None:
        headers = (*headers, (b"retry-after", b"%d" % error.wait))
    return Response(envelope(error), error.status, headers=headers)


def _bearer(value: bytes) -> bytes | None:
    return value[7:] if value[:7].lower() == b"bearer " else None


def _is_json(value: bytes) -> bool:
    media = value.partition(b";")[0].strip().lower()
    return media == JSON or (media.startswith(b"application/") and media.endswith(b"+json"))
