"""The vendor's envelope, `{"detail": …}`, and its codes (wire: the official SDK's exceptions and the documentation).

A detail is a sentence, an object with an `error` code, or for a body that does not validate a list of what is wrong
where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, FunctionErrors, Header

OUTAGE_SECONDS = 1
CODES = {
    "recipient_blocked": 403,
    "recipient_not_opted_in": 403,
    "recipient_opted_out": 403,
    "agent_handle_unavailable": 409,
    "sender_sms_pending": 409,
    "toll_free_verification_pending": 409,
    "idempotency_key_reused": 409,
    "idempotency_in_progress": 409,
    "customer_campaign_required": 409,
    "redundant_grant": 409,
    "sender_rate_limited": 429,
    "carrier_rate_limit": 429,
    "hosted_agent_unavailable": 503,
    "hosted_agent_at_capacity": 503,
}
"""The status of each code."""


class InkboxError(ApiError):
    """A refusal with Inkbox's `detail`: text, an object or a list."""

    def __init__(self, status: int, detail: Any, *, wait: int | None = None, headers: Sequence[Header] = ()) -> None:
        code = str(detail.get("error", "")) if isinstance(detail, dict) else ""
        super().__init__(status, code, str(detail), wait=wait, headers=headers)
        self.detail = detail


def envelope(refusal: ApiError) -> bytes:
    """A refusal as the SDK reads it."""
    return encode({"detail": refusal.detail if isinstance(refusal, InkboxError) else refusal.message})


def coded(code: str, message: str, **more: Any) -> InkboxError:
    """A refusal of a code of the table."""
    return InkboxError(CODES[code], {"error": code, "message": message, **more})


def invalid(param: str, problem: str, *, where: str = "body") -> InkboxError:
    """A value that will not do."""
    parts = param.replace("[", ".").replace("]", "").split(".")
    location = [where, *(int(part) if part.isascii() and part.isdigit() else part for part in parts)]
    kind = "missing" if problem == "is required" else "value_error"
    return InkboxError(422, [{"loc": location, "msg": f"{param} {problem}", "type": kind}])


def unprocessable(message: str) -> InkboxError:
    """A request that does not make sense as a whole."""
    return InkboxError(422, message)


def malformed(problem: DecodeError) -> InkboxError:
    """A body that does not decode."""
    if problem.param is not None:
        return invalid(problem.param, problem.problem)
    return InkboxError(422, [{"loc": ["body"], "msg": problem.problem, "type": "json_invalid"}])


def unauthorized() -> InkboxError:
    """No key, or one that is wrong or revoked."""
    return InkboxError(401, "Send a valid service token as X-Service-Token, or an API key as X-API-Key.")


def forbidden(message: str) -> InkboxError:
    """What this key may not do."""
    return InkboxError(403, message)


def not_found(what: str) -> InkboxError:
    """An id that is unknown, or that this key does not see."""
    return InkboxError(404, f"There is no such {what}.")


def no_route() -> InkboxError:
    """A path or method that the API does not have."""
    return InkboxError(404, "This API has no such path and method.")


def conflict(message: str) -> InkboxError:
    """What cannot be done as things are."""
    return InkboxError(409, message)


def rate_limited(wait: int) -> InkboxError:
    """Too many requests."""
    return InkboxError(429, f"Too many requests on this key: wait {wait} s.", wait=wait)


def too_large(limit: int) -> InkboxError:
    """A body past the bound."""
    return InkboxError(413, f"The body is larger than {limit} bytes.")


def internal_error() -> InkboxError:
    """Our own malfunction."""
    return InkboxError(500, "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> InkboxError:
    """A fault that was asked for."""
    detail: Any = "A simulated failure." if code is None else {"error": code, "message": "A simulated failure."}
    return InkboxError(status, detail, wait=OUTAGE_SECONDS if status in (429, 503) else None)


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
