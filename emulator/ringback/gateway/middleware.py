"""The gate before a vendor's routes: key, limit, faults, body bounds, journal, and the vendor's envelope for errors."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from stat import S_ISSOCK
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ringback.carrier.clock import SECOND, wall_seconds, wall_sleep
from ringback.carrier.script import ScriptError
from ringback.gateway.errors import Header, Malformed, Refusal
from ringback.gateway.faults import Effect
from ringback.gateway.journal import SHOWN, Exchange

if TYPE_CHECKING:
    from ringback.gateway.keys import Key
    from ringback.gateway.services import World
    from ringback.gateway.vendor import Vendor

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")

JSON = b"application/json"
DEEPEST = 100
MOST_HEADER_BYTES = 32 * 1024
_DRAIN = 4
"""How many times the body limit is read and thrown away before a sender of too much is cut off."""
_FLUSH_SECONDS = 0.02
_ENCODER = msgspec.json.Encoder()
encode = _ENCODER.encode


class Answer:
    """An answer ready to be sent: body bytes, status, media type and extra headers."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(
        self,
        body: bytes,
        status: int = 200,
        media_type: bytes = JSON,
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self.body
        await send(
            {
                "type": "http.response.start",
                "status": self.status,
                "headers": [
                    (b"content-type", self.media_type),
                    (b"content-length", b"%d" % len(body)),
                    *self.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    def to_asgi_response(self, *_: object, **__: object) -> Answer:
        """Itself: how Litestar asks an exception handler's answer for the app that sends it."""
        return self


def exchange_of(request: Any) -> Exchange:
    """The exchange that a handler's request belongs to: its account, key, query and body."""
    exchange: Exchange = request.scope["exchange"]
    return exchange


_AT = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]+)`(.*)", re.DOTALL)
_MISSING = re.compile(r"missing required field `([^`]+)`")
_BOUND = re.compile(r" (of length )?(>=|<=|>|<) (\S+)")
_STEP = re.compile(r"\[[^\]]*\]|[^.\[]+")
_PLAIN_TYPES = {
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "an array",
    "null": "null",
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
_UNITS = {"str": "characters", "array": "items", "object": "fields"}
_GOT_FLOAT = re.compile(r"Expected `[^`]*\bint\b[^`]*`, got `float`")


def decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode a JSON body. Raises Malformed, which names the field at fault where there is one."""
    try:
        return _decoded(body, decoder)
    except msgspec.ValidationError as error:
        raise explain(error, decoder.type) from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Malformed("the body is not valid JSON") from None


def _decoded(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        if not _GOT_FLOAT.match(str(error)):
            raise
    return msgspec.convert(_in_integers(msgspec.json.decode(body)), decoder.type)


def _in_integers(value: Any) -> Any:
    """A document in which what is written 10.0 is the integer that JSON means by it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _in_integers(inner) for name, inner in value.items()}
    return [_in_integers(inner) for inner in value] if isinstance(value, list) else value


def explain(error: msgspec.ValidationError, kind: Any = None) -> Malformed:
    """Our words for what a value did not satisfy; `kind` is the type that the whole was to be of."""
    text = str(error)
    at = _AT.search(text)
    where = at[1] if at is not None and at[1] else None
    missing = _MISSING.search(text)
    if missing is not None:
        return Malformed("is required", f"{where}.{missing[1]}" if where else missing[1])
    return Malformed(("" if where else "the body ") + _worded(_AT.sub("", text).strip(), kind, where or ""), where)


def analysed(analysis: Any, kind: type[T]) -> T:
    """What a script says of a call's analysis, as a vendor's own type. Raises ScriptError."""
    try:
        return msgspec.convert(analysis, kind)
    except msgspec.ValidationError as error:
        problem = explain(error, kind)
        where = f"analysis.{problem.param}" if problem.param else "analysis"
        raise ScriptError(where, f"{where} {problem.problem}") from None


def _worded(text: str, kind: Any, where: str) -> str:
    if text.startswith("Invalid enum value"):
        allowed = _allowed(kind, where) if kind is not None else []
        return f"must be one of {', '.join(allowed)}" if allowed else f"cannot be {text.rpartition(' ')[2]}"
    expected = _EXPECTED.fullmatch(text)
    if expected is None:
        return f"cannot be used: {text[:1].lower()}{text[1:]}"
    kinds, rest = [each.strip() for each in expected[1].split("|")], expected[2]
    if rest.startswith(" matching regex "):
        return f"must match {rest.removeprefix(' matching regex ')}"
    plain = " or ".join(_PLAIN_TYPES.get(each, each) for each in kinds)
    bound = _BOUND.fullmatch(rest)
    if bound is None:
        return f"must be {plain}"
    if bound[1]:
        unit = _UNITS.get(kinds[0], "items")
        return f"must have {_BOUNDS[bound[2]]} {bound[3]} {unit.removesuffix('s') if bound[3] == '1' else unit}"
    return f"must be {plain} of {_BOUNDS[bound[2]]} {bound[3]}"


def _allowed(kind: Any, where: str) -> list[str]:
    """The words that a type allows at a place in it."""
    found = _alternatives(msgspec.inspect.type_info(kind))
    for step in _STEP.findall(where):
        found = [each for type_ in found for inner in _inner(type_, step) for each in _alternatives(inner)]
    return [str(value) for type_ in found if isinstance(type_, msgspec.inspect.LiteralType) for value in type_.values]


def _alternatives(kind: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    return list(kind.types) if isinstance(kind, msgspec.inspect.UnionType) else [kind]


def _inner(kind: msgspec.inspect.Type, step: str) -> list[msgspec.inspect.Type]:
    if isinstance(kind, msgspec.inspect.StructType):
        return [field.type for field in kind.fields if field.encode_name == step]
    if isinstance(kind, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
        return [kind.item_type]
    return [kind.value_type] if isinstance(kind, msgspec.inspect.DictType) else []


class Gate:
    """Everything between the front door and one vendor's routes."""

    def __init__(self, world: World, vendor: Vendor, app: ASGIApp) -> None:
        self._world = world
        self._vendor = vendor
        self._name = vendor.name
        self._wording = vendor.wording
        self._key_headers = vendor.key_headers
        self._slashed = frozenset(
            operation.path[:-1] for operation in vendor.operations if operation.path.endswith("/")
        )
        self._app = app
        self._limit = world.settings.max_body
        self._unkind = world.settings.unkind_rates if world.settings.unkind else None
        self._extra: Callable[[Exchange], Sequence[Header]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = wall_seconds()
        world = self._world
        method: str = scope["method"]
        client: Sequence[Any] = scope.get("client") or ("",)
        exchange = Exchange(self._name, method, scope["path"], scope["query_string"], scope["headers"], str(client[0]))
        extra = self._extra

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if extra is not None:
                    message["headers"] = [*message["headers"], *extra(exchange)]
                exchange.status = message["status"]
                exchange.response_headers = message["headers"]
            elif len(exchange.response_body) < SHOWN:
                exchange.response_body += message.get("body", b"")
            await send(message)

        scope["exchange"] = exchange
        try:
            effects = self._admit(exchange)
            path: str = scope["path"]
            if method == "OPTIONS" or "//" in path or (path[-1] == "/") is not (path.rstrip("/") in self._slashed):
                raise self._wording.no_route()
            if method == "HEAD":
                scope["method"] = "GET"
            if method in ("POST", "PUT", "PATCH", "DELETE"):
                exchange.body = await self._read(exchange, receive)
            if effects:
                await self._suffer(effects, scope, receive, send, answer, exchange)
            else:
                await self._app(scope, receive, answer)
        except Refusal as refusal:
            await refusal_answer(self._wording.envelope, refusal, exchange)(scope, receive, answer)
        except BrokenConnection:
            break_connection(scope)
        except Exception as error:
            world.crashed(error)
            await refusal_answer(self._wording.envelope, self._wording.crashed(), exchange)(scope, receive, answer)
        finally:
            exchange.latency = wall_seconds() - started
            world.journal.add(exchange)

    def _admit(self, exchange: Exchange) -> Sequence[Effect]:
        """Key, then limit, then faults. Raises Refusal."""
        if self._vendor.is_public(exchange.method, exchange.path):
            exchange.at = self._world.clock.now()
            return self._trouble(exchange)
        key = self._authenticate(exchange)
        self._belongs_to(exchange, key)
        self._count(exchange, key)
        return self._trouble(exchange)

    def _belongs_to(self, exchange: Exchange, key: Key) -> None:
        exchange.account = key.account
        exchange.key = key.id
        exchange.at = self._world.clock.now(key.account)

    def _count(self, exchange: Exchange, key: Key) -> None:
        """Count a request in its key's window. Raises Refusal when that is full."""
        wait = self._world.take_turn(key, self._vendor.apart.get((exchange.method, exchange.path)))
        if wait > 0:
            raise self._wording.rate_limited(-(-wait // SECOND))

    def _trouble(self, exchange: Exchange) -> Sequence[Effect]:
        """What goes wrong with a request on purpose. Raises Refusal."""
        world, account = self._world, exchange.account
        if not world.faults.records and self._unkind is None:
            return ()
        operation = exchange.operation = self._vendor.operation_at(exchange.method, exchange.path)
        effects = world.faults.strike(self._name, account, operation)
        if self._unkind is not None and not effects:
            stream = world.streams("unkind", "request", account)
            if stream.random() < self._unkind.rate_limited:
                raise self._wording.rate_limited(1)
            if stream.random() < self._unkind.unavailable:
                raise self._wording.trouble(503, None)
        return effects

    def _authenticate(self, exchange: Exchange) -> Key:
        world = self._world
        size = 0
        secret = None
        for name, value in exchange.headers:
            size += len(name) + len(value)
            if name in self._key_headers:
                secret = value if name != b"authorization" else _bearer(value)
        exchange.at = world.clock.now()
        if size > MOST_HEADER_BYTES:
            raise self._wording.malformed(Malformed("the request's headers are too large"))
        key = None
        if secret is not None:
            key = world.keys.find(self._name, secret.strip().decode("latin-1"))
        if key is None or not world.keys.admits(key, exchange.client, world.clock.now(key.account)):
            raise self._wording.unauthorized()
        return key

    async def _read(self, exchange: Exchange, receive: Receive) -> bytes:
        """The whole body, within bounds and of the right type. Raises Refusal."""
        headers, limit = exchange.headers, self._limit
        for name, value in headers:
            if name == b"content-length" and value.isdigit() and int(value) > limit * _DRAIN:
                raise self._wording.too_large(limit)
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
                elif size > limit * _DRAIN:
                    break
            body = b"".join(chunks)
            if size > limit:
                raise self._wording.too_large(limit)
        if len(body) > limit:
            raise self._wording.too_large(limit)
        if body and not self._vendor.any_type:
            for name, value in headers:
                if name == b"content-type" and not _is_json(value):
                    if self._vendor.operation_at(exchange.method, exchange.path) is None:
                        raise self._wording.no_route()
                    if self._wording.wrong_type is not None:
                        raise self._wording.wrong_type()
                    raise self._wording.malformed(Malformed("send the body as Content-Type: application/json"))
        return body

    async def _suffer(
        self,
        effects: Sequence[Effect],
        scope: Scope,
        receive: Receive,
        send: Send,
        answer: Send,
        exchange: Exchange,
    ) -> None:
        for effect in effects:
            if effect.latency is not None:
                await wall_sleep(effect.latency)
            if effect.status is not None:
                raise self._wording.trouble(effect.status, effect.code)
            if effect.reset:
                raise BrokenConnection
            if effect.truncate is not None:
                await self._app(scope, receive, _truncated(answer, effect.truncate, scope))
                return
        await self._app(scope, receive, answer)


def _bearer(value: bytes) -> bytes | None:
    return value[7:] if value[:7].lower() == b"bearer " else None


def _is_json(value: bytes) -> bool:
    media = value.partition(b";")[0].strip().lower()
    return media == JSON or (media.startswith(b"application/") and media.endswith(b"+json"))


def refusal_answer(envelope: Callable[[Refusal], bytes], refusal: Refusal, exchange: Exchange) -> Answer:
    """A refusal as an answer in the vendor's envelope."""
    refusal.request_id = exchange.request_id
    headers: Sequence[Header] = refusal.headers
    if refusal.wait is not None:
        headers = (*headers, (b"retry-after", b"%d" % refusal.wait))
    return Answer(envelope(refusal), refusal.status, headers=headers)


class BrokenConnection(Exception):  # noqa: N818 - a thing that happens
    """The connection is to end without an answer."""


def _truncated(answer: Send, size: int, scope: Scope) -> Send:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await answer({"type": "http.response.body", "body": message.get("body", b"")[:size], "more_body": True})
            await wall_sleep(_FLUSH_SECONDS)
            break_connection(scope)
        else:
            await answer(message)

    return send


def break_connection(scope: Scope) -> None:
    """Shut the socket of this request's connection, whatever server holds it."""
    peer, here = tuple(scope["client"]), tuple(scope["server"])
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - names are all that is wanted
        try:
            if not S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            held = socket.socket(fileno=os.dup(int(name)))
        except OSError:
            continue
        with held:
            try:
                ends = held.getpeername()[:2], held.getsockname()[:2]
            except OSError:
                continue
            if [tuple(map(str, end)) for end in ends] == [tuple(map(str, peer)), tuple(map(str, here))]:
                held.shutdown(socket.SHUT_RDWR)
                return
