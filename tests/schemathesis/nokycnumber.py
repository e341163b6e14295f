"""NoKYCNumber under schemathesis: what its customer has, what can be had, and which refusals are right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import schemathesis
from jsonschema import Draft202012Validator

from ringback.testing import Account
from tests.schemathesis.config import Allowed
from tests.schemathesis.place import AS_DRAWN, HOST, Place, mark_of, operation_of
from tests.support.contract import Contract

ADDONS = ["ai-pickup", "ai-screen", "ai-summary", "ai-trans"]
FRIEND = "+33639980077"
REACHABLE = ("+33639980077", "+12125550199", "+447700900123")
UNKNOWN, PAUSED, WRONG, PICTURES = range(4)
"""Turns, out of five, at which something stands in the way of a body."""
STRANGER = "+12125550188"
LONG = "x" * 1_600
"""As long as a body may be, and too long for ten segments."""
NIGHT = {"timezone": "Europe/Paris", "windows": [{"days": ["mon"], "from": "22:00", "to": "07:00"}]}
FILES = {"downloadRecording": "recordings", "downloadVoicemail": "voicemails"}
LISTS = ("listNumbers", "listCalls", "listSms", "listVoicemails", "listWebhookEndpoints")
KEPT_IN = {
    "getNumber": "numbers",
    "updateNumber": "numbers",
    "releaseNumber": "numbers",
    "renewNumber": "numbers",
    "getAiConfig": "numbers",
    "updateAiConfig": "numbers",
    "getCall": "calls",
    "hangupCall": "calls",
    "getSms": "sms",
    "getVoicemail": "voicemails",
    "deleteVoicemail": "voicemails",
    "deleteWebhookEndpoint": "webhook_endpoints",
    "listNumbers": "numbers",
    "listCalls": "calls",
    "listSms": "sms",
    "listVoicemails": "voicemails",
    "listWebhookEndpoints": "webhook_endpoints",
}
"""What the id in an operation's path, or its cursor, is of."""
OPERATIONS = tuple(operation.id for operation in Contract.load("nokycnumber").operations)
PROBED = (
    "listNumbers",
    "listAvailableNumbers",
    "getNumber",
    "renewNumber",
    "getAiConfig",
    "listCalls",
    "hangupCall",
    "listSms",
    "getSms",
    "listVoicemails",
    "getVoicemail",
    "getAccount",
    "getUsage",
    "listWebhookEndpoints",
    "deleteWebhookEndpoint",
)
SOLD_IN = ("fr", "gb", "us", "ca", "de", "es", "jp")
TEN_SEGMENTS = 10 * 67
"""What fits into ten segments of the shorter kind, in UTF-16 units."""


class NoKYCNumberPlace(Place):
    """A customer of NoKYCNumber with numbers of every status, and with calls, messages, voicemails and endpoints."""

    vendor = "nokycnumber"
    examples = 12
    scenarios = 40
    refusals = ("400", "401", "403", "404", "422")
    unlimited = {"rate_limit": None}
    limited = {"rate_limit": 20}

    def furnish(self, account: Account, other: Account) -> None:
        self.has = _belongings(account)
        self.others = _belongings(other)
        with account.client() as http:
            links = {
                "recordings": http.get(f"/v1/calls/{self.has['calls'][-1]}").json()["recording_url"],
                "voicemails": http.get(f"/v1/voicemails/{self.has['voicemails'][0]}").json()["audio_url"],
            }
            self.links = {place: urlsplit(link) for place, link in links.items()}
            self.own_numbers = [each["number"] for each in http.get("/v1/numbers?status=active").json()["data"]]
            self.parked, self.given_back = self.has["numbers"][1:3]
            http.patch(f"/v1/numbers/{self.parked}", json={"status": "paused"})
            http.delete(f"/v1/numbers/{self.given_back}")
        self.made = {id_ for ids in self.has.values() for id_ in ids}
        self.gone: set[str] = set()
        self.offered: set[str] = set()

    def foreign(self) -> Collection[str]:
        return [id_ for ids in self.others.values() for id_ in ids]

    def owns(self, id_: str) -> bool:
        return id_ in self.made - self.gone

    def choices(self, operation: str) -> Mapping[str, Sequence[str | None]]:
        if operation == "listAvailableNumbers":
            return {"country": ("fr", "us", "gb", "nl", AS_DRAWN)}
        kept_in = KEPT_IN.get(operation)
        if kept_in is None:
            return {}
        ids = (*self.has[kept_in], self.others[kept_in][0], AS_DRAWN)
        return {"id": ids, "starting_after": ids}

    def feed(self, case: schemathesis.Case, *, linked: bool = False) -> None:
        """As every place, and a link that was given out to most downloads."""
        mark = mark_of(case)
        super().feed(case, linked=linked)
        place = FILES.get(operation_of(case))
        whole = case.meta is None or all(part.mode.is_positive for part in case.meta.components.values())
        if place is not None and whole and mark % 4:
            link = self.links[place]
            case.path_parameters = {"file": link.path.rpartition("/")[2]}
            case.query = {**case.query, **dict(parse_qsl(link.query))}

    def ordered(self, operation: str, body: dict[str, Any], mark: int) -> dict[str, Any]:
        for name in ("webhook_url", "url"):
            if body.get(name) is not None:
                body[name] = f"https://{HOST}/{mark:08x}"
        turn = mark % 5
        if operation == "createNumber" and turn != UNKNOWN:
            body["available_id"] = self._offered()
        if operation in ("createCall", "createSms"):
            body["from"] = self._sender(turn)
            body["to"] = REACHABLE[mark % len(REACHABLE)]
        if operation == "createCall" and turn == WRONG:
            body["callerid_mask"] = STRANGER
        if operation == "createSms" and turn == WRONG:
            body["body"] = LONG
        if operation == "createSms" and turn == PICTURES:
            body["media_urls"] = [f"https://{HOST}/door.jpg"]
        if body.get("on_off") is not None:
            body["on_off"] = NIGHT
        if body.get("send_at") is not None:
            body["send_at"] = "2030-05-04T06:30:00Z"
        return body

    def _sender(self, turn: int) -> str:
        return {PAUSED: self.parked, UNKNOWN: self.others["numbers"][0]}.get(turn, self.has["numbers"][0])

    def _offered(self) -> str:
        with self.account.client() as http:
            offers = http.get("/v1/numbers/available?limit=1&tier=standard").json()["data"]
        self.offered.add(offers[0]["id"])
        return str(offers[0]["id"])

    def count(self, case: schemathesis.Case, response: schemathesis.Response) -> None:
        """As every place, and remember what was made and what was deleted for good."""
        super().count(case, response)
        if response.status_code == 201:
            self.made.add(response.json()["id"])
        elif response.status_code == 204 and operation_of(case) != "releaseNumber":
            self.gone.add(case.path_parameters["id"])

    def start_over(self) -> None:
        super().start_over()
        self.gone.clear()

    # -- what is known ------

    def lacks(self, case: schemathesis.Case) -> bool:
        """Whether what a path names is nothing of the customer's."""
        return not self.owns(case.path_parameters["id"])

    def lacks_sender(self, case: schemathesis.Case) -> bool:
        """Whether a call or message is to come from a number that is not the customer's."""
        return not self.owns(case.body["from"])

    def follows_nothing(self, case: schemathesis.Case) -> bool:
        """Whether a page is to begin after what is not in the list."""
        after = case.query.get("starting_after")
        return after is not None and not self.owns(after)

    def only_adds_parameters(self, case: schemathesis.Case) -> bool:
        """Whether nothing is wrong with a query but parameters that no one documented."""
        known = {parameter.name: parameter.definition["schema"] for parameter in case.operation.query}
        right = all(
            Draft202012Validator(schema).is_valid(int(value) if str(value).isdigit() else value)
            for name, schema in known.items()
            if (value := case.query.get(name)) is not None
        )
        return right and bool(set(case.query) - set(known))

    def was_given_out(self, case: schemathesis.Case) -> bool:
        """Whether a link is one that an answer held."""
        link = self.links[FILES[operation_of(case)]]
        path = case.path_parameters["file"] == link.path.rpartition("/")[2]
        return path and dict(parse_qsl(link.query)).items() <= dict(case.query).items()

    exceptions = (
        Allowed(
            "unsupported_method",
            OPERATIONS,
            404,
            "not_found",
            lambda place, case: True,
            "The page's status codes have no 405: what the API does not have, path or method, is 404.",
            # Each path is probed with the methods that it lacks once: a path under the first of its operations.
            needed_by=PROBED,
        ),
        Allowed(
            "positive_data_acceptance",
            tuple(operation for operation in KEPT_IN if operation not in LISTS),
            404,
            "not_found",
            lambda place, case: place.lacks(case),
            "Page, Status codes: 404 for a resource that does not exist or is another account's.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createNumber",),
            404,
            "not_found",
            lambda place, case: case.body["available_id"] not in place.offered,
            "Page, Status codes: 404 for an offer that does not exist.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createCall", "createSms"),
            404,
            "not_found",
            lambda place, case: place.lacks_sender(case),
            "Page, POST /v1/calls and POST /v1/sms: `from` is a number that one owns; another is 404.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createCall", "createSms"),
            409,
            "number_paused",
            lambda place, case: case.body["from"] == place.parked,
            "Page, Error types: a paused number is in no state to call or write, a resource_error.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("updateNumber", "updateAiConfig", "renewNumber"),
            409,
            "number_released",
            lambda place, case: case.path_parameters["id"] == place.given_back,
            "Page, DELETE /v1/numbers/{id}: a released number cannot be recovered, so there is nothing to change.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createCall",),
            422,
            "caller_id_not_owned",
            lambda place, case: case.body.get("callerid_mask") not in ("hide", "rotate", *place.own_numbers),
            "Page, POST /v1/calls: callerid_mask is a number that one owns. No pattern of the contract says which.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("listAvailableNumbers",),
            422,
            "unsupported_country",
            lambda place, case: case.query.get("country") not in SOLD_IN,
            "Page, Status codes: 422 for an unsupported country. Which those are, no pattern of the contract says.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createSms",),
            422,
            "message_too_long",
            lambda place, case: len(case.body["body"].encode("utf-16-le")) > 2 * TEN_SEGMENTS,
            "Page, sms: ten segments at most. How many a text takes, no keyword of the contract says.",
        ),
        Allowed(
            "positive_data_acceptance",
            ("createSms",),
            422,
            "mms_not_supported",
            lambda place, case: bool(case.body["media_urls"]),
            "Page, POST /v1/sms: media only in countries with MMS, and the customer's numbers are French.",
        ),
        Allowed(
            "positive_data_acceptance",
            tuple(FILES),
            403,
            "invalid_signature",
            lambda place, case: not place.was_given_out(case),
            "Page, Voicemails: links are pre-signed; one that was made up is refused.",
        ),
        Allowed(
            "positive_data_acceptance",
            LISTS,
            400,
            "parameter_invalid",
            lambda place, case: place.follows_nothing(case),
            "An unknown cursor is ours, for the page has none: a list can't go on after what is not in it.",
        ),
        Allowed(
            "negative_data_rejection",
            (*LISTS, "listAvailableNumbers", "getUsage"),
            200,
            None,
            lambda place, case: place.only_adds_parameters(case),
            "The page promises no refusal of parameters that it does not have, and the contract forbids none: ignored.",
            needed_by=(*LISTS, "listAvailableNumbers"),
        ),
        Allowed(
            "negative_data_rejection",
            ("createNumber",),
            201,
            None,
            lambda place, case: isinstance(case.body, dict) and set(case.body) == {"available_id", "billing_period"},
            "The link from the list of offers puts its own body in place of one that was drawn to be wrong.",
            linked=True,
        ),
    )
    reached = {
        **dict.fromkeys(LISTS, frozenset((200, 400, 401))),
        **dict.fromkeys(("getAccount", "getUsage"), frozenset((200, 400, 401))),
        **dict.fromkeys(("getNumber", "getAiConfig", "getCall", "getSms"), frozenset((200, 400, 401, 404))),
        **dict.fromkeys(("getVoicemail", "hangupCall"), frozenset((200, 400, 401, 404))),
        **dict.fromkeys(("releaseNumber", "deleteVoicemail", "deleteWebhookEndpoint"), frozenset((204, 400, 401, 404))),
        **dict.fromkeys(("updateNumber", "updateAiConfig"), frozenset((200, 400, 401, 404, 409, 415))),
        **dict.fromkeys(FILES, frozenset((200, 400, 403))),
        "listAvailableNumbers": frozenset((200, 400, 401, 422)),
        "createNumber": frozenset((201, 400, 401, 404, 415)),
        "renewNumber": frozenset((200, 400, 401, 404, 409)),
        "createCall": frozenset((201, 400, 401, 404, 409, 415, 422)),
        "createSms": frozenset((201, 400, 401, 404, 409, 415, 422)),
        "createWebhookEndpoint": frozenset((201, 400, 401, 415)),
    }
    followed = {
        "createWebhookEndpoint": frozenset((201,)),
        **dict.fromkeys((*LISTS, "listAvailableNumbers"), frozenset((200,))),
    }
    limits_told = {"listNumbers": frozenset(("rate_limited",))}


def _belongings(account: Account) -> dict[str, list[str]]:
    """What an account is given, by its list: three numbers, four calls, three messages, two voicemails, an endpoint."""
    with account.client() as http:

        def make(path: str, body: Mapping[str, Any]) -> dict[str, Any]:
            answer = http.post(path, json=body)
            assert answer.status_code == 201, answer.text
            made: dict[str, Any] = answer.json()
            return made

        offers = http.get("/v1/numbers/available?limit=3&tier=standard").json()["data"]
        numbers = [
            make("/v1/numbers", {"available_id": offer["id"], "billing_period": "monthly", "addons": ADDONS})
            for offer in offers
        ]
        first = numbers[0]
        account.call(first["number"], FRIEND, end="no_answer")
        for _ in range(2):
            account.call(first["number"], FRIEND, voicemail="Call me back, please.")
        recorded = make("/v1/calls", {"from": first["id"], "to": FRIEND, "recording_enabled": True})
        texts = [make("/v1/sms", {"from": first["id"], "to": FRIEND, "body": text})["id"] for text in ("One", "Two")]
        texts.append(account.text(first["number"], "Hello", FRIEND))
        account.advance(minutes=10)
        endpoint = make("/v1/webhook_endpoints", {"url": f"https://{HOST}/all", "enabled_events": ["*"]})
        calls = [call["id"] for call in http.get("/v1/calls").json()["data"] if call["id"] != recorded["id"]]
        return {
            "numbers": [number["id"] for number in numbers],
            "calls": [*calls, recorded["id"]],
            "sms": texts,
            "voicemails": [each["id"] for each in http.get("/v1/voicemails").json()["data"]],
            "webhook_endpoints": [endpoint["id"]],
        }
