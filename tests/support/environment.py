"""Wheels, and virtual environments with nothing of this checkout in them: Ringback as its users have it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def build_wheel(project: Path, folder: Path) -> Path:
    """Build a project's wheel into a folder. Raises AssertionError with what the build printed."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, project]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


class Environment:
    """A virtual environment with wheels in it; libraries are those that the tests run with."""

    def __init__(self, folder: Path, *wheels: Path) -> None:
        venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
        self.python = folder / "bin" / "python"
        site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
        libraries = sysconfig.get_path("purelib")
        (site / "libraries.pth").write_text(f"{libraries}\n")

    def run(self, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV"))}
        return subprocess.run(
            [self.python, *command], cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=300
        )
