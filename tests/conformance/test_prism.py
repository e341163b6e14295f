"""A stranger from npm: a mock that serves our own contract's examples to everybody, and checks requests by it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringback_conformance import contract
from ringback_conformance.command import conform

ROOT = Path(__file__).parents[2]
STARTS_WITHIN = 60.0
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    installed = shutil.which(
        "prism", path=f"{ROOT / '.prism' / 'node_modules' / '.bin'}{os.pathsep}{os.environ['PATH']}"
    )
    if installed is None or shutil.which("node") is None:
        pytest.skip("the mock from npm is not installed: make prism")
    arguments = [installed, "mock", str(contract.path("kwickphone")), "--host", "127.0.0.1", "--port", "0"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    late = threading.Timer(STARTS_WITHIN, process.kill)
    late.start()
    with process.stdout as reported:
        found = next(filter(None, map(LISTENING.search, reported)), None)
        late.cancel()
        if found is None:
            process.wait()
            pytest.skip(f"the mock from npm did not start within {STARTS_WITHIN:.0f} s")
        rest = threading.Thread(target=lambda: list(reported))
        rest.start()
        yield found[1]
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        rest.join()


@pytest.mark.usefixtures("hurried")
def test_a_mock_of_the_contract_is_told_from_the_vendor(prism: str) -> None:
    arguments = ["kwickphone", "--url", prism, "--key", "kp_live_anything", "--no-history", "--json", "-"]
    outcome = CliRunner().invoke(conform, arguments)
    reported = json.loads(outcome.stdout)
    verdicts = {verdict["claim"]: verdict["verdict"] for verdict in reported["verdicts"]}
    assert outcome.exit_code == reported["exit_code"] == 1
    assert reported["trouble"] in ("", None)
    for claim in ("KWP-AUTH-2", "KWP-CALL-2", "KWP-CALL-3", "KWP-CALL-4", "KWP-ERR-1"):
        assert verdicts[claim] == "fail", claim
    for claim in ("KWP-NUM-1", "KWP-BAL-1", "KWP-HOOK-2", "KWP-LIM-1"):
        assert verdicts[claim] == "skipped", claim
    passed = {claim for claim, verdict in verdicts.items() if verdict == "pass"}
    assert passed <= {"KWP-AUTH-4", "KWP-NUM-11", "KWP-NUM-12", "KWP-CALL-1", "KWP-CALL-5", "KWP-ERR-2", "KWP-ERR-4"}
