"""The vendor's codes and envelope, page "Errors"."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, FunctionErrors
from ringback.vendors.nokycnumber.wire import ErrorBody, ErrorEnvelope

INVALID = "invalid_request_error"
AUTHENTICATION = "authentication_error"
AUTHORIZATION = "authorization_error"
RATE = "rate_limit_error"
API = "api_error"
RESOURCE = "resource_error"
UPSTREAM = "upstream_error"

CODES: dict[str, tuple[int, str]] = {
    "parameter_missing": (400, INVALID),
    "parameter_invalid": (400, INVALID),
    "invalid_json": (400, INVALID),
    "unknown_version": (400, INVALID),
    "invalid_api_key": (401, AUTHENTICATION),
    "insufficient_balance": (402, RESOURCE),
    "insufficient_scope": (403, AUTHORIZATION),
    "invalid_signature": (403, AUTHORIZATION),
    "url_expired": (403, AUTHORIZATION),
    "not_found": (404, INVALID),
    "idempotency_key_mismatch": (409, INVALID),
    "number_unavailable": (409, RESOURCE),
    "number_paused": (409, RESOURCE),
    "number_released": (409, RESOURCE),
    "addon_required": (409, RESOURCE),
    "request_too_large": (413, INVALID),
    "unsupported_media_type": (415, INVALID),
    "unsupported_country": (422, INVALID),
    "caller_id_not_owned": (422, INVALID),
    "mms_not_supported": (422, INVALID),
    "message_too_long": (422, INVALID),
    "send_at_in_past": (422, INVALID),
    "rate_limited": (429, RATE),
    "internal_error": (500, API),
    "upstream_failed": (502, UPSTREAM),
    "service_unavailable": (503, API),
    "upstream_unavailable": (503, UPSTREAM),
}
"""Status and type of each code. The page gives types, statuses, `parameter_missing` and `idempotency_key_mismatch`;
the other codes are ours."""
OUTAGE_SECONDS = 5


def envelope(refusal: ApiError) -> bytes:
    """A refusal as documented."""
    kind = refusal.kind or CODES.get(refusal.code, (refusal.status, API))[1]
    return encode(ErrorEnvelope(ErrorBody(kind, refusal.code, refusal.message, refusal.request_id, refusal.param)))


def refusal(code: str, message: str, param: str | None = None, *, wait: int | None = None) -> ApiError:
    """A refusal of a code of the table."""
    status, kind = CODES[code]
    return ApiError(status, code, message, kind=kind, param=param, wait=wait)


def missing(param: str) -> ApiError:
    """A required parameter that is not there."""
    return refusal("parameter_missing", f"`{param}` has to be given.", param)


def invalid(param: str, message: str) -> ApiError:
    """A parameter whose value will not do."""
    return refusal("parameter_invalid", f"`{param}` {message}.", param)


def malformed(problem: DecodeError) -> ApiError:
    """A body that does not decode."""
    if problem.param is None:
        return refusal("invalid_json", f"{problem.problem[:1].upper()}{problem.problem[1:]}.")
    return missing(problem.param) if problem.problem == "is required" else invalid(problem.param, problem.problem)


def unauthorized() -> ApiError:
    """No key, or one that is wrong, revoked or publishable."""
    return refusal("invalid_api_key", "Send a valid secret key as Authorization: Bearer sk_live_….")


def forbidden(scope: str, method: str) -> ApiError:
    """A method that the key's scope does not have."""
    return refusal("insufficient_scope", f"A key of scope {scope} may not {method}.")


def unknown_version(version: str) -> ApiError:
    """A version that never was."""
    return refusal("unknown_version", f"There is no API version {version[:40]!r}.", "NoKYC-Version")


def not_found(what: str, param: str | None = None) -> ApiError:
    """An id that is unknown, or another account's."""
    return refusal("not_found", f"There is no such {what}.", param)


def no_route() -> ApiError:
    """A path or method that the API does not have."""
    return refusal("not_found", "This API has no such path and method.")


def insufficient_balance() -> ApiError:
    """Less on the balance than the action costs."""
    return refusal("insufficient_balance", "The balance does not cover this: add funds first.")


def key_mismatch() -> ApiError:
    """An Idempotency-Key that came with another request before."""
    return refusal("idempotency_key_mismatch", "This Idempotency-Key was used with other parameters.")


def key_malformed() -> ApiError:
    """An Idempotency-Key that is none."""
    return invalid("Idempotency-Key", "has from 1 to 255 printable ASCII characters")


def rate_limited(wait: int) -> ApiError:
    """No token in the key's bucket."""
    return refusal("rate_limited", f"Too many requests on this key: wait {wait} s.", wait=wait)


def too_large(limit: int) -> ApiError:
    """A body past the bound."""
    return refusal("request_too_large", f"The body is larger than {limit} bytes.")


def wrong_type() -> ApiError:
    """A body that is not JSON by its content type."""
    return refusal("unsupported_media_type", "Send the body as Content-Type: application/json.")


def internal_error() -> ApiError:
    """Our own malfunction."""
    return refusal("internal_error", "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> ApiError:
    """A fault that was asked for."""
    by_status = next((name for name, (known, _) in CODES.items() if known == status), "internal_error")
    chosen = code or by_status
    kind = CODES.get(chosen, CODES[by_status])[1]
    wait = OUTAGE_SECONDS if status in (429, 503) else None
    return ApiError(status, chosen, "A simulated failure.", kind=kind, wait=wait)


ERRORS = FunctionErrors(
    unauthorized=unauthorized,
    rate_limited=rate_limited,
    no_route=no_route,
    too_large=too_large,
    malformed=malformed,
    internal_error=internal_error,
    trouble=trouble,
    envelope=envelope,
    wrong_type=wrong_type,
)
