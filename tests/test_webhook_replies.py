"""Webhooks whose response matters: one signed POST, whose response is read whole or line by line."""

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
from ringback.gateway.webhook_response import MAX_RESPONSE_BYTES, WebhookResponse
from ringback.receiver import Receiver
from ringback.settings import Settings

VENDOR = "kwickphone"


class Caller:
    """An emulator on a frozen clock with one account, and the responses that its requests received."""

    def __init__(self, **settings: Any) -> None:
        self.emulator: Emulator = Application(Settings(vendors=(VENDOR,), clock="frozen", **settings)).emulator
        self.account = self.emulator.services.open_account(VENDOR).id
        self.responses: list[WebhookResponse] = []
        self.lines: list[bytes] = []

    def request(self, url: str, *, on_line: Callable[[bytes], bool] | None = None, timeout: float | None = None) -> Any:
        return self.emulator.services.outbox.request(
            vendor=VENDOR,
            account=self.account,
            event="agent.message",
            subject="call_1",
            url=url,
            secret="whsec_1",
            body=b'{"hello":1}',
            timeout=timeout,
            on_line=on_line,
            on_response=self.responses.append,
        )

    def listen(self, more: bool = True) -> Callable[[bytes], bool]:
        def on_line(line: bytes) -> bool:
            self.lines.append(line)
            return more

        return on_line

    async def wait(self) -> None:
        await self.emulator.services.clock.advance(self.emulator.services.clock.now(self.account), self.account)


def run(steps: Callable[[Caller], Awaitable[None]], **settings: Any) -> Caller:
    caller = Caller(**settings)

    async def main() -> None:
        caller.emulator.services.clock.run_on(asyncio.get_running_loop())
        await steps(caller)
        await caller.emulator.services.outbox.close()

    asyncio.run(main())
    assert caller.emulator.services.crashes == []
    return caller


def test_the_response_arrives_before_the_clock_moves() -> None:
    with Receiver() as hook:
        hook.respond_with(200, headers={"Content-Type": "application/json"}, body=b'{"text":"hi"}')

        async def steps(caller: Caller) -> None:
            caller.request(hook.url)
            await caller.emulator.services.clock.advance(
                caller.emulator.services.clock.now(caller.account) + 60 * SECOND, caller.account
            )
            assert [response.body for response in caller.responses] == [b'{"text":"hi"}']

        caller = run(steps)
        (request,) = hook.requests
    (response,) = caller.responses
    assert (response.status, response.accepted, response.media_type, response.whole) == (
        200,
        True,
        "application/json",
        True,
    )
    assert request.headers["X-KwickPhone-Signature"]
    (delivery,) = caller.emulator.services.outbox.records
    assert (delivery.event, delivery.state, delivery.attempts[0].response) == (
        "agent.message",
        "delivered",
        '{"text":"hi"}',
    )
    assert any(entry.render()["kind"] == "delivery" for entry in caller.emulator.services.journal.read(caller.account))


def test_a_rejected_request_is_not_retried() -> None:
    with Receiver() as hook:
        hook.respond_with(503, body=b"later")

        async def steps(caller: Caller) -> None:
            caller.request(hook.url)
            await caller.emulator.services.clock.advance_idle(caller.account)

        caller = run(steps)
        assert len(hook.requests) == 1
    assert (caller.responses[0].status, caller.responses[0].accepted, caller.responses[0].body) == (
        503,
        False,
        b"later",
    )
    assert [delivery.state for delivery in caller.emulator.services.outbox.records] == ["failed"]


@pytest.mark.parametrize(
    ("url", "settings", "why"),
    [
        ("http://127.0.0.1:1/hook", {}, "no connection to 127.0.0.1:1"),
        ("http://127.0.0.1:1/hook", {"strict": True}, "not contacted"),
        ("http://10.0.0.1/hook", {}, "not contacted"),
    ],
)
def test_an_unreachable_receiver_yields_an_error(url: str, settings: dict[str, Any], why: str) -> None:
    async def steps(caller: Caller) -> None:
        caller.request(url)
        await caller.wait()

    caller = run(steps, **settings)
    assert why in str(caller.responses[0].error)
    assert (caller.responses[0].status, caller.responses[0].whole) == (None, False)


def test_a_delivery_may_have_its_own_timeout() -> None:
    with Receiver() as hook:
        hook.respond_with(None)

        async def steps(caller: Caller) -> None:
            caller.request(hook.url, timeout=0.05)
            await caller.wait()

        caller = run(steps)
    assert caller.responses[0].error == "no answer within 0.05 s"


def test_a_response_is_read_up_to_a_bound() -> None:
    with Receiver() as hook:
        hook.respond_with(200, body=b"x" * (MAX_RESPONSE_BYTES + 1))

        async def steps(caller: Caller) -> None:
            caller.request(hook.url)
            await caller.wait()

        caller = run(steps)
    assert (len(caller.responses[0].body), caller.responses[0].whole) == (MAX_RESPONSE_BYTES, False)


NDJSON = {"Content-Type": "application/x-ndjson"}


def test_lines_are_passed_on_one_by_one() -> None:
    with Receiver() as hook:
        hook.respond_with(200, headers=NDJSON, body=b'{"a":1}\n\n {"b":2}\r\n{"c":3}')

        async def steps(caller: Caller) -> None:
            caller.request(hook.url, on_line=caller.listen())
            await caller.wait()

        caller = run(steps)
    assert caller.lines == [b'{"a":1}', b'{"b":2}', b'{"c":3}']


def test_lines_are_passed_on_as_they_arrive_and_no_more_than_wanted() -> None:
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

    async def steps(caller: Caller) -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]

        def on_line(line: bytes) -> bool:
            caller.lines.append(line)
            arrived.set()
            return bool(json.loads(line).get("interim"))

        caller.request(f"http://127.0.0.1:{port}/", on_line=on_line)
        await caller.wait()
        server.close()

    caller = run(steps)
    assert caller.lines == [b'{"text":"one","interim":true}', b'{"text":"two"}']
    assert caller.responses[0].accepted


@pytest.mark.parametrize(("status", "kind"), [(500, NDJSON), (200, {"Content-Type": "application/json"})])
def test_only_lines_of_a_successful_ndjson_response_are_passed_on(status: int, kind: dict[str, str]) -> None:
    with Receiver() as hook:
        hook.respond_with(status, headers=kind, body=b'{"a":1}\n')

        async def steps(caller: Caller) -> None:
            caller.request(hook.url, on_line=caller.listen())
            await caller.wait()

        caller = run(steps)
    assert (caller.lines, caller.responses[0].body) == ([], b'{"a":1}\n')


@pytest.mark.parametrize(("fault", "requests", "error"), [("drop", 0, "dropped on request"), ("duplicate", 2, None)])
def test_webhook_faults_apply_to_requests_too(fault: Any, requests: int, error: str | None) -> None:
    with Receiver() as hook:

        async def steps(caller: Caller) -> None:
            caller.emulator.services.faults.records.add(
                Fault(id="f", account="", vendor=VENDOR, effect=Effect(webhook=fault))
            )
            caller.request(hook.url)
            await caller.wait()

        caller = run(steps)
        assert len(hook.requests) == requests
    assert [response.error for response in caller.responses] == [error]


def test_a_request_under_way_is_not_sent_again_after_a_restore() -> None:
    with Receiver() as hook:
        hook.respond_with(None)

        async def steps(caller: Caller) -> None:
            caller.request(hook.url, timeout=0.2)
            await asyncio.sleep(0.05)
            state = caller.emulator.snapshot()
            caller.emulator.restore(state)
            await asyncio.sleep(0.3)

        caller = run(steps)
        assert len(hook.requests) == 1
    assert [delivery.state for delivery in caller.emulator.services.outbox.records] == ["dropped"]
    assert caller.responses == []


def test_without_an_event_loop_nothing_is_sent() -> None:
    caller = Caller()
    assert caller.request("http://127.0.0.1:1/") is None
    assert len(caller.emulator.services.outbox.records) == 0
