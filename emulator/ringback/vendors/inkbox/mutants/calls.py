"""Mutants of "Calls" but for the media stream: placing, listing, hanging up, incoming calls, hosted agents."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.inkbox.mutants.register import (
    CALLS,
    DELIVERIES,
    ONE_NUMBER,
    PLACE,
    REGISTRY,
    as_admin,
    asked_for,
    backend,
    instead,
    refuse,
    rewrite,
    sent,
    shown,
    turned,
)
from ringback.vendors.inkbox.rules.common import PHONE

EITHER = rf"({ONE_NUMBER}|{PHONE})/calls"
AGENT = f"{PHONE}/hosted-agent-config"


# -- placing ------


def _rate(answer: MutableResponse, **changes: Any) -> None:
    shown(answer, "POST", PLACE, lambda call: call["rate_limit"].update(changes))


@REGISTRY.on_response("rate.does-not-move", "INK-CALL-1", "rate_limit always tells of a first call.")
def _does_not_move(answer: MutableResponse, _: Emulator) -> None:
    _rate(answer, calls_used=1)


@REGISTRY.on_start("rate.minutes-are-free", "INK-CALL-1", "Minutes are not counted.")
def _minutes_are_free(emulator: Emulator) -> None:
    patch(backend(emulator).allowance, "_seconds", instead(0.0))


@REGISTRY.on_start("rate.never-refused", "INK-CALL-1", "Calls past the limit are placed.")
def _never_refused(emulator: Emulator) -> None:
    patch(backend(emulator).allowance, "check", instead(None))


@REGISTRY.on_start("rate.one-more", "INK-CALL-1", "One call more than the limit is placed.")
def _one_more(emulator: Emulator) -> None:
    def make(check: Any) -> Any:
        def late(account: str) -> None:
            used = backend(emulator).allowance.used(account)
            if used.calls_used > used.calls_limit or not used.minutes_remaining:
                check(account)

        return late

    patch(backend(emulator).allowance, "check", make)


@REGISTRY.on_start("rate.never-again", "INK-CALL-1", "Calls of more than 24 hours ago still count.")
def _never_again(emulator: Emulator) -> None:
    allowance = backend(emulator).allowance

    def make(_recent: Any) -> Any:
        def all_of(account: str) -> Any:
            from collections import deque

            found = [
                call
                for call in emulator.services.calls.records
                if call.account == account and call.direction == "outbound"
            ]
            return deque(found)

        return all_of

    patch(allowance, "_recent", make)


@REGISTRY.on_response("rate.no-time-to-wait", "INK-CALL-1", "The refusal past the limit has no Retry-After.")
def _no_time_to_wait(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", PLACE) and answer.status == 429:
        answer.without(b"retry-after")


@REGISTRY.on_response("rate.limit-is-250", "INK-CALL-1", "rate_limit tells of 250 calls.")
def _limit_is_250(answer: MutableResponse, _: Emulator) -> None:
    _rate(answer, calls_limit=250)


@REGISTRY.on_request("place.any-number-calls", "INK-CALL-10", "A calling number of somebody else's is passed over.")
def _any_number_calls(asked: Request) -> None:
    def drop(body: Any) -> None:
        if body.get("from_number") == "+12145550187":
            body.pop("from_number")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, drop)


@REGISTRY.on_response("place.foreign-is-404", "INK-CALL-10", "A calling number of somebody else's is answered 404.")
def _foreign_is_404(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", PLACE) and answer.status == 400:
        refuse(answer, 404)


@REGISTRY.on_start(
    "place.the-numbers-socket-first", "INK-CALL-10", "The number's own socket goes before the one named.", "INK-CALL-3"
)
def _the_numbers_socket_first(emulator: Emulator) -> None:
    def make(place: Any) -> Any:
        def own_first(caller: Any, body: Any) -> Any:
            line = backend(emulator).lines.owned(caller.account, body.from_number or "")
            own = (
                backend(emulator).identities.records[line.identity].handling.websocket_url if line is not None else None
            )
            return place(caller, replace(body, client_websocket_url=own or body.client_websocket_url))

        return own_first

    patch(backend(emulator).phones, "place", make)


@REGISTRY.on_start("place.a-socket-is-a-must", "INK-CALL-10", "A call needs a socket although the number has one.")
def _a_socket_is_a_must(emulator: Emulator) -> None:
    from ringback.vendors.inkbox import errors

    def make(place: Any) -> Any:
        def strict(caller: Any, body: Any) -> Any:
            if body.mode != "hosted_agent" and body.client_websocket_url is None:
                raise errors.invalid("client_websocket_url", "is required")
            return place(caller, body)

        return strict

    patch(backend(emulator).phones, "place", make)


# -- listing and hanging up ------


@REGISTRY.on_response("calls.oldest-first", "INK-CALL-2", "Calls are listed oldest first.")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, EITHER)


@REGISTRY.on_response("calls.two-stores", "INK-CALL-2", "The newer layout does not know the calls of the older.")
def _two_stores(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "GET", CALLS) and answer.status == 200:
        answer.say(200, [])


@REGISTRY.on_response(
    "calls.transcript-backwards", "INK-CALL-2", "A transcript comes last segment first.", "INK-CALL-3"
)
def _transcript_backwards(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, rf"{EITHER}/[^/]+/transcripts")


@REGISTRY.on_response("calls.one-seq", "INK-CALL-2", "All segments of a transcript have the same seq.")
def _one_seq(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", rf"{EITHER}/[^/]+/transcripts", lambda row: row.update(seq=0))


@REGISTRY.on_start("calls.under-any-number", "INK-CALL-2", "A call is shown under any number.")
def _under_any_number(emulator: Emulator) -> None:
    def make(of: Any) -> Any:
        return lambda caller, id_, number=None: of(caller, id_)

    patch(backend(emulator).phones, "of", make)


@REGISTRY.on_start("calls.hung-up-twice", "INK-CALL-2", "A call that has ended can be hung up again.")
def _hung_up_twice(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(hang_up: Any) -> Any:
        def patient(caller: Any, id_: str) -> Any:
            call = phones.of(caller, id_)
            return phones.view(call) if call.ended_at is not None else hang_up(caller, id_)

        return patient

    patch(phones, "hang_up", make)


@REGISTRY.on_start("calls.hanging-up-does-nothing", "INK-CALL-2", "Hanging up leaves a call going.")
def _hanging_up_does_nothing(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(hang_up: Any) -> Any:
        def idle(caller: Any, id_: str) -> Any:
            call = phones.of(caller, id_)
            return phones.view(call) if call.ended_at is None else hang_up(caller, id_)

        return idle

    patch(phones, "hang_up", make)


# -- incoming ------


def _decided(emulator: Emulator, change: Any) -> None:
    """Change what a webhook's answer is taken for: `change` gets the reply and gives another one."""

    def make(decide: Any) -> Any:
        return lambda call, identity, reply: decide(call, identity, change(reply))

    patch(backend(emulator).phones, "_decide", make)


def _answering(reply: Any) -> Any:
    return replace(reply, status=200, body=b'{"action":"answer"}', error=None, whole=True)


@REGISTRY.on_start("incoming.any-200-answers", "INK-CALL-4", "Any 200 of the webhook takes the call.")
def _any_200_answers(emulator: Emulator) -> None:
    wanted = (b"reject", b"ignore")

    def change(reply: Any) -> Any:
        odd = reply.status == 200 and not any(word in reply.body for word in wanted)
        return _answering(reply) if odd and b"websocket" not in reply.body else reply

    _decided(emulator, change)


@REGISTRY.on_start("incoming.any-2xx-answers", "INK-CALL-4", "An answer is taken from a 201 as well.")
def _any_2xx_answers(emulator: Emulator) -> None:
    _decided(emulator, lambda reply: replace(reply, status=200) if reply.status == 201 else reply)


@REGISTRY.on_start("incoming.failing-answers", "INK-CALL-4", "A webhook that fails takes the call.")
def _failing_answers(emulator: Emulator) -> None:
    _decided(emulator, lambda reply: _answering(reply) if reply.status == 500 else reply)


@REGISTRY.on_start("incoming.ignored-is-rejected", "INK-CALL-4", "A call that is ignored is rejected.")
def _ignored_is_rejected(emulator: Emulator) -> None:
    def change(reply: Any) -> Any:
        return replace(reply, body=b'{"action":"reject"}') if b"ignore" in reply.body else reply

    _decided(emulator, change)


@REGISTRY.on_start("incoming.own-socket-only", "INK-CALL-4", "The socket that the webhook names is not dialled.")
def _own_socket_only(emulator: Emulator) -> None:
    def change(reply: Any) -> Any:
        return _answering(reply) if b"client_websocket_url" in reply.body else reply

    _decided(emulator, change)


@REGISTRY.on_start("incoming.blocked-ask", "INK-CALL-4", "The webhook is asked about callers who are kept away.")
def _blocked_ask(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(receive: Any) -> Any:
        def asking(to: str, peer: str, script: Any) -> Any:
            assigned = emulator.services.numbers.assignment(to)
            number = (
                backend(emulator).lines.records[assigned.number_id]
                if assigned is not None and assigned.vendor == REGISTRY.vendor
                else None
            )
            identity = backend(emulator).identities.records[number.identity] if number is not None else None
            call = receive(to, peer, script)
            if identity is not None and identity.handling.action == "webhook" and phones.details[call.id].blocked:
                emulator.services.outbox.request(
                    vendor=REGISTRY.vendor,
                    account=call.account,
                    event="phone.incoming_call",
                    subject=call.id,
                    url=identity.handling.webhook_url,
                    secret="",
                    body=b"{}",
                    on_response=lambda _reply: None,
                )
            return call

        return asking

    patch(phones, "receive", make)


@REGISTRY.on_start("incoming.question-in-an-envelope", "INK-CALL-4", "The question comes in an envelope.")
def _question_in_an_envelope(emulator: Emulator) -> None:
    sent(emulator, lambda question: {"event_type": "phone.incoming_call", "data": question}, "request")


@REGISTRY.on_start("incoming.rejecting-is-missing", "INK-CALL-4", "A call that is rejected is shown as missed.")
def _rejecting_is_missing(emulator: Emulator) -> None:
    def make(_decline: Any) -> Any:
        return lambda call: emulator.services.calls.hang_up(call)

    patch(backend(emulator).phones, "_decline", make)


@REGISTRY.on_response("incoming.questions-are-replayed", "INK-CALL-4", "The question of a call can be asked again.")
def _questions_are_replayed(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", rf"{DELIVERIES}/[^/]+/replay") and answer.status == 422:
        answer.say(202, {})


@REGISTRY.on_start("incoming.questions-not-on-record", "INK-CALL-4", "The log does not have the questions of calls.")
def _questions_not_on_record(emulator: Emulator) -> None:
    patch(backend(emulator).hooks, "log_question", instead(None))


# -- hosted agents, voicemail, forwarding ------


@REGISTRY.on_request("hosted.without-reason", "INK-CALL-8", "A hosted agent calls without a reason.")
def _without_reason(asked: Request) -> None:
    def give(body: Any) -> None:
        if body.get("mode") == "hosted_agent":
            body.setdefault("reason", "None was given.")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, give)


@REGISTRY.on_request("hosted.socket-is-dropped", "INK-CALL-8", "A socket for a hosted agent's call is passed over.")
def _socket_is_dropped(asked: Request) -> None:
    if asked_for(asked, "POST", PLACE):
        rewrite(
            asked, lambda body: body.pop("client_websocket_url", None) if body.get("mode") == "hosted_agent" else None
        )


@REGISTRY.on_response("hosted.not-shown", "INK-CALL-8", "A hosted agent's call is shown as one of a socket.")
def _not_shown(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET POST", rf"{PLACE}|{EITHER}(/[^/]+)?", lambda call: call.update(mode="client_websocket"))


@REGISTRY.on_request("hosted.hangs-up-by-default", "INK-CALL-8", "A hosted agent leaves no message unless told.")
def _hangs_up_by_default(asked: Request) -> None:
    def choose(body: Any) -> None:
        if body.get("mode") == "hosted_agent" and not {
            "on_voicemail",
            "voicemail_message",
            "voicemail_detection",
        } & set(body):
            body["on_voicemail"] = "hang_up"

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, choose)


@REGISTRY.on_response("hosted.machine-is-remote", "INK-CALL-8", "A call that a machine took is shown as hung up by it.")
def _machine_is_remote(answer: MutableResponse, _: Emulator) -> None:
    def change(call: Any) -> None:
        if call.get("hangup_reason") == "voicemail":
            call["hangup_reason"] = "remote"

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@REGISTRY.on_request("hosted.long-messages", "INK-CALL-8", "A message for a machine may be of any length.")
def _long_messages(asked: Request) -> None:
    def cut(body: Any) -> None:
        if isinstance(body.get("voicemail_message"), str):
            body["voicemail_message"] = body["voicemail_message"][:1000]

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, cut)


def _tools(answer: MutableResponse, change: Any) -> None:
    shown(answer, "GET", rf"{CALLS}/[^/]+/tool-invocations", change)


@REGISTRY.on_response("work.tools-are-not-logged", "INK-CALL-11", "A hosted agent's tool log is empty.")
def _tools_are_not_logged(answer: MutableResponse, _: Emulator) -> None:
    _tools(answer, lambda page: page.update(items=[]))


def _shown_as_succeeded(answer: MutableResponse, status: str) -> None:
    def change(page: Any) -> None:
        for tool in page["items"]:
            if tool["status"] == status:
                tool["status"] = "succeeded"

    _tools(answer, change)


@REGISTRY.on_response("work.tools-are-done-at-once", "INK-CALL-11", "A tool that was begun is shown as succeeded.")
def _tools_are_done_at_once(answer: MutableResponse, _: Emulator) -> None:
    _shown_as_succeeded(answer, "started")


@REGISTRY.on_response("work.tools-never-fail", "INK-CALL-11", "A tool that failed is shown as succeeded.")
def _tools_never_fail(answer: MutableResponse, _: Emulator) -> None:
    _shown_as_succeeded(answer, "failed")


@REGISTRY.on_start("work.tools-in-the-order-written", "INK-CALL-11", "Tools are logged in any order.")
def _tools_in_the_order_written(emulator: Emulator) -> None:
    def make(log: Any) -> Any:
        def turned_round(call: Any, offset: int, limit: int) -> Any:
            page = log(call, 0, 200)
            items = page.items[::-1]
            return replace(page, items=items[offset : offset + limit], limit=limit, offset=offset)

        return turned_round

    patch(backend(emulator).phones, "tool_log", make)


@REGISTRY.on_response("work.no-more-tools", "INK-CALL-11", "A page of the tool log never tells that there is more.")
def _no_more_tools(answer: MutableResponse, _: Emulator) -> None:
    _tools(answer, lambda page: page.update(has_more=False))


@REGISTRY.on_response("work.items-are-not-shown", "INK-CALL-11", "A call does not show what was left to be done.")
def _items_are_not_shown(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", rf"{CALLS}/[^/]+", lambda call: call.update(post_call_action_items=[]))


@REGISTRY.on_start(
    "work.items-from-the-beginning", "INK-CALL-11", "What is left to be done is shown before the call is over."
)
def _items_from_the_beginning(emulator: Emulator) -> None:
    phones = backend(emulator).phones

    def make(view: Any) -> Any:
        return lambda call: replace(view(call), post_call_action_items=phones.details[call.id].items)

    patch(phones, "view", make)


@REGISTRY.on_start("work.items-are-not-told", "INK-CALL-11", "call.ended tells of nothing that is left to be done.")
def _items_are_not_told(emulator: Emulator) -> None:
    def make(tell: Any) -> Any:
        return lambda identity, id_, data: tell(identity, id_, replace(data, post_call_action_items=[]))

    patch(backend(emulator).hooks, "tell_call", make)


@REGISTRY.on_response("forward.not-shown", "INK-CALL-9", "A call that was passed on shows no forwarding.")
def _forward_not_shown(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", rf"{EITHER}/[^/]+", lambda call: call.update(forwardings=[]))


@REGISTRY.on_response("forward.always-forwarded", "INK-CALL-9", "A forwarding that failed is shown as forwarded.")
def _always_forwarded(answer: MutableResponse, _: Emulator) -> None:
    def change(call: Any) -> None:
        for passed in call.get("forwardings", ()):
            passed["status"] = "forwarded"

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@REGISTRY.on_response("forward.to-the-caller", "INK-CALL-9", "A forwarding names the caller as its target.")
def _to_the_caller(answer: MutableResponse, _: Emulator) -> None:
    def change(call: Any) -> None:
        for passed in call.get("forwardings", ()):
            passed["target"] = call["remote_phone_number"]

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@REGISTRY.on_start("forward.any-target", "INK-CALL-9", "Anything is taken for a SIP target.")
def _any_target(emulator: Emulator) -> None:
    patch(backend(emulator).lines, "_check_target", instead(None))


@REGISTRY.on_request("voice.kept-in-part", "INK-VOICE-1", "Instructions that are left out stay.")
def _kept_in_part(asked: Request) -> None:
    if asked_for(asked, "PUT", AGENT):
        rewrite(asked, lambda body: body.setdefault("instructions", "Be brief."))


@REGISTRY.on_request("voice.unknown-is-default", "INK-VOICE-1", "An unknown voice is taken for none.")
def _unknown_is_default(asked: Request) -> None:
    if asked_for(asked, "PUT", AGENT):
        rewrite(asked, lambda body: body.pop("voice") if body.get("voice") == "nobody's" else None)


@REGISTRY.on_start("voice.agents-widen", "INK-VOICE-1", "An agent's key widens its own authority.")
def _agents_widen(emulator: Emulator) -> None:
    patch(backend(emulator).hosted, "authorize", as_admin)


@REGISTRY.on_response("voice.default-stays", "INK-VOICE-1", "The voice that speaks is always the default.")
def _default_stays(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET PUT", AGENT, lambda agent: agent.update(effective_voice="calm"))


@REGISTRY.on_request("voice.calls-are-scoped", "INK-VOICE-1", "A call that names no authority has the narrow one.")
def _calls_are_scoped(asked: Request) -> None:
    def narrow(body: Any) -> None:
        if body.get("mode") == "hosted_agent":
            body.setdefault("hosted_agent_authority_mode", "contact_scoped")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, narrow)
