"""A customer who does whatever comes to mind, beside a small model of what must then be so."""

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
    fetched,
    hook,
    ids,
    inner,
    listed,
    made,
    messages,
    new_agent,
    new_call,
    place,
    send,
    told,
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
"""Events that a walk counts: what a caller says to a number is sent too, and how much that is nobody knows before."""
DUST = Decimal("0.0001")


class Model:
    """What a customer knows: the balance, agents, numbers and whose they are, calls and texts newest last, events."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.account(balance=OPENING)
        self.money = Decimal(OPENING)
        self.agents: dict[str, str] = {}
        self.numbers: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.events: list[tuple[str, str]] = []
        self.inbox = hook(ctx, self.account)[1]

    def hire(self) -> str:
        """Make an agent."""
        id_ = str(new_agent(self.account)["id"])
        self.agents[id_] = id_
        return id_

    def buy(self, agent: str | None) -> str | None:
        """Buy a number, perhaps for an agent; gives its id when it should have worked."""
        owner = agent if agent in self.agents else None
        exchange = buy(self.account, agentId=owner)
        held = sum(number["status"] == "active" for number in self.numbers.values())
        if held >= MAX_NUMBERS or self.money < NUMBER:
            wanted = (400, 402)
            self._insist(
                exchange.status in wanted, f"a number: expected a refusal, got {exchange}", exchange, "AGP-NUM-9"
            )
            self._balance("after a number that could not be had", exchange, "AGP-NUM-9")
            return None
        self._insist(made(exchange), f"a number: expected it, got {exchange}", exchange, "AGP-NUM-1")
        number: dict[str, Any] = exchange.json()
        self.money -= NUMBER
        self._balance("after a number for $3", exchange, "AGP-NUM-9")
        self.numbers[number["id"]] = {"phone": number["phoneNumber"], "status": "active", "agent": owner}
        self.texts[number["id"]] = []
        return str(number["id"])

    def attach(self, number: str, agent: str) -> None:
        """Give a number to an agent."""
        exchange = self.account.post(f"{AGENTS}/{agent}/numbers", {"numberId": number})
        possible = agent in self.agents and self.numbers[number]["status"] == "active"
        self._insist(made(exchange) is possible, f"an attachment: got {exchange}", exchange, "AGP-AGT-1")
        if possible:
            self.numbers[number]["agent"] = agent

    def fire(self, agent: str) -> None:
        """Delete an agent, perhaps for the second time."""
        exchange = self.account.delete(f"{AGENTS}/{agent}")
        there = self.agents.pop(agent, None) is not None
        self._insist(made(exchange) is there, f"DELETE of an agent: got {exchange}", exchange, "AGP-AGT-1")
        for number in self.numbers.values():
            if number["agent"] == agent:
                number["agent"] = None

    def release(self, id_: str) -> None:
        """Give a number back, perhaps for the second time, where nobody says what is answered."""
        exchange = self.account.delete(f"{NUMBERS}/{id_}")
        first = self.numbers[id_]["status"] == "active"
        self._insist(made(exchange) or not first, f"a release: expected it, got {exchange}", exchange, "AGP-NUM-4")
        self.numbers[id_].update(status="released", agent=None)
        self._balance("after a release", exchange, "AGP-NUM-4")

    def write(self, id_: str, body: str, segments: int) -> None:
        """Send a message."""
        exchange = send(self.account, {"id": id_}, body)
        if self.numbers[id_]["status"] != "active":
            self._insist(not made(exchange), "a message from a released number: taken", exchange, "AGP-NUM-4")
            return
        price = SEGMENT * segments
        if self.money < price:
            self._insist(exchange.status == 402, f"a message: expected 402, got {exchange}", exchange, "AGP-MSG-2")
            return
        self._insist(made(exchange), f"a message: expected it, got {exchange}", exchange, "AGP-MSG-1")
        self.money -= price
        self.texts[id_].append(exchange.json()["id"])
        self.account.advance(RECEIPTS)
        self._balance(f"after a message of {segments} segments", exchange, "AGP-MSG-2")

    def call(self, agent: str, seconds: int, answered: bool) -> None:
        """Let an agent call somebody."""
        number = next((n for n in self._attached(agent)), None)
        if agent not in self.agents or number is None or self.money < 1:
            exchange = place(self.account, {"id": agent}, systemPrompt=PROMPT)
            if self.money >= 1:
                self._insist(not made(exchange), "a call of nobody, or from no number: taken", exchange, "AGP-CALL-1")
            elif made(exchange):
                self.account.advance(HOUR)
                self._settle(exchange)
            return
        script = {"answer_after": 2, "duration": seconds} if answered else {"end": "busy"}
        call = new_call(self.account, {"id": agent}, SECOND_FAR, systemPrompt=PROMPT, script=script)
        self.account.advance(HOUR)
        after = fetched(self.account, CALLS, call["id"])
        wanted = ("completed", seconds) if answered else ("busy", 0)
        seen = (after["status"], after["durationSeconds"] or 0)
        self._insist(seen == wanted, f"a call: expected {wanted}, got {seen}", None, "AGP-CALL-1")
        self.money -= MINUTE_OF_CALL * seconds / 60 if answered else 0
        self.calls.append(call["id"])
        self.events.append(("agent.call_ended", call["id"]))
        self._balance("after a call", None, "AGP-CALL-6")

    def _settle(self, exchange: Exchange) -> None:
        """A call that the model makes no statement about: what it did is taken over."""
        self.calls.append(exchange.json()["id"])
        self.events.append(("agent.call_ended", exchange.json()["id"]))
        self.money = self.account.balance()

    def _attached(self, agent: str) -> list[str]:
        return [id_ for id_, number in self.numbers.items() if number["agent"] == agent]

    def come_in(self, id_: str, text: bool) -> None:
        """Somebody writes to a number, or calls it."""
        number = self.numbers[id_]
        claim = "AGP-NUM-5" if text else "AGP-CALL-8"
        before = self.account.balance()
        try:
            if text:
                came = self.account.write(number["phone"], CALLER, "Hello there.")
            else:
                came = self.account.phone(number["phone"], CALLER, duration=7)
        except ControlRefused:
            gone = number["status"] != "active"
            self._insist(gone, f"what comes to an active number: nobody has {number['phone']}", None, claim)
            return
        self._insist(number["status"] == "active", "what comes to a released number: taken", None, "AGP-NUM-4")
        self.account.advance(HOUR)
        if text:
            self.texts[id_].append(came)
            self.events.append(("agent.message", came))
            self._balance("after a message came in", None, "AGP-MSG-2")
        else:
            self.calls.append(came)
            self.events.append(("agent.call_ended", came))
            self.money -= before - self.account.balance()

    def fund(self, cents: int) -> None:
        """Add money."""
        self.account.fund(f"{cents / 100:.2f}")
        self.money += Decimal(cents) / 100

    def look(self) -> None:
        """The lists and the events tell what was done."""
        self.account.advance(1)
        held = {n["id"]: n["agentId"] for n in listed(self.account, NUMBERS, limit=100)}
        wanted = {id_: n["agent"] for id_, n in self.numbers.items() if n["status"] == "active"}
        self._insist(held == wanted, f"the numbers: expected {wanted}, got {held}", None, "AGP-NUM-7")
        agents = set(ids(listed(self.account, AGENTS, limit=100)))
        self._insist(
            agents == set(self.agents), f"the agents: expected {set(self.agents)}, got {agents}", None, "AGP-AGT-1"
        )
        calls = ids(listed(self.account, CALLS, limit=100))
        self._insist(
            calls == self.calls[::-1], f"the calls: expected {self.calls[::-1]}, got {calls}", None, "AGP-CALL-1"
        )
        for id_, sent in self.texts.items():
            seen = ids(messages(self.account, {"id": id_}, limit=200))
            self._insist(seen == sent[::-1], f"messages of {id_}: expected {sent[::-1]}, got {seen}", None, "AGP-NUM-5")
        events = sorted(_named(event) for event in told(self.inbox, *COUNTED))
        self._insist(
            events == sorted(self.events),
            f"the events: expected {sorted(self.events)}, got {events}",
            None,
            "AGP-HOOK-3",
        )

    def _balance(self, when: str, exchange: Exchange | None, claim: str) -> None:
        seen = self.account.balance()
        near = abs(seen - self.money) < DUST
        self._insist(near, f"the balance {when}: expected ${self.money:.4f}, it is ${seen}", exchange, claim)
        self.money = seen

    def _insist(self, held: bool, message: str, exchange: Exchange | None, claim: str) -> None:
        self.ctx.check_(held, message, *([exchange] if exchange is not None else []), claim=claim)


def _named(event: dict[str, Any]) -> tuple[str, str]:
    body = inner(event)
    return str(event.get("event")), str(body.get("callId") or body.get("messageId"))


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk `examples` times, up to `steps` steps each; the first thing that is not as it must be ends the walk."""
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
        def the_lists_tell_what_was_done(self) -> None:
            self.model.look()

    return Customer
