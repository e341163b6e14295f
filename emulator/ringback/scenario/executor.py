"""Where a story is played: an account, its keys and receivers, and what the steps do to them, over HTTP alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ringback import vendors
from ringback.client import ControlError, Unreachable
from ringback.receiver import Received
from ringback.scenario import types
from ringback.scenario.errors import StoryBroken
from ringback.scenario.expectations import instant
from ringback.scenario.normalize import decoded, readable
from ringback.scenario.receiver import Hook
from ringback.scenario.references import resolve

if TYPE_CHECKING:
    import httpx

    from ringback.testing import Ringback

PATIENCE_SECONDS = 60.0
"""Real time that a request to the vendor's API may take."""
MAX_ENTRIES = 10_000
ADDRESSED = ("to", "from_", "tag")
"""Fields of a call or a script that say whose it is; the others say how it goes."""

T = TypeVar("T")


class Stage:
    """One story's account on a running emulator. `names` holds what references stand for."""

    def __init__(self, scenario: types.Scenario, ringback: Ringback) -> None:
        self.names: dict[str, Any] = {}
        self.hooks: dict[str, Hook] = {}
        self.start = self.now = datetime.fromtimestamp(0, UTC)
        self._scenario = scenario
        self._control = ringback.control
        self._vendor = scenario.vendor
        self._account: dict[str, Any] = {}
        self._client: httpx.Client | None = None
        self._faults: list[str] = []

    # -- the frame ------

    def open(self) -> None:
        """Make all that is given. Raises ControlError when the emulator refuses it."""
        given = self._scenario.given
        for name, spec in given.receivers.items():
            self.hooks[name] = Hook(spec)
            self.names[name] = {"url": self.hooks[name].receiver.url, "origin": self.hooks[name].receiver.origin}
        body = {
            "vendor": self._vendor,
            "name": self._scenario.name,
            "balance": given.account.balance,
            "settings": resolve(given.account.settings, self.names),
            "keys": [msgspec.to_builtins(key) for key in given.account.keys.values()],
            "now": given.clock,
        }
        with _reached():
            self._account = self._control.post("/accounts", body)
        self.start = self._moved(self._account["now"])
        self.names |= {
            "start": self._account["now"],
            "account": {name: value for name, value in self._account.items() if name != "keys"},
            "keys": dict(zip(given.account.keys, self._account["keys"], strict=True)),
        }
        for fault in given.faults:
            self.fault(fault)

    def close(self, *, keep: bool) -> None:
        """Stop the receivers and lift the faults; close the account too unless it is to be looked at."""
        with ExitStack() as last:
            for hook in self.hooks.values():
                last.callback(hook.close)
            if self._client is not None:
                last.callback(self._client.close)
            leftovers = [f"/faults/{id_}" for id_ in self._faults]
            if self._account and not keep:
                leftovers.append(f"/accounts/{self.account_id}")
            for path in leftovers:
                last.callback(self._remove, path)

    def _remove(self, path: str) -> None:
        """Delete, unless a step has done so or the emulator is gone."""
        try:
            self._control.delete(path)
        except Unreachable:
            return
        except ControlError as error:
            if error.status != 404:
                raise

    @property
    def account_id(self) -> str:
        """The account's id; "" before there is one."""
        return str(self._account.get("account_id", ""))

    def resolved(self, part: T) -> T:
        """A part of the story with its references replaced. Raises UnknownReference, msgspec.ValidationError."""
        plain = resolve(msgspec.to_builtins(part, enc_hook=types.encode), self.names)
        return msgspec.convert(plain, type(part), dec_hook=types.decode)

    # -- what happens ------

    def request(self, spec: types.Request) -> dict[str, Any]:
        """Send a request to the vendor; gives `{status, headers, body, size}`, or `{failure}` when the connection
        broke before the answer was whole."""
        import httpx

        spec = self.resolved(spec)
        content: dict[str, Any] = {}
        headers = self._authorization(spec.key) if spec.url is None or spec.key is not None else {}
        if spec.body is not msgspec.UNSET:
            content["json"] = spec.body
        elif isinstance(spec.raw, str):
            content["content"] = spec.raw.encode()
            headers["content-type"] = "application/json"
        for name, value in spec.headers.items():
            headers.pop(name.lower(), None)
            if value is not None:
                headers[name.lower()] = value
        url = self._address(spec)
        if self._client is None:
            tls = url.startswith("https:")
            self._client = httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False, follow_redirects=False, verify=tls)
        try:
            response = self._client.request(spec.method, url, params=spec.query or None, headers=headers, **content)
        except httpx.ConnectError as error:
            raise StoryBroken(f"nothing answers at {url}: {error}") from None
        except httpx.TransportError as error:
            return {"failure": str(error) or type(error).__name__}
        return {
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": decoded(response.content),
            "size": len(response.content),
        }

    def _address(self, spec: types.Request) -> str:
        base = str(self._account["base_url"])
        if spec.url is None:
            return f"{base}{spec.path}"
        if not spec.url.startswith(f"{base}/"):
            raise StoryBroken(f"{spec.url} is no address of this emulator: those begin with {base}/")
        return spec.url

    def _authorization(self, key: str | None) -> dict[str, str]:
        keys = self.names["keys"]
        secret = keys[key or next(iter(keys))]["secret"]
        headers = vendors.load(self._vendor).client_headers(secret)
        return {name.lower(): value for name, value in headers.items()}

    def control(self, spec: types.Control) -> Any:
        """Send a request to the control API."""
        spec = self.resolved(spec)
        return self._ask(spec.method, spec.path, None if spec.body is msgspec.UNSET else spec.body)

    def call(self, spec: types.Call) -> Any:
        """Let a number ring."""
        spec = self.resolved(spec)
        return self._ask(
            "POST",
            "/calls",
            {"vendor": self._vendor, "to": spec.to, "from": spec.from_, "script": _conduct(spec)},
        )

    def script(self, spec: types.Script) -> Any:
        """Say how the next outbound call goes."""
        spec = self.resolved(spec)
        match = {name: value for name, value in (("to", spec.to), ("from", spec.from_), ("tag", spec.tag)) if value}
        return self._ask(
            "POST",
            "/scripts",
            {"vendor": self._vendor, "account_id": self.account_id, "match": match, "script": _conduct(spec)},
        )

    def text(self, spec: types.Text) -> Any:
        """Send a message from outside."""
        return self._ask("POST", "/messages", {"vendor": self._vendor, **msgspec.to_builtins(self.resolved(spec))})

    def advance(self, spec: types.Advance) -> Any:
        """Let time pass on this account's clock alone."""
        if spec.span is None:
            return self._move({"idle": True})
        if not spec.span.months:
            return self._move({"seconds": spec.span.seconds})
        now = self._moved(self._show()["now"])
        try:
            target = spec.span.after(now)
        except (ValueError, OverflowError):
            raise StoryBroken("no clock here goes past the year 9999") from None
        return self._move({"until": target.isoformat()})

    def until(self, spec: str) -> Any:
        """Let time pass until an instant."""
        return self._move({"until": resolve(spec, self.names)})

    def _move(self, step: dict[str, Any]) -> Any:
        moved = self._ask("POST", "/clock/advance", {**step, "account_id": self.account_id})
        if "error" not in moved:
            self._moved(moved["now"])
        return moved

    def _moved(self, text: str) -> datetime:
        moment = instant(text)
        if moment is None:
            raise StoryBroken(f"the emulator's time is {text!r}, which is no instant")
        self.now = moment
        self.names["now"] = text
        return moment

    def fund(self, spec: str) -> Any:
        """Put money in."""
        return self._ask("POST", f"/accounts/{self.account_id}/fund", {"amount": spec})

    def settings(self, spec: Mapping[str, Any]) -> Any:
        """Change the account's settings."""
        return self._ask("PATCH", f"/accounts/{self.account_id}", resolve(spec, self.names))

    def fault(self, spec: types.Fault) -> Any:
        """Let something go wrong for this account."""
        plain = msgspec.to_builtins(self.resolved(spec), enc_hook=types.encode)
        answer = self._ask("POST", "/faults", {"vendor": self._vendor, "account_id": self.account_id, **plain})
        if "error" not in answer:
            self._faults.append(answer["id"])
        return answer

    def receiver(self, spec: Mapping[str, Any]) -> None:
        """Take receivers down or up, or change what they answer."""
        for name, change in spec.items():
            hook = self.hooks[name]
            if change == "down":
                hook.down()
            elif change == "up":
                hook.up()
            else:
                hook.answer(change)

    # -- how things are ------

    def webhooks(self, receiver: str) -> list[Received]:
        """What arrived at a receiver, oldest first."""
        return self.hooks[receiver].receiver.requests

    def balance(self) -> Any:
        """The account's balance as the control API words it."""
        return self._show()["balance"]

    def account(self) -> Any:
        """The account as the control API shows it."""
        return self._show()

    def ledger(self) -> Any:
        """The account's latest money movements, oldest first."""
        return self._show()["ledger"][::-1]

    def deliveries(self) -> list[Any]:
        """The account's webhook events, oldest first; bodies decoded, headers as mappings."""
        with _reached():
            found = self._control.get("/deliveries", account_id=self.account_id)["data"]
        return [readable(delivery) for delivery in reversed(found)]

    def journal(self) -> list[Any]:
        """All that happened to the account, oldest first; bodies decoded, headers as mappings."""
        with _reached():
            found = self._control.get("/journal", account_id=self.account_id, limit=MAX_ENTRIES)["data"]
        return [readable(entry) for entry in reversed(found)]

    def _show(self) -> Any:
        with _reached():
            return self._control.get(f"/accounts/{self.account_id}")

    def _ask(self, method: str, path: str, body: Any) -> Any:
        """The control API's answer, or `{"error": {code, message, param}}` when it refuses."""
        with _reached():
            try:
                return self._control.request(method, path, body)
            except ControlError as error:
                return {"error": {"code": error.code, "message": error.message, "param": error.param}}


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except Unreachable as error:
        raise StoryBroken(str(error)) from None


def _conduct(spec: types.Call | types.Script) -> dict[str, Any]:
    names = [name for name in spec.__struct_fields__ if name not in ADDRESSED]
    plain = {name: getattr(spec, name) for name in names if getattr(spec, name) is not None}
    if spec.turns is not None:
        plain["turns"] = [_turn(turn) for turn in spec.turns]
    return plain


def _turn(turn: types.Turn) -> dict[str, Any]:
    speaker = "agent" if turn.caller is msgspec.UNSET else "caller"
    said = {"speaker": speaker, "text": getattr(turn, speaker)}
    return said if turn.at is None else {**said, "at": turn.at}


Verb = Callable[[Stage, Any], Any]
DOING: dict[str, Verb] = {
    "request": Stage.request,
    "call": Stage.call,
    "text": Stage.text,
    "advance": Stage.advance,
    "until": Stage.until,
    "fund": Stage.fund,
    "settings": Stage.settings,
    "fault": Stage.fault,
    "script": Stage.script,
    "receiver": Stage.receiver,
    "control": Stage.control,
}
"""The steps that do something, by their names in a story; each gives the answer."""
SHOWING: dict[str, Callable[[Stage], Any]] = {
    "balance": Stage.balance,
    "ledger": Stage.ledger,
    "deliveries": Stage.deliveries,
    "account": Stage.account,
    "timeline": Stage.journal,
}
"""The steps that look at the account."""
