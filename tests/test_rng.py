"""Named streams: independent, repeatable, and resumable from a count."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringback.carrier.rng import Streams


def draws(streams: Streams, name: str, count: int) -> list[object]:
    stream = streams(name)
    return [
        (stream.random(), stream.randrange(10**6), stream.choice("abc"), stream.hex(7), stream.getrandbits(700))
        for _ in range(count)
    ]


@given(st.integers(), st.integers(0, 20))
def test_a_draw_on_one_stream_never_shifts_another(seed: int, extra: int) -> None:
    undisturbed = draws(Streams(seed), "b", 3)
    streams = Streams(seed)
    draws(streams, "a", extra)
    assert draws(streams, "b", 3) == undisturbed


@given(st.integers(), st.integers(0, 20))
def test_a_restored_stream_continues_where_it_stopped(seed: int, before: int) -> None:
    streams = Streams(seed)
    draws(streams, "a", before)
    state = streams.snapshot()
    expected = draws(streams, "a", 3)
    restored = Streams(0)
    restored.restore(state["seed"], state["drawn"])  # type: ignore[arg-type]
    assert draws(restored, "a", 3) == expected


def test_other_seeds_and_names_draw_other_values() -> None:
    seen = {str(draws(Streams(seed), name, 1)) for seed in range(20) for name in ("a", "b", "ab")}
    assert len(seen) == 60


def test_draws_are_spread_evenly() -> None:
    stream = Streams(1)("even")
    counts = [0] * 10
    for _ in range(10_000):
        counts[stream.randrange(10)] += 1
    assert min(counts) > 850
    assert max(counts) < 1_150
