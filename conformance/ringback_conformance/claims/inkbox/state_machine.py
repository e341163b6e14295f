"""A customer who does whatever comes to mind, beside a small model of what must then be so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringback_conformance.claims.inkbox.steps import (
    FAR,
    IDENTITIES,
    NUMBERS,
    PERSON,
    STRANGER,
    at,
    hosted,
    ids,
    listed,
    made,
    new_identity,
    send,
    talk_of,
    texts_of,
    written,
)
from ringback_conformance.expectations import ProbeFailed
from ringback_conformance.model import Exchange
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.producers.state_machine import walk

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine

CLAIMS_OF_MACHINE = (
    "INK-NUM-1",
    "INK-NUM-4",
    "INK-CALL-1",
    "INK-CALL-2",
    "INK-TXT-1",
    "INK-TXT-2",
    "INK-TXT-3",
    "INK-SRCH-1",
)
MAX_NUMBERS = 2
PEOPLE = (PERSON, STRANGER)
WORDS = ("table", "menu", "Łódź")


class Model:
    """What a customer knows: numbers by handle, and of each its calls and texts, oldest first."""

    def __init__(self, ctx: ProbeContext) -> None:
        self.ctx = ctx
        self.account: Account = ctx.account(**ctx.adapter.unlimited)
        self.numbers: dict[str, dict[str, Any]] = {}
        self.calls: dict[str, list[str]] = {}
        self.texts: dict[str, list[dict[str, Any]]] = {}
        self.handles = 0
        self.placed = 0

    def provision(self) -> str | None:
        """Take a number for a new identity."""
        if len(self.numbers) >= MAX_NUMBERS:
            return None
        self.handles += 1
        handle = f"agent-{self.handles}"
        new_identity(self.account, handle)
        exchange = self.account.post(NUMBERS, {"agent_handle": handle, "type": "local"})
        self._insist(exchange.status == 201, f"a number: expected 201, got {exchange}", exchange, "INK-NUM-1")
        self.numbers[handle] = exchange.json()
        self.calls[handle], self.texts[handle] = [], []
        return handle

    def release(self, handle: str) -> None:
        """Give a number back."""
        number = self.numbers.pop(handle, None)
        if number is None:
            return
        exchange = self.account.delete(at(number))
        self._insist(exchange.status == 204, f"a release: expected 204, got {exchange}", exchange, "INK-NUM-1")
        gone = self.account.get(at(number))
        self._insist(gone.status == 404, f"a number that was released: expected 404, got {gone}", gone, "INK-NUM-1")

    def call(self, handle: str, answered: bool) -> None:
        """Call somebody, and wait until it is over."""
        number = self.numbers.get(handle)
        if number is None:
            return
        self.account.script({"kind": "call"}, end="completed" if answered else "no_answer", turns=[])
        exchange = hosted(self.account, number)
        self._insist(exchange.status == 200, f"a call: expected 200, got {exchange}", exchange, "INK-CALL-1")
        self.placed += 1
        call = exchange.json()
        used = (call.get("rate_limit") or {}).get("calls_used")
        self._insist(used == self.placed, f"calls_used: expected {self.placed}, got {used}", exchange, "INK-CALL-1")
        self.calls[handle].append(str(call["id"]))
        self.account.advance(120)

    def write(self, handle: str, to: str, words: str) -> None:
        """Send a text."""
        number = self.numbers.get(handle)
        if number is None:
            return
        exchange = send(self.account, number, to, text=words)
        self._insist(made(exchange), f"a text: expected 2xx, got {exchange}", exchange, "INK-TXT-3")
        self._keep(handle, str(exchange.json()["id"]), to, words, read=True)

    def come_in(self, handle: str, sender: str, words: str) -> None:
        """Somebody writes."""
        number = self.numbers.get(handle)
        if number is not None:
            self._keep(handle, written(self.account, number, words, sender), sender, words, read=False)

    def _keep(self, handle: str, id_: str, other: str, words: str, *, read: bool) -> None:
        self.texts[handle].append({"id": id_, "other": other, "words": words, "read": read, "in": not read})
        self.account.advance(1)

    def mark(self, handle: str, place: int, read: bool) -> None:
        """Mark a text that came in."""
        came = [text for text in self.texts.get(handle, ()) if text["in"]]
        number = self.numbers.get(handle)
        if number is None or not came:
            return
        text = came[place % len(came)]
        exchange = self.account.patch(texts_of(number, f"/{text['id']}"), {"is_read": read})
        self._insist(exchange.status == 200, f"is_read: expected 200, got {exchange}", exchange, "INK-TXT-1")
        text["read"] = read

    def mark_whole(self, handle: str, other: str, read: bool) -> None:
        """Mark a conversation."""
        number = self.numbers.get(handle)
        talk = [text for text in self.texts.get(handle, ()) if text["other"] == other]
        if number is None or not talk:
            return
        wanted = sum(text["in"] and text["read"] is not read for text in talk)
        exchange = self.account.patch(talk_of(number, other), {"is_read": read})
        count = (exchange.json() or {}).get("updated_count")
        self._insist(count == wanted, f"updated_count: expected {wanted}, got {count}", exchange, "INK-TXT-2")
        for text in talk:
            text["read"] = read if text["in"] else text["read"]

    def delete(self, handle: str, place: int) -> None:
        """Delete a text."""
        kept, number = self.texts.get(handle), self.numbers.get(handle)
        if number is None or not kept:
            return
        text = kept.pop(place % len(kept))
        exchange = self.account.patch(texts_of(number, f"/{text['id']}"), {"status": "deleted"})
        self._insist(exchange.status == 200, f"deleting: expected 200, got {exchange}", exchange, "INK-TXT-1")

    def look(self) -> None:
        """Compare what was done with what the lists tell."""
        seen = {number["id"] for number in listed(self.account, NUMBERS)}
        wanted = {number["id"] for number in self.numbers.values()}
        self._same(seen, wanted, "the numbers", "INK-NUM-1")
        for handle, number in self.numbers.items():
            texts = self.texts[handle]
            calls = ids(listed(self.account, at(number, "/calls"), limit=200))
            self._same(calls, self.calls[handle][::-1], "the calls, newest first", "INK-CALL-2")
            found = ids(listed(self.account, texts_of(number), limit=200))
            self._same(found, [text["id"] for text in texts][::-1], "the texts, newest first", "INK-TXT-1")
            self._conversations(number, texts)

    def search(self, handle: str, word: str) -> None:
        """Search a number's texts."""
        number = self.numbers.get(handle)
        if number is None:
            return
        found = ids(listed(self.account, texts_of(number, "/search"), q=word.upper(), limit=200))
        wanted = [text["id"] for text in self.texts[handle] if word.casefold() in text["words"].casefold()][::-1]
        self._same(found, wanted, f"the texts with {word}", "INK-SRCH-1")

    def belongs(self, handle: str) -> None:
        """An identity shows its number, while it has one."""
        shown = (self.account.get(f"{IDENTITIES}{handle}").json() or {}).get("phone_number")
        wanted = self.numbers[handle]["id"] if handle in self.numbers else None
        self._same((shown or {}).get("id"), wanted, "the identity's number", "INK-NUM-4")

    def _conversations(self, number: dict[str, Any], texts: list[dict[str, Any]]) -> None:
        counts = {
            other: (
                sum(text["other"] == other for text in texts),
                sum(text["other"] == other and text["in"] and not text["read"] for text in texts),
            )
            for other in dict.fromkeys(text["other"] for text in texts)
        }
        told = {
            talk.get("remote_phone_number"): (talk.get("total_count"), talk.get("unread_count"))
            for talk in listed(self.account, texts_of(number, "/conversations"))
        }
        self._same(told, counts, "the conversations, with total and unread", "INK-TXT-2")

    def _same(self, seen: Any, wanted: Any, what: str, claim: str) -> None:
        if not self.ctx.expect(seen == wanted, f"{what}: expected {wanted}, got {seen}", claim=claim):
            raise ProbeFailed(what)

    def _insist(self, held: bool, message: str, exchange: Exchange, claim: str) -> None:
        self.ctx.check_(held, message, exchange, claim=claim)


def drive(ctx: ProbeContext, walks: int, steps: int) -> None:
    """Walk; what does not hold is recorded as it is seen."""
    walk(_machine(ctx), ctx.run_context.seed, walks, steps, ends=(ProbeFailed,))


def _machine(ctx: ProbeContext) -> type[RuleBasedStateMachine]:
    from hypothesis import strategies as st
    from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

    places = st.integers(min_value=0, max_value=20)

    class Customer(RuleBasedStateMachine):
        handles = Bundle("handles")

        def __init__(self) -> None:
            super().__init__()
            self.model = Model(ctx)

        @rule(target=handles)
        def provision(self) -> Any:
            handle = self.model.provision()
            return multiple() if handle is None else handle

        @rule(handle=handles)
        def release(self, handle: str) -> None:
            self.model.release(handle)

        @rule(handle=handles, answered=st.booleans())
        def call(self, handle: str, answered: bool) -> None:
            self.model.call(handle, answered)

        @rule(handle=handles, to=st.sampled_from((*PEOPLE, FAR)), words=st.sampled_from(WORDS))
        def write(self, handle: str, to: str, words: str) -> None:
            self.model.write(handle, to, words)

        @rule(handle=handles, sender=st.sampled_from(PEOPLE), words=st.sampled_from(WORDS))
        def come_in(self, handle: str, sender: str, words: str) -> None:
            self.model.come_in(handle, sender, words)

        @rule(handle=handles, place=places, read=st.booleans())
        def mark(self, handle: str, place: int, read: bool) -> None:
            self.model.mark(handle, place, read)

        @rule(handle=handles, other=st.sampled_from(PEOPLE), read=st.booleans())
        def mark_whole(self, handle: str, other: str, read: bool) -> None:
            self.model.mark_whole(handle, other, read)

        @rule(handle=handles, place=places)
        def delete(self, handle: str, place: int) -> None:
            self.model.delete(handle, place)

        @rule(handle=handles, word=st.sampled_from(WORDS))
        def search(self, handle: str, word: str) -> None:
            self.model.search(handle, word)

        @rule(handle=handles)
        def belongs(self, handle: str) -> None:
            self.model.belongs(handle)

        @invariant()
        def the_lists_tell_what_was_done(self) -> None:
            self.model.look()

    return Customer
