"""Texts and conversations, and the message that was sent with an Idempotency-Key."""

from __future__ import annotations

from ringback.carrier.clock import DAY
from ringback.gateway.asgi import Response, encode
from ringback.gateway.idempotency import KeyReused, request_digest
from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Number, Text
from ringback.vendors.inkbox.routes.operations import NUMBER, operation
from ringback.vendors.inkbox.routes.query_params import (
    ConversationQuery,
    LookupQuery,
    PageQuery,
    SearchQuery,
    TextQuery,
    search_text,
)
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller, is_uuid
from ringback.vendors.inkbox.wire.requests import ConversationPatch, TextBody, TextPatch
from ringback.vendors.inkbox.wire.responses import ConversationUpdate, SendLookup, SummaryView, TextView

TEXTS = f"{NUMBER}/texts"
CONVERSATION = f"{TEXTS}/conversations/{{remote_number}}"
KEY_LIFETIME = DAY
"""How long an Idempotency-Key is remembered (ours)."""


@operation("POST", TEXTS, "sendText", 201)
async def send_text(
    backend: Inkbox,
    request: RequestLogEntry,
    caller: Caller,
    phone_number_id: str,
    idempotency_key: str | None,
    body: TextBody,
) -> TextView | Response:
    """Page "Texts". A repeated request gets the first response, also after its number was released."""
    if idempotency_key is None:
        return backend.message_views.view(backend.messages.send(backend.data.number(caller, phone_number_id), body))

    async def send() -> tuple[int, bytes]:
        number = backend.data.number(caller, phone_number_id)
        text = backend.messages.send(number, body)
        backend.messages.remember_key(number, idempotency_key, text)
        return 201, encode(backend.message_views.view(text))

    digest = request_digest(request.path.lower(), request.body)
    try:
        response = await backend.services.idempotency.run_once(
            caller.account, "sendText", idempotency_key, digest, KEY_LIFETIME, send
        )
    except KeyReused:
        raise errors.error("idempotency_key_reused") from None
    return Response(response.body, response.status)


@operation("GET", TEXTS, "listTexts")
def list_texts(backend: Inkbox, caller: Caller, number: Number, query: TextQuery) -> list[TextView]:
    """Page "Texts"."""
    return backend.messages.list_texts(
        caller,
        number,
        query.kind,
        read=query.is_read,
        within=query.within,
        offset=query.offset,
        limit=query.limit,
    )


@operation("GET", f"{TEXTS}/search", "searchTexts")
def search_texts(backend: Inkbox, caller: Caller, number: Number, query: SearchQuery) -> list[TextView]:
    """Page "Texts"."""
    return backend.messages.search(caller, number, query.kind, search_text(query.q), query.limit)


@operation("GET", f"{TEXTS}/conversations", "listConversations")
def list_conversations(backend: Inkbox, caller: Caller, number: Number, query: ConversationQuery) -> list[SummaryView]:
    """Page "Conversations"."""
    return backend.conversations.list_summaries(
        caller,
        number,
        query.kind,
        groups=query.include_groups,
        within=query.within,
        offset=query.offset,
        limit=query.limit,
    )


@operation("GET", CONVERSATION, "getConversation")
def get_conversation(
    backend: Inkbox, caller: Caller, number: Number, remote_number: str, query: PageQuery
) -> list[TextView]:
    """Page "Conversations"."""
    conversation = backend.conversations.find(number, remote_number)
    return backend.conversations.list_texts(caller, conversation, query.offset, query.limit)


@operation("PATCH", CONVERSATION, "updateConversation")
def update_conversation(
    backend: Inkbox, caller: Caller, number: Number, remote_number: str, body: ConversationPatch
) -> ConversationUpdate:
    """Page "Conversations"."""
    return backend.conversations.mark_all(caller, number, remote_number, read=body.is_read)


@operation("GET", f"{TEXTS}/{{text_id}}", "getText")
def get_text(backend: Inkbox, text: Text) -> TextView:
    """Page "Texts"."""
    return backend.message_views.view(text)


@operation("PATCH", f"{TEXTS}/{{text_id}}", "updateText")
def update_text(backend: Inkbox, text: Text, body: TextPatch) -> TextView:
    """Page "Texts"."""
    return backend.conversations.change(text, body)


@operation("GET", "/api/v1/message-sends/lookup", "lookUpMessageSend")
def look_up_send(backend: Inkbox, caller: Caller, query: LookupQuery, idempotency_key: str | None) -> SendLookup:
    """SDK 0.7."""
    if idempotency_key is None:
        raise errors.invalid("Idempotency-Key", "is required", "header")
    if query.sender_kind != "phone_number" or not is_uuid(query.sender_id):
        raise errors.not_found("message of that key")
    number = backend.data.number(caller, query.sender_id)
    return SendLookup(backend.messages.sent_with_key(number, idempotency_key))
