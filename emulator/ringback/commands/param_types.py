"""Types of command-line values: each validates a value and completes it on Tab."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    Text = click.ParamType[str]
    Number = click.ParamType[float]
else:
    Text = Number = click.ParamType

CLOCKS = ("real", "frozen", "x10", "x60", "x3600")
_CLOCK = re.compile(r"real|frozen|x(?:0*[1-9]\d*(?:\.\d+)?|0*\.\d*[1-9]\d*|0+\.\d*[1-9]\d*)")


class Vendor(Text):
    """The name of an installed vendor."""

    name = "vendor"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ringback import vendors

        if value not in vendors.names():
            self.fail(
                f"Unknown vendor {value!r}.{did_you_mean(value, vendors.names())} Known: {', '.join(vendors.names())}.",
                param,
                ctx,
            )
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from ringback import vendors

        return _items(vendors.names(), incomplete)


class Clock(Text):
    """`real`, `frozen`, or `xN`: N virtual seconds a second."""

    name = "real|frozen|xN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _CLOCK.fullmatch(value):
            self.fail(f"Invalid clock {value!r}: use real, frozen, or x60 for sixty times as fast.", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        return _items(CLOCKS, incomplete)


class Instant(Text):
    """An ISO-8601 date or date/time, in UTC without an offset, converted to `2026-01-01T00:00:00Z`."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"Invalid date/time {value!r}: use 2026-01-31 or 2026-01-31T09:00:00Z.", param, ctx)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment.isoformat().replace("+00:00", "Z")


class Duration(Number):
    """A duration, `90`, `90s`, `2m`, `1h30m` or `31d`, converted to seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from ringback.scenario.durations import seconds

        try:
            return seconds(value)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Amount(Text):
    """An amount in USD, as the text that the control API takes."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            finite = Decimal(value).is_finite()
        except InvalidOperation:
            finite = False
        if not finite:
            self.fail(f"Invalid amount {value!r}: use 25 or 25.00.", param, ctx)
        return str(value)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` for the nearest of the known words, or an empty string."""
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _items(values: Any, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(value) for value in values if value.startswith(incomplete)]
