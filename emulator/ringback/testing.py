"""Ringback in a test: a server on a free port, accounts on it, calls that ring, time that flies.

    from ringback.testing import Ringback

    with Ringback("kwickphone", seed=7) as rb:
        account = rb.account("kwickphone", balance="25.00")
        with account.client() as http:
            number = http.post("/v1/numbers", json={"business_phone": "+13465551234"}).json()["phone_number"]
        rb.call(to=number, caller="+12145559876", turns=["agent: Hello", "caller: One pizza"],
        outcome="order") account.advance(minutes=5)

Everything here goes through HTTP, so the same code drives an emulator that runs elsewhere
(`Ringback.connect`). All of it is safe to use from several threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from ringback import vendors
from ringback.client import ANYBODY, Control, ControlError, Spoken, Unreachable, as_turns
from ringback.receiver import Received, Receiver
from ringback.settings import Settings, SettingsError
from ringback.timeline import timeline
from ringback.vendors import data_path

if TYPE_CHECKING:
    import ssl

    import httpx

    from ringback.server import ServerThread

__all__ = [
    "Account",
    "ControlError",
    "Fault",
    "Received",
    "Receiver",
    "Ringback",
    "SettingsError",
    "Unreachable",
    "data_path",
]

Amount = str | int | Decimal
Moment = str | datetime

FIRST_STEP = 1.0
STEP_GROWTH = 1.1
WAIT_FOR = timedelta(days=1)
"""How far `wait_for` moves the clock, at first, from step to step, and at most."""


class Ringback:
    """A running emulator.

    `Ringback("kwickphone", clock="frozen", seed=7)` serves the named vendors (all when none is named) in
    this process on a free port, between `start()` and `stop()` or for the length of a `with` block. `clock`
    is `frozen`, `real` or `xN`; `strict` sends webhooks only where the vendor's page says; every other
    keyword is a field of `ringback.settings.Settings` (`mutants=("…",)`, `chaos=True`,
    `start="2026-01-01T00:00:00Z"`, `tls=True`).

    Raises SettingsError for a setting that can't be used.
    """

    def __init__(
        self, *vendors: str, clock: str = "frozen", seed: int = 0, strict: bool = False, **settings: Any
    ) -> None:
        given = {"port": 0, "vendors": vendors, "clock": clock, "seed": seed, "strict": strict, **settings}
        try:
            self._settings = msgspec.convert(given, Settings)
        except msgspec.ValidationError as error:
            raise SettingsError(str(error)) from None
        self._thread: ServerThread | None = None
        self._control: Control | None = None
        self._borrowed = False
        self._alone = True
        self._name: str | None = None
        self._vendors: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._accounts: dict[str, Account] = {}
        self._first: dict[str, Account] = {}
        self._faults: list[Fault] = []
        self._scripts: list[str] = []
        self._receivers: list[Receiver] = []

    @classmethod
    def connect(cls, url: str, token: str | None = None) -> Ringback:
        """The emulator that already runs at `url` (`http://127.0.0.1:7464`), `token` its control token if
        it has one.

        `stop()` removes what was made through this object and leaves the emulator running. Raises
        Unreachable when nobody answers there.
        """
        control = Control(url, token)
        return cls()._joined(control, control.vendors())

    def _joined(self, control: Control, vendors: tuple[str, ...]) -> Ringback:
        self._control, self._vendors, self._borrowed = control, vendors, True
        return self

    @contextmanager
    def share(self, name: str | None = None) -> Iterator[Ringback]:
        """The same emulator as if it were one's own: what is made through the object given is removed at
        the end, and its `advance` moves the clocks of its own accounts only. What the `ringback` fixture
        hands to each test. Accounts are named after `name`, so that what they draw does not depend on which
        were opened before."""
        guest = Ringback()._joined(self.control, self.vendors)
        guest._name = name
        guest._alone = False
        guest._thread = self._thread
        try:
            yield guest
        finally:
            guest._release()

    # -- running ------

    def start(self) -> Ringback:
        """Start the server and return when it answers."""
        if self._control is None:
            from ringback.server import ServerThread

            thread = ServerThread(self._settings)
            thread.start()
            self._thread = thread
            self._control = Control(thread.url, self._settings.control_token)
            self._vendors = tuple(thread.vendors)
        return self

    def stop(self) -> None:
        """Stop the server and the receivers. Raises CrashReport when the emulator itself failed during the
        run, that is, when an unexpected exception became a vendor's 500."""
        control, thread = self._control, self._thread
        if control is None:
            return
        if self._borrowed:
            self._release()
        self._close_receivers()
        control.close()
        self._control = self._thread = None
        if thread is not None:
            thread.stop()

    def __enter__(self) -> Ringback:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def control(self) -> Control:
        """The client of the control API, for what has no method here."""
        if self._control is None:
            raise RuntimeError("this Ringback is not running: use it in a `with` block, or call start()")
        return self._control

    @property
    def url(self) -> str:
        """The emulator's origin: the dashboard's address."""
        return self.control.url

    @property
    def https_url(self) -> str | None:
        """The origin under TLS, with `tls=True`."""
        return self._thread.https_url if self._thread is not None else None

    @property
    def ca_pem(self) -> str | None:
        """The file with the certificate authority behind `https_url`."""
        return str(self._thread.ca_pem) if self._thread is not None and self._thread.ca_pem else None

    @property
    def vendors(self) -> tuple[str, ...]:
        """The names of the vendors served."""
        return self._vendors

    @property
    def crashes(self) -> list[BaseException]:
        """Unexpected exceptions inside the emulator so far; none are known of one that runs elsewhere."""
        return list(self._thread.application.crashes) if self._thread is not None else []

    @property
    def now(self) -> datetime:
        """The time on the server's clock."""
        return _moment(self.control.get("/clock")["now"])

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
        """Make an account: its own balance (USD; 25.00 unless told), keys, numbers and clock.

        `vendor` may be left out when one is served. `keys` interactive for one key each (`{"allowlist":
        ["10.0.0.0/8"]}`, `{"scope": "read"}`). `now` is where its clock starts. An account of the same `name` gets
        the same id, and so the same draws, whatever else was opened before. Every other keyword is a setting
        of that vendor (`number_limit=10`, `rate_limit=None`).
        """
        body: dict[str, Any] = {"vendor": vendor or self._only_vendor()}
        if balance is not None:
            body["balance"] = str(balance)
        if keys is not None:
            body["keys"] = [dict(key) for key in keys]
        if now is not None:
            body["now"] = _instant(now)
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
        return account

    def __getattr__(self, name: str) -> Account:
        """`rb.kwickphone`: one account of that vendor, made on first use."""
        if name not in vendors.names():
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        with self._lock:
            if name not in self._first:
                self._first[name] = self.account(name)
            return self._first[name]

    def _only_vendor(self) -> str:
        """The vendor that is meant where none is named: the one of all accounts made so far, or the one served."""
        with self._lock:
            used = {account.vendor for account in self._accounts.values()}
        if len(used) == 1:
            return used.pop()
        if len(self.vendors) != 1:
            raise ValueError(f"say which vendor: {', '.join(self.vendors)}")
        return self.vendors[0]

    # -- the far end ------

    def call(
        self,
        to: str,
        caller: str = ANYBODY,
        turns: Iterable[Spoken] | None = None,
        outcome: str | None = None,
        vendor: str | None = None,
        scenario: str | None = None,
        **script: Any,
    ) -> str:
        """Let the phone ring at `to`; gives the call's id as the vendor's API shows it.

        The call then lives on the clock of the account that owns the number. `turns` is what is said, each
        `"agent: Hello"`, `("caller", "Hi")`, `("caller", "Hi", 2.5)` (seconds after the answer) or a
        mapping; the rest of the script by keyword: `end="no_answer"`, `duration=90`, `answer_after=5`,
        `voicemail="…"`, `recording=False`. `vendor` is found from the number unless told.

        Raises ControlError (404) when nobody answers at `to`, ValueError for a turn that can't be understood.
        """
        body: dict[str, Any] = {"to": to, "from": caller}
        spoken = _script(turns, outcome, script)
        if spoken:
            body["script"] = spoken
        if scenario is not None:
            body["scenario"] = scenario
        answer = self.control.arrive("/calls", body, self._candidates(vendor))
        return str(answer["call_id"])

    def text(
        self,
        to: str,
        body: str,
        sender: str = ANYBODY,
        vendor: str | None = None,
        media_urls: Sequence[str] = (),
        group: Sequence[str] = (),
    ) -> str:
        """Send a message from outside to the number `to`, and to a `group` of others with it; gives its id. Raises
        ControlError (404) when nobody is at `to`, or its vendor takes no messages; (422) where it has no groups."""
        message: dict[str, Any] = {"to": to, "from": sender, "body": body}
        message |= {"media_urls": list(media_urls), "group": list(group)}
        return str(self.control.arrive("/messages", message, self._candidates(vendor))["message_id"])

    def _candidates(self, vendor: str | None) -> list[str]:
        if vendor is not None:
            return [vendor]
        with self._lock:
            mine = [account.vendor for account in self._accounts.values()]
        return [*mine, *self.vendors]

    def script(
        self,
        vendor: str | None = None,
        match: Mapping[str, Any] | None = None,
        turns: Iterable[Spoken] | None = None,
        outcome: str | None = None,
        account_id: str | None = None,
        **script: Any,
    ) -> str:
        """Say what happens to the next *outbound* call or message that matches `{"to", "from", "tag"}` (any
        when left out); gives the script's id. The script is told as for `call`."""
        body: dict[str, Any] = {
            "vendor": vendor or self._only_vendor(),
            "match": dict(match or {}),
            "script": _script(turns, outcome, script),
        }
        if account_id is not None:
            body["account_id"] = account_id
        id_ = str(self.control.post("/scripts", body)["id"])
        with self._lock:
            self._scripts.append(id_)
        return id_

    def fault(
        self,
        vendor: str | None = None,
        operation: str | None = None,
        *,
        method: str | None = None,
        path: str | None = None,
        account_id: str | None = None,
        first: int | None = None,
        every: int | None = None,
        probability: float | None = None,
        **effect: Any,
    ) -> Fault:
        """Let something go wrong, until removed: an `operation` of the contract (`createNumber`) or a
        method and path.

        It strikes the `first` N times, `every` N-th time, or with a `probability`; always when none is
        given. The effect is one of `status=503` (with `code="…"` if wanted), `latency=2.0` seconds,
        `reset=True`, `truncate=bytes`, or `webhook="duplicate"|"drop"|"delay"|"reorder"|"bad_signature"`.

        Raises ControlError for an operation that does not exist.
        """
        rule = {
            "operation": operation,
            "method": method,
            "path": path,
            "account_id": account_id,
            "first": first,
            "every": every,
            "probability": probability,
        }
        body: dict[str, Any] = {"vendor": vendor or self._only_vendor(), "effect": effect}
        body.update({name: value for name, value in rule.items() if value is not None})
        fault = Fault(self.control, str(self.control.post("/faults", body)["id"]))
        with self._lock:
            self._faults.append(fault)
        return fault

    def receiver(self) -> Receiver:
        """A real webhook receiver on loopback, listening already; closed with this object."""
        receiver = Receiver().start()
        with self._lock:
            self._receivers.append(receiver)
        return receiver

    # -- time and state ------

    def advance(
        self,
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        until: Moment | None = None,
        idle: bool = False,
    ) -> dict[str, Any]:
        """Move the server's clock, and so every account's: by a length, `until` an instant, or until all is
        `idle`.

        What falls due happens, in order, each at its own instant; its webhooks have been attempted on
        return. Gives `{"now", "fired", "deliveries"}`. On a shared emulator (the fixture's, or `share()`)
        only the clocks of the accounts made through this object move.
        """
        step = _step(_length(weeks, days, hours, minutes, seconds), until, idle)
        if self._alone:
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
        """Back to the state at start: accounts, calls, faults and the clock. Accounts held by the test are
        gone."""
        self.control.post("/reset")
        with self._lock:
            self._accounts.clear()
            self._first.clear()
            self._faults.clear()
            self._scripts.clear()

    def snapshot(self) -> dict[str, Any]:
        """The whole state as one document: pending timers, clock and random streams included."""
        document: dict[str, Any] = self.control.get("/snapshot")
        return document

    def save(self) -> None:
        """Write the state to the emulator's state file. Raises ControlError when it has none."""
        self.control.post("/snapshot/save")

    def restore(self, document: Mapping[str, Any]) -> None:
        """Go back to a state that `snapshot` gave. Raises ControlError when it is none."""
        self.control.put("/snapshot", document)

    def journal(self, limit: int | None = None) -> list[dict[str, Any]]:
        """What happened on the emulator, oldest first: requests, carrier events, ledger entries,
        deliveries."""
        return self.control.journal(limit=limit)

    def timeline(self) -> str:
        """The journal as text, a line each, oldest first; on a shared emulator that of this object's
        accounts."""
        if self._alone:
            return timeline(self.journal())
        with self._lock:
            accounts = list(self._accounts.values())
        return "\n\n".join(f"{account!r}\n{account.timeline()}" for account in accounts)

    # -- leaving ------

    def _release(self) -> None:
        """Remove what was made through this object; what is gone already is fine."""
        with self._lock:
            paths = [
                *(f"/faults/{fault.id}" for fault in self._faults),
                *(f"/scripts/{id_}" for id_ in self._scripts),
                *(f"/accounts/{id_}" for id_ in self._accounts),
            ]
            self._faults.clear()
            self._scripts.clear()
            self._accounts.clear()
            self._first.clear()
        for path in paths:
            _delete(self.control, path)
        self._close_receivers()

    def _close_receivers(self) -> None:
        with self._lock:
            receivers, self._receivers = self._receivers, []
        for receiver in receivers:
            receiver.stop()


class Account:
    """One account at a vendor, made by `Ringback.account`.

    `base_url` takes the place of the vendor's `https://host`; `key` is its first key's secret and `headers`
    what a request carries to use it; `keys` are all keys as the control API gave them; `webhook_secret` is
    the account's, at vendors that have one for the account.
    """

    def __init__(self, ringback: Ringback, document: Mapping[str, Any]) -> None:
        self._ringback = ringback
        self._control = ringback.control
        self._handed_out: set[str] = set()
        self._lock = threading.Lock()
        self.id: str = document["account_id"]
        self.vendor: str = document["vendor"]
        self.base_url: str = document["base_url"]
        self.keys: list[dict[str, Any]] = list(document["keys"])
        self.key: str = self.keys[0]["secret"]
        self.webhook_secret: str | None = document.get("webhook_secret")

    def __repr__(self) -> str:
        return f"<{self.vendor} account {self.id}>"

    @property
    def headers(self) -> dict[str, str]:
        """The header that authenticates a request with this account's first key."""
        return vendors.load(self.vendor).client_headers(self.key)

    def client(self, key: str | None = None, **options: Any) -> httpx.Client:
        """A client whose requests go to this account's vendor with its key (or another `key`); the page's
        paths follow: `client.get("/v1/numbers")`. `options` go to `httpx.Client`. Close it, or use it in a
        `with` block."""
        import httpx

        headers = {**vendors.load(self.vendor).client_headers(key or self.key), **options.pop("headers", {})}
        if "verify" not in options:
            options["verify"] = _trusting(self._ringback.ca_pem)
        return httpx.Client(base_url=self.base_url, headers=headers, **{"trust_env": False, "timeout": 30, **options})

    # -- what it has ------

    def show(self) -> dict[str, Any]:
        """The account as the control API shows it: balance, ledger tail, numbers, key ids."""
        document: dict[str, Any] = self._control.get(f"/accounts/{self.id}")
        return document

    @property
    def now(self) -> datetime:
        """The time on this account's clock."""
        return _moment(self.show()["now"])

    @property
    def balance(self) -> Decimal:
        """The balance in USD."""
        return Decimal(self.show()["balance"])

    def fund(self, amount: Amount) -> Decimal:
        """Add money (or take it away, with a negative amount); gives the balance."""
        return Decimal(self._control.post(f"/accounts/{self.id}/fund", {"amount": str(amount)})["balance"])

    def settings(self, **settings: Any) -> dict[str, Any]:
        """Change settings of the account (`card="declined"`, `number_limit=10`); gives the account."""
        document: dict[str, Any] = self._control.patch(f"/accounts/{self.id}", settings)
        return document

    def deliveries(self, event: str | None = None) -> list[dict[str, Any]]:
        """The account's webhook events, oldest first, each with its attempts; those of one `event` when
        named."""
        return self._control.deliveries(self.id, event)

    def journal(self, limit: int | None = None) -> list[dict[str, Any]]:
        """What happened to this account, oldest first."""
        return self._control.journal(self.id, limit)

    def timeline(self) -> str:
        """The journal as text, a line each, oldest first."""
        return timeline(self.journal())

    # -- time ------

    def advance(
        self,
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        until: Moment | None = None,
        idle: bool = False,
    ) -> dict[str, Any]:
        """Move this account's clock alone, as `Ringback.advance` does the server's."""
        step = _step(_length(weeks, days, hours, minutes, seconds), until, idle)
        moved: dict[str, Any] = self._control.post("/clock/advance", {**step, "account_id": self.id})
        return moved

    def wait_for(self, event: str, timeout: timedelta | float = WAIT_FOR) -> dict[str, Any]:
        """Move this account's clock until a webhook of this `event` has been attempted, and give that
        delivery.

        Each delivery is given once, oldest first, so a second `wait_for` waits for the second event.
        `timeout` is virtual: a timedelta or seconds. Raises AssertionError, with the account's timeline,
        when none comes.
        """
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
        moved, step = 0.0, FIRST_STEP
        while True:
            found = self._fresh(event)
            if found is not None:
                return found
            if moved >= limit:
                raise AssertionError(
                    f"no {event} webhook within {limit:g} virtual seconds. What happened:\n{self.timeline()}"
                )
            step = min(step, limit - moved)
            self.advance(seconds=step)
            moved += step
            step = ceil(step * STEP_GROWTH)

    def _fresh(self, event: str) -> dict[str, Any] | None:
        with self._lock:
            for delivery in self.deliveries(event):
                if delivery["attempts"] and delivery["id"] not in self._handed_out:
                    self._handed_out.add(delivery["id"])
                    return delivery
        return None

    # -- what happens to it ------

    def call(self, to: str, caller: str = ANYBODY, **script: Any) -> str:
        """`Ringback.call` to a number of this account's vendor."""
        return self._ringback.call(to, caller, vendor=self.vendor, **script)

    def text(
        self,
        to: str,
        body: str,
        sender: str = ANYBODY,
        media_urls: Sequence[str] = (),
        group: Sequence[str] = (),
    ) -> str:
        """`Ringback.text` to a number of this account's vendor."""
        return self._ringback.text(to, body, sender, vendor=self.vendor, media_urls=media_urls, group=group)

    def script(self, match: Mapping[str, Any] | None = None, **script: Any) -> str:
        """`Ringback.script` for this account's outbound calls and messages."""
        return self._ringback.script(self.vendor, match, account_id=self.id, **script)

    def fault(self, operation: str | None = None, **rule_and_effect: Any) -> Fault:
        """`Ringback.fault` for this account's requests and webhooks alone."""
        return self._ringback.fault(self.vendor, operation, account_id=self.id, **rule_and_effect)


class Fault:
    """A fault that is on until `remove()`, or for the length of a `with` block."""

    def __init__(self, control: Control, id_: str) -> None:
        self._control = control
        self.id = id_

    def remove(self) -> None:
        """Take it away; doing so twice is fine."""
        _delete(self._control, f"/faults/{self.id}")

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


@cache
def _trusting(ca: str | None) -> ssl.SSLContext:
    """What trusts the emulator's own authority, or the usual ones; read once, which takes longer than many a test."""
    if ca is not None:
        import ssl

        return ssl.create_default_context(cafile=ca)
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def _script(turns: Iterable[Spoken] | None, outcome: str | None, rest: Mapping[str, Any]) -> dict[str, Any]:
    script = dict(rest)
    if turns is not None:
        script["turns"] = as_turns(turns)
    if outcome is not None:
        script["outcome"] = outcome
    return script


def _length(weeks: float, days: float, hours: float, minutes: float, seconds: float) -> timedelta:
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)


def _step(length: timedelta, until: Moment | None, idle: bool) -> dict[str, Any]:
    """The body of an advance; ValueError unless exactly one way of saying how far is used."""
    ways: list[dict[str, Any]] = []
    if length:
        ways.append({"seconds": length.total_seconds()})
    if until is not None:
        ways.append({"until": _instant(until)})
    if idle:
        ways.append({"idle": True})
    if len(ways) > 1:
        raise ValueError("say how far in one way: a length, until= or idle=True")
    return ways[0] if ways else {"seconds": 0}


def _instant(moment: Moment) -> str:
    if isinstance(moment, str):
        return moment
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat().replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _delete(control: Control, path: str) -> None:
    try:
        control.delete(path)
    except ControlError as error:
        if error.status != 404:
            raise
