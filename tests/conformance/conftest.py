"""Runs of the suite keep nothing outside the test's own folder, and are done once where they are only looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ringback_conformance.options import BRIEF, RunOptions
from ringback_conformance.report.document import document
from ringback_conformance.result import Result
from ringback_conformance.run import conduct

SEED = 7


@cache
def run_of(vendor: str) -> Result:
    """The whole suite, briefly, against the emulator as it is."""
    return conduct(RunOptions(vendor=vendor, effort=BRIEF, seed=SEED))


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGBACK_HOME", str(tmp_path / "state"))


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute lasts a moment, for the suite's own pace."""
    monkeypatch.setattr("ringback_conformance.transport.WINDOW_SECONDS", 0.05)


@pytest.fixture(scope="session")
def reference() -> Result:
    """The whole suite against the emulator as it is."""
    return run_of("kwickphone")


@pytest.fixture(scope="session")
def broken() -> Result:
    """The whole suite against an emulator with a claim broken by what it answers."""
    options = RunOptions(
        vendor="kwickphone", effort=BRIEF, seed=SEED, mutants=("kwickphone.numbers.secret-in-the-list",)
    )
    return conduct(options)


@pytest.fixture(scope="session")
def reported(reference: Result) -> dict[str, Any]:
    """The reference run as a document."""
    return document(reference)


@pytest.fixture(scope="session")
def told_broken(broken: Result) -> dict[str, Any]:
    """The broken run as a document."""
    return document(broken)


@pytest.fixture
def serve() -> Iterator[Callable[..., Any]]:
    """Start servers of `tests.conformance.servers` that stop with the test."""
    started: list[Any] = []

    def start(kind: Any, *args: Any, **kwargs: Any) -> Any:
        server = kind(*args, **kwargs)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()
