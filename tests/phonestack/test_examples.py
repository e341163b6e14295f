"""The page's three recipes, published as examples, and the code of the documentation."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Ringback
from tests.phonestack.conftest import LEAD, Api, campaign_of

RECIPES = Path(__file__).parents[2] / "examples" / "phonestack_recipes"
PAGE = (Path(__file__).parents[2] / "docs" / "phonestack.md").read_text(encoding="utf-8")
NODE = shutil.which("node")
LANGUAGES = ("mjs", "py")


def command(name: str, language: str) -> list[str]:
    """Return the command of a recipe; skip the test if its language is not installed."""
    if language == "mjs" and NODE is None:
        pytest.skip("Node is not installed: the twin in Python is tested")
    return [NODE or "" if language == "mjs" else sys.executable, str(RECIPES / f"{name}.{language}")]


def environment(account: Account) -> dict[str, str]:
    return {**os.environ, "PHONESTACK_BASE_URL": account.base_url, "PHONESTACK_API_KEY": account.key}


def run(account: Account, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, env=environment(account), capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_has_its_lead_called_within_seconds(ringback: Ringback, language: str) -> None:
    account = ringback.account("phonestack", campaigns=[{"name": "Leads", "status": "running", "always_on": True}])
    form = ("Dana", LEAD, "dana@example.com", "/kitchens")
    shown = run(account, *command("website_form", language), *form)
    assert shown.returncode == 0, shown.stderr
    with account.client() as client:
        http = Api(client)
        (contact,) = http.get("/contacts", tag="website_lead")
        assert shown.stdout == f"called: {contact['id']}\n"
        assert contact["custom_fields"] == {"source_page": "/kitchens"}
        assert [call["status"] for call in http.get("/calls", contact_id=contact["id"])] == ["ringing"]
        again = run(account, *command("website_form", language), *form)
        assert (again.returncode, "DUPLICATE" in again.stderr) == (1, True)
        http.post(f"/campaigns/{campaign_of(http, 'Leads')['id']}/pause")
        paused = run(account, *command("website_form", language), "Sam", "+19725550100", "s@example.com", "/")
        assert (paused.returncode, "no campaign runs" in paused.stderr) == (1, True)


def test_leads_of_a_crm_are_synced_and_rejected_ones_are_named(ringback: Ringback, tmp_path: Path) -> None:
    account = ringback.account("phonestack", campaigns=[{"name": "Leads"}])
    leads = [
        {"id": 8001, "first_name": "Ann", "last_name": "Bo", "phone": "+19725550001", "email": "a@example.com"},
        {"id": 8002, "first_name": "Cy", "last_name": "Do", "phone": "+19725550002", "email": ""},
        {"id": 8003, "first_name": "Ed", "last_name": "Fo", "phone": "n/a", "email": "e@example.com"},
        {"id": 8004, "first_name": "Al", "last_name": "So", "phone": "+19725550001", "email": "a@example.com"},
    ]
    file = tmp_path / "leads.json"
    file.write_text(json.dumps(leads), encoding="utf-8")
    with account.client() as client:
        campaign = campaign_of(Api(client), "Leads")["id"]
        shown = run(account, sys.executable, str(RECIPES / "crm_sync.py"), str(file), campaign)
        assert shown.returncode == 1
        first, *rows = shown.stdout.splitlines()
        assert first == "created 2, known already 1, refused 1"
        assert rows[0].startswith("  row 2 (lead 8003): phone must be")
        assert Api(client).get(f"/campaigns/{campaign}")["stats"]["queued"] == 2
        assert {one["custom_fields"]["crm_id"] for one in Api(client).get("/contacts")} == {8001, 8002}


def test_a_large_sync_waits_as_long_as_the_limit_requires(ringback: Ringback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(RECIPES))
    import crm_sync  # type: ignore[import-not-found]

    monkeypatch.setattr(crm_sync, "AT_ONCE", 5)
    account = ringback.account("phonestack")
    leads = [{"id": number, "phone": f"+1972555{number:04d}"} for number in range(57)]
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        account.advance(seconds=seconds)

    with account.client() as client:
        assert crm_sync.sync(client, leads, sleep=sleep).created == 57
    assert waited == [60.0]


@pytest.fixture
def listening(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the receiver of a recipe and return its URL."""
    process = subprocess.Popen(
        [*command("crm_update", request.param), "whsec_of_the_recipe"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process, process.stdout.readline().strip()
    process.terminate()
    process.communicate(timeout=20)


@pytest.mark.parametrize("listening", LANGUAGES, indirect=True)
def test_results_of_calls_reach_the_crm_and_forged_ones_do_not(
    ringback: Ringback, listening: tuple[subprocess.Popen[str], str]
) -> None:
    process, url = listening
    account = ringback.account(
        "phonestack",
        webhook={"url": url, "secret": "whsec_of_the_recipe"},
        campaigns=[{"name": "C", "contacts": [{"phone": LEAD, "custom_fields": {"score": 2.0}}], "status": "running"}],
    )
    forged = httpx.post(url, content=b'{"event": "call.completed"}', headers={"x-phonestack-signature": "0" * 64})
    assert forged.status_code == 401
    with account.client() as client:
        profile = Api(client).post("/profiles", name="Riley")["id"]
        contact = Api(client).get("/contacts")[0]["id"]
        account.advance(idle=True)
        analysis: dict[str, Any] = {"disposition": "hot_lead", "summary": "Wants “more” – ☎", "meeting_booked": True}
        account.script({"to": LEAD}, duration=31, turns=["agent: Hi", "caller: Héllo"], analysis=analysis)
        Api(client).post("/calls/trigger", profile_id=profile, phone=LEAD)
        account.advance(idle=True)
    assert {delivery["state"] for delivery in account.deliveries()} == {"delivered"}
    assert process.stdout is not None
    seen: dict[str, Any] = {}
    while not seen.get("tell_sales") or seen.get("summary") != analysis["summary"]:
        seen = json.loads(process.stdout.readline())
    assert seen["contact"] == contact
    assert seen["last_call"] == account.deliveries("call.completed")[-1]["created_at"]
    assert (seen["disposition"], seen["meeting_booked"]) == ("hot_lead", True)


# -- the documentation ------


def test_the_five_lines_of_rest_work(tmp_path: Path) -> None:
    (block,) = re.findall(r"## REST\n\n```console\n(.*?)```", PAGE, re.DOTALL)
    lines = [line.removeprefix("$ ").partition("  #")[0].strip() for line in block.strip().splitlines()]
    assert len(lines) == 5
    assert lines[0] == "ringback serve phonestack --clock frozen &"
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    with Ringback("phonestack", clock="frozen") as rb:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        lines[1] = (
            lines[1].replace("ringback env", "ringback env").replace("phonestack)", f"phonestack --url {rb.url})")
        )
        lines[3] = f"{lines[3]} --url {rb.url}"
        shown = subprocess.run(
            ["bash", "-ec", "\n".join(lines[1:])],
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
    assert shown.returncode == 0, shown.stderr
    calls = json.loads(shown.stdout.splitlines()[-1])["data"]
    assert len(calls) == 5
    assert all(call["contact"] and call["status"] not in ("ringing", "in_progress") for call in calls)


def test_the_five_lines_of_mcp_work(ringback: Ringback) -> None:
    (block,) = re.findall(r"## MCP\n\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(block.partition("async def main")[2].splitlines()) == 4
    account = ringback.account("phonestack")
    namespace: dict[str, Any] = {}
    exec(block, namespace)
    found = asyncio.run(namespace["main"](account.base_url, account.key))
    assert found["data"]["matches"][0]["field"] == "opener"


def test_the_settings_of_the_documentation_are_accepted(ringback: Ringback) -> None:
    blocks = re.findall(r"```python\n(account.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    namespace: dict[str, Any] = {"ringback": ringback, "hook": ringback.receiver()}
    for block in blocks:
        exec(block, namespace)
    with namespace["account"].client() as client:
        assert campaign_of(Api(client), "Spring")["status"] == "draft"
        assert len(Api(client).all("/contacts")) == 200


def test_the_environment_is_exported(ringback: Ringback) -> None:
    from ringback.commands.env import variables

    found = variables(
        ringback.url, {"phonestack": {"base_url": f"{ringback.url}/phonestack", "key": "ps_live_ringback"}}
    )
    assert found["PHONESTACK_BASE_URL"] == f"{ringback.url}/phonestack"
    assert found["PHONESTACK_API_KEY"] == "ps_live_ringback"
