"""What a key may do, page "Authentication"."""

from __future__ import annotations

from ringback.gateway.keys import Key
from ringback.gateway.limits import RateLimitGroup
from ringback.vendors.phonestack import errors

BULK = RateLimitGroup("bulk", 10)
"""Page "Rate Limits"."""
READS = frozenset(("GET", "HEAD"))
MCP = "/mcp"
RUNS = "/execute"
"""What ends the path of a report that is run: a POST that changes nothing. Ours."""


def check(key: Key, *, writes: bool) -> None:
    """Whether a key may write, or read. Raises ApiError 403."""
    if writes:
        if key.kind == "test":
            raise errors.test_key()
        if key.scope == "read_only":
            raise errors.read_only()
    elif key.scope == "write_only":
        raise errors.write_only()


def authorize(key: Key, method: str, path: str) -> None:
    """Whether a key may send a request. What an MCP message does shows only when it is read. Raises ApiError 403."""
    if path != MCP:
        check(key, writes=method not in READS and not path.endswith(RUNS))
