"""Webhooks: which one gets an event, what its responses do, and delivery statistics."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from ringback.carrier.clock import HOUR, SECOND, iso_exact
from ringback.gateway.asgi import encode
from ringback.gateway.delivery import Delivery
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.gateway.webhook_response import LineListener, WebhookResponse
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventView, MessageData, id_header
from ringback.vendors.agentphone.records import DeliveryDetail, Webhook
from ringback.vendors.agentphone.rules.common import NAME, iso_or_none, new_id
from ringback.vendors.agentphone.rules.data import Data, instant_of
from ringback.vendors.agentphone.wire.requests import WebhookBody, WebhookTestBody
from ringback.vendors.agentphone.wire.responses import (
    AllTimeView,
    DeliveriesView,
    DeliveryView,
    StatsView,
    WebhookTestView,
    WebhookView,
)

DEFAULT_CONTEXT_LIMIT = 10
DEFAULT_TIMEOUT = 30
"""Seconds."""
SECRET_DIGITS = 32
MILLISECOND = SECOND // 1_000
STATES = {"pending": "pending", "held": "pending", "delivered": "success"}
TEST_FROM = "+14155550100"
TEST_TO = "+14155550199"
TEST_MESSAGE = "A test of this webhook"


class Webhooks:
    """The webhooks of all accounts and agents, and the deliveries to them."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    # -- setting up ------

    async def check_url(self, url: str) -> None:
        """Check that events may be sent to a URL. Raises ApiError 422."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("url", f"is not accepted: {error}") from None

    def set(self, account: str, project: str, agent: str | None, body: WebhookBody) -> WebhookView:
        """Create or replace a webhook; each time with a new secret."""
        secret = f"whsec_{self.services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"
        settings: dict[str, Any] = {
            "url": body.url,
            "secret": secret,
            "context_limit": DEFAULT_CONTEXT_LIMIT if body.context_limit is None else body.context_limit,
            "timeout": DEFAULT_TIMEOUT if body.timeout is None else body.timeout,
        }
        webhook = self.data.webhook_of(project, agent)
        if webhook is not None:
            return self.view(self.data.webhooks.update(webhook, **settings))
        return self.view(
            self.data.webhooks.add(
                Webhook(
                    id=new_id(self.services, account, "wh"),
                    account=account,
                    project=project,
                    agent=agent,
                    created_at=self.services.clock.now(account),
                    **settings,
                )
            )
        )

    def delete(self, project: str, agent: str | None) -> None:
        """Delete a webhook. Raises ApiError 404."""
        self.data.webhooks.remove(self._existing(project, agent))

    def _existing(self, project: str, agent: str | None) -> Webhook:
        webhook = self.data.webhook_of(project, agent)
        if webhook is None:
            raise errors.error("WEBHOOK_NOT_FOUND")
        return webhook

    def delete_of_project(self, project: str) -> None:
        """Delete the webhook of a deleted sub-account, if it has one."""
        webhook = self.data.webhook_of(project, None)
        if webhook is not None:
            self.data.webhooks.remove(webhook)

    def delete_of_agent(self, account: str, agent: str) -> None:
        """Delete the webhook of a deleted agent, if it has one."""
        for webhook in self.data.webhooks.oldest("account", account):
            if webhook.agent == agent:
                self.data.webhooks.remove(webhook)

    def view(self, webhook: Webhook) -> WebhookView:
        """Return a webhook as a response shows it, with its secret."""
        return WebhookView(
            webhook.id,
            webhook.url,
            webhook.secret,
            "active",
            webhook.context_limit,
            webhook.timeout,
            iso_exact(webhook.created_at),
        )

    # -- events ------

    def receiver(self, account: str, project: str, agent: str | None) -> Webhook | None:
        """Return the webhook that gets an event: the agent's, else the project's, else the account's."""
        if agent is not None:
            record = self.data.agents.get(agent)
            own = self.data.webhook_of(record.project, agent) if record is not None else None
            if own is not None:
                return own
        return self.data.webhook_of(project, None) or self.data.webhook_of(account, None)

    def send(self, webhook: Webhook, view: EventView, subject: str, message: str | None = None) -> None:
        """Send an event. `subject` is the id of what it is about."""
        self.services.outbox.send(**self._delivery(webhook, view, subject, message))

    def ask(
        self,
        webhook: Webhook,
        view: EventView,
        subject: str,
        answered: Callable[[WebhookResponse], None],
        line: LineListener | None = None,
    ) -> str | None:
        """Send an event whose response matters. Return the delivery's id, None while no event loop runs."""
        if self.services.clock.loop is None:
            return None
        delivery = self._delivery(webhook, view, subject, None)
        self.services.outbox.request(**delivery, on_line=line, on_response=answered)
        id_: str = delivery["id_"]
        return id_

    def _delivery(self, webhook: Webhook, view: EventView, subject: str, message: str | None) -> dict[str, Any]:
        """Record a delivery, and return it as the outbox takes it."""
        id_ = new_id(self.services, webhook.account, "del")
        self.data.deliveries.add(
            DeliveryDetail(
                id=id_,
                account=webhook.account,
                project=webhook.project,
                at=self.services.clock.now(webhook.account),
                agent=webhook.agent,
                channel=view.channel,
                message=message,
            )
        )
        return {
            "vendor": NAME,
            "account": webhook.account,
            "event": view.event,
            "subject": subject,
            "url": webhook.url,
            "secret": webhook.secret,
            "body": encode(view),
            "headers": id_header(id_),
            "id_": id_,
            "timeout": webhook.timeout,
        }

    async def test(self, project: str, agent: str | None, named: str | None, body: WebhookTestBody) -> WebhookTestView:
        """Send a made-up message and return how the receiver responded. The event names the agent `named`.

        Raises ApiError 404.
        """
        webhook = self._existing(project, agent)
        now = iso_exact(self.services.clock.now(webhook.account))
        view = EventView(
            event="agent.message",
            channel=body.channel or "sms",
            timestamp=now,
            agent_id=named,
            data=MessageData(
                message_id=None,
                id=None,
                conversation_id=None,
                number_id=None,
                from_=body.from_ or TEST_FROM,
                to=body.to or TEST_TO,
                contact=None,
                message=TEST_MESSAGE if body.message is None else body.message,
                media_url=None,
                media_urls=[],
                received_at=now,
            ),
            conversation_state=None,
            recent_history=[],
            test=True,
        )
        received: asyncio.Future[WebhookResponse] = asyncio.get_running_loop().create_future()
        id_ = self.ask(
            webhook, view, webhook.id, lambda response: None if received.done() else received.set_result(response)
        )
        response = await received
        took = _response_ms(self.services.outbox.records[id_]) if id_ is not None else None
        problem = response.error or (None if response.accepted else f"The receiver answered {response.status}.")
        return WebhookTestView(response.accepted, response.status, response.status, took, problem, problem)

    # -- deliveries ------

    def deliveries(self, account: str, limit: int, offset: int, hours: int | None) -> DeliveriesView:
        """Return a page of an account's deliveries, newest first."""
        records = self.data.deliveries
        start, end = records.positions("account", account, instant_of, self._since(account, hours))
        page = records.range("account", account, max(start, end - offset - limit), end - offset)
        rows = [self._row(delivery) for delivery in page]
        return DeliveriesView(rows, rows, end - start, offset, limit)

    def deliveries_of(self, account: str, agent: str, limit: int, hours: int | None) -> list[DeliveryView]:
        """Return the latest deliveries to an agent's own webhook, newest first."""
        records = self.data.deliveries
        start, end = records.positions("agent", agent, instant_of, self._since(account, hours))
        return [self._row(delivery) for delivery in records.range("agent", agent, max(start, end - limit), end)]

    def _since(self, account: str, hours: int | None) -> int | None:
        return None if hours is None else self.services.clock.now(account) - hours * HOUR

    def stats(self, account: str, hours: int) -> StatsView:
        """Return the delivery counts of the last hours: in total, by event and by hour."""
        start, end = self.data.deliveries.positions("account", account, instant_of, self._since(account, hours))
        by_event: dict[str, Counter[str]] = {}
        by_hour: dict[int, Counter[str]] = {}
        for detail in reversed(self.data.deliveries.range("account", account, start, end)):
            delivery = self.services.outbox.records[detail.id]
            state = _state(delivery)
            by_event.setdefault(delivery.event, Counter())[state] += 1
            by_hour.setdefault(detail.at // HOUR, Counter())[state] += 1
        total = sum(by_event.values(), Counter())
        return StatsView(
            total.total(),
            total["success"],
            total["failed"],
            total["pending"],
            _success_rate(total),
            {event: _counts(counted) for event, counted in by_event.items()},
            [{"hour": iso_exact(hour * HOUR), **_counts(counted)} for hour, counted in by_hour.items()],
        )

    def all_time(self, account: str) -> AllTimeView:
        """Return the delivery counts of all time."""
        total = self.count_states(self.data.deliveries.oldest("account", account))
        return AllTimeView(total.total(), total["success"], total["failed"], _success_rate(total))

    def count_states(self, deliveries: Sequence[DeliveryDetail]) -> Counter[str]:
        """Return how many of these succeeded, failed, or are pending."""
        records = self.services.outbox.records
        return Counter(_state(records[delivery.id]) for delivery in deliveries)

    def _row(self, detail: DeliveryDetail) -> DeliveryView:
        delivery = self.services.outbox.records[detail.id]
        last = delivery.attempts[-1] if delivery.attempts else None
        state = _state(delivery)
        problem = None
        if last is not None and not last.accepted:
            problem = last.error or f"The receiver answered {last.status}."
        status = last.status if last is not None else None
        return DeliveryView(
            id=delivery.id,
            message_id=detail.message,
            event_type=delivery.event,
            event=delivery.event,
            channel=detail.channel,
            status=state,
            success=state == "success",
            http_status=status,
            status_code=status,
            error_message=problem,
            response_body=last.response if last is not None and last.error is None else None,
            response_ms=_response_ms(delivery),
            attempt_count=len(delivery.attempts),
            last_attempt_at=iso_exact(last.at) if last is not None else None,
            next_retry_at=iso_or_none(delivery.next_at),
            delivered_at=iso_exact(last.ended_at) if last is not None and state == "success" else None,
            created_at=iso_exact(delivery.created_at),
        )


def _response_ms(delivery: Delivery) -> int | None:
    """Return how long the last response took on the account's clock, in milliseconds."""
    last = delivery.attempts[-1] if delivery.attempts else None
    return None if last is None or last.error is not None else max(0, last.ended_at - last.at) // MILLISECOND


def _state(delivery: Delivery) -> str:
    return STATES.get(delivery.state, "failed")


def _counts(counted: Counter[str]) -> dict[str, int]:
    return {"total": counted.total(), **{state: counted[state] for state in ("success", "failed", "pending")}}


def _success_rate(counted: Counter[str]) -> float:
    """Return the percentage that succeeded; 100 if there were none."""
    return round(100 * counted["success"] / counted.total(), 2) if counted else 100.0
