"""PhoneStack: contacts called by AI agents, in campaigns and one by one, by REST and by MCP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.operations import Operation
from ringback.gateway.policy import RequestPolicy
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.events import SIGNATURE, WEBHOOKS
from ringback.vendors.phonestack.records import PhoneStackSettings
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import BULK, MCP, authorize

if TYPE_CHECKING:
    from ringback.gateway.asgi import ASGIApp

OPERATIONS = (
    Operation("createContact", "POST", "/api/v1/contacts"),
    Operation("bulkCreateContacts", "POST", "/api/v1/contacts/bulk"),
    Operation("listContacts", "GET", "/api/v1/contacts"),
    Operation("getContact", "GET", "/api/v1/contacts/{contact_id}"),
    Operation("updateContact", "PATCH", "/api/v1/contacts/{contact_id}"),
    Operation("deleteContact", "DELETE", "/api/v1/contacts/{contact_id}"),
    Operation("addToDnc", "POST", "/api/v1/contacts/{contact_id}/dnc"),
    Operation("removeFromDnc", "DELETE", "/api/v1/contacts/{contact_id}/dnc"),
    Operation("listCalls", "GET", "/api/v1/calls"),
    Operation("triggerCall", "POST", "/api/v1/calls/trigger"),
    Operation("getCall", "GET", "/api/v1/calls/{call_id}"),
    Operation("getTranscript", "GET", "/api/v1/calls/{call_id}/transcript"),
    Operation("getRecording", "GET", "/api/v1/calls/{call_id}/recording"),
    Operation("listCampaigns", "GET", "/api/v1/campaigns"),
    Operation("getCampaign", "GET", "/api/v1/campaigns/{campaign_id}"),
    Operation("startCampaign", "POST", "/api/v1/campaigns/{campaign_id}/start"),
    Operation("pauseCampaign", "POST", "/api/v1/campaigns/{campaign_id}/pause"),
    Operation("resumeCampaign", "POST", "/api/v1/campaigns/{campaign_id}/resume"),
    Operation("stopCampaign", "POST", "/api/v1/campaigns/{campaign_id}/stop"),
    Operation("listCustomFields", "GET", "/api/v1/custom-fields"),
    Operation("createCustomField", "POST", "/api/v1/custom-fields"),
    Operation("getCustomField", "GET", "/api/v1/custom-fields/{field_id}"),
    Operation("updateCustomField", "PATCH", "/api/v1/custom-fields/{field_id}"),
    Operation("deleteCustomField", "DELETE", "/api/v1/custom-fields/{field_id}"),
    Operation("createProfile", "POST", "/api/v1/profiles"),
    Operation("listProfiles", "GET", "/api/v1/profiles"),
    Operation("getProfile", "GET", "/api/v1/profiles/{profile_id}"),
    Operation("updateProfile", "PATCH", "/api/v1/profiles/{profile_id}"),
    Operation("archiveProfile", "DELETE", "/api/v1/profiles/{profile_id}"),
    Operation("listReports", "GET", "/api/v1/reports"),
    Operation("getReport", "GET", "/api/v1/reports/{report_id}"),
    Operation("executeReport", "POST", "/api/v1/reports/{report_id}/execute"),
    Operation("exportReport", "GET", "/api/v1/reports/{report_id}/export"),
    Operation("downloadRecording", "GET", "/api/v1/files/recordings/{file}"),
    Operation("sendMcpMessage", "POST", "/mcp"),
)
RATE_LIMIT = 100
"""Requests a minute, page "Rate Limits"."""
RATE_LIMIT_GROUPS = {
    ("POST", "/api/v1/contacts/bulk"): BULK,
    ("POST", MCP): RateLimitGroup("mcp", None),
}
"""Bulk endpoints, page "Rate Limits". What an MCP message counts as shows only when it is read."""


def _application(backend: Any) -> ASGIApp:
    from ringback.vendors.phonestack.routes import application

    return cast("ASGIApp", application(backend))


VENDOR = VendorSpec(
    name="phonestack",
    title="PhoneStack",
    origin="https://phonestack.com",
    base_path="/api/v1",
    settings=PhoneStackSettings,
    operations=OPERATIONS,
    key_prefix="ps_live_",
    max_keys=None,
    key_overlap=0,
    rate_limit=RATE_LIMIT,
    errors=errors.ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    seed=SeedAccount(key="ps_live_ringback", scope="full"),
    open=PhoneStack,
    application=_application,
    mutants="ringback.vendors.phonestack.mutants",
    scopes=("full", "read_only", "write_only"),
    kinds={"live": "ps_live_", "test": "ps_test_"},
    outbound=frozenset(("call",)),
    public=frozenset(("downloadRecording",)),
    policy=RequestPolicy(authorize=authorize),
    rate_limit_groups=RATE_LIMIT_GROUPS,
    any_type=True,
)
