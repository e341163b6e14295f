"""Inkbox: phone numbers, calls with a media stream, and texts for agents, by API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ringback.gateway.operations import Operation
from ringback.gateway.vendor import SeedAccount, VendorSpec
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import SIGNATURE, WEBHOOKS
from ringback.vendors.inkbox.records import InkboxSettings
from ringback.vendors.inkbox.rules import Inkbox

if TYPE_CHECKING:
    from ringback.gateway.asgi import ASGIApp

PHONE = "/api/v1/phone"
NUMBER = f"{PHONE}/numbers/{{phone_number_id}}"
IDENTITY = "/api/v1/identities/{agent_handle}"
HOOKS = "/api/v1/webhooks"

OPERATIONS = (
    Operation("provisionPhoneNumber", "POST", f"{PHONE}/numbers"),
    Operation("releasePhoneNumber", "DELETE", NUMBER),
    Operation("listPhoneNumbers", "GET", f"{PHONE}/numbers"),
    Operation("getPhoneNumber", "GET", NUMBER),
    Operation("updatePhoneNumber", "PATCH", NUMBER),
    Operation("placeCall", "POST", f"{PHONE}/place-call"),
    Operation("listNumberCalls", "GET", f"{NUMBER}/calls"),
    Operation("getNumberCall", "GET", f"{NUMBER}/calls/{{call_id}}"),
    Operation("listCalls", "GET", f"{PHONE}/calls"),
    Operation("getCall", "GET", f"{PHONE}/calls/{{call_id}}"),
    Operation("hangUpCall", "POST", f"{PHONE}/calls/{{call_id}}/hangup"),
    Operation("listToolInvocations", "GET", f"{PHONE}/calls/{{call_id}}/tool-invocations"),
    Operation("sendText", "POST", f"{NUMBER}/texts"),
    Operation("listTexts", "GET", f"{NUMBER}/texts"),
    Operation("getText", "GET", f"{NUMBER}/texts/{{text_id}}"),
    Operation("updateText", "PATCH", f"{NUMBER}/texts/{{text_id}}"),
    Operation("searchTexts", "GET", f"{NUMBER}/texts/search"),
    Operation("listConversations", "GET", f"{NUMBER}/texts/conversations"),
    Operation("getConversation", "GET", f"{NUMBER}/texts/conversations/{{remote_number}}"),
    Operation("updateConversation", "PATCH", f"{NUMBER}/texts/conversations/{{remote_number}}"),
    Operation("lookUpMessageSend", "GET", "/api/v1/message-sends/lookup"),
    Operation("listNumberCallTranscripts", "GET", f"{NUMBER}/calls/{{call_id}}/transcripts"),
    Operation("listCallTranscripts", "GET", f"{PHONE}/calls/{{call_id}}/transcripts"),
    Operation("searchTranscripts", "GET", f"{NUMBER}/search"),
    Operation("listNumberContactRules", "GET", f"{NUMBER}/contact-rules"),
    Operation("createNumberContactRule", "POST", f"{NUMBER}/contact-rules"),
    Operation("getNumberContactRule", "GET", f"{NUMBER}/contact-rules/{{rule_id}}"),
    Operation("updateNumberContactRule", "PATCH", f"{NUMBER}/contact-rules/{{rule_id}}"),
    Operation("deleteNumberContactRule", "DELETE", f"{NUMBER}/contact-rules/{{rule_id}}"),
    Operation("listContactRules", "GET", f"{PHONE}/contact-rules"),
    Operation("listIdentityContactRules", "GET", f"{IDENTITY}/phone-contact-rules"),
    Operation("createIdentityContactRule", "POST", f"{IDENTITY}/phone-contact-rules"),
    Operation("getIdentityContactRule", "GET", f"{IDENTITY}/phone-contact-rules/{{rule_id}}"),
    Operation("updateIdentityContactRule", "PATCH", f"{IDENTITY}/phone-contact-rules/{{rule_id}}"),
    Operation("deleteIdentityContactRule", "DELETE", f"{IDENTITY}/phone-contact-rules/{{rule_id}}"),
    Operation("listSmsOptIns", "GET", f"{PHONE}/sms-opt-ins"),
    Operation("getSmsOptIn", "GET", f"{PHONE}/sms-opt-ins/{{receiver_number}}"),
    Operation("optInReceiver", "POST", f"{PHONE}/sms-opt-ins/{{receiver_number}}/opt-in"),
    Operation("optOutReceiver", "POST", f"{PHONE}/sms-opt-ins/{{receiver_number}}/opt-out"),
    Operation("getIncomingCallAction", "GET", f"{PHONE}/incoming-call-action"),
    Operation("setIncomingCallAction", "PUT", f"{PHONE}/incoming-call-action"),
    Operation("listHostedAgentVoices", "GET", f"{PHONE}/hosted-agent-voices"),
    Operation("getHostedAgentConfig", "GET", f"{PHONE}/hosted-agent-config"),
    Operation("setHostedAgentConfig", "PUT", f"{PHONE}/hosted-agent-config"),
    Operation("setHostedAgentAuthorityMode", "PUT", f"{PHONE}/hosted-agent-config/authority-mode"),
    Operation("createIdentity", "POST", "/api/v1/identities/"),
    Operation("listIdentities", "GET", "/api/v1/identities/"),
    Operation("getIdentity", "GET", IDENTITY),
    Operation("updateIdentity", "PATCH", IDENTITY),
    Operation("deleteIdentity", "DELETE", IDENTITY),
    Operation("releaseIdentityPhoneNumber", "DELETE", f"{IDENTITY}/phone_number"),
    Operation("listIdentityAccess", "GET", f"{IDENTITY}/access"),
    Operation("grantIdentityAccess", "POST", f"{IDENTITY}/access"),
    Operation("revokeIdentityAccess", "DELETE", f"{IDENTITY}/access/{{viewer_identity_id}}"),
    Operation("createApiKey", "POST", "/api/v1/api-keys"),
    Operation("whoAmI", "GET", "/api/whoami"),
    Operation("rotateSigningKey", "POST", "/api/v1/signing-keys"),
    Operation("getSigningKey", "GET", "/api/v1/signing-keys"),
    Operation("rotateIdentitySigningKey", "POST", f"{IDENTITY}/signing-key"),
    Operation("getIdentitySigningKey", "GET", f"{IDENTITY}/signing-key"),
    Operation("createWebhookSubscription", "POST", f"{HOOKS}/subscriptions"),
    Operation("listWebhookSubscriptions", "GET", f"{HOOKS}/subscriptions"),
    Operation("getWebhookSubscription", "GET", f"{HOOKS}/subscriptions/{{subscription_id}}"),
    Operation("updateWebhookSubscription", "PATCH", f"{HOOKS}/subscriptions/{{subscription_id}}"),
    Operation("deleteWebhookSubscription", "DELETE", f"{HOOKS}/subscriptions/{{subscription_id}}"),
    Operation("getWebhookCatalog", "GET", f"{HOOKS}/catalog"),
    Operation("listWebhookDeliveries", "GET", f"{HOOKS}/deliveries"),
    Operation("replayWebhookDelivery", "POST", f"{HOOKS}/deliveries/{{delivery_id}}/replay"),
)


def _application(backend: Any) -> ASGIApp:
    from ringback.vendors.inkbox.routes import application

    return cast("ASGIApp", application(backend))


VENDOR = VendorSpec(
    name="inkbox",
    title="Inkbox",
    origin="https://inkbox.ai",
    base_path=PHONE,
    settings=InkboxSettings,
    operations=OPERATIONS,
    key_prefix="ApiKey_",
    max_keys=None,
    key_overlap=0,
    rate_limit=None,
    errors=errors.ERRORS,
    webhook_profile=WEBHOOKS,
    signature=SIGNATURE,
    seed=SeedAccount(key="ringback-service-token"),
    key_header=("X-Service-Token", "{key}"),
    error_code=("detail", "error"),
    secret_prefixes=("whsec_", "ringback-service-token"),
    open=Inkbox,
    application=_application,
    mutants="ringback.vendors.inkbox.mutants",
    key_headers=frozenset((b"x-service-token", b"x-api-key")),
    kinds={"admin": "ApiKey_", "agent": "ApiKey_"},
    outbound=frozenset(("call", "message")),
)
