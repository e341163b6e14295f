"""The vendor's codes and envelope, page "Errors" and "Limits & billing"."""

from __future__ import annotations

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, ErrorCatalog
from ringback.vendors.kwickphone.wire import ErrorBody, ErrorEnvelope

CODES = {
    400: "invalid_request",
    401: "unauthorized",
    402: "insufficient_balance",
    404: "not_found",
    409: "no_numbers",
    413: "invalid_request",
    429: "rate_limited",
    503: "provider_unavailable",
}
"""The code of each status; 413 and 500 are ours, the page has none for them."""
OUTAGE_SECONDS = 5


def envelope(refusal: ApiError) -> bytes:
    """A refusal as documented."""
    return encode(ErrorEnvelope(ErrorBody(refusal.code, refusal.message)))


def invalid_request(message: str, param: str | None = None) -> ApiError:
    """A request that cannot be understood or holds a value that will not do."""
    return ApiError(400, "invalid_request", message, param=param)


def malformed(problem: DecodeError) -> ApiError:
    """A body that does not decode."""
    text = f"{problem.param} {problem.problem}" if problem.param else problem.problem[:1].upper() + problem.problem[1:]
    return invalid_request(f"{text}.", problem.param)


def unauthorized() -> ApiError:
    """No key, a key that is wrong or revoked, or one used from an address that it is not allowed from."""
    return ApiError(401, "unauthorized", "Send a valid API key as Authorization: Bearer kp_live_…")


def insufficient_balance() -> ApiError:
    """Less than a month's price on the balance."""
    return ApiError(402, "insufficient_balance", "A number costs $5.00 a month: add funds to the API balance first.")


def not_found(what: str) -> ApiError:
    """An id that is unknown, or another account's."""
    return ApiError(404, "not_found", f"There is no such {what}.")


def no_route() -> ApiError:
    """A path or method that the API does not have."""
    return ApiError(404, "not_found", "This API has no such path and method.")


def no_recording() -> ApiError:
    """A call that was not recorded."""
    return ApiError(404, "no_recording", "This call has no recording.")


def no_numbers(area_code: str) -> ApiError:
    """An area without stock."""
    return ApiError(409, "no_numbers", f"No numbers are in stock in area code {area_code}: try another.")


def number_limit(limit: int) -> ApiError:
    """As many active numbers as the account may have."""
    return ApiError(429, "number_limit", f"The account has {limit} active numbers, as many as it may have.")


def provision_velocity(limit: int, wait: int) -> ApiError:
    """As many provisions in an hour as the account may make."""
    return ApiError(429, "provision_velocity", f"At most {limit} numbers can be provisioned in an hour.", wait=wait)


def rate_limited(wait: int) -> ApiError:
    """As many requests in a minute as the key may make."""
    return ApiError(429, "rate_limited", f"Too many requests on this key: wait {wait} s.", wait=wait)


def too_large(limit: int) -> ApiError:
    """A body past the bound."""
    return ApiError(413, "invalid_request", f"The body is larger than {limit} bytes.")


def internal_error() -> ApiError:
    """Our own malfunction."""
    return ApiError(500, "internal_error", "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> ApiError:
    """A fault that was asked for."""
    wait = OUTAGE_SECONDS if status in (429, 503) else None
    return ApiError(status, code or CODES.get(status, "internal_error"), "A simulated failure.", wait=wait)


ERRORS = ErrorCatalog(
    unauthorized=unauthorized,
    rate_limited=rate_limited,
    no_route=no_route,
    too_large=too_large,
    malformed=malformed,
    internal_error=internal_error,
    trouble=trouble,
    envelope=envelope,
)
