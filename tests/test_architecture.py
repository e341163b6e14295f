"""The rules of the backend: imports point one way, routes are operations, time and chance have one door each."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringback import vendors
from ringback.app import Application
from ringback.gateway.litestar_app import build
from ringback.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("__init__", "wire", "errors", "records", "rules", "routes", "events")
LAYERS: dict[str, tuple[str, ...]] = {
    "emulator/ringback/store.py": (),
    "emulator/ringback/resources.py": (),
    "emulator/ringback/settings.py": (),
    "emulator/ringback/carrier": ("ringback.store", "ringback.resources", "ringback.settings", "ringback.carrier"),
    "emulator/ringback/gateway": (
        "ringback.store", "ringback.resources", "ringback.settings", "ringback.carrier", "ringback.gateway",
    ),
    "emulator/ringback/vendors": (
        "ringback.store", "ringback.resources", "ringback.settings", "ringback.carrier", "ringback.gateway",
        "ringback.vendors",
    ),
    "conformance": ("conformance", "ringback.testing"),
}  # fmt: skip


def sources(place: str) -> Iterator[Path]:
    path = ROOT / place
    yield from [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


def imported(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("place", LAYERS)
def test_imports_point_one_way(place: str) -> None:
    for source in sources(place):
        for name in imported(source):
            if name.split(".")[0] in ("emulator", "conformance", "tests", "bench") and name != "ringback.__version__":
                assert name.startswith(LAYERS[place]), f"{source.relative_to(ROOT)} imports {name}"


def test_no_vendor_imports_another() -> None:
    for vendor in vendors.names():
        for source in sources(f"emulator/ringback/vendors/{vendor}"):
            for name in imported(source):
                if name.startswith("ringback.vendors."):
                    assert name.split(".")[2] == vendor, f"{source} imports {name}"


@pytest.mark.parametrize("vendor", vendors.names())
def test_every_house_has_the_same_rooms(vendor: str) -> None:
    backend = ROOT / "emulator" / "ringback" / "vendors" / vendor
    assert {path.stem for path in backend.iterdir() if path.name != "__pycache__"} >= set(ROOMS)


WALL = re.compile(r"\b(time\.(time|monotonic|sleep)|datetime\.(now|utcnow)|asyncio\.sleep|perf_counter)\(")
CHANCE = re.compile(r"\b(random\.(random|choice|randint|randrange|shuffle|uniform)|uuid4|secrets\.token\w*)\(")


def test_time_and_chance_have_one_door_each() -> None:
    allowed = {
        "emulator/ringback/carrier/clock.py": WALL,
        "emulator/ringback/server.py": re.compile(r"asyncio\.sleep\(0\.002\)"),
    }
    for source in sources("emulator"):
        name = str(source.relative_to(ROOT))
        text = source.read_text(encoding="utf-8")
        if name in allowed:
            text = allowed[name].sub("", text)
        assert not WALL.search(text), f"{name} reads the wall clock"
        assert not CHANCE.search(text), f"{name} draws from outside the named streams"


@pytest.mark.parametrize("vendor", vendors.names())
def test_routes_are_the_operations_of_the_contract_both_ways(vendor: str) -> None:
    document = yaml.safe_load((ROOT / "openapi" / f"{vendor}.yaml").read_text(encoding="utf-8"))
    contract = {
        (operation["operationId"], method.upper(), re.sub(r"\{\w+\}", "{}", path))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }
    described = vendors.load(vendor)
    declared = {
        (operation.id, operation.method, re.sub(r"\{\w+\}", "{}", operation.path)) for operation in described.operations
    }
    emulator = Application(Settings(vendors=(vendor,), clock="frozen")).emulator
    app: Any = (
        build(described.operations, emulator.backends[vendor], described.errors)
        if described.application is None
        else described.application(emulator.backends[vendor])
    )
    routed = {
        (
            handler.operation_id,
            method,
            re.sub(r"\{\w+:\w+\}", "{}", route.path_format.replace("{", "{x:").replace("{x:", "{")),
        )
        for route in app.routes
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    }
    assert declared == contract
    # The framework knows no slash at the end of a path; the gate does.
    assert {(id_, method, re.sub(r"\{[^}]*\}", "{}", path)) for id_, method, path in routed} == {
        (id_, method, path.rstrip("/")) for id_, method, path in contract
    }


HEAVY = ("litestar", "aiohttp", "httpx", "yaml", "rich", "faker", "phonenumbers", "tinydb", "schemathesis", "trustme")


def test_importing_the_command_line_imports_nothing_that_a_start_does_not_need() -> None:
    program = f"import sys, ringback.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_pytest_plugin_is_light() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import ringback.pytest_plugin;"
        f"print([name for name in {HEAVY!r} if name in set(sys.modules) - before])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and path.suffix not in (".mp3", ".png", ".bin"):
            text = path.read_text(encoding="utf-8", errors="replace")
            left_open = (
                re.search(r"\b(TODO|FIXME|XXX)\b", text) if path.suffix == ".py" and "tests/" not in name else None
            )
            assert left_open is None, f"{name} leaves something open: {left_open}"
