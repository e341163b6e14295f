"""API errors: raised where a rule is broken, sent in the vendor's envelope and words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

Header = tuple[bytes, bytes]


class ApiError(Exception):
    """An error response: HTTP `status`, the vendor's `code`, a message that says what to do.

    `kind` is the vendor's error type where it has one, `param` the field at fault, `wait` the seconds for Retry-After,
    `request_id` that of the request, where a vendor assigns them, `headers` further response headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str | None = None,
        param: str | None = None,
        wait: int | None = None,
        headers: Sequence[Header] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.param = param
        self.wait = wait
        self.headers = headers
        self.request_id = ""


class DecodeError(ValueError):
    """A body that does not decode; `param` is the path of the field at fault, `problem` what is wrong with it."""

    def __init__(self, problem: str, param: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.param = param


class ErrorRow(NamedTuple):
    """One documented error: its HTTP status, a message (a template of `{values}`), and its type where there is one."""

    status: int
    message: str = ""
    kind: str | None = None


Envelope = Callable[[ApiError], bytes]
Common = tuple[str, str]
"""A code of the table, and the message that the middleware sends with it."""


class ErrorCatalog:
    """A vendor's errors: a table of codes, the envelope, and the errors that the middleware itself raises.

    `unauthorized`, `rate_limited` (its message has `{wait}`, seconds), `no_route`, `wrong_method`, `too_large`
    (`{limit}`, bytes), `wrong_type` and `internal_error` are codes of the table with a message. `outage_wait` is the
    Retry-After of an injected 429 or 503. A vendor with other shapes of error overrides `error`, `invalid`, `fault`.
    """

    def __init__(
        self,
        rows: Mapping[str, ErrorRow],
        envelope: Envelope,
        *,
        unauthorized: Common,
        rate_limited: Common,
        no_route: Common,
        too_large: Common,
        internal_error: Common = ("internal_error", "Something went wrong on our side."),
        wrong_method: Common | None = None,
        wrong_type: Common | None = None,
        outage_wait: int = 5,
    ) -> None:
        self.rows = rows
        self.envelope = envelope
        self.outage_wait = outage_wait
        self._unauthorized = unauthorized
        self._rate_limited = rate_limited
        self._no_route = no_route
        self._wrong_method = wrong_method or no_route
        self._too_large = too_large
        self._wrong_type = wrong_type
        self._internal_error = internal_error
        self._by_status: dict[int, str] = {}
        for code, row in rows.items():
            self._by_status.setdefault(row.status, code)

    def error(
        self, code: str, message: str | None = None, *, param: str | None = None, wait: int | None = None, **values: Any
    ) -> ApiError:
        """Return an error of the table; `values` fill its message."""
        row = self.rows[code]
        text = row.message.format(**values) if message is None else message
        return ApiError(row.status, code, text, kind=row.kind, param=param, wait=wait)

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field of the body, or the whole of it, that does not decode."""
        raise NotImplementedError

    def invalid_query(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a parameter of the query string that does not decode."""
        return self.invalid(param, problem)

    def malformed(self, error: DecodeError) -> ApiError:
        """Return the error for a body that does not decode."""
        return self.invalid(error.param, error.problem)

    def malformed_query(self, error: DecodeError) -> ApiError:
        """Return the error for a query string that does not decode."""
        return self.invalid_query(error.param, error.problem)

    def unauthorized(self) -> ApiError:
        """Return the error for a missing, unknown or revoked key."""
        return self.error(*self._unauthorized)

    def rate_limited(self, wait: int) -> ApiError:
        """Return the error for a request past the limit; `wait` is in seconds."""
        code, message = self._rate_limited
        return self.error(code, message.format(wait=wait), wait=wait)

    def no_route(self) -> ApiError:
        """Return the error for a path that the API does not have."""
        return self.error(*self._no_route)

    def wrong_method(self) -> ApiError:
        """Return the error for a method that a path does not have."""
        return self.error(*self._wrong_method)

    def too_large(self, limit: int) -> ApiError:
        """Return the error for a body of more than `limit` bytes."""
        code, message = self._too_large
        return ApiError(413, code, message.format(limit=limit), kind=self.rows[code].kind)

    def wrong_type(self) -> ApiError:
        """Return the error for a body that is not JSON by its content type."""
        if self._wrong_type is None:
            return self.malformed(DecodeError("send the body as Content-Type: application/json"))
        return self.error(*self._wrong_type)

    def internal_error(self) -> ApiError:
        """Return the error for a failure inside the emulator."""
        return self.error(*self._internal_error)

    def fault(self, status: int, code: str | None) -> ApiError:
        """Return the error for an injected fault: its status, and the code if one was chosen."""
        chosen = code or self._by_status.get(status, self._internal_error[0])
        kind = self.rows[chosen if chosen in self.rows else self._by_status.get(status, self._internal_error[0])].kind
        wait = self.outage_wait if status in (429, 503) else None
        return ApiError(status, chosen, "A simulated failure.", kind=kind, wait=wait)


def sentence(param: str | None, problem: str) -> str:
    """Return a problem as a sentence that begins with the field, if there is one."""
    return f"{param} {problem}." if param else f"{problem[:1].upper()}{problem[1:]}."
