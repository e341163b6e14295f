"""The `ringback` fixture, seen from a project that uses it: each test here runs a pytest of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from ringback import pytest_plugin
from ringback.testing import Ringback

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]

PROVISION = """
    with account.client() as http:
        answer = http.post("/v1/numbers", json={"business_phone": "+13465551234", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()
"""


@pytest.fixture
def run_pytest(tmp_path: Path) -> Run:
    def run(source: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_mine.py").write_text(f"def provision(account, **more):{PROVISION}\n\n{source}")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RINGBACK_", "PYTEST_"))},
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            **more,
        }
        plugin = ["-p", "ringback.pytest_plugin", "-p", "no:cacheprovider"]
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                *plugin,
                f"--rootdir={tmp_path}",
                "-c",
                os.devnull,
                *options,
                str(tmp_path),
            ],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_the_package_offers_the_plugin_to_pytest() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"ringback": "ringback.pytest_plugin"}


@pytest.mark.parametrize("installed", [True, False])
def test_the_suites_options_come_with_its_extra(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    class Plugins:
        imported: ClassVar[list[str]] = []

        def import_plugin(self, name: str) -> None:
            self.imported.append(name)

    Plugins.imported.clear()
    monkeypatch.setattr(pytest_plugin, "find_spec", lambda name: object() if installed else None)
    parser = pytest.Parser(_ispytest=True)
    pytest_plugin.pytest_addoption(parser, Plugins())  # type: ignore[arg-type]
    assert Plugins.imported == (["ringback_conformance.pytest_plugin"] if installed else [])


def test_each_test_has_a_clean_account_of_its_own(run_pytest: Run) -> None:
    done = run_pytest("""
seen = []

def test_one(ringback):
    account = ringback.kwickphone
    assert ringback.kwickphone is account
    account.fund("5.00")
    provision(account)
    ringback.fault(operation="listNumbers", status=503)
    ringback.advance(days=40)
    seen.append(account)

def test_other(ringback):
    account = ringback.kwickphone
    (before,) = seen
    assert account.id != before.id
    assert account.now.isoformat() == "2026-01-01T00:00:00+00:00"
    with account.client() as http, before.client() as gone:
        assert http.get("/v1/numbers").json() == {"data": []}
        assert gone.get("/v1/numbers").status_code == 401

def test_several_accounts(ringback):
    rich, poor = ringback.account("kwickphone", balance=100), ringback.account("kwickphone", balance=0)
    assert (rich.balance, poor.balance) == (100, 0)
""")
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_failing_test_shows_what_happened_and_a_passing_one_does_not(run_pytest: Run) -> None:
    done = run_pytest("""
def test_fails(ringback):
    account = ringback.account("kwickphone", balance="25.00")
    hook = ringback.receiver()
    ringback.call(to=provision(account, webhook_url=hook.url)["phone_number"], outcome="order", turns=["Hello"])
    account.wait_for("call.completed")
    assert hook.events[0]["call"]["outcome"] == "booking"

def test_passes(ringback):
    ringback.account("kwickphone", balance="99.00")
""")
    assert done.returncode == 1
    _, _, reported = done.stdout.partition("Ringback timeline")
    steps = ["funded +25.00", "provisioned", "POST /v1/numbers → 201", "ringing", "completed", "attempt 1 → 200"]
    places = [reported.index(step) for step in steps]
    assert places == sorted(places)
    assert "99.00" not in done.stdout
    assert done.stdout.count("Ringback timeline") == 1


def test_a_failing_set_up_shows_what_happened_too(run_pytest: Run) -> None:
    done = run_pytest("""
import pytest

@pytest.fixture
def number(ringback):
    return provision(ringback.account("kwickphone", balance=0))

def test_never_gets_here(number):
    pass
""")
    assert done.returncode == 1
    assert "insufficient_balance" in done.stdout.partition("Ringback timeline")[2]


def test_a_test_without_an_account_says_so(run_pytest: Run) -> None:
    done = run_pytest("def test_fails(ringback):\n    assert ringback.url == ''\n")
    assert "(no account was made)" in done.stdout


def test_an_exception_inside_the_emulator_fails_the_test_that_met_it_alone(run_pytest: Run) -> None:
    done = run_pytest("""
def test_meets_it(ringback, monkeypatch):
    from ringback.vendors.kwickphone.rules import KwickPhone

    def breaks(*_):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(KwickPhone, "list_numbers", breaks)
    with ringback.kwickphone.client() as http:
        assert http.get("/v1/numbers").status_code == 500

def test_does_not(ringback):
    with ringback.kwickphone.client() as http:
        assert http.get("/v1/numbers").status_code == 200
""")
    assert done.returncode == 1
    assert re.search(r"2 passed.*, 1 error", done.stdout)
    assert "ERROR at teardown of test_meets_it" in done.stdout
    assert "ZeroDivisionError: a bug" in done.stdout


def test_the_options_reach_the_emulator(run_pytest: Run) -> None:
    source = """
def test_it(ringback):
    health = ringback.control.get("/health")
    print({name: health[name] for name in ("vendors", "seed", "strict")}, health["clock"]["mode"])
"""
    done = run_pytest(
        source, "-s", "--ringback-seed=7", "--ringback-clock=x60", "--ringback-strict", "--ringback-vendors=kwickphone"
    )
    assert "{'vendors': ['kwickphone'], 'seed': 7, 'strict': True} scaled" in done.stdout
    done = run_pytest(source, "-s")
    assert "'seed': 0, 'strict': False} frozen" in done.stdout


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--ringback-vendors=kwikphone", "kwikphone"),
        ("--ringback-clock=fast", "real, frozen or xN"),
        ("--ringback-url=http://127.0.0.1:9", "no emulator responds at http://127.0.0.1:9"),
    ],
)
def test_an_option_that_cannot_be_used_is_told_in_a_line(run_pytest: Run, option: str, hint: str) -> None:
    done = run_pytest("def test_it(ringback):\n    pass\n", option)
    assert done.returncode == 1
    assert "no Ringback for this run: " in done.stdout
    assert hint in done.stdout
    assert "Traceback" not in done.stdout


def test_an_option_that_would_have_no_effect_is_wrong_usage(run_pytest: Run) -> None:
    done = run_pytest("", "--ringback-url=http://127.0.0.1:9", "--ringback-seed=3")
    assert done.returncode == 4
    assert "--ringback-seed can't change it" in done.stderr


def test_an_emulator_that_runs_elsewhere_is_used_and_left_as_it_was(run_pytest: Run) -> None:
    with Ringback("kwickphone", seed=1) as rb:
        before = rb.now
        done = run_pytest(
            """
def test_it(ringback):
    ringback.kwickphone.fund(25)
    provision(ringback.kwickphone)
    ringback.fault(operation="listCalls", status=500)
    ringback.advance(days=3)
""",
            f"--ringback-url={rb.url}",
        )
        assert done.returncode == 0, done.stdout
        assert rb.now == before
        assert rb.control.get("/faults")["data"] == []
        assert "POST /v1/numbers → 201" in rb.timeline()


def test_an_emulator_with_a_control_token_is_used_with_it(run_pytest: Run) -> None:
    source = "def test_it(ringback):\n    assert ringback.kwickphone.fund(1) > 0\n"
    with Ringback("kwickphone", control_token="open-sesame") as rb:
        refused = run_pytest(source, f"--ringback-url={rb.url}")
        taken = run_pytest(source, f"--ringback-url={rb.url}", RINGBACK_CONTROL_TOKEN="open-sesame")
    assert "no Ringback for this run: Send the control token" in refused.stdout
    assert refused.returncode == 1
    assert taken.returncode == 0, taken.stdout


def test_workers_have_an_emulator_each(run_pytest: Run) -> None:
    done = run_pytest(
        """
import pytest

@pytest.mark.parametrize("turn", range(6))
def test_it(ringback, turn):
    account = ringback.account("kwickphone", balance=5)
    provision(account)
    ringback.advance(days=turn)
    assert account.balance == 0
""",
        "-p",
        "xdist",
        "-n2",
    )
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_a_run_without_the_fixture_loads_nothing_of_the_emulator(run_pytest: Run) -> None:
    done = run_pytest("""
import sys

def test_it():
    heavy = {"litestar", "granian", "httpx", "msgspec", "aiohttp", "ringback.testing", "ringback.server"}
    assert heavy & set(sys.modules) == set()
""")
    assert done.returncode == 0, done.stdout


def test_help_explains_the_options(run_pytest: Run) -> None:
    reported = run_pytest("", "--help").stdout
    for option in ("url", "seed", "clock", "strict", "vendors"):
        assert f"--ringback-{option}" in reported
