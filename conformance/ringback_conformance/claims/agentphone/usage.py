"""Usage, and the account: sub-accounts, registration, location, sign-up."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    CONFLICT,
    CONTACTS,
    CONVERSATIONS,
    DAY,
    FAR,
    HOUR,
    INVALID,
    LOCATION,
    NOT_FOUND,
    NUMBERS,
    PERSONAL,
    RATE_LIMITED,
    RECEIPTS,
    REGISTER,
    REVIEW,
    SHAPES,
    SIGN_UP,
    SUB_ACCOUNTS,
    UNPROCESSABLE,
    USAGE,
    VERIFY,
    WEBHOOK,
    body_of,
    buy,
    data,
    desk,
    escaped,
    events_in,
    finished_call,
    hook,
    ids,
    inner,
    listed,
    new_number,
    new_text,
    send,
    thing_in,
    written,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

usage_claim = CATALOGUE.section("SDK: usage", Basis.SDK)
claim = CATALOGUE.section("SDK: account", Basis.SDK)

PARTS = ("", "/daily", "/monthly", "/by-number", "/by-agent")
APART = "X-Sub-Account-Id"
REGISTRATIONS_AN_HOUR = 5
NEW_ACCOUNT = ("account_id", "agent_id", "number_id", "phone_number", "api_key")


@usage_claim(
    "AGP-USE-1",
    "Usage, by day, month, number and agent, agrees with what was done.",
    needs=READ,
    sends=(
        *(Send("GET", f"{USAGE}{part}", 1) for part in PARTS),
        Send("GET", f"{USAGE}/daily?days=0", 3),
    ),
)
def usage_agrees_with_what_was_done(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    common.reject_queries(ctx, account, f"{USAGE}/daily", ("days=0", "days=366"), UNPROCESSABLE)
    common.reject_queries(ctx, account, f"{USAGE}/by-agent", ("period=decade",), UNPROCESSABLE)
    exchange = account.get(USAGE)
    ctx.expect_status(exchange, 200, "usage", stop=True)
    ctx.expect_documented(SHAPES.problem("Usage", exchange.json(), "usage"), "usage", exchange, stop=True)
    for part in PARTS[1:]:
        found = account.get(f"{USAGE}{part}")
        ctx.expect_status(found, 200, f"usage{part}")
        ctx.expect(isinstance(body_of(found).get("data"), list), f"usage{part}: expected a list", found)
    if not ctx.emulated:
        numbers = exchange.json()["numbers"]
        remaining = max(0, numbers["limit"] - numbers["used"])
        ctx.expect_equal(numbers["remaining"], remaining, "the numbers that remain", exchange)
        ctx.not_covered("whether it agrees with what was done")
        return
    _old_and_new(ctx)


def _old_and_new(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent, number = desk(account)
    loose = new_number(account)
    _until_morning(ctx, account)
    hook(ctx, account)
    finished_call(account, agent, 60)
    written(account, number)
    account.advance(40 * DAY)
    new_text(account, number, "x" * 161)
    written(account, number)
    written(account, loose)
    account.advance(RECEIPTS)
    call = finished_call(account, agent, 90)
    ctx.precondition(call["durationSeconds"] == 90, "the call did not last 90 s")
    body = body_of(account.get(USAGE))
    ctx.expect_fields(body.get("stats"), {
        "totalMessages": 4, "messagesLast24h": 3, "messagesLast7d": 3, "messagesLast30d": 3,
        "totalCalls": 2, "callsLast24h": 1, "callsLast7d": 1, "callsLast30d": 1,
        "totalWebhookDeliveries": 5, "successfulWebhookDeliveries": 5, "failedWebhookDeliveries": 0,
        "smsSegmentsLast30d": 2,
    }, "usage")  # fmt: skip
    ctx.expect_fields(body.get("numbers"), {"used": 2, "limit": 10, "remaining": 8}, "the usage of numbers")
    today = account.state()["now"][:10]
    daily = account.get(f"{USAGE}/daily?days=45").json()
    days = daily["data"]
    seen = (daily["days"], len(days), days[-1]["date"])
    ctx.expect_equal(seen, (45, 45, today), "days, their count and the last of them", stop=True)
    ctx.expect_fields(days[-1], {"messages": 3, "calls": 1, "webhooks": 3}, "today")
    ctx.expect_equal(_summed(days), {"messages": 4, "calls": 2}, "the sums of the days")
    monthly = account.get(f"{USAGE}/monthly?months=3").json()
    months = monthly["data"]
    seen = (monthly["months"], len(months), months[-1]["month"])
    ctx.expect_equal(seen, (3, 3, today[:7]), "months, their count and the last of them", stop=True)
    ctx.expect_equal(_summed(months), {"messages": 4, "calls": 2}, "the sums of the months")
    rows: dict[Any, Any] = {row["numberId"]: row for row in data(account.get(f"{USAGE}/by-number"))}
    expected = {"messages": 3, "calls": 2, "agentId": agent["id"], "agentName": agent["name"]}
    ctx.expect_fields(rows.get(number["id"]), expected, "the number")
    expected = {"messages": 1, "calls": 0, "agentId": None}
    ctx.expect_fields(rows.get(loose["id"]), expected, "the number without an agent")
    week = account.get(f"{USAGE}/by-agent?period=week").json()
    ctx.expect_equal(week["period"], "week", "the period")
    rows = {row["agentId"]: row for row in week["data"]}
    ctx.expect_fields(rows.get(agent["id"]), {"messages": 2, "calls": 1, "totalSeconds": 90}, "the agent's week")
    ctx.expect_fields(
        rows.get(None), {"messages": 1, "calls": 0, "agentName": "Unassigned"}, "the week without an agent"
    )
    rows = {row["agentId"]: row for row in account.get(f"{USAGE}/by-agent?period=year").json()["data"]}
    ctx.expect_fields(rows.get(agent["id"]), {"messages": 3, "calls": 2, "totalSeconds": 150}, "the agent's year")


def _summed(points: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(point[name] for point in points) for name in ("messages", "calls")}


def _until_morning(ctx: ProbeContext, account: Account) -> None:
    """Advance to six in the morning, UTC, so that what is done within minutes is done on one day."""
    now = moment(account.state()["now"])
    ctx.precondition(now is not None, "the account has no clock")
    if now is not None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        account.advance(DAY + 6 * HOUR - (now - midnight).total_seconds())


@claim(
    "AGP-ACC-1",
    "Sub-accounts are made, listed, renamed and deleted; X-Sub-Account-Id keeps their numbers, agents and "
    "webhook apart, and an unknown one is answered 404.",
    needs=CTL,
)
def sub_accounts(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    ctx.expect_equal(data(account.get(SUB_ACCOUNTS)), [], "the sub-accounts of a new account")
    branch = thing_in(account.post(SUB_ACCOUNTS, {"name": "Second shop"}), "sub-account")
    other = thing_in(account.post(SUB_ACCOUNTS, {"name": "Third shop"}), "sub-account")
    ctx.expect_equal(branch.get("name"), "Second shop", "the name of a sub-account")
    ctx.expect_error(account.post(SUB_ACCOUNTS, {}), *UNPROCESSABLE, "a sub-account without a name")
    renamed = account.patch(f"{SUB_ACCOUNTS}/{branch['id']}", {"name": "Main shop"})
    ctx.expect_success(renamed, "PATCH of a sub-account")
    found = {each["id"]: each["name"] for each in data(account.get(SUB_ACCOUNTS))}
    ctx.expect_equal(found, {branch["id"]: "Main shop", other["id"]: "Third shop"}, "the list", renamed)
    apart = ((APART, branch["id"]),)
    agent = thing_in(account.post(AGENTS, {"name": "Branch desk", "voiceMode": "hosted"}, headers=apart), "agent")
    number = thing_in(buy(account, agentId=agent["id"], headers=apart), "number")
    own_agent, own_number = desk(account)
    inbox = ctx.inbox()
    hooked = account.post(WEBHOOK, {"url": inbox.url}, headers=apart)
    ctx.expect_success(hooked, "the sub-account's webhook")
    written(account, number, "For the branch")
    written(account, own_number, "For the main shop")
    account.advance(1)
    for path, inside, outside in ((AGENTS, agent["id"], own_agent["id"]), (NUMBERS, number["id"], own_number["id"])):
        ctx.expect_equal(ids(data(account.get(path, headers=apart))), [inside], f"{path} of the sub-account")
        found_ids = ids(listed(account, path))
        held = outside in found_ids and inside not in found_ids
        ctx.expect(held, f"{path} of the account: expected its own only, got {found_ids}")
    lines = [each["phoneNumberId"] for each in data(account.get(CONVERSATIONS, headers=apart))]
    ctx.expect_equal(lines, [number["id"]], "the numbers of the sub-account's conversations")
    came = [inner(event).get("message") for event in events_in(inbox)]
    ctx.expect_equal(came, ["For the branch"], "the messages at the sub-account's webhook", hooked)
    ctx.expect_equal(account.get(WEBHOOK).json(), None, "the account's own webhook")
    for path in (NUMBERS, AGENTS, CALLS, CONTACTS, CONVERSATIONS):
        unknown = account.get(path, headers=((APART, "sub_000000000000"),))
        ctx.expect_error(unknown, *NOT_FOUND, f"{path} of an unknown sub-account")
    gone = account.delete(f"{SUB_ACCOUNTS}/{other['id']}")
    ctx.expect_success(gone, "DELETE of a sub-account")
    ctx.expect_equal(ids(data(account.get(SUB_ACCOUNTS))), [branch["id"]], "the sub-accounts after DELETE", gone)
    ctx.expect_error(account.delete(f"{SUB_ACCOUNTS}/{other['id']}"), *NOT_FOUND, "a second DELETE")


@claim(
    "AGP-ACC-2",
    "A registration is asked for once, can be changed while it is pending, and opens outbound SMS when it is through.",
    needs=CTL,
)
def registrations(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    number = new_number(account)
    before = account.get(f"{REGISTER}/status")
    ctx.expect_status(before, 200, "the status of none", stop=True)
    ctx.expect(bool(before.json().get("campaign_status")), "the status of none: expected one", before, stop=True)
    ctx.expect_error(account.get(REGISTER), *NOT_FOUND, "a registration that does not exist")
    change: dict[str, Any]
    for change in (
        {"registration_type": "club"},
        {"description": "Bread."},
        {"use_cases": []},
        {"use_cases": ["spam"]},
        {"message_samples": PERSONAL["message_samples"][:1]},
        {"consent_flow": "They did."},
        {"registration_type": "standard_brand"},
    ):
        exchange = account.post(REGISTER, {**PERSONAL, **change})
        ctx.expect_error(exchange, *INVALID, f"a registration with {change}")
    created = account.post(REGISTER, PERSONAL)
    body = body_of(created)
    ctx.expect_status(created, 200, "a registration", stop=True)
    ctx.expect_fields(body, {"ok": True}, "a registration", created, stop=True)
    ctx.expect(bool(body.get("campaign_status")), "a registration: expected campaign_status", created, stop=True)
    ctx.expect_equal(body.get("fee_cents"), 2500, "its fee in cents", created)
    ctx.expect_error(account.post(REGISTER, PERSONAL), *CONFLICT, "a second registration")
    sent = send(account, number)
    ctx.expect(not sent.succeeded, f"an SMS while it is pending: expected it rejected, got {sent}", sent)
    changed = account.patch(REGISTER, {"website_url": "https://bakery.example.com"})
    ctx.expect_success(changed, "a change while it is pending")
    pending = account.get(f"{REGISTER}/status").json()["campaign_status"]
    apart = account.post(REGISTER, {name: value for name, value in PERSONAL.items() if name != "create_sub_account"})
    ctx.expect_success(apart, "a registration without create_sub_account")
    owner = body_of(apart).get("sub_account_id")
    ctx.expect(bool(owner), "a registration without create_sub_account: expected a sub-account for it", apart)
    ctx.expect_equal(body.get("sub_account_id"), None, "the sub-account of one with create_sub_account false", created)
    account.advance(REVIEW)
    decided = account.get(f"{REGISTER}/status").json()["campaign_status"]
    earlier = (pending, before.json()["campaign_status"])
    ctx.expect(decided not in earlier, f"its status in the end: expected another than before, got {decided}")
    sent = send(account, number)
    ctx.expect_success(sent, "an SMS when it is approved")
    shown = account.get(f"{NUMBERS}/{number['id']}").json()["outboundSms"]
    ctx.expect_equal(shown, "enabled", "outboundSms when it is approved", sent)


@claim(
    "AGP-ACC-5",
    "A registration is asked for at most 5 times an hour; then it is answered 429.",
    needs=CTL,
)
def too_many_registrations(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    exchanges = [account.post(REGISTER, PERSONAL, patient=False) for _ in range(REGISTRATIONS_AN_HOUR + 1)]
    first, *others, last = exchanges
    ctx.precondition(first.succeeded, f"a registration is answered {first}")
    for exchange in others:
        ctx.expect_error(exchange, *CONFLICT, "a registration within the five of an hour")
    ctx.expect_error(last, *RATE_LIMITED, "the sixth registration of an hour")
    common.wait_as_told(ctx, account, last, HOUR)
    ctx.expect_error(account.post(REGISTER, PERSONAL), *CONFLICT, "a registration after Retry-After seconds")


@claim(
    "AGP-ACC-3",
    "A number's location tells a status and when it was found out; a refresh says when to look again.",
    needs=CTL,
)
def locations(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    path = f"{LOCATION}/{escaped(number['phoneNumber'])}"
    exchange = account.get(path)
    body = body_of(exchange)
    ctx.expect_status(exchange, 200, "a location", stop=True)
    ctx.expect_fields(body, {"phoneNumber": number["phoneNumber"]}, "a location", exchange, stop=True)
    held = bool(body.get("status")) and isinstance(body.get("lastUpdated"), int)
    ctx.expect(held, f"a location: expected a status and lastUpdated, got {body}", exchange, stop=True)
    refresh = account.post(f"{LOCATION}/refresh", {})
    wait = body_of(refresh).get("pollAfterSeconds")
    ctx.expect_status(refresh, 200, "a refresh")
    ctx.expect_fields(refresh.json(), {"success": True}, "a refresh", refresh)
    ctx.expect(isinstance(wait, int), f"pollAfterSeconds of a refresh: expected seconds, got {wait!r}", refresh)
    account.advance(wait if isinstance(wait, int) else 60)
    before, after = body["lastUpdated"], account.get(path).json()["lastUpdated"]
    ctx.expect(after > before, f"lastUpdated after that: expected it later than {before}, got {after}", refresh)
    foreign = account.get(f"{LOCATION}/{escaped(FAR)}")
    ctx.expect_error(foreign, *NOT_FOUND, "the location of a number that is not the account's")


@claim(
    "AGP-ACC-4",
    "Whoever signs up gets a code by e-mail, and for it, once, an account with an agent, a number and a key "
    "that works.",
    needs=CTL,
)
def signing_up(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    email = f"robin-{account.id}@example.com".lower().replace("_", "-")
    signed_up = account.post(SIGN_UP, {"human_email": email, "agent_name": "Front desk"}, key=None)
    ctx.expect_success(signed_up, "a sign-up", stop=True)
    verification = body_of(signed_up).get("verification_id")
    ctx.expect(bool(verification), "a sign-up: expected a verification_id", signed_up, stop=True)
    for bad in ({"human_email": "no_one"}, {}):
        ctx.expect_error(account.post(SIGN_UP, bad, key=None), *INVALID, f"a sign-up with {bad}")
    code = _code(ctx, email)
    wrong = {"verification_id": verification, "otp_code": "000000" if code != "000000" else "111111"}
    ctx.expect_error(account.post(VERIFY, wrong, key=None), (400, 401, 422), "", "a wrong code")
    unknown = {"verification_id": "ver_000000000000", "otp_code": code}
    ctx.expect_error(account.post(VERIFY, unknown, key=None), *NOT_FOUND, "an unknown verification")
    right = {"verification_id": verification, "otp_code": code}
    opened = account.post(VERIFY, right, key=None)
    ctx.expect_success(opened, "the right code", stop=True)
    new = body_of(opened)
    missing = [name for name in NEW_ACCOUNT if not new.get(name)]
    ctx.expect_equal(missing, [], "the fields that are missing after the right code", opened, stop=True)
    ctx.run_context.learn_key(new["api_key"])
    customer = Account(ctx, new["api_key"], "signed up")
    numbers = customer.get(NUMBERS)
    ctx.expect_status(numbers, 200, "the numbers of its key", stop=True)
    seen = [(each["id"], each["phoneNumber"], each["agentId"]) for each in data(numbers)]
    ctx.expect_equal(seen, [(new["number_id"], new["phone_number"], new["agent_id"])], "the numbers of its key", opened)
    agent = account.get(f"{AGENTS}/{new['agent_id']}", key=new["api_key"])
    ctx.expect_fields(agent.json(), {"name": "Front desk"}, "its agent", opened)
    again = account.post(VERIFY, right, key=None)
    ctx.expect(not again.succeeded, f"the code once more: expected an error, got {again}", opened)
    second = account.post(SIGN_UP, {"human_email": email}, key=None)
    ctx.expect_error(second, *CONFLICT, "a second sign-up of one address")


def _code(ctx: ProbeContext, email: str) -> str:
    """Return the code that was sent to an e-mail address, from the emulator's journal."""
    for entry in ctx.control("GET", "/journal?limit=20")["data"]:
        if entry.get("email") == email and entry.get("otp_code"):
            return str(entry["otp_code"])
    raise Inconclusive(f"no code was sent to {email}")
