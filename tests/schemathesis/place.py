"""An emulator with a customer who has something to be looked at, and one request of schemathesis held to the contract.

Generated ids exist nowhere. So the place gives its own to most cases that are valid, before they are sent: which case
gets what is decided by the case's content alone, so that a run repeats. What each vendor's customer has, which wishes
can be granted, and which refusals are right, is reported in the vendor's own module.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import requests
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

from ringback import resources
from ringback.testing import Account, Ringback
from tests.schemathesis.config import CHECKS, EXAMPLES, GENERATED, Allowed, settings
from tests.support.contract import Contract

Schema = schemathesis.BaseSchema
HOST = "hooks.example.com"
"""A public name. What is sent to it comes to a receiver of the test's."""
BLIND = (400, 401, 404, 415, 429)
"""Statuses that tell nothing about an id: another's is unknown, or something else is wrong and was seen before."""
AS_DRAWN = None
LEFT_AS_DRAWN = 8
"""One valid body in so many stays as it was drawn."""


class Place(ABC):
    """Two customers of a vendor, and what is known about the first. `statuses` counts the answers by operation,
    `codes` the refusals by code; `drawn` are the phases and modes that cases came from, `checks` what was checked."""

    vendor: ClassVar[str]
    examples: ClassVar[int]
    """Cases of the fuzzing phase for each operation and mode."""
    scenarios: ClassVar[int]
    """Walks along the links."""
    refusals: ClassVar[tuple[str, ...]]
    """The vendor's statuses for what is wrong with a request."""
    unlimited: ClassVar[Mapping[str, Any]]
    """Settings of a customer whom nothing limits."""
    limited: ClassVar[Mapping[str, Any]] = {}
    """Settings of the customer of the run with limits on."""
    exceptions: ClassVar[tuple[Allowed, ...]]
    reached: ClassVar[Mapping[str, frozenset[int]]]
    """What a run over one operation must have been answered with, else it has looked at too little."""
    followed: ClassVar[Mapping[str, frozenset[int]]]
    """The same for the run along the links, where every id but a few comes out of an answer."""
    limits_told: ClassVar[Mapping[str, frozenset[str]]]
    """The operations of the run with limits on, and the codes of 429 that each must have come to."""
    without_examples: ClassVar[frozenset[str]] = frozenset()
    """Operations with which nothing is sent that could have examples."""

    def __init__(self, ringback: Ringback, account: Account, other: Account) -> None:
        self._ringback = ringback
        self.account = account
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.codes: Counter[str] = Counter()
        self.drawn: set[tuple[str, str]] = set()
        self.checks: set[str] = set()
        self.broken = False
        self._allowed: Counter[tuple[Allowed, str]] = Counter()
        self.session = requests.Session()
        self.session.trust_env = False
        self.furnish(account, other)
        self._beginning = ringback.snapshot()

    @abstractmethod
    def furnish(self, account: Account, other: Account) -> None:
        """Give both customers what there is to be looked at."""

    @abstractmethod
    def foreign(self) -> Collection[str]:
        """The ids of what is the other customer's."""

    @abstractmethod
    def owns(self, id_: str) -> bool:
        """Whether an id is of something that the customer has."""

    @abstractmethod
    def choices(self, operation: str) -> Mapping[str, Sequence[str | None]]:
        """Parameter in path or query → ids to be given to it in turn, AS_DRAWN for what was drawn."""

    @abstractmethod
    def ordered(self, operation: str, body: dict[str, Any], mark: int) -> dict[str, Any]:
        """A body that asks for what can be had."""

    def start_over(self) -> None:
        """Back to how the place was when it was opened."""
        self._ringback.restore(self._beginning)

    # -- one case ------

    def hold(self, case: schemathesis.Case) -> None:
        """Send a case and hold the answer to every check. Raises FailureGroup."""
        self.feed(case)
        try:
            self.count(case, case.call_and_validate(**self.how(), additional_checks=[self.nobody_elses]))
        except BaseException:
            self.broken = True
            raise

    def how(self) -> dict[str, Any]:
        """How a request reaches the emulator as the customer's."""
        return {"base_url": self.account.base_url, "session": self.session, "headers": self.account.headers}

    def feed(self, case: schemathesis.Case, *, linked: bool = False) -> None:
        """Give ids that exist, and wishes that can be granted, to the valid parts of a case. Ids that exist stay, and
        so does the path of a `linked` case, where the ids come from earlier answers.

        What schemathesis drew is never changed in place, for it may draw the same object again.
        """
        operation, mark, right = operation_of(case), mark_of(case), _valid_parts(case)
        choices = self.choices(operation)
        if ParameterLocation.PATH in right and not linked:
            case.path_parameters = self._given(case.path_parameters or {}, mark, choices)
        if ParameterLocation.QUERY in right:
            case.query = self._given(case.query or {}, mark, choices)
        if ParameterLocation.HEADER in right:
            case.headers = case.headers.copy()
            case.headers.update(self.account.headers)
        if ParameterLocation.BODY in right and isinstance(case.body, dict) and mark % LEFT_AS_DRAWN:
            case.body = self.ordered(operation, dict(case.body), mark)
        if ParameterLocation.HEADER in right and "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = f"{mark_of(case):08x}"

    def _given(
        self, drawn: Mapping[str, Any], mark: int, choices: Mapping[str, Sequence[str | None]]
    ) -> dict[str, Any]:
        given = dict(drawn)
        for name in choices.keys() & given.keys():
            values = choices[name]
            value = values[mark % len(values)]
            if value is not AS_DRAWN and not self.owns(given[name]):
                given[name] = value
        return given

    def nobody_elses(self, _: object, response: schemathesis.Response, case: schemathesis.Case) -> None:
        """A check of ours: no answer holds anything of another customer's."""
        for id_ in self.foreign():
            assert f'"{id_}"'.encode() not in response.content, f"{case.operation.label} shows another's {id_}"
            asked = id_ in (case.path_parameters or {}).values()
            assert not asked or response.status_code in BLIND, f"{case.operation.label} gives away what is another's"

    def count(self, case: schemathesis.Case, response: schemathesis.Response) -> None:
        """Remember what an operation was answered with."""
        self.statuses[operation_of(case), response.status_code] += 1
        if case.meta is not None:
            self.drawn.add((case.meta.phase.name.value, case.meta.generation.mode.value))
        if response.status_code >= 400:
            self.codes[response.json()["error"]["code"]] += 1

    # -- the whole run ------

    @property
    def operations(self) -> set[str]:
        """The operations that were answered."""
        return {operation for operation, _ in self.statuses}

    def keeps(self, failure: Failure, case: schemathesis.Case, response: schemathesis.Response) -> bool:
        """Whether a failure stays one: False where an exception lets it through."""
        for line in self.exceptions:
            if (
                line.check in failure.checks
                and operation_of(case) in line.operations
                and response.status_code == line.status
                and (line.code is None or response.json()["error"]["code"] == line.code)
                and line.when(self, case)
            ):
                self._allowed[line, operation_of(case)] += 1
                return False
        return True

    def settle(
        self,
        reached: Mapping[str, frozenset[int]],
        exceptions: Sequence[Allowed] = (),
        *,
        codes: Collection[str] = (),
        linked: bool = False,
    ) -> None:
        """Fail a clean run, over one operation or a `linked` one, that saw less than `reached` (statuses by operation)
        and `codes`, left out a check, had no need of one of the `exceptions`, or sent an event that the contract does
        not know."""
        if self.broken:
            return
        self._held_to_the_contract()
        assert self.checks >= CHECKS, f"never checked {CHECKS - self.checks}"
        assert set(codes) <= set(self.codes), f"never refused with {set(codes) - set(self.codes)}"
        for operation, statuses in reached.items():
            missed = {status for status in statuses if not self.statuses[operation, status]}
            assert not missed, f"{operation} was never answered {missed}"
            for line in exceptions:
                if line.linked is linked and operation in (line.needed_by or line.operations):
                    assert self._allowed[line, operation], f"{operation} never needed the exception: {line.why}"

    def _held_to_the_contract(self) -> None:
        contract_ = Contract.load(self.vendor)
        for delivery in self.account.deliveries():
            for attempt in delivery["attempts"]:
                headers = dict(attempt["headers"])
                odd = contract_.check_webhook(delivery["event"], headers, delivery["body"].encode())
                assert not odd, f"{delivery['event']}: {odd}"

    def draws(self, operation: str) -> frozenset[tuple[str, str]]:
        """The phases and modes that a run over an operation goes through."""
        return GENERATED if operation in self.without_examples else GENERATED | EXAMPLES


def contract(place: type[Place], *, examples: int | None = None, limited: bool = False) -> Schema:
    """A vendor's contract with the run's settings, for schemathesis to draw cases from."""
    config = schemathesis.Config.from_dict(settings(examples or place.examples, place.refusals, limited=limited))
    return schemathesis.openapi.from_path(resources.path("openapi", f"{place.vendor}.yaml"), config=config)


def operation_of(case: schemathesis.Case) -> str:
    """The contract's operationId."""
    return str(case.operation.definition.raw["operationId"])


@contextmanager
def opened(kind: type[Place], schema: Schema, *, limits: bool = False) -> Iterator[Place]:
    """A place of a vendor's for the length of a run of `schema`, without limits unless reported."""
    vendor = kind.vendor
    with Ringback(vendor, seed=7) as rb:
        rb.control.put("/webhook-routes", {f"https://{HOST}": rb.receiver().origin})
        account = rb.account(vendor, balance="100000.00", **(kind.limited if limits else kind.unlimited))
        place = kind(rb, account, rb.account(vendor, balance="100.00"))

        def filter_failure(
            _: object, failure: Failure, case: schemathesis.Case, response: schemathesis.Response
        ) -> bool:
            return place.keeps(failure, case, response)

        def after_validate(
            _: object, case: schemathesis.Case, response: schemathesis.Response, results: list[schemathesis.CheckResult]
        ) -> None:
            place.checks.update(result.name for result in results)

        schema.hook(filter_failure)
        schema.hook(after_validate)
        try:
            with place.session:
                yield place
        finally:
            schema.hooks.unregister(filter_failure)
            schema.hooks.unregister(after_validate)


def mark_of(case: schemathesis.Case) -> int:
    """A number that follows from what a case holds."""
    body = case.body if isinstance(case.body, dict) else type(case.body).__name__
    return zlib.crc32(repr((case.path_parameters, case.query, dict(case.headers), body)).encode())


def _valid_parts(case: schemathesis.Case) -> set[ParameterLocation]:
    """The parts of a case that are not meant to be invalid."""
    parts = case.meta.components.items() if case.meta is not None else ()
    return set(ParameterLocation) - {location for location, part in parts if not part.mode.is_positive}
