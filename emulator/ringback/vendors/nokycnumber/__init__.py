"""NoKYCNumber: phone numbers, calls, messages and voicemails, by API."""

from __future__ import annotations

from typing import cast

from ringback.carrier.clock import DAY
from ringback.gateway.accounts import AccountSettings
from ringback.gateway.policy import IdempotencyPolicy, RequestPolicy, TokenBucketPolicy, VersioningPolicy, by_method
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.events import SIGNATURE, WEBHOOKS
from ringback.vendors.nokycnumber.records import VERSIONS, NoKYCNumberSettings
from ringback.vendors.nokycnumber.routes import OPERATIONS
from ringback.vendors.nokycnumber.rules import NoKYCNumber

READ = frozenset(("GET", "HEAD"))
SCOPES = {
    "admin": None,
    "read_write": READ | {"POST", "PATCH"},
    "read": READ,
}
"""The methods of each scope, page "Scopes". A key has the scope `admin` unless another is chosen: ours."""
ROTATION_OVERLAP = 5 * 60
"""Seconds, page "Scopes"."""
RATE_LIMIT = 100
"""Requests a minute, page "Rate limits"."""
BURST_SHARE = 10
"""A burst may exceed the limit by a tenth. The page has a burst allowance without its size: ours. The bucket is
refilled at the rate of the limit, so the average stays at the limit."""
UNLIMITED = 1_000_000
"""What the headers show for a key without a limit."""


def _default_version(settings: AccountSettings) -> str:
    return cast("NoKYCNumberSettings", settings).default_version


POLICY = RequestPolicy(
    request_id=(b"request-id", "req_"),
    versions=VersioningPolicy(
        header=b"nokyc-version",
        default=_default_version,
        known=VERSIONS,
        notice=b"nokyc-deprecation",
        unknown=lambda version: errors.error("unknown_version", param="NoKYC-Version", version=version[:40]),
    ),
    bucket=TokenBucketPolicy(
        burst=lambda limit: limit // BURST_SHARE,
        limit=b"x-rate-limit-limit",
        remaining=b"x-rate-limit-remaining",
        reset=b"x-rate-limit-reset",
        unlimited=UNLIMITED,
    ),
    authorize=by_method(SCOPES, lambda scope, method: errors.error("insufficient_scope", scope=scope, method=method)),
    usable_kinds=frozenset((None, "secret")),
    retries=IdempotencyPolicy(
        header=b"idempotency-key",
        keep_for=DAY,
        reused=lambda: errors.error("idempotency_key_mismatch"),
        malformed=lambda: errors.invalid("Idempotency-Key", "must have from 1 to 255 printable ASCII characters"),
    ),
)


VENDOR = VendorSpec(
    name="nokycnumber",
    title="NoKYCNumber",
    origin="https://api.nokycnumber.com",
    base_path="/v1",
    settings=NoKYCNumberSettings,
    operations=OPERATIONS,
    key_prefix="sk_live_",
    max_keys=None,
    key_overlap=ROTATION_OVERLAP,
    rate_limit=RATE_LIMIT,
    errors=errors.ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    seed=SeedAccount(key="sk_live_ringback", scope="admin"),
    open=NoKYCNumber,
    scopes=tuple(SCOPES),
    public=frozenset(("downloadRecording", "downloadVoicemail")),
    kinds={"secret": "sk_live_", "publishable": "pk_live_"},
    outbound=frozenset(("call", "message")),
    policy=POLICY,
    mutants="ringback.mutants.nokycnumber",
)
