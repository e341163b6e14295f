"""A hosted agent's tool invocations and post-call action items, as the `analysis` of a script declares them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal

import msgspec

from ringback.carrier.call import Call
from ringback.carrier.clock import SECOND, iso_exact
from ringback.carrier.script import MAX_DURATION
from ringback.gateway.decoding import decode_analysis
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import ActionItem, CallDetail, ToolUse
from ringback.vendors.inkbox.rules.common import new_id
from ringback.vendors.inkbox.wire.responses import ToolInvocation, ToolInvocations

MAX_COUNT = 200
"""Tool invocations, and action items, of one call."""


class ScriptedTool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool invocation that starts `at` seconds after the call was answered and `takes` seconds until its status."""

    tool_name: str
    at: float = 0.0
    takes: float = 1.0
    status: Literal["succeeded", "failed"] = "succeeded"
    result: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.tool_name:
            raise ValueError("tool_name must have at least 1 character")
        if not (0 <= self.at <= MAX_DURATION and 0 <= self.takes <= MAX_DURATION):
            raise ValueError(f"at and takes must be from 0 to {MAX_DURATION:g} seconds")


class ScriptedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An action item."""

    action: str
    details: str | None = None

    def __post_init__(self) -> None:
        if not self.action:
            raise ValueError("action must have at least 1 character")


class ScriptedAnalysis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `analysis` of a script for a call with a hosted agent."""

    tool_invocations: list[ScriptedTool] = []
    post_call_action_items: list[ScriptedItem] = []

    def __post_init__(self) -> None:
        if max(len(self.tool_invocations), len(self.post_call_action_items)) > MAX_COUNT:
            raise ValueError(f"tool_invocations and post_call_action_items must have at most {MAX_COUNT} items")


def parse_analysis(analysis: Mapping[str, Any]) -> ScriptedAnalysis:
    """Return a script's analysis, typed. Raises ScriptError."""
    return decode_analysis(analysis, ScriptedAnalysis)


def assign(services: Services, detail: CallDetail, analysis: Mapping[str, Any] | None) -> None:
    """Store the analysis of a call with a hosted agent. Raises ScriptError."""
    if analysis is None or detail.mode != "hosted_agent":
        return
    parsed = parse_analysis(analysis)
    detail.tools = [
        ToolUse(
            id=new_id(services, detail.account, "tool"),
            tool_name=tool.tool_name,
            begins=round(tool.at * SECOND),
            ends=round((tool.at + tool.takes) * SECOND),
            status=tool.status,
            result=tool.result,
        )
        for tool in sorted(parsed.tool_invocations, key=lambda tool: tool.at)
    ]
    detail.action_items = [
        ActionItem(new_id(services, detail.account, "item"), seq, item.action, item.details)
        for seq, item in enumerate(parsed.post_call_action_items, 1)
    ]


def action_items(call: Call, detail: CallDetail) -> list[ActionItem]:
    """Return the action items of an answered call once it has ended."""
    return detail.action_items if detail.ended and call.answered_at is not None else []


def tool_log(services: Services, call: Call, detail: CallDetail, offset: int, limit: int) -> ToolInvocations:
    """Return a page of the tool invocations that have started, oldest first."""
    answered = call.answered_at
    if answered is None:
        return ToolInvocations([], limit, offset, has_more=False)
    now = services.clock.now(call.account)
    until = now if call.ended_at is None else call.ended_at
    begun = [tool for tool in detail.tools if answered + tool.begins <= until]
    shown = islice(begun, offset, offset + limit)
    return ToolInvocations(
        [_invocation(call.id, tool, answered, now) for tool in shown], limit, offset, offset + limit < len(begun)
    )


def _invocation(call: str, tool: ToolUse, answered: int, now: int) -> ToolInvocation:
    done = answered + tool.ends <= now
    return ToolInvocation(
        tool.id,
        call,
        tool.tool_name,
        tool.status if done else "started",
        tool.result if done else None,
        iso_exact(answered + tool.begins),
        iso_exact(answered + tool.ends) if done else None,
    )
