"""One word for one thing: the words that the glossary replaced stay out of code, help, messages and documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("emulator", "conformance", "tests", "bench", "examples", "docs", "scenarios", "openapi")
SUFFIXES = (".py", ".md", ".yaml", ".js", ".html", ".mjs", ".toml")
BANNED = re.compile(
    r"(?<![\w-])("
    # code names that the glossary replaced
    r"House|MannerlyGate|Manners|Refusal|Wording|Bells|Unkind|Asked|Answered|Judgement|Watcher|Equipment|NotObserved"
    r"|InkboxRefusal|Heeding|Bookkeeping|Texting|calm_the_collector|exchange_of|swap_in|nobody_answers"
    # the private dialect
    r"|houses?|manners|bells?|unkind|hush|anew|nobody|somebody|whoever|taming|strays?|heeds?|heeding|heeded|unheard"
    r"|house-?keeping|told|untold"
    r")(?![\w-])"
)
SPOKEN = re.compile(r"(turns?|text|caller|agent|body|says?|message|dialogue)\b.{0,6}[:=(]|caller: |agent: ")
"""What people say on a call or write in a text is theirs."""
EXEMPT = {"tests/test_words.py", "docs/glossary.md"}
UNCONVERTED = re.compile(r"claims/(inkbox|nokycnumber|phonestack)|conformance/test_(nokycnumber|phonestack|inkbox)")
"""What still speaks the old dialect. It shrinks until it is gone."""


def files() -> list[Path]:
    top = [path for path in ROOT.iterdir() if path.is_file() and path.suffix in SUFFIXES]
    below = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.suffix in SUFFIXES]
    return [path for path in (*top, *below) if "node_modules" not in path.parts]


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_replaced_words_do_not_come_back(folder: str) -> None:
    found = []
    for path in files():
        name = path.relative_to(ROOT).as_posix()
        if name in EXEMPT or UNCONVERTED.search(name) or (name.split("/")[0] if "/" in name else "") != folder:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            match = BANNED.search(line)
            if match is not None and not SPOKEN.search(line):
                found.append(f"{name}:{number}: {match[0]}")
    assert found == [], f"{len(found)} places use words that docs/glossary.md replaced:\n" + "\n".join(found[:40])
