"""Webhook events on their way: sent to subscriptions, listed in the delivery log, and replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice
from uuid import UUID

import msgspec

from ringback.carrier.clock import iso_exact
from ringback.gateway.delivery import Attempt, Headers
from ringback.gateway.services import Services
from ringback.gateway.webhook_response import WebhookResponse
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import INCOMING_CALL, event
from ringback.vendors.inkbox.records import Identity, LoggedDelivery, Number, Subscription
from ringback.vendors.inkbox.rules.common import NAME, Caller, is_uuid, new_id, organization_id, uuid_of
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.wire.responses import DeliveryView
from ringback.vendors.inkbox.wire.webhooks import Agent, CallData, TextData


class Filters(msgspec.Struct):
    """The filters of a list of deliveries."""

    subscription_id: str | None = None
    phone_number_id: str | None = None
    event_type: str | None = None
    success: bool | None = None


class Deliveries:
    """The deliveries of all accounts."""

    def __init__(self, services: Services, data: Data, signing: Signing) -> None:
        self.services = services
        self.data = data
        self.signing = signing

    # -- send ------

    def agents(self, account: str, number: str) -> list[Agent]:
        """Return the agent of the same organization that has a number, if there is one."""
        found = self.data.owned_number(account, number)
        if found is None:
            return []
        identity = self.data.identity_of(found)
        return [Agent(identity.id, identity.handle, identity.display_name)]

    def subscribed(self, identity: Identity, name: str) -> list[Subscription]:
        """Return an identity's subscriptions to an event, oldest first."""
        return [row for row in self.data.subscriptions.oldest("identity", identity.id) if name in row.events]

    def publish(
        self, rows: Sequence[Subscription], name: str, subject: str, data: Callable[[Subscription], TextData | CallData]
    ) -> None:
        """Send an event to subscriptions of one account; `data` returns its data for one of them."""
        account = rows[0].account
        id_, now = self.new_event_id(account), self.services.clock.now(account)
        for row in rows:
            self.send(row, name, id_, subject, event(id_, name, now, data(row)))

    def new_event_id(self, account: str) -> str:
        """Return the id of a new event."""
        return f"evt_{UUID(new_id(self.services, account, 'event')).hex}"

    def send(
        self, row: Subscription, name: str, event_id: str, subject: str, body: bytes, *, replay: bool = False
    ) -> LoggedDelivery:
        """Send an event to a subscription."""
        delivery = self.services.outbox.send(
            vendor=NAME,
            account=row.account,
            event=name,
            subject=subject,
            url=row.url,
            secret=self.signing.key(self.data.identities[row.identity]),
            body=body,
            headers=_bearer(row.auth_token),
        )
        return self.data.deliveries.add(
            LoggedDelivery(
                id=new_id(self.services, row.account, "delivery"),
                account=row.account,
                event_id=event_id,
                event=name,
                url=row.url,
                created_at=self.services.clock.now(row.account),
                subscription=row.id,
                delivery=delivery.id,
                replay=replay,
            )
        )

    def log_request(
        self, number: Number, call_id: str, url: str, body: bytes, response: WebhookResponse, started: int
    ) -> None:
        """Log the request about an incoming call."""
        self.data.deliveries.add(
            LoggedDelivery(
                id=new_id(self.services, number.account, "delivery"),
                account=number.account,
                event_id=f"evt_{UUID(call_id).hex}",
                event=INCOMING_CALL,
                url=url,
                created_at=started,
                number_id=number.id,
                payload=body.decode(),
                status=response.status,
                response=response.body.decode("utf-8", "replace") if response.status is not None else None,
                error=response.error,
                duration_ms=0,
            )
        )

    # -- the log ------

    def list_deliveries(self, caller: Caller, filters: Filters, offset: int, limit: int) -> list[DeliveryView]:
        """Return a page of the log, newest first, filtered. Raises ApiError 422."""
        subscription = _uuid("subscription_id", filters.subscription_id)
        number_id = _uuid("phone_number_id", filters.phone_number_id)
        if subscription is not None:
            rows = self.data.deliveries.newest("subscription", subscription)
        elif number_id is not None:
            rows = self.data.deliveries.newest("number", number_id)
        else:
            rows = self.data.deliveries.newest("account", caller.account)
        found = (
            view
            for row in rows
            if self._sees(caller, row)
            and self._attempted(row)
            and filters.event_type in (None, row.event)
            and number_id in (None, row.number_id)
            and (view := self.view(row))
            and filters.success in (None, _accepted(view.response_status))
        )
        return list(islice(found, offset, offset + limit))

    def _sees(self, caller: Caller, row: LoggedDelivery) -> bool:
        if row.account != caller.account:
            return False
        if row.number_id is not None:
            return caller.sees(self.data.numbers[row.number_id].identity)
        return row.subscription is not None and caller.sees(self.data.subscriptions[row.subscription].identity)

    def _attempted(self, row: LoggedDelivery) -> bool:
        return row.delivery is None or bool(self.services.outbox.records[row.delivery].attempts)

    def replay(self, caller: Caller, id_: str) -> LoggedDelivery:
        """Send an event again, to its subscription as it is now. Raises ApiError 404, 409, 422."""
        row = self.data.deliveries.get(id_.lower()) if is_uuid(id_) else None
        if row is None or not self._sees(caller, row):
            raise errors.not_found("delivery")
        if row.subscription is None or row.delivery is None:
            raise errors.error("unprocessable", "The request about an incoming call cannot be replayed.")
        obstacle = self.replay_obstacle(row)
        if obstacle is not None:
            raise errors.error("conflict", f"This delivery cannot be replayed: {obstacle.replace('_', ' ')}.")
        delivery = self.services.outbox.records[row.delivery]
        subscription = self.data.subscriptions[row.subscription]
        return self.send(subscription, row.event, row.event_id, delivery.subject, delivery.body, replay=True)

    def replay_obstacle(self, row: LoggedDelivery) -> str | None:
        """Return why a delivery cannot be replayed, None if it can."""
        if row.subscription is None:
            return "incoming_call"
        subscription = self.data.subscriptions[row.subscription]
        if subscription.deleted:
            return "subscription_inactive"
        return None if row.event in subscription.events else "event_not_subscribed"

    def view(self, row: LoggedDelivery) -> DeliveryView:
        """Return an entry of the log."""
        attempt: Attempt | None = None
        payload = row.payload
        if row.delivery is not None:
            delivery = self.services.outbox.records[row.delivery]
            attempt, payload = next(reversed(delivery.attempts), None), delivery.body.decode()
        obstacle = self.replay_obstacle(row)
        view = DeliveryView(
            id=row.id,
            organization_id=organization_id(row.account),
            webhook_subscription_id=row.subscription,
            phone_number_id=row.number_id,
            event_id=row.event_id,
            event_type=row.event,
            url=row.url,
            request_payload=payload,
            response_status=row.status,
            response_body=row.response,
            error_detail=row.error,
            duration_ms=row.duration_ms,
            is_replay=row.replay,
            replayable=obstacle is None,
            replay_unavailable_reason=obstacle,
            created_at=iso_exact(row.created_at),
        )
        if attempt is not None:
            view.response_status = attempt.status
            view.response_body = attempt.response if attempt.status is not None else None
            view.error_detail = attempt.error
            view.duration_ms = self._duration(attempt)
        return view

    def _duration(self, attempt: Attempt) -> int:
        """Return the milliseconds of an attempt: 0 unless the clock is the real one."""
        return round(attempt.latency_ms) if self.services.clock.mode == "real" else 0


def _uuid(param: str, text: str | None) -> str | None:
    return uuid_of(param, text, "query") if text is not None else None


def _bearer(token: str | None) -> Headers:
    return (("Authorization", f"Bearer {token}"),) if token is not None else ()


def _accepted(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
