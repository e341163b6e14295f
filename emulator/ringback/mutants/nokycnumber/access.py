"""Mutants of "Introduction" and "Authentication"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.gateway.asgi import encode
from ringback.gateway.keys import Key, Keys
from ringback.mutants.nokycnumber.registry import MUTANTS, empty, mutant, rejected
from ringback.mutants.patching import Original
from ringback.mutants.traffic import MutableRequest, MutableResponse, code, respond, status
from ringback.mutants.transforms import apply, copy
from ringback.store import Collection, Record
from ringback.vendors.nokycnumber.errors import AUTHENTICATION, AUTHORIZATION
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.wire import EndpointBody, EndpointView

NAME = MUTANTS.vendor.name
BEARER = "Bearer "
EMPTY_CALLS = encode(empty("/v1/calls"))


# -- conventions of requests and responses ------


class _Plain(dict[str, str]):
    """Base URLs without TLS."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name).replace("https://", "http://")


@mutant("http.redirect-stays-plain", "NKN-CONV-1", "Plain HTTP is redirected to plain HTTP.").on_start
def _redirect_stays_plain(own: NoKYCNumber) -> None:
    own.services.urls = _Plain(own.services.urls)


class _Elsewhere(dict[str, str]):
    """Base URLs that under TLS lack the prefix of the page's paths."""

    def __getitem__(self, name: str) -> str:
        url = super().__getitem__(name)
        return url.removesuffix(f"/{name}") if url.startswith("https://") else url


@mutant(
    "http.redirected-elsewhere", "NKN-CONV-1", "Plain HTTP is redirected to https, but to another address."
).on_start
def _redirected_elsewhere(own: NoKYCNumber) -> None:
    own.services.urls = _Elsewhere(own.services.urls)


mutant("form.is-400", "NKN-CONV-2", "A form is answered 400 instead of 415.").response(rejected(400), when=status(415))
mutant("form.bare", "NKN-CONV-2", "A form is answered 415 without the envelope.", "NKN-ERR-1").response(
    respond(415, {"detail": "unsupported media type"}), when=status(415)
)
mutant(
    "time.with-offset", "NKN-CONV-3", "The time until which an offer is reserved has an offset instead of Z."
).response(apply("data[].held_until", lambda time: time.replace("Z", "+00:00")), on="listAvailableNumbers")
mutant("time.anything-goes", "NKN-CONV-3", "created_after accepts any text.", "NKN-CALL-6").response(
    respond(200, EMPTY_CALLS),
    on="listCalls",
    when=lambda response: response.status == 400 and "created_after" in response.request.query,
)
mutant("phone.display-is-plain", "NKN-CONV-4", "display is the number as it is, not pretty-printed.").response(
    copy("**[object=number].display", "number"), copy("**[object=available_number].display", "number")
)
mutant("phone.display-is-another", "NKN-CONV-4", "display shows another number.").response(
    apply("**.display", lambda display: display[:-1] + "x")
)
mutant("ids.of-events", "NKN-CONV-5", "The id of an event begins with ev_.", "NKN-HOOK-4").webhook(
    apply("id", lambda id_: id_.replace("evt_", "ev_"))
)


@mutant("ids.of-endpoints", "NKN-CONV-5", "The id of a webhook endpoint begins with we_.", "NKN-HOOK-1").patch(
    Webhooks.create
)
def _ids_of_endpoints(create: Original, own: NoKYCNumber, account: str, body: EndpointBody) -> EndpointView:
    view: EndpointView = create(account, body)
    endpoint = own.data.endpoints[view.id]
    own.data.endpoints.remove(endpoint)
    view.id = endpoint.id = view.id.replace("whk_", "we_")
    own.data.endpoints.add(endpoint)
    return view


# -- keys ------

mutant("auth.missing-is-400", "NKN-AUTH-1", "A request without a key is answered 400.", "NKN-ERR-7").response(
    rejected(400), when=lambda response: response.status == 401 and not response.request.header("authorization")
)


def _any_scheme(request: MutableRequest[NoKYCNumber]) -> None:
    words = request.header("authorization").split()
    if words and not request.header("authorization").startswith(BEARER):
        request.set_header("authorization", BEARER + words[-1])


mutant("auth.any-scheme", "NKN-AUTH-1", "A key is taken from any Authorization header, Bearer or not.").request(
    _any_scheme
)
mutant("auth.revoked-key-works", "NKN-AUTH-1", "A revoked key continues to work.").result(
    Keys.admits, lambda admitted, own, key, client, now: admitted or key.status == "revoked"
)
mutant(
    "auth.open-list", "NKN-AUTH-1", "The list of calls is answered without a key, as if it were empty.", "NKN-AUTH-6"
).response(respond(200, EMPTY_CALLS), on="listCalls", when=status(401))


def _with_scope(scope: str, other: str) -> Callable[[Key | None, NoKYCNumber, str, str], Key | None]:
    """Return a change of what `Keys.find` returns: keys of one scope have another."""
    return lambda key, own, vendor, secret: replace(key, scope=other) if key is not None and key.scope == scope else key


mutant("scope.read-may-write", "NKN-AUTH-2", "A key of scope read may do what read_write may.").result(
    Keys.find, _with_scope("read", "read_write")
)
mutant("scope.read-may-not-read", "NKN-AUTH-2", "A key of scope read may do nothing.").result(
    Keys.find, _with_scope("read", "nothing")
)
mutant(
    "scope.refusal-is-401",
    "NKN-AUTH-2",
    "What a scope does not allow is answered 401.",
    "NKN-AUTH-3",
    "NKN-AUTH-5",
).response(rejected(401, AUTHENTICATION), when=code("insufficient_scope"))
mutant("scope.read_write-may-delete", "NKN-AUTH-3", "A key of scope read_write may DELETE.", "NKN-AUTH-5").result(
    Keys.find, _with_scope("read_write", "admin")
)


def _patches_with_read_write(response: MutableResponse[NoKYCNumber]) -> bool:
    secret = response.request.header("authorization").removeprefix(BEARER)
    key = response.backend.services.keys.find(NAME, secret)
    return response.request.method == "PATCH" and key is not None and key.scope == "read_write"


mutant("scope.read_write-may-not-patch", "NKN-AUTH-3", "A key of scope read_write may not PATCH.").response(
    rejected(403, AUTHORIZATION), when=_patches_with_read_write
)
mutant(
    "scope.admin-may-not-delete", "NKN-AUTH-4", "A key of scope admin may not DELETE voicemails.", "NKN-VM-3"
).response(rejected(403, AUTHORIZATION), on="deleteVoicemail")
mutant(
    "scope.admin-may-not-remove-endpoints",
    "NKN-AUTH-4",
    "A key of scope admin may not DELETE webhook endpoints.",
    "NKN-HOOK-1",
    "NKN-AUTH-7",
).response(rejected(403, AUTHORIZATION), on="deleteWebhookEndpoint", when=status(204, 404))
mutant("rotation.old-ends-at-once", "NKN-AUTH-5", "A rotated key stops working at once.").result(
    Keys.admits, lambda admitted, own, key, client, now: admitted and key.expires_at is None
)
mutant("rotation.old-lives-on", "NKN-AUTH-5", "A rotated key never expires.").instead(
    Keys.admits, lambda admits, own, key, client, now: admits(replace(key, expires_at=None), client, now)
)
mutant("rotation.four-minutes", "NKN-AUTH-5", "A rotated key expires after four minutes.").instead(
    Keys.admits, lambda admits, own, key, client, now: admits(key, client, now + (MINUTE if key.expires_at else 0))
)
mutant("publishable.works", "NKN-AUTH-6", "A publishable key works as a secret one does.").result(
    Keys.find, lambda key, own, vendor, secret: replace(key, kind=None) if key is not None else None
)
mutant("publishable.is-403", "NKN-AUTH-6", "A publishable key is answered 403.").response(
    rejected(403, AUTHORIZATION),
    when=lambda response: (
        response.status == 401 and response.request.header("authorization").startswith(f"{BEARER}pk_")
    ),
)


# -- other accounts ------


def _owner(records: Collection[Any], account: str, id_: str) -> str:
    """Return the account that a record belongs to, or the given account if there is no such record."""
    record: Record | None = records.get(id_)
    return record.account if record is not None else account


mutant("isolation.calls-for-all", "NKN-AUTH-7", "Any account that knows a call's id sees it and hangs it up.").instead(
    Data.call_of, lambda find, own, account, id_: find(_owner(own.data.calls, account, id_), id_)
)
mutant(
    "isolation.numbers-for-all",
    "NKN-AUTH-7",
    "Any account that knows a number's id sees it and changes it.",
    "NKN-CALL-3",
    "NKN-SMS-10",
).instead(
    Data.number_of,
    lambda find, own, account, id_, param=None: find(_owner(own.data.numbers, account, id_), id_, param),
)
mutant("isolation.voicemails-for-all", "NKN-AUTH-7", "Any account that knows a voicemail's id hears it.").instead(
    Data.voicemail_of, lambda find, own, account, id_: find(_owner(own.data.voicemails, account, id_), id_)
)
mutant("isolation.foreign-is-403", "NKN-AUTH-7", "Another account's message is answered 403, so it is known.").response(
    rejected(403, AUTHORIZATION),
    on="getSms",
    when=lambda response: response.status == 404 and response.request.variables["id"] in response.backend.data.messages,
)
