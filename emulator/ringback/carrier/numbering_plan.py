"""Numbering plans: countries, regions and area codes from `fixtures/numbers.yaml`, and how numbers are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from ringback import resources

NumberKind = Literal["mobile", "landline"]
_RANGE_KINDS: Mapping[NumberKind, frozenset[str]] = {
    "mobile": frozenset(("mobile", "any")),
    "landline": frozenset(("fixed", "any")),
}
"""Which of a country's ranges have numbers of a kind."""
TOLL_FREE = "toll_free"
"""The country to name where a toll-free number is wanted."""
FICTIONAL_EXCHANGE = "555"
FICTIONAL_LINES = 100
"""555-0100 to 555-0199 is set aside for fiction in every North American area code."""


def is_fictional(number: str) -> bool:
    """Return whether a number (E.164) is one of North America's fictional ones."""
    return number.startswith("+1") and number[5:10] == FICTIONAL_EXCHANGE + "01"


def has_area_code(country: str, area_code: str) -> bool:
    """Return whether a country (ISO 3166, or TOLL_FREE) has an area code, in stock or not.

    The table in `fixtures/numbers.yaml` decides, not phonenumbers: that counts personal and premium codes (500, 900)
    as codes of the United States, and does not know the newest overlays.
    """
    return area_code in _document("numbers.yaml").get(country, {})


def in_stock(country: str, area_code: str) -> bool:
    """Return whether a country's area code exists and has stock."""
    return bool(_document("numbers.yaml").get(country, {}).get(area_code))


def area_codes(country: str, region: str | None = None) -> Sequence[str]:
    """Return a North American country's area codes with stock, or those of one state or province (two capitals)."""
    document = _document("numbers.yaml")
    stock = document.get(country, {}) if region is None else document["regions"].get(country, {}).get(region, {})
    return tuple(area for area, stocked in stock.items() if stocked)


def has_region(country: str, region: str) -> bool:
    """Return whether a country has a state or province of this name."""
    return region in _document("numbers.yaml")["regions"].get(country, {})


class Place(msgspec.Struct, frozen=True):
    """Where an area code is: its country, its state or province, and its largest city where that is known."""

    country: str
    region: str
    city: str | None


def place_of(area_code: str) -> Place | None:
    """Return where a North American area code is, None for one that belongs to no country of the plan."""
    return _places().get(area_code)


def countries() -> Sequence[str]:
    """Return the countries that have a numbering plan, ISO 3166 in capitals."""
    return tuple(_document("numbers.yaml")["countries"])


def calling_code(country: str) -> str:
    """Return a country's calling code, without its plus."""
    return str(_document("numbers.yaml")["countries"][country]["code"])


@lru_cache(maxsize=64)
def ranges(country: str, kind: NumberKind) -> Sequence[tuple[str, int]]:
    """Return the ranges that numbers of a kind are taken from: a prefix in E.164, and how many digits follow it.

    A country whose regulator sets no numbers aside for fiction has none.
    """
    code = calling_code(country)
    found = []
    for range_ in _document("numbers.yaml")["countries"][country]["fictional"]:
        if range_["kind"] in _RANGE_KINDS[kind]:
            areas = area_codes(country) if range_.get("every_area") else ("",)
            found += [(f"+{code}{area}{range_['prefix']}", range_["free"]) for area in areas]
    return tuple(found)


@lru_cache(maxsize=4_096)
def format_international(number: str) -> str:
    """Return an E.164 number as it is printed for readers abroad: `+33 6 39 98 01 42`."""
    import phonenumbers

    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


@lru_cache(maxsize=1)
def _places() -> Mapping[str, Place]:
    cities = _document("places.yaml")
    return {
        area: Place(country, region, cities[country].get(area))
        for country, regions in _document("numbers.yaml")["regions"].items()
        for region, found in regions.items()
        for area in found
    }


@lru_cache(maxsize=2)
def _document(name: str) -> Mapping[str, Any]:
    """Return a fixture. `numbers.yaml` has `countries`, `regions`, and country → area code → whether it has stock."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with resources.path("fixtures", name).open(encoding="utf-8") as file:
        document: Mapping[str, Any] = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
    return document
