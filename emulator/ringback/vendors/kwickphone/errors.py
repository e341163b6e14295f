"""The vendor's codes and envelope, page "Errors" and "Limits & billing"."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, ErrorCatalog, ErrorRow, sentence
from ringback.vendors.kwickphone.wire import ErrorBody, ErrorEnvelope


def envelope(error: ApiError) -> bytes:
    """Return an error as documented."""
    return encode(ErrorEnvelope(ErrorBody(error.code, error.message)))


class KwickPhoneErrors(ErrorCatalog):
    """KwickPhone's errors: whatever does not decode is `invalid_request`."""

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field, or a whole body, that does not decode."""
        return self.error("invalid_request", sentence(param, problem), param=param)


ERRORS = KwickPhoneErrors(
    {
        "invalid_request": ErrorRow(400),
        "unauthorized": ErrorRow(401),
        "insufficient_balance": ErrorRow(402, "A number costs $5.00 a month: add funds to the API balance first."),
        "not_found": ErrorRow(404, "There is no such {what}."),
        "no_recording": ErrorRow(404, "This call has no recording."),
        "no_numbers": ErrorRow(409, "No numbers are in stock in area code {area_code}: try another."),
        "rate_limited": ErrorRow(429),
        "number_limit": ErrorRow(429, "The account has {limit} active numbers, as many as it may have."),
        "provision_velocity": ErrorRow(429, "At most {limit} numbers can be provisioned in an hour."),
        "internal_error": ErrorRow(500),
        "provider_unavailable": ErrorRow(503),
    },
    envelope,
    unauthorized=("unauthorized", "Send a valid API key as Authorization: Bearer kp_live_…"),
    rate_limited=("rate_limited", "Too many requests on this key: wait {wait} s."),
    no_route=("not_found", "This API has no such path and method."),
    too_large=("invalid_request", "The body is larger than {limit} bytes."),
)
"""The page has no code for 413 and 500: these are ours."""
error, invalid = ERRORS.error, ERRORS.invalid
