"""Inkbox's operations: each module declares those of a part of the API."""

# ruff: noqa: I001 - in the order of the page
from __future__ import annotations

from ringback.vendors.inkbox.routes import numbers, calls, messages, contacts, identities, webhooks
from ringback.vendors.inkbox.routes.operations import OPERATIONS

__all__ = ["OPERATIONS", "calls", "contacts", "identities", "messages", "numbers", "webhooks"]
