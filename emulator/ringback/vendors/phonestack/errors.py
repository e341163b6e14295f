"""The vendor's codes and envelope, page "Errors"."""

from __future__ import annotations

import msgspec

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, FunctionErrors

CODES: dict[str, int] = {
    "VALIDATION_ERROR": 400,
    "UNAUTHORIZED": 401,
    "SPENDING_LIMIT_REACHED": 402,
    "READ_ONLY": 403,
    "WRITE_ONLY": 403,
    "TEST_KEY": 403,
    "URL_EXPIRED": 403,
    "INVALID_SIGNATURE": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "DUPLICATE": 409,
    "INVALID_STATE": 409,
    "DO_NOT_CALL": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "RATE_LIMIT_EXCEEDED": 429,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}
"""Status of each code. The page gives UNAUTHORIZED, READ_ONLY, TEST_KEY, NOT_FOUND, DUPLICATE, RATE_LIMIT_EXCEEDED and
INTERNAL_ERROR with their status, and VALIDATION_ERROR without one; the others are ours."""
OUTAGE_SECONDS = 5


class ErrorBody(msgspec.Struct):
    """What went wrong."""

    code: str
    message: str


class ErrorEnvelope(msgspec.Struct):
    """Every error."""

    success: bool
    error: ErrorBody


def envelope(refusal: ApiError) -> bytes:
    """A refusal as documented."""
    return encode(ErrorEnvelope(False, ErrorBody(refusal.code, refusal.message)))


def refusal(code: str, message: str, param: str | None = None, *, wait: int | None = None) -> ApiError:
    """A refusal of a code of the table; `param` is the field at fault."""
    return ApiError(CODES[code], code, message, param=param, wait=wait)


def invalid(param: str, message: str) -> ApiError:
    """A field whose value will not do; the message says what would."""
    return refusal("VALIDATION_ERROR", f"{param} {message}", param)


def missing(param: str) -> ApiError:
    """A required field that is not there."""
    return invalid(param, "is required")


def malformed(problem: DecodeError) -> ApiError:
    """A body that does not decode."""
    if problem.param is None:
        return refusal("VALIDATION_ERROR", f"{problem.problem[:1].upper()}{problem.problem[1:]}")
    return invalid(problem.param, problem.problem)


def unauthorized() -> ApiError:
    """No key, or one that is wrong or revoked."""
    return refusal("UNAUTHORIZED", "Send a valid API key as Authorization: Bearer ps_live_…")


def read_only() -> ApiError:
    """A write with a Read Only key."""
    return refusal("READ_ONLY", "This API key is Read Only: use a key that may write")


def write_only() -> ApiError:
    """A read with a Write Only key."""
    return refusal("WRITE_ONLY", "This API key is Write Only: use a key that may read")


def test_key() -> ApiError:
    """A write, or a real call, with a test key."""
    return refusal("TEST_KEY", "Test keys only read: use a ps_live_ key to change things or place calls")


def not_found(what: str) -> ApiError:
    """An id that is unknown, or another organization's."""
    return refusal("NOT_FOUND", f"{what} not found")


def no_route() -> ApiError:
    """A path or method that the API does not have."""
    return refusal("NOT_FOUND", "This API has no such path and method")


def wrong_method() -> ApiError:
    """A method that a path does not have."""
    return refusal("METHOD_NOT_ALLOWED", "This path does not have that method")


def rate_limited(wait: int) -> ApiError:
    """The key's minute is used up."""
    return refusal("RATE_LIMIT_EXCEEDED", f"Too many requests on this key: retry after {wait} s", wait=wait)


def too_large(limit: int) -> ApiError:
    """A body past the bound."""
    return refusal("PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes")


def internal_error() -> ApiError:
    """Our own malfunction."""
    return refusal("INTERNAL_ERROR", "Something went wrong on our side")


def trouble(status: int, code: str | None) -> ApiError:
    """A fault that was asked for."""
    chosen = code or next((name for name, known in CODES.items() if known == status), "INTERNAL_ERROR")
    return ApiError(status, chosen, "A simulated failure", wait=OUTAGE_SECONDS if status in (429, 503) else None)


ERRORS = FunctionErrors(
    unauthorized=unauthorized,
    rate_limited=rate_limited,
    no_route=no_route,
    too_large=too_large,
    malformed=malformed,
    internal_error=internal_error,
    trouble=trouble,
    envelope=envelope,
    wrong_method=wrong_method,
)
