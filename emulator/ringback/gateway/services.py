"""The parts that a vendor's backend uses: carrier, keys, limits, idempotency, outbox and journal, wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol

import msgspec
from msgspec import UNSET

from ringback.carrier.calls import Calls
from ringback.carrier.clock import MINUTE, Clock, parse_instant
from ringback.carrier.ledger import Ledger
from ringback.carrier.messages import Messages
from ringback.carrier.number_pool import NumberPool
from ringback.carrier.rng import Streams
from ringback.carrier.scripts import Scripts
from ringback.gateway.accounts import Account, AccountSettings
from ringback.gateway.egress import Egress
from ringback.gateway.faults import Faults
from ringback.gateway.idempotency import Idempotency
from ringback.gateway.journal import Journal, JournalKind, Note
from ringback.gateway.keys import Key, Keys
from ringback.gateway.limits import Buckets, RateLimitGroup, Windows
from ringback.gateway.notifications import Notifications
from ringback.gateway.outbox import Outbox
from ringback.settings import Settings, SettingsError
from ringback.store import Collection


class VendorFacts(Protocol):
    """What the services need to know about a vendor. `ringback.gateway.vendor.VendorSpec` provides it."""

    @property
    def name(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def settings(self) -> type[AccountSettings]: ...
    @property
    def key_prefix(self) -> str: ...
    @property
    def kinds(self) -> Mapping[str, str]: ...
    @property
    def scopes(self) -> Sequence[str]: ...
    @property
    def rate_limit(self) -> int | None: ...

    def operation_at(self, method: str, path: str) -> str | None: ...


def clock_mode(text: str) -> tuple[str, float]:
    """Return the mode and the factor of `real`, `frozen` or `xN`. Raises SettingsError."""
    if text in ("real", "frozen"):
        return text, 1.0
    try:
        factor = float(text.removeprefix("x"))
    except ValueError:
        factor = 0.0
    if not text.startswith("x") or not 0 < factor <= 1e9:
        raise SettingsError(f"clock {text!r}: expected real, frozen or xN, N virtual seconds a second, such as x60")
    return "scaled", factor


def start_of_clock(settings: Settings) -> tuple[str, float, int | None]:
    """Return the mode, the factor and the instant with which a clock starts. Raises SettingsError."""
    return *clock_mode(settings.clock), parse_instant(settings.start) if settings.start else None


class Services:
    """The parts of one emulator: carrier, keys, limits, outbox and journal.

    The emulator sets the `on_` hooks; each receives the account after the change.
    """

    def __init__(self, settings: Settings, vendors: Mapping[str, VendorFacts]) -> None:
        self.settings = settings
        self.vendors = vendors
        self.clock = Clock(*start_of_clock(settings))
        self.streams = Streams(settings.seed)
        self.journal = Journal(settings.journal_size)
        self.notifications = Notifications(self.clock)
        """Long polls and event streams wait for the id of a call."""
        self.ledger = Ledger(self.clock)
        self.numbers = NumberPool(self.streams)
        self.calls = Calls(self.clock, self.streams)
        self.messages = Messages(self.clock)
        self.scripts = Scripts()
        self.accounts: Collection[Account] = Collection(Account, vendor=lambda account: account.vendor)
        self.account_settings: dict[str, AccountSettings] = {}
        self.on_account_opened: Callable[[Account], None] = _noop
        self.on_account_closed: Callable[[Account], None] = _noop
        self.on_account_funded: Callable[[Account], None] = _noop
        self.on_settings_changed: Callable[[Account], None] = _noop
        self.keys = Keys()
        self.windows = Windows()
        self.buckets = Buckets()
        self.idempotency = Idempotency(self.clock)
        self.urls: dict[str, str] = {}
        """Base URL of each vendor. The server sets it once it knows its address."""
        self.faults = Faults(self.streams)
        self.crashes: list[BaseException] = []
        self.outbox = Outbox(
            clock=self.clock,
            streams=self.streams,
            journal=self.journal,
            faults=self.faults,
            egress=Egress(strict=settings.strict, routes=settings.webhook_routes, hosts=settings.hosts),
            timeout=self._webhook_timeout,
            record_crash=self.record_crash,
            chaos=settings.chaos_rates if settings.chaos else None,
        )

    # -- accounts and keys ------

    def open_account(
        self,
        vendor: str,
        *,
        id_: str | None = None,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        balance: int = 0,
        now: int | None = None,
    ) -> Account:
        """Open an account, with its own clock at `now` if given. Raises msgspec.ValidationError for its settings.

        `balance` is in millionths of a dollar, `now` an instant. An account's random streams depend on its id. The id
        of a named account depends on its name alone, so other accounts do not change it.
        """
        plain = dict(settings or {})
        typed = msgspec.convert(plain, self.vendors[vendor].settings)
        id_ = id_ or self._account_id(vendor, name)
        if now is not None:
            self.clock.start_account(id_, now)
        account = Account(id=id_, account=id_, vendor=vendor, created_at=0, settings=plain, name=name)
        account.created_at = self.clock.now(id_)
        self.accounts.add(account)
        self.account_settings[id_] = typed
        self.note(id_, "account", "opened", vendor=vendor)
        if balance:
            self.ledger.post(id_, balance, "funded")
        self.on_account_opened(account)
        return account

    def _account_id(self, vendor: str, name: str | None) -> str:
        opened = self.accounts.count("vendor", vendor)
        if name is None:
            return f"acct_{vendor}_{opened + 1:04d}"
        id_ = f"acct_{vendor}_{blake2b(name.encode('utf-8', 'replace'), digest_size=6).hexdigest()}"
        return id_ if id_ not in self.accounts else f"{id_}_{opened + 1}"

    def close_account(self, account: Account) -> None:
        """Revoke an account's keys, release its numbers and drop its timers. Its records remain readable."""
        for key in self.keys.records.oldest("active", account.id):
            self.keys.records.update(key, status="revoked")
        self.on_account_closed(account)
        self.outbox.cancel_pending(account.id)
        self.clock.forget(account.id)
        self.note(account.id, "account", "closed")

    def settings_of(self, account: str) -> AccountSettings:
        """Return an account's settings, typed."""
        return self.account_settings[account]

    def change_settings(self, account: Account, changes: Mapping[str, Any]) -> None:
        """Merge changes into an account's settings. Raises msgspec.ValidationError and changes nothing then."""
        plain = {**account.settings, **changes}
        typed = msgspec.convert(plain, self.vendors[account.vendor].settings)
        self.accounts.update(account, settings=plain)
        self.account_settings[account.id] = typed
        self.note(account.id, "account", "settings changed", changes=sorted(changes))
        self.on_settings_changed(account)

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
        """Return a key's limit in requests a minute, or None for no limit."""
        if key.rate_limit is not UNSET:
            return key.rate_limit
        limit = self.account_settings[key.account].rate_limit
        return limit if limit is not UNSET else self.vendors[key.vendor].rate_limit

    def count_request(self, key: Key, group: RateLimitGroup | None = None) -> int:
        """Count a request in its key's sliding window, or in its group's.

        Return 0 if the request is allowed, else the microseconds until it would be.
        """
        limit = self.rate_limit(key)
        if limit is None or (group is not None and group.limit is None):
            return 0
        name, now = key.id, self.clock.now(key.account)
        if group is not None and group.limit is not None:
            name, limit = f"{key.id} {group.name}", min(limit, group.limit)
        wait = self.windows.wait(name, limit, MINUTE, now)
        if wait <= 0:
            self.windows.add(name, now)
        return max(0, wait)

    def fund(self, account: Account, amount: int) -> None:
        """Post an amount (millionths of a dollar) from outside; a negative amount takes money away."""
        self.ledger.post(account.id, amount, "funded" if amount >= 0 else "withdrawn")
        if amount > 0:
            self.on_account_funded(account)

    def _webhook_timeout(self, account: str, timeout: float | None) -> float:
        settings = self.account_settings.get(account)
        chosen = settings.webhook_timeout if settings is not None else None
        return chosen or timeout or self.settings.webhook_timeout

    # -- records of what happened ------

    def note(self, account: str, kind: JournalKind, what: str, **detail: Any) -> None:
        """Write an event into the journal."""
        self.journal.add(Note(self.clock.now(account), account, kind, what, detail))

    def record_crash(self, error: BaseException) -> None:
        """Keep an unexpected exception, so that a test run fails on it."""
        self.crashes.append(error)

    def base_url(self, vendor: str) -> str:
        """Return the URL that replaces the vendor's origin, or that origin while the server has no address."""
        return self.urls.get(vendor) or self.vendors[vendor].origin

    # -- snapshot and restore ------

    def parts(self) -> dict[str, Any]:
        """Return every part that has `snapshot`, `restore` and `clear`, by name."""
        return {
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

    def restore_settings(self) -> None:
        """Convert the accounts' settings again after their records were restored."""
        self.account_settings = {
            account.id: msgspec.convert(account.settings, self.vendors[account.vendor].settings)
            for account in self.accounts
        }

    def resume(self) -> None:
        """Continue what was under way, after a restore or once there is an event loop."""
        self.outbox.resume()
        if self.clock.loop is not None:
            self.calls.resume()


def _noop(_: Account) -> None:
    """Do nothing: no emulator is listening."""
