"""The vendor's codes and envelope, page "Errors" and "Limits & billing"."""

from __future__ import annotations

from ringback.gateway.errors import Malformed, Refusal, Wording
from ringback.gateway.middleware import encode
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


def envelope(refusal: Refusal) -> bytes:
    """A refusal as documented."""
    return encode(ErrorEnvelope(ErrorBody(refusal.code, refusal.message)))


def invalid_request(message: str, param: str | None = None) -> Refusal:
    """A request that cannot be understood or holds a value that will not do."""
    return Refusal(400, "invalid_request", message, param=param)


def malformed(problem: Malformed) -> Refusal:
    """A body that does not decode."""
    text = f"{problem.param} {problem.problem}" if problem.param else problem.problem[:1].upper() + problem.problem[1:]
    return invalid_request(f"{text}.", problem.param)


def unauthorized() -> Refusal:
    """No key, a key that is wrong or revoked, or one used from an address that it is not allowed from."""
    return Refusal(401, "unauthorized", "Send a valid API key as Authorization: Bearer kp_live_…")


def insufficient_balance() -> Refusal:
    """Less than a month's price on the balance."""
    return Refusal(402, "insufficient_balance", "A number costs $5.00 a month: add funds to the API balance first.")


def not_found(what: str) -> Refusal:
    """An id that is unknown, or another account's."""
    return Refusal(404, "not_found", f"There is no such {what}.")


def no_route() -> Refusal:
    """A path or method that the API does not have."""
    return Refusal(404, "not_found", "This API has no such path and method.")


def no_recording() -> Refusal:
    """A call that was not recorded."""
    return Refusal(404, "no_recording", "This call has no recording.")


def no_numbers(area_code: str) -> Refusal:
    """An area without stock."""
    return Refusal(409, "no_numbers", f"No numbers are in stock in area code {area_code}: try another.")


def number_limit(limit: int) -> Refusal:
    """As many active numbers as the account may have."""
    return Refusal(429, "number_limit", f"The account has {limit} active numbers, as many as it may have.")


def provision_velocity(limit: int, wait: int) -> Refusal:
    """As many provisions in an hour as the account may make."""
    return Refusal(429, "provision_velocity", f"At most {limit} numbers can be provisioned in an hour.", wait=wait)


def rate_limited(wait: int) -> Refusal:
    """As many requests in a minute as the key may make."""
    return Refusal(429, "rate_limited", f"Too many requests on this key: wait {wait} s.", wait=wait)


def too_large(limit: int) -> Refusal:
    """A body past the bound."""
    return Refusal(413, "invalid_request", f"The body is larger than {limit} bytes.")


def crashed() -> Refusal:
    """Our own malfunction."""
    return Refusal(500, "internal_error", "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> Refusal:
    """A fault that was asked for."""
    wait = OUTAGE_SECONDS if status in (429, 503) else None
    return Refusal(status, code or CODES.get(status, "internal_error"), "A simulated failure.", wait=wait)


WORDING = Wording(
    unauthorized=unauthorized,
    rate_limited=rate_limited,
    no_route=no_route,
    too_large=too_large,
    malformed=malformed,
    crashed=crashed,
    trouble=trouble,
    envelope=envelope,
)
