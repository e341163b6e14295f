"""Mutants of "Provision a number", "List numbers", "Release a number" and of the limits on numbers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ringback.carrier.clock import HOUR, MINUTE
from ringback.emulator import Emulator
from ringback.gateway.egress import EgressError, literal
from ringback.gateway.errors import ApiError
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.kwickphone.mutants.register import REGISTRY, backend, refusal

NUMBERS = "/v1/numbers"
HOME_AREA = "346"
OTHER_AREA = "201"
SPELLED_OUT = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def _created(answer: MutableResponse) -> dict[str, Any] | None:
    made = answer.asked.method == "POST" and answer.asked.path == NUMBERS and answer.status == 201
    return answer.json() if made else None


def _listed(answer: MutableResponse) -> list[dict[str, Any]] | None:
    shown = answer.asked.method == "GET" and answer.asked.path == NUMBERS and answer.status == 200
    return answer.json()["data"] if shown else None


def _refused(answer: MutableResponse, status: int) -> bool:
    return answer.asked.method == "POST" and answer.asked.path == NUMBERS and answer.status == status


@REGISTRY.on_response("numbers.created-is-200", "KWP-NUM-1", "A provision is answered 200 instead of 201.")
def _created_is_200(answer: MutableResponse, _: Emulator) -> None:
    if _created(answer):
        answer.status = 200


@REGISTRY.on_response("numbers.created-without-offset", "KWP-NUM-1", "created_at comes without its offset from UTC.")
def _created_without_offset(answer: MutableResponse, _: Emulator) -> None:
    if number := _created(answer):
        answer.say(201, {**number, "created_at": number["created_at"].partition("+")[0].replace("T", " ")})


@REGISTRY.on_response(
    "numbers.created-forgets-webhook", "KWP-NUM-1", "The answer to a provision lacks its webhook_url."
)
def _created_forgets_webhook(answer: MutableResponse, _: Emulator) -> None:
    if number := _created(answer):
        answer.say(201, {**number, "webhook_url": None})


@REGISTRY.on_response("numbers.created-is-pending", "KWP-NUM-1", "A new number has status `pending` in the answer.")
def _created_is_pending(answer: MutableResponse, _: Emulator) -> None:
    if number := _created(answer):
        answer.say(201, {**number, "status": "pending"})


@REGISTRY.on_response("numbers.secret-without-prefix", "KWP-NUM-1", "A webhook secret does not begin with whsec_.")
def _secret_without_prefix(answer: MutableResponse, emulator: Emulator) -> None:
    if number := _created(answer):
        secret = number["webhook_secret"].removeprefix("whsec_")
        backend(emulator).records[number["id"]].webhook_secret = secret
        answer.say(201, {**number, "webhook_secret": secret})


def _lenient_about_phones(emulator: Emulator, takes: Any) -> None:
    def make(area_code: Any) -> Any:
        def lenient(body: Any) -> str:
            try:
                return str(area_code(body))
            except ApiError as no:
                if no.param == "business_phone" and takes(body.business_phone):
                    return HOME_AREA
                raise

        return lenient

    patch(backend(emulator), "_area_code", make)


@REGISTRY.on_start("numbers.foreign-phones", "KWP-NUM-2", "A business_phone of any country is taken.")
def _foreign_phones(emulator: Emulator) -> None:
    _lenient_about_phones(emulator, lambda phone: re.fullmatch(r"\+\d{11,15}", phone) and not phone.startswith("+1"))


@REGISTRY.on_start(
    "numbers.national-phones", "KWP-NUM-2", "A business_phone without its + is taken.", "KWP-NUM-1", "KWP-NUM-11"
)
def _national_phones(emulator: Emulator) -> None:
    _lenient_about_phones(emulator, lambda phone: re.fullmatch(r"1?\d{10}", phone))


@REGISTRY.on_request(
    "numbers.missing-phone", "KWP-NUM-2", "A provision without business_phone gets a number all the same."
)
def _missing_phone(asked: Request) -> None:
    if asked.method == "POST" and asked.json() == {}:
        asked.body = b'{"business_phone": "+13465550100"}'


@REGISTRY.on_response("numbers.malformed-is-500", "KWP-NUM-3", "A body that is no JSON is answered 500.", "KWP-ERR-4")
def _malformed_is_500(answer: MutableResponse, _: Emulator) -> None:
    if _refused(answer, 400) and answer.asked.json() is None:
        answer.refuse(500, "internal_error")


@REGISTRY.on_response("numbers.malformed-is-422", "KWP-NUM-3", "A body that is no object is answered 422.")
def _malformed_is_422(answer: MutableResponse, _: Emulator) -> None:
    if _refused(answer, 400) and not isinstance(answer.asked.json(), dict):
        answer.refuse(422, "validation_error")


@REGISTRY.on_start("numbers.area-is-ignored", "KWP-NUM-4", "The area_code asked for is ignored.")
def _area_is_ignored(emulator: Emulator) -> None:
    def make(area_code: Any) -> Any:
        def homely(body: Any) -> str:
            asked = str(area_code(body))
            return asked if asked == "907" or body.area_code is None else str(body.business_phone[2:5])

        return homely

    patch(backend(emulator), "_area_code", make)


@REGISTRY.on_start(
    "numbers.default-area-is-fixed", "KWP-NUM-4", "Without area_code the number is never in the business's area."
)
def _default_area_is_fixed(emulator: Emulator) -> None:
    def make(area_code: Any) -> Any:
        return lambda body: area_code(body) if body.area_code is not None else (area_code(body) and OTHER_AREA)

    patch(backend(emulator), "_area_code", make)


def _admits(emulator: Emulator, takes: Any) -> None:
    """Take webhook addresses that should be refused, where `takes(url)` says so."""
    egress = emulator.services.outbox.egress

    def make(admit: Any) -> Any:
        async def lenient(url: str) -> None:
            try:
                await admit(url)
            except EgressError:
                if not takes(url):
                    raise

        return lenient

    patch(egress, "admit", make)


def _address(url: str) -> Any:
    host = urlsplit(url).hostname or ""
    return literal(host) if url.startswith("https://") else None


@REGISTRY.on_start("numbers.plain-http", "KWP-NUM-5", "A webhook_url with http:// is taken.")
def _plain_http(emulator: Emulator) -> None:
    _admits(emulator, lambda url: url.startswith("http://"))


@REGISTRY.on_start("numbers.any-text-for-a-url", "KWP-NUM-5", "A webhook_url that is no URL is taken.")
def _any_text_for_a_url(emulator: Emulator) -> None:
    _admits(emulator, lambda url: "://" not in url)


@REGISTRY.on_start("numbers.internal-webhooks", "KWP-NUM-6", "A webhook_url on a private address is taken.")
def _internal_webhooks(emulator: Emulator) -> None:
    _admits(emulator, lambda url: _address(url) is not None)


@REGISTRY.on_start(
    "numbers.odd-spellings", "KWP-NUM-6", "Decimal, octal and hexadecimal spellings of an address slip through."
)
def _odd_spellings(emulator: Emulator) -> None:
    def odd(url: str) -> bool:
        host = urlsplit(url).hostname or ""
        plain = SPELLED_OUT.fullmatch(host) and not any(part != "0" and part[0] == "0" for part in host.split("."))
        return _address(url) is not None and ":" not in host and not plain

    _admits(emulator, odd)


@REGISTRY.on_start("numbers.ipv6-webhooks", "KWP-NUM-6", "Private addresses slip through as IPv6.")
def _ipv6_webhooks(emulator: Emulator) -> None:
    _admits(emulator, lambda url: url.startswith("https://["))


@REGISTRY.on_start("numbers.link-local-webhooks", "KWP-NUM-6", "Link-local addresses slip through.")
def _link_local_webhooks(emulator: Emulator) -> None:
    _admits(emulator, lambda url: (found := _address(url)) is not None and found.is_link_local)


@REGISTRY.on_start("numbers.localhost-webhooks", "KWP-NUM-6", "The name localhost slips through.")
def _localhost_webhooks(emulator: Emulator) -> None:
    _admits(emulator, lambda url: url.startswith("https://localhost"))


@REGISTRY.on_response("numbers.out-of-stock-is-404", "KWP-NUM-7", "An area without stock is answered 404.")
def _out_of_stock_is_404(answer: MutableResponse, _: Emulator) -> None:
    if _refused(answer, 409):
        answer.refuse(404, "not_found")


@REGISTRY.on_start(
    "numbers.out-of-stock-elsewhere", "KWP-NUM-7", "Where an area has no stock, a number of another is given."
)
def _out_of_stock_elsewhere(emulator: Emulator) -> None:
    def make(area_code: Any) -> Any:
        return lambda body: OTHER_AREA if area_code(body) == "907" else area_code(body)

    patch(backend(emulator), "_area_code", make)


@REGISTRY.on_response("limits.number-limit-is-403", "KWP-NUM-8", "One number too many is answered 403.")
def _number_limit_is_403(answer: MutableResponse, _: Emulator) -> None:
    if answer.code == "number_limit":
        answer.refuse(403, "forbidden")


@REGISTRY.on_start("limits.six-numbers", "KWP-NUM-8", "One active number more than the limit is allowed.")
def _six_numbers(emulator: Emulator) -> None:
    def make(count: Any) -> Any:
        return lambda index, key: count(index, key) - (index == "status")

    patch(backend(emulator).records, "count", make)


@REGISTRY.on_start("limits.released-counts", "KWP-NUM-8", "A released number still counts against the limit.")
def _released_counts(emulator: Emulator) -> None:
    own = backend(emulator)

    def make(count: Any) -> Any:
        def all_of(index: str, key: Any) -> int:
            return int(count(index, key)) + (count(index, (key[0], "released")) if index == "status" else 0)

        return all_of

    patch(own.records, "count", make)


@REGISTRY.on_start("limits.raise-is-ignored", "KWP-NUM-8", "A raised limit makes no difference.")
def _raise_is_ignored(emulator: Emulator) -> None:
    def make(change: Any) -> Any:
        def without_limit(account: Any, changes: Any) -> None:
            change(account, {name: value for name, value in changes.items() if name != "number_limit"})

        return without_limit

    patch(emulator.services, "change_settings", make)


def _velocity(emulator: Emulator, wait: Any) -> None:
    """Replace how long until one more provision fits: called with the window, the hourly limit, the time and the usual
    way."""

    def make(usual: Any) -> Any:
        return lambda window, hourly, now: wait(window, hourly, now, usual)

    patch(backend(emulator), "_velocity_wait", make)


@REGISTRY.on_start("limits.four-an-hour", "KWP-NUM-9", "A fourth provision within the hour is allowed.")
def _four_an_hour(emulator: Emulator) -> None:
    _velocity(emulator, lambda window, hourly, now, usual: usual(window, hourly + (hourly > 1), now))


@REGISTRY.on_start(
    "limits.velocity-of-half-an-hour", "KWP-NUM-9", "The provisions of the last half hour count, not of the hour."
)
def _velocity_of_half_an_hour(emulator: Emulator) -> None:
    def shorter(window: str, hourly: int, now: int, usual: Any) -> int:
        return max(0, int(usual(window, hourly, now)) - 30 * MINUTE)

    _velocity(emulator, shorter)


@REGISTRY.on_start(
    "limits.velocity-for-ever", "KWP-NUM-9", "After three provisions no more are allowed, however long one waits."
)
def _velocity_for_ever(emulator: Emulator) -> None:
    made: dict[str, int] = {}

    def add(usual: Any) -> Any:
        def counting(name: str, now: int) -> None:
            made[name] = made.get(name, 0) + 1
            usual(name, now)

        return counting

    patch(emulator.services.windows, "add", add)
    _velocity(emulator, lambda window, hourly, _now, _usual: HOUR if made.get(window, 0) >= hourly else 0)


@REGISTRY.on_start("limits.velocity-for-all", "KWP-NUM-9", "The provisions of all accounts count together.")
def _velocity_for_all(emulator: Emulator) -> None:
    shared: list[int] = []

    def together(window: str, hourly: int, now: int, usual: Any) -> int:
        recent = [at for at in shared if at > now - HOUR]
        wait = int(usual(window, hourly, now)) or (HOUR if len(recent) >= hourly > 1 else 0)
        if not wait:
            shared.append(now)
        return wait

    _velocity(emulator, together)


@REGISTRY.on_response(
    "numbers.outage-is-500", "KWP-NUM-10", "Provider trouble is answered 500 instead of 503.", "KWP-ERR-4"
)
def _outage_is_500(answer: MutableResponse, _: Emulator) -> None:
    if _refused(answer, 503):
        answer.refuse(500, "internal_error")


@REGISTRY.on_start("numbers.outage-lasts", "KWP-NUM-10", "After provider trouble the same request never succeeds.")
def _outage_lasts(emulator: Emulator) -> None:
    struck: set[str] = set()
    own = backend(emulator)

    def strike(usual: Any) -> Any:
        def remembering(vendor: str, account: str, operation: str | None) -> Any:
            effects = usual(vendor, account, operation)
            if any(effect.status == 503 for effect in effects):
                struck.add(account)
            return effects

        return remembering

    def provision(usual: Any) -> Any:
        def failing(account: str, body: Any) -> Any:
            if account in struck:
                raise refusal(503, "provider_unavailable")
            return usual(account, body)

        return failing

    patch(emulator.services.faults, "strike", strike)
    patch(own, "provision", provision)


@REGISTRY.on_response("numbers.list-is-bare", "KWP-NUM-11", "The list of numbers is a bare array.")
def _list_is_bare(answer: MutableResponse, _: Emulator) -> None:
    if (data := _listed(answer)) is not None:
        answer.say(200, data)


@REGISTRY.on_response("numbers.oldest-first", "KWP-NUM-11", "The list of numbers is by age, active or not.")
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": sorted(data, key=lambda number: int(number["id"].rpartition("_")[2]))})


@REGISTRY.on_response("numbers.list-without-created_at", "KWP-NUM-11", "Listed numbers lack created_at.")
def _list_without_created_at(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [{k: v for k, v in number.items() if k != "created_at"} for number in data]})


@REGISTRY.on_response(
    "numbers.released-is-cancelled",
    "KWP-NUM-11",
    "A released number is listed as `cancelled`.",
    "KWP-NUM-13",
    "KWP-BAL-6",
)
def _released_is_cancelled(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        renamed = {"released": "cancelled"}
        answer.say(200, {"data": [{**each, "status": renamed.get(each["status"], each["status"])} for each in data]})


@REGISTRY.on_response("numbers.secret-in-the-list", "KWP-NUM-12", "The list of numbers shows every webhook_secret.")
def _secret_in_the_list(answer: MutableResponse, emulator: Emulator) -> None:
    if data := _listed(answer):
        secrets = backend(emulator).records
        answer.say(200, {"data": [{**each, "webhook_secret": secrets[each["id"]].webhook_secret} for each in data]})


@REGISTRY.on_response(
    "numbers.secret-at-release", "KWP-NUM-12", "A release answers with the webhook_secret.", "KWP-NUM-13"
)
def _secret_at_release(answer: MutableResponse, emulator: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.status == 200:
        number = backend(emulator).records[answer.asked.path.rpartition("/")[2]]
        answer.say(200, {"released": True, "webhook_secret": number.webhook_secret})


@REGISTRY.on_response("release.is-204", "KWP-NUM-13", "A release is answered 204 without a body.")
def _release_is_204(answer: MutableResponse, _: Emulator) -> None:
    if answer.asked.method == "DELETE" and answer.status == 200:
        answer.status, answer.body = 204, b""


@REGISTRY.on_start("release.still-answers", "KWP-NUM-13", "A released number still takes calls.")
def _release_still_answers(emulator: Emulator) -> None:
    patch(emulator.services.numbers, "release", lambda _: lambda number: None)


@REGISTRY.on_response("release.vanishes", "KWP-NUM-13", "A released number is no longer listed.", "KWP-BAL-6")
def _release_vanishes(answer: MutableResponse, _: Emulator) -> None:
    if data := _listed(answer):
        answer.say(200, {"data": [number for number in data if number["status"] != "released"]})


@REGISTRY.on_response(
    "release.unknown-is-released", "KWP-NUM-14", "Releasing a number that does not exist is answered 200."
)
def _unknown_is_released(answer: MutableResponse, emulator: Emulator) -> None:
    unknown = answer.asked.path.rpartition("/")[2] not in backend(emulator).records
    if answer.asked.method == "DELETE" and answer.code == "not_found" and answer.asked.path != NUMBERS and unknown:
        answer.say(200, {"released": True})


@REGISTRY.on_response(
    "release.foreign-is-403", "KWP-NUM-14", "Releasing another account's number is answered 403.", "KWP-AUTH-6"
)
def _foreign_is_403(answer: MutableResponse, emulator: Emulator) -> None:
    known = answer.asked.path.rpartition("/")[2] in backend(emulator).records
    if answer.asked.method == "DELETE" and answer.status == 404 and known:
        answer.refuse(403, "forbidden")


@REGISTRY.on_start("numbers.odd-areas", "KWP-NUM-15", "An area_code that is none is passed over instead of refused.")
def _odd_areas(emulator: Emulator) -> None:
    def make(area_code: Any) -> Any:
        def lenient(body: Any) -> str:
            try:
                return str(area_code(body))
            except ApiError as no:
                if no.param == "area_code":
                    return HOME_AREA
                raise

        return lenient

    patch(backend(emulator), "_area_code", make)
