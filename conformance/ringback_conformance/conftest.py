"""`pytest --pyargs ringback_conformance -k KWP-HOOK --ringback-url URL`: one test per claim, one run."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Any

import pytest

from ringback_conformance.claims import load, names
from ringback_conformance.model import Profile
from ringback_conformance.options import RunOptions, UsageError
from ringback_conformance.report.document import document
from ringback_conformance.run import conduct
from ringback_conformance.target import TargetError

CHOSEN = pytest.StashKey[dict[str, list[str]]]()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test for each claim of the chosen vendors, with the claim's id."""
    if {"vendor", "claim"} <= set(metafunc.fixturenames):
        vendors = metafunc.config.getoption("--conform-vendor", None) or names()
        claims = [(vendor, id_) for vendor in vendors for id_ in load(vendor).claims]
        metafunc.parametrize(("vendor", "claim"), claims, ids=[id_ for _, id_ in claims])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Store which claims are left after selection: only they are run."""
    chosen: dict[str, list[str]] = defaultdict(list)
    for item in session.items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and {"vendor", "claim"} <= set(callspec.params):
            chosen[callspec.params["vendor"]].append(callspec.params["claim"])
    session.stash[CHOSEN] = dict(chosen)


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """Return the verdict on each chosen claim, from one run for each vendor."""
    profile = request.config.getoption("--conform-profile", None)
    if hasattr(request.config, "workerinput") and request.config.getoption("--ringback-url", None):
        pytest.exit("a deployment is checked by one process: add -n 0", returncode=2)
    found: dict[str, dict[str, Any]] = {}
    for vendor, claims in request.session.stash[CHOSEN].items():
        try:
            result = conduct(_options(request.config, vendor, claims, profile))
        except (UsageError, TargetError) as error:
            pytest.exit(str(error), returncode=2 if isinstance(error, UsageError) else 3)
        report = document(result)
        for verdict in report["verdicts"]:
            found[verdict["claim"]] = {**verdict, "trouble": report["trouble"]}
    return found


def _options(config: pytest.Config, vendor: str, claims: list[str], profile: str | None) -> RunOptions:
    from ringback_conformance.arguments import cents

    key_env = config.getoption("--conform-key-env", None)
    return RunOptions(
        vendor=vendor,
        url=config.getoption("--ringback-url", None),
        key=os.environ.get(key_env) if key_env else None,
        profile=Profile(profile) if profile else None,
        budget=cents(config.getoption("--conform-budget", None)),
        ca=config.getoption("--conform-ca", None),
        only=tuple(claims),
        seed=config.getoption("--ringback-seed", 0) or 0,
        mutants=tuple(config.getoption("--conform-mutant", None) or ()),
    )
