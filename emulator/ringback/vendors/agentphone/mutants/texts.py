"""Mutants of messages, conversations and contacts."""

from __future__ import annotations

from typing import Any

from ringback.carrier.ledger import CENT
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.mutants.register import (
    CONTACTS,
    CONVERSATIONS,
    MESSAGES,
    ONE_CONTACT,
    ONE_CONVERSATION,
    ONE_NUMBER,
    REGISTRY,
    Thing,
    at,
    backend,
    charged,
    fine,
    forget,
    id_in,
    refuse,
    rewrite,
    rows,
    show,
)

SEGMENT = 2 * CENT
IN_THREAD = f"{ONE_CONVERSATION}/messages"
NEW_PEOPLE = 50


def _in_thread(answer: MutableResponse, change: Any) -> None:
    """Change every message that a conversation shows."""
    if fine(answer, "GET", IN_THREAD):
        rows(answer, change)
    elif fine(answer, "GET", ONE_CONVERSATION):
        rows(answer, change, "messages")


# -- sending ------


@REGISTRY.on_start("messages.from-the-last-number", "AGP-MSG-1", "An agent's message goes out from its last number.")
def _from_the_last_number(emulator: Emulator) -> None:
    texts = backend(emulator).messages

    def make(sender: Any) -> Any:
        def last(account: str, body: Any) -> Any:
            number = sender(account, body)
            of_agent = texts.backend.lines.of_agent(body.agent_id) if body.agent_id and not body.number_id else []
            return of_agent[-1] if of_agent else number

        return last

    patch(texts, "_sender", make)


@REGISTRY.on_response("messages.number-by-its-digits-is-404", "AGP-MSG-1", "A sender cannot be named by its number.")
def _number_by_its_digits(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", MESSAGES) and (answer.asked.json() or {}).get("from_number"):
        refuse(answer, 404, "PHONE_NUMBER_NOT_FOUND", "not_found_error")


@REGISTRY.on_response("messages.receiver-as-it-was-typed", "AGP-MSG-1", "A receiver is not brought into E.164 form.")
def _receiver_as_it_was_typed(answer: MutableResponse, _: Emulator) -> None:
    asked = (answer.asked.json() or {}).get("to_number") if fine(answer, "POST", MESSAGES) else None
    if asked:
        show(answer, lambda sent: sent.update(to_number=asked))


@REGISTRY.on_start(
    "messages.a-thread-each",
    "AGP-MSG-1",
    "Who writes first gets another conversation than who is written to.",
    "AGP-MSG-5",
    "AGP-SDK-1",
)
def _a_thread_each(emulator: Emulator) -> None:
    texts = backend(emulator).messages

    def make(send: Any) -> Any:
        def apart(account: str, body: Any) -> Any:
            threads = texts.backend.threads
            between = threads.between
            threads.between = lambda number, participant: (
                found
                if (found := between(number, participant)) is not None and found.group is not None
                else _outbound(texts, found)
            )
            try:
                return send(account, body)
            finally:
                threads.between = between

        return apart

    patch(texts, "send", make)


def _outbound(texts: Any, conversation: Any) -> Any:
    """A conversation that our side began, or none."""
    if conversation is None:
        return None
    first = texts.data.messages.oldest("conversation", conversation.id)
    return conversation if first and first[0].direction == "outbound" else None


@REGISTRY.on_response("messages.media-is-not-told", "AGP-MSG-1", "The answer to a message has no media.")
def _media_is_not_told(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", MESSAGES):
        show(answer, lambda sent: sent.update(media_urls=[]))


@REGISTRY.on_response("messages.media-that-came-is-lost", "AGP-MSG-1", "A listed message has no media.")
def _media_that_came_is_lost(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/messages"):
        rows(answer, lambda text: text.update(mediaUrl=None, mediaUrls=[]))


@REGISTRY.on_response("messages.reply-is-not-shown", "AGP-MSG-1", "A reply does not show what it replies to.")
def _reply_is_not_shown(answer: MutableResponse, _: Emulator) -> None:
    _in_thread(answer, lambda text: text.update(replyTo=None))


@REGISTRY.on_response("messages.group-by-its-first-member", "AGP-MSG-1", "A group is answered by its first member.")
def _group_by_its_first_member(answer: MutableResponse, _: Emulator) -> None:
    people = (answer.asked.json() or {}).get("recipients") if fine(answer, "POST", MESSAGES) else None
    if people:
        show(answer, lambda sent: sent.update(to_number=people[0]))


@REGISTRY.on_start("messages.group-answers-apart", "AGP-MSG-1", "An answer from a group begins a group of its own.")
def _group_answers_apart(emulator: Emulator) -> None:
    patch(backend(emulator).conversations, "among", lambda _: lambda number, members: None)


@REGISTRY.on_request("messages.group-beside-a-number", "AGP-MSG-1", "recipients and to_number may be given together.")
def _group_beside_a_number(asked: Request) -> None:
    if at(asked, "POST", MESSAGES):
        rewrite(asked, lambda body: body.pop("to_number", None) if body.get("recipients") else None)


@REGISTRY.on_response(
    "reactions.are-not-kept",
    "AGP-MSG-1",
    "Reactions are not in the conversation.",
    "AGP-SDK-1",
)
def _are_not_kept(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CONVERSATION):
        rows(answer, lambda text: text.update(reactions=[]), "messages")


@REGISTRY.on_response("reactions.emoji-are-refused", "AGP-MSG-1", "An emoji is no reaction.")
def _emoji_are_refused(answer: MutableResponse, _: Emulator) -> None:
    reaction = (
        (answer.asked.json() or {}).get("reaction") if fine(answer, "POST", f"{MESSAGES}/[^/]+/reactions") else ""
    )
    if reaction and not reaction.isascii():
        refuse(answer, 400, "CHANNEL_NOT_SUPPORTED")


@REGISTRY.on_response("messages.nobody-as-sender-is-404", "AGP-MSG-1", "A message without a sender is answered 404.")
def _nobody_as_sender(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", MESSAGES) and answer.status == 422 and not (answer.asked.json() or {}).keys() & {
        "agent_id", "number_id", "from_number",
    }:  # fmt: skip
        refuse(answer, 404, "PHONE_NUMBER_NOT_FOUND", "not_found_error")


@REGISTRY.on_start("sms.by-the-message", "AGP-MSG-2", "An SMS costs the same whatever its length.")
def _by_the_message(emulator: Emulator) -> None:
    charged(emulator, lambda _account, amount, cause, _ref: min(amount, SEGMENT) if cause == "message" else amount)


@REGISTRY.on_start("sms.costs-to-receive", "AGP-MSG-2", "An SMS that comes in costs a cent.")
def _costs_to_receive(emulator: Emulator) -> None:
    texts = backend(emulator).messages

    def make(receive: Any) -> Any:
        def paid(*given: Any) -> Any:
            text = receive(*given)
            texts.backend.money.charge(text.account, CENT, "message", text.id)
            return text

        return paid

    patch(texts, "receive", make)


@REGISTRY.on_start("sms.on-credit", "AGP-MSG-2", "An SMS is sent when the balance covers one segment of it.")
def _on_credit(emulator: Emulator) -> None:
    patch(
        backend(emulator).money,
        "check",
        lambda check: lambda account, price: check(account, SEGMENT if SEGMENT < price < 10 * SEGMENT else price),
    )


@REGISTRY.on_response(
    "sms.refusal-without-money-costs", "AGP-MSG-2", "An SMS that is refused for want of money is charged."
)
def _refusal_without_money_costs(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", MESSAGES) and answer.status == 402:
        backend(emulator).money.charge(answer.account, CENT, "message", "none")


@REGISTRY.on_response("receipts.without-an-instant", "AGP-MSG-3", "A message that arrived does not say when.")
def _without_an_instant(answer: MutableResponse, _: Emulator) -> None:
    _in_thread(answer, lambda text: text.update(deliveredAt=None))


@REGISTRY.on_response("receipts.at-once", "AGP-MSG-3", "A message that was only queued is shown as delivered.")
def _at_once(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/messages"):
        rows(answer, lambda text: text.update(status="delivered") if text["status"] in ("queued", "sent") else None)


@REGISTRY.on_response("receipts.failure-without-a-reason", "AGP-MSG-3", "A message that failed does not say why.")
def _failure_without_a_reason(answer: MutableResponse, _: Emulator) -> None:
    _in_thread(answer, lambda text: text.update(failureReason=None))


@REGISTRY.on_response("receipts.failure-is-sent", "AGP-MSG-3", "A message that failed is shown as sent.")
def _failure_is_sent(answer: MutableResponse, _: Emulator) -> None:
    _in_thread(answer, lambda text: text.update(status="sent") if text["status"] == "failed" else None)


@REGISTRY.on_response(
    "receipts.list-does-not-know", "AGP-MSG-3", "The number's list shows a failed message as delivered."
)
def _list_does_not_know(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/messages"):
        rows(answer, lambda text: text.update(status="delivered") if text["status"] == "failed" else None)


# -- lines ------


def _succeeds(name: str, breaks: str, path: str, body: Thing) -> None:
    @REGISTRY.on_response(f"lines.{name}", "AGP-MSG-4", breaks)
    def _taken(answer: MutableResponse, _: Emulator) -> None:
        if at(answer, "POST", path) and answer.code == "CHANNEL_NOT_SUPPORTED":
            answer.say(200, body)


_succeeds(
    "sms-has-typing",
    "Typing is shown on an SMS line.",
    f"{ONE_CONVERSATION}/typing",
    {"conversationId": "conv_1", "channel": "sms", "status": "sent"},
)
_succeeds(
    "sms-has-backgrounds",
    "An SMS line has backgrounds.",
    f"{ONE_CONVERSATION}/background",
    {"conversationId": "conv_1", "channel": "sms", "hasBackground": True, "changed": True},
)
_succeeds(
    "sms-has-reactions",
    "An SMS line has reactions.",
    f"{MESSAGES}/[^/]+/reactions",
    {"id": "rct_1", "reaction_type": "love", "message_id": "msg_1", "channel": "sms"},
)


@REGISTRY.on_request("lines.style-is-dropped", "AGP-MSG-4", "A style is dropped where the line has none.")
def _style_is_dropped(asked: Request) -> None:
    if at(asked, "POST", MESSAGES):
        rewrite(asked, lambda body: body.pop("send_style", None) if body.get("send_style") == "confetti" else None)


@REGISTRY.on_request(
    "lines.group-is-its-first-member", "AGP-MSG-4", "A group on an SMS line is its first member.", "AGP-MSG-1"
)
def _group_is_its_first_member(asked: Request) -> None:
    def first(body: Thing) -> None:
        people = body.get("recipients")
        if isinstance(people, list) and len(people) > 1 and "to_number" not in body:
            body.update(to_number=body.pop("recipients")[0])

    if at(asked, "POST", MESSAGES):
        rewrite(asked, first)


@REGISTRY.on_request("lines.any-style", "AGP-MSG-4", "A style that does not exist is dropped.")
def _any_style(asked: Request) -> None:
    if at(asked, "POST", MESSAGES):
        rewrite(asked, lambda body: body.pop("send_style", None) if body.get("send_style") == "sparkle" else None)


@REGISTRY.on_start("people.without-bounds", "AGP-MSG-5", "An iMessage line writes to as many new people as it likes.")
def _without_bounds(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(greet: Any) -> Any:
        def always(number: Any) -> None:
            if number.new_contacts < NEW_PEOPLE:
                greet(number)

        return always

    patch(lines, "greet_somebody_new", make)


@REGISTRY.on_response("people.not-counted", "AGP-MSG-5", "dailyNewContacts does not count.")
def _not_counted(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_NUMBER):
        show(answer, lambda n: n["dailyNewContacts"].update(used=0) if n.get("dailyNewContacts") else None)


@REGISTRY.on_start("people.known-ones-count", "AGP-MSG-5", "Who wrote first counts as new.")
def _known_ones_count(emulator: Emulator) -> None:
    texts = backend(emulator).messages

    def make(send: Any) -> Any:
        def counting(account: str, body: Any) -> Any:
            number = texts._sender(account, body)
            if number.new_contacts >= NEW_PEOPLE:
                texts.backend.lines.greet_somebody_new(number)
            return send(account, body)

        return counting

    patch(texts, "send", make)


@REGISTRY.on_start(
    "people.never-again", "AGP-MSG-5", "A line that has written to 50 new people never writes to another."
)
def _never_again(emulator: Emulator) -> None:
    lines = backend(emulator).phone_numbers

    def make(greet: Any) -> Any:
        def tired(number: Any) -> None:
            if number.new_contacts >= NEW_PEOPLE:
                number.day = emulator.services.clock.now(number.account) // 86_400_000_000
            greet(number)

        return tired

    patch(lines, "greet_somebody_new", make)


@REGISTRY.on_start("turns.nothing-waits", "AGP-MSG-6", "SMS that are sent too fast go out at once.")
def _nothing_waits(emulator: Emulator) -> None:
    patch(backend(emulator).messages, "turn", lambda _: lambda number: emulator.services.clock.now(number.account))


@REGISTRY.on_start("turns.each-number-its-own", "AGP-MSG-6", "An SMS waits for those of its own number alone.")
def _each_number_its_own(emulator: Emulator) -> None:
    texts = backend(emulator).messages

    def make(turn: Any) -> Any:
        def alone(number: Any) -> Any:
            last = texts.data.messages.last("sms", number.account)
            ours = last is None or last.number == number.id
            return turn(number) if ours else emulator.services.clock.now(number.account)

        return alone

    patch(texts, "turn", make)


@REGISTRY.on_start("turns.excess-is-refused", "AGP-MSG-6", "An SMS that is sent too fast is answered 429.")
def _excess_is_refused(emulator: Emulator) -> None:
    from ringback.vendors.agentphone import errors

    def make(turn: Any) -> Any:
        def refusing(number: Any) -> Any:
            found = turn(number)
            if found > emulator.services.clock.now(number.account):
                raise errors.rate_limited(1)
            return found

        return refusing

    patch(backend(emulator).messages, "turn", make)


@REGISTRY.on_start("turns.imessages-wait-too", "AGP-MSG-6", "An iMessage waits for the SMS before it.")
def _imessages_wait_too(emulator: Emulator) -> None:
    def make(send: Any) -> Any:
        def late(**given: Any) -> Any:
            number = backend(emulator).data.numbers.get(given["line"])
            if number is not None and number.type == "imessage":
                given["at"] = backend(emulator).messages.turn(number)
            return send(**given)

        return late

    patch(emulator.services.messages, "send", make)


# -- contacts ------


@REGISTRY.on_response("contacts.made-with-200", "AGP-CON-1", "A contact that was made is answered 200.")
def _made_with_200(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", CONTACTS) and answer.status == 201:
        answer.status = 200


@REGISTRY.on_response("contacts.number-as-typed", "AGP-CON-1", "A contact's number is shown as it was typed.")
def _number_as_typed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", CONTACTS):
        show(answer, lambda contact: contact.update(phoneNumber=(answer.asked.json() or {})["phoneNumber"]))


@REGISTRY.on_start("contacts.twins", "AGP-CON-1", "Two contacts may have one number.", "AGP-ERR-2")
def _twins(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "_check_free", lambda _: lambda project, number, but: None)


@REGISTRY.on_start("contacts.twins-by-change", "AGP-CON-1", "A contact may be given another's number.")
def _twins_by_change(emulator: Emulator) -> None:
    patch(
        backend(emulator).contacts,
        "_check_free",
        lambda check: lambda project, number, but: check(project, number, but) if but is None else None,
    )


@REGISTRY.on_request("contacts.search-is-ignored", "AGP-CON-1", "The search is ignored.")
def _search_is_ignored(asked: Request) -> None:
    if at(asked, "GET", CONTACTS):
        forget(asked, "search")


@REGISTRY.on_start("contacts.search-by-name-alone", "AGP-CON-1", "The search looks at names alone.")
def _search_by_name_alone(emulator: Emulator) -> None:
    patch(
        backend(emulator).contacts,
        "with_",
        lambda of: lambda project, words: [c for c in of(project, words) if words.casefold() in c.name.casefold()],
    )


@REGISTRY.on_start("contacts.search-minds-the-case", "AGP-CON-1", "The search minds the case.", "AGP-SDK-1")
def _search_minds_the_case(emulator: Emulator) -> None:
    patch(
        backend(emulator).contacts,
        "with_",
        lambda of: (
            lambda project, words: [
                c
                for c in of(project, words)
                if any(words in (text or "") for text in (c.name, c.phone_number, c.email))
            ]
        ),
    )


@REGISTRY.on_response("contacts.updated-at-stays", "AGP-CON-1", "updatedAt stays what it was.")
def _updated_at_stays(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "PATCH", ONE_CONTACT):
        show(answer, lambda contact: contact.update(updatedAt=contact["createdAt"]))


@REGISTRY.on_request("contacts.patch-clears-the-rest", "AGP-CON-1", "PATCH without a name calls a contact Nobody.")
def _patch_clears_the_rest(asked: Request) -> None:
    if at(asked, "PATCH", ONE_CONTACT):
        rewrite(asked, lambda body: body.setdefault("name", "Nobody"))


@REGISTRY.on_request("contacts.null-is-ignored", "AGP-CON-1", "Null does not empty a contact's field.")
def _contact_null_is_ignored(asked: Request) -> None:
    if at(asked, "PATCH", ONE_CONTACT):
        rewrite(asked, lambda body: [body.pop(name) for name in list(body) if body[name] is None])


@REGISTRY.on_response("contacts.deleted-with-200", "AGP-CON-1", "DELETE of a contact is answered 200.", "AGP-SDK-1")
def _deleted_with_200(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "DELETE", ONE_CONTACT) and answer.status == 204:
        answer.say(200, {"success": True})


@REGISTRY.on_response("contacts.second-deletion-succeeds", "AGP-CON-1", "A contact can be deleted twice.", "AGP-AUTH-2")
def _second_deletion_succeeds(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "DELETE", ONE_CONTACT) and answer.status == 404:
        answer.status, answer.body = 204, b""


# -- conversations ------


@REGISTRY.on_start("conversations.metadata-is-merged", "AGP-CNV-1", "Metadata is added to what there was.")
def _metadata_is_merged(emulator: Emulator) -> None:
    threads = backend(emulator).conversations

    def make(change: Any) -> Any:
        def adding(account: str, id_: str, body: Any) -> Any:
            if isinstance(body.metadata, dict):
                body.metadata = {**(threads.of(account, id_).metadata or {}), **body.metadata}
            return change(account, id_, body)

        return adding

    patch(threads, "change", make)


@REGISTRY.on_request("conversations.null-is-ignored", "AGP-CNV-1", "Metadata of null forgets nothing.")
def _metadata_null_is_ignored(asked: Request) -> None:
    if at(asked, "PATCH", ONE_CONVERSATION):
        rewrite(asked, lambda body: body.pop("metadata") if body.get("metadata", 0) is None else None)


@REGISTRY.on_response("conversations.latest-first-within", "AGP-CNV-1", "A conversation's messages come the latest first.",
               "AGP-MSG-1", "AGP-SDK-1")  # fmt: skip
def _latest_first_within(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CONVERSATION):
        show(answer, lambda talk: talk["messages"].reverse())


@REGISTRY.on_request("conversations.limit-is-ignored", "AGP-CNV-1", "message_limit is ignored.")
def _limit_is_ignored(asked: Request) -> None:
    if at(asked, "GET", ONE_CONVERSATION):
        forget(asked, "message_limit")


@REGISTRY.on_response("conversations.preview-is-empty", "AGP-CNV-1", "lastMessagePreview is empty.")
def _preview_is_empty(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CONVERSATIONS):
        rows(answer, lambda talk: talk.update(lastMessagePreview=""))


@REGISTRY.on_response("conversations.go-with-their-number", "AGP-CNV-1", "A released number's conversation is gone.")
def _go_with_their_number(answer: MutableResponse, emulator: Emulator) -> None:
    if fine(answer, "GET", ONE_CONVERSATION):
        talk = backend(emulator).data.conversations[id_in(answer.asked.path)]
        if backend(emulator).data.numbers[talk.number].status == "released":
            refuse(answer, 404, "CONVERSATION_NOT_FOUND", "not_found_error")


@REGISTRY.on_response("conversations.background-always-changed", "AGP-CNV-1", "A background always counts as changed.")
def _background_always_changed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", f"{ONE_CONVERSATION}/background"):
        show(answer, lambda shown: shown.update(changed=True))


@REGISTRY.on_response("conversations.count-is-of-those-shown", "AGP-CNV-1", "messageCount is 1.", "AGP-MSG-1")
def _count_is_of_those_shown(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CONVERSATION):
        show(answer, lambda talk: talk.update(messageCount=1))


@REGISTRY.on_response("conversations.without-its-agent", "AGP-CNV-1", "A listed conversation has no agent.")
def _talk_without_its_agent(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", CONVERSATIONS):
        rows(answer, lambda talk: talk.update(agentId=None))
