"""Sliding windows against a list of times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulator.gateway.limits import Windows

SPAN = 60


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 8))
def test_never_more_than_the_limit_in_any_span(gaps: list[int], limit: int) -> None:
    windows, taken, now = Windows(), [], 0
    for gap in gaps:
        now += gap
        within = [at for at in taken if at > now - SPAN]
        wait = windows.wait("key", limit, SPAN, now)
        assert (wait == 0) == (len(within) < limit)
        if wait:
            later = Windows()
            later.restore({"key": within})
            assert later.wait("key", limit, SPAN, now + wait - 1) == 1
            assert later.wait("key", limit, SPAN, now + wait) == 0
        else:
            windows.add("key", now)
            taken.append(now)
        assert windows.wait("other", limit, SPAN, now) == 0


def test_a_window_survives_a_snapshot() -> None:
    windows = Windows()
    for at in (0, 10, 20):
        windows.add("key", at)
    restored = Windows()
    restored.restore(windows.snapshot())
    assert restored.wait("key", 3, SPAN, 30) == 30
    restored.forget("key")
    assert restored.wait("key", 3, SPAN, 30) == 0
