"""Webhook subscriptions, the delivery log and replays."""

from __future__ import annotations

from ringback.vendors.inkbox.events import CATALOG
from ringback.vendors.inkbox.records import Subscription
from ringback.vendors.inkbox.routes.operations import operation
from ringback.vendors.inkbox.routes.query_params import DeliveryQuery, ScopeQuery
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller
from ringback.vendors.inkbox.rules.subscriptions import Filters
from ringback.vendors.inkbox.wire.requests import SubscriptionBody, SubscriptionPatch
from ringback.vendors.inkbox.wire.responses import (
    Catalog,
    Deliveries,
    DeliveryView,
    Subscriptions,
    SubscriptionView,
)

WEBHOOKS = "/api/v1/webhooks"
SUBSCRIPTIONS = f"{WEBHOOKS}/subscriptions"
SUBSCRIPTION = f"{SUBSCRIPTIONS}/{{subscription_id}}"


@operation("POST", SUBSCRIPTIONS, "createWebhookSubscription", 201)
async def create_subscription(backend: Inkbox, caller: Caller, body: SubscriptionBody) -> SubscriptionView:
    """Page "Webhooks"."""
    backend.subscriptions.check_events(body.event_types)
    backend.subscriptions.owner(caller, body)
    await backend.phone_numbers.check_url(body.url, "url")
    return backend.subscriptions.create(caller, body)


@operation("GET", SUBSCRIPTIONS, "listWebhookSubscriptions")
def list_subscriptions(backend: Inkbox, caller: Caller, query: Filters) -> Subscriptions:
    """Page "Webhooks"."""
    return Subscriptions(backend.subscriptions.list_subscriptions(caller, query))


@operation("GET", SUBSCRIPTION, "getWebhookSubscription")
def get_subscription(backend: Inkbox, subscription: Subscription) -> SubscriptionView:
    """Page "Webhooks"."""
    return backend.subscriptions.view(subscription)


@operation("PATCH", SUBSCRIPTION, "updateWebhookSubscription")
async def update_subscription(
    backend: Inkbox, caller: Caller, subscription: Subscription, body: SubscriptionPatch, query: ScopeQuery
) -> SubscriptionView:
    """Page "Webhooks". The row is looked up again: it may be deleted while a host name is resolved."""
    if isinstance(body.url, str):
        await backend.phone_numbers.check_url(body.url, "url")
    current = backend.subscriptions.find(caller, subscription.id)
    return backend.subscriptions.change(current, body, whole=query.scope is not None)


@operation("DELETE", SUBSCRIPTION, "deleteWebhookSubscription")
def delete_subscription(backend: Inkbox, subscription: Subscription, query: ScopeQuery) -> None:
    """Page "Webhooks"."""
    backend.subscriptions.delete(subscription, whole=query.scope is not None)


@operation("GET", f"{WEBHOOKS}/catalog", "getWebhookCatalog")
def get_catalog() -> Catalog:
    """SDK 0.7."""
    return Catalog(supports_identity_subscriptions=True, event_types=list(CATALOG))


@operation("GET", f"{WEBHOOKS}/deliveries", "listWebhookDeliveries")
def list_deliveries(backend: Inkbox, caller: Caller, query: DeliveryQuery) -> Deliveries:
    """SDK 0.7."""
    return Deliveries(backend.deliveries.list_deliveries(caller, query, query.offset, query.limit))


@operation("POST", f"{WEBHOOKS}/deliveries/{{delivery_id}}/replay", "replayWebhookDelivery")
async def replay_delivery(backend: Inkbox, caller: Caller, delivery_id: str) -> DeliveryView:
    """SDK 0.7. Responds once the attempt was made."""
    row = backend.deliveries.replay(caller, delivery_id)
    if row.delivery is not None:
        outbox = backend.services.outbox
        await outbox.dispatcher.wait(outbox.records[row.delivery])
    return backend.deliveries.view(row)
