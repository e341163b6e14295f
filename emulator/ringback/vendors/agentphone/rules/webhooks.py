"""Webhooks: whose events go where, how they are answered, and what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ringback.carrier.clock import HOUR
from ringback.gateway.delivery import Delivery
from ringback.gateway.egress import EgressError
from ringback.gateway.webhook_response import LineListener, WebhookResponse
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import EventView, HistoryView, MessageData, event, label
from ringback.vendors.agentphone.records import Sent, Webhook
from ringback.vendors.agentphone.rules.common import NAME, new_id, shown, shown_or_null
from ringback.vendors.agentphone.wire.bodies import TestBody, WebhookBody
from ringback.vendors.agentphone.wire.responses import (
    AllTimeView,
    DeliveriesView,
    DeliveryView,
    StatsView,
    WebhookTestView,
    WebhookView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

CONTEXT = 10
TIMEOUT = 30
SECRET_DIGITS = 32
STATES = {"pending": "pending", "held": "pending", "delivered": "success"}
TEST_FROM = "+14155550100"
TEST_TO = "+14155550199"
TEST_MESSAGE = "A test of this webhook"


class Hooks:
    """The webhooks of all accounts and agents, and the events on their way to them."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Webhook] = Collection(
            Webhook,
            account=lambda hook: hook.account,
            place=lambda hook: (hook.project, hook.agent),
        )
        self.sent: Collection[Sent] = Collection(
            Sent,
            account=lambda sent: sent.account,
            agent=lambda sent: sent.agent,
        )

    # -- setting up ------

    async def check_url(self, url: str) -> None:
        """Whether events may go to a URL. Raises ApiError 422."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("url", f"will not do: {error}") from None

    def set(self, account: str, project: str, agent: str | None, body: WebhookBody) -> WebhookView:
        """Make or replace a webhook; each time there is a new secret."""
        secret = f"whsec_{self.services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"
        context = CONTEXT if body.context_limit is None else body.context_limit
        timeout = TIMEOUT if body.timeout is None else body.timeout
        hook = self.records.last("place", (project, agent))
        if hook is not None:
            self.records.update(hook, url=body.url, secret=secret, context_limit=context, timeout=timeout)
        else:
            hook = self.records.add(
                Webhook(
                    id=new_id(self.services, account, "wh"),
                    account=account,
                    project=project,
                    agent=agent,
                    url=body.url,
                    secret=secret,
                    context_limit=context,
                    timeout=timeout,
                    created_at=self.services.clock.now(account),
                )
            )
        return self.view(hook)

    def at(self, project: str, agent: str | None) -> Webhook | None:
        """The webhook of a project, or of an agent."""
        return self.records.last("place", (project, agent))

    def delete(self, project: str, agent: str | None) -> None:
        """Forget a webhook. Raises ApiError 404."""
        self.records.remove(self._there(project, agent))

    def _there(self, project: str, agent: str | None) -> Webhook:
        hook = self.at(project, agent)
        if hook is None:
            raise errors.not_found("webhook", "WEBHOOK_NOT_FOUND")
        return hook

    def forget(self, account: str, agent: str) -> None:
        """An agent is gone, and its webhook with it."""
        for hook in self.records.oldest("account", account):
            if hook.agent == agent:
                self.records.remove(hook)

    def view(self, hook: Webhook) -> WebhookView:
        """A webhook with its secret."""
        return WebhookView(
            hook.id, hook.url, hook.secret, "active", hook.context_limit, hook.timeout, shown(hook.created_at)
        )

    # -- telling ------

    def for_(self, account: str, project: str, agent: str | None) -> Webhook | None:
        """The one webhook that an event goes to: the agent's, else the project's, else the account's."""
        if agent is not None:
            record = self.backend.agents.records.get(agent)
            own = self.at(record.project, agent) if record is not None else None
            if own is not None:
                return own
        return self.at(project, None) or self.at(account, None)

    def tell(self, hook: Webhook, view: EventView, about: str, message: str | None = None) -> None:
        """Send an event. `about` is the id of what it is about."""
        id_ = new_id(self.services, hook.account, "del")
        self._keep(id_, hook, view, message)
        self.services.outbox.send(
            vendor=NAME,
            account=hook.account,
            event=view.event,
            subject=about,
            url=hook.url,
            secret=hook.secret,
            body=event(view),
            headers=label(id_),
            id_=id_,
            timeout=hook.timeout,
        )

    def ask(
        self,
        hook: Webhook,
        view: EventView,
        about: str,
        answered: Callable[[WebhookResponse], None],
        line: LineListener | None = None,
    ) -> str | None:
        """Send an event for the sake of its answer; gives the delivery's id, None where nothing can be sent now."""
        if self.services.clock.loop is None:
            return None
        id_ = new_id(self.services, hook.account, "del")
        self._keep(id_, hook, view, None)
        self.services.outbox.request(
            vendor=NAME,
            account=hook.account,
            event=view.event,
            subject=about,
            url=hook.url,
            secret=hook.secret,
            body=event(view),
            headers=label(id_),
            id_=id_,
            timeout=hook.timeout,
            on_line=line,
            on_response=answered,
        )
        return id_

    def _keep(self, id_: str, hook: Webhook, view: EventView, message: str | None) -> None:
        self.sent.add(
            Sent(
                id=id_,
                account=hook.account,
                project=hook.project,
                at=self.services.clock.now(hook.account),
                agent=hook.agent,
                channel=view.channel,
                message=message,
            )
        )

    async def test(self, project: str, agent: str | None, named: str | None, body: TestBody) -> WebhookTestView:
        """Send a made-up message and tell how it was answered. `named` is the agent that it names. Raises ApiError
        404."""
        hook = self._there(project, agent)
        account = hook.account
        now = shown(self.services.clock.now(account))
        text = TEST_MESSAGE if body.message is None else body.message
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
                message=text,
                media_url=None,
                media_urls=[],
                received_at=now,
            ),
            conversation_state=None,
            recent_history=[],
            test=True,
        )
        heard: asyncio.Future[WebhookResponse] = asyncio.get_running_loop().create_future()
        id_ = self.ask(hook, view, hook.id, lambda reply: None if heard.done() else heard.set_result(reply))
        reply = await heard
        took = self._took(self.services.outbox.records[id_]) if id_ is not None else None
        problem = reply.error or (None if reply.accepted else f"The receiver answered {reply.status}.")
        return WebhookTestView(reply.accepted, reply.status, reply.status, took, problem, problem)

    # -- what became of events ------

    def deliveries(self, account: str, limit: int, offset: int, hours: int | None) -> DeliveriesView:
        """A page of an account's deliveries, newest first."""
        start, end = self.sent.positions("account", account, _moment, self._since(account, hours))
        rows = [
            self._row(sent)
            for sent in self.sent.range("account", account, max(start, end - offset - limit), end - offset)
        ]
        return DeliveriesView(rows, rows, end - start, offset, limit)

    def deliveries_of(self, account: str, agent: str, limit: int, hours: int | None) -> list[DeliveryView]:
        """The latest deliveries to an agent's own webhook, newest first."""
        start, end = self.sent.positions("agent", agent, _moment, self._since(account, hours))
        return [self._row(sent) for sent in self.sent.range("agent", agent, max(start, end - limit), end)]

    def _since(self, account: str, hours: int | None) -> int | None:
        return None if hours is None else self.services.clock.now(account) - hours * HOUR

    def stats(self, account: str, hours: int) -> StatsView:
        """What became of the events of the last hours, in all, by kind, and by the hour."""
        start, end = self.sent.positions("account", account, _moment, self._since(account, hours))
        kinds: dict[str, Counter[str]] = {}
        by_hour: dict[int, Counter[str]] = {}
        for sent in reversed(self.sent.range("account", account, start, end)):
            delivery = self.services.outbox.records[sent.id]
            state = _state(delivery)
            kinds.setdefault(delivery.event, Counter())[state] += 1
            by_hour.setdefault(sent.at // HOUR, Counter())[state] += 1
        whole = sum(kinds.values(), Counter())
        return StatsView(
            whole.total(),
            whole["success"],
            whole["failed"],
            whole["pending"],
            _rate(whole),
            {kind: _counts(found) for kind, found in kinds.items()},
            [{"hour": shown(hour * HOUR), **_counts(found)} for hour, found in by_hour.items()],
        )

    def all_time(self, account: str) -> AllTimeView:
        """What became of all events there ever were."""
        found = self.counted(self.sent.oldest("account", account))
        return AllTimeView(found.total(), found["success"], found["failed"], _rate(found))

    def counted(self, sent: Sequence[Sent]) -> Counter[str]:
        """How many of these arrived, failed, or are still being tried."""
        records = self.services.outbox.records
        return Counter(_state(records[one.id]) for one in sent)

    def _row(self, sent: Sent) -> DeliveryView:
        delivery = self.services.outbox.records[sent.id]
        last = delivery.attempts[-1] if delivery.attempts else None
        state = _state(delivery)
        problem = None
        if last is not None and not last.accepted:
            problem = last.error or f"The receiver answered {last.status}."
        status = last.status if last is not None else None
        return DeliveryView(
            id=delivery.id,
            message_id=sent.message,
            event_type=delivery.event,
            event=delivery.event,
            channel=sent.channel,
            status=state,
            success=state == "success",
            http_status=status,
            status_code=status,
            error_message=problem,
            response_body=last.response if last is not None and last.error is None else None,
            response_ms=self._took(delivery),
            attempt_count=len(delivery.attempts),
            last_attempt_at=shown(last.at) if last is not None else None,
            next_retry_at=shown_or_null(delivery.next_at),
            delivered_at=shown(last.ended_at) if last is not None and state == "success" else None,
            created_at=shown(delivery.created_at),
        )

    def _took(self, delivery: Delivery) -> int | None:
        """Milliseconds on the account's clock that the last answer took."""
        last = delivery.attempts[-1] if delivery.attempts else None
        return None if last is None or last.error is not None else max(0, last.ended_at - last.at) // 1_000

    # -- what comes with an event ------

    def history(self, hook: Webhook, conversation: str, before: int) -> list[HistoryView]:
        """The latest messages of a conversation before an instant, in order, as many as the webhook wants."""
        texts = self.backend.texts
        end = texts.records.positions("conversation", conversation, _moment, None, before)[1]
        earlier = texts.records.range("conversation", conversation, max(0, end - hook.context_limit), end)
        return [
            HistoryView(texts.body_of(text), text.direction, text.channel, shown(text.at), text.id)
            for text in reversed(earlier)
        ]


def _moment(record: Any) -> int:
    at: int = record.at
    return at


def _state(delivery: Delivery) -> str:
    return STATES.get(delivery.state, "failed")


def _counts(found: Counter[str]) -> dict[str, int]:
    return {"total": found.total(), **{state: found[state] for state in ("success", "failed", "pending")}}


def _rate(found: Counter[str]) -> float:
    """Percent that arrived; 100 where there were none."""
    return round(100 * found["success"] / found.total(), 2) if found else 100.0
