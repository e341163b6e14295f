"""PhoneStack: contacts called by AI agents, in campaigns and one by one, by REST and by MCP."""

from __future__ import annotations

from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.policy import RequestPolicy
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.phonestack.errors import ERRORS
from ringback.vendors.phonestack.events import SIGNATURE, WEBHOOKS
from ringback.vendors.phonestack.mcp.endpoint import OPERATIONS
from ringback.vendors.phonestack.records import PhoneStackSettings
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import BULK, MCP, authorize

RATE_LIMIT = 100
"""Requests a minute, page "Rate Limits"."""
RATE_LIMIT_GROUPS = {
    ("POST", "/api/v1/contacts/bulk"): BULK,
    ("POST", MCP): RateLimitGroup("mcp", None),
}
"""Page "Rate Limits". The MCP server counts its messages itself, by their tools."""

VENDOR = VendorSpec(
    name="phonestack",
    title="PhoneStack",
    origin="https://phonestack.com",
    base_path="/api/v1",
    settings=PhoneStackSettings,
    operations=OPERATIONS,
    key_prefix="ps_live_",
    rate_limit=RATE_LIMIT,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    seed=SeedAccount(key="ps_live_ringback", scope="full"),
    open=PhoneStack,
    mutants="ringback.mutants.phonestack",
    scopes=("full", "read_only", "write_only"),
    kinds={"live": "ps_live_", "test": "ps_test_"},
    outbound=frozenset(("call",)),
    public=frozenset(("downloadRecording",)),
    policy=RequestPolicy(authorize=authorize),
    rate_limit_groups=RATE_LIMIT_GROUPS,
    any_type=True,
)
