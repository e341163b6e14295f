"""What a test does at an emulator: calls, messages, scripts and faults, removed at its end."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ringback.client import ANY_CALLER, Control, ControlError, Spoken, as_turns
from ringback.receiver import Receiver


class Fault:
    """A fault that is set until `remove()`, or for the length of a `with` block."""

    def __init__(self, control: Control, id_: str) -> None:
        self._control = control
        self.id = id_

    def remove(self) -> None:
        """Remove the fault. Removing it twice is no error."""
        delete(self._control, f"/faults/{self.id}")

    def __enter__(self) -> Fault:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class Session:
    """A connection to an emulator, and a record of what was made through it."""

    def __init__(self) -> None:
        self._control: Control | None = None
        self._vendors: tuple[str, ...] = ()
        self._lock = threading.RLock()
        self._vendor_of: dict[str, str] = {}
        """The vendor of each account made, by its id."""
        self._faults: list[Fault] = []
        self._scripts: list[str] = []
        self._receivers: list[Receiver] = []

    @property
    def control(self) -> Control:
        """Return the client of the control API, for operations without a method here."""
        if self._control is None:
            raise RuntimeError("this Ringback is not running: use it in a `with` block, or call start()")
        return self._control

    @property
    def vendors(self) -> tuple[str, ...]:
        """Return the names of the vendors served."""
        return self._vendors

    @property
    def ca_pem(self) -> str | None:
        """Return the file of the certificate authority, with `tls=True`."""
        return None

    # -- from outside ------

    def call(
        self,
        to: str,
        caller: str = ANY_CALLER,
        turns: Iterable[Spoken] | None = None,
        outcome: str | None = None,
        vendor: str | None = None,
        scenario: str | None = None,
        **script: Any,
    ) -> str:
        """Call the number `to` from outside. Return the call's id, as the vendor's API shows it.

        The call lives on the clock of the account that has the number. `turns` is what is said, each `"agent: Hello"`,
        `("caller", "Hi")`, `("caller", "Hi", 2.5)` (seconds after the answer) or a mapping; the rest of the script is
        given by keyword: `end="no_answer"`, `duration=90`, `answer_after=5`, `voicemail="…"`, `recording=False`. The
        vendor is found by the number unless set.

        Raises ControlError: `number_not_found` (404) with the numbers that exist, `not_accepting_calls` (409). Raises
        ValueError for an invalid turn.
        """
        body: dict[str, Any] = {"to": to, "from": caller}
        spoken = _script(turns, outcome, script)
        if spoken:
            body["script"] = spoken
        if scenario is not None:
            body["scenario"] = scenario
        return str(self.control.arrive("/calls", body, self._candidates(vendor))["call_id"])

    def text(
        self,
        to: str,
        body: str,
        sender: str = ANY_CALLER,
        vendor: str | None = None,
        media_urls: Sequence[str] = (),
        group: Sequence[str] = (),
    ) -> str:
        """Send a message from outside to the number `to`, and to a `group` of others. Return the message's id.

        Raises ControlError: 404 for a number that does not exist, 422 where the vendor has no messages or no groups.
        """
        message: dict[str, Any] = {"to": to, "from": sender, "body": body}
        message |= {"media_urls": list(media_urls), "group": list(group)}
        return str(self.control.arrive("/messages", message, self._candidates(vendor))["message_id"])

    def script(
        self,
        vendor: str | None = None,
        match: Mapping[str, Any] | None = None,
        turns: Iterable[Spoken] | None = None,
        outcome: str | None = None,
        account_id: str | None = None,
        **script: Any,
    ) -> str:
        """Set what happens to the next *outbound* call or message that matches. Return the script's id.

        `match` is `{"to", "from", "tag"}`, any of them optional. The script is given as for `call`.
        """
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
        """Make requests fail until removed: those of an `operation` of the contract, or of a method and path.

        It applies the `first` N times, `every` Nth time, or with a `probability`; always unless one is given. The
        effect is one of `status=503` (optionally with `code="…"`), `latency=2.0` seconds, `reset=True`,
        `truncate=bytes`, or `webhook="duplicate"|"drop"|"delay"|"reorder"|"bad_signature"`.

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
        """Return a webhook receiver that listens on loopback until this object is stopped."""
        receiver = Receiver().start()
        with self._lock:
            self._receivers.append(receiver)
        return receiver

    def _candidates(self, vendor: str | None) -> list[str]:
        """Return the vendors to try for a number: those of the accounts made first."""
        if vendor is not None:
            return [vendor]
        with self._lock:
            return [*self._vendor_of.values(), *self.vendors]

    def _only_vendor(self) -> str:
        """Return the vendor where none is named: that of all accounts made so far, or the only one served."""
        with self._lock:
            used = set(self._vendor_of.values())
        if len(used) == 1:
            return used.pop()
        if len(self.vendors) != 1:
            raise ValueError(f"name the vendor: {', '.join(self.vendors)}")
        return self.vendors[0]

    # -- leaving ------

    def _forget(self) -> list[str]:
        """Forget what was made, and return the paths under which it can be deleted."""
        with self._lock:
            paths = [
                *(f"/faults/{fault.id}" for fault in self._faults),
                *(f"/scripts/{id_}" for id_ in self._scripts),
                *(f"/accounts/{id_}" for id_ in self._vendor_of),
            ]
            self._faults.clear()
            self._scripts.clear()
            self._vendor_of.clear()
        return paths

    def _release(self) -> None:
        """Delete what was made, and stop the receivers."""
        for path in self._forget():
            delete(self.control, path)
        self._stop_receivers()

    def _stop_receivers(self) -> None:
        with self._lock:
            receivers, self._receivers = self._receivers, []
        for receiver in receivers:
            receiver.stop()


def delete(control: Control, path: str) -> None:
    """Delete a resource of the control API, unless it is gone already."""
    try:
        control.delete(path)
    except ControlError as error:
        if error.status != 404:
            raise


def _script(turns: Iterable[Spoken] | None, outcome: str | None, rest: Mapping[str, Any]) -> dict[str, Any]:
    script = dict(rest)
    if turns is not None:
        script["turns"] = as_turns(turns)
    if outcome is not None:
        script["outcome"] = outcome
    return script
