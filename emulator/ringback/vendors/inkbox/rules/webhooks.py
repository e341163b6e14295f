"""Webhook subscriptions, events on their way, the delivery log and replays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from msgspec import UNSET

from ringback.carrier.clock import HOUR, iso_exact
from ringback.gateway.delivery import Attempt, Headers
from ringback.gateway.webhook_response import WebhookResponse
from ringback.store import Collection
from ringback.vendors.inkbox import errors, events
from ringback.vendors.inkbox.events import CALL_ENDED, CATALOG, INCOMING_CALL, Agent, CallData, TextData, event
from ringback.vendors.inkbox.records import Identity, Number, OwnerKind, Sent, Subscription, Text
from ringback.vendors.inkbox.rules.common import NAME, Caller, is_uuid, new_id, organization_id
from ringback.vendors.inkbox.wire import (
    ContextConfig,
    CountConfig,
    DeliveryView,
    SubscriptionBody,
    SubscriptionPatch,
    SubscriptionView,
    WindowConfig,
)

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

MAX_SUBSCRIPTIONS = 20
MAX_CONTEXT_TEXT = 1_000
"""Characters of a text that a context shows (ours)."""


class Hooks:
    """The subscriptions of all accounts, and what was sent for them."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Subscription] = Collection(
            Subscription,
            account=lambda row: None if row.deleted else row.account,
            owner=lambda row: None if row.deleted else row.owner,
            identity=lambda row: None if row.deleted else row.identity,
        )
        self.sent: Collection[Sent] = Collection(
            Sent,
            account=lambda row: row.account,
            subscription=lambda row: row.subscription,
            line=lambda row: row.line,
        )

    # -- subscriptions ------

    def check_events(self, names: Sequence[str]) -> tuple[str, ...]:
        """The events of a subscription. Raises ApiError 422."""
        if len(set(names)) < len(names):
            raise errors.invalid("event_types", "names nothing twice")
        for name in names:
            if name == INCOMING_CALL:
                raise errors.invalid(
                    "event_types", f"cannot name {INCOMING_CALL}: set the incoming-call action instead"
                )
            if name not in CATALOG:
                raise errors.invalid("event_types", f"names {name[:40]!r}, which is no event")
        return tuple(names)

    def owner(self, caller: Caller, body: SubscriptionBody) -> tuple[OwnerKind, str, Identity]:
        """Whom a new subscription is for. Raises ApiError 422 unless exactly one is named, 404 for an unknown one."""
        named = [body.mailbox_id, body.phone_number_id, body.agent_identity_id]
        if sum(value is not None for value in named) != 1:
            raise errors.unprocessable("Give exactly one of phone_number_id, agent_identity_id and mailbox_id.")
        if body.mailbox_id is not None:
            raise errors.not_found("mailbox: mail is not emulated")
        if body.phone_number_id is not None:
            number = self.backend.lines.of(caller, body.phone_number_id)
            return "phone_number", number.id, self.backend.identities.records[number.identity]
        identity = self.backend.identities.meant(caller, body.agent_identity_id)
        return "agent_identity", identity.id, identity

    def create(self, caller: Caller, body: SubscriptionBody) -> SubscriptionView:
        """Subscribe. The first for an identity without a signing key makes one, which is in this answer alone. Raises
        ApiError 404, 409, 422."""
        names = self.check_events(body.event_types)
        kind, owner, identity = self.owner(caller, body)
        if self.records.count("owner", owner) >= MAX_SUBSCRIPTIONS:
            raise errors.conflict(f"There are {MAX_SUBSCRIPTIONS} active subscriptions, as many as there may be.")
        self._check_overlap(identity, body.url, names, None)
        now = self.services.clock.now(caller.account)
        row = self.records.add(
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
                context=_kept(body.context_config),
                auth_token=body.auth_token,
            )
        )
        view = self.view(row)
        first = self.backend.signing.created_at(identity) is None
        view.signing_key = self.backend.signing.rotate(identity).signing_key if first else None
        return view

    def _check_overlap(
        self, identity: Identity, url: str, names: Sequence[str], except_for: Subscription | None
    ) -> None:
        for row in self.records.oldest("identity", identity.id):
            if row is not except_for and row.url == url and not set(names).isdisjoint(row.events):
                shared = next(name for name in names if name in row.events)
                raise errors.conflict(f"A subscription of this identity sends {shared} to that URL already.")

    def of(self, caller: Caller, id_: str) -> Subscription:
        """A subscription that a key sees. Raises ApiError 404."""
        row = self.records.get(id_.lower()) if is_uuid(id_) else None
        if row is None or row.account != caller.account or row.deleted or not caller.sees(row.identity):
            raise errors.not_found("webhook subscription")
        return row

    def listed(self, caller: Caller, query: Mapping[str, str]) -> list[SubscriptionView]:
        """The subscriptions that a key sees, newest first, narrowed by a query. Raises ApiError 422."""
        owners = [name for name in ("mailbox_id", "phone_number_id", "agent_identity_id") if name in query]
        if len(owners) > 1:
            raise errors.unprocessable("Give at most one of mailbox_id, phone_number_id and agent_identity_id.")
        whole = query.get("scope") == "identity"
        if query.get("scope") not in (None, "identity"):
            raise errors.invalid("scope", "is identity", where="query")
        wanted = query[owners[0]].lower() if owners else None
        if wanted is not None and not is_uuid(wanted):
            raise errors.invalid(owners[0], "is a UUID", where="query")
        rows = self.records.newest("account", caller.account)
        return [
            self.view(row)
            for row in rows
            if caller.sees(row.identity)
            and (wanted is None or row.owner == wanted or (whole and row.identity == wanted))
            and query.get("url") in (None, row.url)
            and (query.get("event_type") is None or query["event_type"] in row.events)
            and (whole or not _mixed(row.events))
        ]

    def change(self, caller: Caller, id_: str, body: SubscriptionPatch, *, whole: bool) -> SubscriptionView:
        """Change what is given. Raises ApiError 404, 409, 422."""
        row = self.of(caller, id_)
        names = row.events if body.event_types is UNSET else self.check_events(body.event_types)
        url = row.url if body.url is UNSET else body.url
        if not whole and (_mixed(row.events) or _mixed(names)):
            raise errors.conflict("A subscription to several kinds of event is changed with scope=identity.")
        self._check_overlap(self.backend.identities.records[row.identity], url, names, row)
        changes: dict[str, Any] = {"events": names, "url": url, "updated_at": self.services.clock.now(caller.account)}
        if body.context_config is not UNSET:
            changes["context"] = _kept(body.context_config)
        if body.auth_token is not UNSET:
            changes["auth_token"] = body.auth_token
        return self.view(self.records.update(row, **changes))

    def delete(self, caller: Caller, id_: str, *, whole: bool) -> None:
        """End a subscription. Raises ApiError 404, 409."""
        row = self.of(caller, id_)
        if not whole and _mixed(row.events):
            raise errors.conflict("A subscription to several kinds of event is deleted with scope=identity.")
        self._end(row)

    def _end(self, row: Subscription) -> None:
        self.records.update(row, deleted=True, updated_at=self.services.clock.now(row.account))

    def drop(self, identity: Identity) -> None:
        """End all subscriptions of an identity."""
        for row in self.records.oldest("identity", identity.id):
            self._end(row)

    def drop_number(self, number: Number) -> None:
        """End the subscriptions that were made for a number."""
        for row in self.records.oldest("owner", number.id):
            self._end(row)

    def view(self, row: Subscription) -> SubscriptionView:
        """A subscription as it is now."""
        return SubscriptionView(
            id=row.id,
            organization_id=organization_id(row.account),
            mailbox_id=None,
            phone_number_id=row.owner if row.owner_kind == "phone_number" else None,
            agent_identity_id=row.owner if row.owner_kind == "agent_identity" else None,
            owner_identity_id=row.identity,
            url=row.url,
            event_types=list(row.events),
            context_config=_config(row.context),
            has_auth_token=row.auth_token is not None,
            auth_token=row.auth_token,
            status="deleted" if row.deleted else "active",
            created_at=iso_exact(row.created_at),
            updated_at=iso_exact(row.updated_at),
        )

    # -- telling ------

    def agents(self, account: str, number: str) -> list[Agent]:
        """The agent of the same organization that has a number, if one does."""
        line = self.backend.lines.owned(account, number)
        if line is None:
            return []
        identity = self.backend.identities.records[line.identity]
        return [Agent(identity.id, identity.handle, identity.display_name)]

    def tell_text(self, kind: events.TextEvent, text: Text, recipient: str | None) -> None:
        """Tell of a text; `recipient` is the one of several that it is about."""
        line = self.backend.lines.records[text.line]
        rows = self._listening(self.backend.identities.records[line.identity], kind)
        if not rows:
            return
        view = self.backend.texts.view(text, event=True)
        agents = self.agents(text.account, recipient or text.peers[0])
        id_, now = self._event_id(text.account), self.services.clock.now(text.account)
        for row in rows:
            data = TextData(view, [], agents, recipient)
            config = _config(row.context)
            if kind == "text.received" and config is not None:
                data.context = self._context(text, config)
            self._send(row, kind, id_, text.id, event(id_, kind, now, data))

    def tell_call(self, identity: Identity, call_id: str, data: CallData) -> None:
        """Tell of a call that has ended."""
        rows = self._listening(identity, CALL_ENDED)
        if rows:
            id_ = self._event_id(identity.account)
            body = event(id_, CALL_ENDED, self.services.clock.now(identity.account), data)
            for row in rows:
                self._send(row, CALL_ENDED, id_, call_id, body)

    def wanted(self, identity: Identity, kind: str) -> bool:
        """Whether anybody listens to a kind of event."""
        return bool(self._listening(identity, kind))

    def _listening(self, identity: Identity, kind: str) -> list[Subscription]:
        return [row for row in self.records.oldest("identity", identity.id) if kind in row.events]

    def _event_id(self, account: str) -> str:
        return f"evt_{UUID(new_id(self.services, account, 'event')).hex}"

    def _send(
        self, row: Subscription, kind: str, event_id: str, subject: str, body: bytes, *, replay: bool = False
    ) -> Sent:
        delivery = self.services.outbox.send(
            vendor=NAME,
            account=row.account,
            event=kind,
            subject=subject,
            url=row.url,
            secret=self.backend.signing.key(self.backend.identities.records[row.identity]),
            body=body,
            headers=_bearer(row.auth_token),
        )
        return self.sent.add(
            Sent(
                id=new_id(self.services, row.account, "delivery"),
                account=row.account,
                event_id=event_id,
                event=kind,
                url=row.url,
                created_at=self.services.clock.now(row.account),
                subscription=row.id,
                delivery=delivery.id,
                replay=replay,
            )
        )

    def log_question(
        self, number: Number, call_id: str, url: str, body: bytes, reply: WebhookResponse, started: int
    ) -> None:
        """Put the question of an incoming call into the log."""
        self.sent.add(
            Sent(
                id=new_id(self.services, number.account, "delivery"),
                account=number.account,
                event_id=f"evt_{UUID(call_id).hex}",
                event=INCOMING_CALL,
                url=url,
                created_at=started,
                line=number.id,
                payload=body.decode(),
                status=reply.status,
                response=reply.body.decode("utf-8", "replace") if reply.status is not None else None,
                error=reply.error,
                duration_ms=0,
            )
        )

    # -- context ------

    def _context(self, text: Text, config: ContextConfig) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if config.email is not None:
            found["email"] = {
                **_scope(config.email, "thread"),
                "items": [],
                "truncated": False,
                "skipped": "no_resource",
            }
        if config.texts is not None:
            before = (other for other in self.backend.texts.records.newest("talk_clear", text.conversation))
            items = [
                self._context_text(other)
                for other in self._within(text.account, config.texts, (one for one in before if one is not text))
            ]
            found["texts"] = {**_scope(config.texts, "conversation"), "items": items[::-1], "truncated": False}
        if config.calls is not None:
            calls = self.backend.phones.with_peer(text.line, text.peers[0])
            items = [self.backend.phones.context(call) for call in self._within(text.account, config.calls, calls)]
            found["calls"] = {**_scope(config.calls, "contact"), "items": items[::-1], "truncated": False}
        return found

    def _within(self, account: str, config: CountConfig | WindowConfig, newest_first: Any) -> list[Any]:
        if isinstance(config, CountConfig):
            return list(islice(newest_first, config.count))
        since = self.services.clock.now(account) - config.hours * HOUR
        return [item for item in newest_first if getattr(item, "created_at", getattr(item, "started_at", 0)) >= since]

    def _context_text(self, text: Text) -> dict[str, Any]:
        view = self.backend.texts.view(text)
        body = text.body or ""
        return {
            "id": text.id,
            "channel": "sms",
            "direction": text.direction,
            "text": body[:MAX_CONTEXT_TEXT],
            "text_truncated": len(body) > MAX_CONTEXT_TEXT,
            "created_at": view.created_at,
            "sender": view.sender_phone_number,
            "status": view.delivery_status,
            "media": {"count": len(text.media)} if text.media else None,
        }

    # -- the log ------

    def deliveries(self, caller: Caller, query: Mapping[str, str], offset: int, limit: int) -> list[DeliveryView]:
        """What was sent, newest first, narrowed by a query. Raises ApiError 422."""
        for name in ("subscription_id", "phone_number_id"):
            if name in query and not is_uuid(query[name]):
                raise errors.invalid(name, "is a UUID", where="query")
        if "subscription_id" in query:
            rows = self.sent.newest("subscription", query["subscription_id"].lower())
        elif "phone_number_id" in query:
            rows = self.sent.newest("line", query["phone_number_id"].lower())
        else:
            rows = self.sent.newest("account", caller.account)
        success = query.get("success")
        found = (
            view
            for row in rows
            if row.account == caller.account
            and self._sees(caller, row)
            and self._attempted(row)
            and query.get("event_type") in (None, row.event)
            and ("phone_number_id" not in query or row.line == query["phone_number_id"].lower())
            and (view := self.delivery_view(row))
            and (success is None or _accepted(view.response_status) is (success.lower() == "true"))
        )
        return list(islice(found, offset, offset + limit))

    def _sees(self, caller: Caller, row: Sent) -> bool:
        if row.line is not None:
            return caller.sees(self.backend.lines.records[row.line].identity)
        return row.subscription is not None and caller.sees(self.records[row.subscription].identity)

    def sent_of(self, caller: Caller, id_: str) -> Sent:
        """An entry of the log that a key sees. Raises ApiError 404."""
        row = self.sent.get(id_.lower()) if is_uuid(id_) else None
        if row is None or row.account != caller.account or not self._sees(caller, row):
            raise errors.not_found("delivery")
        return row

    def replay(self, caller: Caller, id_: str) -> Sent:
        """Send an event once more, to its subscription as it is now. Raises ApiError 404, 409, 422."""
        row = self.sent_of(caller, id_)
        reason = self._no_replay(row)
        if row.subscription is None or row.delivery is None:
            raise errors.unprocessable("An incoming call's question cannot be asked again.")
        if reason is not None:
            raise errors.conflict(f"This delivery cannot be replayed: {reason.replace('_', ' ')}.")
        delivery = self.services.outbox.records[row.delivery]
        return self._send(
            self.records[row.subscription], row.event, row.event_id, delivery.subject, delivery.body, replay=True
        )

    def _no_replay(self, row: Sent) -> str | None:
        if row.subscription is None:
            return "incoming_call"
        subscription = self.records[row.subscription]
        if subscription.deleted:
            return "subscription_inactive"
        return None if row.event in subscription.events else "event_not_subscribed"

    def _took(self, attempt: Attempt) -> int:
        """Milliseconds that an attempt took: on a clock that does not flow by itself, none."""
        return round(attempt.latency_ms) if self.services.clock.mode == "real" else 0

    def _attempted(self, row: Sent) -> bool:
        return row.delivery is None or bool(self.services.outbox.records[row.delivery].attempts)

    def delivery_view(self, row: Sent) -> DeliveryView:
        """An entry of the log."""
        attempt: Attempt | None = None
        payload = row.payload
        if row.delivery is not None:
            delivery = self.services.outbox.records[row.delivery]
            attempt, payload = next(reversed(delivery.attempts), None), delivery.body.decode()
        reason = self._no_replay(row)
        answered = attempt is not None and attempt.status is not None
        return DeliveryView(
            id=row.id,
            organization_id=organization_id(row.account),
            webhook_subscription_id=row.subscription,
            phone_number_id=row.line,
            event_id=row.event_id,
            event_type=row.event,
            url=row.url,
            request_payload=payload,
            response_status=attempt.status if attempt is not None else row.status,
            response_body=(attempt.response if answered and attempt is not None else None)
            if attempt is not None
            else row.response,
            error_detail=attempt.error if attempt is not None else row.error,
            duration_ms=self._took(attempt) if attempt is not None else row.duration_ms,
            is_replay=row.replay,
            replayable=reason is None,
            replay_unavailable_reason=reason,
            created_at=iso_exact(row.created_at),
        )


def _kept(config: ContextConfig | None) -> dict[str, Any] | None:
    return msgspec.to_builtins(config) if config is not None else None


def _config(kept: dict[str, Any] | None) -> ContextConfig | None:
    return msgspec.convert(kept, ContextConfig) if kept is not None else None


def _scope(config: CountConfig | WindowConfig, scope: str) -> dict[str, Any]:
    if isinstance(config, CountConfig):
        return {"scope": scope, "mode": "count", "requested": config.count}
    return {"scope": scope, "mode": "window", "hours": config.hours}


def _mixed(names: Sequence[str]) -> bool:
    return len({name.partition(".")[0] for name in names}) > 1


def _bearer(token: str | None) -> Headers:
    return (("Authorization", f"Bearer {token}"),) if token is not None else ()


def _accepted(status: int | None) -> bool:
    return status is not None and 200 <= status < 300
