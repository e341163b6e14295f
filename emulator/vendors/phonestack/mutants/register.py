"""PhoneStack's register of mutants, and what several of them need."""

from __future__ import annotations

from typing import Any

from emulator.gateway.mutants import Mutants
from emulator.gateway.world import World

NAME = "phonestack"
BOOK = Mutants(NAME)


def house(world: World) -> Any:
    """PhoneStack's house in a world, with its inner parts open to be replaced."""
    return world.houses[NAME]
