"""Serve an application: one process, one event loop, granian in front."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ringback import __version__
from ringback.app import Application
from ringback.carrier.clock import wall_sleep
from ringback.settings import Settings, SettingsError

if TYPE_CHECKING:
    from granian.server.embed import Server

LOOPBACK = frozenset(("127.0.0.1", "::1", "localhost"))
SHUTDOWN_TIMEOUT = 3.0
"""Seconds that requests under way have to finish when the server stops."""
POLL_INTERVAL = 0.002
"""Seconds between two checks whether a starting server answers."""
GC_THRESHOLD = 50_000
"""Allocations between two collections of the youngest objects: a high number makes fewer pauses under load."""


class StartError(Exception):
    """A server that cannot start, or cannot save its state at the end; the message says what to do."""


class CrashReport(Exception):  # noqa: N818 - a report of several errors
    """Unexpected exceptions that became 500 responses while the server ran."""

    def __init__(self, crashes: list[BaseException]) -> None:
        listed = "; ".join(f"{type(error).__name__}: {error}" for error in crashes[:5])
        super().__init__(f"{len(crashes)} unexpected exception(s) in the emulator: {listed}")
        self.crashes = crashes


class Serving:
    """One application that listens on its addresses, on the running event loop."""

    def __init__(self, settings: Settings) -> None:
        if settings.host not in LOOPBACK and settings.control and not settings.control_token:
            raise SettingsError(
                f"--host {settings.host} is reachable from other hosts: pass --control-token TOKEN or --no-control"
            )
        self.application = Application(settings)
        self.settings = settings
        self.url = ""
        self.https_url: str | None = None
        self.ca_pem: str | None = None
        self.vendors: dict[str, dict[str, str]] = {}
        self._servers: list[tuple[Server, asyncio.Task[None]]] = []

    async def start(self) -> None:
        """Listen, and return once requests are answered. Raises StartError."""
        settings = self.settings
        self._load_state()
        self.application.emulator.services.clock.run_on(asyncio.get_running_loop())
        self.application.emulator.services.resume()
        with _reserved_port(settings.host, settings.port) as port:
            self.url = f"http://{_host_in_url(settings.host)}:{port}"
            await self._listen(port)
        if settings.tls:
            wanted = settings.tls_port if settings.tls_port is not None else (port + 1 if settings.port else 0)
            with _reserved_port(settings.host, wanted) as tls_port:
                self.https_url = f"https://{_host_in_url(settings.host)}:{tls_port}"
                certificate, key = self._certificate()
                await self._listen(tls_port, ssl_cert=certificate, ssl_key=key)
        base = self.https_url or self.url
        emulator = self.application.emulator
        for name in emulator.vendors:
            self.application.urls[name] = base if settings.root == name else f"{base}/{name}"
            key_record = emulator.services.keys.records.get(f"key_{name}_seed")
            self.vendors[name] = {
                "base_url": self.application.urls[name],
                "key": key_record.secret if key_record is not None else "",
            }
        if settings.ready_file:
            self._write_ready_file(port)

    def _load_state(self) -> None:
        if self.settings.state and Path(self.settings.state).exists():
            from ringback.state import StateError, load

            try:
                load(Path(self.settings.state), self.application.emulator, self.settings)
            except StateError as error:
                raise StartError(str(error)) from None

    async def _listen(self, port: int, **tls: Any) -> None:
        from granian.server.embed import Server

        server = Server(
            self.application,
            address=self.settings.host,
            port=port,
            interface="asginl",  # type: ignore[arg-type]
            log_enabled=False,
            websockets=False,
            **tls,
        )
        task = asyncio.ensure_future(server.serve())
        self._servers.append((server, task))
        while not _answers(self.settings.host, port):
            if task.done():
                raise StartError(f"port {port} on {self.settings.host} cannot be served: {task.exception()}")
            await wall_sleep(POLL_INTERVAL)

    def _certificate(self) -> tuple[Path, Path]:
        import tempfile

        import trustme

        folder = Path(tempfile.mkdtemp(prefix="ringback-tls-"))
        authority = trustme.CA(organization_name="Ringback", organization_unit_name="test CA")
        hosts = ["localhost", "127.0.0.1", "::1", *(f"{name}.localhost" for name in self.application.emulator.vendors)]
        if self.settings.host not in (*hosts, "0.0.0.0", "::"):  # noqa: S104 - a comparison
            hosts.append(self.settings.host)
        leaf = authority.issue_cert(*hosts)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        leaf.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        leaf.private_key_pem.write_to_path(str(folder / "server.key"))
        self.ca_pem = str(folder / "ca.pem")
        return folder / "server.pem", folder / "server.key"

    def _write_ready_file(self, port: int) -> None:
        import msgspec

        ready = {"url": self.https_url or self.url, "port": port, "pid": os.getpid(), "vendors": self.vendors}
        if self.https_url:
            ready |= {"http_url": self.url, "ca": self.ca_pem}
        target = Path(self.settings.ready_file or "")
        draft = target.with_name(target.name + ".part")
        draft.write_bytes(msgspec.json.format(msgspec.json.encode(ready), indent=2))
        draft.replace(target)

    async def stop(self) -> None:
        """Stop listening, end the webhooks' connections and save the state.

        Requests under way have SHUTDOWN_TIMEOUT to finish. Raises StartError when the state cannot be saved.
        """
        self.application.emulator.services.journal.close()
        self.application.emulator.services.notifications.close()
        for server, _ in self._servers:
            server.interrupt_signal = True
            server.main_loop_interrupt.set()
        tasks = [task for _, task in self._servers]
        if tasks:
            await asyncio.wait(tasks, timeout=SHUTDOWN_TIMEOUT)
        for task in tasks:
            task.cancel()
        self._servers.clear()
        await self.application.emulator.services.outbox.close()
        if self.ca_pem is not None:
            import shutil

            shutil.rmtree(Path(self.ca_pem).parent, ignore_errors=True)
        if self.settings.state:
            from ringback.state import save

            try:
                save(Path(self.settings.state), self.application.emulator)
            except OSError as error:
                raise StartError(f"the state was not saved to {self.settings.state}: {error.strerror}") from None


class _reserved_port:  # noqa: N801 - used as a function
    """A port that this process has bound, without listening, until the server listens on it. Raises StartError."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    def __enter__(self) -> int:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        if self._port:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self._bind(probe)
        self._held = socket.socket(family, socket.SOCK_STREAM)
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._bind(self._held)
        port: int = self._held.getsockname()[1]
        if not hasattr(socket, "SO_REUSEPORT"):
            self._held.close()
        return port

    def _bind(self, bound: socket.socket) -> None:
        try:
            bound.bind((self._host, self._port))
        except OSError as error:
            reason = "is taken" if error.errno == 98 else f"cannot be used ({error.strerror})"
            raise StartError(
                f"port {self._port} on {self._host} {reason}: choose another with --port, or --port 0 for any"
            ) from None

    def __exit__(self, *_: object) -> None:
        self._held.close()


def tune_gc() -> None:
    """Exclude what the start created from garbage collection, and collect less often: pauses delay responses."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 100)


def _answers(host: str, port: int) -> bool:
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - a comparison
    try:
        with socket.create_connection((target, port), timeout=1):
            return True
    except OSError:
        return False


def _host_in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(settings: Settings) -> int:
    """Serve until SIGINT or SIGTERM. Return the exit code: 0, 2 for unusable settings, 3 when it cannot start."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_run(settings))
    except (StartError, SettingsError) as error:
        print(f"ringback: {error}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, SettingsError) else 3


async def _run(settings: Settings) -> int:
    serving = Serving(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serving.start()
    tune_gc()
    _announce(serving)
    await stop.wait()
    await serving.stop()
    for error in serving.application.crashes:
        print(f"ringback: unexpected {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201
    return 0


def _announce(serving: Serving) -> None:
    emulator = serving.application.emulator
    lines = [f"Ringback {__version__} · clock {emulator.services.clock.mode} · seed {emulator.settings.seed}"]
    width = max(len(name) for name in serving.vendors)
    lines += [
        f"  {name:<{width}}  {place['base_url']}   key {place['key'] or '(none)'}"
        for name, place in serving.vendors.items()
    ]
    if emulator.settings.control:
        lines.append(f"  dashboard {serving.url}/   control {serving.url}/_ringback   stop with Ctrl-C")
    if serving.ca_pem:
        lines.append(f"  TLS {serving.https_url}   CA {serving.ca_pem}   plain HTTP {serving.url}")
    print("\n".join(lines), flush=True)  # noqa: T201


class ServerThread:
    """An emulator in a thread of this process, for tests and one-off commands."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._serving: Serving | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    @property
    def application(self) -> Application:
        """The application that is served."""
        return self._running.application

    @property
    def _running(self) -> Serving:
        if self._serving is None:
            raise RuntimeError("the server is not started")
        return self._serving

    @property
    def url(self) -> str:
        """The server's origin, over plain HTTP."""
        return self._running.url

    @property
    def https_url(self) -> str | None:
        """The server's origin over TLS, None without TLS."""
        return self._running.https_url

    @property
    def ca_pem(self) -> str | None:
        """The path of the CA's certificate, None without TLS."""
        return self._running.ca_pem

    @property
    def vendors(self) -> dict[str, dict[str, str]]:
        """`base_url` and seed `key` of each vendor."""
        return self._running.vendors

    def start(self) -> ServerThread:
        """Start, and return once requests are answered.

        Raises StartError or SettingsError, or any other exception that stopped the start.
        """
        self._thread = threading.Thread(target=self._run, name="ringback", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error
        return self

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._ready.is_set():
                raise
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        serving = Serving(self.settings)
        await serving.start()
        self._serving = serving
        self._ready.set()
        await self._stop.wait()
        await serving.stop()

    def stop(self) -> None:
        """Stop. A second call is no error. Raises CrashReport if an unexpected exception became a 500."""
        if self._thread is None or not self._thread.is_alive():
            return
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        crashes = self._running.application.crashes
        if crashes:
            raise CrashReport(list(crashes))

    def __enter__(self) -> ServerThread:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
