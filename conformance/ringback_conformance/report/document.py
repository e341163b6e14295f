"""Render a run as one document, all masked; the other reports are made from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ringback_conformance.evidence import render
from ringback_conformance.judge import ClaimVerdict
from ringback_conformance.model import Exchange, Level, Observation, Verdict
from ringback_conformance.result import Result

MAX_EVIDENCE = 12
"""Exchanges that a verdict shows in full, failing ones first; it names all of them."""
FINE, SHORT, WRONG, TROUBLE, STOPPED = 0, 1, 2, 3, 130
"""Exit codes: everything that ran holds; a must-claim failed; wrong usage; target or suite trouble; interrupted."""
OBSERVED = (Verdict.PASS, Verdict.FAIL, Verdict.DEVIATION, Verdict.INFO)

Document = dict[str, Any]


def document(result: Result) -> Document:
    """Return the JSON document of a run, as `ringback conform --json` prints it."""
    by_id = {exchange.id: exchange for exchange in result.log}
    verdicts = [_verdict(verdict, by_id, result) for verdict in result.verdicts]
    return {
        "vendor": result.vendor,
        "target": result.target,
        "profile": result.profile.value,
        "seed": result.seed,
        "started_at": result.started_at,
        "seconds": result.seconds,
        "exit_code": exit_code(result),
        "summary": result.summary,
        "headline": headline(result.summary),
        "requests": result.requests,
        "spent": f"{result.spent / 100:.2f}",
        "planned": f"{result.planned / 100:.2f}",
        "digest": result.digest,
        "trouble": result.trouble,
        "interrupted": result.interrupted,
        "left_behind": result.left_behind,
        "ledger": result.ledger,
        "stale_deviations": [verdict.claim.id for verdict in result.verdicts if verdict.stale],
        "notes": result.notes,
        "warnings": _warnings(result, by_id),
        "verdicts": verdicts,
    }


def exit_code(result: Result) -> int:
    """Return the exit code of a run."""
    if any(each.verdict is Verdict.FAIL and each.claim.level is Level.MUST for each in result.verdicts):
        return SHORT
    if result.interrupted:
        return STOPPED
    broken = any(each.verdict is Verdict.ERROR for each in result.verdicts)
    return TROUBLE if broken or result.trouble or result.left_behind else FINE


def headline(summary: Mapping[str, int]) -> str:
    """Return `46 of 49 observed hold · 49 of 55 claims observed`."""
    observed = sum(summary[verdict.value] for verdict in OBSERVED)
    held = summary[Verdict.PASS.value]
    return f"{held} of {observed} observed hold · {observed} of {sum(summary.values())} claims observed"


def by_section(verdicts: Iterable[Document]) -> dict[str, list[Document]]:
    """Group verdicts by section of the page, in order of first appearance."""
    found: dict[str, list[Document]] = {}
    for verdict in verdicts:
        found.setdefault(verdict["section"], []).append(verdict)
    return found


def _verdict(verdict: ClaimVerdict, by_id: Mapping[str, Exchange], result: Result) -> Document:
    claim, mask = verdict.claim, result.mask
    shown = _shown(verdict)
    found: Document = {
        "claim": claim.id,
        "verdict": verdict.verdict.value,
        "level": claim.level.value,
        "basis": claim.basis.value,
        "needs": sorted(need.value for need in claim.needs),
        "section": claim.section,
        "text": claim.text,
        "reason": mask.text(verdict.reason),
        "observed": len(verdict.observations),
        "observations": [
            {
                "held": observation.held,
                "message": mask.text(observation.message),
                "origin": observation.origin,
                "exchanges": list(observation.exchanges),
            }
            for observation in shown
        ],
        "judged_on": sorted({id_ for each in verdict.observations for id_ in each.exchanges}, key=_order),
        "evidence": [],
    }
    wanted = dict.fromkeys(id_ for observation in shown for id_ in observation.exchanges if id_ in by_id)
    found["evidence"] = [render(by_id[id_], mask) for id_ in list(wanted)[:MAX_EVIDENCE]]
    return found


def _shown(verdict: ClaimVerdict) -> list[Observation]:
    """Return failing observations and, after them, some that held; those of the claim's own probe come first."""
    ranked = sorted(
        verdict.observations,
        key=lambda observation: (observation.held, observation.origin != verdict.claim.id),
    )
    return ranked[:MAX_EVIDENCE]


def _warnings(result: Result, by_id: Mapping[str, Exchange]) -> list[Document]:
    found: dict[tuple[str, str, str], Document] = {}
    for warning in result.warnings:
        message = result.mask.text(warning.message)
        entry = found.setdefault(
            (warning.operation, warning.check, message),
            {
                "operation": warning.operation,
                "check": warning.check,
                "message": message,
                "count": 0,
                "evidence": [render(by_id[warning.exchange], result.mask)] if warning.exchange in by_id else [],
            },
        )
        entry["count"] += 1
    return list(found.values())


def _order(id_: str) -> tuple[str, int]:
    producer, _, place = id_.rpartition("#")
    return producer, int(place)
