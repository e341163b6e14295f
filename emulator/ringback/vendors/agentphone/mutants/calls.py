"""Mutants of calls: placed, driven by a webhook, on record, paid."""

from __future__ import annotations

import json
from typing import Any

from ringback.carrier.ledger import CENT
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.mutants.register import (
    CALLS,
    ONE_AGENT,
    ONE_CALL,
    ONE_NUMBER,
    REGISTRY,
    Thing,
    at,
    backend,
    charged,
    fine,
    forget,
    query,
    refuse,
    rewrite,
    rows,
    sent,
    show,
)

RINGING = 4
STREAM = f"{ONE_CALL}/transcript/stream"
RECORDING = f"{ONE_CALL}/recording"
MINUTE_OF_ANY_CALL = (13 * CENT, 22 * CENT)


def _calls(answer: MutableResponse, change: Any) -> None:
    """Change a call, or each of a list, wherever calls are shown."""
    if fine(answer, "GET", f"({CALLS}|{ONE_NUMBER}/calls|{ONE_AGENT}/calls)"):
        rows(answer, change)
    elif fine(answer, "GET", ONE_CALL):
        show(answer, change)


# -- placed ------


@REGISTRY.on_response("calls.ring-first", "AGP-CALL-1", "A call that was just placed is ringing.")
def _ring_first(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", CALLS):
        show(answer, lambda call: call.update(status="ringing"))


@REGISTRY.on_response("calls.without-transcripts", "AGP-CALL-1", "A call that was just placed has no transcripts.")
def _without_transcripts(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", CALLS):
        show(answer, lambda call: call.pop("transcripts"))


@REGISTRY.on_response(
    "calls.duration-with-ringing",
    "AGP-CALL-1",
    "durationSeconds counts the ringing too.",
    "AGP-CALL-8",
)
def _duration_with_ringing(answer: MutableResponse, _: Emulator) -> None:
    def longer(call: Thing) -> None:
        if call["durationSeconds"]:
            call["durationSeconds"] += RINGING

    if fine(answer, "GET", ONE_CALL):
        show(answer, longer)


@REGISTRY.on_response("calls.busy-is-failed", "AGP-CALL-1", "A call that was busy is shown as failed.")
def _busy_is_failed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CALL):
        show(answer, lambda call: call.update(status="failed") if call["status"] == "busy" else None)


@REGISTRY.on_response("calls.snippet-is-the-first", "AGP-CALL-1", "lastTranscriptSnippet is what was said first.")
def _snippet_is_the_first(answer: MutableResponse, _: Emulator) -> None:
    def first(call: Thing) -> None:
        if call.get("transcripts"):
            call["lastTranscriptSnippet"] = call["transcripts"][0]["transcript"]

    if fine(answer, "GET", ONE_CALL):
        show(answer, first)


@REGISTRY.on_start("calls.end-does-nothing", "AGP-CALL-1", "Ending a call does nothing.")
def _end_does_nothing(emulator: Emulator) -> None:
    phones = backend(emulator).calls
    patch(phones, "hang_up", lambda _: lambda account, id_: phones.view_in_full(phones.of(account, id_)))


@REGISTRY.on_response("calls.second-end-is-409", "AGP-CALL-1", "Ending a call that is over is answered 409.")
def _second_end_is_409(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", f"{ONE_CALL}/end") and (answer.json() or {}).get("endedAt"):
        refuse(answer, 409, "CALL_NOT_FOUND", "conflict_error")


@REGISTRY.on_request("calls.wait-is-ignored", "AGP-CALL-1", "A request that waits for a call is answered at once.")
def _wait_is_ignored(asked: Request) -> None:
    if at(asked, "GET", ONE_CALL):
        forget(asked, "wait")


@REGISTRY.on_request("calls.wait-of-any-length", "AGP-CALL-1", "A wait out of its range is brought within it.")
def _wait_of_any_length(asked: Request) -> None:
    if at(asked, "GET", ONE_CALL):
        query(asked, lambda named: named.update(timeout="10") if named.get("timeout") in ("9", "301") else None)


def _filter(name: str, *touches: str) -> None:
    @REGISTRY.on_request(
        f"calls.{name}-is-ignored", "AGP-CALL-1", f"The list of calls is not filtered by {name}.", *touches
    )
    def _ignored(asked: Request) -> None:
        if at(asked, "GET", CALLS):
            forget(asked, name)


_filter("status")
_filter("direction")
_filter("search")
_filter("type", "AGP-CALL-7", "AGP-SDK-1")


# -- driven by a webhook ------


def _heard(emulator: Emulator, change: Any) -> None:
    """Change what a voice webhook answered, before the agent acts on it."""

    def make(ask: Any) -> Any:
        def changed(hook: Any, view: Any, about: str, answered: Any, line: Any = None) -> Any:
            return ask(hook, view, about, *change(answered, line))

        return changed

    patch(backend(emulator).webhooks, "ask", make)


def _acting(emulator: Emulator, change: Any) -> None:
    """Change what the agent does of an answer, given `act(call, detail, said)`."""
    patch(backend(emulator).turns, "act", lambda act: lambda call, detail, said: act(call, detail, change(dict(said))))


@REGISTRY.on_start("voice.ndjson-is-silence", "AGP-CALL-2", "Lines of JSON are silence.")
def _ndjson_is_silence(emulator: Emulator) -> None:
    def deaf(answered: Any, line: Any) -> Any:
        return answered, lambda _: True

    _heard(emulator, deaf)


@REGISTRY.on_start("voice.interim-closes-the-turn", "AGP-CALL-2", "The first line closes the turn, interim or not.")
def _interim_closes(emulator: Emulator) -> None:
    _acting(emulator, lambda said: {**said, "interim": False})


@REGISTRY.on_start(
    "voice.says-what-follows-the-last-line", "AGP-CALL-2", "Lines after the one that closes the turn are said."
)
def _says_what_follows(emulator: Emulator) -> None:
    def make(act: Any) -> Any:
        def on(call: Any, detail: Any, said: Any) -> bool:
            act(call, detail, said)
            return True

        return on

    patch(backend(emulator).turns, "act", make)


def _deaf_to(name: str, breaks: str, drop: Any) -> None:
    @REGISTRY.on_start(f"voice.{name}", "AGP-CALL-2", breaks)
    def _dropped(emulator: Emulator) -> None:
        _acting(emulator, lambda said: {key: value for key, value in said.items() if not drop(key, value)})


_deaf_to("hangup-is-ignored", "hangup is ignored.", lambda key, _: key == "hangup")
_deaf_to("action-hangup-is-ignored", "An action of hangup is ignored.", lambda key, value: value == "hangup")
_deaf_to("transfer-is-ignored", "A transfer is ignored.", lambda key, value: value == "transfer")
_deaf_to("digits-are-ignored", "digits are ignored.", lambda key, _: key == "digits")
_deaf_to("dtmf-is-ignored", "dtmf does not mean digits.", lambda key, _: key == "dtmf")
_deaf_to("press-digit-is-ignored", "press_digit does not mean digits.", lambda key, _: key == "press_digit")


def _softened(name: str, breaks: str, soften: Any) -> None:
    @REGISTRY.on_start(f"voice.{name}", "AGP-CALL-2", breaks)
    def _soft(emulator: Emulator) -> None:
        def change(answered: Any, line: Any) -> Any:
            return (lambda reply: answered(soften(reply))), line

        _heard(emulator, change)


def _with(reply: Any, **changes: Any) -> Any:
    for name, value in changes.items():
        setattr(reply, name, value)
    return reply


_softened(
    "an-error-is-said",
    "What an error says is said.",
    lambda reply: _with(reply, status=200) if reply.status == 500 and reply.body else reply,
)
_softened(
    "plain-text-is-said",
    "What is no JSON is said as it is.",
    lambda reply: (
        _with(reply, body=json.dumps({"text": reply.body.decode()}).encode())
        if reply.body.startswith(b"not json")
        else reply
    ),
)
_softened(
    "an-array-is-said",
    "The first text of an array is said.",
    lambda reply: _with(reply, body=b'{"text": "text"}') if reply.body.startswith(b"[") else reply,
)
_softened(
    "no-answer-hangs-up",
    "Where no answer comes the agent hangs up.",
    lambda reply: _with(reply, status=200, error=None, body=b'{"hangup": true}') if reply.status is None else reply,
)


@REGISTRY.on_start(
    "voice.greeting-is-dropped", "AGP-CALL-2", "An outbound call by webhook does not begin with its greeting."
)
def _greeting_is_dropped(emulator: Emulator) -> None:
    phones = backend(emulator).calls

    def make(changed: Any) -> Any:
        def quiet(call: Any) -> None:
            detail = phones.data.calls[call.id]
            if detail.interactive:
                detail.greeting = None
            changed(call)

        return quiet

    patch(phones, "changed", make)


@REGISTRY.on_start(
    "voice.turns-name-us-as-the-caller",
    "AGP-CALL-2",
    "A turn says that our number called.",
)
def _turns_name_us(emulator: Emulator) -> None:
    def turn(event: Thing) -> Thing:
        if event["channel"] == "voice" and event["event"] == "agent.message":
            event["data"]["from"], event["data"]["to"] = event["data"]["to"], event["data"]["from"]
        return event

    sent(emulator, turn)


@REGISTRY.on_start("voice.hangup-is-the-users", "AGP-CALL-2", "An agent that hangs up is told of as user_hangup.")
def _hangup_is_the_users(emulator: Emulator) -> None:
    def blame(event: Thing) -> Thing:
        if event["data"].get("disconnectionReason") == "agent_hangup":
            event["data"]["disconnectionReason"] = "user_hangup"
        return event

    sent(emulator, blame)


@REGISTRY.on_start("voice.asked-twice", "AGP-CALL-2", "A webhook that does not answer well is asked again.")
def _asked_twice(emulator: Emulator) -> None:
    def make(ask: Any) -> Any:
        def stubborn(hook: Any, view: Any, about: str, answered: Any, line: Any = None) -> Any:
            def again(reply: Any) -> None:
                if reply.status == 500:
                    ask(hook, view, about, answered, line)
                else:
                    answered(reply)

            return ask(hook, view, about, again if view.channel == "voice" else answered, line)

        return stubborn

    patch(backend(emulator).webhooks, "ask", make)


# -- on record ------


@REGISTRY.on_response("transcript.without-a-plain-list", "AGP-CALL-3", "A transcript has no plain list.", "AGP-SDK-1")
def _without_a_plain_list(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_CALL}/transcript"):
        show(answer, lambda body: body.pop("transcript"))


@REGISTRY.on_response("transcript.roles-are-swapped", "AGP-CALL-3", "The plain list has the roles swapped.")
def _roles_are_swapped(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_CALL}/transcript"):
        rows(answer, lambda said: said.update(role="agent" if said["role"] == "user" else "user"), "transcript")


@REGISTRY.on_response(
    "stream.without-a-charset", "AGP-CALL-3", "The stream does not say that it is UTF-8.", "AGP-SDK-1"
)
def _without_a_charset(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", STREAM):
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/event-stream"))


@REGISTRY.on_response(
    "stream.without-an-end", "AGP-CALL-3", "The stream of a call that is over does not tell so.", "AGP-SDK-1"
)
def _without_an_end(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", STREAM):
        answer.body = answer.body.partition(b"event: ended")[0]


@REGISTRY.on_response(
    "stream.without-the-past", "AGP-CALL-3", "The stream does not tell what was said before.", "AGP-SDK-1"
)
def _without_the_past(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", STREAM):
        blocks = answer.body.split(b"\n\n")
        answer.body = b"\n\n".join(block for block in blocks if not block.startswith(b"event: turn"))


@REGISTRY.on_response(
    "stream.of-nothing-is-200", "AGP-CALL-3", "The stream of a call that is not there is empty.", "AGP-AUTH-2"
)
def _of_nothing_is_200(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", STREAM) and answer.status == 404:
        answer.status, answer.body = 200, b""


@REGISTRY.on_response("recording.needs-a-key", "AGP-CALL-3", "A recording cannot be had without a key.")
def _needs_a_key(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", RECORDING) and not answer.asked.header(b"authorization"):
        refuse(answer, 401, "UNAUTHORIZED", "authentication_error")


@REGISTRY.on_response("recording.without-a-name", "AGP-CALL-3", "A recording has no file name.")
def _without_a_name(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", RECORDING):
        answer.without(b"content-disposition")


@REGISTRY.on_response("recording.is-cut", "AGP-CALL-3", "A recording is shorter than its call.")
def _is_cut(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", RECORDING):
        answer.body = answer.body[: len(answer.body) // 2]


@REGISTRY.on_response("recording.of-everything", "AGP-CALL-3", "A call without a recording has an empty one.")
def _of_everything(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "GET", RECORDING) and answer.code == "RECORDING_NOT_FOUND":
        answer.status, answer.body = 200, b""


@REGISTRY.on_request("recording.cannot-be-disabled", "AGP-CALL-3", "disableRecording is ignored.")
def _cannot_be_disabled(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda body: body.pop("disableRecording", None))


@REGISTRY.on_response("recording.address-when-it-is-off", "AGP-CALL-3", "recordingUrl is shown where recording is off.")
def _address_when_it_is_off(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CALL):
        show(answer, lambda call: call.update(recordingUrl=f"https://api.agentphone.ai{CALLS}/{call['id']}/recording"))


# -- whose, what for, for how much ------


@REGISTRY.on_start("calls.from-any-number", "AGP-CALL-4", "A call can go out from a number that is not the agent's.")
def _from_any_number(emulator: Emulator) -> None:
    phones = backend(emulator).calls

    def make(from_: Any) -> Any:
        return lambda agent, id_: phones.backend.lines.of(agent.account, id_) if id_ else from_(agent, id_)

    patch(phones, "_from", make)


@REGISTRY.on_start(
    "calls.from-the-last-number",
    "AGP-CALL-4",
    "A call goes out from the agent's last number.",
    "AGP-MSG-1",
    "AGP-AGT-1",
)
def _from_the_last_number(emulator: Emulator) -> None:
    patch(backend(emulator).phone_numbers, "of_agent", lambda of: lambda agent: of(agent)[::-1])


@REGISTRY.on_request("calls.number-is-ignored", "AGP-CALL-4", "fromNumberId is ignored.", "AGP-SDK-1")
def _number_is_ignored(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda body: body.pop("fromNumberId", None))


@REGISTRY.on_request(
    "calls.to-is-mended", "AGP-CALL-4", "A number without its country is taken for one of the United States."
)
def _to_is_mended(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda b: b.update(toNumber="+1" + b["toNumber"]) if b.get("toNumber") == "4155550177" else None)


@REGISTRY.on_request("prompt.is-ignored", "AGP-CALL-5", "systemPrompt does not make a call hosted.", "AGP-CALL-6")
def _is_ignored(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda body: body.pop("systemPrompt", None))


@REGISTRY.on_request("prompt.names-stay-open", "AGP-CALL-5", "variables are ignored.")
def _names_stay_open(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda body: body.pop("variables", None))


@REGISTRY.on_request("prompt.first-name-alone", "AGP-CALL-5", "Only one of the variables is filled in.")
def _first_name_alone(asked: Request) -> None:
    def cut(body: Thing) -> None:
        if isinstance(body.get("variables"), dict):
            body["variables"] = dict(list(body["variables"].items())[:1])

    if at(asked, "POST", CALLS):
        rewrite(asked, cut)


@REGISTRY.on_request(
    "prompt.without-one-is-hosted",
    "AGP-CALL-5",
    "A call that nothing drives is taken for a hosted one.",
    "AGP-CALL-6",
)
def _without_one_is_hosted(asked: Request) -> None:
    if at(asked, "POST", CALLS):
        rewrite(asked, lambda body: body.setdefault("systemPrompt", "Hello.") if len(body) == 2 else None)


@REGISTRY.on_start("calls.hosted-at-the-other-rate", "AGP-CALL-6", "A hosted minute costs as much as one by webhook.")
def _at_the_other_rate(emulator: Emulator) -> None:
    def cheaper(_account: str, amount: int, cause: str, ref: str) -> int:
        detail = backend(emulator).data.calls.get(ref) if cause == "call" else None
        hosted = bool(detail is not None and detail.voice_mode == "hosted")
        return amount * 13 // 22 if hosted else amount

    charged(emulator, cheaper)


@REGISTRY.on_start("calls.by-the-minute", "AGP-CALL-6", "Calls are charged by the minute begun.")
def _by_the_minute(emulator: Emulator) -> None:
    def rounded(_account: str, amount: int, cause: str, ref: str) -> int:
        detail = backend(emulator).data.calls.get(ref) if cause == "call" else None
        if detail is None or not detail.seconds:
            return amount
        minutes: int = -(-detail.seconds // 60)
        return minutes * (22 if detail.voice_mode == "hosted" else 13) * CENT

    charged(emulator, rounded)


@REGISTRY.on_start("calls.busy-costs", "AGP-CALL-6", "A call that was busy costs a cent.")
def _busy_costs(emulator: Emulator) -> None:
    charged(emulator, lambda _account, amount, cause, _ref: amount or (CENT if cause == "call" else 0))


@REGISTRY.on_start("calls.on-credit", "AGP-CALL-6", "A call is placed without money.", "AGP-ERR-2")
def _calls_on_credit(emulator: Emulator) -> None:
    patch(
        backend(emulator).money,
        "check",
        lambda check: lambda account, price: check(account, 0 if price in MINUTE_OF_ANY_CALL else price),
    )


@REGISTRY.on_response("web.token-of-all", "AGP-CALL-7", "All web calls have one token.")
def _token_of_all(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", f"{CALLS}/web"):
        show(answer, lambda call: call.update(accessToken="wct_1"))


@REGISTRY.on_response("web.without-a-token", "AGP-CALL-7", "A web call has no token.", "AGP-SDK-1")
def _without_a_token(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", f"{CALLS}/web"):
        show(answer, lambda call: call.pop("accessToken"))


@REGISTRY.on_response("web.is-outbound", "AGP-CALL-7", "A web call is shown as outbound.")
def _is_outbound(answer: MutableResponse, _: Emulator) -> None:
    _calls(answer, lambda call: call.update(direction="outbound") if call["direction"] == "web" else None)


@REGISTRY.on_request("web.is-pstn", "AGP-CALL-7", "Calls of type pstn are all calls.", "AGP-SDK-1")
def _is_pstn(asked: Request) -> None:
    if at(asked, "GET", CALLS):
        query(asked, lambda named: named.pop("type") if named.get("type") == "pstn" else None)


@REGISTRY.on_response(
    "inbound.from-us",
    "AGP-CALL-8",
    "A call that came in is shown as from our number.",
)
def _from_us(answer: MutableResponse, _: Emulator) -> None:
    def turn(call: Thing) -> None:
        if call["direction"] == "inbound":
            call.update(fromNumber=call["toNumber"], toNumber=call["fromNumber"])

    _calls(answer, turn)


@REGISTRY.on_response("inbound.without-its-agent", "AGP-CALL-8", "A call that came in has no agent.")
def _without_its_agent(answer: MutableResponse, _: Emulator) -> None:
    _calls(answer, lambda call: call.update(agentId=None) if call["direction"] == "inbound" else None)


@REGISTRY.on_response("inbound.not-of-the-number", "AGP-CALL-8", "A number's calls are those it placed.")
def _not_of_the_number(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{ONE_NUMBER}/calls"):
        show(answer, lambda body: body.update(data=[c for c in body["data"] if c["direction"] != "inbound"]))


@REGISTRY.on_start(
    "inbound.end-in-silence", "AGP-CALL-8", "The end of a call that came in is not told.", "AGP-CALL-2", "AGP-HOOK-3",
)  # fmt: skip
def _end_in_silence(emulator: Emulator) -> None:
    def drop(event: Thing) -> Thing | None:
        inbound = event["event"] == "agent.call_ended" and event["data"]["direction"] == "inbound"
        return None if inbound else event

    sent(emulator, drop)


@REGISTRY.on_response("inbound.missed-is-busy", "AGP-CALL-8", "A call that nobody took is shown as busy.")
def _missed_is_busy(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ONE_CALL):
        show(
            answer,
            lambda call: (
                call.update(status="busy") if (call["status"], call["direction"]) == ("no-answer", "inbound") else None
            ),
        )
