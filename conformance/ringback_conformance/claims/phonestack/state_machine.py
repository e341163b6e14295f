"""A customer who does whatever comes to mind with contacts, and with a campaign, beside small models of what must then
be so."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.phonestack.steps import (
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    MINUTE,
    act,
    everything,
    fetched,
    inner,
    made,
    people,
    phone,
    stats_of,
    the_campaign,
)
from ringback_conformance.expectations import ProbeFailed
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.producers.state_machine import walk

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

CLAIMS_OF_MACHINE = (
    "PST-CON-1",
    "PST-CON-3",
    "PST-CON-5",
    "PST-CON-6",
    "PST-CON-7",
    "PST-CON-11",
    "PST-CAM-1",
    "PST-CAM-2",
    "PST-CAM-4",
    "PST-CAM-5",
)
PHONES = 6
"""How many numbers the customer knows: few, so that they meet."""
QUEUE = 5
LEADS = {"start": ("draft", "running"), "pause": ("running", "paused"), "resume": ("paused", "running")}
CAN_STOP = ("running", "paused")
STATED = ("first_name", "company", "tags")


class Contacts:
    """What a customer knows of contacts: by phone, what each was given, and who is not to be called."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.default_account()
        self.there: dict[str, dict[str, Any]] = {}

    def create(self, place: int, name: str | None) -> None:
        """Create a contact, perhaps with a phone that is known."""
        number = phone(place)
        exchange = self.account.post(CONTACTS, {"phone": number, "first_name": name})
        if number in self.there:
            self._insist(exchange.status == 409, f"a phone twice: expected 409, got {exchange}", exchange, "PST-CON-3")
            return
        self._insist(exchange.status == 201, f"a contact: expected 201, got {exchange}", exchange, "PST-CON-1")
        self.there[number] = {
            "id": inner(exchange)["id"],
            "first_name": name,
            "company": None,
            "tags": [],
            "dnc": False,
        }

    def bulk(self, places: list[int], tag: str) -> None:
        """Import several at once."""
        rows = [{"phone": phone(place)} for place in places]
        exchange = self.account.post(f"{CONTACTS}/bulk", {"contacts": rows, "tags": [tag]})
        new = dict.fromkeys(row["phone"] for row in rows if row["phone"] not in self.there)
        wanted = (len(new), len(rows) - len(new), 0)
        self._insist(made(exchange), f"a bulk import: expected 2xx, got {exchange}", exchange, "PST-CON-5")
        found = inner(exchange)
        seen = tuple(found.get(name) for name in ("created", "duplicates", "invalid"))
        self._insist(seen == wanted, f"a bulk import: expected {wanted}, got {seen}", exchange, "PST-CON-5")
        for number in new:
            self.there[number] = {"id": "", "first_name": None, "company": None, "tags": [tag], "dnc": False}

    def change(self, number: str, company: str | None, tags: list[str]) -> None:
        """Change a contact."""
        contact = self.there[number]
        exchange = self.account.patch(self._path(number), {"company": company, "tags": tags})
        self._insist(exchange.status == 200, f"an update: expected 200, got {exchange}", exchange, "PST-CON-1")
        contact.update(company=company, tags=tags)

    def move(self, number: str, place: int) -> None:
        """Give a contact another phone, perhaps one that is taken."""
        other = phone(place)
        exchange = self.account.patch(self._path(number), {"phone": other})
        if other in self.there and other != number:
            self._insist(exchange.status == 409, f"a taken phone: expected 409, got {exchange}", exchange, "PST-CON-3")
            return
        self._insist(exchange.status == 200, f"another phone: expected 200, got {exchange}", exchange, "PST-CON-1")
        self.there[other] = self.there.pop(number)

    def silence(self, number: str, on: bool) -> None:
        """Put a contact on the Do Not Call list, or take it off, perhaps for the second time."""
        exchange = self.account.request("POST" if on else "DELETE", f"{self._path(number)}/dnc")
        self._insist(made(exchange), f"the Do Not Call list: expected 2xx, got {exchange}", exchange, "PST-CON-7")
        self.there[number]["dnc"] = on

    def delete(self, number: str) -> None:
        """Delete a contact."""
        path = self._path(number)
        exchange = self.account.delete(path)
        self._insist(made(exchange), f"a deletion: expected 2xx, got {exchange}", exchange, "PST-CON-1")
        del self.there[number]
        after = self.account.get(path)
        self._insist(after.status == 404, f"what was deleted: expected 404, got {after}", after, "PST-CON-1")

    def look(self) -> None:
        """The list tells what was done."""
        listed = everything(self.account, CONTACTS)
        seen = {contact["phone"]: contact for contact in listed}
        self._insist(
            len(listed) == len(seen) and set(seen) == set(self.there),
            f"the contacts: expected {sorted(self.there)}, got {sorted(contact['phone'] for contact in listed)}",
            None,
            "PST-CON-1",
        )
        for number, contact in self.there.items():
            contact["id"] = contact["id"] or seen[number]["id"]
            wanted = {"id": contact["id"], **{name: contact[name] for name in STATED}}
            shown = {name: seen[number].get(name) for name in wanted}
            self._insist(shown == wanted, f"a contact: expected {wanted}, got {shown}", None, "PST-CON-11")
        mute = {number for number, contact in self.there.items() if contact["dnc"]}
        found = {contact["phone"] for contact in everything(self.account, CONTACTS, dnc_status="dnc")}
        self._insist(found == mute, f"who is not to be called: expected {mute}, got {found}", None, "PST-CON-6")

    def _path(self, number: str) -> str:
        id_ = self.there[number]["id"]
        if not id_:
            seen = [contact for contact in everything(self.account, CONTACTS) if contact["phone"] == number]
            id_ = self.there[number]["id"] = str(seen[0]["id"]) if seen else "ct_000000000000"
        return f"{CONTACTS}/{id_}"

    def _insist(self, held: bool, message: str, exchange: Exchange | None, claim: str) -> None:
        self.ctx.check_(held, message, *([exchange] if exchange is not None else []), claim=claim)


class Campaign:
    """What a customer knows of one campaign: its state, who is in its queue, who has been called."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        setting = {"name": "Spring follow-up", "contacts": people(QUEUE), "calls_per_minute": 6, "always_on": True}
        self.account: Account = ctx.account(campaigns=[setting])
        self.campaign = the_campaign(self.account)
        self.state = "draft"
        self.joined = {phone(place) for place in range(QUEUE)}
        self.mute: set[str] = set()
        self.resting: int | None = 0
        self.next = QUEUE

    def tell(self, action: str) -> None:
        """Start, pause, resume or stop, perhaps from a wrong state."""
        if action == "stop":
            right, leads = self.state in CAN_STOP, "completed"
            if self.state == "draft":
                return
        else:
            needed, leads = LEADS[action]
            right = self.state == needed
            if action == "start" and self.state in ("paused", "completed"):
                return
        exchange = act(self.account, self.campaign, action)
        if right:
            self._insist(exchange.status == 200, f"{action}: expected 200, got {exchange}", exchange, "PST-CAM-2")
            self.state = leads
            self.resting = None if leads == "running" else len(self._calls())
            return
        refused = exchange.status is not None and 400 <= exchange.status < 500
        self._insist(refused, f"{action} of what is {self.state}: expected 4xx, got {exchange}", exchange, "PST-CAM-2")

    def join(self) -> None:
        """Somebody new is to be called."""
        number = phone(self.next)
        self.next += 1
        exchange = self.account.post(CONTACTS, {"phone": number, "campaign_id": self.campaign["id"]})
        if self.state == "completed":
            return
        self._insist(exchange.status == 201, f"a contact: expected 201, got {exchange}", exchange, "PST-CON-1")
        self.joined.add(number)

    def silence(self, place: int) -> None:
        """Somebody is not to be called."""
        number = phone(place % self.next)
        found = [contact for contact in everything(self.account, CONTACTS) if contact["phone"] == number]
        if not found or any(call["to_number"] == number for call in self._calls()):
            return
        exchange = self.account.post(f"{CONTACTS}/{found[0]['id']}/dnc")
        self._insist(made(exchange), f"the Do Not Call list: expected 2xx, got {exchange}", exchange, "PST-CON-7")
        self.mute.add(number)

    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.account.advance(minutes * MINUTE)

    def look(self) -> None:
        """The campaign and its calls tell what was done."""
        calls = self._calls()
        counts = Counter(call["to_number"] for call in calls)
        twice = [number for number, count in counts.items() if count > 1]
        self._insist(not twice, f"who was called: expected nobody twice, got {twice}", None, "PST-CAM-4")
        wrong = self.mute & set(counts)
        self._insist(
            not wrong, f"who was called: expected nobody of the Do Not Call list, got {wrong}", None, "PST-CON-7"
        )
        strange = set(counts) - self.joined
        self._insist(not strange, f"who was called: expected those in the queue, got {strange}", None, "PST-CAM-4")
        if self.resting is not None:
            claim = "PST-CAM-5" if self.state == "completed" else "PST-CAM-4"
            self._insist(
                len(calls) == self.resting,
                f"calls while it is {self.state}: expected no more than {self.resting}, got {len(calls)}",
                None,
                claim,
            )
        shown = fetched(self.account, CAMPAIGNS, self.campaign["id"])
        self._insist(shown["status"] == self.state, f"it is {shown['status']}, not {self.state}", None, "PST-CAM-2")
        figures = stats_of(self.account, self.campaign)
        wanted = {
            "calls": len(calls),
            "completed": sum(call["status"] == "completed" for call in calls),
            "cost_cents": sum(call["cost_cents"] for call in calls),
        }
        seen = {name: figures.get(name) for name in wanted}
        self._insist(seen == wanted, f"its stats: expected {wanted}, got {seen}", None, "PST-CAM-1")

    def finish(self) -> None:
        """In the end everybody who may be called has been, where it runs."""
        if self.state != "running":
            return
        self.account.advance(MINUTE * MINUTE)
        called = {call["to_number"] for call in self._calls()}
        left = self.joined - self.mute - called
        self._insist(not left, f"an hour later: expected everybody called, {sorted(left)} are not", None, "PST-CAM-4")

    def _calls(self) -> list[dict[str, Any]]:
        return everything(self.account, CALLS, campaign_id=self.campaign["id"])

    def _insist(self, held: bool, message: str, exchange: Exchange | None, claim: str) -> None:
        self.ctx.check_(held, message, *([exchange] if exchange is not None else []), claim=claim)


def drive(ctx: ProbeContext, examples: int, steps: int) -> None:
    """Walk with contacts and with campaigns, `examples` times in all, up to `steps` steps each; the first thing that is
    not as it must be ends a walk."""
    contacts = (examples + 1) // 2
    walk(_contacts(ctx), ctx.run_context.seed, contacts, steps, (ProbeFailed,))
    walk(_campaign(ctx), ctx.run_context.seed, max(1, examples - contacts), steps, (ProbeFailed,))


def _contacts(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

    places = st.integers(min_value=0, max_value=PHONES - 1)
    words = st.sampled_from(("red", "blue"))

    class Customer(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Contacts(ctx)

        def _one(self, pick: int) -> str:
            return sorted(self.model.there)[pick % len(self.model.there)]

        @rule(place=places, name=st.sampled_from(("Dana", None)))
        def create(self, place: int, name: str | None) -> None:
            self.model.create(place, name)

        @rule(among=st.lists(places, min_size=1, max_size=4), tag=words)
        def bulk(self, among: list[int], tag: str) -> None:
            self.model.bulk(among, tag)

        @precondition(lambda self: self.model.there)
        @rule(pick=places, company=st.sampled_from(("Cedar Lane Bakery", None)), tags=st.lists(words, unique=True))
        def change(self, pick: int, company: str | None, tags: list[str]) -> None:
            self.model.change(self._one(pick), company, tags)

        @precondition(lambda self: self.model.there)
        @rule(pick=places, place=places)
        def move(self, pick: int, place: int) -> None:
            self.model.move(self._one(pick), place)

        @precondition(lambda self: self.model.there)
        @rule(pick=places, on=st.booleans())
        def silence(self, pick: int, on: bool) -> None:
            self.model.silence(self._one(pick), on)

        @precondition(lambda self: self.model.there)
        @rule(pick=places)
        def delete(self, pick: int) -> None:
            self.model.delete(self._one(pick))

        @invariant()
        def the_list_tells_what_was_done(self) -> None:
            self.model.look()

    return Customer


def _campaign(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

    class Customer(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Campaign(ctx)

        @rule(action=st.sampled_from(("start", "pause", "resume", "stop")))
        def tell(self, action: str) -> None:
            self.model.tell(action)

        @rule()
        def join(self) -> None:
            self.model.join()

        @rule(place=st.integers(min_value=0, max_value=9))
        def silence(self, place: int) -> None:
            self.model.silence(place)

        @rule(minutes=st.integers(min_value=1, max_value=3))
        def wait(self, minutes: int) -> None:
            self.model.wait(minutes)

        @invariant()
        def the_campaign_tells_what_was_done(self) -> None:
            self.model.look()

        def teardown(self) -> None:
            self.model.finish()

    return Customer
