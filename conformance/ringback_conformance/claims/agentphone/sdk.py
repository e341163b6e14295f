"""The official Python client, driven through the suite's own transport."""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import Callable, Iterator
from importlib import import_module
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

Steps = Iterator[tuple[str, Callable[[], Any], Callable[[Any], bool]]]
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
                driver.drive(_reading(driver.client))


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
        for name, step, fits in steps:
            try:
                result = self.wait(step())
                held, seen = bool(fits(result)), repr(result)
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


def _reading(client: Any) -> Steps:
    """Yield the steps that change nothing."""
    for name in ("numbers", "agents", "calls", "conversations", "contacts"):
        yield f"{name}.list", getattr(client, name).list, lambda page: page.total >= len(page.data)
    yield "usage.get", client.usage.get, lambda usage: usage.numbers.limit >= 0


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
    sdk, made = driver.client, driver.made
    yield (
        "agents.create",
        lambda: sdk.agents.create(name="Front desk", description=TAG, voice_mode="hosted"),
        _keep(made, "agent"),
    )
    agent = made["agent"]
    yield "agents.list", sdk.agents.list, lambda page: [each.id for each in page.data] == [agent.id]
    yield "agents.get", lambda: sdk.agents.get(agent.id), lambda got: got == agent
    yield "agents.update", lambda: sdk.agents.update(agent.id, voice_speed=1.5), lambda got: got.voice_speed == 1.5
    yield (
        "agents.list_voices",
        sdk.agents.list_voices,
        lambda voices: all(voice["voice_id"] for voice in voices) and voices,
    )
    yield (
        "numbers.available",
        lambda: sdk.numbers.available(area_code="415", limit=2),
        lambda found: 1 <= len(found) <= 2,
    )
    yield (
        "numbers.lookup",
        lambda: sdk.numbers.lookup([FAR, PERSON]),
        lambda found: [each.phone_number for each in found] == [FAR, PERSON],
    )
    yield "numbers.buy", lambda: sdk.numbers.buy(country="US", area_code="415"), _keep(made, "number")
    number = made["number"]
    yield "numbers.buy(imessage)", lambda: sdk.numbers.buy(type="imessage", agent_id=agent.id), _keep(made, "line")
    yield "numbers.list", sdk.numbers.list, lambda page: page.total == 2 and not page.has_more
    yield "numbers.get", lambda: sdk.numbers.get(number.id), lambda got: got.phone_number == number.phone_number
    yield (
        "numbers.update",
        lambda: sdk.numbers.update(number.id, external_id="till-7"),
        lambda got: got.external_id == "till-7",
    )
    yield (
        "agents.attach_number",
        lambda: sdk.agents.attach_number(agent.id, number.id),
        lambda got: got["number"]["id"] == number.id,
    )
    yield (
        "agents.detach_number",
        lambda: sdk.agents.detach_number(agent.id, number.id),
        lambda got: got["success"] is True,
    )
    yield (
        "agents.attach_number again",
        lambda: sdk.agents.attach_number(agent.id, number.id),
        lambda got: got["agentId"] == agent.id,
    )
    yield (
        "numbers.set_contact_card",
        lambda: sdk.numbers.set_contact_card(number.id, "Corner", "Bakery"),
        lambda got: got["firstName"] == "Corner",
    )
    yield (
        "numbers.get_contact_card",
        lambda: sdk.numbers.get_contact_card(number.id),
        lambda got: got["lastName"] == "Bakery",
    )
    yield "numbers.delete_contact_card", lambda: sdk.numbers.delete_contact_card(number.id), lambda got: got == {}


def _registration(driver: Driver) -> Steps:
    sdk = driver.client
    yield "registration.register", lambda: sdk.registration.register(**PERSONAL), lambda got: got["ok"] is True
    yield "registration.get", sdk.registration.get, lambda got: bool(got["campaign_status"])
    yield (
        "registration.update",
        lambda: sdk.registration.update(website_url="https://bakery.example.com"),
        lambda got: bool(got),
    )
    yield "registration.get_status", sdk.registration.get_status, lambda got: bool(got["message"])
    driver.account.advance(REVIEW)


def _calls(driver: Driver) -> Steps:
    sdk, made, account = driver.client, driver.made, driver.account
    agent, number = made["agent"], made["number"]
    account.script({"to": FAR}, answer_after=1, duration=8, turns=lines("caller@1: Grüezi!", "agent@3: Hello."))
    yield (
        "calls.make",
        lambda: sdk.calls.make(agent.id, FAR, system_prompt="Hello", from_number_id=number.id),
        _keep(made, "call"),
    )
    call = made["call"]
    account.advance(RINGING_AND_AFTER)
    yield "calls.get", lambda: sdk.calls.get(call.id), lambda got: got.status == "completed" and got.transcripts
    yield "calls.get_transcript", lambda: sdk.calls.get_transcript(call.id), lambda got: got["transcript"]
    yield (
        "calls.stream_transcript",
        lambda: sdk.calls.stream_transcript(call.id),
        lambda got: (
            [each["event"] for each in got] == ["connected", "turn", "turn", "ended"]
            and got[1]["data"]["content"] == "Grüezi!"
        ),
    )
    yield "calls.get_recording", lambda: sdk.calls.get_recording(call.id), lambda got: got.content[:4] == b"RIFF"
    yield (
        "calls.make_conversation",
        lambda: sdk.calls.make_conversation(agent.id, SECOND_FAR, "Bread"),
        _keep(made, "second"),
    )
    second = made["second"]
    yield "calls.end", lambda: sdk.calls.end(second.id), lambda got: got["id"] == second.id
    yield "calls.create_web_call", lambda: sdk.calls.create_web_call(agent.id), lambda got: got["accessToken"]
    yield "calls.list", lambda: sdk.calls.list(type="pstn"), lambda page: page.total == 2
    yield (
        "numbers.list_calls",
        lambda: sdk.numbers.list_calls(number.id),
        lambda page: call.id in [each.id for each in page.data],
    )
    yield "agents.list_calls", lambda: sdk.agents.list_calls(agent.id), lambda page: page.total == 3


def _texts(driver: Driver) -> Steps:
    sdk, made, account = driver.client, driver.made, driver.account
    agent, number, line = made["agent"], made["number"], made["line"]
    yield (
        "messages.send",
        lambda: sdk.messages.send(number_id=number.id, to_number=FAR, body="Grüezi"),
        lambda got: got["channel"] == "sms",
    )
    yield (
        "numbers.get_messages",
        lambda: sdk.numbers.get_messages(number.id),
        lambda page: (
            [(each.from_number, each.to_number, each.body) for each in page.data]
            == [(number.phone_number, FAR, "Grüezi")]
        ),
    )
    there = {"id": line.id, "phoneNumber": line.phone_number}
    written(account, there, "Look!")
    text = new_text(account, there, "Nice!", to_number=PERSON)
    talk = text["conversation_id"]
    yield "messages.react", lambda: sdk.messages.react(text["id"], "love"), lambda got: got["reaction_type"] == "love"
    yield "conversations.list", sdk.conversations.list, lambda page: page.total == 2
    yield (
        "conversations.get",
        lambda: sdk.conversations.get(talk),
        lambda got: (
            got.participant == PERSON
            and got.messages[-1].reactions[0].reaction_type == "love"
            and got.capabilities.reactions
        ),
    )
    yield (
        "conversations.update",
        lambda: sdk.conversations.update(talk, metadata={"order": 31}),
        lambda got: got.metadata == {"order": 31},
    )
    yield "conversations.get_messages", lambda: sdk.conversations.get_messages(talk), lambda page: len(page.data) == 2
    yield (
        "conversations.send_typing",
        lambda: sdk.conversations.send_typing(talk),
        lambda got: got["conversationId"] == talk,
    )
    yield (
        "conversations.set_background",
        lambda: sdk.conversations.set_background(talk, "https://app.example.com/loaf.jpg"),
        lambda got: got["changed"],
    )
    yield "conversations.delete_background", lambda: sdk.conversations.delete_background(talk), lambda got: got == {}
    yield "agents.list_conversations", lambda: sdk.agents.list_conversations(agent.id), lambda page: page.total == 2


def _contacts(driver: Driver) -> Steps:
    sdk, made = driver.client, driver.made
    yield "contacts.create", lambda: sdk.contacts.create(PERSON, "Robin"), _keep(made, "contact")
    contact = made["contact"]
    yield (
        "contacts.list",
        lambda: sdk.contacts.list(search="rob"),
        lambda page: [each.id for each in page.data] == [contact.id],
    )
    yield "contacts.get", lambda: sdk.contacts.get(contact.id), lambda got: got == contact
    yield "contacts.update", lambda: sdk.contacts.update(contact.id, notes="Rye"), lambda got: got.notes == "Rye"
    yield (
        "contacts.get_capabilities",
        lambda: sdk.contacts.get_capabilities(PERSON),
        lambda got: "sms" in got["capabilities"],
    )
    yield "contacts.delete", lambda: sdk.contacts.delete(contact.id), lambda got: got == {}


def _hooks(driver: Driver) -> Steps:
    sdk, made, ctx = driver.client, driver.made, driver.ctx
    agent = made["agent"]
    url, own = (ctx.inbox().url, ctx.inbox().url) if ctx.emulated else (PUBLIC_HOOK, PUBLIC_HOOK)
    yield "webhooks.get (none)", sdk.webhooks.get, lambda got: got is None
    yield "webhooks.set", lambda: sdk.webhooks.set(url, context_limit=5, timeout=10), lambda got: got.context_limit == 5
    yield "webhooks.get", sdk.webhooks.get, lambda got: got.url == url
    yield "webhooks.test", lambda: sdk.webhooks.test(from_=PERSON, message="Hello"), lambda got: got["success"] is True
    yield "webhooks.list_deliveries", sdk.webhooks.list_deliveries, lambda got: got and got[0].status == "success"
    yield "webhooks.get_delivery_stats", sdk.webhooks.get_delivery_stats, lambda got: got.success == got.total >= 1
    yield "webhooks.get_all_time_stats", sdk.webhooks.get_all_time_stats, lambda got: got["total"] >= 1
    yield "agents.get_webhook (none)", lambda: sdk.agents.get_webhook(agent.id), lambda got: got is None
    yield "agents.set_webhook", lambda: sdk.agents.set_webhook(agent.id, own), lambda got: got.timeout == 30
    yield "agents.get_webhook", lambda: sdk.agents.get_webhook(agent.id), lambda got: got.url == own
    yield "agents.test_webhook", lambda: sdk.agents.test_webhook(agent.id), lambda got: got["success"] is True
    yield (
        "agents.list_webhook_deliveries",
        lambda: sdk.agents.list_webhook_deliveries(agent.id),
        lambda got: isinstance(got, list),
    )
    yield "agents.delete_webhook", lambda: sdk.agents.delete_webhook(agent.id), lambda got: got["success"] is True
    yield "webhooks.delete", sdk.webhooks.delete, lambda got: got["success"] is True


def _rest(driver: Driver) -> Steps:
    sdk, made = driver.client, driver.made
    agent, number, line = made["agent"], made["number"], made["line"]
    yield "usage.get", sdk.usage.get, lambda got: got.numbers.used == 2 and got.stats.total_calls == 3
    yield "usage.get_daily", lambda: sdk.usage.get_daily(7), lambda got: len(got.data) == got.days == 7
    yield "usage.get_monthly", lambda: sdk.usage.get_monthly(2), lambda got: len(got.data) == got.months == 2
    yield "usage.get_by_number", sdk.usage.get_by_number, lambda got: len(got) == 2
    yield "usage.get_by_agent", lambda: sdk.usage.get_by_agent("week"), lambda got: got["period"] == "week"
    yield "sub_accounts.create", lambda: sdk.sub_accounts.create("Second shop"), _keep(made, "branch")
    branch = made["branch"]["id"]
    yield "sub_accounts.list", sdk.sub_accounts.list, lambda got: [each["id"] for each in got] == [branch]
    yield (
        "sub_accounts.update",
        lambda: sdk.sub_accounts.update(branch, "Third shop"),
        lambda got: got["name"] == "Third shop",
    )
    yield "sub_accounts.delete", lambda: sdk.sub_accounts.delete(branch), lambda got: got["success"] is True
    yield (
        "location.get",
        lambda: sdk.location.get(number.phone_number),
        lambda got: got.phone_number == number.phone_number,
    )
    yield "location.refresh", sdk.location.refresh, lambda got: got.success is True
    yield "numbers.release", lambda: sdk.numbers.release(line.id), lambda got: got["status"] == "released"
    yield "agents.delete", lambda: sdk.agents.delete(agent.id), lambda got: got["success"] is True


def _keep(made: dict[str, Any], name: str) -> Callable[[Any], bool]:
    """Return a check that keeps a step's result for later ones."""

    def keep(result: Any) -> bool:
        made[name] = result
        return True

    return keep
