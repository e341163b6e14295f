"""Render a run as one HTML file: filter by verdict, evidence as curl and raw text; no network, no other file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from ringback_conformance.model import Verdict
from ringback_conformance.report.document import by_section

MARKS = {
    Verdict.PASS.value: "✓",
    Verdict.FAIL.value: "✗",
    Verdict.SKIPPED.value: "–",
    Verdict.NOT_OBSERVED.value: "○",
    Verdict.DEVIATION.value: "≠",
    Verdict.INFO.value: "i",
    Verdict.ERROR.value: "!",
}
TROUBLESOME = (Verdict.FAIL.value, Verdict.ERROR.value)
HERE = Path(__file__).resolve().parent


def page(document: dict[str, Any]) -> str:
    """Return the HTML."""
    style = (HERE / "page.css").read_text(encoding="utf-8")
    script = (HERE / "page.js").read_text(encoding="utf-8")
    title = f"{document['vendor']} conformance"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; img-src data:\">"
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"{_head(document)}{_filters(document)}<main>{_failures(document)}{_sections(document)}{_warnings(document)}</main>"
        f"<script>{script}</script></body></html>\n"
    )


def _head(document: dict[str, Any]) -> str:
    summary = document["summary"]
    observed = sum(summary[name] for name in ("pass", "fail", "deviation", "info"))
    facts = [
        ("Target", document["target"]),
        ("Profile", document["profile"]),
        ("Started", document["started_at"]),
        ("Took", f"{document['seconds']:.1f} s"),
        ("Requests", str(document["requests"])),
        ("Seed", str(document["seed"])),
    ]
    if document["profile"] == "sandbox":
        facts.append(("Spent", f"${document['spent']} of ${document['planned']} planned"))
    rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    troubles = [document["trouble"], *(f"left behind: {id_}" for id_ in document["left_behind"])]
    warned = "".join(f'<p class="trouble">{escape(text)}</p>' for text in troubles if text)
    notes = "".join(f"<li>{escape(note)}</li>" for note in document["notes"])
    return (
        f'<header><p class="kicker">{escape(document["vendor"])} · conformance</p>'
        f'<h1><span class="big">{summary["pass"]}<small> of {observed}</small></span> observed claims hold</h1>'
        f'<p class="sub">{observed} of {sum(summary.values())} claims were observed.</p>{_bar(summary)}'
        f"<dl>{rows}</dl>{warned}{f'<ul class=notes>{notes}</ul>' if notes else ''}</header>"
    )


def _bar(summary: dict[str, int]) -> str:
    total = sum(summary.values()) or 1
    parts = "".join(
        f'<i class="{name}" style="width:{100 * count / total:.3f}%" title="{count} {name}"></i>'
        for name, count in summary.items()
        if count
    )
    return f'<div class="bar" role="img" aria-label="shares of verdicts">{parts}</div>'


def _filters(document: dict[str, Any]) -> str:
    buttons = "".join(
        f'<button type="button" class="{name}" data-verdict="{name}" aria-pressed="false">'
        f"<b>{MARKS[name]}</b> {name} <span>{count}</span></button>"
        for name, count in document["summary"].items()
        if count
    )
    total = len(document["verdicts"])
    return (
        '<nav aria-label="filter by verdict">'
        f'<button type="button" data-verdict="" aria-pressed="true">all <span>{total}</span></button>{buttons}'
        '<input type="search" placeholder="Find a claim, a word, a path" aria-label="find"></nav>'
    )


def _failures(document: dict[str, Any]) -> str:
    """List what failed, each with a link to its evidence."""
    items = "".join(
        f'<li class="{row["verdict"]}"><a href="#{escape(row["claim"])}">{escape(row["claim"])}</a> '
        f"{escape(row['reason'])}</li>"
        for row in document["verdicts"]
        if row["verdict"] in TROUBLESOME
    )
    return f'<ul class="failures">{items}</ul>' if items else ""


def _sections(document: dict[str, Any]) -> str:
    parts = []
    for section, verdicts in by_section(document["verdicts"]).items():
        parts.append(f"<section><h2>{escape(section)}</h2>{''.join(map(_claim, verdicts))}</section>")
    return "".join(parts)


def _claim(verdict: dict[str, Any]) -> str:
    name = verdict["verdict"]
    tags = "".join(f"<em>{escape(tag)}</em>" for tag in (verdict["level"], verdict["basis"], *verdict["needs"]))
    opened = " open" if name in TROUBLESOME else ""
    return (
        f'<details class="claim {name}" data-verdict="{name}" id="{escape(verdict["claim"])}"{opened}>'
        f'<summary><span class="mark" aria-hidden="true">{MARKS[name]}</span>'
        f'<span class="id">{escape(verdict["claim"])}</span><span class="text">{_prose(verdict["text"])}</span>'
        f'<span class="verdict">{escape(name)}</span></summary>'
        f'<div class="inside"><p class="reason">{escape(verdict["reason"])}</p><p class="tags">{tags}</p>'
        f"{_observations(verdict)}{_evidence(verdict['evidence'])}</div></details>"
    )


def _prose(text: str) -> str:
    """Return escaped text, with what stands between backticks as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _observations(verdict: dict[str, Any]) -> str:
    items = "".join(
        f'<li class="{"held" if seen["held"] else "broken"}">{escape(seen["message"])} '
        f"<small>{escape(', '.join(seen['exchanges'][:6]))}</small></li>"
        for seen in verdict["observations"]
    )
    more = verdict["observed"] - len(verdict["observations"])
    rest = f'<p class="more">and {more} more observations</p>' if more > 0 else ""
    return f'<ul class="seen">{items}</ul>{rest}' if items else ""


def _evidence(evidence: Iterable[dict[str, Any]]) -> str:
    return "".join(
        f'<details class="exchange"><summary><code>{escape(_line(each))}</code></summary>'
        f'<div class="copy"><button type="button" data-copy>copy curl</button><pre class="curl">{escape(each["curl"])}'
        f"</pre></div><pre>{escape(each['request'])}</pre><pre>{escape(each['response'])}</pre></details>"
        for each in evidence
    )


def _line(each: dict[str, Any]) -> str:
    request = each["request"].partition("\n")[0].removesuffix(" HTTP/1.1")
    response = each["response"].partition("\n")[0].removeprefix("HTTP/1.1 ")
    kind = "" if each["kind"] == "api" else f"{each['kind']}: "
    return f"{each['id']}  {kind}{request} → {response}"


def _warnings(document: dict[str, Any]) -> str:
    if not document["warnings"]:
        return ""
    items = "".join(
        '<details class="claim warning"><summary><span class="mark">?</span>'
        f'<span class="id">{escape(warning["check"])}</span>'
        f'<span class="text">{escape(warning["operation"])}: {escape(warning["message"])}</span>'
        f'<span class="verdict">×{warning["count"]}</span></summary>'
        f'<div class="inside">{_evidence(warning["evidence"])}</div></details>'
        for warning in document["warnings"]
    )
    return (
        '<section><h2>Warnings</h2><p class="sub">Findings of the engine\'s own checks: worth checking by hand, '
        f"never a verdict.</p>{items}</section>"
    )
