"""The server's clock, and the accounts' own: shown, set and advanced."""

from __future__ import annotations

from typing import Any, Literal

from ringback.carrier.clock import SECOND, TimeError, iso_exact
from ringback.control.common import PREFIX, Body, ControlOperations, account_filter, instant_of, invalid
from ringback.emulator import Emulator

MAX_FACTOR = 1e9
MAX_SECONDS = 1e11

operation = OPERATIONS = ControlOperations()


class ClockBody(Body):
    """The mode of the clock, the `factor` of mode `scaled`, and `now`, the instant to move the clock to."""

    mode: Literal["real", "frozen", "scaled"] | None = None
    factor: float | None = None
    now: str | None = None


class AdvanceBody(Body):
    """Exactly one of `seconds`, `until` and `idle`. `account_id` moves that account's clock alone."""

    seconds: float | None = None
    until: str | None = None
    idle: bool = False
    account_id: str | None = None


@operation("GET", f"{PREFIX}/clock", "getClock")
def get_clock(emulator: Emulator) -> dict[str, Any]:
    """Return the mode and the time of the server's clock."""
    return clock_view(emulator)


@operation("POST", f"{PREFIX}/clock", "setClock")
async def set_clock(emulator: Emulator, body: ClockBody) -> dict[str, Any]:
    """Switch the mode of the server's clock, and advance it to `now`. Time moves forward only."""
    clock = emulator.services.clock
    mode = body.mode or clock.mode
    factor = body.factor if body.factor is not None else (clock.factor if mode == clock.mode else 1.0)
    if mode == "scaled" and not 0 < factor <= MAX_FACTOR:
        raise invalid(f"factor must be more than 0 and at most {MAX_FACTOR:g}", "factor")
    if body.factor is not None and mode != "scaled":
        raise invalid("factor is only for mode scaled", "factor")
    target = instant_of(body.now, "now") if body.now is not None else None
    if target is not None and target < clock.now():
        raise invalid(
            f"time moves forward only, and it is {iso_exact(clock.now())} already: "
            "open an account with `now` to start its own clock at another time",
            "now",
        )
    clock.set(mode, factor)
    if target is not None:
        await clock.advance(max(target, clock.now()))
    return clock_view(emulator)


@operation("POST", f"{PREFIX}/clock/advance", "advanceClock")
async def advance_clock(emulator: Emulator, body: AdvanceBody) -> dict[str, Any]:
    """Advance a clock. Responds when everything that fell due is done and its webhooks have been attempted."""
    if (body.seconds is not None) + (body.until is not None) + body.idle != 1:
        raise invalid("give exactly one of seconds, until, idle")
    account = account_filter(emulator, body.account_id)
    clock = emulator.services.clock
    attempted = _attempts(emulator, account)
    if body.idle:
        fired = await clock.advance_idle(account)
    else:
        try:
            if body.until is not None:
                fired = await clock.advance(instant_of(body.until, "until"), account)
            else:
                fired = await clock.advance_for(_duration(body.seconds), account)
        except TimeError as error:
            raise invalid(str(error), "until" if body.until is not None else "seconds") from None
    deliveries = _attempts(emulator, account) - attempted
    return {"now": iso_exact(clock.now(account)), "fired": fired, "deliveries": deliveries}


def clock_view(emulator: Emulator) -> dict[str, Any]:
    """Return the server's clock as the control API shows it."""
    clock = emulator.services.clock
    view: dict[str, Any] = {"mode": clock.mode, "now": iso_exact(clock.now())}
    if clock.mode == "scaled":
        view["factor"] = clock.factor
    return view


def _duration(seconds: float | None) -> int:
    """Return a duration in microseconds."""
    if seconds is None or not 0 <= seconds <= MAX_SECONDS:
        raise invalid(f"seconds must be at least 0 and at most {MAX_SECONDS:g}", "seconds")
    return round(seconds * SECOND)


def _attempts(emulator: Emulator, account: str) -> int:
    """Return how many webhook attempts were made, for an account or for all."""
    counts = emulator.services.outbox.dispatcher.attempt_counts
    return counts.get(account, 0) if account else sum(counts.values())
