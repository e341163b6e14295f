"""Dialling a queue: at a pace, on so many lines, each place in it once. Campaigns and batches are such runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ringback.carrier.clock import MINUTE
from ringback.store import Collection
from ringback.vendors.phonestack.records import Entry, Run

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

DIAL = "phonestack.dial"
NOT_TO_BE_CALLED = "The contact is on the Do Not Call list"


class Dialler:
    """The queues of all runs, and who is dialled next."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.entries: Collection[Entry] = Collection(
            Entry,
            run=lambda entry: entry.run,
            waiting=lambda entry: (entry.run, entry.urgent) if entry.state == "queued" else None,
            contact=lambda entry: entry.contact if entry.state == "queued" else None,
        )
        self.services.clock.on(DIAL, self._due)

    # -- the queue ------

    def add(
        self,
        run: Run,
        place: str,
        phone: str,
        contact: str | None,
        *,
        urgent: bool = False,
        custom_fields: dict[str, Any] | None = None,
        extract: tuple[str, ...] | None = None,
    ) -> None:
        """Put somebody into a run's queue, once: a `place` that is taken, whatever became of it, is not taken again."""
        id_ = f"{run.id} {place}"
        if id_ in self.entries:
            return
        self.entries.add(
            Entry(
                id=id_,
                account=run.account,
                run=run.id,
                phone=phone,
                contact=contact,
                urgent=urgent,
                custom_fields=custom_fields or {},
                extract=extract,
            )
        )

    def queued(self, run: Run) -> int:
        """How many wait to be dialled."""
        return self.entries.count("waiting", (run.id, True)) + self.entries.count("waiting", (run.id, False))

    def withdraw(self, contact: str) -> None:
        """A contact waits in no queue any longer."""
        for entry in self.entries.oldest("contact", contact):
            self.entries.update(entry, state="withdrawn")

    def empty(self, run: Run, reason: str | None = None) -> None:
        """Nobody waits in a run's queue any longer."""
        self.halt(run)
        for urgent in (True, False):
            for entry in self.entries.oldest("waiting", (run.id, urgent)):
                self.entries.update(entry, state="withdrawn", reason=reason)

    # -- dialling ------

    def go(self, run: Run, *, at_once: bool = False) -> None:
        """Dial whoever is next, now or when the pace allows it (`at_once` waits for no pace); where nobody is left and
        no call is under way, the run is over."""
        backend, clock = self.backend, self.services.clock
        while backend.dials(run) and run.under_way < run.lines:
            entry = self._next(run)
            if entry is None:
                if not run.under_way:
                    backend.ran_out(run)
                return
            now = clock.now(run.account)
            if run.last_dial_at is not None and not at_once:
                due = run.last_dial_at + round(MINUTE / run.calls_per_minute)
                if due > now:
                    if run.timer is None:
                        run.timer = clock.at(due, run.account, DIAL, run.id)
                    return
            self._dial(run, entry)
            at_once = False

    def halt(self, run: Run) -> None:
        """Dial nobody more for now; the queue stays."""
        self.services.clock.cancel(run.timer)
        run.timer = None

    def ended(self, run: Run) -> None:
        """A call of a run has ended: its line is free."""
        run.under_way -= 1
        self.go(run)

    def _due(self, id_: str) -> None:
        run = self.backend.run(id_)
        if run is not None:
            run.timer = None
            self.go(run)

    def _next(self, run: Run) -> Entry | None:
        """Who is next, urgent ones first; those who are not to be called are passed over."""
        for urgent in (True, False):
            while (entry := self.entries.first("waiting", (run.id, urgent))) is not None:
                reason = self._reason(run.account, entry)
                if reason is None:
                    return entry
                run.skipped += 1
                self.entries.update(entry, state="skipped", reason=reason)
        return None

    def _reason(self, account: str, entry: Entry) -> str | None:
        """Why somebody is not to be called, None where nothing speaks against it."""
        people = self.backend.people
        contact = people.records.get(entry.contact) if entry.contact is not None else None
        contact = contact or people.with_phone(account, entry.phone)
        return NOT_TO_BE_CALLED if contact is not None and contact.dnc_at is not None else None

    def _dial(self, run: Run, entry: Entry) -> None:
        run.under_way += 1
        run.dialled += 1
        run.last_dial_at = self.services.clock.now(run.account)
        self.entries.update(entry, state="dialled")
        entry.call = self.backend.phones.dial(run, entry)
