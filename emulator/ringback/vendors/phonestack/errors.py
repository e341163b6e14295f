"""The vendor's codes and envelope, page "Errors"."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, ErrorCatalog, ErrorRow
from ringback.vendors.phonestack.wire.responses import ErrorBody, ErrorEnvelope


def envelope(error: ApiError) -> bytes:
    """Return an error as documented."""
    return encode(ErrorEnvelope(False, ErrorBody(error.code, error.message)))


class PhoneStackErrors(ErrorCatalog):
    """PhoneStack's errors: whatever does not decode is VALIDATION_ERROR. Messages have no full stop."""

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field, or a whole body, that does not decode."""
        message = f"{param} {problem}" if param else f"{problem[:1].upper()}{problem[1:]}"
        return self.error("VALIDATION_ERROR", message, param=param)


ERRORS = PhoneStackErrors(
    {
        "VALIDATION_ERROR": ErrorRow(400),
        "UNAUTHORIZED": ErrorRow(401),
        "SPENDING_LIMIT_REACHED": ErrorRow(402, "The spending limit is used up: raise it to place calls"),
        "READ_ONLY": ErrorRow(403, "This API key is Read Only: use a key that may write"),
        "WRITE_ONLY": ErrorRow(403, "This API key is Write Only: use a key that may read"),
        "TEST_KEY": ErrorRow(403, "Test keys only read: use a ps_live_ key to change things or place calls"),
        "URL_EXPIRED": ErrorRow(403, "The link has expired: request the recording again"),
        "INVALID_SIGNATURE": ErrorRow(403, "The link's signature is wrong: request the recording again"),
        "NOT_FOUND": ErrorRow(404, "{what} not found"),
        "METHOD_NOT_ALLOWED": ErrorRow(405),
        "DUPLICATE": ErrorRow(409),
        "INVALID_STATE": ErrorRow(409),
        "DO_NOT_CALL": ErrorRow(409, "{phone} is on the Do Not Call list"),
        "PAYLOAD_TOO_LARGE": ErrorRow(413),
        "RATE_LIMIT_EXCEEDED": ErrorRow(429),
        "INTERNAL_ERROR": ErrorRow(500),
        "SERVICE_UNAVAILABLE": ErrorRow(503),
    },
    envelope,
    unauthorized=("UNAUTHORIZED", "Send a valid API key as Authorization: Bearer ps_live_…"),
    rate_limited=("RATE_LIMIT_EXCEEDED", "Too many requests on this key: retry after {wait} s"),
    no_route=("NOT_FOUND", "This API has no such path and method"),
    wrong_method=("METHOD_NOT_ALLOWED", "This path does not have that method"),
    too_large=("PAYLOAD_TOO_LARGE", "The body is larger than {limit} bytes"),
    internal_error=("INTERNAL_ERROR", "Something went wrong on our side"),
)
"""The page gives UNAUTHORIZED, READ_ONLY, TEST_KEY, NOT_FOUND, DUPLICATE, RATE_LIMIT_EXCEEDED and INTERNAL_ERROR with
their status, and VALIDATION_ERROR without one; the others are ours."""
error, invalid, rate_limited = ERRORS.error, ERRORS.invalid, ERRORS.rate_limited


def missing(param: str) -> ApiError:
    """Return the error for a required field that is left out."""
    return invalid(param, "is required")
