"""KwickPhone: US phone numbers that an AI agent answers, prepaid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from ringback.gateway.vendor import Mutant, Operation, VendorSpec
from ringback.vendors.kwickphone.errors import ERRORS
from ringback.vendors.kwickphone.events import WEBHOOKS
from ringback.vendors.kwickphone.records import KwickPhoneSettings
from ringback.vendors.kwickphone.rules import KwickPhone

if TYPE_CHECKING:
    from ringback.gateway.asgi import ASGIApp

OPERATIONS = (
    Operation("createNumber", "POST", "/v1/numbers"),
    Operation("listNumbers", "GET", "/v1/numbers"),
    Operation("releaseNumber", "DELETE", "/v1/numbers/{id}"),
    Operation("listCalls", "GET", "/v1/calls"),
    Operation("getTranscript", "GET", "/v1/calls/{call_id}/transcript"),
    Operation("getRecording", "GET", "/v1/calls/{call_id}/recording"),
)


def _application(backend: Any) -> ASGIApp:
    from ringback.vendors.kwickphone.routes import application

    return cast("ASGIApp", application(backend))


def _mutants() -> Sequence[Mutant]:
    from ringback.vendors.kwickphone.mutants import MUTANTS

    return tuple(MUTANTS.values())


VENDOR = VendorSpec(
    name="kwickphone",
    title="KwickPhone",
    origin="https://kwickphone.com",
    base_path="/v1",
    settings=KwickPhoneSettings,
    operations=OPERATIONS,
    key_prefix="kp_live_",
    max_keys=5,
    key_overlap=0,
    rate_limit=60,
    errors=ERRORS,
    webhook_profile=WEBHOOKS,
    open=KwickPhone,
    application=_application,
    mutants=_mutants,
)
