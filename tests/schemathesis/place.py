"""An emulator with a customer who has something to be looked at, and one request of schemathesis held to the contract.

Generated ids exist nowhere. So the place gives its own to most cases that are valid, before they are sent: which case
gets what is decided by the case's content alone, so that a run repeats.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import requests
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.core.parameters import ParameterLocation

from emulator import resources
from emulator.testing import Account, Ringback
from tests.schemathesis.config import ALLOWED, CHECKS, Allowed, settings

Schema = schemathesis.BaseSchema
BUSINESS = "+13465551234"
AREAS = ("346", "212", "415")
"""Areas of the US with numbers in stock."""
SOLD_OUT = "907"
HOST = "hooks.example.com"
"""A public name. Nothing is ever sent to it: no number with a webhook URL gets a call here."""
UNLIMITED = {"rate_limit": None, "number_limit": None, "provisions_per_hour": None}
AS_DRAWN = None


def contract(examples: int, *, limited: bool = False) -> Schema:
    """The contract with the run's settings, for schemathesis to draw cases from."""
    config = schemathesis.Config.from_dict(settings(examples, limited=limited))
    return schemathesis.openapi.from_path(resources.path("openapi", "kwickphone.yaml"), config=config)


class Place:
    """Two customers of an emulator, and what is known about the first. `statuses` counts the answers by operation,
    `codes` the refusals by code; `drawn` are the phases and modes that cases came from, `checks` what was checked."""

    def __init__(self, ringback: Ringback, account: Account, other: Account) -> None:
        self._ringback = ringback
        self.account = account
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.codes: Counter[str] = Counter()
        self.drawn: set[tuple[str, str]] = set()
        self.checks: set[str] = set()
        self.broken = False
        self._allowed: Counter[Allowed] = Counter()
        self.session = requests.Session()
        self.session.trust_env = False
        (self.foreign_number, phone), *_ = _provisioned(other, 1)
        self.foreign_call = other.call(phone)
        other.advance(minutes=30)
        numbers = _provisioned(account, 2)
        self.numbers = [id_ for id_, _ in numbers]
        phone = numbers[0][1]
        self.going_on = account.call(phone, duration=14_000, turns=["agent: Hello"])
        self.missed = account.call(phone, end="no_answer")
        self.unrecorded = account.call(phone, turns=["agent: Hello", "caller: Goodbye"], recording=False)
        self.told = account.call(phone, turns=["agent: Hello", "caller: One pizza"], outcome="order")
        account.advance(minutes=30)
        self._beginning = ringback.snapshot()

    def start_over(self) -> None:
        """Back to how the place was when it was opened."""
        self._ringback.restore(self._beginning)

    # -- what is known ------

    def owns_number(self, id_: str) -> bool:
        """Whether a number is the customer's, given back or not."""
        return id_ in {number["id"] for number in self.account.show()["numbers"]}

    def owns_call(self, id_: str) -> bool:
        """Whether a call is the customer's."""
        return id_ in (self.going_on, self.missed, self.unrecorded, self.told)

    def has_transcript(self, id_: str) -> bool:
        """Whether a call of the customer's has a transcript."""
        return id_ in (self.unrecorded, self.told)

    def has_recording(self, id_: str) -> bool:
        """Whether a call of the customer's has a recording."""
        return id_ == self.told

    @staticmethod
    def can_be_had(body: Mapping[str, Any]) -> bool:
        """Whether nothing about a well-formed request for a number stands in its way."""
        area, url = body.get("area_code"), body.get("webhook_url")
        return (
            body["business_phone"][2:5] in AREAS
            and (area is None or area in AREAS)
            and (url is None or url.startswith(f"https://{HOST}/"))
        )

    def only_adds_parameters(self, query: Mapping[str, Any]) -> bool:
        """Whether nothing is wrong with a query for calls but parameters that nobody documented."""
        limit, after = query.get("limit", 1), query.get("starting_after", self.told)
        return bool(set(query) - {"limit", "starting_after"}) and str(limit).isdigit() and self.owns_call(after)

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
        mark, right = _mark(case), _valid_parts(case)
        calls = (self.told, self.unrecorded, self.missed, self.going_on, self.foreign_call, AS_DRAWN)
        if ParameterLocation.PATH in right and not linked:
            numbers = (*self.numbers, self.foreign_number, AS_DRAWN)
            case.path_parameters = self._given(case.path_parameters, mark, {"id": numbers, "call_id": calls})
        if ParameterLocation.QUERY in right:
            case.query = self._given(case.query, mark, {"starting_after": calls})
        if ParameterLocation.HEADER in right:
            case.headers = case.headers.copy()
            case.headers.update(self.account.headers)
        if ParameterLocation.BODY in right and isinstance(case.body, dict):
            case.body = _ordered(case.body, mark)

    def _given(
        self, drawn: Mapping[str, Any], mark: int, choices: Mapping[str, Sequence[str | None]]
    ) -> dict[str, Any]:
        given = dict(drawn)
        for name, values in choices.items():
            value = values[mark % len(values)]
            owns = self.owns_number if name == "id" else self.owns_call
            if name in drawn and value is not AS_DRAWN and not owns(drawn[name]):
                given[name] = value
        return given

    def nobody_elses(self, _: object, response: schemathesis.Response, case: schemathesis.Case) -> None:
        """A check of ours: no answer holds anything of another customer's."""
        assert self.foreign_call.encode() not in response.content, f"{case.operation.label} shows another's call"
        foreign = {"id": self.foreign_number, "call_id": self.foreign_call}
        asked = {name for name, value in (case.path_parameters or {}).items() if foreign.get(name) == value}
        assert not asked or response.status_code in (401, 404, 429), (
            f"{case.operation.label} gives away what is another's"
        )

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
        """Whether a failure stays one: False where `ALLOWED` has a line for it."""
        for line in ALLOWED:
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
        self, reached: Mapping[str, set[int]], exceptions: Sequence[Allowed] = (), *, codes: Collection[str] = ()
    ) -> None:
        """Fail a clean run that saw less than `reached` (statuses by operation) and `codes`, left out a check, had no
        need of one of the `exceptions`, or sent a webhook."""
        if self.broken:
            return
        assert self.account.deliveries() == []
        assert self.checks >= CHECKS, f"never checked {CHECKS - self.checks}"
        assert set(codes) <= set(self.codes), f"never refused with {set(codes) - set(self.codes)}"
        for operation, statuses in reached.items():
            missed = {status for status in statuses if not self.statuses[operation, status]}
            assert not missed, f"{operation} was never answered {missed}"
            for line in exceptions:
                if operation in (line.needed_by or line.operations):
                    assert self._allowed[line, operation], f"{operation} never needed the exception: {line.why}"


def operation_of(case: schemathesis.Case) -> str:
    """The contract's operationId."""
    return str(case.operation.definition.raw["operationId"])


@contextmanager
def opened(schema: Schema, *, limits: bool = False) -> Iterator[Place]:
    """A place for the length of a run of `schema`, without limits unless told."""
    with Ringback("kwickphone", seed=7) as rb:
        account = rb.account("kwickphone", balance="100000.00", **({} if limits else UNLIMITED))
        place = Place(rb, account, rb.account("kwickphone"))

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


def _provisioned(account: Account, count: int) -> list[tuple[str, str]]:
    """Ids and phone numbers of numbers bought for an account."""
    with account.client() as http:
        bought = [http.post("/v1/numbers", json={"business_phone": BUSINESS}).json() for _ in range(count)]
    return [(number["id"], number["phone_number"]) for number in bought]


def _ordered(drawn: Mapping[str, Any], mark: int) -> dict[str, Any]:
    """A request for a number that can be had; some stay as drawn, and some want what is sold out."""
    body = dict(drawn)
    if mark % 8 == 0:
        return body
    area = AREAS[mark % len(AREAS)]
    body["business_phone"] = f"+1{area}{body['business_phone'][5:]}"
    if mark % 8 == 1:
        body["area_code"] = SOLD_OUT
    elif body.get("area_code") is not None:
        body["area_code"] = area
    if body.get("webhook_url") is not None:
        body["webhook_url"] = f"https://{HOST}/{mark:08x}"
    return body


def _valid_parts(case: schemathesis.Case) -> set[ParameterLocation]:
    """The parts of a case that are meant to be valid."""
    parts = case.meta.components.items() if case.meta is not None else ()
    return {location for location, part in parts if part.mode.is_positive}


def _mark(case: schemathesis.Case) -> int:
    """A number that follows from what a case holds."""
    body = case.body if isinstance(case.body, dict) else type(case.body).__name__
    return zlib.crc32(repr((case.path_parameters, case.query, dict(case.headers), body)).encode())
