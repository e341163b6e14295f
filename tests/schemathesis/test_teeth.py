"""The same run against servers that are wrong on purpose: each has to be found out, and for the right reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import msgspec
import pytest
import schemathesis
from schemathesis.core.failures import FailureGroup

from ringback.gateway.middleware import VendorMiddleware
from ringback.vendors.kwickphone.rules import KwickPhone
from ringback.vendors.kwickphone.wire import TranscriptView
from tests.schemathesis.kwickphone import KwickPhonePlace
from tests.schemathesis.links import follow
from tests.schemathesis.place import Place, contract, opened

EXAMPLES = 10
SCENARIOS = 20
"""At most: the first that finds something is the last."""

Message = MutableMapping[str, Any]
Change = Callable[[str, int, bytes], tuple[int, bytes]]
Break = Callable[[pytest.MonkeyPatch], None]


class Wrong:
    """A server whose answers are changed on their way out: `change` takes a method, a status and a body, and gives
    another status and body. What the emulator itself answered, and wrote down, was right."""

    def __init__(self, right: VendorMiddleware, change: Change) -> None:
        self._right = right
        self._change = change

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Any) -> None:
        method: str = scope["method"]
        start: Message = {}

        async def changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            status, body = self._change(method, start["status"], message["body"])
            headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "status": status, "headers": [*headers, (b"content-length", b"%d" % len(body))]})
            await send({**message, "body": body})

        await self._right(scope, receive, changed)


def answering(change: Change) -> Break:
    """Let the server be one whose answers `change` changes."""

    def install(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("ringback.app.VendorMiddleware", lambda *what: Wrong(VendorMiddleware(*what), change))

    return install


def _error(status: int, code: str) -> tuple[int, bytes]:
    return status, msgspec.json.encode({"error": {"code": code, "message": "No."}})


@answering
def leaks_the_secret(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    answer = msgspec.json.decode(body)
    for number in answer.get("data", ()):
        number["webhook_secret"] = f"whsec_{32 * '0'}"
    return status, msgspec.json.encode(answer)


@answering
def trips_over_bad_json(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return _error(500, "internal_error") if status == 400 else (status, body)


@answering
def releases_without_a_word(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (204, b"") if status == 200 else (status, body)


@answering
def forgets_calls(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return _error(404, "not_found") if status == 200 else (status, body)


@answering
def asks_nobody_for_a_key(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (200, b'{"data":[]}') if status == 401 else (status, body)


@answering
def takes_any_page_size(_: str, status: int, body: bytes) -> tuple[int, bytes]:
    return (200, b'{"data":[]}') if status == 400 else (status, body)


@answering
def releases_nothing(method: str, status: int, body: bytes) -> tuple[int, bytes]:
    return _error(404, "not_found") if (method, status) == ("DELETE", 200) else (status, body)


def shows_what_others_said(monkeypatch: pytest.MonkeyPatch) -> None:
    right = KwickPhone.transcript

    def transcript(self: KwickPhone, account: str, id_: str) -> TranscriptView:
        call = self.services.calls.records.get(id_)
        return right(self, call.account if call is not None else account, id_)

    monkeypatch.setattr(KwickPhone, "transcript", transcript)


class Witness:
    """Holds cases as the run does, and remembers the failures that would end it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.findings: set[str] = set()

    def hold(self, case: schemathesis.Case) -> None:
        """Hold one case."""
        try:
            self._place.hold(case)
        except FailureGroup as group:
            self.findings |= {f"{failure.title}: {failure.message}" for failure in group.exceptions}


@pytest.fixture
def witness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    schema, install, finding = request.param
    install(monkeypatch)
    with opened(KwickPhonePlace, schema) as place:
        witness = Witness(place)
        yield witness
    assert any(finding in reported for reported in witness.findings), f"{finding!r} is not among {witness.findings}"


def against(install: Break, operation: str, finding: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run over one operation of a server that is wrong, and expect the finding."""

    def decorate(test: Callable[..., None]) -> Callable[..., None]:
        schema = contract(KwickPhonePlace, examples=EXAMPLES).include(operation_id=operation)
        parameters = [pytest.param((schema, install, finding), id="wrong")]
        decorated: Callable[..., None] = schema.parametrize()(
            pytest.mark.parametrize("witness", parameters, indirect=True)(test)
        )
        return decorated

    return decorate


@against(leaks_the_secret, "listNumbers", "Response violates schema")
def test_a_secret_in_the_list_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(trips_over_bad_json, "createNumber", "Server error")
def test_a_failure_over_bad_json_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(releases_without_a_word, "releaseNumber", "Undocumented status code")
def test_an_undocumented_status_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(forgets_calls, "getTranscript", "Schema-valid request rejected")
def test_a_call_that_is_not_there_any_more_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(shows_what_others_said, "getTranscript", "shows another's")
def test_a_call_shown_to_strangers_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(asks_nobody_for_a_key, "listNumbers", "API accepts requests without authentication")
def test_an_open_door_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


@against(takes_any_page_size, "listCalls", "Schema-violating request accepted")
def test_invalid_data_that_is_taken_is_found(case: schemathesis.Case, witness: Witness) -> None:
    witness.hold(case)


def test_a_link_that_leads_nowhere_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    releases_nothing(monkeypatch)
    schema = contract(KwickPhonePlace, examples=EXAMPLES)
    with (
        opened(KwickPhonePlace, schema) as place,
        pytest.raises(FailureGroup, match="404 Not Found` for a resource that was just"),
    ):
        follow(schema, place, SCENARIOS)
