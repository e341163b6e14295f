"""Mutants of errors: the envelope, codes, unusual requests, outages, operations that are not emulated."""

from __future__ import annotations

from ringback.mutants.agentphone.registry import charge, mutant, sent, unprocessable
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    code,
    drop_header,
    error,
    respond,
    set_header,
    status,
)
from ringback.mutants.transforms import apply, drop
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.requests import NumberBody

# -- the envelope ------

mutant("errors.unknown-path-without-detail", "AGP-ERR-1", "The error of an unknown path has no detail.").response(
    drop("detail"), on=UNROUTED, when=lambda response: response.request.path == "/v1/nothing"
)
mutant("errors.detail-is-a-text", "AGP-ERR-1", "The detail of a 422 is a text.", "AGP-ERR-2").response(
    apply("", lambda body: {**body, "detail": body["error"]["message"]}), when=status(422)
)
mutant("errors.without-a-type", "AGP-ERR-1", "An error has no type.").response(
    drop("error.type"), when=lambda response: response.status >= 400
)
mutant("errors.bare", "AGP-ERR-1", "A missing key is answered with the detail alone.").response(
    drop("error"), when=status(401)
)
mutant("errors.as-plain-text", "AGP-ERR-1", "An unknown number is answered as text/plain.").response(
    set_header("content-type", "text/plain"), on="getNumber", when=status(404)
)
mutant("errors.place-of-the-field-is-missing", "AGP-ERR-1", "The loc of a 422 names no field.", "AGP-ERR-2").response(
    apply("detail[].loc", lambda loc: loc[:1]), when=status(422)
)

# -- codes ------


def _recoded(name: str, description: str, was: str, now: tuple[int, str], *also_breaks: str) -> None:
    mutant(f"codes.{name}", "AGP-ERR-2", description, *also_breaks).response(error(*now), when=code(was))


_recoded(
    "unknown-number-is-generic",
    "An unknown number is answered 404 NOT_FOUND.",
    "PHONE_NUMBER_NOT_FOUND",
    (404, "NOT_FOUND"),
)
_recoded(
    "no-money-is-400",
    "Too little money is answered 400.",
    "INSUFFICIENT_BALANCE",
    (400, "VALIDATION_ERROR"),
    "AGP-NUM-9",
    "AGP-CALL-6",
    "AGP-MSG-2",
)
_recoded("carrier-is-500", "A carrier that fails is answered 500.", "CARRIER_ERROR", (500, "INTERNAL_ERROR"))
_recoded(
    "unconfirmed-is-200",
    "An unconfirmed message is answered 200.",
    "DELIVERY_UNCONFIRMED",
    (200, "DELIVERY_UNCONFIRMED"),
)
_recoded(
    "twin-is-400",
    "A second contact with the same number is answered 400.",
    "CONTACT_EXISTS",
    (400, "VALIDATION_ERROR"),
    "AGP-CON-1",
)
_recoded(
    "slow-down-is-worded-otherwise",
    "Too many requests are answered 429 with another code.",
    "RATE_LIMIT_EXCEEDED",
    (429, "TOO_MANY_REQUESTS"),
    "AGP-ACC-5",
    "AGP-MSG-5",
)
mutant("codes.missing-field-is-400", "AGP-ERR-2", "A contact without a name is answered 400.").response(
    error(400, "VALIDATION_ERROR"),
    on="createContact",
    when=lambda response: response.status == 422 and sent(response, "name") is None,
)
mutant(
    "codes.429-without-retry-after",
    "AGP-ERR-2",
    "A 429 does not say how long to wait.",
    "AGP-ERR-5",
    "AGP-ACC-5",
    "AGP-MSG-5",
).response(drop_header("retry-after"), when=status(429))

# -- unusual requests ------

mutant("odd.unknown-path-is-400", "AGP-ERR-3", "An unknown path is answered 400.").response(
    error(400, "VALIDATION_ERROR"),
    on=UNROUTED,
    when=lambda response: response.status == 404 and response.request.path == "/v1/nothing",
)


def _name_agent(request: MutableRequest[AgentPhone]) -> None:
    request.document = {"name": "Front desk"}


mutant("odd.null-is-taken", "AGP-ERR-3", "A body of null creates an agent.").request(
    _name_agent, on="createAgent", when=lambda request: request.body == b"null"
)
mutant("odd.too-large-is-422", "AGP-ERR-3", "A body that is too large is answered 422.").response(
    unprocessable, when=status(413)
)
mutant("odd.no-body-is-refused", "AGP-ERR-3", "A call cannot be ended without a body.").response(
    unprocessable, on="endCall", when=lambda response: not response.request.body
)
mutant("odd.far-offset-is-500", "AGP-ERR-4", "A very large offset is answered 500.").response(
    error(500, "INTERNAL_ERROR"), when=lambda response: "offset=9999999999" in response.request.query_string
)
mutant("odd.unknown-zone-is-500", "AGP-ERR-4", "An unknown time zone is answered 500.").response(
    error(500, "INTERNAL_ERROR"), when=lambda response: "Nowhere" in response.request.query_string
)

# -- outages ------


def _buy(response: MutableResponse[AgentPhone]) -> None:
    response.backend.phone_numbers.buy(response.account, response.account, NumberBody())


mutant("trouble.bought-anyway", "AGP-ERR-5", "A number is bought although the carrier failed.").response(
    _buy, on="createNumber", when=status(502)
)
mutant("trouble.charged-anyway", "AGP-ERR-5", "A call that failed because of an outage is charged.").response(
    lambda response: charge(response.backend, response.account, 10_000, "call"), on="createCall", when=status(503)
)
mutant("trouble.503-without-retry-after", "AGP-ERR-5", "A 503 does not say how long to wait.").response(
    drop_header("retry-after"), when=status(503)
)
mutant("elsewhere.is-404", "AGP-ERR-6", "An operation that is not emulated is answered 404.").response(
    error(404, "NOT_FOUND"), when=status(501)
)
mutant("elsewhere.succeeds", "AGP-ERR-6", "A code to verify a number seems to be sent.").response(
    respond(200, {"verification_id": "ver_1"}), on="sendVerification", when=status(501)
)
