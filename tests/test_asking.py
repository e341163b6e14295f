"""Asking a receiver: one signed POST whose answer is read, whole or line by line, on record like any delivery."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringback.app import Application
from ringback.carrier.clock import SECOND
from ringback.emulator import Emulator
from ringback.gateway.faults import Effect, Fault
from ringback.gateway.webhook_response import ASKED_BYTES, Reply
from ringback.receiver import Receiver
from ringback.settings import Settings

VENDOR = "kwickphone"


class Asked:
    """A emulator on a frozen clock with one account, and what was answered."""

    def __init__(self, **settings: Any) -> None:
        self.emulator: Emulator = Application(Settings(vendors=(VENDOR,), clock="frozen", **settings)).emulator
        self.account = self.emulator.services.open_account(VENDOR).id
        self.replies: list[Reply] = []
        self.lines: list[bytes] = []

    def ask(self, url: str, *, line: Callable[[bytes], bool] | None = None, patience: float | None = None) -> Any:
        return self.emulator.services.outbox.ask(
            vendor=VENDOR,
            account=self.account,
            event="agent.message",
            subject="call_1",
            url=url,
            secret="whsec_1",
            body=b'{"hello":1}',
            patience=patience,
            line=line,
            answered=self.replies.append,
        )

    def listen(self, more: bool = True) -> Callable[[bytes], bool]:
        def heard(line: bytes) -> bool:
            self.lines.append(line)
            return more

        return heard

    async def settled(self) -> None:
        await self.emulator.services.clock.advance(self.emulator.services.clock.now(self.account), self.account)


def running(story: Callable[[Asked], Awaitable[None]], **settings: Any) -> Asked:
    asked = Asked(**settings)

    async def run() -> None:
        asked.emulator.services.clock.run_on(asyncio.get_running_loop())
        await story(asked)
        await asked.emulator.services.outbox.close()

    asyncio.run(run())
    assert asked.emulator.services.crashes == []
    return asked


def test_the_answer_comes_back_before_time_moves_on() -> None:
    with Receiver() as hook:
        hook.respond_with(200, headers={"Content-Type": "application/json"}, body=b'{"text":"hi"}')

        async def story(asked: Asked) -> None:
            asked.ask(hook.url)
            await asked.emulator.services.clock.advance(
                asked.emulator.services.clock.now(asked.account) + 60 * SECOND, asked.account
            )
            assert [reply.body for reply in asked.replies] == [b'{"text":"hi"}']

        asked = running(story)
        (request,) = hook.requests
    (reply,) = asked.replies
    assert (reply.status, reply.accepted, reply.media_type, reply.whole) == (200, True, "application/json", True)
    assert request.headers["X-KwickPhone-Signature"]
    (delivery,) = asked.emulator.services.outbox.records
    assert (delivery.event, delivery.state, delivery.attempts[0].response) == (
        "agent.message",
        "delivered",
        '{"text":"hi"}',
    )
    assert any(entry.render()["kind"] == "delivery" for entry in asked.emulator.services.journal.read(asked.account))


def test_an_unwilling_receiver_is_asked_once() -> None:
    with Receiver() as hook:
        hook.respond_with(503, body=b"later")

        async def story(asked: Asked) -> None:
            asked.ask(hook.url)
            await asked.emulator.services.clock.advance_idle(asked.account)

        asked = running(story)
        assert len(hook.requests) == 1
    assert (asked.replies[0].status, asked.replies[0].accepted, asked.replies[0].body) == (503, False, b"later")
    assert [delivery.state for delivery in asked.emulator.services.outbox.records] == ["failed"]


@pytest.mark.parametrize(
    ("url", "settings", "why"),
    [
        ("http://127.0.0.1:1/hook", {}, "no connection to 127.0.0.1:1"),
        ("http://127.0.0.1:1/hook", {"strict": True}, "not contacted"),
        ("http://10.0.0.1/hook", {}, "not contacted"),
    ],
)
def test_who_cannot_be_reached_gives_no_answer(url: str, settings: dict[str, Any], why: str) -> None:
    async def story(asked: Asked) -> None:
        asked.ask(url)
        await asked.settled()

    asked = running(story, **settings)
    assert why in str(asked.replies[0].error)
    assert (asked.replies[0].status, asked.replies[0].whole) == (None, False)


def test_patience_is_the_deliverys_own() -> None:
    with Receiver() as hook:
        hook.respond_with(None)

        async def story(asked: Asked) -> None:
            asked.ask(hook.url, patience=0.05)
            await asked.settled()

        asked = running(story)
    assert asked.replies[0].error == "no answer within 0.05 s"


def test_an_answer_is_read_up_to_a_bound() -> None:
    with Receiver() as hook:
        hook.respond_with(200, body=b"x" * (ASKED_BYTES + 1))

        async def story(asked: Asked) -> None:
            asked.ask(hook.url)
            await asked.settled()

        asked = running(story)
    assert (len(asked.replies[0].body), asked.replies[0].whole) == (ASKED_BYTES, False)


NDJSON = {"Content-Type": "application/x-ndjson"}


def test_lines_are_heard_one_by_one() -> None:
    with Receiver() as hook:
        hook.respond_with(200, headers=NDJSON, body=b'{"a":1}\n\n {"b":2}\r\n{"c":3}')

        async def story(asked: Asked) -> None:
            asked.ask(hook.url, line=asked.listen())
            await asked.settled()

        asked = running(story)
    assert asked.lines == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_lines_are_heard_as_they_arrive_and_no_more_than_wanted() -> None:
    arrived = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n")
        writer.write(b'{"text":"one","interim":true}\n')
        await writer.drain()
        await arrived.wait()
        writer.write(b'{"text":"two"}\n{"text":"three"}\n')
        await writer.drain()
        writer.close()

    async def story(asked: Asked) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        def heard(line: bytes) -> bool:
            asked.lines.append(line)
            arrived.set()
            return bool(json.loads(line).get("interim"))

        asked.ask(f"http://127.0.0.1:{port}/", line=heard)
        await asked.settled()
        server.close()

    asked = running(story)
    assert asked.lines == [b'{"text":"one","interim":true}', b'{"text":"two"}']
    assert asked.replies[0].accepted


@pytest.mark.parametrize(("status", "kind"), [(500, NDJSON), (200, {"Content-Type": "application/json"})])
def test_lines_are_heard_of_good_ndjson_answers_alone(status: int, kind: dict[str, str]) -> None:
    with Receiver() as hook:
        hook.respond_with(status, headers=kind, body=b'{"a":1}\n')

        async def story(asked: Asked) -> None:
            asked.ask(hook.url, line=asked.listen())
            await asked.settled()

        asked = running(story)
    assert (asked.lines, asked.replies[0].body) == ([], b'{"a":1}\n')


@pytest.mark.parametrize(("trouble", "requests", "error"), [("drop", 0, "dropped on request"), ("duplicate", 2, None)])
def test_trouble_on_request_meets_questions_too(trouble: Any, requests: int, error: str | None) -> None:
    with Receiver() as hook:

        async def story(asked: Asked) -> None:
            asked.emulator.services.faults.records.add(
                Fault(id="f", account="", vendor=VENDOR, effect=Effect(webhook=trouble))
            )
            asked.ask(hook.url)
            await asked.settled()

        asked = running(story)
        assert len(hook.requests) == requests
    assert [reply.error for reply in asked.replies] == [error]


def test_a_question_that_was_open_is_not_sent_again_after_a_restore() -> None:
    with Receiver() as hook:
        hook.respond_with(None)

        async def story(asked: Asked) -> None:
            asked.ask(hook.url, patience=0.2)
            await asyncio.sleep(0.05)
            state = asked.emulator.snapshot()
            asked.emulator.restore(state)
            await asyncio.sleep(0.3)

        asked = running(story)
        assert len(hook.requests) == 1
    assert [delivery.state for delivery in asked.emulator.services.outbox.records] == ["dropped"]
    assert asked.replies == []


def test_without_a_loop_nothing_is_asked() -> None:
    asked = Asked()
    assert asked.ask("http://127.0.0.1:1/") is None
    assert len(asked.emulator.services.outbox.records) == 0
