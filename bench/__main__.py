"""`make bench`: one table of ratios, each measured beside its reference in this run."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from bench.load import burst, generator, request
from bench.texts import searches

ROOT = Path(__file__).resolve().parent.parent
BODY = b'{"business_phone":"+13465551234","area_code":"346","webhook_url":"https://yourapp.com/hooks/kp"}'
UNLIMITED: Mapping[str, Any] = {"rate_limit": None, "number_limit": None, "provisions_per_hour": None}
RICH = 10**15
"""A balance in millionths that no benchmark spends."""


class Row(NamedTuple):
    """One line of the table: what was measured, the figure, its reference, their ratio, the mark and how it is met."""

    what: str
    value: str
    reference: str
    ratio: float
    mark: str
    met: bool


def main() -> int:
    """Measure and print; exit 0 whatever the figures, they are for reading."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, of which the median counts")
    parser.add_argument("--requests", type=int, default=20_000, help="requests in each burst")
    parser.add_argument("--largest", type=int, default=1_000_000, help="records in the largest store")
    parser.add_argument("--only", help="substring of the measurements to run")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    measurements: dict[str, Callable[[Any], list[Row]]] = {
        "cold start": cold_start,
        "throughput": throughput,
        "growth": growth,
        "search": search,
        "timers": timers,
        "webhooks": webhooks,
        "campaign": campaign,
        "memory": memory,
    }
    rows: list[Row] = []
    for name, measure in measurements.items():
        if not given.only or given.only in name:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            rows += measure(given)
    if given.json:
        print(json.dumps([row._asdict() for row in rows], indent=2))
    else:
        show(rows)
    return 0


def show(rows: list[Row]) -> None:
    """The table."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Ringback beside its references, medians of one run, load by {generator()}")
    for column, justify in (("measured", "left"), ("Ringback", "right"), ("reference", "right"), ("ratio", "right")):
        table.add_column(column, justify=justify)  # type: ignore[arg-type]
    table.add_column("mark")
    table.add_column("")
    for row in rows:
        table.add_row(
            row.what, row.value, row.reference, f"{row.ratio:.2f}", row.mark, "met" if row.met else "[bold]missed[/]"
        )
    Console(width=None if sys.stdout.isatty() else 120).print(table)


# -- servers in their own processes --


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, ended at the end."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=tempfile.gettempdir(), env=environment, stdout=subprocess.DEVNULL)
    try:
        yield server
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    """A port that is free now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def first_answer(port: int, message: bytes) -> None:
    """Return at the first answer; RuntimeError after 20 s."""
    import socket

    deadline = time.perf_counter() + 20
    while time.perf_counter() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                connection.sendall(message)
                if connection.recv(64).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.001)
    raise RuntimeError(f"no answer on port {port}")


def reference_command(port: int) -> list[str]:
    """The bare framework under the same server, as its users start it."""
    return [
        sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--no-ws", "--log-level", "critical",
        "--port", str(port), "bench.reference:app",
    ]  # fmt: skip


def ringback_command(port: int, *flags: str) -> list[str]:
    """The emulator as its users start it."""
    return [sys.executable, "-m", "ringback", "serve", "--port", str(port), *flags]


def cold_start(given: Any) -> list[Row]:
    """Process start to the first list of calls answered."""
    from ringback import vendors

    reference_request = request("GET", "/v1/calls")
    own_request = request("GET", "/kwickphone/v1/calls", key="kp_live_ringback")
    cases = {
        "reference": (reference_command, reference_request, ()),
        "all vendors": (ringback_command, own_request, ()),
        "one vendor": (ringback_command, own_request, ("kwickphone",)),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(given.rounds + 1):
        for name, (command, message, flags) in cases.items():
            port = free_port()
            started = time.perf_counter()
            with process(*command(port, *flags)):  # type: ignore[operator]
                first_answer(port, message)
                times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(values[1:]) for name, values in times.items()}
    rows = []
    for name, mark in (("all vendors", 1.75), ("one vendor", 1.25)):
        ratio = medians[name] / medians["reference"]
        label = f"cold start, {name}" + (f" ({len(vendors.names())})" if name == "all vendors" else "")
        rows.append(
            Row(
                label,
                f"{medians[name] * 1000:.0f} ms",
                f"{medians['reference'] * 1000:.0f} ms",
                ratio,
                f"≤ {mark}",
                ratio <= mark,
            )
        )
    return rows


def control(port: int, method: str, path: str, body: Any) -> Any:
    """One call of the control API."""
    from ringback.client import Control

    with Control(f"http://127.0.0.1:{port}") as client:
        return client.request(method, path, body)


def throughput(given: Any) -> list[Row]:
    """GET list of 25 and POST create, 32 connections, keys, limits, journal and all on; limits lifted for the key."""
    reference_port, own_port = free_port(), free_port()
    with process(*reference_command(reference_port)), process(*ringback_command(own_port, "--clock", "frozen")):
        first_answer(reference_port, request("GET", "/v1/calls"))
        first_answer(own_port, request("GET", "/kwickphone/v1/calls", key="kp_live_ringback"))
        key = a_busy_account(own_port)
        pairs = {
            "GET list of 25": (
                request("GET", "/v1/calls"),
                request("GET", "/kwickphone/v1/calls?limit=25", key=key),
            ),
            "POST create": (
                request("POST", "/v1/numbers", body=BODY),
                request("POST", "/kwickphone/v1/numbers", key=key, body=BODY),
            ),
        }
        rows = []
        for what, (theirs, ours) in pairs.items():
            seen = []
            for _ in range(given.rounds):
                reference = burst(reference_port, theirs, given.requests)
                seen.append((reference, burst(own_port, ours, given.requests)))
            rate = statistics.median(own.rate / reference.rate for reference, own in seen)
            p99 = statistics.median(own.p99 / reference.p99 for reference, own in seen)
            own_rate = statistics.median(own.rate for _, own in seen)
            reference_rate = statistics.median(reference.rate for reference, _ in seen)
            own_p99 = statistics.median(own.p99 for _, own in seen)
            reference_p99 = statistics.median(reference.p99 for reference, _ in seen)
            rows.append(
                Row(f"{what}, c32", f"{own_rate:,.0f}/s", f"{reference_rate:,.0f}/s", rate, "≥ 0.75", rate >= 0.75)
            )
            rows.append(Row(f"{what}, c32, p99", f"{own_p99:.1f} ms", f"{reference_p99:.1f} ms", p99, "≤ 2", p99 <= 2))
    return rows


def a_busy_account(port: int) -> str:
    """The key of an account with a hundred finished calls and its limits lifted."""
    account = control(
        port,
        "POST",
        "/accounts",
        {
            "vendor": "kwickphone",
            "balance": "100000000",
            "settings": {"rate_limit": None, "number_limit": None, "provisions_per_hour": None},
        },
    )
    import httpx

    key: str = account["keys"][0]["secret"]
    with httpx.Client(
        base_url=account["base_url"], headers={"Authorization": f"Bearer {key}"}, trust_env=False
    ) as http:
        number = http.post("/v1/numbers", json={"business_phone": "+13465551234"}).json()["phone_number"]
    for _ in range(100):
        script = {"turns": [], "duration": 60, "outcome": "order"}
        control(
            port, "POST", "/calls", {"vendor": "kwickphone", "to": number, "from": "+12145559876", "script": script}
        )
    control(port, "POST", "/clock/advance", {"seconds": 3600, "account_id": account["account_id"]})
    return key


# -- in this process --


class Inside:
    """An emulator in this process, called as an ASGI app: what a rule costs without the network."""

    def __init__(
        self,
        vendor: str = "kwickphone",
        settings: Mapping[str, Any] = UNLIMITED,
        header: Callable[[str], tuple[bytes, bytes]] = lambda key: (b"authorization", f"Bearer {key}".encode()),
    ) -> None:
        from ringback.app import Application
        from ringback.settings import Settings

        self.vendor = vendor
        self.application = Application(Settings(clock="frozen", vendors=(vendor,), journal_size=1_000))
        self.emulator = self.application.emulator
        self.account = self.emulator.services.open_account(vendor, settings=settings, balance=RICH)
        self.key = header(self.emulator.services.issue_key(self.account).secret)
        self.status = 0

    async def ask(self, method: str, path: str, query: bytes = b"", body: bytes = b"") -> bytes:
        """One request; gives the body of the answer."""
        received: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                received.append(message["body"])

        headers = [(b"host", b"127.0.0.1"), self.key]
        if body:
            headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        scope = {
            "type": "http", "method": method, "path": f"/{self.vendor}{path}", "raw_path": b"", "query_string": query,
            "headers": headers, "client": ("127.0.0.1", "1"), "server": ("127.0.0.1", "2"), "scheme": "http",
            "root_path": "", "http_version": "1.1", "state": {},
        }  # fmt: skip
        await self.application(scope, receive, send)
        return b"".join(received)

    def fill(self, count: int) -> None:
        """Have `count` finished calls without turns."""
        from ringback.carrier.script import Script

        if not self.emulator.backends["kwickphone"].numbers(self.account.id):
            asyncio.run(self.ask("POST", "/v1/numbers", body=b'{"business_phone":"+13465551234"}'))
        number = self.emulator.backends["kwickphone"].numbers(self.account.id)[0]["phone_number"]
        script = Script(turns=[], duration=60, outcome="order", answer_after=1)
        backend = self.emulator.backends["kwickphone"]
        clock, calls = self.emulator.services.clock, self.emulator.services.calls.records
        while len(calls) < count:
            for _ in range(min(1_000, count - len(calls))):
                backend.receive_call(number, "+12145559876", script)
            asyncio.run(clock.advance(clock.now(self.account.id) + 120_000_000, self.account.id))


def growth(given: Any) -> list[Row]:
    """A page of 25 and a create, with 100, 10,000 and a million calls stored."""
    inside = Inside()
    sizes = sorted({100, 10_000, given.largest})
    pages: dict[int, float] = {}
    creates: dict[int, float] = {}

    async def repeat(count: int, *ask: Any) -> float:
        best = []
        for _ in range(5):
            started = time.perf_counter()
            for _ in range(count):
                await inside.ask(*ask)
            best.append((time.perf_counter() - started) / count)
        return min(best)

    for size in sizes:
        inside.fill(size)
        asyncio.run(inside.ask("GET", "/v1/calls", b"limit=25"))
        pages[size] = asyncio.run(repeat(1_000, "GET", "/v1/calls", b"limit=25"))
        creates[size] = asyncio.run(repeat(500, "POST", "/v1/numbers", b"", BODY))
    rows = []
    for what, seen in (("page of 25", pages), ("create", creates)):
        for size in sizes[1:]:
            ratio = seen[size] / seen[sizes[0]]
            rows.append(
                Row(
                    f"{what} at {size:,} records", f"{seen[size] * 1e6:.0f} µs", f"{seen[sizes[0]] * 1e6:.0f} µs at 100",
                    ratio, "≤ 1.2", ratio <= 1.2,
                )
            )  # fmt: skip
    return rows


def search(given: Any) -> list[Row]:
    """Full-text search over a hundred texts and over a hundred thousand."""
    inside = Inside("inkbox", {}, lambda key: (b"x-service-token", key.encode()))
    few, many = 100, min(100_000, given.largest)
    seen = {size: asyncio.run(searches(inside, size)) for size in (few, many)}
    return [
        Row(
            f"search, {what}, in {many:,} texts", f"{seen[many][what] * 1e6:.0f} µs",
            f"{seen[few][what] * 1e6:.0f} µs in {few}", ratio := seen[many][what] / seen[few][what],
            "≤ 1.2", ratio <= 1.2,
        )
        for what in seen[few]
    ]  # fmt: skip


def timers(given: Any) -> list[Row]:
    """Timers fired a second by `advance`, set on ten accounts' clocks and moved by the server's."""
    from ringback.carrier.clock import SECOND, Clock

    clock, count = Clock("frozen"), 300_000
    fired = [0]

    def tick(_: int) -> None:
        fired[0] += 1

    clock.on("tick", tick)
    for n in range(count):
        clock.after((n * 7_919 % 1_000_000) * 1_000, f"account {n % 10}", "tick", n)
    started = time.perf_counter()
    asyncio.run(clock.advance(clock.now() + 1_000 * SECOND))
    rate = fired[0] / (time.perf_counter() - started)
    return [Row("timers through advance", f"{rate:,.0f}/s", "100,000/s", rate / 100_000, "≥ 1", rate >= 100_000)]


def webhooks(given: Any) -> list[Row]:
    """Events sent, signed and journalled a second, 64 in flight, beside a bare client doing the same POSTs."""
    import uvloop

    from ringback.server import tune_gc

    count = 6_000
    tune_gc()
    with process(sys.executable, "-m", "bench.sink", str(port := free_port())):
        first_answer(port, request("GET", "/"))
        seen = []
        for _ in range(given.rounds):
            bare = uvloop.run(bare_posts(port, count))
            seen.append((bare, uvloop.run(own_posts(port, count))))
    ratio = statistics.median(own / bare for bare, own in seen)
    own, bare = statistics.median(own for _, own in seen), statistics.median(bare for bare, _ in seen)
    return [Row("webhooks, 64 in flight", f"{own:,.0f}/s", f"{bare:,.0f}/s bare client", ratio, "≥ 0.5", ratio >= 0.5)]


async def bare_posts(port: int, count: int) -> float:
    """Signed POSTs a second of the HTTP client alone."""
    import aiohttp

    from ringback.vendors.kwickphone.events import SIGNATURE

    body = b'{"type":"call.completed"}' + b" " * 300
    left = [count]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            while left[0] > 0:
                left[0] -= 1
                headers = dict(SIGNATURE.sign("whsec_x", body, 1_767_225_600))
                async with session.post(f"http://127.0.0.1:{port}/", data=body, headers=headers) as response:
                    await response.read()

        started = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(64)))
        return count / (time.perf_counter() - started)


async def own_posts(port: int, count: int) -> float:
    """Events a second from `send` to a journalled delivery."""
    inside = Inside()
    emulator = inside.emulator
    emulator.services.clock.run_on(asyncio.get_running_loop())
    body = b'{"type":"call.completed"}' + b" " * 300
    started = time.perf_counter()
    for n in range(count):
        emulator.services.outbox.send(
            vendor="kwickphone", account=inside.account.id, event="call.completed", subject=f"CA{n}",
            url=f"http://127.0.0.1:{port}/", secret="whsec_x", body=body,
        )  # fmt: skip
        if n % 64 == 63:
            await asyncio.sleep(0)
    await emulator.services.clock.advance_idle()
    spent = time.perf_counter() - started
    delivered = sum(delivery.state == "delivered" for delivery in emulator.services.outbox.records)
    await emulator.services.outbox.close()
    if delivered != count:
        raise RuntimeError(f"{delivered} of {count} events were delivered")
    return count / spent


def campaign(given: Any) -> list[Row]:
    """A PhoneStack campaign of 10,000 contacts from its start to its completion on a frozen clock, alone and with each
    event delivered; its stats, its report, its calls and its events have to agree to the unit."""
    import uvloop

    from ringback.server import tune_gc

    tune_gc()
    with process(sys.executable, "-m", "bench.sink", str(port := free_port())):
        first_answer(port, request("GET", "/"))
        quiet, _ = uvloop.run(whole_campaign(10_000, None))
        reported, events = uvloop.run(whole_campaign(10_000, f"http://127.0.0.1:{port}/"))
    return [
        Row("campaign of 10,000 contacts", f"{quiet:.1f} s CPU", "10 s", quiet / 10, "≤ 1", quiet <= 10),
        Row(
            f"the same, {events:,} events delivered",
            f"{reported:.1f} s CPU",
            "30 s",
            reported / 30,
            "≤ 1",
            reported <= 30,
        ),
    ]


async def whole_campaign(people: int, url: str | None) -> tuple[float, int]:
    """Processor seconds until a campaign is completed, and how many events it sent. Raises RuntimeError where figures differ."""
    from collections import Counter

    from ringback.app import Application
    from ringback.settings import Settings

    emulator = Application(Settings(vendors=("phonestack",), clock="frozen", seed_accounts=False)).emulator
    emulator.services.clock.run_on(asyncio.get_running_loop())
    settings: dict[str, Any] = {
        "campaigns": [{"name": "C", "people": people, "calls_per_minute": 6_000, "max_concurrent_calls": 1_000}],
        "reports": [{"name": "R", "group_by": "status"}],
    }
    if url is not None:
        settings["webhook"] = {"url": url}
    account = emulator.services.open_account("phonestack", settings=settings).id
    backend: Any = emulator.backends["phonestack"]
    (own,), (report,) = backend.campaigns.records, backend.reports.records
    started = time.process_time()
    backend.campaigns.start(own)
    await emulator.services.clock.advance_idle(account)
    spent = time.process_time() - started
    await emulator.services.outbox.close()
    stats, result = backend.campaigns.stats(own), backend.reports.execute(report, "all_time")
    states = Counter(detail.status for detail in backend.store.calls)
    events = Counter(delivery.event for delivery in emulator.services.outbox.records if delivery.state == "delivered")
    agreed = [
        own.status == "completed",
        stats.calls == stats.contacts == result.totals["calls"] == people,
        {state: getattr(stats, state) for state in states} == states,
        {row["status"]: row["calls"] for row in result.rows} == states,
        stats.cost_cents == result.totals["cost_cents"] == sum(detail.cost for detail in backend.store.calls),
        url is None or events["call.started"] == people,
        url is None or events["call.completed"] == stats.completed,
        url is None or events["call.voicemail"] == stats.voicemail,
        url is None or events["call.failed"] == stats.no_answer + stats.busy + stats.failed,
    ]
    if not all(agreed):
        raise RuntimeError(f"the figures differ: {agreed}, {stats}, {result}, {events}")
    return spent, sum(events.values())


def memory(given: Any) -> list[Row]:
    """Bytes for each stored call without turns, its ledger entry and indexes included."""
    program = (
        "def resident():\n"
        "    return int(open('/proc/self/statm').read().split()[1]) * 4096\n"
        "from bench.__main__ import Inside\n"
        "inside = Inside(); inside.fill(1000)\n"
        "before = resident()\n"
        "inside.fill(201000)\n"
        "print((resident() - before) / 200000)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    each = float(shown.stdout)
    return [Row("memory of a stored call", f"{each:,.0f} B", "1,536 B", each / 1536, "≤ 1", each <= 1536)]


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    sys.exit(main())
