"""A receiver that answers 204 to everything, as fast as the server can."""

from __future__ import annotations

import asyncio
import sys
from typing import Any


async def sink(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, answer 204 (200 to GET)."""
    while (await receive()).get("more_body"):
        pass
    status = 200 if scope["method"] == "GET" else 204
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def main(port: int) -> None:
    """Serve until ended."""
    from granian.server.embed import Server

    await Server(sink, port=port, interface="asginl", log_enabled=False, websockets=False).serve()  # type: ignore[arg-type]


if __name__ == "__main__":
    import uvloop

    uvloop.install()
    asyncio.run(main(int(sys.argv[1])))
