"""KwickPhone's business rules: provisioning, billing, calls. Every rule checks first and changes state once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from ringback.carrier.call import Call
from ringback.carrier.clock import DAY, HOUR, SECOND, iso_offset, iso_z, months_later
from ringback.carrier.ledger import DOLLAR, format_usd, prorated_charge, usd
from ringback.carrier.number_pool import OutOfStock
from ringback.carrier.numbering_plan import has_area_code
from ringback.carrier.script import Script
from ringback.gateway.accounts import Account
from ringback.gateway.asgi import encode
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound, VendorBackend
from ringback.store import Collection
from ringback.vendors.kwickphone import errors
from ringback.vendors.kwickphone.events import CALL_COMPLETED, call_completed
from ringback.vendors.kwickphone.records import KwickPhoneSettings, Number
from ringback.vendors.kwickphone.wire import (
    CallView,
    CreatedNumberView,
    NumberView,
    ProvisionBody,
    TranscriptView,
    TurnView,
)

NAME = "kwickphone"
MONTHLY_PRICE = 5 * DOLLAR
GRACE = 7 * DAY
"""Page "Limits & billing"."""

ID_BITS = 40
BILL = "kwickphone.bill"
END_GRACE = "kwickphone.end_grace"
LISTED = 50_000
"""Finished calls whose listing is kept ready."""
TOLL_FREE = frozenset(("800", "833", "844", "855", "866", "877", "888"))
_AREA_CODE = re.compile(r"[2-9][0-9]{2}")
_US_E164 = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")


class KwickPhone(VendorBackend):
    """KwickPhone in one emulator."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self.records: Collection[Number] = Collection(
            Number,
            account=lambda number: number.account,
            status=lambda number: (number.account, number.status),
        )
        self._listed: dict[str, bytes] = {}
        services.clock.on(BILL, self.bill)
        services.clock.on(END_GRACE, self._end_grace)

    def collections(self) -> Mapping[str, Any]:
        """What a snapshot holds."""
        return {"numbers": self.records}

    def settings(self, account: str) -> KwickPhoneSettings:
        """The account's settings."""
        return cast("KwickPhoneSettings", self.services.settings_of(account))

    # -- numbers ------

    async def check_webhook_url(self, url: str | None) -> None:
        """Check that a webhook URL is public HTTPS, page "Provision a number". Raises ApiError 400."""
        if url is None:
            return
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid("webhook_url:", str(error)) from None

    def provision(self, account: str, body: ProvisionBody) -> CreatedNumberView:
        """Buy a number and charge its first month, page "Provision a number". Raises ApiError; then nothing is bought
        and nothing charged."""
        area_code = self.area_code_of(body)
        services, settings, now = self.services, self.settings(account), self.services.clock.now(account)
        limit = settings.number_limit
        if limit is not None and self.records.count("status", (account, "active")) >= limit:
            raise errors.error("number_limit", limit=limit)
        window = f"{NAME}.provisions.{account}"
        hourly = settings.provisions_per_hour
        if hourly is not None and (wait := self.velocity_wait(window, hourly, now)) > 0:
            raise errors.error("provision_velocity", limit=hourly, wait=-(-wait // SECOND))
        if services.ledger.balance(account) < MONTHLY_PRICE:
            raise errors.error("insufficient_balance")
        id_ = self._new_id(account)
        try:
            phone_number = services.numbers.assign("US", area_code, vendor=NAME, account=account, number_id=id_)
        except OutOfStock:
            raise errors.error("no_numbers", area_code=area_code) from None
        if hourly is not None:
            services.windows.add(window, now)
        number = self.records.add(
            Number(
                id=id_,
                account=account,
                phone_number=phone_number,
                business_phone=body.business_phone,
                status="active",
                webhook_url=body.webhook_url,
                webhook_secret=f"whsec_{services.streams(NAME, account, 'secret').hex(32)}",
                created_at=now,
            )
        )
        self.await_next_month(number)
        services.note(account, "number", f"{phone_number} provisioned", number_id=id_)
        self.charge(account, MONTHLY_PRICE, "number", id_)
        return CreatedNumberView(
            number.id,
            number.phone_number,
            number.business_phone,
            number.status,
            number.webhook_url,
            number.webhook_secret,
            iso_offset(now),
        )

    def _new_id(self, account: str) -> str:
        """Draw an id from the account's own stream, so that no other account changes it."""
        stream = self.services.streams(NAME, account, "number")
        while (id_ := f"num_{1 + stream.getrandbits(ID_BITS)}") in self.records:
            continue
        return id_

    def area_code_of(self, body: ProvisionBody) -> str:
        """Return the area to buy in: the one asked for, else that of the business line. Raises ApiError 400."""
        if not _is_us_number(body.business_phone):
            raise errors.invalid("business_phone", "must be a US number in E.164, such as +13465551234")
        area_code = body.area_code if body.area_code is not None else body.business_phone[2:5]
        if not _AREA_CODE.fullmatch(area_code):
            raise errors.invalid("area_code", "must be three digits, such as 346")
        return area_code

    def velocity_wait(self, window: str, hourly: int, now: int) -> int:
        """Return the microseconds until one more provision fits into the hour, 0 if it does now."""
        return HOUR if hourly == 0 else self.services.windows.wait(window, hourly, HOUR, now)

    def list_numbers(self, account: str) -> list[NumberView]:
        """The account's numbers, active first, then past due, then released; newest first among each."""
        return [
            NumberView(
                number.id,
                number.phone_number,
                number.business_phone,
                number.status,
                number.webhook_url,
                iso_offset(number.created_at),
            )
            for status in ("active", "past_due", "released")
            for number in self.records.newest("status", (account, status))
        ]

    def release(self, account: str, id_: str) -> None:
        """Give a number back, page "Release a number": no refund, no more bills. Raises ApiError 404. Releasing a
        number twice is answered as the first time and changes nothing."""
        number = self.records.get(id_)
        if number is None or number.account != account:
            raise errors.error("not_found", what="number")
        if number.status != "released":
            self.release_number(number)

    def release_number(self, number: Number) -> None:
        """Take a number out of service and end its bills."""
        self.services.clock.cancel(number.timer)
        self.services.numbers.release(number.phone_number)
        self.records.update(number, status="released", released_at=self.services.clock.now(number.account), timer=None)
        self.services.note(number.account, "number", f"{number.phone_number} released", number_id=number.id)

    # -- billing ------

    def await_next_month(self, number: Number) -> None:
        """Set the timer of the month that is due next."""
        due = months_later(number.created_at, number.months)
        number.timer = self.services.clock.at(due, number.account, BILL, number.id, background=True)

    def bill(self, id_: str) -> None:
        """Charge the month that is due, or make the number past due."""
        number = self.records.get(id_)
        if number is None or number.status != "active":
            return
        if self.pay_month(number):
            self.await_next_month(number)
        else:
            now = self.services.clock.now(number.account)
            timer = self.services.clock.at(now + GRACE, number.account, END_GRACE, number.id, background=True)
            self.records.update(number, status="past_due", past_due_since=now, timer=timer)
            self.services.numbers.suspend(number.phone_number)
            self.services.note(number.account, "number", f"{number.phone_number} past due", number_id=number.id)

    def pay_month(self, number: Number) -> bool:
        """Charge the month that is due, from the balance or, with auto-top-up on, from the card."""
        account = number.account
        if self.services.ledger.balance(account) < MONTHLY_PRICE:
            self.top_up(account, MONTHLY_PRICE)
        if self.services.ledger.balance(account) < MONTHLY_PRICE:
            return False
        number.months += 1
        self.charge(account, MONTHLY_PRICE, "number", number.id)
        return True

    def _end_grace(self, id_: str) -> None:
        number = self.records.get(id_)
        if number is not None and number.status == "past_due":
            self.release_number(number)

    def pay_arrears(self, account: str) -> None:
        """Numbers past due become active again, the longest overdue first, as far as the balance goes."""
        overdue = self.records.oldest("status", (account, "past_due"))
        for number in sorted(overdue, key=lambda number: number.past_due_since or 0):
            if not self.pay_month(number):
                break
            self.services.clock.cancel(number.timer)
            self.records.update(number, status="active", past_due_since=None)
            self.services.numbers.resume(number.phone_number)
            self.await_next_month(number)
            self.services.note(account, "number", f"{number.phone_number} active again", number_id=number.id)

    def charge(self, account: str, amount: int, cause: str, ref: str) -> None:
        """Take an amount from the balance; auto-top-up follows."""
        if amount:
            self.services.ledger.post(account, -amount, cause, ref)
            self.top_up(account)

    def top_up(self, account: str, price: int = 0) -> None:
        """Charge the card when the balance is below the threshold, or would be after paying `price`."""
        settings = self.settings(account)
        auto = settings.auto_top_up
        if auto is None or self.services.ledger.balance(account) - price >= usd(auto.threshold):
            return
        amount = usd(auto.amount)
        if settings.card == "ok":
            self.services.ledger.post(account, amount, "auto_top_up")
        else:
            self.services.note(account, "money", f"card declined for {format_usd(amount)}", cause="card_declined")

    # -- what the control API does -----------------------------------------------------------------------------------

    def on_account_closed(self, account: Account) -> None:
        """Its numbers are released."""
        for number in self.records.oldest("account", account.id):
            if number.status != "released":
                self.release_number(number)

    def on_settings_changed(self, account: Account) -> None:
        """A card that works again, or auto-top-up switched on, takes effect at once."""
        self.top_up(account.id)
        self.pay_arrears(account.id)

    def on_account_funded(self, account: Account) -> None:
        """Pay what is overdue."""
        self.pay_arrears(account.id)

    def numbers(self, account: str) -> list[dict[str, Any]]:
        """The account's numbers for the control API."""
        return [
            {
                "id": number.id,
                "phone_number": number.phone_number,
                "status": number.status,
                "business_phone": number.business_phone,
                "webhook_url": number.webhook_url,
                "paid_months": number.months,
            }
            for number in self.records.newest("account", account)
        ]

    # -- calls ------

    def receive_call(self, to: str, caller: str, script: Script) -> Call:
        """Someone calls one of our numbers. Raises NumberNotFound for one that takes no calls."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        stream = self.services.streams(NAME, assigned.account, "call")
        return self.services.calls.receive(
            id_=f"CA{stream.hex(32)}",
            vendor=NAME,
            account=assigned.account,
            number_id=assigned.number_id,
            number=to,
            remote_number=caller,
            script=script,
        )

    def on_call_changed(self, call: Call) -> None:
        """A completed call is billed, and its event is sent where its number has a webhook URL."""
        if call.state != "completed":
            return
        rate = usd(self.settings(call.account).talk_rate)
        self.charge(call.account, prorated_charge(rate, call.duration), "talk_time", call.id)
        number = self.records[call.number_id]
        if number.webhook_url is not None:
            self.services.outbox.send(
                vendor=NAME,
                account=call.account,
                event=CALL_COMPLETED,
                subject=call.id,
                url=number.webhook_url,
                secret=number.webhook_secret,
                body=call_completed(call, self.services.clock.now(call.account)),
            )

    def list_calls(self, account: str, limit: int | None, after: str | None) -> bytes:
        """The JSON of the account's calls, newest first. Raises ApiError 400 for an unknown cursor."""
        start = None
        if after is not None:
            start = self.services.calls.records.get(after)
            if start is None or start.account != account:
                raise errors.invalid("starting_after", "must be the id of one of your calls")
        page = self.services.calls.records.page("account", account, limit, start)
        listed = self._listed
        return b'{"data":[' + b",".join([listed.get(call.id) or self._list(call) for call in page]) + b"]}"

    def _list(self, call: Call) -> bytes:
        done = call.state == "completed"
        listed = encode(
            CallView(
                call.id,
                call.number_id,
                call.number,
                call.remote_number,
                call.direction,
                call.state,
                call.outcome if call.ended_at is not None else None,
                call.duration,
                iso_z(call.started_at),
                done and call.recording,
                done and call.turns is not None,
            )
        )
        if call.ended_at is not None:
            if len(self._listed) >= LISTED:
                self._listed.clear()
            self._listed[call.id] = listed
        return listed

    def transcript(self, account: str, id_: str) -> TranscriptView:
        """Turn by turn, page "Get a transcript". Raises ApiError 404."""
        call = self.call_of(account, id_)
        if call.state != "completed" or call.turns is None:
            raise errors.error("not_found", what="transcript")
        return TranscriptView(call.id, [TurnView(turn.speaker, turn.text, turn.at) for turn in call.turns])

    def recorded(self, account: str, id_: str) -> Call:
        """The call whose recording is asked for, page "Get a recording". Raises ApiError 404."""
        call = self.call_of(account, id_)
        if call.state != "completed" or not call.recording:
            raise errors.error("no_recording")
        return call

    def call_of(self, account: str, id_: str) -> Call:
        """Return one of the account's calls. Raises ApiError 404."""
        call = self.services.calls.records.get(id_)
        if call is None or call.account != account or call.vendor != NAME:
            raise errors.error("not_found", what="call")
        return call


def _is_us_number(text: str) -> bool:
    """Whether text is a US number in E.164: the plan's shape, with an area code of the United States or toll-free."""
    return _US_E164.fullmatch(text) is not None and (text[2:5] in TOLL_FREE or has_area_code("US", text[2:5]))
