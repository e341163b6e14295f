"""Probes and invariants for "Webhooks"."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import Counter

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import CTL, HOOK
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import ANALYSED, COMPLETED, EVENT, odd_turns
from ringback_conformance.claims.phonestack.steps import (
    ANALYSIS,
    CALLS,
    CONTACTS,
    HOUR,
    SECRET,
    about,
    act,
    fetched,
    held_call,
    hook,
    imported,
    inner,
    missed_call,
    names,
    new_contact,
    new_profile,
    people,
    phone,
    told,
    trigger,
    with_campaign,
)
from ringback_conformance.model import Exchange, Kind
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox, mailbox
from ringback_conformance.shapes import moment, odd_fields

events_claim = CATALOGUE.section("Webhooks: Events")
signature_claim = CATALOGUE.section("Webhooks: Signature Verification")
claim = CATALOGUE.section("Webhooks: Webhook Payload Example")
recipes_claim = CATALOGUE.section("Integration Recipes")

SIGNATURE = "X-PhoneStack-Signature"
HEX = re.compile(r"[0-9a-f]{64}")
MAX_FAILURES = 10
"""Page "Webhooks": so many in a row, and the webhook is disabled."""


def is_event(exchange: Exchange, _: Known) -> bool:
    """Something that came to our receiver."""
    return exchange.kind is Kind.WEBHOOK


@CATALOGUE.invariant("PST-HOOK-2", is_event)
def an_event_is_signed(exchange: Exchange, known: Known) -> str | None:
    signature = exchange.request_header(SIGNATURE) or ""
    if not HEX.fullmatch(signature):
        return f"{SIGNATURE} is {signature!r}, not the hexadecimal HMAC-SHA256"
    secret = known.secrets.get(mailbox(exchange.route))
    if secret is None or signature == signed(secret, exchange.request_body):
        return None
    return f"{SIGNATURE} is not that of the body under the webhook's secret"


def signed(secret: str, body: bytes) -> str:
    """The signature of a body, page "Signature Verification"."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@CATALOGUE.invariant("PST-HOOK-3", is_event)
def an_event_is_in_its_envelope(exchange: Exchange, _: Known) -> str | None:
    event = exchange.sent()
    if exchange.method != "POST":
        return f"an event comes as {exchange.method}"
    if odd := odd_fields(event, EVENT, "the event"):
        return odd
    if event["event"] != "call.completed":
        return None
    data = event["data"]
    return (
        odd_fields(data, COMPLETED, "data")
        or odd_fields(data["analysis"], ANALYSED, "analysis")
        or odd_turns(data["transcript"])
    )


class Watch:
    """What came to an inbox since the last look."""

    def __init__(self, ctx: ProbeContext, account: Account, inbox: Inbox) -> None:
        self._lab = ctx
        self._account = account
        self._inbox = inbox
        self._seen = 0

    def expect(self, what: str, *wanted: str) -> None:
        """Expect these events and no others to have come."""
        self._account.advance(1)
        new = self._inbox.received[self._seen :]
        self._seen += len(new)
        seen = [str(exchange.sent().get("event")) for exchange in new]
        held = Counter(seen) == Counter(wanted)
        self._lab.expect(held, f"the events of {what}: expected {list(wanted)}, got {seen}", *new)


@events_claim(
    "PST-HOOK-1",
    "Each of the eleven events fires on its cause, once.",
    needs=HOOK | CTL,
)
def each_event_on_its_cause(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account)
    watch = Watch(ctx, account, inbox)
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    watch.expect("a contact", "contact.created")
    account.post(f"{CONTACTS}/{contact['id']}/dnc")
    watch.expect("a contact put on the Do Not Call list", "contact.dnc_requested")
    account.script({"to": phone(2)}, answer_after=5, duration=20, analysis=dict(ANALYSIS))
    call = inner(trigger(account, profile, phone(2)))
    watch.expect("a call placed", "call.started")
    account.advance(2 * 60)
    watch.expect("its end", "call.completed")
    of_call = [event for event in told(inbox) if about(event).get("call_id") == call.get("id")]
    ctx.expect(len(of_call) == 2, f"events of the call: expected both with its id, got {names(of_call)}")
    for end in ("no_answer", "busy", "failed"):
        missed_call(account, profile, phone(3), end)
        watch.expect(f"a call that ends as {end}", "call.started", "call.failed")
    account.script({"to": phone(4)}, voicemail="Please leave a message.")
    trigger(account, profile, phone(4))
    account.advance(2 * 60)
    watch.expect("a call that meets a machine", "call.started", "call.voicemail")
    angry = {**ANALYSIS, "disposition": "do_not_call", "meeting_booked": False}
    new_contact(account, phone(5))
    held_call(account, profile, phone(5), 10, script={"analysis": angry})
    wanted = ("contact.created", "call.started", "call.completed", "contact.dnc_requested")
    watch.expect("a call in which somebody asks for peace", *wanted)
    _campaign_events(ctx)
    _billing_events(ctx)
    _calls_that_come_in(ctx)


def _campaign_events(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, contacts=people(2), calls_per_minute=60)
    inbox = hook(ctx, account, "campaign.started", "campaign.paused", "campaign.completed")
    for place in range(2):
        account.script({"to": phone(place)}, answer_after=2, duration=10)
    act(account, campaign, "start")
    account.advance(HOUR)
    ctx.expect(
        names(told(inbox)) == ["campaign.started", "campaign.completed"],
        f"the events of a campaign that calls everybody: got {names(told(inbox))}",
        *inbox.received,
    )
    waiting, resting = with_campaign(ctx, contacts=people(1), calls_per_minute=0.01)
    heard = hook(ctx, waiting, "campaign.paused")
    act(waiting, resting, "start")
    act(waiting, resting, "pause")
    waiting.advance(1)
    came = names(told(heard))
    ctx.expect(came == ["campaign.paused"], f"the event of a campaign that is paused: got {came}", *heard.received)
    for event in told(inbox):
        ctx.expect(
            about(event).get("campaign_id") == campaign["id"],
            f"{event['event']}: expected the campaign's id, got {about(event)}",
            *inbox.received,
        )


def _billing_events(ctx: ProbeContext) -> None:
    account = ctx.account(spending_limit="2.00")
    inbox = hook(ctx, account, "billing.limit_warning", "billing.limit_reached")
    profile = new_profile(account)
    spent = 0
    warned = 0
    for place in range(12):
        exchange = trigger(account, profile, phone(place), script={"answer_after": 2, "duration": 60})
        if exchange.status != 201:
            break
        account.advance(2 * 60)
        spent += fetched(account, CALLS, inner(exchange)["id"])["cost_cents"]
        if "billing.limit_warning" in names(told(inbox)) and not warned:
            warned = spent
    ctx.precondition(spent >= 200, f"twelve calls of a minute cost {spent} cents in all, less than the limit of 200")
    ctx.expect(
        names(told(inbox)) == ["billing.limit_warning", "billing.limit_reached"],
        f"the events of spending the limit: expected a warning, then the limit, once each, got {names(told(inbox))}",
        *inbox.received,
    )
    ctx.expect(
        160 <= warned < 200,
        f"the warning of a limit of 200: expected it at 160 cents, it came at {warned}",
        *inbox.received,
    )


def _calls_that_come_in(ctx: ProbeContext) -> None:
    account = ctx.account(campaigns=[{"name": "Reception", "direction": "inbound", "status": "running"}])
    inbox = hook(ctx, account, "call.started", "call.completed")
    numbers = account.state().get("numbers")
    ctx.precondition(isinstance(numbers, list) and bool(numbers), "the organization has no number to call")
    account.phone(str(numbers[0]["phone_number"]) if numbers else "", phone(70), answer_after=2, duration=10)
    account.advance(2 * 60)
    ctx.expect(
        names(told(inbox)) == ["call.started", "call.completed"],
        f"the events of a call that comes in: expected its start and end, got {names(told(inbox))}",
        *inbox.received,
    )
    ways = {about(event).get("direction") for event in told(inbox)}
    ctx.expect(ways == {"inbound"}, f"its direction: expected inbound, got {ways}", *inbox.received)


@signature_claim(
    "PST-HOOK-2",
    "X-PhoneStack-Signature is the hexadecimal HMAC-SHA256 of the raw body under the webhook's secret.",
    needs=HOOK | CTL,
)
def signatures(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account, secret=SECRET)
    new_contact(account, phone(1), first_name="Zoë", company="Müller & Söhne", custom_fields={"b": 1.5, "a": "é"})
    account.advance(1)
    ctx.precondition(len(inbox.received) == 1, f"one event was to come, and {len(inbox.received)} did")
    _signed_with(ctx, inbox, SECRET)
    second = hook(ctx, account, secret="whsec_another_one")  # noqa: S106 - of an account in an emulator
    new_contact(account, phone(2))
    account.advance(1)
    ctx.precondition(len(second.received) == 1, f"one event was to come to the other, and {len(second.received)} did")
    _signed_with(ctx, second, "whsec_another_one")


def _signed_with(ctx: ProbeContext, inbox: Inbox, secret: str) -> None:
    for exchange in inbox.received:
        found = exchange.request_header(SIGNATURE)
        ctx.expect(
            found == signed(secret, exchange.request_body),
            f"{SIGNATURE}: expected the HMAC of the raw body under the webhook's secret, got {found!r}",
            exchange,
        )


@claim(
    "PST-HOOK-3",
    "An event is event, timestamp, organization_id and data; call.completed carries analysis and transcript.",
    needs=HOOK | CTL,
)
def what_events_say(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account, "call.completed", "contact.created")
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    call = held_call(account, profile, phone(1), 30)
    said = inner(account.get(f"{CALLS}/{call['id']}/transcript")).get("transcript")
    events = told(inbox, "call.completed")
    ctx.precondition(len(events) == 1, f"call.completed was to come once, and came {len(events)} times")
    event = events[0]
    odd = odd_fields(event, EVENT, "the event") or odd_fields(about(event), COMPLETED, "data")
    ctx.check_(odd is None, f"call.completed: {odd or 'as documented'}", *inbox.received)
    told_at, ended = moment(event["timestamp"]), moment(call.get("ended_at"))
    if told_at is not None and ended is not None:
        late = (told_at - ended).total_seconds()
        ctx.expect(
            0 <= late <= 60, f"its timestamp: expected when the call ended, it is {late:g} s later", *inbox.received
        )
    wanted = {"call_id": call["id"], "transcript": said}
    wanted |= {
        name: call[name] for name in ("campaign_id", "direction", "talk_duration_seconds", "cost_cents", "analysis")
    }
    wrong = {name: about(event).get(name) for name, value in wanted.items() if about(event).get(name) != value}
    ctx.expect(not wrong, f"call.completed: expected what the call shows, got {wrong}", *inbox.received)
    organizations = {each.get("organization_id") for each in told(inbox)}
    ctx.expect(len(organizations) == 1, f"organization_id: expected one, got {organizations}", *inbox.received)
    other = ctx.account()
    foreign = hook(ctx, other, "contact.created")
    new_contact(other, phone(1))
    other.advance(1)
    ctx.expect(
        {each.get("organization_id") for each in told(foreign)}.isdisjoint(organizations),
        "organization_id of another: expected another",
        *foreign.received,
    )
    ctx.expect(contact["id"] in {about(each).get("contact_id") for each in told(inbox)}, "contact.created: expected it")


@claim(
    "PST-HOOK-4",
    "Ten failed deliveries in a row disable a webhook; a success starts the count anew; it can be enabled again.",
    needs=HOOK | CTL,
)
def failures_in_a_row(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account, "contact.created")
    place = 0

    def events(count: int, *answers: int) -> int:
        nonlocal place
        before = len(inbox.received)
        inbox.answer(*answers)
        imported(account, people(count, place))
        place += count
        account.advance(HOUR)
        return len(inbox.received) - before

    ctx.precondition(events(1, 200) == 1, "an event was to come, and did not")
    came = events(MAX_FAILURES - 1, 500)
    ctx.expect(came >= MAX_FAILURES - 1, f"events to a receiver that fails: expected nine, got {came}")
    ctx.expect(events(1, 200) >= 1, "an event after nine failures: expected it to come", *inbox.received[-1:])
    events(MAX_FAILURES - 1, 500)
    again = events(1, 404)
    ctx.expect(again >= 1, "an event after a success and nine failures: expected it to come", *inbox.received[-1:])
    off = events(3, 200)
    ctx.expect(off == 0, f"events after ten failures in a row: expected none to come, got {off}", *inbox.received[-1:])
    account.settings(webhook={"url": inbox.url, "events": ["contact.created"], "secret": SECRET})
    back = events(2, 200)
    ctx.expect(
        back == 2, f"two events once it is enabled again: expected them to come, got {back}", *inbox.received[-1:]
    )
    events(MAX_FAILURES - 1, 302)
    ctx.expect(events(1, 200) == 1, "an event after nine failures more: expected the count begun anew")


@recipes_claim(
    "PST-HOOK-5",
    "call.completed tells in its data what the page's recipe reads there: contact_id and timestamp.",
    needs=HOOK | CTL,
)
def what_the_recipe_reads(ctx: ProbeContext) -> None:
    account = ctx.account()
    inbox = hook(ctx, account, "call.completed")
    profile = new_profile(account)
    contact = new_contact(account, phone(1))
    held_call(account, profile, phone(1), 10)
    held_call(account, profile, phone(2), 10)
    events = [about(event) for event in told(inbox)]
    ctx.precondition(len(events) == 2, f"two calls were held, and {len(events)} events came")
    known = [event.get("contact_id") for event in events]
    ctx.expect(
        known == [contact["id"], None], f"contact_id: expected the contact's, then null, got {known}", *inbox.received
    )
    for event in events:
        ctx.expect(
            moment(event.get("timestamp")) is not None,
            f"timestamp in data: expected an instant, got {event.get('timestamp')!r}",
            *inbox.received,
        )


@recipes_claim(
    "PST-HOOK-6",
    "A webhook gets the events that were selected for it, and no others.",
    needs=HOOK | CTL,
)
def events_that_were_selected(ctx: ProbeContext) -> None:
    for selected, wanted in (
        (("contact.created",), ["contact.created"]),
        (("contact.dnc_requested", "call.started"), ["contact.dnc_requested", "call.started"]),
        ((), ["contact.created", "contact.dnc_requested", "call.started"]),
    ):
        account = ctx.account()
        inbox = hook(ctx, account, *selected)
        profile = new_profile(account)
        contact = new_contact(account, phone(1))
        account.post(f"{CONTACTS}/{contact['id']}/dnc")
        trigger(account, profile, phone(2), script={"answer_after": 20, "duration": 5})
        account.advance(1)
        seen = names(told(inbox))
        ctx.expect(
            Counter(seen) == Counter(wanted),
            f"a webhook for {list(selected) or 'all'}: expected {wanted}, got {seen}",
            *inbox.received,
        )
