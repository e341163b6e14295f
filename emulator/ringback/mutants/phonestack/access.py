"""Mutants of "Authentication" and "Rate Limits"."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.gateway.keys import Key, Keys
from ringback.gateway.limits import RateLimitGroup
from ringback.gateway.services import Services
from ringback.mutants.patching import Original, patch
from ringback.mutants.phonestack.registry import mutant
from ringback.mutants.traffic import (
    MutableRequest,
    MutableResponse,
    code,
    drop_header,
    error,
    respond,
    set_header,
    status,
)
from ringback.vendors.phonestack import RATE_LIMIT
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.access import BULK
from ringback.vendors.phonestack.rules.calls import Calls
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.reports import Reports

BEARER = "Bearer "
EMPTY_LIST = {"success": True, "data": [], "meta": {"limit": 50, "next_cursor": None, "has_more": False}}
TWENTY = RateLimitGroup(BULK.name, 20)

# -- keys ------


def _has_key(response: MutableResponse[PhoneStack]) -> bool:
    return bool(response.request.header("authorization"))


mutant(
    "auth.missing-is-400", "PST-AUTH-1", "A request without a key is answered 400.", "PST-ERR-2", "PST-MCP-6"
).response(error(400, "VALIDATION_ERROR"), when=lambda response: response.status == 401 and not _has_key(response))
mutant("auth.wrong-is-403", "PST-AUTH-1", "A key that was never issued is answered 403.", "PST-MCP-6").response(
    error(403, "FORBIDDEN"), when=lambda response: response.status == 401 and _has_key(response)
)


def _any_scheme(request: MutableRequest[PhoneStack]) -> None:
    words = request.header("authorization").split()
    if words and words[0] != BEARER.strip():
        request.set_header("authorization", BEARER + words[-1])


mutant("auth.any-scheme", "PST-AUTH-1", "A key is taken from any Authorization header, Bearer or not.").request(
    _any_scheme
)
mutant("auth.revoked-key-works", "PST-AUTH-1", "A revoked key continues to work.").result(
    Keys.admits, lambda admitted, own, key, client, now: admitted or key.status == "revoked"
)
mutant(
    "auth.open-list", "PST-AUTH-1", "The list of campaigns is answered without a key, as if there were none."
).response(respond(200, EMPTY_LIST), on="listCampaigns", when=status(401))

# -- what a key may do ------


def in_full(key: Key, scope: str) -> Key:
    """Return the key with the scope `full` instead of this one."""
    return replace(key, scope="full") if key.scope == scope else key


def as_live(key: Key) -> Key:
    """Return the key as a live one."""
    return replace(key, kind="live")


mutant("scope.read-only-writes", "PST-AUTH-2", "A Read Only key may do everything.").result(
    Keys.find, lambda key, own, vendor, secret: key and in_full(key, "read_only")
)
mutant("scope.write-only-reads", "PST-AUTH-2", "A Write Only key may do everything.").result(
    Keys.find, lambda key, own, vendor, secret: key and in_full(key, "write_only")
)
mutant("scope.refusal-is-401", "PST-AUTH-2", "What a Read Only key may not do is answered 401.").response(
    error(401, "UNAUTHORIZED"), when=code("READ_ONLY")
)
mutant("scope.another-code", "PST-AUTH-2", "What a Read Only key may not do is answered FORBIDDEN.").response(
    error(403, "FORBIDDEN"), when=code("READ_ONLY")
)


def _is_write_only(response: MutableResponse[PhoneStack]) -> bool:
    secret = response.request.header("authorization").removeprefix(BEARER)
    key = response.backend.services.keys.find("phonestack", secret)
    return key is not None and key.scope == "write_only"


mutant("scope.write-only-may-not-delete", "PST-AUTH-2", "A Write Only key may not delete contacts.").response(
    error(403, "READ_ONLY"), on=("deleteContact", "removeFromDnc"), when=_is_write_only
)
mutant("test-key.writes", "PST-AUTH-3", "A test key may do what a live one may.").result(
    Keys.find, lambda key, own, vendor, secret: key and as_live(key)
)
mutant("test-key.another-code", "PST-AUTH-3", "What a test key may not do is answered READ_ONLY.").response(
    error(403, "READ_ONLY"), when=code("TEST_KEY")
)
mutant("test-key.may-not-read", "PST-AUTH-3", "A test key may not read transcripts.").response(
    error(403, "TEST_KEY"),
    on="getTranscript",
    when=lambda response: response.request.header("authorization").startswith(f"{BEARER}ps_test_"),
)
mutant("test-key.dials", "PST-AUTH-3", "A trigger with a test key is answered 201.").response(
    respond(201, {"success": True, "data": {"id": "call_000000000000"}}), on="triggerCall", when=code("TEST_KEY")
)

# -- other organizations ------


def _is_foreign(response: MutableResponse[PhoneStack]) -> bool:
    contact = response.backend.store.contact(response.request.variables["contact_id"])
    return response.status == 404 and contact is not None and contact.account != response.account


mutant("foreign.contact-is-403", "PST-AUTH-4", "Another organization's contact is answered 403.").response(
    error(403, "FORBIDDEN"),
    on=("getContact", "updateContact", "deleteContact", "addToDnc", "removeFromDnc"),
    when=_is_foreign,
)
mutant("foreign.campaigns-can-be-started", "PST-AUTH-4", "Another organization's campaigns can be started.").instead(
    Campaigns.get, lambda get, own, account, id_: own.store.campaigns.get(id_) or get(account, id_)
)
mutant("foreign.profiles-call", "PST-AUTH-4", "Another organization's profiles can be used and changed.").instead(
    Profiles.get, lambda get, own, account, id_: own.store.profiles.get(id_) or get(account, id_)
)
mutant("foreign.reports-run", "PST-AUTH-4", "Another organization's reports can be run.").instead(
    Reports.get, lambda get, own, account, id_: own.store.reports.get(id_) or get(account, id_)
)
mutant("foreign.transcripts", "PST-AUTH-4", "Another organization's calls can be read.").instead(
    Calls.get, lambda get, own, account, id_: own.store.calls.get(id_) or get(account, id_)
)

# -- limits ------

mutant("limit.none", "PST-LIM-1", "A key may make as many requests as it likes.", "PST-LIM-2", "PST-LIM-3").returns(
    Services.count_request, 0
)
mutant("limit.120", "PST-LIM-1", "A key may make 120 requests a minute.").result(
    Services.rate_limit, lambda limit, own, key: 120 if limit == RATE_LIMIT else limit
)
mutant("limit.without-a-wait", "PST-LIM-1", "A 429 has no Retry-After.", "PST-LIM-2", "PST-LIM-3").response(
    drop_header("retry-after"), when=status(429)
)
mutant("limit.wait-too-short", "PST-LIM-1", "Retry-After is always 1.", "PST-LIM-2").response(
    set_header("retry-after", "1"), when=status(429)
)


@mutant("bulk.limit-is-20", "PST-LIM-2", "A key may make 20 bulk requests a minute.").patch(Services.count_request)
def _bulk_limit_is_20(count: Original, _: PhoneStack, key: Key, group: RateLimitGroup | None = None) -> int:
    return int(count(key, TWENTY if group == BULK else group))


@mutant(
    "bulk.limit-is-shared", "PST-LIM-2", "Once a minute's bulk requests are used up, no other request is accepted."
).on_start
def _bulk_limit_is_shared(own: PhoneStack) -> None:
    waits: dict[str, int] = {}

    def count_request(usual: Original, _: PhoneStack, key: Key, group: RateLimitGroup | None = None) -> int:
        if group != BULK:
            return waits.get(key.id) or int(usual(key, group))
        waits[key.id] = int(usual(key, group))
        return waits[key.id]

    patch(own, Services.count_request, count_request)


@mutant("limit.of-the-organization", "PST-LIM-3", "All keys of an organization share one limit.").patch(
    Services.count_request
)
def _of_the_organization(count: Original, _: PhoneStack, key: Key, group: Any = None) -> int:
    return int(count(replace(key, id=key.account), group))
