"""Mutants of contacts and conversations."""

from __future__ import annotations

from ringback.mutants.agentphone.registry import mutant, sent
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableResponse, drop_query, error, respond, status, status_to
from ringback.mutants.transforms import apply, copy, drop, reverse, set_default, set_to
from ringback.vendors.agentphone.records import Conversation
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.contacts import Contacts
from ringback.vendors.agentphone.rules.conversations import Conversations
from ringback.vendors.agentphone.wire.requests import ConversationPatch
from ringback.vendors.agentphone.wire.responses import ConversationView

# -- contacts ------

mutant("contacts.made-with-200", "AGP-CON-1", "A new contact is answered 200.").response(
    status_to(200), on="createContact", when=status(201)
)


def _number_as_sent(response: MutableResponse[AgentPhone]) -> None:
    set_to("phoneNumber", sent(response, "phoneNumber"))(response)


mutant("contacts.number-as-typed", "AGP-CON-1", "A contact's number is not converted to E.164.").response(
    _number_as_sent, on="createContact"
)
mutant("contacts.twins", "AGP-CON-1", "Two contacts may have one number.", "AGP-ERR-2").returns(
    Contacts.check_free, None
)
mutant("contacts.twins-by-change", "AGP-CON-1", "A contact may be given another's number.").instead(
    Contacts.check_free,
    lambda check_free, own, project, number, unless: check_free(project, number, unless) if unless is None else None,
)
mutant("contacts.search-is-ignored", "AGP-CON-1", "The search is ignored.").request(
    drop_query("search"), on="listContacts"
)
mutant("contacts.search-by-name-alone", "AGP-CON-1", "The search covers names only.").result(
    Contacts.search,
    lambda found, own, project, text: [each for each in found if text.casefold() in each.name.casefold()],
)
mutant("contacts.search-minds-the-case", "AGP-CON-1", "The search is case-sensitive.", "AGP-SDK-1").result(
    Contacts.search,
    lambda found, own, project, text: [
        each for each in found if any(text in (field or "") for field in (each.name, each.phone_number, each.email))
    ],
)
mutant("contacts.updated-at-stays", "AGP-CON-1", "updatedAt does not change.").response(
    copy("updatedAt", "createdAt"), on="updateContact"
)
mutant("contacts.patch-clears-the-rest", "AGP-CON-1", "PATCH without a name replaces the name.").request(
    set_default("name", "Unnamed"), on="updateContact"
)
mutant("contacts.null-is-ignored", "AGP-CON-1", "Null does not clear a contact's field.").request(
    apply("", lambda body: {name: value for name, value in body.items() if value is not None}), on="updateContact"
)
mutant("contacts.deleted-with-200", "AGP-CON-1", "DELETE of a contact is answered 200.", "AGP-SDK-1").response(
    respond(200, {"success": True}), on="deleteContact", when=status(204)
)
mutant("contacts.second-deletion-succeeds", "AGP-CON-1", "A contact can be deleted twice.", "AGP-AUTH-2").response(
    respond(204, b""), on="deleteContact", when=status(404)
)

# -- conversations ------


@mutant("conversations.metadata-is-merged", "AGP-CNV-1", "Metadata is merged with the existing one.").patch(
    Conversations.update
)
def _metadata_is_merged(
    update: Original, _: AgentPhone, conversation: Conversation, body: ConversationPatch
) -> ConversationView:
    if isinstance(body.metadata, dict):
        body.metadata = {**(conversation.metadata or {}), **body.metadata}
    view: ConversationView = update(conversation, body)
    return view


mutant("conversations.null-is-ignored", "AGP-CNV-1", "Metadata of null clears nothing.").request(
    drop("[metadata=null].metadata"), on="updateConversation"
)
mutant(
    "conversations.latest-first-within",
    "AGP-CNV-1",
    "A conversation's messages come the latest first.",
    "AGP-MSG-1",
    "AGP-SDK-1",
).response(reverse("messages"), on="getConversation")
mutant("conversations.limit-is-ignored", "AGP-CNV-1", "message_limit is ignored.").request(
    drop_query("message_limit"), on="getConversation"
)
mutant("conversations.preview-is-empty", "AGP-CNV-1", "lastMessagePreview is empty.").response(
    set_to("data[].lastMessagePreview", ""), on="listConversations"
)


def _of_released(response: MutableResponse[AgentPhone]) -> bool:
    data = response.backend.data
    conversation = data.conversations.get(response.request.variables["conversation_id"])
    return conversation is not None and data.numbers[conversation.number].status == "released"


mutant("conversations.go-with-their-number", "AGP-CNV-1", "A released number's conversation is gone.").response(
    error(404, "CONVERSATION_NOT_FOUND"), on="getConversation", when=_of_released
)
mutant("conversations.background-always-changed", "AGP-CNV-1", "A background always counts as changed.").response(
    set_to("changed", True), on="setBackground"
)
mutant("conversations.count-is-of-those-shown", "AGP-CNV-1", "messageCount is 1.", "AGP-MSG-1").response(
    set_to("messageCount", 1), on="getConversation"
)
mutant("conversations.without-its-agent", "AGP-CNV-1", "A listed conversation has no agent.").response(
    set_to("data[].agentId", None), on="listConversations"
)
