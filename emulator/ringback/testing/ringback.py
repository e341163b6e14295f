"""A running emulator: started in this process, connected to, or shared between tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

import msgspec

from ringback import vendors
from ringback.client import Control
from ringback.settings import Settings, SettingsError
from ringback.testing.account import Account, Amount
from ringback.testing.moments import Advance, Moment, advance_body, iso
from ringback.testing.session import Session
from ringback.timeline import timeline

if TYPE_CHECKING:
    from ringback.server import ServerThread


class Ringback(Session):
    """A running emulator.

    `Ringback("kwickphone", clock="frozen", seed=7)` serves the named vendors (all unless named) in this process on a
    free port, between `start()` and `stop()` or for the length of a `with` block. `clock` is `frozen`, `real` or `xN`;
    `strict` sends webhooks only where the vendor's page allows; every other keyword is a field of
    `ringback.settings.Settings` (`mutants=("…",)`, `chaos=True`, `start="2026-01-01T00:00:00Z"`, `tls=True`).

    Raises SettingsError for an invalid setting.
    """

    def __init__(
        self, *vendors: str, clock: str = "frozen", seed: int = 0, strict: bool = False, **settings: Any
    ) -> None:
        super().__init__()
        given = {"port": 0, "vendors": vendors, "clock": clock, "seed": seed, "strict": strict, **settings}
        try:
            self._settings = msgspec.convert(given, Settings)
        except msgspec.ValidationError as error:
            raise SettingsError(str(error)) from None
        self._thread: ServerThread | None = None
        self._borrowed = False
        self._shared = False
        self._name: str | None = None
        self._accounts: dict[str, Account] = {}
        self._first: dict[str, Account] = {}

    @classmethod
    def connect(cls, url: str, token: str | None = None) -> Ringback:
        """Return the emulator that runs at `url` (`http://127.0.0.1:7464`); `token` is its control token, if any.

        `stop()` removes what was made through this object and leaves the emulator running. Raises Unreachable.
        """
        control = Control(url, token)
        return cls()._joined(control, control.vendors())

    def _joined(self, control: Control, served: tuple[str, ...]) -> Ringback:
        self._control, self._vendors, self._borrowed = control, served, True
        return self

    @contextmanager
    def share(self, name: str | None = None) -> Iterator[Ringback]:
        """Yield the same emulator for one test: the `ringback` fixture does this.

        What is made through the yielded object is removed at the end, and its `advance` moves only the clocks of its
        own accounts. Accounts are named after `name`, so that what they draw does not depend on which were opened
        before.
        """
        guest = Ringback()._joined(self.control, self.vendors)
        guest._name = name
        guest._shared = True
        guest._thread = self._thread
        try:
            yield guest
        finally:
            guest._release()

    # -- running ------

    def start(self) -> Ringback:
        """Start the server, and return when it responds."""
        if self._control is None:
            from ringback.server import ServerThread

            thread = ServerThread(self._settings)
            thread.start()
            self._thread = thread
            self._control = Control(thread.url, self._settings.control_token)
            self._vendors = tuple(thread.vendors)
        return self

    def stop(self) -> None:
        """Stop the server and the receivers.

        Raises CrashReport when an unexpected exception became a vendor's 500 during the run.
        """
        control, thread = self._control, self._thread
        if control is None:
            return
        if self._borrowed:
            self._release()
        self._stop_receivers()
        control.close()
        self._control = self._thread = None
        if thread is not None:
            thread.stop()

    def __enter__(self) -> Ringback:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Return the emulator's origin, which is the dashboard's address."""
        return self.control.url

    @property
    def https_url(self) -> str | None:
        """Return the origin under TLS, with `tls=True`."""
        return self._thread.https_url if self._thread is not None else None

    @property
    def ca_pem(self) -> str | None:
        """Return the file of the certificate authority behind `https_url`, with `tls=True`."""
        return str(self._thread.ca_pem) if self._thread is not None and self._thread.ca_pem else None

    @property
    def crashes(self) -> list[BaseException]:
        """Return the unexpected exceptions inside an emulator of this process so far."""
        return list(self._thread.application.crashes) if self._thread is not None else []

    @property
    def now(self) -> datetime:
        """Return the time on the server's clock."""
        return datetime.fromisoformat(self.control.get("/clock")["now"])

    # -- accounts ------

    def account(
        self,
        vendor: str | None = None,
        balance: Amount | None = None,
        keys: Sequence[Mapping[str, Any]] | None = None,
        now: Moment | None = None,
        name: str | None = None,
        **settings: Any,
    ) -> Account:
        """Open an account with its own balance (USD; 25.00 unless set), keys, numbers and clock.

        `vendor` may be omitted when one is served. `keys` has an entry for each key to issue
        (`{"allowlist": ["10.0.0.0/8"]}`, `{"scope": "read"}`). `now` is where its clock starts. An account of the same
        `name` gets the same id, and so the same draws, whatever else was opened before. Every other keyword is a
        setting of that vendor (`number_limit=10`, `rate_limit=None`).
        """
        body: dict[str, Any] = {"vendor": vendor or self._only_vendor()}
        if balance is not None:
            body["balance"] = str(balance)
        if keys is not None:
            body["keys"] = [dict(key) for key in keys]
        if now is not None:
            body["now"] = iso(now)
        if name is None and self._name is not None:
            with self._lock:
                name = f"{self._name} {len(self._accounts) + 1}"
        if name is not None:
            body["name"] = name
        if settings:
            body["settings"] = settings
        account = Account(self, self.control.post("/accounts", body))
        with self._lock:
            self._accounts[account.id] = account
            self._vendor_of[account.id] = account.vendor
        return account

    def __getattr__(self, name: str) -> Account:
        """Return one account of the vendor of this name (`rb.kwickphone`), opened at the first use."""
        if name not in vendors.names():
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with self._lock:
            if name not in self._first:
                self._first[name] = self.account(name)
            return self._first[name]

    def _forget(self) -> list[str]:
        with self._lock:
            self._accounts.clear()
            self._first.clear()
            return super()._forget()

    # -- time and state ------

    def advance(self, **by: Unpack[Advance]) -> dict[str, Any]:
        """Advance the server's clock, and so every account's. Return `{"now", "fired", "deliveries"}`.

        Give a duration (`weeks`, `days`, `hours`, `minutes`, `seconds`), `until` (an instant), or `idle=True` (until
        nothing is pending). What falls due happens in order, each at its own instant; its webhooks have been attempted
        on return. On a shared emulator (the fixture's, or `share()`) only the clocks of the accounts made through this
        object advance.
        """
        step = advance_body(by)
        if not self._shared:
            moved: dict[str, Any] = self.control.post("/clock/advance", step)
            return moved
        with self._lock:
            accounts = list(self._accounts)
        total: dict[str, Any] = {"now": self.control.get("/clock")["now"], "fired": 0, "deliveries": 0}
        for account_id in accounts:
            moved = self.control.post("/clock/advance", {**step, "account_id": account_id})
            total["now"] = moved["now"]
            total["fired"] += moved["fired"]
            total["deliveries"] += moved["deliveries"]
        return total

    def reset(self) -> None:
        """Go back to the state at start, the clock included. Accounts that the test holds are gone."""
        self.control.post("/reset")
        self._forget()

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as one document: pending timers, clock and random streams included."""
        document: dict[str, Any] = self.control.get("/snapshot")
        return document

    def save(self) -> None:
        """Write the state to the emulator's state file. Raises ControlError when it has none."""
        self.control.post("/snapshot/save")

    def restore(self, document: Mapping[str, Any]) -> None:
        """Continue from a state that `snapshot` returned. Raises ControlError for another document."""
        self.control.put("/snapshot", document)

    def journal(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what happened on the emulator, oldest first: requests, carrier events, ledger entries, deliveries."""
        return self.control.journal(limit=limit)

    def timeline(self) -> str:
        """Return the journal as text, oldest first; on a shared emulator that of this object's accounts."""
        if not self._shared:
            return timeline(self.journal())
        with self._lock:
            accounts = list(self._accounts.values())
        return "\n\n".join(f"{account!r}\n{account.timeline()}" for account in accounts)
