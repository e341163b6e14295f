"""Mutants of "Phone Numbers"."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.mutants.register import (
    IDENTITIES,
    NUMBERS,
    ONE_NUMBER,
    REGISTRY,
    as_admin,
    asked_for,
    backend,
    instead,
    rewrite,
    shown,
)
from ringback.vendors.inkbox.rules.common import PHONE

ACTION = f"{PHONE}/incoming-call-action"


@REGISTRY.on_response("numbers.release-is-200", "INK-NUM-1", "A release is answered 200.")
def _release_is_200(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "DELETE", ONE_NUMBER) and answer.status == 204:
        answer.say(200, {"released": True})


@REGISTRY.on_response(
    "numbers.list-in-an-object",
    "INK-NUM-1",
    "The list of numbers is an object.",
    "INK-SDK-1",
)
def _list_in_an_object(answer: MutableResponse, _: Emulator) -> None:
    body = answer.json() if asked_for(answer, "GET", NUMBERS) and answer.status == 200 else None
    if isinstance(body, list):
        answer.say(200, {"items": body})


@REGISTRY.on_start("numbers.released-stay-listed", "INK-NUM-1", "A number that was released is listed on.")
def _released_stay_listed(emulator: Emulator) -> None:
    def make(listed: Any) -> Any:
        def all_of(caller: Any) -> Any:
            lines = backend(emulator).lines
            gone = [lines.view(each) for each in lines.records.newest("all", caller.account) if each.released]
            return [*listed(caller), *gone]

        return all_of

    patch(backend(emulator).lines, "listed", make)


@REGISTRY.on_start("numbers.released-still-ring", "INK-NUM-1", "A number that was released can be called.")
def _released_still_ring(emulator: Emulator) -> None:
    patch(emulator.services.numbers, "release", instead(None))


@REGISTRY.on_request("numbers.always-local", "INK-NUM-1", "Who wants a toll-free number gets a local one.")
def _always_local(asked: Request) -> None:
    if asked_for(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(type="local") if body.get("type") == "toll_free" else None)


@REGISTRY.on_request(
    "numbers.urls-are-not-kept",
    "INK-NUM-1",
    "An update of the webhook URL is lost.",
)
def _urls_are_not_kept(asked: Request) -> None:
    def drop(body: Any) -> None:
        if isinstance(body.get("incoming_call_webhook_url"), str) and body.get("incoming_call_action") != "webhook":
            body.pop("incoming_call_webhook_url")

    if asked_for(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, drop)


def _lenient(emulator: Emulator, name: str, action: str) -> None:
    """An action that goes without its URL."""

    def make(changed: Any) -> Any:
        def handling(current: Any, body: Any) -> Any:
            try:
                return changed(current, body)
            except errors.InkboxError:
                if body.incoming_call_action == action or current.action == action:
                    url = getattr(body, name)
                    kept = "websocket_url" if action == "auto_accept" else "webhook_url"
                    return replace(current, **{"action": action, kept: None if url is UNSET else url})
                raise

        return handling

    patch(backend(emulator).lines, "changed_handling", make)


@REGISTRY.on_start(
    "actions.accept-without-socket", "INK-NUM-2", "auto_accept goes without a WebSocket URL.", "INK-NUM-6"
)
def _accept_without_socket(emulator: Emulator) -> None:
    _lenient(emulator, "client_websocket_url", "auto_accept")


@REGISTRY.on_start("actions.ask-without-webhook", "INK-NUM-2", "webhook goes without a webhook URL.")
def _ask_without_webhook(emulator: Emulator) -> None:
    _lenient(emulator, "incoming_call_webhook_url", "webhook")


@REGISTRY.on_request("actions.null-stays", "INK-NUM-2", "Null clears no URL of a number.")
def _null_stays(asked: Request) -> None:
    if asked_for(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, lambda body: [body.pop(name) for name in [*body] if body[name] is None])


@REGISTRY.on_request(
    "actions.absent-clears", "INK-NUM-2", "An update clears the WebSocket URL that it leaves out.", "INK-CALL-4"
)
def _absent_clears(asked: Request) -> None:
    def clear(body: Any) -> None:
        if body.get("incoming_call_action") == "webhook":
            body.setdefault("client_websocket_url", None)

    if asked_for(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, clear)


@REGISTRY.on_start("limit.of-four", "INK-NUM-3", "A fourth number is taken.")
def _of_four(emulator: Emulator) -> None:
    settings = backend(emulator).settings

    def wider(account: str) -> Any:
        found = settings(account)
        return replace(found, number_limit=found.number_limit + 1) if found.number_limit is not None else found

    backend(emulator).settings = wider


@REGISTRY.on_response("limit.is-409", "INK-NUM-3", "A fourth number is refused with 409.")
def _is_409(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 429 and asked_for(answer, "POST", rf"{NUMBERS}|{IDENTITIES}"):
        answer.say(409, {"detail": "Broken on purpose."})


@REGISTRY.on_start("limit.counts-released", "INK-NUM-3", "Numbers that were released count on.")
def _counts_released(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(check: Any) -> Any:
        def counting(account: str, spec: Any, current: Any = None) -> Any:
            limit = backend(emulator).settings(account).number_limit
            if limit is not None and lines.records.count("all", account) >= limit:
                raise errors.InkboxError(429, "Broken on purpose.")
            return check(account, spec, current)

        return counting

    patch(lines, "check_spec", make)


@REGISTRY.on_start("owner.made-on-the-way", "INK-NUM-4", "A number for an unknown handle makes its identity.")
def _made_on_the_way(emulator: Emulator) -> None:
    def make(provision: Any) -> Any:
        def generous(caller: Any, body: Any) -> Any:
            backend(emulator).identities.ensure(caller.account, body.agent_handle)
            return provision(caller, body)

        return generous

    patch(backend(emulator).lines, "provision", make)


@REGISTRY.on_response("owner.not-shown", "INK-NUM-4", "An identity does not show its number.")
def _not_shown(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", rf"{IDENTITIES}[^/]+", lambda identity: identity.update(phone_number=None))


@REGISTRY.on_request("owner.toll-free-by-default", "INK-NUM-4", "A number of no type is toll-free.")
def _toll_free_by_default(asked: Request) -> None:
    def choose(body: Any) -> None:
        if "type" not in body and "state" not in body:
            body["type"] = "toll_free"

    if asked_for(asked, "POST", NUMBERS):
        rewrite(asked, choose)


@REGISTRY.on_response(
    "owner.none-is-204", "INK-NUM-4", "Releasing the number of an identity without one is answered 204."
)
def _none_is_204(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "DELETE", rf"{IDENTITIES}[^/]+/phone_number") and answer.status == 404:
        answer.status, answer.body = 204, b""


@REGISTRY.on_request("owner.anywhere", "INK-NUM-4", "The state in which a number is wanted is not looked at.")
def _anywhere(asked: Request) -> None:
    if asked_for(asked, "POST", NUMBERS):
        rewrite(asked, lambda body: body.update(state="CA") if body.get("state") == "NY" else None)


def _notice(answer: MutableResponse, change: Any) -> None:
    shown(answer, "PATCH", ONE_NUMBER, lambda number: change(number.get("filter_mode_change_notice") or {}))


@REGISTRY.on_response("filter.notice-names-the-others", "INK-NUM-5", "The notice names the rules that still matter.")
def _notice_names_the_others(answer: MutableResponse, _: Emulator) -> None:
    other = {"block": "allow", "allow": "block"}
    _notice(
        answer, lambda notice: notice and notice.update(redundant_rule_action=other[notice["redundant_rule_action"]])
    )


@REGISTRY.on_start("filter.counts-paused", "INK-NUM-5", "The notice counts rules that rest.")
def _counts_paused(emulator: Emulator) -> None:
    def make(redundant: Any) -> Any:
        def counting(identity: Any, mode: str) -> Any:
            notice = redundant(identity, mode)
            rules = backend(emulator).contacts.rules.oldest("identity", identity.id)
            count = sum(rule.action == notice.redundant_rule_action for rule in rules)
            return replace(notice, redundant_rule_count=count)

        return counting

    patch(backend(emulator).contacts, "redundant", make)


@REGISTRY.on_response("filter.no-notice", "INK-NUM-5", "A change of filter_mode tells nothing of rules.")
def _no_notice(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "PATCH", ONE_NUMBER, lambda number: number.pop("filter_mode_change_notice", None))


@REGISTRY.on_start("filter.always-a-notice", "INK-NUM-5", "A filter_mode that does not change is told of as well.")
def _always_a_notice(emulator: Emulator) -> None:
    def make(filter_: Any) -> Any:
        def telling(identity: Any, mode: Any) -> Any:
            return filter_(identity, mode) or backend(emulator).contacts.redundant(identity, mode)

        return telling

    patch(backend(emulator).lines, "filter", make)


@REGISTRY.on_start("mirror.not-on-the-number", "INK-NUM-6", "What is set on an identity is not seen on its number.")
def _not_on_the_number(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(handle: Any) -> Any:
        def apart(identity: Any, body: Any) -> Any:
            before = identity.handling
            view = handle(identity, body)
            backend(emulator).identities.records.update(identity, handling=before)
            return view

        return apart

    patch(lines, "handle_calls", make)


@REGISTRY.on_response("mirror.agents-name-themselves", "INK-NUM-6", "An agent's key has to name its identity.")
def _agents_name_themselves(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "GET", ACTION) and answer.status == 200 and not answer.asked.query:
        answer.say(422, {"detail": "Broken on purpose."})


@REGISTRY.on_start("mirror.agents-see-others", "INK-NUM-6", "An agent's key sees another identity's setting.")
def _agents_see_others(emulator: Emulator) -> None:
    def make(meant: Any) -> Any:
        def wide(caller: Any, id_: Any, **rest: Any) -> Any:
            return meant(caller, id_, **rest) if id_ is None else as_admin(meant)(caller, id_, **rest)

        return wide

    patch(backend(emulator).identities, "meant", make)
