"""Webhooks: who hears of an event, and when a receiver is given up, page "Webhooks"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ringback.carrier.clock import iso_z
from ringback.gateway.delivery import Delivery
from ringback.gateway.egress import EgressError
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.events import MAX_FAILURES, event
from ringback.vendors.phonestack.records import EVENTS, EventType, Webhook, WebhookSetting
from ringback.vendors.phonestack.rules.common import NAME, iso, new_id
from ringback.vendors.phonestack.wire import SubscribeBody, WebhookView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

SECRET_DIGITS = 32


class Hooks:
    """The webhooks of all organizations, and events on their way to them."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Webhook] = Collection(
            Webhook,
            account=lambda webhook: webhook.account,
            live=lambda webhook: webhook.account if webhook.disabled_at is None else None,
            url=lambda webhook: (webhook.account, webhook.url),
        )

    # -- who listens ------

    async def check_url(self, url: str) -> None:
        """Whether events may go to a URL. Raises ApiError 400."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("url", f"will not do: {error}") from None

    def subscribe(self, account: str, body: SubscribeBody) -> WebhookView:
        """Send events to a URL, all or some; the secret is in this answer alone. One that was disabled is enabled
        again. Raises ApiError 400 or 409."""
        wanted = self.check_events(body.events)
        webhook = self.records.last("url", (account, body.url))
        if webhook is not None:
            if webhook.disabled_at is None:
                raise errors.refusal("DUPLICATE", "Events go to that URL already: unsubscribe it first", "url")
            self.records.update(webhook, events=wanted, failures=0, disabled_at=None)
        else:
            webhook = self._add(account, body.url, wanted, None, dashboard=False)
        view = self.view(webhook)
        view.secret = webhook.secret
        return view

    def check_events(self, names: Sequence[str] | None) -> tuple[EventType, ...]:
        """The events that these names mean; all where none are given. Raises ApiError 400."""
        if names is None:
            return EVENTS
        if not names:
            raise errors.invalid("events", "must name at least one event, or be left out for all")
        unknown = next((name for name in names if name not in EVENTS), None)
        if unknown is not None:
            raise errors.invalid("events", f"names {unknown[:60]!r}; there are {', '.join(EVENTS)}")
        return tuple(name for name in EVENTS if name in names)

    def unsubscribe(self, account: str, id_: str) -> None:
        """Send no more events to a webhook. Raises ApiError 404."""
        webhook = self.of(account, id_)
        self.records.remove(webhook)
        self._withdraw(webhook)

    def set_by_dashboard(self, account: str, setting: WebhookSetting | None) -> None:
        """The dashboard's webhook is this one now, enabled."""
        there = next((one for one in self.records.oldest("account", account) if one.dashboard), None)
        if there is not None and (setting is None or setting.url != there.url):
            self.records.remove(there)
            self._withdraw(there)
        if setting is None:
            return
        events = self.check_events(setting.events or None)
        webhook = self.records.last("url", (account, setting.url))
        if webhook is None:
            secret = setting.secret or (there.secret if there is not None else None)
            self._add(account, setting.url, events, secret, dashboard=True)
            return
        secret = setting.secret or webhook.secret
        self.records.update(webhook, events=events, secret=secret, dashboard=True, failures=0, disabled_at=None)

    def secret(self, account: str) -> str | None:
        """The secret of the dashboard's webhook."""
        return next((one.secret for one in self.records.oldest("account", account) if one.dashboard), None)

    def _add(
        self, account: str, url: str, events: tuple[EventType, ...], secret: str | None, *, dashboard: bool
    ) -> Webhook:
        return self.records.add(
            Webhook(
                id=new_id(self.services, account, "wh"),
                account=account,
                url=url,
                events=events,
                secret=secret or f"whsec_{self.services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}",
                created_at=self.services.clock.now(account),
                dashboard=dashboard,
            )
        )

    def of(self, account: str, id_: str) -> Webhook:
        """An organization's webhook. Raises ApiError 404."""
        webhook = self.records.get(id_)
        if webhook is None or webhook.account != account:
            raise errors.not_found("Webhook")
        return webhook

    def all(self, account: str) -> list[WebhookView]:
        """An organization's webhooks, the latest first."""
        return [self.view(webhook) for webhook in self.records.newest("account", account)]

    def view(self, webhook: Webhook) -> WebhookView:
        """A webhook without its secret."""
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

    def tell(self, account: str, kind: EventType, about: str, make: Callable[[], Any]) -> None:
        """Send one event to every webhook that wants it. `about` is the id of what it is about; `make` gives its data,
        and is called when somebody listens."""
        body = None
        for webhook in self.records.oldest("live", account):
            if kind not in webhook.events:
                continue
            if body is None:
                body = event(kind, self.services.clock.now(account), self.backend.organization(account), make())
            self.services.outbox.send(
                vendor=NAME,
                account=account,
                event=kind,
                subject=about,
                url=webhook.url,
                secret=webhook.secret,
                body=body,
            )

    def concluded(self, delivery: Delivery) -> None:
        """A delivery was taken, which ends a row of failures, or has failed; after so many in a row nothing more is
        sent."""
        webhook = self.records.last("url", (delivery.account, delivery.url))
        if webhook is None or webhook.disabled_at is not None:
            return
        if delivery.state == "delivered":
            webhook.failures = 0
            return
        webhook.failures += 1
        if webhook.failures >= MAX_FAILURES:
            now = self.services.clock.now(delivery.account)
            self.records.update(webhook, disabled_at=now)
            self._withdraw(webhook)
            what = f"webhook disabled after {MAX_FAILURES} failures in a row"
            self.services.note(webhook.account, "delivery", what, subject=webhook.id, url=webhook.url)

    def _withdraw(self, webhook: Webhook) -> None:
        self.services.outbox.cancel_pending(webhook.account, lambda delivery: delivery.url == webhook.url)
