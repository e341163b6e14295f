"""NoKYCNumber's collections with their indexes, and look-ups by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ringback.carrier.call import Call
from ringback.carrier.messages import Message
from ringback.gateway.services import Services
from ringback.store import Collection, Record
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.records import CallDetail, Endpoint, Number, Offer, Voicemail

R = TypeVar("R", bound=Record)


class Data:
    """All records of NoKYCNumber, and the carrier's calls and messages.

    The look-ups return an account's record. Raises ApiError 404 for an id that is unknown, or another account's.
    """

    def __init__(self, services: Services) -> None:
        self.offers: Collection[Offer] = Collection(
            Offer, account=lambda offer: offer.account if offer.state == "open" else None
        )
        self.numbers: Collection[Number] = Collection(
            Number,
            account=lambda number: number.account,
            active=lambda number: number.account if number.status == "active" else None,
        )
        self.calls = services.calls.records
        self.call_details: Collection[CallDetail] = Collection(CallDetail)
        self.messages = services.messages.records
        self.voicemails: Collection[Voicemail] = Collection(Voicemail, account=lambda voicemail: voicemail.account)
        self.endpoints: Collection[Endpoint] = Collection(Endpoint, account=lambda endpoint: endpoint.account)

    def collections(self) -> Mapping[str, Any]:
        """Return what a snapshot holds beside the carrier's records."""
        return {
            "offers": self.offers,
            "numbers": self.numbers,
            "calls": self.call_details,
            "voicemails": self.voicemails,
            "endpoints": self.endpoints,
        }

    def offer_of(self, account: str, id_: str) -> Offer:
        """Return an offer, open or closed."""
        return _find(self.offers, account, id_, "offer", "available_id")

    def number_of(self, account: str, id_: str, param: str | None = None) -> Number:
        """Return a number; `param` is the field of the request that has its id."""
        return _find(self.numbers, account, id_, "number", param)

    def call_of(self, account: str, id_: str) -> Call:
        """Return a call."""
        return _find(self.calls, account, id_, "call")

    def message_of(self, account: str, id_: str) -> Message:
        """Return a message."""
        return _find(self.messages, account, id_, "message")

    def voicemail_of(self, account: str, id_: str) -> Voicemail:
        """Return a voicemail."""
        return _find(self.voicemails, account, id_, "voicemail")

    def endpoint_of(self, account: str, id_: str) -> Endpoint:
        """Return a webhook endpoint."""
        return _find(self.endpoints, account, id_, "webhook endpoint")


def _find(records: Collection[R], account: str, id_: str, what: str, param: str | None = None) -> R:
    record = records.get(id_)
    if record is None or record.account != account:
        raise errors.error("not_found", param=param, what=what)
    return record
