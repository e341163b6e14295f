"""The examples of docs/inkbox.md work as printed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ringback.testing import Account, Ringback

PAGE = Path(__file__).parents[2] / "docs" / "inkbox.md"


def snippet(language: str, index: int = 0) -> str:
    """Return a code block of the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[index]


def rings(account: Account, ringback: Ringback, printed: str) -> None:
    found = re.search(r"ringback call (\+\d+)", printed)
    assert found is not None, printed
    id_ = ringback.call(to=found[1], vendor="inkbox", turns=["agent: Hello", "caller: Hi"])
    account.advance(idle=True)
    with account.client() as http:
        assert http.get(f"/api/v1/phone/calls/{id_}").json()["status"] == "completed"
        said = http.get(f"/api/v1/phone/calls/{id_}/transcripts").json()
    assert [(row["party"], row["text"]) for row in said] == [("local", "Hello"), ("remote", "Hi")]


def test_from_install_to_first_ring_in_python(
    ringback: Ringback, account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INKBOX_BASE_URL", account.base_url)
    monkeypatch.setenv("INKBOX_API_KEY", account.key)
    exec(compile(snippet("python"), str(PAGE), "exec"), {})
    rings(account, ringback, capsys.readouterr().out)


def test_from_install_to_first_ring_in_typescript(ringback: Ringback, account: Account, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    program = tmp_path / "ring.mjs"
    program.write_text(snippet("typescript"))
    given = {**os.environ, "INKBOX_BASE_URL": account.base_url, "INKBOX_API_KEY": account.key}
    ran = subprocess.run([node, str(program)], capture_output=True, text=True, env=given, check=False)
    assert ran.returncode == 0, ran.stderr
    rings(account, ringback, ran.stdout)


def test_the_test_on_the_page_passes(ringback: Ringback) -> None:
    scope: dict[str, Any] = {}
    exec(compile(snippet("python", 1), str(PAGE), "exec"), scope)
    scope["test_a_text_is_answered"](ringback)
