"""Render a run as a small SVG badge."""

from __future__ import annotations

from html import escape
from typing import Any

LABEL = "conformance"
GREEN, RED, AMBER, GREY = "#2f7d4f", "#b3373a", "#a86a00", "#5f6b7a"
CHARACTER = 6.6
PADDING = 10
HEIGHT = 20


def badge(document: dict[str, Any]) -> str:
    """Return `kwickphone conformance | 47/49`.

    Green: everything observed holds. Red: something fails. Amber: only should-claims fail. Grey: nothing was observed,
    or the run had trouble.
    """
    summary = document["summary"]
    held, failed = summary["pass"], summary["fail"]
    observed = held + failed + summary["deviation"] + summary["info"]
    if document["trouble"] and not failed:
        value, colour = "no result", GREY
    elif observed == 0:
        value, colour = "nothing observed", GREY
    else:
        value = f"{held}/{observed}" + (f" · {failed} fail" if failed else "")
        colour = GREEN if not failed else (RED if document["exit_code"] == 1 else AMBER)
    return draw(f"{document['vendor']} {LABEL}", value, colour)


def draw(label: str, value: str, colour: str) -> str:
    """An SVG badge of two fields."""
    left, right = _width(label), _width(value)
    words = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{HEIGHT}" role="img" '
        f'aria-label="{words}"><title>{words}</title>'
        f'<clipPath id="r"><rect width="{left + right}" height="{HEIGHT}" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{HEIGHT}" fill="#3b434d"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - PADDING}">{escape(label)}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - PADDING}">{escape(value)}</text></g></svg>\n'
    )


def _width(text: str) -> int:
    return round(len(text) * CHARACTER) + PADDING
