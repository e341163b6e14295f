"""Mutants of "Introduction", "Authentication" and "Errors"."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.nokycnumber.mutants.register import (
    AVAILABLE,
    CALLS,
    ENDPOINTS,
    REGISTRY,
    SMS,
    VOICEMAILS,
    backend,
    empty,
    key_of,
    posted,
    refuse,
    reword,
    sent,
    show,
)

BEARER = "Bearer "


class _Plain(dict[str, str]):
    """Base URLs without TLS."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name).replace("https://", "http://")


@REGISTRY.on_start("http.redirect-stays-plain", "NKN-CONV-1", "Plain HTTP is redirected to plain HTTP.")
def _redirect_stays_plain(emulator: Emulator) -> None:
    emulator.services.urls = _Plain(emulator.services.urls)


class _Astray(dict[str, str]):
    """Base URLs that under TLS lack what stands before the page's paths."""

    def __getitem__(self, name: str) -> str:
        url = super().__getitem__(name)
        return url.removesuffix(f"/{name}") if url.startswith("https://") else url


@REGISTRY.on_start(
    "http.redirected-elsewhere", "NKN-CONV-1", "Plain HTTP is redirected to https, but to another address."
)
def _redirected_elsewhere(emulator: Emulator) -> None:
    emulator.services.urls = _Astray(emulator.services.urls)


@REGISTRY.on_response("form.is-400", "NKN-CONV-2", "A form is answered 400 instead of 415.")
def _form_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 415:
        refuse(answer, 400)


@REGISTRY.on_response("form.bare", "NKN-CONV-2", "A form is answered 415 without the envelope.", "NKN-ERR-1")
def _form_bare(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 415:
        answer.say(415, {"detail": "unsupported media type"})


@REGISTRY.on_response(
    "time.with-offset", "NKN-CONV-3", "The time until which an offer is held has an offset instead of Z."
)
def _with_offset(answer: MutableResponse, _: Emulator) -> None:
    show(answer, "available_number", lambda offer: offer.update(held_until=offer["held_until"].replace("Z", "+00:00")))


@REGISTRY.on_response("time.anything-goes", "NKN-CONV-3", "created_after takes whatever it is given.", "NKN-CALL-6")
def _anything_goes(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and "created_after" in answer.asked.query and answer.asked.path == CALLS:
        answer.say(200, empty(CALLS))


@REGISTRY.on_response("phone.display-is-plain", "NKN-CONV-4", "display is the number as it is, not pretty-printed.")
def _display_is_plain(answer: MutableResponse, _: Emulator) -> None:
    for kind in ("number", "available_number"):
        show(answer, kind, lambda thing: thing.update(display=thing["number"]))


@REGISTRY.on_response("phone.display-is-another", "NKN-CONV-4", "display shows another number.")
def _display_is_another(answer: MutableResponse, _: Emulator) -> None:
    for kind in ("number", "available_number"):
        show(answer, kind, lambda thing: thing.update(display=thing["display"][:-1] + "x"))


@REGISTRY.on_start("ids.of-events", "NKN-CONV-5", "The id of an event begins with ev_.", "NKN-HOOK-4")
def _ids_of_events(emulator: Emulator) -> None:
    sent(emulator, lambda event: {**event, "id": event["id"].replace("evt_", "ev_")})


@REGISTRY.on_start("ids.of-endpoints", "NKN-CONV-5", "The id of a webhook endpoint begins with we_.", "NKN-HOOK-1")
def _ids_of_endpoints(emulator: Emulator) -> None:
    records = backend(emulator).hooks.records

    def make(create: Any) -> Any:
        def renamed(*given: Any) -> Any:
            view = create(*given)
            endpoint = records[view.id]
            records.remove(endpoint)
            view.id = endpoint.id = view.id.replace("whk_", "we_")
            records.add(endpoint)
            return view

        return renamed

    patch(backend(emulator).hooks, "create", make)


# -- keys ------


@REGISTRY.on_response("auth.missing-is-400", "NKN-AUTH-1", "A request without a key is answered 400.", "NKN-ERR-7")
def _missing_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and not answer.asked.header(b"authorization"):
        refuse(answer, 400)


@REGISTRY.on_request("auth.any-scheme", "NKN-AUTH-1", "A key is taken from any Authorization header, Bearer or not.")
def _any_scheme(asked: Request) -> None:
    words = asked.header(b"authorization").split()
    if words and not asked.header(b"authorization").startswith(BEARER):
        asked.set(b"authorization", BEARER + words[-1])


@REGISTRY.on_start("auth.revoked-key-works", "NKN-AUTH-1", "A revoked key goes on working.")
def _revoked_key_works(emulator: Emulator) -> None:
    def make(admits: Any) -> Any:
        return lambda key, client, now: key.status == "revoked" or admits(key, client, now)

    patch(emulator.services.keys, "admits", make)


@REGISTRY.on_response(
    "auth.open-list", "NKN-AUTH-1", "The list of calls is answered without a key, as if there were none.", "NKN-AUTH-6"
)
def _open_list(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.method == "GET" and answer.asked.path == CALLS:
        answer.say(200, empty(CALLS))


def _scoped(emulator: Emulator, scopes: dict[str, str]) -> None:
    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            key = find(vendor, secret)
            return replace(key, scope=scopes[key.scope]) if key is not None and key.scope in scopes else key

        return found

    patch(emulator.services.keys, "find", make)


@REGISTRY.on_start("scope.read-may-write", "NKN-AUTH-2", "A key of scope read may do what read_write may.")
def _read_may_write(emulator: Emulator) -> None:
    _scoped(emulator, {"read": "read_write"})


@REGISTRY.on_start("scope.read-may-not-read", "NKN-AUTH-2", "A key of scope read may do nothing.")
def _read_may_not_read(emulator: Emulator) -> None:
    _scoped(emulator, {"read": "nothing"})


@REGISTRY.on_response(
    "scope.refusal-is-401", "NKN-AUTH-2", "What a scope does not allow is answered 401.", "NKN-AUTH-3", "NKN-AUTH-5"
)
def _refusal_is_401(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "insufficient_scope":
        refuse(answer, 401, "authentication_error")


@REGISTRY.on_start("scope.read_write-may-delete", "NKN-AUTH-3", "A key of scope read_write may DELETE.", "NKN-AUTH-5")
def _read_write_may_delete(emulator: Emulator) -> None:
    _scoped(emulator, {"read_write": "admin"})


@REGISTRY.on_response("scope.read_write-may-not-patch", "NKN-AUTH-3", "A key of scope read_write may not PATCH.")
def _read_write_may_not_patch(answer: MutableResponse, emulator: Emulator) -> None:
    key = key_of(answer.asked, emulator)
    if answer.asked.method == "PATCH" and key is not None and key.scope == "read_write":
        refuse(answer, 403, "authorization_error")


@REGISTRY.on_response(
    "scope.admin-may-not-delete", "NKN-AUTH-4", "A key of scope admin may not DELETE voicemails.", "NKN-VM-3"
)
def _admin_may_not_delete(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.status == 204 and answer.asked.path.startswith(VOICEMAILS):
        refuse(answer, 403, "authorization_error")


@REGISTRY.on_response(
    "scope.admin-may-not-remove-endpoints",
    "NKN-AUTH-4",
    "A key of scope admin may not DELETE webhook endpoints.",
    "NKN-HOOK-1",
    "NKN-AUTH-7",
)
def _admin_may_not_remove_endpoints(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.status in (204, 404) and answer.asked.path.startswith(ENDPOINTS):
        refuse(answer, 403, "authorization_error")


def _admitted(emulator: Emulator, admits: Any) -> None:
    patch(emulator.services.keys, "admits", lambda usual: lambda key, client, now: admits(usual, key, client, now))


@REGISTRY.on_start("rotation.old-ends-at-once", "NKN-AUTH-5", "A rotated key stops working at once.")
def _old_ends_at_once(emulator: Emulator) -> None:
    _admitted(emulator, lambda usual, key, client, now: key.expires_at is None and usual(key, client, now))


@REGISTRY.on_start("rotation.old-lives-on", "NKN-AUTH-5", "A rotated key works on for good.")
def _old_lives_on(emulator: Emulator) -> None:
    _admitted(emulator, lambda usual, key, client, now: usual(replace(key, expires_at=None), client, now))


@REGISTRY.on_start("rotation.four-minutes", "NKN-AUTH-5", "A rotated key works on for four minutes.")
def _four_minutes(emulator: Emulator) -> None:
    _admitted(emulator, lambda usual, key, client, now: usual(key, client, now + (MINUTE if key.expires_at else 0)))


@REGISTRY.on_start("publishable.works", "NKN-AUTH-6", "A publishable key works as a secret one does.")
def _publishable_works(emulator: Emulator) -> None:
    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            key = find(vendor, secret)
            return replace(key, kind=None) if key is not None else None

        return found

    patch(emulator.services.keys, "find", make)


@REGISTRY.on_response("publishable.is-403", "NKN-AUTH-6", "A publishable key is answered 403.")
def _publishable_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.header(b"authorization").startswith(f"{BEARER}pk_"):
        refuse(answer, 403, "authorization_error")


def _anyones(emulator: Emulator, room: Any, records: Any) -> None:
    """Let whoever knows an id find what it names."""

    def make(of: Any) -> Any:
        def found(account: str, id_: str, *rest: Any) -> Any:
            record = records.get(id_)
            return of(record.account if record is not None else account, id_, *rest)

        return found

    patch(room, "of", make)


@REGISTRY.on_start("isolation.calls-for-all", "NKN-AUTH-7", "Whoever knows a call's id sees it and hangs it up.")
def _calls_for_all(emulator: Emulator) -> None:
    _anyones(emulator, backend(emulator).phones, emulator.services.calls.records)


@REGISTRY.on_start(
    "isolation.numbers-for-all",
    "NKN-AUTH-7",
    "Whoever knows a number's id sees it and changes it.",
    "NKN-CALL-3",
    "NKN-SMS-10",
)
def _numbers_for_all(emulator: Emulator) -> None:
    _anyones(emulator, backend(emulator).lines, backend(emulator).lines.records)


@REGISTRY.on_start("isolation.voicemails-for-all", "NKN-AUTH-7", "Whoever knows a voicemail's id hears it.")
def _voicemails_for_all(emulator: Emulator) -> None:
    _anyones(emulator, backend(emulator).mailbox, backend(emulator).mailbox.records)


@REGISTRY.on_response(
    "isolation.foreign-is-403", "NKN-AUTH-7", "Another account's message is answered 403, so it is there."
)
def _foreign_is_403(answer: MutableResponse, emulator: Emulator) -> None:
    id_ = answer.asked.path.removeprefix(f"{SMS}/")
    if answer.status == 404 and id_ in emulator.services.messages.records:
        refuse(answer, 403, "authorization_error")


# -- errors ------


@REGISTRY.on_response("errors.page-of-html", "NKN-ERR-1", "An unknown path is answered with a page of HTML.")
def _page_of_html(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/html"))
        answer.body = b"<h1>Not Found</h1>"


@REGISTRY.on_response("errors.without-request_id", "NKN-ERR-1", "An error for an unknown path has no request_id.")
def _without_request_id(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        error = answer.json()["error"]
        error.pop("request_id")
        answer.say(404, {"error": error})


@REGISTRY.on_response("errors.one-request_id", "NKN-ERR-1", "All errors have the same request_id.")
def _one_request_id(answer: MutableResponse, _: Emulator) -> None:
    if answer.status >= 400:
        reword(answer, request_id="req_0000000000000000")


@REGISTRY.on_response("errors.own-type", "NKN-ERR-1", "An unknown path is of a type that the page lacks.", "NKN-ERR-7")
def _own_type(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        reword(answer, type="not_found_error")


@REGISTRY.on_response("errors.missing-without-param", "NKN-ERR-2", "A missing parameter is not named in param.")
def _missing_without_param(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "parameter_missing":
        reword(answer, param=None)


@REGISTRY.on_response("errors.missing-is-invalid", "NKN-ERR-2", "A missing parameter has the code parameter_invalid.")
def _missing_is_invalid(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "parameter_missing":
        reword(answer, code="parameter_invalid")


@REGISTRY.on_response("errors.malformed-is-422", "NKN-ERR-2", "DecodeError JSON is answered 422.")
def _malformed_is_422(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.body and answer.asked.json() is None:
        refuse(answer, 422)


@REGISTRY.on_response("errors.unsupported-is-400", "NKN-ERR-3", "A country without numbers is answered 400.")
def _unsupported_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 422 and answer.asked.path == AVAILABLE:
        refuse(answer, 400)


@REGISTRY.on_response(
    "errors.unreachable-is-500", "NKN-ERR-3", "A call to a country that is not served is answered 500.", "NKN-ERR-9"
)
def _unreachable_is_500(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "unsupported_country" and posted(answer, CALLS):
        refuse(answer, 500, "api_error")


@REGISTRY.on_response("money.broke-is-400", "NKN-ERR-4", "Too little balance is answered 400.")
def _broke_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 402:
        refuse(answer, 400)


@REGISTRY.on_start("money.on-credit", "NKN-ERR-4", "Whoever has no money has credit.")
def _on_credit(emulator: Emulator) -> None:
    patch(backend(emulator).money, "check", lambda _: lambda account, price: None)


@REGISTRY.on_start("money.exact-is-too-little", "NKN-ERR-4", "A balance of exactly the price is too little.")
def _exact_is_too_little(emulator: Emulator) -> None:
    patch(backend(emulator).money, "check", lambda check: lambda account, price: check(account, price + 1))


@REGISTRY.on_response(
    "trouble.blames-the-request", "NKN-ERR-5", "Trouble is said to be the request's fault.", "NKN-ERR-7"
)
def _blames_the_request(answer: MutableResponse, _: Emulator) -> None:
    if answer.status >= 500:
        reword(answer, type="invalid_request_error")


@REGISTRY.on_response("trouble.is-400", "NKN-ERR-5", "Trouble with a message is answered 400.")
def _trouble_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status >= 500 and posted(answer, SMS):
        refuse(answer, 400)


@REGISTRY.on_start("paused.may-call", "NKN-ERR-6", "A paused number calls and writes.")
def _paused_may_call(emulator: Emulator) -> None:
    lines = backend(emulator).lines

    def make(ready: Any) -> Any:
        def lenient(account: str, id_: str) -> Any:
            number = lines.records.get(id_)
            own = number is not None and number.account == account and number.status == "paused"
            return number if own else ready(account, id_)

        return lenient

    patch(lines, "ready", make)


@REGISTRY.on_response(
    "paused.is-invalid_request", "NKN-ERR-6", "A call from a paused number is an invalid_request_error."
)
def _paused_is_invalid_request(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "number_paused":
        reword(answer, type="invalid_request_error")


@REGISTRY.on_response(
    "errors.unknown-blames-the-key", "NKN-ERR-7", "An unknown voicemail is an authentication_error.", "NKN-VM-1"
)
def _unknown_blames_the_key(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 404 and answer.asked.path == f"{VOICEMAILS}/vm_000000000000":
        reword(answer, type="authentication_error")


@REGISTRY.on_response(
    "errors.no-limit-blames-the-rate", "NKN-ERR-7", "A limit of 0 is a rate_limit_error.", "NKN-PAGE-1"
)
def _no_limit_blames_the_rate(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.query == "limit=0":
        reword(answer, type="rate_limit_error")


@REGISTRY.on_response("errors.route-before-key", "NKN-ERR-8", "An unknown path is told to whoever has no key.")
def _route_before_key(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 401 and answer.asked.path == "/v1/nothing":
        refuse(answer, 404)


@REGISTRY.on_response("errors.too-large-is-400", "NKN-ERR-8", "A body over 1 MiB is answered 400.")
def _too_large_is_400(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 413:
        refuse(answer, 400)


@REGISTRY.on_response(
    "errors.odd-cursor-crashes", "NKN-ERR-9", "A starting_after that leads nowhere is answered 500.", "NKN-PAGE-5"
)
def _odd_cursor_crashes(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and "starting_after" in answer.asked.query:
        refuse(answer, 500, "api_error")


@REGISTRY.on_response("errors.odd-country-crashes", "NKN-ERR-9", "A country that is no text is answered 500.")
def _odd_country_crashes(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 400 and answer.asked.path == AVAILABLE and "%FF" in answer.asked.query:
        refuse(answer, 500, "api_error")
