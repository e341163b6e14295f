"""Webhook events on their way into the outbox, their signature, and what counts of each attempt."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from ringback.gateway.delivery import Attempt, AttemptSigner, Delivery, Signer
from ringback.gateway.dispatcher import Dispatcher
from ringback.gateway.outbox import Outbox
from ringback.gateway.signatures import Headers, SignatureScheme
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


def counts_as(status: int, when: Callable[[Attempt], bool]) -> Callable[[Delivery, Attempt], None]:
    """Count an attempt as if the receiver had responded with a status."""

    def change(_: Delivery, attempt: Attempt) -> None:
        if when(attempt):
            attempt.status = status

    return change


def is_redirect(attempt: Attempt) -> bool:
    """Whether the receiver redirected."""
    return attempt.status is not None and 300 <= attempt.status < 400


def is_other_2xx(attempt: Attempt) -> bool:
    """Whether the receiver accepted, with another status than 200."""
    return attempt.accepted and attempt.status != 200


def is_silence(attempt: Attempt) -> bool:
    """Whether the receiver did not respond in time."""
    return attempt.status is None and "within" in (attempt.error or "")


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True)
class _BrokenScheme(SignatureScheme):
    algorithm: str = "sha256"
    encode: Callable[[bytes], str] = bytes.hex
    body: Callable[[bytes], bytes] = _same
    at: Callable[[int], int] = _same

    def digest(self, secret: str, body: bytes, timestamp: str, id_: str = "") -> str:
        """Return the digest with the defect."""
        message = self.prefix.format(timestamp=timestamp, id=id_).encode() + self.body(body)
        return self.encode(hmac.new(secret.removeprefix(self.strip).encode(), message, self.algorithm).digest())

    def sign(self, secret: str, body: bytes, timestamp: int, id_: str = "") -> Headers:
        """Return the headers of an attempt at another time."""
        return super().sign(secret, body, self.at(timestamp), id_)


def broken_signature(scheme: SignatureScheme, **defects: Any) -> Callable[..., Headers]:
    """Return how to sign by a vendor's scheme with defects.

    These are another `headers`, `prefix` or `strip` of the scheme; another hash `algorithm`; `encode` of the digest's
    bytes; the `body` that is signed for a body; the Unix second that it is signed `at` for the current one.
    """
    return _BrokenScheme(**{**vars(scheme), **defects}).sign


def parsed(body: bytes) -> bytes:
    """Return a JSON body as a program would encode it again."""
    return json.dumps(json.loads(body)).encode()


def in_base64(digest: bytes) -> str:
    """Return a digest in base64."""
    return base64.b64encode(digest).decode()


def an_hour_ago(now: int) -> int:
    """Return the Unix second an hour before."""
    return now - 3_600


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
