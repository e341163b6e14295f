"""Webhook subscriptions, the delivery log and replays."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.vendors.inkbox.events import CATALOG
from ringback.vendors.inkbox.routes.query_params import Req, choice, flag, query_in, window
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import caller_of
from ringback.vendors.inkbox.wire import Catalog, Deliveries, SubscriptionBody, SubscriptionPatch, Subscriptions

SUBSCRIPTIONS = "/api/v1/webhooks/subscriptions"
DELIVERIES = "/api/v1/webhooks/deliveries"
OWNERS = ("mailbox_id", "phone_number_id", "agent_identity_id")
_BODY = msgspec.json.Decoder(SubscriptionBody)
_PATCH = msgspec.json.Decoder(SubscriptionPatch)


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Subscriptions and deliveries."""
    services, hooks = backend.services, backend.hooks

    def whole(request: Req) -> bool:
        return choice(query_in(request, "scope"), "scope", ("identity",)) is not None

    @post(SUBSCRIPTIONS, operation_id="createWebhookSubscription")
    async def create_subscription(request: Req) -> Response:
        caller, body = caller_of(services, request), decode(log_entry(request).body, _BODY)
        hooks.check_events(body.event_types)
        hooks.owner(caller, body)
        await backend.lines.check_url(body.url, "url")
        return Response(encode(hooks.create(caller, body)), 201)

    @get(SUBSCRIPTIONS, operation_id="listWebhookSubscriptions")
    async def list_subscriptions(request: Req) -> Response:
        query = query_in(request, *OWNERS, "url", "event_type", "scope")
        return Response(encode(Subscriptions(hooks.listed(caller_of(services, request), query))))

    @get(f"{SUBSCRIPTIONS}/{{subscription_id:str}}", operation_id="getWebhookSubscription")
    async def get_subscription(request: Req, subscription_id: FromPath[str]) -> Response:
        return Response(encode(hooks.view(hooks.of(caller_of(services, request), subscription_id))))

    @patch(f"{SUBSCRIPTIONS}/{{subscription_id:str}}", operation_id="updateWebhookSubscription")
    async def update_subscription(request: Req, subscription_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        hooks.of(caller, subscription_id)
        body = decode(log_entry(request).body, _PATCH)
        if isinstance(body.url, str):
            await backend.lines.check_url(body.url, "url")
        return Response(encode(hooks.change(caller, subscription_id, body, whole=whole(request))))

    @delete(f"{SUBSCRIPTIONS}/{{subscription_id:str}}", operation_id="deleteWebhookSubscription")
    async def delete_subscription(request: Req, subscription_id: FromPath[str]) -> None:
        hooks.delete(caller_of(services, request), subscription_id, whole=whole(request))

    @get("/api/v1/webhooks/catalog", operation_id="getWebhookCatalog")
    async def get_catalog(request: Req) -> Response:
        caller_of(services, request)
        return Response(encode(Catalog(supports_identity_subscriptions=True, event_types=list(CATALOG))))

    @get(DELIVERIES, operation_id="listWebhookDeliveries")
    async def list_deliveries(request: Req) -> Response:
        query = query_in(request, "subscription_id", "phone_number_id", "event_type", "success", "limit", "offset")
        flag(query, "success")
        found = hooks.deliveries(caller_of(services, request), query, *window(query))
        return Response(encode(Deliveries(found)))

    @post(f"{DELIVERIES}/{{delivery_id:str}}/replay", operation_id="replayWebhookDelivery", status_code=200)
    async def replay_delivery(request: Req, delivery_id: FromPath[str]) -> Response:
        row = hooks.replay(caller_of(services, request), delivery_id)
        if row.delivery is not None:
            await services.outbox.dispatcher.wait(services.outbox.records[row.delivery])
        return Response(encode(hooks.delivery_view(row)))

    return (
        create_subscription,
        list_subscriptions,
        get_subscription,
        update_subscription,
        delete_subscription,
        get_catalog,
        list_deliveries,
        replay_delivery,
    )
