"""Answers kept for retries, under every interleaving, against what each key has been given."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.clock import HOUR, Clock
from ringback.gateway.idempotency import Idempotency, KeyReused, request_digest

KEPT_FOR = 24 * HOUR
REQUESTS = st.lists(
    st.tuples(st.sampled_from("kl"), st.sampled_from("ab"), st.integers(0, 3), st.sampled_from((200, 201, 402, 500))),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(REQUESTS)
def test_however_requests_interleave_a_key_has_one_effect(requests: list[tuple[str, str, int, int]]) -> None:
    """Each request: key, look, how often it yields before its effect, and what it would be answered."""
    effects: list[tuple[str, str, int]] = []

    async def run() -> list[object]:
        store = Idempotency(Clock("frozen"))

        async def ask(key: str, look: str, yields: int, status: int) -> object:
            async def act() -> tuple[int, bytes]:
                for _ in range(yields):
                    await asyncio.sleep(0)
                effects.append((key, look, status))
                return status, b"%d" % len(effects)

            try:
                return await store.run_once("account", "operation", key, look, KEPT_FOR, act)
            except KeyReused:
                return KeyReused

        return await asyncio.gather(*(ask(*request) for request in requests))

    answers = asyncio.run(run())
    for key in "kl":
        taken = [effect for effect in effects if effect[0] == key and effect[2] < 300]
        assert len(taken) <= 1
        for (asked, look, _, _), answer in zip(requests, answers, strict=True):
            if asked != key or not taken:
                continue
            if answer is not KeyReused and answer.status < 300:  # type: ignore[attr-defined]
                assert look == taken[0][1]
                assert answer.body == b"%d" % (effects.index(taken[0]) + 1)  # type: ignore[attr-defined]


def test_an_answer_is_forgotten_after_its_time_on_the_clock_of_its_account() -> None:
    async def run() -> list[bool]:
        clock = Clock("frozen")
        store = Idempotency(clock)
        seen = []

        async def act() -> tuple[int, bytes]:
            return 201, b"{}"

        for hours in (0, 23, 1, 0):
            await clock.advance(clock.now("mine") + hours * HOUR, "mine")
            seen.append((await store.run_once("mine", "send", "key", "look", KEPT_FOR, act)).replayed)
        return seen

    assert asyncio.run(run()) == [False, True, False, True]


def test_a_look_is_what_the_json_says_and_where() -> None:
    assert request_digest("/a", b'{"x":1,"y":[2]}') == request_digest("/a", b'{ "y": [2], "x": 1 }')
    looks = {
        request_digest("/a", b'{"x":1}'),
        request_digest("/b", b'{"x":1}'),
        request_digest("/a", b'{"x":2}'),
        request_digest("/a", b""),
        request_digest("/a", b"{"),
    }
    assert len(looks) == 5
