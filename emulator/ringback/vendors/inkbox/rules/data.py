"""Inkbox's collections with their indexes, and the lookups that more than one rule needs."""

from __future__ import annotations

from typing import Any

from ringback.gateway.limits import Windows
from ringback.gateway.search import SearchableCollection
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.errors import Place
from ringback.vendors.inkbox.records import (
    AccessGrant,
    CallDetail,
    ContactRule,
    Conversation,
    Identity,
    LoggedDelivery,
    Number,
    OptIn,
    Organization,
    SendKey,
    Subscription,
    Summary,
    Text,
    TextKind,
    Utterance,
)
from ringback.vendors.inkbox.rules.common import Caller, is_uuid, uuid_of


class Data:
    """All records of Inkbox. A lookup that a caller makes raises ApiError: 404 for what the key does not see."""

    def __init__(self) -> None:
        self.organizations: Collection[Organization] = Collection(Organization)
        self.identities: Collection[Identity] = Collection(
            Identity,
            account=lambda identity: None if identity.deleted else identity.account,
            handle=lambda identity: None if identity.deleted else (identity.account, identity.handle.lower()),
        )
        self.grants: Collection[AccessGrant] = Collection(
            AccessGrant,
            target=lambda grant: grant.target,
            viewer=lambda grant: grant.viewer or ("all", grant.account),
        )
        self.numbers: Collection[Number] = Collection(
            Number,
            account=lambda number: None if number.released else number.account,
            number=lambda number: None if number.released else number.number,
            all=lambda number: number.account,
        )
        self.rules: Collection[ContactRule] = Collection(
            ContactRule,
            account=lambda rule: rule.account,
            identity=lambda rule: rule.identity,
            target=lambda rule: (rule.identity, rule.target),
        )
        self.opt_ins: Collection[OptIn] = Collection(
            OptIn,
            account=lambda row: row.account,
            status=lambda row: (row.account, row.opted_in),
            receiver=lambda row: (row.account, row.receiver),
        )
        self.subscriptions: Collection[Subscription] = Collection(
            Subscription,
            account=lambda row: None if row.deleted else row.account,
            owner=lambda row: None if row.deleted else row.owner,
            identity=lambda row: None if row.deleted else row.identity,
        )
        self.deliveries: Collection[LoggedDelivery] = Collection(
            LoggedDelivery,
            account=lambda row: row.account,
            subscription=lambda row: row.subscription,
            number=lambda row: row.number_id,
        )
        self.texts: SearchableCollection[Text] = SearchableCollection(
            Text,
            text=lambda text: text.body,
            scopes=lambda text: () if text.deleted else ((text.number_id, "any"), (text.number_id, kind_of(text))),
            number_any=lambda text: None if text.deleted else text.number_id,
            number_clear=lambda text: None if text.deleted or text.blocked else text.number_id,
            number_blocked=lambda text: text.number_id if text.blocked and not text.deleted else None,
            conversation_any=lambda text: None if text.deleted else text.conversation,
            conversation_clear=lambda text: None if text.deleted or text.blocked else text.conversation,
            conversation_blocked=lambda text: text.conversation if text.blocked and not text.deleted else None,
            conversation_unread=lambda text: None if text.deleted or not is_unread(text) else text.conversation,
        )
        self.conversations: Collection[Conversation] = Collection(
            Conversation, participants=lambda conversation: (conversation.number_id, conversation.participants)
        )
        self.summaries: Collection[Summary] = Collection(
            Summary,
            number=lambda summary: (summary.number_id, summary.kind),
            single=lambda summary: None if summary.is_group else (summary.number_id, summary.kind),
        )
        self.send_keys: Collection[SendKey] = Collection(SendKey)
        self.texts_sent = Windows()
        self.calls: Collection[CallDetail] = Collection(
            CallDetail,
            number_any=lambda detail: detail.number_id,
            number_clear=lambda detail: None if detail.blocked else detail.number_id,
            number_blocked=lambda detail: detail.number_id if detail.blocked else None,
            identity_any=lambda detail: detail.identity,
            identity_clear=lambda detail: None if detail.blocked else detail.identity,
            identity_blocked=lambda detail: detail.identity if detail.blocked else None,
            remote_number=lambda detail: None if detail.blocked else (detail.number_id, detail.remote_number),
            under_way=lambda detail: None if detail.ended else detail.number_id,
        )
        self.utterances: SearchableCollection[Utterance] = SearchableCollection(
            Utterance,
            text=lambda row: row.text,
            scopes=lambda row: ((row.number_id, "any"), (row.number_id, row.party)),
            call=lambda row: row.call,
        )

    def collections(self) -> dict[str, Any]:
        """Return all that a snapshot includes, by name."""
        return vars(self)

    # -- identities ------

    def find_identity(self, account: str, handle: str) -> Identity | None:
        """Return an account's identity by its handle, with or without its @."""
        return self.identities.last("handle", (account, handle.removeprefix("@").lower()))

    def identity_by_handle(self, caller: Caller, handle: str) -> Identity:
        """Return the identity that a caller acts for. Raises ApiError 404, or 403 for another than the key's own."""
        identity = self.find_identity(caller.account, handle)
        if identity is None:
            raise errors.not_found("agent identity")
        return _own(caller, identity)

    def visible_identity(self, caller: Caller, handle: str) -> Identity:
        """Return an identity that a caller may read: its own, or one that grants access."""
        identity = self.find_identity(caller.account, handle)
        if identity is None or not self.can_read(caller, identity):
            raise errors.not_found("agent identity")
        return identity

    def can_read(self, caller: Caller, identity: Identity) -> bool:
        """Return whether a caller sees an identity, by its key or by a grant."""
        return caller.sees(identity.id) or any(
            grant.viewer in (None, caller.agent) for grant in self.grants.oldest("target", identity.id)
        )

    def identity(self, caller: Caller, id_: str | None, place: Place = "body") -> Identity:
        """Return the identity that a request names, or the key's own.

        Raises ApiError 422 when an admin names none, 403 for another than the key's own, 404.
        """
        chosen = id_ or caller.agent
        if chosen is None:
            raise errors.invalid("agent_identity_id", "is required with an admin-scoped key", place)
        identity = self.identities.get(uuid_of("agent_identity_id", chosen, place))
        if identity is None or identity.account != caller.account or identity.deleted:
            raise errors.not_found("agent identity")
        return _own(caller, identity)

    # -- numbers ------

    def number(self, caller: Caller, id_: str) -> Number:
        """Return an active number. Raises ApiError 404, and 422 for an id that is not a UUID."""
        number = self.numbers.get(uuid_of("phone_number_id", id_, "path"))
        if number is None or number.account != caller.account or number.released or not caller.sees(number.identity):
            raise errors.not_found("phone number")
        return number

    def active_number(self, number: str) -> Number | None:
        """Return the active number of any account with this E.164 form."""
        return self.numbers.last("number", number)

    def owned_number(self, account: str, number: str) -> Number | None:
        """Return an account's active number with this E.164 form."""
        found = self.active_number(number)
        return found if found is not None and found.account == account else None

    def identity_of(self, number: Number) -> Identity:
        """Return the identity of a number."""
        return self.identities[number.identity]

    def identity_by_number_id(self, id_: str) -> Identity:
        """Return the identity of a number, active or released."""
        return self.identities[self.numbers[id_].identity]

    # -- texts and conversations ------

    def text(self, caller: Caller, number: Number, id_: str) -> Text:
        """Return a text of a number."""
        text = self.texts.get(id_.lower()) if is_uuid(id_) else None
        if text is None or text.number_id != number.id or text.deleted or (text.blocked and caller.agent is not None):
            raise errors.not_found("text")
        return text

    def conversation(self, number: Number, id_: str) -> Conversation:
        """Return a conversation of a number. Raises ApiError 404, and 422 for an id that is not a UUID."""
        conversation = self.conversations.get(uuid_of("conversation_id", id_, "body"))
        if conversation is None or conversation.number_id != number.id:
            raise errors.not_found("conversation")
        return conversation


def _own(caller: Caller, identity: Identity) -> Identity:
    if not caller.sees(identity.id):
        raise errors.error("other_identity")
    return identity


def kind_of(text: Text) -> TextKind:
    """Return whether a text is blocked, as a kind."""
    return "blocked" if text.blocked else "clear"


def is_unread(text: Text) -> bool:
    """Return whether a text came in and was not read."""
    return text.direction == "inbound" and not text.read
