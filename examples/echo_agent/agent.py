"""The agent's side of a call: a WebSocket server that Inkbox connects to.

By default Inkbox converts speech to text and text to speech; with `sound` the agent receives and sends audio itself.
With a signing key the agent rejects connections without a valid signature.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

from aiohttp import WSMsgType, web

GREETING = "Hello, I am an echo."
POLICY_VIOLATION = 1008
QUIET = {0x7E, 0x7F, 0xFE, 0xFF}
"""PCMU codes of silence."""


def is_genuine(headers: Mapping[str, str], secret: str) -> bool:
    """Return whether Inkbox signed a call: the signature covers the X-Call-Context header."""
    signed = (
        f"{headers.get('X-Inkbox-Request-ID', '')}.{headers.get('X-Inkbox-Timestamp', '')}."
        f"{headers.get('X-Call-Context', '')}"
    )
    expected = hmac(secret.removeprefix("whsec_").encode(), signed.encode(), sha256).hexdigest()
    return compare_digest(f"sha256={expected}", headers.get("X-Inkbox-Signature", ""))


class EchoAgent:
    """Repeats what it hears. `log` has all messages sent and received, in order."""

    def __init__(self, *, sound: bool = False, secret: str = "") -> None:
        self.sound = sound
        self.secret = secret
        self.log: list[tuple[str, dict[str, Any]]] = []
        self.calls: list[dict[str, Any]] = []

    async def answer(self, request: web.Request) -> web.WebSocketResponse:
        """Handle one call, from the handshake to the end."""
        words = "false" if self.sound else "true"
        socket = web.WebSocketResponse()
        socket.headers["X-Use-Inkbox-Text-To-Speech"] = words
        socket.headers["X-Use-Inkbox-Speech-To-Text"] = words
        await socket.prepare(request)
        if self.secret and not is_genuine(request.headers, self.secret):
            await socket.close(code=POLICY_VIOLATION, message=b"bad signature")
            return socket
        self.calls.append(json.loads(request.headers["X-Call-Context"]))
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                event = json.loads(message.data)
                self.log.append(("inkbox", event))
                for reply in self.replies(event):
                    self.log.append(("agent", reply))
                    await socket.send_json(reply)
        return socket

    def replies(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the agent's replies to an event."""
        if event["event"] == "start" and not self.sound:
            return [{"event": "text", "turn_id": "greeting", "delta": GREETING, "done": True}]
        if event["event"] == "media" and self.sound:
            return [{"event": "media", "media": {"payload": event["media"]["payload"], "track": "outbound"}}]
        if event["event"] != "transcript" or not event["is_final"]:
            return []
        said = str(event["text"])
        if said.lower().startswith(("bye", "goodbye")):
            return [
                {"event": "text", "turn_id": event["turn_id"], "delta": "Goodbye.", "done": True},
                {"event": "stop"},
            ]
        return [
            {"event": "text", "turn_id": event["turn_id"], "sequence": 0, "delta": "You said: "},
            {"event": "text", "turn_id": event["turn_id"], "sequence": 1, "delta": said, "done": True},
        ]

    def application(self) -> web.Application:
        """Return the agent as a web application with the WebSocket at /call."""
        application = web.Application()
        application.router.add_get("/call", self.answer)
        return application
