"""A customer who does whatever comes to mind, beside a small model of what must then be so."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.nokycnumber.steps import (
    CALLS,
    HOUR,
    NUMBERS,
    RECEIPTS,
    SMS,
    about,
    activate,
    an_offer,
    balance,
    exact,
    fetched,
    hook,
    ids,
    listed,
    made,
    new_call,
    place,
    price_of,
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
    "NKN-NUM-1",
    "NKN-NUM-3",
    "NKN-NUM-6",
    "NKN-NUM-7",
    "NKN-NUM-9",
    "NKN-ERR-4",
    "NKN-ERR-6",
    "NKN-CALL-2",
    "NKN-CALL-8",
    "NKN-SMS-1",
    "NKN-SMS-2",
    "NKN-SMS-8",
    "NKN-ACC-1",
    "NKN-IDEM-1",
    "NKN-HOOK-3",
)
OPENING = "40.00"
MAX_LEAP_HOURS = 20
"""Short enough that no walk reaches the end of a month."""
CALLER = "+33639980188"
EVENTS = ("sms.sent", "sms.received", "call.completed", "number.activated", "number.renewed")


class Model:
    """What a customer knows: the balance, numbers and their state, calls and messages newest last, events told."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.account(balance=OPENING)
        self.money = Decimal(OPENING)
        self.numbers: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.texts: list[str] = []
        self.segments = 0
        self.events: list[tuple[str, str]] = []
        self.inbox = hook(ctx, self.account, *EVENTS)[1]
        self._keys = 0

    def activate(self, premium: bool) -> str | None:
        """Buy a number for a month; gives its id when it should have worked."""
        offer = an_offer(self.account, tier="premium" if premium else "standard")
        price = price_of(offer)
        exchange = activate(self.account, offer)
        if self.money < price:
            self._insist(exchange.status == 402, f"an activation: expected 402, got {exchange}", exchange, "NKN-ERR-4")
            self._balance("after an activation without money", exchange, "NKN-ERR-4")
            return None
        self._insist(exchange.status == 201, f"an activation: expected 201, got {exchange}", exchange, "NKN-NUM-3")
        number: dict[str, Any] = exchange.json()
        self.money -= price
        self._balance(f"after an activation for ${price}", exchange, "NKN-NUM-3")
        self.numbers[number["id"]] = {**number, "price": price}
        self.events.append(("number.activated", number["id"]))
        return str(number["id"])

    def renew(self, id_: str) -> None:
        """Pay another month."""
        number = self.numbers[id_]
        exchange = self.account.post(f"{NUMBERS}/{id_}/renew", {})
        if number["status"] == "released":
            self._insist(not made(exchange), "a renewal of what was released: expected 4xx", exchange, "NKN-NUM-9")
        elif self.money < number["price"]:
            self._insist(exchange.status == 402, f"a renewal: expected 402, got {exchange}", exchange, "NKN-ERR-4")
        else:
            self._insist(made(exchange), f"a renewal: expected 2xx, got {exchange}", exchange, "NKN-NUM-7")
            self.money -= number["price"]
            self.events.append(("number.renewed", id_))
        self._balance("after a renewal", exchange, "NKN-NUM-7")

    def pause(self, id_: str, paused: bool) -> None:
        """Put a number to sleep, or wake it."""
        number = self.numbers[id_]
        wanted = "paused" if paused else "active"
        exchange = self.account.patch(f"{NUMBERS}/{id_}", {"status": wanted})
        if number["status"] == "released":
            self._insist(not made(exchange), "a change of what was released: expected 4xx", exchange, "NKN-NUM-9")
            return
        self._insist(exchange.status == 200, f"status {wanted}: expected 200, got {exchange}", exchange, "NKN-NUM-6")
        number["status"] = wanted

    def release(self, id_: str) -> None:
        """Give a number back, perhaps for the second time, where the page is silent."""
        exchange = self.account.delete(f"{NUMBERS}/{id_}")
        allowed = (204,) if self.numbers[id_]["status"] != "released" else (204, 404, 409)
        self._insist(exchange.status in allowed, f"a release: expected 204, got {exchange}", exchange, "NKN-NUM-9")
        self.numbers[id_]["status"] = "released"
        self._balance("after a release", exchange, "NKN-NUM-9")

    def write(self, id_: str, body: str, segments: int, twice: bool) -> None:
        """Send a message, perhaps twice with one Idempotency-Key."""
        number = self.numbers[id_]
        self._keys += 1
        headers = (("Idempotency-Key", f"walk-{id(self)}-{self._keys}"),) if twice else ()
        exchange = send(self.account, number, body, headers=headers)
        if number["status"] != "active":
            self._insist(not made(exchange), f"a message from a {number['status']} number", exchange, "NKN-ERR-6")
            return
        if exchange.status == 402:
            self._insist(self.money < Decimal("1"), f"a message with ${self.money}: got 402", exchange, "NKN-ERR-4")
            return
        self._insist(exchange.status == 201, f"a message: expected 201, got {exchange}", exchange, "NKN-SMS-1")
        text = exchange.json()
        self._insist(
            text["segments"] == segments,
            f"segments: expected {segments}, got {text['segments']}",
            exchange,
            "NKN-SMS-2",
        )
        if twice:
            again = send(self.account, number, body, headers=headers)
            same = again.status == 201 and again.json().get("id") == text["id"]
            self._insist(same, f"the same message again: expected the first answer, got {again}", again, "NKN-IDEM-1")
        self.money -= exact(text["cost_usd"])
        self.texts.append(text["id"])
        self.segments += segments
        self.account.advance(RECEIPTS)
        self.events.append(("sms.sent", text["id"]))
        self._balance("after a message", exchange, "NKN-IDEM-1" if twice else "NKN-SMS-1")

    def call(self, id_: str, seconds: int, answered: bool) -> None:
        """Call somebody."""
        number = self.numbers[id_]
        if number["status"] != "active":
            exchange = place(self.account, number)
            self._insist(not made(exchange), f"a call from a {number['status']} number", exchange, "NKN-ERR-6")
            return
        if self.money < 1:
            return
        script = {"duration": seconds} if answered else {"end": "busy"}
        call = new_call(self.account, number, script=script)
        self.account.advance(HOUR)
        after = fetched(self.account, CALLS, call["id"])
        expected = ("completed", seconds) if answered else ("busy", 0)
        seen = (after["status"], after["duration_sec"])
        self._insist(seen == expected, f"a call: expected {expected}, got {seen}", None, "NKN-CALL-2")
        self.money -= exact(after["cost_usd"] or 0)
        self.calls.append(call["id"])
        self.events.append(("call.completed", call["id"]))
        self._balance("after a call", None, "NKN-CALL-2")

    def come_in(self, id_: str, text: bool) -> None:
        """Somebody writes to a number, or calls it."""
        number = self.numbers[id_]
        claim = "NKN-SMS-8" if text else "NKN-CALL-8"
        try:
            if text:
                came = self.account.write(number["number"], CALLER, "Hello there.")
            else:
                came = self.account.phone(number["number"], CALLER, duration=7)
        except ControlRefused:
            reachable = number["status"] == "active"
            self._insist(not reachable, f"what comes to an active number: nobody has {number['number']}", None, claim)
            return
        self._insist(number["status"] == "active", f"what comes to a {number['status']} number: taken", None, claim)
        self.account.advance(HOUR)
        (self.texts if text else self.calls).append(came)
        self.events.append(("sms.received" if text else "call.completed", came))
        self._balance("after something came in", None, claim)

    def fund(self, cents: int) -> None:
        """Add money."""
        self.account.fund(f"{cents / 100:.2f}")
        self.money += Decimal(cents) / 100

    def leap(self, hours: int) -> None:
        """Let time pass."""
        self.account.advance(hours * HOUR)

    def look(self) -> None:
        """The lists, the account and the events tell what was done."""
        self.account.advance(1)
        states = {number["id"]: number["status"] for number in listed(self.account, NUMBERS, limit=100)}
        expected = {id_: number["status"] for id_, number in self.numbers.items()}
        self._insist(states == expected, f"the numbers: expected {expected}, got {states}", None, "NKN-NUM-1")
        for path, wanted, claim in ((CALLS, self.calls, "NKN-CALL-8"), (SMS, self.texts, "NKN-SMS-8")):
            seen = ids(listed(self.account, path, limit=100))
            self._insist(seen == wanted[::-1], f"{path}: expected {wanted[::-1]}, got {seen}", None, claim)
        events = [(str(event.get("type")), str(about(event).get("id"))) for event in told(self.inbox)]
        wanted_events = sorted(self.events)
        self._insist(
            sorted(events) == wanted_events,
            f"the events: expected {wanted_events}, got {sorted(events)}",
            None,
            "NKN-HOOK-3",
        )
        told_ = balance(self.account)
        near = abs(told_ - self.money) < Decimal("0.01")
        self._insist(near, f"balance_usd: expected ${self.money}, got ${told_}", None, "NKN-ACC-1")

    def _balance(self, when: str, exchange: Exchange | None, claim: str) -> None:
        seen = self.account.balance()
        self._insist(seen == self.money, f"the balance {when}: expected ${self.money}, it is ${seen}", exchange, claim)

    def _insist(self, held: bool, message: str, exchange: Exchange | None, claim: str) -> None:
        self.ctx.check_(held, message, *([exchange] if exchange is not None else []), claim=claim)


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk `examples` times, up to `steps` steps each; the first thing that is not as it must be ends the walk."""
    walk(_machine(ctx), ctx.run_context.seed, examples, steps, (ProbeFailed,))


def _machine(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

    texts = st.sampled_from((("Hello", 1), ("x" * 161, 2), ("ê" * 71, 2), ("€" * 80, 1), ("x" * 152 + "€" + "x", 1)))

    class Customer(RuleBasedStateMachine):
        numbers = Bundle("numbers")

        def __init__(self) -> None:
            super().__init__()
            self.model = Model(ctx)

        @rule(target=numbers, premium=st.booleans())
        def activate(self, premium: bool) -> Any:
            made_ = self.model.activate(premium)
            return multiple() if made_ is None else made_

        @rule(number=numbers)
        def renew(self, number: str) -> None:
            self.model.renew(number)

        @rule(number=numbers, paused=st.booleans())
        def pause(self, number: str, paused: bool) -> None:
            self.model.pause(number, paused)

        @rule(number=numbers)
        def release(self, number: str) -> None:
            self.model.release(number)

        @rule(number=numbers, text=texts, twice=st.booleans())
        def write(self, number: str, text: tuple[str, int], twice: bool) -> None:
            self.model.write(number, *text, twice)

        @rule(number=numbers, seconds=st.integers(min_value=1, max_value=200), answered=st.booleans())
        def call(self, number: str, seconds: int, answered: bool) -> None:
            self.model.call(number, seconds, answered)

        @rule(number=numbers, text=st.booleans())
        def come_in(self, number: str, text: bool) -> None:
            self.model.come_in(number, text)

        @rule(cents=st.sampled_from((1, 500, 2_500)))
        def fund(self, cents: int) -> None:
            self.model.fund(cents)

        @rule(hours=st.integers(min_value=1, max_value=MAX_LEAP_HOURS))
        def leap(self, hours: int) -> None:
            self.model.leap(hours)

        @invariant()
        def the_lists_tell_what_was_done(self) -> None:
            self.model.look()

    return Customer
