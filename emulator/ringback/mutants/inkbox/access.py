"""Mutants of "Quick start": tokens, agents' keys, errors, identities, paging, and what the SDKs read."""

from __future__ import annotations

from ringback.gateway.keys import Keys
from ringback.mutants.inkbox.registry import CALL_GETS, CALL_LISTS, as_admin, mutant, without_nulls
from ringback.mutants.patching import Original
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    code,
    drop_query,
    error,
    respond,
    set_header,
    set_query,
    status,
)
from ringback.mutants.transforms import apply, drop, set_to
from ringback.vendors.inkbox.records import Identity, Number
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.common import PHONE, Caller
from ringback.vendors.inkbox.rules.conversations import Conversations
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.identities import Identities
from ringback.vendors.inkbox.rules.messages import Messages
from ringback.vendors.inkbox.rules.numbers import Numbers
from ringback.vendors.inkbox.rules.subscriptions import Subscriptions
from ringback.vendors.inkbox.wire.requests import NumberPatch
from ringback.vendors.inkbox.wire.responses import NumberView

# -- tokens and keys ------


def _without_api_key(request: MutableRequest[Inkbox]) -> None:
    request.headers = [header for header in request.headers if header[0].lower() != b"x-api-key"]


mutant("auth.service-token-only", "INK-AUTH-1", "A token in X-API-Key is ignored.").request(_without_api_key)
mutant("auth.without-is-403", "INK-AUTH-1", "A request without a valid token is answered 403.", "INK-ID-1").response(
    error(403, "forbidden"), when=status(401)
)
mutant("auth.revoked-works", "INK-AUTH-1", "A revoked token continues to work.", "INK-ID-1").returns(Keys.admits, True)
mutant("auth.any-token", "INK-AUTH-1", "A token that was never issued works for the first account.").result(
    Keys.find,
    lambda key, own, vendor, secret: (
        key or next((each for each in own.services.keys.records if each.vendor == vendor), None)
    ),
)
mutant("agents.see-all-numbers", "INK-AUTH-2", "An agent's key lists every number of the organization.").instead(
    Numbers.list_numbers, as_admin
)
mutant("agents.see-all-identities", "INK-AUTH-2", "An agent's key lists every identity of the organization.").instead(
    Identities.list_identities, as_admin
)
mutant("agents.reach-other-numbers", "INK-AUTH-2", "An agent's key reaches the numbers of other identities.").instead(
    Data.number, as_admin
)
mutant("agents.see-blocked-texts", "INK-AUTH-2", "An agent's key lists blocked texts.").instead(
    Messages.list_texts, as_admin
)
mutant("agents.find-blocked-texts", "INK-AUTH-2", "An agent's key finds blocked texts.").instead(
    Messages.search, as_admin
)
mutant("agents.open-blocked-texts", "INK-AUTH-2", "An agent's key shows a blocked text by its id.").instead(
    Data.text, as_admin
)
mutant("agents.see-blocked-talks", "INK-AUTH-2", "An agent's key lists conversations of blocked texts.").instead(
    Conversations.list_summaries, as_admin
)
mutant("agents.read-blocked-talks", "INK-AUTH-2", "An agent's key reads a conversation of blocked texts.").instead(
    Conversations.list_texts, as_admin
)
mutant("agents.see-blocked-calls", "INK-AUTH-2", "An agent's key lists blocked calls.").instead(
    Calls.list_calls, as_admin
)
mutant("agents.change-filters", "INK-AUTH-2", "An agent's key changes filter_mode.").instead(Numbers.change, as_admin)
mutant("keys.agents-make-keys", "INK-AUTH-3", "An agent's key creates keys.").instead(Identities.issue_key, as_admin)
mutant("keys.unscoped-is-taken", "INK-AUTH-3", "An admin's key creates another admin's key.").response(
    respond(202, {"api_key": "ApiKey_0", "record": {}}),
    on="createApiKey",
    when=lambda response: response.status == 403 and not (response.request.document or {}).get("scoped_identity_id"),
)


def _show_secret(response: MutableResponse[Inkbox]) -> None:
    created = response.document
    created["record"]["display_prefix"] = created["api_key"]
    response.document = created


mutant("keys.record-shows-the-secret", "INK-AUTH-3", "The record of a key contains its secret.").response(
    _show_secret, on="createApiKey"
)
mutant("keys.all-are-admins", "INK-AUTH-3", "Whoami says that every key is an admin's.").instead(
    Identities.whoami, as_admin
)

# -- errors and input ------

mutant("errors.trouble-is-bare", "INK-ERR-1", "A 503 has no detail.").response(
    respond(503, {"message": "Broken on purpose."}), when=status(503)
)
mutant("errors.as-text", "INK-ERR-1", "A 404 has the content type of plain text.").response(
    set_header("content-type", "text/plain"), when=status(404)
)
mutant("errors.code-is-a-number", "INK-ERR-1", "The code of a blocked recipient is a number.", "INK-TXT-4").response(
    respond(403, {"detail": {"error": 403, "message": "Broken on purpose."}}),
    on="sendText",
    when=code("recipient_blocked"),
)


@mutant("errors.others-numbers-are-shown", "INK-ERR-1", "Another organization's number is shown.").patch(Data.number)
def _others_numbers_are_shown(number: Original, own: Inkbox, caller: Caller, id_: str) -> Number:
    found = own.data.numbers.get(id_.lower())
    shown: Number = found if found is not None and not found.released and caller.agent is None else number(caller, id_)
    return shown


mutant("input.broken-json-is-400", "INK-ERR-2", "A body that is not JSON is answered 400.").response(
    error(400, "invalid"),
    when=lambda response: response.status == 422 and response.request.body != b"" and response.request.document is None,
)
mutant("input.unknown-actions-are-dropped", "INK-ERR-2", "An unknown action for calls is ignored.").request(
    drop("[incoming_call_action=shout].incoming_call_action"), on="updatePhoneNumber"
)
mutant("input.odd-calls-are-500", "INK-ERR-2", "A call without a number to call is answered 500.").response(
    error(500, "internal_error"),
    on="placeCall",
    when=lambda response: response.status == 422 and response.request.document == {},
)


@mutant("input.half-done", "INK-ERR-2", "An update with a text webhook fails, and changes the number.").patch(
    Numbers.change
)
def _half_done(change: Original, own: Inkbox, caller: Caller, number: Number, body: NumberPatch) -> NumberView:
    if isinstance(body.incoming_text_webhook_url, str):
        own.data.numbers.update(number, updated_at=number.updated_at + 1_000_000)
    view: NumberView = change(caller, number, body)
    return view


mutant("input.any-rule-blocks", "INK-ERR-2", "A rule of an unknown action blocks.").request(
    apply("action", lambda action: action if action in ("allow", "block") else "block"), on="createNumberContactRule"
)

# -- identities and access ------

mutant("identities.taken-without-code", "INK-ID-1", "The 409 of a handle in use has no code.").response(
    error(409, "conflict"), on="createIdentity", when=status(409)
)
mutant("identities.null-stays", "INK-ID-1", "Null does not clear a description.").request(
    apply("", without_nulls), on="updateIdentity"
)


@mutant("identities.keys-outlive", "INK-ID-1", "The keys of a deleted identity continue to work.").patch(
    Inkbox.delete_identity
)
def _keys_outlive(delete: Original, own: Inkbox, identity: Identity) -> None:
    keys = own.services.keys.records
    active = [key for key in keys if key.agent is not None and key.status == "active"]
    delete(identity)
    for key in active:
        keys.update(key, status="active")


@mutant("identities.numbers-outlive", "INK-ID-1", "The number of a deleted identity remains in service.").patch(
    Inkbox.delete_identity
)
def _numbers_outlive(delete: Original, own: Inkbox, identity: Identity) -> None:
    number = own.data.numbers[identity.number_id] if identity.number_id is not None else None
    delete(identity)
    if number is not None:
        own.data.numbers.update(number, released=False)


mutant("identities.hooks-outlive", "INK-ID-1", "The subscriptions of a deleted identity remain.").returns(
    Subscriptions.delete_of_identity, None
)
mutant("access.grants-show-nothing", "INK-ID-2", "A grant of access has no effect.").result(
    Data.can_read, lambda _, own, caller, identity: caller.sees(identity.id)
)
mutant("access.all-see-all", "INK-ID-2", "Every identity sees every other.", "INK-AUTH-2").returns(Data.can_read, True)
mutant("access.revoking-does-nothing", "INK-ID-2", "A revoked grant remains.").returns(Identities.revoke, None)


def _grant_again(response: MutableResponse[Inkbox]) -> None:
    grant = next(iter(response.backend.data.grants))
    seen = {"target_identity_id": grant.target, "viewer_identity_id": grant.viewer}
    response.respond(201, {"id": grant.id, **seen, "created_at": "2026-01-01T00:00:00Z"})


mutant("access.redundant-is-201", "INK-ID-2", "A redundant grant is answered 201.").response(
    _grant_again, on="grantIdentityAccess", when=status(409)
)

# -- pages ------

mutant("pages.no-limit-too-large", "INK-PAGE-1", "A limit above 200 counts as 200.").request(
    set_query(limit="200"),
    when=lambda request: request.path.startswith(PHONE) and request.query.get("limit") == "201",
)
mutant("pages.of-twenty", "INK-PAGE-1", "A list without limit has 20 rows.").request(
    set_query(limit="20"), on="listTexts", when=lambda request: "limit" not in request.query
)
mutant("pages.offset-is-dropped", "INK-PAGE-1", "An offset is ignored.").request(
    drop_query("offset"), on="listTexts", when=lambda request: request.query.get("offset", "")[:1] not in ("-", "x")
)
mutant("pages.odd-limits-are-dropped", "INK-PAGE-1", "A limit that is not a whole number is ignored.").request(
    drop_query("limit"), when=lambda request: request.query_string in ("limit=x", "limit=1.5")
)

# -- what the SDKs read ------

mutant("sdk.texts-without-updated-at", "INK-SDK-1", "A sent text has no updated_at.").response(
    drop("updated_at"), on="sendText"
)
mutant("sdk.an-unknown-delivery-status", "INK-SDK-1", "A text has a status that SDK 0.4.6 does not know.").response(
    set_to("[delivery_status=sending_failed].delivery_status", "blocked_spam_filter"), on="listTexts"
)
mutant("sdk.forwardings-null", "INK-SDK-1", "A call that was not forwarded has null forwardings.").response(
    apply("[].forwardings", lambda found: found or None),
    apply("forwardings", lambda found: found or None),
    on=(*CALL_LISTS, *CALL_GETS),
)
mutant("sdk.numbers-with-unix-times", "INK-SDK-1", "A number's created_at is a number.").response(
    set_to("[].created_at", 1_767_225_600), on="listPhoneNumbers"
)
mutant("sdk.subscriptions-without-mailbox", "INK-SDK-1", "A listed subscription has no mailbox_id.").response(
    drop("subscriptions[].mailbox_id"), on="listWebhookSubscriptions"
)
mutant("sdk.deliveries-bare", "INK-SDK-1", "The delivery log is a bare array.").response(
    apply("", lambda log: log["deliveries"]),
    on="listWebhookDeliveries",
    when=lambda response: response.status == 200 and "subscription_id" not in response.request.query,
)
mutant(
    "sdk.rules-without-identity", "INK-SDK-1", "A rule under its number has no agent_identity_id.", "INK-RULE-1"
).response(
    drop("[].agent_identity_id"),
    drop("agent_identity_id"),
    on=("listNumberContactRules", "createNumberContactRule", "getNumberContactRule", "updateNumberContactRule"),
)
mutant("sdk.a-page-without-has-more", "INK-SDK-1", "The tool log has no has_more.").response(
    drop("has_more"), on="listToolInvocations"
)
