"""A vendor's documented operations: each handler is a plain function, declared once with its method, path and id.

A handler's parameters say what it needs, by name:

- `backend`: the vendor's backend; `request`: the log entry (account, key, query, headers, body, request id).
- `body`: the JSON body as the annotated msgspec struct, None for an empty one if the annotation allows that; `query`:
  the query string as the annotated struct, names that it does not have are ignored.
- a name in the path, `{call_id}`: that part of the path.
- a name that the vendor provides (`Operations(provides={"project": project_of})`): what that function returns. Its
  parameters are named in the same way: `def call_of(backend, request, call_id)`.

They are read from left to right, so the order says which error comes first: `call` before `body` is 404 before 422.

It returns a struct (encoded as JSON, with the operation's status), raw JSON bytes, a ready Response, or None (204). It
raises ApiError. Nothing here imports the web framework: it is loaded with the vendor's first request.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, get_args, get_type_hints

import msgspec

from ringback.gateway.asgi import Response, Scope, encode
from ringback.gateway.decoding import decode
from ringback.gateway.paging import decode_query

Handler = Callable[..., Any]
Provider = Callable[..., Any]
_JSON_TYPES = (msgspec.Struct, list, dict)


class HasScope(Protocol):
    """A request of the web framework."""

    @property
    def scope(self) -> Any: ...


Endpoint = Callable[[HasScope], Awaitable[Any]]


def _undeclared() -> None:
    """Stand for the handler of an operation of which only the address matters."""


@dataclass(frozen=True)
class Operation:
    """One documented operation: the contract's operationId, its method, its path template and success status."""

    id: str
    method: str
    path: str
    status: int = 200
    handler: Handler = _undeclared


class Operations(Sequence[Operation]):
    """The operations of one vendor, in the order of its page.

    `provides` maps further parameter names to functions; `envelope` wraps each struct that a handler returns.
    """

    def __init__(
        self, provides: Mapping[str, Provider] | None = None, envelope: Callable[[Any], Any] | None = None
    ) -> None:
        self._all: list[Operation] = []
        self._provides = dict(provides or {})
        self._envelope = envelope

    def __call__(self, method: str, path: str, id_: str, status: int = 200) -> Callable[[Handler], Handler]:
        """Declare a handler."""

        def declare(handler: Handler) -> Handler:
            self._all.append(Operation(id_, method, path, status, handler))
            return handler

        return declare

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._all)

    def __getitem__(self, index: Any) -> Any:
        return self._all[index]

    def endpoint(self, operation: Operation, backend: Any) -> Endpoint:
        """Return a coroutine function that decodes a request, calls the handler, and encodes what it returns."""
        handler, status, envelope = operation.handler, operation.status, self._envelope
        readers = [self._reader(operation, name, kind, backend) for name, kind in _parameters(handler)]

        def respond(result: Any) -> Any:
            if isinstance(result, _JSON_TYPES):
                return Response(encode(result if envelope is None else envelope(result)), status)
            if isinstance(result, bytes):
                return Response(result, status)
            return Response(b"", 204) if result is None else result

        async def run(request: HasScope) -> Any:
            scope = request.scope
            return respond(handler(*[read(scope) for read in readers]))

        async def run_async(request: HasScope) -> Any:
            scope = request.scope
            return respond(await handler(*[read(scope) for read in readers]))

        return run_async if inspect.iscoroutinefunction(handler) else run

    def _reader(self, operation: Operation, name: str, kind: Any, backend: Any) -> Callable[[Scope], Any]:
        if name == "backend":
            return lambda _: backend
        if name == "request":
            return lambda scope: scope["log_entry"]
        if name == "body":
            optional = type(None) in get_args(kind)
            decoder = msgspec.json.Decoder(get_args(kind)[0] if optional else kind)
            return lambda scope: (
                None if optional and not scope["log_entry"].body else decode(scope["log_entry"].body, decoder)
            )
        if name == "query":
            return lambda scope: decode_query(scope["log_entry"].query, kind)
        if f"{{{name}}}" in operation.path:
            return lambda scope: scope["path_params"][name]
        provide = self._provides.get(name)
        if provide is None:
            raise TypeError(f"{operation.id}: no such parameter of a handler: {name}")
        readers = [self._reader(operation, each, kind, backend) for each, kind in _parameters(provide)]
        return lambda scope: provide(*[read(scope) for read in readers])


def _parameters(handler: Handler) -> list[tuple[str, Any]]:
    hints = get_type_hints(handler, include_extras=True)
    return [(name, hints.get(name)) for name in inspect.signature(handler).parameters]
