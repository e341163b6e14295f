"""Mutants of usage, of the account, and of what only the official clients notice."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.mutants.register import (
    CALLS,
    NUMBERS,
    ONE_CONVERSATION,
    REGISTER,
    REGISTRY,
    USAGE,
    WEBHOOK,
    Thing,
    at,
    backend,
    fine,
    refuse,
    rewrite,
    rows,
    show,
)

SUB_ACCOUNTS = "/v1/sub-accounts"
APART = b"x-sub-account-id"
LOCATION = "/v1/location/(?!refresh)[^/]+"
SIGN_UP, VERIFY = "/v0/agent/sign-up", "/v0/agent/verify"


# -- usage ------


def _miscounted(name: str, breaks: str, change: Any, *touches: str) -> None:
    @REGISTRY.on_response(f"usage.{name}", "AGP-USE-1", breaks, *touches)
    def _otherwise(answer: MutableResponse, _: Emulator) -> None:
        if fine(answer, "GET", USAGE):
            show(answer, lambda body: change(body["stats"]))


_miscounted("day-is-all", "messagesLast24h counts all messages.",
            lambda s: s.update(messagesLast24h=s["totalMessages"]))  # fmt: skip
_miscounted("month-is-all", "callsLast30d counts all calls.", lambda s: s.update(callsLast30d=s["totalCalls"]))
_miscounted("segments-are-messages", "smsSegmentsLast30d counts messages.", lambda s: s.update(smsSegmentsLast30d=1))
_miscounted("events-are-not-counted", "Deliveries are not counted.", lambda s: s.update(totalWebhookDeliveries=0))


@REGISTRY.on_response(
    "usage.released-numbers-are-used", "AGP-USE-1", "A number more is used than there are.", "AGP-SDK-1"
)
def _released_numbers_are_used(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", USAGE):
        show(answer, lambda body: body["numbers"].update(used=body["numbers"]["used"] + 1))


@REGISTRY.on_response("usage.today-is-left-out", "AGP-USE-1", "The days end yesterday.", "AGP-SDK-1")
def _today_is_left_out(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/daily"):
        show(answer, lambda body: body["data"].pop())


@REGISTRY.on_response("usage.days-come-backwards", "AGP-USE-1", "The days come with the latest first.")
def _days_come_backwards(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/daily"):
        show(answer, lambda body: body["data"].reverse())


@REGISTRY.on_response("usage.months-without-calls", "AGP-USE-1", "The months count no calls.")
def _months_without_calls(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/monthly"):
        rows(answer, lambda month: month.update(calls=0))


@REGISTRY.on_response("usage.numbers-without-agents", "AGP-USE-1", "Usage by number does not name the agents.")
def _numbers_without_agents(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/by-number"):
        rows(answer, lambda row: row.update(agentId=None, agentName=None))


@REGISTRY.on_response("usage.without-nobody", "AGP-USE-1", "Usage by agent leaves out what was done without one.")
def _without_nobody(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/by-agent"):
        show(answer, lambda body: body.update(data=[row for row in body["data"] if row["agentId"]]))


@REGISTRY.on_response("usage.period-is-a-year", "AGP-USE-1", "Usage by agent is of a year whatever was asked.")
def _period_is_a_year(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", f"{USAGE}/by-agent") and "week" in answer.asked.query:
        view = backend(emulator).usage.by_agent(answer.account, "year", None)
        rows_of_year = {row.agent_id: row for row in view.data}

        def swapped(row: Thing) -> None:
            year = rows_of_year[row["agentId"]]
            row.update(messages=year.messages, calls=year.calls, totalSeconds=year.total_seconds)

        rows(answer, swapped)


@REGISTRY.on_response("usage.days-without-bounds", "AGP-USE-1", "366 days can be asked for.")
def _days_without_bounds(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", f"{USAGE}/daily") and "366" in answer.asked.query:
        answer.say(200, {"data": [], "days": 366})


# -- sub-accounts ------


@REGISTRY.on_request("subs.header-is-ignored", "AGP-ACC-1", "X-Sub-Account-Id is ignored.")
def _header_is_ignored(asked: Request) -> None:
    asked.headers = [header for header in asked.headers if header[0].lower() != APART]


@REGISTRY.on_request(
    "subs.unknown-is-the-account", "AGP-ACC-1", "A sub-account that is not there is the account itself."
)
def _unknown_is_the_account(asked: Request) -> None:
    if asked.header(APART) == "sub_000000000000":
        _header_is_ignored(asked)


@REGISTRY.on_response("subs.keep-their-names", "AGP-ACC-1", "A sub-account keeps its name.", "AGP-SDK-1")
def _keep_their_names(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "PATCH", f"{SUB_ACCOUNTS}/[^/]+"):
        sub = backend(emulator).office.sub_accounts[answer.asked.path.rpartition("/")[2]]
        backend(emulator).office.sub_accounts.update(sub, name="Second shop")
        show(answer, lambda body: body.update(name="Second shop"))


@REGISTRY.on_request("subs.share-the-webhook", "AGP-ACC-1", "A sub-account's webhook is the account's.")
def _share_the_webhook(asked: Request) -> None:
    if at(asked, "POST", WEBHOOK):
        _header_is_ignored(asked)


@REGISTRY.on_start(
    "subs.stay",
    "AGP-ACC-1",
    "A sub-account that was deleted is listed still.",
)
def _stay(emulator: Emulator) -> None:
    office = backend(emulator).office
    patch(office, "close_sub", lambda _: lambda account, id_: office.project(account, id_))


@REGISTRY.on_request(
    "subs.agents-are-the-accounts", "AGP-ACC-1", "The list of agents has the account's for a sub-account too."
)
def _agents_are_the_accounts(asked: Request) -> None:
    if at(asked, "GET", "/v1/agents") and asked.header(APART) != "sub_000000000000":
        _header_is_ignored(asked)


# -- registration ------


@REGISTRY.on_start("register.twice", "AGP-ACC-2", "A registration can be asked for again.", "AGP-ACC-5")
def _twice(emulator: Emulator) -> None:
    office = backend(emulator).office

    def make(register: Any) -> Any:
        def again(account: str, body: Any) -> Any:
            for one in office.registrations.oldest("account", account):
                office.registrations.remove(one)
            return register(account, body)

        return again

    patch(office, "register", make)


@REGISTRY.on_start("register.at-once", "AGP-ACC-2", "A registration is through at once.", "AGP-SDK-1")
def _at_once(emulator: Emulator) -> None:
    office = backend(emulator).office

    def make(register: Any) -> Any:
        def quick(account: str, body: Any) -> Any:
            view = register(account, body)
            for one in office.registrations.oldest("account", account):
                one.state, one.stage = "approved", None
            return view

        return quick

    patch(office, "register", make)


@REGISTRY.on_start("register.never", "AGP-ACC-2", "A registration is never through.", "AGP-SDK-1")
def _never(emulator: Emulator) -> None:
    emulator.services.clock.on("agentphone.registration.review", lambda *_: None)


@REGISTRY.on_response("register.fee-in-dollars", "AGP-ACC-2", "The fee is told in dollars.")
def _fee_in_dollars(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", REGISTER):
        show(answer, lambda body: body.update(fee_cents=body["fee_cents"] // 100))


@REGISTRY.on_request("register.short-descriptions", "AGP-ACC-2", "A description of a word will do.")
def _short_descriptions(asked: Request) -> None:
    if at(asked, "POST", REGISTER):
        rewrite(asked, lambda b: b.update(description="Bread. " * 8) if b.get("description") == "Bread." else None)


@REGISTRY.on_request("register.brands-without-papers", "AGP-ACC-2", "A brand need not say who it is.")
def _brands_without_papers(asked: Request) -> None:
    if at(asked, "POST", REGISTER):
        rewrite(
            asked,
            lambda b: (
                b.update(registration_type="sole_proprietor")
                if b.get("registration_type") == "standard_brand"
                else None
            ),
        )


@REGISTRY.on_response("register.none-is-200", "AGP-ACC-2", "A registration that is not there is answered 200.")
def _none_is_200(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", REGISTER) and answer.status == 404:
        answer.say(200, {"campaign_status": "none", "message": "Nothing."})


@REGISTRY.on_start("register.as-often-as-one-likes", "AGP-ACC-5", "Registrations are not bounded.")
def _as_often(emulator: Emulator) -> None:
    patch(
        emulator.services.windows,
        "wait",
        lambda wait: lambda name, *rest: 0 if name.endswith(" register") else wait(name, *rest),
    )


@REGISTRY.on_start("register.four-an-hour", "AGP-ACC-5", "The fifth registration of an hour is refused.")
def _four_an_hour(emulator: Emulator) -> None:
    patch(
        emulator.services.windows,
        "wait",
        lambda wait: lambda name, limit, *rest: wait(name, limit - name.endswith(" register"), *rest),
    )


@REGISTRY.on_response("register.limit-is-403", "AGP-ACC-5", "Too many registrations are answered 403.")
def _limit_is_403(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", REGISTER) and answer.status == 429:
        refuse(answer, 403, "RATE_LIMIT_EXCEEDED", "rate_limit_error")


# -- locations ------


@REGISTRY.on_start("location.stays-old", "AGP-ACC-3", "A refresh finds nothing.")
def _stays_old(emulator: Emulator) -> None:
    emulator.services.clock.on("agentphone.location.found", lambda *_: None)


@REGISTRY.on_response("location.of-anybody", "AGP-ACC-3", "The location of a stranger's number is told.")
def _of_anybody(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", LOCATION) and answer.status == 404:
        answer.say(200, {"phoneNumber": "+14155550177", "status": "unknown", "lastUpdated": 0})


@REGISTRY.on_response("location.time-as-text", "AGP-ACC-3", "lastUpdated is a text.")
def _time_as_text(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", LOCATION):
        show(answer, lambda body: body.update(lastUpdated=str(body["lastUpdated"])))


@REGISTRY.on_response("location.refresh-without-a-wait", "AGP-ACC-3", "A refresh does not say when to look again.")
def _refresh_without_a_wait(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", "/v1/location/refresh"):
        show(answer, lambda body: body.pop("pollAfterSeconds", None))


# -- sign-up ------


@REGISTRY.on_start("sign-up.any-code", "AGP-ACC-4", "Any code opens an account.")
def _any_code(emulator: Emulator) -> None:
    office = backend(emulator).office

    def make(verify: Any) -> Any:
        def trusting(body: Any) -> Any:
            asked = office.sign_ups.get(body.verification_id)
            if asked is not None:
                body.otp_code = asked.code
            return verify(body)

        return trusting

    patch(office, "verify", make)


@REGISTRY.on_start("sign-up.key-does-not-work", "AGP-ACC-4", "The key of a new account does not work.")
def _key_does_not_work(emulator: Emulator) -> None:
    def make(issue: Any) -> Any:
        def dead(account: Any, **options: Any) -> Any:
            key = issue(account, **options)
            if "@" in (account.name or ""):
                emulator.services.keys.records.remove(key)
            return key

        return dead

    patch(emulator.services, "issue_key", make)


@REGISTRY.on_start("sign-up.number-without-its-agent", "AGP-ACC-4", "The number of a new account has no agent.")
def _number_without_its_agent(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(verify: Any) -> Any:
        def loose(body: Any) -> Any:
            view = verify(body)
            own.lines.detach(own.lines.data.numbers[view.number_id])
            return view

        return loose

    patch(own.office, "verify", make)


@REGISTRY.on_start("sign-up.same-address-again", "AGP-ACC-4", "One address can sign up twice.")
def _same_address_again(emulator: Emulator) -> None:
    patch(backend(emulator).office, "_check_new", lambda _: lambda email: None)


@REGISTRY.on_response("sign-up.code-works-twice", "AGP-ACC-4", "A code works twice.")
def _code_works_twice(answer: MutableResponse, emulator: Emulator) -> None:
    body = answer.asked.json() if at(answer, "POST", VERIFY) and answer.status == 404 else None
    named = body.get("verification_id") if isinstance(body, dict) else None
    asked = backend(emulator).office.sign_ups.get(named) if isinstance(named, str) else None
    if asked is not None:
        answer.say(200, {"account_id": asked.opened})


@REGISTRY.on_response("sign-up.needs-a-key", "AGP-ACC-4", "Signing up needs a key.")
def _needs_a_key(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", SIGN_UP):
        refuse(answer, 401, "UNAUTHORIZED", "authentication_error")


# -- the clients ------


@REGISTRY.on_response("clients.transcripts-are-null", "AGP-SDK-1", "Listed calls have transcripts of null.")
def _transcripts_are_null(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CALLS):
        rows(answer, lambda call: call.update(transcripts=None))


@REGISTRY.on_response("clients.no-capabilities", "AGP-SDK-1", "A conversation does not tell what can be done in it.")
def _no_capabilities(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CONVERSATION):
        show(answer, lambda talk: talk.update(capabilities=None))


@REGISTRY.on_response(
    "clients.offers-without-numbers",
    "AGP-SDK-1",
    "Offers come under `numbers`, not `data`.",
)
def _offers_without_numbers(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{NUMBERS}/available"):
        show(answer, lambda body: body.update(numbers=body.pop("data")))


@REGISTRY.on_request("clients.content-type-on-reading-is-refused", "AGP-SDK-1", "A GET with a content type is refused.")
def _content_type_on_reading(asked: Request) -> None:
    if asked.method == "GET" and asked.header(b"content-type") and asked.path == USAGE:
        asked.set(b"authorization", "")
