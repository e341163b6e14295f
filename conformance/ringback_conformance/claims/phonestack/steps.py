"""Steps that several probes take: a contact, a profile, a call, a campaign, a receiver, a walk through a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.claims.phonestack.shapes import odd_error
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.receiver import Inbox

API = "/api/v1"
CONTACTS = f"{API}/contacts"
BULK = f"{CONTACTS}/bulk"
CALLS = f"{API}/calls"
TRIGGER = f"{CALLS}/trigger"
CAMPAIGNS = f"{API}/campaigns"
FIELDS = f"{API}/custom-fields"
PROFILES = f"{API}/profiles"
REPORTS = f"{API}/reports"
FILES = f"{API}/files/recordings"
MCP = "/mcp"
LISTS = (CONTACTS, CALLS, CAMPAIGNS, FIELDS, PROFILES, REPORTS)
NOBODY = {
    CONTACTS: "ct_000000000000",
    CALLS: "call_000000000000",
    CAMPAIGNS: "camp_000000000000",
    FIELDS: "cf_000000000000",
    PROFILES: "prof_000000000000",
    REPORTS: "rep_000000000000",
}
"""Ids that were not given out."""

MINUTE, HOUR, DAY = 60, 3_600, 86_400
RINGING_AND_AFTER = 60
"""Seconds added to a call's length so that it has surely been answered, ended and analysed."""
ANALYSIS: Mapping[str, Any] = {
    "disposition": "hot_lead",
    "sentiment": "positive",
    "summary": "Wants a consultation next week.",
    "meeting_booked": True,
}
"""What a scripted call comes to."""
SECRET = "whsec_conformance"  # noqa: S105 - of accounts in an emulator


def phone(place: int) -> str:
    """A number that nobody can have, kept free for fiction: another for each place from 0 to 79,999."""
    return f"+1{200 + place // 100}55501{place % 100:02d}"


# -- answers ------


def made(exchange: Exchange) -> bool:
    """Whether a 2xx says that it was done."""
    return exchange.status is not None and 200 <= exchange.status < 300


def inner(exchange: Exchange) -> Any:
    """The `data` of an answer; Inconclusive where it has none."""
    body = exchange.json()
    if not made(exchange) or not isinstance(body, dict) or "data" not in body:
        raise Inconclusive(f"there is no data to look at: {exchange}")
    return body["data"]


def thing_in(exchange: Exchange, what: str) -> dict[str, Any]:
    """The object that an answer gives; Inconclusive where it gives none."""
    found = inner(exchange)
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise Inconclusive(f"there is no {what}: {exchange}")
    return found


def data(exchange: Exchange) -> list[dict[str, Any]]:
    """The objects of a list; Inconclusive when there is no such list."""
    found = inner(exchange)
    if not isinstance(found, list) or not all(
        isinstance(each, dict) and isinstance(each.get("id"), str) for each in found
    ):
        raise Inconclusive(f"there is no list to look at: {exchange}")
    return found


def listed(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """The objects of the first page of a list."""
    return data(account.get(f"{path}?{urlencode(query)}" if query else path))


def everything(account: Account, path: str, **query: Any) -> list[dict[str, Any]]:
    """The objects of all pages of a list."""
    return [each for page in pages(account, path, 100, **query) for each in data(page)]


def pages(account: Account, path: str, limit: int, most: int = 60, **query: Any) -> Iterator[Exchange]:
    """The pages of a list, as the page says to walk them."""
    cursor = None
    for _ in range(most):
        asked = {"limit": limit, **query, **({"cursor": cursor} if cursor is not None else {})}
        exchange = account.get(f"{path}?{urlencode(asked)}")
        yield exchange
        body = exchange.json()
        meta = body.get("meta") if isinstance(body, dict) else None
        if not isinstance(meta, dict) or not meta.get("has_more") or not isinstance(meta.get("next_cursor"), str):
            return
        cursor = meta["next_cursor"]


def fetched(account: Account, path: str, id_: str) -> dict[str, Any]:
    """One object by its id."""
    return thing_in(account.get(f"{path}/{id_}"), path.rpartition("/")[2])


def ids(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """Their ids, in order."""
    return [str(each["id"]) for each in found]


def refused(
    ctx: ProbeContext, exchange: Exchange, statuses: Iterable[int], what: str, code: str = "", claim: str = ""
) -> bool:
    """Expect one of these statuses in the error envelope, with a code where it is given."""
    wanted = tuple(statuses)
    odd = odd_error(exchange.json())
    held = exchange.status in wanted and odd is None and (not code or exchange.code == code)
    named = " ".join(filter(None, (" or ".join(map(str, wanted)), code)))
    seen = f"{exchange}" + (f", and {odd}" if odd else "")
    return ctx.expect(held, f"{what}: expected {named} in the error envelope, got {seen}", exchange, claim=claim)


def invalid(ctx: ProbeContext, exchange: Exchange, what: str) -> bool:
    """Expect `VALIDATION_ERROR`; the page gives the code and no status, 400 or 422 it has to be."""
    return refused(ctx, exchange, (400, 422), what, "VALIDATION_ERROR")


# -- contacts, fields, profiles ------


def new_contact(account: Account, number: str, **fields: Any) -> dict[str, Any]:
    """A contact as the answer shows it."""
    return thing_in(account.post(CONTACTS, {"phone": number, **fields}), "contact")


def imported(account: Account, rows: list[dict[str, Any]], **common: Any) -> dict[str, Any]:
    """The counts that a bulk import answers."""
    found = inner(account.post(BULK, {"contacts": rows, **common}))
    if not isinstance(found, dict):
        raise Inconclusive("a bulk import answers no counts")
    return found


def new_field(account: Account, name: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    """A custom field definition as the answer shows it."""
    return thing_in(account.post(FIELDS, {"name": name, "type": type_, **more}), "custom field")


def new_profile(account: Account, name: str = "Qualifier", **more: Any) -> dict[str, Any]:
    """A profile as the answer shows it."""
    return thing_in(account.post(PROFILES, {"name": name, **more}), "profile")


# -- calls ------


def trigger(account: Account, profile: Mapping[str, Any], number: str, **more: Any) -> Exchange:
    """POST /calls/trigger. `script` says what the far end does."""
    script = more.pop("script", None)
    if script is not None:
        account.script({"to": number}, **script)
    return account.post(TRIGGER, {"profile_id": profile["id"], "phone": number, **more})


def held_call(
    account: Account, profile: Mapping[str, Any], number: str, seconds: int = 30, **more: Any
) -> dict[str, Any]:
    """A triggered call that somebody answered and that has ended."""
    script = {"answer_after": 2, "duration": seconds, "analysis": dict(ANALYSIS), **more.pop("script", {})}
    call = thing_in(trigger(account, profile, number, script=script, **more), "call")
    account.advance(seconds + RINGING_AND_AFTER)
    return fetched(account, CALLS, call["id"])


def missed_call(account: Account, profile: Mapping[str, Any], number: str, end: str = "no_answer") -> dict[str, Any]:
    """A triggered call that nobody answered."""
    call = thing_in(trigger(account, profile, number, script={"end": end}), "call")
    account.advance(2 * RINGING_AND_AFTER)
    return fetched(account, CALLS, call["id"])


def dialled(account: Account, number: str) -> list[dict[str, Any]]:
    """The calls to a number."""
    return [call for call in everything(account, CALLS) if call.get("to_number") == number]


# -- campaigns and reports: the dashboard's part ------


def people(count: int, first: int = 0) -> list[dict[str, Any]]:
    """So many contacts for a campaign."""
    return [{"phone": phone(first + place), "first_name": f"Person {place}"} for place in range(count)]


def with_campaign(ctx: ProbeContext, **campaign: Any) -> tuple[Account, dict[str, Any]]:
    """An account with one campaign, and the campaign as the list shows it."""
    account = ctx.account(campaigns=[{"name": "Spring follow-up", **campaign}])
    return account, the_campaign(account)


def the_campaign(account: Account, name: str = "Spring follow-up") -> dict[str, Any]:
    """The campaign of this name, as the list shows it; Inconclusive where there is none."""
    found = [campaign for campaign in listed(account, CAMPAIGNS) if campaign.get("name") == name]
    if not found:
        raise Inconclusive(f"a campaign named {name!r} was seeded, and the list has none")
    return found[0]


def act(account: Account, campaign: Mapping[str, Any], action: str) -> Exchange:
    """POST /campaigns/{id}/start, pause, resume or stop."""
    return account.post(f"{CAMPAIGNS}/{campaign['id']}/{action}")


def stats_of(account: Account, campaign: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign's figures; Inconclusive where it shows none."""
    found = fetched(account, CAMPAIGNS, str(campaign["id"])).get("stats")
    if not isinstance(found, dict):
        raise Inconclusive("the campaign shows no stats")
    return found


def the_report(account: Account, name: str) -> dict[str, Any]:
    """The report of this name, as the list shows it; Inconclusive where there is none."""
    found = [report for report in listed(account, REPORTS) if report.get("name") == name]
    if not found:
        raise Inconclusive(f"a report named {name!r} was seeded, and the list has none")
    return found[0]


# -- webhooks ------


def hook(ctx: ProbeContext, account: Account, *events: str, secret: str = SECRET) -> Inbox:
    """The dashboard's webhook of an account, for these events or all, led to an inbox of its own."""
    inbox = ctx.inbox()
    ctx.run_context.learn_secret(secret)
    account.settings(webhook={"url": inbox.url, "events": list(events), "secret": secret})
    return inbox


def told(inbox: Inbox, *events: str) -> list[dict[str, Any]]:
    """The events that came to an inbox, of these names or all."""
    found = [exchange.sent() for exchange in inbox.received]
    return [event for event in found if isinstance(event, dict) and (not events or event.get("event") in events)]


def about(event: Mapping[str, Any]) -> dict[str, Any]:
    """What an event is about."""
    found = event.get("data")
    return found if isinstance(found, dict) else {}


def names(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """What happened, in order."""
    return [str(event.get("event")) for event in events]
