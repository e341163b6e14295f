"""The vendor's codes and envelope: what a person reads is in `detail`, as the official clients look there, and the
documented object is in `error`."""

from __future__ import annotations

import re

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, FunctionErrors
from ringback.vendors.agentphone.wire.responses import Detail, ErrorBody, ErrorEnvelope, Problem

VALIDATION = "validation_error"
AUTHENTICATION = "authentication_error"
PAYMENT = "payment_error"
NOT_FOUND = "not_found_error"
CONFLICT = "conflict_error"
RATE = "rate_limit_error"
API = "api_error"
CARRIER = "carrier_error"

CODES: dict[str, tuple[int, str]] = {
    "VALIDATION_ERROR": (422, VALIDATION),
    "VALIDATION_ERROR_NUMBER_LIMIT": (400, VALIDATION),
    "NUMBER_NOT_ATTACHED": (400, VALIDATION),
    "WEBHOOK_NOT_CONFIGURED": (400, VALIDATION),
    "REGISTRATION_REQUIRED": (400, VALIDATION),
    "CHANNEL_NOT_SUPPORTED": (400, VALIDATION),
    "INVALID_CODE": (400, VALIDATION),
    "UNAUTHORIZED": (401, AUTHENTICATION),
    "INSUFFICIENT_BALANCE": (402, PAYMENT),
    "NOT_FOUND": (404, NOT_FOUND),
    "PHONE_NUMBER_NOT_FOUND": (404, NOT_FOUND),
    "AGENT_NOT_FOUND": (404, NOT_FOUND),
    "CALL_NOT_FOUND": (404, NOT_FOUND),
    "RECORDING_NOT_FOUND": (404, NOT_FOUND),
    "MESSAGE_NOT_FOUND": (404, NOT_FOUND),
    "CONVERSATION_NOT_FOUND": (404, NOT_FOUND),
    "CONTACT_NOT_FOUND": (404, NOT_FOUND),
    "WEBHOOK_NOT_FOUND": (404, NOT_FOUND),
    "SUB_ACCOUNT_NOT_FOUND": (404, NOT_FOUND),
    "CONTACT_EXISTS": (409, CONFLICT),
    "NUMBER_RELEASED": (409, CONFLICT),
    "DELIVERY_UNCONFIRMED": (409, CONFLICT),
    "EMAIL_EXISTS": (409, CONFLICT),
    "REGISTRATION_EXISTS": (409, CONFLICT),
    "REGISTRATION_SETTLED": (409, CONFLICT),
    "REQUEST_TOO_LARGE": (413, VALIDATION),
    "RATE_LIMIT_EXCEEDED": (429, RATE),
    "INTERNAL_ERROR": (500, API),
    "NOT_EMULATED": (501, API),
    "CARRIER_ERROR": (502, CARRIER),
    "SERVICE_UNAVAILABLE": (503, API),
}
"""Status and type of each code. Those of 402, 429 and 502, of a number that is unknown and of too many numbers are the
vendor's; the others are ours."""
OUTAGE_SECONDS = 5
_STEP = re.compile(r"[^.\[\]]+")


class UnprocessableError(ApiError):
    """A field or parameter that will not do: `place` is query, path, header or body, `problem` what is wrong."""

    def __init__(self, place: str, param: str | None, problem: str, kind: str = "value_error") -> None:
        subject = f"{param} {problem}." if param else f"{problem[:1].upper()}{problem[1:]}."
        super().__init__(422, "VALIDATION_ERROR", subject, kind=VALIDATION, param=param)
        self.place = place
        self.problem = problem
        self.mistake = kind

    @property
    def loc(self) -> list[str | int]:
        """The way to the field, as FastAPI tells it."""
        steps = _STEP.findall(self.param or "")
        return [self.place, *(int(step) if step.isdigit() else step for step in steps if step != "...")]


def envelope(refusal: ApiError) -> bytes:
    """A refusal as the clients read it: a text in `detail`, or where fields are wrong a list."""
    kind = refusal.kind or CODES.get(refusal.code, (refusal.status, API))[1]
    body = ErrorBody(refusal.message, refusal.code, kind)
    if not isinstance(refusal, UnprocessableError):
        return encode(ErrorEnvelope(refusal.message, body))
    body.details = [Detail(refusal.param or refusal.place, refusal.problem, refusal.mistake)]
    return encode(ErrorEnvelope([Problem(refusal.loc, refusal.problem, refusal.mistake)], body))


def refusal(code: str, message: str, *, wait: int | None = None) -> ApiError:
    """A refusal of a code of the table."""
    status, kind = CODES[code]
    return ApiError(status, code, message, kind=kind, wait=wait)


def invalid(param: str, problem: str) -> ApiError:
    """A field of the body that will not do."""
    return UnprocessableError("body", param, problem)


def missing(param: str) -> ApiError:
    """A field of the body that has to be there."""
    return UnprocessableError("body", param, "is required", "missing")


def asked_wrongly(param: str, problem: str) -> ApiError:
    """A parameter of the query that will not do."""
    return UnprocessableError("query", param, problem)


def malformed(problem: DecodeError) -> ApiError:
    """A body that does not decode."""
    if problem.problem == "is required" and problem.param is not None:
        return missing(problem.param)
    return UnprocessableError("body", problem.param, problem.problem)


def bad_request(message: str) -> ApiError:
    """A request that is well formed and cannot be done as it stands."""
    return ApiError(400, "VALIDATION_ERROR", message, kind=VALIDATION)


def unauthorized() -> ApiError:
    """No key, or one that is unknown or revoked."""
    return refusal("UNAUTHORIZED", "Send a valid key as Authorization: Bearer sk_live_….")


def not_found(what: str, code: str) -> ApiError:
    """An id that is unknown, or another account's."""
    return refusal(code, f"There is no such {what}.")


def released() -> ApiError:
    """A number that was released."""
    return refusal("NUMBER_RELEASED", "The number has been released, for good.")


def unsupported(message: str) -> ApiError:
    """What a line cannot do."""
    return refusal("CHANNEL_NOT_SUPPORTED", message)


def insufficient_balance() -> ApiError:
    """Less on the balance than the action costs."""
    return refusal("INSUFFICIENT_BALANCE", "The balance does not cover this: add funds first.")


def not_emulated() -> ApiError:
    """An operation that is the vendor's alone."""
    return refusal("NOT_EMULATED", "Ringback does not emulate this operation; see x-not-emulated in its contract.")


def no_route() -> ApiError:
    """A path or method that the API does not have."""
    return refusal("NOT_FOUND", "This API has no such path and method.")


def rate_limited(wait: int) -> ApiError:
    """Too many requests."""
    return refusal("RATE_LIMIT_EXCEEDED", f"Too many requests; wait {wait} s.", wait=wait)


def too_large(limit: int) -> ApiError:
    """A body past the bound."""
    return refusal("REQUEST_TOO_LARGE", f"The body is larger than {limit} bytes.")


def internal_error() -> ApiError:
    """Our own malfunction."""
    return refusal("INTERNAL_ERROR", "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> ApiError:
    """A fault that was asked for."""
    if status == 422:
        return UnprocessableError("body", None, "a simulated failure")
    by_status = "VALIDATION_ERROR" if status == 400 else _of_status(status)
    chosen = code or by_status
    kind = CODES.get(chosen, CODES[by_status])[1]
    wait = OUTAGE_SECONDS if status in (429, 503) else None
    return ApiError(status, chosen, "A simulated failure.", kind=kind, wait=wait)


def _of_status(status: int) -> str:
    return next((name for name, (known, _) in CODES.items() if known == status), "INTERNAL_ERROR")


ERRORS = FunctionErrors(
    unauthorized=unauthorized,
    rate_limited=rate_limited,
    no_route=no_route,
    too_large=too_large,
    malformed=malformed,
    internal_error=internal_error,
    trouble=trouble,
    envelope=envelope,
)
