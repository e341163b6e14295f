"""A vendor: its documentation as data (VendorSpec), and a backend that applies its rules (VendorBackend)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.ledger import LedgerEntry
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Script, Turn
from ringback.carrier.scripts import ScriptKind
from ringback.gateway.accounts import Account, AccountSettings
from ringback.gateway.delivery import Delivery, WebhookProfile
from ringback.gateway.errors import ErrorCatalog
from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.operations import Operation, Operations
from ringback.gateway.policy import RequestPolicy
from ringback.gateway.services import Services
from ringback.gateway.signatures import SignatureScheme
from ringback.store import Record


def seed_account_id(vendor: str) -> str:
    """Return the id of a vendor's well-known account."""
    return f"acct_{vendor}_seed"


class NumberNotFound(LookupError):  # noqa: N818 - the control API's code
    """No account of this vendor has the number, or it takes no calls now."""


class Unsendable(ValueError):  # noqa: N818 - the control API's code
    """A message that no phone could send; `param` names the part."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


class Unsupported(ValueError):  # noqa: N818 - the control API's code
    """The vendor has no such thing; the message goes on after the vendor's title."""


class VendorBackend:
    """One vendor in one emulator: its records and rules. A backend overrides what it needs; the rest does nothing."""

    def __init__(self, services: Services) -> None:
        self.services = services

    # -- events ------

    def furnish(self, account: Account) -> None:
        """Furnish the well-known account."""

    def on_account_opened(self, account: Account) -> None:
        """Handle a new account."""

    def on_account_closed(self, account: Account) -> None:
        """Release the numbers of an account that is closed."""

    def on_account_funded(self, account: Account) -> None:
        """Handle money that came in from outside."""

    def on_settings_changed(self, account: Account) -> None:
        """Handle settings that were changed through the control API."""

    def on_money_moved(self, entry: LedgerEntry) -> None:
        """Handle a change of an account's balance, whatever its cause."""

    def on_call_changed(self, call: Call) -> None:
        """Handle a change of a call's state."""

    def on_live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        """Handle a step of a live call on which the vendor plays the agent."""

    def on_message_changed(self, message: Message, change: MessageEvent) -> None:
        """Handle a change of a message's state."""

    def on_delivery_concluded(self, delivery: Delivery) -> None:
        """Handle a webhook that was accepted, or has failed for good."""

    # -- requests of the control API ------

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of the vendor's numbers. Raises NumberNotFound."""
        raise NumberNotFound(to)

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Record:
        """Deliver a message to one of the vendor's numbers, and to a `group` of others with it.

        Return what it became there, usually a message. Raises NumberNotFound, Unsendable for what no phone sends, and
        Unsupported where the vendor has no messages.
        """
        raise Unsupported("has no messages")

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Check what a script says of a call's analysis. Raises ScriptError, Unsupported without an analysis."""
        raise Unsupported("does not analyse its calls")

    def check_key(self, kind: str | None, handle: str | None) -> None:
        """Check whether a key of this kind may be bound to an agent of this handle. Raises ValueError."""
        if handle is not None:
            raise Unsupported("binds no key to an agent")

    def agent_of_key(self, account: str, handle: str) -> str | None:
        """Return the id of the agent of this handle, creating the agent if there is none."""
        return None

    def webhook_secret(self, account: str) -> str | None:
        """Return the secret that signs an account's webhooks, None while there is no webhook."""
        return None

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the account's numbers as the control API shows them: id, phone_number, status."""
        return []

    def collections(self) -> Mapping[str, Any]:
        """Return all that has `snapshot`, `restore` and `clear`, by name."""
        return {}


@dataclass(frozen=True)
class SeedAccount:
    """The well-known account that an emulator starts with: its key and the key's scope. Its balance is in USD."""

    key: str
    scope: str | None = None
    balance: str = "100.00"


@dataclass(frozen=True, kw_only=True)
class VendorSpec:
    """A vendor's documentation as data: everything that the rest of Ringback knows of a vendor.

    `origin` is its documented host, `base_path` the path its operations begin with, `open` makes its backend.

    Keys: each begins with `key_prefix`, or with that of its kind in `kinds`; an account has at most `max_keys`; a
    rotated key works on for `key_overlap` seconds; `scopes` are those a key may have, the first by default. A client
    sends its key as `key_header` says; the server takes it from any of `key_headers`, from `Authorization` as a bearer
    token. `public` are the operations that need no key. `key_variable` is the environment variable in which the
    vendor's clients look for a key. `secret_prefixes` begin what has to be masked beside the keys.

    Limits: `rate_limit` is requests a minute for each key, `rate_limit_groups` are requests that are counted
    separately, by method and path. With `any_type` a body is read as JSON whatever its content type.

    Webhooks: `signature` says how they are signed, `webhook_profile` how they are sent. `error_code` is the path to
    the code in an error body. `outbound` is what scripts may wait for. `mutants` is the module with the
    vendor's `MUTANTS`, imported only when they are listed or chosen.
    """

    name: str
    title: str
    origin: str
    base_path: str
    settings: type[AccountSettings]
    operations: Operations
    errors: ErrorCatalog
    webhook_profile: WebhookProfile
    signature: SignatureScheme
    open: Callable[[Services], VendorBackend]
    seed: SeedAccount
    key_prefix: str
    key_variable: str = ""
    key_header: tuple[str, str] = ("Authorization", "Bearer {key}")
    key_headers: frozenset[bytes] = frozenset((b"authorization",))
    key_overlap: int = 0
    max_keys: int | None = None
    scopes: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    secret_prefixes: tuple[str, ...] = ("whsec_",)
    public: frozenset[str] = frozenset()
    rate_limit: int | None = None
    rate_limit_groups: Mapping[tuple[str, str], RateLimitGroup] = field(default_factory=dict)
    policy: RequestPolicy = field(default_factory=RequestPolicy)
    any_type: bool = False
    error_code: tuple[str, ...] = ("error", "code")
    outbound: frozenset[ScriptKind] = frozenset()
    mutants: str | None = None

    def client_headers(self, key: str) -> dict[str, str]:
        """Return the header with which a client sends a key."""
        name, template = self.key_header
        return {name: template.format(key=key)}

    @property
    def masked(self) -> tuple[str, ...]:
        """Return the beginnings of everything that is secret."""
        return (self.key_prefix, *self.kinds.values(), *self.secret_prefixes)

    @cached_property
    def _patterns(self) -> list[tuple[Operation, re.Pattern[str]]]:
        return [
            (operation, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))))
            for operation in sorted(self.operations, key=lambda operation: operation.path.count("{"))
        ]

    @cached_property
    def _public_patterns(self) -> list[tuple[str, re.Pattern[str]]]:
        return [(operation.method, pattern) for operation, pattern in self._patterns if operation.id in self.public]

    def operation_at(self, method: str, path: str) -> str | None:
        """Return the operationId that a request meets: of several, the one with the fewest variables in its path."""
        for operation, pattern in self._patterns:
            if operation.method == method and pattern.fullmatch(path):
                return operation.id
        return None

    def is_public(self, method: str, path: str) -> bool:
        """Return whether a request meets an operation that needs no key."""
        return bool(self.public) and any(
            open_to == method and pattern.fullmatch(path) for open_to, pattern in self._public_patterns
        )
