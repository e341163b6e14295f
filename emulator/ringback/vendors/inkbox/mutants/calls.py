"""Mutants of "Calls" but for the media stream: placing, listing, hanging up, incoming calls, hosted agents."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.inkbox.mutants.register import (
    BOOK,
    CALLS,
    DELIVERIES,
    ONE_NUMBER,
    PLACE,
    as_admin,
    asked_for,
    house,
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


def _rate(answer: Answered, **changes: Any) -> None:
    shown(answer, "POST", PLACE, lambda call: call["rate_limit"].update(changes))


@BOOK.answered("rate.does-not-move", "INK-CALL-1", "rate_limit always tells of a first call.")
def _does_not_move(answer: Answered, _: World) -> None:
    _rate(answer, calls_used=1)


@BOOK.world("rate.minutes-are-free", "INK-CALL-1", "Minutes are not counted.")
def _minutes_are_free(world: World) -> None:
    swap(house(world).allowance, "_seconds", instead(0.0))


@BOOK.world("rate.never-refused", "INK-CALL-1", "Calls past the limit are placed.")
def _never_refused(world: World) -> None:
    swap(house(world).allowance, "check", instead(None))


@BOOK.world("rate.one-more", "INK-CALL-1", "One call more than the limit is placed.")
def _one_more(world: World) -> None:
    def make(check: Any) -> Any:
        def late(account: str) -> None:
            used = house(world).allowance.used(account)
            if used.calls_used > used.calls_limit or not used.minutes_remaining:
                check(account)

        return late

    swap(house(world).allowance, "check", make)


@BOOK.world("rate.never-again", "INK-CALL-1", "Calls of more than 24 hours ago still count.")
def _never_again(world: World) -> None:
    allowance = house(world).allowance

    def make(_recent: Any) -> Any:
        def all_of(account: str) -> Any:
            from collections import deque

            found = [call for call in world.calls.records if call.account == account and call.direction == "outbound"]
            return deque(found)

        return all_of

    swap(allowance, "_recent", make)


@BOOK.answered("rate.no-time-to-wait", "INK-CALL-1", "The refusal past the limit has no Retry-After.")
def _no_time_to_wait(answer: Answered, _: World) -> None:
    if asked_for(answer, "POST", PLACE) and answer.status == 429:
        answer.without(b"retry-after")


@BOOK.answered("rate.limit-is-250", "INK-CALL-1", "rate_limit tells of 250 calls.")
def _limit_is_250(answer: Answered, _: World) -> None:
    _rate(answer, calls_limit=250)


@BOOK.asked("place.any-number-calls", "INK-CALL-10", "A calling number of somebody else's is passed over.")
def _any_number_calls(asked: Asked) -> None:
    def drop(body: Any) -> None:
        if body.get("from_number") == "+12145550187":
            body.pop("from_number")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, drop)


@BOOK.answered("place.foreign-is-404", "INK-CALL-10", "A calling number of somebody else's is answered 404.")
def _foreign_is_404(answer: Answered, _: World) -> None:
    if asked_for(answer, "POST", PLACE) and answer.status == 400:
        refuse(answer, 404)


@BOOK.world(
    "place.the-numbers-socket-first", "INK-CALL-10", "The number's own socket goes before the one named.", "INK-CALL-3"
)
def _the_numbers_socket_first(world: World) -> None:
    def make(place: Any) -> Any:
        def own_first(caller: Any, body: Any) -> Any:
            line = house(world).lines.owned(caller.account, body.from_number or "")
            own = house(world).identities.records[line.identity].handling.websocket_url if line is not None else None
            return place(caller, replace(body, client_websocket_url=own or body.client_websocket_url))

        return own_first

    swap(house(world).phones, "place", make)


@BOOK.world("place.a-socket-is-a-must", "INK-CALL-10", "A call needs a socket although the number has one.")
def _a_socket_is_a_must(world: World) -> None:
    from ringback.vendors.inkbox import errors

    def make(place: Any) -> Any:
        def strict(caller: Any, body: Any) -> Any:
            if body.mode != "hosted_agent" and body.client_websocket_url is None:
                raise errors.invalid("client_websocket_url", "is required")
            return place(caller, body)

        return strict

    swap(house(world).phones, "place", make)


# -- listing and hanging up ------


@BOOK.answered("calls.oldest-first", "INK-CALL-2", "Calls are listed oldest first.")
def _oldest_first(answer: Answered, _: World) -> None:
    turned(answer, EITHER)


@BOOK.answered("calls.two-stores", "INK-CALL-2", "The newer layout does not know the calls of the older.")
def _two_stores(answer: Answered, _: World) -> None:
    if asked_for(answer, "GET", CALLS) and answer.status == 200:
        answer.say(200, [])


@BOOK.answered("calls.transcript-backwards", "INK-CALL-2", "A transcript comes last segment first.", "INK-CALL-3")
def _transcript_backwards(answer: Answered, _: World) -> None:
    turned(answer, rf"{EITHER}/[^/]+/transcripts")


@BOOK.answered("calls.one-seq", "INK-CALL-2", "All segments of a transcript have the same seq.")
def _one_seq(answer: Answered, _: World) -> None:
    shown(answer, "GET", rf"{EITHER}/[^/]+/transcripts", lambda row: row.update(seq=0))


@BOOK.world("calls.under-any-number", "INK-CALL-2", "A call is shown under any number.")
def _under_any_number(world: World) -> None:
    def make(of: Any) -> Any:
        return lambda caller, id_, number=None: of(caller, id_)

    swap(house(world).phones, "of", make)


@BOOK.world("calls.hung-up-twice", "INK-CALL-2", "A call that has ended can be hung up again.")
def _hung_up_twice(world: World) -> None:
    phones = house(world).phones

    def make(hang_up: Any) -> Any:
        def patient(caller: Any, id_: str) -> Any:
            call = phones.of(caller, id_)
            return phones.view(call) if call.ended_at is not None else hang_up(caller, id_)

        return patient

    swap(phones, "hang_up", make)


@BOOK.world("calls.hanging-up-does-nothing", "INK-CALL-2", "Hanging up leaves a call going.")
def _hanging_up_does_nothing(world: World) -> None:
    phones = house(world).phones

    def make(hang_up: Any) -> Any:
        def idle(caller: Any, id_: str) -> Any:
            call = phones.of(caller, id_)
            return phones.view(call) if call.ended_at is None else hang_up(caller, id_)

        return idle

    swap(phones, "hang_up", make)


# -- incoming ------


def _decided(world: World, change: Any) -> None:
    """Change what a webhook's answer is taken for: `change` gets the reply and gives another one."""

    def make(decide: Any) -> Any:
        return lambda call, identity, reply: decide(call, identity, change(reply))

    swap(house(world).phones, "_decide", make)


def _answering(reply: Any) -> Any:
    return replace(reply, status=200, body=b'{"action":"answer"}', error=None, whole=True)


@BOOK.world("incoming.any-200-answers", "INK-CALL-4", "Any 200 of the webhook takes the call.")
def _any_200_answers(world: World) -> None:
    wanted = (b"reject", b"ignore")

    def change(reply: Any) -> Any:
        odd = reply.status == 200 and not any(word in reply.body for word in wanted)
        return _answering(reply) if odd and b"websocket" not in reply.body else reply

    _decided(world, change)


@BOOK.world("incoming.any-2xx-answers", "INK-CALL-4", "An answer is taken from a 201 as well.")
def _any_2xx_answers(world: World) -> None:
    _decided(world, lambda reply: replace(reply, status=200) if reply.status == 201 else reply)


@BOOK.world("incoming.failing-answers", "INK-CALL-4", "A webhook that fails takes the call.")
def _failing_answers(world: World) -> None:
    _decided(world, lambda reply: _answering(reply) if reply.status == 500 else reply)


@BOOK.world("incoming.ignored-is-rejected", "INK-CALL-4", "A call that is ignored is rejected.")
def _ignored_is_rejected(world: World) -> None:
    def change(reply: Any) -> Any:
        return replace(reply, body=b'{"action":"reject"}') if b"ignore" in reply.body else reply

    _decided(world, change)


@BOOK.world("incoming.own-socket-only", "INK-CALL-4", "The socket that the webhook names is not dialled.")
def _own_socket_only(world: World) -> None:
    def change(reply: Any) -> Any:
        return _answering(reply) if b"client_websocket_url" in reply.body else reply

    _decided(world, change)


@BOOK.world("incoming.blocked-ask", "INK-CALL-4", "The webhook is asked about callers who are kept away.")
def _blocked_ask(world: World) -> None:
    phones = house(world).phones

    def make(receive: Any) -> Any:
        def asking(to: str, peer: str, script: Any) -> Any:
            line = world.numbers.line(to)
            number = house(world).lines.records[line.owner] if line is not None and line.vendor == BOOK.vendor else None
            identity = house(world).identities.records[number.identity] if number is not None else None
            call = receive(to, peer, script)
            if identity is not None and identity.handling.action == "webhook" and phones.details[call.id].blocked:
                world.outbox.ask(
                    vendor=BOOK.vendor,
                    account=call.account,
                    event="phone.incoming_call",
                    subject=call.id,
                    url=identity.handling.webhook_url,
                    secret="",
                    body=b"{}",
                    answered=lambda _reply: None,
                )
            return call

        return asking

    swap(phones, "receive", make)


@BOOK.world("incoming.question-in-an-envelope", "INK-CALL-4", "The question comes in an envelope.")
def _question_in_an_envelope(world: World) -> None:
    sent(world, lambda question: {"event_type": "phone.incoming_call", "data": question}, "ask")


@BOOK.world("incoming.rejecting-is-missing", "INK-CALL-4", "A call that is rejected is shown as missed.")
def _rejecting_is_missing(world: World) -> None:
    def make(_decline: Any) -> Any:
        return lambda call: world.calls.hang_up(call)

    swap(house(world).phones, "_decline", make)


@BOOK.answered("incoming.questions-are-replayed", "INK-CALL-4", "The question of a call can be asked again.")
def _questions_are_replayed(answer: Answered, _: World) -> None:
    if asked_for(answer, "POST", rf"{DELIVERIES}/[^/]+/replay") and answer.status == 422:
        answer.say(202, {})


@BOOK.world("incoming.questions-not-on-record", "INK-CALL-4", "The log does not have the questions of calls.")
def _questions_not_on_record(world: World) -> None:
    swap(house(world).hooks, "log_question", instead(None))


# -- hosted agents, voicemail, forwarding ------


@BOOK.asked("hosted.without-reason", "INK-CALL-8", "A hosted agent calls without a reason.")
def _without_reason(asked: Asked) -> None:
    def give(body: Any) -> None:
        if body.get("mode") == "hosted_agent":
            body.setdefault("reason", "None was given.")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, give)


@BOOK.asked("hosted.socket-is-dropped", "INK-CALL-8", "A socket for a hosted agent's call is passed over.")
def _socket_is_dropped(asked: Asked) -> None:
    if asked_for(asked, "POST", PLACE):
        rewrite(
            asked, lambda body: body.pop("client_websocket_url", None) if body.get("mode") == "hosted_agent" else None
        )


@BOOK.answered("hosted.not-shown", "INK-CALL-8", "A hosted agent's call is shown as one of a socket.")
def _not_shown(answer: Answered, _: World) -> None:
    shown(answer, "GET POST", rf"{PLACE}|{EITHER}(/[^/]+)?", lambda call: call.update(mode="client_websocket"))


@BOOK.asked("hosted.hangs-up-by-default", "INK-CALL-8", "A hosted agent leaves no message unless told.")
def _hangs_up_by_default(asked: Asked) -> None:
    def choose(body: Any) -> None:
        if body.get("mode") == "hosted_agent" and not {
            "on_voicemail",
            "voicemail_message",
            "voicemail_detection",
        } & set(body):
            body["on_voicemail"] = "hang_up"

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, choose)


@BOOK.answered("hosted.machine-is-remote", "INK-CALL-8", "A call that a machine took is shown as hung up by it.")
def _machine_is_remote(answer: Answered, _: World) -> None:
    def change(call: Any) -> None:
        if call.get("hangup_reason") == "voicemail":
            call["hangup_reason"] = "remote"

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@BOOK.asked("hosted.long-messages", "INK-CALL-8", "A message for a machine may be of any length.")
def _long_messages(asked: Asked) -> None:
    def cut(body: Any) -> None:
        if isinstance(body.get("voicemail_message"), str):
            body["voicemail_message"] = body["voicemail_message"][:1000]

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, cut)


def _tools(answer: Answered, change: Any) -> None:
    shown(answer, "GET", rf"{CALLS}/[^/]+/tool-invocations", change)


@BOOK.answered("work.tools-are-not-logged", "INK-CALL-11", "A hosted agent's tool log is empty.")
def _tools_are_not_logged(answer: Answered, _: World) -> None:
    _tools(answer, lambda page: page.update(items=[]))


def _shown_as_succeeded(answer: Answered, status: str) -> None:
    def change(page: Any) -> None:
        for tool in page["items"]:
            if tool["status"] == status:
                tool["status"] = "succeeded"

    _tools(answer, change)


@BOOK.answered("work.tools-are-done-at-once", "INK-CALL-11", "A tool that was begun is shown as succeeded.")
def _tools_are_done_at_once(answer: Answered, _: World) -> None:
    _shown_as_succeeded(answer, "started")


@BOOK.answered("work.tools-never-fail", "INK-CALL-11", "A tool that failed is shown as succeeded.")
def _tools_never_fail(answer: Answered, _: World) -> None:
    _shown_as_succeeded(answer, "failed")


@BOOK.world("work.tools-in-the-order-written", "INK-CALL-11", "Tools are logged in any order.")
def _tools_in_the_order_written(world: World) -> None:
    def make(log: Any) -> Any:
        def turned_round(call: Any, offset: int, limit: int) -> Any:
            page = log(call, 0, 200)
            items = page.items[::-1]
            return replace(page, items=items[offset : offset + limit], limit=limit, offset=offset)

        return turned_round

    swap(house(world).phones, "tool_log", make)


@BOOK.answered("work.no-more-tools", "INK-CALL-11", "A page of the tool log never tells that there is more.")
def _no_more_tools(answer: Answered, _: World) -> None:
    _tools(answer, lambda page: page.update(has_more=False))


@BOOK.answered("work.items-are-not-shown", "INK-CALL-11", "A call does not show what was left to be done.")
def _items_are_not_shown(answer: Answered, _: World) -> None:
    shown(answer, "GET", rf"{CALLS}/[^/]+", lambda call: call.update(post_call_action_items=[]))


@BOOK.world("work.items-from-the-beginning", "INK-CALL-11", "What is left to be done is shown before the call is over.")
def _items_from_the_beginning(world: World) -> None:
    phones = house(world).phones

    def make(view: Any) -> Any:
        return lambda call: replace(view(call), post_call_action_items=phones.details[call.id].items)

    swap(phones, "view", make)


@BOOK.world("work.items-are-not-told", "INK-CALL-11", "call.ended tells of nothing that is left to be done.")
def _items_are_not_told(world: World) -> None:
    def make(tell: Any) -> Any:
        return lambda identity, id_, data: tell(identity, id_, replace(data, post_call_action_items=[]))

    swap(house(world).hooks, "tell_call", make)


@BOOK.answered("forward.not-shown", "INK-CALL-9", "A call that was passed on shows no forwarding.")
def _forward_not_shown(answer: Answered, _: World) -> None:
    shown(answer, "GET", rf"{EITHER}/[^/]+", lambda call: call.update(forwardings=[]))


@BOOK.answered("forward.always-forwarded", "INK-CALL-9", "A forwarding that failed is shown as forwarded.")
def _always_forwarded(answer: Answered, _: World) -> None:
    def change(call: Any) -> None:
        for passed in call.get("forwardings", ()):
            passed["status"] = "forwarded"

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@BOOK.answered("forward.to-the-caller", "INK-CALL-9", "A forwarding names the caller as its target.")
def _to_the_caller(answer: Answered, _: World) -> None:
    def change(call: Any) -> None:
        for passed in call.get("forwardings", ()):
            passed["target"] = call["remote_phone_number"]

    shown(answer, "GET", rf"{EITHER}/[^/]+", change)


@BOOK.world("forward.any-target", "INK-CALL-9", "Anything is taken for a SIP target.")
def _any_target(world: World) -> None:
    swap(house(world).lines, "_check_target", instead(None))


@BOOK.asked("voice.kept-in-part", "INK-VOICE-1", "Instructions that are left out stay.")
def _kept_in_part(asked: Asked) -> None:
    if asked_for(asked, "PUT", AGENT):
        rewrite(asked, lambda body: body.setdefault("instructions", "Be brief."))


@BOOK.asked("voice.unknown-is-default", "INK-VOICE-1", "An unknown voice is taken for none.")
def _unknown_is_default(asked: Asked) -> None:
    if asked_for(asked, "PUT", AGENT):
        rewrite(asked, lambda body: body.pop("voice") if body.get("voice") == "nobody's" else None)


@BOOK.world("voice.agents-widen", "INK-VOICE-1", "An agent's key widens its own authority.")
def _agents_widen(world: World) -> None:
    swap(house(world).hosted, "authorize", as_admin)


@BOOK.answered("voice.default-stays", "INK-VOICE-1", "The voice that speaks is always the default.")
def _default_stays(answer: Answered, _: World) -> None:
    shown(answer, "GET PUT", AGENT, lambda agent: agent.update(effective_voice="calm"))


@BOOK.asked("voice.calls-are-scoped", "INK-VOICE-1", "A call that names no authority has the narrow one.")
def _calls_are_scoped(asked: Asked) -> None:
    def narrow(body: Any) -> None:
        if body.get("mode") == "hosted_agent":
            body.setdefault("hosted_agent_authority_mode", "contact_scoped")

    if asked_for(asked, "POST", PLACE):
        rewrite(asked, narrow)
