"""Messages, conversations and contacts."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.journal import log_entry
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.query_params import (
    Req,
    body_of,
    nothing,
    paged,
    paged_list,
    project_of,
    query_in,
    so_many,
    walked,
)
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.bodies import (
    BackgroundBody,
    ContactBody,
    ContactPatch,
    ConversationPatch,
    MessageBody,
    ReactionBody,
)

CONTACTS, MAX_CONTACTS = 50, 200
_MESSAGE = msgspec.json.Decoder(MessageBody)
_REACTION = msgspec.json.Decoder(ReactionBody)
_CONVERSATION = msgspec.json.Decoder(ConversationPatch)
_BACKGROUND = msgspec.json.Decoder(BackgroundBody)
_CONTACT = msgspec.json.Decoder(ContactBody)
_CONTACT_PATCH = msgspec.json.Decoder(ContactPatch)


def messages(backend: AgentPhone) -> tuple[Any, ...]:
    """The handlers."""
    return *_messages(backend), *_conversations(backend), *_contacts(backend)


def _messages(backend: AgentPhone) -> tuple[Any, ...]:
    texts = backend.texts

    @post("/v1/messages", operation_id="sendMessage", status_code=200)
    async def send_message(request: Req) -> Response:
        exchange = log_entry(request)
        return Response(encode(texts.send(exchange.account, body_of(exchange, _MESSAGE))))

    @post("/v1/messages/{message_id:str}/reactions", operation_id="sendReaction", status_code=200)
    async def send_reaction(request: Req, message_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        texts.of(exchange.account, message_id)
        return Response(encode(texts.react(exchange.account, message_id, body_of(exchange, _REACTION).reaction)))

    return send_message, send_reaction


def _conversations(backend: AgentPhone) -> tuple[Any, ...]:
    threads = backend.threads

    @get("/v1/conversations", operation_id="listConversations")
    async def list_conversations(request: Req) -> Response:
        exchange = log_entry(request)
        return paged(exchange, threads.records, "project", project_of(backend, exchange), threads.summary)

    @get("/v1/conversations/{conversation_id:str}", operation_id="getConversation")
    async def get_conversation(request: Req, conversation_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        conversation = threads.of(exchange.account, conversation_id)
        limit = so_many(query_in(exchange, "message_limit"), "message_limit", 50, 1, 100)
        return Response(encode(threads.in_full(conversation, limit)))

    @patch("/v1/conversations/{conversation_id:str}", operation_id="updateConversation")
    async def update_conversation(request: Req, conversation_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        threads.of(exchange.account, conversation_id)
        return Response(encode(threads.change(exchange.account, conversation_id, body_of(exchange, _CONVERSATION))))

    @get("/v1/conversations/{conversation_id:str}/messages", operation_id="listConversationMessages")
    async def list_messages(request: Req, conversation_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        conversation = threads.of(exchange.account, conversation_id)
        texts = backend.texts
        return walked(exchange, texts.records, "conversation", conversation.id, attrgetter("at"), texts.view_in_thread)

    @post("/v1/conversations/{conversation_id:str}/typing", operation_id="sendTyping", status_code=200)
    async def send_typing(request: Req, conversation_id: FromPath[str]) -> Response:
        return Response(encode(threads.type(log_entry(request).account, conversation_id)))

    @post("/v1/conversations/{conversation_id:str}/background", operation_id="setBackground", status_code=200)
    async def set_background(request: Req, conversation_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        threads.of(exchange.account, conversation_id)
        body = body_of(exchange, _BACKGROUND)
        return Response(encode(threads.set_background(exchange.account, conversation_id, body.image_url)))

    @delete("/v1/conversations/{conversation_id:str}/background", operation_id="deleteBackground", status_code=200)
    async def delete_background(request: Req, conversation_id: FromPath[str]) -> Response:
        threads.drop_background(log_entry(request).account, conversation_id)
        return nothing()

    return (
        list_conversations,
        get_conversation,
        update_conversation,
        list_messages,
        send_typing,
        set_background,
        delete_background,
    )


def _contacts(backend: AgentPhone) -> tuple[Any, ...]:
    people = backend.people

    @get("/v1/contacts", operation_id="listContacts")
    async def list_contacts(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        query = query_in(exchange, "limit", "offset", "search")
        if query.get("search"):
            found = people.with_(project, query["search"])
            return paged_list(query, found, people.view, default=CONTACTS, most=MAX_CONTACTS)
        return paged(exchange, people.records, "project", project, people.view, default=CONTACTS, most=MAX_CONTACTS)

    @post("/v1/contacts", operation_id="createContact")
    async def create_contact(request: Req) -> Response:
        exchange = log_entry(request)
        project = project_of(backend, exchange)
        return Response(encode(people.create(exchange.account, project, body_of(exchange, _CONTACT))), 201)

    @get("/v1/contacts/capabilities", operation_id="getContactCapabilities")
    async def get_capabilities(request: Req) -> Response:
        exchange = log_entry(request)
        query = query_in(exchange, "phone_number")
        if not query.get("phone_number"):
            raise errors.UnprocessableError("query", "phone_number", "is required", "missing")
        return Response(encode(people.reach(exchange.account, query["phone_number"])))

    @get("/v1/contacts/{contact_id:str}", operation_id="getContact")
    async def get_contact(request: Req, contact_id: FromPath[str]) -> Response:
        return Response(encode(people.view(people.of(log_entry(request).account, contact_id))))

    @patch("/v1/contacts/{contact_id:str}", operation_id="updateContact")
    async def update_contact(request: Req, contact_id: FromPath[str]) -> Response:
        exchange = log_entry(request)
        people.of(exchange.account, contact_id)
        return Response(encode(people.change(exchange.account, contact_id, body_of(exchange, _CONTACT_PATCH))))

    @delete("/v1/contacts/{contact_id:str}", operation_id="deleteContact", status_code=200)
    async def delete_contact(request: Req, contact_id: FromPath[str]) -> Response:
        people.delete(log_entry(request).account, contact_id)
        return nothing()

    return list_contacts, create_contact, get_capabilities, get_contact, update_contact, delete_contact
