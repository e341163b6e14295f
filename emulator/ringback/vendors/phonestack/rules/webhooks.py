"""Webhooks: which events each receives, and when it is disabled, page "Webhooks"."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ringback.carrier.clock import iso_z
from ringback.gateway.delivery import Delivery
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.events import MAX_FAILURES, event_body
from ringback.vendors.phonestack.records import EVENTS, EventType, Webhook, WebhookSetting
from ringback.vendors.phonestack.rules.common import NAME, iso, new_id, organization_id, owned
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import SubscribeBody
from ringback.vendors.phonestack.wire.responses import WebhookView

SECRET_DIGITS = 32


class Webhooks:
    """The webhooks of all organizations."""

    def __init__(self, services: Services, store: Store) -> None:
        self._services = services
        self.records = store.webhooks

    # -- receivers ------

    async def check_url(self, url: str) -> None:
        """Check that events may be sent to a URL. Raises ApiError 400."""
        try:
            await self._services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("url", f"is not accepted: {error}") from None

    def subscribe(self, account: str, body: SubscribeBody) -> WebhookView:
        """Send events to a URL, all or some, and return the secret. A disabled webhook is enabled again.

        Raises ApiError 400, and 409 for the URL of an active webhook.
        """
        wanted = self.check_events(body.events)
        webhook = self.records.last("url", (account, body.url))
        if webhook is None:
            webhook = self._add(account, body.url, wanted, None, dashboard=False)
        elif webhook.disabled_at is None:
            raise errors.error("DUPLICATE", "This URL already receives events: unsubscribe it first", param="url")
        else:
            self.records.update(webhook, events=wanted, failures=0, disabled_at=None)
        view = self.view(webhook)
        view.secret = webhook.secret
        return view

    def check_events(self, names: Sequence[str] | None) -> tuple[EventType, ...]:
        """Return the events of these names in the page's order; all for None. Raises ApiError 400."""
        if names is None:
            return EVENTS
        if not names:
            raise errors.invalid("events", "must name at least one event, or be left out for all")
        unknown = next((name for name in names if name not in EVENTS), None)
        if unknown is not None:
            raise errors.invalid("events", f"has unknown {unknown[:60]!r}: use {', '.join(EVENTS)}")
        return tuple(name for name in EVENTS if name in names)

    def get(self, account: str, id_: str) -> Webhook:
        """Return an organization's webhook. Raises ApiError 404."""
        return owned(self.records, account, id_, "Webhook")

    def remove(self, webhook: Webhook) -> None:
        """Delete a webhook and cancel its deliveries."""
        self.records.remove(webhook)
        self._cancel_deliveries(webhook)

    def set_by_dashboard(self, account: str, setting: WebhookSetting | None) -> None:
        """Replace the dashboard's webhook, and enable it."""
        current = self._dashboard(account)
        if current is not None and (setting is None or setting.url != current.url):
            self.remove(current)
        if setting is None:
            return
        events = self.check_events(setting.events or None)
        webhook = self.records.last("url", (account, setting.url))
        if webhook is None:
            secret = setting.secret or (current.secret if current is not None else None)
            self._add(account, setting.url, events, secret, dashboard=True)
            return
        secret = setting.secret or webhook.secret
        self.records.update(webhook, events=events, secret=secret, dashboard=True, failures=0, disabled_at=None)

    def secret(self, account: str) -> str | None:
        """Return the secret of the dashboard's webhook."""
        webhook = self._dashboard(account)
        return webhook.secret if webhook is not None else None

    def _dashboard(self, account: str) -> Webhook | None:
        return next((webhook for webhook in self.records.oldest("account", account) if webhook.dashboard), None)

    def _add(
        self, account: str, url: str, events: tuple[EventType, ...], secret: str | None, *, dashboard: bool
    ) -> Webhook:
        return self.records.add(
            Webhook(
                id=new_id(self._services, account, "wh"),
                account=account,
                url=url,
                events=events,
                secret=secret or f"whsec_{self._services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}",
                created_at=self._services.clock.now(account),
                dashboard=dashboard,
            )
        )

    def list_all(self, account: str) -> list[WebhookView]:
        """Return an organization's webhooks, newest first."""
        return [self.view(webhook) for webhook in self.records.newest("account", account)]

    def view(self, webhook: Webhook) -> WebhookView:
        """Return a webhook as the API shows it, without its secret."""
        return WebhookView(
            webhook.id,
            webhook.url,
            list(webhook.events),
            "active" if webhook.disabled_at is None else "disabled",
            webhook.failures,
            iso_z(webhook.created_at),
            iso(webhook.disabled_at),
        )

    # -- events ------

    def send(self, account: str, kind: EventType, subject: str, data: Callable[[], msgspec.Struct]) -> None:
        """Send an event to every webhook that receives it. `subject` is the id that it is about; `data` is called once,
        and only if there is a receiver."""
        body = None
        for webhook in self.records.oldest("live", account):
            if kind not in webhook.events:
                continue
            if body is None:
                now = self._services.clock.now(account)
                body = event_body(kind, now, organization_id(self._services, account), data())
            self._services.outbox.send(
                vendor=NAME,
                account=account,
                event=kind,
                subject=subject,
                url=webhook.url,
                secret=webhook.secret,
                body=body,
            )

    def count_delivery(self, delivery: Delivery) -> None:
        """Count a failed delivery, and disable the webhook after too many in a row; a success resets the count."""
        webhook = self.records.last("url", (delivery.account, delivery.url))
        if webhook is None or webhook.disabled_at is not None:
            return
        if delivery.state == "delivered":
            webhook.failures = 0
            return
        webhook.failures += 1
        if webhook.failures >= MAX_FAILURES:
            now = self._services.clock.now(delivery.account)
            self.records.update(webhook, disabled_at=now)
            self._cancel_deliveries(webhook)
            what = f"webhook disabled after {MAX_FAILURES} failures in a row"
            self._services.note(webhook.account, "delivery", what, subject=webhook.id, url=webhook.url)

    def _cancel_deliveries(self, webhook: Webhook) -> None:
        self._services.outbox.cancel_pending(webhook.account, lambda delivery: delivery.url == webhook.url)
