"""Probes for "Voicemails" and "AI configuration"."""

from __future__ import annotations

from typing import Any

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.nokycnumber.adapter import CATALOGUE
from ringback_conformance.claims.nokycnumber.calls import path_of, shut, sounds, tampered
from ringback_conformance.claims.nokycnumber.shapes import AI_CONFIG, TRANSCRIPT, VOICEMAIL, VOICES
from ringback_conformance.claims.nokycnumber.steps import (
    CALLS,
    HOUR,
    NUMBERS,
    PERSON,
    VOICEMAILS,
    about,
    fetched,
    hook,
    ids,
    listed,
    new_number,
    refused,
    ring,
    told,
    voicemail,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

voicemails_claim = CATALOGUE.section("Voicemails")
claim = CATALOGUE.section("AI configuration")

UNPROCESSED = (400, 422)
SAID = "Bonjour, c'est pour la réservation de demain. Rappelez-moi."
BY_ADDON = ("translation_en", "summary")
BLOCKS = ("auto_pickup", "screening", "translator", "voicemail_summary")
ALL_ADDONS = ["ai-pickup", "ai-screen", "ai-summary", "ai-trans"]


@voicemails_claim(
    "NKN-VM-1",
    "Voicemails are listed and given as documented, with an audio_url that works for an hour, without a key "
    "and untampered with.",
    needs=CTL,
)
def voicemails_left(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account, addons=["ai-summary"])
    mail = voicemail(account, number, SAID)
    odd = odd_fields(mail, VOICEMAIL, "a voicemail") or odd_fields(mail["transcript"], TRANSCRIPT, "its transcript")
    ctx.check_(odd is None, f"a voicemail: {odd or 'as documented'}")
    wanted = {"number_id": number["id"], "from_e164": PERSON}
    wrong = {name: mail.get(name) for name, value in wanted.items() if mail.get(name) != value}
    ctx.expect(not wrong, f"a voicemail: expected {wanted}, got {wrong}")
    spoken = (mail["transcript"]["text"], mail["transcript"]["language"])
    ctx.expect(spoken == (SAID, "fr"), f"its transcript: expected {SAID!r} in fr, got {spoken}")
    path = path_of(ctx, mail["audio_url"])
    sounds(ctx, account.get(path, key=None), mail["duration_sec"], "a voicemail")
    for wrong_path in tampered(path):
        shut(ctx, account.get(wrong_path, key=None), "an audio_url that was tampered with")
    account.advance(HOUR - 120)
    early = account.get(path, key=None)
    ctx.expect(early.status == 200, f"an audio_url after 58 minutes: expected 200, got {early}", early)
    account.advance(240)
    shut(ctx, account.get(path, key=None), "an audio_url after 62 minutes")
    second = voicemail(account, number, "Une autre fois, merci.")
    order = ids(listed(account, VOICEMAILS))
    ctx.expect(order == [second["id"], mail["id"]], f"the list of voicemails: expected the newest first, got {order}")
    fresh = account.get(path_of(ctx, listed(account, VOICEMAILS)[1]["audio_url"]), key=None)
    ctx.expect(fresh.status == 200, f"a fresh audio_url: expected 200, got {fresh}", fresh)
    for id_ in ("vm_000000000000", "nope"):
        refused(ctx, account.get(f"{VOICEMAILS}/{id_}"), (404,), f"the voicemail {id_}", "invalid_request_error")


@voicemails_claim(
    "NKN-VM-2",
    "translation_en and summary are there with the ai-summary add-on, and only then.",
    needs=CTL,
)
def voicemails_summed_up(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for addons, wanted in ((["ai-summary"], True), ([], False), (["ai-pickup", "ai-trans"], False)):
        number = new_number(account, addons=addons)
        if "ai-pickup" in addons:
            account.patch(f"{NUMBERS}/{number['id']}/ai", {"auto_pickup": {"enabled": False}})
        mail = voicemail(account, number, SAID)
        for seen in (mail, next(each for each in listed(account, VOICEMAILS) if each["id"] == mail["id"])):
            for name in BY_ADDON:
                there = bool((seen.get("transcript") or {}).get(name))
                ctx.expect(
                    there is wanted,
                    f"{name} with the add-ons {addons}: expected {'it' if wanted else 'none'}, "
                    f"got {(seen.get('transcript') or {}).get(name)!r}",
                )


@voicemails_claim(
    "NKN-VM-3",
    "DELETE is answered 204; the voicemail and its audio are gone.",
    needs=CTL,
)
def voicemails_deleted(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    kept, mail = voicemail(account, number, "Gardez-moi."), voicemail(account, number, SAID)
    path = path_of(ctx, mail["audio_url"])
    works = account.get(path, key=None)
    ctx.precondition(works.status == 200, f"the audio is not there before: {works}")
    exchange = account.delete(f"{VOICEMAILS}/{mail['id']}")
    ctx.check_(
        exchange.status == 204 and not exchange.response_body,
        f"DELETE of a voicemail: expected 204 without a body, got {exchange}",
        exchange,
    )
    refused(ctx, account.get(f"{VOICEMAILS}/{mail['id']}"), (404,), "a voicemail that was deleted")
    shut(ctx, account.get(path, key=None), "the audio of a voicemail that was deleted")
    left = ids(listed(account, VOICEMAILS))
    ctx.expect(left == [kept["id"]], f"the list after that: expected the other one alone, got {left}", exchange)
    refused(ctx, account.delete(f"{VOICEMAILS}/{mail['id']}"), (404,), "a second DELETE")


def config(account: Account, number: dict[str, Any]) -> dict[str, Any]:
    """A number's AI configuration; Inconclusive where there is none."""
    body = account.get(f"{NUMBERS}/{number['id']}/ai").json()
    if not isinstance(body, dict) or not all(isinstance(body.get(block), dict) for block in BLOCKS):
        raise Inconclusive("there is no AI configuration")
    return body


@claim(
    "NKN-AI-1",
    "A number's AI configuration has the documented blocks.",
    needs=CTL,
)
def ai_configurations(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    for addons in ([], ALL_ADDONS):
        number = new_number(account, addons=addons)
        exchange = account.get(f"{NUMBERS}/{number['id']}/ai")
        odd = odd_fields(exchange.json(), AI_CONFIG, "the AI configuration")
        ctx.check_(exchange.status == 200 and odd is None, f"an AI configuration: {odd or exchange}", exchange)
        told_ = exchange.json()["number_id"]
        ctx.expect(told_ == number["id"], f"its number_id: expected {number['id']}, got {told_}", exchange)
    refused(ctx, account.get(f"{NUMBERS}/num_000000000000/ai"), (404,), "the AI configuration of an unknown number")


@claim(
    "NKN-AI-2",
    "PATCH changes only the blocks, and in them the fields, that are present; a voice is one of the seven, "
    "and bad values are refused.",
    needs=CTL,
)
def ai_configurations_changed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account, addons=ALL_ADDONS)
    path = f"{NUMBERS}/{number['id']}/ai"
    current = config(account, number)
    changes: list[dict[str, Any]] = [{"auto_pickup": {"voice": voice}} for voice in VOICES]
    changes += [
        {"auto_pickup": {"after_rings": 6}},
        {"auto_pickup": {"enabled": False, "script": "Please call back tomorrow."}},
        {"screening": {"enabled": False}},
        {"translator": {"target_language": "de"}},
        {"voicemail_summary": {"include_sentiment": False}},
        {"auto_pickup": {"enabled": True}, "translator": {"enabled": False}},
        {},
    ]
    for change in changes:
        exchange = account.patch(path, change)
        ctx.check_(exchange.status == 200, f"PATCH {change}: expected 200, got {exchange}", exchange)
        wanted = {**current, **{block: {**current[block], **fields} for block, fields in change.items()}}
        current = config(account, number)
        ctx.check_(current == wanted, f"after PATCH {change}: expected that and nothing else to change", exchange)
    odd: tuple[dict[str, Any], ...] = (
        {"auto_pickup": {"voice": "husky_en"}},
        {"auto_pickup": {"voice": ""}},
        {"auto_pickup": {"after_rings": 0}},
        {"auto_pickup": {"after_rings": -1}},
        {"auto_pickup": {"after_rings": "four"}},
        {"auto_pickup": {"language": "klingon"}},
        {"auto_pickup": {"enabled": "yes"}},
        {"translator": {"target_language": "klingon"}},
        {"screening": "on"},
    )
    for change in odd:
        refused(ctx, account.patch(path, change), UNPROCESSED, f"PATCH {change}", "invalid_request_error")
        ctx.expect(config(account, number) == current, f"after the refused PATCH {change}: expected it as it was")


@claim(
    "NKN-AI-3",
    "auto_pickup answers an inbound call that nobody takes after so many rings, and fires ai.pickup.",
    needs=CTL,
)
def calls_that_the_agent_takes(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    _, inbox = hook(ctx, account, "ai.pickup")
    number = new_number(account, addons=["ai-pickup"])
    path = f"{NUMBERS}/{number['id']}/ai"
    waits = []
    for rings in (2, 6):
        exchange = account.patch(path, {"auto_pickup": {"enabled": True, "after_rings": rings}})
        ctx.precondition(exchange.status == 200, f"auto_pickup could not be set: {exchange}")
        heard = len(told(inbox))
        id_ = ring(account, number, end="no_answer")
        account.advance(HOUR)
        call = fetched(account, CALLS, id_)
        began, answered = moment(call["started_at"]), moment(call["answered_at"])
        ctx.check_(
            call["status"] == "completed" and began is not None and answered is not None,
            f"a call that nobody takes, with auto_pickup after {rings} rings: it is {call['status']}",
            exchange,
        )
        if began is not None and answered is not None:
            waits.append((answered - began).total_seconds())
        came = [about(event).get("id") for event in told(inbox)[heard:]]
        ctx.expect(came == [id_], f"ai.pickup for that call: expected one, got {came}", *inbox.received)
    ctx.expect(
        waits[0] > 0 and waits[1] == 3 * waits[0],
        f"the waits for 2 and for 6 rings: expected the second three times the first, got {waits} s",
    )
    heard = len(told(inbox))
    quick = ring(account, number, answer_after=1, duration=10)
    account.advance(HOUR)
    ctx.expect(
        fetched(account, CALLS, quick)["status"] == "completed" and len(told(inbox)) == heard,
        "a call that somebody takes in time: expected no ai.pickup",
        *inbox.received,
    )
    account.patch(path, {"auto_pickup": {"enabled": False}})
    missed = ring(account, number, end="no_answer")
    account.advance(HOUR)
    status = fetched(account, CALLS, missed)["status"]
    ctx.expect(
        status == "no_answer" and len(told(inbox)) == heard,
        f"a call that nobody takes without auto_pickup: expected no_answer and no ai.pickup, it is {status}",
        *inbox.received,
    )


@claim(
    "NKN-AI-4",
    "A number's add-ons are the same in the number and in its AI configuration, and ai_enabled tells whether "
    "there are any.",
    needs=CTL,
)
def addons_in_both_places(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    line = f"{NUMBERS}/{number['id']}"
    for addons in ([], ["ai-pickup"], ALL_ADDONS, ["ai-trans"], []):
        exchange = account.patch(line, {"addons": addons})
        ctx.precondition(exchange.status == 200, f"addons could not be set: {exchange}")
        shown, configured = fetched(account, NUMBERS, number["id"]), config(account, number)
        ctx.expect(
            sorted(shown["addons"]) == sorted(configured["addons"]) == sorted(addons),
            f"add-ons {addons}: the number has {shown['addons']}, its AI configuration {configured['addons']}",
            exchange,
        )
        ctx.expect(
            shown["ai_enabled"] is bool(addons), f"ai_enabled with {addons}: it is {shown['ai_enabled']}", exchange
        )
