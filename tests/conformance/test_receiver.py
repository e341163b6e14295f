"""The webhook receiver: byte for byte, and as a probe tells it to answer."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from ringback_conformance.receiver import Answer, Receiver
from ringback_conformance.transport import Log


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver(Log()).start()
    yield one
    one.stop()


def post(url: str, content: bytes = b"{}", **headers: str) -> httpx.Response:
    return httpx.post(url, content=content, headers=headers, trust_env=False)


def test_what_arrives_is_kept_byte_for_byte(receiver: Receiver) -> None:
    inbox = receiver.inbox("KWP-HOOK-1")
    body = b'{"b": 1,\t"a":"\xc3\xbc"}\n'
    post(inbox.url, body, X_Odd="a  b")
    assert inbox.received[0].request_body == body
    assert inbox.received[0].request_header("x_odd") == "a  b"


def test_a_chunked_body_is_put_together(receiver: Receiver) -> None:
    inbox = receiver.inbox("x")
    httpx.post(inbox.url, content=iter([b"one", b"two"]), trust_env=False)
    assert inbox.received[0].request_body == b"onetwo"


def test_answers_are_used_up_and_the_last_stays(receiver: Receiver) -> None:
    inbox = receiver.inbox("x")
    inbox.answer(503, Answer(302, (("Location", "/elsewhere"),)), 204)
    answers = [post(inbox.url) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 302, 204, 204]
    assert answers[1].headers["location"] == "/elsewhere"


def test_an_answer_may_have_a_body(receiver: Receiver) -> None:
    inbox = receiver.inbox("x")
    inbox.answer(Answer.json({"text": "Hello"}))
    assert post(inbox.url).json() == {"text": "Hello"}
    assert inbox.received[0].json() == {"text": "Hello"}


def test_a_hanging_address_says_nothing(receiver: Receiver) -> None:
    inbox = receiver.inbox("x")
    inbox.answer(Answer(hangs=True))
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(inbox.url, content=b"", timeout=0.1, trust_env=False)
    assert [exchange.status for exchange in inbox.received] == [None]


def test_each_inbox_has_its_own_address_and_a_tunnels_prefix_does_not_matter(receiver: Receiver) -> None:
    first, second = receiver.inbox("KWP-HOOK-1"), receiver.inbox("KWP-HOOK-1")
    assert first.url != second.url
    post(receiver.origin + "/tunnel/x" + second.path)
    assert not first.received
    assert len(second.received) == 1


def test_an_address_that_nobody_asked_for_is_404_and_on_record(receiver: Receiver) -> None:
    assert post(f"{receiver.origin}/unexpected").status_code == 404


def test_one_can_wait_for_an_arrival(receiver: Receiver) -> None:
    inbox = receiver.inbox("x")
    assert not inbox.wait(1, 0.01)
    post(inbox.url)
    assert inbox.wait(1, 0.01)
