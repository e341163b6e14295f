"""Inkbox's operations: decode, call a rule, encode."""

from __future__ import annotations

from litestar import Litestar

from ringback.gateway.litestar_app import application as vendor_application
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.routes import calls, contacts, identities, numbers, texts, webhooks
from ringback.vendors.inkbox.rules import Inkbox


def application(backend: Inkbox) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *numbers.handlers(backend),
        *calls.handlers(backend),
        *texts.handlers(backend),
        *contacts.handlers(backend),
        *identities.handlers(backend),
        *webhooks.handlers(backend),
    )
    return vendor_application(backend.services, errors.ERRORS, handlers)
