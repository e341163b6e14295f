"""The official Python SDK, unmodified, sync and async: every method."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import agentphone
import pytest

from ringback.testing import Account, Ringback
from tests.agentphone import sdk_scenario
from tests.support.matrix import Table, hold, methods_of


def method_of(client: Any, name: str) -> Callable[..., Any]:
    resource, _, method = name.partition(".")
    found: Callable[..., Any] = getattr(getattr(client, resource), method)
    return found


@pytest.fixture
def account(ringback: Ringback) -> Account:
    """An account on a frozen clock at the real time: the SDK's verifier rejects events older than 300 s."""
    return ringback.account("agentphone", balance="100.00", recording=True, now=sdk_scenario.now())


def test_every_method_works_or_is_reported_as_not_emulated(ringback: Ringback, account: Account) -> None:
    other = ringback.account("agentphone", balance="100.00", recording=True, now=sdk_scenario.now())
    with agentphone.AgentPhone(account.key, account.base_url) as client:
        table = Table(
            "agentphone-python",
            f"AgentPhone, Python: agentphone {version('agentphone')}",
            ("sync", "async"),
            methods_of(client),
        )

        def do(name: str, /, *args: Any, **named: Any) -> Any:
            response = tried(table, "sync", name, lambda: method_of(client, name)(*args, **named))
            return list(response) if inspect.isgenerator(response) else response

        sdk_scenario.run(do, ringback, account)

    with asyncio.Runner() as runner:
        slow = agentphone.AsyncAgentPhone(other.key, other.base_url)

        async def once(response: Any) -> Any:
            return [event async for event in response] if inspect.isasyncgen(response) else await response

        def do_later(name: str, /, *args: Any, **named: Any) -> Any:
            return tried(table, "async", name, lambda: runner.run(once(method_of(slow, name)(*args, **named))))

        sdk_scenario.run(do_later, ringback, other)
        runner.run(slow.close())
    hold(table)


def tried(table: Table, column: str, name: str, call: Callable[[], Any]) -> Any:
    """Call a method, and record that it works, or that its operation is not emulated."""
    if name in sdk_scenario.NOT_EMULATED:
        with pytest.raises(agentphone.AgentPhoneError, match="does not emulate") as rejected:
            call()
        assert rejected.value.status == 501
        table.saw(name, column, "not emulated")
        return None
    response = call()
    table.saw(name, column, "works")
    return response


@pytest.mark.parametrize(
    ("call", "kind", "status"),
    [
        (lambda client: client.numbers.get("num_0"), agentphone.NotFoundError, 404),
        (lambda client: client.agents.update("agt_0", name="x"), agentphone.NotFoundError, 404),
        (lambda client: client.calls.get_recording("call_0"), agentphone.NotFoundError, 404),
        (lambda client: list(client.calls.stream_transcript("call_0")), agentphone.NotFoundError, 404),
        (lambda client: client.numbers.list(limit=101), agentphone.AgentPhoneError, 422),
        (lambda client: client.numbers.buy(country="ZZ"), agentphone.AgentPhoneError, 400),
    ],
)
def test_errors_become_the_sdks_exceptions(
    account: Account, call: Callable[[Any], Any], kind: type[Exception], status: int
) -> None:
    with agentphone.AgentPhone(account.key, account.base_url) as client, pytest.raises(kind) as caught:
        call(client)
    assert caught.value.status == status  # type: ignore[attr-defined]


def test_a_wrong_key_and_a_rate_limit_have_their_own_exceptions(ringback: Ringback) -> None:
    account = ringback.account("agentphone", rate_limit=1)
    with (
        agentphone.AgentPhone("sk_live_wrong", account.base_url) as client,
        pytest.raises(agentphone.AuthenticationError),
    ):
        client.usage.get()
    with agentphone.AgentPhone(account.key, account.base_url) as client:
        client.usage.get()
        with pytest.raises(agentphone.RateLimitError, match="Too many requests"):
            client.usage.get()


def test_the_sdks_verifier_rejects_old_and_forged_events(ringback: Ringback, account: Account) -> None:
    hook = ringback.receiver()
    with agentphone.AgentPhone(account.key, account.base_url) as client:
        secret = client.webhooks.set(hook.url).secret
        number = client.numbers.buy()
        account.advance(seconds=400)
        ringback.text(to=number.phone_number, body="From the future")
        account.advance(idle=True)
    (request,) = hook.requests
    signature, stamp = request.headers["X-Webhook-Signature"], request.headers["X-Webhook-Timestamp"]
    with pytest.raises(agentphone.WebhookVerificationError, match="tolerance"):
        agentphone.verify_webhook(request.body, signature, secret, stamp)
    agentphone.verify_webhook(request.body, signature, secret, stamp, tolerance=None)
    for payload, key in ((request.body + b" ", secret), (request.body, secret.removeprefix("whsec_"))):
        with pytest.raises(agentphone.WebhookVerificationError, match="signature"):
            agentphone.verify_webhook(payload, signature, key, stamp, tolerance=None)


def test_a_stream_follows_a_live_call(ringback: Ringback, account: Account) -> None:
    async def listen() -> list[str]:
        client = agentphone.AsyncAgentPhone(account.key, account.base_url)
        agent = await client.agents.create("Desk", voice_mode="hosted")
        await client.numbers.buy(agent_id=agent.id)
        account.script({}, turns=["agent: Grüß Gott", "caller: Good day"])
        call = await client.calls.make(agent.id, sdk_scenario.FRIEND)
        seen = []
        async for event in client.calls.stream_transcript(call.id):
            seen.append(event["data"].get("content", event["event"]))
            step: Awaitable[Any] = asyncio.to_thread(account.advance, seconds=4)
            await step
        await client.close()
        return seen

    assert asyncio.run(listen()) == ["connected", "Grüß Gott", "Good day", "ended"]
