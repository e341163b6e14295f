"""The structure: imports point one way and in no circle, vendors are alike, routes are the contract's operations."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from ringback import vendors
from ringback.app import Application
from ringback.gateway.litestar_app import build
from ringback.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SOURCE_ROOTS = {"ringback": ROOT / "emulator", "ringback_conformance": ROOT / "conformance"}
VENDOR_MODULES = {"__init__", "wire", "errors", "records", "events", "rules", "routes"}
LAYERS: tuple[tuple[str, ...], ...] = (
    ("ringback.exit_codes", "ringback.resources", "ringback.store", "ringback.settings"),
    ("ringback.carrier",),
    ("ringback.gateway",),
    ("ringback.vendors",),
    ("ringback.emulator",),
    ("ringback.mutants",),
    ("ringback.contract",),
    ("ringback.control", "ringback.dashboard", "ringback.state"),
    ("ringback.app",),
    ("ringback.server", "ringback.client", "ringback.receiver", "ringback.timeline"),
    ("ringback.testing",),
    ("ringback.scenario",),
    ("ringback.commands", "ringback.pytest_plugin", "ringback.cli", "ringback.__main__"),
)
"""From the lowest to the highest. A module imports from its own layer and from those below; never from above."""
HEAVY = frozenset(
    ("aiohttp", "faker", "granian", "httpx", "jsonschema", "litestar", "mcp", "phonenumbers", "reportlab", "rich")
    + ("schemathesis", "hypothesis", "pytest", "tinydb", "trustme", "uvloop", "yaml")
)
"""Libraries that a start does not need. Only what loads one of them may be imported inside a function."""
DEFERRED = frozenset(
    (
        "ringback.app",
        "ringback.carrier.speech",
        "ringback.control",
        "ringback.control.control_app",
        "ringback.dashboard",
    )
    + ("ringback.dashboard.docs", "ringback.dashboard.page", "ringback.gateway.litestar_app", "ringback.mutants")
    + ("ringback.scenario.load", "ringback.scenario.run", "ringback.server", "ringback.state")
    + ("ringback.testing", "ringback.vendors")
    + ("ringback.vendors.phonestack.mcp.server",)
)
"""Our own modules that load a heavy library, or much, and are therefore imported where they are first needed."""
COMMANDS = re.compile(
    r"ringback\.(commands|cli|scenario\.command)|ringback_conformance\.(command|catalogue_cli|conftest)"
)
"""Modules of the command line: a command imports what it needs when it runs, so that `--help` is quick."""


def modules(package: str = "") -> dict[str, Path]:
    """Every module of both packages, or of those below one, by its dotted name."""
    found = {}
    for name, root in SOURCE_ROOTS.items():
        for path in sorted((root / name).rglob("*.py")):
            if "templates" not in path.parts:
                parts = path.relative_to(root).with_suffix("").parts
                found[".".join(part for part in parts if part != "__init__")] = path
    return {name: path for name, path in found.items() if name.startswith(package)}


MODULES = modules()


class Import(NamedTuple):
    """A module that a file imports, and whether inside a function or for type checking only."""

    name: str
    late: bool
    types_only: bool


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file."""

    def walk(node: ast.AST, late: bool, types_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, late, types_only) for alias in child.names)
            elif isinstance(child, ast.ImportFrom) and child.module and not child.level:
                for alias in child.names:
                    whole = f"{child.module}.{alias.name}"
                    yield Import(whole if whole in MODULES else child.module, late, types_only)
            inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            checking = types_only or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test))
            yield from walk(child, inside, checking)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), False, False)


def layer(name: str) -> int | None:
    """The index of a module's layer."""
    for index, members in enumerate(LAYERS):
        if any(name == member or name.startswith(f"{member}.") for member in members):
            return index
    return None


def test_every_module_of_the_emulator_has_a_layer() -> None:
    unplaced = [name for name in MODULES if layer(name) is None and name.startswith("ringback.")]
    assert unplaced == []


def test_imports_point_one_way() -> None:
    wrong = [
        f"{name} imports {imported.name}"
        for name, path in MODULES.items()
        for imported in imports(path)
        if (here := layer(name)) is not None and (there := layer(imported.name)) is not None and there > here
    ]
    assert wrong == []


def test_no_two_files_import_each_other_in_a_circle() -> None:
    graph = {
        name: {each.name for each in imports(path) if each.name in MODULES and each.name != name}
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " ← ".join(error.args[1]))


def test_only_what_is_heavy_is_imported_late_or_for_its_types() -> None:
    wrong = [
        f"{name} imports {each.name} inside a function or for type checking only"
        for name, path in MODULES.items()
        for each in imports(path)
        if each.name in MODULES and each.name not in DEFERRED
        if each.types_only or (each.late and not COMMANDS.match(name))
    ]
    assert wrong == []


def test_the_suite_reaches_the_emulator_by_its_test_face_alone() -> None:
    wrong = [
        f"{name} imports {imported}"
        for name, path in modules("ringback_conformance").items()
        for imported, *_ in imports(path)
        if imported.split(".")[0] == "ringback" and imported not in ("ringback.testing", "ringback")
    ]
    assert wrong == []


def test_no_vendor_imports_another() -> None:
    for vendor in vendors.names():
        for name, path in modules(f"ringback.vendors.{vendor}").items():
            for imported, *_ in imports(path):
                if imported.startswith("ringback.vendors."):
                    assert imported.split(".")[2] == vendor, f"{name} imports {imported}"


def literals(path: Path) -> Iterator[str]:
    """The string constants of a file's code, docstrings left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def test_only_a_vendors_own_folders_know_its_name() -> None:
    """A sixth vendor changes no file of the others: no code outside a vendor's folders names one."""
    own = re.compile(rf"(ringback\.(vendors|mutants)|ringback_conformance\.claims)\.({'|'.join(vendors.ORDER)})\b")
    lists = ("ringback.vendors", "ringback_conformance.claims", "ringback.commands.demo")
    """The order in which ours are listed, and the demonstration, which shows one of them."""
    wrong = [
        f"{name}: {text}"
        for name, path in MODULES.items()
        if not own.match(name) and name not in lists
        for text in literals(path)
        if text in vendors.ORDER
    ]
    assert wrong == []


@pytest.mark.parametrize("vendor", vendors.names())
def test_every_vendor_has_the_same_modules(vendor: str) -> None:
    folder = Path(str(sys.modules[type(vendors.load(vendor).errors).__module__].__file__)).parent
    assert {path.stem for path in folder.iterdir()} >= VENDOR_MODULES


def called(path: Path) -> Iterator[str]:
    """What rule modules reach through a backend that they were given: `self.backend.<name>`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "backend":
            yield node.attr


@pytest.mark.parametrize("vendor", vendors.names())
def test_rules_reach_no_other_rules_through_the_backend(vendor: str) -> None:
    for name, path in modules(f"ringback.vendors.{vendor}.rules").items():
        assert list(called(path)) == [], name


WALL = re.compile(r"\b(time\.(time|monotonic|sleep)|datetime\.(now|utcnow)|asyncio\.sleep|perf_counter)\(")
CHANCE = re.compile(r"\b(random\.(random|choice|randint|randrange|shuffle|uniform)|uuid4|secrets\.token\w*)\(")


def test_time_and_chance_have_one_source_each() -> None:
    allowed = {"ringback.carrier.clock": WALL, "ringback.server": re.compile(r"asyncio\.sleep\(0\.002\)")}
    for name, path in modules("ringback").items():
        if name.startswith("ringback_conformance"):
            continue
        text = path.read_text(encoding="utf-8")
        if name in allowed:
            text = allowed[name].sub("", text)
        assert not WALL.search(text), f"{name} reads the wall clock"
        assert not CHANCE.search(text), f"{name} draws from outside the named streams"


@pytest.mark.parametrize("vendor", vendors.names())
def test_routes_are_the_operations_of_the_contract_both_ways(vendor: str) -> None:
    document = yaml.safe_load(vendors.data_path(vendor, "openapi", f"{vendor}.yaml").read_text(encoding="utf-8"))
    contract = {
        (operation["operationId"], method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    described = vendors.load(vendor)
    assert {(operation.id, operation.method, operation.path) for operation in described.operations} == contract
    emulator = Application(Settings(vendors=(vendor,), clock="frozen")).emulator
    app: Any = build(described.operations, emulator.backends[vendor], described.errors)
    routed = {
        (handler.operation_id, method)
        for route in app.routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    assert routed == {(id_, method) for id_, method, _ in contract}


STARTED_WITHOUT = sorted(HEAVY - {"pytest"})


def loaded_by(program: str) -> str:
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return shown.stdout.strip()


def test_importing_the_command_line_imports_nothing_that_a_start_does_not_need() -> None:
    program = f"import sys, ringback.cli; print([name for name in {STARTED_WITHOUT!r} if name in sys.modules])"
    assert loaded_by(program) == "[]"


def test_loading_every_vendor_imports_nothing_that_a_start_does_not_need() -> None:
    program = (
        "import sys; from ringback import vendors; [vendors.load(name) for name in vendors.names()];"
        f"print([name for name in {STARTED_WITHOUT!r} if name in sys.modules])"
    )
    assert loaded_by(program) == "[]"


def test_the_pytest_plugin_is_light() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import ringback.pytest_plugin;"
        f"print([name for name in {STARTED_WITHOUT!r} if name in set(sys.modules) - before])"
    )
    assert loaded_by(program) == "[]"


def test_nothing_is_left_open() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [name for name in listed.stdout.split("\0") if name.endswith(".py") and not name.startswith("tests/")]
    if listed.returncode:  # not a git checkout, as in an unpacked source distribution
        names = [str(path.relative_to(ROOT)) for path in MODULES.values()]
    for name, text in ((name, (ROOT / name).read_text(encoding="utf-8")) for name in names if (ROOT / name).exists()):
        left_open = re.search(r"\b(TODO|FIXME|XXX)\b", text)
        assert left_open is None, f"{name} leaves something open: {left_open}"


def test_layers_are_named_once() -> None:
    flat = [member for members in LAYERS for member in members]
    assert all(left != right for left, right in pairwise(sorted(flat)))
