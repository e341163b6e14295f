"""The types of a scenario file. The JSON Schema for editors is generated from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringback.scenario import durations

Amount = Annotated[str, Meta(pattern=r"^-?\d{1,12}(\.\d{1,6})?$")]
Status = Annotated[int, Meta(ge=200, le=599)]
ErrorStatus = Annotated[int, Meta(ge=400, le=599)]
Count = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Items = Annotated[list[Any], Meta(min_length=1)]


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A response with a body."""

    status: Annotated[Status, Meta(description="The HTTP status.")] = 200
    json: Annotated[Any, Meta(description="A JSON document.")] = None
    lines: Annotated[Items | None, Meta(description="JSON documents, one a line (NDJSON).")] = None


Answers = Annotated[list[Status | Literal["hang"] | Reply], Meta(min_length=1)]


CLOCK = "2026-03-01T09:00:00Z"
"""When a scenario begins, unless set."""


class Seconds(float):
    """A duration in seconds, written `90`, `45s`, `2m`, `1h30m`, `3d`."""


class Advance:
    """How far the clock advances: `span`, or None until nothing is pending. Written as a duration or `idle`."""

    def __init__(self, span: durations.Span | None) -> None:
        self.span = span


def decode(kind: type, value: Any) -> Any:
    """Decode a `Seconds` or `Advance`. Raises ValueError; a `dec_hook` for msgspec."""
    if kind is Seconds:
        return Seconds(durations.seconds(value))
    if kind is Advance:
        return Advance(None if value == "idle" else durations.parse(value))
    raise NotImplementedError(kind)


def encode(value: Any) -> Any:
    """Encode a `Seconds` as plain data; an `enc_hook` for msgspec."""
    if isinstance(value, Seconds):
        return float(value)
    raise NotImplementedError(type(value))


# -- given -----------------------------------------------------------------------------------------------------------


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An API key of the account."""

    scope: Annotated[str | None, Meta(description="What the key may do, where the vendor has scopes.")] = None
    kind: Annotated[str | None, Meta(description="The kind of key, where the vendor has several.")] = None
    allowlist: Annotated[list[str], Meta(description="Addresses or CIDR blocks that may use it; all when empty.")] = []
    rate_limit: Annotated[
        int | UnsetType | None,
        Meta(description="Requests a minute; null for no limit; the vendor's own unless set."),
    ] = UNSET
    agent_handle: Annotated[
        str | None, Meta(description="The agent that the key belongs to, where the vendor binds keys to agents.")
    ] = None


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account that the scenario is about."""

    balance: Annotated[Amount, Meta(description='US dollars in quotes: "25.00".')] = "0.00"
    settings: Annotated[
        dict[str, Any], Meta(description="The vendor's settings, such as card, auto_top_up, talk_rate, number_limit.")
    ] = {}
    keys: Annotated[
        dict[str, Key], Meta(min_length=1, description="Named API keys; requests use the first unless they name one.")
    ] = msgspec.field(default_factory=lambda: {"main": Key()})


class Receiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A real webhook receiver on loopback; `$name.url` is its address."""

    answers: Annotated[
        Answers,
        Meta(
            description="HTTP statuses, or responses with bodies, for the requests in turn, the last for all further "
            "ones; `hang` never responds."
        ),
    ] = msgspec.field(default_factory=lambda: [200])
    up: Annotated[bool, Meta(description="Whether it listens from the start; false refuses connections.")] = True


class Effect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The effect of a fault: one of status, latency, reset, truncate, webhook."""

    status: Annotated[ErrorStatus | None, Meta(description="The HTTP status of the response.")] = None
    code: Annotated[str | None, Meta(description="The vendor's error code that goes with the status.")] = None
    latency: Annotated[Seconds | None, Meta(description="Real time before the response.")] = None
    reset: Annotated[bool, Meta(description="The connection ends without a response.")] = False
    truncate: Annotated[Bytes | None, Meta(description="The response ends after this many bytes.")] = None
    webhook: Annotated[
        Literal["duplicate", "drop", "delay", "reorder", "bad_signature"] | None,
        Meta(description="What happens to a webhook event."),
    ] = None


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A fault for this account. It applies always, or as first, every or probability say."""

    effect: Annotated[Effect, Meta(description="The effect.")]
    operation: Annotated[str | None, Meta(description="Which operation of the API, such as createNumber.")] = None
    method: Annotated[str | None, Meta(description="With path, in place of operation.")] = None
    path: Annotated[str | None, Meta(description="With method, in place of operation.")] = None
    event: Annotated[str | None, Meta(description="Which webhook event, for a webhook effect.")] = None
    first: Annotated[Count | None, Meta(description="Applies this many times, then no more.")] = None
    every: Annotated[Count | None, Meta(description="Applies every Nth time: 3 is each third.")] = None
    probability: Annotated[Rate | None, Meta(description="Applies with this probability, drawn from the seed.")] = None


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What exists before the first step."""

    clock: Annotated[str, Meta(description="When it begins, ISO 8601.")] = CLOCK
    account: Annotated[Account, Meta(description="The account that the scenario is about.")] = Account()
    receivers: Annotated[
        dict[str, Receiver], Meta(description="Named webhook receivers; their address is $name.url.")
    ] = {}
    faults: Annotated[list[Fault], Meta(description="The faults that are set from the start.")] = []


# -- when ------------------------------------------------------------------------------------------------------------


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to the vendor's API, with the account's key."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="The HTTP method.")]
    path: Annotated[
        Annotated[str, Meta(pattern="^/")] | None, Meta(description="The vendor's path, from its root: /v1/numbers.")
    ] = None
    url: Annotated[
        str | None, Meta(description="Instead of path: a whole URL from a response. Sent without a key.")
    ] = None
    query: Annotated[dict[str, Any], Meta(description="Query parameters.")] = {}
    headers: Annotated[
        dict[str, str | None], Meta(description="Further headers; null omits one, Authorization too.")
    ] = {}
    body: Annotated[Any, Meta(description="Sent as JSON.")] = UNSET
    raw: Annotated[str | UnsetType, Meta(description="Sent unchanged, instead of body.")] = UNSET
    key: Annotated[str | None, Meta(description="Which of the account's keys; the first unless set.")] = None


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to the emulator's control API, for operations without a step of their own."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="The HTTP method.")]
    path: Annotated[
        str, Meta(pattern="^/", description="The path after /_ringback: /accounts/$account.account_id/keys.")
    ]
    body: Annotated[Any, Meta(description="Sent as JSON.")] = UNSET


class Turn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing said on a call, by the caller or by the agent."""

    caller: Annotated[str | UnsetType, Meta(description="What the caller says.")] = UNSET
    agent: Annotated[str | UnsetType, Meta(description="What the agent says.")] = UNSET
    at: Annotated[Seconds | None, Meta(description="Time since the answer; after the previous turn unless set.")] = None


class CallScript(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a call goes."""

    answer_after: Annotated[Seconds | None, Meta(description="How long it rings.")] = None
    turns: Annotated[list[Turn] | None, Meta(description="What is said; a stock dialogue unless set.")] = None
    outcome: Annotated[str | None, Meta(description="The outcome, in the vendor's word: order, booking.")] = None
    duration: Annotated[
        Seconds | None, Meta(description="Time from answer to end; as long as the turns last unless set.")
    ] = None
    recording: Annotated[bool | None, Meta(description="Whether it is recorded.")] = None
    voicemail: Annotated[str | None, Meta(description="The voicemail that the caller leaves.")] = None
    language: Annotated[str | None, Meta(description="The voicemail's language, ISO 639-1: fr.")] = None
    translation: Annotated[str | None, Meta(description="What the voicemail says in English.")] = None
    summary: Annotated[str | None, Meta(description="A summary of the voicemail.")] = None
    analysis: Annotated[
        dict[str, Any] | None, Meta(description="The result of the vendor's analysis, by the vendor's own names.")
    ] = None


class Call(CallScript, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An inbound call to a number of the account. It rings at once and then lives on the account's clock."""

    to: Annotated[str, Meta(description="The number called, E.164: $number.phone_number.")]
    from_: Annotated[str, Meta(description="The caller's number, E.164.")] = msgspec.field(name="from")
    end: Annotated[
        Literal["completed", "no_answer", "busy", "failed"] | None,
        Meta(description="How it ends; completed unless set."),
    ] = None


class Script(CallScript, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next outbound call or message that matches."""

    to: Annotated[str | None, Meta(description="The number it goes to; any unless set.")] = None
    from_: Annotated[str | None, Meta(description="Its sender.")] = msgspec.field(name="from", default=None)
    tag: Annotated[str | None, Meta(description="Its tag.")] = None
    end: Annotated[
        Literal["completed", "no_answer", "busy", "failed", "undelivered"] | None,
        Meta(description="How it ends; completed unless set. A message ends completed, failed or undelivered."),
    ] = None
    failure_code: Annotated[str | None, Meta(description="Why a message fails.")] = None
    delivered_after: Annotated[
        Seconds | None, Meta(description="Time from sending a message to its delivery receipt.")
    ] = None


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An inbound message to a number of the account."""

    to: Annotated[str, Meta(description="The recipient, E.164.")]
    from_: Annotated[str, Meta(description="The sender's number, E.164.")] = msgspec.field(name="from")
    body: Annotated[str, Meta(description="The text.")]
    media_urls: Annotated[list[str], Meta(description="URLs of pictures or files.")] = []
    group: Annotated[list[str], Meta(description="The other recipients, E.164.")] = []


# -- then ------------------------------------------------------------------------------------------------------------


class ExpectedResponse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The expected response to a request. Without an expected status it must be a success (2xx)."""

    status: Annotated[Any, Meta(description="The HTTP status.")] = UNSET
    headers: Annotated[Any, Meta(description="Response headers, named in lower case.")] = UNSET
    body: Annotated[Any, Meta(description="The JSON body, or its text where it is not JSON.")] = UNSET
    size: Annotated[Any, Meta(description="The length of the body in bytes.")] = UNSET
    failure: Annotated[Any, Meta(description="How the connection broke, where no whole response came.")] = UNSET


class Webhooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The requests that a receiver got, oldest first."""

    receiver: Annotated[str, Meta(description="Which receiver.")]
    arrived: Annotated[Any, Meta(description="The expected list of requests; each has method, path, headers and body.")]
    signed: Annotated[str | None, Meta(description="The secret that every request must be signed with.")] = None


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One check of the present state."""

    request: Annotated[Request | None, Meta(description="A request to the vendor's API.")] = None
    webhooks: Annotated[Webhooks | None, Meta(description="The requests that a receiver got.")] = None
    balance: Annotated[Any, Meta(description='The account\'s balance in USD: "19.78".')] = UNSET
    ledger: Annotated[Any, Meta(description="The account's ledger entries, oldest first.")] = UNSET
    deliveries: Annotated[Any, Meta(description="The account's webhook events and their attempts.")] = UNSET
    account: Annotated[Any, Meta(description="The account as the control API shows it.")] = UNSET
    timeline: Annotated[
        Items | None, Meta(description="Journal entries in this order; others may be between them.")
    ] = None
    note: Annotated[str | None, Meta(description="What this step means; reports show it.")] = None
    save: Annotated[str | None, Meta(description="Save the response under this name for later steps.")] = None
    expect: Annotated[
        Any,
        Meta(description="For a request: status, headers, body, size. For other steps: the control API's response."),
    ] = UNSET


class Step(Check, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happens, or one check between."""

    call: Annotated[Call | None, Meta(description="An inbound call.")] = None
    text: Annotated[Text | None, Meta(description="An inbound message.")] = None
    advance: Annotated[
        Advance | None,
        Meta(description="Advance the clock: by 2m, 1h30m, 31d, 1mo, or by idle until nothing is pending."),
    ] = None
    until: Annotated[str | None, Meta(description="Advance the clock to this instant, ISO 8601.")] = None
    fund: Annotated[Amount | None, Meta(description='Add money, or with a minus take it away: "10.00".')] = None
    settings: Annotated[dict[str, Any] | None, Meta(description="Change settings of the account.")] = None
    fault: Annotated[Fault | None, Meta(description="Set a fault.")] = None
    script: Annotated[Script | None, Meta(description="Set how the next outbound call or message goes.")] = None
    receiver: Annotated[
        dict[str, Literal["up", "down"] | Answers] | None,
        Meta(description="Take a receiver down (it refuses connections) or up, or change its responses."),
    ] = None
    control: Annotated[Control | None, Meta(description="A request to the emulator's control API.")] = None


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario: given an account, when things happen, then this must hold."""

    name: Annotated[str, Meta(min_length=1, max_length=120, description="What happens, in a few words.")]
    vendor: Annotated[str, Meta(description="The vendor whose API it uses.")]
    when: Annotated[list[Step], Meta(min_length=1, description="The steps, in order.")]
    then: Annotated[list[Check], Meta(min_length=1, description="The checks afterwards.")]
    description: Annotated[str, Meta(description="Why a user cares, in two or three sentences.")] = ""
    given: Annotated[Given, Meta(description="What exists before the first step.")] = Given()


MODIFIERS = ("note", "save", "expect")
CHECKS = tuple(name for name in Check.__struct_fields__ if name not in MODIFIERS)
VERBS = tuple(name for name in Step.__struct_fields__ if name not in MODIFIERS)
PARTS: tuple[type[Struct], ...] = (
    Scenario,
    Given,
    Account,
    Key,
    Receiver,
    Fault,
    Effect,
    Step,
    Check,
    Request,
    Control,
    Call,
    Script,
    Turn,
    Text,
    ExpectedResponse,
    Webhooks,
)
"""Every type of a scenario file, in the order of a file."""


def verb_of(step: Check) -> str:
    """Return the name of the one thing that a step does."""
    return next(name for name in VERBS if getattr(step, name, None) not in (None, UNSET))
