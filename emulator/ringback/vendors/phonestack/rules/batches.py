"""Calls that are triggered together, page "Available Tools" (trigger_batch, get_batch_status, get_batch_results)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.clock import iso_z
from ringback.gateway.errors import ApiError
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import LINES, PACE, Batch, Entry
from ringback.vendors.phonestack.rules.common import iso, new_id, phone_of
from ringback.vendors.phonestack.wire import BatchBody, BatchResult, BatchResults, BatchView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

MAX_CALLS = 1_000
OUT_OF_MONEY = "The spending limit was used up"


class Batches:
    """The batches of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Batch] = Collection(
            Batch,
            account=lambda batch: batch.account,
            running=lambda batch: batch.account if batch.status == "running" else None,
        )

    def trigger(self, account: str, body: BatchBody) -> BatchView:
        """Call many, with one profile, at a pace. Raises ApiError, which names the row at fault; then nobody's phone
        rings."""
        if not 1 <= len(body.calls) <= MAX_CALLS:
            raise errors.invalid("calls", f"must have from 1 to {MAX_CALLS:,} rows, not {len(body.calls):,}")
        profile = self.backend.profiles.active(account, body.profile_id)
        extract = self.backend.phones.extract_of(account, profile, body.extract)
        phones = []
        for index, row in enumerate(body.calls):
            try:
                phones.append(phone_of(row.phone))
                self.backend.people.check_callable(account, phones[-1])
                self.backend.phones.check_values(account, phones[-1], row.custom_fields)
            except ApiError as refusal:
                raise errors.refusal(refusal.code, f"calls[{index}]: {refusal.message}", f"calls[{index}]") from None
        self.backend.money.check(account)
        now = self.services.clock.now(account)
        batch = self.records.add(
            Batch(
                id=new_id(self.services, account, "batch"),
                account=account,
                profile=profile.id,
                calls_per_minute=PACE,
                lines=LINES,
                created_at=now,
                started_at=now,
                size=len(phones),
            )
        )
        for index, (phone, row) in enumerate(zip(phones, body.calls, strict=True)):
            contact = self.backend.people.with_phone(account, phone)
            self.backend.dialler.add(
                batch,
                str(index),
                phone,
                contact.id if contact is not None else None,
                custom_fields=row.custom_fields,
                extract=extract,
            )
        self.backend.dialler.go(batch)
        return self.view(batch)

    def ran_out(self, batch: Batch) -> None:
        """Nobody is left to be called and no call is under way."""
        self.records.update(batch, status="completed", completed_at=self.services.clock.now(batch.account))

    def out_of_money(self, account: str) -> None:
        """The spending limit is used up: whoever is still queued is not called."""
        for batch in self.records.oldest("running", account):
            self.backend.dialler.empty(batch, OUT_OF_MONEY)
            self.backend.dialler.go(batch)

    def of(self, account: str, id_: str) -> Batch:
        """An organization's batch. Raises ApiError 404."""
        batch = self.records.get(id_)
        if batch is None or batch.account != account:
            raise errors.not_found("Batch")
        return batch

    def view(self, batch: Batch) -> BatchView:
        """How far a batch has come."""
        return BatchView(
            batch.id,
            batch.profile,
            batch.status,
            batch.size,
            self.backend.dialler.queued(batch),
            batch.under_way,
            batch.dialled - batch.under_way,
            batch.size - batch.dialled - self.backend.dialler.queued(batch),
            iso_z(batch.created_at),
            iso(batch.completed_at),
        )

    def results(self, account: str, id_: str) -> BatchResults:
        """What became of each call of a batch. Raises ApiError 404."""
        batch = self.of(account, id_)
        entries = self.backend.dialler.entries.oldest("run", batch.id)
        return BatchResults(self.view(batch), [self._result(index, entry) for index, entry in enumerate(entries)])

    def _result(self, index: int, entry: Entry) -> BatchResult:
        phones = self.backend.phones
        call = phones.view(phones.details[entry.call]) if entry.call is not None else None
        status = call.status if call is not None else entry.state
        return BatchResult(index, entry.phone, status, entry.reason, call)
