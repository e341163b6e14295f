"""What Inkbox's answers look like to its official SDKs: the keys that they index without a default, and the values that
they parse strictly (0.4.6 and 0.7.20 taken together). Each function gives None or what is odd."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ringback_conformance.shapes import (
    E164,
    Field,
    flag,
    kind_of,
    like,
    maybe,
    moment,
    odd_fields,
    one_of,
    real,
    text,
    whole,
)

ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
FILTERS = ("whitelist", "blacklist")
SMS_STATES = ("pending", "ready", "assignment_failed")
DELIVERY = ("queued", "sent", "delivered", "delivery_failed", "delivery_unconfirmed", "sending_failed")
"""Not `blocked_spam_filter`, which 0.4.6 does not know."""
TEXT_ORIGINS = ("user_initiated", "auto_reply")
CALL_ORIGINS = ("dedicated_number", "shared_imessage_number", "dedicated_imessage_number")
ACTIONS = ("auto_accept", "auto_reject", "webhook", "hosted_agent", "forward")
AUTHORITIES = ("contact_scoped", "yolo")
TARGETS = ("phone", "sip")
VOICEMAIL = ("enabled", "disabled")

id_ = like(ID)
phone = like(E164)


def stamp(value: Any) -> bool:
    """An instant as `datetime.fromisoformat` takes it."""
    return moment(value) is not None


def chosen(*values: str) -> Field:
    """One of these; or null or nothing, which the SDKs take for a default."""
    return lambda value: value in (None, "") or value in values


def array_of(fields: Mapping[str, Field]) -> Field:
    """An array of such objects."""
    return lambda value: isinstance(value, list) and all(odd_fields(each, fields, "x") is None for each in value)


class Shape(NamedTuple):
    """The fields that must be there, and those that may be left out."""

    needed: Mapping[str, Field]
    others: Mapping[str, Field] = {}

    def odd(self, document: Any, what: str) -> str | None:
        """None, or what is odd about an object."""
        if odd := odd_fields(document, self.needed, what):
            return odd
        present = {name: fits for name, fits in self.others.items() if name in document}
        return odd_fields(document, present, what)


NUMBER = Shape(
    {
        "id": id_,
        "number": phone,
        "type": text,
        "status": text,
        "incoming_call_action": text,
        "created_at": stamp,
        "updated_at": stamp,
    },
    {
        "sms_status": chosen(*SMS_STATES),
        "sms_ready_at": maybe(stamp),
        "filter_mode": one_of(*FILTERS),
        "inbound_filter_mode": chosen(*FILTERS),
        "outbound_filter_mode": chosen(*FILTERS),
        "agent_identity_id": maybe(id_),
        "forwarding_target_type": chosen(*TARGETS),
        "filter_mode_change_notice": lambda value: (
            value is None
            or odd_fields(
                value,
                {"new_filter_mode": one_of(*FILTERS), "redundant_rule_action": text, "redundant_rule_count": whole},
                "x",
            )
            is None
        ),
    },
)
CALL = Shape(
    {
        "id": id_,
        "local_phone_number": maybe(phone),
        "remote_phone_number": text,
        "direction": one_of("inbound", "outbound"),
        "status": one_of("initiated", "ringing", "answered", "completed", "failed", "canceled"),
        "created_at": stamp,
        "updated_at": stamp,
    },
    {
        "started_at": maybe(stamp),
        "ended_at": maybe(stamp),
        "hangup_reason": chosen("local", "remote", "max_duration", "voicemail", "rejected"),
        "origin": chosen(*CALL_ORIGINS),
        "hosted_agent_authority_mode": chosen(*AUTHORITIES),
        "voicemail_detection": chosen(*VOICEMAIL),
        "post_call_action_items": array_of({"id": id_, "seq": whole, "action": text, "status": text}),
        "forwardings": array_of(
            {
                "id": id_,
                "trigger": one_of("incoming_action"),
                "status": one_of("requested", "dialing", "forwarded", "failed"),
                "target_type": one_of(*TARGETS),
                "target": text,
                "requested_at": stamp,
            }
        ),
    },
)
RATE_LIMIT: Mapping[str, Field] = {
    "calls_used": whole,
    "calls_remaining": whole,
    "calls_limit": whole,
    "minutes_used": real,
    "minutes_remaining": real,
    "minutes_limit": real,
}
PLACED = Shape({**CALL.needed, "rate_limit": lambda value: odd_fields(value, RATE_LIMIT, "x") is None}, CALL.others)
SEGMENT = Shape(
    {
        "id": id_,
        "call_id": id_,
        "seq": whole,
        "ts_ms": whole,
        "party": one_of("local", "remote"),
        "text": text,
        "created_at": stamp,
    }
)
TOOLS = Shape({"items": lambda value: isinstance(value, list), "limit": whole, "offset": whole, "has_more": flag})
TEXT = Shape(
    {
        "id": id_,
        "direction": one_of("inbound", "outbound"),
        "local_phone_number": phone,
        "type": one_of("sms", "mms"),
        "is_read": flag,
        "created_at": stamp,
        "updated_at": stamp,
    },
    {
        "remote_phone_number": maybe(phone),
        "delivery_status": chosen(*DELIVERY),
        "origin": chosen(*TEXT_ORIGINS),
        "conversation_id": maybe(id_),
        "sent_at": maybe(stamp),
        "delivered_at": maybe(stamp),
        "failed_at": maybe(stamp),
        "media": maybe(array_of({"content_type": text, "size": whole, "url": text})),
        "recipients": maybe(array_of({"recipient_phone_number": phone, "delivery_status": chosen(*DELIVERY)})),
    },
)
CONVERSATION = Shape(
    {
        "latest_direction": one_of("inbound", "outbound"),
        "latest_type": one_of("sms", "mms"),
        "unread_count": whole,
        "total_count": whole,
        "latest_message_at": stamp,
    },
    {"id": maybe(id_), "remote_phone_number": maybe(phone)},
)
MARKED = Shape({"is_read": flag, "updated_count": whole}, {"conversation_id": maybe(id_)})
RULE = Shape(
    {
        "id": id_,
        "action": one_of("allow", "block"),
        "match_type": one_of("exact_number"),
        "match_target": phone,
        "phone_number_id": maybe(id_),
        "agent_identity_id": id_,
        "created_at": stamp,
        "updated_at": stamp,
    },
    {
        "status": one_of("active", "paused"),
        "direction": one_of("inbound", "outbound", "both"),
        "contact": one_of(None),
    },
)
OPT_IN = Shape(
    {
        "id": id_,
        "organization_id": text,
        "receiver_number": phone,
        "status": one_of("opted_in", "opted_out"),
        "source": one_of("sms", "api"),
        "created_at": stamp,
        "updated_at": stamp,
    },
    {"opted_in_at": maybe(stamp), "opted_out_at": maybe(stamp)},
)
ACTION = Shape(
    {"agent_identity_id": id_, "incoming_call_action": one_of(*ACTIONS)}, {"forwarding_target_type": chosen(*TARGETS)}
)
VOICES = Shape(
    {"voices": array_of({"id": text, "name": text, "description": text, "available": flag}), "default_voice": text}
)
AGENT = Shape(
    {"agent_identity_id": id_, "effective_voice": text, "effective_model": text},
    {"authority_mode": chosen(*AUTHORITIES)},
)
IDENTITY = Shape(
    {"id": id_, "organization_id": text, "agent_handle": text, "created_at": stamp, "updated_at": stamp},
    {
        "phone_number": lambda value: value is None or NUMBER.odd(value, "x") is None,
        "tunnel": one_of(None),
        "imessage_filter_mode": chosen(*FILTERS),
        "mail_filter_mode": chosen(*FILTERS),
        "phone_filter_mode": chosen(*FILTERS),
        "phone_inbound_filter_mode": chosen(*FILTERS),
        "phone_outbound_filter_mode": chosen(*FILTERS),
        "signing_key_created_at": maybe(stamp),
    },
)
ACCESS = Shape(
    {"id": id_, "target_identity_id": id_, "viewer_identity_id": maybe(id_), "created_at": stamp},
)
KEY_RECORD: Mapping[str, Field] = {
    "id": text,
    "organization_id": text,
    "created_by": text,
    "creator_type": text,
    "label": text,
    "status": one_of("active", "revoked"),
    "last4": text,
    "display_prefix": text,
    "created_at": stamp,
    "updated_at": stamp,
}
API_KEY = Shape({"api_key": text, "record": lambda value: odd_fields(value, KEY_RECORD, "x") is None})
WHOAMI = Shape(
    {"auth_type": one_of("api_key", "jwt")},
    {"created_at": maybe(real), "last_used_at": maybe(real), "expires_at": maybe(real)},
)
SIGNING_KEY = Shape({"signing_key": text, "created_at": stamp})
KEY_STATUS = Shape({"configured": flag}, {"created_at": maybe(stamp)})
SUBSCRIPTION = Shape(
    {
        "id": id_,
        "organization_id": text,
        "mailbox_id": maybe(id_),
        "phone_number_id": maybe(id_),
        "url": text,
        "event_types": lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
        "status": text,
        "created_at": stamp,
        "updated_at": stamp,
    },
    {"agent_identity_id": maybe(id_), "owner_identity_id": maybe(id_)},
)
DELIVERY_ROW = Shape(
    {
        "id": id_,
        "organization_id": text,
        "event_id": text,
        "event_type": text,
        "url": text,
        "request_payload": text,
        "is_replay": flag,
        "created_at": stamp,
    },
    {"webhook_subscription_id": maybe(id_), "phone_number_id": maybe(id_)},
)
FOUND = Shape({"message_id": id_})
CATALOG = Shape({"supports_identity_subscriptions": one_of(True)})

_NUMBER = r"/api/v1/phone/numbers/[^/]+"
_HANDLE = r"/api/v1/identities/[^/]+"


class Route(NamedTuple):
    """What a successful answer holds: one object, or an array (bare, or under `name`)."""

    methods: str
    path: re.Pattern[str]
    shape: Shape
    many: bool = False
    name: str = ""


def _route(methods: str, path: str, shape: Shape, *, many: bool = False, name: str = "") -> Route:
    return Route(methods, re.compile(path), shape, many, name)


ROUTES: tuple[Route, ...] = (
    _route("GET", r"/api/v1/phone/numbers", NUMBER, many=True),
    _route("POST", r"/api/v1/phone/numbers", NUMBER),
    _route("GET PATCH", _NUMBER, NUMBER),
    _route("GET", rf"{_NUMBER}/search", SEGMENT, many=True),
    _route("POST", r"/api/v1/phone/place-call", PLACED),
    _route("GET", rf"({_NUMBER}|/api/v1/phone)/calls", CALL, many=True),
    _route("GET", rf"({_NUMBER}|/api/v1/phone)/calls/[^/]+", CALL),
    _route("GET", rf"({_NUMBER}|/api/v1/phone)/calls/[^/]+/transcripts", SEGMENT, many=True),
    _route("POST", r"/api/v1/phone/calls/[^/]+/hangup", CALL),
    _route("GET", r"/api/v1/phone/calls/[^/]+/tool-invocations", TOOLS),
    _route("POST", rf"{_NUMBER}/texts", TEXT),
    _route("GET", rf"{_NUMBER}/texts(/search)?", TEXT, many=True),
    _route("GET", rf"{_NUMBER}/texts/conversations", CONVERSATION, many=True),
    _route("GET", rf"{_NUMBER}/texts/conversations/[^/]+", TEXT, many=True),
    _route("PATCH", rf"{_NUMBER}/texts/conversations/[^/]+", MARKED),
    _route("GET PATCH", rf"{_NUMBER}/texts/(?!search$|conversations$)[^/]+", TEXT),
    _route("GET", r"/api/v1/message-sends/lookup", FOUND),
    _route(
        "GET", rf"({_NUMBER}/contact-rules|{_HANDLE}/phone-contact-rules|/api/v1/phone/contact-rules)", RULE, many=True
    ),
    _route("POST", rf"({_NUMBER}/contact-rules|{_HANDLE}/phone-contact-rules)", RULE),
    _route("GET PATCH", rf"({_NUMBER}/contact-rules|{_HANDLE}/phone-contact-rules)/[^/]+", RULE),
    _route("GET", r"/api/v1/phone/sms-opt-ins", OPT_IN, many=True),
    _route("GET", r"/api/v1/phone/sms-opt-ins/[^/]+", OPT_IN),
    _route("POST", r"/api/v1/phone/sms-opt-ins/[^/]+/opt-(in|out)", OPT_IN),
    _route("GET PUT", r"/api/v1/phone/incoming-call-action", ACTION),
    _route("GET", r"/api/v1/phone/hosted-agent-voices", VOICES),
    _route("GET PUT", r"/api/v1/phone/hosted-agent-config(/authority-mode)?", AGENT),
    _route("GET", r"/api/v1/identities/", IDENTITY, many=True),
    _route("POST", r"/api/v1/identities/", IDENTITY),
    _route("GET PATCH", _HANDLE, IDENTITY),
    _route("GET", rf"{_HANDLE}/access", ACCESS, many=True),
    _route("POST", rf"{_HANDLE}/access", ACCESS),
    _route("POST", r"/api/v1/api-keys", API_KEY),
    _route("GET", r"/api/whoami", WHOAMI),
    _route("POST", rf"({_HANDLE}/signing-key|/api/v1/signing-keys)", SIGNING_KEY),
    _route("GET", rf"({_HANDLE}/signing-key|/api/v1/signing-keys)", KEY_STATUS),
    _route("POST", r"/api/v1/webhooks/subscriptions", SUBSCRIPTION),
    _route("GET", r"/api/v1/webhooks/subscriptions", SUBSCRIPTION, many=True, name="subscriptions"),
    _route("GET PATCH", r"/api/v1/webhooks/subscriptions/[^/]+", SUBSCRIPTION),
    _route("GET", r"/api/v1/webhooks/catalog", CATALOG),
    _route("GET", r"/api/v1/webhooks/deliveries", DELIVERY_ROW, many=True, name="deliveries"),
    _route("POST", r"/api/v1/webhooks/deliveries/[^/]+/replay", DELIVERY_ROW),
)


def route_of(method: str, path: str) -> Route | None:
    """What the SDKs read from the answer to a request."""
    for route in ROUTES:
        if method in route.methods.split() and route.path.fullmatch(path):
            return route
    return None


def odd_answer(route: Route, body: Any) -> str | None:
    """None, or what an SDK would trip over."""
    what = f"the answer of {route.path.pattern}"
    if not route.many:
        return route.shape.odd(body, what)
    found = body
    if route.name:
        if not isinstance(body, dict) or route.name not in body:
            return f"{what} is {kind_of(body)}, without {route.name}"
        found = body[route.name]
    if not isinstance(found, list):
        return f"{what} is {kind_of(found)}, not an array"
    for each in found:
        if odd := route.shape.odd(each, "a row"):
            return odd
    return None


def odd_error(body: Any) -> str | None:
    """`{"detail": …}`: a sentence, an object with a code, or what is wrong field by field."""
    if not isinstance(body, dict) or "detail" not in body:
        return f'the body is not {{"detail": …}} but {kind_of(body)}'
    detail = body["detail"]
    if isinstance(detail, str):
        return None if detail else "detail is an empty text"
    if isinstance(detail, dict):
        return None if text(detail.get("error")) or text(detail.get("existing_rule_id")) else "detail has no error code"
    if isinstance(detail, list) and detail:
        fields: Mapping[str, Field] = {"loc": lambda value: isinstance(value, list), "msg": text}
        return next((odd for each in detail if (odd := odd_fields(each, fields, "detail"))), None)
    return f"detail is {kind_of(detail)}"


def newest_first(found: list[dict[str, Any]], field: str = "created_at") -> str | None:
    """The latest first."""
    times = [moment(each.get(field)) for each in found]
    for place in range(1, len(times)):
        before, after = times[place - 1], times[place]
        if before is not None and after is not None and after > before:
            return f"{found[place].get('id')} is of {found[place].get(field)}, later than the one listed before it"
    return None
