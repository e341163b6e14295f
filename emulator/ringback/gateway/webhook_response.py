"""What a webhook's receiver responds: read up to a bound, whole or line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import aiohttp

MAX_RESPONSE_BYTES = 256 * 1024
"""Bytes of a response that are read where the response matters."""
MAX_KEPT_BYTES = 2_048
"""Bytes of a response that are kept with its attempt."""
NDJSON = "application/x-ndjson"


class WebhookResponse(msgspec.Struct, kw_only=True):
    """A receiver's response. `status` is None when none came; `error` then says why.

    Header names are in lower case. `whole` is false where the body was longer than what is read, or came in part.
    """

    status: int | None = None
    headers: dict[str, str] = {}
    body: bytes = b""
    error: str | None = None
    whole: bool = True

    @property
    def accepted(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type of the body, in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


LineListener = Callable[[bytes], bool]
"""Takes each line of an NDJSON response as it arrives, and returns whether it wants more."""


async def read_body(content: aiohttp.StreamReader, response: WebhookResponse) -> None:
    """Read a body of up to MAX_RESPONSE_BYTES."""
    chunks: list[bytes] = []
    size = 0
    while size < MAX_RESPONSE_BYTES and (chunk := await content.read(MAX_RESPONSE_BYTES - size)):
        chunks.append(chunk)
        size += len(chunk)
    response.body = b"".join(chunks)
    response.whole = content.at_eof()


async def read_lines(content: aiohttp.StreamReader, response: WebhookResponse, on_line: LineListener) -> None:
    """Read a body of lines of up to MAX_RESPONSE_BYTES, and pass on each line as it arrives until no more is wanted."""
    rest = b""
    while len(response.body) < MAX_RESPONSE_BYTES and (
        chunk := await content.read(MAX_RESPONSE_BYTES - len(response.body))
    ):
        response.body += chunk
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip() and not on_line(line.strip()):
                return
    response.whole = content.at_eof()
    if rest.strip() and response.whole:
        on_line(rest.strip())
