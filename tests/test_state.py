"""A run that was saved, killed or restarted continues as an unbroken one; a file of another kind is left alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from ringback.client import ControlError, Unreachable
from ringback.testing import Receiver, Ringback

BUSINESS = "+13465551234"


def begin(ringback: Ringback, hook: str) -> tuple[str, str]:
    """An account with numbers, a call in progress, a pending retry, a bill due later and a half-used rate window."""
    account = ringback.account(
        "kwickphone", balance="21", auto_top_up={"threshold": "2", "amount": "5"}, card="declined"
    )
    with account.client() as http:
        numbers = [
            http.post("/v1/numbers", json={"business_phone": BUSINESS, "webhook_url": hook}).json() for _ in range(3)
        ]
    account.call(numbers[0]["phone_number"], "+12145559876", turns=[("agent", "Hello"), ("caller", "Hi")])
    account.advance(minutes=3)
    account.call(numbers[1]["phone_number"], "+12145559876")
    account.call(numbers[2]["phone_number"], "+12145559876", outcome="booking")
    account.advance(seconds=5)
    with account.fault(webhook="duplicate", first=1):
        pass
    return account.id, account.key


def finish(ringback: Ringback, id_: str, key: str, hook: Receiver) -> dict[str, Any]:
    """Everything that can be read two months later."""
    control = ringback.control
    control.post("/clock/advance", {"seconds": 3600 * 5, "account_id": id_})
    control.post("/clock/advance", {"seconds": 86400 * 65})
    shown = control.get(f"/accounts/{id_}")
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=shown["base_url"], headers=headers, trust_env=False) as http:
        fourth = http.post("/v1/numbers", json={"business_phone": BUSINESS})
        calls = http.get("/v1/calls").json()["data"]
        seen = {
            "fourth": fourth.json(),
            "calls": calls,
            "transcripts": [http.get(f"/v1/calls/{call['id']}/transcript").json() for call in calls],
            "numbers": http.get("/v1/numbers").json(),
        }
    deliveries = control.get("/deliveries", account_id=id_)["data"]
    for delivery in deliveries:
        for attempt in delivery["attempts"]:
            attempt.pop("latency_ms")
    return {
        **seen,
        "account": {**shown, "base_url": None},
        "deliveries": deliveries,
        "received": [(request.body, request.headers["X-KwickPhone-Signature"]) for request in hook.requests],
    }


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def unbroken(hook: Receiver) -> dict[str, Any]:
    hook.respond_with(500, 500, 200)
    with Ringback("kwickphone", seed=5) as ringback:
        return finish(ringback, *begin(ringback, hook.url), hook)


def test_a_restored_snapshot_continues_as_an_unbroken_run(hook: Receiver) -> None:
    expected = unbroken(hook)
    hook.clear()
    hook.respond_with(500, 500, 200)
    with Ringback("kwickphone", seed=5) as ringback:
        id_, key = begin(ringback, hook.url)
        document = ringback.snapshot()
    with Ringback("kwickphone", seed=99) as ringback:
        ringback.account("kwickphone")
        ringback.restore(json.loads(json.dumps(document)))
        assert finish(ringback, id_, key, hook) == expected


@contextmanager
def served(tmp_path: Path, state: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], Ringback]]:
    ready = tmp_path / "ready.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "ringback", "serve", "kwickphone", "--port", "0", "--ready-file", str(ready)]
    process = subprocess.Popen(
        [*command, "--state", str(state), *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        while not ready.exists():
            assert process.stdout.readline() or process.poll() is None, process.communicate()
        ringback = Ringback.connect(json.loads(ready.read_text())["url"])
        try:
            yield process, ringback
        finally:
            with suppress(Unreachable):
                ringback.stop()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_restarted_server_continues(tmp_path: Path, hook: Receiver, end: signal.Signals) -> None:
    expected = unbroken(hook)
    hook.clear()
    hook.respond_with(500, 500, 200)
    state = tmp_path / "state.json"
    with served(tmp_path, state, "--clock", "frozen", "--seed", "5") as (process, ringback):
        id_, key = begin(ringback, hook.url)
        process.send_signal(end)
        assert process.wait(20) == 0
    with served(tmp_path, state, "--clock", "frozen") as (_, ringback):
        assert finish(ringback, id_, key, hook) == expected


def test_a_killed_server_continues_from_its_last_snapshot(tmp_path: Path, hook: Receiver) -> None:
    expected = unbroken(hook)
    hook.clear()
    hook.respond_with(500, 500, 200)
    state = tmp_path / "state.json"
    with served(tmp_path, state, "--clock", "frozen", "--seed", "5") as (process, ringback):
        id_, key = begin(ringback, hook.url)
        ringback.save()
        process.kill()
        assert process.wait(20) == -signal.SIGKILL
    with served(tmp_path, state) as (_, ringback):
        assert ringback.control.get("/health")["clock"]["mode"] == "frozen"
        assert finish(ringback, id_, key, hook) == expected


def a_state(tmp_path: Path) -> bytes:
    state = tmp_path / "good.json"
    with Ringback("kwickphone", state=str(state)):
        pass
    return state.read_bytes()


def damages(good: bytes) -> dict[str, bytes]:
    newer = json.loads(good)
    newer["ringback"]["1"]["ringback"] = 2
    broken = json.loads(good)
    broken["accounts"]["1"]["state"]["records"][0]["created_at"] = "yesterday"
    missing = json.loads(good)
    missing["ringback"]["1"].pop("clock")
    other_vendor = json.loads(good)
    other_vendor["ringback"]["1"]["vendors"].append("nosuchphone")
    return {
        "empty": b"",
        "torn": good[: len(good) // 2],
        "not json": b"\x00\x01 no",
        "a list": b"[1, 2]",
        "another program's": b'{"_default": {"1": {"name": "x"}}}',
        "an empty object": b"{}",
        "newer": json.dumps(newer).encode(),
        "a wrong type": json.dumps(broken).encode(),
        "no clock": json.dumps(missing).encode(),
        "another vendor's": json.dumps(other_vendor).encode(),
    }


@pytest.mark.parametrize(
    "damage", list(damages(b'{"ringback":{"1":{"clock":1,"vendors":[]}},"accounts":{"1":{"state":{"records":[{}]}}}}'))
)
def test_a_file_that_is_no_state_is_rejected_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    state = tmp_path / "state.json"
    content = damages(a_state(tmp_path))[damage]
    state.write_bytes(content)
    command = [sys.executable, "-m", "ringback", "serve", "kwickphone", "--port", "0", "--state", str(state)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 3, process.stderr
    (line,) = process.stderr.strip().splitlines()
    assert str(state) in line
    assert state.read_bytes() == content
    assert "newer" in line if damage == "newer" else True


def test_a_folder_is_rejected_as_a_state_file(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ringback", "serve", "kwickphone", "--port", "0", "--state", str(tmp_path)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert process.returncode == 2
    assert "is a directory" in process.stderr


def test_a_state_file_is_replaced_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "state.json"
    with Ringback("kwickphone", state=str(state)) as ringback:
        ringback.save()
        kept = state.read_bytes()
        monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
        with pytest.raises(ControlError, match="disk full"):
            ringback.save()
        monkeypatch.undo()
        assert state.read_bytes() == kept
        assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json"]


def test_reading_a_snapshot_writes_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Ringback("kwickphone", state=str(state)) as ringback:
        assert ringback.snapshot()["ringback"] == 1
        assert not state.exists()
        ringback.save()
        assert state.exists()


def test_saving_without_a_state_file_is_an_error() -> None:
    with Ringback("kwickphone") as ringback, pytest.raises(ControlError, match="409 no_state_file"):
        ringback.save()


@pytest.mark.parametrize(
    "document",
    [{}, {"ringback": 2}, {"ringback": "1"}, {"ringback": 1}, {"ringback": 1, "vendors": [], "parts": {"x": 1}}],
)
def test_a_rejected_snapshot_changes_nothing(document: dict[str, Any]) -> None:
    with Ringback("kwickphone") as ringback:
        account = ringback.account("kwickphone", balance="7")
        with pytest.raises(ControlError, match="snapshot"):
            ringback.restore(document)
        assert account.balance == 7
        with account.client() as http:
            assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 201


def test_the_same_requests_produce_the_same_bytes(hook: Receiver) -> None:
    seen = []
    for _ in range(2):
        hook.clear()
        seen.append(unbroken(hook))
    assert seen[0] == seen[1]
