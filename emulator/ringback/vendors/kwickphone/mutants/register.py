"""KwickPhone's register of mutants, and what several of them need."""

from __future__ import annotations

from typing import Any

from ringback.carrier.ledger import DOLLAR
from ringback.emulator import Emulator
from ringback.gateway.errors import ApiError
from ringback.gateway.mutants import Mutants

NAME = "kwickphone"
REGISTRY = Mutants(NAME)
PRICE = 5 * DOLLAR


def backend(emulator: Emulator) -> Any:
    """KwickPhone's backend in a emulator, with its inner parts open to be replaced."""
    return emulator.backends[NAME]


def refusal(status: int, code: str) -> ApiError:
    """A refusal on purpose."""
    return ApiError(status, code, "Broken on purpose.")
