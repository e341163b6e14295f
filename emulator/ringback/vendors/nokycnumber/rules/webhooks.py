"""Webhook endpoints, and the receivers of an event, page "Webhooks"."""

from __future__ import annotations

from typing import Any

from ringback.carrier.clock import iso_z
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.events import ALL, EVENTS, EventType, event
from ringback.vendors.nokycnumber.records import Endpoint, Number
from ringback.vendors.nokycnumber.rules.common import NAME, new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.wire import EndpointBody, EndpointView

SECRET_DIGITS = 32
REQUEST_DIGITS = 16


class Webhooks:
    """The endpoints of all accounts, and the events sent to them and to the webhook URLs of numbers."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    async def check_url(self, url: str, param: str) -> None:
        """Check that events may be sent to a URL. Raises ApiError 400."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid(param, f"cannot be used: {error}") from None

    def new_secret(self, account: str) -> str:
        """Return a new signing secret for an endpoint or a number."""
        return f"whsec_{self.services.streams(NAME, account, 'secret').hex(SECRET_DIGITS)}"

    def create(self, account: str, body: EndpointBody) -> EndpointView:
        """Register an endpoint. Only this view has its secret."""
        endpoint = self.data.endpoints.add(
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
        """Check the names of the events that an endpoint subscribes to. Raises ApiError 400."""
        if not names:
            raise errors.invalid("enabled_events", 'must name at least one event, or be ["*"] for all')
        unknown = [name for name in names if name != ALL and name not in EVENTS]
        if unknown:
            raise errors.invalid("enabled_events", f"names {unknown[0][:40]!r}, which is not an event")

    def delete(self, account: str, id_: str) -> None:
        """Remove an endpoint. Raises ApiError 404."""
        self.data.endpoints.remove(self.data.endpoint_of(account, id_))

    def view(self, endpoint: Endpoint) -> EndpointView:
        """Return an endpoint without its secret."""
        return EndpointView(
            endpoint.id, endpoint.url, list(endpoint.events), endpoint.description, iso_z(endpoint.created_at)
        )

    def publish(
        self,
        account: str,
        kind: EventType,
        subject: Any,
        *,
        about: str,
        number: Number | None = None,
        request_id: str | None = None,
    ) -> None:
        """Send an event to every endpoint that subscribes to it, and to the webhook URL of its number.

        `about` is the id of the event's subject. An event that no request caused gets a request id of its own.
        """
        receivers = [
            (endpoint.url, endpoint.secret)
            for endpoint in self.data.endpoints.oldest("account", account)
            if ALL in endpoint.events or kind in endpoint.events
        ]
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
