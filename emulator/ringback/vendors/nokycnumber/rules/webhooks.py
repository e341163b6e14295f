"""Webhook endpoints, and who hears of an event, page "Webhooks"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import iso_z
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.store import Collection
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.events import ALL, EVENTS, EventType, event
from ringback.vendors.nokycnumber.records import Endpoint, Number
from ringback.vendors.nokycnumber.rules.common import NAME, new_id, own
from ringback.vendors.nokycnumber.wire import EndpointBody, EndpointView

SECRET_DIGITS = 32
REQUEST_DIGITS = 16


class Hooks:
    """Endpoints of accounts, and events on their way to them and to the addresses of numbers."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.records: Collection[Endpoint] = Collection(Endpoint, account=lambda endpoint: endpoint.account)

    async def check_url(self, url: str | None, param: str) -> None:
        """Whether events may go to a URL. Raises ApiError 400."""
        if url is None:
            return
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid(param, f"will not do: {error}") from None

    def new_secret(self, account: str) -> str:
        """A secret for an endpoint or a number."""
        return f"whsec_{self.services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"

    def create(self, account: str, body: EndpointBody) -> EndpointView:
        """Register an endpoint; its secret is in this answer alone. Raises ApiError 400."""
        self.check_events(body.enabled_events)
        endpoint = self.records.add(
            Endpoint(
                id=new_id(self.services, account, "whk"),
                account=account,
                url=body.url,
                events=tuple(dict.fromkeys(body.enabled_events)),
                description=body.description,
                secret=self.new_secret(account),
                created_at=self.services.clock.now(account),
            )
        )
        view = self.view(endpoint)
        view.secret = endpoint.secret
        return view

    def check_events(self, names: list[str]) -> None:
        """Whether these are events. Raises ApiError 400."""
        if not names:
            raise errors.invalid("enabled_events", 'names at least one event, or is ["*"] for all')
        unknown = [name for name in names if name != ALL and name not in EVENTS]
        if unknown:
            raise errors.invalid("enabled_events", f"names {unknown[0][:40]!r}, which is no event")

    def delete(self, account: str, id_: str) -> None:
        """Forget an endpoint. Raises ApiError 404."""
        self.records.remove(own(self.records, account, id_, "webhook endpoint"))

    def view(self, endpoint: Endpoint) -> EndpointView:
        """An endpoint without its secret."""
        return EndpointView(
            endpoint.id, endpoint.url, list(endpoint.events), endpoint.description, iso_z(endpoint.created_at)
        )

    def tell(
        self,
        account: str,
        kind: EventType,
        subject: Any,
        *,
        about: str,
        number: Number | None = None,
        request_id: str | None = None,
    ) -> None:
        """Send one event to every endpoint that wants it, and to its number's address. `about` is the id of what it is
        about; without a request that caused it, it has a request id of its own."""
        endpoints = [
            endpoint
            for endpoint in self.records.oldest("account", account)
            if ALL in endpoint.events or kind in endpoint.events
        ]
        receivers = [(endpoint.url, endpoint.secret) for endpoint in endpoints]
        if number is not None and number.webhook_url is not None and number.webhook_secret is not None:
            receivers.append((number.webhook_url, number.webhook_secret))
        if not receivers:
            return
        services = self.services
        cause = request_id or f"req_{services.streams(NAME, account, 'origin').hex(REQUEST_DIGITS)}"
        body = event(new_id(services, account, "evt"), kind, subject, services.clock.now(account), cause)
        for url, secret in receivers:
            services.outbox.send(
                vendor=NAME, account=account, event=kind, subject=about, url=url, secret=secret, body=body
            )
