"""Operations that Ringback does not emulate: SIP trunks, one-time codes, feedback, WhatsApp. Each responds 501."""

from __future__ import annotations

from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.operations import operation

NOT_EMULATED = (
    ("GET", "/v1/sip-trunks", "listSipTrunks"),
    ("POST", "/v1/sip-trunks", "createSipTrunk"),
    ("GET", "/v1/sip-trunks/{trunk_id}", "getSipTrunk"),
    ("PATCH", "/v1/sip-trunks/{trunk_id}", "updateSipTrunk"),
    ("DELETE", "/v1/sip-trunks/{trunk_id}", "deleteSipTrunk"),
    ("POST", "/v1/verify/send", "sendVerification"),
    ("POST", "/v1/verify/check", "checkVerification"),
    ("POST", "/v1/feedback", "submitFeedback"),
    ("GET", "/integrations/whatsapp/status", "getWhatsAppStatus"),
    ("POST", "/integrations/whatsapp/connect", "connectWhatsApp"),
    ("DELETE", "/integrations/whatsapp/{connection_id}", "disconnectWhatsApp"),
    ("GET", "/integrations/whatsapp/{connection_id}/available-numbers", "listWhatsAppNumbers"),
    ("POST", "/integrations/whatsapp/{connection_id}/numbers", "connectWhatsAppNumber"),
    ("GET", "/integrations/whatsapp/{connection_id}/templates", "listWhatsAppTemplates"),
    ("POST", "/integrations/whatsapp/{connection_id}/templates", "createWhatsAppTemplate"),
    ("DELETE", "/integrations/whatsapp/{connection_id}/templates", "deleteWhatsAppTemplate"),
)


def not_emulated() -> None:
    """Raise the 501."""
    raise errors.error("NOT_EMULATED")


for _method, _path, _id in NOT_EMULATED:
    operation(_method, _path, _id)(not_emulated)
