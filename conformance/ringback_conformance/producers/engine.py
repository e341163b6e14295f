"""The schemathesis engine as a producer; no other module imports schemathesis.

The engine has no access to the network: it calls a WSGI application that sends every request through the suite's own
transport and adds the key. So the run's limits hold for it too, and it never sees a secret.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ringback_conformance.model import Exchange, Header, Profile, RunWarning
from ringback_conformance.producers.draws import steady
from ringback_conformance.transport import NoResponse, NotAllowed, Request, TargetGone, Transport, Unsendable

if TYPE_CHECKING:
    from schemathesis.engine.recorder import ScenarioRecorder

PRODUCER = "engine"
EXCHANGE = "X-Conformance-Exchange"
"""A response header for the engine that names the exchange; it never goes over the wire."""
OWN_HEADERS = frozenset({"authorization", "host", "connection", "content-length", "cookie", "user-agent"})
DROPPED = frozenset({"content-length", "transfer-encoding", "connection"})
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
"""The engine's own checks whose findings become warnings."""
EVERY_OTHER = 2
BOUNDARY = re.compile(r"-*WerkzeugFormPart_[0-9.]+")
FIXED_BOUNDARY = "form-part"
"""Replaces a form's boundary, which holds the time: the same seed gives the same requests."""
NOT_SENT = 502
MAX_RECORDED = 120
"""Requests of a run that are recorded, to be sent to another target."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How much the engine does: examples for each operation and requests in all."""

    examples: int
    requests: int


class Recording(msgspec.Struct, frozen=True):
    """What the engine sent, without the key, and the ids that existed then: enough to send the same again."""

    requests: tuple[Request, ...] = ()
    sample_ids: dict[str, list[str]] = {}


class Finding(msgspec.Struct, kw_only=True):
    """What the engine found: warnings, its own trouble, which limit of the run ended it, and what it sent."""

    warnings: list[RunWarning] = []
    trouble: str = ""
    ended: str = ""
    recording: Recording = Recording()


def explore(
    document: dict[str, Any],
    transport: Transport,
    *,
    credentials: Header,
    account: str,
    profile: Profile,
    seed: int,
    share: Share,
    sample_ids: dict[str, list[str]],
    sanitize: Callable[[Request], Request],
) -> Finding:
    """Let the engine call the operations of an OpenAPI document; its requests become exchanges of `engine`.

    Outside the emulator it only reads, with valid data. `sample_ids` gives path parameters values that exist.
    """
    import schemathesis
    from schemathesis.config import SchemathesisConfig
    from schemathesis.engine import from_schema
    from schemathesis.engine.events import NonFatalError, ScenarioFinished

    emulated = profile is Profile.EMULATOR
    config = SchemathesisConfig.from_dict(configuration(emulated, seed, share.examples))
    schema: Any = schemathesis.openapi.from_dict(emulated_part(document) if emulated else document, config=config)
    if not emulated:
        schema = schema.include(method="GET")
    bridge = WsgiBridge(transport, credentials, account, share.requests, sanitize, own_headers(document))
    schema.app = bridge
    _use_sample_ids(schema, sample_ids)
    finding = Finding()
    operations: dict[str, str] = {}
    stream = from_schema(schema).execute()
    with steady():
        for event in stream:
            if isinstance(event, ScenarioFinished):
                finding.warnings += warnings_of(event.recorder)
                operations |= operations_of(event.recorder)
            elif isinstance(event, NonFatalError) and not bridge.ended:
                finding.trouble = finding.trouble or f"{event.info.title}: {event.info.message}"
            if bridge.ended:
                stream.stop()
    finding.ended = bridge.ended
    finding.recording = Recording(tuple(various(bridge.sent, operations, MAX_RECORDED)), sample_ids)
    return finding


def emulated_part(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document without the operations that the emulator does not emulate: `x-not-emulated`."""
    paths = {
        path: {method: node for method, node in item.items() if not node.get("x-not-emulated")}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": {path: item for path, item in paths.items() if item}}


def repeat(
    recording: Recording, transport: Transport, *, credentials: Header, account: str, sample_ids: dict[str, list[str]]
) -> None:
    """Send what the engine sent to another target, with the ids that exist here in place of those that existed there.

    Generated requests depend on the responses; these are the same whatever the responses are, and cost little time.
    """
    here = {
        then: now
        for name, ids in recording.sample_ids.items()
        for then, now in zip(ids, sample_ids.get(name, ()), strict=False)
    }
    for request in recording.requests:
        path = "/".join(here.get(part, part) for part in request.path.split("/"))
        try:
            transport.send(PRODUCER, _keyed(msgspec.structs.replace(request, path=path), credentials), account=account)
        except (NoResponse, Unsendable):
            continue
        except (NotAllowed, TargetGone):
            return


def _keyed(request: Request, credentials: Header) -> Request:
    return msgspec.structs.replace(request, headers=(credentials, *request.headers))


def configuration(emulated: bool, seed: int, examples: int) -> dict[str, Any]:
    """Return the engine's settings: seeded, nothing stored on disk, no sign-up, no bad credentials.

    Outside the emulator it only reads, with valid data.
    """
    coverage: dict[str, Any] = {"enabled": True}
    if not emulated:
        coverage["unexpected-methods"] = []
    return {
        "seed": seed,
        "continue-on-failure": True,
        "workers": 1,
        "cache": {"enabled": False},
        "suppress-health-check": ["all"],
        "auth": {"auto-signup": False},
        "warnings": False,
        "generation": {
            "database": "none",
            "max-examples": examples,
            "mode": "all" if emulated else "positive",
            "no-shrink": True,
        },
        "phases": {
            "examples": {"enabled": True},
            "coverage": coverage,
            "fuzzing": {"enabled": True},
            "stateful": {"enabled": emulated},
        },
        "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
    }


class WsgiBridge:
    """A WSGI application that sends each request through the transport, with the key, and returns the response."""

    def __init__(
        self,
        transport: Transport,
        credentials: Header,
        account: str,
        requests: int,
        sanitize: Callable[[Request], Request],
        own: frozenset[str] = OWN_HEADERS,
    ) -> None:
        self._own = own
        self._sanitize = sanitize
        self._transport = transport
        self._credentials = credentials
        self._account = account
        self._left = requests
        self.sent: list[tuple[Request, Exchange]] = []
        self.ended = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[[str, list[Header]], Any]) -> Iterable[bytes]:
        """Send one request of the engine and return its response."""
        if self._left <= 0:
            self.ended = self.ended or "the engine's share of requests is used up"
        if self.ended:
            return self._not_sent(start_response)
        self._left -= 1
        request = self._sanitize(self._request(environ))
        try:
            exchange = self._transport.send(PRODUCER, _keyed(request, self._credentials), account=self._account)
        except (NoResponse, Unsendable):
            return self._not_sent(start_response)
        except (NotAllowed, TargetGone) as end:
            self.ended = str(end)
            return self._not_sent(start_response)
        self.sent.append((request, exchange))
        headers = [header for header in exchange.response_headers if header[0].lower() not in DROPPED]
        start_response(f"{exchange.status} -", [*headers, (EXCHANGE, exchange.id)])
        return [exchange.response_body]

    def _not_sent(self, start_response: Callable[[str, list[Header]], Any]) -> Iterable[bytes]:
        start_response(f"{NOT_SENT} -", [("Content-Type", "text/plain")])
        return [b""]

    def _request(self, environ: dict[str, Any]) -> Request:
        headers = tuple(_headers(environ, self._own))
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdigit() else b""
        path = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"])
        if environ.get("QUERY_STRING") and "?" not in path:
            path = f"{path}?{environ['QUERY_STRING']}"
        stable = tuple((name, BOUNDARY.sub(FIXED_BOUNDARY, value)) for name, value in headers)
        body = BOUNDARY.sub(FIXED_BOUNDARY, body.decode("latin-1")).encode("latin-1")
        return Request(str(environ["REQUEST_METHOD"]), path, stable, body)


def own_headers(document: dict[str, Any]) -> frozenset[str]:
    """Return the headers, in lower case, that the suite itself or its transport sends: those that carry a key too."""
    schemes = document.get("components", {}).get("securitySchemes", {}).values()
    return OWN_HEADERS | {scheme["name"].lower() for scheme in schemes if scheme.get("in") == "header"}


def _headers(environ: dict[str, Any], own: frozenset[str]) -> Iterator[Header]:
    if kind := environ.get("CONTENT_TYPE"):
        yield "Content-Type", str(kind)
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            header = name[5:].replace("_", "-").title()
            if header.lower() not in own:
                yield header, str(value)


def _use_sample_ids(schema: Any, sample_ids: dict[str, list[str]]) -> None:
    """Give every other request an id that exists, so that not all responses are 404."""
    turn = itertools.count()

    def use_what_exists(_context: Any, path_parameters: Any) -> Any:
        for name, values in sample_ids.items():
            place = next(turn)
            if path_parameters and name in path_parameters and place % EVERY_OTHER == 0:
                path_parameters[name] = values[place // EVERY_OTHER % len(values)]
        return path_parameters

    schema.hooks.hook("map_path_parameters")(use_what_exists)


def operations_of(recorder: ScenarioRecorder) -> dict[str, str]:
    """Return exchange id → the operation that it was meant for."""
    found: dict[str, str] = {}
    for case, interaction in recorder.interactions.items():
        exchange = interaction.response.headers.get(EXCHANGE.lower()) if interaction.response is not None else None
        if exchange and case in recorder.cases:
            found[exchange[0]] = recorder.cases[case].value.operation.label
    return found


def various(sent: Iterable[tuple[Request, Exchange]], operations: dict[str, str], most: int) -> list[Request]:
    """Return at most so many of the requests, in their order, spread over all pairs of operation and status."""
    kinds: dict[tuple[str, int | None], list[int]] = {}
    requests: list[Request] = []
    for at, (request, exchange) in enumerate(sent):
        kinds.setdefault((operations.get(exchange.id, request.method), exchange.status), []).append(at)
        requests.append(request)
    turns = itertools.zip_longest(*kinds.values())
    taken = itertools.islice((at for turn in turns for at in turn if at is not None), most)
    return [requests[at] for at in sorted(taken)]


def warnings_of(recorder: ScenarioRecorder) -> list[RunWarning]:
    """Return the failures of the engine's own checks, each with its exchange, for requests that were sent."""
    found: list[RunWarning] = []
    for case, checks in recorder.checks.items():
        interaction = recorder.interactions.get(case)
        response = interaction.response if interaction is not None else None
        exchange = response.headers.get(EXCHANGE.lower()) if response is not None else None
        if not exchange:
            continue
        for check in checks:
            if check.failure_info is not None:
                failure = check.failure_info.failure
                message = f"{failure.title}: {failure.message}".strip().replace("\n", " ")
                found.append(RunWarning(recorder.label, check.name, message[:300], exchange[0]))
    return found
