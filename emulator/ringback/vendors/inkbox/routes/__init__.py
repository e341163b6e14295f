"""Inkbox's operations: decode, call a rule, encode."""

from __future__ import annotations

from litestar import Litestar

from ringback.gateway.litestar_app import application as vendor_application
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.routes import calls, contacts, identities, numbers, texts, webhooks
from ringback.vendors.inkbox.rules import Inkbox


def application(house: Inkbox) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *numbers.handlers(house),
        *calls.handlers(house),
        *texts.handlers(house),
        *contacts.handlers(house),
        *identities.handlers(house),
        *webhooks.handlers(house),
    )
    return vendor_application(house.world, errors.WORDING, handlers)
