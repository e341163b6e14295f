"""Numbers: buying, keeping, contact cards, releasing, page "Phone numbers"."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET

from ringback.carrier.clock import DAY, SECOND, iso_exact, months_later
from ringback.carrier.numbering_plan import area_codes, in_stock, place_of
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import MAX_NEW_CONTACTS, MAX_NUMBERS, NUMBER_MONTH
from ringback.vendors.agentphone.records import ContactCard, Number
from ringback.vendors.agentphone.rules.common import NAME, country_of, instant, is_http_url, iso_or_none, new_id
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.registrations import Registrations
from ringback.vendors.agentphone.wire.requests import ContactCardBody, NumberBody, NumberPatch
from ringback.vendors.agentphone.wire.responses import (
    AgentNumberView,
    AvailableNumberView,
    ContactCardView,
    LookupView,
    NumberView,
    ReleasedView,
)

SERVED = ("US", "CA")
RENEW = "agentphone.number.renew"
EXPIRE = "agentphone.number.expire"
ZIP_STATES: Mapping[str, tuple[str, ...]] = {
    "0": ("CT", "MA", "ME", "NH", "NJ", "RI", "VT"),
    "1": ("DE", "NY", "PA"),
    "2": ("DC", "MD", "NC", "SC", "VA", "WV"),
    "3": ("AL", "FL", "GA", "MS", "TN"),
    "4": ("IN", "KY", "MI", "OH"),
    "5": ("IA", "MN", "MT", "ND", "SD", "WI"),
    "6": ("IL", "KS", "MO", "NE"),
    "7": ("AR", "LA", "OK", "TX"),
    "8": ("AZ", "CO", "ID", "NM", "NV", "UT", "WY"),
    "9": ("AK", "CA", "HI", "OR", "WA"),
}
"""The states of a US postal code, by its first digit."""


class Numbers:
    """The numbers of all accounts."""

    def __init__(self, services: Services, data: Data, money: Money, registrations: Registrations) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.registrations = registrations
        self.services.clock.on(RENEW, self.renew)
        self.services.clock.on(EXPIRE, self._expire)

    # -- buying ------

    def buy(self, account: str, project: str, body: NumberBody) -> NumberView:
        """Buy a number. Raises ApiError 400, 402, 404 or 422; then nothing is bought or charged."""
        country = body.country.upper()
        if country not in SERVED:
            raise errors.bad_request(f"Numbers are sold in {', '.join(SERVED)}, not in {country}.")
        agent = self.data.agent(account, body.agent_id).id if body.agent_id is not None else None
        expires_at = self._expiry(account, body.expires_at)
        if self.data.numbers.count("bought", account) >= MAX_NUMBERS:
            raise errors.error("VALIDATION_ERROR_NUMBER_LIMIT", limit=MAX_NUMBERS)
        self.money.check(account, NUMBER_MONTH)
        area = body.area_code
        if area is None or not in_stock(country, area):
            area = self.services.streams(NAME, account, "area").choice(area_codes(country))
        id_ = new_id(self.services, account, "num")
        now = self.services.clock.now(account)
        number = self.data.numbers.add(
            Number(
                id=id_,
                account=account,
                project=project,
                phone_number=self.services.numbers.assign(country, area, vendor=NAME, account=account, number_id=id_),
                country=country,
                type=body.type or "sms",
                created_at=now,
                external_id=body.external_id,
                expires_at=expires_at,
            )
        )
        if agent is not None:
            self.attach(number, agent)
        self.money.charge(account, NUMBER_MONTH, "number", id_)
        self.bill_next(number)
        self.schedule_expiry(number)
        self.services.note(account, "number", f"{number.phone_number} bought", vendor=NAME, number_id=id_)
        return self.view(number)

    def _expiry(self, account: str, text: str | None) -> int | None:
        if text is None:
            return None
        at = instant(text, "expiresAt")
        if at <= self.services.clock.now(account):
            raise errors.invalid("expiresAt", "must be in the future")
        return at

    def available(
        self,
        account: str,
        *,
        country: str,
        area_code: str | None,
        state: str | None,
        city: str | None,
        zip_code: str | None,
        limit: int,
    ) -> list[AvailableNumberView]:
        """Return numbers that can be bought, filtered by place."""
        in_state = area_codes(country, state.upper() if state is not None else None) if country in SERVED else ()
        zip_states = ZIP_STATES.get(zip_code[:1], ()) if zip_code is not None else None
        wanted = []
        for code in in_state:
            place = place_of(code)
            if (
                area_code in (None, code)
                and (city is None or (place is not None and (place.city or "").casefold() == city.casefold()))
                and (zip_states is None or (place is not None and place.region in zip_states))
            ):
                wanted.append(code)
        offered = self.services.numbers.preview(wanted, limit, vendor=NAME, account=account)
        return [_available(number) for number in offered]

    def look_up(self, numbers: list[str]) -> list[LookupView]:
        """Return the line type of each number. One that Ringback has assigned is no mobile phone."""
        return [self._line_type(number) for number in numbers]

    def _line_type(self, number: str) -> LookupView:
        country = country_of(number)
        if country is None:
            return LookupView(number, None, None, rcs_enabled=None)
        return LookupView(
            number, "voip" if self.services.numbers.assignment(number) else "mobile", country, rcs_enabled=False
        )

    # -- keeping ------

    def bill_next(self, number: Number) -> None:
        """Set the timer that charges the next month."""
        due = months_later(number.created_at, number.months)
        number.renewal = self.services.clock.at(due, number.account, RENEW, number.id, background=True)

    def renew(self, id_: str) -> None:
        """Charge another month, below zero if necessary: ours. A number is not lost for lack of money."""
        number = self.data.numbers.get(id_)
        if number is None or number.status != "active":
            return
        number.months += 1
        self.money.charge(number.account, NUMBER_MONTH, "number_month", id_)
        self.bill_next(number)

    def schedule_expiry(self, number: Number) -> None:
        """Set the timer that releases a number at its `expires_at`."""
        clock = self.services.clock
        clock.cancel(number.expiry)
        number.expiry = None
        if number.expires_at is not None:
            number.expiry = clock.at(number.expires_at, number.account, EXPIRE, number.id, background=True)

    def _expire(self, id_: str) -> None:
        number = self.data.numbers.get(id_)
        if number is not None and number.status == "active":
            number.expiry = None
            self.give_back(number)

    def update(self, number: Number, body: NumberPatch) -> NumberView:
        """Change the given fields. Raises ApiError 422."""
        if body.expires_at is not UNSET:
            number.expires_at = self._expiry(number.account, body.expires_at)
            self.schedule_expiry(number)
        if body.external_id is not UNSET:
            number.external_id = body.external_id
        return self.view(number)

    def attach(self, number: Number, agent: str) -> None:
        """Attach a number to an agent, and detach it from the one that had it."""
        if number.agent != agent:
            last = max((other.attached for other in self.data.numbers.newest("agent", agent)), default=0)
            self.data.numbers.update(number, agent=agent, attached=last + 1)

    def detach(self, number: Number) -> None:
        """Detach a number from its agent."""
        self.data.numbers.update(number, agent=None)

    def count_new_contact(self, number: Number) -> None:
        """Count a person to whom an iMessage number writes first. Raises ApiError 429 beyond the limit of a day."""
        now = self.services.clock.now(number.account)
        if number.day != now // DAY:
            number.day, number.new_contacts = now // DAY, 0
        if number.new_contacts >= MAX_NEW_CONTACTS:
            raise errors.rate_limited(-(-(DAY - now % DAY) // SECOND))
        number.new_contacts += 1

    # -- contact cards ------

    def set_card(self, number: Number, body: ContactCardBody) -> ContactCardView:
        """Set the contact card of a number. Raises ApiError 422."""
        if body.avatar_url is not None and not is_http_url(body.avatar_url):
            raise errors.invalid("avatarUrl", "must be an http or https URL")
        number.card = ContactCard(
            first_name=body.first_name,
            last_name=body.last_name,
            display_name=body.display_name,
            avatar_url=body.avatar_url,
        )
        return self.card(number)

    def card(self, number: Number) -> ContactCardView:
        """Return the contact card of a number; the display name is by default made of the other two."""
        card = number.card or ContactCard()
        full_name = " ".join(filter(None, (card.first_name, card.last_name))) or None
        return ContactCardView(
            card.first_name, card.last_name, card.display_name or full_name, card.avatar_url is not None
        )

    # -- releasing ------

    def release(self, number: Number) -> ReleasedView:
        """Release a number for good. Raises ApiError 409 for a released one."""
        if number.status == "released":
            raise errors.error("NUMBER_RELEASED")
        self.give_back(number)
        return ReleasedView(number.phone_number)

    def give_back(self, number: Number) -> None:
        """Return a number to the pool and stop its timers."""
        clock = self.services.clock
        clock.cancel(number.renewal)
        clock.cancel(number.expiry)
        number.renewal = number.expiry = None
        self.services.numbers.release(number.phone_number)
        self.data.numbers.update(number, status="released", agent=None)
        self.services.note(
            number.account, "number", f"{number.phone_number} released", vendor=NAME, number_id=number.id
        )

    def release_all(self, account: str) -> None:
        """Release all numbers of an account."""
        for number in self.data.numbers.oldest("bought", account):
            self.give_back(number)

    # -- views ------

    def view(self, number: Number) -> NumberView:
        """Return a number as a response shows it."""
        new_contacts = None
        if number.type == "imessage":
            today = number.day == self.services.clock.now(number.account) // DAY
            new_contacts = {"used": number.new_contacts if today else 0, "limit": MAX_NEW_CONTACTS}
        return NumberView(
            id=number.id,
            phone_number=number.phone_number,
            country=number.country,
            status=number.status,
            agent_id=number.agent,
            created_at=iso_exact(number.created_at),
            type=number.type,
            outbound_sms=self.registrations.outbound_sms(number),
            inbound_calls_enabled=number.status == "active",
            daily_new_contacts=new_contacts,
            purchased_at=iso_exact(number.created_at),
            external_id=number.external_id,
            expires_at=iso_or_none(number.expires_at),
        )

    def brief(self, number: Number) -> AgentNumberView:
        """Return a number as its agent shows it."""
        return AgentNumberView(number.id, number.phone_number, number.status, number.type)


def _available(number: str) -> AvailableNumberView:
    code = number[2:5]
    place = place_of(code)
    city, state = (place.city, place.region) if place is not None else (None, None)
    return AvailableNumberView(number, city, state, city.upper() if city else None, code)
