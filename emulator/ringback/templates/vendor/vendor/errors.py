"""The vendor's codes and envelope."""

from __future__ import annotations

from ringback.vendors.acmephone.wire import ErrorBody, ErrorEnvelope

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, ErrorCatalog, ErrorRow, sentence


def envelope(error: ApiError) -> bytes:
    """Return an error as documented."""
    return encode(ErrorEnvelope(ErrorBody(error.code, error.message)))


class AcmePhoneErrors(ErrorCatalog):
    """AcmePhone's errors: whatever does not decode is `invalid_request`."""

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field, or a whole body, that does not decode."""
        return self.error("invalid_request", sentence(param, problem), param=param)


ERRORS = AcmePhoneErrors(
    {
        "invalid_request": ErrorRow(400),
        "unauthorized": ErrorRow(401),
        "not_found": ErrorRow(404, "There is no such {what}."),
        "no_numbers": ErrorRow(409, "No numbers are in stock in area code {area_code}: try another."),
        "rate_limited": ErrorRow(429),
        "internal_error": ErrorRow(500),
        "unavailable": ErrorRow(503),
    },
    envelope,
    unauthorized=("unauthorized", "Send a valid API key as Authorization: Bearer acmephone_live_…"),
    rate_limited=("rate_limited", "Too many requests on this key: wait {wait} s."),
    no_route=("not_found", "This API has no such path and method."),
    too_large=("invalid_request", "The body is larger than {limit} bytes."),
)
error, invalid = ERRORS.error, ERRORS.invalid
