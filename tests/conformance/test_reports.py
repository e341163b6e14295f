"""Reports: each is made from the one document, and says what it says."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from ringback_conformance.command import conform
from ringback_conformance.history import HistoryError, compare, earlier, store, stored
from ringback_conformance.report.badge import badge
from ringback_conformance.report.junit import junit
from ringback_conformance.report.page import page


def changed(reported: dict[str, Any], **verdicts: str) -> dict[str, Any]:
    """The document with other verdicts for some claims."""
    names = {name.replace("_", "-"): verdict for name, verdict in verdicts.items()}
    rows = [{**row, "verdict": names.get(row["claim"], row["verdict"])} for row in reported["verdicts"]]
    summary = dict.fromkeys(reported["summary"], 0)
    for row in rows:
        summary[row["verdict"]] += 1
    return {**reported, "verdicts": rows, "summary": summary}


def test_the_document_has_the_fields_that_others_read(told_broken: dict[str, Any]) -> None:
    assert {"vendor", "target", "profile", "seed", "started_at", "summary", "verdicts"} <= set(told_broken)
    for verdict in told_broken["verdicts"]:
        assert {"claim", "verdict", "level", "basis", "evidence"} <= set(verdict)
        for each in verdict["evidence"]:
            assert {"request", "response", "curl"} <= set(each)
    assert sum(told_broken["summary"].values()) == len(told_broken["verdicts"])
    json.dumps(told_broken)


def test_junit_counts_what_the_document_counts(told_broken: dict[str, Any]) -> None:
    reported = changed(told_broken, KWP_LIM_1="skipped", KWP_LIM_2="not-observed", KWP_ERR_3="info", KWP_ERR_2="error")
    suite = ET.fromstring(junit(reported)).find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "52", "failures": "1", "errors": "1", "skipped": "2"}
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    failure = cases["KWP-NUM-12"].find("failure")
    assert failure is not None
    assert "curl" in (failure.text or "")
    assert "info" in (cases["KWP-ERR-3"].findtext("system-out") or "")


def test_junit_stands_what_no_xml_may_hold(told_broken: dict[str, Any]) -> None:
    odd = {**told_broken["verdicts"][0], "verdict": "fail", "reason": "\x00\x1b[31m\ud800 <&>\uffff"}
    ET.fromstring(junit({**told_broken, "verdicts": [odd]}))


class Page(HTMLParser):
    """What of a page matters here: its tags balance, what it refers to, what it shows."""

    VOID = frozenset({"meta", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []
        self.claims: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.references += [str(given[name]) for name in ("src", "href", "action") if name in given]
        if tag == "details" and "id" in given:
            self.claims[str(given["id"])] = str(given["data-verdict"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_no_other_file(told_broken: dict[str, Any]) -> None:
    text = page(told_broken)
    shown = Page(text)
    assert shown.open == []
    assert shown.references == ["#KWP-NUM-12"]
    assert not re.search(r"@import|url\(|https?://(?!\$)[a-z]+\.(com|org|net)/[a-z]*\.(js|css)", text)
    assert shown.claims == {row["claim"]: row["verdict"] for row in told_broken["verdicts"]}
    assert "default-src 'none'" in text
    assert 'name="viewport"' in text
    assert "prefers-color-scheme:dark" in text


def test_the_page_shows_evidence_as_text_and_never_as_markup(told_broken: dict[str, Any]) -> None:
    attack = "</pre><script>alert(1)</script>"
    row = told_broken["verdicts"][0]
    evidence = [{**row["evidence"][0], "response": attack, "curl": attack, "request": attack}]
    text = page({**told_broken, "verdicts": [{**row, "reason": attack, "evidence": evidence, "text": attack}]})
    assert attack not in text
    assert text.count("<script>") == 1
    assert Page(text).open == []


@pytest.mark.parametrize(
    ("change", "word", "colour"),
    [
        ({}, "52/52", "#2f7d4f"),
        ({"KWP_NUM_1": "fail"}, "51/52 · 1 fail", "#a86a00"),
        ({f"KWP_LIM_{n}": "skipped" for n in (1, 2)}, "50/50", "#2f7d4f"),
    ],
)
def test_a_badge_tells_held_and_observed(
    reported: dict[str, Any], change: dict[str, str], word: str, colour: str
) -> None:
    svg = badge(changed(reported, **change))
    assert word in svg
    assert colour in svg
    ET.fromstring(svg)


def test_a_badge_for_nothing_observed_is_grey(reported: dict[str, Any]) -> None:
    nothing = changed(reported, **{row["claim"].replace("-", "_"): "not-observed" for row in reported["verdicts"]})
    assert "nothing observed" in badge(nothing)
    assert "no result" in badge({**nothing, "trouble": "gone"})


def test_a_comparison_tells_what_changed(reported: dict[str, Any], told_broken: dict[str, Any]) -> None:
    found = compare(reported, told_broken)
    assert [(each["claim"], each["before"], each["after"]) for each in found["changed"]] == [
        ("KWP-NUM-12", "pass", "fail")
    ]
    assert not found["same_exchanges"]
    assert compare(reported, reported)["changed"] == []
    assert compare(reported, reported)["same_exchanges"]
    fewer = {**reported, "verdicts": reported["verdicts"][1:]}
    assert compare(reported, fewer)["gone"] == ["KWP-AUTH-1"]
    assert compare(fewer, reported)["new"] == ["KWP-AUTH-1"]


def test_runs_are_stored_without_their_evidence(reported: dict[str, Any], told_broken: dict[str, Any]) -> None:
    store(reported)
    store(told_broken)
    runs = stored("kwickphone")
    assert [run["summary"] for run in runs] == [reported["summary"], told_broken["summary"]]
    assert "evidence" not in json.dumps(runs)
    assert earlier("last", "kwickphone", reported["target"])["summary"] == told_broken["summary"]
    assert stored("another") == []


def test_only_so_many_runs_are_stored(reported: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringback_conformance.history.MAX_RUNS", 3)
    for seed in range(5):
        store({**reported, "seed": seed})
    assert [run["seed"] for run in stored("kwickphone")] == [2, 3, 4]


@pytest.mark.parametrize("text", ["", "[]", '{"verdicts": 1}', "nonsense", '{"verdicts": [], "vendor": "another"}'])
def test_what_is_no_report_cannot_be_compared_with(tmp_path: Path, text: str) -> None:
    (tmp_path / "r.json").write_text(text)
    with pytest.raises(HistoryError, match=r"not a JSON report|is about"):
        earlier(str(tmp_path / "r.json"), "kwickphone", "x")


def test_the_command_writes_every_report_and_compares(tmp_path: Path) -> None:
    files = {name: tmp_path / "deep" / f"r.{name}" for name in ("json", "junit", "html", "badge", "log")}
    arguments = ["kwickphone", "--only", "KWP-LIM-*", *(f"--{name}={file}" for name, file in files.items())]
    first = CliRunner().invoke(conform, arguments)
    assert first.exit_code == 0, first.output
    assert all(file.stat().st_size for file in files.values())
    assert "2 pass" in first.output
    second = CliRunner().invoke(conform, [*arguments, "--compare", "last"])
    assert "the same verdicts and the same exchanges" in " ".join(second.output.split())
    third = CliRunner().invoke(conform, ["kwickphone", "--only", "KWP-LIM-1", "--compare", str(files["json"])])
    assert "gone: KWP-LIM-2" in third.output
    listed = CliRunner().invoke(conform, ["kwickphone", "--history"])
    assert listed.output.count("2 of 2 observed hold") == 2


def test_json_on_stdout_stands_alone() -> None:
    outcome = CliRunner().invoke(conform, ["kwickphone", "--only", "KWP-AUTH-4", "--json", "-", "--no-history"])
    assert json.loads(outcome.stdout)["summary"]["pass"] == 1
    assert "KWP-AUTH-4" in outcome.stderr


def test_verbose_says_of_each_claim_what_was_seen() -> None:
    outcome = CliRunner().invoke(conform, ["kwickphone", "--only", "KWP-AUTH-4", "-v"])
    assert "2 observations" in outcome.output


def test_failures_are_explained_on_the_terminal(tmp_path: Path) -> None:
    from rich.console import Console

    from ringback_conformance.options import RunOptions
    from ringback_conformance.report.console import show
    from ringback_conformance.report.document import document
    from ringback_conformance.run import conduct

    result = conduct(
        RunOptions(vendor="kwickphone", only=("KWP-LIM-2",), mutants=("kwickphone.limits.no-retry-after",))
    )
    console = Console(record=True, width=100, file=(tmp_path / "out").open("w"))
    show(document(result), console)
    console.file.close()
    text = console.export_text()
    assert "✗ KWP-LIM-2 (should)" in text
    assert "The page: A 429" in text
    assert "a 429 has Retry-After None, not a number of seconds" in text
    assert "curl -i" in text
