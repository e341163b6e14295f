"""Phone numbers: provision, settings, release; and how calls are taken, which the identity and its number share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from ringback.carrier.clock import MINUTE, iso_exact
from ringback.carrier.number_pool import OutOfStock
from ringback.carrier.numbering_plan import TOLL_FREE, area_codes, has_region, place_of
from ringback.gateway.egress import EgressError
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import FilterMode, Handling, Identity, Number
from ringback.vendors.inkbox.rules.common import MAX_URL, NAME, Caller, is_e164, is_uuid, new_id
from ringback.vendors.inkbox.wire import (
    HandlingPatch,
    HandlingView,
    Notice,
    NumberBody,
    NumberPatch,
    NumberSpec,
    NumberView,
)

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

WARM = "inkbox.number.warm"
WARMUP = 15 * MINUTE
"""How long a new number waits until it may text (the SDK's README: about 10 to 15 minutes)."""
_SIP = re.compile(r"sips?:[^\s@]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(;[^\s]*)?")
FIELDS = {
    "incoming_call_action": "action",
    "client_websocket_url": "websocket_url",
    "incoming_call_webhook_url": "webhook_url",
    "forwarding_target_type": "target_type",
    "forwarding_phone_number": "target_number",
    "forwarding_sip_uri": "target_sip",
}


class Lines:
    """The numbers of all accounts."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Number] = Collection(
            Number,
            account=lambda number: None if number.released else number.account,
            all=lambda number: number.account,
        )
        self.services.clock.on(WARM, self._warm)

    # -- checks that may look names up ------

    async def check_urls(self, body: HandlingPatch | NumberSpec) -> None:
        """Whether the addresses of a body may be contacted. Raises ApiError 422."""
        if isinstance(body.incoming_call_webhook_url, str):
            await self.check_url(body.incoming_call_webhook_url, "incoming_call_webhook_url")
        if isinstance(body.client_websocket_url, str):
            await self.check_socket(body.client_websocket_url, "client_websocket_url")

    async def check_url(self, url: str, param: str) -> None:
        """Whether a webhook may go to a URL. Raises ApiError 422."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid(param, f"will not do: {error}") from None

    async def check_socket(self, url: str, param: str) -> None:
        """Whether a WebSocket may be opened to a URL. Raises ApiError 422."""
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme not in ("ws", "wss") or len(url) > MAX_URL:
            raise errors.invalid(param, "is a WebSocket URL, wss://")
        await self.check_url(f"http{url[2:]}", param)

    # -- provisioning ------

    def provision(self, caller: Caller, body: NumberBody) -> NumberView:
        """A number for an identity. Raises ApiError 404 for an unknown handle, 409 for one that has a number, 429 past
        the limit, 422; then nothing is taken."""
        identity = self.backend.identities.named(caller, body.agent_handle)
        if body.filter_mode is not UNSET:
            caller.admin("Changing a filter mode")
        if identity.number is not None:
            raise errors.conflict(f"The identity {identity.handle} has a number already: release it first.")
        handling = self.check_spec(caller.account, body, identity.handling)
        return self.view(self.assign(identity, body, handling))

    def check_spec(self, account: str, spec: NumberSpec, current: Handling | None = None) -> Handling:
        """How a number that is to be taken will take its calls. Raises ApiError."""
        if spec.state is not None:
            if spec.type == "toll_free":
                raise errors.invalid("state", "goes with a local number")
            if not has_region("US", spec.state.upper()):
                raise errors.invalid("state", "is a US state's abbreviation such as NY")
            if not area_codes("US", spec.state.upper()):
                raise errors.InkboxError(404, "No number is available there now.")
        handling = self.changed_handling(current or Handling(), spec)
        limit = self.backend.settings(account).number_limit
        if limit is not None and self.records.count("account", account) >= limit:
            raise errors.InkboxError(429, f"The organization has {limit} active numbers, as many as it may.")
        return handling

    def assign(self, identity: Identity, spec: NumberSpec, handling: Handling) -> Number:
        """Take a number that was checked for. Raises ApiError 404 when there is none."""
        account, services = identity.account, self.services
        id_ = new_id(services, account, "phone_number")
        country = TOLL_FREE if spec.type == "toll_free" else "US"
        stocked = area_codes(country, spec.state.upper() if spec.state is not None else None)
        area = services.streams(NAME, account, "area").choice(stocked)
        try:
            number = services.numbers.assign(country, area, vendor=NAME, account=account, number_id=id_)
        except OutOfStock:
            raise errors.InkboxError(404, "No number is available there now.") from None
        now, place = services.clock.now(account), place_of(area)
        warm = self.backend.settings(account).sms_warmup
        record = self.records.add(
            Number(
                id=id_,
                account=account,
                number=number,
                type=spec.type,
                state=place.region if place is not None else None,
                identity=identity.id,
                created_at=now,
                updated_at=now,
                sms_status="pending" if warm else "ready",
                sms_ready_at=None if warm else now,
            )
        )
        if warm and spec.type == "local":
            services.clock.after(WARMUP, account, WARM, id_)
        changes: dict[str, object] = {"number": id_, "handling": handling}
        if not isinstance(spec.filter_mode, UnsetType):
            changes |= {"inbound_filter": spec.filter_mode, "outbound_filter": spec.filter_mode}
        self.backend.identities.records.update(identity, **changes)
        services.note(account, "number", f"{number} provisioned for {identity.handle}", number_id=id_)
        return record

    def _warm(self, id_: str) -> None:
        number = self.records.get(id_)
        if number is not None and not number.released:
            now = self.services.clock.now(number.account)
            self.records.update(number, sms_status="ready", sms_ready_at=now, updated_at=now)

    def release(self, caller: Caller, id_: str) -> None:
        """Give a number up. Raises ApiError 403 or 404."""
        caller.admin("Releasing a number")
        self.give_up(self.of(caller, id_))

    def release_of(self, caller: Caller, handle: str) -> None:
        """Give an identity's number up. Raises ApiError 403, or 404 where it has none."""
        caller.admin("Releasing a number")
        identity = self.backend.identities.named(caller, handle)
        if identity.number is None:
            raise errors.not_found("phone number")
        self.give_up(self.records[identity.number])

    def give_up(self, number: Number) -> None:
        """A number is nobody's from now on; what it said and was told stays."""
        identity = self.backend.identities.records[number.identity]
        self.backend.phones.end_all(number)
        self.services.numbers.release(number.number)
        self.records.update(number, released=True, updated_at=self.services.clock.now(number.account))
        self.backend.identities.records.update(identity, number=None)
        self.backend.hooks.drop_number(number)
        self.services.note(number.account, "number", f"{number.number} released", number_id=number.id)

    # -- how calls are taken ------

    def changed_handling(self, current: Handling, body: HandlingPatch | NumberSpec) -> Handling:
        """How calls are taken after a change. Raises ApiError 422 for what does not go together."""
        changes = {kept: getattr(body, shown) for shown, kept in FIELDS.items() if getattr(body, shown) is not UNSET}
        if changes.get("target_type", UNSET) is None:
            changes = {"target_number": None, "target_sip": None} | changes
        elif changes.get("target_type") == "phone":
            changes.setdefault("target_sip", None)
        elif changes.get("target_type") == "sip":
            changes.setdefault("target_number", None)
        handling = replace(current, **changes)
        if handling.action == "auto_accept" and not handling.websocket_url:
            raise errors.invalid("client_websocket_url", "is needed for auto_accept")
        if handling.action == "webhook" and not handling.webhook_url:
            raise errors.invalid("incoming_call_webhook_url", "is needed for webhook")
        if handling.action == "forward" and handling.target_type is None:
            raise errors.invalid("forwarding_target_type", "is needed for forward")
        self._check_target(handling)
        return handling

    def _check_target(self, handling: Handling) -> None:
        targets = {"phone": handling.target_number, "sip": handling.target_sip}
        given = [kind for kind, target in targets.items() if target is not None]
        if handling.target_type is None:
            if given:
                raise errors.invalid("forwarding_target_type", "is needed where a target is given")
            return
        if given != [handling.target_type]:
            wanted = "forwarding_phone_number" if handling.target_type == "phone" else "forwarding_sip_uri"
            raise errors.invalid(wanted, f"alone goes with a {handling.target_type} target")
        if handling.target_number is not None and not is_e164(handling.target_number):
            raise errors.invalid("forwarding_phone_number", "is a number in E.164, such as +12125550142")
        if handling.target_sip is not None and not _SIP.fullmatch(handling.target_sip):
            raise errors.invalid(
                "forwarding_sip_uri", "is a SIP URI at a public host, such as sip:desk@pbx.example.com"
            )

    def handle_calls(self, identity: Identity, body: HandlingPatch) -> HandlingView:
        """Change how an identity, and so its number, takes calls. Raises ApiError 422."""
        handling = self.changed_handling(identity.handling, body)
        self._keep(identity, handling)
        return self.handling_view(identity)

    def _keep(self, identity: Identity, handling: Handling) -> None:
        now = self.services.clock.now(identity.account)
        self.backend.identities.records.update(identity, handling=handling, updated_at=now)
        if identity.number is not None:
            self.records.update(self.records[identity.number], updated_at=now)

    def change(self, caller: Caller, id_: str, body: NumberPatch) -> NumberView:
        """Change what is given. Raises ApiError; then nothing is changed."""
        number = self.of(caller, id_)
        identity = self.backend.identities.records[number.identity]
        if body.incoming_text_webhook_url is not UNSET:
            raise errors.invalid(
                "incoming_text_webhook_url",
                "is no more: subscribe to text.* events with /api/v1/webhooks/subscriptions",
            )
        if body.filter_mode is not UNSET:
            caller.admin("Changing a filter mode")
        handling = self.changed_handling(identity.handling, body)
        self._keep(identity, handling)
        notice = self.filter(identity, body.filter_mode) if not isinstance(body.filter_mode, UnsetType) else None
        view = self.view(number)
        if notice is not None:
            view.filter_mode_change_notice = notice
        return view

    def filter(self, identity: Identity, mode: FilterMode) -> Notice | None:
        """Set both filter modes; tells of rules that are redundant now if something changed."""
        if identity.inbound_filter == identity.outbound_filter == mode:
            return None
        self.backend.identities.records.update(identity, inbound_filter=mode, outbound_filter=mode)
        return self.backend.contacts.redundant(identity, mode)

    # -- looking up and showing ------

    def of(self, caller: Caller, id_: str) -> Number:
        """A number that a key sees. Raises ApiError 404, and 422 for what is no id."""
        if not is_uuid(id_):
            raise errors.invalid("phone_number_id", "is a UUID", where="path")
        number = self.records.get(id_.lower())
        if number is None or number.account != caller.account or number.released or not caller.sees(number.identity):
            raise errors.not_found("phone number")
        return number

    def listed(self, caller: Caller) -> list[NumberView]:
        """The numbers that a key sees, newest first."""
        return [
            self.view(number)
            for number in self.records.newest("account", caller.account)
            if caller.sees(number.identity)
        ]

    def owned(self, account: str, number: str) -> Number | None:
        """An account's active number by its digits."""
        assigned = self.services.numbers.assignment(number)
        if assigned is None or assigned.vendor != NAME or assigned.account != account:
            return None
        return self.records[assigned.number_id]

    def view(self, number: Number) -> NumberView:
        """A number as it is now."""
        identity = self.backend.identities.records[number.identity]
        handling = identity.handling
        return NumberView(
            id=number.id,
            number=number.number,
            type=number.type,
            status="released" if number.released else "active",
            sms_status=number.sms_status,
            sms_error_code=None,
            sms_error_detail=None,
            sms_ready_at=iso_exact(number.sms_ready_at) if number.sms_ready_at is not None else None,
            incoming_call_action=handling.action,
            client_websocket_url=handling.websocket_url,
            incoming_call_webhook_url=handling.webhook_url,
            forwarding_target_type=handling.target_type,
            forwarding_phone_number=handling.target_number,
            forwarding_sip_uri=handling.target_sip,
            filter_mode=identity.inbound_filter,
            inbound_filter_mode=identity.inbound_filter,
            outbound_filter_mode=identity.outbound_filter,
            state=number.state,
            country="US",
            agent_identity_id=identity.id,
            created_at=iso_exact(number.created_at),
            updated_at=iso_exact(number.updated_at),
        )

    def handling_view(self, identity: Identity) -> HandlingView:
        """How an identity takes calls."""
        kept = asdict(identity.handling)
        return HandlingView(identity.id, **{shown: kept[name] for shown, name in FIELDS.items()})

    def close(self, account: str) -> None:
        """An account's numbers are given back."""
        for number in self.records.oldest("account", account):
            self.give_up(number)
