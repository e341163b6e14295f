"""AgentPhone: phone numbers for agents, that talk and write, by API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ringback.gateway.operations import Operation
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.events import SIGNATURE, WEBHOOKS
from ringback.vendors.agentphone.records import AgentPhoneSettings
from ringback.vendors.agentphone.rules import AgentPhone

if TYPE_CHECKING:
    from ringback.gateway.asgi import ASGIApp

OPERATIONS = (
    Operation("listNumbers", "GET", "/v1/numbers"),
    Operation("createNumber", "POST", "/v1/numbers"),
    Operation("listAvailableNumbers", "GET", "/v1/numbers/available"),
    Operation("lookupNumbers", "GET", "/v1/numbers/lookup"),
    Operation("getNumber", "GET", "/v1/numbers/{number_id}"),
    Operation("updateNumber", "PATCH", "/v1/numbers/{number_id}"),
    Operation("releaseNumber", "DELETE", "/v1/numbers/{number_id}"),
    Operation("listNumberMessages", "GET", "/v1/numbers/{number_id}/messages"),
    Operation("listNumberCalls", "GET", "/v1/numbers/{number_id}/calls"),
    Operation("getContactCard", "GET", "/v1/numbers/{number_id}/contact-card"),
    Operation("setContactCard", "PUT", "/v1/numbers/{number_id}/contact-card"),
    Operation("deleteContactCard", "DELETE", "/v1/numbers/{number_id}/contact-card"),
    Operation("listAgents", "GET", "/v1/agents"),
    Operation("createAgent", "POST", "/v1/agents"),
    Operation("listVoices", "GET", "/v1/agents/voices"),
    Operation("getAgent", "GET", "/v1/agents/{agent_id}"),
    Operation("updateAgent", "PATCH", "/v1/agents/{agent_id}"),
    Operation("deleteAgent", "DELETE", "/v1/agents/{agent_id}"),
    Operation("attachNumber", "POST", "/v1/agents/{agent_id}/numbers"),
    Operation("detachNumber", "DELETE", "/v1/agents/{agent_id}/numbers/{number_id}"),
    Operation("listAgentCalls", "GET", "/v1/agents/{agent_id}/calls"),
    Operation("listAgentConversations", "GET", "/v1/agents/{agent_id}/conversations"),
    Operation("getAgentWebhook", "GET", "/v1/agents/{agent_id}/webhook"),
    Operation("setAgentWebhook", "POST", "/v1/agents/{agent_id}/webhook"),
    Operation("deleteAgentWebhook", "DELETE", "/v1/agents/{agent_id}/webhook"),
    Operation("listAgentDeliveries", "GET", "/v1/agents/{agent_id}/webhook/deliveries"),
    Operation("testAgentWebhook", "POST", "/v1/agents/{agent_id}/webhook/test"),
    Operation("listCalls", "GET", "/v1/calls"),
    Operation("createCall", "POST", "/v1/calls"),
    Operation("createWebCall", "POST", "/v1/calls/web"),
    Operation("getCall", "GET", "/v1/calls/{call_id}"),
    Operation("endCall", "POST", "/v1/calls/{call_id}/end"),
    Operation("getTranscript", "GET", "/v1/calls/{call_id}/transcript"),
    Operation("streamTranscript", "GET", "/v1/calls/{call_id}/transcript/stream"),
    Operation("downloadRecording", "GET", "/v1/calls/{call_id}/recording"),
    Operation("sendMessage", "POST", "/v1/messages"),
    Operation("sendReaction", "POST", "/v1/messages/{message_id}/reactions"),
    Operation("listConversations", "GET", "/v1/conversations"),
    Operation("getConversation", "GET", "/v1/conversations/{conversation_id}"),
    Operation("updateConversation", "PATCH", "/v1/conversations/{conversation_id}"),
    Operation("listConversationMessages", "GET", "/v1/conversations/{conversation_id}/messages"),
    Operation("sendTyping", "POST", "/v1/conversations/{conversation_id}/typing"),
    Operation("setBackground", "POST", "/v1/conversations/{conversation_id}/background"),
    Operation("deleteBackground", "DELETE", "/v1/conversations/{conversation_id}/background"),
    Operation("listContacts", "GET", "/v1/contacts"),
    Operation("createContact", "POST", "/v1/contacts"),
    Operation("getContactCapabilities", "GET", "/v1/contacts/capabilities"),
    Operation("getContact", "GET", "/v1/contacts/{contact_id}"),
    Operation("updateContact", "PATCH", "/v1/contacts/{contact_id}"),
    Operation("deleteContact", "DELETE", "/v1/contacts/{contact_id}"),
    Operation("getWebhook", "GET", "/v1/webhooks"),
    Operation("setWebhook", "POST", "/v1/webhooks"),
    Operation("deleteWebhook", "DELETE", "/v1/webhooks"),
    Operation("testWebhook", "POST", "/v1/webhooks/test"),
    Operation("listDeliveries", "GET", "/v1/webhooks/deliveries"),
    Operation("getDeliveryStats", "GET", "/v1/webhooks/deliveries/stats"),
    Operation("getAllTimeDeliveryStats", "GET", "/v1/webhooks/deliveries/all-time"),
    Operation("getUsage", "GET", "/v1/usage"),
    Operation("getDailyUsage", "GET", "/v1/usage/daily"),
    Operation("getMonthlyUsage", "GET", "/v1/usage/monthly"),
    Operation("getUsageByNumber", "GET", "/v1/usage/by-number"),
    Operation("getUsageByAgent", "GET", "/v1/usage/by-agent"),
    Operation("listSubAccounts", "GET", "/v1/sub-accounts"),
    Operation("createSubAccount", "POST", "/v1/sub-accounts"),
    Operation("updateSubAccount", "PATCH", "/v1/sub-accounts/{sub_account_id}"),
    Operation("deleteSubAccount", "DELETE", "/v1/sub-accounts/{sub_account_id}"),
    Operation("getRegistration", "GET", "/v1/register"),
    Operation("createRegistration", "POST", "/v1/register"),
    Operation("updateRegistration", "PATCH", "/v1/register"),
    Operation("getRegistrationStatus", "GET", "/v1/register/status"),
    Operation("refreshLocations", "POST", "/v1/location/refresh"),
    Operation("getLocation", "GET", "/v1/location/{phone_number}"),
    Operation("signUp", "POST", "/v0/agent/sign-up"),
    Operation("verifySignUp", "POST", "/v0/agent/verify"),
    Operation("listSipTrunks", "GET", "/v1/sip-trunks"),
    Operation("createSipTrunk", "POST", "/v1/sip-trunks"),
    Operation("getSipTrunk", "GET", "/v1/sip-trunks/{trunk_id}"),
    Operation("updateSipTrunk", "PATCH", "/v1/sip-trunks/{trunk_id}"),
    Operation("deleteSipTrunk", "DELETE", "/v1/sip-trunks/{trunk_id}"),
    Operation("sendVerification", "POST", "/v1/verify/send"),
    Operation("checkVerification", "POST", "/v1/verify/check"),
    Operation("submitFeedback", "POST", "/v1/feedback"),
    Operation("getWhatsAppStatus", "GET", "/integrations/whatsapp/status"),
    Operation("connectWhatsApp", "POST", "/integrations/whatsapp/connect"),
    Operation("disconnectWhatsApp", "DELETE", "/integrations/whatsapp/{connection_id}"),
    Operation("listWhatsAppNumbers", "GET", "/integrations/whatsapp/{connection_id}/available-numbers"),
    Operation("connectWhatsAppNumber", "POST", "/integrations/whatsapp/{connection_id}/numbers"),
    Operation("listWhatsAppTemplates", "GET", "/integrations/whatsapp/{connection_id}/templates"),
    Operation("createWhatsAppTemplate", "POST", "/integrations/whatsapp/{connection_id}/templates"),
    Operation("deleteWhatsAppTemplate", "DELETE", "/integrations/whatsapp/{connection_id}/templates"),
)
PUBLIC = frozenset(("downloadRecording", "signUp", "verifySignUp"))


def _application(backend: Any) -> ASGIApp:
    from ringback.vendors.agentphone.routes import application

    return cast("ASGIApp", application(backend))


VENDOR = VendorSpec(
    name="agentphone",
    title="AgentPhone",
    origin="https://api.agentphone.ai",
    base_path="/v1",
    settings=AgentPhoneSettings,
    operations=OPERATIONS,
    key_prefix="sk_live_",
    max_keys=None,
    key_overlap=0,
    rate_limit=None,
    errors=errors.ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    seed=SeedAccount(key="sk_live_ringback"),
    open=AgentPhone,
    application=_application,
    mutants="ringback.vendors.agentphone.mutants",
    public=PUBLIC,
    outbound=frozenset(("call", "message")),
)
"""The vendor publishes no limit of requests."""
