"""Mutants of "Provision a number", "List numbers", "Release a number" and of the limits on numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ringback.carrier.clock import HOUR, MINUTE
from ringback.carrier.number_pool import NumberPool
from ringback.gateway.accounts import Account
from ringback.gateway.egress import Address, Egress, EgressError, literal
from ringback.gateway.errors import ApiError
from ringback.gateway.faults import Effect, Faults
from ringback.gateway.limits import Windows
from ringback.gateway.services import Services
from ringback.mutants.kwickphone.registry import mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import MutableResponse, broken, code, error, respond, status, status_to
from ringback.mutants.transforms import apply, drop, set_to
from ringback.store import Collection
from ringback.vendors.kwickphone.records import Number
from ringback.vendors.kwickphone.rules import KwickPhone
from ringback.vendors.kwickphone.wire import CreatedNumberView, ProvisionBody

HOME_AREA, OTHER_AREA, EMPTY_AREA = "346", "201", "907"
"""Of the three the last has no stock."""
DOTTED_QUAD = re.compile(r"\d{1,3}(\.\d{1,3}){3}")


def _number(response: MutableResponse[KwickPhone]) -> Number | None:
    """Return the number that a request names, whose ever it is."""
    return response.backend.records.get(response.request.variables["id"])


# -- provision ------

mutant("numbers.created-is-200", "KWP-NUM-1", "A provision is answered 200 instead of 201.").response(
    status_to(200), on="createNumber"
)
mutant("numbers.created-without-offset", "KWP-NUM-1", "created_at comes without its offset from UTC.").response(
    apply("created_at", lambda instant: instant.partition("+")[0].replace("T", " ")), on="createNumber"
)
mutant("numbers.created-forgets-webhook", "KWP-NUM-1", "The response to a provision lacks its webhook_url.").response(
    set_to("webhook_url", None), on="createNumber"
)
mutant("numbers.created-is-pending", "KWP-NUM-1", "A new number has status `pending` in the response.").response(
    set_to("status", "pending"), on="createNumber"
)


def _secret_without_prefix(response: MutableResponse[KwickPhone]) -> None:
    number = response.document
    number["webhook_secret"] = secret = number["webhook_secret"].removeprefix("whsec_")
    response.backend.records[number["id"]].webhook_secret = secret
    response.document = number


mutant("numbers.secret-without-prefix", "KWP-NUM-1", "A webhook secret does not begin with whsec_.").response(
    _secret_without_prefix, on="createNumber"
)


def _accept_phone(area_code_of: Original, body: ProvisionBody, pattern: str) -> str:
    """Accept a business_phone of a pattern in spite of the rules."""
    try:
        return str(area_code_of(body))
    except ApiError as no:
        if no.param == "business_phone" and re.fullmatch(pattern, body.business_phone):
            return HOME_AREA
        raise


mutant("numbers.foreign-phones", "KWP-NUM-2", "A business_phone of any country is accepted.").instead(
    KwickPhone.area_code_of, lambda area_code_of, own, body: _accept_phone(area_code_of, body, r"\+(?!1)\d{11,15}")
)
mutant(
    "numbers.national-phones", "KWP-NUM-2", "A business_phone without its + is accepted.", "KWP-NUM-1", "KWP-NUM-11"
).instead(KwickPhone.area_code_of, lambda area_code_of, own, body: _accept_phone(area_code_of, body, r"1?\d{10}"))
mutant("numbers.missing-phone", "KWP-NUM-2", "A provision without business_phone gets a number all the same.").request(
    set_to("business_phone", "+13465550100"), on="createNumber", when=lambda request: request.document == {}
)
mutant("numbers.malformed-is-500", "KWP-NUM-3", "A body that is not JSON is answered 500.", "KWP-ERR-4").response(
    error(500, "internal_error"),
    on="createNumber",
    when=lambda response: response.status == 400 and response.request.document is None,
)
mutant("numbers.malformed-is-422", "KWP-NUM-3", "A body that is not an object is answered 422.").response(
    error(422, "validation_error"),
    on="createNumber",
    when=lambda response: response.status == 400 and not isinstance(response.request.document, dict),
)
mutant("numbers.area-is-ignored", "KWP-NUM-4", "The requested area_code is ignored.").result(
    KwickPhone.area_code_of,
    lambda area, own, body: area if area == EMPTY_AREA or body.area_code is None else body.business_phone[2:5],
)
mutant(
    "numbers.default-area-is-fixed", "KWP-NUM-4", "Without area_code the number is never in the business's area."
).result(KwickPhone.area_code_of, lambda area, own, body: area if body.area_code is not None else OTHER_AREA)


@mutant("numbers.odd-areas", "KWP-NUM-15", "An invalid area_code is ignored instead of rejected.").patch(
    KwickPhone.area_code_of
)
def _odd_areas(area_code_of: Original, _: KwickPhone, body: ProvisionBody) -> str:
    try:
        return str(area_code_of(body))
    except ApiError as no:
        if no.param == "area_code":
            return HOME_AREA
        raise


mutant("numbers.out-of-stock-is-404", "KWP-NUM-7", "An area without stock is answered 404.").response(
    error(404, "not_found"), on="createNumber", when=status(409)
)
mutant(
    "numbers.out-of-stock-elsewhere", "KWP-NUM-7", "Where an area has no stock, a number of another is provisioned."
).result(KwickPhone.area_code_of, lambda area, own, body: OTHER_AREA if area == EMPTY_AREA else area)


# -- webhook addresses ------


def _address(url: str) -> Address | None:
    return literal(urlsplit(url).hostname or "") if url.startswith("https://") else None


def _oddly_spelled(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    plain = DOTTED_QUAD.fullmatch(host) and not any(part != "0" and part[0] == "0" for part in host.split("."))
    return _address(url) is not None and ":" not in host and not plain


def _admits(name: str, claim: str, description: str, accepts: Callable[[str], bool]) -> None:
    """Register a mutant that admits webhook addresses which the policy rejects."""

    @mutant(name, claim, description).patch(Egress.check)
    async def _admit(admit: Original, _: KwickPhone, url: str) -> None:
        try:
            await admit(url)
        except EgressError:
            if not accepts(url):
                raise


_admits(
    "numbers.plain-http",
    "KWP-NUM-5",
    "A webhook_url with http:// is accepted.",
    lambda url: url.startswith("http://"),
)
_admits(
    "numbers.any-text-for-a-url",
    "KWP-NUM-5",
    "A webhook_url that is not a URL is accepted.",
    lambda url: "://" not in url,
)
_admits(
    "numbers.internal-webhooks",
    "KWP-NUM-6",
    "A webhook_url on a private address is accepted.",
    lambda url: _address(url) is not None,
)
_admits(
    "numbers.odd-spellings",
    "KWP-NUM-6",
    "Decimal, octal and hexadecimal spellings of an address are accepted.",
    _oddly_spelled,
)
_admits(
    "numbers.ipv6-webhooks",
    "KWP-NUM-6",
    "Private addresses are accepted as IPv6.",
    lambda url: url.startswith("https://["),
)
_admits(
    "numbers.link-local-webhooks",
    "KWP-NUM-6",
    "Link-local addresses are accepted.",
    lambda url: (found := _address(url)) is not None and found.is_link_local,
)
_admits(
    "numbers.localhost-webhooks",
    "KWP-NUM-6",
    "The name localhost is accepted.",
    lambda url: url.startswith("https://localhost"),
)

# -- limits ------

mutant("limits.number-limit-is-403", "KWP-NUM-8", "One number too many is answered 403.").response(
    error(403, "forbidden"), when=code("number_limit")
)
mutant("limits.six-numbers", "KWP-NUM-8", "One active number more than the limit is allowed.").result(
    Collection[Number].count, lambda count, own, index, key: count - (index == "status"), of=lambda own: own.records
)


@mutant("limits.released-counts", "KWP-NUM-8", "A released number still counts against the limit.").patch(
    Collection[Number].count, of=lambda own: own.records
)
def _released_counts(count: Original, _: KwickPhone, index: str, key: Any) -> int:
    return int(count(index, key)) + (count(index, (key[0], "released")) if index == "status" else 0)


@mutant("limits.raise-is-ignored", "KWP-NUM-8", "A raised limit makes no difference.").patch(Services.change_settings)
def _raise_is_ignored(change: Original, _: KwickPhone, account: Account, changes: Mapping[str, Any]) -> None:
    change(account, {name: value for name, value in changes.items() if name != "number_limit"})


mutant("limits.four-an-hour", "KWP-NUM-9", "A fourth provision within the hour is allowed.").instead(
    KwickPhone.velocity_wait, lambda wait, own, window, hourly, now: wait(window, hourly + (hourly > 1), now)
)
mutant(
    "limits.velocity-of-half-an-hour", "KWP-NUM-9", "The provisions of the last half hour count, not of the hour."
).result(KwickPhone.velocity_wait, lambda wait, own, window, hourly, now: max(0, wait - 30 * MINUTE))


@mutant(
    "limits.velocity-for-ever", "KWP-NUM-9", "After three provisions no more are allowed, however long one waits."
).on_start
def _velocity_for_ever(own: KwickPhone) -> None:
    made: dict[str, int] = {}

    def add(usual: Original, _: KwickPhone, name: str, now: int) -> None:
        made[name] = made.get(name, 0) + 1
        usual(name, now)

    def wait(_usual: Original, _: KwickPhone, window: str, hourly: int, now: int) -> int:
        return HOUR if made.get(window, 0) >= hourly else 0

    patch(own, Windows.add, add)
    patch(own, KwickPhone.velocity_wait, wait)


@mutant("limits.velocity-for-all", "KWP-NUM-9", "The provisions of all accounts count together.").on_start
def _velocity_for_all(own: KwickPhone) -> None:
    provisions: list[int] = []

    def wait(usual: Original, _: KwickPhone, window: str, hourly: int, now: int) -> int:
        recent = [at for at in provisions if at > now - HOUR]
        found = int(usual(window, hourly, now)) or (HOUR if len(recent) >= hourly > 1 else 0)
        if not found:
            provisions.append(now)
        return found

    patch(own, KwickPhone.velocity_wait, wait)


# -- provider trouble ------

mutant("numbers.outage-is-500", "KWP-NUM-10", "Provider trouble is answered 500 instead of 503.", "KWP-ERR-4").response(
    error(500, "internal_error"), on="createNumber", when=status(503)
)


@mutant("numbers.outage-lasts", "KWP-NUM-10", "After provider trouble the same request never succeeds.").on_start
def _outage_lasts(own: KwickPhone) -> None:
    struck: set[str] = set()

    def strike(usual: Original, _: KwickPhone, vendor: str, account: str, operation: str | None) -> Sequence[Effect]:
        effects: Sequence[Effect] = usual(vendor, account, operation)
        if any(effect.status == 503 for effect in effects):
            struck.add(account)
        return effects

    def provision(usual: Original, _: KwickPhone, account: str, body: ProvisionBody) -> CreatedNumberView:
        if account in struck:
            raise broken(503, "provider_unavailable")
        made: CreatedNumberView = usual(account, body)
        return made

    patch(own, Faults.for_request, strike)
    patch(own, KwickPhone.provision, provision)


# -- the list ------


def _by_age(response: MutableResponse[KwickPhone]) -> None:
    records = response.backend.records
    response.document = {"data": sorted(response.document["data"], key=lambda number: records[number["id"]].seq)}


def _with_secrets(response: MutableResponse[KwickPhone]) -> None:
    records = response.backend.records
    numbers = response.document["data"]
    response.document = {"data": [{**each, "webhook_secret": records[each["id"]].webhook_secret} for each in numbers]}


mutant("numbers.list-is-bare", "KWP-NUM-11", "The list of numbers is a bare array.").response(
    apply("", lambda body: body["data"]), on="listNumbers"
)
mutant("numbers.oldest-first", "KWP-NUM-11", "The list of numbers is by age, active or not.").response(
    _by_age, on="listNumbers"
)
mutant("numbers.list-without-created_at", "KWP-NUM-11", "Listed numbers lack created_at.").response(
    drop("data[].created_at"), on="listNumbers"
)
mutant(
    "numbers.released-is-cancelled",
    "KWP-NUM-11",
    "A released number is listed as `cancelled`.",
    "KWP-NUM-13",
    "KWP-BAL-6",
).response(set_to("data[status=released].status", "cancelled"), on="listNumbers")
mutant("numbers.secret-in-the-list", "KWP-NUM-12", "The list of numbers shows every webhook_secret.").response(
    _with_secrets, on="listNumbers"
)
mutant("release.vanishes", "KWP-NUM-13", "A released number is no longer listed.", "KWP-BAL-6").response(
    drop("data[status=released]"), on="listNumbers"
)

# -- release ------


def _with_its_secret(response: MutableResponse[KwickPhone]) -> None:
    number = _number(response)
    response.document = {"released": True, "webhook_secret": number.webhook_secret if number is not None else None}


mutant(
    "numbers.secret-at-release", "KWP-NUM-12", "The response to a release has the webhook_secret.", "KWP-NUM-13"
).response(_with_its_secret, on="releaseNumber")
mutant("release.is-204", "KWP-NUM-13", "A release is answered 204 without a body.").response(
    respond(204, b""), on="releaseNumber"
)
mutant("release.unknown-is-released", "KWP-NUM-14", "Releasing a number that does not exist is answered 200.").response(
    respond(200, {"released": True}),
    on="releaseNumber",
    when=lambda response: response.status == 404 and _number(response) is None,
)
mutant(
    "release.foreign-is-403", "KWP-NUM-14", "Releasing another account's number is answered 403.", "KWP-AUTH-6"
).response(
    error(403, "forbidden"),
    on="releaseNumber",
    when=lambda response: response.status == 404 and _number(response) is not None,
)
mutant("release.still-answers", "KWP-NUM-13", "A released number still takes calls.").returns(NumberPool.release, None)
