"""The vendor's envelope, `{"detail": …}`, and its codes (wire: the official SDK's exceptions and the documentation).

A detail is a sentence, an object with an `error` code, or for a body that does not validate a list of what is wrong
where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ringback.gateway.errors import Header, Malformed, Refusal, Wording
from ringback.gateway.middleware import encode

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


class InkboxRefusal(Refusal):
    """A refusal with Inkbox's `detail`: text, an object or a list."""

    def __init__(self, status: int, detail: Any, *, wait: int | None = None, headers: Sequence[Header] = ()) -> None:
        code = str(detail.get("error", "")) if isinstance(detail, dict) else ""
        super().__init__(status, code, str(detail), wait=wait, headers=headers)
        self.detail = detail


def envelope(refusal: Refusal) -> bytes:
    """A refusal as the SDK reads it."""
    return encode({"detail": refusal.detail if isinstance(refusal, InkboxRefusal) else refusal.message})


def coded(code: str, message: str, **more: Any) -> InkboxRefusal:
    """A refusal of a code of the table."""
    return InkboxRefusal(CODES[code], {"error": code, "message": message, **more})


def invalid(param: str, problem: str, *, where: str = "body") -> InkboxRefusal:
    """A value that will not do."""
    parts = param.replace("[", ".").replace("]", "").split(".")
    location = [where, *(int(part) if part.isascii() and part.isdigit() else part for part in parts)]
    kind = "missing" if problem == "is required" else "value_error"
    return InkboxRefusal(422, [{"loc": location, "msg": f"{param} {problem}", "type": kind}])


def unprocessable(message: str) -> InkboxRefusal:
    """A request that does not make sense as a whole."""
    return InkboxRefusal(422, message)


def malformed(problem: Malformed) -> InkboxRefusal:
    """A body that does not decode."""
    if problem.param is not None:
        return invalid(problem.param, problem.problem)
    return InkboxRefusal(422, [{"loc": ["body"], "msg": problem.problem, "type": "json_invalid"}])


def unauthorized() -> InkboxRefusal:
    """No key, or one that is wrong or revoked."""
    return InkboxRefusal(401, "Send a valid service token as X-Service-Token, or an API key as X-API-Key.")


def forbidden(message: str) -> InkboxRefusal:
    """What this key may not do."""
    return InkboxRefusal(403, message)


def not_found(what: str) -> InkboxRefusal:
    """An id that is unknown, or that this key does not see."""
    return InkboxRefusal(404, f"There is no such {what}.")


def no_route() -> InkboxRefusal:
    """A path or method that the API does not have."""
    return InkboxRefusal(404, "This API has no such path and method.")


def conflict(message: str) -> InkboxRefusal:
    """What cannot be done as things are."""
    return InkboxRefusal(409, message)


def rate_limited(wait: int) -> InkboxRefusal:
    """Too many requests."""
    return InkboxRefusal(429, f"Too many requests on this key: wait {wait} s.", wait=wait)


def too_large(limit: int) -> InkboxRefusal:
    """A body past the bound."""
    return InkboxRefusal(413, f"The body is larger than {limit} bytes.")


def crashed() -> InkboxRefusal:
    """Our own malfunction."""
    return InkboxRefusal(500, "Something went wrong on our side.")


def trouble(status: int, code: str | None) -> InkboxRefusal:
    """A fault that was asked for."""
    detail: Any = "A simulated failure." if code is None else {"error": code, "message": "A simulated failure."}
    return InkboxRefusal(status, detail, wait=OUTAGE_SECONDS if status in (429, 503) else None)


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
