"""Send one code and wait for its receipt: `python -m two_factor_sender +33639980077`.

NOKYCNUMBER_BASE_URL and NOKYCNUMBER_API_KEY say where and as whom, as `ringback env nokycnumber` prints them.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import httpx

from two_factor_sender.codes import FINAL, STATES, Codes
from two_factor_sender.receipts import Receipts, Server
from two_factor_sender.sms import NotSent, Sms

SHUTDOWN_TIMEOUT = 60.0
"""Seconds to wait for the receipt."""
EVENTS = list(STATES)


def sender(client: httpx.Client) -> str:
    """The id of a number to send from: one that the account has, or else a new French one. Raises HTTPStatusError."""
    owned = _ok(client.get("/v1/numbers", params={"status": "active", "limit": 1}))["data"]
    if owned:
        return str(owned[0]["id"])
    offers = _ok(client.get("/v1/numbers/available", params={"country": "fr", "type": "mobile", "limit": 1}))["data"]
    body = {"available_id": offers[0]["id"], "billing_period": "monthly"}
    return str(_ok(client.post("/v1/numbers", json=body, headers={"Idempotency-Key": offers[0]["id"]}))["id"])


def _ok(answer: httpx.Response) -> dict[str, Any]:
    return dict(answer.raise_for_status().json())


def main(phone: str) -> int:
    """Send a code to a phone; 0 when it has arrived, 1 when not."""
    key = os.environ["NOKYCNUMBER_API_KEY"]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=os.environ["NOKYCNUMBER_BASE_URL"], headers=headers) as client:
        codes, reported, server = Codes(Sms(client, sender(client))), threading.Event(), Server()

        def take(event: dict[str, Any]) -> None:
            codes.receipt(event)
            if STATES.get(event["type"]) in FINAL:
                reported.set()

        body = {"url": server.url, "enabled_events": EVENTS, "description": "two_factor_sender"}
        endpoint = _ok(client.post("/v1/webhook_endpoints", json=body))
        server.receipts = Receipts(endpoint["secret"], take)
        try:
            name = codes.start(phone)
            reported.wait(SHUTDOWN_TIMEOUT)
            outcome: str = codes.state(name)
        except NotSent as error:
            outcome = f"not sent ({error})"
        finally:
            client.delete(f"/v1/webhook_endpoints/{endpoint['id']}")
            server.close()
    sys.stdout.write(f"{phone}: {outcome}\n")
    return 0 if outcome == "delivered" else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m two_factor_sender PHONE, such as +33639980077")
    sys.exit(main(sys.argv[1]))
