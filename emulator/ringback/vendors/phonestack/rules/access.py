"""What a key may do, page "Authentication"."""

from __future__ import annotations

from ringback.gateway.keys import Key
from ringback.gateway.limits import RateLimitGroup
from ringback.vendors.phonestack import errors

BULK = RateLimitGroup("bulk", 10)
"""Page "Rate Limits"."""
READS = frozenset(("GET", "HEAD"))
MCP = "/mcp"
EXECUTE = "/execute"
"""The end of the path that executes a report: a POST that changes nothing. Ours."""


def check_scope(key: Key, *, writes: bool) -> None:
    """Check that a key may write, or read. Raises ApiError 403."""
    if writes:
        if key.kind == "test":
            raise errors.error("TEST_KEY")
        if key.scope == "read_only":
            raise errors.error("READ_ONLY")
    elif key.scope == "write_only":
        raise errors.error("WRITE_ONLY")


def authorize(key: Key, method: str, path: str) -> None:
    """Check that a key may send a request. The MCP server checks each tool call itself. Raises ApiError 403."""
    if path != MCP:
        check_scope(key, writes=method not in READS and not path.endswith(EXECUTE))
