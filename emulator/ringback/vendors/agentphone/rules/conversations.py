"""Conversations: what a number and somebody, or a group, have written to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventGroupView
from ringback.vendors.agentphone.records import Channel, Conversation, Number, Text
from ringback.vendors.agentphone.rules.common import new_id, shown
from ringback.vendors.agentphone.wire.bodies import ConversationPatch
from ringback.vendors.agentphone.wire.responses import (
    BackgroundView,
    CapabilitiesView,
    ConversationView,
    ParticipantView,
    TypingView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

PREVIEW = 100
"""Characters of the latest message that a list shows."""
MAX_METADATA = 16_384


class Threads:
    """The conversations of all accounts. The one written in last is the newest of its index."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Conversation] = Collection(
            Conversation,
            project=lambda conversation: conversation.project,
            agent=lambda conversation: conversation.agent,
            pair=lambda conversation: (conversation.number, conversation.participant),
            crowd=lambda conversation: (
                (conversation.number, *sorted(conversation.members)) if conversation.members is not None else None
            ),
        )

    def between(self, number: Number, participant: str) -> Conversation | None:
        """What a number has with somebody, or with a group."""
        return self.records.last("pair", (number.id, participant))

    def among(self, number: Number, members: tuple[str, ...]) -> Conversation | None:
        """The group that a number is in with these; the one written in last, where there are several."""
        return self.records.last("crowd", (number.id, *sorted(members)))

    def begin(self, number: Number, participant: str, channel: Channel, members: list[str] | None) -> Conversation:
        """A first message is about to be written. A group gets a name in this API."""
        now = self.services.clock.now(number.account)
        group = new_id(self.services, number.account, "grp") if members is not None else None
        return self.records.add(
            Conversation(
                id=new_id(self.services, number.account, "conv"),
                account=number.account,
                project=number.project,
                number=number.id,
                participant=group or participant,
                created_at=now,
                last_at=now,
                agent=number.agent,
                channel=channel,
                group=group,
                members=members,
            )
        )

    def add(self, conversation: Conversation, number: Number, text: Text, body: str) -> None:
        """A message is written: the conversation comes to the front."""
        self.records.remove(conversation)
        conversation.last_at, conversation.preview = text.at, body[:PREVIEW]
        conversation.channel, conversation.agent = text.channel, number.agent
        conversation.messages += 1
        self.records.add(conversation)

    def orphan(self, agent: str) -> None:
        """An agent is gone: its conversations stay without one."""
        for conversation in self.records.oldest("agent", agent):
            self.records.update(conversation, agent=None)

    # -- what can be done in one ------

    def change(self, account: str, id_: str, body: ConversationPatch) -> ConversationView:
        """Replace what is remembered, rename a group; a name for two is passed over. Raises ApiError 404 or 422."""
        conversation = self.of(account, id_)
        if body.metadata is not UNSET:
            from ringback.gateway.asgi import encode

            if len(encode(body.metadata)) > MAX_METADATA:
                raise errors.invalid("metadata", f"has at most {MAX_METADATA} bytes as JSON")
            conversation.metadata = body.metadata
        if isinstance(body.group_name, str) and conversation.group is not None:
            conversation.group_name = body.group_name
        return self.in_full(conversation, 50)

    def _blue(self, account: str, id_: str, what: str) -> Conversation:
        """A conversation on an iMessage line. Raises ApiError 400 or 404."""
        conversation = self.of(account, id_)
        if self.backend.lines.records[conversation.number].type != "imessage":
            raise errors.unsupported(f"Only iMessage lines have {what}.")
        return conversation

    def type(self, account: str, id_: str) -> TypingView:
        """Show that an answer is being written. Raises ApiError 400 or 404."""
        conversation = self._blue(account, id_, "typing indicators")
        self.services.note(account, "message", f"typing to {conversation.participant}", conversation_id=id_)
        return TypingView(id_, "imessage", "sent")

    def set_background(self, account: str, id_: str, image_url: str) -> BackgroundView:
        """Put a picture behind a conversation. Raises ApiError 400 or 404."""
        conversation = self._blue(account, id_, "backgrounds")
        changed = conversation.background != image_url
        if changed:
            conversation.background = image_url
            conversation.background_id = new_id(self.services, account, "bg")
            conversation.background_version += 1
        return BackgroundView(
            id_,
            "imessage",
            has_background=True,
            background_id=conversation.background_id,
            background_version=conversation.background_version,
            changed=changed,
        )

    def drop_background(self, account: str, id_: str) -> None:
        """Take the picture away, if there is one. Raises ApiError 400 or 404."""
        conversation = self._blue(account, id_, "backgrounds")
        conversation.background = conversation.background_id = None

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> Conversation:
        """An account's conversation. Raises ApiError 404."""
        conversation = self.records.get(id_)
        if conversation is None or conversation.account != account:
            raise errors.not_found("conversation", "CONVERSATION_NOT_FOUND")
        return conversation

    def summary(self, conversation: Conversation) -> ConversationView:
        """A conversation as lists show it."""
        view = self._view(conversation)
        view.last_message_preview = conversation.preview
        return view

    def in_full(self, conversation: Conversation, limit: int) -> ConversationView:
        """A conversation with its latest messages, in the order they were said."""
        view = self._view(conversation)
        texts = self.backend.texts
        latest = texts.records.page("conversation", conversation.id, limit)
        view.messages = [texts.view_in_thread(text) for text in reversed(latest)]
        return view

    def _view(self, conversation: Conversation) -> ConversationView:
        number = self.backend.lines.records[conversation.number]
        return ConversationView(
            id=conversation.id,
            agent_id=conversation.agent,
            phone_number_id=number.id,
            phone_number=number.phone_number,
            participant=conversation.participant,
            contact_number=conversation.participant,
            is_group=conversation.group is not None,
            group_id=conversation.group,
            group_name=conversation.group_name,
            participants=self._members(conversation),
            last_message_at=shown(conversation.last_at),
            message_count=conversation.messages,
            metadata=conversation.metadata,
            channel=conversation.channel,
            capabilities=self._capabilities(number),
            created_at=shown(conversation.created_at),
        )

    def _members(self, conversation: Conversation) -> list[ParticipantView] | None:
        if conversation.members is None:
            return None
        people = self.backend.people
        known = [people.known(conversation.account, conversation.project, member) for member in conversation.members]
        return [
            ParticipantView(member, contact.name if contact is not None else None)
            for member, contact in zip(conversation.members, known, strict=True)
        ]

    def group(self, conversation: Conversation) -> EventGroupView | None:
        """The group, as events tell of it."""
        if conversation.group is None:
            return None
        return EventGroupView(
            is_group=True,
            group_id=conversation.group,
            group_name=conversation.group_name,
            group_icon_url=None,
            participants=self._members(conversation),
        )

    def _capabilities(self, number: Number) -> CapabilitiesView:
        blue = number.type == "imessage"
        reason = None
        if number.status == "released":
            reason = "number_released"
        elif not blue and self.backend.office.outbound_sms(number) != "enabled":
            reason = self.backend.office.outbound_sms(number)
        channels = [number.type] if reason is None else []
        return CapabilitiesView(
            can_send_messages=reason is None,
            media=reason is None,
            reactions=blue and reason is None,
            emoji_reactions=blue and reason is None,
            send_disabled_reason=reason,
            send_channel=number.type if reason is None else None,
            available_channels=list(channels),
            media_channels=list(channels),
        )
