"""Webhook events on their way into the outbox, their signature, and what counts of each attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ringback.gateway.delivery import Attempt, AttemptSigner, Delivery, Signer
from ringback.gateway.dispatcher import Dispatcher
from ringback.gateway.outbox import Outbox
from ringback.gateway.vendor import VendorBackend
from ringback.mutants.patching import Original, patch

B = TypeVar("B", bound=VendorBackend)


@dataclass
class MutableEvent(Generic[B]):
    """A webhook event before it is stored and signed: what is changed here is what the receiver is sent.

    `name` is the event's own, such as "call.completed", `subject` the id of what it is about. `options` are all that
    `Outbox.send` is called with. One that `expects_reply` cannot be `withheld`: its response is waited for.
    """

    backend: B
    expects_reply: bool
    options: dict[str, Any]
    withheld: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The event's name."""
        return str(self.options["event"])

    @property
    def account(self) -> str:
        """The id of the account that it belongs to."""
        return str(self.options["account"])

    @property
    def subject(self) -> str:
        """The vendor's id of what it is about."""
        return str(self.options["subject"])

    @property
    def document(self) -> Any:
        """The payload."""
        return json.loads(self.options["body"])

    @document.setter
    def document(self, document: Any) -> None:
        self.options["body"] = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


EventChange = Callable[[MutableEvent[B]], object]
EventCondition = Callable[[MutableEvent[B]], bool]


def withhold(event: MutableEvent[Any]) -> None:
    """Do not send the event."""
    event.withheld = True


def option(**options: Any) -> EventChange[Any]:
    """Send with another `secret`, `url`, `headers` or other argument of `Outbox.send`."""
    return lambda event: event.options.update(options)


def change_events(backend: B, change: EventChange[B]) -> None:
    """Change every event before it is stored."""

    def send(original: Original, own: B, **options: Any) -> Any:
        event = MutableEvent(own, False, options)
        change(event)
        return None if event.withheld else original(**event.options)

    def request(original: Original, own: B, **options: Any) -> Any:
        event = MutableEvent(own, True, options)
        change(event)
        return original(**event.options)

    patch(backend, Outbox.send, send)
    patch(backend, Outbox.request, request)


def change_attempts(backend: B, change: Callable[[Delivery, Attempt], object]) -> None:
    """Change what counts of every attempt once it was made, or what its delivery sends the next time."""

    async def attempt(original: Original, _: B, delivery: Delivery, *rest: Any, **named: Any) -> Attempt:
        made: Attempt = await original(delivery, *rest, **named)
        change(delivery, made)
        return made

    patch(backend, Dispatcher.attempt, attempt)


def change_profile(
    backend: VendorBackend,
    vendor: str,
    *,
    sign: Signer | None = None,
    sign_attempt: AttemptSigner | None = None,
    retries: Sequence[int] | None = None,
) -> None:
    """Sign, or repeat, a vendor's webhooks in another way."""
    changes = {"sign": sign, "sign_attempt": sign_attempt, "retries": retries}
    outbox = backend.services.outbox
    given: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    outbox.register(vendor, replace(outbox.dispatcher.profiles[vendor], **given))
