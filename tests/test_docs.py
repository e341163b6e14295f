"""The documentation names only what exists, and its examples work."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import msgspec
import pytest

from ringback import __version__
from ringback.cli import COMMANDS, cli
from ringback.settings import Settings
from ringback.testing import Ringback

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NAMES = [page.name for page in PAGES]
ELSEWHERE = frozenset(("--pyargs", "--version", "--ringback-url"))
"""Flags of other programs, or of pytest."""


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def flags() -> dict[str, set[str]]:
    """Every command's options, by command."""
    context = click.Context(cli)
    found: dict[str, set[str]] = {}

    def walk(command: click.Command, name: str) -> None:
        found[name] = {
            option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
        }
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                inner = command.get_command(context, child)
                assert inner is not None
                walk(inner, child if name == "ringback" else f"{name} {child}")

    walk(cli, "ringback")
    return found


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text(page)):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_and_flags_exist(page: Path) -> None:
    known = flags()
    every_flag = set().union(*known.values()) | {"--help", "-h"} | ELSEWHERE
    code = re.findall(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", text(page), re.DOTALL)
    for block in ("".join(groups) for groups in code):
        for command in re.findall(r"(?:^|[$`(]\s*|\s{4})ringback ([a-z][a-z-]*)\b", block, re.MULTILINE):
            assert command in COMMANDS, f"{page.name} names `ringback {command}`"
        if "ringback" in block or block.startswith("--"):
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", block):
                assert flag in every_flag or flag.startswith(("--ringback-", "--conform-")), f"{page.name} names {flag}"


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_and_paths_exist(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for target in re.findall(r"`make ([a-z]+)`|^\$ make ([a-z]+)", text(page), re.MULTILINE):
        assert "".join(target) in targets
    for name in re.findall(
        r"`((?:emulator|conformance|tests|openapi|fixtures|scenarios|bench|docs|examples)/[\w./-]+)`", text(page)
    ):
        assert (ROOT / name.replace("VENDOR", "kwickphone").replace("acmephone", "kwickphone")).exists(), (
            f"{page.name} names {name}"
        )


def test_the_example_of_the_fixture_works(ringback: Ringback) -> None:
    (example,) = re.findall(r"```python\n(def test_.*?)```", text(ROOT / "README.md"), re.DOTALL)
    scope: dict[str, object] = {}
    exec(example, scope)
    (test,) = [value for name, value in scope.items() if name.startswith("test_")]
    test(ringback)  # type: ignore[operator]


def test_the_example_of_curl_works(ringback: Ringback) -> None:
    (body,) = re.findall(r"-d '(\{.*?\})'", text(ROOT / "README.md"))
    with ringback.account("kwickphone").client() as http:
        assert http.post("/v1/numbers", json=json.loads(body)).status_code == 201


def test_every_switch_is_a_setting_and_is_explained() -> None:
    serve = flags()["serve"] - {"--help", "-h", "--config"}
    fields = {field.name for field in msgspec.structs.fields(Settings)}
    spelled = {"--webhook-route": "webhook_routes", "--mutant": "mutants", "--no-control": "control"}
    for flag in serve:
        assert spelled.get(flag, flag.removeprefix("--").replace("-", "_")) in fields, flag
    explained = text(ROOT / "README.md")
    for flag in ("--clock", "--seed", "--state", "--strict", "--webhook-route", "--chaos", "--tls", "--root"):
        assert f"`{flag}" in explained, flag


def test_the_changelog_has_this_version() -> None:
    assert f"## {__version__}" in text(ROOT / "CHANGELOG.md")


def test_every_vendor_that_is_served_is_in_the_readme() -> None:
    from ringback import vendors

    for vendor in vendors.names():
        assert f"`{vendor}`" in text(ROOT / "README.md")
