"""One test for each claim."""

from __future__ import annotations

from typing import Any

import pytest

from ringback_conformance.model import Level, Verdict

EVIDENCE = 3


def test_claim(vendor: str, claim: str, verdicts: dict[str, dict[str, Any]]) -> None:
    """Pass when the claim was observed to hold, and skip with the reason when it was not observed."""
    verdict = verdicts[claim]
    kind, reason = verdict["verdict"], verdict["reason"]
    if kind == Verdict.PASS:
        return
    if kind == Verdict.ERROR:
        raise RuntimeError(f"the suite broke: {reason}")
    if kind == Verdict.DEVIATION or (kind == Verdict.FAIL and verdict["level"] == Level.SHOULD):
        pytest.xfail(f"{kind}: {reason}")
    if kind == Verdict.FAIL:
        shown = "\n\n".join(f"{each['curl']}\n{each['response']}" for each in verdict["evidence"][:EVIDENCE])
        pytest.fail(f"{claim} ({vendor}, {verdict['section']}): {verdict['text']}\n{reason}\n\n{shown}", pytrace=False)
    pytest.skip(f"{kind}: {verdict['trouble'] or reason}")
