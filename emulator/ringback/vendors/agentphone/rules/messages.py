"""Messages: sending, receiving and reactions."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

from ringback.carrier.clock import SECOND, iso_exact
from ringback.carrier.segments import split_segments
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventType, EventView, MessageData, ReactionData
from ringback.vendors.agentphone.prices import SMS_SEGMENT
from ringback.vendors.agentphone.records import Channel, Conversation, MessageDetail, Number, Reaction
from ringback.vendors.agentphone.rules.common import (
    NAME,
    is_email,
    is_http_url,
    is_short_code,
    new_id,
    settings_of,
    to_e164,
)
from ringback.vendors.agentphone.rules.contacts import Contacts
from ringback.vendors.agentphone.rules.conversations import Conversations
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.message_views import MessageViews
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.rules.webhooks import Webhooks
from ringback.vendors.agentphone.wire.requests import MessageBody
from ringback.vendors.agentphone.wire.responses import ReactedView, SentView

MAX_SEGMENTS = 10
MAX_LENGTH = 20_000
"""Characters of an iMessage."""
MAX_MMS_MEDIA = 10
TAPBACKS = {
    "love": "Loved",
    "like": "Liked",
    "dislike": "Disliked",
    "laugh": "Laughed at",
    "emphasize": "Emphasized",
    "question": "Questioned",
}
"""Reactions by name, and the verb with which a phone puts each in words."""
_REACTION_TEXT = re.compile(
    rf"(?:(?P<verb>{'|'.join(TAPBACKS.values())})|Reacted (?P<emoji>\S+) to) [“\"](?P<body>.*)[”\"]", re.DOTALL
)


class Messages:
    """The messages of all accounts."""

    def __init__(
        self,
        services: Services,
        data: Data,
        *,
        money: Money,
        registrations: Registrations,
        numbers: Numbers,
        contacts: Contacts,
        conversations: Conversations,
        views: MessageViews,
        webhooks: Webhooks,
    ) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.registrations = registrations
        self.numbers = numbers
        self.contacts = contacts
        self.conversations = conversations
        self.views = views
        self.webhooks = webhooks

    # -- sending ------

    def send(self, account: str, body: MessageBody) -> SentView:
        """Send a message. Raises ApiError; then nothing is sent or charged."""
        number = self.sender_of(account, body)
        text, media = self._content(number, body)
        members, to, conversation = self.recipient_of(number, body)
        parent = self.data.message(account, body.reply_to_message_id) if body.reply_to_message_id is not None else None
        imessage = number.type == "imessage"
        if body.send_style is not None and not imessage:
            raise errors.error("CHANNEL_NOT_SUPPORTED", what="send styles")
        if not imessage and self.registrations.outbound_sms(number) != "enabled":
            raise errors.error("REGISTRATION_REQUIRED")
        cost = 0 if imessage else SMS_SEGMENT * len(split_segments(text).texts)
        self.money.check(account, cost)
        if imessage and conversation is None:
            self.numbers.count_new_contact(number)
        channel: Channel = "imessage" if imessage else "mms" if media else "sms"
        if conversation is None:
            conversation = self.conversations.begin(number, to, channel, members)
        due_at = None if imessage else self.next_sms_at(number)
        detail = self._add(number, conversation, channel, "outbound", None)
        detail.reply_to, detail.style, detail.cost = body.reply_to_message_id, body.send_style, cost
        script = self.services.scripts.take(
            "message",
            vendor=NAME,
            account=account,
            to=conversation.participant,
            senders=(number.id, number.phone_number),
            tag=None,
        )
        self.money.charge(account, cost, "message", detail.id)
        message = self.services.messages.send(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=conversation.participant,
            body=text,
            media_urls=tuple(media),
            at=due_at,
            script=script,
        )
        self.conversations.add(conversation, number, detail, text)
        return SentView(
            detail.id,
            message.state,
            channel,
            number.phone_number,
            conversation.participant,
            conversation.id,
            media,
            body.reply_to_message_id,
            None if parent is None else not imessage,
        )

    def next_sms_at(self, number: Number) -> int:
        """Return the instant at which an SMS that is sent now goes out.

        The carriers accept a limited rate of an account, from all its numbers together; faster SMS wait.
        """
        now = self.services.clock.now(number.account)
        rate = settings_of(self.services, number.account).sms_per_second
        last = self.data.messages.last("sms", number.account)
        if rate is None or last is None:
            return now
        return max(now, self.views.carried(last).due_at + round(SECOND / rate))

    def sender_of(self, account: str, body: MessageBody) -> Number:
        """Return the number that sends: the given one, or the agent's first. Raises ApiError 400, 404, 409 or 422."""
        agent = self.data.agent(account, body.agent_id) if body.agent_id is not None else None
        number: Number | None = None
        if body.number_id is not None:
            number = self.data.number(account, body.number_id)
        elif body.from_number is not None:
            number = self.data.number_by_phone(account, to_e164(body.from_number) or "")
            if number is None:
                raise errors.error("PHONE_NUMBER_NOT_FOUND")
        elif agent is not None:
            number = next(iter(self.data.numbers_of(agent.id)), None)
            if number is None:
                raise errors.error("NUMBER_NOT_ATTACHED", "The agent has no number: attach one first.")
        if number is None:
            raise errors.invalid("agent_id", "must be given, or number_id, or from_number")
        if number.status == "released":
            raise errors.error("NUMBER_RELEASED")
        if agent is not None and number.agent != agent.id:
            raise errors.error("NUMBER_NOT_ATTACHED")
        return number

    def _content(self, number: Number, body: MessageBody) -> tuple[str, list[str]]:
        """Return the text and media of a message, after checking that its number can send them."""
        text = body.body or ""
        media = list(body.media_urls or ())
        if body.media_url is not None and body.media_url not in media:
            media.insert(0, body.media_url)
        if not text and not media:
            raise errors.invalid("body", "is required")
        if not all(map(is_http_url, media)):
            raise errors.invalid("media_urls", "must be http or https URLs")
        if number.type == "imessage":
            if len(text) > MAX_LENGTH:
                raise errors.invalid("body", f"must have at most {MAX_LENGTH} characters")
            return text, media
        segments = len(split_segments(text).texts)
        if segments > MAX_SEGMENTS:
            raise errors.invalid("body", f"must have at most {MAX_SEGMENTS} segments; this has {segments}")
        if len(media) > 1 and not text:
            raise errors.error("CHANNEL_NOT_SUPPORTED", what="carousels")
        if len(media) > MAX_MMS_MEDIA:
            raise errors.error("CHANNEL_NOT_SUPPORTED", f"An MMS has at most {MAX_MMS_MEDIA} attachments.")
        return text, media

    def recipient_of(self, number: Number, body: MessageBody) -> tuple[list[str] | None, str, Conversation | None]:
        """Return the members of a new group, or the participant, and the conversation if any. Raises ApiError."""
        if (body.to_number is None) == (body.recipients is None):
            raise errors.invalid("to_number", "must be given, or recipients, but not both")
        imessage = number.type == "imessage"
        if body.recipients is not None:
            if not imessage:
                raise errors.error("CHANNEL_NOT_SUPPORTED", what="groups")
            members = [_address(member, imessage=True, param="recipients") for member in body.recipients]
            if len(set(members)) < len(members):
                raise errors.invalid("recipients", "has a duplicate")
            return members, "", None
        to = body.to_number or ""
        if to.startswith("grp_"):
            group = self.conversations.between(number, to)
            if group is None:
                raise errors.error("CONVERSATION_NOT_FOUND", "The number has no such group.")
            return None, to, group
        participant = _address(to, imessage=imessage, param="to_number")
        if participant == number.phone_number:
            raise errors.invalid("to_number", "is the number that sends")
        return None, participant, self.conversations.between(number, participant)

    def _add(
        self,
        number: Number,
        conversation: Conversation,
        channel: Channel,
        direction: Literal["inbound", "outbound"],
        sender: str | None,
    ) -> MessageDetail:
        account = number.account
        last = self.data.messages.last("account", account)
        now = self.services.clock.now(account)
        number.messages += 1
        return self.data.messages.add(
            MessageDetail(
                id=new_id(self.services, account, "msg"),
                account=account,
                project=number.project,
                at=max(now, last.at + 1) if last is not None else now,
                number=number.id,
                conversation=conversation.id,
                channel=channel,
                direction=direction,
                agent=number.agent,
                sender=sender,
            )
        )

    # -- receiving ------

    def receive(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> MessageDetail:
        """Receive a message to one of our numbers, and to a `group` of others with it.

        To an iMessage number a text such as `Loved “Hello”` is a reaction; then the message that it is about is
        returned. Raises NumberNotFound, and Unsendable for a message that no phone could send.
        """
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        number = self.data.numbers[assigned.number_id]
        if not body or len(body) > MAX_LENGTH:
            raise Unsendable("body", f"body has from 1 to {MAX_LENGTH} characters")
        if len(media_urls) > MAX_MMS_MEDIA or not all(map(is_http_url, media_urls)):
            raise Unsendable("media_urls", f"media_urls are at most {MAX_MMS_MEDIA} http or https URLs")
        imessage = number.type == "imessage"
        if group and not imessage:
            raise Unsendable("group", "only iMessage numbers have groups: leave `group` out")
        members = (sender, *group)
        conversation = (
            self.conversations.among(number, members) if group else self.conversations.between(number, sender)
        )
        if imessage and not media_urls and conversation is not None:
            reacted_to = self._receive_reaction(number, conversation, sender, body)
            if reacted_to is not None:
                return reacted_to
        channel: Channel = "imessage" if imessage else "mms" if media_urls else "sms"
        if conversation is None:
            conversation = self.conversations.begin(number, sender, channel, list(members) if group else None)
        detail = self._add(number, conversation, channel, "inbound", sender)
        self.services.messages.receive(
            id_=detail.id,
            vendor=NAME,
            account=assigned.account,
            number_id=number.id,
            number=to,
            remote_number=sender,
            body=body,
            media_urls=media_urls,
        )
        self.conversations.add(conversation, number, detail, body)
        self._send_message_event(number, conversation, detail)
        return detail

    def _send_message_event(self, number: Number, conversation: Conversation, detail: MessageDetail) -> None:
        message = self.views.carried(detail)
        media = list(message.media_urls)
        data = MessageData(
            message_id=detail.id,
            id=detail.id,
            conversation_id=conversation.id,
            number_id=number.id,
            from_=message.remote_number,
            to=message.number,
            contact=self.contacts.for_event(detail.account, detail.project, message.remote_number),
            message=message.body,
            media_url=media[0] if media else None,
            media_urls=media,
            received_at=iso_exact(detail.at),
            external_message_id=None,
            sender_identifier=message.remote_number,
            external_id=number.external_id,
            group=self.conversations.group(conversation),
        )
        self._send_event("agent.message", number, conversation, detail, data, detail.at, detail.id, detail.id)

    def _send_event(
        self,
        event: EventType,
        number: Number,
        conversation: Conversation,
        detail: MessageDetail,
        data: Any,
        before: int,
        subject: str,
        message: str,
    ) -> None:
        """Send an event about a message, with the messages of its conversation `before` an instant."""
        webhook = self.webhooks.receiver(detail.account, detail.project, number.agent)
        if webhook is None:
            return
        view = EventView(
            event=event,
            channel=detail.channel,
            timestamp=iso_exact(self.services.clock.now(detail.account)),
            agent_id=number.agent,
            data=data,
            conversation_state=conversation.metadata,
            recent_history=self.views.history(webhook, conversation.id, before),
        )
        self.webhooks.send(webhook, view, subject, message)

    # -- reactions ------

    def react(self, detail: MessageDetail, reaction: str) -> ReactedView:
        """React to a message. Raises ApiError 400 or 422."""
        if reaction not in TAPBACKS and not _is_emoji(reaction):
            raise errors.invalid("reaction", f"must be one of {', '.join(TAPBACKS)}, or an emoji")
        if detail.channel != "imessage":
            raise errors.error("CHANNEL_NOT_SUPPORTED", what="reactions")
        number = self.data.numbers[detail.number]
        added = self._add_reaction(detail, reaction, number.phone_number, "outbound")
        return ReactedView(added.id, reaction, detail.id, detail.channel)

    def _add_reaction(
        self, detail: MessageDetail, reaction: str, sender: str, direction: Literal["inbound", "outbound"]
    ) -> Reaction:
        """Add a reaction in place of the sender's earlier one."""
        added = Reaction(
            id=new_id(self.services, detail.account, "rct"),
            reaction=reaction,
            sender=sender,
            direction=direction,
            created_at=self.services.clock.now(detail.account),
        )
        detail.reactions = [*(other for other in detail.reactions if other.sender != sender), added]
        return added

    def _receive_reaction(
        self, number: Number, conversation: Conversation, sender: str, body: str
    ) -> MessageDetail | None:
        """Return the message to which a text is a reaction, None if it is not one."""
        match = _REACTION_TEXT.fullmatch(body)
        if match is None:
            return None
        detail = next(
            (
                each
                for each in self.data.messages.newest("conversation", conversation.id)
                if each.direction == "outbound" and self.views.carried(each).body == match["body"]
            ),
            None,
        )
        if detail is None:
            return None
        reaction = match["emoji"] or next(name for name, verb in TAPBACKS.items() if verb == match["verb"])
        added = self._add_reaction(detail, reaction, sender, "inbound")
        message = self.views.carried(detail)
        media = list(message.media_urls)
        data = ReactionData(
            conversation_id=conversation.id,
            number_id=number.id,
            reaction_type=reaction,
            from_number=sender,
            message_id=detail.id,
            message_body=message.body,
            message_media_url=media[0] if media else None,
            message_media_urls=media,
            created_at=iso_exact(added.created_at),
        )
        latest = conversation.last_at + 1
        self._send_event("agent.reaction", number, conversation, detail, data, latest, added.id, detail.id)
        return detail


def _address(text: str, *, imessage: bool, param: str) -> str:
    """Return the address of a person in its usual form. Raises ApiError 400 or 422."""
    if is_email(text):
        if not imessage:
            raise errors.error("CHANNEL_NOT_SUPPORTED", "Only iMessage numbers write to e-mail addresses.")
        return text.lower()
    if is_short_code(text):
        return text
    found = to_e164(text)
    if found is None:
        raise errors.invalid(param, "must be a phone number, short code, e-mail address or group")
    return found


def _is_emoji(text: str) -> bool:
    """Return whether text is one emoji: pictographs, with joiners and modifiers."""
    categories = [unicodedata.category(char) for char in text]
    allowed = all(category in ("So", "Sk", "Mn", "Cf", "Me") for category in categories)
    return "So" in categories and allowed and len(text) <= 16
