"""The example echo agent, run as its README says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from ringback.commands.env import variables
from ringback.testing import Account
from ringback.vendors.inkbox.events import SIGNATURE
from tests.inkbox.conftest import EXAMPLES, FRIEND
from tests.inkbox.test_calls import said


@contextmanager
def running(account: Account, *flags: str) -> Iterator[str]:
    """Run the agent in a process of its own; yield the number that it answers."""
    seat = {"inkbox": {"base_url": account.base_url, "key": account.key}}
    environment = {**os.environ, **variables("http://unused", seat), "PYTHONDONTWRITEBYTECODE": "1"}
    program = subprocess.Popen(
        [sys.executable, "-m", "echo_agent", *flags], cwd=EXAMPLES, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        found = re.match(r"(\+\d+) echoes", program.stdout.readline())
        assert found is not None
        yield found[1]
    finally:
        program.send_signal(signal.SIGINT)
        program.communicate(timeout=20)
    assert program.returncode == 0


def test_it_repeats_what_it_hears(account: Account) -> None:
    with running(account) as number, account.client() as http:
        id_ = account.call(number, FRIEND, turns=["caller: Are you there?", "caller: Goodbye, echo"])
        account.advance(idle=True)
        assert said(http, id_) == [
            ("local", "Hello, I am an echo."),
            ("remote", "Are you there?"),
            ("local", "You said: Are you there?"),
            ("remote", "Goodbye, echo"),
            ("local", "Goodbye."),
        ]


def test_it_repeats_audio(account: Account) -> None:
    with running(account, "--sound") as number, account.client() as http:
        id_ = account.call(number, FRIEND, turns=["caller: One two"])
        account.advance(idle=True)
        call = http.get(f"/api/v1/phone/calls/{id_}").json()
        assert (call["status"], call["use_inkbox_tts"], call["use_inkbox_stt"]) == ("completed", False, False)


def test_the_environment_has_the_variables_of_the_sdk() -> None:
    environment = variables("http://127.0.0.1:1", {"inkbox": {"base_url": "http://127.0.0.1:1/inkbox", "key": "k"}})
    assert (environment["INKBOX_BASE_URL"], environment["INKBOX_API_KEY"]) == ("http://127.0.0.1:1/inkbox", "k")


@pytest.mark.parametrize("change", [{"X-Call-Context": "{}"}, {"X-Inkbox-Timestamp": "1"}, {"X-Inkbox-Signature": ""}])
def test_it_rejects_a_call_without_a_valid_signature(echo: object, change: dict[str, str]) -> None:
    is_genuine = echo.is_genuine  # type: ignore[attr-defined]
    headers = {"X-Call-Context": '{"call_id":"x"}', **dict(SIGNATURE.sign("whsec_key", b'{"call_id":"x"}', 7, "id"))}
    assert is_genuine(headers, "whsec_key")
    assert not is_genuine(headers | change, "whsec_key")
