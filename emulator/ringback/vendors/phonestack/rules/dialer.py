"""Dialing: campaigns and batches call their queues at a pace, with a limit of concurrent calls, each entry once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback.carrier.clock import MINUTE
from ringback.gateway.services import Services
from ringback.vendors.phonestack.records import Batch, Campaign, QueueEntry
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.store import Store

DIAL = "phonestack.dial"
ON_DNC_LIST = "The contact is on the Do Not Call list"
Queue = Campaign | Batch


class Dialer:
    """The queues of all campaigns and batches.

    The backend sets `on_queue_finished`, called when a queue is empty and none of its calls is active.
    """

    on_queue_finished: Callable[[Queue], None]

    def __init__(self, services: Services, store: Store, calls: Calls) -> None:
        self._clock = services.clock
        self._store = store
        self._calls = calls
        self.entries = store.queue_entries
        self._clock.on(DIAL, self._timer_due)

    # -- the queue ------

    def add(
        self,
        queue: Queue,
        place: str,
        phone: str,
        contact: str | None,
        *,
        urgent: bool = False,
        custom_fields: dict[str, Any] | None = None,
        extract: tuple[str, ...] | None = None,
    ) -> None:
        """Add a person to a queue, unless its `place` was used before."""
        id_ = f"{queue.id} {place}"
        if id_ in self.entries:
            return
        self.entries.add(
            QueueEntry(
                id=id_,
                account=queue.account,
                queue=queue.id,
                phone=phone,
                contact=contact,
                urgent=urgent,
                custom_fields=custom_fields or {},
                extract=extract,
            )
        )

    def waiting(self, queue: Queue) -> int:
        """Return how many are still to be dialed."""
        return self.entries.count("waiting", (queue.id, True)) + self.entries.count("waiting", (queue.id, False))

    def withdraw(self, contact: str) -> None:
        """Remove a contact from every queue."""
        for entry in self.entries.oldest("contact", contact):
            self.entries.update(entry, state="withdrawn")

    def clear(self, queue: Queue, reason: str | None = None) -> None:
        """Remove everyone from a queue, and stop its timer."""
        self.stop(queue)
        for urgent in (True, False):
            for entry in self.entries.oldest("waiting", (queue.id, urgent)):
                self.entries.update(entry, state="withdrawn", reason=reason)

    # -- dialing ------

    def advance(self, queue: Queue, *, at_once: bool = False) -> None:
        """Dial the next people, as the pace allows; `at_once` ignores the pace for the first. Report a queue that is
        empty and has no active call as finished."""
        while self.dials(queue) and queue.active_calls < queue.max_concurrent_calls:
            entry = self.next_entry(queue)
            if entry is None:
                if not queue.active_calls:
                    self.on_queue_finished(queue)
                return
            if queue.last_dial_at is not None and not at_once:
                due = queue.last_dial_at + round(MINUTE / queue.calls_per_minute)
                if due > self._clock.now(queue.account):
                    if queue.timer is None:
                        queue.timer = self._clock.at(due, queue.account, DIAL, queue.id)
                    return
            self._dial(queue, entry)
            at_once = False

    def dials(self, queue: Queue) -> bool:
        """Return whether a queue is to be dialed now."""
        if isinstance(queue, Campaign):
            return queue.status == "running" and queue.direction == "outbound"
        return queue.completed_at is None

    def stop(self, queue: Queue) -> None:
        """Stop the timer of a queue; its entries remain."""
        self._clock.cancel(queue.timer)
        queue.timer = None

    def end_call(self, queue: Queue) -> None:
        """Dial on after a call of a queue has ended."""
        queue.active_calls -= 1
        self.advance(queue)

    def _timer_due(self, id_: str) -> None:
        queue = self._store.queue(id_)
        if queue is not None:
            queue.timer = None
            self.advance(queue)

    def next_entry(self, queue: Queue) -> QueueEntry | None:
        """Return the next entry, urgent ones first, and skip those on the Do Not Call list."""
        for urgent in (True, False):
            while (entry := self.entries.first("waiting", (queue.id, urgent))) is not None:
                if not self.is_blocked(entry):
                    return entry
                queue.skipped += 1
                self.entries.update(entry, state="skipped", reason=ON_DNC_LIST)
        return None

    def is_blocked(self, entry: QueueEntry) -> bool:
        """Return whether the person is on the Do Not Call list."""
        contact = self._store.contact(entry.contact) or self._store.contact_with_phone(entry.account, entry.phone)
        return contact is not None and contact.dnc_at is not None

    def _dial(self, queue: Queue, entry: QueueEntry) -> None:
        queue.active_calls += 1
        queue.dialed += 1
        queue.last_dial_at = self._clock.now(queue.account)
        self.entries.update(entry, state="dialed")
        entry.call = self._calls.dial(queue, entry)
