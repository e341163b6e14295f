"""Responses stored for retries: whatever the interleaving, a key has one effect."""

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
def test_a_key_has_one_effect_however_requests_interleave(requests: list[tuple[str, str, int, int]]) -> None:
    """Each request: key, digest, how often it yields before its effect, and its response."""
    effects: list[tuple[str, str, int]] = []

    async def run() -> list[object]:
        store = Idempotency(Clock("frozen"))

        async def request(key: str, digest: str, yields: int, status: int) -> object:
            async def act() -> tuple[int, bytes]:
                for _ in range(yields):
                    await asyncio.sleep(0)
                effects.append((key, digest, status))
                return status, b"%d" % len(effects)

            try:
                return await store.run_once("account", "operation", key, digest, KEPT_FOR, act)
            except KeyReused:
                return KeyReused

        return await asyncio.gather(*(request(*each) for each in requests))

    responses = asyncio.run(run())
    for key in "kl":
        taken = [effect for effect in effects if effect[0] == key and effect[2] < 300]
        assert len(taken) <= 1
        for (used, digest, _, _), response in zip(requests, responses, strict=True):
            if used != key or not taken:
                continue
            if response is not KeyReused and response.status < 300:  # type: ignore[attr-defined]
                assert digest == taken[0][1]
                assert response.body == b"%d" % (effects.index(taken[0]) + 1)  # type: ignore[attr-defined]


def test_a_response_expires_on_its_accounts_clock() -> None:
    async def run() -> list[bool]:
        clock = Clock("frozen")
        store = Idempotency(clock)
        seen = []

        async def act() -> tuple[int, bytes]:
            return 201, b"{}"

        for hours in (0, 23, 1, 0):
            await clock.advance(clock.now("mine") + hours * HOUR, "mine")
            seen.append((await store.run_once("mine", "send", "key", "digest", KEPT_FOR, act)).replayed)
        return seen

    assert asyncio.run(run()) == [False, True, False, True]


def test_a_digest_depends_on_the_path_and_the_value_of_the_json() -> None:
    assert request_digest("/a", b'{"x":1,"y":[2]}') == request_digest("/a", b'{ "y": [2], "x": 1 }')
    digests = {
        request_digest("/a", b'{"x":1}'),
        request_digest("/b", b'{"x":1}'),
        request_digest("/a", b'{"x":2}'),
        request_digest("/a", b""),
        request_digest("/a", b"{"),
    }
    assert len(digests) == 5
