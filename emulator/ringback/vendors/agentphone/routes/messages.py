"""Messages, conversations and contacts."""

from __future__ import annotations

from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone.records import Contact, Conversation, MessageDetail
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import (
    CapabilityQuery,
    ContactQuery,
    ConversationQuery,
    MessageQuery,
    PageQuery,
    message_page,
    page,
    page_of,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.requests import (
    BackgroundBody,
    ContactBody,
    ContactPatch,
    ConversationPatch,
    MessageBody,
    ReactionBody,
)
from ringback.vendors.agentphone.wire.responses import (
    BackgroundView,
    CapabilityView,
    ContactView,
    ConversationView,
    MessageView,
    Page,
    ReactedView,
    SentView,
    TimePage,
    TypingView,
)


@operation("POST", "/v1/messages", "sendMessage")
def send_message(backend: AgentPhone, request: RequestLogEntry, body: MessageBody) -> SentView:
    """Send a message."""
    return backend.messages.send(request.account, body)


@operation("POST", "/v1/messages/{message_id}/reactions", "sendReaction")
def send_reaction(backend: AgentPhone, message: MessageDetail, body: ReactionBody) -> ReactedView:
    """React to a message."""
    return backend.messages.react(message, body.reaction)


@operation("GET", "/v1/conversations", "listConversations")
def list_conversations(backend: AgentPhone, project: str, query: PageQuery) -> Page[ConversationView]:
    """Conversations of a project."""
    return page(query, backend.data.conversations, "project", project, backend.conversations.summary)


@operation("GET", "/v1/conversations/{conversation_id}", "getConversation")
def get_conversation(backend: AgentPhone, conversation: Conversation, query: ConversationQuery) -> ConversationView:
    """One conversation with its latest messages."""
    return backend.conversations.view(conversation, query.message_limit)


@operation("PATCH", "/v1/conversations/{conversation_id}", "updateConversation")
def update_conversation(backend: AgentPhone, conversation: Conversation, body: ConversationPatch) -> ConversationView:
    """Change a conversation."""
    return backend.conversations.update(conversation, body)


@operation("GET", "/v1/conversations/{conversation_id}/messages", "listConversationMessages")
def list_conversation_messages(
    backend: AgentPhone, conversation: Conversation, query: MessageQuery
) -> TimePage[MessageView]:
    """Messages of a conversation."""
    view = backend.message_views.in_conversation
    return message_page(query, backend.data.messages, "conversation", conversation.id, view)


@operation("POST", "/v1/conversations/{conversation_id}/typing", "sendTyping")
def send_typing(backend: AgentPhone, conversation: Conversation) -> TypingView:
    """Show a typing indicator."""
    return backend.conversations.send_typing(conversation)


@operation("POST", "/v1/conversations/{conversation_id}/background", "setBackground")
def set_background(backend: AgentPhone, conversation: Conversation, body: BackgroundBody) -> BackgroundView:
    """Set a background image."""
    return backend.conversations.set_background(conversation, body.image_url)


@operation("DELETE", "/v1/conversations/{conversation_id}/background", "deleteBackground")
def delete_background(backend: AgentPhone, conversation: Conversation) -> None:
    """Remove a background image."""
    backend.conversations.delete_background(conversation)


@operation("GET", "/v1/contacts", "listContacts")
def list_contacts(backend: AgentPhone, project: str, query: ContactQuery) -> Page[ContactView]:
    """Contacts of a project, all or those that a search finds."""
    if query.search:
        return page_of(query, backend.contacts.search(project, query.search), backend.contacts.view)
    return page(query, backend.data.contacts, "project", project, backend.contacts.view)


@operation("POST", "/v1/contacts", "createContact", 201)
def create_contact(backend: AgentPhone, request: RequestLogEntry, project: str, body: ContactBody) -> ContactView:
    """Create a contact."""
    return backend.contacts.create(request.account, project, body)


@operation("GET", "/v1/contacts/capabilities", "getContactCapabilities")
def get_contact_capabilities(backend: AgentPhone, request: RequestLogEntry, query: CapabilityQuery) -> CapabilityView:
    """The channels that a number can receive."""
    return backend.contacts.capabilities(request.account, query.phone_number)


@operation("GET", "/v1/contacts/{contact_id}", "getContact")
def get_contact(backend: AgentPhone, contact: Contact) -> ContactView:
    """One contact."""
    return backend.contacts.view(contact)


@operation("PATCH", "/v1/contacts/{contact_id}", "updateContact")
def update_contact(backend: AgentPhone, contact: Contact, body: ContactPatch) -> ContactView:
    """Change a contact."""
    return backend.contacts.update(contact, body)


@operation("DELETE", "/v1/contacts/{contact_id}", "deleteContact")
def delete_contact(backend: AgentPhone, contact: Contact) -> None:
    """Delete a contact."""
    backend.data.contacts.remove(contact)
