"""What a vendor is to the rest: data about its documentation, and a house that keeps its rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ringback.gateway.accounts import Account, AccountSettings
from ringback.gateway.errors import Wording
from ringback.gateway.outbox import Delivery, Dialect

if TYPE_CHECKING:
    from ringback.carrier.calls import Call
    from ringback.carrier.conversation import Beat
    from ringback.carrier.ledger import Entry
    from ringback.carrier.messages import Change
    from ringback.carrier.messages import Message as Text
    from ringback.carrier.script import Script, Turn
    from ringback.carrier.scripts import Kind
    from ringback.gateway.middleware import ASGIApp
    from ringback.gateway.policy import Manners
    from ringback.gateway.services import World
    from ringback.store import Record


@dataclass(frozen=True)
class Operation:
    """One documented operation: the contract's operationId, its method and its path template."""

    id: str
    method: str
    path: str


@dataclass(frozen=True)
class Apart:
    """Requests that are counted apart from all others: the name of their window, and how many a minute each key has;
    None where the vendor counts them itself."""

    name: str
    limit: int | None


@dataclass(frozen=True)
class Mutant:
    """A named way to break one claim: `breaks` says in one line what goes wrong, `touches` are claims that the same
    defect cannot but break as well. It is put in `within` a world when that is made, or `around` the vendor's app."""

    name: str
    claim: str
    breaks: str
    touches: tuple[str, ...] = ()
    within: Callable[[World], None] | None = None
    around: Callable[[World, ASGIApp], ASGIApp] | None = None


class House(Protocol):
    """One vendor in one emulator: its records and rules."""

    def opened(self, account: Account) -> None:
        """An account was opened."""

    def closed(self, account: Account) -> None:
        """An account is closed: its numbers ring no more."""

    def settings_changed(self, account: Account) -> None:
        """An account's settings were changed through the control API."""

    def funded(self, account: str) -> None:
        """Money came in from outside."""

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of the vendor's numbers. Raises Unanswered when nobody answers there."""

    def call_changed(self, call: Call) -> None:
        """One of the vendor's calls changed state."""

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The account's numbers, as the control API shows them: id, phone_number, status."""

    def collections(self) -> Mapping[str, Any]:
        """All that has `snapshot`, `restore` and `clear`, by name."""


@runtime_checkable
class Texting(Protocol):
    """A house whose numbers take messages."""

    def receive_message(
        self, to: str, sender: str, body: str, media_urls: tuple[str, ...], group: tuple[str, ...]
    ) -> Record:
        """Somebody writes to one of the vendor's numbers, and to a `group` of others with it; gives what came of it
        there, a message as a rule. Raises Unanswered when nobody has the number, Unsendable for what could not come."""

    def message_changed(self, message: Text, change: Change) -> None:
        """One of the vendor's messages changed state."""


@runtime_checkable
class Bookkeeping(Protocol):
    """A house that hears of every movement of money, whatever its cause."""

    def money_moved(self, entry: Entry) -> None:
        """An account's balance changed."""


@runtime_checkable
class Talking(Protocol):
    """A house that plays the agent on live calls."""

    def call_talked(self, call: Call, beat: Beat, turn: Turn | None) -> None:
        """One of the vendor's live calls came a step further (`ringback.carrier.conversation.Beat`)."""


@runtime_checkable
class Heeding(Protocol):
    """A house that heeds what becomes of its webhooks."""

    def delivery_concluded(self, delivery: Delivery) -> None:
        """A delivery was taken, or has failed for good."""


@runtime_checkable
class Signing(Protocol):
    """A house that signs an account's webhooks with one secret."""

    def webhook_secret(self, account: str) -> str | None:
        """The secret, None while there is no webhook."""


@runtime_checkable
class Analysing(Protocol):
    """A house that analyses its calls, so that a script may say what comes of the analysis."""

    def check_analysis(self, analysis: Mapping[str, Any]) -> None:
        """Whether a call can be analysed like this. Raises ScriptError."""


@runtime_checkable
class Binding(Protocol):
    """A house whose keys may be bound to one of the account's agents."""

    def check_key(self, kind: str | None, handle: str | None) -> None:
        """Whether a key of this kind may be bound to an agent of this handle, or to none. Raises ValueError."""

    def agent_of_key(self, account: str, handle: str) -> str:
        """The id of the agent of this handle, who is there from now on."""


class Unanswered(LookupError):  # noqa: N818 - it is an answer
    """Nobody answers at a number: it is not assigned, or it takes no calls now."""


class Unsendable(ValueError):  # noqa: N818 - it is an answer
    """A message that no phone could send; `param` names the part."""

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Vendor:
    """A vendor's documentation as data. `base_path` is the vendor's own, `origin` its documented host; `rate_limit`
    is requests a minute for each key; `key_prefix` begins every key, and a rotated key works on for `key_overlap`
    seconds. `scopes` are those a key may have, the first by default, and `kinds` the prefixes of keys of another kind
    than the usual; a key comes in one of `key_headers`, in `Authorization` as a bearer token; `public` are operations
    that need no key; `outbound` is what scripts may wait for. `apart` are methods and paths that are counted apart from
    the others, `seed` furnishes the well-known account, and with `any_type` a body is read as JSON whatever its type
    says."""

    name: str
    title: str
    origin: str
    base_path: str
    settings: type[AccountSettings]
    operations: Sequence[Operation]
    key_prefix: str
    max_keys: int | None
    key_overlap: int
    rate_limit: int | None
    wording: Wording
    dialect: Dialect
    open: Callable[[World], House]
    application: Callable[[Any], ASGIApp]
    mutants: Callable[[], Sequence[Mutant]]
    public: frozenset[str] = frozenset()
    scopes: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    key_headers: frozenset[bytes] = frozenset((b"authorization",))
    outbound: frozenset[Kind] = frozenset()
    manners: Manners | None = None
    apart: Mapping[tuple[str, str], Apart] = field(default_factory=dict)
    any_type: bool = False
    seed: Callable[[Any, Account], None] | None = None

    def operation_at(self, method: str, path: str) -> str | None:
        """The operationId that a request meets: of several, the one whose path has the fewest variable parts."""
        for operation, pattern in _patterns(self):
            if operation.method == method and pattern.fullmatch(path):
                return operation.id
        return None

    def is_public(self, method: str, path: str) -> bool:
        """Whether a request meets an operation that needs no key."""
        if not self.public:
            return False
        return any(open_to == method and pattern.fullmatch(path) for open_to, pattern in _public(self))


_compiled: dict[str, list[tuple[Operation, re.Pattern[str]]]] = {}
_open: dict[str, list[tuple[str, re.Pattern[str]]]] = {}


def _patterns(vendor: Vendor) -> list[tuple[Operation, re.Pattern[str]]]:
    found = _compiled.get(vendor.name)
    if found is None:
        found = _compiled[vendor.name] = [
            (operation, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))))
            for operation in sorted(vendor.operations, key=lambda operation: operation.path.count("{"))
        ]
    return found


def _public(vendor: Vendor) -> list[tuple[str, re.Pattern[str]]]:
    """Methods and paths that need no key."""
    found = _open.get(vendor.name)
    if found is None:
        found = _open[vendor.name] = [
            (operation.method, pattern) for operation, pattern in _patterns(vendor) if operation.id in vendor.public
        ]
    return found
