"""NoKYCNumber: phone numbers, calls, messages and voicemails, by API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ringback.carrier.clock import DAY
from ringback.gateway.operations import Operation
from ringback.gateway.policy import IdempotencyPolicy, RequestPolicy, TokenBucketPolicy, VersioningPolicy, by_method
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.events import SIGNATURE, WEBHOOKS
from ringback.vendors.nokycnumber.records import VERSIONS, NoKYCNumberSettings
from ringback.vendors.nokycnumber.rules import NoKYCNumber

if TYPE_CHECKING:
    from ringback.gateway.accounts import AccountSettings
    from ringback.gateway.asgi import ASGIApp

OPERATIONS = (
    Operation("listNumbers", "GET", "/v1/numbers"),
    Operation("createNumber", "POST", "/v1/numbers"),
    Operation("listAvailableNumbers", "GET", "/v1/numbers/available"),
    Operation("getNumber", "GET", "/v1/numbers/{id}"),
    Operation("updateNumber", "PATCH", "/v1/numbers/{id}"),
    Operation("releaseNumber", "DELETE", "/v1/numbers/{id}"),
    Operation("renewNumber", "POST", "/v1/numbers/{id}/renew"),
    Operation("getAiConfig", "GET", "/v1/numbers/{id}/ai"),
    Operation("updateAiConfig", "PATCH", "/v1/numbers/{id}/ai"),
    Operation("createCall", "POST", "/v1/calls"),
    Operation("listCalls", "GET", "/v1/calls"),
    Operation("getCall", "GET", "/v1/calls/{id}"),
    Operation("hangupCall", "POST", "/v1/calls/{id}/hangup"),
    Operation("createSms", "POST", "/v1/sms"),
    Operation("listSms", "GET", "/v1/sms"),
    Operation("getSms", "GET", "/v1/sms/{id}"),
    Operation("listVoicemails", "GET", "/v1/voicemails"),
    Operation("getVoicemail", "GET", "/v1/voicemails/{id}"),
    Operation("deleteVoicemail", "DELETE", "/v1/voicemails/{id}"),
    Operation("getAccount", "GET", "/v1/account"),
    Operation("getUsage", "GET", "/v1/account/usage"),
    Operation("createWebhookEndpoint", "POST", "/v1/webhook_endpoints"),
    Operation("listWebhookEndpoints", "GET", "/v1/webhook_endpoints"),
    Operation("deleteWebhookEndpoint", "DELETE", "/v1/webhook_endpoints/{id}"),
    Operation("downloadRecording", "GET", "/v1/files/recordings/{file}"),
    Operation("downloadVoicemail", "GET", "/v1/files/voicemails/{file}"),
)
READ = frozenset(("GET", "HEAD"))
SCOPES = {
    "admin": None,
    "read_write": READ | {"POST", "PATCH"},
    "read": READ,
}
"""Page "Scopes". A key has all of them unless it is told otherwise: ours."""
ROTATION_OVERLAP = 5 * 60
"""Seconds, page "Scopes"."""
RATE_LIMIT = 100
"""Requests a minute, page "Rate limits"."""
BURST_SHARE = 10
"""One request in ten on top of the limit may come at once: ours, the page has a burst allowance without its size. A
bucket so large that is refilled at the rate of the limit keeps the average at the limit."""
LIFTED = 1_000_000


def _default_version(settings: AccountSettings) -> str:
    return cast("NoKYCNumberSettings", settings).default_version


POLICY = RequestPolicy(
    request_id=(b"request-id", "req_"),
    versions=VersioningPolicy(
        header=b"nokyc-version",
        default=_default_version,
        known=VERSIONS,
        notice=b"nokyc-deprecation",
        unknown=errors.unknown_version,
    ),
    bucket=TokenBucketPolicy(
        burst=lambda limit: limit // BURST_SHARE,
        limit=b"x-rate-limit-limit",
        remaining=b"x-rate-limit-remaining",
        reset=b"x-rate-limit-reset",
        unlimited=LIFTED,
    ),
    authorize=by_method(SCOPES, errors.forbidden),
    usable_kinds=frozenset((None, "secret")),
    retries=IdempotencyPolicy(
        header=b"idempotency-key", keep_for=DAY, reused=errors.key_mismatch, malformed=errors.key_malformed
    ),
)


def _application(backend: Any) -> ASGIApp:
    from ringback.vendors.nokycnumber.routes import application

    return cast("ASGIApp", application(backend))


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
    application=_application,
    mutants="ringback.vendors.nokycnumber.mutants",
    scopes=tuple(SCOPES),
    public=frozenset(("downloadRecording", "downloadVoicemail")),
    kinds={"secret": "sk_live_", "publishable": "pk_live_"},
    outbound=frozenset(("call", "message")),
    policy=POLICY,
)
