"""The official Python SDK, unmodified: every phone method, of the newest version and of 0.4.6."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import inkbox
import pytest

from ringback.testing import Account, Ringback
from tests.inkbox import sdk_scenario
from tests.inkbox.conftest import FRIEND, UNKNOWN_ID
from tests.support.matrix import Table, hold

OLD = "0.4.6"
ROOT = Path(__file__).parents[2]


def table(key: str, title: str, methods: list[str], seen: list[str]) -> Table:
    found = Table(key, title, ("sync",), methods)
    for method in seen:
        found.saw(method, "sync", "works")
    return found


def test_every_phone_method_of_the_newest_works(ringback: Ringback, account: Account) -> None:
    scenario = sdk_scenario.Scenario(inkbox, ringback, account)
    try:
        sdk_scenario.run(scenario)
    finally:
        scenario.client.close()
    methods = sdk_scenario.methods(scenario.client, inkbox.AgentIdentity)
    hold(table("inkbox-python", f"Inkbox, Python: inkbox {version('inkbox')}", methods, scenario.seen))


@pytest.fixture(scope="session")
def old_sdk() -> Path:
    """Return a folder with SDK 0.4.6, installed once for all runs; its dependencies are those of the newest."""
    folder = Path(os.environ.get("RINGBACK_SDK_CACHE", tempfile.gettempdir())) / f"ringback-inkbox-{OLD}-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / f"inkbox-{OLD}.dist-info").exists():
            command = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                str(folder),
                f"inkbox=={OLD}",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"inkbox {OLD} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def test_every_phone_method_of_0_4_works(ringback: Ringback, old_sdk: Path) -> None:
    program = ROOT / "tests" / "inkbox" / "sdk_scenario.py"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, str(program), str(old_sdk), ringback.url],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    output = json.loads(ran.stdout)
    hold(table("inkbox-python-old", f"Inkbox, Python: inkbox {OLD}", output["methods"], output["seen"]))


@pytest.fixture
def client(account: Account) -> Iterator[Any]:
    with inkbox.Inkbox(api_key=account.key, base_url=account.base_url) as found:
        yield found


@pytest.mark.parametrize(
    ("call", "status"),
    [
        (lambda client: client.phone_numbers.get(UNKNOWN_ID), 404),
        (lambda client: client.calls.get(UNKNOWN_ID), 404),
        (lambda client: client.calls.hangup(UNKNOWN_ID), 404),
        (lambda client: client.texts.send(UNKNOWN_ID, to=FRIEND, text="x"), 404),
        (lambda client: client.phone_numbers.provision(agent_handle="unknown"), 404),
        (lambda client: client.sms_opt_ins.get(FRIEND), 404),
        (
            lambda client: client.calls.place(
                to_number=FRIEND, from_number="+12125550100", client_websocket_url="wss://a.example.com"
            ),
            400,
        ),
        (lambda client: client.calls.list(), 422),
        (lambda client: client.incoming_call_action.get(), 422),
        (lambda client: client.api_keys.create(label="another admin"), 403),
    ],
)
def test_the_sdk_raises_its_error_for_each_status(client: Any, call: Callable[[Any], Any], status: int) -> None:
    with pytest.raises(inkbox.InkboxAPIError) as caught:
        call(client)
    assert caught.value.status_code == status
    assert caught.value.detail


def test_a_wrong_key_is_401(account: Account) -> None:
    with (
        inkbox.Inkbox(api_key="ApiKey_wrong", base_url=account.base_url) as client,
        pytest.raises(inkbox.InkboxAPIError) as caught,
    ):
        client.whoami()
    assert caught.value.status_code == 401


def test_a_handle_in_use_and_a_reused_key_have_their_own_errors(client: Any) -> None:
    client.create_identity("support")
    with pytest.raises(inkbox.HandleUnavailableError) as taken:
        client.create_identity("@support")
    assert taken.value.blocking_namespace == "identities"
    number = client.get_identity("support").provision_phone_number()
    client.texts.send(number.id, to=FRIEND, text="Once", idempotency_key="k")
    with pytest.raises(inkbox.IdempotencyKeyReusedError):
        client.texts.send(number.id, to=FRIEND, text="Twice", idempotency_key="k")


def test_a_send_that_the_sdk_repeats_is_sent_once(account: Account, client: Any) -> None:
    number = client.create_identity("support").provision_phone_number()
    account.fault("sendText", first=1, status=503)
    account.fault("sendText", first=1, truncate=5)
    client.texts.send(number.id, to=FRIEND, text="Once")
    assert len(client.texts.list(number.id)) == 1
