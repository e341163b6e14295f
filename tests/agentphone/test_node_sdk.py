"""The official TypeScript SDK, unmodified, under Node: every method."""

from __future__ import annotations

import json
from pathlib import Path

from ringback.testing import Ringback
from tests.agentphone import story
from tests.agentphone.conftest import says
from tests.support.matrix import Table, hold
from tests.support.node import package, run, told

VERSION = "1.0.17"
STORY = Path(__file__).with_name("story.mjs")


def test_every_method_works(ringback: Ringback) -> None:
    folder = package("agentphone", VERSION)
    account = ringback.account("agentphone", balance="100.00", recording=True)
    hook = ringback.receiver()
    says(hook, {"text": "It is."})
    environment = {
        "AGENTPHONE_API_KEY": account.key,
        "AGENTPHONE_BASE_URL": account.base_url,
        "RINGBACK_URL": ringback.url,
        "ACCOUNT_ID": account.id,
        "HOOK_URL": hook.url,
        "REGISTRATION": json.dumps(story.REGISTRATION),
    }
    seen = told(run(folder, STORY.read_text(encoding="utf-8"), environment))
    table = Table("agentphone-node", f"AgentPhone, TypeScript: agentphone {VERSION}", ("Node",), seen["methods"])
    for method in seen["worked"]:
        table.saw(method, "Node", "works")
    hold(table)
