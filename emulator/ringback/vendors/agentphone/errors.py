"""The vendor's codes and envelope: the message is in `detail`, where the official clients read it, and the documented
object is in `error`."""

from __future__ import annotations

import re

from ringback.gateway.asgi import encode
from ringback.gateway.errors import ApiError, DecodeError, ErrorCatalog, ErrorRow, sentence
from ringback.vendors.agentphone.wire.responses import ErrorBody, ErrorEnvelope, FieldError, ValidationProblem

VALIDATION = "validation_error"
NOT_FOUND = "not_found_error"
CONFLICT = "conflict_error"
API = "api_error"
PROBLEM_TYPES = {"must be an integer": "int_parsing", "must be true or false": "bool_parsing"}
_STEP = re.compile(r"[^.\[\]]+")


class UnprocessableError(ApiError):
    """A field or parameter with a wrong value: `place` is query or body, `problem` what is wrong."""

    def __init__(self, place: str, param: str | None, problem: str, problem_type: str = "value_error") -> None:
        super().__init__(422, "VALIDATION_ERROR", sentence(param, problem), kind=VALIDATION, param=param)
        self.place = place
        self.problem = problem
        self.problem_type = "missing" if problem == "is required" else problem_type

    @property
    def loc(self) -> list[str | int]:
        """Return the path to the field, in FastAPI's form."""
        steps = _STEP.findall(self.param or "")
        return [self.place, *(int(step) if step.isdigit() else step for step in steps if step != "...")]


def envelope(error: ApiError) -> bytes:
    """Return an error as the clients read it: `detail` is a text, or a list where fields are wrong."""
    row = ERRORS.rows.get(error.code)
    body = ErrorBody(error.message, error.code, error.kind or (row.kind if row is not None else None) or API)
    if not isinstance(error, UnprocessableError):
        return encode(ErrorEnvelope(error.message, body))
    body.details = [FieldError(error.param or error.place, error.problem, error.problem_type)]
    return encode(ErrorEnvelope([ValidationProblem(error.loc, error.problem, error.problem_type)], body))


class AgentPhoneErrors(ErrorCatalog):
    """AgentPhone's errors: a field or parameter that does not decode is a 422 with the path to it."""

    def invalid(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a field of the body, or the whole of it, that is not accepted."""
        return UnprocessableError("body", param, problem)

    def invalid_query(self, param: str | None, problem: str) -> ApiError:
        """Return the error for a parameter of the query string that is not accepted."""
        words = "enum" if problem.startswith("must be one of") else "value_error"
        return UnprocessableError("query", param, problem, PROBLEM_TYPES.get(problem, words))

    def fault(self, status: int, code: str | None) -> ApiError:
        """Return the error for an injected fault."""
        if status == 422:
            return self.malformed(DecodeError("a simulated failure"))
        return super().fault(status, "VALIDATION_ERROR" if status == 400 and code is None else code)


ERRORS = AgentPhoneErrors(
    {
        "VALIDATION_ERROR": ErrorRow(422, "", VALIDATION),
        "VALIDATION_ERROR_NUMBER_LIMIT": ErrorRow(400, "An account can buy at most {limit} numbers.", VALIDATION),
        "NUMBER_NOT_ATTACHED": ErrorRow(400, "The number is not attached to this agent.", VALIDATION),
        "WEBHOOK_NOT_CONFIGURED": ErrorRow(
            400, "Nothing would drive this call: set a webhook, or give a systemPrompt.", VALIDATION
        ),
        "REGISTRATION_REQUIRED": ErrorRow(
            400,
            "US carriers accept SMS from registered senders only: POST /v1/register, and wait until it is approved.",
            VALIDATION,
        ),
        "CHANNEL_NOT_SUPPORTED": ErrorRow(400, "Only iMessage numbers have {what}.", VALIDATION),
        "INVALID_CODE": ErrorRow(400, "The code is wrong.", VALIDATION),
        "UNAUTHORIZED": ErrorRow(401, "", "authentication_error"),
        "INSUFFICIENT_BALANCE": ErrorRow(402, "The balance does not cover this: add funds first.", "payment_error"),
        "NOT_FOUND": ErrorRow(404, "There is no such {what}.", NOT_FOUND),
        "PHONE_NUMBER_NOT_FOUND": ErrorRow(404, "There is no such number.", NOT_FOUND),
        "AGENT_NOT_FOUND": ErrorRow(404, "There is no such agent.", NOT_FOUND),
        "CALL_NOT_FOUND": ErrorRow(404, "There is no such call.", NOT_FOUND),
        "RECORDING_NOT_FOUND": ErrorRow(404, "There is no such recording.", NOT_FOUND),
        "MESSAGE_NOT_FOUND": ErrorRow(404, "There is no such message.", NOT_FOUND),
        "CONVERSATION_NOT_FOUND": ErrorRow(404, "There is no such conversation.", NOT_FOUND),
        "CONTACT_NOT_FOUND": ErrorRow(404, "There is no such contact.", NOT_FOUND),
        "WEBHOOK_NOT_FOUND": ErrorRow(404, "There is no such webhook.", NOT_FOUND),
        "SUB_ACCOUNT_NOT_FOUND": ErrorRow(404, "There is no such sub-account.", NOT_FOUND),
        "CONTACT_EXISTS": ErrorRow(409, "The contact {id} has this number.", CONFLICT),
        "NUMBER_RELEASED": ErrorRow(409, "The number has been released for good.", CONFLICT),
        "DELIVERY_UNCONFIRMED": ErrorRow(409, "", CONFLICT),
        "EMAIL_EXISTS": ErrorRow(409, "There is an account for this e-mail address.", CONFLICT),
        "REGISTRATION_EXISTS": ErrorRow(409, "There is a registration already.", CONFLICT),
        "REGISTRATION_SETTLED": ErrorRow(409, "The carriers have decided: nothing can be changed.", CONFLICT),
        "REQUEST_TOO_LARGE": ErrorRow(413, "", VALIDATION),
        "RATE_LIMIT_EXCEEDED": ErrorRow(429, "", "rate_limit_error"),
        "INTERNAL_ERROR": ErrorRow(500, "", API),
        "NOT_EMULATED": ErrorRow(
            501, "Ringback does not emulate this operation; see x-not-emulated in its contract.", API
        ),
        "CARRIER_ERROR": ErrorRow(502, "", "carrier_error"),
        "SERVICE_UNAVAILABLE": ErrorRow(503, "", API),
    },
    envelope,
    unauthorized=("UNAUTHORIZED", "Send a valid key as Authorization: Bearer sk_live_…."),
    rate_limited=("RATE_LIMIT_EXCEEDED", "Too many requests; wait {wait} s."),
    no_route=("NOT_FOUND", "This API has no such path and method."),
    too_large=("REQUEST_TOO_LARGE", "The body is larger than {limit} bytes."),
    internal_error=("INTERNAL_ERROR", "Something went wrong on our side."),
)
"""The codes of 402, 429 and 502, of an unknown number and of too many numbers are the vendor's; the others are ours."""
error, invalid, invalid_query = ERRORS.error, ERRORS.invalid, ERRORS.invalid_query
rate_limited = ERRORS.rate_limited


def bad_request(message: str) -> ApiError:
    """Return the 400 for a well-formed request that cannot be done as it stands."""
    return ApiError(400, "VALIDATION_ERROR", message, kind=VALIDATION)
