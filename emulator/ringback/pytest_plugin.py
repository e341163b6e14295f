"""The `ringback` fixture: an emulator for the session, accounts of its own for each test.

    def test_an_order_is_taken(ringback):
        with ringback.kwickphone.client() as http:
            ...

Installing Ringback is enough; nothing has to be imported or configured.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ringback.testing import Ringback

SECTION = "Ringback timeline"
LINES_SHOWN = 300
TOKEN_VARIABLE = "RINGBACK_CONTROL_TOKEN"  # noqa: S105 - the variable's name, not its value

SUITE_PLUGIN, SUITE_NEEDS = "ringback_conformance.pytest_plugin", "schemathesis"
"""The suite's plugin, and the library that only its extra brings."""
URL, SEED, CLOCK, STRICT, VENDORS = (f"--ringback-{name}" for name in ("url", "seed", "clock", "strict", "vendors"))
OWN_SERVER_ONLY = (SEED, CLOCK, STRICT, VENDORS)

_RINGBACK = pytest.StashKey["Ringback"]()
_REPORTED_CRASHES = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the `--ringback-…` options, and those of the suite where its extra is installed."""
    if find_spec(SUITE_NEEDS) is not None:
        pluginmanager.import_plugin(SUITE_PLUGIN)
    group = parser.getgroup("ringback", "Ringback, the phone carrier that fits in a test run")
    group.addoption(
        URL,
        metavar="URL",
        help=f"Use the emulator that runs there instead of starting one. {TOKEN_VARIABLE} holds its token, if any.",
    )
    group.addoption(SEED, metavar="N", type=int, help="Seed of ids, secrets, numbers and phrases (default: 0).")
    group.addoption(CLOCK, metavar="MODE", help="frozen, real or xN (default: frozen).")
    group.addoption(
        STRICT,
        action="store_true",
        default=None,
        help="Send webhooks only to public https URLs, as the vendor's page says.",
    )
    group.addoption(VENDORS, metavar="A,B", help="The vendors to serve (default: all).")


def pytest_configure(config: pytest.Config) -> None:
    """Reject options that would have no effect."""
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
            server = Ringback.connect(url, os.environ.get(TOKEN_VARIABLE))
        else:
            server = _configured(pytestconfig).start()
    except (ControlError, SettingsError, StartError, Unreachable) as error:
        pytest.fail(f"no Ringback for this run: {error}", pytrace=False)
    yield server
    reported = pytestconfig.stash.get(_REPORTED_CRASHES, 0)
    try:
        server.stop()
    except CrashReport as report:
        if len(report.crashes) > reported:
            raise


def _configured(config: pytest.Config) -> Ringback:
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
    """A Ringback emulator, shared by the session (by each worker under xdist), as if it were this test's own.

    `ringback.kwickphone` is this test's account at that vendor, `ringback.account("kwickphone", balance="5.00")`
    opens another; `ringback.receiver()` is a webhook receiver; `ringback.advance(days=31)` advances the clocks of this
    test's accounts. What the test made is removed afterwards. When it fails, its report shows the timeline.
    """
    before = len(_ringback_server.crashes)
    with _ringback_server.share(request.node.nodeid) as mine:
        request.node.stash[_RINGBACK] = mine
        yield mine
    crashes = _ringback_server.crashes
    if len(crashes) > before:
        request.config.stash[_REPORTED_CRASHES] = len(crashes)
        pytest.fail(_traces(crashes[before:]), pytrace=False)


def _traces(crashes: Sequence[BaseException]) -> str:
    from traceback import format_exception

    traces = "\n".join("".join(format_exception(error)) for error in crashes)
    return f"the emulator failed inside while this test ran:\n{traces}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add the test's timeline to the report of a failure."""
    report: pytest.TestReport = yield
    used = item.stash.get(_RINGBACK, None)
    if used is not None and report.failed and call.when != "teardown":
        report.sections.append((SECTION, _timeline_of(used)))
    return report


def _timeline_of(used: Ringback) -> str:
    from ringback.testing import ControlError, Unreachable

    try:
        lines = used.timeline().splitlines() or ["(no account was made)"]
    except (ControlError, Unreachable) as error:
        return f"(the journal cannot be read: {error})"
    if len(lines) > LINES_SHOWN:
        lines = [f"({len(lines) - LINES_SHOWN} earlier lines)", *lines[-LINES_SHOWN:]]
    return "\n".join(lines)
