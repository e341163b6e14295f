"""The built wheel in a user's project: it brings two names of its own, and meets none of the user's."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.support.environment import ROOT, Environment, build_wheel

OWN_PACKAGES = ("emulator", "conformance", "fixtures", "tests", "scenarios", "openapi")
"""Packages of the user's that are called as folders of this repository are."""
USER_TEST = """
import conformance, emulator, fixtures, tests

import ringback


def test_our_packages_are_ours():
    for package in (conformance, emulator, fixtures, tests):
        assert package.OWNER == "user"


def test_a_phone_rings(ringback):
    account, hook = ringback.account("kwickphone"), ringback.receiver()
    with account.client() as http:
        body = {"business_phone": "+13465551234", "webhook_url": hook.url}
        number = http.post("/v1/numbers", json=body).json()["phone_number"]
    ringback.call(to=number, caller="+12145559876", outcome="order")
    account.wait_for("call.completed")
    assert hook.events[0]["call"]["outcome"] == "order"
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    return Environment(tmp_path_factory.mktemp("environment") / "venv", wheel)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in OWN_PACKAGES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text('OWNER = "user"\n')
    (tmp_path / "tests" / "test_order.py").write_text(USER_TEST)
    (tmp_path / "ringback.yaml").write_text("port: 7999\nclock: real\n")
    return tmp_path


def test_the_wheel_installs_two_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == {"ringback", "ringback_conformance"}


def test_the_wheel_holds_its_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for data in ("openapi/kwickphone.yaml", "fixtures/numbers.yaml", "scenarios/kwickphone/order_taken.yaml"):
        assert f"ringback/data/{data}" in names
    assert {"ringback/py.typed", "ringback/templates/vendor/contract.yaml"} <= names


def test_a_project_with_folders_of_the_same_names_runs_its_tests(environment: Environment, project: Path) -> None:
    shown = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert "2 passed" in shown.stdout


def test_an_empty_folder_of_such_a_name_does_not_stop_pytest(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "__init__.py").touch()
    shown = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path)
    assert shown.returncode == 5, shown.stdout + shown.stderr  # no tests, and no error


@pytest.mark.parametrize("module", ["ringback", "ringback.testing", "ringback_conformance"])
def test_the_installed_modules_are_the_wheels(environment: Environment, project: Path, module: str) -> None:
    shown = environment.run("-c", f"import {module}; print({module}.__file__)", cwd=project)
    assert str(environment.python.parent.parent) in shown.stdout, shown.stderr


def test_the_command_runs_and_finds_its_scenarios(environment: Environment, project: Path) -> None:
    shown = environment.run("-m", "ringback", "scenario", "run", "kwickphone", cwd=project)
    assert shown.returncode == 0, shown.stdout + shown.stderr
