"""AcmePhone: say in one line what the vendor offers."""

from __future__ import annotations

from ringback.vendors.acmephone.errors import ERRORS
from ringback.vendors.acmephone.events import SIGNATURE, WEBHOOKS
from ringback.vendors.acmephone.records import AcmePhoneSettings
from ringback.vendors.acmephone.routes import OPERATIONS
from ringback.vendors.acmephone.rules import AcmePhone

from ringback.gateway.vendor import SeedAccount, VendorSpec

VENDOR = VendorSpec(
    name="acmephone",
    title="AcmePhone",
    origin="https://api.acmephone.example",
    base_path="/v1",
    settings=AcmePhoneSettings,
    operations=OPERATIONS,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    open=AcmePhone,
    seed=SeedAccount(key="acmephone_live_ringback"),
    key_prefix="acmephone_live_",
    rate_limit=60,
    mutants="ringback.mutants.acmephone",
)
