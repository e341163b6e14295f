"""Mutants of usage, sub-accounts, registration, locations and sign-up, and those that only the clients notice."""

from __future__ import annotations

from typing import Any

from ringback.gateway.accounts import Account
from ringback.gateway.keys import Key
from ringback.gateway.limits import Windows
from ringback.gateway.services import Services
from ringback.mutants.agentphone.registry import mutant, sent
from ringback.mutants.patching import Original
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    always,
    error,
    respond,
    set_header,
    status,
)
from ringback.mutants.transforms import apply, copy, drop, keep, rename, reverse, set_to
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.locations import Locations
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.rules.sign_ups import SignUps
from ringback.vendors.agentphone.rules.usage import Usage
from ringback.vendors.agentphone.wire.requests import RegistrationBody, VerifyBody
from ringback.vendors.agentphone.wire.responses import AgentUsageList, RegisteredView, SignedUpView

SUB_ACCOUNT = "x-sub-account-id"
UNKNOWN = "sub_000000000000"
WINDOW = " register"

# -- usage ------

mutant("usage.day-is-all", "AGP-USE-1", "messagesLast24h counts all messages.").response(
    copy("stats.messagesLast24h", "totalMessages"), on="getUsage"
)
mutant("usage.month-is-all", "AGP-USE-1", "callsLast30d counts all calls.").response(
    copy("stats.callsLast30d", "totalCalls"), on="getUsage"
)
mutant("usage.segments-are-messages", "AGP-USE-1", "smsSegmentsLast30d counts messages.").response(
    set_to("stats.smsSegmentsLast30d", 1), on="getUsage"
)
mutant("usage.events-are-not-counted", "AGP-USE-1", "Deliveries are not counted.").response(
    set_to("stats.totalWebhookDeliveries", 0), on="getUsage"
)
mutant("usage.released-numbers-are-used", "AGP-USE-1", "One number too many is used.", "AGP-SDK-1").response(
    apply("numbers.used", lambda used: used + 1), on="getUsage"
)
mutant("usage.today-is-left-out", "AGP-USE-1", "The days end yesterday.", "AGP-SDK-1").response(
    drop("data[-1]"), on="getDailyUsage"
)
mutant("usage.days-come-backwards", "AGP-USE-1", "The days come with the latest first.").response(
    reverse("data"), on="getDailyUsage"
)
mutant("usage.months-without-calls", "AGP-USE-1", "The months count no calls.").response(
    set_to("data[].calls", 0), on="getMonthlyUsage"
)
mutant("usage.numbers-without-agents", "AGP-USE-1", "Usage by number does not name the agents.").response(
    set_to("data[].agentId", None), set_to("data[].agentName", None), on="getUsageByNumber"
)
mutant("usage.without-nobody", "AGP-USE-1", "Usage by agent leaves out usage without an agent.").response(
    keep("data", lambda row: row["agentId"]), on="getUsageByAgent"
)


@mutant("usage.period-is-a-year", "AGP-USE-1", "Usage by agent is always that of a year.").patch(Usage.by_agent)
def _period_is_a_year(by_agent: Original, _: AgentPhone, account: str, period: str, zone: str | None) -> AgentUsageList:
    view: AgentUsageList = by_agent(account, period, zone)
    view.data = by_agent(account, "year", zone).data
    return view


mutant("usage.days-without-bounds", "AGP-USE-1", "366 days can be requested.").response(
    respond(200, {"data": [], "days": 366}),
    on="getDailyUsage",
    when=lambda response: "366" in response.request.query_string,
)

# -- sub-accounts ------


def _drop_sub_account(request: MutableRequest[AgentPhone]) -> None:
    request.headers = [header for header in request.headers if header[0].lower() != SUB_ACCOUNT.encode()]


mutant("subs.header-is-ignored", "AGP-ACC-1", "X-Sub-Account-Id is ignored.").request(_drop_sub_account)
mutant("subs.unknown-is-the-account", "AGP-ACC-1", "An unknown sub-account is the account itself.").request(
    _drop_sub_account, when=lambda request: request.header(SUB_ACCOUNT) == UNKNOWN
)


def _restore_name(response: MutableResponse[AgentPhone]) -> None:
    records = response.backend.data.sub_accounts
    records.update(records[response.request.variables["sub_account_id"]], name="Second shop")


mutant("subs.keep-their-names", "AGP-ACC-1", "A sub-account keeps its name.", "AGP-SDK-1").response(
    _restore_name, set_to("name", "Second shop"), on="updateSubAccount"
)
mutant("subs.share-the-webhook", "AGP-ACC-1", "A sub-account's webhook is the account's.").request(
    _drop_sub_account, on="setWebhook"
)
mutant("subs.stay", "AGP-ACC-1", "A deleted sub-account is still listed.").returns(AgentPhone.delete_sub_account, None)
mutant("subs.agents-are-the-accounts", "AGP-ACC-1", "The agents of a sub-account are the account's.").request(
    _drop_sub_account, on="listAgents", when=lambda request: request.header(SUB_ACCOUNT) != UNKNOWN
)

# -- registration ------


@mutant("register.twice", "AGP-ACC-2", "An account can register again.", "AGP-ACC-5").patch(Registrations.create)
def _twice(create: Original, own: AgentPhone, account: str, body: RegistrationBody) -> RegisteredView:
    for registration in own.data.registrations.oldest("account", account):
        own.data.registrations.remove(registration)
    view: RegisteredView = create(account, body)
    return view


@mutant("register.at-once", "AGP-ACC-2", "A registration is approved at once.", "AGP-SDK-1").patch(Registrations.create)
def _at_once(create: Original, own: AgentPhone, account: str, body: RegistrationBody) -> RegisteredView:
    view: RegisteredView = create(account, body)
    for registration in own.data.registrations.oldest("account", account):
        registration.state, registration.stage = "approved", None
    return view


mutant("register.never", "AGP-ACC-2", "A registration is never approved.", "AGP-SDK-1").returns(
    Registrations.review, None
)
mutant("register.fee-in-dollars", "AGP-ACC-2", "The fee is in dollars.").response(
    apply("fee_cents", lambda cents: cents // 100), on="createRegistration"
)
mutant("register.short-descriptions", "AGP-ACC-2", "A description of one word is accepted.").request(
    set_to("description", "Bread. " * 8),
    on="createRegistration",
    when=lambda request: isinstance(request.document, dict) and request.document.get("description") == "Bread.",
)
mutant("register.brands-without-papers", "AGP-ACC-2", "A brand need not name its business.").request(
    set_to("[registration_type=standard_brand].registration_type", "sole_proprietor"), on="createRegistration"
)
mutant("register.none-is-200", "AGP-ACC-2", "A missing registration is answered 200.").response(
    respond(200, {"campaign_status": "none", "message": "Nothing."}), on="getRegistration", when=status(404)
)
mutant("register.as-often-as-one-likes", "AGP-ACC-5", "Registrations are not limited.").result(
    Windows.wait, lambda wait, own, name, limit, span, now: 0 if name.endswith(WINDOW) else wait
)
mutant("register.four-an-hour", "AGP-ACC-5", "The fifth registration of an hour is rejected.").instead(
    Windows.wait,
    lambda wait, own, name, limit, span, now: wait(name, limit - name.endswith(WINDOW), span, now),
)
mutant("register.limit-is-403", "AGP-ACC-5", "Too many registrations are answered 403.").response(
    error(403, "RATE_LIMIT_EXCEEDED"), on="createRegistration", when=status(429)
)

# -- locations ------

mutant("location.stays-old", "AGP-ACC-3", "A refresh finds nothing.").returns(Locations.locate, None)
mutant("location.of-anybody", "AGP-ACC-3", "The location of another account's number is shown.").response(
    respond(200, {"phoneNumber": "+14155550177", "status": "unknown", "lastUpdated": 0}),
    on="getLocation",
    when=status(404),
)
mutant("location.time-as-text", "AGP-ACC-3", "lastUpdated is a text.").response(
    apply("lastUpdated", str), on="getLocation"
)
mutant("location.refresh-without-a-wait", "AGP-ACC-3", "A refresh does not say when to ask again.").response(
    drop("pollAfterSeconds"), on="refreshLocations"
)

# -- sign-up ------


@mutant("sign-up.any-code", "AGP-ACC-4", "Any code opens an account.").patch(SignUps.verify)
def _any_code(verify: Original, own: AgentPhone, body: VerifyBody) -> SignedUpView:
    sign_up = own.data.sign_ups.get(body.verification_id)
    if sign_up is not None:
        body.otp_code = sign_up.code
    view: SignedUpView = verify(body)
    return view


@mutant("sign-up.key-does-not-work", "AGP-ACC-4", "The key of a new account does not work.").patch(Services.issue_key)
def _key_does_not_work(issue_key: Original, own: AgentPhone, account: Account, **options: Any) -> Key:
    key: Key = issue_key(account, **options)
    if "@" in (account.name or ""):
        own.services.keys.records.remove(key)
    return key


@mutant("sign-up.number-without-its-agent", "AGP-ACC-4", "The number of a new account has no agent.").patch(
    SignUps.verify
)
def _number_without_its_agent(verify: Original, own: AgentPhone, body: VerifyBody) -> SignedUpView:
    view: SignedUpView = verify(body)
    own.phone_numbers.detach(own.data.numbers[view.number_id])
    return view


mutant("sign-up.same-address-again", "AGP-ACC-4", "One address can sign up twice.").returns(SignUps.check_new, None)


def _show_account(response: MutableResponse[AgentPhone]) -> None:
    sign_up = response.backend.data.sign_ups.get(str(sent(response, "verification_id")))
    if sign_up is not None:
        response.respond(200, {"account_id": sign_up.opened})


mutant("sign-up.code-works-twice", "AGP-ACC-4", "A code works twice.").response(
    _show_account, on="verifySignUp", when=status(404)
)
mutant("sign-up.needs-a-key", "AGP-ACC-4", "Signing up needs a key.").response(
    error(401, "UNAUTHORIZED"), on="signUp", when=always
)

# -- the clients ------

mutant("clients.transcripts-are-null", "AGP-SDK-1", "Listed calls have transcripts of null.").response(
    set_to("data[].transcripts", None), on="listCalls"
)
mutant("clients.no-capabilities", "AGP-SDK-1", "A conversation does not show its capabilities.").response(
    set_to("capabilities", None), on="getConversation"
)
mutant("clients.offers-without-numbers", "AGP-SDK-1", "Available numbers come under `numbers`, not `data`.").response(
    rename("data", "numbers"), on="listAvailableNumbers"
)
mutant("clients.content-type-on-reading-is-refused", "AGP-SDK-1", "A GET with a content type is rejected.").request(
    set_header("authorization", ""), on="getUsage", when=lambda request: bool(request.header("content-type"))
)
