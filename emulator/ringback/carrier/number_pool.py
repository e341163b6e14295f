"""The number pool: which numbers are assigned, held for an offer or quarantined. Fictional ranges are taken first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import msgspec

from ringback.carrier.numbering_plan import (
    FICTIONAL_EXCHANGE,
    FICTIONAL_LINES,
    NumberKind,
    in_stock,
    is_fictional,
    ranges,
)
from ringback.carrier.rng import Stream, Streams

MAX_DRAWS = 64
"""Numbers drawn at random before all of them are tried in order."""


class OutOfStock(LookupError):  # noqa: N818 - an expected result
    """No number is left in that country and area code, or of that kind."""


class NumberTaken(LookupError):  # noqa: N818 - an expected result
    """A number that is no longer held."""


class Assignment(msgspec.Struct, gc=False):
    """A number (E.164) that a vendor's account has, under the vendor's id for it.

    While it is not `active` it takes no calls.
    """

    number: str
    vendor: str
    account: str
    number_id: str
    active: bool = True


class NumberPool:
    """All assigned numbers, by E.164.

    A released number is quarantined: it is never assigned again, so no call meant for one account reaches another.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._assignments: dict[str, Assignment] = {}
        self._quarantined: set[str] = set()
        self._held: set[str] = set()
        self._fictional: dict[str, int] = {}
        """How many fictional numbers of each area code are taken."""

    def assignment(self, number: str) -> Assignment | None:
        """Return the assignment of a number, None for one that no account has."""
        return self._assignments.get(number)

    def assignments(self) -> Collection[Assignment]:
        """Return all assignments, oldest first."""
        return self._assignments.values()

    def assign(self, country: str, area_code: str, *, vendor: str, account: str, number_id: str) -> str:
        """Assign a number from stock and return it in E.164. Raises OutOfStock."""
        if not in_stock(country, area_code):
            raise OutOfStock(f"{country} {area_code}")
        stream = self._streams(vendor, account, "number")
        number = None
        if self._fictional.get(area_code, 0) < FICTIONAL_LINES:
            number = self._fictional_number(area_code, stream)
        if number is None:
            number = self._ordinary_number(area_code, stream)
        self._add(Assignment(number, vendor, account, number_id))
        return number

    def preview(self, areas: Sequence[str], count: int, *, vendor: str, account: str) -> list[str]:
        """Return up to `count` free numbers of these North American area codes, in E.164; none of them is held."""
        stream = self._streams(vendor, account, "preview")
        found: dict[str, None] = {}
        for _ in range(count * MAX_DRAWS if areas else 0):
            area = areas[stream.randrange(len(areas))]
            number = f"+1{area}{FICTIONAL_EXCHANGE}01{stream.randrange(FICTIONAL_LINES):02d}"
            if self._is_free(number):
                found[number] = None
            if len(found) == count:
                break
        return list(found)

    def suspend(self, number: str) -> None:
        """Let a number take no calls until `resume`."""
        self._assignments[number].active = False

    def resume(self, number: str) -> None:
        """Let a number take calls again."""
        self._assignments[number].active = True

    def release(self, number: str, *, quarantine: bool = True) -> None:
        """End an assignment. Without `quarantine` the number may be assigned again."""
        del self._assignments[number]
        if quarantine:
            self._quarantined.add(number)
        else:
            self._count_fictional(number, -1)

    # -- offers ------

    def hold(
        self,
        country: str,
        kind: NumberKind,
        *,
        vendor: str,
        account: str,
        accepts: Callable[[str], bool] = lambda _: True,
    ) -> str:
        """Hold a number of a country for an account and return it in E.164.

        A held number is neither held nor assigned for another account. `accepts` says which numbers may be taken.
        Raises OutOfStock.
        """
        plan = ranges(country, kind)
        if not plan:
            raise OutOfStock(f"{country} {kind}")
        stream = self._streams(vendor, account, "offer")
        number = next(filter(accepts, filter(self._is_free, islice(_drawn(plan, stream), MAX_DRAWS))), None)
        if number is None:
            number = next(filter(accepts, filter(self._is_free, _in_order(plan, stream.randrange(len(plan))))), None)
        if number is None:
            raise OutOfStock(f"{country} {kind}")
        self._held.add(number)
        return number

    def release_hold(self, number: str) -> None:
        """Hold a number no longer. Nothing happens for one that is not held."""
        self._held.discard(number)

    def claim_reserved(self, number: str, *, vendor: str, account: str, number_id: str) -> None:
        """Assign a held number. Raises NumberTaken when it is held no longer."""
        if number not in self._held:
            raise NumberTaken(number)
        self._held.discard(number)
        self._add(Assignment(number, vendor, account, number_id))

    # -- drawing ------

    def _fictional_number(self, area_code: str, stream: Stream) -> str | None:
        first = stream.randrange(FICTIONAL_LINES)
        for step in range(FICTIONAL_LINES):
            number = f"+1{area_code}{FICTIONAL_EXCHANGE}01{(first + step) % FICTIONAL_LINES:02d}"
            if self._is_free(number):
                return number
        return None

    def _ordinary_number(self, area_code: str, stream: Stream) -> str:
        """Draw a number outside the exchanges 555 and N11. The loop ends: an area has millions of numbers."""
        while True:
            subscriber = stream.randrange(2_000_000, 10_000_000)
            exchange = subscriber // 10_000
            number = f"+1{area_code}{subscriber}"
            if exchange != 555 and exchange % 100 != 11 and self._is_free(number):
                return number

    def _is_free(self, number: str) -> bool:
        return number not in self._assignments and number not in self._quarantined and number not in self._held

    def _add(self, assignment: Assignment) -> None:
        self._assignments[assignment.number] = assignment
        self._count_fictional(assignment.number, 1)

    def _count_fictional(self, number: str, change: int) -> None:
        if is_fictional(number):
            self._fictional[number[2:5]] = self._fictional.get(number[2:5], 0) + change

    # -- snapshot and restore ------

    def clear(self) -> None:
        """Return all numbers to stock."""
        self._assignments.clear()
        self._quarantined.clear()
        self._held.clear()
        self._fictional.clear()

    def snapshot(self) -> dict[str, Any]:
        """Return all assignments, quarantined and held numbers as plain data."""
        return {
            "assignments": msgspec.to_builtins(list(self._assignments.values())),
            "quarantined": sorted(self._quarantined),
            "held": sorted(self._held),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a snapshot."""
        assignments = msgspec.convert(state["assignments"], list[Assignment])
        quarantined = msgspec.convert(state["quarantined"], set[str])
        held = msgspec.convert(state.get("held", []), set[str])
        self.clear()
        self._assignments = {assignment.number: assignment for assignment in assignments}
        self._quarantined, self._held = quarantined, held
        for number in (*self._assignments, *quarantined):
            self._count_fictional(number, 1)


def _drawn(plan: Sequence[tuple[str, int]], stream: Stream) -> Iterator[str]:
    """Draw numbers from a country's ranges without end."""
    while True:
        prefix, free = plan[stream.randrange(len(plan))]
        yield f"{prefix}{stream.randrange(10**free):0{free}d}"


def _in_order(plan: Sequence[tuple[str, int]], first: int) -> Iterator[str]:
    """Return every number of a country's ranges, beginning with the range at `first`."""
    for prefix, free in (*plan[first:], *plan[:first]):
        for rest in range(10**free):
            yield f"{prefix}{rest:0{free}d}"
