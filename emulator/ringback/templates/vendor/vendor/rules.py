"""AcmePhone's rules. Every rule checks first and changes state once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringback.vendors.acmephone import errors
from ringback.vendors.acmephone.events import CALL_COMPLETED, call_completed
from ringback.vendors.acmephone.records import Number
from ringback.vendors.acmephone.wire import NumberBody, NumberView

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_z
from ringback.carrier.number_pool import OutOfStock
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound, VendorBackend
from ringback.store import Collection

NAME = "acmephone"


class AcmePhone(VendorBackend):
    """AcmePhone in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.records: Collection[Number] = Collection(Number, account=lambda number: number.account)

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot holds."""
        return {"numbers": self.records}

    # -- numbers ------

    async def check_webhook_url(self, url: str | None) -> None:
        """Check that events may be sent to a URL. Raises ApiError 400."""
        if url is None:
            return
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("webhook_url", f"cannot be used: {error}") from None

    def create(self, account: str, body: NumberBody) -> NumberView:
        """Take a number into an account. Raises ApiError, and changes nothing then."""
        services = self.services
        id_ = f"num_{services.streams(NAME, account, 'number').hex(12)}"
        try:
            phone_number = services.numbers.assign("US", body.area_code, vendor=NAME, account=account, number_id=id_)
        except OutOfStock:
            raise errors.error("no_numbers", area_code=body.area_code) from None
        number = self.records.add(
            Number(
                id=id_,
                account=account,
                phone_number=phone_number,
                webhook_url=body.webhook_url,
                webhook_secret=f"whsec_{services.streams(NAME, account, 'secret').hex(32)}",
                created_at=services.clock.now(account),
            )
        )
        services.note(account, "number", f"{phone_number} assigned", number_id=id_)
        return view(number)

    def list(self, account: str) -> list[NumberView]:
        """Return the account's numbers, newest first."""
        return [view(number) for number in self.records.newest("account", account)]

    # -- events ------

    def on_account_closed(self, account: Account) -> None:
        """Release the numbers of an account that is closed."""
        for number in self.records.oldest("account", account.id):
            self.services.numbers.release(number.phone_number)

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of the vendor's numbers. Raises NumberNotFound."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        return self.services.calls.receive(
            id_=f"call_{self.services.streams(NAME, assigned.account, 'call').hex(24)}",
            vendor=NAME,
            account=assigned.account,
            number_id=assigned.number_id,
            number=to,
            remote_number=caller,
            script=script,
        )

    def on_call_changed(self, call: Call) -> None:
        """Send the event of a completed call, if its number has a webhook URL."""
        number = self.records[call.number_id]
        if call.state == "completed" and number.webhook_url is not None:
            self.services.outbox.send(
                vendor=NAME,
                account=call.account,
                event=CALL_COMPLETED,
                subject=call.id,
                url=number.webhook_url,
                secret=number.webhook_secret,
                body=call_completed(call, self.services.clock.now(call.account)),
            )

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """Return the account's numbers as the control API shows them."""
        return [
            {"id": number.id, "phone_number": number.phone_number, "status": "active"}
            for number in self.records.newest("account", account)
        ]


def view(number: Number) -> NumberView:
    """Return a number as the API shows it."""
    return NumberView(
        number.id, number.phone_number, number.webhook_url, number.webhook_secret, iso_z(number.created_at)
    )
