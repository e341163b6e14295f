"""Send webhooks over HTTP, and open WebSockets: timeouts, TLS and the egress policy at each connection."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from ringback.gateway.delivery import Headers
from ringback.gateway.egress import Destination, Egress
from ringback.gateway.webhook_response import (
    MAX_KEPT_BYTES,
    MAX_RESPONSE_BYTES,
    NDJSON,
    LineListener,
    WebhookResponse,
    read_body,
    read_lines,
)

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.abc import ResolveResult


class HttpSender:
    """One client session for all receivers. aiohttp is imported with the first request."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        self._session: aiohttp.ClientSession | None = None
        self._insecure: ssl.SSLContext | None = None

    async def post(
        self,
        url: str,
        body: bytes,
        headers: Headers,
        seconds: float,
        response: WebhookResponse,
        *,
        whole: bool = False,
        on_line: LineListener | None = None,
    ) -> None:
        """Post a body of JSON and fill in the `response`.

        Read MAX_KEPT_BYTES of the response's body, or MAX_RESPONSE_BYTES with `whole`. Each line of an NDJSON
        response goes to `on_line` as it arrives. The receiver has so many real `seconds`. Raises EgressError for a
        URL that the policy rejects, OSError and TimeoutError when no response comes.
        """
        destination = await self._egress.destination(url)
        async with (
            self._errors(),
            self.open_session().post(
                destination.url,
                data=body,
                headers=_headers(headers, destination, url),
                allow_redirects=False,
                timeout=_client_timeout(seconds),
                ssl=self._tls(destination),
            ) as received,
        ):
            response.status = received.status
            response.headers = {name.lower(): value for name, value in received.headers.items()}
            if on_line is not None and response.accepted and response.media_type == NDJSON:
                await read_lines(received.content, response, on_line)
            elif whole:
                await read_body(received.content, response)
            else:
                response.body = await received.content.read(MAX_KEPT_BYTES)

    async def connect(
        self, url: str, headers: Headers, seconds: float
    ) -> tuple[aiohttp.ClientWebSocketResponse, Mapping[str, str]]:
        """Open a WebSocket (`ws://` or `wss://`) where webhooks may go too; pings are left to the caller.

        Return it and the headers of the handshake's response, within so many real `seconds`. Raises EgressError for a
        URL that the policy rejects, OSError and TimeoutError when the WebSocket does not open.
        """
        destination = await self._egress.destination(f"http{url[2:]}")
        routed = f"ws{destination.url[4:]}"
        async with self._errors(), asyncio.timeout(seconds):
            socket = await self.open_session().ws_connect(
                routed,
                headers=_headers(headers, destination, f"http{url[2:]}"),
                ssl=self._tls(destination),
                autoping=False,
                max_msg_size=MAX_RESPONSE_BYTES,
            )
            return socket, socket._response.headers

    async def close(self) -> None:
        """End the connections and the DNS look-ups."""
        self._egress.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        """Raise aiohttp's errors as OSError with a plain message."""
        import aiohttp

        try:
            yield
        except aiohttp.WSServerHandshakeError as error:
            raise OSError(f"the WebSocket was refused with status {error.status}") from error
        except aiohttp.ClientConnectorError as error:
            reason = os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
            raise OSError(f"no connection to {error.host}:{error.port}: {reason}") from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    def open_session(self) -> aiohttp.ClientSession:
        """Return the client session, opened at the first call."""
        if self._session is None:
            import aiohttp

            connector = aiohttp.TCPConnector(limit=0, resolver=_checked_resolver(self._egress), use_dns_cache=False)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("Accept", "Accept-Encoding"),
            )
        return self._session

    def _tls(self, destination: Destination) -> ssl.SSLContext | bool:
        if destination.verify:
            return True
        if self._insecure is None:
            self._insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._insecure.check_hostname = False
            self._insecure.verify_mode = ssl.CERT_NONE
        return self._insecure


def _headers(headers: Headers, destination: Destination, url: str) -> Headers:
    """Return the headers, with the public Host where a route leads to a local receiver."""
    return headers if destination.url == url else [*headers, ("Host", destination.host_header)]


@lru_cache(maxsize=64)
def _client_timeout(seconds: float) -> aiohttp.ClientTimeout:
    import aiohttp

    return aiohttp.ClientTimeout(total=seconds)


def _checked_resolver(egress: Egress) -> aiohttp.abc.AbstractResolver:
    import socket

    from aiohttp.abc import AbstractResolver

    class CheckedResolver(AbstractResolver):
        """Resolve a name to addresses that the policy allows, and reject a name of which any address is not allowed."""

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            addresses = await egress.resolve(host)
            if not addresses:
                raise OSError(f"{host} does not resolve")
            rejected = [address for address in addresses if not egress.allows(host, address)]
            if rejected and not egress.is_routed(host):
                raise OSError(f"not contacted: {host} resolves to {rejected[0]}, which is not a public address")
            return [
                {
                    "hostname": host,
                    "host": address,
                    "port": port,
                    "family": socket.AF_INET6 if ":" in address else socket.AF_INET,
                    "proto": 0,
                    "flags": socket.AI_NUMERICHOST,
                }
                for address in addresses
            ]

        async def close(self) -> None:
            """Do nothing: the resolver holds nothing open."""

    return CheckedResolver()
