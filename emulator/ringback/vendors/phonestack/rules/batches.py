"""Calls that are triggered together, page "Available Tools" (trigger_batch, get_batch_status, get_batch_results)."""

from __future__ import annotations

from ringback.carrier.clock import iso_z
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import CALLS_PER_MINUTE, MAX_CONCURRENT_CALLS, Batch, QueueEntry
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.common import iso, new_id, normalize_phone, owned
from ringback.vendors.phonestack.rules.dialer import Dialer
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import BatchBody
from ringback.vendors.phonestack.wire.responses import BatchResult, BatchResults, BatchView

MAX_CALLS = 1_000
LIMIT_USED_UP = "The spending limit was used up"


class Batches:
    """The batches of all organizations."""

    def __init__(
        self, services: Services, store: Store, profiles: Profiles, money: Money, calls: Calls, dialer: Dialer
    ) -> None:
        self._services = services
        self._store = store
        self._profiles = profiles
        self._money = money
        self._calls = calls
        self._dialer = dialer
        self.records = store.batches

    def trigger(self, account: str, body: BatchBody) -> BatchView:
        """Call many numbers with one profile. Raises ApiError, which names the row at fault; then no call is placed."""
        if not 1 <= len(body.calls) <= MAX_CALLS:
            raise errors.invalid("calls", f"must have from 1 to {MAX_CALLS:,} rows, not {len(body.calls):,}")
        profile = self._profiles.get_active(account, body.profile_id)
        extract = self._calls.fields_to_extract(account, profile, body.extract)
        phones = []
        for index, row in enumerate(body.calls):
            try:
                phones.append(normalize_phone(row.phone))
                self._calls.check_callable(account, phones[-1])
                self._calls.check_values(account, phones[-1], row.custom_fields)
            except ApiError as error:
                place = f"calls[{index}]"
                raise errors.error(error.code, f"{place}: {error.message}", param=place) from None
        self._money.check_limit(account)
        now = self._services.clock.now(account)
        batch = self.records.add(
            Batch(
                id=new_id(self._services, account, "batch"),
                account=account,
                profile=profile.id,
                calls_per_minute=CALLS_PER_MINUTE,
                max_concurrent_calls=MAX_CONCURRENT_CALLS,
                created_at=now,
                started_at=now,
                size=len(phones),
            )
        )
        for index, (phone, row) in enumerate(zip(phones, body.calls, strict=True)):
            contact = self._store.contact_with_phone(account, phone)
            self._dialer.add(
                batch,
                str(index),
                phone,
                contact.id if contact is not None else None,
                custom_fields=row.custom_fields,
                extract=extract,
            )
        self._dialer.advance(batch)
        return self.view(batch)

    def finish(self, batch: Batch) -> None:
        """Complete a batch whose calls have all ended."""
        self.records.update(batch, status="completed", completed_at=self._services.clock.now(batch.account))

    def stop_all(self, account: str) -> None:
        """Stop dialing in every running batch, as the spending limit is used up."""
        for batch in self.records.oldest("running", account):
            self._dialer.clear(batch, LIMIT_USED_UP)
            self._dialer.advance(batch)

    def get(self, account: str, id_: str) -> Batch:
        """Return an organization's batch. Raises ApiError 404."""
        return owned(self.records, account, id_, "Batch")

    def view(self, batch: Batch) -> BatchView:
        """Return the progress of a batch."""
        queued = self._dialer.waiting(batch)
        return BatchView(
            batch.id,
            batch.profile,
            batch.status,
            batch.size,
            queued,
            batch.active_calls,
            batch.dialed - batch.active_calls,
            batch.size - batch.dialed - queued,
            iso_z(batch.created_at),
            iso(batch.completed_at),
        )

    def results(self, batch: Batch) -> BatchResults:
        """Return the result of each call of a batch, in the order of the request."""
        entries = self._store.queue_entries.oldest("queue", batch.id)
        return BatchResults(self.view(batch), [self._result(index, entry) for index, entry in enumerate(entries)])

    def _result(self, index: int, entry: QueueEntry) -> BatchResult:
        call = self._calls.view(self._store.calls[entry.call]) if entry.call is not None else None
        status = call.status if call is not None else entry.state
        return BatchResult(index, entry.phone, status, entry.reason, call)
