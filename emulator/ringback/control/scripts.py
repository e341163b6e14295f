"""Scripts: what happens to the next outbound call or message that matches."""

from __future__ import annotations

from typing import Any

import msgspec

from ringback.carrier.script import Script, ScriptError, check_call_script, check_message_script, check_script
from ringback.carrier.scripts import Match, QueuedScript
from ringback.control.common import PREFIX, Body, ControlOperations, account_filter, find_vendor, invalid, not_found
from ringback.emulator import Emulator
from ringback.gateway.vendor import Unsupported, VendorSpec

CHECKS = {"call": check_call_script, "message": check_message_script, None: check_script}
"""What checks a script, by the kind that it waits for."""

operation = OPERATIONS = ControlOperations()


class ScriptBody(Body):
    """A script, and the outbound calls or messages that it is for: of one account, or of all."""

    vendor: str
    script: Script
    account_id: str | None = None
    match: Match = Match()


@operation("GET", f"{PREFIX}/scripts", "listScripts")
def list_scripts(emulator: Emulator) -> dict[str, Any]:
    """List the scripts that wait for an outbound call or message, oldest first."""
    return {"data": [script_view(waiting) for waiting in emulator.services.scripts.records]}


@operation("POST", f"{PREFIX}/scripts", "addScript", 201)
def add_script(emulator: Emulator, body: ScriptBody) -> dict[str, Any]:
    """Set what happens to the next outbound call or message that matches."""
    vendor = find_vendor(emulator, body.vendor)
    account = account_filter(emulator, body.account_id)
    if not vendor.outbound:
        raise invalid(f"{vendor.title} places no outbound calls and sends no messages", "vendor")
    if body.match.kind is not None and body.match.kind not in vendor.outbound:
        raise invalid(f"{vendor.title} has no outbound {body.match.kind}", "match.kind")
    try:
        CHECKS[body.match.kind](body.script)
        check_analysis(emulator, vendor, body.script)
    except ScriptError as error:
        raise invalid(str(error), f"script.{error.param}") from None
    return script_view(emulator.services.scripts.add(vendor.name, account, body.match, body.script))


@operation("DELETE", f"{PREFIX}/scripts/{{script_id}}", "deleteScript")
def delete_script(emulator: Emulator, script_id: str) -> dict[str, Any]:
    """Delete a script that waits."""
    records = emulator.services.scripts.records
    waiting = records.get(script_id)
    if waiting is None:
        raise not_found(f"there is no waiting script {script_id!r}", "script_id")
    records.remove(waiting)
    return {"deleted": True, **script_view(waiting)}


def check_analysis(emulator: Emulator, vendor: VendorSpec, script: Script) -> None:
    """Check what a script says of a call's analysis. Raises ScriptError."""
    if script.analysis is None:
        return
    try:
        emulator.backends[vendor.name].check_analysis(script.analysis)
    except Unsupported as error:
        raise ScriptError("analysis", f"{vendor.title} {error}") from None


def script_view(waiting: QueuedScript) -> dict[str, Any]:
    """Return a waiting script as the control API shows it, without what it leaves open."""
    script = {name: value for name, value in msgspec.to_builtins(waiting.script).items() if value is not None}
    match = {name: value for name, value in msgspec.to_builtins(waiting.match).items() if value is not None}
    return {
        "id": waiting.id,
        "vendor": waiting.vendor,
        "account_id": waiting.account or None,
        "match": match,
        "script": script,
    }
