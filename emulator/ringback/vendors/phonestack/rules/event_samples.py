"""A sample of each event, page "Available Tools" (get_webhook_sample)."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import EVENTS, Analysis, EventType, ToolExecution
from ringback.vendors.phonestack.wire.responses import (
    BillingEventData,
    CallEventData,
    CampaignEventData,
    ContactEventData,
    Costs,
    Event,
    Stats,
    TurnView,
)

AT = "2026-01-15T10:30:00Z"
CALL, CAMPAIGN, CONTACT = "call_5d2f8a1c9e07", "camp_7b3e90d4a1f6", "ct_1c8e4f7a2b59"
OURS, THEIRS = "+12145550123", "+12145550187"


def sample(organization: str, name: str) -> Any:
    """Return the body of an event as it would be sent. Raises ApiError 400 for an unknown event."""
    kind = next((event for event in EVENTS if event == name), None)
    if kind is None:
        raise errors.invalid("event", f"must be one of {', '.join(EVENTS)}")
    return msgspec.to_builtins(Event(kind, AT, organization, _data(kind)))


def _data(kind: EventType) -> Any:
    if kind.startswith("call."):
        return _call(kind)
    if kind.startswith("campaign."):
        status: Any = {"campaign.started": "running", "campaign.paused": "paused"}.get(kind, "completed")
        stats = Stats(120, 0, 0, 120, 74, 20, 19, 5, 2, 11, 4_210, 1_934, {"hot_lead": 14, "warm_lead": 60})
        return CampaignEventData(CAMPAIGN, "Spring outreach", "outbound", status, stats)
    if kind.startswith("contact."):
        return ContactEventData(
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
            "dnc" if kind == "contact.dnc_requested" else "clear",
        )
    used = 80 if kind == "billing.limit_warning" else 100
    return BillingEventData(50_000, 500 * used, used)


def _call(kind: EventType) -> CallEventData:
    status: Any = {"call.started": "ringing", "call.failed": "no_answer", "call.voicemail": "voicemail"}.get(
        kind, "completed"
    )
    data = CallEventData(CALL, CAMPAIGN, CONTACT, "outbound", status, OURS, THEIRS, AT)
    if kind in ("call.failed", "call.voicemail"):
        data.talk_duration_seconds, data.cost_cents = (0, 0) if kind == "call.failed" else (14, 10)
    if kind == "call.completed":
        data.talk_duration_seconds, data.cost_cents, data.cost_breakdown = 154, 63, Costs(23, 35, 5)
        data.transferred_to = None
        data.analysis = Analysis(
            disposition="hot_lead",
            sentiment="positive",
            summary="Wants to go ahead and asked for a meeting.",
            meeting_booked=True,
            ai_confidence_score=92,
            extracted_fields={"budget_range": "10k_50k"},
        )
        data.tool_executions = [
            ToolExecution("check_availability", "success"),
            ToolExecution("request_meeting", "success"),
        ]
        data.transcript = [
            TurnView("agent", "Hi Dana, do you have a minute?", 0),
            TurnView("caller", "Yes, I was hoping you'd call.", 3.4),
        ]
    return data
