"""The official TypeScript SDK, unmodified, under Node: every method."""

from __future__ import annotations

import json
from pathlib import Path

from ringback.testing import Ringback
from tests.agentphone import sdk_scenario
from tests.agentphone.conftest import respond
from tests.support.matrix import Table, hold
from tests.support.node import package, reported, run

VERSION = "1.0.17"
SCENARIO = Path(__file__).with_name("sdk_scenario.mjs")


def test_every_method_works(ringback: Ringback) -> None:
    folder = package("agentphone", VERSION)
    account = ringback.account("agentphone", balance="100.00", recording=True)
    hook = ringback.receiver()
    respond(hook, {"text": "It is."})
    environment = {
        "AGENTPHONE_API_KEY": account.key,
        "AGENTPHONE_BASE_URL": account.base_url,
        "RINGBACK_URL": ringback.url,
        "ACCOUNT_ID": account.id,
        "HOOK_URL": hook.url,
        "REGISTRATION": json.dumps(sdk_scenario.REGISTRATION),
    }
    seen = reported(run(folder, SCENARIO.read_text(encoding="utf-8"), environment))
    table = Table("agentphone-node", f"AgentPhone, TypeScript: agentphone {VERSION}", ("Node",), seen["methods"])
    for method in seen["worked"]:
        table.saw(method, "Node", "works")
    hold(table)
