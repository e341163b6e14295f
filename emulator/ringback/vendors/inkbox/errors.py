"""The vendor's envelope, `{"detail": …}`, and its codes (wire: the official SDK's exceptions and the documentation).

A detail is a text, an object with an `error` code, or a list of the fields that are wrong.
"""

from __future__ import annotations

from typing import Any, Literal

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, ErrorCatalog, ErrorRow

Place = Literal["body", "query", "path", "header"]
CODED = "message"
"""The type of the errors whose detail is an object: the name of the member that holds the text."""
E164 = "is a number in E.164, such as +12125550142"


class InkboxError(ApiError):
    """An error with Inkbox's `detail`: a text, an object or a list."""

    def __init__(self, status: int, code: str, detail: Any, *, wait: int | None = None) -> None:
        super().__init__(status, code, str(detail), wait=wait)
        self.detail = detail


def envelope(error: ApiError) -> bytes:
    """Return an error as the SDK reads it."""
    return encode({"detail": error.detail if isinstance(error, InkboxError) else error.message})


class InkboxErrors(ErrorCatalog):
    """Inkbox's errors: a row with a type has an object as its detail, a row without one a text."""

    def error(
        self, code: str, message: str | None = None, *, param: str | None = None, wait: int | None = None, **values: Any
    ) -> ApiError:
        """Return an error of the table; `values` fill its message, and are members of a detail that is an object."""
        row = self.rows[code]
        text = row.message.format(**values) if message is None else message
        return InkboxError(
            row.status, code, text if row.kind is None else {"error": code, row.kind: text, **values}, wait=wait
        )

    def invalid(self, param: str | None, problem: str, place: Place = "body") -> ApiError:
        """Return the error for a field, or a whole body, that is not accepted: a list with the path to it."""
        if param is None:
            return InkboxError(422, "invalid", [{"loc": [place], "msg": problem, "type": "json_invalid"}])
        steps = param.replace("[", ".").replace("]", "").split(".")
        path = [place, *(int(step) if step.isascii() and step.isdigit() else step for step in steps)]
        kind = "missing" if problem == "is required" else "value_error"
        return InkboxError(422, "invalid", [{"loc": path, "msg": f"{param} {problem}", "type": kind}])

    def invalid_query(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a parameter of the query string that is not accepted."""
        return self.invalid(param, problem, "query")

    def fault(self, status: int, code: str | None) -> ApiError:
        """Return the error for an injected fault: an object with the code, or a text without one."""
        text = "A simulated failure."
        detail = text if code is None else {"error": code, CODED: text}
        return InkboxError(status, code or "", detail, wait=self.outage_wait if status in (429, 503) else None)


ERRORS = InkboxErrors(
    {
        "not_found": ErrorRow(404, "There is no such {what}."),
        "unknown_sender": ErrorRow(400),
        "unauthorized": ErrorRow(401),
        "forbidden": ErrorRow(403),
        "other_identity": ErrorRow(403, "This key is scoped to another agent identity."),
        "admin_key_required": ErrorRow(403, "{action} takes an admin-scoped key."),
        "out_of_stock": ErrorRow(404, "No number is available there now."),
        "conflict": ErrorRow(409),
        "too_large": ErrorRow(413),
        "unprocessable": ErrorRow(422),
        "rate_limited": ErrorRow(429),
        "internal_error": ErrorRow(500),
        "recipient_blocked": ErrorRow(403, "{address} is blocked.", CODED),
        "recipient_not_opted_in": ErrorRow(
            403, "{address} has to text START to one of the organization's numbers first.", CODED
        ),
        "recipient_opted_out": ErrorRow(403, "{address} has opted out of texts.", CODED),
        "agent_handle_unavailable": ErrorRow(409, "Another identity has this handle.", CODED),
        "sender_sms_pending": ErrorRow(409, "This number cannot send texts yet: it is being registered.", CODED),
        "toll_free_verification_pending": ErrorRow(409, "Toll-free numbers cannot send texts yet.", CODED),
        "idempotency_key_reused": ErrorRow(409, "This Idempotency-Key came with another request.", CODED),
        "idempotency_in_progress": ErrorRow(409, "", CODED),
        "customer_campaign_required": ErrorRow(409, "", CODED),
        "redundant_grant": ErrorRow(409, "That access exists already.", "detail"),
        "duplicate_rule": ErrorRow(409, "A rule for this number and direction exists already.", CODED),
        "sender_rate_limited": ErrorRow(429, "", CODED),
        "carrier_rate_limit": ErrorRow(429, "", CODED),
        "hosted_agent_unavailable": ErrorRow(503, "", CODED),
        "hosted_agent_at_capacity": ErrorRow(503, "", CODED),
    },
    envelope,
    unauthorized=("unauthorized", "Send a valid service token as X-Service-Token, or an API key as X-API-Key."),
    rate_limited=("rate_limited", "Too many requests on this key: wait {wait} s."),
    no_route=("not_found", "This API has no such path and method."),
    too_large=("too_large", "The body is larger than {limit} bytes."),
    outage_wait=1,
)
"""The codes of rows without a type are ours, and are not sent. Some documented ones come as injected faults only."""
error, invalid, invalid_query = ERRORS.error, ERRORS.invalid, ERRORS.invalid_query


def not_found(what: str) -> ApiError:
    """Return the error for an id that is unknown, or that this key does not see."""
    return error("not_found", what=what)
