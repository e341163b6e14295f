"""Render a run as JUnit XML: one test case for each claim."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from ringback_conformance.model import Verdict

XML = b'<?xml version="1.0" encoding="utf-8"?>\n'
SKIPS = frozenset({Verdict.SKIPPED.value, Verdict.NOT_OBSERVED.value})
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(document: dict[str, Any]) -> bytes:
    """Return the XML. `fail` is a failure, `error` an error, `skipped` and `not-observed` are skips with their reason;
    `info` and `deviation` pass with a line in system-out."""
    verdicts = document["verdicts"]
    suite = ET.Element(
        "testsuite",
        name=f"ringback conform {document['vendor']}",
        tests=str(len(verdicts)),
        failures=str(document["summary"]["fail"]),
        errors=str(document["summary"]["error"]),
        skipped=str(sum(document["summary"][name] for name in SKIPS)),
        time=str(document["seconds"]),
        timestamp=document["started_at"].removesuffix("Z"),
    )
    for name in ("target", "profile", "seed", "headline"):
        ET.SubElement(_properties(suite), "property", name=name, value=_clean(str(document[name])))
    for verdict in verdicts:
        _case(suite, verdict, document["vendor"])
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return XML + ET.tostring(root, encoding="unicode").encode() + b"\n"


def _properties(suite: ET.Element) -> ET.Element:
    found = suite.find("properties")
    return found if found is not None else ET.SubElement(suite, "properties")


def _case(suite: ET.Element, verdict: dict[str, Any], vendor: str) -> None:
    case = ET.SubElement(suite, "testcase", classname=f"{vendor}.{verdict['section']}", name=verdict["claim"], time="0")
    kind, reason = verdict["verdict"], _clean(verdict["reason"])
    if kind == Verdict.FAIL.value:
        failure = ET.SubElement(case, "failure", message=reason, type=f"{verdict['level']} ({verdict['basis']})")
        failure.text = _clean(f"{verdict['text']}\n\n" + "\n\n".join(_evidence(each) for each in verdict["evidence"]))
    elif kind == Verdict.ERROR.value:
        ET.SubElement(case, "error", message=reason, type="suite")
    elif kind in SKIPS:
        ET.SubElement(case, "skipped", message=f"{kind}: {reason}")
    elif kind != Verdict.PASS.value:
        ET.SubElement(case, "system-out").text = f"{kind}: {reason}"


def _evidence(evidence: dict[str, Any]) -> str:
    return f"[{evidence['id']}]\n{evidence['curl']}\n{evidence['response']}"


def _clean(text: str) -> str:
    return NOT_XML.sub("\ufffd", text)
