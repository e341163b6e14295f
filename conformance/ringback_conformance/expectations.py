"""What a probe expects and what it saw, as observations on its claim; the messages are generated."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from ringback_conformance.adapter import VendorAdapter
from ringback_conformance.model import Exchange, Observation

MAX_SHOWN = 400
"""Characters of a value in a message."""


class Inconclusive(Exception):  # noqa: N818 - the outcome of a probe, not an error
    """The situation that the claim is about did not occur; the message says why."""


class ProbeFailed(Exception):  # noqa: N818
    """The probe has seen enough to know that the claim does not hold."""


class Expectations:
    """Record observations. `origin` names the producer, `claim` what the observations are about unless set otherwise.

    Every `expect…` returns whether it held. With `stop=True` the probe ends where it did not, because the rest would
    mean nothing. `what` names the checked thing ("a second DELETE"); `exchanges` are the evidence.
    """

    def __init__(self, adapter: VendorAdapter, observations: list[Observation], origin: str, claim: str) -> None:
        self.adapter = adapter
        self.claim = claim
        self._observations = observations
        self._origin = origin

    def expect(self, held: bool, message: str, *exchanges: Exchange, claim: str = "", stop: bool = False) -> bool:
        """Record whether something held; `message` says what was expected and what was seen."""
        self._observations.append(
            Observation(
                claim=claim or self.claim,
                held=bool(held),
                message=message,
                exchanges=tuple(exchange.id for exchange in exchanges),
                origin=self._origin,
            )
        )
        if stop and not held:
            raise ProbeFailed(message)
        return bool(held)

    def check_(self, held: bool, message: str, *exchanges: Exchange, claim: str = "") -> None:
        """As `expect` with `stop=True`."""
        self.expect(held, message, *exchanges, claim=claim, stop=True)

    def expect_equal(
        self, actual: Any, expected: Any, what: str, *exchanges: Exchange, claim: str = "", stop: bool = False
    ) -> bool:
        """Expect two values to be equal: "the balance: expected 5, got '5'"."""
        message = f"{what}: expected {shown(expected)}, got {shown(actual)}"
        return self.expect(actual == expected, message, *exchanges, claim=claim, stop=stop)

    def expect_fields(
        self,
        actual: Any,
        expected: dict[str, Any],
        what: str,
        *exchanges: Exchange,
        claim: str = "",
        stop: bool = False,
    ) -> bool:
        """Expect an object to have these values in these fields; other fields are ignored."""
        found = actual if isinstance(actual, dict) else {}
        wrong = {name: found.get(name) for name, value in expected.items() if found.get(name) != value}
        wanted = {name: expected[name] for name in wrong}
        message = f"{what}: expected {shown(wanted)}, got {shown(wrong)}" if wrong else f"{what}: as expected"
        return self.expect(not wrong, message, *exchanges, claim=claim, stop=stop)

    def expect_status(
        self,
        exchange: Exchange,
        status: int | Collection[int],
        what: str,
        *exchanges: Exchange,
        claim: str = "",
        stop: bool = False,
    ) -> bool:
        """Expect a status, or one of several: "a call: expected 200, got GET /v1/calls/CA1 → 404 not_found"."""
        wanted = (status,) if isinstance(status, int) else status
        message = f"{what}: expected {_either(wanted)}, got {exchange}"
        return self.expect(exchange.status in wanted, message, exchange, *exchanges, claim=claim, stop=stop)

    def expect_success(
        self, exchange: Exchange, what: str, *exchanges: Exchange, claim: str = "", stop: bool = False
    ) -> bool:
        """Expect any 2xx."""
        message = f"{what}: expected 2xx, got {exchange}"
        return self.expect(exchange.succeeded, message, exchange, *exchanges, claim=claim, stop=stop)

    def expect_error(
        self,
        exchange: Exchange,
        status: int | Collection[int],
        code: str | tuple[str, ...],
        what: str,
        *exchanges: Exchange,
        claim: str = "",
        stop: bool = False,
    ) -> bool:
        """Expect an error in the vendor's envelope: a status (or one of several) and a code.

        `code` may be empty where the page names none, or a tuple where the envelope must name several
        (NoKYCNumber's type and code).
        """
        wanted = (status,) if isinstance(status, int) else status
        codes = (code,) if isinstance(code, str) else code
        named = [each for each in codes if each]
        problem = self.adapter.error_problem(exchange.json())
        got = set(self.adapter.error_codes(exchange))
        held = exchange.status in wanted and got.issuperset(named) and problem is None
        others = " ".join(sorted(each for each in got if each and each != exchange.code))
        seen = f"{exchange}{f' ({others})' if others else ''}{f', and {problem}' if problem else ''}"
        message = f"{what}: expected {' '.join([_either(wanted), *named])}, got {seen}"
        return self.expect(held, message, exchange, *exchanges, claim=claim, stop=stop)

    def expect_documented(
        self, problem: str | None, what: str, *exchanges: Exchange, claim: str = "", stop: bool = False
    ) -> bool:
        """Expect no problem: `problem` is None or what an invariant or `Shapes.problem` found wrong."""
        message = f"{what}: {problem or 'as documented'}"
        return self.expect(problem is None, message, *exchanges, claim=claim, stop=stop)

    def precondition(self, held: bool, message: str) -> None:
        """Check a step towards the situation, not the claim itself: where it fails the claim is not observed."""
        if not held:
            raise Inconclusive(message)


def shown(value: Any) -> str:
    """Return a value for a message: dollars for a Decimal, the repr of anything else, so that 5 and "5" differ."""
    text = f"${value}" if isinstance(value, Decimal) else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _either(statuses: Collection[int]) -> str:
    return " or ".join(map(str, statuses))
