"""AgentPhone: phone numbers for agents that call and write, by API."""

from __future__ import annotations

from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.agentphone.errors import ERRORS
from ringback.vendors.agentphone.events import SIGNATURE, WEBHOOKS
from ringback.vendors.agentphone.records import AgentPhoneSettings
from ringback.vendors.agentphone.routes import OPERATIONS
from ringback.vendors.agentphone.rules import AgentPhone

VENDOR = VendorSpec(
    name="agentphone",
    title="AgentPhone",
    origin="https://api.agentphone.ai",
    base_path="/v1",
    settings=AgentPhoneSettings,
    operations=OPERATIONS,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    open=AgentPhone,
    seed=SeedAccount(key="sk_live_ringback"),
    key_prefix="sk_live_",
    public=frozenset(("downloadRecording", "signUp", "verifySignUp")),
    outbound=frozenset(("call", "message")),
    mutants="ringback.mutants.agentphone",
)
"""The vendor publishes no limit of requests."""
