"""Answer a number's calls with an echo: `python -m echo_agent` (add `--sound` to echo the audio itself).

INKBOX_BASE_URL and INKBOX_API_KEY are the server and the key, as `ringback env inkbox` prints them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys

import httpx
from aiohttp import web

from echo_agent.agent import EchoAgent

HANDLE = "echo"


def set_up(client: httpx.Client, url: str) -> tuple[str, str]:
    """Return a number that connects its calls to a WebSocket URL, and its signing key. Raises HTTPStatusError."""
    if client.get(f"/api/v1/identities/{HANDLE}").status_code == httpx.codes.NOT_FOUND:
        client.post("/api/v1/identities/", json={"agent_handle": HANDLE}).raise_for_status()
    identity = client.get(f"/api/v1/identities/{HANDLE}").raise_for_status().json()
    number = identity["phone_number"]
    if number is None:
        number = client.post("/api/v1/phone/numbers", json={"agent_handle": HANDLE}).raise_for_status().json()
    change = {"incoming_call_action": "auto_accept", "client_websocket_url": url}
    client.patch(f"/api/v1/phone/numbers/{number['id']}", json=change).raise_for_status()
    key = client.post(f"/api/v1/identities/{HANDLE}/signing-key", json={}).raise_for_status().json()
    return str(number["number"]), str(key["signing_key"])


async def serve(agent: EchoAgent, port: int) -> None:
    """Answer calls until cancelled."""
    runner = web.AppRunner(agent.application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    bound = runner.addresses[0][1]
    key = os.environ["INKBOX_API_KEY"]
    with httpx.Client(base_url=os.environ["INKBOX_BASE_URL"], headers={"X-API-Key": key}) as client:
        number, agent.secret = await asyncio.to_thread(set_up, client, f"ws://127.0.0.1:{bound}/call")
    sys.stdout.write(f"{number} echoes; stop with Ctrl-C\n")
    sys.stdout.flush()
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m echo_agent", description=__doc__)
    parser.add_argument("--sound", action="store_true", help="echo the audio instead of the text")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: any free port)")
    given = parser.parse_args()
    try:
        asyncio.run(serve(EchoAgent(sound=given.sound), given.port))
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
