"""Keeps a CRM up to date from signed events: one line of JSON for each call that was held.

python crm_update.py SECRET [PORT]        prints the address it listens on first
"""

from __future__ import annotations

import hmac
import json
import sys
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


def signed(secret: str, body: bytes, signature: str) -> bool:
    """Whether the bytes, as they came, are signed under the secret."""
    return hmac.compare_digest(hmac.new(secret.encode(), body, sha256).hexdigest(), signature)


def update(data: dict[str, Any]) -> dict[str, Any]:
    """What the CRM notes about a call."""
    analysis = data["analysis"]
    return {
        "contact": data["contact_id"],
        "last_call": data["timestamp"],
        "disposition": analysis["disposition"],
        "summary": analysis["summary"],
        "meeting_booked": analysis["meeting_booked"],
        "tell_sales": analysis["disposition"] == "hot_lead",
    }


def receiver(secret: str) -> type[BaseHTTPRequestHandler]:
    """A handler that takes events signed under a secret."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not signed(secret, body, self.headers.get("X-PhoneStack-Signature", "")):
                self.send_error(401, "Invalid signature")
                return
            event = json.loads(body)
            if event["event"] == "call.completed":
                print(json.dumps(update(event["data"])), flush=True)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"OK")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            """Quiet."""

    return Receiver


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), receiver(sys.argv[1]))
    print(f"http://127.0.0.1:{server.server_port}/hook", flush=True)
    server.serve_forever()
