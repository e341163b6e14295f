"""Mutants of webhooks: who is told, of what, signed how, how often."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.asgi import encode
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.agentphone.events import RETRIES
from ringback.vendors.agentphone.mutants.register import (
    DELIVERIES,
    NAME,
    ONE_AGENT,
    REGISTRY,
    WEBHOOK,
    Thing,
    at,
    backend,
    between,
    fine,
    forget,
    put,
    query,
    refuse,
    rewrite,
    sent,
    show,
)

Sign = Callable[[str, bytes, int], Sequence[tuple[str, str]]]
OWN = f"{ONE_AGENT}/webhook"
ANY = f"({WEBHOOK}|{OWN})"
STALE_SECONDS = 3_600


# -- whose ------


@REGISTRY.on_start("hooks.secret-stays", "AGP-HOOK-1", "A webhook that is set again keeps its secret.")
def _secret_stays(emulator: Emulator) -> None:
    hooks = backend(emulator).webhooks

    def make(set_: Any) -> Any:
        def lasting(account: str, project: str, agent: Any, body: Any) -> Any:
            old = hooks.at(project, agent)
            secret = old.secret if old is not None else None
            view = set_(account, project, agent, body)
            if secret is not None:
                hook = hooks.data.webhooks.update(hooks.at(project, agent), secret=secret)
                view = hooks.view(hook)
            return view

        return lasting

    patch(hooks, "set", make)


@REGISTRY.on_response(
    "hooks.secret-is-hidden",
    "AGP-HOOK-1",
    "GET shows no secret.",
    "AGP-SDK-1",
    "AGP-HOOK-5",
    "AGP-HOOK-2",
)
def _secret_is_hidden(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ANY):
        show(answer, lambda hook: hook.update({"secret": "whsec_hidden"}))


@REGISTRY.on_response("hooks.unset-is-404", "AGP-HOOK-1", "A webhook that is not set is answered 404.", "AGP-SDK-1",
               "AGP-ACC-1")  # fmt: skip
def _unset_is_404(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ANY) and answer.body == b"null":
        refuse(answer, 404, "WEBHOOK_NOT_FOUND", "not_found_error")


@REGISTRY.on_response(
    "hooks.unset-is-an-object", "AGP-HOOK-1", "A webhook that is not set is answered {}.", "AGP-ACC-1"
)
def _unset_is_an_object(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", ANY) and answer.body == b"null":
        answer.say(200, {})


@REGISTRY.on_start(
    "hooks.both-are-told",
    "AGP-HOOK-1",
    "An event goes to the agent's webhook and to the account's.",
)
def _both_are_told(emulator: Emulator) -> None:
    hooks = backend(emulator).webhooks

    def make(tell: Any) -> Any:
        def loud(hook: Any, view: Any, about: str, message: Any = None) -> None:
            tell(hook, view, about, message)
            general = hooks.at(hook.account, None)
            if hook.agent is not None and general is not None:
                tell(general, view, about, message)

        return loud

    patch(hooks, "tell", make)


@REGISTRY.on_start("hooks.agents-own-is-ignored", "AGP-HOOK-1", "An agent's events go to the account's webhook.")
def _agents_own_is_ignored(emulator: Emulator) -> None:
    hooks = backend(emulator).webhooks

    def make(for_: Any) -> Any:
        def general_first(account: str, project: str, agent: Any) -> Any:
            return hooks.at(account, None) or for_(account, project, agent)

        return general_first

    patch(hooks, "for_", make)


@REGISTRY.on_start(
    "hooks.loose-numbers-are-silent",
    "AGP-HOOK-1",
    "Events of a number without an agent go nowhere.",
    "AGP-HOOK-3",
    "AGP-USE-1",
)
def _loose_numbers_are_silent(emulator: Emulator) -> None:
    patch(
        backend(emulator).webhooks,
        "for_",
        lambda for_: lambda account, project, agent: for_(account, project, agent) if agent is not None else None,
    )


@REGISTRY.on_start("hooks.deletion-is-for-show", "AGP-HOOK-1", "A webhook that was deleted is sent events still.")
def _deletion_is_for_show(emulator: Emulator) -> None:
    hooks = backend(emulator).webhooks
    gone: dict[Any, Any] = {}

    def keep(delete: Any) -> Any:
        def kept(project: str, agent: Any) -> None:
            gone[project, agent] = hooks.at(project, agent)
            delete(project, agent)

        return kept

    def make(for_: Any) -> Any:
        def old(account: str, project: str, agent: Any) -> Any:
            return for_(account, project, agent) or gone.get((project, None))

        return old

    patch(hooks, "delete", keep)
    patch(hooks, "for_", make)


# -- the signature ------


def _signed(emulator: Emulator, sign: Callable[[Sign], Sign]) -> None:
    webhook_profile = emulator.services.outbox.dispatcher.profiles[NAME]
    emulator.services.outbox.register(NAME, replace(webhook_profile, sign=sign(webhook_profile.sign)))


def _headers(stamp: object, secret: str, message: bytes, kind: Any = hashlib.sha256) -> Sequence[tuple[str, str]]:
    digest = hmac.new(secret.encode(), message, kind).hexdigest()
    return (("X-Webhook-Signature", f"sha256={digest}"), ("X-Webhook-Timestamp", str(stamp)))


@REGISTRY.on_start(
    "signature.of-the-parsed-body", "AGP-HOOK-2", "The signature is over the body as parsed and written anew."
)
def _of_the_parsed_body(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, json.dumps(json.loads(body)).encode(), now))


@REGISTRY.on_start("signature.of-the-body-alone", "AGP-HOOK-2", "The signature leaves the timestamp out.")
def _of_the_body_alone(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: _headers(now, secret, body))


@REGISTRY.on_start("signature.with-sha1", "AGP-HOOK-2", "The signature is HMAC-SHA1.")
def _with_sha1(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: _headers(now, secret, b"%d." % now + body, hashlib.sha1))


@REGISTRY.on_start("signature.without-the-prefix", "AGP-HOOK-2", "The secret signs without its whsec_.")
def _without_the_prefix(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret.removeprefix("whsec_"), body, now))


@REGISTRY.on_start("signature.stale", "AGP-HOOK-2", "The timestamp is an hour old when it is signed.")
def _stale(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now - STALE_SECONDS))


@REGISTRY.on_start("signature.in-milliseconds", "AGP-HOOK-2", "The timestamp is in milliseconds.")
def _in_milliseconds(emulator: Emulator) -> None:
    _signed(emulator, lambda sign: lambda secret, body, now: sign(secret, body, now * 1_000))


@REGISTRY.on_start("signature.of-the-first-attempt", "AGP-HOOK-2", "Every attempt carries the first one's signature.")
def _of_the_first_attempt(emulator: Emulator) -> None:
    signed: dict[bytes, Sequence[tuple[str, str]]] = {}

    def once(sign: Sign) -> Sign:
        return lambda secret, body, now: signed.setdefault(secret.encode() + body, sign(secret, body, now))

    _signed(emulator, once)


@REGISTRY.on_start("signature.missing", "AGP-HOOK-2", "Events carry no signature.")
def _missing(emulator: Emulator) -> None:
    _signed(emulator, lambda _: lambda secret, body, now: (("X-Webhook-Timestamp", str(now)),))


@REGISTRY.on_start("signature.bare", "AGP-HOOK-2", "The signature does not say sha256=.")
def _bare(emulator: Emulator) -> None:
    def plain(sign: Sign) -> Sign:
        return lambda secret, body, now: [
            (name, value.removeprefix("sha256=")) for name, value in sign(secret, body, now)
        ]

    _signed(emulator, plain)


def _labelled(emulator: Emulator, change: Callable[[Any], Any]) -> None:
    patch(
        emulator.services.outbox,
        "send",
        lambda send: lambda **event: send(**{**event, "headers": change(event["headers"])}),
    )


@REGISTRY.on_start("deliveries.without-an-id", "AGP-HOOK-2", "Attempts do not carry the delivery's id.")
def _without_an_id(emulator: Emulator) -> None:
    _labelled(emulator, lambda _: ())


@REGISTRY.on_start("deliveries.all-with-one-id", "AGP-HOOK-2", "All events carry one id.")
def _all_with_one_id(emulator: Emulator) -> None:
    _labelled(emulator, lambda _: (("X-Webhook-ID", "del_1"),))


@REGISTRY.on_start("deliveries.an-id-for-each-attempt", "AGP-HOOK-2", "A repeated attempt carries another id.")
def _an_id_for_each_attempt(emulator: Emulator) -> None:
    def rename(delivery: Any, _made: Any) -> None:
        delivery.headers = [(name, value + "0") for name, value in delivery.headers]

    _attempted(emulator, rename)


# -- events ------


def _never(kind: str, *touches: str) -> None:
    @REGISTRY.on_start(f"events.no-{kind}", "AGP-HOOK-3", f"{kind} never comes.", *touches)
    def _silent(emulator: Emulator) -> None:
        sent(emulator, lambda event: None if event["event"] == kind else event)


_never("agent.reaction")
_never("agent.call_ended", "AGP-CALL-2", "AGP-CALL-8", "AGP-USE-1")
_never("agent.message", "AGP-HOOK-1", "AGP-HOOK-2", "AGP-HOOK-4", "AGP-USE-1", "AGP-ACC-1")


def _told(name: str, breaks: str, change: Callable[[Thing], object], *touches: str) -> None:
    @REGISTRY.on_start(f"events.{name}", "AGP-HOOK-3", breaks, *touches)
    def _otherwise(emulator: Emulator) -> None:
        def changed(event: Thing) -> Thing:
            change(event)
            return event

        sent(emulator, changed)


_told("history-is-null", "recentHistory is null where there is none.",
      lambda e: e.update(recentHistory=e["recentHistory"] or None))  # fmt: skip
_told("history-latest-first", "recentHistory comes with the latest first.", lambda e: e["recentHistory"].reverse())
_told("history-is-never-there", "recentHistory is always empty.", lambda e: e.update(recentHistory=[]))
_told("state-is-never-there", "conversationState is always null.", lambda e: e.update(conversationState=None))
_told("contact-is-never-there", "The contact is always null.",
      lambda e: e["data"].update(contact=None) if "contact" in e["data"] else None)  # fmt: skip
_told("without-agent", "agentId is always null.", lambda e: e.update(agentId=None), "AGP-CALL-2")
_told("media-is-never-there", "An event has no media.",
      lambda e: e["data"].update(mediaUrl=None) if "mediaUrl" in e["data"] else None)  # fmt: skip
_told("transcript-as-one-text", "The transcript of a call that ended is one text.",
      lambda e: e["data"].update(transcript="…") if e["event"] == "agent.call_ended" else None)  # fmt: skip
_told("duration-with-ringing", "The duration of a call that ended counts the ringing.",
      lambda e: e["data"].update(durationSeconds=e["data"]["durationSeconds"] + 1)
      if e["event"] == "agent.call_ended" else None)  # fmt: skip
_told("missed-is-completed", "A call that nobody took ends as completed.",
      lambda e: e["data"].update(status="completed") if e["event"] == "agent.call_ended" else None)  # fmt: skip
_told("reactions-in-words", "A reaction is told in words.",
      lambda e: e["data"].update(reactionType="Loved") if e["event"] == "agent.reaction" else None)  # fmt: skip
_told("timestamp-in-seconds", "An event's timestamp is in seconds.", lambda e: e.update(timestamp=1_767_225_600))


@REGISTRY.on_request("events.context-is-ignored", "AGP-HOOK-3", "contextLimit is ignored.", "AGP-HOOK-5", "AGP-SDK-1")
def _context_is_ignored(asked: Request) -> None:
    if at(asked, "POST", ANY):
        rewrite(asked, lambda body: body.pop("contextLimit", None))


@REGISTRY.on_start("events.history-has-the-message-itself", "AGP-HOOK-3", "recentHistory ends with the message itself.")
def _history_has_the_message(emulator: Emulator) -> None:
    hooks = backend(emulator).webhooks
    patch(hooks, "history", lambda history: lambda hook, talk, before: history(hook, talk, before + 1))


# -- the attempts ------


def _retried(emulator: Emulator, waits: Sequence[int]) -> None:
    emulator.services.outbox.register(NAME, replace(emulator.services.outbox.dispatcher.profiles[NAME], retries=waits))


def _attempted(emulator: Emulator, change: Callable[[Any, Any], None]) -> None:
    def make(attempt: Any) -> Any:
        async def changed(delivery: Any, *rest: Any) -> Any:
            made = await attempt(delivery, *rest)
            change(delivery, made)
            return made

        return changed

    patch(emulator.services.outbox.dispatcher, "attempt", make)


@REGISTRY.on_start("retries.six", "AGP-HOOK-4", "A seventh attempt is made.")
def _six(emulator: Emulator) -> None:
    _retried(emulator, (*RETRIES, RETRIES[-1] * 2))


@REGISTRY.on_start("retries.four", "AGP-HOOK-4", "There is no sixth attempt.")
def _four(emulator: Emulator) -> None:
    _retried(emulator, RETRIES[:-1])


@REGISTRY.on_start("retries.even", "AGP-HOOK-4", "All waits between attempts are alike.")
def _even(emulator: Emulator) -> None:
    _retried(emulator, (60,) * len(RETRIES))


@REGISTRY.on_start("retries.redirect-is-success", "AGP-HOOK-4", "A redirect counts as an event that was taken.")
def _redirect_is_success(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status is not None and 300 <= made.status < 400:
            made.status = 200

    _attempted(emulator, forgive)


@REGISTRY.on_start("retries.404-is-final", "AGP-HOOK-4", "A receiver that answers 404 is not tried again.")
def _404_is_final(emulator: Emulator) -> None:
    def forgive(_: Any, made: Any) -> None:
        if made.status == 404:
            made.status = 200

    _attempted(emulator, forgive)


@REGISTRY.on_start("retries.only-200-counts", "AGP-HOOK-4", "A 2xx other than 200 counts as a failure.")
def _only_200_counts(emulator: Emulator) -> None:
    def doubt(_: Any, made: Any) -> None:
        if made.accepted and made.status != 200:
            made.status = 500

    _attempted(emulator, doubt)


@REGISTRY.on_response(
    "deliveries.pending-is-failed", "AGP-HOOK-4", "A delivery that is still tried is shown as failed."
)
def _pending_is_failed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", DELIVERIES):
        show(
            answer,
            lambda body: [r.update(status="failed") for r in (*body["items"], *body["data"]) if r["nextRetryAt"]],
        )


@REGISTRY.on_response("deliveries.under-one-name", "AGP-HOOK-4", "Deliveries come under `items` alone.")
def _under_one_name(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", DELIVERIES):
        show(answer, lambda body: body.update(data=[]))


@REGISTRY.on_response(
    "deliveries.of-an-agent-in-an-object", "AGP-HOOK-4", "An agent's deliveries come in an object.", "AGP-SDK-1"
)
def _in_an_object(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{OWN}/deliveries"):
        answer.say(200, {"data": answer.json()})


@REGISTRY.on_response("deliveries.rate-is-a-share", "AGP-HOOK-4", "successRate is a share of one.")
def _rate_is_a_share(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "GET", f"{DELIVERIES}/all-time"):
        show(answer, lambda body: body.update(successRate=body["successRate"] / 100))


@REGISTRY.on_request(
    "deliveries.hours-are-ignored", "AGP-HOOK-4", "The deliveries of the last hours are all there are."
)
def _hours_are_ignored(asked: Request) -> None:
    if at(asked, "GET", DELIVERIES):
        forget(asked, "hours")


@REGISTRY.on_request("deliveries.counted-for-a-year", "AGP-HOOK-4", "The counts are of a year where nothing is said.")
def _counted_for_a_year(asked: Request) -> None:
    if at(asked, "GET", f"{DELIVERIES}/stats"):
        query(asked, lambda named: named.setdefault("hours", "8760"))


@REGISTRY.on_start("tests.are-not-marked", "AGP-HOOK-4", "A test event is not marked as one.")
def _are_not_marked(emulator: Emulator) -> None:
    def plain(event: Thing) -> Thing:
        event.pop("test", None)
        return event

    sent(emulator, plain)


@REGISTRY.on_request("tests.say-always-the-same", "AGP-HOOK-4", "A test says nothing of what it was asked to.")
def _say_always_the_same(asked: Request) -> None:
    if at(asked, "POST", f"{WEBHOOK}/test"):
        put(asked, b"{}")


@REGISTRY.on_response("tests.always-succeed", "AGP-HOOK-4", "A test always succeeds.")
def _always_succeed(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", f"{ANY}/test"):
        show(answer, lambda body: body.update(success=True))


@REGISTRY.on_response("tests.of-nothing-succeed", "AGP-HOOK-4", "A test of a webhook that is not there succeeds.")
def _of_nothing_succeed(answer: MutableResponse, _: Emulator) -> None:
    if at(answer, "POST", f"{OWN}/test") and answer.status == 404:
        answer.body = encode({"success": True, "httpStatus": 200, "errorMessage": None})
        answer.status = 200


# -- bounds ------


@REGISTRY.on_request("hooks.context-is-clamped", "AGP-HOOK-5", "A contextLimit over 50 is taken for 50.")
def _context_is_clamped(asked: Request) -> None:
    if at(asked, "POST", ANY):
        rewrite(
            asked, lambda b: b.update(contextLimit=between(b["contextLimit"], 0, 50)) if "contextLimit" in b else None
        )


@REGISTRY.on_request("hooks.timeout-is-clamped", "AGP-HOOK-5", "A timeout out of its range is brought within it.")
def _timeout_is_clamped(asked: Request) -> None:
    if at(asked, "POST", ANY):
        rewrite(
            asked, lambda body: body.update(timeout=between(body["timeout"], 5, 120)) if "timeout" in body else None
        )


@REGISTRY.on_request(
    "hooks.ten-seconds-by-default", "AGP-HOOK-5", "A receiver has 10 seconds where nothing is said.", "AGP-SDK-1"
)
def _ten_seconds_by_default(asked: Request) -> None:
    if at(asked, "POST", ANY):
        rewrite(asked, lambda body: body.setdefault("timeout", 10))


@REGISTRY.on_request("hooks.any-scheme", "AGP-HOOK-5", "An address of another scheme is taken for https.")
def _any_scheme(asked: Request) -> None:
    def mend(body: Thing) -> None:
        if str(body.get("url")).startswith("ftp://"):
            body["url"] = f"https://127.0.0.1.nip.example/{body['url'].rpartition('/')[2]}"

    if at(asked, "POST", ANY):
        rewrite(asked, mend)


@REGISTRY.on_response(
    "hooks.refusal-forgets", "AGP-HOOK-5", "A webhook that is refused takes the one that was set away."
)
def _refusal_forgets(answer: MutableResponse, emulator: Emulator) -> None:
    if at(answer, "POST", OWN) and answer.status == 422:
        hooks = backend(emulator).webhooks
        for hook in hooks.data.webhooks.oldest("account", answer.account):
            hooks.data.webhooks.remove(hook)


@REGISTRY.on_response(
    "hooks.listed-without-status",
    "AGP-HOOK-1",
    "A webhook has no status.",
    "AGP-SDK-1",
    "AGP-HOOK-5",
)
def _listed_without_status(answer: MutableResponse, _: Emulator) -> None:
    if fine(answer, "POST", ANY):
        show(answer, lambda hook: hook.pop("status", None))
