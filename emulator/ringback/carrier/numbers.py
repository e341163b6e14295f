"""The number pool: countries and area codes from `fixtures/numbers.yaml`, fictional ranges first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import msgspec

from ringback import resources
from ringback.carrier.rng import Stream, Streams

Kind = Literal["mobile", "landline"]
KINDS: dict[Kind, frozenset[str]] = {"mobile": frozenset(("mobile", "any")), "landline": frozenset(("fixed", "any"))}
"""Which of a country's ranges have numbers of a kind."""
GROUPS: Sequence[tuple[str, str, tuple[int, ...]]] = (
    ("1", "", (3, 3, 4)),
    ("33", "", (1, 2, 2, 2, 2)),
    ("34", "", (3, 2, 2, 2)),
    ("44", "7", (4, 6)),
    ("44", "1632", (4, 6)),
    ("44", "2", (2, 4, 4)),
    ("44", "", (3, 3, 4)),
    ("49", "1", (3, 7)),
    ("49", "221", (3, 7)),
    ("49", "", (2, 8)),
    ("81", "", (2, 4, 4)),
)
"""How the digits after a calling code are grouped where numbers are printed, by what they begin with."""
TRIES = 64
"""Numbers drawn at random before all of them are gone through in order."""


class OutOfStock(LookupError):  # noqa: N818 - it is an answer
    """No number is to be had in that country and area code, or of that kind."""


class Taken(LookupError):  # noqa: N818 - it is an answer
    """A number that somebody has."""


class Line(msgspec.Struct, gc=False):
    """A number that is assigned: to which vendor's account, under which of the vendor's ids, and whether it takes
    calls now."""

    number: str
    vendor: str
    account: str
    owner: str
    open: bool = True


TOLL_FREE = "toll_free"
"""What stands for a country where a toll-free number is taken."""
FICTIONAL_EXCHANGE = "555"
FICTIONAL_LINES = 100
"""555-0100 to 555-0199 is set aside for fiction in every North American area code."""


class Numbers:
    """All assigned numbers, by E.164. A number that was released rests: nobody else is given it, so that no call
    meant for one account ever reaches another."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lines: dict[str, Line] = {}
        self._resting: set[str] = set()
        self._held: set[str] = set()
        self._fictional: dict[str, int] = {}

    def line(self, number: str) -> Line | None:
        """The assignment of a number, None for one that nobody has."""
        return self._lines.get(number)

    def assign(self, country: str, area_code: str, *, vendor: str, account: str, owner: str) -> str:
        """Take a number from stock and assign it; gives it in E.164. Raises OutOfStock and takes nothing then."""
        if not in_stock(country, area_code):
            raise OutOfStock(f"{country} {area_code}")
        stream = self._streams(vendor, account, "number")
        number = None
        if self._fictional.get(area_code, 0) < FICTIONAL_LINES:
            number = self._fictional_number(area_code, stream)
        if number is None:
            number = self._plain_number(area_code, stream)
        self._give(number, Line(number, vendor, account, owner))
        return number

    def preview(self, areas: Sequence[str], count: int, *, vendor: str, account: str) -> list[str]:
        """Numbers of these North American area codes that could be had now, in E.164; none of them is set aside."""
        stream = self._streams(vendor, account, "preview")
        found: dict[str, None] = {}
        for _ in range(count * TRIES if areas else 0):
            area = areas[stream.randrange(len(areas))]
            number = f"+1{area}{FICTIONAL_EXCHANGE}01{stream.randrange(FICTIONAL_LINES):02d}"
            if self._is_free(number):
                found[number] = None
            if len(found) == count:
                break
        return list(found)

    def _give(self, number: str, line: Line) -> None:
        self._lines[number] = line
        self._count_fictional(number, 1)

    def _count_fictional(self, number: str, change: int) -> None:
        if _is_fictional(number):
            self._fictional[number[2:5]] = self._fictional.get(number[2:5], 0) + change

    # -- offers ------

    def hold(
        self, country: str, kind: Kind, *, vendor: str, account: str, suits: Callable[[str], bool] = lambda _: True
    ) -> str:
        """Set a number of a country aside, which nobody else is then offered or given; gives it in E.164. `suits`
        says which numbers will do. Raises OutOfStock."""
        plan = ranges(country, kind)
        if not plan:
            raise OutOfStock(f"{country} {kind}")
        stream = self._streams(vendor, account, "offer")
        number = next(filter(suits, filter(self._is_free, islice(_drawn(plan, stream), TRIES))), None)
        if number is None:
            number = next(filter(suits, filter(self._is_free, _in_order(plan, stream.randrange(len(plan))))), None)
        if number is None:
            raise OutOfStock(f"{country} {kind}")
        self._held.add(number)
        return number

    def release_hold(self, number: str) -> None:
        """A number is set aside no longer; one that was not is no error."""
        self._held.discard(number)

    def claim_reserved(self, number: str, *, vendor: str, account: str, owner: str) -> None:
        """Assign a number that was set aside. Raises Taken when it no longer is."""
        if number not in self._held:
            raise Taken(number)
        self._held.discard(number)
        self._give(number, Line(number, vendor, account, owner))

    # -- drawing ------

    def _fictional_number(self, area_code: str, stream: Stream) -> str | None:
        first = stream.randrange(FICTIONAL_LINES)
        for step in range(FICTIONAL_LINES):
            number = f"+1{area_code}{FICTIONAL_EXCHANGE}01{(first + step) % FICTIONAL_LINES:02d}"
            if self._is_free(number):
                return number
        return None

    def _plain_number(self, area_code: str, stream: Stream) -> str:
        while True:
            subscriber = stream.randrange(2_000_000, 10_000_000)
            exchange = subscriber // 10_000
            number = f"+1{area_code}{subscriber}"
            if exchange != 555 and exchange % 100 != 11 and self._is_free(number):
                return number

    def _is_free(self, number: str) -> bool:
        return number not in self._lines and number not in self._resting and number not in self._held

    def suspend(self, number: str) -> None:
        """The number takes no calls until `resume`."""
        self._lines[number].open = False

    def resume(self, number: str) -> None:
        """The number takes calls again."""
        self._lines[number].open = True

    def release(self, number: str, *, rest: bool = True) -> None:
        """The number belongs to nobody, and rests; without `rest` somebody else may be given it."""
        del self._lines[number]
        if rest:
            self._resting.add(number)
        else:
            self._count_fictional(number, -1)

    def clear(self) -> None:
        """All numbers go back to stock."""
        self._lines.clear()
        self._resting.clear()
        self._held.clear()
        self._fictional.clear()

    def snapshot(self) -> dict[str, Any]:
        """All assignments as plain data."""
        return {
            "lines": msgspec.to_builtins(list(self._lines.values())),
            "resting": sorted(self._resting),
            "held": sorted(self._held),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a snapshot."""
        lines, resting = msgspec.convert(state["lines"], list[Line]), msgspec.convert(state["resting"], set[str])
        held = msgspec.convert(state.get("held", []), set[str])
        self.clear()
        self._lines = {line.number: line for line in lines}
        self._resting, self._held = resting, held
        for number in (*self._lines, *resting):
            self._count_fictional(number, 1)


def _is_fictional(number: str) -> bool:
    return number.startswith("+1") and number[5:10] == FICTIONAL_EXCHANGE + "01"


def in_service(country: str, area_code: str) -> bool:
    """Whether a country has an area code, in stock or not."""
    return area_code in _inventory().get(country, {})


def in_stock(country: str, area_code: str) -> bool:
    """Whether a country's area code exists and has stock."""
    area = _inventory().get(country, {}).get(area_code)
    return area is not None and area


def areas(country: str, region: str | None = None) -> Sequence[str]:
    """The area codes of a North American country that have stock, or of one of its states or provinces (two capital
    letters)."""
    if region is None:
        return tuple(area for area, stocked in _inventory().get(country, {}).items() if stocked)
    regions = _inventory()["regions"].get(country, {})
    return tuple(area for area, stocked in regions.get(region, {}).items() if stocked)


def has_region(country: str, region: str) -> bool:
    """Whether a country has a state or province of this name."""
    return region in _inventory()["regions"].get(country, {})


class Place(msgspec.Struct, frozen=True):
    """Where an area code is: its country, its state or province, and its largest place where that is known."""

    country: str
    region: str
    city: str | None


def place_of(area_code: str) -> Place | None:
    """Where a North American area code is; None for one that is in no country here."""
    return _places().get(area_code)


def countries() -> Sequence[str]:
    """The countries that have a numbering plan here, ISO 3166 in capitals."""
    return tuple(_inventory()["countries"])


def calling_code(country: str) -> str:
    """A country's calling code, without its plus."""
    return str(_plan(country)["code"])


@lru_cache(maxsize=64)
def ranges(country: str, kind: Kind) -> Sequence[tuple[str, int]]:
    """The ranges that numbers of a kind are taken from: what they begin with in E.164, and how many digits follow.
    None for a country of which no number is nobody's."""
    plan = _plan(country)
    found = []
    for range_ in plan["fictional"]:
        if range_["kind"] not in KINDS[kind]:
            continue
        areas: Sequence[str] = ("",)
        if range_.get("every_area"):
            areas = [area for area, stocked in _inventory()[country].items() if stocked]
        found += [(f"+{plan['code']}{area}{range_['prefix']}", range_["free"]) for area in areas]
    return tuple(found)


def display(number: str) -> str:
    """A number as it is printed for people abroad: `+33 6 39 98 01 42`."""
    for code, begins, groups in GROUPS:
        rest = number[1 + len(code) :]
        if number.startswith(f"+{code}") and rest.startswith(begins):
            parts, at = [], 0
            for size in groups:
                parts.append(rest[at : at + size])
                at += size
            parts[-1] += rest[at:]
            return f"+{code} {('-' if code == '1' else ' ').join(filter(None, parts))}"
    return number


def _plan(country: str) -> Mapping[str, Any]:
    plan: Mapping[str, Any] = _inventory()["countries"][country]
    return plan


def _drawn(plan: Sequence[tuple[str, int]], stream: Stream) -> Iterator[str]:
    while True:
        prefix, free = plan[stream.randrange(len(plan))]
        yield f"{prefix}{stream.randrange(10**free):0{free}d}"


def _in_order(plan: Sequence[tuple[str, int]], first: int) -> Iterator[str]:
    for prefix, free in (*plan[first:], *plan[:first]):
        for rest in range(10**free):
            yield f"{prefix}{rest:0{free}d}"


@lru_cache(maxsize=1)
def _places() -> Mapping[str, Place]:
    cities = _document("places.yaml")
    return {
        area: Place(country, region, cities[country].get(area))
        for country, regions in _inventory()["regions"].items()
        for region, found in regions.items()
        for area in found
    }


_loaded: list[Mapping[str, Any]] = []


def _inventory() -> Mapping[str, Any]:
    """The document: `countries` by ISO code, and country → area code → whether it has stock."""
    if not _loaded:
        _loaded.append(_document("numbers.yaml"))
    return _loaded[0]


def _document(name: str) -> Mapping[str, Any]:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with resources.path("fixtures", name).open(encoding="utf-8") as file:
        document: Mapping[str, Any] = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
    return document
