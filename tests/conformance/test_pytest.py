"""The claims as tests: `pytest --pyargs ringback_conformance`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def pytest_run(tmp_path: Path, *arguments: str) -> str:
    outcome = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--pyargs",
            "ringback_conformance",
            "-rA",
            *arguments,
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RINGBACK_HOME": str(tmp_path)},
        timeout=120,
    )
    return outcome.stdout + outcome.stderr


def test_one_test_for_each_claim(tmp_path: Path) -> None:
    reported = pytest_run(tmp_path, "--collect-only", "-q")
    assert reported.count("test_claim[KWP-") == 52


def test_chosen_claims_are_run_and_pass(tmp_path: Path) -> None:
    reported = pytest_run(tmp_path, "-k", "KWP-LIM")
    assert "PASSED" in reported
    assert "2 passed, " in reported
    assert "failed" not in reported


def test_a_broken_claim_fails_its_test_alone_and_shows_the_evidence(tmp_path: Path) -> None:
    reported = pytest_run(
        tmp_path, "-k", "KWP-HOOK-3 or KWP-HOOK-4", "--conform-mutant", "kwickphone.webhook.even-waits"
    )
    assert "1 failed, 1 passed" in reported
    assert "60 s, 60 s" in reported
    assert "curl -i -X POST" in reported


def test_what_was_not_checked_is_skipped_with_the_reason(tmp_path: Path) -> None:
    reported = pytest_run(tmp_path, "-k", "KWP-BAL-1", "--conform-profile", "readonly")
    assert "skipped: it needs the emulator's control API" in reported
    assert "passed" not in reported


def test_a_deployment_without_a_key_is_wrong_usage(tmp_path: Path) -> None:
    reported = pytest_run(tmp_path, "-k", "KWP-LIM", "--ringback-url", "https://127.0.0.1:9")
    assert "a deployment needs a key" in reported
