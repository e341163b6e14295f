"""Mutants of "Introduction", "Authentication" and "Errors"."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.carrier.clock import MINUTE
from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.nokycnumber.mutants.register import (
    AVAILABLE,
    BOOK,
    CALLS,
    ENDPOINTS,
    SMS,
    VOICEMAILS,
    empty,
    house,
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


@BOOK.world("http.redirect-stays-plain", "NKN-CONV-1", "Plain HTTP is redirected to plain HTTP.")
def _redirect_stays_plain(world: World) -> None:
    world.urls = _Plain(world.urls)


class _Astray(dict[str, str]):
    """Base URLs that under TLS lack what stands before the page's paths."""

    def __getitem__(self, name: str) -> str:
        url = super().__getitem__(name)
        return url.removesuffix(f"/{name}") if url.startswith("https://") else url


@BOOK.world("http.redirected-elsewhere", "NKN-CONV-1", "Plain HTTP is redirected to https, but to another address.")
def _redirected_elsewhere(world: World) -> None:
    world.urls = _Astray(world.urls)


@BOOK.answered("form.is-400", "NKN-CONV-2", "A form is answered 400 instead of 415.")
def _form_is_400(answer: Answered, _: World) -> None:
    if answer.status == 415:
        refuse(answer, 400)


@BOOK.answered("form.bare", "NKN-CONV-2", "A form is answered 415 without the envelope.", "NKN-ERR-1")
def _form_bare(answer: Answered, _: World) -> None:
    if answer.status == 415:
        answer.say(415, {"detail": "unsupported media type"})


@BOOK.answered("time.with-offset", "NKN-CONV-3", "The time until which an offer is held has an offset instead of Z.")
def _with_offset(answer: Answered, _: World) -> None:
    show(answer, "available_number", lambda offer: offer.update(held_until=offer["held_until"].replace("Z", "+00:00")))


@BOOK.answered("time.anything-goes", "NKN-CONV-3", "created_after takes whatever it is given.", "NKN-CALL-6")
def _anything_goes(answer: Answered, _: World) -> None:
    if answer.status == 400 and "created_after" in answer.asked.query and answer.asked.path == CALLS:
        answer.say(200, empty(CALLS))


@BOOK.answered("phone.display-is-plain", "NKN-CONV-4", "display is the number as it is, not pretty-printed.")
def _display_is_plain(answer: Answered, _: World) -> None:
    for kind in ("number", "available_number"):
        show(answer, kind, lambda thing: thing.update(display=thing["number"]))


@BOOK.answered("phone.display-is-another", "NKN-CONV-4", "display shows another number.")
def _display_is_another(answer: Answered, _: World) -> None:
    for kind in ("number", "available_number"):
        show(answer, kind, lambda thing: thing.update(display=thing["display"][:-1] + "x"))


@BOOK.world("ids.of-events", "NKN-CONV-5", "The id of an event begins with ev_.", "NKN-HOOK-4")
def _ids_of_events(world: World) -> None:
    sent(world, lambda event: {**event, "id": event["id"].replace("evt_", "ev_")})


@BOOK.world("ids.of-endpoints", "NKN-CONV-5", "The id of a webhook endpoint begins with we_.", "NKN-HOOK-1")
def _ids_of_endpoints(world: World) -> None:
    records = house(world).hooks.records

    def make(create: Any) -> Any:
        def renamed(*given: Any) -> Any:
            view = create(*given)
            endpoint = records[view.id]
            records.remove(endpoint)
            view.id = endpoint.id = view.id.replace("whk_", "we_")
            records.add(endpoint)
            return view

        return renamed

    swap(house(world).hooks, "create", make)


# -- keys ------


@BOOK.answered("auth.missing-is-400", "NKN-AUTH-1", "A request without a key is answered 400.", "NKN-ERR-7")
def _missing_is_400(answer: Answered, _: World) -> None:
    if answer.status == 401 and not answer.asked.header(b"authorization"):
        refuse(answer, 400)


@BOOK.asked("auth.any-scheme", "NKN-AUTH-1", "A key is taken from any Authorization header, Bearer or not.")
def _any_scheme(asked: Asked) -> None:
    words = asked.header(b"authorization").split()
    if words and not asked.header(b"authorization").startswith(BEARER):
        asked.set(b"authorization", BEARER + words[-1])


@BOOK.world("auth.revoked-key-works", "NKN-AUTH-1", "A revoked key goes on working.")
def _revoked_key_works(world: World) -> None:
    def make(admits: Any) -> Any:
        return lambda key, client, now: key.status == "revoked" or admits(key, client, now)

    swap(world.keys, "admits", make)


@BOOK.answered(
    "auth.open-list", "NKN-AUTH-1", "The list of calls is answered without a key, as if there were none.", "NKN-AUTH-6"
)
def _open_list(answer: Answered, _: World) -> None:
    if answer.status == 401 and answer.asked.method == "GET" and answer.asked.path == CALLS:
        answer.say(200, empty(CALLS))


def _scoped(world: World, scopes: dict[str, str]) -> None:
    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            key = find(vendor, secret)
            return replace(key, scope=scopes[key.scope]) if key is not None and key.scope in scopes else key

        return found

    swap(world.keys, "find", make)


@BOOK.world("scope.read-may-write", "NKN-AUTH-2", "A key of scope read may do what read_write may.")
def _read_may_write(world: World) -> None:
    _scoped(world, {"read": "read_write"})


@BOOK.world("scope.read-may-not-read", "NKN-AUTH-2", "A key of scope read may do nothing.")
def _read_may_not_read(world: World) -> None:
    _scoped(world, {"read": "nothing"})


@BOOK.answered(
    "scope.refusal-is-401", "NKN-AUTH-2", "What a scope does not allow is answered 401.", "NKN-AUTH-3", "NKN-AUTH-5"
)
def _refusal_is_401(answer: Answered, _: World) -> None:
    if answer.code == "insufficient_scope":
        refuse(answer, 401, "authentication_error")


@BOOK.world("scope.read_write-may-delete", "NKN-AUTH-3", "A key of scope read_write may DELETE.", "NKN-AUTH-5")
def _read_write_may_delete(world: World) -> None:
    _scoped(world, {"read_write": "admin"})


@BOOK.answered("scope.read_write-may-not-patch", "NKN-AUTH-3", "A key of scope read_write may not PATCH.")
def _read_write_may_not_patch(answer: Answered, world: World) -> None:
    key = key_of(answer.asked, world)
    if answer.asked.method == "PATCH" and key is not None and key.scope == "read_write":
        refuse(answer, 403, "authorization_error")


@BOOK.answered(
    "scope.admin-may-not-delete", "NKN-AUTH-4", "A key of scope admin may not DELETE voicemails.", "NKN-VM-3"
)
def _admin_may_not_delete(answer: Answered, _: World) -> None:
    if answer.asked.method == "DELETE" and answer.status == 204 and answer.asked.path.startswith(VOICEMAILS):
        refuse(answer, 403, "authorization_error")


@BOOK.answered(
    "scope.admin-may-not-remove-endpoints",
    "NKN-AUTH-4",
    "A key of scope admin may not DELETE webhook endpoints.",
    "NKN-HOOK-1",
    "NKN-AUTH-7",
)
def _admin_may_not_remove_endpoints(answer: Answered, _: World) -> None:
    if answer.asked.method == "DELETE" and answer.status in (204, 404) and answer.asked.path.startswith(ENDPOINTS):
        refuse(answer, 403, "authorization_error")


def _admitted(world: World, admits: Any) -> None:
    swap(world.keys, "admits", lambda usual: lambda key, client, now: admits(usual, key, client, now))


@BOOK.world("rotation.old-ends-at-once", "NKN-AUTH-5", "A rotated key stops working at once.")
def _old_ends_at_once(world: World) -> None:
    _admitted(world, lambda usual, key, client, now: key.expires_at is None and usual(key, client, now))


@BOOK.world("rotation.old-lives-on", "NKN-AUTH-5", "A rotated key works on for good.")
def _old_lives_on(world: World) -> None:
    _admitted(world, lambda usual, key, client, now: usual(replace(key, expires_at=None), client, now))


@BOOK.world("rotation.four-minutes", "NKN-AUTH-5", "A rotated key works on for four minutes.")
def _four_minutes(world: World) -> None:
    _admitted(world, lambda usual, key, client, now: usual(key, client, now + (MINUTE if key.expires_at else 0)))


@BOOK.world("publishable.works", "NKN-AUTH-6", "A publishable key works as a secret one does.")
def _publishable_works(world: World) -> None:
    def make(find: Any) -> Any:
        def found(vendor: str, secret: str) -> Any:
            key = find(vendor, secret)
            return replace(key, kind=None) if key is not None else None

        return found

    swap(world.keys, "find", make)


@BOOK.answered("publishable.is-403", "NKN-AUTH-6", "A publishable key is answered 403.")
def _publishable_is_403(answer: Answered, _: World) -> None:
    if answer.status == 401 and answer.asked.header(b"authorization").startswith(f"{BEARER}pk_"):
        refuse(answer, 403, "authorization_error")


def _anyones(world: World, room: Any, records: Any) -> None:
    """Let whoever knows an id find what it names."""

    def make(of: Any) -> Any:
        def found(account: str, id_: str, *rest: Any) -> Any:
            record = records.get(id_)
            return of(record.account if record is not None else account, id_, *rest)

        return found

    swap(room, "of", make)


@BOOK.world("isolation.calls-for-all", "NKN-AUTH-7", "Whoever knows a call's id sees it and hangs it up.")
def _calls_for_all(world: World) -> None:
    _anyones(world, house(world).phones, world.calls.records)


@BOOK.world(
    "isolation.numbers-for-all",
    "NKN-AUTH-7",
    "Whoever knows a number's id sees it and changes it.",
    "NKN-CALL-3",
    "NKN-SMS-10",
)
def _numbers_for_all(world: World) -> None:
    _anyones(world, house(world).lines, house(world).lines.records)


@BOOK.world("isolation.voicemails-for-all", "NKN-AUTH-7", "Whoever knows a voicemail's id hears it.")
def _voicemails_for_all(world: World) -> None:
    _anyones(world, house(world).mailbox, house(world).mailbox.records)


@BOOK.answered("isolation.foreign-is-403", "NKN-AUTH-7", "Another account's message is answered 403, so it is there.")
def _foreign_is_403(answer: Answered, world: World) -> None:
    id_ = answer.asked.path.removeprefix(f"{SMS}/")
    if answer.status == 404 and id_ in world.messages.records:
        refuse(answer, 403, "authorization_error")


# -- errors ------


@BOOK.answered("errors.page-of-html", "NKN-ERR-1", "An unknown path is answered with a page of HTML.")
def _page_of_html(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        answer.without(b"content-type")
        answer.headers.append((b"content-type", b"text/html"))
        answer.body = b"<h1>Not Found</h1>"


@BOOK.answered("errors.without-request_id", "NKN-ERR-1", "An error for an unknown path has no request_id.")
def _without_request_id(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        error = answer.json()["error"]
        error.pop("request_id")
        answer.say(404, {"error": error})


@BOOK.answered("errors.one-request_id", "NKN-ERR-1", "All errors have the same request_id.")
def _one_request_id(answer: Answered, _: World) -> None:
    if answer.status >= 400:
        reword(answer, request_id="req_0000000000000000")


@BOOK.answered("errors.own-type", "NKN-ERR-1", "An unknown path is of a type that the page lacks.", "NKN-ERR-7")
def _own_type(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == "/v1/nothing":
        reword(answer, type="not_found_error")


@BOOK.answered("errors.missing-without-param", "NKN-ERR-2", "A missing parameter is not named in param.")
def _missing_without_param(answer: Answered, _: World) -> None:
    if answer.code == "parameter_missing":
        reword(answer, param=None)


@BOOK.answered("errors.missing-is-invalid", "NKN-ERR-2", "A missing parameter has the code parameter_invalid.")
def _missing_is_invalid(answer: Answered, _: World) -> None:
    if answer.code == "parameter_missing":
        reword(answer, code="parameter_invalid")


@BOOK.answered("errors.malformed-is-422", "NKN-ERR-2", "Malformed JSON is answered 422.")
def _malformed_is_422(answer: Answered, _: World) -> None:
    if answer.status == 400 and answer.asked.body and answer.asked.json() is None:
        refuse(answer, 422)


@BOOK.answered("errors.unsupported-is-400", "NKN-ERR-3", "A country without numbers is answered 400.")
def _unsupported_is_400(answer: Answered, _: World) -> None:
    if answer.status == 422 and answer.asked.path == AVAILABLE:
        refuse(answer, 400)


@BOOK.answered(
    "errors.unreachable-is-500", "NKN-ERR-3", "A call to a country that is not served is answered 500.", "NKN-ERR-9"
)
def _unreachable_is_500(answer: Answered, _: World) -> None:
    if answer.code == "unsupported_country" and posted(answer, CALLS):
        refuse(answer, 500, "api_error")


@BOOK.answered("money.broke-is-400", "NKN-ERR-4", "Too little balance is answered 400.")
def _broke_is_400(answer: Answered, _: World) -> None:
    if answer.status == 402:
        refuse(answer, 400)


@BOOK.world("money.on-credit", "NKN-ERR-4", "Whoever has no money has credit.")
def _on_credit(world: World) -> None:
    swap(house(world).money, "check", lambda _: lambda account, price: None)


@BOOK.world("money.exact-is-too-little", "NKN-ERR-4", "A balance of exactly the price is too little.")
def _exact_is_too_little(world: World) -> None:
    swap(house(world).money, "check", lambda check: lambda account, price: check(account, price + 1))


@BOOK.answered("trouble.blames-the-request", "NKN-ERR-5", "Trouble is said to be the request's fault.", "NKN-ERR-7")
def _blames_the_request(answer: Answered, _: World) -> None:
    if answer.status >= 500:
        reword(answer, type="invalid_request_error")


@BOOK.answered("trouble.is-400", "NKN-ERR-5", "Trouble with a message is answered 400.")
def _trouble_is_400(answer: Answered, _: World) -> None:
    if answer.status >= 500 and posted(answer, SMS):
        refuse(answer, 400)


@BOOK.world("paused.may-call", "NKN-ERR-6", "A paused number calls and writes.")
def _paused_may_call(world: World) -> None:
    lines = house(world).lines

    def make(ready: Any) -> Any:
        def lenient(account: str, id_: str) -> Any:
            number = lines.records.get(id_)
            own = number is not None and number.account == account and number.status == "paused"
            return number if own else ready(account, id_)

        return lenient

    swap(lines, "ready", make)


@BOOK.answered("paused.is-invalid_request", "NKN-ERR-6", "A call from a paused number is an invalid_request_error.")
def _paused_is_invalid_request(answer: Answered, _: World) -> None:
    if answer.code == "number_paused":
        reword(answer, type="invalid_request_error")


@BOOK.answered(
    "errors.unknown-blames-the-key", "NKN-ERR-7", "An unknown voicemail is an authentication_error.", "NKN-VM-1"
)
def _unknown_blames_the_key(answer: Answered, _: World) -> None:
    if answer.status == 404 and answer.asked.path == f"{VOICEMAILS}/vm_000000000000":
        reword(answer, type="authentication_error")


@BOOK.answered("errors.no-limit-blames-the-rate", "NKN-ERR-7", "A limit of 0 is a rate_limit_error.", "NKN-PAGE-1")
def _no_limit_blames_the_rate(answer: Answered, _: World) -> None:
    if answer.status == 400 and answer.asked.query == "limit=0":
        reword(answer, type="rate_limit_error")


@BOOK.answered("errors.route-before-key", "NKN-ERR-8", "An unknown path is told to whoever has no key.")
def _route_before_key(answer: Answered, _: World) -> None:
    if answer.status == 401 and answer.asked.path == "/v1/nothing":
        refuse(answer, 404)


@BOOK.answered("errors.too-large-is-400", "NKN-ERR-8", "A body over 1 MiB is answered 400.")
def _too_large_is_400(answer: Answered, _: World) -> None:
    if answer.status == 413:
        refuse(answer, 400)


@BOOK.answered(
    "errors.odd-cursor-crashes", "NKN-ERR-9", "A starting_after that leads nowhere is answered 500.", "NKN-PAGE-5"
)
def _odd_cursor_crashes(answer: Answered, _: World) -> None:
    if answer.status == 400 and "starting_after" in answer.asked.query:
        refuse(answer, 500, "api_error")


@BOOK.answered("errors.odd-country-crashes", "NKN-ERR-9", "A country that is no text is answered 500.")
def _odd_country_crashes(answer: Answered, _: World) -> None:
    if answer.status == 400 and answer.asked.path == AVAILABLE and "%FF" in answer.asked.query:
        refuse(answer, 500, "api_error")
