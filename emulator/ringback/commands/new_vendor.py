"""`ringback new-vendor`: write a small complete vendor to start from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import click

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "vendor"
NAME = re.compile(r"[a-z][a-z0-9]{2,29}")
TITLE = re.compile(r"[A-Z][A-Za-z0-9]{2,29}")
MODULES = ("__init__", "wire", "errors", "records", "events", "rules", "routes")
SCENARIO = "call_reported.yaml"
GROUPS = {"ringback.vendors": "{vendor}:VENDOR", "ringback.claims": "{claims}:CATALOGUE"}
"""The entry-point groups by which a vendor and its claims are found."""


@click.command("new-vendor")
@click.argument("name")
@click.option("--title", help="The vendor's name as it writes it, such as AcmePhone (NAME with a capital).")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    help="The folder to write into (here). In a checkout of Ringback the vendor becomes part of it.",
)
def new_vendor(name: str, title: str | None, into: Path) -> None:
    """Write a small complete vendor: contract, one resource, one webhook, claims, a mutant, a scenario and tests.

    All of it passes at once; replace it piece by piece with what the vendor's page says. In a checkout of Ringback the
    files go where those of the other vendors are; elsewhere they become a distribution of their own, ringback-NAME.

    \b
    Examples:
      ringback new-vendor acmephone --title AcmePhone
      ringback new-vendor acmephone --into ~/projects
    """
    title = title or name.capitalize()
    if not NAME.fullmatch(name):
        raise click.UsageError(f"{name!r} cannot be a vendor's name: use 3 to 30 lower-case letters and digits.")
    if not TITLE.fullmatch(title):
        raise click.UsageError(f"{title!r} cannot be a title: use letters and digits, beginning with a capital.")
    checkout = (into / "emulator" / "ringback" / "vendors").is_dir()
    root = into if checkout else into / f"ringback-{name}"
    files = _in_checkout(name) if checkout else _in_distribution(name)
    present = [str(path) for path in files if (root / path).exists()]
    if present:
        raise click.UsageError(f"{root / present[0]} exists: choose another name, or remove it first.")
    words = _words(name, title, checkout)
    for path, template in files.items():
        _write(root / path, template, words)
    if checkout:
        _register(root / "pyproject.toml", name)
    _say_what_is_next(root, name, len(files), checkout)


def _in_checkout(name: str) -> dict[Path, str]:
    """Return where each template goes in a checkout of Ringback."""
    vendor = Path("emulator/ringback/vendors", name)
    return {vendor / f"{module}.py": f"vendor/{module}.py" for module in MODULES} | {
        Path("emulator/ringback/mutants", name, "__init__.py"): "mutants.py",
        Path("conformance/ringback_conformance/claims", name, "__init__.py"): "claims/__init__.py",
        Path("conformance/ringback_conformance/claims", name, "adapter.py"): "claims/adapter.py",
        Path("conformance/ringback_conformance/claims", name, "numbers.py"): "claims/numbers.py",
        Path("openapi", f"{name}.yaml"): "contract.yaml",
        Path("scenarios", name, SCENARIO): "scenario.yaml",
        Path("tests", name, "__init__.py"): "",
        Path("tests", name, f"test_{name}.py"): "test_vendor.py",
    }


def _in_distribution(name: str) -> dict[Path, str]:
    """Return where each template goes in a distribution of its own."""
    package = Path(f"ringback_{name}")
    return {package / f"{module}.py": f"vendor/{module}.py" for module in MODULES} | {
        package / "mutants.py": "mutants.py",
        package / "claims" / "__init__.py": "claims/__init__.py",
        package / "claims" / "adapter.py": "claims/adapter.py",
        package / "claims" / "numbers.py": "claims/numbers.py",
        package / "data" / "openapi" / f"{name}.yaml": "contract.yaml",
        package / "data" / "scenarios" / name / SCENARIO: "scenario.yaml",
        Path("tests", f"test_{name}.py"): "test_vendor.py",
        Path("pyproject.toml"): "pyproject.toml",
        Path("README.md"): "README.md",
    }


def _words(name: str, title: str, checkout: bool) -> dict[str, str]:
    """Return what stands in a template, and what takes its place; longer words first."""
    words = {"acmephone": name, "AcmePhone": title, "ACM-": f"{name[:3].upper()}-"}
    if not checkout:
        package = f"ringback_{name}"
        words = {
            "ringback_conformance.claims.acmephone": f"{package}.claims",
            "ringback.mutants.acmephone": f"{package}.mutants",
            "ringback.vendors.acmephone": package,
        } | words
    return words


def _write(path: Path, template: str, words: Mapping[str, str]) -> None:
    text = (TEMPLATES / template).read_text(encoding="utf-8") if template else ""
    for word, replacement in words.items():
        text = text.replace(word, replacement)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _register(pyproject: Path, name: str) -> None:
    """Add the entry points of a vendor that is part of a checkout."""
    text = pyproject.read_text(encoding="utf-8")
    places = {"vendor": f"ringback.vendors.{name}", "claims": f"ringback_conformance.claims.{name}"}
    for group, target in GROUPS.items():
        heading = f'[project.entry-points."{group}"]\n'
        before, found, after = text.partition(heading)
        if not found:
            raise click.ClickException(f"{pyproject} has no section {heading.strip()}")
        section, blank, rest = after.partition("\n\n")
        text = f'{before}{heading}{section}\n{name} = "{target.format(**places)}"{blank}{rest}'
    pyproject.write_text(text, encoding="utf-8")


def _say_what_is_next(root: Path, name: str, count: int, checkout: bool) -> None:
    install = "make setup" if checkout else f"cd {root} && pip install -e ."
    tests = f"pytest tests/{name}" if checkout else "pytest"
    click.echo(f"{count} files were written under {root}. Next:")
    for line in (install, f"ringback serve {name}", tests, f"ringback mutants {name} --gate"):
        click.echo(f"  {line}")
