"""`ringback new-vendor`: what it writes is complete and passes at once, in this repository and outside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringback.cli import cli
from tests.support.environment import ROOT, Environment, build_wheel

PARTS = ("emulator", "conformance", "openapi", "scenarios", "fixtures", "pyproject.toml", "README.md", "LICENSE")
NAME, TITLE = "ringmoor", "RingMoor"


def new_vendor(*arguments: str | Path) -> tuple[int, str]:
    """Run the command; its exit code and what it printed."""
    done = CliRunner().invoke(cli, ["new-vendor", *map(str, arguments)], prog_name="ringback")
    return done.exit_code, done.output


def test_a_vendor_in_a_checkout_passes_its_tests(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, (checkout / part) if (ROOT / part).is_dir() else _made(checkout))
    code, printed = new_vendor(NAME, "--title", TITLE, "--into", checkout)
    assert code == 0, printed
    wheel = build_wheel(checkout, _made(tmp_path / "wheel"))
    environment = Environment(tmp_path / "venv", wheel)
    shown = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{NAME}", cwd=checkout)
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_a_vendor_in_a_distribution_of_its_own_passes_its_tests(tmp_path: Path) -> None:
    code, printed = new_vendor(NAME, "--title", TITLE, "--into", tmp_path)
    assert code == 0, printed
    project = tmp_path / f"ringback-{NAME}"
    wheels = build_wheel(ROOT, _made(tmp_path / "own")), build_wheel(project, _made(tmp_path / "theirs"))
    environment = Environment(tmp_path / "venv", *wheels)
    shown = environment.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=project)
    assert shown.returncode == 0, shown.stdout + shown.stderr
    listed = environment.run("-m", "ringback", "claims", NAME, cwd=project)
    assert "RIN-NUM-1" in listed.stdout, listed.stderr


@pytest.mark.parametrize("name", ["Ringmoor", "ring-moor", "1ring", "ab", ""])
def test_a_name_that_cannot_be_a_package_is_rejected(tmp_path: Path, name: str) -> None:
    code, printed = new_vendor("--into", tmp_path, "--", name)
    assert code == 2
    assert "lower-case letters and digits" in printed
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    assert new_vendor(NAME, "--into", tmp_path)[0] == 0
    readme = tmp_path / f"ringback-{NAME}" / "README.md"
    readme.write_text("mine")
    code, printed = new_vendor(NAME, "--into", tmp_path)
    assert (code, readme.read_text()) == (2, "mine")
    assert "exists" in printed


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
