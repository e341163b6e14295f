"""The `ringback` fixture: an emulator for the session, a clean place on it for each test.

    def test_an_order_is_taken(ringback):
        with ringback.kwickphone.client() as http:
            ...

Installing Ringback is enough; nothing has to be imported or configured.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringback.testing import Ringback

SECTION = "Ringback timeline"
LINES_SHOWN = 300
CONTROL_TOKEN_FROM = "RINGBACK_CONTROL_TOKEN"  # noqa: S105 - the variable's name, not its value

URL, SEED, CLOCK, STRICT, VENDORS = (f"--ringback-{name}" for name in ("url", "seed", "clock", "strict", "vendors"))
OWN_SERVER_ONLY = (SEED, CLOCK, STRICT, VENDORS)

_HELD = pytest.StashKey["Ringback"]()
_TOLD = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the `--ringback-…` options."""
    group = parser.getgroup("ringback", "Ringback, the phone carrier that fits in a test run")
    group.addoption(
        URL,
        metavar="URL",
        help=f"Use the emulator that runs there instead of starting one; {CONTROL_TOKEN_FROM} holds its token, if any.",
    )
    group.addoption(SEED, metavar="N", type=int, help="Seed of ids, secrets, numbers and phrases (0).")
    group.addoption(CLOCK, metavar="MODE", help="frozen, real or xN (frozen).")
    group.addoption(STRICT, action="store_true", default=None, help="Send webhooks only where the vendor's page says.")
    group.addoption(VENDORS, metavar="A,B", help="The vendors to serve (all).")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that would have no effect."""
    if config.getoption(URL) is not None:
        idle = [name for name in OWN_SERVER_ONLY if config.getoption(name) is not None]
        if idle:
            raise pytest.UsageError(f"{URL} uses an emulator that runs already: {', '.join(idle)} can't change it")


@pytest.fixture(scope="session")
def _ringback_server(pytestconfig: pytest.Config) -> Iterator[Ringback]:
    from ringback.server import CrashReport, StartError
    from ringback.testing import ControlError, Ringback, SettingsError, Unreachable

    url = pytestconfig.getoption(URL)
    try:
        if url is not None:
            server = Ringback.connect(url, os.environ.get(CONTROL_TOKEN_FROM))
        else:
            server = _own(pytestconfig).start()
    except (ControlError, SettingsError, StartError, Unreachable) as error:
        pytest.fail(f"no Ringback for this run: {error}", pytrace=False)
    yield server
    told = pytestconfig.stash.get(_TOLD, 0)
    try:
        server.stop()
    except CrashReport as report:
        if len(report.crashes) > told:
            raise


def _own(config: pytest.Config) -> Ringback:
    from ringback.testing import Ringback

    vendors = [name.strip() for name in (config.getoption(VENDORS) or "").split(",") if name.strip()]
    return Ringback(
        *vendors,
        clock=config.getoption(CLOCK) or "frozen",
        seed=config.getoption(SEED) or 0,
        strict=bool(config.getoption(STRICT)),
    )


@pytest.fixture
def ringback(_ringback_server: Ringback, request: pytest.FixtureRequest) -> Iterator[Ringback]:
    """A Ringback emulator, shared by the session (by each worker under xdist), with nothing in it but this test's own.

    `ringback.kwickphone` is this test's account at that vendor, `ringback.account("kwickphone", balance="5.00")`
    makes another; `ringback.receiver()` is a webhook receiver; `ringback.advance(days=31)` moves the clocks of this
    test's accounts. What the test made is removed afterwards. When it fails, its report shows what happened.
    """
    before = len(_ringback_server.crashes)
    with _ringback_server.share(request.node.nodeid) as mine:
        request.node.stash[_HELD] = mine
        yield mine
    crashes = _ringback_server.crashes
    if len(crashes) > before:
        request.config.stash[_TOLD] = len(crashes)
        pytest.fail(_inside(crashes[before:]), pytrace=False)


def _inside(crashes: Sequence[BaseException]) -> str:
    from traceback import format_exception

    traces = "\n".join("".join(format_exception(error)) for error in crashes)
    return f"the emulator failed inside while this test ran:\n{traces}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add the test's timeline to the report of a failure."""
    report: pytest.TestReport = yield
    held = item.stash.get(_HELD, None)
    if held is not None and report.failed and call.when != "teardown":
        report.sections.append((SECTION, _told(held)))
    return report


def _told(held: Ringback) -> str:
    from ringback.testing import ControlError, Unreachable

    try:
        lines = held.timeline().splitlines() or ["(no account was made)"]
    except (ControlError, Unreachable) as error:
        return f"(not to be had: {error})"
    if len(lines) > LINES_SHOWN:
        lines = [f"({len(lines) - LINES_SHOWN} lines before these)", *lines[-LINES_SHOWN:]]
    return "\n".join(lines)
