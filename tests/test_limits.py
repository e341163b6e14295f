"""Sliding windows checked against a list of times, token buckets against exact fractions."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ringback.gateway.limits import Buckets, Windows

SPAN = 60


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 8))
def test_a_window_never_allows_more_than_the_limit_in_any_span(gaps: list[int], limit: int) -> None:
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


@given(st.lists(st.integers(0, 90), max_size=120), st.integers(1, 9), st.integers(0, 4))
def test_a_bucket_agrees_with_exact_fractions(gaps: list[int], rate: int, burst: int) -> None:
    buckets, now = Buckets(), 0
    capacity, tokens = rate + burst, Fraction(rate + burst)
    taken: list[int] = []
    for gap in gaps:
        now += gap
        tokens = min(Fraction(capacity), tokens + Fraction(gap * rate, SPAN))
        level = buckets.take("key", rate, capacity, SPAN, now)
        assert (level.wait == 0) == (tokens >= 1)
        if level.wait == 0:
            tokens -= 1
            taken.append(now)
        else:
            assert buckets.peek("key", rate, capacity, SPAN, now + level.wait).left >= 1
            assert buckets.peek("key", rate, capacity, SPAN, now + level.wait - 1).left == 0
        assert level.left == int(tokens)
        assert buckets.peek("key", rate, capacity, SPAN, level.reset).left == capacity
    for first, begin in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= capacity + Fraction((taken[last] - begin) * rate, SPAN)


def test_a_bucket_survives_a_snapshot() -> None:
    buckets = Buckets()
    for _ in range(3):
        buckets.take("key", 3, 3, SPAN, 0)
    restored = Buckets()
    restored.restore(buckets.snapshot())
    assert restored.take("key", 3, 3, SPAN, 0).wait == 20
    assert restored.take("other", 3, 3, SPAN, 0).wait == 0
    restored.clear()
    assert restored.take("key", 3, 3, SPAN, 0).wait == 0
