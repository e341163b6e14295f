"""The schemathesis engine as a producer, and the only module that knows schemathesis.

The engine never meets the network: it is given a WSGI application whose every request goes through the suite's own
transport, and that adds the key. So the run's limits hold for it as for all, and it never sees a secret.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from ringback_conformance.model import Exchange, Header, Profile, RunWarning
from ringback_conformance.producers.draws import steady
from ringback_conformance.transport import NoAnswer, Refused, Request, TargetGone, Transport, Unsendable

if TYPE_CHECKING:
    from schemathesis.engine.recorder import ScenarioRecorder

PRODUCER = "engine"
EXCHANGE = "X-Conformance-Exchange"
"""The header that tells which exchange an answer belongs to; it is never sent to anybody."""
OWN_HEADERS = frozenset({"authorization", "host", "connection", "content-length", "cookie", "user-agent"})
DROPPED = frozenset({"content-length", "transfer-encoding", "connection"})
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
"""The engine's own checks whose findings become leads."""
EVERY_OTHER = 2
BOUNDARY = re.compile(r"-*WerkzeugFormPart_[0-9.]+")
STEADY = "form-part"
"""What a form's boundary, which holds the time, is replaced by: the same seed gives the same requests."""
BURNT = 502
TAPED = 120
"""So many requests of a run are remembered, to be asked of another target."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """How much the engine does: examples for each operation and requests in all."""

    examples: int
    requests: int


class Recording(msgspec.Struct, frozen=True):
    """What the engine asked, without the key, and the ids that existed when it did: enough to ask the same again."""

    requests: tuple[Request, ...] = ()
    sample_ids: dict[str, list[str]] = {}


class Finding(msgspec.Struct, kw_only=True):
    """What the engine brought: leads, its own trouble, whether a limit of the run ended it, and what it asked."""

    leads: list[RunWarning] = []
    trouble: str = ""
    ended: str = ""
    tape: Recording = Recording()


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
    gate = WsgiBridge(transport, credentials, account, share.requests, sanitize, own_headers(document))
    schema.app = gate
    _use_sample_ids(schema, sample_ids)
    finding = Finding()
    operations: dict[str, str] = {}
    stream = from_schema(schema).execute()
    with steady():
        for event in stream:
            if isinstance(event, ScenarioFinished):
                finding.leads += leads(event.recorder)
                operations |= operations_of(event.recorder)
            elif isinstance(event, NonFatalError) and not gate.ended:
                finding.trouble = finding.trouble or f"{event.info.title}: {event.info.message}"
            if gate.ended:
                stream.stop()
    finding.ended = gate.ended
    finding.tape = Recording(tuple(various(gate.asked, operations, TAPED)), sample_ids)
    return finding


def emulated_part(document: dict[str, Any]) -> dict[str, Any]:
    """The document without what the emulator owns that it does not emulate: `x-not-emulated`."""
    paths = {
        path: {method: node for method, node in item.items() if not node.get("x-not-emulated")}
        for path, item in document["paths"].items()
    }
    return {**document, "paths": {path: item for path, item in paths.items() if item}}


def repeat(
    tape: Recording, transport: Transport, *, credentials: Header, account: str, sample_ids: dict[str, list[str]]
) -> None:
    """Ask what the engine asked another target, with the ids that exist here in place of those that existed there.

    Generated requests follow the answers; these are the same whatever the answers are, and cost next to nothing.
    """
    here = {
        then: now
        for name, ids in tape.sample_ids.items()
        for then, now in zip(ids, sample_ids.get(name, ()), strict=False)
    }
    for request in tape.requests:
        path = "/".join(here.get(part, part) for part in request.path.split("/"))
        try:
            transport.send(PRODUCER, _keyed(msgspec.structs.replace(request, path=path), credentials), account=account)
        except (NoAnswer, Unsendable):
            continue
        except (Refused, TargetGone):
            return


def _keyed(request: Request, credentials: Header) -> Request:
    return msgspec.structs.replace(request, headers=(credentials, *request.headers))


def configuration(emulated: bool, seed: int, examples: int) -> dict[str, Any]:
    """The engine's settings: seeded, nothing kept on disk, no signing up, no bad credentials; reading alone and valid
    data alone outside the emulator."""
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
    """A WSGI application that sends what it is asked through the transport, with the key, and gives the answer."""

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
        self._tame = sanitize
        self._transport = transport
        self._credentials = credentials
        self._account = account
        self._left = requests
        self.asked: list[tuple[Request, Exchange]] = []
        self.ended = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[[str, list[Header]], Any]) -> Iterable[bytes]:
        """Answer one request of the engine."""
        if self._left <= 0:
            self.ended = self.ended or "the engine's share of requests is used up"
        if self.ended:
            return self._burn(start_response)
        self._left -= 1
        request = self._tame(self._request(environ))
        try:
            exchange = self._transport.send(PRODUCER, _keyed(request, self._credentials), account=self._account)
        except (NoAnswer, Unsendable):
            return self._burn(start_response)
        except Refused as refusal:
            self.ended = str(refusal)
            return self._burn(start_response)
        except TargetGone as end:
            self.ended = str(end)
            return self._burn(start_response)
        self.asked.append((request, exchange))
        headers = [header for header in exchange.response_headers if header[0].lower() not in DROPPED]
        start_response(f"{exchange.status} -", [*headers, (EXCHANGE, exchange.id)])
        return [exchange.response_body]

    def _burn(self, start_response: Callable[[str, list[Header]], Any]) -> Iterable[bytes]:
        start_response(f"{BURNT} -", [("Content-Type", "text/plain")])
        return [b""]

    def _request(self, environ: dict[str, Any]) -> Request:
        headers = tuple(_headers(environ, self._own))
        length = environ.get("CONTENT_LENGTH") or "0"
        body = environ["wsgi.input"].read(int(length)) if length.isdigit() else b""
        path = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"])
        if environ.get("QUERY_STRING") and "?" not in path:
            path = f"{path}?{environ['QUERY_STRING']}"
        steady = tuple((name, BOUNDARY.sub(STEADY, value)) for name, value in headers)
        body = BOUNDARY.sub(STEADY, body.decode("latin-1")).encode("latin-1")
        return Request(str(environ["REQUEST_METHOD"]), path, steady, body)


def own_headers(document: dict[str, Any]) -> frozenset[str]:
    """The headers, in lower case, that the suite itself sends or leaves to the transport: those that show a key too."""
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
    """Give every other request an id that exists, so that more than 404s are seen."""
    turn = itertools.count()

    def use_what_exists(_context: Any, path_parameters: Any) -> Any:
        for name, values in sample_ids.items():
            place = next(turn)
            if path_parameters and name in path_parameters and place % EVERY_OTHER == 0:
                path_parameters[name] = values[place // EVERY_OTHER % len(values)]
        return path_parameters

    schema.hooks.hook("map_path_parameters")(use_what_exists)


def operations_of(recorder: ScenarioRecorder) -> dict[str, str]:
    """Exchange → the operation that it was meant for."""
    found: dict[str, str] = {}
    for case, interaction in recorder.interactions.items():
        exchange = interaction.response.headers.get(EXCHANGE.lower()) if interaction.response is not None else None
        if exchange and case in recorder.cases:
            found[exchange[0]] = recorder.cases[case].value.operation.label
    return found


def various(asked: Iterable[tuple[Request, Exchange]], operations: dict[str, str], most: int) -> list[Request]:
    """At most so many of the requests, in their order, as many as can be of each operation with each answer."""
    kinds: dict[tuple[str, int | None], list[int]] = {}
    requests: list[Request] = []
    for at, (request, exchange) in enumerate(asked):
        kinds.setdefault((operations.get(exchange.id, request.method), exchange.status), []).append(at)
        requests.append(request)
    turns = itertools.zip_longest(*kinds.values())
    taken = itertools.islice((at for turn in turns for at in turn if at is not None), most)
    return [requests[at] for at in sorted(taken)]


def leads(recorder: ScenarioRecorder) -> list[RunWarning]:
    """The failures of the engine's own checks, each with its exchange. Answers that nobody gave don't count."""
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
