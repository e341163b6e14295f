"""Mutants of "Quick start": tokens, agents' keys, errors, identities, paging, and what the SDKs read."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.inkbox.mutants.register import (
    API_KEYS,
    CALLS,
    DELIVERIES,
    IDENTITIES,
    NUMBERS,
    ONE_NUMBER,
    PLACE,
    REGISTRY,
    SUBSCRIPTIONS,
    TEXTS,
    as_admin,
    asked_for,
    backend,
    forget,
    instead,
    refuse,
    rewrite,
    shown,
)
from ringback.vendors.inkbox.rules.common import PHONE

ONE_IDENTITY = rf"{IDENTITIES}[^/]+"


@REGISTRY.on_request("auth.service-token-only", "INK-AUTH-1", "A token in X-API-Key is not looked at.")
def _service_token_only(asked: Request) -> None:
    asked.headers = [header for header in asked.headers if header[0].lower() != b"x-api-key"]


@REGISTRY.on_response(
    "auth.without-is-403", "INK-AUTH-1", "A request without a valid token is answered 403.", "INK-ID-1"
)
def _without_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401:
        refuse(answer, 403)


@REGISTRY.on_start("auth.revoked-works", "INK-AUTH-1", "A revoked token is taken.", "INK-ID-1")
def _revoked_works(emulator: Emulator) -> None:
    patch(emulator.services.keys, "admits", instead(True))


@REGISTRY.on_start("auth.any-token", "INK-AUTH-1", "A token that nobody has opens the first account.")
def _any_token(emulator: Emulator) -> None:
    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            return find(vendor, secret) or next(
                (key for key in emulator.services.keys.records if key.vendor == vendor), None
            )

        return found

    patch(emulator.services.keys, "find", make)


@REGISTRY.on_start("agents.see-all-numbers", "INK-AUTH-2", "An agent's key lists every number of the organization.")
def _see_all_numbers(emulator: Emulator) -> None:
    patch(backend(emulator).lines, "listed", as_admin)


@REGISTRY.on_start(
    "agents.see-all-identities", "INK-AUTH-2", "An agent's key lists every identity of the organization."
)
def _see_all_identities(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "listed", as_admin)


@REGISTRY.on_start(
    "agents.reach-other-numbers", "INK-AUTH-2", "An agent's key reaches the numbers of other identities."
)
def _reach_other_numbers(emulator: Emulator) -> None:
    patch(backend(emulator).lines, "of", as_admin)


@REGISTRY.on_start("agents.see-blocked-texts", "INK-AUTH-2", "An agent's key lists texts that were kept away.")
def _see_blocked_texts(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "listed", as_admin)


@REGISTRY.on_start("agents.find-blocked-texts", "INK-AUTH-2", "An agent's key finds texts that were kept away.")
def _find_blocked_texts(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "searched", as_admin)


@REGISTRY.on_start(
    "agents.open-blocked-texts", "INK-AUTH-2", "An agent's key shows a text that was kept away by its id."
)
def _open_blocked_texts(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "of", as_admin)


@REGISTRY.on_start("agents.see-blocked-talks", "INK-AUTH-2", "An agent's key sees conversations that were kept away.")
def _see_blocked_talks(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "summaries", as_admin)


@REGISTRY.on_start("agents.read-blocked-talks", "INK-AUTH-2", "An agent's key reads a conversation that was kept away.")
def _read_blocked_talks(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "within", as_admin)


@REGISTRY.on_start("agents.see-blocked-calls", "INK-AUTH-2", "An agent's key lists calls that were kept away.")
def _see_blocked_calls(emulator: Emulator) -> None:
    patch(backend(emulator).phones, "listed", as_admin)


@REGISTRY.on_start("agents.change-filters", "INK-AUTH-2", "An agent's key changes filter_mode.")
def _change_filters(emulator: Emulator) -> None:
    patch(backend(emulator).lines, "change", as_admin)


@REGISTRY.on_start("keys.agents-make-keys", "INK-AUTH-3", "An agent's key makes keys.")
def _agents_make_keys(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "issue_key", as_admin)


@REGISTRY.on_response("keys.unscoped-is-taken", "INK-AUTH-3", "An administrator's key makes another of its kind.")
def _unscoped_is_taken(answer: MutableResponse, _: Emulator) -> None:
    body = answer.asked.json()
    if asked_for(answer, "POST", API_KEYS) and answer.status == 403 and not (body or {}).get("scoped_identity_id"):
        answer.say(202, {"api_key": "ApiKey_0", "record": {}})


@REGISTRY.on_response("keys.record-shows-the-secret", "INK-AUTH-3", "The record of a key holds its secret.")
def _record_shows_the_secret(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", API_KEYS, lambda made: made["record"].update(display_prefix=made["api_key"]))


@REGISTRY.on_start("keys.all-are-admins", "INK-AUTH-3", "Whoami calls every key an administrator's.")
def _all_are_admins(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "whoami", as_admin)


@REGISTRY.on_response("errors.trouble-is-bare", "INK-ERR-1", "A 503 comes without detail.")
def _trouble_is_bare(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 503:
        answer.say(503, {"message": "Broken on purpose."})


@REGISTRY.on_response("errors.as-text", "INK-ERR-1", "A 404 says that it is plain text.")
def _as_text(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404:
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/plain"))


@REGISTRY.on_response(
    "errors.code-is-a-number", "INK-ERR-1", "A refusal by a rule has a number for a code.", "INK-TXT-4"
)
def _code_is_a_number(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 403 and asked_for(answer, "POST", TEXTS) and b"recipient_blocked" in answer.body:
        answer.say(403, {"detail": {"error": 403, "message": "Broken on purpose."}})


@REGISTRY.on_start("errors.others-numbers-are-shown", "INK-ERR-1", "Another organization's number is shown.")
def _others_numbers_are_shown(emulator: Emulator) -> None:
    def make(of: Any) -> Any:
        def open_to_all(caller: Any, id_: str) -> Any:
            found = backend(emulator).lines.records.get(id_.lower())
            return found if found is not None and not found.released and caller.agent is None else of(caller, id_)

        return open_to_all

    patch(backend(emulator).lines, "of", make)


@REGISTRY.on_response("input.broken-json-is-400", "INK-ERR-2", "A body that is no JSON is answered 400.")
def _broken_json_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 422 and answer.asked.body and answer.asked.json() is None:
        refuse(answer, 400)


@REGISTRY.on_request(
    "input.unknown-actions-are-dropped", "INK-ERR-2", "An action for calls that does not exist is passed over."
)
def _unknown_actions_are_dropped(asked: Request) -> None:
    def drop(body: Any) -> None:
        if body.get("incoming_call_action") == "shout":
            body.pop("incoming_call_action")

    if asked_for(asked, "PATCH", ONE_NUMBER):
        rewrite(asked, drop)


@REGISTRY.on_response("input.odd-calls-are-500", "INK-ERR-2", "A call without a number to call is answered 500.")
def _odd_calls_are_500(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", PLACE) and answer.status == 422 and answer.asked.json() == {}:
        refuse(answer, 500)


@REGISTRY.on_start("input.half-done", "INK-ERR-2", "An update with a text webhook is refused, and the rest of it done.")
def _half_done(emulator: Emulator) -> None:
    def make(change: Any) -> Any:
        def half(caller: Any, id_: str, body: Any) -> Any:
            if isinstance(body.incoming_text_webhook_url, str):
                number = backend(emulator).lines.of(caller, id_)
                backend(emulator).lines.records.update(number, updated_at=number.updated_at + 1_000_000)
            return change(caller, id_, body)

        return half

    patch(backend(emulator).lines, "change", make)


@REGISTRY.on_request("input.any-rule-blocks", "INK-ERR-2", "A rule of an unknown kind is taken for one that blocks.")
def _any_rule_blocks(asked: Request) -> None:
    def block(body: Any) -> None:
        if body.get("action") not in ("allow", "block"):
            body["action"] = "block"

    if asked_for(asked, "POST", rf"{ONE_NUMBER}/contact-rules"):
        rewrite(asked, block)


@REGISTRY.on_response("identities.taken-without-code", "INK-ID-1", "A handle that is taken is 409 without a code.")
def _taken_without_code(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", IDENTITIES) and answer.status == 409:
        refuse(answer, 409)


@REGISTRY.on_request("identities.null-stays", "INK-ID-1", "Null takes no description away.")
def _null_stays(asked: Request) -> None:
    if asked_for(asked, "PATCH", ONE_IDENTITY):
        rewrite(asked, lambda body: [body.pop(name) for name in [*body] if body[name] is None])


@REGISTRY.on_start("identities.keys-outlive", "INK-ID-1", "The keys of a deleted identity work on.")
def _keys_outlive(emulator: Emulator) -> None:
    def make(delete: Any) -> Any:
        def sparing(caller: Any, handle: str) -> None:
            kept = [key for key in emulator.services.keys.records if key.agent is not None and key.status == "active"]
            delete(caller, handle)
            for key in kept:
                emulator.services.keys.records.update(key, status="active")

        return sparing

    patch(backend(emulator).identities, "delete", make)


@REGISTRY.on_start("identities.numbers-outlive", "INK-ID-1", "The number of a deleted identity stays in service.")
def _numbers_outlive(emulator: Emulator) -> None:
    def make(delete: Any) -> Any:
        def sparing(caller: Any, handle: str) -> None:
            lines = backend(emulator).lines
            found = backend(emulator).identities.find(caller.account, handle)
            number = lines.records[found.number] if found is not None and found.number is not None else None
            delete(caller, handle)
            if number is not None:
                lines.records.update(number, released=False)

        return sparing

    patch(backend(emulator).identities, "delete", make)


@REGISTRY.on_start("identities.hooks-outlive", "INK-ID-1", "The subscriptions of a deleted identity stay.")
def _hooks_outlive(emulator: Emulator) -> None:
    patch(backend(emulator).hooks, "drop", instead(None))


@REGISTRY.on_start("access.grants-show-nothing", "INK-ID-2", "A grant shows an identity to nobody.")
def _grants_show_nothing(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "_granted", instead(False))


@REGISTRY.on_start("access.all-see-all", "INK-ID-2", "Every identity sees every other.", "INK-AUTH-2")
def _all_see_all(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "_granted", instead(True))


@REGISTRY.on_start("access.revoking-does-nothing", "INK-ID-2", "A grant that is taken back holds on.")
def _revoking_does_nothing(emulator: Emulator) -> None:
    patch(backend(emulator).identities, "revoke", instead(None))


@REGISTRY.on_response("access.redundant-is-201", "INK-ID-2", "A grant where all may is answered 201.")
def _redundant_is_201(answer: MutableResponse, emulator: Emulator) -> None:
    if asked_for(answer, "POST", rf"{ONE_IDENTITY}/access") and answer.status == 409:
        grant = next(iter(backend(emulator).identities.grants))
        seen = {"target_identity_id": grant.target, "viewer_identity_id": grant.viewer}
        answer.say(201, {"id": grant.id, **seen, "created_at": "2026-01-01T00:00:00Z"})


@REGISTRY.on_request("pages.no-limit-too-large", "INK-PAGE-1", "A limit past 200 is taken for 200.")
def _no_limit_too_large(asked: Request) -> None:
    if asked_for(asked, "GET", rf"{PHONE}/.*") and "limit=201" in asked.query:
        asked.query = asked.query.replace("limit=201", "limit=200")


@REGISTRY.on_request("pages.of-twenty", "INK-PAGE-1", "A list without limit has 20.")
def _of_twenty(asked: Request) -> None:
    if asked_for(asked, "GET", TEXTS) and "limit" not in asked.query:
        asked.query += "&limit=20"


@REGISTRY.on_request("pages.offset-is-dropped", "INK-PAGE-1", "An offset is not looked at.")
def _offset_is_dropped(asked: Request) -> None:
    forget(asked, TEXTS, "offset") if "offset=-" not in asked.query and "offset=x" not in asked.query else None


@REGISTRY.on_request("pages.odd-limits-are-dropped", "INK-PAGE-1", "A limit that is none is passed over.")
def _odd_limits_are_dropped(asked: Request) -> None:
    if asked.query in ("limit=x", "limit=1.5"):
        asked.query = ""


@REGISTRY.on_response("sdk.texts-without-updated-at", "INK-SDK-1", "A text that was just sent has no updated_at.")
def _texts_without_updated_at(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", TEXTS, lambda text: text.pop("updated_at"))


@REGISTRY.on_response("sdk.an-unknown-delivery-status", "INK-SDK-1", "A text has a status that 0.4.6 does not know.")
def _an_unknown_delivery_status(answer: MutableResponse, _: Emulator) -> None:
    def change(text: Any) -> None:
        if text.get("delivery_status") == "sending_failed":
            text["delivery_status"] = "blocked_spam_filter"

    shown(answer, "GET", TEXTS, change)


@REGISTRY.on_response("sdk.forwardings-null", "INK-SDK-1", "A call without forwardings has null for them.")
def _forwardings_null(answer: MutableResponse, _: Emulator) -> None:
    shown(
        answer,
        "GET",
        rf"({ONE_NUMBER}|{PHONE})/calls(/[^/]+)?",
        lambda call: call.update(forwardings=call["forwardings"] or None),
    )


@REGISTRY.on_response("sdk.numbers-with-unix-times", "INK-SDK-1", "A number's created_at is a number.")
def _numbers_with_unix_times(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", NUMBERS, lambda number: number.update(created_at=1_767_225_600))


@REGISTRY.on_response("sdk.subscriptions-without-mailbox", "INK-SDK-1", "A listed subscription has no mailbox_id.")
def _subscriptions_without_mailbox(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", SUBSCRIPTIONS, lambda row: row.pop("mailbox_id"), "subscriptions")


@REGISTRY.on_response("sdk.deliveries-bare", "INK-SDK-1", "The log of deliveries is a bare array.")
def _deliveries_bare(answer: MutableResponse, _: Emulator) -> None:
    body = answer.json() if asked_for(answer, "GET", DELIVERIES) else None
    if isinstance(body, dict) and answer.status == 200 and "subscription_id" not in answer.asked.query:
        answer.say(200, body["deliveries"])


@REGISTRY.on_response(
    "sdk.rules-without-identity", "INK-SDK-1", "A rule shown by number has no agent_identity_id.", "INK-RULE-1"
)
def _rules_without_identity(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET POST PATCH", rf"{ONE_NUMBER}/contact-rules(/.*)?", lambda rule: rule.pop("agent_identity_id"))


@REGISTRY.on_response("sdk.a-page-without-has-more", "INK-SDK-1", "The tool log has no has_more.")
def _a_page_without_has_more(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", rf"{CALLS}/[^/]+/tool-invocations", lambda page: page.pop("has_more"))
