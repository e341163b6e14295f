"""API errors: raised where a rule is broken, worded by the vendor, sent in the vendor's envelope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class ErrorCatalog:
    """A vendor's wording of the errors that the middleware itself raises."""

    unauthorized: Callable[[], ApiError]
    rate_limited: Callable[[int], ApiError]
    no_route: Callable[[], ApiError]
    too_large: Callable[[int], ApiError]
    malformed: Callable[[DecodeError], ApiError]
    internal_error: Callable[[], ApiError]
    trouble: Callable[[int, str | None], ApiError]
    """An injected fault: its status, and the code if one was chosen."""
    envelope: Callable[[ApiError], bytes]
    wrong_type: Callable[[], ApiError] | None = None
    """A body that is not JSON by its content type; malformed unless the vendor has its own error."""
    wrong_method: Callable[[], ApiError] | None = None
    """A method that a path does not have; no_route unless the vendor has its own error."""
