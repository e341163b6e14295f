"""Inkbox's mutants, by the parts of its API."""

from __future__ import annotations

from ringback.mutants.inkbox import (
    access,
    calls,
    contacts,
    hosted_agents,
    media_streams,
    messages,
    numbers,
    webhooks,
)
from ringback.mutants.inkbox.registry import MUTANTS

__all__ = [
    "MUTANTS",
    "access",
    "calls",
    "contacts",
    "hosted_agents",
    "media_streams",
    "messages",
    "numbers",
    "webhooks",
]
