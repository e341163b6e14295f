"""Texts and conversations, and looking up what a request's key sent."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import get, patch, post
from litestar.params import FromPath

from ringback.carrier.clock import DAY
from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.idempotency import KeyReused, request_digest
from ringback.gateway.journal import log_entry
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Text
from ringback.vendors.inkbox.routes.query_params import DATES, Req, flag, kind_in, query_in, span_in, window, words_in
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller, caller_of, is_uuid
from ringback.vendors.inkbox.wire import ConversationPatch, SendLookup, TextBody, TextPatch

TEXTS = f"{PHONE}/numbers/{{phone_number_id:str}}/texts"
KEPT_FOR = DAY
"""How long a request's key is remembered (ours)."""
_KEY = re.compile(rb"[\x20-\x7e]{1,255}")
_TEXT = msgspec.json.Decoder(TextBody)
_PATCH = msgspec.json.Decoder(TextPatch)
_CONVERSATION = msgspec.json.Decoder(ConversationPatch)


def key_in(request: Req) -> str | None:
    """The request's Idempotency-Key. Raises ApiError 422 for one that is none."""
    for name, value in log_entry(request).headers:
        if name == b"idempotency-key":
            if not _KEY.fullmatch(value) or not value.strip():
                raise errors.invalid("Idempotency-Key", "has from 1 to 255 printable ASCII characters", where="header")
            return value.decode("latin-1")
    return None


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Sending, reading, searching, conversations."""
    services, lines, texts = backend.services, backend.lines, backend.texts

    @post(TEXTS, operation_id="sendText")
    async def send_text(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller, key, exchange = caller_of(services, request), key_in(request), log_entry(request)
        body = decode(exchange.body, _TEXT)
        if key is None:
            return Response(encode(texts.view(texts.send(caller, phone_number_id, body))), 201)

        async def act() -> tuple[int, bytes]:
            text = texts.send(caller, phone_number_id, body)
            texts.remember(caller, phone_number_id, key, text.id)
            return 201, encode(texts.view(text))

        try:
            outcome = await services.idempotency.run_once(
                caller.account, "sendText", key, request_digest(exchange.path.lower(), exchange.body), KEPT_FOR, act
            )
        except KeyReused:
            raise errors.coded("idempotency_key_reused", "This Idempotency-Key came with another request.") from None
        return Response(outcome.body, outcome.status)

    @get(TEXTS, operation_id="listTexts")
    async def list_texts(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        query = query_in(request, "limit", "offset", "is_read", "is_blocked", *DATES)
        read = flag(query, "is_read")

        def wanted(text: Text) -> bool:
            return text.read is read

        offset, limit = window(query)
        found = texts.listed(
            caller,
            number,
            kind_in(query),
            wanted=wanted if read is not None else None,
            span=span_in(query),
            offset=offset,
            limit=limit,
        )
        return Response(encode(found))

    @get(f"{TEXTS}/search", operation_id="searchTexts")
    async def search_texts(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        query = query_in(request, "q", "limit", "is_blocked")
        return Response(encode(texts.searched(caller, number, kind_in(query), words_in(query), window(query)[1])))

    @get(f"{TEXTS}/conversations", operation_id="listConversations")
    async def list_conversations(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        query = query_in(request, "limit", "offset", "is_blocked", "include_groups", *DATES)
        offset, limit = window(query)
        found = texts.summaries(
            caller,
            number,
            kind_in(query),
            groups=flag(query, "include_groups") is True,
            span=span_in(query),
            offset=offset,
            limit=limit,
        )
        return Response(encode(found))

    @get(f"{TEXTS}/conversations/{{remote_number:str}}", operation_id="getConversation")
    async def get_conversation(request: Req, phone_number_id: FromPath[str], remote_number: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        query = query_in(request, "limit", "offset")
        return Response(encode(texts.within(caller, texts.talk(number, remote_number), *window(query))))

    @patch(f"{TEXTS}/conversations/{{remote_number:str}}", operation_id="updateConversation")
    async def update_conversation(
        request: Req, phone_number_id: FromPath[str], remote_number: FromPath[str]
    ) -> Response:
        caller = caller_of(services, request)
        number = lines.of(caller, phone_number_id)
        body = decode(log_entry(request).body, _CONVERSATION)
        return Response(encode(texts.mark_all(caller, number, remote_number, read=body.is_read)))

    @get(f"{TEXTS}/{{text_id:str}}", operation_id="getText")
    async def get_text(request: Req, phone_number_id: FromPath[str], text_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return Response(encode(texts.view(texts.of(caller, lines.of(caller, phone_number_id), text_id))))

    @patch(f"{TEXTS}/{{text_id:str}}", operation_id="updateText")
    async def update_text(request: Req, phone_number_id: FromPath[str], text_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        texts.of(caller, lines.of(caller, phone_number_id), text_id)
        body = decode(log_entry(request).body, _PATCH)
        return Response(encode(texts.change(caller, phone_number_id, text_id, body)))

    @get("/api/v1/message-sends/lookup", operation_id="lookUpMessageSend")
    async def lookup(request: Req) -> Response:
        caller: Caller = caller_of(services, request)
        query, key = query_in(request, "sender_kind", "sender_id", "operation"), key_in(request)
        for name in ("sender_kind", "sender_id", "operation"):
            if not query.get(name):
                raise errors.invalid(name, "is required", where="query")
        if key is None:
            raise errors.invalid("Idempotency-Key", "is required", where="header")
        if query["sender_kind"] != "phone_number" or not is_uuid(query["sender_id"]):
            raise errors.not_found("message of that key")
        return Response(encode(SendLookup(texts.made_by(caller, query["sender_id"], key))))

    return (
        send_text,
        list_texts,
        search_texts,
        list_conversations,
        get_conversation,
        update_conversation,
        get_text,
        update_text,
        lookup,
    )
