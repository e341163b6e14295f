"""The vendor's error codes and envelope, page "Errors"."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, ErrorCatalog, ErrorRow, sentence
from ringback.vendors.nokycnumber.wire import ErrorBody, ErrorEnvelope

INVALID = "invalid_request_error"
AUTHENTICATION = "authentication_error"
AUTHORIZATION = "authorization_error"
RATE = "rate_limit_error"
API = "api_error"
RESOURCE = "resource_error"
UPSTREAM = "upstream_error"


def envelope(error: ApiError) -> bytes:
    """Return an error as documented, page "Error envelope"."""
    return encode(ErrorEnvelope(ErrorBody(error.kind or API, error.code, error.message, error.request_id, error.param)))


class NoKYCNumberErrors(ErrorCatalog):
    """NoKYCNumber's errors: a missing field has a code of its own."""

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field, or a whole body, that does not decode."""
        if param is None:
            return self.error("invalid_json", sentence(None, problem))
        return self.error("parameter_invalid", f"`{param}` {problem}.", param=param)

    def missing(self, param: str) -> ApiError:
        """Return the error for a required parameter that is missing."""
        return self.error("parameter_missing", param=param, name=param)

    def malformed(self, error: DecodeError) -> ApiError:
        """Return the error for a body that does not decode."""
        if error.param is not None and error.problem == "is required":
            return self.missing(error.param)
        return self.invalid(error.param, error.problem)


ERRORS = NoKYCNumberErrors(
    {
        "parameter_missing": ErrorRow(400, "Required parameter `{name}` is missing.", INVALID),
        "parameter_invalid": ErrorRow(400, kind=INVALID),
        "invalid_json": ErrorRow(400, kind=INVALID),
        "unknown_version": ErrorRow(400, "There is no API version {version!r}.", INVALID),
        "invalid_api_key": ErrorRow(401, kind=AUTHENTICATION),
        "insufficient_balance": ErrorRow(402, "The balance does not cover this: add funds first.", RESOURCE),
        "insufficient_scope": ErrorRow(403, "A key of scope {scope} may not {method}.", AUTHORIZATION),
        "invalid_signature": ErrorRow(403, "The link's signature is wrong.", AUTHORIZATION),
        "url_expired": ErrorRow(403, "The link has expired.", AUTHORIZATION),
        "not_found": ErrorRow(404, "There is no such {what}.", INVALID),
        "idempotency_key_mismatch": ErrorRow(409, "This Idempotency-Key was used with other parameters.", INVALID),
        "number_unavailable": ErrorRow(409, "This number is no longer on offer.", RESOURCE),
        "number_paused": ErrorRow(409, "This number is paused.", RESOURCE),
        "number_released": ErrorRow(409, "This number has been released.", RESOURCE),
        "addon_required": ErrorRow(409, "Add the add-on {addon} to the number to enable {block}.", RESOURCE),
        "request_too_large": ErrorRow(413, kind=INVALID),
        "unsupported_media_type": ErrorRow(415, kind=INVALID),
        "unsupported_country": ErrorRow(422, "There are no {what}.", INVALID),
        "caller_id_not_owned": ErrorRow(422, "The account has no active number {number}.", INVALID),
        "mms_not_supported": ErrorRow(422, "MMS does not work between these countries.", INVALID),
        "message_too_long": ErrorRow(422, "A message has at most {limit}; this one has {length}.", INVALID),
        "send_at_in_past": ErrorRow(422, "`send_at` is not in the future.", INVALID),
        "rate_limited": ErrorRow(429, kind=RATE),
        "internal_error": ErrorRow(500, kind=API),
        "upstream_failed": ErrorRow(502, kind=UPSTREAM),
        "service_unavailable": ErrorRow(503, kind=API),
        "upstream_unavailable": ErrorRow(503, kind=UPSTREAM),
    },
    envelope,
    unauthorized=("invalid_api_key", "Send a valid secret key as Authorization: Bearer sk_live_…."),
    rate_limited=("rate_limited", "Too many requests on this key: wait {wait} s."),
    no_route=("not_found", "This API has no such path and method."),
    too_large=("request_too_large", "The body is larger than {limit} bytes."),
    wrong_type=("unsupported_media_type", "Send the body as Content-Type: application/json."),
)
"""The page gives types, statuses, `parameter_missing` and `idempotency_key_mismatch`; the other codes are ours."""
error, invalid, missing = ERRORS.error, ERRORS.invalid, ERRORS.missing
