"""The number pool: countries and area codes from `fixtures/numbers.yaml`, fictional ranges first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from emulator import resources
from emulator.carrier.rng import Stream, Streams


class OutOfStock(LookupError):  # noqa: N818 - it is an answer
    """No number is to be had in that country and area code."""


class Line(msgspec.Struct, gc=False):
    """A number that is assigned: to which vendor's account, under which of the vendor's ids, and whether it takes
    calls now."""

    number: str
    vendor: str
    account: str
    owner: str
    open: bool = True


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
        self._fictional: dict[str, int] = {}

    def line(self, number: str) -> Line | None:
        """The assignment of a number, None for one that nobody has."""
        return self._lines.get(number)

    def assign(self, country: str, area_code: str, *, vendor: str, account: str, owner: str) -> str:
        """Take a number from stock and assign it; gives it in E.164. Raises OutOfStock and takes nothing then."""
        if not in_stock(country, area_code):
            raise OutOfStock(f"{country} {area_code}")
        stream = self._streams(vendor, account, "number")
        if self._fictional.get(area_code, 0) < FICTIONAL_LINES:
            number = self._fictional_number(area_code, stream)
            self._fictional[area_code] = self._fictional.get(area_code, 0) + 1
        else:
            number = self._plain_number(area_code, stream)
        self._lines[number] = Line(number, vendor, account, owner)
        return number

    def _fictional_number(self, area_code: str, stream: Stream) -> str:
        first = stream.randrange(FICTIONAL_LINES)
        for step in range(FICTIONAL_LINES):
            number = f"+1{area_code}{FICTIONAL_EXCHANGE}01{(first + step) % FICTIONAL_LINES:02d}"
            if self._is_free(number):
                return number
        raise OutOfStock(area_code)

    def _plain_number(self, area_code: str, stream: Stream) -> str:
        while True:
            subscriber = stream.randrange(2_000_000, 10_000_000)
            exchange = subscriber // 10_000
            number = f"+1{area_code}{subscriber}"
            if exchange != 555 and exchange % 100 != 11 and self._is_free(number):
                return number

    def _is_free(self, number: str) -> bool:
        return number not in self._lines and number not in self._resting

    def suspend(self, number: str) -> None:
        """The number takes no calls until `resume`."""
        self._lines[number].open = False

    def resume(self, number: str) -> None:
        """The number takes calls again."""
        self._lines[number].open = True

    def release(self, number: str) -> None:
        """The number belongs to nobody, and rests."""
        del self._lines[number]
        self._resting.add(number)

    def clear(self) -> None:
        """All numbers go back to stock."""
        self._lines.clear()
        self._resting.clear()
        self._fictional.clear()

    def snapshot(self) -> dict[str, Any]:
        """All assignments as plain data."""
        return {"lines": msgspec.to_builtins(list(self._lines.values())), "resting": sorted(self._resting)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a snapshot."""
        lines, resting = msgspec.convert(state["lines"], list[Line]), msgspec.convert(state["resting"], set[str])
        self.clear()
        self._lines = {line.number: line for line in lines}
        self._resting = resting
        for number in (*self._lines, *resting):
            if _is_fictional(number):
                self._fictional[number[2:5]] = self._fictional.get(number[2:5], 0) + 1


def _is_fictional(number: str) -> bool:
    return number.startswith("+1") and number[5:10] == FICTIONAL_EXCHANGE + "01"


def in_service(country: str, area_code: str) -> bool:
    """Whether a country has an area code, in stock or not."""
    return area_code in _inventory().get(country, {})


def in_stock(country: str, area_code: str) -> bool:
    """Whether a country's area code exists and has stock."""
    area = _inventory().get(country, {}).get(area_code)
    return area is not None and area


_loaded: list[Mapping[str, Mapping[str, bool]]] = []


def _inventory() -> Mapping[str, Mapping[str, bool]]:
    """Country → area code → whether it has stock."""
    if not _loaded:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        with resources.path("fixtures", "numbers.yaml").open(encoding="utf-8") as file:
            document = yaml.load(file, Loader=loader)  # noqa: S506 - a safe loader
        _loaded.append(document)
    return _loaded[0]
