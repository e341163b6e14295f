"""Numbering plans: countries, regions and area codes from `fixtures/numbers.yaml`, and how numbers are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from ringback import resources

NumberKind = Literal["mobile", "landline"]
_RANGE_KINDS: dict[NumberKind, frozenset[str]] = {
    "mobile": frozenset(("mobile", "any")),
    "landline": frozenset(("fixed", "any")),
}
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
TOLL_FREE = "toll_free"
"""What stands for a country where a toll-free number is taken."""
FICTIONAL_EXCHANGE = "555"
FICTIONAL_LINES = 100
"""555-0100 to 555-0199 is set aside for fiction in every North American area code."""


def is_fictional(number: str) -> bool:
    return number.startswith("+1") and number[5:10] == FICTIONAL_EXCHANGE + "01"


def has_area_code(country: str, area_code: str) -> bool:
    """Whether a country has an area code, in stock or not."""
    return area_code in _inventory().get(country, {})


def in_stock(country: str, area_code: str) -> bool:
    """Whether a country's area code exists and has stock."""
    area = _inventory().get(country, {}).get(area_code)
    return area is not None and area


def area_codes(country: str, region: str | None = None) -> Sequence[str]:
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
def ranges(country: str, kind: NumberKind) -> Sequence[tuple[str, int]]:
    """The ranges that numbers of a kind are taken from: what they begin with in E.164, and how many digits follow.
    None for a country of which no number is nobody's."""
    plan = _plan(country)
    found = []
    for range_ in plan["fictional"]:
        if range_["kind"] not in _RANGE_KINDS[kind]:
            continue
        area_codes: Sequence[str] = ("",)
        if range_.get("every_area"):
            area_codes = [area for area, stocked in _inventory()[country].items() if stocked]
        found += [(f"+{plan['code']}{area}{range_['prefix']}", range_["free"]) for area in area_codes]
    return tuple(found)


def format_international(number: str) -> str:
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
