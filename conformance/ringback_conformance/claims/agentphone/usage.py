"""Probes for usage, and for the account: sub-accounts, registration, location, sign-up."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import USAGE as FIELDS
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CONTACTS,
    CONVERSATIONS,
    DAY,
    FAR,
    HOUR,
    LOCATION,
    NUMBERS,
    RECEIPTS,
    REGISTER,
    SIGN_UP,
    SUB_ACCOUNTS,
    USAGE,
    VERIFY,
    WEBHOOK,
    buy,
    data,
    desk,
    escaped,
    finished_call,
    hook,
    ids,
    listed,
    made,
    new_number,
    new_text,
    refused,
    send,
    thing_in,
    written,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

usage_claim = CATALOGUE.section("SDK: usage", Basis.SDK)
claim = CATALOGUE.section("SDK: account", Basis.SDK)

PARTS = ("", "/daily", "/monthly", "/by-number", "/by-agent")
APART = "X-Sub-Account-Id"
PERSONAL: dict[str, Any] = {
    "registration_type": "sole_proprietor",
    "first_name": "Robin",
    "last_name": "Miller",
    "email": "robin@example.com",
    "phone_number": FAR,
    "street_address": "1 Main Street",
    "city": "San Francisco",
    "state": "CA",
    "zip_code": "94103",
    "description": "A bakery that tells its customers when their orders are ready.",
    "use_cases": ["customer_care"],
    "message_samples": [
        "Corner Bakery - your order of rye bread is ready.",
        "Corner Bakery - we open at seven tomorrow morning.",
    ],
    "consent_flow": "Customers tick a box on the order form in our shop and on our page.",
    "opt_in_image_url": "https://app.example.com/order-form.png",
    "create_sub_account": False,
}
REGISTRATIONS_AN_HOUR = 5
REVIEW = 60 * DAY
"""So long, and the carriers have decided."""


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
    for query, statuses in (
        ("/daily?days=0", (422,)),
        ("/daily?days=366", (422,)),
        ("/by-agent?period=decade", (422,)),
    ):
        refused(ctx, account.get(f"{USAGE}{query}"), statuses, f"usage{query}")
    exchange = account.get(USAGE)
    odd = odd_fields(exchange.json(), FIELDS, "usage")
    ctx.check_(exchange.status == 200 and odd is None, f"usage: {odd or exchange}", exchange)
    for part in PARTS[1:]:
        found = account.get(f"{USAGE}{part}")
        ctx.expect(
            found.status == 200 and isinstance((found.json() or {}).get("data"), list),
            f"usage{part}: got {found}",
            found,
        )
    if not ctx.emulated:
        numbers = exchange.json()["numbers"]
        ctx.expect(
            numbers["remaining"] == max(0, numbers["limit"] - numbers["used"]), f"numbers: got {numbers}", exchange
        )
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
    body = account.get(USAGE).json() or {}
    _counts(ctx, "usage", body.get("stats", {}), {
        "totalMessages": 4, "messagesLast24h": 3, "messagesLast7d": 3, "messagesLast30d": 3,
        "totalCalls": 2, "callsLast24h": 1, "callsLast7d": 1, "callsLast30d": 1,
        "totalWebhookDeliveries": 5, "successfulWebhookDeliveries": 5, "failedWebhookDeliveries": 0,
        "smsSegmentsLast30d": 2,
    })  # fmt: skip
    _counts(ctx, "numbers", body.get("numbers", {}), {"used": 2, "limit": 10, "remaining": 8})
    today = account.state()["now"][:10]
    daily = account.get(f"{USAGE}/daily?days=45").json()
    points = daily["data"]
    ctx.check_(daily["days"] == 45 == len(points) and points[-1]["date"] == today,
               f"daily: expected 45 days up to {today}, got {daily['days']}, {len(points)}, {points[-1:]}")  # fmt: skip
    _counts(ctx, "today", points[-1], {"messages": 3, "calls": 1, "webhooks": 3})
    _counts(ctx, "the days", _summed(points), {"messages": 4, "calls": 2})
    monthly = account.get(f"{USAGE}/monthly?months=3").json()
    months = monthly["data"]
    ctx.check_(monthly["months"] == 3 == len(months) and months[-1]["month"] == today[:7],
               f"monthly: expected 3 months up to {today[:7]}, got {months}")  # fmt: skip
    _counts(ctx, "the months", _summed(months), {"messages": 4, "calls": 2})
    rows = {row["numberId"]: row for row in data(account.get(f"{USAGE}/by-number"))}
    _counts(
        ctx,
        "the number",
        rows.get(number["id"], {}),
        {"messages": 3, "calls": 2, "agentId": agent["id"], "agentName": agent["name"]},
    )
    _counts(ctx, "the number without an agent", rows.get(loose["id"], {}), {"messages": 1, "calls": 0, "agentId": None})
    by_agent = account.get(f"{USAGE}/by-agent?period=week").json()
    mine: Any = next((row for row in by_agent["data"] if row["agentId"] == agent["id"]), {})
    nobody: Any = next((row for row in by_agent["data"] if row["agentId"] is None), {})
    _counts(ctx, "the agent's week", mine, {"messages": 2, "calls": 1, "totalSeconds": 90})
    _counts(ctx, "what nobody did", nobody, {"messages": 1, "calls": 0, "agentName": "Unassigned"})
    ctx.expect(by_agent["period"] == "week", f"the period: expected week, got {by_agent['period']}")
    year = account.get(f"{USAGE}/by-agent?period=year").json()
    mine = next((row for row in year["data"] if row["agentId"] == agent["id"]), {})
    _counts(ctx, "the agent's year", mine, {"messages": 3, "calls": 2, "totalSeconds": 150})


def _summed(points: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(point[name] for point in points) for name in ("messages", "calls")}


def _until_morning(ctx: ProbeContext, account: Account) -> None:
    """Let it be six in the morning, UTC, so that what is done within minutes is done on one day."""
    now = moment(account.state()["now"])
    ctx.precondition(now is not None, "the account has no clock")
    if now is not None:
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        account.advance(DAY + 6 * 3_600 - (now - midnight).total_seconds())


def _counts(ctx: ProbeContext, what: str, seen: Any, wanted: dict[str, Any]) -> None:
    got = {name: seen.get(name) for name in wanted}
    wrong = {name: value for name, value in got.items() if value != wanted[name]}
    ctx.expect(not wrong, f"{what}: expected {wanted}, got {wrong}")


@claim(
    "AGP-ACC-1",
    "Sub-accounts are made, listed, renamed and deleted; X-Sub-Account-Id keeps their numbers, agents and "
    "webhook apart, and an unknown one is answered 404.",
    needs=CTL,
)
def sub_accounts(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    ctx.expect(not data(account.get(SUB_ACCOUNTS)), "a new account: expected no sub-accounts")
    branch = thing_in(account.post(SUB_ACCOUNTS, {"name": "Second shop"}), "sub-account")
    other = thing_in(account.post(SUB_ACCOUNTS, {"name": "Third shop"}), "sub-account")
    ctx.expect(branch.get("name") == "Second shop", f"a sub-account: got {branch}")
    refused(ctx, account.post(SUB_ACCOUNTS, {}), (422,), "a sub-account without a name")
    renamed = account.patch(f"{SUB_ACCOUNTS}/{branch['id']}", {"name": "Main shop"})
    found = {each["id"]: each["name"] for each in data(account.get(SUB_ACCOUNTS))}
    wanted = {branch["id"]: "Main shop", other["id"]: "Third shop"}
    ctx.expect(made(renamed) and found == wanted, f"the list: expected {wanted}, got {found}", renamed)
    apart = ((APART, branch["id"]),)
    agent = thing_in(account.post(AGENTS, {"name": "Branch desk", "voiceMode": "hosted"}, headers=apart), "agent")
    number = thing_in(buy(account, agentId=agent["id"], headers=apart), "number")
    own_agent, own_number = desk(account)
    inbox = ctx.inbox()
    hooked = account.post(WEBHOOK, {"url": inbox.url}, headers=apart)
    written(account, number, "For the branch")
    written(account, own_number, "For the main shop")
    account.advance(1)
    for path, inside, outside in ((AGENTS, agent["id"], own_agent["id"]), (NUMBERS, number["id"], own_number["id"])):
        branchs, mains = ids(data(account.get(path, headers=apart))), ids(listed(account, path))
        ctx.expect(branchs == [inside], f"{path} of the sub-account: expected its own, got {branchs}")
        ctx.expect(
            outside in mains and inside not in mains, f"{path} of the account: expected its own alone, got {mains}"
        )
    talks = [each["phoneNumberId"] for each in data(account.get(CONVERSATIONS, headers=apart))]
    ctx.expect(talks == [number["id"]], f"the sub-account's conversations: expected its number's, got {talks}")
    came = [(event.get("data") or {}).get("message") for event in (each.sent() for each in inbox.received)]
    ctx.expect(
        made(hooked) and came == ["For the branch"],
        f"the sub-account's webhook: expected its own event, got {came}",
        hooked,
    )
    ctx.expect(account.get(WEBHOOK).json() is None, "the account's own webhook: expected none")
    for path in (NUMBERS, AGENTS, "/v1/calls", CONTACTS, CONVERSATIONS):
        unknown = account.get(path, headers=((APART, "sub_000000000000"),))
        refused(ctx, unknown, (404,), f"{path} of a sub-account that is not there")
    gone = account.delete(f"{SUB_ACCOUNTS}/{other['id']}")
    left = ids(data(account.get(SUB_ACCOUNTS)))
    ctx.expect(made(gone) and left == [branch["id"]], f"DELETE: expected the other left, got {gone} {left}", gone)
    refused(ctx, account.delete(f"{SUB_ACCOUNTS}/{other['id']}"), (404,), "a second DELETE")


@claim(
    "AGP-ACC-2",
    "A registration is asked for once, can be changed while it is pending, and opens outbound SMS when it is through.",
    needs=CTL,
)
def registrations(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    number = new_number(account)
    before = account.get(f"{REGISTER}/status")
    ctx.check_(
        before.status == 200 and bool(before.json().get("campaign_status")), f"the status of none: got {before}", before
    )
    refused(ctx, account.get(REGISTER), (404,), "a registration that is not there")
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
        refused(ctx, account.post(REGISTER, {**PERSONAL, **change}), (400, 422), f"a registration with {change}")
    asked = account.post(REGISTER, PERSONAL)
    body = asked.json() or {}
    ctx.check_(
        asked.status == 200 and body.get("ok") is True and bool(body.get("campaign_status")),
        f"a registration: expected ok, got {asked} {body}",
        asked,
    )
    ctx.expect(body.get("fee_cents") == 2500, f"its fee: expected $25, got {body.get('fee_cents')}", asked)
    refused(ctx, account.post(REGISTER, PERSONAL), (409,), "a second registration")
    ctx.expect(not made(send(account, number)), "an SMS while it is pending: expected it refused", asked)
    changed = account.patch(REGISTER, {"website_url": "https://bakery.example.com"})
    ctx.expect(made(changed), f"a change while it is pending: expected it taken, got {changed}", changed)
    pending = account.get(f"{REGISTER}/status").json()["campaign_status"]
    apart = account.post(REGISTER, {name: value for name, value in PERSONAL.items() if name != "create_sub_account"})
    ctx.expect(
        made(apart) and bool(apart.json().get("sub_account_id")) and body.get("sub_account_id") is None,
        f"a registration without create_sub_account: expected a sub-account for it, got {apart} {apart.json()}",
        apart,
    )
    account.advance(REVIEW)
    through = account.get(f"{REGISTER}/status").json()["campaign_status"]
    ctx.expect(
        through not in (pending, before.json()["campaign_status"]), f"its status in the end: got {through}, as before"
    )
    sent = send(account, number)
    shown = account.get(f"{NUMBERS}/{number['id']}").json()["outboundSms"]
    ctx.expect(
        made(sent) and shown == "enabled", f"an SMS when it is through: expected it sent, got {sent} {shown}", sent
    )


@claim(
    "AGP-ACC-5",
    "A registration is asked for at most 5 times an hour; then it is answered 429.",
    needs=CTL,
)
def too_many_registrations(ctx: ProbeContext) -> None:
    account = ctx.account(sms_registration="none")
    answers = [account.post(REGISTER, PERSONAL, patient=False) for _ in range(REGISTRATIONS_AN_HOUR + 1)]
    ctx.precondition(made(answers[0]), f"a registration is answered {answers[0]}")
    for exchange in answers[1:-1]:
        refused(ctx, exchange, (409,), "a registration within the five of an hour")
    last = answers[-1]
    wait = last.response_header("retry-after") or ""
    refused(ctx, last, (429,), "the sixth registration of an hour", "RATE_LIMIT_EXCEEDED")
    ctx.check_(wait.isdigit() and 0 < int(wait) <= HOUR, f"Retry-After: expected at most an hour, got {wait!r}", last)
    account.advance(int(wait))
    refused(ctx, account.post(REGISTER, PERSONAL), (409,), "a registration after Retry-After seconds")


@claim(
    "AGP-ACC-3",
    "A number's location tells a status and when it was found out; a refresh says when to look again.",
    needs=CTL,
)
def locations(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    exchange = account.get(f"{LOCATION}/{escaped(number['phoneNumber'])}")
    body = exchange.json() or {}
    ctx.check_(
        exchange.status == 200
        and body.get("phoneNumber") == number["phoneNumber"]
        and bool(body.get("status"))
        and isinstance(body.get("lastUpdated"), int),
        f"a location: expected its number, a status and lastUpdated, got {exchange} {body}",
        exchange,
    )
    refresh = account.post(f"{LOCATION}/refresh", {})
    answer = refresh.json() or {}
    wait = answer.get("pollAfterSeconds")
    ctx.expect(
        refresh.status == 200 and answer.get("success") is True and isinstance(wait, int),
        f"a refresh: expected success and pollAfterSeconds, got {refresh} {answer}",
        refresh,
    )
    account.advance(wait if isinstance(wait, int) else 60)
    later = account.get(f"{LOCATION}/{escaped(number['phoneNumber'])}").json()
    ctx.expect(
        later["lastUpdated"] > body["lastUpdated"], f"lastUpdated after that: expected it later, got {later}", refresh
    )
    refused(ctx, account.get(f"{LOCATION}/{escaped(FAR)}"), (404,), "the location of a number that is not one's own")


@claim(
    "AGP-ACC-4",
    "Whoever signs up gets a code by e-mail, and for it, once, an account with an agent, a number and a key "
    "that works.",
    needs=CTL,
)
def signing_up(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    email = f"robin-{account.id}@example.com".lower().replace("_", "-")
    asked = account.post(SIGN_UP, {"human_email": email, "agent_name": "Front desk"}, key=None)
    body = asked.json() or {}
    ctx.check_(
        made(asked) and bool(body.get("verification_id")), f"a sign-up: expected a verification_id, got {asked}", asked
    )
    for bad in ({"human_email": "nobody"}, {}):
        refused(ctx, account.post(SIGN_UP, bad, key=None), (400, 422), f"a sign-up with {bad}")
    code = _code(ctx, email)
    wrong = {"verification_id": body["verification_id"], "otp_code": "000000" if code != "000000" else "111111"}
    refused(ctx, account.post(VERIFY, wrong, key=None), (400, 401, 422), "a wrong code")
    unknown = {"verification_id": "ver_000000000000", "otp_code": code}
    refused(ctx, account.post(VERIFY, unknown, key=None), (404,), "a verification that is not there")
    right = {"verification_id": body["verification_id"], "otp_code": code}
    opened = account.post(VERIFY, right, key=None)
    new = opened.json() or {}
    named = ("account_id", "agent_id", "number_id", "phone_number", "api_key")
    ctx.check_(
        made(opened) and all(new.get(name) for name in named), f"the right code: expected {named}, got {opened}", opened
    )
    ctx.run_context.learn_key(new["api_key"])
    customer = Account(ctx, new["api_key"], "signed up")
    mine = customer.get(NUMBERS)
    ctx.check_(mine.status == 200, f"its key: expected it to work, got {mine}", mine)
    found = data(mine)
    seen = [(each["id"], each["phoneNumber"], each["agentId"]) for each in found]
    ctx.expect(
        seen == [(new["number_id"], new["phone_number"], new["agent_id"])],
        f"what its key sees: expected its number and agent, got {seen}",
        opened,
    )
    name = account.get(f"{AGENTS}/{new['agent_id']}", key=new["api_key"]).json().get("name")
    ctx.expect(name == "Front desk", f"its agent: expected Front desk, got {name}", opened)
    ctx.expect(not made(account.post(VERIFY, right, key=None)), "the code once more: expected a refusal", opened)
    refused(ctx, account.post(SIGN_UP, {"human_email": email}, key=None), (409,), "a second sign-up of one address")


def _code(ctx: ProbeContext, email: str) -> str:
    """The code that went to an e-mail address, from the emulator's journal."""
    for entry in ctx.control("GET", "/journal?limit=20")["data"]:
        if entry.get("email") == email and entry.get("otp_code"):
            return str(entry["otp_code"])
    raise Inconclusive(f"no code was sent to {email}")
