"""Mutants of "Calls", "SMS messages" and "Voicemails"."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.nokycnumber.mutants.register import (
    CALLS,
    REGISTRY,
    SMS,
    VOICEMAILS,
    Thing,
    backend,
    forget,
    is_list,
    is_one,
    posted,
    refuse,
    rewrite,
    sent,
    show,
)

RINGING = 2


def _placed(answer: MutableResponse) -> bool:
    return posted(answer, CALLS) and answer.status == 201


def _call_ids(path: str) -> str:
    return path.removeprefix(f"{CALLS}/").partition("/")[0]


@REGISTRY.on_response("calls.placed-is-200", "NKN-CALL-1", "An outbound call is answered 200.")
def _placed_is_200(answer: MutableResponse, _: Emulator) -> None:
    if _placed(answer):
        answer.status = 200


@REGISTRY.on_response("calls.cost-at-once", "NKN-CALL-1", "A call that was just placed costs 0 already.")
def _cost_at_once(answer: MutableResponse, _: Emulator) -> None:
    if _placed(answer):
        show(answer, "call", lambda call: call.update(cost_usd=0))


@REGISTRY.on_response("calls.answered-at-once", "NKN-CALL-1", "A call that was just placed is in progress.")
def _answered_at_once(answer: MutableResponse, _: Emulator) -> None:
    if _placed(answer):
        show(answer, "call", lambda call: call.update(status="in_progress"))


@REGISTRY.on_response(
    "calls.duration-with-ringing", "NKN-CALL-2", "duration_sec counts the ringing too.", "NKN-CALL-7", "NKN-CALL-10"
)
def _duration_with_ringing(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda c: c.update(duration_sec=c["duration_sec"] + RINGING if c["answered_at"] else 0))


@REGISTRY.on_response("calls.busy-is-failed", "NKN-CALL-2", "A call that was busy is shown as failed.")
def _busy_is_failed(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda c: c.update(status="failed") if c["status"] == "busy" else None)


@REGISTRY.on_start("calls.charged-otherwise", "NKN-CALL-2", "A call is charged another amount than cost_usd.")
def _charged_otherwise(emulator: Emulator) -> None:
    def make(charge: Any) -> Any:
        def otherwise(account: str, amount: int, why: str, ref: str) -> None:
            charge(account, amount + (1_000 if why == "call" and amount else 0), why, ref)

        return otherwise

    patch(backend(emulator).money, "charge", make)


@REGISTRY.on_response("calls.cost-stays-null", "NKN-CALL-2", "cost_usd of a call stays null.", "NKN-CALL-10")
def _cost_stays_null(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda call: call.update(cost_usd=None))


@REGISTRY.on_request("calls.to-is-mended", "NKN-CALL-3", "The blanks in a call's `to` are passed over.")
def _to_is_mended(asked: Request) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda b: b.update(to=b["to"].replace(" ", "")) if isinstance(b.get("to"), str) else None)


@REGISTRY.on_request("calls.any-mask", "NKN-CALL-3", "A callerid_mask of somebody else's number is taken.")
def _any_mask(asked: Request) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda b: b.update(callerid_mask="hide") if str(b.get("callerid_mask"))[:1] == "+" else None)


@REGISTRY.on_response(
    "calls.foreign-from-is-500", "NKN-CALL-3", "A `from` that is not owned is answered 500.", "NKN-ERR-9", "NKN-AUTH-7"
)
def _foreign_from_is_500(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CALLS) and answer.status == 404:
        refuse(answer, 500, "api_error")


def _links(emulator: Emulator, change: Any) -> None:
    patch(backend(emulator), "check_link", lambda check: lambda path, query, now: change(check, path, query, now))


@REGISTRY.on_start("links.of-recordings-for-good", "NKN-CALL-4", "A recording_url works for good.")
def _of_recordings_for_good(emulator: Emulator) -> None:
    _links(emulator, lambda check, path, query, now: check(path, query, None if "/recordings/" in path else now))


@REGISTRY.on_start("links.of-recordings-unsigned", "NKN-CALL-4", "The signature of a recording_url is not looked at.")
def _of_recordings_unsigned(emulator: Emulator) -> None:
    _links(emulator, lambda check, path, query, now: None if "/recordings/" in path else check(path, query, now))


@REGISTRY.on_start("calls.recorded-for-good", "NKN-CALL-4", "A recording is kept for good.")
def _recorded_for_good(emulator: Emulator) -> None:
    def make(_: Any) -> Any:
        return lambda call: call.state == "completed" and call.recording and call.duration > 0

    patch(backend(emulator).phones, "recording", make)


@REGISTRY.on_request(
    "calls.always-recorded",
    "NKN-CALL-4",
    "Every call is recorded.",
    "NKN-CALL-1",
    "NKN-HOOK-3",
    "NKN-HOOK-8",
    "NKN-CALL-3",
    "NKN-CALL-7",
)
def _always_recorded(asked: Request) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda body: body.update(recording_enabled=True))


@REGISTRY.on_response("calls.recording-is-wav", "NKN-CALL-4", "A recording is said to be audio/wav.")
def _recording_is_wav(answer: MutableResponse, _: Emulator) -> None:
    if "/recordings/" in answer.asked.path and answer.status == 200:
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"audio/wav"))


@REGISTRY.on_start("calls.metadata-not-at-the-end", "NKN-CALL-5", "call.completed has no metadata.")
def _metadata_not_at_the_end(emulator: Emulator) -> None:
    def drop(event: Thing) -> Thing:
        if event["type"] == "call.completed":
            event["data"]["object"].pop("metadata", None)
        return event

    sent(emulator, drop)


@REGISTRY.on_start("calls.metadata-as-text", "NKN-CALL-5", "Metadata comes back as text.")
def _metadata_as_text(emulator: Emulator) -> None:
    def spell(event: Thing) -> Thing:
        thing = event["data"]["object"]
        if event["type"].startswith("call.") and thing.get("metadata"):
            thing["metadata"] = {name: str(value) for name, value in thing["metadata"].items()}
        return event

    sent(emulator, spell)


def _filter(path: str, claim: str, word: str, name: str) -> None:
    touches = ("NKN-CONV-3",) if name.startswith("created_") else ()

    @REGISTRY.on_request(f"{word}.{name}-is-ignored", claim, f"The list of {word} is not filtered by {name}.", *touches)
    def _ignored(asked: Request) -> None:
        forget(asked, path, name)


for _name in ("number", "direction", "status", "created_after", "created_before"):
    _filter(CALLS, "NKN-CALL-6", "calls", _name)
for _name in ("number", "direction", "status"):
    _filter(SMS, "NKN-SMS-7", "messages", _name)


@REGISTRY.on_response("calls.second-hangup-is-409", "NKN-CALL-7", "A hangup of a call that has ended is answered 409.")
def _second_hangup_is_409(answer: MutableResponse, emulator: Emulator) -> None:
    call = emulator.services.calls.records.get(_call_ids(answer.asked.path))
    hung = answer.asked.path.endswith("/hangup") and call is not None
    if (
        hung
        and call is not None
        and call.ended_at != emulator.services.clock.now(call.account)
        and answer.status == 200
    ):
        refuse(answer, 409, "resource_error")


@REGISTRY.on_start("calls.hangup-does-nothing", "NKN-CALL-7", "A hangup does nothing.")
def _hangup_does_nothing(emulator: Emulator) -> None:
    patch(emulator.services.calls, "hang_up", lambda _: lambda call: None)


@REGISTRY.on_response("calls.inbound-are-not-listed", "NKN-CALL-8", "Inbound calls are not in the list.", "NKN-CALL-6")
def _inbound_are_not_listed(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, CALLS) and "limit" not in answer.asked.query:
        body = answer.json()
        answer.say(200, {**body, "data": [call for call in body["data"] if call["direction"] == "outbound"]})


@REGISTRY.on_start(
    "calls.inbound-in-silence", "NKN-CALL-8", "Inbound calls are not told as events.", "NKN-AI-3", "NKN-HOOK-3"
)
def _inbound_in_silence(emulator: Emulator) -> None:
    def drop(event: Thing) -> Thing | None:
        inbound = event["type"].startswith("call.") and event["data"]["object"]["direction"] == "inbound"
        return None if inbound else event

    sent(emulator, drop)


@REGISTRY.on_response(
    "calls.inbound-from-us",
    "NKN-CALL-8",
    "An inbound call is shown as from our number to the caller.",
    "NKN-CALL-6",
    "NKN-CALL-10",
)
def _inbound_from_us(answer: MutableResponse, _: Emulator) -> None:
    def turn(call: Thing) -> None:
        if call["direction"] == "inbound":
            call.update(to=call["from_e164"], from_e164=call["to"])

    if is_list(answer, CALLS):
        show(answer, "call", turn)


@REGISTRY.on_response(
    "calls.list-without-duration", "NKN-CALL-9", "Listed calls lack duration_sec.", "NKN-CALL-8", "NKN-CALL-10"
)
def _list_without_duration(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, CALLS):
        show(answer, "call", lambda call: call.pop("duration_sec"))


@REGISTRY.on_response("calls.cost-as-text", "NKN-CALL-9", "Listed calls have their cost as text.", "NKN-CALL-10")
def _cost_as_text(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, CALLS):
        show(answer, "call", lambda call: call.update(cost_usd=str(call["cost_usd"])))


@REGISTRY.on_response("calls.unknown-is-400", "NKN-CALL-10", "An id that no call could have is answered 400.")
def _call_unknown_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == f"{CALLS}/nope":
        refuse(answer, 400)


@REGISTRY.on_response(
    "calls.hangup-of-unknown-is-409", "NKN-CALL-10", "A hangup of no call at all is answered 409.", "NKN-AUTH-7"
)
def _hangup_of_unknown_is_409(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path.endswith("/hangup") and answer.asked.method == "POST":
        refuse(answer, 409)


# -- messages ------


def _texted(answer: MutableResponse) -> bool:
    return posted(answer, SMS) and answer.status == 201


@REGISTRY.on_response(
    "messages.sent-at-once", "NKN-SMS-1", "A message is shown as sent when it was only queued.", "NKN-SMS-6"
)
def _sent_at_once(answer: MutableResponse, _: Emulator) -> None:
    if _texted(answer):
        show(answer, "sms", lambda text: text.update(status="sent"))


@REGISTRY.on_start("messages.charged-by-message", "NKN-SMS-1", "A message is charged by message, not by segment.")
def _charged_by_message(emulator: Emulator) -> None:
    def make(charge: Any) -> Any:
        def flat(account: str, amount: int, why: str, ref: str) -> None:
            charge(account, 12_000 if why == "sms" else amount, why, ref)

        return flat

    patch(backend(emulator).money, "charge", make)


def _segmented(name: str, breaks: str, count: Any) -> None:
    @REGISTRY.on_response(f"messages.{name}", "NKN-SMS-2", breaks, "NKN-SMS-1")
    def _recount(answer: MutableResponse, _: Emulator) -> None:
        if _texted(answer):
            show(answer, "sms", lambda text: text.update(segments=count(text["body"], text["segments"])))


_segmented(
    "segments-of-160",
    "Every segment holds 160 characters.",
    lambda body, n: -(-len(body) // 160) if body.isascii() else n,
)
_segmented("always-gsm", "Every character is taken to be of GSM 03.38.", lambda body, n: 1 if len(body) <= 160 else n)
_segmented(
    "pairs-are-split",
    "A pair of places at the end of a segment is split.",
    lambda body, n: 2 if len(body) == 305 and n == 3 else n,
)
_segmented(
    "extension-counts-one",
    "A character of the extension counts one.",
    lambda body, n: 1 if len(body) == 81 and n == 2 else n,
)
_segmented(
    "surrogates-count-one",
    "A character beyond the basic plane counts one.",
    lambda body, n: 1 if len(body) == 36 and n == 2 else n,
)


@REGISTRY.on_request("messages.too-long-is-cut", "NKN-SMS-3", "A body over 1,600 characters is cut short.")
def _too_long_is_cut(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(
            asked,
            lambda b: b.update(body="a" * 20) if isinstance(b.get("body"), str) and len(b["body"]) > 1600 else None,
        )


@REGISTRY.on_request("messages.eleven-segments", "NKN-SMS-3", "Eleven segments are taken.")
def _eleven_segments(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(body="x") if b.get("body") == "a" * 1531 else None)


@REGISTRY.on_request("messages.empty-is-a-blank", "NKN-SMS-3", "An empty body is sent as a blank.")
def _empty_is_a_blank(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(body=" ") if b.get("body") == "" else None)


@REGISTRY.on_request("messages.send_at-is-ignored", "NKN-SMS-4", "send_at makes no difference.")
def _send_at_is_ignored(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.pop("send_at", None) if str(b.get("send_at")).startswith("2026-01-01T0") else None)


@REGISTRY.on_request("messages.past-is-now", "NKN-SMS-4", "A send_at that is past sends at once.")
def _past_is_now(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.pop("send_at", None) if str(b.get("send_at")).startswith("2020") else None)


@REGISTRY.on_request("messages.six-pictures", "NKN-SMS-5", "A sixth media_url is dropped in silence.")
def _six_pictures(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(
            asked, lambda b: b.update(media_urls=b["media_urls"][:5]) if isinstance(b.get("media_urls"), list) else None
        )


@REGISTRY.on_response("messages.pictures-everywhere", "NKN-SMS-5", "MMS is taken where the country has none.")
def _pictures_everywhere(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "mms_not_supported":
        answer.say(201, {"object": "none"})


@REGISTRY.on_response("messages.pictures-are-lost", "NKN-SMS-5", "media_urls are not shown.")
def _pictures_are_lost(answer: MutableResponse, _: Emulator) -> None:
    if _texted(answer):
        show(answer, "sms", lambda text: text.update(media_urls=[]))


@REGISTRY.on_response("messages.failure-without-code", "NKN-SMS-6", "A message that failed has no failure_code.")
def _failure_without_code(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(failure_code=None))


@REGISTRY.on_response("messages.delivered-without-time", "NKN-SMS-6", "delivered_at stays null.", "NKN-SMS-4")
def _delivered_without_time(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(delivered_at=None))


@REGISTRY.on_response("messages.undelivered-is-failed", "NKN-SMS-6", "An undelivered message is shown as failed.")
def _undelivered_is_failed(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(status="failed") if text["status"] == "undelivered" else None)


@REGISTRY.on_response("messages.without-segments", "NKN-SMS-7", "One message does not show how its segments fared.")
def _without_segments(answer: MutableResponse, _: Emulator) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.pop("segment_status", None))


@REGISTRY.on_response(
    "messages.inbound-are-not-listed", "NKN-SMS-8", "Inbound messages are not in the list.", "NKN-SMS-7"
)
def _texts_inbound_are_not_listed(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, SMS):
        body = answer.json()
        answer.say(200, {**body, "data": [text for text in body["data"] if text["direction"] == "outbound"]})


@REGISTRY.on_start(
    "messages.inbound-in-silence", "NKN-SMS-8", "An inbound message fires no sms.received.", "NKN-HOOK-3", "NKN-HOOK-2"
)
def _texts_inbound_in_silence(emulator: Emulator) -> None:
    sent(emulator, lambda event: None if event["type"] == "sms.received" else event)


@REGISTRY.on_response(
    "messages.segments-as-text", "NKN-SMS-9", "Listed messages have their segments as text.", "NKN-SMS-8"
)
def _segments_as_text(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, SMS):
        show(answer, "sms", lambda text: text.update(segments=str(text["segments"])))


@REGISTRY.on_response("messages.list-without-failure_code", "NKN-SMS-9", "Listed messages lack failure_code.")
def _list_without_failure_code(answer: MutableResponse, _: Emulator) -> None:
    if is_list(answer, SMS):
        show(answer, "sms", lambda text: text.pop("failure_code"))


@REGISTRY.on_request("messages.to-is-mended", "NKN-SMS-10", "The blanks in a message's `to` are passed over.")
def _texts_to_is_mended(asked: Request) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(to=b["to"].replace(" ", "")) if isinstance(b.get("to"), str) else None)


@REGISTRY.on_response("messages.unknown-is-400", "NKN-SMS-10", "An id that no message could have is answered 400.")
def _text_unknown_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == f"{SMS}/nope":
        refuse(answer, 400)


# -- voicemails ------


@REGISTRY.on_start("links.of-voicemails-for-good", "NKN-VM-1", "An audio_url works for good.")
def _of_voicemails_for_good(emulator: Emulator) -> None:
    _links(emulator, lambda check, path, query, now: check(path, query, None if "/voicemails/" in path else now))


@REGISTRY.on_start("links.of-voicemails-unsigned", "NKN-VM-1", "The signature of an audio_url is not looked at.")
def _of_voicemails_unsigned(emulator: Emulator) -> None:
    _links(emulator, lambda check, path, query, now: None if "/voicemails/" in path else check(path, query, now))


@REGISTRY.on_response("voicemails.without-transcript", "NKN-VM-1", "A voicemail's transcript is empty.", "NKN-VM-2")
def _without_transcript(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "voicemail", lambda mail: mail.update(transcript={}))


@REGISTRY.on_response("voicemails.always-summed-up", "NKN-VM-2", "Voicemails are summed up without the add-on.")
def _always_summed_up(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "voicemail", lambda mail: mail["transcript"].update(summary="Somebody called."))


@REGISTRY.on_response("voicemails.never-translated", "NKN-VM-2", "Voicemails are not translated even with the add-on.")
def _never_translated(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "voicemail", lambda mail: mail["transcript"].update(translation_en=None))


@REGISTRY.on_response("voicemails.deletion-is-200", "NKN-VM-3", "DELETE of a voicemail is answered 200.", "NKN-AUTH-4")
def _deletion_is_200(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.asked.path.startswith(VOICEMAILS) and answer.status == 204:
        answer.say(200, {"deleted": True})


@REGISTRY.on_start("voicemails.audio-stays", "NKN-VM-3", "The audio of a voicemail that was deleted is there still.")
def _audio_stays(emulator: Emulator) -> None:
    mailbox = backend(emulator).mailbox
    gone: dict[str, Any] = {}

    def forget_it(delete: Any) -> Any:
        def kept(account: str, id_: str) -> None:
            voicemail = mailbox.of(account, id_)
            delete(account, id_)
            gone[id_] = voicemail

        return kept

    patch(mailbox, "delete", forget_it)
    patch(mailbox.records, "get", lambda get: lambda id_: get(id_) or gone.get(id_))
    patch(mailbox, "of", lambda of: lambda account, id_: of(account, id_ if id_ not in gone else "vm_"))
