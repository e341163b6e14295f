"""Sign-ins with a code: made up, sent, followed by their receipts, and good for one use."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from two_factor_sender.sms import Sms

State = Literal["sending", "sent", "delivered", "failed"]

GOOD_FOR = 600
"""Seconds for which a code can be used."""
TRIES = 5
STATES: dict[str, State] = {"sms.sent": "sent", "sms.delivered": "delivered", "sms.failed": "failed"}
FINAL = ("delivered", "failed")


@dataclass
class SignIn:
    """One sign-in. The code itself is kept nowhere."""

    digest: bytes
    expires: float
    tries: int = TRIES
    message: str = ""


class Codes:
    """All sign-ins under way. `now` gives Unix seconds."""

    def __init__(self, sms: Sms, now: Callable[[], float] = time.time) -> None:
        self._sms = sms
        self._now = now
        self._open: dict[str, SignIn] = {}
        self._states: dict[str, State] = {}

    def start(self, phone: str) -> str:
        """Send a code to a phone (E.164) and give the sign-in's name. Raises NotSent; then there is no sign-in."""
        name = secrets.token_urlsafe(16)
        code = f"{secrets.randbelow(10**6):06d}"
        sign_in = SignIn(_digest(name, code), self._now() + GOOD_FOR)
        sign_in.message = self._sms.send(phone, f"Your code is {code}.", key=f"sign-in-{name}")
        self._open[name] = sign_in
        return name

    def check(self, name: str, code: str) -> bool:
        """Whether this is the code. A code is good once, for ten minutes, and takes five tries."""
        sign_in = self._open.get(name)
        if sign_in is None or sign_in.tries == 0 or self._now() >= sign_in.expires:
            return False
        sign_in.tries -= 1
        right = hmac.compare_digest(_digest(name, code), sign_in.digest)
        if right:
            del self._open[name]
        return right

    def state(self, name: str) -> State:
        """How far the code's message has come; `failed` means: offer another way. Raises KeyError."""
        return self._states.get(self._open[name].message, "sending")

    def receipt(self, event: dict[str, Any]) -> None:
        """Take note of an event. It may come before the answer to the request that caused it, and late events must not
        turn back what later ones have said."""
        message, state = event["data"]["object"]["id"], STATES.get(event["type"])
        if state is not None and self._states.get(message) not in FINAL:
            self._states[message] = state


def _digest(name: str, code: str) -> bytes:
    return sha256(f"{name}:{code}".encode()).digest()
