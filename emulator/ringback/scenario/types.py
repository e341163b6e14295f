"""A story's parts, typed. What stands here is what a scenario file may hold; the editors' schema is made from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ringback.scenario import durations

Amount = Annotated[str, Meta(pattern=r"^-?\d{1,12}(\.\d{1,6})?$")]
Status = Annotated[int, Meta(ge=200, le=599)]
ApiError = Annotated[int, Meta(ge=400, le=599)]
Count = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=0)]
Rate = Annotated[float, Meta(ge=0, le=1)]
Items = Annotated[list[Any], Meta(min_length=1)]


class Reply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer with a body, for who reads it."""

    status: Annotated[Status, Meta(description="The HTTP status.")] = 200
    json: Annotated[Any, Meta(description="A JSON document.")] = None
    lines: Annotated[Items | None, Meta(description="JSON documents, one a line (NDJSON).")] = None


Answers = Annotated[list[Status | Literal["hang"] | Reply], Meta(min_length=1)]


CLOCK = "2026-03-01T09:00:00Z"
"""When a story begins that does not say."""


class Seconds(float):
    """A length of time in seconds, written `90`, `45s`, `2m`, `1h30m`, `3d`."""


class Advance:
    """How far time moves: `span`, or None until nothing is under way. Written as a duration or `idle`."""

    def __init__(self, span: durations.Span | None) -> None:
        self.span = span


def decode(kind: type, value: Any) -> Any:
    """Read a value of a type that is ours. Raises ValueError; a `dec_hook` for msgspec."""
    if kind is Seconds:
        return Seconds(durations.seconds(value))
    if kind is Advance:
        return Advance(None if value == "idle" else durations.parse(value))
    raise NotImplementedError(kind)


def encode(value: Any) -> Any:
    """Plain data for a value of a type that is ours; an `enc_hook` for msgspec."""
    if isinstance(value, Seconds):
        return float(value)
    raise NotImplementedError(type(value))


# -- given -----------------------------------------------------------------------------------------------------------


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An API key of the account."""

    scope: Annotated[str | None, Meta(description="What the key may do, where the vendor has scopes.")] = None
    kind: Annotated[str | None, Meta(description="The sort of key, where the vendor has several.")] = None
    allowlist: Annotated[list[str], Meta(description="Addresses or CIDR blocks that may use it; all when empty.")] = []
    rate_limit: Annotated[
        int | UnsetType | None,
        Meta(description="Requests a minute; null lifts it, left out it is the vendor's."),
    ] = UNSET
    agent_handle: Annotated[str | None, Meta(description="The agent a key belongs to, where keys do.")] = None


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account that the story is about."""

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
            description="HTTP statuses, or answers with bodies, for the requests in turn, the last for all further "
            "ones; `hang` never answers."
        ),
    ] = msgspec.field(default_factory=lambda: [200])
    up: Annotated[bool, Meta(description="Whether it listens from the start; false refuses connections.")] = True


class Effect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes wrong: one of status, latency, reset, truncate, webhook."""

    status: Annotated[ApiError | None, Meta(description="The HTTP status to answer with.")] = None
    code: Annotated[str | None, Meta(description="The vendor's error code that goes with the status.")] = None
    latency: Annotated[Seconds | None, Meta(description="Real time before the answer.")] = None
    reset: Annotated[bool, Meta(description="The connection ends without an answer.")] = False
    truncate: Annotated[Bytes | None, Meta(description="The answer ends after so many bytes.")] = None
    webhook: Annotated[
        Literal["duplicate", "drop", "delay", "reorder", "bad_signature"] | None,
        Meta(description="What happens to a webhook event."),
    ] = None


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that goes wrong for this account. It strikes always, or as first, every or probability say."""

    effect: Annotated[Effect, Meta(description="What goes wrong.")]
    operation: Annotated[str | None, Meta(description="Which operation of the API, such as createNumber.")] = None
    method: Annotated[str | None, Meta(description="With path, in place of operation.")] = None
    path: Annotated[str | None, Meta(description="With method, in place of operation.")] = None
    event: Annotated[str | None, Meta(description="Which webhook event, for a webhook effect.")] = None
    first: Annotated[Count | None, Meta(description="Strikes so many times, then no more.")] = None
    every: Annotated[Count | None, Meta(description="Strikes every so many times: 3 is each third.")] = None
    probability: Annotated[Rate | None, Meta(description="Strikes by chance, drawn from the seed.")] = None


class Given(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything before the story."""

    clock: Annotated[str, Meta(description="When it begins, ISO 8601.")] = CLOCK
    account: Annotated[Account, Meta(description="The account that the story is about.")] = Account()
    receivers: Annotated[
        dict[str, Receiver], Meta(description="Named webhook receivers; their address is $name.url.")
    ] = {}
    faults: Annotated[list[Fault], Meta(description="What goes wrong from the start.")] = []


# -- when ------------------------------------------------------------------------------------------------------------


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to the vendor's API, with the account's key."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="The HTTP method.")]
    path: Annotated[
        Annotated[str, Meta(pattern="^/")] | None, Meta(description="The vendor's path, from its root: /v1/numbers.")
    ] = None
    url: Annotated[
        str | None, Meta(description="In place of path: a whole address from an answer. Sent without a key.")
    ] = None
    query: Annotated[dict[str, Any], Meta(description="Query parameters.")] = {}
    headers: Annotated[
        dict[str, str | None], Meta(description="Further headers; null leaves one out, Authorization too.")
    ] = {}
    body: Annotated[Any, Meta(description="Sent as JSON.")] = UNSET
    raw: Annotated[str | UnsetType, Meta(description="Sent as it stands, in place of body.")] = UNSET
    key: Annotated[str | None, Meta(description="Which of the account's keys; the first when left out.")] = None


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to the emulator's control API, for what has no step of its own."""

    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="The HTTP method.")]
    path: Annotated[str, Meta(pattern="^/", description="What follows /_ringback: /accounts/$account.account_id/keys.")]
    body: Annotated[Any, Meta(description="Sent as JSON.")] = UNSET


class Turn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing said on a call, by the caller or by the agent."""

    caller: Annotated[str | UnsetType, Meta(description="What the caller says.")] = UNSET
    agent: Annotated[str | UnsetType, Meta(description="What the agent says.")] = UNSET
    at: Annotated[Seconds | None, Meta(description="Since the answer; after the turn before when left out.")] = None


class Conduct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a call goes."""

    answer_after: Annotated[Seconds | None, Meta(description="How long it rings.")] = None
    turns: Annotated[list[Turn] | None, Meta(description="What is said; a stock dialogue when left out.")] = None
    outcome: Annotated[str | None, Meta(description="What came of it, in the vendor's word: order, booking.")] = None
    duration: Annotated[Seconds | None, Meta(description="From answer to end; as long as the talk lasts.")] = None
    recording: Annotated[bool | None, Meta(description="Whether it is recorded.")] = None
    voicemail: Annotated[str | None, Meta(description="What the caller leaves on the machine.")] = None
    language: Annotated[str | None, Meta(description="The voicemail's language, in two small letters: fr.")] = None
    translation: Annotated[str | None, Meta(description="What the voicemail says in English.")] = None
    summary: Annotated[str | None, Meta(description="What the voicemail comes to.")] = None
    analysis: Annotated[
        dict[str, Any] | None, Meta(description="What the vendor's analysis makes of it, by the vendor's own names.")
    ] = None


class Call(Conduct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody calls a number of the account. The call rings at once and then lives on the clock."""

    to: Annotated[str, Meta(description="The number called, E.164: $number.phone_number.")]
    from_: Annotated[str, Meta(description="Who calls, E.164.")] = msgspec.field(name="from")
    end: Annotated[
        Literal["completed", "no_answer", "busy", "failed"] | None, Meta(description="How it ends; completed.")
    ] = None


class Script(Conduct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What happens to the next outbound call or message that matches."""

    to: Annotated[str | None, Meta(description="The number it goes to; any when left out.")] = None
    from_: Annotated[str | None, Meta(description="Its sender.")] = msgspec.field(name="from", default=None)
    tag: Annotated[str | None, Meta(description="Its tag.")] = None
    end: Annotated[
        Literal["completed", "no_answer", "busy", "failed", "undelivered"] | None,
        Meta(description="How it ends; completed. A message ends completed, failed or undelivered."),
    ] = None
    failure_code: Annotated[str | None, Meta(description="Why a message fails.")] = None
    delivered_after: Annotated[Seconds | None, Meta(description="From sending a message to its receipt.")] = None


class Text(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody sends a message to a number of the account."""

    to: Annotated[str, Meta(description="The number written to, E.164.")]
    from_: Annotated[str, Meta(description="Who writes, E.164.")] = msgspec.field(name="from")
    body: Annotated[str, Meta(description="The text.")]
    media_urls: Annotated[list[str], Meta(description="Pictures and the like.")] = []
    group: Annotated[list[str], Meta(description="The others who get it, E.164.")] = []


# -- then ------------------------------------------------------------------------------------------------------------


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a request is to be answered with. A request without an expected status must succeed (2xx)."""

    status: Annotated[Any, Meta(description="The HTTP status.")] = UNSET
    headers: Annotated[Any, Meta(description="Response headers, named in lower case.")] = UNSET
    body: Annotated[Any, Meta(description="The JSON answer, or its text where it is not JSON.")] = UNSET
    size: Annotated[Any, Meta(description="The length of the answer's body in bytes.")] = UNSET
    failure: Annotated[Any, Meta(description="How the connection broke, where no whole answer came.")] = UNSET


class Webhooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What really arrived at a receiver, oldest first."""

    receiver: Annotated[str, Meta(description="Which receiver.")]
    arrived: Annotated[
        Any, Meta(description="What the list of requests must be; each has method, path, headers, body, answered.")
    ]
    signed: Annotated[str | None, Meta(description="The secret that every request must be signed with.")] = None


class Look(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One look at how things are now."""

    request: Annotated[Request | None, Meta(description="A request to the vendor's API.")] = None
    webhooks: Annotated[Webhooks | None, Meta(description="What arrived at a receiver.")] = None
    balance: Annotated[Any, Meta(description='What the account has: "19.78".')] = UNSET
    ledger: Annotated[Any, Meta(description="The account's money movements, oldest first.")] = UNSET
    deliveries: Annotated[Any, Meta(description="The account's webhook events and their attempts.")] = UNSET
    account: Annotated[Any, Meta(description="The account as the control API shows it.")] = UNSET
    timeline: Annotated[
        Items | None, Meta(description="Journal entries that happened in this order; others may lie between.")
    ] = None
    note: Annotated[str | None, Meta(description="What this step means, shown in reports.")] = None
    save: Annotated[str | None, Meta(description="Keep the answer under this name for later steps.")] = None
    expect: Annotated[
        Any, Meta(description="For a request: status, headers, body, size. For the others: the control API's answer.")
    ] = UNSET


class Step(Look, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happens, or one look on the way."""

    call: Annotated[Call | None, Meta(description="Somebody calls.")] = None
    text: Annotated[Text | None, Meta(description="Somebody sends a message.")] = None
    advance: Annotated[
        Advance | None, Meta(description="Time passes: 2m, 1h30m, 31d, 1mo, or idle, until nothing is under way.")
    ] = None
    until: Annotated[str | None, Meta(description="Time passes until this instant, ISO 8601.")] = None
    fund: Annotated[Amount | None, Meta(description='Money comes in, or with a minus goes: "10.00".')] = None
    settings: Annotated[dict[str, Any] | None, Meta(description="Settings of the account change.")] = None
    fault: Annotated[Fault | None, Meta(description="Something begins to go wrong.")] = None
    script: Annotated[Script | None, Meta(description="How the next outbound call or message will go.")] = None
    receiver: Annotated[
        dict[str, Literal["up", "down"] | Answers] | None,
        Meta(description="A receiver goes down (refuses connections), up, or changes its answers."),
    ] = None
    control: Annotated[Control | None, Meta(description="A request to the emulator's control API.")] = None


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A story for the emulator: given an account, when things happen, then this holds."""

    name: Annotated[str, Meta(min_length=1, max_length=120, description="The story in a few words.")]
    vendor: Annotated[str, Meta(description="Whose API it is about.")]
    when: Annotated[list[Step], Meta(min_length=1, description="What happens, in order.")]
    then: Annotated[list[Look], Meta(min_length=1, description="What must hold afterwards.")]
    story: Annotated[str, Meta(description="Two or three sentences: why a user cares.")] = ""
    given: Annotated[Given, Meta(description="Everything before the story.")] = Given()


MODIFIERS = ("note", "save", "expect")
LOOKS = tuple(name for name in Look.__struct_fields__ if name not in MODIFIERS)
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
    Look,
    Request,
    Control,
    Call,
    Script,
    Turn,
    Text,
    Answer,
    Webhooks,
)
"""Every type of a scenario file, in the order in which they are met."""


def verb_of(step: Look) -> str:
    """The one thing that a step does."""
    return next(name for name in VERBS if getattr(step, name, None) not in (None, UNSET))
