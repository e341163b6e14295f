"""What a receiver answers where that matters: read up to a bound, whole or line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import aiohttp

ASKED_BYTES = 256 * 1024
"""How much of an answer is read."""
NDJSON = "application/x-ndjson"


class Reply(msgspec.Struct, kw_only=True):
    """What a receiver that was asked answered: `status` None when no answer came, `error` then says why. Header names
    are in lower case. `whole` is false where the answer was longer than what is read, or came in part."""

    status: int | None = None
    headers: dict[str, str] = {}
    body: bytes = b""
    error: str | None = None
    whole: bool = True

    @property
    def accepted(self) -> bool:
        """Whether it is an answer with a 2xx status."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The media type of the body, in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Listener = Callable[[bytes], bool]
"""Is given each line of an NDJSON answer as it arrives, and says whether it wants more."""


async def read_body(content: aiohttp.StreamReader, reply: Reply, most: int) -> None:
    """A body, up to so many bytes."""
    chunks: list[bytes] = []
    size = 0
    while size < most and (chunk := await content.read(most - size)):
        chunks.append(chunk)
        size += len(chunk)
    reply.body = b"".join(chunks)
    reply.whole = content.at_eof()


async def read_lines(content: aiohttp.StreamReader, reply: Reply, line: Listener, most: int) -> None:
    """A body of lines, up to so many bytes, each handed on as it arrives, until enough were heard."""
    rest = b""
    while len(reply.body) < most and (chunk := await content.read(most - len(reply.body))):
        reply.body += chunk
        *lines, rest = (rest + chunk).split(b"\n")
        for one in lines:
            if one.strip() and not line(one.strip()):
                return
    reply.whole = content.at_eof()
    if rest.strip() and reply.whole:
        line(rest.strip())
