"""An account of a test: its credentials, its records, and its own clock."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, Unpack

from ringback import vendors
from ringback.client import ANY_CALLER
from ringback.testing.moments import Advance, advance_body
from ringback.testing.session import Fault, Session
from ringback.timeline import timeline

if TYPE_CHECKING:
    import ssl

    import httpx

Amount = str | int | Decimal
FIRST_STEP = 1.0
STEP_GROWTH = 1.1
WAIT_FOR = timedelta(days=1)
"""How far `wait_for` advances the clock at first, the factor from step to step, and at most in all."""


class Account:
    """One account at a vendor, made by `Ringback.account`.

    `base_url` takes the place of the vendor's `https://host`; `key` is its first key's secret and `headers` what a
    request carries to use it; `keys` are all keys as the control API issued them; `webhook_secret` is the account's, at
    vendors that have one for each account.
    """

    def __init__(self, ringback: Session, document: Mapping[str, Any]) -> None:
        self._ringback = ringback
        self._control = ringback.control
        self._returned: set[str] = set()
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
        """Return the header that authenticates a request with this account's first key."""
        return vendors.load(self.vendor).client_headers(self.key)

    def client(self, key: str | None = None, **options: Any) -> httpx.Client:
        """Return a client whose requests go to this account's vendor with its first key (or another `key`).

        Paths are those of the vendor's page: `client.get("/v1/numbers")`. `options` go to `httpx.Client`. Close the
        client, or use it in a `with` block.
        """
        import httpx

        headers = {**vendors.load(self.vendor).client_headers(key or self.key), **options.pop("headers", {})}
        if "verify" not in options:
            options["verify"] = _tls_context(self._ringback.ca_pem)
        return httpx.Client(base_url=self.base_url, headers=headers, **{"trust_env": False, "timeout": 30, **options})

    # -- what it has ------

    def show(self) -> dict[str, Any]:
        """Return the account as the control API shows it: balance, latest ledger entries, numbers, key ids."""
        document: dict[str, Any] = self._control.get(f"/accounts/{self.id}")
        return document

    @property
    def now(self) -> datetime:
        """Return the time on this account's clock."""
        return datetime.fromisoformat(self.show()["now"])

    @property
    def balance(self) -> Decimal:
        """Return the balance in USD."""
        return Decimal(self.show()["balance"])

    def fund(self, amount: Amount) -> Decimal:
        """Add money, or take it away with a negative amount. Return the balance."""
        return Decimal(self._control.post(f"/accounts/{self.id}/fund", {"amount": str(amount)})["balance"])

    def settings(self, **settings: Any) -> dict[str, Any]:
        """Change settings of the account (`card="declined"`, `number_limit=10`). Return the account."""
        document: dict[str, Any] = self._control.patch(f"/accounts/{self.id}", settings)
        return document

    def deliveries(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the account's webhook events, or those of one `event`, oldest first, each with its attempts."""
        return self._control.deliveries(self.id, event)

    def journal(self, limit: int | None = None) -> list[dict[str, Any]]:
        """Return what happened to this account, oldest first."""
        return self._control.journal(self.id, limit)

    def timeline(self) -> str:
        """Return the journal as text, a line each, oldest first."""
        return timeline(self.journal())

    # -- time ------

    def advance(self, **by: Unpack[Advance]) -> dict[str, Any]:
        """Advance this account's clock alone, as `Ringback.advance` does the server's."""
        moved: dict[str, Any] = self._control.post("/clock/advance", {**advance_body(by), "account_id": self.id})
        return moved

    def wait_for(self, event: str, timeout: timedelta | float = WAIT_FOR) -> dict[str, Any]:
        """Advance this account's clock until a webhook of this `event` was attempted. Return its delivery.

        Each delivery is returned once, oldest first, so a second `wait_for` waits for the second event. `timeout` is
        virtual: a timedelta or seconds. Raises AssertionError, with the account's timeline, when none comes.
        """
        limit = timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)
        moved, step = 0.0, FIRST_STEP
        while True:
            found = self._next_attempted(event)
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

    def _next_attempted(self, event: str) -> dict[str, Any] | None:
        """Return the oldest attempted delivery that was not returned yet."""
        with self._lock:
            for delivery in self.deliveries(event):
                if delivery["attempts"] and delivery["id"] not in self._returned:
                    self._returned.add(delivery["id"])
                    return delivery
        return None

    # -- from outside ------

    def call(self, to: str, caller: str = ANY_CALLER, **script: Any) -> str:
        """Call a number of this account's vendor, as `Ringback.call`."""
        return self._ringback.call(to, caller, vendor=self.vendor, **script)

    def text(
        self,
        to: str,
        body: str,
        sender: str = ANY_CALLER,
        media_urls: Sequence[str] = (),
        group: Sequence[str] = (),
    ) -> str:
        """Send a message to a number of this account's vendor, as `Ringback.text`."""
        return self._ringback.text(to, body, sender, vendor=self.vendor, media_urls=media_urls, group=group)

    def script(self, match: Mapping[str, Any] | None = None, **script: Any) -> str:
        """Set what happens to this account's next outbound call or message, as `Ringback.script`."""
        return self._ringback.script(self.vendor, match, account_id=self.id, **script)

    def fault(self, operation: str | None = None, **rule_and_effect: Any) -> Fault:
        """Make this account's requests or webhooks fail, as `Ringback.fault`."""
        return self._ringback.fault(self.vendor, operation, account_id=self.id, **rule_and_effect)


@cache
def _tls_context(ca: str | None) -> ssl.SSLContext:
    """Return a context that trusts the emulator's authority, or the usual ones, which are slow to read."""
    if ca is not None:
        import ssl

        return ssl.create_default_context(cafile=ca)
    import httpx

    return httpx.create_ssl_context(trust_env=False)
