"""Locations of an account's phones, drawn from a seeded stream."""

from __future__ import annotations

from ringback.carrier.clock import SECOND
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import Location
from ringback.vendors.agentphone.rules.common import NAME, to_e164
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.wire.responses import LocationView, RefreshView

LOCATE = "agentphone.location.found"
LOCATE_SECONDS = 5
SOUTH, NORTH, WEST, EAST = 25.0, 49.0, -124.0, -67.0
"""Degrees between which phones are located."""


class Locations:
    """The locations of all numbers."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data
        self.services.clock.on(LOCATE, self.locate)

    def refresh(self, account: str) -> RefreshView:
        """Locate the account's phones in a few seconds."""
        self.services.clock.after(LOCATE_SECONDS * SECOND, account, LOCATE, account)
        return RefreshView(LOCATE_SECONDS)

    def locate(self, account: str) -> None:
        """Locate the account's active numbers."""
        now = self.services.clock.now(account)
        stream = self.services.streams(NAME, account, "location")
        for number in self.data.numbers.oldest("bought", account):
            latitude = round(SOUTH + (NORTH - SOUTH) * stream.random(), 6)
            longitude = round(WEST + (EAST - WEST) * stream.random(), 6)
            known = self.data.locations.get(number.id)
            if known is not None:
                self.data.locations.remove(known)
            self.data.locations.add(
                Location(
                    id=number.id,
                    account=account,
                    project=number.project,
                    latitude=latitude,
                    longitude=longitude,
                    found_at=now,
                )
            )

    def view(self, account: str, phone_number: str) -> LocationView:
        """Return the last location of one of the account's phones. Raises ApiError 404."""
        number = self.data.number_by_phone(account, to_e164(phone_number) or "")
        if number is None:
            raise errors.error("PHONE_NUMBER_NOT_FOUND")
        known = self.data.locations.get(number.id)
        if known is None:
            return LocationView(number.phone_number, "unknown", number.created_at // SECOND, None, None)
        return LocationView(number.phone_number, "located", known.found_at // SECOND, known.latitude, known.longitude)
