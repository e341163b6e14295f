"""KwickPhone's register of mutants, and what several of them need."""

from __future__ import annotations

from typing import Any

from ringback.carrier.ledger import DOLLAR
from ringback.gateway.errors import Refusal
from ringback.gateway.mutants import Mutants
from ringback.gateway.services import World

NAME = "kwickphone"
BOOK = Mutants(NAME)
PRICE = 5 * DOLLAR


def house(world: World) -> Any:
    """KwickPhone's house in a world, with its inner parts open to be replaced."""
    return world.houses[NAME]


def refusal(status: int, code: str) -> Refusal:
    """A refusal on purpose."""
    return Refusal(status, code, "Broken on purpose.")
