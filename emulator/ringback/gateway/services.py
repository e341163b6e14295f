"""One emulator's whole state: the carrier, the gateway's parts and a house for each vendor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import UNSET

from ringback.carrier.calls import Call, Calls
from ringback.carrier.clock import MINUTE, Clock, parse_instant
from ringback.carrier.conversation import Beat
from ringback.carrier.ledger import Entry, Ledger
from ringback.carrier.messages import Change, Message, Messages
from ringback.carrier.numbers import Numbers
from ringback.carrier.rng import Streams
from ringback.carrier.script import Turn
from ringback.carrier.scripts import Scripts
from ringback.gateway.accounts import Account, AccountSettings
from ringback.gateway.egress import Egress
from ringback.gateway.faults import Faults
from ringback.gateway.idempotency import Idempotency
from ringback.gateway.journal import Journal, Kind, MoneyNote, Note
from ringback.gateway.keys import Key, Keys
from ringback.gateway.limits import Buckets, Windows
from ringback.gateway.notifications import Bells
from ringback.gateway.outbox import Delivery, Outbox
from ringback.gateway.vendor import Apart, Bookkeeping, Heeding, House, Talking, Texting, Vendor
from ringback.settings import Settings, SettingsError
from ringback.store import Collection

SNAPSHOT_FORMAT = 1


class SnapshotError(ValueError):
    """A snapshot that cannot be restored; the message says why. Nothing was changed."""


def clock_mode(text: str) -> tuple[str, float]:
    """`real`, `frozen` or `xN` as a mode and a factor. Raises SettingsError."""
    if text in ("real", "frozen"):
        return text, 1.0
    try:
        factor = float(text.removeprefix("x"))
    except ValueError:
        factor = 0.0
    if not text.startswith("x") or not 0 < factor <= 1e9:
        raise SettingsError(f"clock {text!r}: expected real, frozen or xN, N virtual seconds a second, such as x60")
    return "scaled", factor


class World:
    """The parts, wired together. Everything a vendor or the control API does goes through here."""

    def __init__(self, settings: Settings, vendors: Sequence[Vendor]) -> None:
        mode, factor = clock_mode(settings.clock)
        self.settings = settings
        self.vendors: dict[str, Vendor] = {vendor.name: vendor for vendor in vendors}
        self.mutants = frozenset(settings.mutants)
        self.clock = Clock(mode, factor, parse_instant(settings.start) if settings.start else None)
        self.streams = Streams(settings.seed)
        self.journal = Journal(settings.journal_size)
        self.bells = Bells(self.clock)
        """Who waits for something: a call's id rings when it comes further."""
        self.ledger = Ledger(self.clock)
        self.ledger.posted = self._note_money
        self.numbers = Numbers(self.streams)
        self.calls = Calls(self.clock, self.streams)
        self.calls.changed = self._call_changed
        self.calls.talk.beat = self._call_talked
        self.messages = Messages(self.clock)
        self.messages.changed = self._message_changed
        self.scripts = Scripts()
        self.accounts: Collection[Account] = Collection(Account, vendor=lambda account: account.vendor)
        self.keys = Keys()
        self.windows = Windows()
        self.buckets = Buckets()
        self.idempotency = Idempotency(self.clock)
        self.urls: dict[str, str] = {}
        """Base URL of each vendor; the server fills it in when it knows its address."""
        self.faults = Faults(self.streams)
        self.crashes: list[BaseException] = []
        self._settings: dict[str, AccountSettings] = {}
        self.outbox = Outbox(
            clock=self.clock,
            streams=self.streams,
            journal=self.journal,
            faults=self.faults,
            egress=Egress(strict=settings.strict, routes=settings.webhook_routes, hosts=settings.hosts),
            timeout=self._webhook_timeout,
            crashed=self.crashed,
            unkind=settings.unkind_rates if settings.unkind else None,
        )
        self.outbox.concluded = self._delivery_concluded
        self.houses: dict[str, House] = {}
        for vendor in vendors:
            self.outbox.speak(vendor.name, vendor.dialect)
            self.houses[vendor.name] = vendor.open(self)
        self._bookkeepers = {name: house for name, house in self.houses.items() if isinstance(house, Bookkeeping)}

    # -- accounts and keys ------

    def open_account(
        self,
        vendor: Vendor,
        *,
        id_: str | None = None,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        balance: int = 0,
        now: int | None = None,
    ) -> Account:
        """Open an account, with its own clock at `now` if given. Raises msgspec.ValidationError for its settings.

        What an account draws comes from streams of its id. The id of a named one comes from its name, so that it is
        the same whichever accounts were opened before it.
        """
        plain = dict(settings or {})
        typed = msgspec.convert(plain, vendor.settings)
        id_ = id_ or self._account_id(vendor.name, name)
        if now is not None:
            self.clock.start_account(id_, now)
        account = Account(id=id_, account=id_, vendor=vendor.name, created_at=0, settings=plain, name=name)
        account.created_at = self.clock.now(id_)
        self.accounts.add(account)
        self._settings[id_] = typed
        self.note(id_, "account", "opened", vendor=vendor.name)
        if balance:
            self.ledger.post(id_, balance, "funded")
        self.houses[vendor.name].opened(account)
        return account

    def _account_id(self, vendor: str, name: str | None) -> str:
        opened = self.accounts.count("vendor", vendor)
        if name is None:
            return f"acct_{vendor}_{opened + 1:04d}"
        id_ = f"acct_{vendor}_{blake2b(name.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"
        return id_ if id_ not in self.accounts else f"{id_}_{opened + 1}"

    def close_account(self, account: Account) -> None:
        """Revoke an account's keys, release its numbers and stop what waits on its clock; what it had can still be
        looked at."""
        for key in self.keys.records.oldest("active", account.id):
            self.keys.records.update(key, status="revoked")
        self.houses[account.vendor].closed(account)
        self.outbox.abandon(account.id)
        self.clock.forget(account.id)
        self.note(account.id, "account", "closed")

    def settings_of(self, account: str) -> AccountSettings:
        """An account's settings, typed."""
        return self._settings[account]

    def change_settings(self, account: Account, changes: Mapping[str, Any]) -> None:
        """Merge changes into an account's settings. Raises msgspec.ValidationError and changes nothing then."""
        vendor = self.vendors[account.vendor]
        plain = {**account.settings, **changes}
        typed = msgspec.convert(plain, vendor.settings)
        self.accounts.update(account, settings=plain)
        self._settings[account.id] = typed
        self.note(account.id, "account", "settings changed", changes=sorted(changes))
        self.houses[account.vendor].settings_changed(account)

    def issue_key(
        self,
        account: Account,
        *,
        secret: str | None = None,
        id_: str | None = None,
        label: str | None = None,
        scope: str | None = None,
        kind: str | None = None,
        allowlist: tuple[str, ...] = (),
        rate_limit: int | msgspec.UnsetType | None = UNSET,
        agent: str | None = None,
    ) -> Key:
        """Issue a key; its secret is drawn unless given."""
        vendor = self.vendors[account.vendor]
        stream = self.streams(account.vendor, account.id, "key")
        key = Key(
            id=id_ or f"key_{stream.hex(16)}",
            account=account.id,
            vendor=account.vendor,
            secret=secret or vendor.kinds.get(kind or "", vendor.key_prefix) + stream.hex(32),
            created_at=self.clock.now(account.id),
            label=label,
            scope=scope or next(iter(vendor.scopes), None),
            kind=kind,
            allowlist=allowlist,
            rate_limit=rate_limit,
            agent=agent,
        )
        return self.keys.records.add(key)

    def rate_limit(self, key: Key) -> int | None:
        """Requests a minute that a key has; None for no limit."""
        if key.rate_limit is not UNSET:
            return key.rate_limit
        limit = self._settings[key.account].rate_limit
        return limit if limit is not UNSET else self.vendors[key.vendor].rate_limit

    def take_turn(self, key: Key, apart: Apart | None = None) -> int:
        """Count a request in its key's sliding window, or in one that is counted `apart`; gives 0, or how many
        microseconds it must wait where the window is full."""
        limit = self.rate_limit(key)
        if limit is None or (apart is not None and apart.limit is None):
            return 0
        name, now = key.id, self.clock.now(key.account)
        if apart is not None and apart.limit is not None:
            name, limit = f"{key.id} {apart.name}", min(limit, apart.limit)
        wait = self.windows.wait(name, limit, MINUTE, now)
        if wait <= 0:
            self.windows.add(name, now)
        return max(0, wait)

    def fund(self, account: str, amount: int) -> None:
        """Money from outside comes in; a negative amount takes it away."""
        self.ledger.post(account, amount, "funded" if amount >= 0 else "withdrawn")
        if amount > 0:
            self.houses[self.accounts[account].vendor].funded(account)

    def _webhook_timeout(self, account: str, patience: float | None) -> float:
        settings = self._settings.get(account)
        chosen = settings.webhook_timeout if settings is not None else None
        return chosen or patience or self.settings.webhook_timeout

    # -- what happened ------

    def note(self, account: str, kind: Kind, what: str, **detail: Any) -> None:
        """Write an event into the journal."""
        self.journal.add(Note(self.clock.now(account), account, kind, what, detail))

    def crashed(self, error: BaseException) -> None:
        """An unexpected exception: kept, so that a test run fails on it."""
        self.crashes.append(error)

    def _note_money(self, entry: Entry) -> None:
        self.journal.add(MoneyNote(entry))
        bookkeeper = self._bookkeepers.get(self.accounts[entry.account].vendor)
        if bookkeeper is not None:
            bookkeeper.money_moved(entry)

    def _call_changed(self, call: Call) -> None:
        self.note(
            call.account,
            "call",
            f"{call.direction} call {_ends(call)} {call.state}",
            vendor=call.vendor,
            call_id=call.id,
            state=call.state,
        )
        self.houses[call.vendor].call_changed(call)
        self.bells.ring(call.id)

    def _call_talked(self, call: Call, beat: Beat, turn: Turn | None) -> None:
        if beat == "said" and turn is not None:
            self.note(
                call.account,
                "call",
                f"{turn.speaker}: {turn.text}",
                vendor=call.vendor,
                call_id=call.id,
                speaker=turn.speaker,
            )
        house = self.houses[call.vendor]
        if isinstance(house, Talking):
            house.call_talked(call, beat, turn)
        self.bells.ring(call.id)

    def _message_changed(self, message: Message, change: Change) -> None:
        self.note(
            message.account,
            "message",
            f"{message.direction} message {_ends(message)} {change}",
            vendor=message.vendor,
            message_id=message.id,
            state=message.state,
        )
        house = self.houses[message.vendor]
        if isinstance(house, Texting):
            house.message_changed(message, change)

    def _delivery_concluded(self, delivery: Delivery) -> None:
        house = self.houses[delivery.vendor]
        if isinstance(house, Heeding):
            house.delivery_concluded(delivery)

    def base_url(self, vendor: str) -> str:
        """What takes the place of the vendor's own origin; that origin while the server has no address."""
        return self.urls.get(vendor) or self.vendors[vendor].origin

    # -- keeping ------

    def _parts(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "ledger": self.ledger.entries,
            "numbers": self.numbers,
            "calls": self.calls.records,
            "accounts": self.accounts,
            "keys": self.keys.records,
            "windows": self.windows,
            "buckets": self.buckets,
            "idempotency": self.idempotency.records,
            "messages": self.messages.records,
            "scripts": self.scripts.records,
            "faults": self.faults.records,
            "deliveries": self.outbox.records,
        }
        for name, house in self.houses.items():
            parts |= {f"{name}.{part}": value for part, value in house.collections().items()}
        return parts

    def snapshot(self) -> dict[str, Any]:
        """The whole state as one plain document."""
        return {
            "ringback": SNAPSHOT_FORMAT,
            "vendors": list(self.vendors),
            "clock": self.clock.snapshot(),
            "streams": self.streams.snapshot(),
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
        known = set(self._parts())
        unknown = set(state["parts"]) - known
        if unknown:
            raise ValueError(f"unknown parts {', '.join(sorted(unknown))}")
        for name, part in self._parts().items():
            if name in state["parts"]:
                part.restore(state["parts"][name])
            else:
                part.clear()
        self._settings = {
            account.id: msgspec.convert(account.settings, self.vendors[account.vendor].settings)
            for account in self.accounts
        }
        self.streams.restore(state["streams"]["seed"], state["streams"]["drawn"])
        self.clock.restore(state["clock"], mode, factor)
        self.resume()

    def resume(self) -> None:
        """After a restore, or once there is an event loop: what was under way goes on."""
        self.outbox.resume()
        if self.clock.loop is not None:
            self.calls.resume()

    def clear(self) -> None:
        """Forget everything; the seeds start over and the clock stays where it is."""
        for part in self._parts().values():
            part.clear()
        self._settings.clear()
        self.journal.clear()
        self.streams.restore(self.settings.seed, {})
        state = self.clock.snapshot()
        self.clock.restore({**state, "offsets": {}, "timers": []})
        self.outbox.attempted.clear()


def _ends(leg: Call | Message) -> str:
    """Who calls or writes, and to whom."""
    ends = (leg.peer, leg.number) if leg.direction == "inbound" else (leg.number, leg.peer)
    return " → ".join(ends)
