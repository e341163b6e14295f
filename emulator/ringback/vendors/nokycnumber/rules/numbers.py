"""Numbers: activation, change, periods, off windows, release, page "Numbers"."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import iso_z, months_later
from ringback.carrier.hours import Hours, HoursError, check_hours, next_change, within
from ringback.carrier.numbering_plan import format_international
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.prices import MONTHS, NUMBERS
from ringback.vendors.nokycnumber.records import BLOCKS, Addon, Number
from ringback.vendors.nokycnumber.rules.common import new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.offers import Offers
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.wire import NumberBody, NumberPatch, NumberView

NumberEvent = Literal["number.activated", "number.renewed", "number.paused", "number.released"]
MAX_WINDOWS = 50
MAX_METADATA = 50
PERIOD_ENDS = "nokycnumber.period_ends"
HOURS_CHANGE = "nokycnumber.hours_change"


class Numbers:
    """The numbers of all accounts."""

    def __init__(self, services: Services, data: Data, money: Money, webhooks: Webhooks, offers: Offers) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.webhooks = webhooks
        self.offers = offers
        services.clock.on(PERIOD_ENDS, self.end_period)
        services.clock.on(HOURS_CHANGE, self.apply_hours_of)

    # -- activation and change ------

    def activate(self, account: str, body: NumberBody, request_id: str) -> NumberView:
        """Turn an offer into a number and charge its first period. After an ApiError nothing is charged and the offer
        stays open."""
        offer = self.offers.find_open(account, body.available_id)
        price = NUMBERS[offer.tier][body.billing_period]
        self.money.check(account, price)
        id_ = new_id(self.services, account, "num")
        self.offers.accept(offer, id_)
        now = self.services.clock.now(account)
        months = MONTHS[body.billing_period]
        number = self.data.numbers.add(
            Number(
                id=id_,
                account=account,
                phone_number=offer.number,
                country=offer.country,
                type=offer.type,
                tier=offer.tier,
                tier_pattern=offer.tier_pattern,
                billing_period=body.billing_period,
                created_at=now,
                months=months,
                renews_at=months_later(now, months),
            )
        )
        _set_addons(number, body.addons)
        secret = self._set_webhook_url(number, body.webhook_url)
        self._await_period_end(number)
        self._note(number, "activated")
        self.money.charge(account, price, "number", id_)
        self._publish("number.activated", number, request_id)
        return self._view_with_secret(number, secret)

    def update(self, number: Number, body: NumberPatch) -> NumberView:
        """Change the fields that are present. Raises ApiError 409 for a released number, 400 for invalid hours."""
        if isinstance(body.on_off, Hours):
            _check_hours(body.on_off)
        if isinstance(body.metadata, dict) and len(body.metadata) > MAX_METADATA:
            raise errors.invalid("metadata", f"must have at most {MAX_METADATA} fields")
        self.check_not_released(number)
        secret = None
        if body.auto_renew is not UNSET:
            number.auto_renew = body.auto_renew
        if not isinstance(body.webhook_url, UnsetType):
            secret = self._set_webhook_url(number, body.webhook_url)
        if body.addons is not UNSET:
            _set_addons(number, body.addons)
        if not isinstance(body.metadata, UnsetType):
            number.metadata = body.metadata
        if not isinstance(body.on_off, UnsetType):
            number.on_off = body.on_off
            self._apply_hours(number)
        if body.status is not UNSET:
            number.paused_by_patch = body.status == "paused"
            number.in_off_window = number.in_off_window and number.paused_by_patch
            self._update_status(number)
        return self._view_with_secret(number, secret)

    def _set_webhook_url(self, number: Number, url: str | None) -> str | None:
        """Set where a number's events are sent. Return the new secret if the URL is a new one."""
        if url == number.webhook_url:
            return None
        number.webhook_url = url
        number.webhook_secret = self.webhooks.new_secret(number.account) if url is not None else None
        return number.webhook_secret

    # -- periods ------

    def renew(self, number: Number, request_id: str) -> NumberView:
        """Add a period and charge it. Raises ApiError 409 for a released number, 402."""
        self.check_not_released(number)
        price = NUMBERS[number.tier][number.billing_period]
        self.money.check(number.account, price)
        self.extend(number, price, request_id)
        return self.view(number)

    def extend(self, number: Number, price: int, request_id: str | None) -> None:
        """Add a period to a number and charge its price."""
        number.months += MONTHS[number.billing_period]
        number.renews_at = months_later(number.created_at, number.months)
        self._await_period_end(number)
        self._note(number, "renewed")
        self.money.charge(number.account, price, "renewal", number.id)
        self._publish("number.renewed", number, request_id)

    def _await_period_end(self, number: Number) -> None:
        self.services.clock.cancel(number.period_timer)
        number.period_timer = self.services.clock.at(
            number.renews_at, number.account, PERIOD_ENDS, number.id, background=True
        )

    def end_period(self, id_: str) -> None:
        """Renew a number whose period has ended, or return it to the inventory."""
        number = self.data.numbers.get(id_)
        if number is None or number.ended:
            return
        price = NUMBERS[number.tier][number.billing_period]
        if number.status != "released" and number.auto_renew and self.money.covers(number.account, price):
            self.extend(number, price, None)
        else:
            self.end(number)

    def release(self, number: Number) -> None:
        """Release a number: it takes no more calls and messages, and returns to the inventory when its period ends.
        A second release changes nothing."""
        if number.status != "released":
            self._mark_released(number)

    def _mark_released(self, number: Number) -> None:
        self.services.clock.cancel(number.hours_timer)
        self.services.numbers.suspend(number.phone_number)
        self.data.numbers.update(number, status="released", auto_renew=False, hours_timer=None)
        self._note(number, "released")

    def end(self, number: Number) -> None:
        """Return a number to the inventory."""
        if number.status != "released":
            self._mark_released(number)
        self.services.clock.cancel(number.period_timer)
        number.ended, number.period_timer = True, None
        self.services.numbers.release(number.phone_number, quarantine=False)
        self._note(number, "back in the inventory")
        self._publish("number.released", number)

    def end_all(self, account: str) -> None:
        """Return all numbers of an account to the inventory."""
        for number in self.data.numbers.oldest("account", account):
            if not number.ended:
                self.end(number)

    # -- off windows ------

    def apply_hours_of(self, id_: str) -> None:
        """Pause or resume a number whose off window begins or ends now."""
        number = self.data.numbers.get(id_)
        if number is not None and number.status != "released":
            self._apply_hours(number)

    def _apply_hours(self, number: Number) -> None:
        """Pause or resume a number as its hours say, and set the timer for their next change."""
        now, hours, was_off = self.services.clock.now(number.account), number.on_off, number.in_off_window
        self.services.clock.cancel(number.hours_timer)
        number.hours_timer = None
        number.in_off_window = hours is not None and within(hours, now)
        change = next_change(hours, now) if hours is not None else None
        if change is not None:
            number.hours_timer = self.services.clock.at(
                change, number.account, HOURS_CHANGE, number.id, background=True
            )
        self._update_status(number)
        if number.in_off_window and not was_off:
            self._publish("number.paused", number)

    def _update_status(self, number: Number) -> None:
        status = "paused" if number.paused_by_patch or number.in_off_window else "active"
        if status == number.status:
            return
        self.data.numbers.update(number, status=status)
        if status == "paused":
            self.services.numbers.suspend(number.phone_number)
        else:
            self.services.numbers.resume(number.phone_number)
        self._note(number, status)

    # -- checks and views ------

    def check_not_released(self, number: Number) -> None:
        """Check that a number has not been released. Raises ApiError 409."""
        if number.status == "released":
            raise errors.error("number_released")

    def usable(self, account: str, id_: str) -> Number:
        """Return the `from` of a call or message: a number that is active now. Raises ApiError 404 or 409."""
        number = self.data.number_of(account, id_, "from")
        self.check_not_released(number)
        if number.status == "paused":
            raise errors.error("number_paused", param="from")
        return number

    def view(self, number: Number) -> NumberView:
        """Return a number without its webhook secret."""
        return NumberView(
            number.id,
            number.phone_number,
            format_international(number.phone_number),
            number.country,
            number.type,
            number.tier,
            number.tier_pattern,
            number.status,
            number.billing_period,
            iso_z(number.renews_at),
            number.auto_renew,
            list(number.addons),
            bool(number.addons),
            number.webhook_url,
            number.on_off,
            number.metadata,
            iso_z(number.created_at),
        )

    def _view_with_secret(self, number: Number, secret: str | None) -> NumberView:
        view = self.view(number)
        if secret is not None:
            view.webhook_secret = secret
        return view

    def _note(self, number: Number, what: str) -> None:
        self.services.note(number.account, "number", f"{number.phone_number} {what}", number_id=number.id)

    def _publish(self, kind: NumberEvent, number: Number, request_id: str | None = None) -> None:
        self.webhooks.publish(
            number.account, kind, self.view(number), about=number.id, number=number, request_id=request_id
        )


def _set_addons(number: Number, names: list[Addon]) -> None:
    """Replace the add-ons; an added one is enabled, a removed one disabled."""
    addons = tuple(dict.fromkeys(names))
    for addon, block in BLOCKS.items():
        if (addon in addons) is not (addon in number.addons):
            getattr(number.ai, block).enabled = addon in addons
    number.addons = addons


def _check_hours(hours: Hours) -> None:
    if len(hours.windows) > MAX_WINDOWS:
        raise errors.invalid("on_off.windows", f"must have at most {MAX_WINDOWS} windows")
    try:
        check_hours(hours)
    except HoursError as error:
        raise errors.invalid(f"on_off.{error.param}", f"cannot be used: {error}") from None
