"""KwickPhone: US phone numbers that an AI agent answers, prepaid."""

from __future__ import annotations

from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.kwickphone.errors import ERRORS
from ringback.vendors.kwickphone.events import SIGNATURE, WEBHOOKS
from ringback.vendors.kwickphone.records import KwickPhoneSettings
from ringback.vendors.kwickphone.routes import OPERATIONS
from ringback.vendors.kwickphone.rules import KwickPhone

VENDOR = VendorSpec(
    name="kwickphone",
    title="KwickPhone",
    origin="https://kwickphone.com",
    base_path="/v1",
    settings=KwickPhoneSettings,
    operations=OPERATIONS,
    key_prefix="kp_live_",
    max_keys=5,
    rate_limit=60,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    open=KwickPhone,
    seed=SeedAccount(key="kp_live_ringback"),
    key_variable="KP_API_KEY",
    mutants="ringback.mutants.kwickphone",
)
