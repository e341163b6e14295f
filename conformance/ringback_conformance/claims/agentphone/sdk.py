"""The official Python client, driven through the suite's own transport."""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import Callable, Iterator
from importlib import import_module
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ringback_conformance.catalogue import SPEND
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    FAR,
    PERSON,
    PERSONAL,
    PUBLIC_HOOK,
    REVIEW,
    RINGING_AND_AFTER,
    SECOND_FAR,
    TAG,
    lines,
    new_text,
    written,
)
from ringback_conformance.expectations import Inconclusive
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext

claim = CATALOGUE.section("SDKs", Basis.SDK)

if TYPE_CHECKING:
    import httpx
    import requests

READS = ("/v1/numbers", "/v1/agents", "/v1/calls", "/v1/conversations", "/v1/contacts", "/v1/usage")
SKIPPED = frozenset({"content-length", "connection", "host", "authorization", "accept-encoding"})


@claim(
    "AGP-SDK-1",
    "Every method of the official Python client, sync and async, works with only base URL and key changed.",
    needs=SPEND,
    sends=(Send("GET", path, 2) for path in READS),
)
def the_official_client(ctx: ProbeContext) -> None:
    try:
        agentphone: Any = import_module("agentphone")
    except ImportError:
        raise Inconclusive("the agentphone package is not installed") from None
    if not ctx.emulated:
        ctx.not_covered("what creates, changes or costs anything")
    for client in (_sync(ctx, agentphone), _async(ctx, agentphone)):
        with client as driver:
            if ctx.emulated:
                driver.drive(_everything(driver))
            else:
                driver.drive(_reading())


Step = tuple[str, Callable[[Any], Any], Callable[[Callable[..., Any]], Any]]
"""A method's name, what its result must fulfil, and how the method is called."""
Steps = Iterator[Step]


def step(name: str, check: Callable[[Any], Any], /, *args: Any, **options: Any) -> Step:
    """Return a step: call the client's method `numbers.get` with these arguments, and check its result."""
    return name, check, lambda method: method(*args, **options)


class Driver:
    """A client, the loop that awaits its results, and the account that it acts for."""

    def __init__(
        self, ctx: ProbeContext, name: str, account: Account, client: Any, loop: asyncio.AbstractEventLoop | None
    ) -> None:
        self.ctx = ctx
        self.name = name
        self.account = account
        self.client = client
        self.made: dict[str, Any] = {}
        self._loop = loop

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait(self.client.close())
        if self._loop is not None:
            self._loop.close()

    def wait(self, result: Any) -> Any:
        """Return a method's result, or what it resolves to."""
        if self._loop is None:
            return list(result) if inspect.isgenerator(result) else result
        if inspect.isasyncgen(result):
            return self._loop.run_until_complete(_collected(result))
        return self._loop.run_until_complete(result) if inspect.isawaitable(result) else result

    def drive(self, steps: Steps) -> None:
        """Take each step, and check its result."""
        for name, check, call in steps:
            try:
                result = self.wait(call(attrgetter(name)(self.client)))
                held, seen = bool(check(result)), repr(result)
            except Exception as error:
                held, seen = False, f"{type(error).__name__}: {error}"
            self.ctx.expect(held, f"{self.name} {name}: expected it to work, got {seen[:200]}", stop=True)


async def _collected(stream: Any) -> list[Any]:
    return [item async for item in stream]


def _sync(ctx: ProbeContext, agentphone: Any) -> Driver:
    import requests
    from requests.adapters import BaseAdapter

    account = _account(ctx)
    base = ctx.run_context.transport.base_url

    class Through(BaseAdapter):
        """Send a prepared request through the suite's transport."""

        def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
            body: Any = request.body or b""
            content = body.encode() if isinstance(body, str) else body
            headers = {str(name): str(value) for name, value in request.headers.items()}
            exchange = _send(account, base, str(request.method), str(request.url), headers, content)
            response = requests.Response()
            response.status_code, response.request, response.url = exchange.status or 0, request, str(request.url)
            response.headers.update(dict(exchange.response_headers))
            response.encoding = requests.utils.get_encoding_from_headers(response.headers)
            response.raw = io.BytesIO(exchange.response_body)
            return response

        def close(self) -> None:
            """Do nothing: there is no connection."""

    client = agentphone.AgentPhone(api_key=account.key, base_url=base)
    client._session.trust_env = False
    client._session.mount(base, Through())
    return Driver(ctx, "AgentPhone", account, client, None)


def _async(ctx: ProbeContext, agentphone: Any) -> Driver:
    import httpx

    account = _account(ctx)
    base = ctx.run_context.transport.base_url

    class Through(httpx.AsyncBaseTransport):
        """Send a request through the suite's transport."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            content = await request.aread()
            exchange = _send(account, base, request.method, str(request.url), dict(request.headers), content)
            headers = [header for header in exchange.response_headers if header[0].lower() not in SKIPPED]
            return httpx.Response(exchange.status or 0, headers=headers, content=exchange.response_body)

    client = agentphone.AsyncAgentPhone(api_key=account.key, base_url=base)
    used: httpx.AsyncClient = client._client
    client._client = httpx.AsyncClient(headers=used.headers, transport=Through(), trust_env=False)
    return Driver(ctx, "AsyncAgentPhone", account, client, asyncio.new_event_loop())


def _account(ctx: ProbeContext) -> Account:
    return ctx.account(recording=True, sms_registration="none") if ctx.emulated else ctx.default_account()


def _send(account: Account, base: str, method: str, url: str, headers: dict[str, str], body: bytes) -> Exchange:
    prefix = urlsplit(base).path
    parts = urlsplit(url)
    path = parts.path.removeprefix(prefix) + (f"?{parts.query}" if parts.query else "")
    kept = [(name, value) for name, value in headers.items() if name.lower() not in SKIPPED]
    return account.request(method, path, content=body, headers=kept)


def _reading() -> Steps:
    """Yield the steps that change nothing."""
    for name in ("numbers", "agents", "calls", "conversations", "contacts"):
        yield step(f"{name}.list", lambda page: page.total >= len(page.data))
    yield step("usage.get", lambda usage: usage.numbers.limit >= 0)


def _everything(driver: Driver) -> Steps:
    """Yield a step for every method, in an order in which each has something to work on."""
    yield from _agents_and_numbers(driver)
    yield from _registration(driver)
    yield from _calls(driver)
    yield from _texts(driver)
    yield from _contacts(driver)
    yield from _hooks(driver)
    yield from _rest(driver)


def _agents_and_numbers(driver: Driver) -> Steps:
    made = driver.made
    yield step("agents.create", _keep(made, "agent"), name="Front desk", description=TAG, voice_mode="hosted")
    agent = made["agent"]
    yield step("agents.list", lambda page: [each.id for each in page.data] == [agent.id])
    yield step("agents.get", lambda got: got == agent, agent.id)
    yield step("agents.update", lambda got: got.voice_speed == 1.5, agent.id, voice_speed=1.5)
    yield step("agents.list_voices", lambda voices: all(voice["voice_id"] for voice in voices) and voices)
    yield step("numbers.available", lambda found: 1 <= len(found) <= 2, area_code="415", limit=2)
    yield step("numbers.lookup", lambda found: [each.phone_number for each in found] == [FAR, PERSON], [FAR, PERSON])
    yield step("numbers.buy", _keep(made, "number"), country="US", area_code="415")
    number = made["number"]
    yield step("numbers.buy", _keep(made, "line"), type="imessage", agent_id=agent.id)
    yield step("numbers.list", lambda page: page.total == 2 and not page.has_more)
    yield step("numbers.get", lambda got: got.phone_number == number.phone_number, number.id)
    yield step("numbers.update", lambda got: got.external_id == "till-7", number.id, external_id="till-7")
    yield step("agents.attach_number", lambda got: got["number"]["id"] == number.id, agent.id, number.id)
    yield step("agents.detach_number", lambda got: got["success"] is True, agent.id, number.id)
    yield step("agents.attach_number", lambda got: got["agentId"] == agent.id, agent.id, number.id)
    yield step("numbers.set_contact_card", lambda got: got["firstName"] == "Corner", number.id, "Corner", "Bakery")
    yield step("numbers.get_contact_card", lambda got: got["lastName"] == "Bakery", number.id)
    yield step("numbers.delete_contact_card", lambda got: got == {}, number.id)


def _registration(driver: Driver) -> Steps:
    yield step("registration.register", lambda got: got["ok"] is True, **PERSONAL)
    yield step("registration.get", lambda got: bool(got["campaign_status"]))
    yield step("registration.update", bool, website_url="https://bakery.example.com")
    yield step("registration.get_status", lambda got: bool(got["message"]))
    driver.account.advance(REVIEW)


def _calls(driver: Driver) -> Steps:
    made, account = driver.made, driver.account
    agent, number = made["agent"], made["number"]
    account.script({"to": FAR}, answer_after=1, duration=8, turns=lines("caller@1: Grüezi!", "agent@3: Hello."))
    yield step("calls.make", _keep(made, "call"), agent.id, FAR, system_prompt="Hello", from_number_id=number.id)
    call = made["call"]
    account.advance(RINGING_AND_AFTER)
    yield step("calls.get", lambda got: got.status == "completed" and got.transcripts, call.id)
    yield step("calls.get_transcript", lambda got: got["transcript"], call.id)
    yield step(
        "calls.stream_transcript",
        lambda got: (
            [each["event"] for each in got] == ["connected", "turn", "turn", "ended"]
            and got[1]["data"]["content"] == "Grüezi!"
        ),
        call.id,
    )
    yield step("calls.get_recording", lambda got: got.content[:4] == b"RIFF", call.id)
    yield step("calls.make_conversation", _keep(made, "second"), agent.id, SECOND_FAR, "Bread")
    second = made["second"]
    yield step("calls.end", lambda got: got["id"] == second.id, second.id)
    yield step("calls.create_web_call", lambda got: got["accessToken"], agent.id)
    yield step("calls.list", lambda page: page.total == 2, type="pstn")
    yield step("numbers.list_calls", lambda page: call.id in [each.id for each in page.data], number.id)
    yield step("agents.list_calls", lambda page: page.total == 3, agent.id)


def _texts(driver: Driver) -> Steps:
    made, account = driver.made, driver.account
    agent, number, line = made["agent"], made["number"], made["line"]
    yield step("messages.send", lambda got: got["channel"] == "sms", number_id=number.id, to_number=FAR, body="Grüezi")
    yield step(
        "numbers.get_messages",
        lambda page: (
            [(each.from_number, each.to_number, each.body) for each in page.data]
            == [(number.phone_number, FAR, "Grüezi")]
        ),
        number.id,
    )
    there = {"id": line.id, "phoneNumber": line.phone_number}
    written(account, there, "Look!")
    text = new_text(account, there, "Nice!", to_number=PERSON)
    talk = text["conversation_id"]
    yield step("messages.react", lambda got: got["reaction_type"] == "love", text["id"], "love")
    yield step("conversations.list", lambda page: page.total == 2)
    yield step(
        "conversations.get",
        lambda got: (
            got.participant == PERSON
            and got.messages[-1].reactions[0].reaction_type == "love"
            and got.capabilities.reactions
        ),
        talk,
    )
    yield step("conversations.update", lambda got: got.metadata == {"order": 31}, talk, metadata={"order": 31})
    yield step("conversations.get_messages", lambda page: len(page.data) == 2, talk)
    yield step("conversations.send_typing", lambda got: got["conversationId"] == talk, talk)
    yield step("conversations.set_background", lambda got: got["changed"], talk, "https://app.example.com/loaf.jpg")
    yield step("conversations.delete_background", lambda got: got == {}, talk)
    yield step("agents.list_conversations", lambda page: page.total == 2, agent.id)


def _contacts(driver: Driver) -> Steps:
    made = driver.made
    yield step("contacts.create", _keep(made, "contact"), PERSON, "Robin")
    contact = made["contact"]
    yield step("contacts.list", lambda page: [each.id for each in page.data] == [contact.id], search="rob")
    yield step("contacts.get", lambda got: got == contact, contact.id)
    yield step("contacts.update", lambda got: got.notes == "Rye", contact.id, notes="Rye")
    yield step("contacts.get_capabilities", lambda got: "sms" in got["capabilities"], PERSON)
    yield step("contacts.delete", lambda got: got == {}, contact.id)


def _hooks(driver: Driver) -> Steps:
    made, ctx = driver.made, driver.ctx
    agent = made["agent"]
    url, own = (ctx.inbox().url, ctx.inbox().url) if ctx.emulated else (PUBLIC_HOOK, PUBLIC_HOOK)
    yield step("webhooks.get", lambda got: got is None)
    yield step("webhooks.set", lambda got: got.context_limit == 5, url, context_limit=5, timeout=10)
    yield step("webhooks.get", lambda got: got.url == url)
    yield step("webhooks.test", lambda got: got["success"] is True, from_=PERSON, message="Hello")
    yield step("webhooks.list_deliveries", lambda got: got and got[0].status == "success")
    yield step("webhooks.get_delivery_stats", lambda got: got.success == got.total >= 1)
    yield step("webhooks.get_all_time_stats", lambda got: got["total"] >= 1)
    yield step("agents.get_webhook", lambda got: got is None, agent.id)
    yield step("agents.set_webhook", lambda got: got.timeout == 30, agent.id, own)
    yield step("agents.get_webhook", lambda got: got.url == own, agent.id)
    yield step("agents.test_webhook", lambda got: got["success"] is True, agent.id)
    yield step("agents.list_webhook_deliveries", lambda got: isinstance(got, list), agent.id)
    yield step("agents.delete_webhook", lambda got: got["success"] is True, agent.id)
    yield step("webhooks.delete", lambda got: got["success"] is True)


def _rest(driver: Driver) -> Steps:
    made = driver.made
    agent, number, line = made["agent"], made["number"], made["line"]
    yield step("usage.get", lambda got: got.numbers.used == 2 and got.stats.total_calls == 3)
    yield step("usage.get_daily", lambda got: len(got.data) == got.days == 7, 7)
    yield step("usage.get_monthly", lambda got: len(got.data) == got.months == 2, 2)
    yield step("usage.get_by_number", lambda got: len(got) == 2)
    yield step("usage.get_by_agent", lambda got: got["period"] == "week", "week")
    yield step("sub_accounts.create", _keep(made, "branch"), "Second shop")
    branch = made["branch"]["id"]
    yield step("sub_accounts.list", lambda got: [each["id"] for each in got] == [branch])
    yield step("sub_accounts.update", lambda got: got["name"] == "Third shop", branch, "Third shop")
    yield step("sub_accounts.delete", lambda got: got["success"] is True, branch)
    yield step("location.get", lambda got: got.phone_number == number.phone_number, number.phone_number)
    yield step("location.refresh", lambda got: got.success is True)
    yield step("numbers.release", lambda got: got["status"] == "released", line.id)
    yield step("agents.delete", lambda got: got["success"] is True, agent.id)


def _keep(made: dict[str, Any], name: str) -> Callable[[Any], bool]:
    """Return a check that keeps a step's result for later ones."""

    def keep(result: Any) -> bool:
        made[name] = result
        return True

    return keep
