"""Mutants of "Calls": the allowance, placing, listing, hanging up, incoming calls, forwarding."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ringback.carrier.call import Call
from ringback.carrier.script import Script
from ringback.gateway.webhook_response import WebhookResponse
from ringback.mutants.inkbox.registry import CALL_GETS, CALL_LISTS, mutant
from ringback.mutants.patching import Original
from ringback.mutants.traffic import drop_header, error, respond, status
from ringback.mutants.transforms import apply, drop, reverse, set_to
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import INCOMING_CALL
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.allowance import Allowance
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.common import NAME, Caller
from ringback.vendors.inkbox.rules.deliveries import Deliveries
from ringback.vendors.inkbox.rules.numbers import Numbers
from ringback.vendors.inkbox.wire.requests import CallBody
from ringback.vendors.inkbox.wire.responses import CallView

TRANSCRIPTS = ("listCallTranscripts", "listNumberCallTranscripts")

# -- the allowance ------

mutant("rate.does-not-move", "INK-CALL-1", "rate_limit always counts one call.").response(
    set_to("rate_limit.calls_used", 1), on="placeCall"
)
mutant("rate.minutes-are-free", "INK-CALL-1", "Minutes are not counted.").returns(Allowance.seconds, 0.0)
mutant("rate.never-refused", "INK-CALL-1", "Calls past the limit are placed.").returns(Allowance.check, None)


@mutant("rate.one-more", "INK-CALL-1", "One call more than the limit is placed.").patch(Allowance.check)
def _one_more(check: Original, own: Inkbox, account: str) -> None:
    used = own.allowance.used(account)
    if used.calls_used > used.calls_limit or not used.minutes_remaining:
        check(account)


mutant("rate.never-again", "INK-CALL-1", "Calls placed more than 24 hours ago still count.").result(
    Allowance.recent,
    lambda _, own, account: deque(
        call for call in own.services.calls.records if call.account == account and call.direction == "outbound"
    ),
)
mutant("rate.no-time-to-wait", "INK-CALL-1", "The 429 past the limit has no Retry-After.").response(
    drop_header("retry-after"), on="placeCall", when=status(429)
)
mutant("rate.limit-is-250", "INK-CALL-1", "rate_limit shows a limit of 250 calls.").response(
    set_to("rate_limit.calls_limit", 250), on="placeCall"
)

# -- place ------

mutant("place.any-number-calls", "INK-CALL-10", "A calling number of another account is ignored.").request(
    drop("[from_number=+12145550187].from_number"), on="placeCall"
)
mutant("place.foreign-is-404", "INK-CALL-10", "A calling number of another account is answered 404.").response(
    error(404, "not_found"), on="placeCall", when=status(400)
)


@mutant(
    "place.the-numbers-socket-first",
    "INK-CALL-10",
    "The number's WebSocket URL takes precedence over the request's.",
    "INK-CALL-3",
).patch(Calls.place)
def _number_first(place: Original, own: Inkbox, caller: Caller, body: CallBody) -> CallView:
    number = own.data.owned_number(caller.account, body.from_number or "")
    url = own.data.identity_of(number).handling.websocket_url if number is not None else None
    view: CallView = place(caller, replace(body, client_websocket_url=url or body.client_websocket_url))
    return view


@mutant(
    "place.a-socket-is-a-must", "INK-CALL-10", "A call requires a WebSocket URL although its number has one."
).patch(Calls.place)
def _url_required(place: Original, _: Inkbox, caller: Caller, body: CallBody) -> CallView:
    if body.mode != "hosted_agent" and body.client_websocket_url is None:
        raise errors.invalid("client_websocket_url", "is required")
    view: CallView = place(caller, body)
    return view


# -- list and hang up ------

mutant("calls.oldest-first", "INK-CALL-2", "Calls are listed oldest first.").response(reverse(""), on=CALL_LISTS)
mutant("calls.two-stores", "INK-CALL-2", "The list of all calls omits those of the list by number.").response(
    respond(200, []), on="listCalls"
)
mutant("calls.transcript-backwards", "INK-CALL-2", "A transcript has the last utterance first.", "INK-CALL-3").response(
    reverse(""), on=TRANSCRIPTS
)
mutant("calls.one-seq", "INK-CALL-2", "All utterances of a transcript have the same seq.").response(
    set_to("[].seq", 0), on=TRANSCRIPTS
)
mutant("calls.under-any-number", "INK-CALL-2", "A call is shown under any number.").instead(
    Calls.find, lambda find, own, caller, id_, number=None: find(caller, id_)
)


@mutant("calls.hung-up-twice", "INK-CALL-2", "A call that has ended can be hung up again.").patch(Calls.hang_up)
def _hung_up_twice(hang_up: Original, own: Inkbox, call: Call) -> CallView:
    view: CallView = own.call_views.view(call) if call.ended_at is not None else hang_up(call)
    return view


@mutant("calls.hanging-up-does-nothing", "INK-CALL-2", "Hanging up does not end a call.").patch(Calls.hang_up)
def _hang_up_without_effect(hang_up: Original, own: Inkbox, call: Call) -> CallView:
    view: CallView = own.call_views.view(call) if call.ended_at is None else hang_up(call)
    return view


# -- receive ------


def _decided(name: str, description: str, change: Callable[[WebhookResponse], WebhookResponse]) -> None:
    """Declare a mutant that reads another response of the webhook of an incoming call."""
    mutant(f"incoming.{name}", "INK-CALL-4", description).instead(
        Calls.decide, lambda decide, own, call, identity, response: decide(call, identity, change(response))
    )


def _answering(response: WebhookResponse) -> WebhookResponse:
    return replace(response, status=200, body=b'{"action":"answer"}', error=None, whole=True)


def _any_200(response: WebhookResponse) -> WebhookResponse:
    documented = any(word in response.body for word in (b"reject", b"ignore", b"websocket"))
    return _answering(response) if response.status == 200 and not documented else response


_decided("any-200-answers", "Any 200 of the webhook answers the call.", _any_200)
_decided(
    "any-2xx-answers",
    "A 201 of the webhook answers the call, too.",
    lambda response: replace(response, status=200) if response.status == 201 else response,
)
_decided(
    "failing-answers",
    "A webhook that fails answers the call.",
    lambda response: _answering(response) if response.status == 500 else response,
)
_decided(
    "ignored-is-rejected",
    "A call that the webhook ignores is rejected.",
    lambda response: replace(response, body=b'{"action":"reject"}') if b"ignore" in response.body else response,
)
_decided(
    "own-socket-only",
    "The WebSocket URL of the webhook's response is ignored.",
    lambda response: _answering(response) if b"client_websocket_url" in response.body else response,
)


@mutant("incoming.blocked-ask", "INK-CALL-4", "The webhook is asked about blocked callers.").patch(Calls.receive)
def _ask_about_blocked(receive: Original, own: Inkbox, to: str, caller: str, script: Script) -> Call:
    call: Call = receive(to, caller, script)
    detail = own.data.calls[call.id]
    handling = own.data.identities[detail.identity].handling
    if detail.blocked and handling.action == "webhook":
        own.services.outbox.request(
            vendor=NAME,
            account=call.account,
            event=INCOMING_CALL,
            subject=call.id,
            url=handling.webhook_url or "",
            secret="",
            body=b"{}",
            on_response=lambda _: None,
        )
    return call


mutant("incoming.question-in-an-envelope", "INK-CALL-4", "The request about a call has an envelope.").webhook(
    apply("", lambda data: {"event_type": INCOMING_CALL, "data": data}), on=INCOMING_CALL
)
mutant("incoming.rejecting-is-missing", "INK-CALL-4", "A rejected call is shown as missed.").instead(
    Calls.reject, lambda reject, own, call: own.services.calls.hang_up(call)
)
mutant("incoming.questions-are-replayed", "INK-CALL-4", "The request about a call can be replayed.").response(
    respond(202, {}), on="replayWebhookDelivery", when=status(422)
)
mutant("incoming.questions-not-on-record", "INK-CALL-4", "The delivery log omits requests about calls.").returns(
    Deliveries.log_request, None
)

# -- forward ------

mutant("forward.not-shown", "INK-CALL-9", "A forwarded call shows no forwarding.").response(
    set_to("forwardings", []), on=CALL_GETS
)
mutant("forward.always-forwarded", "INK-CALL-9", "A forwarding that failed is shown as forwarded.").response(
    set_to("forwardings[].status", "forwarded"), on=CALL_GETS
)


def _target_the_caller(call: dict[str, Any]) -> dict[str, Any]:
    return {**call, "forwardings": [{**each, "target": call["remote_phone_number"]} for each in call["forwardings"]]}


mutant("forward.to-the-caller", "INK-CALL-9", "A forwarding has the caller as its target.").response(
    apply("", _target_the_caller), on=CALL_GETS
)
mutant("forward.any-target", "INK-CALL-9", "Any text is accepted as a SIP target.").returns(Numbers.check_target, None)
