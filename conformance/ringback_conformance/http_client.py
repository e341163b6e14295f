"""A plain HTTP/1.1 client: what is recorded is exactly what went over the wire, and every response has a deadline."""

from __future__ import annotations

import base64
import io
import re
import ssl
import time
import urllib.request
from functools import cached_property, partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from multiprocessing.connection import wait
from socket import socket
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from ringback_conformance.model import Header

TIMEOUT_SECONDS = 10.0
DEADLINE_SECONDS = 60.0
"""For one whole response, however slowly it arrives."""
MAX_BODY = 64 * 1024 * 1024
PART = 64 * 1024
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
TARGET = re.compile(r"[\x21-\x7e]+")
VALUE = re.compile(r"(?:[^\x00-\x20\x7f](?:[^\x00-\x08\x0a-\x1f\x7f]*[^\x00-\x20\x7f])?)?")
READING = frozenset({"GET", "HEAD"})
BODIED = frozenset({"POST", "PUT", "PATCH"})
"""Methods that send a Content-Length of 0 when there is no body."""
OURS: tuple[Header, ...] = (
    ("User-Agent", "ringback-conformance"),
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
)


class ConnectionFailed(Exception):  # noqa: N818 - the name says what happened
    """No complete response came; the message says why, `sent` which headers went out.

    It is `stale` where a GET or HEAD used a connection that the server had just closed: RFC 9112, 9.3.1 allows a retry.
    """

    def __init__(self, reason: str, sent: tuple[Header, ...] = (), *, stale: bool = False) -> None:
        super().__init__(reason)
        self.sent = sent
        self.stale = stale


class InvalidRequest(Exception):  # noqa: N818
    """A request that cannot be put on the wire; nothing was sent."""


class Response(msgspec.Struct, frozen=True):
    """What came back, with the headers that went out. `truncated`: the body was longer than MAX_BODY."""

    sent: tuple[Header, ...]
    status: int
    headers: tuple[Header, ...]
    body: bytes
    truncated: bool


class Connection:
    """A connection to one origin that stays open between requests.

    It follows no redirects, keeps no cookies and uses nothing from the environment but the proxy, for hosts other than
    this machine. It never retries; ConnectionFailed says where a retry would be safe. Not thread-safe.
    """

    def __init__(self, origin: str, *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT_SECONDS) -> None:
        self._to = urlsplit(origin)
        self._host = self._to.netloc if self._to.netloc.isascii() else self._to.netloc.encode("idna").decode()
        self._context = context
        self._timeout = timeout
        self._connection: HTTPConnection | None = None

    def request(self, method: str, path: str, headers: tuple[Header, ...] = (), body: bytes = b"") -> Response:
        """Send one request and return the response. Raises InvalidRequest before sending, ConnectionFailed after."""
        sent = self._completed(method, path, headers, body)
        until = time.monotonic() + DEADLINE_SECONDS
        retryable = False
        try:
            connection, kept = self._open()
            retryable = kept and method in READING
            connection.response_class = partial(_Timed, timeout=self._timeout, until=until)  # type: ignore[assignment]
            self._send(connection, method, path, sent, body)
            response = connection.getresponse()
            retryable = False
            return _read(response, sent)
        except TimeoutError:
            self.close()
            waited = DEADLINE_SECONDS if time.monotonic() >= until else self._timeout
            raise ConnectionFailed(f"no response within {waited:g} s", sent) from None
        except (OSError, HTTPException) as error:
            self.close()
            raise ConnectionFailed(
                _describe(error), sent, stale=retryable and isinstance(error, ConnectionError)
            ) from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @cached_property
    def _proxy(self) -> SplitResult | None:
        return None if is_loopback(self._to.geturl()) else _proxy(self._to)

    def _completed(self, method: str, path: str, headers: tuple[Header, ...], body: bytes) -> tuple[Header, ...]:
        given = {name.lower() for name, _ in headers}
        length = (("Content-Length", str(len(body))),) if body or method.upper() in BODIED else ()
        own = (("Host", self._host), *OURS, *length)
        sent = (*(header for header in own if header[0].lower() not in given), *headers)
        if not TOKEN.fullmatch(method) or not TARGET.fullmatch(path):
            raise InvalidRequest(f"{method!r} {path!r} is not a request line")
        for name, value in sent:
            if not TOKEN.fullmatch(name) or not VALUE.fullmatch(value):
                raise InvalidRequest(f"{name!r}: {value!r} is not a header")
        return sent

    def _send(
        self, connection: HTTPConnection, method: str, path: str, headers: tuple[Header, ...], body: bytes
    ) -> None:
        plain = self._proxy is not None and self._to.scheme == "http"
        target = f"http://{self._to.netloc}{path}" if plain else path
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.encode("utf-8"))
        if plain and self._proxy is not None:
            for name, value in _credentials(self._proxy).items():
                connection.putheader(name, value)
        try:
            connection.endheaders(body or None)
        except (BrokenPipeError, ConnectionResetError):
            """A server that rejects a body unread may have answered before closing."""

    def _open(self) -> tuple[HTTPConnection, bool]:
        """Return a connection, and whether it was open before."""
        connection = self._connection
        if connection is not None and connection.sock is not None and wait([connection.sock], 0):
            connection.close()
        if connection is None:
            connection = self._connection = self._connected()
        if connection.sock is not None:
            return connection, True
        connection.connect()
        return connection, False

    def _connected(self) -> HTTPConnection:
        to, proxy = self._to, self._proxy
        at = proxy if proxy is not None else to
        if to.scheme == "http":
            return HTTPConnection(at.hostname or "", at.port or 80, timeout=self._timeout)
        port = at.port or (80 if proxy is not None else 443)
        connection = HTTPSConnection(
            at.hostname or "", port, timeout=self._timeout, context=self._context or ssl_context()
        )
        if proxy is not None:
            connection.set_tunnel(to.hostname or "", to.port or 443, headers=_credentials(proxy))
        return connection


class _Timed(HTTPResponse):
    """A response that is read until a deadline, each part of it within a timeout."""

    def __init__(self, sock: socket, *given: Any, timeout: float, until: float, **more: Any) -> None:
        super().__init__(sock, *given, **more)
        self.fp = io.BufferedReader(_Timely(self.fp.detach(), sock, timeout, until), PART)


class _Timely(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, sock: socket, timeout: float, until: float) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = timeout
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(min(self._timeout, left))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _read(response: HTTPResponse, sent: tuple[Header, ...]) -> Response:
    parts: list[bytes] = []
    size = 0
    with response:
        headers = tuple(response.getheaders())
        while part := response.read1(PART):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                return Response(sent, response.status, headers, b"".join(parts)[:MAX_BODY], True)
        if response.length:
            raise HTTPException(f"the connection ended {response.length} bytes before the response did")
    return Response(sent, response.status, headers, b"".join(parts), False)


def ssl_context(ca: str | None = None) -> ssl.SSLContext:
    """Return a context that trusts the certificate authority in a file, or the usual ones."""
    if ca is not None:
        return ssl.create_default_context(cafile=ca)
    import httpx

    return httpx.create_ssl_context(trust_env=False)


def is_loopback(url: str) -> bool:
    """Return whether the host of a URL is this machine by its name or address."""
    host = (urlsplit(url).hostname or "").lower()
    return (
        host in ("localhost", "::1")
        or host.endswith(".localhost")
        or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    )


def _proxy(to: SplitResult) -> SplitResult | None:
    if urllib.request.proxy_bypass(to.hostname or ""):
        return None
    proxies = urllib.request.getproxies()
    named = proxies.get(to.scheme) or proxies.get("all")
    if not named:
        return None
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ConnectionFailed(f"the environment's {proxy.scheme} proxy is not supported: use an http proxy")
    return proxy


def _credentials(proxy: SplitResult) -> dict[str, str]:
    if not proxy.username:
        return {}
    plain = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(plain).decode()}"}


def _describe(error: BaseException) -> str:
    """`ConnectionRefusedError: Connection refused`"""
    said = getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
