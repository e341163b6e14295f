"""Phone numbers: provision, settings, release; and how calls are handled, which an identity and its number share."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from ringback.carrier.clock import MINUTE, iso_exact
from ringback.carrier.number_pool import OutOfStock
from ringback.carrier.numbering_plan import TOLL_FREE, area_codes, has_region, place_of
from ringback.gateway.egress import EgressError
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import CallHandling, FilterMode, Identity, Number
from ringback.vendors.inkbox.rules.common import MAX_URL, NAME, Caller, check_e164, iso, new_id, settings_of
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.requests import CallHandlingPatch, NumberBody, NumberPatch, NumberSpec
from ringback.vendors.inkbox.wire.responses import CallHandlingView, FilterChange, NumberView

SMS_READY = "inkbox.number.sms_ready"
WARMUP = 15 * MINUTE
"""How long a new number cannot text (the SDK's README: about 10 to 15 minutes)."""
_SIP = re.compile(r"sips?:[^\s@]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?(;[^\s]*)?")
FIELDS = {
    "incoming_call_action": "action",
    "client_websocket_url": "websocket_url",
    "incoming_call_webhook_url": "webhook_url",
    "forwarding_target_type": "target_type",
    "forwarding_phone_number": "target_number",
    "forwarding_sip_uri": "target_sip",
}
"""The fields of CallHandling by their names in requests and responses."""


class Numbers:
    """The numbers of all accounts."""

    def __init__(self, services: Services, data: Data, contacts: Contacts) -> None:
        self.services = services
        self.data = data
        self.contacts = contacts
        self.services.clock.on(SMS_READY, self.on_sms_ready)

    # -- checks that may resolve host names ------

    async def check_urls(self, body: CallHandlingPatch) -> None:
        """Check the URLs of a body. Raises ApiError 422."""
        if isinstance(body.incoming_call_webhook_url, str):
            await self.check_url(body.incoming_call_webhook_url, "incoming_call_webhook_url")
        if isinstance(body.client_websocket_url, str):
            await self.check_websocket_url(body.client_websocket_url, "client_websocket_url")

    async def check_url(self, url: str, param: str) -> None:
        """Check that webhooks may be sent to a URL. Raises ApiError 422."""
        try:
            await self.services.outbox.egress.check(url)
        except EgressError as error:
            raise errors.invalid(param, f"is rejected: {error}") from None

    async def check_websocket_url(self, url: str, param: str) -> None:
        """Check that a WebSocket may be opened to a URL. Raises ApiError 422."""
        try:
            scheme = urlsplit(url).scheme
        except ValueError:
            scheme = ""
        if scheme not in ("ws", "wss") or len(url) > MAX_URL:
            raise errors.invalid(param, "is a WebSocket URL, wss://")
        await self.check_url(f"http{url[2:]}", param)

    # -- provision and release ------

    def provision(self, caller: Caller, body: NumberBody) -> NumberView:
        """Provision a number for an identity.

        Raises ApiError 404 for an unknown handle, 409 if the identity has a number, 429 past the limit, 422; then
        nothing changes.
        """
        identity = self.data.identity_by_handle(caller, body.agent_handle)
        if body.filter_mode is not UNSET:
            caller.require_admin("Changing a filter mode")
        if identity.number_id is not None:
            raise errors.error("conflict", f"The identity {identity.handle} has a number already: release it first.")
        handling = self.check_spec(caller.account, body, identity.handling)
        return self.view(self.assign(identity, body, handling))

    def check_spec(self, account: str, spec: NumberSpec, current: CallHandling | None = None) -> CallHandling:
        """Check that a number can be provisioned; return how its calls will be handled. Raises ApiError."""
        if spec.state is not None:
            if spec.type == "toll_free":
                raise errors.invalid("state", "goes with a local number")
            if not has_region("US", spec.state.upper()):
                raise errors.invalid("state", "is a US state's abbreviation such as NY")
            if not area_codes("US", spec.state.upper()):
                raise errors.error("out_of_stock")
        handling = self.changed_handling(current or CallHandling(), spec)
        limit = settings_of(self.services, account).number_limit
        if limit is not None and self.data.numbers.count("account", account) >= limit:
            raise errors.error("rate_limited", f"The organization has {limit} active numbers, its limit.")
        return handling

    def assign(self, identity: Identity, spec: NumberSpec, handling: CallHandling) -> Number:
        """Assign a number to an identity after `check_spec`. Raises ApiError 404 if none is in stock."""
        account, services = identity.account, self.services
        id_ = new_id(services, account, "phone_number")
        country = TOLL_FREE if spec.type == "toll_free" else "US"
        stocked = area_codes(country, spec.state.upper() if spec.state is not None else None)
        area = services.streams(NAME, account, "area").choice(stocked)
        try:
            number = services.numbers.assign(country, area, vendor=NAME, account=account, number_id=id_)
        except OutOfStock:
            raise errors.error("out_of_stock") from None
        now, place = services.clock.now(account), place_of(area)
        warmup = settings_of(services, account).sms_warmup
        record = self.data.numbers.add(
            Number(
                id=id_,
                account=account,
                number=number,
                type=spec.type,
                state=place.region if place is not None else None,
                identity=identity.id,
                created_at=now,
                updated_at=now,
                sms_status="pending" if warmup else "ready",
                sms_ready_at=None if warmup else now,
            )
        )
        if warmup and spec.type == "local":
            services.clock.after(WARMUP, account, SMS_READY, id_)
        changes: dict[str, object] = {"number_id": id_, "handling": handling}
        if not isinstance(spec.filter_mode, UnsetType):
            changes |= {"inbound_filter": spec.filter_mode, "outbound_filter": spec.filter_mode}
        self.data.identities.update(identity, **changes)
        services.note(account, "number", f"{number} provisioned for {identity.handle}", number_id=id_)
        return record

    def on_sms_ready(self, id_: str) -> None:
        """End the warm-up of a number: it can text from now on."""
        number = self.data.numbers.get(id_)
        if number is not None and not number.released:
            now = self.services.clock.now(number.account)
            self.data.numbers.update(number, sms_status="ready", sms_ready_at=now, updated_at=now)

    def release(self, number: Number) -> None:
        """Return a number to the pool; its calls and texts remain readable."""
        self.services.numbers.release(number.number)
        self.data.numbers.update(number, released=True, updated_at=self.services.clock.now(number.account))
        self.data.identities.update(self.data.identity_of(number), number_id=None)
        self.services.note(number.account, "number", f"{number.number} released", number_id=number.id)

    # -- how calls are handled ------

    def changed_handling(self, current: CallHandling, body: CallHandlingPatch) -> CallHandling:
        """Return how calls are handled after a change. Raises ApiError 422 for fields that contradict each other."""
        changes = {field: getattr(body, name) for name, field in FIELDS.items() if getattr(body, name) is not UNSET}
        if changes.get("target_type", UNSET) is None:
            changes = {"target_number": None, "target_sip": None} | changes
        elif changes.get("target_type") == "phone":
            changes.setdefault("target_sip", None)
        elif changes.get("target_type") == "sip":
            changes.setdefault("target_number", None)
        handling = replace(current, **changes)
        if handling.action == "auto_accept" and not handling.websocket_url:
            raise errors.invalid("client_websocket_url", "is required for auto_accept")
        if handling.action == "webhook" and not handling.webhook_url:
            raise errors.invalid("incoming_call_webhook_url", "is required for webhook")
        if handling.action == "forward" and handling.target_type is None:
            raise errors.invalid("forwarding_target_type", "is required for forward")
        self.check_target(handling)
        return handling

    def check_target(self, handling: CallHandling) -> None:
        """Check the target of forwarded calls. Raises ApiError 422."""
        targets = {"phone": handling.target_number, "sip": handling.target_sip}
        given = [kind for kind, target in targets.items() if target is not None]
        if handling.target_type is None:
            if given:
                raise errors.invalid("forwarding_target_type", "is required with a target")
            return
        if given != [handling.target_type]:
            expected = "forwarding_phone_number" if handling.target_type == "phone" else "forwarding_sip_uri"
            raise errors.invalid(expected, f"alone goes with a {handling.target_type} target")
        if handling.target_number is not None:
            check_e164("forwarding_phone_number", handling.target_number)
        if handling.target_sip is not None and not _SIP.fullmatch(handling.target_sip):
            raise errors.invalid(
                "forwarding_sip_uri", "is a SIP URI at a public host, such as sip:desk@pbx.example.com"
            )

    def set_handling(self, identity: Identity, body: CallHandlingPatch) -> CallHandlingView:
        """Change how calls to an identity, and so to its number, are handled. Raises ApiError 422."""
        self._store_handling(identity, self.changed_handling(identity.handling, body))
        return self.handling_view(identity)

    def _store_handling(self, identity: Identity, handling: CallHandling) -> None:
        now = self.services.clock.now(identity.account)
        self.data.identities.update(identity, handling=handling, updated_at=now)
        if identity.number_id is not None:
            self.data.numbers.update(self.data.numbers[identity.number_id], updated_at=now)

    def change(self, caller: Caller, number: Number, body: NumberPatch) -> NumberView:
        """Change a number's settings. Raises ApiError; then nothing changes."""
        identity = self.data.identity_of(number)
        if body.incoming_text_webhook_url is not UNSET:
            raise errors.invalid(
                "incoming_text_webhook_url",
                "is not supported: subscribe to text.* events with /api/v1/webhooks/subscriptions",
            )
        if body.filter_mode is not UNSET:
            caller.require_admin("Changing a filter mode")
        self._store_handling(identity, self.changed_handling(identity.handling, body))
        change = None if isinstance(body.filter_mode, UnsetType) else self.set_filter(identity, body.filter_mode)
        view = self.view(number)
        if change is not None:
            view.filter_mode_change_notice = change
        return view

    def set_filter(self, identity: Identity, mode: FilterMode) -> FilterChange | None:
        """Set both filter modes; return how many rules are redundant now, None if nothing changed."""
        if identity.inbound_filter == identity.outbound_filter == mode:
            return None
        self.data.identities.update(identity, inbound_filter=mode, outbound_filter=mode)
        return self.contacts.redundant(identity, mode)

    # -- views ------

    def list_numbers(self, caller: Caller) -> list[NumberView]:
        """Return the numbers that a caller sees, newest first."""
        numbers = self.data.numbers.newest("account", caller.account)
        return [self.view(number) for number in numbers if caller.sees(number.identity)]

    def view(self, number: Number) -> NumberView:
        """Return a number as it is now."""
        identity = self.data.identity_of(number)
        handling = identity.handling
        return NumberView(
            id=number.id,
            number=number.number,
            type=number.type,
            status="released" if number.released else "active",
            sms_status=number.sms_status,
            sms_error_code=None,
            sms_error_detail=None,
            sms_ready_at=iso(number.sms_ready_at),
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

    def handling_view(self, identity: Identity) -> CallHandlingView:
        """Return how calls to an identity are handled."""
        fields = asdict(identity.handling)
        return CallHandlingView(identity.id, **{name: fields[field] for name, field in FIELDS.items()})
