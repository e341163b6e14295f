"""Probes and invariants for "Introduction"."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

from ringback_conformance.adapter import Known
from ringback_conformance.catalogue import READ, SPEND, WRITE
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.shapes import (
    INSTANTS,
    PHONES,
    PREFIXES,
    WITH_PHONES,
    digits,
    phone,
    shown,
    stamp,
)
from ringback_conformance.claims.nokycnumber.steps import (
    ACCOUNT,
    CALLS,
    ENDPOINTS,
    NUMBERS,
    SMS,
    address,
    hook,
    new_call,
    new_sms,
    refused,
    shared_number,
    thing_in,
    told,
    voicemail,
)
from ringback_conformance.model import Exchange, Send
from ringback_conformance.probe_context import ProbeContext

base_claim = CATALOGUE.section("Introduction: Base URL")
claim = CATALOGUE.section("Introduction: JSON convention")

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
FORMS = ((NUMBERS, b"available_id=navail_1"), (CALLS, b"from=num_1"), (SMS, b"body=Hi"), (ENDPOINTS, b"url=x"))
NO_INSTANTS = ("yesterday", "2026-13-40T00:00:00Z", "1745672460", "20/06/2026")


@base_claim(
    "NKN-CONV-1",
    "Plain HTTP is answered 301 with the same address under https.",
    needs=READ,
    sends=(Send("GET", ACCOUNT, 2, note="over plain HTTP, without a key"),),
)
def plain_http(ctx: ProbeContext) -> None:
    before = urlsplit(ctx.run_context.transport.base_url).path
    with ctx.plain() as ask:
        for path in (ACCOUNT, f"{NUMBERS}?limit=3"):
            exchange = ask(path)
            where = exchange.response_header("location") or ""
            to = urlsplit(where)
            ctx.expect(
                exchange.status == 301 and (to.scheme, urlunsplit(("", "", *to[2:]))) == ("https", before + path),
                f"{path} over plain HTTP: expected 301 to it under https, got {exchange} to {where!r}",
                exchange,
            )


@claim(
    "NKN-CONV-2",
    "A form-encoded body is answered 415 in the error envelope.",
    needs=WRITE,
    sends=(Send("POST", path, 1, note="as a form, which is refused") for path, _ in FORMS),
)
def bodies_that_are_forms(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for path, body in FORMS:
        exchange = account.request("POST", path, content=body, headers=FORM)
        refused(ctx, exchange, (415,), f"a form to {path}", "invalid_request_error")


def shows_objects(exchange: Exchange, _: Known) -> bool:
    """An answer or event with something in it."""
    return bool(shown(exchange))


def _fields(
    exchange: Exchange, names: frozenset[str], fits: Callable[[object], bool], kinds: frozenset[str] = frozenset()
) -> str | None:
    for thing in shown(exchange):
        if kinds and thing["object"] not in kinds:
            continue
        for name in names & thing.keys():
            if thing[name] is not None and not fits(thing[name]):
                return f"the {thing['object']} of {exchange.method} {exchange.path} has {name} = {thing[name]!r}"
    return None


@CATALOGUE.invariant("NKN-CONV-3", shows_objects)
def a_timestamp_is_in_utc(exchange: Exchange, _: Known) -> str | None:
    return _fields(exchange, INSTANTS, stamp)


@claim(
    "NKN-CONV-3",
    "Every timestamp is ISO-8601 in UTC and ends in Z; the same form is accepted, another is refused.",
    needs=SPEND,
    sends=(Send("GET", CALLS, 6),),
    shares=("number",),
)
def timestamps_out_and_in(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = shared_number(ctx, account)
    number = thing_in(exchange, "number")
    for name in ("created_at", "renews_at"):
        ctx.expect(stamp(number.get(name)), f"a number's {name}: expected UTC in Z, got {number.get(name)!r}", exchange)
    for name in ("created_after", "created_before"):
        accepted = account.get(f"{CALLS}?{name}={number.get('created_at')}")
        ctx.expect(accepted.status == 200, f"{name} in the form that is given: expected 200, got {accepted}", accepted)
    for value in NO_INSTANTS:
        odd = account.get(f"{CALLS}?created_after={value}")
        refused(ctx, odd, (400, 422), f"created_after={value}", "invalid_request_error")


@CATALOGUE.invariant("NKN-CONV-4", shows_objects)
def a_phone_number_is_e164(exchange: Exchange, _: Known) -> str | None:
    if odd := _fields(exchange, PHONES, phone, WITH_PHONES):
        return odd
    for thing in shown(exchange):
        pretty, plain = thing.get("display"), thing.get("number")
        if pretty is not None and digits(str(pretty)) != digits(str(plain)):
            return f"display is {pretty!r} and the number {plain!r}"
        if pretty is not None and str(pretty) == str(plain):
            return f"display is {pretty!r}, which is not pretty-printed"
    return None


@claim(
    "NKN-CONV-4",
    "Phone numbers are E.164 with a plus; `display` is the same number, pretty-printed.",
    needs=SPEND,
    shares=("number",),
)
def numbers_pretty_and_plain(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = shared_number(ctx, account)
    number = thing_in(exchange, "number")
    ctx.expect(phone(number.get("number")), f"the number: expected E.164, got {number.get('number')!r}", exchange)
    ctx.expect(
        digits(str(number.get("display"))) == digits(str(number.get("number"))),
        f"display: expected {number.get('number')}, pretty, got {number.get('display')!r}",
        exchange,
    )


@CATALOGUE.invariant("NKN-CONV-5", shows_objects)
def an_id_tells_its_resource(exchange: Exchange, _: Known) -> str | None:
    for thing in shown(exchange):
        prefix = PREFIXES.get(str(thing["object"]))
        if prefix is not None and not str(thing.get("id")).startswith(prefix):
            return f"a {thing['object']} has id = {thing.get('id')!r}, which does not begin with {prefix}"
    return None


@claim(
    "NKN-CONV-5",
    "An id begins with its resource's prefix: num_, call_, sms_, vm_, whk_, evt_.",
    needs=SPEND,
    shares=("number",),
)
def ids_of_every_resource(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    seen = {"number": thing_in(shared_number(ctx, account), "number")}
    if ctx.emulated:
        number = seen["number"]
        account.patch(f"{NUMBERS}/{number['id']}", {"addons": ["ai-summary"]})
        _, inbox = hook(ctx, account)
        endpoint = thing_in(account.post(ENDPOINTS, {"url": address(account), "enabled_events": ["*"]}), "endpoint")
        seen |= {"call": new_call(account, number), "sms": new_sms(account, number), "webhook_endpoint": endpoint}
        seen["voicemail"] = voicemail(account, number)
        came = told(inbox)
        ctx.precondition(bool(came), "no event came")
        seen["event"] = came[0]
    else:
        ctx.not_covered("calls, messages, voicemails, endpoints and events")
    for kind, thing in seen.items():
        ctx.expect(
            str(thing.get("id")).startswith(PREFIXES[kind]),
            f"the id of a {kind}: expected it to begin with {PREFIXES[kind]}, got {thing.get('id')!r}",
        )
