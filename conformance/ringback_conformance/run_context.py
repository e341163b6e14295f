"""What all probes of a run share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ringback_conformance.adapter import VendorAdapter
from ringback_conformance.control import Control
from ringback_conformance.masking import Mask
from ringback_conformance.model import Observation, Profile
from ringback_conformance.receiver import Receiver
from ringback_conformance.sockets import Sockets
from ringback_conformance.transport import Transport


class RunContext:
    """What all probes of a run share: the transport to the target, its receivers, and the observations."""

    def __init__(
        self,
        *,
        adapter: VendorAdapter,
        profile: Profile,
        transport: Transport,
        mask: Mask,
        seed: int,
        key: str = "",
        control: Control | None = None,
        receiver: Receiver | None = None,
        sockets: Sockets | None = None,
        strict: bool = True,
        destination: str = "",
        await_call: float = 0.0,
        say: Any = None,
        plain: Callable[[], AbstractContextManager[str]] | None = None,
    ) -> None:
        self.adapter = adapter
        self.profile = profile
        self.transport = transport
        self.mask = mask
        self.seed = seed
        self.control = control
        self.receiver = receiver
        self.sockets = sockets
        self.strict = strict
        self.destination = destination
        self.await_call = await_call
        self.plain = plain
        """Returns the base URL of the target over plain HTTP, where the target is served over TLS."""
        self.observations: list[Observation] = []
        self.shared: dict[str, Any] = {}
        self.unseen: dict[str, list[str]] = {}
        self._say = say
        self._keys = 0
        self._secrets = 0
        self._lock = threading.Lock()
        self.key = key
        if key:
            self.learn_key(key)

    def learn_key(self, key: str) -> None:
        """Hide a key as `$KEY`, the next as `$KEY_2`, …"""
        with self._lock:
            self._keys += 1
            self.mask.learn(key, "$KEY" if self._keys == 1 else f"$KEY_{self._keys}")

    def learn_secret(self, secret: str) -> None:
        """Hide a webhook secret as `$WEBHOOK_SECRET_1`, …"""
        with self._lock:
            self._secrets += 1
            self.mask.learn(secret, f"$WEBHOOK_SECRET_{self._secrets}")

    def say(self, message: str) -> None:
        """Show the user a message."""
        if self._say is not None:
            self._say(self.mask.text(message))
