"""Calls that are triggered together, page "Available Tools" (trigger_batch, get_batch_status, get_batch_results)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.clock import iso_z
from ringback.gateway.errors import Refusal
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import LINES, PACE, Batch, Entry
from ringback.vendors.phonestack.rules.common import iso, new_id, phone_of
from ringback.vendors.phonestack.wire import BatchBody, BatchResult, BatchResults, BatchView

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

MOST_CALLS = 1_000
OUT_OF_MONEY = "The spending limit was used up"


class Batches:
    """The batches of all organizations."""

    def __init__(self, house: PhoneStack) -> None:
        self.house = house
        self.world = house.world
        self.records: Collection[Batch] = Collection(
            Batch,
            account=lambda batch: batch.account,
            running=lambda batch: batch.account if batch.status == "running" else None,
        )

    def trigger(self, account: str, body: BatchBody) -> BatchView:
        """Call many, with one profile, at a pace. Raises Refusal, which names the row at fault; then nobody's phone
        rings."""
        if not 1 <= len(body.calls) <= MOST_CALLS:
            raise errors.invalid("calls", f"must have from 1 to {MOST_CALLS:,} rows, not {len(body.calls):,}")
        profile = self.house.profiles.active(account, body.profile_id)
        extract = self.house.phones.extract_of(account, profile, body.extract)
        phones = []
        for index, row in enumerate(body.calls):
            try:
                phones.append(phone_of(row.phone))
                self.house.people.check_callable(account, phones[-1])
                self.house.phones.check_values(account, phones[-1], row.custom_fields)
            except Refusal as refusal:
                raise errors.refusal(refusal.code, f"calls[{index}]: {refusal.message}", f"calls[{index}]") from None
        self.house.money.check(account)
        now = self.world.clock.now(account)
        batch = self.records.add(
            Batch(
                id=new_id(self.world, account, "batch"),
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
            contact = self.house.people.with_phone(account, phone)
            self.house.dialler.add(
                batch,
                str(index),
                phone,
                contact.id if contact is not None else None,
                custom_fields=row.custom_fields,
                extract=extract,
            )
        self.house.dialler.go(batch)
        return self.view(batch)

    def ran_out(self, batch: Batch) -> None:
        """Nobody is left to be called and no call is under way."""
        self.records.update(batch, status="completed", completed_at=self.world.clock.now(batch.account))

    def out_of_money(self, account: str) -> None:
        """The spending limit is used up: whoever is still queued is not called."""
        for batch in self.records.oldest("running", account):
            self.house.dialler.empty(batch, OUT_OF_MONEY)
            self.house.dialler.go(batch)

    def of(self, account: str, id_: str) -> Batch:
        """An organization's batch. Raises Refusal 404."""
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
            self.house.dialler.queued(batch),
            batch.under_way,
            batch.dialled - batch.under_way,
            batch.size - batch.dialled - self.house.dialler.queued(batch),
            iso_z(batch.created_at),
            iso(batch.completed_at),
        )

    def results(self, account: str, id_: str) -> BatchResults:
        """What became of each call of a batch. Raises Refusal 404."""
        batch = self.of(account, id_)
        entries = self.house.dialler.entries.oldest("run", batch.id)
        return BatchResults(self.view(batch), [self._result(index, entry) for index, entry in enumerate(entries)])

    def _result(self, index: int, entry: Entry) -> BatchResult:
        phones = self.house.phones
        call = phones.view(phones.details[entry.call]) if entry.call is not None else None
        status = call.status if call is not None else entry.state
        return BatchResult(index, entry.phone, status, entry.reason, call)
