"""Requests on their way in and responses on their way out, as a mutant changes them, and the changes most need."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from ringback.gateway.asgi import ASGIApp, ASGIMessage, Receive, Scope, Send
from ringback.gateway.errors import ApiError
from ringback.gateway.vendor import VendorBackend, VendorSpec

B = TypeVar("B", bound=VendorBackend)
Headers = list[tuple[bytes, bytes]]
MESSAGE = "Broken on purpose."
JSON = "application/json"


def broken(status: int, code: str, *, kind: str | None = None, param: str | None = None) -> ApiError:
    """Return an error for a mutant to raise."""
    return ApiError(status, code, MESSAGE, kind=kind, param=param)


class _Body:
    """A body that can be read and written as a JSON document."""

    body: bytes

    @property
    def document(self) -> Any:
        """The body as JSON, None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @document.setter
    def document(self, document: Any) -> None:
        self.body = json.dumps(document, separators=(",", ":")).encode()


@dataclass
class MutableRequest(_Body, Generic[B]):
    """A request on its way in: what is changed here is what the middleware sees.

    `operation` is the operationId that it meets, None for an unknown path or method. `variables` are those of the
    path, such as {"call_id": "CA9f…"}.
    """

    backend: B
    operation: str | None
    variables: dict[str, str]
    method: str
    path: str
    query_string: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty text."""
        return _header(self.headers, name)

    def set_header(self, name: str, value: str) -> None:
        """Replace a header."""
        self.headers = _with_header(self.headers, name, value)

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters; of one that is repeated the last."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @query.setter
    def query(self, parameters: dict[str, str]) -> None:
        self.query_string = urlencode(parameters)


@dataclass
class MutableResponse(_Body, Generic[B]):
    """A response on its way out, beside the request as it came in: what is changed here is what the client sees."""

    backend: B
    request: MutableRequest[B]
    vendor: VendorSpec
    account: str
    status: int
    headers: Headers
    body: bytes

    @property
    def code(self) -> str:
        """The code in the vendor's error envelope, or an empty text."""
        found = self.document
        for name in self.vendor.error_code:
            found = found.get(name) if isinstance(found, dict) else None
        return found if isinstance(found, str) else ""

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty text."""
        return _header(self.headers, name)

    def set_header(self, name: str, value: str) -> None:
        """Replace a header."""
        self.headers = _with_header(self.headers, name, value)

    def drop_header(self, name: str) -> None:
        """Leave out a header."""
        self.headers = [header for header in self.headers if header[0].lower() != name.encode()]

    def respond(self, status: int, body: bytes | Any, media_type: str = JSON) -> None:
        """Send this status and body instead: bytes as they are, anything else as JSON."""
        self.status = status
        self.set_header("content-type", media_type)
        if isinstance(body, bytes):
            self.body = body
        else:
            self.document = body

    def fail(self, error: ApiError) -> None:
        """Send this error instead, in the vendor's envelope and with this response's request id."""
        if self.vendor.policy.request_id is not None:
            error.request_id = self.header(self.vendor.policy.request_id[0].decode())
        self.respond(error.status, self.vendor.errors.envelope(error))


def _header(headers: Headers, name: str) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name.encode()), "")


def _with_header(headers: Headers, name: str, value: str) -> Headers:
    return [*(header for header in headers if header[0].lower() != name.encode()), (name.encode(), value.encode())]


RequestChange = Callable[[MutableRequest[B]], object]
ResponseChange = Callable[[MutableResponse[B]], object]
RequestCondition = Callable[[MutableRequest[B]], bool]
ResponseCondition = Callable[[MutableResponse[B]], bool]


# -- conditions ------


def succeeded(response: MutableResponse[Any]) -> bool:
    """Whether the response is a success."""
    return response.status < 300


def always(_: MutableResponse[Any]) -> bool:
    """Whatever the response is."""
    return True


def status(*expected: int) -> ResponseCondition[Any]:
    """Whether the response has one of these statuses."""
    return lambda response: response.status in expected


def code(*expected: str) -> ResponseCondition[Any]:
    """Whether the response is an error with one of these codes."""
    return lambda response: response.code in expected


# -- changes ------


def error(status: int, code: str, *, kind: str | None = None, param: str | None = None) -> ResponseChange[Any]:
    """Send an error in the vendor's envelope instead."""
    return lambda response: response.fail(broken(status, code, kind=kind, param=param))


def respond(status: int, body: bytes | Any, media_type: str = JSON) -> ResponseChange[Any]:
    """Send a status and a body instead: bytes as they are, anything else as JSON."""
    return lambda response: response.respond(status, body, media_type)


def status_to(status: int) -> ResponseChange[Any]:
    """Send another status with the same body."""

    def change(response: MutableResponse[Any]) -> None:
        response.status = status

    return change


def set_header(name: str, value: str) -> Callable[[MutableRequest[Any] | MutableResponse[Any]], None]:
    """Replace a header of a request or a response."""
    return lambda draft: draft.set_header(name, value)


def drop_header(name: str) -> ResponseChange[Any]:
    """Leave out a header."""
    return lambda response: response.drop_header(name)


def drop_query(*names: str) -> RequestChange[Any]:
    """Leave out parameters of the query."""

    def change(request: MutableRequest[Any]) -> None:
        pairs = parse_qsl(request.query_string, keep_blank_values=True)
        request.query_string = urlencode([pair for pair in pairs if pair[0] not in names])

    return change


def set_query(**parameters: str) -> RequestChange[Any]:
    """Set parameters of the query."""

    def change(request: MutableRequest[Any]) -> None:
        request.query = {**request.query, **parameters}

    return change


# -- in front of a vendor's app ------


class Interceptor(Generic[B]):
    """Change the requests, or the responses, of the operations that `concerns` admits; others pass untouched."""

    def __init__(self, vendor: VendorSpec, backend: B, concerns: Callable[[str | None], bool]) -> None:
        self._vendor = vendor
        self._backend = backend
        self._concerns = concerns

    def change_requests(self, app: ASGIApp, change: RequestChange[B]) -> ASGIApp:
        """Return the app, given changed requests."""

        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            operation = self._vendor.operation_at(scope["method"], scope["path"])
            if not self._concerns(operation):
                await app(scope, receive, send)
                return
            request = await self._read(scope, receive, operation)
            before = request.body
            change(request)
            if request.body != before:
                request.set_header("content-length", str(len(request.body)))
            scope["headers"] = request.headers
            scope["query_string"] = request.query_string.encode("latin-1")
            await app(scope, _body(request.body, receive), send)

        return changed

    def change_responses(self, app: ASGIApp, change: ResponseChange[B]) -> ASGIApp:
        """Return the app, whose responses are changed before they are sent."""

        async def changed(scope: Scope, receive: Receive, send: Send) -> None:
            operation = self._vendor.operation_at(scope["method"], scope["path"])
            if not self._concerns(operation):
                await app(scope, receive, send)
                return
            request = await self._read(scope, receive, operation)
            start: ASGIMessage = {}
            parts: list[bytes] = []

            async def collect(message: ASGIMessage) -> None:
                if message["type"] == "http.response.start":
                    start.update(message)
                else:
                    parts.append(message.get("body", b""))

            await app(scope, _body(request.body, receive), collect)
            if not start:
                return
            account = scope["log_entry"].account if "log_entry" in scope else ""
            headers = list(start["headers"])
            body = b"".join(parts)
            response = MutableResponse(self._backend, request, self._vendor, account, start["status"], headers, body)
            change(response)
            response.set_header("content-length", str(len(response.body)))
            await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
            await send({"type": "http.response.body", "body": response.body})

        return changed

    async def _read(self, scope: Scope, receive: Receive, operation: str | None) -> MutableRequest[B]:
        path: str = scope["path"]
        return MutableRequest(
            self._backend,
            operation,
            self._variables(operation, path),
            scope["method"],
            path,
            scope["query_string"].decode("latin-1"),
            list(scope["headers"]),
            await _whole(receive),
        )

    def _variables(self, operation: str | None, path: str) -> dict[str, str]:
        template = next((known.path for known in self._vendor.operations if known.id == operation), "")
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else {}


async def _whole(receive: Receive) -> bytes:
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _body(body: bytes, receive: Receive) -> Receive:
    """Return a receiver of one whole body, then of whatever the connection brings."""
    messages: list[ASGIMessage] = [{"type": "http.request", "body": body, "more_body": False}]

    async def given() -> ASGIMessage:
        return messages.pop() if messages else await receive()

    return given
