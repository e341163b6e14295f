"""The carrier's messages: each passes through its states on the clock, as its script says."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.clock import SECOND, Clock
from ringback.carrier.messages import Message, Messages
from ringback.carrier.script import Script
from ringback.carrier.scripts import Match, Scripts
from ringback.carrier.segments import split_segments

ENDS = {"completed": "delivered", "failed": "failed", "undelivered": "undelivered"}


@settings(max_examples=100, deadline=None)
@given(
    st.text(min_size=1, max_size=400),
    st.none() | st.integers(0, 10**6),
    st.sampled_from(sorted(ENDS)),
    st.none() | st.floats(0, 3600),
)
def test_a_message_passes_through_its_states_in_order(
    body: str, wait: int | None, end: str, receipt: float | None
) -> None:
    clock = Clock("frozen")
    messages = Messages(clock)
    seen: list[tuple[str, int]] = []
    messages.on_changed = lambda message, change: seen.append((change, clock.now("me")))
    start = clock.now("me")
    at = None if wait is None else start + wait * SECOND
    script = Script(end=end, delivered_after=receipt)  # type: ignore[arg-type]
    message = messages.send(
        id_="m1",
        vendor="v",
        account="me",
        number_id="l",
        number="+1",
        remote_number="+2",
        body=body,
        at=at,
        script=script,
    )
    assert clock.pending("me") == 1
    asyncio.run(clock.advance_idle("me"))
    changes = [change for change, _ in seen]
    assert changes == (["queued", "failed"] if end == "failed" else ["queued", "sent", ENDS[end]])
    times = [moment for _, moment in seen]
    assert times == sorted(times)
    assert times[1] == start + (wait or 0) * SECOND + SECOND
    assert message.state == ENDS[end]
    assert message.segment_states == [ENDS[end]] * len(split_segments(body).texts)
    assert (message.delivered_at == times[-1]) is (end == "completed")
    assert (message.failure_code is None) is (end == "completed")


def test_messages_under_way_survive_a_snapshot() -> None:
    clock = Clock("frozen")
    messages = Messages(clock)
    messages.send(id_="m1", vendor="v", account="me", number_id="l", number="+1", remote_number="+2", body="x" * 400)
    kept, timers = messages.records.snapshot(), clock.snapshot()
    clock = Clock("frozen")
    messages = Messages(clock)
    messages.records.restore(kept)
    clock.restore(timers)
    asyncio.run(clock.advance_idle("me"))
    restored: Message = messages.records["m1"]
    assert (restored.state, restored.segment_states) == ("delivered", ["delivered"] * 3)


def test_the_oldest_script_that_matches_is_used_once() -> None:
    scripts = Scripts()
    busy, failed, plain = Script(end="busy"), Script(end="failed"), Script()
    scripts.add("v", "", Match(to="+2"), busy)
    scripts.add("v", "other", Match(), failed)
    scripts.add("v", "me", Match(from_="l", tag="t"), plain)

    def take(kind: str, **asked: str) -> Script | None:
        return scripts.take(
            kind,  # type: ignore[arg-type]
            vendor="v", account="me", to=asked.get("to", "+3"), senders=("l", "+1"), tag=asked.get("tag"),
        )  # fmt: skip

    assert take("message", to="+2") is None
    assert take("call", to="+2") is busy
    assert take("call", to="+2") is None
    assert take("call") is None
    assert take("message", tag="t") is plain
    assert take("message", tag="t") is None
