"""Numbers: offers, activation, periods, renewal, hours, release, page "Numbers"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import MINUTE, iso_z, months_later
from ringback.carrier.hours import Hours, HoursError, check_hours, next_change, within
from ringback.carrier.number_pool import NumberTaken, OutOfStock
from ringback.carrier.numbering_plan import format_international
from ringback.store import Collection
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.patterns import pattern_of
from ringback.vendors.nokycnumber.prices import COUNTRIES, MONTHS, NUMBERS, Tier
from ringback.vendors.nokycnumber.records import Addon, AiConfig, Kind, Number, Offer
from ringback.vendors.nokycnumber.rules.common import NAME, new_id, own, shown
from ringback.vendors.nokycnumber.wire import AiPatch, AiView, NumberBody, NumberPatch, NumberView, OfferView, Prices

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.rules import NoKYCNumber

NumberEvent = Literal["number.activated", "number.renewed", "number.paused", "number.released"]
HOLD = 15 * MINUTE
MAX_WINDOWS = 50
MAX_METADATA = 50
OFFER_ENDS = "nokycnumber.offer_ends"
PERIOD_ENDS = "nokycnumber.period_ends"
HOURS_CHANGE = "nokycnumber.hours_change"
BLOCKS: Mapping[Addon, str] = {
    "ai-pickup": "auto_pickup",
    "ai-screen": "screening",
    "ai-trans": "translator",
    "ai-summary": "voicemail_summary",
}
"""The block of the AI configuration that each add-on is for."""


class Lines:
    """The numbers of all accounts, and those on offer."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.services = backend.services
        self.offers: Collection[Offer] = Collection(
            Offer, account=lambda offer: offer.account if offer.state == "open" else None
        )
        self.records: Collection[Number] = Collection(
            Number,
            account=lambda number: number.account,
            active=lambda number: number.account if number.status == "active" else None,
        )
        self.services.clock.on(OFFER_ENDS, self._offer_ends)
        self.services.clock.on(PERIOD_ENDS, self._period_ends)
        self.services.clock.on(HOURS_CHANGE, self._hours_change)

    # -- offers ------

    def offer(self, account: str, country: str, kind: Kind | None, tier: Tier | None, limit: int) -> list[OfferView]:
        """Up to `limit` numbers of a country that the account may activate, those it is offered already first. Raises
        ApiError 422 for a country without numbers."""
        if country not in COUNTRIES:
            raise errors.refusal("unsupported_country", f"There are no numbers in {country}.", "country")
        open_ = [
            offer
            for offer in self.offers.newest("account", account)
            if offer.country == country and kind in (None, offer.type) and tier in (None, offer.tier)
        ][:limit]
        while len(open_) < limit:
            offer = self._hold(account, country, kind or "mobile", tier)
            if offer is None:
                break
            open_.append(offer)
        return [self._offer_view(offer) for offer in open_]

    def _hold(self, account: str, country: str, kind: Kind, tier: Tier | None) -> Offer | None:
        def suits(number: str) -> bool:
            return tier is None or (pattern_of(number) is not None) is (tier == "premium")

        try:
            number = self.services.numbers.hold(country.upper(), kind, vendor=NAME, account=account, accepts=suits)
        except OutOfStock:
            return None
        pattern = pattern_of(number)
        until = self.services.clock.now(account) + HOLD
        offer = self.offers.add(
            Offer(
                id=new_id(self.services, account, "navail"),
                account=account,
                number=number,
                country=country,
                type=kind,
                tier="standard" if pattern is None else "premium",
                tier_pattern=pattern,
                held_until=until,
            )
        )
        offer.timer = self.services.clock.at(until, account, OFFER_ENDS, offer.id, background=True)
        return offer

    def _offer_ends(self, id_: str) -> None:
        offer = self.offers.get(id_)
        if offer is not None and offer.state == "open":
            self.services.numbers.release_hold(offer.number)
            self.offers.update(offer, state="gone")

    def _offer_view(self, offer: Offer) -> OfferView:
        prices = NUMBERS[offer.tier]
        return OfferView(
            offer.id,
            offer.number,
            format_international(offer.number),
            offer.country,
            offer.type,
            offer.tier,
            offer.tier_pattern,
            Prices(shown(prices["monthly"]), shown(prices["quarterly"]), shown(prices["yearly"])),
            iso_z(offer.held_until),
        )

    # -- activation and change ------

    def activate(self, account: str, body: NumberBody, request_id: str) -> NumberView:
        """Turn an offer into a number and charge its first period. Raises ApiError; then nothing is charged and the
        offer stays."""
        offer = own(self.offers, account, body.available_id, "offer", "available_id")
        if offer.state != "open":
            raise errors.refusal("number_unavailable", "This number is no longer on offer.", "available_id")
        price = NUMBERS[offer.tier][body.billing_period]
        self.backend.money.check(account, price)
        id_ = new_id(self.services, account, "num")
        try:
            self.services.numbers.claim_reserved(offer.number, vendor=NAME, account=account, number_id=id_)
        except NumberTaken:
            raise errors.refusal("number_unavailable", "This number is no longer on offer.", "available_id") from None
        self.services.clock.cancel(offer.timer)
        self.offers.update(offer, state="gone", timer=None)
        now = self.services.clock.now(account)
        months = MONTHS[body.billing_period]
        number = self.records.add(
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
        self._book(number, tuple(dict.fromkeys(body.addons)))
        secret = self._point(number, body.webhook_url)
        self._await_period_end(number)
        self._note(number, "activated")
        self.backend.money.charge(account, price, "number", id_)
        self._tell("number.activated", number, request_id)
        return self._with_secret(number, secret)

    def change(self, account: str, id_: str, body: NumberPatch) -> NumberView:
        """Change what is present. Raises ApiError 404, 409 for a released number, 400 for hours that cannot be."""
        number = self.of(account, id_)
        if isinstance(body.on_off, Hours):
            self._check_hours(body.on_off)
        if isinstance(body.metadata, dict) and len(body.metadata) > MAX_METADATA:
            raise errors.invalid("metadata", f"has at most {MAX_METADATA} fields")
        self.check_kept(number)
        secret = None
        if body.auto_renew is not UNSET:
            number.auto_renew = body.auto_renew
        if not isinstance(body.webhook_url, UnsetType):
            secret = self._point(number, body.webhook_url)
        if body.addons is not UNSET:
            self._book(number, tuple(dict.fromkeys(body.addons)))
        if not isinstance(body.metadata, UnsetType):
            number.metadata = body.metadata
        if not isinstance(body.on_off, UnsetType):
            self._keep_hours(number, body.on_off)
        if body.status is not UNSET:
            number.parked = body.status == "paused"
            number.asleep = number.asleep and number.parked
            self._settle(number)
        return self._with_secret(number, secret)

    def _point(self, number: Number, url: str | None) -> str | None:
        """Send a number's events to a URL; gives a new secret for one that is new."""
        if url == number.webhook_url:
            return None
        number.webhook_url = url
        number.webhook_secret = self.backend.hooks.new_secret(number.account) if url is not None else None
        return number.webhook_secret

    def _book(self, number: Number, addons: tuple[Addon, ...]) -> None:
        """Replace the add-ons; a new one is switched on, one that goes is switched off."""
        for addon, block in BLOCKS.items():
            if (addon in addons) is not (addon in number.addons):
                getattr(number.ai, block).enabled = addon in addons
        number.addons = addons

    # -- periods ------

    def renew(self, account: str, id_: str, request_id: str) -> NumberView:
        """Add a period and charge it. Raises ApiError 404, 409 for a released number, 402."""
        number = self.of(account, id_)
        self.check_kept(number)
        price = NUMBERS[number.tier][number.billing_period]
        self.backend.money.check(account, price)
        self._extend(number, price, request_id)
        return self.view(number)

    def _extend(self, number: Number, price: int, request_id: str | None) -> None:
        number.months += MONTHS[number.billing_period]
        number.renews_at = months_later(number.created_at, number.months)
        self._await_period_end(number)
        self._note(number, "renewed")
        self.backend.money.charge(number.account, price, "renewal", number.id)
        self._tell("number.renewed", number, request_id)

    def _await_period_end(self, number: Number) -> None:
        self.services.clock.cancel(number.timer)
        number.timer = self.services.clock.at(number.renews_at, number.account, PERIOD_ENDS, number.id, background=True)

    def _period_ends(self, id_: str) -> None:
        number = self.records.get(id_)
        if number is None or number.ended:
            return
        price = NUMBERS[number.tier][number.billing_period]
        if number.status != "released" and number.auto_renew and self.backend.money.covers(number.account, price):
            self._extend(number, price, None)
        else:
            self._end(number)

    def release(self, account: str, id_: str) -> None:
        """Give a number up: it takes nothing more, and goes back to the inventory when its period ends. Raises ApiError
        404. A second time changes nothing."""
        number = self.of(account, id_)
        if number.status != "released":
            self._retire(number)

    def _retire(self, number: Number) -> None:
        self.services.clock.cancel(number.hours_timer)
        self.services.numbers.suspend(number.phone_number)
        self.records.update(number, status="released", auto_renew=False, hours_timer=None)
        self._note(number, "released")

    def _end(self, number: Number) -> None:
        """Back to the inventory."""
        if number.status != "released":
            self._retire(number)
        self.services.clock.cancel(number.timer)
        number.ended, number.timer = True, None
        self.services.numbers.release(number.phone_number, quarantine=False)
        self._note(number, "back in the inventory")
        self._tell("number.released", number, None)

    def close(self, account: str) -> None:
        """An account's numbers and offers are given back at once."""
        for number in self.records.oldest("account", account):
            if not number.ended:
                self._end(number)
        for offer in self.offers.oldest("account", account):
            self._offer_ends(offer.id)

    # -- hours ------

    def _check_hours(self, hours: Hours) -> None:
        if len(hours.windows) > MAX_WINDOWS:
            raise errors.invalid("on_off.windows", f"has at most {MAX_WINDOWS} windows")
        try:
            check_hours(hours)
        except HoursError as error:
            raise errors.invalid(f"on_off.{error.param}", f"will not do: {error}") from None

    def _keep_hours(self, number: Number, hours: Hours | None) -> None:
        number.on_off = hours
        self._follow_hours(number)

    def _hours_change(self, id_: str) -> None:
        number = self.records.get(id_)
        if number is not None and number.status != "released":
            self._follow_hours(number)

    def _follow_hours(self, number: Number) -> None:
        """Be asleep or awake as the hours say now, and set the timer for their next change."""
        now, hours, before = self.services.clock.now(number.account), number.on_off, number.asleep
        self.services.clock.cancel(number.hours_timer)
        number.hours_timer = None
        number.asleep = hours is not None and within(hours, now)
        change = next_change(hours, now) if hours is not None else None
        if change is not None:
            number.hours_timer = self.services.clock.at(
                change, number.account, HOURS_CHANGE, number.id, background=True
            )
        self._settle(number)
        if number.asleep and not before:
            self._tell("number.paused", number, None)

    def _settle(self, number: Number) -> None:
        """Let the status follow from what keeps the number quiet."""
        status = "paused" if number.parked or number.asleep else "active"
        if status == number.status:
            return
        self.records.update(number, status=status)
        if status == "paused":
            self.services.numbers.suspend(number.phone_number)
        else:
            self.services.numbers.resume(number.phone_number)
        self._note(number, status)

    # -- AI ------

    def ai_view(self, account: str, id_: str) -> AiView:
        """A number's AI configuration, page "AI configuration". Raises ApiError 404."""
        number = self.of(account, id_)
        ai: AiConfig = number.ai
        return AiView(number.id, list(number.addons), ai.auto_pickup, ai.screening, ai.translator, ai.voicemail_summary)

    def change_ai(self, account: str, id_: str, body: AiPatch) -> AiView:
        """Change the blocks that are present, and in each what is present. Raises ApiError 404, and 409 for a released
        number or a block whose add-on is not booked."""
        number = self.of(account, id_)
        self.check_kept(number)
        changes = {block: getattr(body, block) for block in BLOCKS.values() if getattr(body, block) is not UNSET}
        for addon, block in BLOCKS.items():
            if block in changes and changes[block].enabled is True and addon not in number.addons:
                raise errors.refusal(
                    "addon_required", f"Book the add-on {addon} to switch {block} on.", f"{block}.enabled"
                )
        for block, change in changes.items():
            current = getattr(number.ai, block)
            for name in change.__struct_fields__:
                value = getattr(change, name)
                if value is not UNSET:
                    setattr(current, name, value)
        return self.ai_view(account, id_)

    # -- looking up and showing ------

    def of(self, account: str, id_: str, param: str | None = None) -> Number:
        """An account's number. Raises ApiError 404."""
        return own(self.records, account, id_, "number", param)

    def check_kept(self, number: Number) -> None:
        """Whether a number is still the account's. Raises ApiError 409."""
        if number.status == "released":
            raise errors.refusal("number_released", "This number has been released.")

    def ready(self, account: str, id_: str) -> Number:
        """A number that can call and write now. Raises ApiError 404 or 409."""
        number = self.of(account, id_, "from")
        self.check_kept(number)
        if number.status == "paused":
            raise errors.refusal("number_paused", "This number is paused.", "from")
        return number

    def view(self, number: Number) -> NumberView:
        """A number without a secret."""
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

    def _with_secret(self, number: Number, secret: str | None) -> NumberView:
        view = self.view(number)
        if secret is not None:
            view.webhook_secret = secret
        return view

    def _note(self, number: Number, what: str) -> None:
        self.services.note(number.account, "number", f"{number.phone_number} {what}", number_id=number.id)

    def _tell(self, kind: NumberEvent, number: Number, request_id: str | None) -> None:
        self.backend.hooks.tell(
            number.account, kind, self.view(number), about=number.id, number=number, request_id=request_id
        )
