"""Webhook subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET

from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.events import CATALOG, INCOMING_CALL
from ringback.vendors.inkbox.records import Identity, Number, OwnerKind, Subscription
from ringback.vendors.inkbox.rules.common import Caller, is_uuid, new_id, organization_id, uuid_of
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.signing import Signing
from ringback.vendors.inkbox.wire.requests import ContextConfig, SubscriptionBody, SubscriptionPatch
from ringback.vendors.inkbox.wire.responses import SubscriptionView

MAX_SUBSCRIPTIONS = 20
OWNERS = ("mailbox_id", "phone_number_id", "agent_identity_id")


class Filters(msgspec.Struct):
    """The filters of a list of subscriptions. With `scope` identity an identity's id also finds those of its number."""

    mailbox_id: str | None = None
    phone_number_id: str | None = None
    agent_identity_id: str | None = None
    url: str | None = None
    event_type: str | None = None
    scope: Literal["identity"] | None = None


class Subscriptions:
    """The subscriptions of all accounts."""

    def __init__(self, services: Services, data: Data, signing: Signing) -> None:
        self.services = services
        self.data = data
        self.signing = signing

    def check_events(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the events of a subscription. Raises ApiError 422."""
        if len(set(names)) < len(names):
            raise errors.invalid("event_types", "must not name an event twice")
        for name in names:
            if name == INCOMING_CALL:
                raise errors.invalid(
                    "event_types", f"cannot name {INCOMING_CALL}: set the incoming-call action instead"
                )
            if name not in CATALOG:
                raise errors.invalid("event_types", f"names an unknown event {name[:40]!r}")
        return tuple(names)

    def owner(self, caller: Caller, body: SubscriptionBody) -> tuple[OwnerKind, str, Identity]:
        """Return the owner of a new subscription: its kind, its id, and the identity.

        Raises ApiError 422 unless the body names exactly one owner, 404 for an unknown one.
        """
        if sum(getattr(body, name) is not None for name in OWNERS) != 1:
            raise errors.error("unprocessable", f"Give exactly one of {', '.join(OWNERS)}.")
        if body.mailbox_id is not None:
            raise errors.not_found("mailbox: mail is not emulated")
        if body.phone_number_id is not None:
            number = self.data.number(caller, body.phone_number_id)
            return "phone_number", number.id, self.data.identity_of(number)
        identity = self.data.identity(caller, body.agent_identity_id)
        return "agent_identity", identity.id, identity

    def create(self, caller: Caller, body: SubscriptionBody) -> SubscriptionView:
        """Create a subscription. Raises ApiError 404, 409, 422.

        The first one for an identity without a signing key creates the key, which only this response contains.
        """
        names = self.check_events(body.event_types)
        kind, owner, identity = self.owner(caller, body)
        if self.data.subscriptions.count("owner", owner) >= MAX_SUBSCRIPTIONS:
            raise errors.error("conflict", f"There are {MAX_SUBSCRIPTIONS} active subscriptions, the limit.")
        self._check_overlap(identity, body.url, names, None)
        now = self.services.clock.now(caller.account)
        row = self.data.subscriptions.add(
            Subscription(
                id=new_id(self.services, caller.account, "subscription"),
                account=caller.account,
                owner_kind=kind,
                owner=owner,
                identity=identity.id,
                url=body.url,
                events=names,
                created_at=now,
                updated_at=now,
                context=_stored(body.context_config),
                auth_token=body.auth_token,
            )
        )
        view = self.view(row)
        first = self.signing.created_at(identity) is None
        view.signing_key = self.signing.rotate(identity).signing_key if first else None
        return view

    def _check_overlap(self, identity: Identity, url: str, names: Sequence[str], changed: Subscription | None) -> None:
        for row in self.data.subscriptions.oldest("identity", identity.id):
            if row is not changed and row.url == url and not set(names).isdisjoint(row.events):
                shared = next(name for name in names if name in row.events)
                raise errors.error("conflict", f"A subscription of this identity sends {shared} to that URL already.")

    def find(self, caller: Caller, id_: str) -> Subscription:
        """Return a subscription that a caller sees. Raises ApiError 404."""
        row = self.data.subscriptions.get(id_.lower()) if is_uuid(id_) else None
        if row is None or row.account != caller.account or row.deleted or not caller.sees(row.identity):
            raise errors.not_found("webhook subscription")
        return row

    def list_subscriptions(self, caller: Caller, filters: Filters) -> list[SubscriptionView]:
        """Return the subscriptions that a caller sees, newest first, filtered. Raises ApiError 422."""
        owners = {name: value for name in OWNERS if (value := getattr(filters, name)) is not None}
        if len(owners) > 1:
            raise errors.error("unprocessable", f"Give at most one of {', '.join(OWNERS)}.")
        owner = next((uuid_of(name, value, "query") for name, value in owners.items()), None)
        whole = filters.scope is not None
        return [
            self.view(row)
            for row in self.data.subscriptions.newest("account", caller.account)
            if caller.sees(row.identity)
            and (owner is None or row.owner == owner or (whole and row.identity == owner))
            and filters.url in (None, row.url)
            and (filters.event_type is None or filters.event_type in row.events)
            and (whole or not _mixed(row.events))
        ]

    def change(self, row: Subscription, body: SubscriptionPatch, *, whole: bool) -> SubscriptionView:
        """Change a subscription; `whole` is the query's scope=identity. Raises ApiError 409, 422."""
        names = row.events if body.event_types is UNSET else self.check_events(body.event_types)
        url = row.url if body.url is UNSET else body.url
        if not whole and (_mixed(row.events) or _mixed(names)):
            raise errors.error("conflict", "Change a subscription to several kinds of event with scope=identity.")
        self._check_overlap(self.data.identities[row.identity], url, names, row)
        changes: dict[str, Any] = {"events": names, "url": url, "updated_at": self.services.clock.now(row.account)}
        if body.context_config is not UNSET:
            changes["context"] = _stored(body.context_config)
        if body.auth_token is not UNSET:
            changes["auth_token"] = body.auth_token
        return self.view(self.data.subscriptions.update(row, **changes))

    def delete(self, row: Subscription, *, whole: bool) -> None:
        """Delete a subscription; `whole` is the query's scope=identity. Raises ApiError 409."""
        if not whole and _mixed(row.events):
            raise errors.error("conflict", "Delete a subscription to several kinds of event with scope=identity.")
        self._end(row)

    def _end(self, row: Subscription) -> None:
        self.data.subscriptions.update(row, deleted=True, updated_at=self.services.clock.now(row.account))

    def delete_of_identity(self, identity: Identity) -> None:
        """Delete all subscriptions of an identity."""
        for row in self.data.subscriptions.oldest("identity", identity.id):
            self._end(row)

    def delete_of_number(self, number: Number) -> None:
        """Delete the subscriptions that were created for a number."""
        for row in self.data.subscriptions.oldest("owner", number.id):
            self._end(row)

    def view(self, row: Subscription) -> SubscriptionView:
        """Return a subscription as it is now."""
        return SubscriptionView(
            id=row.id,
            organization_id=organization_id(row.account),
            mailbox_id=None,
            phone_number_id=row.owner if row.owner_kind == "phone_number" else None,
            agent_identity_id=row.owner if row.owner_kind == "agent_identity" else None,
            owner_identity_id=row.identity,
            url=row.url,
            event_types=list(row.events),
            context_config=context_config(row),
            has_auth_token=row.auth_token is not None,
            auth_token=row.auth_token,
            status="deleted" if row.deleted else "active",
            created_at=iso_exact(row.created_at),
            updated_at=iso_exact(row.updated_at),
        )


def context_config(row: Subscription) -> ContextConfig | None:
    """Return which context the events of a subscription include."""
    return msgspec.convert(row.context, ContextConfig) if row.context is not None else None


def _stored(config: ContextConfig | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(config) if config is not None else None


def _mixed(names: Sequence[str]) -> bool:
    return len({name.partition(".")[0] for name in names}) > 1
