"""Contact rules, and who agreed to texts: who may reach an identity, and whom it may reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import iso_exact
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import (
    FilterMode,
    Identity,
    OptIn,
    Rule,
    RuleAction,
    RuleDirection,
)
from ringback.vendors.inkbox.rules.common import Caller, is_e164, is_uuid, new_id, organization_id
from ringback.vendors.inkbox.wire import Notice, OptInView, RuleBody, RulePatch, RuleView

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

Side = Literal["inbound", "outbound"]
BOTH: frozenset[Side] = frozenset(("inbound", "outbound"))
START_WORDS = frozenset(("start", "unstop", "yes"))
STOP_WORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit"))
"""What a text may say, alone, to agree or to opt out (the usual words of North American carriers)."""


def sides_of(direction: RuleDirection) -> frozenset[Side]:
    """The sides that a direction covers."""
    return BOTH if direction == "both" else frozenset((direction,))


def direction_of(sides: frozenset[Side]) -> RuleDirection:
    """The direction that covers these sides."""
    return "both" if sides == BOTH else next(iter(sides))


class Contacts:
    """The rules and opt-ins of all accounts."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.rules: Collection[Rule] = Collection(
            Rule,
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

    # -- verdicts ------

    def verdict(self, identity: Identity, number: str, side: Side) -> tuple[bool, Rule | None]:
        """Whether a number may pass on a side, and the rule that says so (None where the filter mode does)."""
        for rule in self.rules.oldest("target", (identity.id, number)):
            if rule.status == "active" and side in sides_of(rule.direction):
                return rule.action == "allow", rule
        mode = identity.inbound_filter if side == "inbound" else identity.outbound_filter
        return mode == "blacklist", None

    def check_outbound(self, identity: Identity, number: str) -> None:
        """Whether a number may be called or written to. Raises ApiError 403."""
        allowed, rule = self.verdict(identity, number, "outbound")
        if not allowed:
            reason = (
                "A contact rule blocks it." if rule is not None else "The filter mode lets only allowed numbers pass."
            )
            raise errors.coded(
                "recipient_blocked",
                f"{number} is blocked.",
                matched_rule_id=rule.id if rule is not None else None,
                address=number,
                reason=reason,
            )

    def check_consent(self, account: str, number: str) -> None:
        """Whether a receiver lets texts come. Raises ApiError 403."""
        row = self.opt_ins.last("receiver", (account, number))
        if row is not None and not row.opted_in:
            raise errors.coded("recipient_opted_out", f"{number} has opted out of texts.", address=number)
        if (
            row is None
            and self.backend.settings(account).require_opt_in
            and not self.backend.lines.owned(account, number)
        ):
            raise errors.coded(
                "recipient_not_opted_in",
                f"{number} has to text START to one of the organization's numbers first.",
                address=number,
            )

    # -- rules ------

    def listed(
        self,
        caller: Caller,
        identity: Identity | None,
        *,
        action: str | None,
        direction: str | None,
        offset: int,
        limit: int | None,
    ) -> list[RuleView]:
        """The rules of an identity, or of all, newest first."""
        found = (
            self.rules.newest("identity", identity.id)
            if identity is not None
            else self.rules.newest("account", caller.account)
        )
        wanted = [rule for rule in found if action in (None, rule.action) and _covers(rule.direction, direction)]
        return [self.view(rule) for rule in wanted[offset : None if limit is None else offset + limit]]

    def of(self, identity: Identity, id_: str) -> Rule:
        """One of an identity's rules. Raises ApiError 404."""
        rule = self.rules.get(id_.lower()) if is_uuid(id_) else None
        if rule is None or rule.identity != identity.id:
            raise errors.not_found("contact rule")
        return rule

    def create(self, caller: Caller, identity: Identity, body: RuleBody) -> RuleView:
        """A new rule, or more coverage for one that is there. Raises ApiError 409 where a side is covered already."""
        caller.admin("Changing contact rules")
        if not is_e164(body.match_target):
            raise errors.invalid("match_target", "is a number in E.164, such as +12125550142")
        wanted = sides_of(body.direction)
        same: Rule | None = None
        for rule in self.rules.oldest("target", (identity.id, body.match_target)):
            if rule.action == body.action:
                same = rule
            elif sides_of(rule.direction) & wanted:
                raise _duplicate(rule)
        now = self.services.clock.now(caller.account)
        if same is None:
            return self.view(self._add(identity, body.action, body.match_target, body.direction))
        covered = sides_of(same.direction)
        if wanted <= covered:
            raise _duplicate(same)
        return self.view(self.rules.update(same, direction=direction_of(covered | wanted), updated_at=now))

    def _add(
        self, identity: Identity, action: RuleAction, target: str, direction: RuleDirection, like: Rule | None = None
    ) -> Rule:
        now = self.services.clock.now(identity.account)
        return self.rules.add(
            Rule(
                id=new_id(self.services, identity.account, "rule"),
                account=identity.account,
                identity=identity.id,
                action=action,
                target=target,
                direction=direction,
                created_at=now if like is None else like.created_at,
                updated_at=now,
                status="active" if like is None else like.status,
            )
        )

    def change(self, caller: Caller, identity: Identity, id_: str, body: RulePatch) -> RuleView:
        """Change a rule, on one side alone with `apply_to`. Raises ApiError 404, 409, 422."""
        caller.admin("Changing contact rules")
        rule = self.of(identity, id_)
        action = rule.action if isinstance(body.action, UnsetType) else body.action
        status = rule.status if isinstance(body.status, UnsetType) else body.status
        if all(value is UNSET for value in (body.action, body.status, body.direction, body.apply_to)):
            raise errors.unprocessable("Give action, status or direction.")
        covered = sides_of(rule.direction)
        wanted, rest = covered, frozenset[Side]()
        if not isinstance(body.apply_to, UnsetType):
            if body.action is UNSET or body.direction is not UNSET:
                raise errors.unprocessable("apply_to goes with action, and not with direction.")
            if body.apply_to not in covered:
                raise errors.unprocessable(f"This rule does not cover {body.apply_to} traffic.")
            wanted = frozenset((body.apply_to,))
            rest = covered - wanted if action != rule.action else frozenset()
            wanted = covered if action == rule.action else wanted
        elif not isinstance(body.direction, UnsetType):
            wanted = sides_of(body.direction)
        merged: Rule | None = None
        for other in self.rules.oldest("target", (identity.id, rule.target)):
            if other is rule:
                continue
            if other.action == action and other.status == status:
                merged = other
            elif sides_of(other.direction) & wanted:
                raise _duplicate(other)
        if merged is not None:
            wanted = wanted | sides_of(merged.direction)
            self.rules.remove(merged)
        if rest:
            self._add(identity, rule.action, rule.target, direction_of(rest), like=rule)
        now = self.services.clock.now(identity.account)
        return self.view(
            self.rules.update(rule, action=action, status=status, direction=direction_of(wanted), updated_at=now)
        )

    def delete(self, caller: Caller, identity: Identity, id_: str) -> None:
        """Forget a rule. Raises ApiError 403 or 404."""
        caller.admin("Changing contact rules")
        self.rules.remove(self.of(identity, id_))

    def drop(self, identity: Identity) -> None:
        """Forget all rules of an identity."""
        for rule in self.rules.oldest("identity", identity.id):
            self.rules.remove(rule)

    def redundant(self, identity: Identity, mode: FilterMode) -> Notice:
        """Which active rules say what a filter mode says anyway."""
        action: RuleAction = "block" if mode == "whitelist" else "allow"
        count = sum(
            rule.action == action and rule.status == "active" for rule in self.rules.oldest("identity", identity.id)
        )
        return Notice(mode, action, count)

    def view(self, rule: Rule) -> RuleView:
        """A rule as it is now."""
        return RuleView(
            id=rule.id,
            phone_number_id=self.backend.identities.records[rule.identity].number,
            agent_identity_id=rule.identity,
            action=rule.action,
            match_type="exact_number",
            match_target=rule.target,
            direction=rule.direction,
            status=rule.status,
            contact=None,
            created_at=iso_exact(rule.created_at),
            updated_at=iso_exact(rule.updated_at),
        )

    # -- opt-ins ------

    def hear(self, account: str, receiver: str, body: str) -> None:
        """Take note of a text that agrees or opts out."""
        word = body.strip().rstrip(".!").casefold()
        if word in START_WORDS or word in STOP_WORDS:
            self.record(account, receiver, opted_in=word in START_WORDS, source="sms")

    def record(self, account: str, receiver: str, *, opted_in: bool, source: Literal["sms", "api"]) -> OptIn:
        """A receiver agrees, or opts out, from now on; the row is the one updated last."""
        now = self.services.clock.now(account)
        row = self.opt_ins.last("receiver", (account, receiver))
        if row is None:
            row = OptIn(
                id=new_id(self.services, account, "opt_in"),
                account=account,
                receiver=receiver,
                opted_in=opted_in,
                source=source,
                changed_at=now,
                created_at=now,
            )
        else:
            self.opt_ins.remove(row)
            row.opted_in, row.source, row.changed_at = opted_in, source, now
        self.services.note(account, "message", f"{receiver} {'agrees to' if opted_in else 'has opted out of'} texts")
        return self.opt_ins.add(row)

    def opt_in_of(self, account: str, receiver: str) -> OptInView:
        """Whether a receiver agrees. Raises ApiError 404 when it has said nothing."""
        row = self.opt_ins.last("receiver", (account, receiver))
        if row is None:
            raise errors.not_found("opt-in record")
        return opt_in_view(row)

    def check_receiver(self, receiver: str) -> str:
        """A number in a path. Raises ApiError 422."""
        if not is_e164(receiver):
            raise errors.invalid("receiver_number", "is a number in E.164, such as +12125550142", where="path")
        return receiver


def opt_in_view(row: OptIn) -> OptInView:
    """An opt-in row as it is now."""
    changed = iso_exact(row.changed_at)
    return OptInView(
        id=row.id,
        organization_id=organization_id(row.account),
        receiver_number=row.receiver,
        status="opted_in" if row.opted_in else "opted_out",
        source=row.source,
        opted_in_at=changed if row.opted_in else None,
        opted_out_at=None if row.opted_in else changed,
        created_at=iso_exact(row.created_at),
        updated_at=changed,
    )


def _covers(direction: RuleDirection, asked: str | None) -> bool:
    return asked is None or direction == asked or (direction == "both" and asked != "both")


def _duplicate(rule: Rule) -> errors.InkboxError:
    return errors.InkboxError(
        409,
        {
            "error": "duplicate_rule",
            "message": f"A rule for {rule.target} covers this already.",
            "existing_rule_id": rule.id,
        },
    )
