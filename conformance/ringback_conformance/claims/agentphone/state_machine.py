"""State machine: random customer actions checked against a reference model."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CALLS,
    HOUR,
    NUMBERS,
    PROMPT,
    RECEIPTS,
    SECOND_FAR,
    buy,
    events_in,
    fetched,
    hook,
    ids,
    inner,
    listed,
    messages,
    new_agent,
    new_call,
    place,
    send,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import ProbeFailed
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.producers.state_machine import walk

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

CLAIMS_OF_MACHINE = (
    "AGP-NUM-1",
    "AGP-NUM-4",
    "AGP-NUM-7",
    "AGP-NUM-9",
    "AGP-AGT-1",
    "AGP-CALL-1",
    "AGP-CALL-6",
    "AGP-CALL-8",
    "AGP-MSG-1",
    "AGP-MSG-2",
    "AGP-HOOK-3",
    "AGP-NUM-5",
)
OPENING = "20.00"
NUMBER, SEGMENT, MINUTE_OF_CALL = Decimal("3"), Decimal("0.02"), Decimal("0.22")
CALLER = "+14155550188"
MAX_NUMBERS = 10
COUNTED = ("agent.message/sms", "agent.call_ended")
"""Events that a walk counts. The turns of a caller are sent too, and their count is not known beforehand."""
DUST = Decimal("0.0001")


class Model:
    """What a customer knows: the balance, agents, numbers and their agents, calls and texts newest last, events."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.account(balance=OPENING)
        self.money = Decimal(OPENING)
        self.agents: set[str] = set()
        self.numbers: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.events: list[tuple[str, str]] = []
        self.inbox = hook(ctx, self.account)[1]

    def hire(self) -> str:
        """Create an agent."""
        id_ = str(new_agent(self.account)["id"])
        self.agents.add(id_)
        return id_

    def buy(self, agent: str) -> str | None:
        """Buy a number, for the agent where it still exists; return its id when it should have worked."""
        owner = agent if agent in self.agents else None
        exchange = buy(self.account, agentId=owner)
        held = sum(number["status"] == "active" for number in self.numbers.values())
        if held >= MAX_NUMBERS or self.money < NUMBER:
            self.ctx.expect_status(exchange, (400, 402), "a number", claim="AGP-NUM-9", stop=True)
            self._check_balance("after a number that could not be bought", "AGP-NUM-9", exchange)
            return None
        self.ctx.expect_success(exchange, "a number", claim="AGP-NUM-1", stop=True)
        number: dict[str, Any] = exchange.json()
        self.money -= NUMBER
        self._check_balance("after a number for $3", "AGP-NUM-9", exchange)
        self.numbers[number["id"]] = {"phone": number["phoneNumber"], "status": "active", "agent": owner}
        self.texts[number["id"]] = []
        return str(number["id"])

    def attach(self, number: str, agent: str) -> None:
        """Attach a number to an agent, either of which may be gone."""
        exchange = self.account.post(f"{AGENTS}/{agent}/numbers", {"numberId": number})
        possible = agent in self.agents and self.numbers[number]["status"] == "active"
        self._check_success(exchange, possible, "an attachment", "AGP-AGT-1")
        if possible:
            self.numbers[number]["agent"] = agent

    def fire(self, agent: str) -> None:
        """Delete an agent, perhaps for the second time."""
        exchange = self.account.delete(f"{AGENTS}/{agent}")
        self._check_success(exchange, agent in self.agents, "DELETE of an agent", "AGP-AGT-1")
        self.agents.discard(agent)
        for number in self.numbers.values():
            if number["agent"] == agent:
                number["agent"] = None

    def release(self, id_: str) -> None:
        """Release a number, perhaps for the second time, where the page is silent."""
        exchange = self.account.delete(f"{NUMBERS}/{id_}")
        if self.numbers[id_]["status"] == "active":
            self.ctx.expect_success(exchange, "a release", claim="AGP-NUM-4", stop=True)
        self.numbers[id_].update(status="released", agent=None)
        self._check_balance("after a release", "AGP-NUM-4", exchange)

    def write(self, id_: str, body: str, segments: int) -> None:
        """Send a message."""
        exchange = send(self.account, {"id": id_}, body)
        if self.numbers[id_]["status"] != "active":
            self._check_success(exchange, False, "a message from a released number", "AGP-NUM-4")
            return
        price = SEGMENT * segments
        if self.money < price:
            self.ctx.expect_status(exchange, 402, "a message", claim="AGP-MSG-2", stop=True)
            return
        self.ctx.expect_success(exchange, "a message", claim="AGP-MSG-1", stop=True)
        self.money -= price
        self.texts[id_].append(exchange.json()["id"])
        self.account.advance(RECEIPTS)
        self._check_balance(f"after a message of {segments} segments", "AGP-MSG-2", exchange)

    def call(self, agent: str, seconds: int, answered: bool) -> None:
        """Let an agent call a person."""
        attached = any(number["agent"] == agent for number in self.numbers.values())
        if agent not in self.agents or not attached or self.money < 1:
            exchange = place(self.account, {"id": agent}, systemPrompt=PROMPT)
            if self.money >= 1:
                self._check_success(exchange, False, "a call of no agent, or from no number", "AGP-CALL-1")
            elif exchange.succeeded:
                self._accept_call(exchange)
            return
        script = {"answer_after": 2, "duration": seconds} if answered else {"end": "busy"}
        call = new_call(self.account, {"id": agent}, SECOND_FAR, systemPrompt=PROMPT, script=script)
        self.account.advance(HOUR)
        after = fetched(self.account, CALLS, call["id"])
        expected = ("completed", seconds) if answered else ("busy", 0)
        seen = (after["status"], after["durationSeconds"] or 0)
        self.ctx.expect_equal(seen, expected, "status and seconds of a call", claim="AGP-CALL-1", stop=True)
        self.money -= MINUTE_OF_CALL * seconds / 60 if answered else 0
        self.calls.append(call["id"])
        self.events.append(("agent.call_ended", call["id"]))
        self._check_balance("after a call", "AGP-CALL-6")

    def _accept_call(self, exchange: Exchange) -> None:
        """Take over what a call did about which the model says nothing."""
        self.account.advance(HOUR)
        self.calls.append(exchange.json()["id"])
        self.events.append(("agent.call_ended", exchange.json()["id"]))
        self.money = self.account.balance()

    def come_in(self, id_: str, text: bool) -> None:
        """Let a person write to a number, or call it."""
        number = self.numbers[id_]
        before = self.account.balance()
        try:
            if text:
                came = self.account.write(number["phone"], CALLER, "Hello there.")
            else:
                came = self.account.phone(number["phone"], CALLER, duration=7)
        except ControlRefused:
            claim, what = "AGP-NUM-5" if text else "AGP-CALL-8", "the status of a number that can't be reached"
            self.ctx.expect_equal(number["status"], "released", what, claim=claim, stop=True)
            return
        what = "the status of a number that was reached"
        self.ctx.expect_equal(number["status"], "active", what, claim="AGP-NUM-4", stop=True)
        self.account.advance(HOUR)
        if text:
            self.texts[id_].append(came)
            self.events.append(("agent.message", came))
            self._check_balance("after a message came in", "AGP-MSG-2")
        else:
            self.calls.append(came)
            self.events.append(("agent.call_ended", came))
            self.money -= before - self.account.balance()

    def fund(self, cents: int) -> None:
        """Add money."""
        self.account.fund(f"{cents / 100:.2f}")
        self.money += Decimal(cents) / 100

    def check_lists(self) -> None:
        """Compare the lists and the events with the model."""
        self.account.advance(1)
        numbers = {number["id"]: number["agentId"] for number in listed(self.account, NUMBERS, limit=100)}
        active = {id_: number["agent"] for id_, number in self.numbers.items() if number["status"] == "active"}
        agents = set(ids(listed(self.account, AGENTS, limit=100)))
        calls = ids(listed(self.account, CALLS, limit=100))
        events = sorted(_named(event) for event in events_in(self.inbox, *COUNTED))
        for what, seen, expected, claim in (
            ("the numbers and their agents", numbers, active, "AGP-NUM-7"),
            ("the agents", agents, self.agents, "AGP-AGT-1"),
            ("the calls", calls, self.calls[::-1], "AGP-CALL-1"),
            ("the events", events, sorted(self.events), "AGP-HOOK-3"),
        ):
            self.ctx.expect_equal(seen, expected, what, claim=claim, stop=True)
        for id_, sent in self.texts.items():
            seen = ids(messages(self.account, {"id": id_}, limit=200))
            self.ctx.expect_equal(seen, sent[::-1], f"messages of {id_}", claim="AGP-NUM-5", stop=True)

    def _check_success(self, exchange: Exchange, possible: bool, what: str, claim: str) -> None:
        message = f"{what}: expected {'2xx' if possible else 'an error'}, got {exchange}"
        self.ctx.expect(exchange.succeeded is possible, message, exchange, claim=claim, stop=True)

    def _check_balance(self, when: str, claim: str, *exchanges: Exchange) -> None:
        seen = self.account.balance()
        message = f"the balance {when}: expected ${self.money:.4f}, got ${seen}"
        self.ctx.expect(abs(seen - self.money) < DUST, message, *exchanges, claim=claim, stop=True)
        self.money = seen


def _named(event: dict[str, Any]) -> tuple[str, str]:
    body = inner(event)
    return str(event.get("event")), str(body.get("callId") or body.get("messageId"))


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk `examples` times, up to `steps` steps each; the first difference from the model ends the walk."""
    walk(_machine(ctx), ctx.run_context.seed, examples, steps, (ProbeFailed,))


def _machine(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

    texts = st.sampled_from((("Hello", 1), ("x" * 161, 2), ("ê" * 71, 2), ("€" * 80, 1)))

    class Customer(RuleBasedStateMachine):
        agents = Bundle("agents")
        numbers = Bundle("numbers")

        def __init__(self) -> None:
            super().__init__()
            self.model = Model(ctx)

        @rule(target=agents)
        def hire(self) -> str:
            return self.model.hire()

        @rule(target=numbers, agent=agents)
        def buy(self, agent: str) -> Any:
            bought = self.model.buy(agent)
            return multiple() if bought is None else bought

        @rule(number=numbers, agent=agents)
        def attach(self, number: str, agent: str) -> None:
            self.model.attach(number, agent)

        @rule(agent=agents)
        def fire(self, agent: str) -> None:
            self.model.fire(agent)

        @rule(number=numbers)
        def release(self, number: str) -> None:
            self.model.release(number)

        @rule(number=numbers, text=texts)
        def write(self, number: str, text: tuple[str, int]) -> None:
            self.model.write(number, *text)

        @rule(agent=agents, seconds=st.integers(min_value=1, max_value=100), answered=st.booleans())
        def call(self, agent: str, seconds: int, answered: bool) -> None:
            self.model.call(agent, seconds, answered)

        @rule(number=numbers, text=st.booleans())
        def come_in(self, number: str, text: bool) -> None:
            self.model.come_in(number, text)

        @rule(cents=st.sampled_from((1, 500, 2_500)))
        def fund(self, cents: int) -> None:
            self.model.fund(cents)

        @invariant()
        def the_lists_agree_with_the_model(self) -> None:
            self.model.check_lists()

    return Customer
