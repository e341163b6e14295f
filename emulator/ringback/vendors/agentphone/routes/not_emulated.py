"""What is the vendor's alone: SIP trunks, one-time codes, feedback, WhatsApp. Each is answered 501 by name."""

from __future__ import annotations

from typing import Any

from litestar import delete, get, patch, post

from ringback.gateway.asgi import Response
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.query_params import Req

WHATSAPP = "/integrations/whatsapp"
OPERATIONS: tuple[tuple[Any, str, str], ...] = (
    (get, "/v1/sip-trunks", "listSipTrunks"),
    (post, "/v1/sip-trunks", "createSipTrunk"),
    (get, "/v1/sip-trunks/{trunk_id:str}", "getSipTrunk"),
    (patch, "/v1/sip-trunks/{trunk_id:str}", "updateSipTrunk"),
    (delete, "/v1/sip-trunks/{trunk_id:str}", "deleteSipTrunk"),
    (post, "/v1/verify/send", "sendVerification"),
    (post, "/v1/verify/check", "checkVerification"),
    (post, "/v1/feedback", "submitFeedback"),
    (get, f"{WHATSAPP}/status", "getWhatsAppStatus"),
    (post, f"{WHATSAPP}/connect", "connectWhatsApp"),
    (delete, f"{WHATSAPP}/{{connection_id:str}}", "disconnectWhatsApp"),
    (get, f"{WHATSAPP}/{{connection_id:str}}/available-numbers", "listWhatsAppNumbers"),
    (post, f"{WHATSAPP}/{{connection_id:str}}/numbers", "connectWhatsAppNumber"),
    (get, f"{WHATSAPP}/{{connection_id:str}}/templates", "listWhatsAppTemplates"),
    (post, f"{WHATSAPP}/{{connection_id:str}}/templates", "createWhatsAppTemplate"),
    (delete, f"{WHATSAPP}/{{connection_id:str}}/templates", "deleteWhatsAppTemplate"),
)


def elsewhere() -> tuple[Any, ...]:
    """The handlers."""
    return tuple(method(path, operation_id=name, status_code=200)(_refused(name)) for method, path, name in OPERATIONS)


def _refused(name: str) -> Any:
    async def refuse(request: Req) -> Response:
        raise errors.not_emulated()

    refuse.__name__ = name
    return refuse
