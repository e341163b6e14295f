"""Messages, sent and received, and what people make of them."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from ringback.carrier.clock import SECOND
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.segments import segmented
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventView, MessageData, ReactionData
from ringback.vendors.agentphone.prices import SEGMENT
from ringback.vendors.agentphone.records import Channel, Conversation, Number, Reaction, Text
from ringback.vendors.agentphone.rules.common import NAME, e164, is_email, is_link, is_short_code, new_id, shown
from ringback.vendors.agentphone.wire.bodies import MessageBody
from ringback.vendors.agentphone.wire.responses import (
    MessageView,
    ReactedView,
    ReactionView,
    ReplyView,
    SentView,
    ThreadMessageView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

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
"""Reactions by name, and how a phone tells of them in words."""
STATES = {"undelivered": "failed"}
_TOLD = re.compile(
    rf"(?:(?P<verb>{'|'.join(TAPBACKS.values())})|Reacted (?P<emoji>\S+) to) [“\"](?P<body>.*)[”\"]", re.DOTALL
)


class Texts:
    """The messages of all accounts."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Text] = Collection(
            Text,
            account=lambda text: text.account,
            number=lambda text: text.number,
            conversation=lambda text: text.conversation,
            sms=lambda text: text.account if text.direction == "outbound" and text.channel != "imessage" else None,
        )

    # -- sending ------

    def send(self, account: str, body: MessageBody) -> SentView:
        """Write to somebody. Raises ApiError; then nothing is sent and nothing charged."""
        number = self._sender(account, body)
        text, media = self._content(number, body)
        members, to, conversation = self._receiver(number, body)
        parent = self._parent(account, body.reply_to_message_id)
        blue = number.type == "imessage"
        if body.send_style is not None and not blue:
            raise errors.unsupported("Only iMessage lines have send styles.")
        registration = self.backend.office.outbound_sms(number)
        if not blue and registration != "enabled":
            raise errors.refusal(
                "REGISTRATION_REQUIRED",
                "US carriers take SMS from registered senders only: POST /v1/register, and wait until it is approved.",
            )
        cost = 0 if blue else SEGMENT * len(segmented(text).parts)
        self.backend.money.check(account, cost)
        if blue and conversation is None:
            self.backend.lines.greet_somebody_new(number)
        channel: Channel = "imessage" if blue else "mms" if media else "sms"
        if conversation is None:
            conversation = self.backend.threads.begin(number, to, channel, members)
        at = None if blue else self.turn(number)
        record = self._record(number, conversation, channel, "outbound", None)
        record.reply_to, record.style, record.cost = body.reply_to_message_id, body.send_style, cost
        script = self.services.scripts.take(
            "message",
            vendor=NAME,
            account=account,
            to=conversation.participant,
            senders=(number.id, number.phone_number),
            tag=None,
        )
        self.backend.money.charge(account, cost, "message", record.id)
        message = self.services.messages.send(
            id_=record.id,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=conversation.participant,
            body=text,
            media_urls=tuple(media),
            at=at,
            script=script,
        )
        self.backend.threads.add(conversation, number, record, text)
        unresolved = None if body.reply_to_message_id is None else not blue or parent is None
        return SentView(
            record.id,
            message.state,
            channel,
            number.phone_number,
            conversation.participant,
            conversation.id,
            media,
            body.reply_to_message_id,
            unresolved,
        )

    def turn(self, number: Number) -> int:
        """The instant at which an SMS that is sent now goes out: the carriers take so many of an account in a second,
        from whichever of its numbers, and what comes faster waits."""
        now = self.services.clock.now(number.account)
        rate = self.backend.settings(number.account).sms_per_second
        last = self.records.last("sms", number.account)
        if rate is None or last is None:
            return now
        return max(now, self.services.messages.records[last.id].due_at + round(SECOND / rate))

    def _sender(self, account: str, body: MessageBody) -> Number:
        """The number that sends: the one that is named, or the agent's first."""
        lines = self.backend.lines
        agent = self.backend.agents.of(account, body.agent_id) if body.agent_id is not None else None
        number: Number | None = None
        if body.number_id is not None:
            number = lines.of(account, body.number_id)
        elif body.from_number is not None:
            number = lines.by_phone(account, e164(body.from_number) or "")
            if number is None:
                raise errors.not_found("number", "PHONE_NUMBER_NOT_FOUND")
        elif agent is not None:
            number = next(iter(lines.of_agent(agent.id)), None)
            if number is None:
                raise errors.refusal("NUMBER_NOT_ATTACHED", "The agent has no number: attach one first.")
        if number is None:
            raise errors.invalid("agent_id", "has to be given, or number_id, or from_number")
        if number.status == "released":
            raise errors.released()
        if agent is not None and number.agent != agent.id:
            raise errors.refusal("NUMBER_NOT_ATTACHED", "The number is not this agent's.")
        return number

    def _content(self, number: Number, body: MessageBody) -> tuple[str, list[str]]:
        """Text and media of a message that its line can send."""
        text = body.body or ""
        media = list(body.media_urls or ())
        if body.media_url is not None and body.media_url not in media:
            media.insert(0, body.media_url)
        if not text and not media:
            raise errors.missing("body")
        if any(not is_link(url) for url in media):
            raise errors.invalid("media_urls", "holds http or https URLs")
        if number.type == "imessage":
            if len(text) > MAX_LENGTH:
                raise errors.invalid("body", f"has at most {MAX_LENGTH} characters")
            return text, media
        segments = len(segmented(text).parts)
        if segments > MAX_SEGMENTS:
            raise errors.invalid("body", f"has at most {MAX_SEGMENTS} segments; this has {segments}")
        if len(media) > 1 and not text:
            raise errors.unsupported("Only iMessage lines have carousels.")
        if len(media) > MAX_MMS_MEDIA:
            raise errors.unsupported(f"An MMS has at most {MAX_MMS_MEDIA} attachments.")
        return text, media

    def _receiver(self, number: Number, body: MessageBody) -> tuple[list[str] | None, str, Conversation | None]:
        """Who gets it: the members of a new group, or somebody; and the conversation, where there is one."""
        if (body.to_number is None) == (body.recipients is None):
            raise errors.invalid("to_number", "has to be given, or recipients, but not both")
        threads, blue = self.backend.threads, number.type == "imessage"
        if body.recipients is not None:
            if not blue:
                raise errors.unsupported("Only iMessage lines have groups.")
            members = [self._somebody(one, blue=True, param="recipients") for one in body.recipients]
            if len(set(members)) < len(members):
                raise errors.invalid("recipients", "names somebody twice")
            return members, "", None
        to = body.to_number or ""
        if to.startswith("grp_"):
            found = threads.between(number, to)
            if found is None:
                raise errors.not_found("group on this number", "CONVERSATION_NOT_FOUND")
            return None, to, found
        somebody = self._somebody(to, blue=blue, param="to_number")
        if somebody == number.phone_number:
            raise errors.invalid("to_number", "is the number that sends")
        return None, somebody, threads.between(number, somebody)

    def _somebody(self, text: str, *, blue: bool, param: str) -> str:
        if is_email(text):
            if not blue:
                raise errors.unsupported("Only iMessage lines write to e-mail addresses.")
            return text.lower()
        if is_short_code(text):
            return text
        found = e164(text)
        if found is None:
            raise errors.invalid(param, "is no phone number, short code, e-mail address or group")
        return found

    def _parent(self, account: str, id_: str | None) -> Text | None:
        if id_ is None:
            return None
        return self.of(account, id_)

    def _record(
        self, number: Number, conversation: Conversation, channel: Channel, direction: str, sender: str | None
    ) -> Text:
        account = number.account
        last = self.records.last("account", account)
        now = self.services.clock.now(account)
        number.texts += 1
        return self.records.add(
            Text(
                id=new_id(self.services, account, "msg"),
                account=account,
                project=number.project,
                at=max(now, last.at + 1) if last is not None else now,
                number=number.id,
                conversation=conversation.id,
                channel=channel,
                direction="outbound" if direction == "outbound" else "inbound",
                by=number.agent,
                sender=sender,
            )
        )

    # -- receiving ------

    def receive(self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]) -> Text:
        """Somebody writes to one of our numbers, and to a `group` of others with it, or reacts to a message of an
        iMessage line in the words in which a phone tells of that. Raises NumberNotFound for a number that nobody has,
        Unsendable for a message that no phone could send."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        number = self.backend.lines.records[assigned.number_id]
        if not body or len(body) > MAX_LENGTH:
            raise Unsendable("body", f"body has from 1 to {MAX_LENGTH} characters")
        if len(media_urls) > MAX_MMS_MEDIA or not all(map(is_link, media_urls)):
            raise Unsendable("media_urls", f"media_urls are at most {MAX_MMS_MEDIA} http or https URLs")
        blue, threads = number.type == "imessage", self.backend.threads
        if group and not blue:
            raise Unsendable("group", "only iMessage lines have groups: leave `group` out")
        members = (sender, *group)
        conversation = threads.among(number, members) if group else threads.between(number, sender)
        if blue and not media_urls and conversation is not None:
            reacted = self._told_reaction(number, conversation, sender, body)
            if reacted is not None:
                return reacted
        channel: Channel = "imessage" if blue else "mms" if media_urls else "sms"
        if conversation is None:
            conversation = threads.begin(number, sender, channel, list(members) if group else None)
        record = self._record(number, conversation, channel, "inbound", sender)
        self.services.messages.receive(
            id_=record.id,
            vendor=NAME,
            account=assigned.account,
            number_id=number.id,
            number=to,
            remote_number=sender,
            body=body,
            media_urls=media_urls,
        )
        threads.add(conversation, number, record, body)
        self._tell_message(number, conversation, record)
        return record

    def _tell_message(self, number: Number, conversation: Conversation, record: Text) -> None:
        hook = self.backend.hooks.for_(record.account, record.project, number.agent)
        if hook is None:
            return
        message = self.services.messages.records[record.id]
        media = list(message.media_urls)
        data = MessageData(
            message_id=record.id,
            id=record.id,
            conversation_id=conversation.id,
            number_id=number.id,
            from_=message.remote_number,
            to=message.number,
            contact=self.backend.people.known(record.account, record.project, message.remote_number),
            message=message.body,
            media_url=media[0] if media else None,
            media_urls=media,
            received_at=shown(record.at),
            external_message_id=None,
            sender_identifier=message.remote_number,
            external_id=number.external_id,
            group=self.backend.threads.group(conversation),
        )
        view = EventView(
            event="agent.message",
            channel=record.channel,
            timestamp=shown(self.services.clock.now(record.account)),
            agent_id=number.agent,
            data=data,
            conversation_state=conversation.metadata,
            recent_history=self.backend.hooks.history(hook, conversation.id, record.at),
        )
        self.backend.hooks.tell(hook, view, record.id, record.id)

    def changed(self, message: Message, change: MessageEvent) -> None:
        """A message came further; who wants to know looks."""

    # -- reactions ------

    def react(self, account: str, id_: str, reaction: str) -> ReactedView:
        """Make something of a message. Raises ApiError 400, 404 or 422."""
        text = self.of(account, id_)
        if reaction not in TAPBACKS and not _is_emoji(reaction):
            raise errors.invalid("reaction", f"is one of {', '.join(TAPBACKS)}, or an emoji")
        if text.channel != "imessage":
            raise errors.unsupported("Only iMessage lines have reactions.")
        number = self.backend.lines.records[text.number]
        made = self._made(text, reaction, number.phone_number, "outbound")
        return ReactedView(made.id, reaction, id_, text.channel)

    def _made(self, text: Text, reaction: str, sender: str, direction: str) -> Reaction:
        """Somebody's reaction, in place of the one they made before."""
        made = Reaction(
            id=new_id(self.services, text.account, "rct"),
            reaction=reaction,
            sender=sender,
            direction="outbound" if direction == "outbound" else "inbound",
            created_at=self.services.clock.now(text.account),
        )
        text.reactions = [*(other for other in text.reactions if other.sender != sender), made]
        return made

    def _told_reaction(self, number: Number, conversation: Conversation, sender: str, body: str) -> Text | None:
        """The message that somebody reacted to, where these words tell of that."""
        told = _TOLD.fullmatch(body)
        if told is None:
            return None
        about = next(
            (
                text
                for text in self.records.newest("conversation", conversation.id)
                if self.body_of(text) == told["body"] and text.direction == "outbound"
            ),
            None,
        )
        if about is None:
            return None
        reaction = told["emoji"] or next(name for name, verb in TAPBACKS.items() if verb == told["verb"])
        made = self._made(about, reaction, sender, "inbound")
        hook = self.backend.hooks.for_(about.account, about.project, number.agent)
        if hook is not None:
            media = list(self.services.messages.records[about.id].media_urls)
            data = ReactionData(
                conversation_id=conversation.id,
                number_id=number.id,
                reaction_type=reaction,
                from_number=sender,
                message_id=about.id,
                message_body=self.body_of(about),
                message_media_url=media[0] if media else None,
                message_media_urls=media,
                created_at=shown(made.created_at),
            )
            view = EventView(
                event="agent.reaction",
                channel="imessage",
                timestamp=shown(made.created_at),
                agent_id=number.agent,
                data=data,
                conversation_state=conversation.metadata,
                recent_history=self.backend.hooks.history(hook, conversation.id, conversation.last_at + 1),
            )
            self.backend.hooks.tell(hook, view, made.id, about.id)
        return about

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> Text:
        """An account's message. Raises ApiError 404."""
        text = self.records.get(id_)
        if text is None or text.account != account:
            raise errors.not_found("message", "MESSAGE_NOT_FOUND")
        return text

    def body_of(self, text: Text) -> str:
        """What a message says."""
        return self.services.messages.records[text.id].body

    def _ends(self, message: Message) -> tuple[str, str]:
        if message.direction == "outbound":
            return message.number, message.remote_number
        return message.remote_number, message.number

    def view(self, text: Text) -> MessageView:
        """A message as a number's list shows it."""
        message = self.services.messages.records[text.id]
        sender, to = self._ends(message)
        media = list(message.media_urls)
        return MessageView(
            id=text.id,
            from_=sender,
            from_plain=sender,
            from_number=sender,
            to=to,
            to_number=to,
            body=message.body,
            direction=text.direction,
            channel=text.channel,
            received_at=shown(text.at),
            status=self._state(message),
            failure_reason=message.failure_code,
            media_url=media[0] if media else None,
            media_urls=media,
            conversation_id=text.conversation,
        )

    def view_in_thread(self, text: Text) -> ThreadMessageView:
        """A message as its conversation shows it."""
        message = self.services.messages.records[text.id]
        sender, to = self._ends(message)
        media = list(message.media_urls)
        delivered = message.delivered_at if message.state == "delivered" else None
        return ThreadMessageView(
            id=text.id,
            from_=sender,
            from_plain=sender,
            from_number=sender,
            to=to,
            to_number=to,
            body=message.body,
            direction=text.direction,
            channel=text.channel,
            received_at=shown(text.at),
            status=self._state(message),
            failure_reason=message.failure_code,
            media_url=media[0] if media else None,
            media_urls=media,
            conversation_id=text.conversation,
            sender_identifier=text.sender,
            reactions=[
                ReactionView(made.id, made.reaction, made.sender, made.direction, shown(made.created_at))
                for made in text.reactions
            ],
            reply_to=self._reply(text),
            error_code=message.failure_code,
            delivered_at=shown(delivered) if delivered is not None else None,
            delivered_channel=text.channel if delivered is not None else None,
        )

    def _reply(self, text: Text) -> ReplyView | None:
        parent = self.records.get(text.reply_to) if text.reply_to is not None else None
        if parent is None:
            return None
        message = self.services.messages.records[parent.id]
        return ReplyView(parent.id, message.body, list(message.media_urls))

    def _state(self, message: Message) -> str:
        return "received" if message.direction == "inbound" else STATES.get(message.state, message.state)


def _is_emoji(text: str) -> bool:
    """Whether text is one emoji: pictures, with what joins and colours them."""
    pictures = [char for char in text if unicodedata.category(char) == "So"]
    joins = all(unicodedata.category(char) in ("So", "Sk", "Mn", "Cf", "Me") for char in text)
    return bool(pictures) and joins and len(text) <= 16
