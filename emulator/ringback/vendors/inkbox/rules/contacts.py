"""Contact rules and opt-ins: who may reach an identity, and whom it may reach."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from ringback.carrier.clock import iso_exact
from ringback.gateway.errors import ApiError
from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import (
    ContactRule,
    Direction,
    FilterMode,
    Identity,
    OptIn,
    RuleAction,
    RuleDirection,
)
from ringback.vendors.inkbox.rules.common import (
    Caller,
    check_e164,
    is_uuid,
    new_id,
    organization_id,
    settings_of,
)
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.requests import RuleBody, RulePatch
from ringback.vendors.inkbox.wire.responses import FilterChange, OptInView, RuleView

BOTH: frozenset[Direction] = frozenset(("inbound", "outbound"))
START_WORDS = frozenset(("start", "unstop", "yes"))
STOP_WORDS = frozenset(("stop", "stopall", "unsubscribe", "cancel", "end", "quit"))
"""The whole body of a text that opts in or out (the usual keywords of North American carriers)."""


def directions_of(direction: RuleDirection) -> frozenset[Direction]:
    """Return the directions that a rule covers."""
    return BOTH if direction == "both" else frozenset((direction,))


def rule_direction(directions: frozenset[Direction]) -> RuleDirection:
    """Return the direction of a rule that covers these."""
    return "both" if directions == BOTH else next(iter(directions))


class Contacts:
    """The contact rules and opt-ins of all accounts."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    # -- checks ------

    def verdict(self, identity: Identity, number: str, direction: Direction) -> tuple[bool, ContactRule | None]:
        """Return whether traffic with a number is allowed, and the rule that decides (None: the filter mode does)."""
        for rule in self.data.rules.oldest("target", (identity.id, number)):
            if rule.status == "active" and direction in directions_of(rule.direction):
                return rule.action == "allow", rule
        mode = identity.inbound_filter if direction == "inbound" else identity.outbound_filter
        return mode == "blacklist", None

    def check_outbound(self, identity: Identity, number: str) -> None:
        """Check whether a number may be called or texted. Raises ApiError 403."""
        allowed, rule = self.verdict(identity, number, "outbound")
        if not allowed:
            reason = "A contact rule blocks it." if rule is not None else "The filter mode allows listed numbers only."
            rule_id = rule.id if rule is not None else None
            raise errors.error("recipient_blocked", matched_rule_id=rule_id, address=number, reason=reason)

    def check_consent(self, account: str, number: str) -> None:
        """Check whether a receiver accepts texts. Raises ApiError 403."""
        row = self.data.opt_ins.last("receiver", (account, number))
        if row is not None and not row.opted_in:
            raise errors.error("recipient_opted_out", address=number)
        if row is None and self.needs_opt_in(account, number):
            raise errors.error("recipient_not_opted_in", address=number)

    def needs_opt_in(self, account: str, number: str) -> bool:
        """Return whether a receiver must opt in first; the organization's own numbers need not."""
        required = settings_of(self.services, account).require_opt_in
        return required and self.data.owned_number(account, number) is None

    # -- rules ------

    def list_rules(
        self,
        caller: Caller,
        identity: Identity | None,
        *,
        action: RuleAction | None,
        direction: RuleDirection | None,
        offset: int,
        limit: int | None,
    ) -> list[RuleView]:
        """Return the rules of an identity, or of the whole account, newest first."""
        found = (
            self.data.rules.newest("identity", identity.id)
            if identity is not None
            else self.data.rules.newest("account", caller.account)
        )
        matching = [rule for rule in found if action in (None, rule.action) and _covers(rule.direction, direction)]
        return [self.view(rule) for rule in matching[offset : None if limit is None else offset + limit]]

    def find(self, identity: Identity, id_: str) -> ContactRule:
        """Return one of an identity's rules. Raises ApiError 404."""
        rule = self.data.rules.get(id_.lower()) if is_uuid(id_) else None
        if rule is None or rule.identity != identity.id:
            raise errors.not_found("contact rule")
        return rule

    def create(self, caller: Caller, identity: Identity, body: RuleBody) -> RuleView:
        """Create a rule, or extend an existing one to more directions. Raises ApiError 409 if one covers this."""
        caller.require_admin("Changing contact rules")
        check_e164("match_target", body.match_target)
        wanted = directions_of(body.direction)
        same: ContactRule | None = None
        for rule in self.data.rules.oldest("target", (identity.id, body.match_target)):
            if rule.action == body.action:
                same = rule
            elif directions_of(rule.direction) & wanted:
                raise _duplicate(rule)
        now = self.services.clock.now(caller.account)
        if same is None:
            return self.view(self._add(identity, body.action, body.match_target, body.direction))
        covered = directions_of(same.direction)
        if wanted <= covered:
            raise _duplicate(same)
        return self.view(self.data.rules.update(same, direction=rule_direction(covered | wanted), updated_at=now))

    def _add(
        self,
        identity: Identity,
        action: RuleAction,
        target: str,
        direction: RuleDirection,
        like: ContactRule | None = None,
    ) -> ContactRule:
        now = self.services.clock.now(identity.account)
        return self.data.rules.add(
            ContactRule(
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

    def change(self, caller: Caller, rule: ContactRule, body: RulePatch) -> RuleView:
        """Change a rule, in one direction only with `apply_to`. Raises ApiError 403, 409, 422."""
        caller.require_admin("Changing contact rules")
        identity = self.data.identities[rule.identity]
        action = rule.action if isinstance(body.action, UnsetType) else body.action
        status = rule.status if isinstance(body.status, UnsetType) else body.status
        if all(value is UNSET for value in (body.action, body.status, body.direction, body.apply_to)):
            raise errors.error("unprocessable", "Give action, status or direction.")
        covered = directions_of(rule.direction)
        wanted, rest = covered, frozenset[Direction]()
        if not isinstance(body.apply_to, UnsetType):
            if body.action is UNSET or body.direction is not UNSET:
                raise errors.error("unprocessable", "apply_to goes with action, and not with direction.")
            if body.apply_to not in covered:
                raise errors.error("unprocessable", f"This rule does not cover {body.apply_to} traffic.")
            wanted = frozenset((body.apply_to,))
            rest = covered - wanted if action != rule.action else frozenset()
            wanted = covered if action == rule.action else wanted
        elif not isinstance(body.direction, UnsetType):
            wanted = directions_of(body.direction)
        merged: ContactRule | None = None
        for other in self.data.rules.oldest("target", (identity.id, rule.target)):
            if other is rule:
                continue
            if other.action == action and other.status == status:
                merged = other
            elif directions_of(other.direction) & wanted:
                raise _duplicate(other)
        if merged is not None:
            wanted = wanted | directions_of(merged.direction)
            self.data.rules.remove(merged)
        if rest:
            self._add(identity, rule.action, rule.target, rule_direction(rest), like=rule)
        now = self.services.clock.now(identity.account)
        return self.view(
            self.data.rules.update(rule, action=action, status=status, direction=rule_direction(wanted), updated_at=now)
        )

    def delete(self, caller: Caller, identity: Identity, id_: str) -> None:
        """Delete a rule. Raises ApiError 403, 404."""
        caller.require_admin("Changing contact rules")
        self.data.rules.remove(self.find(identity, id_))

    def delete_of_identity(self, identity: Identity) -> None:
        """Delete all rules of an identity."""
        for rule in self.data.rules.oldest("identity", identity.id):
            self.data.rules.remove(rule)

    def redundant(self, identity: Identity, mode: FilterMode) -> FilterChange:
        """Count the active rules that a new filter mode makes redundant."""
        action: RuleAction = "block" if mode == "whitelist" else "allow"
        count = sum(
            rule.action == action and rule.status == "active"
            for rule in self.data.rules.oldest("identity", identity.id)
        )
        return FilterChange(mode, action, count)

    def view(self, rule: ContactRule) -> RuleView:
        """Return a rule as it is now."""
        return RuleView(
            id=rule.id,
            phone_number_id=self.data.identities[rule.identity].number_id,
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

    def read_keyword(self, account: str, receiver: str, body: str) -> None:
        """Record the consent of a receiver whose text is a keyword."""
        word = body.strip().rstrip(".!").casefold()
        if word in START_WORDS or word in STOP_WORDS:
            self.record(account, receiver, opted_in=word in START_WORDS, source="sms")

    def record(self, account: str, receiver: str, *, opted_in: bool, source: Literal["sms", "api"]) -> OptIn:
        """Record that a receiver opts in or out; its row becomes the newest."""
        now = self.services.clock.now(account)
        row = self.data.opt_ins.last("receiver", (account, receiver))
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
            self.data.opt_ins.remove(row)
            row.opted_in, row.source, row.changed_at = opted_in, source, now
        self.services.note(account, "message", f"{receiver} {'opted in to' if opted_in else 'opted out of'} texts")
        return self.data.opt_ins.add(row)

    def opt_in_of(self, account: str, receiver: str) -> OptInView:
        """Return a receiver's consent. Raises ApiError 404 if none is recorded."""
        row = self.data.opt_ins.last("receiver", (account, receiver))
        if row is None:
            raise errors.not_found("opt-in record")
        return opt_in_view(row)


def opt_in_view(row: OptIn) -> OptInView:
    """Return an opt-in row as it is now."""
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


def _covers(direction: RuleDirection, filtered: RuleDirection | None) -> bool:
    return filtered is None or direction == filtered or (direction == "both" and filtered != "both")


def _duplicate(rule: ContactRule) -> ApiError:
    return errors.error("duplicate_rule", existing_rule_id=rule.id)
