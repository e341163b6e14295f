"""Calls: an inbound call from outside, and the list of all calls."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_exact
from ringback.carrier.script import Script, ScriptError, preset_script
from ringback.control.common import (
    MAX_ENTRIES,
    PREFIX,
    Body,
    ControlOperations,
    Query,
    check_number,
    find_account,
    find_vendor,
    invalid,
)
from ringback.control.destinations import no_destination
from ringback.control.scripts import check_analysis
from ringback.emulator import Emulator
from ringback.gateway.vendor import NumberNotFound

operation = OPERATIONS = ControlOperations()


class CallFilter(Query):
    """Which calls to list."""

    account_id: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAX_ENTRIES)] = 100


class CallBody(Body):
    """An inbound call; `from` and `to` are E.164. `scenario` names a preset script."""

    vendor: str
    to: str
    from_: str = msgspec.field(name="from")
    script: Script | None = None
    scenario: str | None = None


@operation("GET", f"{PREFIX}/calls", "listCalls")
def list_calls(emulator: Emulator, query: CallFilter) -> dict[str, Any]:
    """List calls with what is said on them, newest first."""
    calls = emulator.services.calls.records
    if query.account_id is not None:
        found = calls.page("account", find_account(emulator, query.account_id).id, query.limit)
    else:
        found = calls.page("all", True, query.limit)
    return {"data": [call_view(call) for call in found]}


@operation("POST", f"{PREFIX}/calls", "placeCall", 201)
def place_call(emulator: Emulator, body: CallBody) -> dict[str, Any]:
    """Call a number from outside. The call rings at once and then lives on its account's clock."""
    vendor = find_vendor(emulator, body.vendor)
    check_number(body.from_, "from")
    if body.script is not None and body.scenario is not None:
        raise invalid("give a script or a scenario, not both", "scenario")
    try:
        script = preset_script(body.scenario) if body.scenario is not None else body.script or Script()
        check_analysis(emulator, vendor, script)
        call = emulator.backends[vendor.name].receive_call(body.to, body.from_, script)
    except NumberNotFound:
        raise no_destination(emulator, vendor, body.to, "calls") from None
    except ScriptError as error:
        raise invalid(str(error), "scenario" if body.scenario is not None else f"script.{error.param}") from None
    return {"call_id": call.id, "account_id": call.account}


def call_view(call: Call) -> dict[str, Any]:
    """Return a call as the control API shows it, whatever the vendor; `turns` count seconds from the answer."""
    return {
        "call_id": call.id,
        "account_id": call.account,
        "vendor": call.vendor,
        "direction": call.direction,
        "number": call.number,
        "number_id": call.number_id,
        "peer": call.remote_number,
        "state": call.state,
        "outcome": call.outcome,
        "started_at": iso_exact(call.started_at),
        "answered_at": iso_exact(call.answered_at) if call.answered_at is not None else None,
        "ended_at": iso_exact(call.ended_at) if call.ended_at is not None else None,
        "duration": call.duration,
        "recording": call.recording,
        "turns": [{"speaker": turn.speaker, "text": turn.text, "at": turn.at} for turn in call.turns or ()],
    }
