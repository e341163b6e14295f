"""KwickPhone under schemathesis: what its customer has, what can be had, and which refusals are right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ringback.testing import Account
from tests.schemathesis.config import Allowed
from tests.schemathesis.place import AS_DRAWN, HOST, Place

BUSINESS = "+13465551234"
AREAS = ("346", "212", "415")
"""Areas of the US with numbers in stock."""
SOLD_OUT = "907"


class KwickPhonePlace(Place):
    """A customer of KwickPhone with two numbers, and with calls of every kind."""

    vendor = "kwickphone"
    examples = 60
    scenarios = 20
    refusals = ("400", "401", "404")
    unlimited = {"rate_limit": None, "number_limit": None, "provisions_per_hour": None}
    without_examples = frozenset(("listNumbers",))

    def furnish(self, account: Account, other: Account) -> None:
        (self.foreign_number, phone), *_ = _provisioned(other, 1)
        self.foreign_call = other.call(phone)
        other.advance(minutes=30)
        numbers = _provisioned(account, 2)
        self.numbers = [id_ for id_, _ in numbers]
        phone = numbers[0][1]
        self.going_on = account.call(phone, duration=14_000, turns=["agent: Hello"])
        self.missed = account.call(phone, end="no_answer")
        self.unrecorded = account.call(phone, turns=["agent: Hello", "caller: Goodbye"], recording=False)
        self.transcribed = account.call(phone, turns=["agent: Hello", "caller: One pizza"], outcome="order")
        account.advance(minutes=30)

    def foreign(self) -> Collection[str]:
        return (self.foreign_number, self.foreign_call)

    def owns(self, id_: str) -> bool:
        return self.owns_call(id_) or self.owns_number(id_)

    def choices(self, operation: str) -> Mapping[str, Sequence[str | None]]:
        calls = (self.transcribed, self.unrecorded, self.missed, self.going_on, self.foreign_call, AS_DRAWN)
        numbers = (*self.numbers, self.foreign_number, AS_DRAWN)
        return {"id": numbers, "call_id": calls, "starting_after": calls}

    def ordered(self, operation: str, body: dict[str, Any], mark: int) -> dict[str, Any]:
        """A request for a number that can be had; some want what is sold out."""
        area = AREAS[mark % len(AREAS)]
        body["business_phone"] = f"+1{area}{body['business_phone'][5:]}"
        if mark % 8 == 1:
            body["area_code"] = SOLD_OUT
        elif body.get("area_code") is not None:
            body["area_code"] = area
        if body.get("webhook_url") is not None:
            body["webhook_url"] = f"https://{HOST}/{mark:08x}"
        return body

    # -- what is known ------

    def owns_number(self, id_: str) -> bool:
        """Whether a number is the customer's, given back or not."""
        return id_ in {number["id"] for number in self.account.show()["numbers"]}

    def owns_call(self, id_: str) -> bool:
        """Whether a call is the customer's."""
        return id_ in (self.going_on, self.missed, self.unrecorded, self.transcribed)

    def has_transcript(self, id_: str) -> bool:
        """Whether a call of the customer's has a transcript."""
        return id_ in (self.unrecorded, self.transcribed)

    def has_recording(self, id_: str) -> bool:
        """Whether a call of the customer's has a recording."""
        return id_ == self.transcribed

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
        """Whether nothing is wrong with a query for calls but parameters that no one documented."""
        limit, after = query.get("limit", 1), query.get("starting_after", self.transcribed)
        return bool(set(query) - {"limit", "starting_after"}) and str(limit).isdigit() and self.owns_call(after)

    exceptions = (
        Allowed(
            "unsupported_method",
            ("listNumbers", "createNumber", "releaseNumber", "listCalls", "getTranscript", "getRecording"),
            404,
            "not_found",
            lambda place, case: True,
            "The page's table of errors has no 405: what the API does not have, path or method, is 404 not_found.",
            # Each path is probed with the methods that it lacks once: /v1/numbers under the first of its two operations.
            needed_by=("listNumbers", "releaseNumber", "listCalls", "getTranscript", "getRecording"),
        ),
        Allowed(
            "positive_data_acceptance",
            ("releaseNumber",),
            404,
            "not_found",
            lambda place, case: not place.owns_number(case.path_parameters["id"]),
            "Page, Release a number: an unknown id, or another customer's, is 404 not_found.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("getTranscript",),
            404,
            "not_found",
            lambda place, case: not place.has_transcript(case.path_parameters["call_id"]),
            "Page, Get a transcript: 404 not_found for a call that is not one's own or has no transcript.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("getRecording",),
            404,
            "not_found",
            lambda place, case: not place.owns_call(case.path_parameters["call_id"]),
            "Page, Errors: 404 not_found for an unknown or foreign id.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("getRecording",),
            404,
            "no_recording",
            lambda place, case: (
                place.owns_call(case.path_parameters["call_id"])
                and not place.has_recording(case.path_parameters["call_id"])
            ),
            "Page, Get a recording: 404 no_recording for a call that has none.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createNumber",),
            400,
            "invalid_request",
            lambda place, case: not place.can_be_had(case.body),
            "Page, Provision a number: the business line is a US number and the webhook URL a public one. Which areas the "
            "US has, and which hosts are public, no pattern of the contract says.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createNumber",),
            409,
            "no_numbers",
            lambda place, case: not place.can_be_had(case.body),
            "Page, Provision a number: an area without stock is 409 no_numbers.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("listCalls",),
            400,
            "invalid_request",
            lambda place, case: "starting_after" in case.query and not place.owns_call(case.query["starting_after"]),
            "Paging is ours, for the page has none: a list can't go on after a call that is not in it.",
        ),
        Allowed(
            "negative_data_rejection",
            ("listCalls",),
            200,
            None,
            lambda place, case: place.only_adds_parameters(case.query),
            "The page promises no refusal of parameters that it does not have, and the contract forbids none: ignored.",
        ),
    )

    reached = {
        "listNumbers": frozenset((200, 401)),
        "createNumber": frozenset((201, 400, 401, 409)),
        "releaseNumber": frozenset((200, 401, 404)),
        "listCalls": frozenset((200, 400, 401)),
        "getTranscript": frozenset((200, 401, 404)),
        "getRecording": frozenset((200, 401, 404)),
    }
    followed = {
        "createNumber": frozenset((201,)),
        "releaseNumber": frozenset((200,)),
        "listCalls": frozenset((200,)),
        "getTranscript": frozenset((200,)),
        "getRecording": frozenset((200,)),
    }
    limits_told = {
        "createNumber": frozenset(("rate_limited", "number_limit", "provision_velocity")),
        "listCalls": frozenset(("rate_limited",)),
    }


def _provisioned(account: Account, count: int) -> list[tuple[str, str]]:
    """Ids and phone numbers of numbers bought for an account."""
    with account.client() as http:
        bought = [http.post("/v1/numbers", json={"business_phone": BUSINESS}).json() for _ in range(count)]
    return [(number["id"], number["phone_number"]) for number in bought]
