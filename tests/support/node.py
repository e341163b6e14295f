"""Official SDKs for Node, where Node is: installed once into a cache beside other temporary files."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CACHE = Path(tempfile.gettempdir()) / f"ringback-node-{os.getuid()}"
SHUTDOWN_TIMEOUT = 120


def package(name: str, version: str) -> Path:
    """A folder in which scripts can import a package of this version. Skips the test where there is no Node, or the
    package can't be had."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on PATH")
    folder = CACHE / f"{name.replace('/', '-')}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / name / "package.json").exists():
            _install(folder, f"{name}@{version}")
    return folder


def _install(folder: Path, what: str) -> None:
    command = [
        "npm",
        "install",
        "--no-save",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefix",
        str(folder),
        what,
    ]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=SHUTDOWN_TIMEOUT, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {what} within {SHUTDOWN_TIMEOUT} s")
    if ran.returncode:
        pytest.skip(f"npm cannot install {what}: {ran.stderr.strip().splitlines()[-1:]}")


def run(folder: Path, script: str, environment: Mapping[str, str]) -> str:
    """Run a module in a folder; gives what it printed, and fails the test with what went wrong."""
    handle, name = tempfile.mkstemp(suffix=".mjs", dir=folder)
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(script)
        ran = subprocess.run(
            ["node", str(path)],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=SHUTDOWN_TIMEOUT,
            check=False,
        )
    finally:
        path.unlink()
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def reported(printed: str) -> Any:
    """The JSON document on the last line that a script printed."""
    return json.loads(printed.strip().splitlines()[-1])
