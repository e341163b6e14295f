"""Mutants of "Errors"."""

from __future__ import annotations

from typing import Any

from ringback.mutants.nokycnumber.registry import crashed, mutant, rejected
from ringback.mutants.patching import Original
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import MutableResponse, ResponseCondition, code, respond, status
from ringback.mutants.transforms import drop, set_to
from ringback.vendors.nokycnumber.errors import AUTHENTICATION, INVALID, RATE
from ringback.vendors.nokycnumber.records import Number
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Numbers


def _failed(response: MutableResponse[Any]) -> bool:
    return response.status >= 500


def _unknown_path(status: int) -> ResponseCondition[Any]:
    return lambda response: response.status == status and response.request.path == "/v1/nothing"


# -- the envelope ------

mutant("errors.page-of-html", "NKN-ERR-1", "An unknown path is answered with a page of HTML.").response(
    respond(404, b"<h1>Not Found</h1>", "text/html"), on=UNROUTED, when=_unknown_path(404)
)
mutant("errors.without-request_id", "NKN-ERR-1", "An error for an unknown path has no request_id.").response(
    drop("error.request_id"), on=UNROUTED, when=_unknown_path(404)
)
mutant("errors.one-request_id", "NKN-ERR-1", "All errors have the same request_id.").response(
    set_to("error.request_id", "req_0000000000000000"), when=lambda response: response.status >= 400
)
mutant("errors.own-type", "NKN-ERR-1", "An unknown path has an error type that the page lacks.", "NKN-ERR-7").response(
    set_to("error.type", "not_found_error"), on=UNROUTED, when=_unknown_path(404)
)

# -- codes and statuses ------

mutant("errors.missing-without-param", "NKN-ERR-2", "A missing parameter is not named in param.").response(
    set_to("error.param", None), when=code("parameter_missing")
)
mutant("errors.missing-is-invalid", "NKN-ERR-2", "A missing parameter has the code parameter_invalid.").response(
    set_to("error.code", "parameter_invalid"), when=code("parameter_missing")
)
mutant("errors.malformed-is-422", "NKN-ERR-2", "Malformed JSON is answered 422.").response(
    rejected(422),
    when=lambda response: response.status == 400 and bool(response.request.body) and response.request.document is None,
)
mutant("errors.unsupported-is-400", "NKN-ERR-3", "A country without numbers is answered 400.").response(
    rejected(400), on="listAvailableNumbers", when=status(422)
)
mutant(
    "errors.unreachable-is-500", "NKN-ERR-3", "A call to a country that is not served is answered 500.", "NKN-ERR-9"
).response(crashed(), on="createCall", when=code("unsupported_country"))
mutant("money.broke-is-400", "NKN-ERR-4", "Too little balance is answered 400.").response(
    rejected(400), when=status(402)
)
mutant("money.on-credit", "NKN-ERR-4", "An account without money has credit.").returns(Money.check, None)
mutant("money.exact-is-too-little", "NKN-ERR-4", "A balance of exactly the price is too little.").instead(
    Money.check, lambda check, own, account, price: check(account, price + 1)
)
mutant(
    "trouble.blames-the-request", "NKN-ERR-5", "A server failure has the type of an invalid request.", "NKN-ERR-7"
).response(set_to("error.type", INVALID), when=_failed)
mutant("trouble.is-400", "NKN-ERR-5", "A server failure of a message is answered 400.").response(
    rejected(400), on="createSms", when=_failed
)


@mutant("paused.may-call", "NKN-ERR-6", "A paused number calls and sends messages.").patch(Numbers.usable)
def _paused_may_call(usable: Original, own: NoKYCNumber, account: str, id_: str) -> Number:
    number = own.data.numbers.get(id_)
    if number is None or number.account != account or number.status != "paused":
        number = usable(account, id_)
    return number


mutant("paused.is-invalid_request", "NKN-ERR-6", "A call from a paused number is an invalid_request_error.").response(
    set_to("error.type", INVALID), when=code("number_paused")
)

# -- types ------

mutant(
    "errors.unknown-blames-the-key", "NKN-ERR-7", "An unknown voicemail is an authentication_error.", "NKN-VM-1"
).response(
    set_to("error.type", AUTHENTICATION),
    on="getVoicemail",
    when=lambda response: response.status == 404 and response.request.variables["id"] == "vm_000000000000",
)
mutant("errors.no-limit-blames-the-rate", "NKN-ERR-7", "A limit of 0 is a rate_limit_error.", "NKN-PAGE-1").response(
    set_to("error.type", RATE),
    when=lambda response: response.status == 400 and response.request.query_string == "limit=0",
)

# -- what must not happen ------

mutant("errors.route-before-key", "NKN-ERR-8", "An unknown path is answered 404 without a key.").response(
    rejected(404), on=UNROUTED, when=_unknown_path(401)
)
mutant("errors.too-large-is-400", "NKN-ERR-8", "A body over 1 MiB is answered 400.").response(
    rejected(400), when=status(413)
)
mutant(
    "errors.odd-cursor-crashes", "NKN-ERR-9", "A starting_after that leads nowhere is answered 500.", "NKN-PAGE-5"
).response(
    crashed(), when=lambda response: response.status == 400 and "starting_after" in response.request.query_string
)
mutant("errors.odd-country-crashes", "NKN-ERR-9", "A country that is not text is answered 500.").response(
    crashed(),
    on="listAvailableNumbers",
    when=lambda response: response.status == 400 and "%FF" in response.request.query_string,
)
