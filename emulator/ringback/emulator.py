"""One emulator: the services, a backend for each vendor, the routing of events to them, and its whole state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ringback.carrier.call import Call, CallEvent
from ringback.carrier.ledger import LedgerEntry, usd
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.script import Turn
from ringback.gateway.accounts import Account
from ringback.gateway.delivery import Delivery
from ringback.gateway.journal import MoneyNote
from ringback.gateway.redaction import add_secret_prefixes
from ringback.gateway.services import Services, clock_mode, start_of_clock
from ringback.gateway.vendor import VendorBackend, VendorSpec, seed_account_id
from ringback.settings import Settings

SNAPSHOT_FORMAT = 1


class SnapshotError(ValueError):
    """A snapshot that cannot be restored; the message says why. The emulator is left as it was."""


class Emulator:
    """The vendors' backends over one set of services. An event of the carrier goes to the backend of its vendor."""

    def __init__(self, settings: Settings, vendors: Sequence[VendorSpec]) -> None:
        self.settings = settings
        self.vendors: dict[str, VendorSpec] = {vendor.name: vendor for vendor in vendors}
        self.mutants = frozenset(settings.mutants)
        self.services = services = Services(settings, self.vendors)
        services.ledger.on_posted = self._money_posted
        services.calls.on_changed = self._call_changed
        services.calls.live_calls.on_event = self._live_call_event
        services.messages.on_changed = self._message_changed
        services.outbox.dispatcher.on_concluded = self._delivery_concluded
        services.on_account_opened = lambda account: self._backend(account).on_account_opened(account)
        services.on_account_closed = lambda account: self._backend(account).on_account_closed(account)
        services.on_account_funded = lambda account: self._backend(account).on_account_funded(account)
        services.on_settings_changed = lambda account: self._backend(account).on_settings_changed(account)
        self.backends: dict[str, VendorBackend] = {}
        for vendor in vendors:
            add_secret_prefixes(vendor.masked)
            services.outbox.register(vendor.name, vendor.webhook_profile)
            self.backends[vendor.name] = vendor.open(services)

    def _backend(self, account: Account) -> VendorBackend:
        return self.backends[account.vendor]

    # -- routing of events ------

    def _money_posted(self, entry: LedgerEntry) -> None:
        services = self.services
        services.journal.add(MoneyNote(entry))
        self.backends[services.accounts[entry.account].vendor].on_money_moved(entry)

    def _call_changed(self, call: Call) -> None:
        services = self.services
        what = f"{call.direction} call {_parties(call)} {call.state}"
        services.note(call.account, "call", what, vendor=call.vendor, call_id=call.id, state=call.state)
        self.backends[call.vendor].on_call_changed(call)
        services.notifications.notify(call.id)

    def _live_call_event(self, call: Call, event: CallEvent, turn: Turn | None) -> None:
        services = self.services
        if event == "turn_recorded" and turn is not None:
            what = f"{turn.speaker}: {turn.text}"
            services.note(call.account, "call", what, vendor=call.vendor, call_id=call.id, speaker=turn.speaker)
        self.backends[call.vendor].on_live_call_event(call, event, turn)
        services.notifications.notify(call.id)

    def _message_changed(self, message: Message, change: MessageEvent) -> None:
        self.services.note(
            message.account,
            "message",
            f"{message.direction} message {_parties(message)} {change}",
            vendor=message.vendor,
            message_id=message.id,
            state=message.state,
        )
        self.backends[message.vendor].on_message_changed(message, change)

    def _delivery_concluded(self, delivery: Delivery) -> None:
        self.backends[delivery.vendor].on_delivery_concluded(delivery)

    # -- well-known accounts ------

    def seed(self) -> None:
        """Open the well-known account of each vendor."""
        for name, vendor in self.vendors.items():
            seed = vendor.seed
            account = self.services.open_account(
                name, id_=seed_account_id(name), name="seed", balance=usd(seed.balance)
            )
            self.services.issue_key(account, id_=f"key_{name}_seed", secret=seed.key, label="seed", scope=seed.scope)
            self.backends[name].furnish(account)

    # -- snapshot and restore ------

    def _parts(self) -> dict[str, Any]:
        parts = self.services.parts()
        for name, backend in self.backends.items():
            parts |= {f"{name}.{part}": value for part, value in backend.collections().items()}
        return parts

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as one plain document."""
        return {
            "ringback": SNAPSHOT_FORMAT,
            "vendors": list(self.vendors),
            "clock": self.services.clock.snapshot(),
            "streams": self.services.streams.snapshot(),
            "parts": {name: part.snapshot() for name, part in self._parts().items()},
        }

    def restore(self, state: Mapping[str, Any], *, clock: str | None = None) -> None:
        """Continue from a snapshot; `clock` overrides its mode. Raises SnapshotError and changes nothing then."""
        if state.get("ringback") != SNAPSHOT_FORMAT:
            found = state.get("ringback")
            newer = isinstance(found, int) and found > SNAPSHOT_FORMAT
            raise SnapshotError(
                f"the snapshot has format {found}, written by a newer Ringback; this one reads {SNAPSHOT_FORMAT}"
                if newer
                else "the document is not a Ringback snapshot"
            )
        before = self.snapshot()
        try:
            self._load(state, clock)
        except (KeyError, TypeError, ValueError, AttributeError, msgspec.MsgspecError) as error:
            self._load(before, None)
            raise SnapshotError(f"the snapshot is damaged: {type(error).__name__}: {error}") from error

    def _load(self, state: Mapping[str, Any], clock: str | None) -> None:
        missing = set(state["vendors"]) - set(self.vendors)
        if missing:
            raise ValueError(f"it holds {', '.join(sorted(missing))}, which this emulator does not serve")
        mode, factor = clock_mode(clock) if clock else (None, 1.0)
        parts = self._parts()
        unknown = set(state["parts"]) - set(parts)
        if unknown:
            raise ValueError(f"unknown parts {', '.join(sorted(unknown))}")
        for name, part in parts.items():
            if name in state["parts"]:
                part.restore(state["parts"][name])
            else:
                part.clear()
        services = self.services
        services.restore_settings()
        services.streams.restore(state["streams"]["seed"], state["streams"]["drawn"])
        services.clock.restore(state["clock"], mode, factor)
        services.resume()

    def reset(self) -> None:
        """Go back to the state at start: the clock, the seeded streams, the well-known accounts and the egress."""
        for part in self._parts().values():
            part.clear()
        services = self.services
        services.account_settings.clear()
        services.journal.clear()
        services.streams.restore(self.settings.seed, {})
        services.clock.restart(*start_of_clock(self.settings))
        services.outbox.dispatcher.attempt_counts.clear()
        services.outbox.egress.reset(self.settings.webhook_routes, self.settings.hosts)
        if self.settings.seed_accounts:
            self.seed()


def _parties(leg: Call | Message) -> str:
    """Return the numbers of a call or message, as "from → to"."""
    numbers = (leg.remote_number, leg.number) if leg.direction == "inbound" else (leg.number, leg.remote_number)
    return " → ".join(numbers)
