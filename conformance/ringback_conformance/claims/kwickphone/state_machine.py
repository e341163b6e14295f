"""State machine: random customer actions checked against a reference model."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.kwickphone.steps import (
    CALLER,
    CALLS,
    HOME,
    HOUR,
    NUMBER_CENTS,
    NUMBERS,
    RINGING_AND_AFTER,
    active_first,
    calls,
    listed,
    ring,
)
from ringback_conformance.control import ControlRefused
from ringback_conformance.expectations import ProbeFailed
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
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
MAX_WAIT_HOURS = 12
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
        """Buy a number; return its id when it should have worked."""
        ctx, account = self.ctx, self.account
        inbox = ctx.run_context.receiver.inbox("machine") if hooked and ctx.run_context.receiver else None
        exchange = account.post(
            NUMBERS, {"business_phone": HOME, **({"webhook_url": inbox.url} if inbox is not None else {})}
        )
        poor, full = self.cents < NUMBER_CENTS, len(self.active) >= LIMIT
        if poor or full:
            allowed = ([402] if poor else []) + ([429] if full else [])
            claim = "KWP-NUM-8" if full or exchange.code == "number_limit" else "KWP-BAL-1"
            ctx.expect_status(exchange, allowed, "a provision", claim=claim, stop=True)
            self._check_balance("after a provision that failed", "KWP-BAL-7", exchange)
            return None
        claim = "KWP-NUM-8" if exchange.code == "number_limit" else "KWP-NUM-1"
        ctx.expect_status(exchange, 201, "a provision", claim=claim, stop=True)
        number = exchange.json()
        self.cents -= NUMBER_CENTS
        self._check_balance("after a provision", "KWP-BAL-2", exchange)
        self.numbers[number["id"]] = {"status": "active", "phone_number": number["phone_number"]}
        self.inboxes[number["id"]] = inbox
        self.events[number["id"]] = []
        return str(number["id"])

    def misprovision(self, phone: Any) -> None:
        """Ask for a number for a line that is not a US number."""
        exchange = self.account.post(NUMBERS, {"business_phone": phone})
        self.ctx.expect_status(exchange, 400, f"business_phone {phone!r}", claim="KWP-NUM-2", stop=True)

    def release(self, id_: str) -> None:
        """Release a number, perhaps for the second time, where the page is silent."""
        exchange = self.account.delete(f"{NUMBERS}/{id_}")
        allowed = (200,) if self.numbers[id_]["status"] == "active" else (200, 404)
        self.ctx.expect_status(exchange, allowed, "a release", claim="KWP-NUM-13", stop=True)
        self.numbers[id_]["status"] = "released"
        self._check_balance("after a release", "KWP-BAL-10", exchange)

    def release_unknown(self) -> None:
        """Release a number that does not exist."""
        exchange = self.account.delete(f"{NUMBERS}/num_999999999")
        self.ctx.expect_status(exchange, 404, "the release of an unknown id", claim="KWP-NUM-14", stop=True)

    def call(self, id_: str, seconds: int, recorded: bool, answered: bool) -> None:
        """Call a number."""
        number = self.numbers[id_]
        if number["status"] != "active":
            try:
                self.account.phone(number["phone_number"], CALLER, duration=1)
            except ControlRefused:
                return
            self.ctx.check_(False, "a call to a released number: expected it to be rejected", claim="KWP-NUM-13")
        if not answered:
            self.calls.append(ring(self.account, number, end="no_answer"))
            self.account.advance(HOUR)
            return
        call = ring(self.account, number, duration=seconds, recording=recorded, outcome="order")
        self.account.advance(seconds + RINGING_AND_AFTER)
        self.calls.append(call)
        self.events[id_].append(call)
        self.cents -= seconds * CENTS_A_SECOND
        self._check_balance(f"after {seconds} s of talk at ${TALK_RATE} a minute", "KWP-BAL-9")

    def fund(self, cents: int) -> None:
        """Add money."""
        self.account.fund(f"{cents / 100:.2f}")
        self.cents += cents

    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.account.advance(hours * HOUR)

    def check_numbers(self) -> None:
        """Compare the list of numbers with the model."""
        seen = listed(self.account)
        states = {number.get("id"): number.get("status") for number in seen}
        expected = {id_: number["status"] for id_, number in self.numbers.items()}
        missing = {id_: status for id_, status in expected.items() if status == "active" and states.get(id_) != status}
        wrong = {id_: states[id_] for id_ in states if expected.get(str(id_)) != states[id_]}
        self.ctx.check_(
            not missing and not wrong and active_first(seen) is None,
            f"the list of numbers: expected {expected}, got {states}",
            claim="KWP-NUM-11",
        )

    def check_calls(self) -> None:
        """Compare the list of calls with the model, newest first."""
        seen = [call.get("id") for call in calls(self.account)]
        self.ctx.expect_equal(seen, self.calls[::-1], "the list of calls", claim="KWP-CALL-1", stop=True)

    def fetch(self, newest: int) -> None:
        """Fetch transcript and recording, which are there when the list says so."""
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
            self.ctx.expect_status(exchange, expected, f"a {part} with {flag} {call.get(flag)}", claim=claim, stop=True)

    def check_events(self) -> None:
        """Expect one event for each completed call, at its number's address and at no other."""
        silent = {call for id_, made in self.events.items() if self.inboxes[id_] is None for call in made}
        if silent:
            sent = {delivery.get("subject") for delivery in self.account.deliveries()}
            what = "events for calls to numbers without an address"
            self.ctx.expect_equal(silent & sent, set(), what, claim="KWP-HOOK-7", stop=True)
        for id_, expected in self.events.items():
            inbox = self.inboxes[id_]
            if inbox is None:
                continue
            seen = [((exchange.sent() or {}).get("call") or {}).get("call_sid") for exchange in inbox.received]
            what = f"the calls in the events for {id_}"
            self.ctx.expect_equal(seen, expected, what, *inbox.received[-1:], claim="KWP-HOOK-1", stop=True)

    def _check_balance(self, when: str, claim: str, *exchanges: Exchange) -> None:
        expected = Decimal(self.cents) / 100
        self.ctx.expect_equal(
            self.account.balance(), expected, f"the balance {when}", *exchanges, claim=claim, stop=True
        )


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk `examples` times, up to `steps` steps each; the first difference from the model ends the walk."""
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

        @rule(cents=st.sampled_from((1, 500, 1_234)), hours=st.integers(min_value=1, max_value=MAX_WAIT_HOURS))
        def wait_for_money(self, cents: int, hours: int) -> None:
            self.model.wait(hours)
            self.model.fund(cents)

        @precondition(lambda self: self.model.calls)
        @rule(newest=st.integers(min_value=0, max_value=3))
        def fetch(self, newest: int) -> None:
            self.model.fetch(newest)

        @invariant()
        def the_lists_agree_with_the_model(self) -> None:
            self.model.check_numbers()
            self.model.check_calls()
            self.model.check_events()

    return Customer
