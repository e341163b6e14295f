"""Numbers: buying, keeping, presenting, releasing, page "Phone numbers"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import UNSET

from ringback.carrier.clock import DAY, months_later
from ringback.carrier.numbering_plan import area_codes, in_stock, place_of
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import MAX_NEW_CONTACTS, MAX_NUMBERS, NUMBER
from ringback.vendors.agentphone.records import Card, Number
from ringback.vendors.agentphone.rules.common import (
    NAME,
    country_of,
    instant,
    is_e164,
    is_link,
    new_id,
    shown,
    shown_or_null,
)
from ringback.vendors.agentphone.wire.bodies import CardBody, NumberBody, NumberPatch
from ringback.vendors.agentphone.wire.responses import (
    AgentNumberView,
    CardView,
    LookupView,
    NumberView,
    OfferView,
    ReleasedView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

SERVED = ("US", "CA")
RENEW = "agentphone.number.renew"
EXPIRE = "agentphone.number.expire"
ZIP_REGIONS: Mapping[str, tuple[str, ...]] = {
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
"""What the first digit of a US postal code says of where it is."""


class Lines:
    """The numbers of all accounts."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Number] = Collection(
            Number,
            account=lambda number: number.account,
            project=lambda number: number.project,
            active=lambda number: number.project if number.status == "active" else None,
            bought=lambda number: number.account if number.status == "active" else None,
            agent=lambda number: number.agent if number.status == "active" else None,
            phone=lambda number: number.phone_number,
        )
        backend.services.clock.on(RENEW, self._renew)
        backend.services.clock.on(EXPIRE, self._expire)

    # -- buying ------

    def buy(self, account: str, project: str, body: NumberBody) -> NumberView:
        """Buy a number. Raises ApiError 400, 402, 404 or 422; nothing is bought then and nothing charged."""
        country = body.country.upper()
        if country not in SERVED:
            raise errors.bad_request(f"The country {country} is not served: {', '.join(SERVED)} are.")
        agent = self.backend.agents.of(account, body.agent_id).id if body.agent_id is not None else None
        expires_at = self._expiry(account, body.expires_at)
        if self.records.count("bought", account) >= MAX_NUMBERS:
            raise errors.refusal(
                "VALIDATION_ERROR_NUMBER_LIMIT", f"An account has at most {MAX_NUMBERS} numbers of its own buying."
            )
        self.backend.money.check(account, NUMBER)
        area = body.area_code
        if area is None or not in_stock(country, area):
            area = self.services.streams(NAME, account, "area").choice(area_codes(country))
        id_ = new_id(self.services, account, "num")
        now = self.services.clock.now(account)
        number = self.records.add(
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
        self.backend.money.charge(account, NUMBER, "number", id_)
        self._bill_next(number)
        self._expire_at(number)
        self.services.note(account, "number", f"{number.phone_number} bought", vendor=NAME, number_id=id_)
        return self.view(number)

    def _expiry(self, account: str, text: str | None) -> int | None:
        if text is None:
            return None
        at = instant(text, "expiresAt")
        if at <= self.services.clock.now(account):
            raise errors.invalid("expiresAt", "is not in the future")
        return at

    def offers(
        self,
        account: str,
        *,
        country: str,
        area: str | None,
        region: str | None,
        city: str | None,
        zip_code: str | None,
        limit: int,
    ) -> list[OfferView]:
        """Numbers that could be had, narrowed by place."""
        found = area_codes(country, region.upper() if region is not None else None) if country in SERVED else ()
        near = ZIP_REGIONS.get(zip_code[:1], ()) if zip_code is not None else None
        wanted = []
        for code in found:
            place = place_of(code)
            if (
                area in (None, code)
                and (city is None or (place is not None and (place.city or "").casefold() == city.casefold()))
                and (near is None or (place is not None and place.region in near))
            ):
                wanted.append(code)
        offered = self.services.numbers.preview(wanted, limit, vendor=NAME, account=account)
        return [self._offer(number) for number in offered]

    def _offer(self, number: str) -> OfferView:
        code = number[2:5]
        place = place_of(code)
        city, region = (place.city, place.region) if place is not None else (None, None)
        return OfferView(number, city, region, city.upper() if city else None, code)

    def look_up(self, numbers: list[str]) -> list[LookupView]:
        """What kind of line each number is. A number that somebody has here is no mobile phone."""
        return [
            LookupView(
                number,
                None
                if country_of(number) is None
                else "voip"
                if self.services.numbers.assignment(number)
                else "mobile",
                country_of(number),
                rcs_enabled=False if country_of(number) is not None else None,
            )
            for number in numbers
        ]

    # -- keeping ------

    def _bill_next(self, number: Number) -> None:
        due = months_later(number.created_at, number.months)
        number.renewal = self.services.clock.at(due, number.account, RENEW, number.id, background=True)

    def _renew(self, id_: str) -> None:
        """Another month is charged, below zero if it must be: ours. Nothing is taken away for want of money."""
        number = self.records.get(id_)
        if number is None or number.status != "active":
            return
        number.months += 1
        self.backend.money.charge(number.account, NUMBER, "number_month", id_)
        self._bill_next(number)

    def _expire_at(self, number: Number) -> None:
        clock = self.services.clock
        clock.cancel(number.expiry)
        number.expiry = None
        if number.expires_at is not None:
            number.expiry = clock.at(number.expires_at, number.account, EXPIRE, number.id, background=True)

    def _expire(self, id_: str) -> None:
        number = self.records.get(id_)
        if number is not None and number.status == "active":
            number.expiry = None
            self._give_back(number)

    def change(self, account: str, id_: str, body: NumberPatch) -> NumberView:
        """Change what is given. Raises ApiError 404, 409 or 422."""
        number = self.kept(account, id_)
        if body.expires_at is not UNSET:
            number.expires_at = self._expiry(account, body.expires_at)
            self._expire_at(number)
        if body.external_id is not UNSET:
            number.external_id = body.external_id
        return self.view(number)

    def attach(self, number: Number, agent: str) -> None:
        """A number is an agent's from now on."""
        if number.agent != agent:
            last = max((other.attached for other in self.records.newest("agent", agent)), default=0)
            self.records.update(number, agent=agent, attached=last + 1)

    def detach(self, number: Number) -> None:
        """A number is no agent's from now on."""
        self.records.update(number, agent=None)

    def of_agent(self, agent: str) -> list[Number]:
        """An agent's numbers, the first attached first."""
        return sorted(self.records.oldest("agent", agent), key=lambda number: number.attached)

    def greet_somebody_new(self, number: Number) -> None:
        """An iMessage line writes to somebody for the first time. Raises ApiError 429 where it did so often enough
        today."""
        now = self.services.clock.now(number.account)
        if number.day != now // DAY:
            number.day, number.new_contacts = now // DAY, 0
        if number.new_contacts >= MAX_NEW_CONTACTS:
            raise errors.rate_limited(-(-(DAY - now % DAY) // 1_000_000))
        number.new_contacts += 1

    # -- presenting ------

    def set_card(self, account: str, id_: str, body: CardBody) -> CardView:
        """How a number presents itself. Raises ApiError 404, 409 or 422."""
        number = self.kept(account, id_)
        if body.avatar_url is not None and not is_link(body.avatar_url):
            raise errors.invalid("avatarUrl", "is an http or https URL")
        number.card = Card(
            first_name=body.first_name,
            last_name=body.last_name,
            display_name=body.display_name,
            avatar_url=body.avatar_url,
        )
        return self.card(number)

    def card(self, number: Number) -> CardView:
        """How a number presents itself; the name to show is made of the two where there is none."""
        card = number.card or Card()
        made = " ".join(filter(None, (card.first_name, card.last_name)))
        return CardView(card.first_name, card.last_name, card.display_name or made or None, card.avatar_url is not None)

    # -- releasing ------

    def release(self, account: str, id_: str, project: str | None) -> ReleasedView:
        """Give a number back, for good. Raises ApiError 404 or 409."""
        number = self.of(account, id_, project)
        if number.status == "released":
            raise errors.released()
        self._give_back(number)
        return ReleasedView(number.phone_number)

    def _give_back(self, number: Number) -> None:
        clock = self.services.clock
        clock.cancel(number.renewal)
        clock.cancel(number.expiry)
        number.renewal = number.expiry = None
        self.services.numbers.release(number.phone_number)
        self.records.update(number, status="released", agent=None)
        self.services.note(
            number.account, "number", f"{number.phone_number} released", vendor=NAME, number_id=number.id
        )

    def close(self, account: str) -> None:
        """All numbers of an account go back."""
        for number in self.records.oldest("bought", account):
            self._give_back(number)

    # -- looking up and showing ------

    def of(self, account: str, id_: str, project: str | None = None) -> Number:
        """An account's number, or one of its projects'. Raises ApiError 404."""
        number = self.records.get(id_)
        if number is None or number.account != account or project not in (None, number.project):
            raise errors.not_found("number", "PHONE_NUMBER_NOT_FOUND")
        return number

    def kept(self, account: str, id_: str) -> Number:
        """An account's number that is in service. Raises ApiError 404 or 409."""
        number = self.of(account, id_)
        if number.status == "released":
            raise errors.released()
        return number

    def by_phone(self, account: str, text: str) -> Number | None:
        """An account's number by itself, in E.164; the one in service if it ever had it more than once."""
        if not is_e164(text):
            return None
        return next((number for number in self.records.newest("phone", text) if number.account == account), None)

    def view(self, number: Number) -> NumberView:
        """A number as it is now."""
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
            created_at=shown(number.created_at),
            type=number.type,
            outbound_sms=self.backend.office.outbound_sms(number),
            inbound_calls_enabled=number.status == "active",
            daily_new_contacts=new_contacts,
            purchased_at=shown(number.created_at),
            external_id=number.external_id,
            expires_at=shown_or_null(number.expires_at),
        )

    def brief(self, number: Number) -> AgentNumberView:
        """A number as its agent shows it."""
        return AgentNumberView(number.id, number.phone_number, number.status, number.type)
