"""Where a target can reach the suite: a webhook receiver and a WebSocket server, with an emulator's routes to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from ringback_conformance.control import Control, try_call
from ringback_conformance.model import Profile
from ringback_conformance.options import RunOptions, UsageError
from ringback_conformance.receiver import Receiver
from ringback_conformance.sockets import Sockets
from ringback_conformance.target import Target
from ringback_conformance.transport import Log

HOOK_NAME = "https://hooks.ringback-conformance.example"
"""The public name that the emulator routes to our receiver, so that addresses are as the vendor's page wants them."""
STREAM_NAME = "https://streams.ringback-conformance.example"
"""The same for WebSockets."""


def open_receiver(
    stack: ExitStack, target: Target, options: RunOptions, log: Log, say: Callable[[str], None]
) -> Receiver | None:
    """Start the webhook receiver, until the stack closes; None where the target has no way to it.

    Raises UsageError where `--webhook-listen` is taken.
    """
    if target.profile is Profile.EMULATOR:
        receiver = Receiver(log).start()
        stack.callback(receiver.stop)
        receiver.public = HOOK_NAME
        if target.control is not None:
            receiver.other_routes = try_call(target.control, "GET", "/webhook-routes") or {}
            stack.enter_context(_routed(target.control, receiver.public, receiver.origin))
        return receiver
    if options.webhook_url is None or target.profile is Profile.READONLY:
        return None
    host, port = options.webhook_listen
    try:
        receiver = Receiver(log, host, port)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port} for webhooks: {error.strerror or error}") from None
    receiver.public = options.webhook_url
    receiver.start()
    stack.callback(receiver.stop)
    say(f"listening on {receiver.origin} for webhooks sent to {receiver.public}")
    return receiver


def open_sockets(stack: ExitStack, target: Target, log: Log) -> Sockets | None:
    """Start the WebSocket server for an emulator; a deployment's tunnel leads to the receiver alone."""
    if target.profile is not Profile.EMULATOR or target.control is None:
        return None
    sockets = Sockets(log, STREAM_NAME)
    stack.callback(sockets.stop)
    stack.enter_context(_routed(target.control, sockets.public, sockets.origin))
    return sockets


@contextmanager
def _routed(control: Control, public: str, origin: str) -> Iterator[None]:
    """Route a public name to an origin; at the end restore the emulator's routes."""
    before = try_call(control, "GET", "/webhook-routes") or {}
    control.call("control", "PUT", "/webhook-routes", {**before, public: origin})
    try:
        yield
    finally:
        try_call(control, "PUT", "/webhook-routes", before)
