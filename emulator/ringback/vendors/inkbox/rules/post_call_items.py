"""What a hosted agent does beside talking, as a script's `analysis` tells it: the tools it uses in a call, and what it
leaves to be done."""

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
from ringback.vendors.inkbox.wire import ToolInvocation, ToolInvocations

MAX_COUNT = 200
"""Tools, and items, of one call."""


class ScriptedTool(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool that is used `at` seconds after the answer, and `takes` so many until it has come to its status."""

    tool_name: str
    at: float = 0.0
    takes: float = 1.0
    status: Literal["succeeded", "failed"] = "succeeded"
    result: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if not self.tool_name:
            raise ValueError("tool_name has at least one character")
        if not (0 <= self.at <= MAX_DURATION and 0 <= self.takes <= MAX_DURATION):
            raise ValueError(f"at and takes are from 0 to {MAX_DURATION:g} seconds")


class ScriptedItem(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is left to be done."""

    action: str
    details: str | None = None

    def __post_init__(self) -> None:
        if not self.action:
            raise ValueError("action has at least one character")


class ScriptedWork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a script's `analysis` may say of a call that a hosted agent has."""

    tool_invocations: list[ScriptedTool] = []
    post_call_action_items: list[ScriptedItem] = []

    def __post_init__(self) -> None:
        if max(len(self.tool_invocations), len(self.post_call_action_items)) > MAX_COUNT:
            raise ValueError(f"tool_invocations and post_call_action_items have at most {MAX_COUNT} entries")


def scripted(analysis: Mapping[str, Any]) -> ScriptedWork:
    """A script's analysis, typed. Raises ScriptError."""
    return decode_analysis(analysis, ScriptedWork)


def assign(services: Services, detail: CallDetail, analysis: Mapping[str, Any] | None) -> None:
    """Say what the hosted agent will do in a call. Raises ScriptError."""
    if analysis is None or detail.mode != "hosted_agent":
        return
    work = scripted(analysis)
    detail.tools = [
        ToolUse(
            id=new_id(services, detail.account, "tool"),
            tool_name=tool.tool_name,
            begins=round(tool.at * SECOND),
            ends=round((tool.at + tool.takes) * SECOND),
            status=tool.status,
            result=tool.result,
        )
        for tool in sorted(work.tool_invocations, key=lambda tool: tool.at)
    ]
    detail.items = [
        ActionItem(new_id(services, detail.account, "item"), seq, item.action, item.details)
        for seq, item in enumerate(work.post_call_action_items, 1)
    ]


def items(call: Call, detail: CallDetail) -> list[ActionItem]:
    """What is left to be done, once a call that was answered is over."""
    return detail.items if detail.over and call.answered_at is not None else []


def tool_log(services: Services, call: Call, detail: CallDetail, offset: int, limit: int) -> ToolInvocations:
    """The tools that were used until now, in the order in which that began."""
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
