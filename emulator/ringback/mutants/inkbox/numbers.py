"""Mutants of "Phone Numbers"."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from ringback.gateway.accounts import AccountSettings
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.mutants.inkbox.registry import as_admin, mutant, without_nulls
from ringback.mutants.patching import Original
from ringback.mutants.traffic import broken, error, respond, status
from ringback.mutants.transforms import apply, drop, set_default, set_to
from ringback.vendors.inkbox.errors import Place
from ringback.vendors.inkbox.records import CallHandling, FilterMode, Identity, IncomingAction, InkboxSettings
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import Caller, settings_of
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.numbers import FIELDS, Numbers
from ringback.vendors.inkbox.wire.requests import CallHandlingPatch, NumberBody, NumberSpec
from ringback.vendors.inkbox.wire.responses import CallHandlingView, FilterChange, NumberView

# -- provision and release ------

mutant("numbers.release-is-200", "INK-NUM-1", "A release is answered 200.").response(
    respond(200, {"released": True}), on="releasePhoneNumber", when=status(204)
)
mutant("numbers.list-in-an-object", "INK-NUM-1", "The list of numbers is an object.", "INK-SDK-1").response(
    apply("", lambda numbers: {"items": numbers}), on="listPhoneNumbers"
)
mutant("numbers.released-stay-listed", "INK-NUM-1", "A released number is still listed.").result(
    Numbers.list_numbers,
    lambda views, own, caller: [
        *views,
        *(
            own.phone_numbers.view(number)
            for number in own.data.numbers.newest("all", caller.account)
            if number.released
        ),
    ],
)
mutant("numbers.released-still-ring", "INK-NUM-1", "A released number can still be called.").result(
    Data.active_number,
    lambda found, own, number: found or next((each for each in own.data.numbers if each.number == number), None),
)
mutant("numbers.always-local", "INK-NUM-1", "A request for a toll-free number provisions a local one.").request(
    set_to("[type=toll_free].type", "local"), on="provisionPhoneNumber"
)


def _drop_webhook_url(body: Any) -> Any:
    url = body.get("incoming_call_webhook_url") if isinstance(body, dict) else None
    if isinstance(url, str) and body.get("incoming_call_action") != "webhook":
        del body["incoming_call_webhook_url"]
    return body


mutant("numbers.urls-are-not-kept", "INK-NUM-1", "An update of the webhook URL is lost.").request(
    apply("", _drop_webhook_url), on="updatePhoneNumber"
)

# -- actions ------


def _without_url(name: str, description: str, member: str, action: IncomingAction, *also_breaks: str) -> None:
    """Declare an action that does not require its URL."""

    @mutant(name, "INK-NUM-2", description, *also_breaks).patch(Numbers.changed_handling)
    def _lenient(changed_handling: Original, _: Inkbox, current: CallHandling, body: CallHandlingPatch) -> CallHandling:
        try:
            handling: CallHandling = changed_handling(current, body)
        except ApiError:
            if action not in (body.incoming_call_action, current.action):
                raise
            url = getattr(body, member)
            return replace(current, **{"action": action, FIELDS[member]: None if url is UNSET else url})
        return handling


_without_url(
    "actions.accept-without-socket",
    "auto_accept does not require a WebSocket URL.",
    "client_websocket_url",
    "auto_accept",
    "INK-NUM-6",
)
_without_url(
    "actions.ask-without-webhook",
    "webhook does not require a webhook URL.",
    "incoming_call_webhook_url",
    "webhook",
)
mutant("actions.null-stays", "INK-NUM-2", "Null does not clear a URL of a number.").request(
    apply("", without_nulls), on="updatePhoneNumber"
)
mutant("actions.absent-clears", "INK-NUM-2", "An update clears the WebSocket URL that it omits.", "INK-CALL-4").request(
    set_default("[incoming_call_action=webhook].client_websocket_url", None), on="updatePhoneNumber"
)

# -- the limit ------


def _one_more(settings: AccountSettings, _: Inkbox, _account: str) -> AccountSettings:
    if isinstance(settings, InkboxSettings) and settings.number_limit is not None:
        return replace(settings, number_limit=settings.number_limit + 1)
    return settings


mutant("limit.of-four", "INK-NUM-3", "A fourth number is provisioned.").result(Services.settings_of, _one_more)
mutant("limit.is-409", "INK-NUM-3", "A fourth number is rejected with 409.").response(
    error(409, "conflict"), on=("provisionPhoneNumber", "createIdentity"), when=status(429)
)


@mutant("limit.counts-released", "INK-NUM-3", "Released numbers still count.").patch(Numbers.check_spec)
def _counts_released(
    check_spec: Original, own: Inkbox, account: str, spec: NumberSpec, current: CallHandling | None = None
) -> CallHandling:
    limit = settings_of(own.services, account).number_limit
    if limit is not None and own.data.numbers.count("all", account) >= limit:
        raise broken(429, "rate_limited")
    handling: CallHandling = check_spec(account, spec, current)
    return handling


# -- owners ------


@mutant("owner.made-on-the-way", "INK-NUM-4", "A number for an unknown handle creates the identity.").patch(
    Numbers.provision
)
def _made_on_the_way(provision: Original, own: Inkbox, caller: Caller, body: NumberBody) -> NumberView:
    own.identities.ensure(caller.account, body.agent_handle)
    view: NumberView = provision(caller, body)
    return view


mutant("owner.not-shown", "INK-NUM-4", "An identity does not show its number.").response(
    set_to("phone_number", None), on="getIdentity"
)
mutant("owner.toll-free-by-default", "INK-NUM-4", "A number without a type is toll-free.").request(
    set_default("type", "toll_free"),
    on="provisionPhoneNumber",
    when=lambda request: "state" not in (request.document or {}),
)
mutant("owner.none-is-204", "INK-NUM-4", "Releasing the number of an identity without one is answered 204.").response(
    respond(204, b""), on="releaseIdentityPhoneNumber", when=status(404)
)
mutant("owner.anywhere", "INK-NUM-4", "The state of a new number is ignored.").request(
    set_to("[state=NY].state", "CA"), on="provisionPhoneNumber"
)

# -- filter modes ------

_OTHER = {"block": "allow", "allow": "block"}
NOTICE = "filter_mode_change_notice"
mutant("filter.notice-names-the-others", "INK-NUM-5", "The notice names the rules that are not redundant.").response(
    apply(f"{NOTICE}.redundant_rule_action", lambda action: _OTHER[action]), on="updatePhoneNumber"
)


def _count_paused(change: FilterChange, own: Inkbox, identity: Identity, _: FilterMode) -> FilterChange:
    rules = own.data.rules.oldest("identity", identity.id)
    return replace(change, redundant_rule_count=sum(rule.action == change.redundant_rule_action for rule in rules))


mutant("filter.counts-paused", "INK-NUM-5", "The notice counts paused rules.").result(Contacts.redundant, _count_paused)
mutant("filter.no-notice", "INK-NUM-5", "A change of filter_mode has no notice.").response(
    drop(NOTICE), on="updatePhoneNumber"
)
mutant("filter.always-a-notice", "INK-NUM-5", "A filter_mode that does not change has a notice, too.").result(
    Numbers.set_filter,
    lambda change, own, identity, mode: change or own.contacts.redundant(identity, mode),
)

# -- the identity's setting ------


@mutant("mirror.not-on-the-number", "INK-NUM-6", "An identity's setting is not shown on its number.").patch(
    Numbers.set_handling
)
def _not_on_the_number(
    set_handling: Original, own: Inkbox, identity: Identity, body: CallHandlingPatch
) -> CallHandlingView:
    before = identity.handling
    view: CallHandlingView = set_handling(identity, body)
    own.data.identities.update(identity, handling=before)
    return view


mutant("mirror.agents-name-themselves", "INK-NUM-6", "An agent's key has to name its identity.").response(
    error(422, "unprocessable"),
    on="getIncomingCallAction",
    when=lambda response: response.status == 200 and not response.request.query_string,
)


@mutant("mirror.agents-see-others", "INK-NUM-6", "An agent's key sees another identity's setting.").patch(Data.identity)
def _agents_see_others(
    identity: Original, own: Inkbox, caller: Caller, id_: str | None, place: Place = "body"
) -> Identity:
    found: Identity = identity(caller, id_, place) if id_ is None else as_admin(identity, own, caller, id_, place)
    return found
