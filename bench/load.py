"""A load on loopback, bounded in count or time: by wrk where it is installed, else by a generator of our own.

Our own is Python and slower than the servers that it measures, so with it a ratio comes out nearer to 1 than it is.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 32


@dataclass(frozen=True)
class Load:
    """What a burst of requests showed: requests a second, and the 99th percentile in milliseconds."""

    rate: float
    p99: float


def request(method: str, path: str, *, key: str | None = None, body: bytes = b"") -> bytes:
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class _Connection(asyncio.Protocol):
    """Sends a request, reads its answer whole, sends the next."""

    def __init__(self, message: bytes, left: list[int], latencies: list[float], done: asyncio.Future[None]) -> None:
        self._message, self._left, self._latencies, self._done = message, left, latencies, done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if self._left[0] <= 0:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._left[0] -= 1
        self._sent = time.perf_counter()
        self._transport.write(self._message)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < size:
            return
        if head[9:10] != b"2" and not self._done.done():
            self._done.set_exception(RuntimeError(f"unexpected answer: {self._buffer[:300]!r}"))
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self._buffer = b""
        self._send()


async def _burst(host: str, port: int, message: bytes, count: int, connections: int) -> Load:
    loop = asyncio.get_running_loop()
    left, latencies = [count], list[float]()
    done = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for future in done:
        await loop.create_connection(lambda f=future: _Connection(message, left, latencies, f), host, port)  # type: ignore[misc]
    await asyncio.gather(*done)
    spent = time.perf_counter() - started
    return Load(len(latencies) / spent, sorted(latencies)[int(len(latencies) * 0.99)] * 1000)


def generator() -> str:
    """What makes the load."""
    return "wrk" if shutil.which("wrk") else "Python"


def burst(port: int, message: bytes, count: int, connections: int = CONNECTIONS) -> Load:
    """About `count` requests over some connections to a loopback port; RuntimeError for an answer that is not 2xx."""
    if generator() == "wrk":
        return _wrk(port, message, max(1, count // 20_000), connections)
    import uvloop

    return uvloop.run(_burst("127.0.0.1", port, message, count, connections))


def _wrk(port: int, message: bytes, seconds: int, connections: int) -> Load:
    head, _, body = message.decode().partition("\r\n\r\n")
    first, *headers = head.split("\r\n")
    method, path, _ = first.split(" ")
    lines = [f'wrk.method = "{method}"', f"wrk.body = [[{body}]]" if body else ""]
    for header in headers:
        name, _, value = header.partition(": ")
        if name not in ("Host", "Content-Length"):
            lines.append(f'wrk.headers["{name}"] = "{value}"')
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        Path(script.name).write_text("\n".join(lines), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name]
        shown = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True, timeout=60
        ).stdout
    if "Non-2xx" in shown:
        raise RuntimeError(f"unexpected answers: {shown}")
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", shown)
    slowest = re.search(r"99%\s+([0-9.]+)(us|ms|s)", shown)
    if rate is None or slowest is None:
        raise RuntimeError(f"wrk said: {shown}")
    return Load(float(rate[1]), float(slowest[1]) * {"us": 0.001, "ms": 1, "s": 1000}[slowest[2]])
