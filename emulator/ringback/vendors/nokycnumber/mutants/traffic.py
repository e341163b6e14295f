"""Mutants of "Calls", "SMS messages" and "Voicemails"."""

from __future__ import annotations

from typing import Any

from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.nokycnumber.mutants.register import (
    BOOK,
    CALLS,
    SMS,
    VOICEMAILS,
    Thing,
    forget,
    house,
    is_list,
    is_one,
    posted,
    refuse,
    rewrite,
    sent,
    show,
)

RINGING = 2


def _placed(answer: Answered) -> bool:
    return posted(answer, CALLS) and answer.status == 201


def _call_ids(path: str) -> str:
    return path.removeprefix(f"{CALLS}/").partition("/")[0]


@BOOK.answered("calls.placed-is-200", "NKN-CALL-1", "An outbound call is answered 200.")
def _placed_is_200(answer: Answered, _: World) -> None:
    if _placed(answer):
        answer.status = 200


@BOOK.answered("calls.cost-at-once", "NKN-CALL-1", "A call that was just placed costs 0 already.")
def _cost_at_once(answer: Answered, _: World) -> None:
    if _placed(answer):
        show(answer, "call", lambda call: call.update(cost_usd=0))


@BOOK.answered("calls.answered-at-once", "NKN-CALL-1", "A call that was just placed is in progress.")
def _answered_at_once(answer: Answered, _: World) -> None:
    if _placed(answer):
        show(answer, "call", lambda call: call.update(status="in_progress"))


@BOOK.answered(
    "calls.duration-with-ringing", "NKN-CALL-2", "duration_sec counts the ringing too.", "NKN-CALL-7", "NKN-CALL-10"
)
def _duration_with_ringing(answer: Answered, _: World) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda c: c.update(duration_sec=c["duration_sec"] + RINGING if c["answered_at"] else 0))


@BOOK.answered("calls.busy-is-failed", "NKN-CALL-2", "A call that was busy is shown as failed.")
def _busy_is_failed(answer: Answered, _: World) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda c: c.update(status="failed") if c["status"] == "busy" else None)


@BOOK.world("calls.charged-otherwise", "NKN-CALL-2", "A call is charged another amount than cost_usd.")
def _charged_otherwise(world: World) -> None:
    def make(charge: Any) -> Any:
        def otherwise(account: str, amount: int, why: str, ref: str) -> None:
            charge(account, amount + (1_000 if why == "call" and amount else 0), why, ref)

        return otherwise

    swap(house(world).money, "charge", make)


@BOOK.answered("calls.cost-stays-null", "NKN-CALL-2", "cost_usd of a call stays null.", "NKN-CALL-10")
def _cost_stays_null(answer: Answered, _: World) -> None:
    if is_one(answer, CALLS):
        show(answer, "call", lambda call: call.update(cost_usd=None))


@BOOK.asked("calls.to-is-mended", "NKN-CALL-3", "The blanks in a call's `to` are passed over.")
def _to_is_mended(asked: Asked) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda b: b.update(to=b["to"].replace(" ", "")) if isinstance(b.get("to"), str) else None)


@BOOK.asked("calls.any-mask", "NKN-CALL-3", "A callerid_mask of somebody else's number is taken.")
def _any_mask(asked: Asked) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda b: b.update(callerid_mask="hide") if str(b.get("callerid_mask"))[:1] == "+" else None)


@BOOK.answered(
    "calls.foreign-from-is-500", "NKN-CALL-3", "A `from` that is not owned is answered 500.", "NKN-ERR-9", "NKN-AUTH-7"
)
def _foreign_from_is_500(answer: Answered, _: World) -> None:
    if posted(answer, CALLS) and answer.status == 404:
        refuse(answer, 500, "api_error")


def _links(world: World, change: Any) -> None:
    swap(house(world), "check_link", lambda check: lambda path, query, now: change(check, path, query, now))


@BOOK.world("links.of-recordings-for-good", "NKN-CALL-4", "A recording_url works for good.")
def _of_recordings_for_good(world: World) -> None:
    _links(world, lambda check, path, query, now: check(path, query, None if "/recordings/" in path else now))


@BOOK.world("links.of-recordings-unsigned", "NKN-CALL-4", "The signature of a recording_url is not looked at.")
def _of_recordings_unsigned(world: World) -> None:
    _links(world, lambda check, path, query, now: None if "/recordings/" in path else check(path, query, now))


@BOOK.world("calls.recorded-for-good", "NKN-CALL-4", "A recording is kept for good.")
def _recorded_for_good(world: World) -> None:
    def make(_: Any) -> Any:
        return lambda call: call.state == "completed" and call.recording and call.duration > 0

    swap(house(world).phones, "recording", make)


@BOOK.asked(
    "calls.always-recorded",
    "NKN-CALL-4",
    "Every call is recorded.",
    "NKN-CALL-1",
    "NKN-HOOK-3",
    "NKN-HOOK-8",
    "NKN-CALL-3",
    "NKN-CALL-7",
)
def _always_recorded(asked: Asked) -> None:
    if posted(asked, CALLS):
        rewrite(asked, lambda body: body.update(recording_enabled=True))


@BOOK.answered("calls.recording-is-wav", "NKN-CALL-4", "A recording is said to be audio/wav.")
def _recording_is_wav(answer: Answered, _: World) -> None:
    if "/recordings/" in answer.asked.path and answer.status == 200:
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"audio/wav"))


@BOOK.world("calls.metadata-not-at-the-end", "NKN-CALL-5", "call.completed has no metadata.")
def _metadata_not_at_the_end(world: World) -> None:
    def drop(event: Thing) -> Thing:
        if event["type"] == "call.completed":
            event["data"]["object"].pop("metadata", None)
        return event

    sent(world, drop)


@BOOK.world("calls.metadata-as-text", "NKN-CALL-5", "Metadata comes back as text.")
def _metadata_as_text(world: World) -> None:
    def spell(event: Thing) -> Thing:
        thing = event["data"]["object"]
        if event["type"].startswith("call.") and thing.get("metadata"):
            thing["metadata"] = {name: str(value) for name, value in thing["metadata"].items()}
        return event

    sent(world, spell)


def _filter(path: str, claim: str, word: str, name: str) -> None:
    touches = ("NKN-CONV-3",) if name.startswith("created_") else ()

    @BOOK.asked(f"{word}.{name}-is-ignored", claim, f"The list of {word} is not filtered by {name}.", *touches)
    def _ignored(asked: Asked) -> None:
        forget(asked, path, name)


for _name in ("number", "direction", "status", "created_after", "created_before"):
    _filter(CALLS, "NKN-CALL-6", "calls", _name)
for _name in ("number", "direction", "status"):
    _filter(SMS, "NKN-SMS-7", "messages", _name)


@BOOK.answered("calls.second-hangup-is-409", "NKN-CALL-7", "A hangup of a call that has ended is answered 409.")
def _second_hangup_is_409(answer: Answered, world: World) -> None:
    call = world.calls.records.get(_call_ids(answer.asked.path))
    hung = answer.asked.path.endswith("/hangup") and call is not None
    if hung and call is not None and call.ended_at != world.clock.now(call.account) and answer.status == 200:
        refuse(answer, 409, "resource_error")


@BOOK.world("calls.hangup-does-nothing", "NKN-CALL-7", "A hangup does nothing.")
def _hangup_does_nothing(world: World) -> None:
    swap(world.calls, "hang_up", lambda _: lambda call: None)


@BOOK.answered("calls.inbound-are-not-listed", "NKN-CALL-8", "Inbound calls are not in the list.", "NKN-CALL-6")
def _inbound_are_not_listed(answer: Answered, _: World) -> None:
    if is_list(answer, CALLS) and "limit" not in answer.asked.query:
        body = answer.json()
        answer.say(200, {**body, "data": [call for call in body["data"] if call["direction"] == "outbound"]})


@BOOK.world("calls.inbound-in-silence", "NKN-CALL-8", "Inbound calls are not told as events.", "NKN-AI-3", "NKN-HOOK-3")
def _inbound_in_silence(world: World) -> None:
    def drop(event: Thing) -> Thing | None:
        inbound = event["type"].startswith("call.") and event["data"]["object"]["direction"] == "inbound"
        return None if inbound else event

    sent(world, drop)


@BOOK.answered(
    "calls.inbound-from-us",
    "NKN-CALL-8",
    "An inbound call is shown as from our number to the caller.",
    "NKN-CALL-6",
    "NKN-CALL-10",
)
def _inbound_from_us(answer: Answered, _: World) -> None:
    def turn(call: Thing) -> None:
        if call["direction"] == "inbound":
            call.update(to=call["from_e164"], from_e164=call["to"])

    if is_list(answer, CALLS):
        show(answer, "call", turn)


@BOOK.answered(
    "calls.list-without-duration", "NKN-CALL-9", "Listed calls lack duration_sec.", "NKN-CALL-8", "NKN-CALL-10"
)
def _list_without_duration(answer: Answered, _: World) -> None:
    if is_list(answer, CALLS):
        show(answer, "call", lambda call: call.pop("duration_sec"))


@BOOK.answered("calls.cost-as-text", "NKN-CALL-9", "Listed calls have their cost as text.", "NKN-CALL-10")
def _cost_as_text(answer: Answered, _: World) -> None:
    if is_list(answer, CALLS):
        show(answer, "call", lambda call: call.update(cost_usd=str(call["cost_usd"])))


@BOOK.answered("calls.unknown-is-400", "NKN-CALL-10", "An id that no call could have is answered 400.")
def _call_unknown_is_400(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == f"{CALLS}/nope":
        refuse(answer, 400)


@BOOK.answered(
    "calls.hangup-of-unknown-is-409", "NKN-CALL-10", "A hangup of no call at all is answered 409.", "NKN-AUTH-7"
)
def _hangup_of_unknown_is_409(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path.endswith("/hangup") and answer.asked.method == "POST":
        refuse(answer, 409)


# -- messages ------


def _texted(answer: Answered) -> bool:
    return posted(answer, SMS) and answer.status == 201


@BOOK.answered("messages.sent-at-once", "NKN-SMS-1", "A message is shown as sent when it was only queued.", "NKN-SMS-6")
def _sent_at_once(answer: Answered, _: World) -> None:
    if _texted(answer):
        show(answer, "sms", lambda text: text.update(status="sent"))


@BOOK.world("messages.charged-by-message", "NKN-SMS-1", "A message is charged by message, not by segment.")
def _charged_by_message(world: World) -> None:
    def make(charge: Any) -> Any:
        def flat(account: str, amount: int, why: str, ref: str) -> None:
            charge(account, 12_000 if why == "sms" else amount, why, ref)

        return flat

    swap(house(world).money, "charge", make)


def _segmented(name: str, breaks: str, count: Any) -> None:
    @BOOK.answered(f"messages.{name}", "NKN-SMS-2", breaks, "NKN-SMS-1")
    def _recount(answer: Answered, _: World) -> None:
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


@BOOK.asked("messages.too-long-is-cut", "NKN-SMS-3", "A body over 1,600 characters is cut short.")
def _too_long_is_cut(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(
            asked,
            lambda b: b.update(body="a" * 20) if isinstance(b.get("body"), str) and len(b["body"]) > 1600 else None,
        )


@BOOK.asked("messages.eleven-segments", "NKN-SMS-3", "Eleven segments are taken.")
def _eleven_segments(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(body="x") if b.get("body") == "a" * 1531 else None)


@BOOK.asked("messages.empty-is-a-blank", "NKN-SMS-3", "An empty body is sent as a blank.")
def _empty_is_a_blank(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(body=" ") if b.get("body") == "" else None)


@BOOK.asked("messages.send_at-is-ignored", "NKN-SMS-4", "send_at makes no difference.")
def _send_at_is_ignored(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.pop("send_at", None) if str(b.get("send_at")).startswith("2026-01-01T0") else None)


@BOOK.asked("messages.past-is-now", "NKN-SMS-4", "A send_at that is past sends at once.")
def _past_is_now(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.pop("send_at", None) if str(b.get("send_at")).startswith("2020") else None)


@BOOK.asked("messages.six-pictures", "NKN-SMS-5", "A sixth media_url is dropped in silence.")
def _six_pictures(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(
            asked, lambda b: b.update(media_urls=b["media_urls"][:5]) if isinstance(b.get("media_urls"), list) else None
        )


@BOOK.answered("messages.pictures-everywhere", "NKN-SMS-5", "MMS is taken where the country has none.")
def _pictures_everywhere(answer: Answered, _: World) -> None:
    if answer.code == "mms_not_supported":
        answer.say(201, {"object": "none"})


@BOOK.answered("messages.pictures-are-lost", "NKN-SMS-5", "media_urls are not shown.")
def _pictures_are_lost(answer: Answered, _: World) -> None:
    if _texted(answer):
        show(answer, "sms", lambda text: text.update(media_urls=[]))


@BOOK.answered("messages.failure-without-code", "NKN-SMS-6", "A message that failed has no failure_code.")
def _failure_without_code(answer: Answered, _: World) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(failure_code=None))


@BOOK.answered("messages.delivered-without-time", "NKN-SMS-6", "delivered_at stays null.", "NKN-SMS-4")
def _delivered_without_time(answer: Answered, _: World) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(delivered_at=None))


@BOOK.answered("messages.undelivered-is-failed", "NKN-SMS-6", "An undelivered message is shown as failed.")
def _undelivered_is_failed(answer: Answered, _: World) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.update(status="failed") if text["status"] == "undelivered" else None)


@BOOK.answered("messages.without-segments", "NKN-SMS-7", "One message does not show how its segments fared.")
def _without_segments(answer: Answered, _: World) -> None:
    if is_one(answer, SMS):
        show(answer, "sms", lambda text: text.pop("segment_status", None))


@BOOK.answered("messages.inbound-are-not-listed", "NKN-SMS-8", "Inbound messages are not in the list.", "NKN-SMS-7")
def _texts_inbound_are_not_listed(answer: Answered, _: World) -> None:
    if is_list(answer, SMS):
        body = answer.json()
        answer.say(200, {**body, "data": [text for text in body["data"] if text["direction"] == "outbound"]})


@BOOK.world(
    "messages.inbound-in-silence", "NKN-SMS-8", "An inbound message fires no sms.received.", "NKN-HOOK-3", "NKN-HOOK-2"
)
def _texts_inbound_in_silence(world: World) -> None:
    sent(world, lambda event: None if event["type"] == "sms.received" else event)


@BOOK.answered("messages.segments-as-text", "NKN-SMS-9", "Listed messages have their segments as text.", "NKN-SMS-8")
def _segments_as_text(answer: Answered, _: World) -> None:
    if is_list(answer, SMS):
        show(answer, "sms", lambda text: text.update(segments=str(text["segments"])))


@BOOK.answered("messages.list-without-failure_code", "NKN-SMS-9", "Listed messages lack failure_code.")
def _list_without_failure_code(answer: Answered, _: World) -> None:
    if is_list(answer, SMS):
        show(answer, "sms", lambda text: text.pop("failure_code"))


@BOOK.asked("messages.to-is-mended", "NKN-SMS-10", "The blanks in a message's `to` are passed over.")
def _texts_to_is_mended(asked: Asked) -> None:
    if posted(asked, SMS):
        rewrite(asked, lambda b: b.update(to=b["to"].replace(" ", "")) if isinstance(b.get("to"), str) else None)


@BOOK.answered("messages.unknown-is-400", "NKN-SMS-10", "An id that no message could have is answered 400.")
def _text_unknown_is_400(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == f"{SMS}/nope":
        refuse(answer, 400)


# -- voicemails ------


@BOOK.world("links.of-voicemails-for-good", "NKN-VM-1", "An audio_url works for good.")
def _of_voicemails_for_good(world: World) -> None:
    _links(world, lambda check, path, query, now: check(path, query, None if "/voicemails/" in path else now))


@BOOK.world("links.of-voicemails-unsigned", "NKN-VM-1", "The signature of an audio_url is not looked at.")
def _of_voicemails_unsigned(world: World) -> None:
    _links(world, lambda check, path, query, now: None if "/voicemails/" in path else check(path, query, now))


@BOOK.answered("voicemails.without-transcript", "NKN-VM-1", "A voicemail's transcript is empty.", "NKN-VM-2")
def _without_transcript(answer: Answered, _: World) -> None:
    show(answer, "voicemail", lambda mail: mail.update(transcript={}))


@BOOK.answered("voicemails.always-summed-up", "NKN-VM-2", "Voicemails are summed up without the add-on.")
def _always_summed_up(answer: Answered, _: World) -> None:
    show(answer, "voicemail", lambda mail: mail["transcript"].update(summary="Somebody called."))


@BOOK.answered("voicemails.never-translated", "NKN-VM-2", "Voicemails are not translated even with the add-on.")
def _never_translated(answer: Answered, _: World) -> None:
    show(answer, "voicemail", lambda mail: mail["transcript"].update(translation_en=None))


@BOOK.answered("voicemails.deletion-is-200", "NKN-VM-3", "DELETE of a voicemail is answered 200.", "NKN-AUTH-4")
def _deletion_is_200(answer: Answered, _: World) -> None:
    if answer.asked.method == "DELETE" and answer.asked.path.startswith(VOICEMAILS) and answer.status == 204:
        answer.say(200, {"deleted": True})


@BOOK.world("voicemails.audio-stays", "NKN-VM-3", "The audio of a voicemail that was deleted is there still.")
def _audio_stays(world: World) -> None:
    mailbox = house(world).mailbox
    gone: dict[str, Any] = {}

    def forget_it(delete: Any) -> Any:
        def kept(account: str, id_: str) -> None:
            voicemail = mailbox.of(account, id_)
            delete(account, id_)
            gone[id_] = voicemail

        return kept

    swap(mailbox, "delete", forget_it)
    swap(mailbox.records, "get", lambda get: lambda id_: get(id_) or gone.get(id_))
    swap(mailbox, "of", lambda of: lambda account, id_: of(account, id_ if id_ not in gone else "vm_"))
