"""Numbers on offer: each is reserved for one account for a while, page "Numbers"."""

from __future__ import annotations

from ringback.carrier.clock import MINUTE, iso_z
from ringback.carrier.number_pool import NumberTaken, OutOfStock
from ringback.carrier.numbering_plan import format_international
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.patterns import pattern_of
from ringback.vendors.nokycnumber.prices import COUNTRIES, NUMBERS, Tier
from ringback.vendors.nokycnumber.records import NumberType, Offer
from ringback.vendors.nokycnumber.rules.common import NAME, in_dollars, new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.wire import OfferView, Prices

RESERVED_FOR = 15 * MINUTE
OFFER_ENDS = "nokycnumber.offer_ends"


class Offers:
    """The offers of all accounts."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data
        services.clock.on(OFFER_ENDS, self.end)

    def available(
        self, account: str, country: str, type_: NumberType | None, tier: Tier | None, limit: int
    ) -> list[OfferView]:
        """Return up to `limit` numbers of a country that the account may activate: its open offers, then new ones.
        Raises ApiError 422 for a country without numbers."""
        if country not in COUNTRIES:
            raise errors.error("unsupported_country", param="country", what=f"numbers in {country}")
        offers = [
            offer
            for offer in self.data.offers.newest("account", account)
            if offer.country == country and type_ in (None, offer.type) and tier in (None, offer.tier)
        ][:limit]
        while len(offers) < limit and (offer := self._reserve(account, country, type_ or "mobile", tier)) is not None:
            offers.append(offer)
        return [self.view(offer) for offer in offers]

    def _reserve(self, account: str, country: str, type_: NumberType, tier: Tier | None) -> Offer | None:
        def suits(number: str) -> bool:
            return tier is None or (pattern_of(number) is not None) is (tier == "premium")

        try:
            number = self.services.numbers.hold(country.upper(), type_, vendor=NAME, account=account, accepts=suits)
        except OutOfStock:
            return None
        pattern = pattern_of(number)
        until = self.services.clock.now(account) + RESERVED_FOR
        offer = self.data.offers.add(
            Offer(
                id=new_id(self.services, account, "navail"),
                account=account,
                number=number,
                country=country,
                type=type_,
                tier="standard" if pattern is None else "premium",
                tier_pattern=pattern,
                held_until=until,
            )
        )
        offer.timer = self.services.clock.at(until, account, OFFER_ENDS, offer.id, background=True)
        return offer

    def find_open(self, account: str, id_: str) -> Offer:
        """Return an account's open offer. Raises ApiError 404 or 409."""
        offer = self.data.offer_of(account, id_)
        if offer.state != "open":
            raise errors.error("number_unavailable", param="available_id")
        return offer

    def accept(self, offer: Offer, number_id: str) -> None:
        """Assign the offered number to the account and close the offer. Raises ApiError 409."""
        try:
            self.services.numbers.claim_reserved(offer.number, vendor=NAME, account=offer.account, number_id=number_id)
        except NumberTaken:
            raise errors.error("number_unavailable", param="available_id") from None
        self.services.clock.cancel(offer.timer)
        self.data.offers.update(offer, state="closed", timer=None)

    def end(self, id_: str) -> None:
        """Return an offered number to the inventory, unless the offer is closed."""
        offer = self.data.offers.get(id_)
        if offer is not None and offer.state == "open":
            self.services.numbers.release_hold(offer.number)
            self.data.offers.update(offer, state="closed")

    def end_all(self, account: str) -> None:
        """Return all numbers that an account is offered to the inventory."""
        for offer in self.data.offers.oldest("account", account):
            self.end(offer.id)

    def view(self, offer: Offer) -> OfferView:
        """Return an offer with its prices."""
        prices = NUMBERS[offer.tier]
        return OfferView(
            offer.id,
            offer.number,
            format_international(offer.number),
            offer.country,
            offer.type,
            offer.tier,
            offer.tier_pattern,
            Prices(in_dollars(prices["monthly"]), in_dollars(prices["quarterly"]), in_dollars(prices["yearly"])),
            iso_z(offer.held_until),
        )
