"""Probes for "Campaigns API", and for the spending limit that stops them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ringback_conformance.catalogue import CTL, READ
from ringback_conformance.claims.phonestack.adapter import CATALOGUE
from ringback_conformance.claims.phonestack.shapes import CAMPAIGN
from ringback_conformance.claims.phonestack.steps import (
    ANALYSIS,
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    HOUR,
    MINUTE,
    act,
    dialled,
    everything,
    fetched,
    hook,
    listed,
    made,
    names,
    new_profile,
    people,
    phone,
    refused,
    stats_of,
    the_campaign,
    told,
    trigger,
    with_campaign,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import odd_fields

campaigns_claim = CATALOGUE.section("Campaigns API")
claim = CATALOGUE.section("Campaigns API: Campaign Control")
events_claim = CATALOGUE.section("Webhooks: Events", Basis.OURS)

ENDS = ("voicemail", "no_answer", "busy", "failed")
ALLOWED: dict[str, dict[str, str]] = {
    "draft": {"start": "running"},
    "running": {"pause": "paused", "stop": "completed"},
    "paused": {"resume": "running", "stop": "completed"},
    "completed": {},
}
"""What leads from which state to which. What the page leaves open (starting what is paused, stopping a draft) is not
looked at."""
LEFT_OPEN = {("paused", "start"), ("draft", "stop"), ("completed", "start")}
WAY = {"draft": (), "running": ("start",), "paused": ("start", "pause"), "completed": ("start", "stop")}
ACTIONS = ("start", "pause", "resume", "stop")


def answered(account: Account, place: int, **script: Any) -> None:
    """Somebody takes the call to a place's number."""
    account.script({"to": phone(place)}, **{"answer_after": 2, "duration": 10, **script})


@campaigns_claim(
    "PST-CAM-1",
    "Campaigns are listed, narrowed by direction and status, and each has stats that agree with its calls.",
    needs=CTL,
)
def campaigns_looked_at(ctx: ProbeContext) -> None:
    account = ctx.account(
        campaigns=[
            {"name": "Spring follow-up", "contacts": people(6), "calls_per_minute": 60},
            {"name": "Reception", "direction": "inbound"},
            {"name": "Autumn"},
        ]
    )
    campaign = the_campaign(account)
    every = listed(account, CAMPAIGNS)
    for each in every:
        odd = odd_fields(each, CAMPAIGN, "a campaign")
        ctx.expect(odd is None, f"a campaign: {odd or 'as documented'}")
    answered(account, 0, analysis=dict(ANALYSIS))
    answered(account, 1, duration=25, analysis={**ANALYSIS, "disposition": "cold", "meeting_booked": False})
    account.script({"to": phone(2)}, voicemail="Please leave a message.")
    for place, end in enumerate(ENDS[1:], 3):
        account.script({"to": phone(place)}, end=end)
    started = act(account, campaign, "start")
    ctx.precondition(started.status == 200, f"the campaign cannot be started: {started}")
    account.advance(HOUR)
    for query, wanted in (
        ({"direction": "inbound"}, {"Reception"}),
        ({"direction": "outbound"}, {"Spring follow-up", "Autumn"}),
        ({"status": "draft"}, {"Reception", "Autumn"}),
        ({"status": "completed"}, {"Spring follow-up"}),
        ({"status": "draft", "direction": "outbound"}, {"Autumn"}),
    ):
        seen = {each["name"] for each in listed(account, CAMPAIGNS, **query)}
        ctx.expect(seen == wanted, f"campaigns with {query}: expected {sorted(wanted)}, got {sorted(seen)}")
    figures = stats_of(account, campaign)
    calls = everything(account, CALLS, campaign_id=campaign["id"])
    ctx.precondition(len(calls) == 6, f"six contacts were to be called, and there are {len(calls)} calls")
    by_status = Counter(call["status"] for call in calls)
    wanted_figures: dict[str, Any] = {
        "contacts": 6,
        "queued": 0,
        "in_progress": 0,
        "calls": len(calls),
        **{status: by_status[status] for status in ("completed", *ENDS)},
        "meetings_booked": sum((call["analysis"] or {}).get("meeting_booked") is True for call in calls),
        "talk_duration_seconds": sum(call["talk_duration_seconds"] for call in calls),
        "cost_cents": sum(call["cost_cents"] for call in calls),
    }
    wrong = {name: figures.get(name) for name, value in wanted_figures.items() if figures.get(name) != value}
    ctx.expect(not wrong, f"stats of a campaign: expected {wanted_figures}, as its calls are, got {wrong}")
    ctx.expect(
        dict(by_status) == {"completed": 2, **dict.fromkeys(ENDS, 1)}, f"its calls by status: got {dict(by_status)}"
    )
    unknown = account.get(f"{CAMPAIGNS}?status=asleep")
    refused(ctx, unknown, (400, 422), "campaigns with status=asleep")


@claim(
    "PST-CAM-2",
    "Start, pause, resume and stop work from the right state; from another they are refused and change nothing.",
    needs=CTL,
)
def states_and_what_leads_between(ctx: ProbeContext) -> None:
    many = [
        {"name": f"{state} {action}", "contacts": people(1, 10 * place), "calls_per_minute": 0.001, "always_on": True}
        for place, (state, action) in enumerate((state, action) for state in ALLOWED for action in ACTIONS)
    ]
    account = ctx.account(campaigns=many)
    inbox = hook(ctx, account, "campaign.started", "campaign.paused", "campaign.completed")
    by_name = {campaign["name"]: campaign for campaign in everything(account, CAMPAIGNS)}
    told_of: Counter[str] = Counter()
    for state, allowed in ALLOWED.items():
        for action in ACTIONS:
            if (state, action) in LEFT_OPEN:
                continue
            campaign = by_name[f"{state} {action}"]
            for step in WAY[state]:
                act(account, campaign, step)
                told_of[step] += 1
            before = fetched(account, CAMPAIGNS, campaign["id"])
            ctx.precondition(before["status"] == state, f"a campaign is to be {state}, and is {before['status']}")
            exchange = act(account, campaign, action)
            after = fetched(account, CAMPAIGNS, campaign["id"])
            if action in allowed:
                told_of[action] += 1
                ctx.expect(
                    exchange.status == 200 and after["status"] == allowed[action],
                    f"{action} of what is {state}: expected 200, {allowed[action]}, got {exchange}, {after['status']}",
                    exchange,
                )
                continue
            refused(ctx, exchange, (400, 403, 409, 422), f"{action} of what is {state}")
            ctx.expect(after == before, f"what is {state} after {action}: expected it as it was", exchange)
    account.advance(1)
    seen = Counter(names(told(inbox)))
    wanted = {
        "campaign.started": told_of["start"] + told_of["resume"],
        "campaign.paused": told_of["pause"],
        "campaign.completed": told_of["stop"],
    }
    some = told_of["start"] <= seen["campaign.started"] <= wanted["campaign.started"]
    rest = {name: seen[name] for name in ("campaign.paused", "campaign.completed") if seen[name] != wanted[name]}
    ctx.expect(some and not rest, f"their events: expected {wanted}, got {dict(seen)}", *inbox.received[-1:])


@claim(
    "PST-CAM-3",
    "Campaigns cannot be created through the API: 404 or 405.",
    needs=READ,
    sends=(Send("GET", CAMPAIGNS, 1),),
)
def campaigns_are_the_dashboards(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        listing = account.get(CAMPAIGNS)
        ctx.precondition(listing.status == 200, f"there is no list of campaigns: {listing}")
        ctx.not_covered("POST of a campaign")
        return
    for path in (CAMPAIGNS, f"{CAMPAIGNS}/bulk"):
        exchange = account.post(path, {"name": "Ours", "direction": "outbound"})
        refused(ctx, exchange, (404, 405), f"POST {path}")
    ctx.expect(not listed(account, CAMPAIGNS), "campaigns after that: expected none")


def _counts(account: Account, first: int, last: int) -> list[int]:
    calls = Counter(call["to_number"] for call in everything(account, CALLS))
    return [calls[phone(place)] for place in range(first, last)]


@claim(
    "PST-CAM-4",
    "A running campaign dials everybody in its queue once, at its pace, rests while paused, and then completes.",
    needs=CTL,
)
def a_campaign_from_first_to_last(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, contacts=people(8), calls_per_minute=2, max_concurrent_calls=3)
    inbox = hook(ctx, account, "campaign.completed", "campaign.paused", "campaign.started")
    for place in range(8):
        answered(account, place)
    account.advance(HOUR)
    ctx.expect(not listed(account, CALLS), "a campaign that was not started: expected no call")
    act(account, campaign, "start")
    account.advance(2 * MINUTE - 1)
    early = sum(_counts(account, 0, 8))
    ctx.expect(3 <= early <= 5, f"calls of 2 a minute in the first two minutes: expected about 4, got {early}")
    paused = act(account, campaign, "pause")
    ctx.precondition(paused.status == 200, f"the campaign cannot be paused: {paused}")
    account.advance(HOUR)
    resting = sum(_counts(account, 0, 8))
    ctx.expect(resting == early, f"calls while it is paused: expected no more than {early}, got {resting}")
    figures = stats_of(account, campaign)
    ctx.expect(
        figures["queued"] == 8 - early and figures["in_progress"] == 0,
        f"its queue meanwhile: expected {8 - early} queued and none under way, got {figures}",
    )
    resumed = act(account, campaign, "resume")
    ctx.precondition(resumed.status == 200, f"the campaign cannot be resumed: {resumed}")
    account.advance(HOUR)
    counts = _counts(account, 0, 8)
    ctx.expect(counts == [1] * 8, f"calls to each of eight, a pause in between: expected one each, got {counts}")
    last = fetched(account, CAMPAIGNS, campaign["id"])
    ctx.expect(last["status"] == "completed", f"a campaign that has called everybody: it is {last['status']}")
    ctx.expect(last["stats"]["queued"] == 0, f"its queue then: expected none, got {last['stats']['queued']}")
    seen = names(told(inbox))
    ctx.expect(seen.count("campaign.completed") == 1, f"campaign.completed: expected one, got {seen}", *inbox.received)
    _never_more_than_allowed(ctx)


def _never_more_than_allowed(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, contacts=people(5), calls_per_minute=600, max_concurrent_calls=2)
    for place in range(5):
        answered(account, place, duration=100)
    act(account, campaign, "start")
    account.advance(60)
    under_way = stats_of(account, campaign)["in_progress"]
    ctx.expect(under_way == 2, f"calls under way with max_concurrent_calls 2: expected 2, got {under_way}")
    account.advance(HOUR)
    counts = _counts(account, 0, 5)
    ctx.expect(counts == [1] * 5, f"calls to each of five, two at a time: expected one each, got {counts}")


@claim(
    "PST-CAM-5",
    "A stopped campaign is completed, and dials nobody that was left in its queue.",
    needs=CTL,
)
def a_campaign_that_is_stopped(ctx: ProbeContext) -> None:
    account, campaign = with_campaign(ctx, contacts=people(6), calls_per_minute=2)
    inbox = hook(ctx, account, "campaign.completed")
    for place in range(6):
        answered(account, place)
    act(account, campaign, "start")
    account.advance(MINUTE)
    stopped = act(account, campaign, "stop")
    ctx.check_(stopped.status == 200, f"stopping a campaign: expected 200, got {stopped}", stopped)
    before = sum(_counts(account, 0, 6))
    ctx.precondition(before < 6, "everybody was called before it could be stopped")
    account.advance(HOUR)
    after = sum(_counts(account, 0, 6))
    ctx.expect(
        after == before, f"calls of a campaign that was stopped: expected no more than {before}, got {after}", stopped
    )
    status = fetched(account, CAMPAIGNS, campaign["id"])["status"]
    ctx.expect(status == "completed", f"a campaign that was stopped: expected completed, it is {status}", stopped)
    came = names(told(inbox))
    ctx.expect(
        came == ["campaign.completed"], f"its event: expected campaign.completed once, got {came}", *inbox.received
    )
    added = account.post(CONTACTS, {"phone": phone(20), "campaign_id": campaign["id"]})
    account.advance(HOUR)
    ctx.expect(not dialled(account, phone(20)), "a contact for what was stopped: expected no call", added)


@events_claim(
    "PST-BILL-1",
    "Once the spending limit is reached nobody is dialled: triggers are refused and campaigns rest.",
    needs=CTL,
)
def the_limit_is_reached(ctx: ProbeContext) -> None:
    account = ctx.account(
        campaigns=[{"name": "Spring follow-up", "contacts": people(30, 100), "calls_per_minute": 60}],
        spending_limit="2.00",
    )
    profile = new_profile(account)
    campaign = the_campaign(account)
    for place in range(100, 130):
        answered(account, place, duration=60)
    calls = 0
    for calls in range(1, 12):
        exchange = trigger(account, profile, phone(calls), script={"answer_after": 2, "duration": 120})
        if not made(exchange):
            break
        account.advance(200)
    spent = sum(call["cost_cents"] for call in everything(account, CALLS))
    ctx.precondition(spent >= 200 or calls < 11, f"calls of two minutes cost {spent} cents, less than the limit of 200")
    refused(ctx, exchange, (402, 403, 409, 429), f"a trigger once {spent} of 200 cents are spent")
    ctx.expect(
        spent >= 200, f"a trigger was refused when {spent} of 200 cents were spent: expected it placed", exchange
    )
    before = len(listed(account, CALLS))
    act(account, campaign, "start")
    account.advance(HOUR)
    after = everything(account, CALLS)
    ctx.expect(
        len(after) == before, f"calls of a campaign after that: expected none, got {len(after) - before}", exchange
    )
    account.settings(spending_limit="1000.00")
    again = trigger(account, profile, phone(50), script={"duration": 5})
    ctx.expect(made(again), f"a trigger once the limit is raised: expected 2xx, got {again}", again)
