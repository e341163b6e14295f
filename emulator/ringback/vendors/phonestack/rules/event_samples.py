"""An example of each event, for whoever writes a receiver, page "Available Tools" (get_webhook_sample)."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import EVENTS, Analysis, EventType, Execution
from ringback.vendors.phonestack.wire import (
    BillingEvent,
    CallEvent,
    CampaignEvent,
    ContactEvent,
    Costs,
    EventView,
    LineView,
    Stats,
)

AT = "2026-01-15T10:30:00Z"
CALL, CAMPAIGN, CONTACT = "call_5d2f8a1c9e07", "camp_7b3e90d4a1f6", "ct_1c8e4f7a2b59"
OURS, THEIRS = "+12145550123", "+12145550187"


def sample(organization: str, name: str) -> Any:
    """The body of an event as it would be sent. Raises ApiError 400 for one that there is not."""
    if name not in EVENTS:
        raise errors.invalid("event", f"must be one of {', '.join(EVENTS)}")
    return msgspec.to_builtins(EventView(name, AT, organization, _data(name)))


def _data(kind: EventType) -> Any:
    if kind.startswith("call."):
        return _call(kind)
    if kind.startswith("campaign."):
        status: Any = {"campaign.started": "running", "campaign.paused": "paused"}.get(kind, "completed")
        stats = Stats(120, 0, 0, 120, 74, 20, 19, 5, 2, 11, 4_210, 1_934, {"hot_lead": 14, "warm_lead": 60})
        return CampaignEvent(CAMPAIGN, "Spring outreach", "outbound", status, stats)
    if kind.startswith("contact."):
        blocked = kind == "contact.dnc_requested"
        return ContactEvent(
            CONTACT,
            "Dana",
            "Reyes",
            THEIRS,
            "dana@example.com",
            "Harbor Tiles",
            ("website_lead",),
            CAMPAIGN,
            {"budget_range": "10k_50k"},
            "api",
            "dnc" if blocked else "clear",
        )
    used = 80 if kind == "billing.limit_warning" else 100
    return BillingEvent(50_000, 500 * used, used)


def _call(kind: EventType) -> CallEvent:
    status: Any = {"call.started": "ringing", "call.failed": "no_answer", "call.voicemail": "voicemail"}.get(
        kind, "completed"
    )
    told = CallEvent(CALL, CAMPAIGN, CONTACT, "outbound", status, OURS, THEIRS, AT)
    if kind in ("call.failed", "call.voicemail"):
        told.talk_duration_seconds, told.cost_cents = (0, 0) if kind == "call.failed" else (14, 10)
    if kind == "call.completed":
        told.talk_duration_seconds, told.cost_cents, told.cost_breakdown = 154, 63, Costs(23, 35, 5)
        told.transferred_to = None
        told.analysis = Analysis(
            disposition="hot_lead",
            sentiment="positive",
            summary="Wants to go ahead and asked for a meeting.",
            meeting_booked=True,
            ai_confidence_score=92,
            extracted_fields={"budget_range": "10k_50k"},
        )
        told.tool_executions = [
            Execution("check_availability", "success"),
            Execution("request_meeting", "success"),
        ]
        told.transcript = [
            LineView("agent", "Hi Dana, do you have a minute?", 0),
            LineView("caller", "Yes, I was hoping you'd call.", 3.4),
        ]
    return told
