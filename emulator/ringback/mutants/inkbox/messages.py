"""Mutants of "Texts" and "Conversations": reading, groups, ranges of time, sending, search."""

from __future__ import annotations

import re
from typing import Any, get_args

from ringback.gateway.search import words
from ringback.mutants.inkbox.registry import mutant
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableRequest, MutableResponse, drop_query, error, respond, set_query
from ringback.mutants.transforms import apply, copy, reverse, set_to
from ringback.vendors.inkbox.records import Number, Party, Text, TextKind
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller
from ringback.vendors.inkbox.rules.conversations import Conversations
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.messages import Messages
from ringback.vendors.inkbox.wire.requests import TextBody
from ringback.vendors.inkbox.wire.responses import ConversationUpdate, TextView

# -- read ------

mutant(
    "texts.oldest-first", "INK-TXT-1", "Texts are listed oldest first.", "INK-AUTH-2", "INK-TXT-7", "INK-PAGE-1"
).response(reverse(""), on="listTexts")
mutant("texts.read-state-is-not-looked-at", "INK-TXT-1", "A list of unread texts has all.").request(
    drop_query("is_read"), on="listTexts"
)
mutant("texts.never-unread", "INK-TXT-1", "A text cannot be marked unread.").request(
    set_to("[is_read=false].is_read", True), on="updateText"
)


@mutant("texts.deleted-are-shown", "INK-TXT-1", "A deleted text is shown by its id.").patch(Data.text)
def _deleted_are_shown(text: Original, own: Inkbox, caller: Caller, number: Number, id_: str) -> Text:
    row = own.data.texts.get(id_)
    found: Text = row if row is not None and row.deleted and row.number_id == number.id else text(caller, number, id_)
    return found


mutant("texts.deleting-does-nothing", "INK-TXT-1", "A deleted text stays in every list.").returns(
    Conversations.delete, None
)
mutant("texts.deleted-are-found", "INK-TXT-1", "A search finds deleted texts.").result(
    Messages.search,
    lambda found, own, caller, number, kind, query, limit: [
        *found,
        *(
            own.message_views.view(text)
            for text in own.data.texts
            if text.deleted and text.number_id == number.id and words(query) <= words(text.body or "")
        ),
    ],
)


@mutant("texts.under-any-number", "INK-TXT-1", "A text is shown under any number.").patch(Data.text)
def _under_any_number(text: Original, own: Inkbox, caller: Caller, number: Number, id_: str) -> Text:
    row = own.data.texts.get(id_)
    if row is not None and row.account == number.account:
        number = own.data.numbers[row.number_id]
    found: Text = text(caller, number, id_)
    return found


# -- conversations ------

mutant("talks.nothing-unread", "INK-TXT-2", "A conversation has no unread texts.", "INK-TXT-1").response(
    set_to("[].unread_count", 0), on="listConversations"
)
mutant("talks.total-is-unread", "INK-TXT-2", "A conversation counts all texts as unread.").response(
    copy("[].unread_count", "total_count"), on="listConversations"
)
mutant("talks.oldest-first", "INK-TXT-2", "The conversation with the earliest text comes first.").response(
    reverse(""), on="listConversations"
)
mutant("talks.plus-is-a-space", "INK-TXT-2", "The plus sign in a path is read as a space.", "INK-SDK-1").instead(
    Conversations.find, lambda find, own, number, key: find(number, key.replace("+", " "))
)
mutant("talks.all-are-counted", "INK-TXT-2", "updated_count counts texts that did not change.").response(
    apply("updated_count", lambda count: count or 2), on="updateConversation"
)


@mutant("talks.marking-does-nothing", "INK-TXT-2", "Marking a conversation does not change its texts.").patch(
    Conversations.mark_all
)
def _mark_nothing(
    mark_all: Original, own: Inkbox, caller: Caller, number: Number, key: str, *, read: bool
) -> ConversationUpdate:
    conversation = own.conversations.find(number, key)
    texts = own.data.texts.oldest("conversation_any", conversation.id) if conversation is not None else []
    before = [(text, text.read) for text in texts]
    update: ConversationUpdate = mark_all(caller, number, key, read=read)
    for text, was_read in before:
        own.conversations.mark(text, read=was_read)
    return update


# -- groups ------

mutant("groups.always-listed", "INK-TXT-5", "Groups are listed by default.").request(
    set_query(include_groups="true"), on="listConversations", when=lambda request: "include_groups" not in request.query
)
mutant("groups.never-listed", "INK-TXT-5", "include_groups is ignored.").request(
    drop_query("include_groups"), on="listConversations"
)


def _name_first_recipient(text: Any) -> Any:
    if text["remote_phone_number"] is None and text["recipients"]:
        text["remote_phone_number"] = text["recipients"][0]["recipient_phone_number"]
    return text


mutant("groups.first-is-remote", "INK-TXT-5", "A text to a group names its first recipient.").response(
    apply("", _name_first_recipient), on="sendText"
)


@mutant("groups.replies-go-to-one", "INK-TXT-5", "A reply to a group goes to one member.").patch(Messages.recipients)
def _reply_to_one(recipients: Original, _: Inkbox, number: Number, body: TextBody) -> tuple[str, ...]:
    found: tuple[str, ...] = recipients(number, body)
    return found[:1] if body.conversation_id is not None else found


mutant("groups.answers-come-apart", "INK-TXT-5", "A text from a group is shown as from its sender alone.").instead(
    Messages.receive,
    lambda receive, own, to, sender, body, media, group: receive(to, sender, body, media, ()),
)


def _status_of_first(recipients: Any) -> Any:
    status = recipients[0]["delivery_status"] if recipients else None
    return recipients and [{**each, "delivery_status": status} for each in recipients]


mutant("groups.one-state-for-all", "INK-TXT-5", "All recipients of a group have the status of the first.").response(
    apply("recipients", _status_of_first), on="getText"
)

# -- ranges of time ------

mutant("ranges.end-is-dropped", "INK-TXT-7", "end_datetime is ignored.").request(
    drop_query("end_datetime"),
    on=("listTexts", "listConversations", "listNumberCalls"),
    when=lambda request: "13-01" not in request.query_string,
)
mutant("ranges.zone-is-dropped", "INK-TXT-7", "tz is ignored: times are in UTC.").request(
    drop_query("tz"), on="listTexts", when=lambda request: "Mars" not in request.query_string
)


def _end_at_midnight(request: MutableRequest[Inkbox]) -> None:
    request.query_string = re.sub(r"(end_datetime=\d{4}-\d\d-\d\d)(&|$)", r"\1T00:00:00Z\2", request.query_string)


mutant("ranges.days-end-at-their-beginning", "INK-TXT-7", "An end that is a date excludes that day.").request(
    _end_at_midnight, on="listTexts"
)
mutant("ranges.odd-ones-are-dropped", "INK-TXT-7", "An invalid start_datetime is ignored.").request(
    drop_query("start_datetime"), on="listTexts", when=lambda request: "yesterday" in request.query_string
)
mutant("ranges.not-of-calls", "INK-TXT-7", "A list of calls ignores the range of time.").request(
    drop_query("start_datetime", "end_datetime"), on="listNumberCalls"
)

# -- send ------

mutant("sending.to-nine", "INK-TXT-3", "A text to nine recipients goes to eight of them.").request(
    apply("to", lambda to: to[:8] if isinstance(to, list) else to), on="sendText"
)
mutant("sending.sent-at-once", "INK-TXT-3", "A new text has the status sent instead of queued.").response(
    set_to("delivery_status", "sent"), on="sendText"
)
FAILED = ("sending_failed", "delivery_failed", "delivery_unconfirmed")


def _all_delivered(text: Any) -> Any:
    if text["delivery_status"] not in FAILED:
        return text
    recipients = [{**each, "delivery_status": "delivered"} for each in text["recipients"]]
    return {**text, "delivery_status": "delivered", "recipients": recipients}


mutant("sending.all-arrive", "INK-TXT-3", "A text that failed is shown as delivered.", "INK-TXT-5").response(
    apply("", _all_delivered), on="getText"
)
mutant("sending.pictures-are-sms", "INK-TXT-3", "A text with media has the type sms.").response(
    set_to("type", "sms"), on="sendText"
)


def _without_key(request: MutableRequest[Inkbox]) -> None:
    request.headers = [header for header in request.headers if header[0].lower() != b"idempotency-key"]


def _key_reused(response: MutableResponse[Inkbox]) -> bool:
    return response.status == 409 and bool(response.request.header("idempotency-key"))


mutant("sending.keys-are-ignored", "INK-TXT-3", "An Idempotency-Key is ignored.", "INK-SDK-1").request(
    _without_key, on="sendText"
)
mutant("sending.any-body-for-a-key", "INK-TXT-3", "An Idempotency-Key of another request is accepted.").response(
    respond(202, {}), on="sendText", when=_key_reused
)
mutant("sending.reused-without-code", "INK-TXT-3", "The 409 of a reused Idempotency-Key has no code.").response(
    error(409, "conflict"), when=_key_reused
)
mutant("sending.keys-find-nothing", "INK-TXT-3", "No text is found by its Idempotency-Key.", "INK-SDK-1").returns(
    Messages.remember_key, None
)

# -- search ------

mutant("search.first-word-only", "INK-SRCH-1", "A search uses its first word only.").instead(
    Messages.search,
    lambda search, own, caller, number, kind, query, limit: search(caller, number, kind, query.split()[0], limit),
)
mutant("search.by-case", "INK-SRCH-1", "A search is case-sensitive.").result(
    Messages.search,
    lambda found, own, caller, number, kind, query, limit: [
        text for text in found if all(word in (text.text or "") for word in query.split())
    ],
)
mutant("search.ascii-only", "INK-SRCH-1", "A search finds only words in ASCII.").result(
    Messages.search, lambda found, own, caller, number, kind, query, limit: found if query.isascii() else []
)
mutant("search.oldest-first", "INK-SRCH-1", "A search returns the oldest first.", "INK-TXT-1").response(
    reverse(""), on="searchTexts"
)


def _in_order(text: TextView, query: str) -> bool:
    places = [(text.text or "").casefold().find(word) for word in query.casefold().split()]
    return places == sorted(places)


mutant("search.in-this-order", "INK-SRCH-1", "A search finds its words only in their order.").result(
    Messages.search,
    lambda found, own, caller, number, kind, query, limit: [text for text in found if _in_order(text, query)],
)
mutant("search.parties-are-alike", "INK-SRCH-1", "A search over transcripts ignores party.").request(
    drop_query("party"), on="searchTranscripts", when=lambda request: request.query.get("party") in get_args(Party)
)


@mutant("search.everywhere", "INK-SRCH-1", "A search over texts finds those of other numbers.", "INK-AUTH-2").patch(
    Messages.search
)
def _everywhere(
    search: Original, own: Inkbox, caller: Caller, number: Number, kind: TextKind, query: str, limit: int
) -> list[TextView]:
    numbers = own.data.numbers.newest("account", caller.account)
    found = [view for each in numbers for view in search(caller, each, kind, query, limit)]
    return sorted(found, key=lambda view: str(view.created_at), reverse=True)
