"""Mutants of messages: sending, receipts, what only iMessage numbers can do, rates."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import DAY
from ringback.carrier.ledger import CENT
from ringback.carrier.messages import Message
from ringback.carrier.messages import Messages as CarrierMessages
from ringback.mutants.agentphone.registry import charge, mutant, sent
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableRequest, MutableResponse, code, error, respond, status
from ringback.mutants.transforms import drop, set_to
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import MAX_NEW_CONTACTS, SMS_SEGMENT
from ringback.vendors.agentphone.records import Conversation, MessageDetail, Number
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.conversations import Conversations
from ringback.vendors.agentphone.rules.messages import Messages
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.wire.requests import MessageBody
from ringback.vendors.agentphone.wire.responses import SentView

Recipient = tuple[list[str] | None, str, Conversation | None]
THREADS = ("getConversation", "listConversationMessages")


def _set_in_threads(name: str, value: Any, messages: str = "[]") -> tuple[Any, Any]:
    """Set a member of the messages that a conversation shows."""
    return set_to(f"messages{messages}.{name}", value), set_to(f"data{messages}.{name}", value)


# -- sending ------


@mutant("messages.from-the-last-number", "AGP-MSG-1", "An agent's message comes from its last number.").patch(
    Messages.sender_of
)
def _from_the_last_number(sender_of: Original, own: AgentPhone, account: str, body: MessageBody) -> Number:
    number: Number = sender_of(account, body)
    numbers = own.data.numbers_of(body.agent_id) if body.agent_id and not body.number_id else []
    return numbers[-1] if numbers else number


mutant("messages.number-by-its-digits-is-404", "AGP-MSG-1", "A sender cannot be named by its number.").response(
    error(404, "PHONE_NUMBER_NOT_FOUND"),
    on="sendMessage",
    when=lambda response: response.status < 300 and sent(response, "from_number"),
)


def _recipient_as_sent(response: MutableResponse[AgentPhone]) -> None:
    to = sent(response, "to_number")
    if to:
        set_to("to_number", to)(response)


mutant("messages.receiver-as-it-was-typed", "AGP-MSG-1", "A recipient is not converted to E.164.").response(
    _recipient_as_sent, on="sendMessage"
)


@mutant(
    "messages.a-thread-each",
    "AGP-MSG-1",
    "Messages to someone who wrote first start another conversation.",
    "AGP-MSG-5",
    "AGP-SDK-1",
).patch(Messages.recipient_of)
def _a_thread_each(recipient_of: Original, own: AgentPhone, number: Number, body: MessageBody) -> Recipient:
    found: Recipient = recipient_of(number, body)
    members, to, conversation = found
    if conversation is None or conversation.group is not None:
        return found
    first = own.data.messages.first("conversation", conversation.id)
    return found if first is not None and first.direction == "outbound" else (members, to, None)


mutant("messages.media-is-not-told", "AGP-MSG-1", "The response to a message has no media.").response(
    set_to("media_urls", []), on="sendMessage"
)
mutant("messages.media-that-came-is-lost", "AGP-MSG-1", "A listed message has no media.").response(
    set_to("data[].mediaUrl", None), set_to("data[].mediaUrls", []), on="listNumberMessages"
)
mutant("messages.reply-is-not-shown", "AGP-MSG-1", "A reply does not show the original message.").response(
    *_set_in_threads("replyTo", None), on=THREADS
)


def _first_member(response: MutableResponse[AgentPhone]) -> None:
    members = sent(response, "recipients")
    if members:
        set_to("to_number", members[0])(response)


mutant("messages.group-by-its-first-member", "AGP-MSG-1", "The response names a group by its first member.").response(
    _first_member, on="sendMessage"
)
mutant("messages.group-answers-apart", "AGP-MSG-1", "A reply from a group starts another group.").returns(
    Conversations.among, None
)
mutant("messages.group-beside-a-number", "AGP-MSG-1", "recipients and to_number may be given together.").request(
    drop("to_number"),
    on="sendMessage",
    when=lambda request: isinstance(request.document, dict) and bool(request.document.get("recipients")),
)
mutant("reactions.are-not-kept", "AGP-MSG-1", "Reactions are not in the conversation.", "AGP-SDK-1").response(
    set_to("messages[].reactions", []), on="getConversation"
)
mutant("reactions.emoji-are-refused", "AGP-MSG-1", "An emoji is rejected as a reaction.").response(
    error(400, "CHANNEL_NOT_SUPPORTED"),
    on="sendReaction",
    when=lambda response: response.status < 300 and not sent(response, "reaction").isascii(),
)
mutant("messages.nobody-as-sender-is-404", "AGP-MSG-1", "A message without a sender is answered 404.").response(
    error(404, "PHONE_NUMBER_NOT_FOUND"),
    on="sendMessage",
    when=lambda response: (
        response.status == 422
        and not any(sent(response, name) is not None for name in ("agent_id", "number_id", "from_number"))
    ),
)

# -- charges ------

mutant("sms.by-the-message", "AGP-MSG-2", "An SMS costs the same whatever its length.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, min(amount, SMS_SEGMENT) if cause == "message" else amount, cause, ref
    ),
)


@mutant("sms.costs-to-receive", "AGP-MSG-2", "An inbound SMS costs a cent.").patch(AgentPhone.receive_message)
def _costs_to_receive(
    receive: Original,
    own: AgentPhone,
    to: str,
    sender: str,
    body: str,
    media_urls: tuple[str, ...],
    group: tuple[str, ...],
) -> MessageDetail:
    detail: MessageDetail = receive(to, sender, body, media_urls, group)
    own.money.charge(detail.account, CENT, "message", detail.id)
    return detail


mutant("sms.on-credit", "AGP-MSG-2", "An SMS is sent when the balance covers one segment of it.").instead(
    Money.check,
    lambda check, own, account, price: check(account, SMS_SEGMENT if SMS_SEGMENT < price < 10 * SMS_SEGMENT else price),
)
mutant("sms.refusal-without-money-costs", "AGP-MSG-2", "An SMS rejected for lack of money is charged.").response(
    lambda response: charge(response.backend, response.account, CENT, "message"), on="sendMessage", when=status(402)
)

# -- receipts ------

mutant("receipts.without-an-instant", "AGP-MSG-3", "A delivered message has no time of delivery.").response(
    *_set_in_threads("deliveredAt", None), on=THREADS
)
mutant("receipts.at-once", "AGP-MSG-3", "A message that was only queued is shown as delivered.").response(
    set_to("data[status=queued].status", "delivered"),
    set_to("data[status=sent].status", "delivered"),
    on="listNumberMessages",
)
mutant("receipts.failure-without-a-reason", "AGP-MSG-3", "A failed message has no reason.").response(
    *_set_in_threads("failureReason", None), on=THREADS
)
mutant("receipts.failure-is-sent", "AGP-MSG-3", "A failed message is shown as sent.").response(
    *_set_in_threads("status", "sent", "[status=failed]"), on=THREADS
)
mutant("receipts.list-does-not-know", "AGP-MSG-3", "The number's list shows a failed message as delivered.").response(
    set_to("data[status=failed].status", "delivered"), on="listNumberMessages"
)

# -- SMS and iMessage numbers ------


def _supported(name: str, description: str, operation: str, body: dict[str, Any]) -> None:
    mutant(f"lines.{name}", "AGP-MSG-4", description).response(
        respond(200, body), on=operation, when=code("CHANNEL_NOT_SUPPORTED")
    )


_supported(
    "sms-has-typing",
    "An SMS number shows typing.",
    "sendTyping",
    {"conversationId": "conv_1", "channel": "sms", "status": "sent"},
)
_supported(
    "sms-has-backgrounds",
    "An SMS number has backgrounds.",
    "setBackground",
    {"conversationId": "conv_1", "channel": "sms", "hasBackground": True, "changed": True},
)
_supported(
    "sms-has-reactions",
    "An SMS number has reactions.",
    "sendReaction",
    {"id": "rct_1", "reaction_type": "love", "message_id": "msg_1", "channel": "sms"},
)
mutant("lines.style-is-dropped", "AGP-MSG-4", "A style is dropped where the number has none.").request(
    drop("[send_style=confetti].send_style"), on="sendMessage"
)


def _to_first_member(request: MutableRequest[AgentPhone]) -> None:
    body = request.document
    members = body.get("recipients") if isinstance(body, dict) else None
    if isinstance(members, list) and len(members) > 1 and "to_number" not in body:
        request.document = {**{k: v for k, v in body.items() if k != "recipients"}, "to_number": members[0]}


mutant(
    "lines.group-is-its-first-member", "AGP-MSG-4", "A group on an SMS number is its first member.", "AGP-MSG-1"
).request(_to_first_member, on="sendMessage")
mutant("lines.any-style", "AGP-MSG-4", "A style that does not exist is dropped.").request(
    drop("[send_style=sparkle].send_style"), on="sendMessage"
)

# -- new contacts ------

mutant("people.without-bounds", "AGP-MSG-5", "An iMessage number writes to any number of new people.").instead(
    Numbers.count_new_contact,
    lambda count_new_contact, own, number: (
        count_new_contact(number) if number.new_contacts < MAX_NEW_CONTACTS else None
    ),
)
mutant("people.not-counted", "AGP-MSG-5", "dailyNewContacts does not count.").response(
    set_to("dailyNewContacts.used", 0), on="getNumber"
)


@mutant("people.known-ones-count", "AGP-MSG-5", "People who wrote first count as new.").patch(Messages.send)
def _known_ones_count(send: Original, own: AgentPhone, account: str, body: MessageBody) -> SentView:
    number = own.messages.sender_of(account, body)
    if number.new_contacts >= MAX_NEW_CONTACTS:
        own.phone_numbers.count_new_contact(number)
    view: SentView = send(account, body)
    return view


@mutant(
    "people.never-again", "AGP-MSG-5", "A number that has written to 50 new people never writes to another one."
).patch(Numbers.count_new_contact)
def _never_again(count_new_contact: Original, own: AgentPhone, number: Number) -> None:
    if number.new_contacts >= MAX_NEW_CONTACTS:
        number.day = own.services.clock.now(number.account) // DAY
    count_new_contact(number)


# -- the rate of SMS ------


def _now(own: AgentPhone, number: Number) -> int:
    return own.services.clock.now(number.account)


def _is_last_sender(own: AgentPhone, number: Number) -> bool:
    last = own.data.messages.last("sms", number.account)
    return last is None or last.number == number.id


mutant("turns.nothing-waits", "AGP-MSG-6", "SMS sent too fast go out at once.").instead(
    Messages.next_sms_at, lambda _, own, number: _now(own, number)
)
mutant("turns.each-number-its-own", "AGP-MSG-6", "An SMS waits only for those of its own number.").instead(
    Messages.next_sms_at,
    lambda next_sms_at, own, number: next_sms_at(number) if _is_last_sender(own, number) else _now(own, number),
)


@mutant("turns.excess-is-refused", "AGP-MSG-6", "An SMS sent too fast is answered 429.").patch(Messages.next_sms_at)
def _excess_is_rejected(next_sms_at: Original, own: AgentPhone, number: Number) -> int:
    due_at: int = next_sms_at(number)
    if due_at > _now(own, number):
        raise errors.rate_limited(1)
    return due_at


@mutant("turns.imessages-wait-too", "AGP-MSG-6", "An iMessage waits for the SMS before it.").patch(CarrierMessages.send)
def _imessages_wait_too(send: Original, own: AgentPhone, **options: Any) -> Message:
    number = own.data.numbers.get(options["number_id"])
    if number is not None and number.type == "imessage":
        options["at"] = own.messages.next_sms_at(number)
    message: Message = send(**options)
    return message
