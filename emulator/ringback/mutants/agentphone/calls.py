"""Mutants of calls: placed, driven by a webhook, recorded, charged."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.ledger import CENT
from ringback.gateway.webhook_response import LineListener, WebhookResponse
from ringback.mutants.agentphone.registry import mutant
from ringback.mutants.patching import Original
from ringback.mutants.traffic import (
    MutableResponse,
    code,
    drop_header,
    drop_query,
    error,
    respond,
    set_header,
    set_query,
    status,
)
from ringback.mutants.transforms import apply, drop, set_default, set_to, swap
from ringback.mutants.webhooks import withhold
from ringback.vendors.agentphone.events import EventView
from ringback.vendors.agentphone.prices import CALL_MINUTE
from ringback.vendors.agentphone.records import Webhook
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.rules.calls import Calls
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.turns import Turns
from ringback.vendors.agentphone.rules.webhooks import Webhooks

RINGING_SECONDS = 4
SHOWS = ("listCalls", "listNumberCalls", "listAgentCalls", "getCall")


def _set_on(calls: str, name: str, value: Any) -> tuple[Any, Any]:
    """Set a member of the calls that a selector matches, in lists and in the response of one call."""
    return set_to(f"data{calls}.{name}", value), set_to(f"{calls}.{name}", value)


# -- placed ------

mutant("calls.ring-first", "AGP-CALL-1", "A call that was just placed is ringing.").response(
    set_to("status", "ringing"), on="createCall"
)
mutant("calls.without-transcripts", "AGP-CALL-1", "A call that was just placed has no transcripts.").response(
    drop("transcripts"), on="createCall"
)
mutant("calls.duration-with-ringing", "AGP-CALL-1", "durationSeconds counts the ringing too.", "AGP-CALL-8").response(
    apply("durationSeconds", lambda seconds: seconds + RINGING_SECONDS if seconds else seconds), on="getCall"
)
mutant("calls.busy-is-failed", "AGP-CALL-1", "A busy call is shown as failed.").response(
    set_to("[status=busy].status", "failed"), on="getCall"
)


def _first_turn(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "lastTranscriptSnippet": call["transcripts"][0]["transcript"]} if call["transcripts"] else call


mutant("calls.snippet-is-the-first", "AGP-CALL-1", "lastTranscriptSnippet is the first turn.").response(
    apply("", _first_turn), on="getCall"
)
mutant("calls.end-does-nothing", "AGP-CALL-1", "Ending a call does nothing.").instead(
    Calls.hang_up, lambda _, own, call: own.calls.view_with_turns(call)
)
mutant("calls.second-end-is-409", "AGP-CALL-1", "Ending a call that has ended is answered 409.").response(
    error(409, "CALL_NOT_FOUND", kind="conflict_error"),
    on="endCall",
    when=lambda response: response.status < 300 and response.document["endedAt"] is not None,
)
mutant("calls.wait-is-ignored", "AGP-CALL-1", "A request that waits for a call is answered at once.").request(
    drop_query("wait"), on="getCall"
)
mutant("calls.wait-of-any-length", "AGP-CALL-1", "A wait out of its range is accepted.").request(
    set_query(timeout="10"), on="getCall", when=lambda request: request.query.get("timeout") in ("9", "301")
)
for _name, *_also in (("status",), ("direction",), ("search",), ("type", "AGP-CALL-7", "AGP-SDK-1")):
    mutant(f"calls.{_name}-is-ignored", "AGP-CALL-1", f"The list of calls is not filtered by {_name}.", *_also).request(
        drop_query(_name), on="listCalls"
    )

# -- driven by a webhook ------

mutant("voice.ndjson-is-silence", "AGP-CALL-2", "Lines of JSON are silence.").instead(
    Webhooks.ask,
    lambda ask, own, webhook, view, subject, answered, line=None: ask(webhook, view, subject, answered, lambda _: True),
)
mutant("voice.interim-closes-the-turn", "AGP-CALL-2", "The first line closes the turn, interim or not.").instead(
    Turns.act, lambda act, own, call, detail, response: act(call, detail, {**response, "interim": False})
)
mutant(
    "voice.says-what-follows-the-last-line", "AGP-CALL-2", "Lines after the one that closes the turn are said."
).result(Turns.act, lambda more, own, call, detail, response: True)


def _ignored(name: str, description: str, ignored: Callable[[str, object], bool]) -> None:
    """Register a mutant that ignores members of a response."""

    def rest(response: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in response.items() if not ignored(key, value)}

    mutant(f"voice.{name}", "AGP-CALL-2", description).instead(
        Turns.act, lambda act, own, call, detail, response: act(call, detail, rest(response))
    )


_ignored("hangup-is-ignored", "hangup is ignored.", lambda key, _: key == "hangup")
_ignored("action-hangup-is-ignored", "An action of hangup is ignored.", lambda _, value: value == "hangup")
_ignored("transfer-is-ignored", "A transfer is ignored.", lambda _, value: value == "transfer")
_ignored("digits-are-ignored", "digits are ignored.", lambda key, _: key == "digits")
_ignored("dtmf-is-ignored", "dtmf does not mean digits.", lambda key, _: key == "dtmf")
_ignored("press-digit-is-ignored", "press_digit does not mean digits.", lambda key, _: key == "press_digit")


def _responded(name: str, description: str, change: Callable[[WebhookResponse], None]) -> None:
    """Register a mutant that changes a webhook's response before the agent acts on it."""

    @mutant(f"voice.{name}", "AGP-CALL-2", description).patch(Webhooks.ask)
    def _ask(
        ask: Original,
        _: AgentPhone,
        webhook: Webhook,
        view: EventView,
        subject: str,
        answered: Callable[[WebhookResponse], None],
        line: LineListener | None = None,
    ) -> str | None:
        def changed(response: WebhookResponse) -> None:
            change(response)
            answered(response)

        id_: str | None = ask(webhook, view, subject, changed, line)
        return id_


def _accept_error(response: WebhookResponse) -> None:
    if response.status == 500 and response.body:
        response.status = 200


def _quote_text(response: WebhookResponse) -> None:
    if response.body.startswith(b"not json"):
        response.body = json.dumps({"text": response.body.decode()}).encode()


def _unwrap_array(response: WebhookResponse) -> None:
    if response.body.startswith(b"["):
        response.body = b'{"text": "text"}'


def _hang_up(response: WebhookResponse) -> None:
    if response.status is None:
        response.status, response.error, response.body = 200, None, b'{"hangup": true}'


_responded("an-error-is-said", "The body of an error is said.", _accept_error)
_responded("plain-text-is-said", "Text that is no JSON is said.", _quote_text)
_responded("an-array-is-said", "The first text of an array is said.", _unwrap_array)
_responded("no-answer-hangs-up", "Without a response the agent hangs up.", _hang_up)


@mutant(
    "voice.greeting-is-dropped", "AGP-CALL-2", "An outbound call by webhook does not begin with its greeting."
).patch(Calls.on_changed)
def _greeting_is_dropped(on_changed: Original, own: AgentPhone, call: Call) -> None:
    detail = own.data.calls[call.id]
    if detail.interactive:
        detail.greeting = None
    on_changed(call)


mutant("voice.turns-name-us-as-the-caller", "AGP-CALL-2", "A turn says that our number called.").webhook(
    swap("[channel=voice].data.from", "to"), on="agent.message"
)
mutant(
    "voice.hangup-is-the-users", "AGP-CALL-2", "The event of a call says user_hangup when the agent hung up."
).webhook(set_to("data[disconnectionReason=agent_hangup].disconnectionReason", "user_hangup"), on="agent.call_ended")


@mutant("voice.asked-twice", "AGP-CALL-2", "A webhook that responds with an error is asked again.").patch(Webhooks.ask)
def _asked_twice(
    ask: Original,
    _: AgentPhone,
    webhook: Webhook,
    view: EventView,
    subject: str,
    answered: Callable[[WebhookResponse], None],
    line: LineListener | None = None,
) -> str | None:
    def ask_again(response: WebhookResponse) -> None:
        if response.status == 500:
            ask(webhook, view, subject, answered, line)
        else:
            answered(response)

    id_: str | None = ask(webhook, view, subject, ask_again if view.channel == "voice" else answered, line)
    return id_


# -- transcripts and recordings ------

mutant("transcript.without-a-plain-list", "AGP-CALL-3", "A transcript has no plain list.", "AGP-SDK-1").response(
    drop("transcript"), on="getTranscript"
)
mutant("transcript.roles-are-swapped", "AGP-CALL-3", "The plain list has the roles swapped.").response(
    apply("transcript[].role", lambda role: "agent" if role == "user" else "user"), on="getTranscript"
)
mutant("stream.without-a-charset", "AGP-CALL-3", "The stream does not say that it is UTF-8.", "AGP-SDK-1").response(
    set_header("content-type", "text/event-stream"), on="streamTranscript"
)


def _without_end(response: MutableResponse[AgentPhone]) -> None:
    response.body = response.body.partition(b"event: ended")[0]


def _without_turns(response: MutableResponse[AgentPhone]) -> None:
    blocks = response.body.split(b"\n\n")
    response.body = b"\n\n".join(block for block in blocks if not block.startswith(b"event: turn"))


mutant("stream.without-an-end", "AGP-CALL-3", "The stream of an ended call has no end event.", "AGP-SDK-1").response(
    _without_end, on="streamTranscript"
)
mutant("stream.without-the-past", "AGP-CALL-3", "The stream leaves out earlier turns.", "AGP-SDK-1").response(
    _without_turns, on="streamTranscript"
)
mutant("stream.of-nothing-is-200", "AGP-CALL-3", "The stream of an unknown call is empty.", "AGP-AUTH-2").response(
    respond(200, b""), on="streamTranscript", when=status(404)
)
mutant("recording.needs-a-key", "AGP-CALL-3", "A recording cannot be downloaded without a key.").response(
    error(401, "UNAUTHORIZED"),
    on="downloadRecording",
    when=lambda response: not response.request.header("authorization"),
)
mutant("recording.without-a-name", "AGP-CALL-3", "A recording has no file name.").response(
    drop_header("content-disposition"), on="downloadRecording"
)


def _halve(response: MutableResponse[AgentPhone]) -> None:
    response.body = response.body[: len(response.body) // 2]


mutant("recording.is-cut", "AGP-CALL-3", "A recording is shorter than its call.").response(
    _halve, on="downloadRecording"
)
mutant("recording.of-everything", "AGP-CALL-3", "A call without a recording has an empty one.").response(
    respond(200, b""), on="downloadRecording", when=code("RECORDING_NOT_FOUND")
)
mutant("recording.cannot-be-disabled", "AGP-CALL-3", "disableRecording is ignored.").request(
    drop("disableRecording"), on="createCall"
)
mutant("recording.address-when-it-is-off", "AGP-CALL-3", "recordingUrl is shown where recording is off.").response(
    apply("", lambda call: {**call, "recordingUrl": f"https://api.agentphone.ai/v1/calls/{call['id']}/recording"}),
    on="getCall",
)

# -- numbers and prompts ------

mutant("calls.from-any-number", "AGP-CALL-4", "A call can come from a number that is not the agent's.").instead(
    Calls.caller_number,
    lambda caller_number, own, agent, id_: (
        own.data.number(agent.account, id_) if id_ is not None else caller_number(agent, id_)
    ),
)
mutant(
    "calls.from-the-last-number", "AGP-CALL-4", "A call comes from the agent's last number.", "AGP-MSG-1", "AGP-AGT-1"
).result(Data.numbers_of, lambda numbers, own, agent: numbers[::-1])
mutant("calls.number-is-ignored", "AGP-CALL-4", "fromNumberId is ignored.", "AGP-SDK-1").request(
    drop("fromNumberId"), on="createCall"
)
mutant("calls.to-is-mended", "AGP-CALL-4", "A number without a country code becomes a US number.").request(
    set_to("[toNumber=4155550177].toNumber", "+14155550177"), on="createCall"
)
mutant("prompt.is-ignored", "AGP-CALL-5", "systemPrompt does not make a call hosted.", "AGP-CALL-6").request(
    drop("systemPrompt"), on="createCall"
)
mutant("prompt.names-stay-open", "AGP-CALL-5", "variables are ignored.").request(drop("variables"), on="createCall")
mutant("prompt.first-name-alone", "AGP-CALL-5", "Only the first variable is replaced.").request(
    apply(
        "variables", lambda variables: dict(list(variables.items())[:1]) if isinstance(variables, dict) else variables
    ),
    on="createCall",
)
mutant(
    "prompt.without-one-is-hosted", "AGP-CALL-5", "A call that nothing drives becomes a hosted one.", "AGP-CALL-6"
).request(
    set_default("systemPrompt", "Hello."),
    on="createCall",
    when=lambda request: isinstance(request.document, dict) and len(request.document) == 2,
)

# -- charges ------


def _is_hosted(own: AgentPhone, call: str) -> bool:
    detail = own.data.calls.get(call)
    return detail is not None and detail.voice_mode == "hosted"


def _whole_minutes(own: AgentPhone, call: str, amount: int) -> int:
    detail = own.data.calls[call]
    return -(-detail.seconds // 60) * CALL_MINUTE[detail.voice_mode] if detail.seconds else amount


mutant("calls.hosted-at-the-other-rate", "AGP-CALL-6", "A hosted minute costs as much as one by webhook.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, amount * 13 // 22 if cause == "call" and _is_hosted(own, ref) else amount, cause, ref
    ),
)
mutant("calls.by-the-minute", "AGP-CALL-6", "Calls are charged by the minute begun.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, _whole_minutes(own, ref, amount) if cause == "call" else amount, cause, ref
    ),
)
mutant("calls.busy-costs", "AGP-CALL-6", "A busy call costs a cent.").instead(
    Money.charge,
    lambda charge, own, account, amount, cause, ref: charge(
        account, CENT if cause == "call" and not amount else amount, cause, ref
    ),
)
mutant("calls.on-credit", "AGP-CALL-6", "A call is placed without money.", "AGP-ERR-2").instead(
    Money.check,
    lambda check, own, account, price: check(account, 0 if price in CALL_MINUTE.values() else price),
)

# -- web calls ------

mutant("web.token-of-all", "AGP-CALL-7", "All web calls have one token.").response(
    set_to("accessToken", "wct_1"), on="createWebCall"
)
mutant("web.without-a-token", "AGP-CALL-7", "A web call has no token.", "AGP-SDK-1").response(
    drop("accessToken"), on="createWebCall"
)
mutant("web.is-outbound", "AGP-CALL-7", "A web call is shown as outbound.").response(
    *_set_on("[direction=web]", "direction", "outbound"), on=SHOWS
)
mutant("web.is-pstn", "AGP-CALL-7", "Calls of type pstn are all calls.", "AGP-SDK-1").request(
    drop_query("type"), on="listCalls", when=lambda request: request.query.get("type") == "pstn"
)

# -- inbound calls ------

mutant("inbound.from-us", "AGP-CALL-8", "An inbound call is shown as from our number.").response(
    swap("data[direction=inbound].fromNumber", "toNumber"),
    swap("[direction=inbound].fromNumber", "toNumber"),
    on=SHOWS,
)
mutant("inbound.without-its-agent", "AGP-CALL-8", "An inbound call has no agent.").response(
    *_set_on("[direction=inbound]", "agentId", None), on=SHOWS
)
mutant("inbound.not-of-the-number", "AGP-CALL-8", "A number's calls are those it placed.").response(
    drop("data[direction=inbound]"), on="listNumberCalls"
)
mutant(
    "inbound.end-in-silence", "AGP-CALL-8", "The end of an inbound call sends no event.", "AGP-CALL-2", "AGP-HOOK-3"
).webhook(withhold, on="agent.call_ended", when=lambda event: event.document["data"]["direction"] == "inbound")
mutant("inbound.missed-is-busy", "AGP-CALL-8", "An inbound call that was not answered is shown as busy.").response(
    apply("[direction=inbound].status", lambda shown: "busy" if shown == "no-answer" else shown), on="getCall"
)
