"""The receiver that tests and stories use answers what it is told, in turn."""

from __future__ import annotations

import httpx
import pytest

from ringback.receiver import Answer, Receiver


def test_answers_come_in_turn_and_the_last_one_stays() -> None:
    with Receiver() as hook:
        hook.reply_with(Answer.lines({"a": 1}, {"b": "é"}), Answer.json({"c": 3}, 202), Answer(204))
        first, second, third, fourth = (httpx.post(hook.url, content=b"x") for _ in range(4))
    assert (first.headers["content-type"], first.text) == ("application/x-ndjson", '{"a": 1}\n{"b": "\\u00e9"}\n')
    assert (second.status_code, second.json()) == (202, {"c": 3})
    assert (third.status_code, fourth.status_code) == (204, 204)
    assert len(hook.requests) == 4


def test_no_answer_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Receiver().reply_with()
