"""Inkbox: phone numbers, calls with a media stream, and texts for agents, by API."""

from __future__ import annotations

from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.inkbox.errors import ERRORS
from ringback.vendors.inkbox.events import SIGNATURE, WEBHOOKS
from ringback.vendors.inkbox.records import InkboxSettings
from ringback.vendors.inkbox.routes import OPERATIONS
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE

VENDOR = VendorSpec(
    name="inkbox",
    title="Inkbox",
    origin="https://inkbox.ai",
    base_path=PHONE,
    settings=InkboxSettings,
    operations=OPERATIONS,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    open=Inkbox,
    seed=SeedAccount(key="ringback-service-token"),
    key_prefix="ApiKey_",
    key_header=("X-Service-Token", "{key}"),
    key_headers=frozenset((b"x-service-token", b"x-api-key")),
    kinds={"admin": "ApiKey_", "agent": "ApiKey_"},
    secret_prefixes=("whsec_", "ringback-service-token"),
    error_code=("detail", "error"),
    outbound=frozenset(("call", "message")),
    mutants="ringback.mutants.inkbox",
)
"""The vendor publishes no limit of requests."""
