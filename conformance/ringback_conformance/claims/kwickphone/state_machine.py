"""A customer who does whatever comes to mind, beside a small model of what must then be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.kwickphone.shapes import active_first
from ringback_conformance.claims.kwickphone.steps import (
    CALLS,
    HOME,
    HOUR,
    NUMBER_CENTS,
    NUMBERS,
    RINGING_AND_AFTER,
    calls,
    listed,
    ring,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext, ProbeFailed
from ringback_conformance.producers.state_machine import walk
from ringback_conformance.receiver import Inbox

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

CLAIMS_OF_MACHINE = (
    "KWP-BAL-1",
    "KWP-BAL-2",
    "KWP-BAL-7",
    "KWP-BAL-9",
    "KWP-BAL-10",
    "KWP-NUM-1",
    "KWP-NUM-2",
    "KWP-NUM-8",
    "KWP-NUM-11",
    "KWP-NUM-13",
    "KWP-NUM-14",
    "KWP-CALL-1",
    "KWP-CALL-2",
    "KWP-CALL-3",
    "KWP-HOOK-1",
    "KWP-HOOK-7",
)
OPENING_CENTS = 1_700
LIMIT = 3
CENTS_A_SECOND = 1
TALK_RATE = "0.60"
MAX_LEAP_HOURS = 12
"""Short enough that no walk reaches the end of a month."""


class Model:
    """What a customer knows: the balance in cents, numbers and their state, calls newest last, events per number."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.account(
            balance=f"{OPENING_CENTS / 100:.2f}", number_limit=LIMIT, provisions_per_hour=None, talk_rate=TALK_RATE
        )
        self.cents = OPENING_CENTS
        self.numbers: dict[str, dict[str, Any]] = {}
        self.inboxes: dict[str, Inbox | None] = {}
        self.calls: list[str] = []
        self.events: dict[str, list[str]] = {}

    @property
    def active(self) -> list[str]:
        """The ids of the numbers in use."""
        return [id_ for id_, number in self.numbers.items() if number["status"] == "active"]

    def provision(self, hooked: bool) -> str | None:
        """Buy a number; gives its id when it should have worked."""
        ctx, account = self.ctx, self.account
        inbox = ctx.run_context.receiver.inbox("machine") if hooked and ctx.run_context.receiver else None
        exchange = account.post(
            NUMBERS, {"business_phone": HOME, **({"webhook_url": inbox.url} if inbox is not None else {})}
        )
        poor, full = self.cents < NUMBER_CENTS, len(self.active) >= LIMIT
        if poor or full:
            allowed = ([402] if poor else []) + ([429] if full else [])
            claim = "KWP-NUM-8" if full or exchange.code == "number_limit" else "KWP-BAL-1"
            self._insist(
                exchange.status in allowed, f"a provision: expected {allowed}, got {exchange}", exchange, claim
            )
            self._balance("after a provision that failed", exchange, "KWP-BAL-7")
            return None
        claim = "KWP-NUM-8" if exchange.code == "number_limit" else "KWP-NUM-1"
        self._insist(exchange.status == 201, f"a provision: expected 201, got {exchange}", exchange, claim)
        number = exchange.json()
        self.cents -= NUMBER_CENTS
        self._balance("after a provision", exchange, "KWP-BAL-2")
        self.numbers[number["id"]] = {"status": "active", "phone_number": number["phone_number"]}
        self.inboxes[number["id"]] = inbox
        self.events[number["id"]] = []
        return str(number["id"])

    def misprovision(self, phone: Any) -> None:
        """Ask for a number for a line that is none."""
        exchange = self.account.post(NUMBERS, {"business_phone": phone})
        self._insist(
            exchange.status == 400, f"business_phone {phone!r}: expected 400, got {exchange}", exchange, "KWP-NUM-2"
        )

    def release(self, id_: str) -> None:
        """Give a number back, perhaps for the second time, where the page is silent."""
        exchange = self.account.delete(f"{NUMBERS}/{id_}")
        allowed = (200,) if self.numbers[id_]["status"] == "active" else (200, 404)
        self._insist(exchange.status in allowed, f"a release: expected 200, got {exchange}", exchange, "KWP-NUM-13")
        self.numbers[id_]["status"] = "released"
        self._balance("after a release", exchange, "KWP-BAL-10")

    def release_unknown(self) -> None:
        """Give back what was never ours."""
        exchange = self.account.delete(f"{NUMBERS}/num_999999999")
        self._insist(exchange.status == 404, f"an unknown id: expected 404, got {exchange}", exchange, "KWP-NUM-14")

    def call(self, id_: str, seconds: int, recorded: bool, answered: bool) -> None:
        """Somebody calls a number."""
        number = self.numbers[id_]
        if number["status"] != "active":
            try:
                self.account.phone(number["phone_number"], "+12145550187", duration=1)
            except ControlRefused:
                return
            self._insist(False, "a call to a released number: expected nobody to answer", None, "KWP-NUM-13")
        if not answered:
            self.calls.append(ring(self.account, number, end="no_answer"))
            self.account.advance(HOUR)
            return
        call = ring(self.account, number, duration=seconds, recording=recorded, outcome="order")
        self.account.advance(seconds + RINGING_AND_AFTER)
        self.calls.append(call)
        self.events[id_].append(call)
        self.cents -= seconds * CENTS_A_SECOND
        self._balance(f"after {seconds} s of talk at ${TALK_RATE} a minute", None, "KWP-BAL-9")

    def fund(self, cents: int) -> None:
        """Add money."""
        self.account.fund(f"{cents / 100:.2f}")
        self.cents += cents

    def leap(self, hours: int) -> None:
        """Let time pass."""
        self.account.advance(hours * HOUR)

    def look_at_numbers(self) -> None:
        """The list of numbers tells what we did."""
        seen = listed(self.account)
        states = {number.get("id"): number.get("status") for number in seen}
        expected = {id_: number["status"] for id_, number in self.numbers.items()}
        missing = {id_: status for id_, status in expected.items() if status == "active" and states.get(id_) != status}
        wrong = {id_: states[id_] for id_ in states if expected.get(str(id_)) != states[id_]}
        self._insist(
            not missing and not wrong and active_first(seen) is None,
            f"the list of numbers: expected {expected}, got {states}",
            None,
            "KWP-NUM-11",
        )

    def look_at_calls(self) -> None:
        """The list of calls tells what came, newest first."""
        seen = [call.get("id") for call in calls(self.account)]
        self._insist(
            seen == self.calls[::-1],
            f"the list of calls: expected {self.calls[::-1]}, got {seen}",
            None,
            "KWP-CALL-1",
        )

    def fetch(self, newest: int) -> None:
        """Transcript and recording are there when the list says so."""
        listing = calls(self.account)
        if not listing:
            return
        call = listing[min(newest, len(listing) - 1)]
        for part, flag, claim in (
            ("transcript", "has_transcript", "KWP-CALL-2"),
            ("recording", "has_recording", "KWP-CALL-3"),
        ):
            exchange = self.account.get(f"{CALLS}/{call.get('id')}/{part}")
            expected = 200 if call.get(flag) is True else 404
            self._insist(
                exchange.status == expected,
                f"a {part} with {flag} {call.get(flag)}: expected {expected}, got {exchange}",
                exchange,
                claim,
            )

    def look_at_events(self) -> None:
        """Each completed call was told once, to its number's address, and to no other."""
        silent = {call for id_, made in self.events.items() if self.inboxes[id_] is None for call in made}
        if silent:
            sent = {delivery.get("subject") for delivery in self.account.deliveries()}
            self._insist(
                not silent & sent, "calls to numbers without an address: expected no event", None, "KWP-HOOK-7"
            )
        for id_, expected in self.events.items():
            inbox = self.inboxes[id_]
            if inbox is None:
                continue
            told = [((exchange.sent() or {}).get("call") or {}).get("call_sid") for exchange in inbox.received]
            self._insist(
                told == expected,
                f"events for {id_}: expected the calls {expected}, got {told}",
                inbox.received[-1] if inbox.received else None,
                "KWP-HOOK-1",
            )

    def _balance(self, when: str, exchange: Exchange | None, claim: str) -> None:
        seen = int(self.account.balance() * 100)
        self._insist(
            seen == self.cents,
            f"the balance {when}: expected ${self.cents / 100:.2f}, it is ${seen / 100:.2f}",
            exchange,
            claim,
        )

    def _insist(self, held: bool, message: str, exchange: Exchange | None, claim: str) -> None:
        self.ctx.check_(held, message, *([exchange] if exchange is not None else []), claim=claim)


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk `examples` times, up to `steps` steps each; the first thing that is not as it must be ends the walk."""
    walk(_machine(ctx), ctx.run_context.seed, examples, steps, (ProbeFailed,))


def _machine(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, precondition, rule

    class Customer(RuleBasedStateMachine):
        numbers = Bundle("numbers")

        def __init__(self) -> None:
            super().__init__()
            self.model = Model(ctx)

        @initialize(target=numbers)
        def have_one_number_with_an_address_and_one_without(self) -> Any:
            made = [self.model.provision(hooked) for hooked in (True, False)]
            return multiple(*(id_ for id_ in made if id_ is not None))

        @rule(target=numbers, hooked=st.booleans())
        def provision(self, hooked: bool) -> Any:
            made = self.model.provision(hooked)
            return multiple() if made is None else made

        @rule(number=numbers)
        def release(self, number: str) -> None:
            self.model.release(number)

        @rule(number=numbers, seconds=st.integers(min_value=1, max_value=90), recorded=st.booleans())
        def call(self, number: str, seconds: int, recorded: bool) -> None:
            self.model.call(number, seconds, recorded, answered=True)

        @rule(number=numbers)
        def miss_a_call(self, number: str) -> None:
            self.model.call(number, 1, False, answered=False)

        @rule(phone=st.sampled_from((None, 5, "", "3465550142", "+44207946", "+1346555014x")))
        def make_a_mistake(self, phone: Any) -> None:
            if phone is None:
                self.model.release_unknown()
            self.model.misprovision(phone)

        @rule(cents=st.sampled_from((1, 500, 1_234)), hours=st.integers(min_value=1, max_value=MAX_LEAP_HOURS))
        def wait_for_money(self, cents: int, hours: int) -> None:
            self.model.leap(hours)
            self.model.fund(cents)

        @precondition(lambda self: self.model.calls)
        @rule(newest=st.integers(min_value=0, max_value=3))
        def fetch(self, newest: int) -> None:
            self.model.fetch(newest)

        @invariant()
        def the_lists_tell_what_was_done(self) -> None:
            self.model.look_at_numbers()
            self.model.look_at_calls()
            self.model.look_at_events()

    return Customer
