"""An organization's own phone number."""

from __future__ import annotations

from ringback.gateway.services import Services
from ringback.vendors.phonestack.records import OrganizationNumber
from ringback.vendors.phonestack.rules.common import NAME
from ringback.vendors.phonestack.store import Store

COUNTRY = "US"
"""The page's numbers are North American."""


class Numbers:
    """The phone numbers of all organizations."""

    def __init__(self, services: Services, store: Store) -> None:
        self._services = services
        self._records = store.numbers

    def number(self, account: str) -> str:
        """Return the organization's number. The first use takes one from stock."""
        record = self._records.get(account)
        if record is None:
            stock = self._services.numbers
            number = stock.hold(COUNTRY, "mobile", vendor=NAME, account=account)
            stock.claim_reserved(number, vendor=NAME, account=account, number_id=number)
            record = self._records.add(OrganizationNumber(id=account, account=account, number=number))
        return record.number

    def release(self, account: str) -> None:
        """Release the organization's number, if it has one."""
        record = self._records.get(account)
        if record is not None:
            self._services.numbers.release(record.number)
            self._records.remove(record)
