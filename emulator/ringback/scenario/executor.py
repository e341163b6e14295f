"""Play a scenario's steps on one account with its keys and receivers, over HTTP alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ringback import vendors
from ringback.client import ControlError, Unreachable
from ringback.receiver import Received, Receiver, Response
from ringback.scenario import types
from ringback.scenario.errors import ExecutionError
from ringback.scenario.expectations import instant
from ringback.scenario.normalize import decoded, readable
from ringback.scenario.references import resolve

if TYPE_CHECKING:
    import httpx

    from ringback.testing import Ringback

TIMEOUT_SECONDS = 60.0
"""Real seconds that a request to the vendor's API may take."""
MAX_ENTRIES = 10_000
ADDRESSING = ("to", "from_", "tag")
"""Fields of a call or a script that say which numbers it is for; the others say how it goes."""

T = TypeVar("T")


class Executor:
    """One scenario on a running emulator: its account and its receivers. `names` holds what references stand for."""

    def __init__(self, scenario: types.Scenario, ringback: Ringback) -> None:
        self.names: dict[str, Any] = {}
        self.receivers: dict[str, Receiver] = {}
        self.start = self.now = datetime.fromtimestamp(0, UTC)
        self._scenario = scenario
        self._control = ringback.control
        self._vendor = scenario.vendor
        self._account: dict[str, Any] = {}
        self._client: httpx.Client | None = None
        self._faults: list[str] = []

    # -- before and after the steps ------

    def open(self) -> None:
        """Make everything in `given`. Raises ControlError when the emulator rejects it."""
        given = self._scenario.given
        for name, spec in given.receivers.items():
            receiver = self.receivers[name] = Receiver().start()
            _respond(receiver, spec.answers)
            if not spec.up:
                receiver.pause()
            self.names[name] = {"url": receiver.url, "origin": receiver.origin}
        body = {
            "vendor": self._vendor,
            "name": self._scenario.name,
            "balance": given.account.balance,
            "settings": resolve(given.account.settings, self.names),
            "keys": [msgspec.to_builtins(key) for key in given.account.keys.values()],
            "now": given.clock,
        }
        with _unreachable_as_error():
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
        """Stop the receivers, delete the faults and close the account, which `keep` leaves open for inspection."""
        with ExitStack() as last:
            for receiver in self.receivers.values():
                last.callback(receiver.stop)
            if self._client is not None:
                last.callback(self._client.close)
            leftovers = [f"/faults/{id_}" for id_ in self._faults]
            if self._account and not keep:
                leftovers.append(f"/accounts/{self.account_id}")
            for path in leftovers:
                last.callback(self._remove, path)

    def _remove(self, path: str) -> None:
        """Delete a resource, unless a step has deleted it or the emulator is gone."""
        try:
            self._control.delete(path)
        except Unreachable:
            return
        except ControlError as error:
            if error.status != 404:
                raise

    @property
    def account_id(self) -> str:
        """Return the account's id, or "" before it is opened."""
        return str(self._account.get("account_id", ""))

    def resolved(self, part: T) -> T:
        """Return a part of the scenario with its references replaced. Raises UnknownReference, ValidationError."""
        plain = resolve(msgspec.to_builtins(part, enc_hook=types.encode), self.names)
        return msgspec.convert(plain, type(part), dec_hook=types.decode)

    # -- what the steps do ------

    def request(self, spec: types.Request) -> dict[str, Any]:
        """Send a request to the vendor. Return status, headers, body and size, or the `failure` of the connection."""
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
            self._client = httpx.Client(timeout=TIMEOUT_SECONDS, trust_env=False, follow_redirects=False, verify=tls)
        try:
            response = self._client.request(spec.method, url, params=spec.query or None, headers=headers, **content)
        except httpx.ConnectError as error:
            raise ExecutionError(f"no server responds at {url}: {error}") from None
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
            raise ExecutionError(f"{spec.url} is not at this emulator: its addresses begin with {base}/")
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
        """Call a number from outside."""
        spec = self.resolved(spec)
        return self._ask(
            "POST",
            "/calls",
            {"vendor": self._vendor, "to": spec.to, "from": spec.from_, "script": _script(spec)},
        )

    def script(self, spec: types.Script) -> Any:
        """Set how the next outbound call or message goes."""
        spec = self.resolved(spec)
        match = {name: value for name, value in (("to", spec.to), ("from", spec.from_), ("tag", spec.tag)) if value}
        return self._ask(
            "POST",
            "/scripts",
            {"vendor": self._vendor, "account_id": self.account_id, "match": match, "script": _script(spec)},
        )

    def text(self, spec: types.Text) -> Any:
        """Send a message from outside."""
        return self._ask("POST", "/messages", {"vendor": self._vendor, **msgspec.to_builtins(self.resolved(spec))})

    def advance(self, spec: types.Advance) -> Any:
        """Advance this account's clock alone."""
        if spec.span is None:
            return self._move({"idle": True})
        if not spec.span.months:
            return self._move({"seconds": spec.span.seconds})
        now = self._moved(self._show()["now"])
        try:
            target = spec.span.after(now)
        except (ValueError, OverflowError):
            raise ExecutionError("no clock goes past the year 9999") from None
        return self._move({"until": target.isoformat()})

    def until(self, spec: str) -> Any:
        """Advance this account's clock to an instant."""
        return self._move({"until": resolve(spec, self.names)})

    def _move(self, step: dict[str, Any]) -> Any:
        moved = self._ask("POST", "/clock/advance", {**step, "account_id": self.account_id})
        if "error" not in moved:
            self._moved(moved["now"])
        return moved

    def _moved(self, text: str) -> datetime:
        moment = instant(text)
        if moment is None:
            raise ExecutionError(f"the emulator's time is {text!r}, not an ISO-8601 instant")
        self.now = moment
        self.names["now"] = text
        return moment

    def fund(self, spec: str) -> Any:
        """Add money to the account, or take it away."""
        return self._ask("POST", f"/accounts/{self.account_id}/fund", {"amount": spec})

    def settings(self, spec: Mapping[str, Any]) -> Any:
        """Change the account's settings."""
        return self._ask("PATCH", f"/accounts/{self.account_id}", resolve(spec, self.names))

    def fault(self, spec: types.Fault) -> Any:
        """Set a fault for this account."""
        plain = msgspec.to_builtins(self.resolved(spec), enc_hook=types.encode)
        answer = self._ask("POST", "/faults", {"vendor": self._vendor, "account_id": self.account_id, **plain})
        if "error" not in answer:
            self._faults.append(answer["id"])
        return answer

    def receiver(self, spec: Mapping[str, Any]) -> None:
        """Take receivers down or up, or change their responses."""
        for name, change in spec.items():
            receiver = self.receivers[name]
            if change == "down":
                receiver.pause()
            elif change == "up":
                receiver.start()
            else:
                _respond(receiver, change)

    # -- what the steps check ------

    def webhooks(self, receiver: str) -> list[Received]:
        """Return the requests that a receiver got, oldest first."""
        return self.receivers[receiver].requests

    def balance(self) -> Any:
        """Return the account's balance as the control API shows it."""
        return self._show()["balance"]

    def account(self) -> Any:
        """Return the account as the control API shows it."""
        return self._show()

    def ledger(self) -> Any:
        """Return the account's latest ledger entries, oldest first."""
        return self._show()["ledger"][::-1]

    def deliveries(self) -> list[Any]:
        """Return the account's webhook events, oldest first, with bodies decoded and headers as mappings."""
        with _unreachable_as_error():
            found = self._control.get("/deliveries", account_id=self.account_id)["data"]
        return [readable(delivery) for delivery in reversed(found)]

    def journal(self) -> list[Any]:
        """Return the account's journal, oldest first, with bodies decoded and headers as mappings."""
        with _unreachable_as_error():
            found = self._control.get("/journal", account_id=self.account_id, limit=MAX_ENTRIES)["data"]
        return [readable(entry) for entry in reversed(found)]

    def _show(self) -> Any:
        with _unreachable_as_error():
            return self._control.get(f"/accounts/{self.account_id}")

    def _ask(self, method: str, path: str, body: Any) -> Any:
        """Return the control API's response, or `{"error": {code, message, param}}`."""
        with _unreachable_as_error():
            try:
                return self._control.request(method, path, body)
            except ControlError as error:
                return {"error": {"code": error.code, "message": error.message, "param": error.param}}


def _respond(receiver: Receiver, answers: list[Any]) -> None:
    """Have a receiver respond to the next requests as a scenario's `answers` say."""
    receiver.respond_with(*(_response(receiver, answer) for answer in answers))


def _response(receiver: Receiver, answer: Any) -> Response:
    """Return one response. A redirect points at another path of the same receiver."""
    if answer == "hang":
        return Response(None)
    if isinstance(answer, int):
        location = (("Location", f"{receiver.origin}/elsewhere"),) if 300 <= answer < 400 else ()
        return Response(answer, location)
    reply = msgspec.convert(answer, types.Reply, from_attributes=True)
    if reply.lines is not None:
        return Response.lines(*reply.lines, status=reply.status)
    return Response.json(reply.json, reply.status)


@contextmanager
def _unreachable_as_error() -> Iterator[None]:
    try:
        yield
    except Unreachable as error:
        raise ExecutionError(str(error)) from None


def _script(spec: types.Call | types.Script) -> dict[str, Any]:
    names = [name for name in spec.__struct_fields__ if name not in ADDRESSING]
    plain = {name: getattr(spec, name) for name in names if getattr(spec, name) is not None}
    if spec.turns is not None:
        plain["turns"] = [_turn(turn) for turn in spec.turns]
    return plain


def _turn(turn: types.Turn) -> dict[str, Any]:
    speaker = "agent" if turn.caller is msgspec.UNSET else "caller"
    said = {"speaker": speaker, "text": getattr(turn, speaker)}
    return said if turn.at is None else {**said, "at": turn.at}


ACTIONS: dict[str, Callable[[Executor, Any], Any]] = {
    "request": Executor.request,
    "call": Executor.call,
    "text": Executor.text,
    "advance": Executor.advance,
    "until": Executor.until,
    "fund": Executor.fund,
    "settings": Executor.settings,
    "fault": Executor.fault,
    "script": Executor.script,
    "receiver": Executor.receiver,
    "control": Executor.control,
}
"""The steps that act, by their names in a scenario; each returns the response."""
QUERIES: dict[str, Callable[[Executor], Any]] = {
    "balance": Executor.balance,
    "ledger": Executor.ledger,
    "deliveries": Executor.deliveries,
    "account": Executor.account,
    "timeline": Executor.journal,
}
"""The steps that check the account, by their names in a scenario."""
