"""Find the pattern that makes a number premium, page "Object schemas" (`tier_pattern`)."""

from __future__ import annotations

_RISING = "0123456789"


def pattern_of(number: str) -> str | None:
    """Return the pattern of a number's last four digits, None if they have none."""
    last = number[-4:]
    if last[0] == last[1] and last[2] == last[3]:
        return "double-repeat"
    if last in _RISING or last in _RISING[::-1]:
        return "sequential"
    if last == last[::-1]:
        return "mirror"
    return "round" if last.endswith("00") else None
