"""What a probe works with: accounts to act for, the control API, webhook and WebSocket addresses, expectations."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from ringback_conformance.control import Control
from ringback_conformance.expectations import Expectations, Inconclusive
from ringback_conformance.model import Exchange, Header, Profile
from ringback_conformance.receiver import Inbox
from ringback_conformance.run_context import RunContext
from ringback_conformance.sockets import Line
from ringback_conformance.transport import Request

UNLIMITED: Mapping[str, Any] = {"rate_limit": None}
"""Settings of every account that the suite creates, unless a probe sets others: limits are checked one by one."""


class ProbeContext(Expectations):
    """What one probe works with. `producer` names it in the log; `claim` is what its observations are about."""

    def __init__(self, run_context: RunContext, producer: str, claim: str = "") -> None:
        super().__init__(run_context.adapter, run_context.observations, producer, claim)
        self.run_context = run_context
        self.producer = producer
        self._accounts = 0

    @property
    def emulated(self) -> bool:
        """Whether the target is an emulator, with its control API."""
        return self.run_context.profile is Profile.EMULATOR

    @property
    def shared(self) -> dict[str, Any]:
        """What the probes of a run share on a real deployment."""
        return self.run_context.shared

    def not_covered(self, part: str) -> None:
        """Record which part of the claim this run could not check; a pass shows it."""
        self.run_context.unseen.setdefault(self.claim, []).append(part)

    def default_account(self) -> Account:
        """Return the account to act for: a new one without limits in the emulator, the user's own elsewhere."""
        if self.emulated:
            return self.account(**self.adapter.unlimited)
        return Account(self, self.run_context.key, "yours")

    def account(
        self,
        balance: str = "1000.00",
        keys: Iterable[Mapping[str, Any]] = ({},),
        **settings: Any,
    ) -> Account:
        """Open an account in the emulator; `settings` as in the control API, `...` for the vendor's own default."""
        wanted = {name: value for name, value in {**UNLIMITED, **settings}.items() if value is not ...}
        answer = self.control(
            "POST",
            "/accounts",
            {
                "vendor": self.adapter.vendor,
                "balance": balance,
                "keys": list(keys),
                "settings": wanted,
            },
        )
        for key in answer["keys"]:
            self.run_context.learn_key(key["secret"])
        if secret := answer.get("webhook_secret"):
            self.run_context.learn_secret(secret)
        self._accounts += 1
        return Account(
            self,
            answer["keys"][0]["secret"] if answer["keys"] else "",
            f"{self.producer}/{self._accounts}",
            id=answer["account_id"],
            keys=tuple(key["secret"] for key in answer["keys"]),
            key_ids=tuple(key["key_id"] for key in answer["keys"]),
            opening=balance,
        )

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API. Raises ControlRefused when it rejects the call."""
        return self._control().call(self.producer, method, path, body)

    def control_exchange(self, method: str, path: str, body: Any = None) -> Exchange:
        """Do what `control` does and return the exchange."""
        return self._control().exchange(self.producer, method, path, body)[0]

    @contextmanager
    def plain(self) -> Iterator[Callable[[str], Exchange]]:
        """Return a function that GETs a path over plain HTTP, without a key, from a target that is served over TLS."""
        if self.run_context.plain is None:
            raise Inconclusive("the target is not served over TLS")
        with self.run_context.plain() as base_url:
            shared = self.run_context.transport
            transport = shared.apart(base_url)
            try:
                yield lambda path: shared.log.adopt(transport.send(self.producer, Request("GET", path)))
            finally:
                transport.close()

    def inbox(self) -> Inbox:
        """Return a new webhook address that the target can reach."""
        if self.run_context.receiver is None:
            raise Inconclusive("there is no webhook receiver")
        return self.run_context.receiver.inbox(self.claim or self.producer)

    def line(self) -> Line:
        """Return a new WebSocket address that the target can reach."""
        if self.run_context.sockets is None:
            raise Inconclusive("there is no WebSocket receiver")
        return self.run_context.sockets.line(self.claim or self.producer)

    def nowhere(self) -> str:
        """Return a WebSocket address that rejects every connection."""
        if self.run_context.sockets is None:
            raise Inconclusive("there is no WebSocket receiver")
        return self.run_context.sockets.nowhere()

    def _control(self) -> Control:
        if self.run_context.control is None:
            raise Inconclusive("there is no control API")
        return self.run_context.control


class Account:
    """A customer of the vendor. All that follows `state` needs the control API."""

    def __init__(
        self,
        ctx: ProbeContext,
        key: str,
        label: str,
        id: str = "",  # noqa: A002 - the field's own name
        keys: tuple[str, ...] = (),
        key_ids: tuple[str, ...] = (),
        opening: str = "0.00",
    ) -> None:
        self.ctx = ctx
        self.key = key
        self.label = label
        self.id = id
        self.keys = keys or (key,)
        self.key_ids = key_ids
        self.opening = opening

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = ...,
        content: bytes = b"",
        headers: Iterable[Header] = (),
        key: str | None = "",
        paced: bool = True,
        patient: bool = True,
    ) -> Exchange:
        """Send a request to the vendor's API. `key=None` sends no key; `json` sets the body and its type."""
        sent = list(headers)
        shown = self.key if key == "" else key
        if shown is not None:
            sent.insert(0, self.ctx.adapter.credentials(shown))
        if json is not ...:
            content = json_module.dumps(json).encode()
            sent.append(("Content-Type", "application/json"))
        exchange = self.ctx.run_context.transport.send(
            self.ctx.producer,
            Request(method, path, tuple(sent), content),
            account=self.label,
            paced=paced,
            patient=patient,
        )
        for secret in _secrets(exchange):
            self.ctx.run_context.learn_secret(secret)
        return exchange

    def together(self, count: int, method: str, path: str, json: Any, headers: Iterable[Header] = ()) -> list[Exchange]:
        """Send the same request several times at once, each on its own connection; return the exchanges, 2xx first.

        Only for an emulator: the limits of the run are not applied.
        """
        shared = self.ctx.run_context.transport
        sent = (self.ctx.adapter.credentials(self.key), *headers, ("Content-Type", "application/json"))
        request = Request(method, path, sent, json_module.dumps(json).encode())
        apart = [shared.apart() for _ in range(count)]
        with ThreadPoolExecutor(count) as pool:
            found = list(pool.map(lambda one: one.send(self.ctx.producer, request, account=self.label), apart))
        for one in apart:
            one.close()
        return [shared.log.adopt(exchange, raced=True) for exchange in sorted(found, key=_settled_order)]

    def waiting(self, path: str, meanwhile: Callable[[], object]) -> Exchange:
        """GET a path on its own connection and call `meanwhile` before the response comes.

        Only for an emulator: the limits of the run are not applied.
        """
        shared = self.ctx.run_context.transport
        apart = shared.apart()
        request = Request("GET", path, (("Authorization", f"Bearer {self.key}"),))
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(apart.send, self.ctx.producer, request, account=self.label)
            meanwhile()
            exchange = sent.result()
        apart.close()
        return shared.log.adopt(exchange, raced=True)

    def get(self, path: str, **options: Any) -> Exchange:
        """GET a path."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: Any = ..., **options: Any) -> Exchange:
        """POST JSON to a path."""
        return self.request("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = ..., **options: Any) -> Exchange:
        """PATCH a path with JSON."""
        return self.request("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> Exchange:
        """DELETE a path."""
        return self.request("DELETE", path, **options)

    def state(self) -> dict[str, Any]:
        """Return the account as the control API shows it."""
        answer = self.ctx.control("GET", f"/accounts/{self.id}")
        if not isinstance(answer, dict):
            raise Inconclusive("the control API returned no account")
        return answer

    def balance(self) -> Decimal:
        """Return the balance in dollars."""
        return Decimal(self.state()["balance"])

    def fund(self, amount: str) -> None:
        """Add money; a negative amount takes some away."""
        self.ctx.control("POST", f"/accounts/{self.id}/fund", {"amount": amount})

    def advance(self, seconds: float) -> None:
        """Advance this account's clock; returns when everything due is done and its webhooks are attempted."""
        self.ctx.control("POST", "/clock/advance", {"seconds": seconds, "account_id": self.id})

    def settings(self, **settings: Any) -> None:
        """Change the account's settings."""
        self.ctx.control("PATCH", f"/accounts/{self.id}", settings)

    def fault(self, **fault: Any) -> None:
        """Inject a fault for this account: `operation="createNumber", first=1, effect={"status": 503}`."""
        self.ctx.control("POST", "/faults", {"vendor": self.ctx.adapter.vendor, "account_id": self.id, **fault})

    def phone(self, to: str, caller: str, **script: Any) -> str:
        """Make an inbound call to `to`; return its id. The call then proceeds with the clock."""
        body = {"vendor": self.ctx.adapter.vendor, "to": to, "from": caller, "script": script}
        return str(self.ctx.control("POST", "/calls", body)["call_id"])

    def write(self, to: str, sender: str, body: str, media_urls: Iterable[str] = (), group: Iterable[str] = ()) -> str:
        """Send an inbound message to `to`, and to a `group` of others with it; return its id."""
        sent = {"to": to, "from": sender, "body": body, "media_urls": list(media_urls), "group": list(group)}
        answer = self.ctx.control("POST", "/messages", {"vendor": self.ctx.adapter.vendor, **sent})
        return str(answer["message_id"])

    def script(self, match: Mapping[str, Any] | None = None, **script: Any) -> None:
        """Script what happens to this account's next outbound call or message that matches."""
        body = {"vendor": self.ctx.adapter.vendor, "account_id": self.id, "match": match or {}, "script": script}
        self.ctx.control("POST", "/scripts", body)

    def deliveries(self) -> list[dict[str, Any]]:
        """Return the webhook events with their attempts, as the control API shows them."""
        answer = self.ctx.control("GET", f"/deliveries?account_id={self.id}")
        return list(answer["data"] if isinstance(answer, dict) else answer)


def _settled_order(exchange: Exchange) -> tuple[int, bytes, list[Header]]:
    return exchange.status or 0, exchange.response_body, sorted(exchange.response_headers)


def _secrets(exchange: Exchange) -> list[str]:
    body = exchange.json()
    found: list[str] = []
    _collect(body, found)
    return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name.endswith(("secret", "signing_key")) and isinstance(inner, str):
                found.append(inner)
            else:
                _collect(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _collect(inner, found)
