"""Conversations between a number and a person, or a group."""

from __future__ import annotations

from msgspec import UNSET

from ringback.carrier.clock import iso_exact
from ringback.gateway.asgi import encode
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventGroupView
from ringback.vendors.agentphone.records import Channel, Conversation, MessageDetail, Number
from ringback.vendors.agentphone.rules.common import new_id
from ringback.vendors.agentphone.rules.contacts import Contacts
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.message_views import MessageViews
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.wire.requests import ConversationPatch
from ringback.vendors.agentphone.wire.responses import (
    BackgroundView,
    CapabilitiesView,
    ConversationView,
    ParticipantView,
    TypingView,
)

PREVIEW_LENGTH = 100
"""Characters of the latest message in a list."""
MAX_METADATA = 16_384
"""Bytes of JSON."""
SHOWN_MESSAGES = 50


class Conversations:
    """The conversations of all accounts. The one last written in is the newest of its index."""

    def __init__(
        self, services: Services, data: Data, registrations: Registrations, contacts: Contacts, messages: MessageViews
    ) -> None:
        self.services = services
        self.data = data
        self.registrations = registrations
        self.contacts = contacts
        self.messages = messages

    def between(self, number: Number, participant: str) -> Conversation | None:
        """Return the conversation of a number with a person, or with a group by its id."""
        return self.data.conversation_with(number.id, participant)

    def among(self, number: Number, members: tuple[str, ...]) -> Conversation | None:
        """Return the conversation of a number with a group of these members, the last one written in if several."""
        return self.data.conversations.last("group", (number.id, *sorted(members)))

    def begin(self, number: Number, participant: str, channel: Channel, members: list[str] | None) -> Conversation:
        """Start a conversation. With `members` it is a group, which gets an id."""
        now = self.services.clock.now(number.account)
        group = new_id(self.services, number.account, "grp") if members is not None else None
        return self.data.conversations.add(
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

    def add(self, conversation: Conversation, number: Number, message: MessageDetail, body: str) -> None:
        """Count a new message; the conversation becomes the newest."""
        self.data.conversations.remove(conversation)
        conversation.last_at, conversation.preview = message.at, body[:PREVIEW_LENGTH]
        conversation.channel, conversation.agent = message.channel, number.agent
        conversation.messages += 1
        self.data.conversations.add(conversation)

    def forget_agent(self, agent: str) -> None:
        """Remove a deleted agent from its conversations."""
        for conversation in self.data.conversations.oldest("agent", agent):
            self.data.conversations.update(conversation, agent=None)

    # -- changes ------

    def update(self, conversation: Conversation, body: ConversationPatch) -> ConversationView:
        """Replace the metadata, or rename a group; the name of another conversation is ignored. Raises ApiError 422."""
        if body.metadata is not UNSET:
            if len(encode(body.metadata)) > MAX_METADATA:
                raise errors.invalid("metadata", f"must have at most {MAX_METADATA} bytes as JSON")
            conversation.metadata = body.metadata
        if isinstance(body.group_name, str) and conversation.group is not None:
            conversation.group_name = body.group_name
        return self.view(conversation, SHOWN_MESSAGES)

    def _check_imessage(self, conversation: Conversation, what: str) -> None:
        if self.data.numbers[conversation.number].type != "imessage":
            raise errors.error("CHANNEL_NOT_SUPPORTED", what=what)

    def send_typing(self, conversation: Conversation) -> TypingView:
        """Show a typing indicator to the participant. Raises ApiError 400."""
        self._check_imessage(conversation, "typing indicators")
        self.services.note(
            conversation.account, "message", f"typing to {conversation.participant}", conversation_id=conversation.id
        )
        return TypingView(conversation.id, "imessage", "sent")

    def set_background(self, conversation: Conversation, image_url: str) -> BackgroundView:
        """Set the background image of a conversation. Raises ApiError 400."""
        self._check_imessage(conversation, "backgrounds")
        changed = conversation.background != image_url
        if changed:
            conversation.background = image_url
            conversation.background_id = new_id(self.services, conversation.account, "bg")
            conversation.background_version += 1
        return BackgroundView(
            conversation.id,
            "imessage",
            has_background=True,
            background_id=conversation.background_id,
            background_version=conversation.background_version,
            changed=changed,
        )

    def delete_background(self, conversation: Conversation) -> None:
        """Remove the background image of a conversation, if it has one. Raises ApiError 400."""
        self._check_imessage(conversation, "backgrounds")
        conversation.background = conversation.background_id = None

    # -- views ------

    def summary(self, conversation: Conversation) -> ConversationView:
        """Return a conversation as lists show it."""
        view = self._view(conversation)
        view.last_message_preview = conversation.preview
        return view

    def view(self, conversation: Conversation, limit: int) -> ConversationView:
        """Return a conversation with its latest messages, oldest first."""
        view = self._view(conversation)
        latest = self.data.messages.page("conversation", conversation.id, limit)
        view.messages = [self.messages.in_conversation(message) for message in reversed(latest)]
        return view

    def _view(self, conversation: Conversation) -> ConversationView:
        number = self.data.numbers[conversation.number]
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
            last_message_at=iso_exact(conversation.last_at),
            message_count=conversation.messages,
            metadata=conversation.metadata,
            channel=conversation.channel,
            capabilities=self._capabilities(number),
            created_at=iso_exact(conversation.created_at),
        )

    def _members(self, conversation: Conversation) -> list[ParticipantView] | None:
        if conversation.members is None:
            return None
        account, project = conversation.account, conversation.project
        contacts = [self.contacts.for_event(account, project, member) for member in conversation.members]
        return [
            ParticipantView(member, contact.name if contact is not None else None)
            for member, contact in zip(conversation.members, contacts, strict=True)
        ]

    def group(self, conversation: Conversation) -> EventGroupView | None:
        """Return the group of a conversation, as events show it."""
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
        imessage = number.type == "imessage"
        outbound_sms = self.registrations.outbound_sms(number)
        reason = None
        if number.status == "released":
            reason = "number_released"
        elif outbound_sms != "enabled":
            reason = outbound_sms
        channels = [number.type] if reason is None else []
        return CapabilitiesView(
            can_send_messages=reason is None,
            media=reason is None,
            reactions=imessage and reason is None,
            emoji_reactions=imessage and reason is None,
            send_disabled_reason=reason,
            send_channel=number.type if reason is None else None,
            available_channels=list(channels),
            media_channels=list(channels),
        )
