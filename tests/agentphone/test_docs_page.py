"""The examples of `docs/agentphone.md` work unchanged, and its facts are true."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from ringback.testing import Account, Ringback
from ringback.vendors.agentphone.events import RETRIES
from tests.agentphone.test_node_sdk import VERSION
from tests.support.matrix import DOCUMENT
from tests.support.node import package, run

PAGE = (DOCUMENT.parent / "agentphone.md").read_text(encoding="utf-8")
SHOWN = re.compile(r"\+1415\d{7} calls: in-progress\n")


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("agentphone")


def environment(account: Account) -> dict[str, str]:
    return {"AGENTPHONE_API_KEY": account.key, "AGENTPHONE_BASE_URL": account.base_url}


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_python_example_places_a_call(account: Account) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", snippet("python")],
        env={**os.environ, **environment(account)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert SHOWN.fullmatch(ran.stdout), ran.stderr


def test_the_typescript_example_places_a_call(account: Account) -> None:
    untyped = re.sub(r"(process\.env\.\w+)!", r"\1", snippet("typescript"))
    assert SHOWN.fullmatch(run(package("agentphone", VERSION), untyped, environment(account)))


@pytest.mark.parametrize("language", ["python", "typescript"])
def test_an_example_has_five_lines(language: str) -> None:
    lines = [line for line in snippet(language).splitlines() if line.strip() and not re.match(r"import|from", line)]
    assert len(lines) == 5


def test_the_page_states_the_real_retry_waits() -> None:
    assert ", ".join(map(str, RETRIES[:-1])) + f" and {RETRIES[-1]} seconds" in PAGE
