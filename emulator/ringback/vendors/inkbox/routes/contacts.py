"""Contact rules, by number and by identity, and opt-ins."""

from __future__ import annotations

from typing import Any

from ringback.vendors.inkbox.records import ContactRule, Identity
from ringback.vendors.inkbox.routes.operations import IDENTITY, NUMBER, operation
from ringback.vendors.inkbox.routes.query_params import AllRulesQuery, OptInQuery, RuleQuery
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller
from ringback.vendors.inkbox.rules.contacts import opt_in_view
from ringback.vendors.inkbox.wire.requests import RuleBody, RulePatch
from ringback.vendors.inkbox.wire.responses import OptInView, RuleView

NUMBER_RULES = f"{NUMBER}/contact-rules"
IDENTITY_RULES = f"{IDENTITY}/phone-contact-rules"
OPT_INS = f"{PHONE}/sms-opt-ins"
OPT_IN = f"{OPT_INS}/{{receiver_number}}"


def _rules(backend: Inkbox, caller: Caller, identity: Identity | None, query: RuleQuery) -> list[RuleView]:
    return backend.contacts.list_rules(
        caller,
        identity,
        action=query.action,
        direction=query.direction,
        offset=query.offset,
        limit=query.limit,
    )


# -- by number: the page, SDK 0.4 ------


@operation("GET", NUMBER_RULES, "listNumberContactRules")
def list_number_rules(backend: Inkbox, caller: Caller, number_identity: Identity, query: RuleQuery) -> list[RuleView]:
    """Page "Contact rules"."""
    return _rules(backend, caller, number_identity, query)


@operation("POST", NUMBER_RULES, "createNumberContactRule", 201)
def create_number_rule(backend: Inkbox, caller: Caller, number_identity: Identity, body: RuleBody) -> RuleView:
    """Page "Contact rules"."""
    return backend.contacts.create(caller, number_identity, body)


@operation("GET", f"{NUMBER_RULES}/{{rule_id}}", "getNumberContactRule")
def get_number_rule(backend: Inkbox, number_rule: ContactRule) -> RuleView:
    """Page "Contact rules"."""
    return backend.contacts.view(number_rule)


@operation("PATCH", f"{NUMBER_RULES}/{{rule_id}}", "updateNumberContactRule")
def update_number_rule(backend: Inkbox, caller: Caller, number_rule: ContactRule, body: RulePatch) -> RuleView:
    """Page "Contact rules"."""
    return backend.contacts.change(caller, number_rule, body)


@operation("DELETE", f"{NUMBER_RULES}/{{rule_id}}", "deleteNumberContactRule")
def delete_number_rule(backend: Inkbox, caller: Caller, number_identity: Identity, rule_id: str) -> None:
    """Page "Contact rules"."""
    backend.contacts.delete(caller, number_identity, rule_id)


# -- by identity: SDK 0.7 ------


@operation("GET", IDENTITY_RULES, "listIdentityContactRules")
def list_identity_rules(backend: Inkbox, caller: Caller, identity: Identity, query: RuleQuery) -> list[RuleView]:
    """SDK 0.7."""
    return _rules(backend, caller, identity, query)


@operation("POST", IDENTITY_RULES, "createIdentityContactRule", 201)
def create_identity_rule(backend: Inkbox, caller: Caller, identity: Identity, body: RuleBody) -> RuleView:
    """SDK 0.7."""
    return backend.contacts.create(caller, identity, body)


@operation("GET", f"{IDENTITY_RULES}/{{rule_id}}", "getIdentityContactRule")
def get_identity_rule(backend: Inkbox, identity_rule: ContactRule) -> RuleView:
    """SDK 0.7."""
    return backend.contacts.view(identity_rule)


@operation("PATCH", f"{IDENTITY_RULES}/{{rule_id}}", "updateIdentityContactRule")
def update_identity_rule(backend: Inkbox, caller: Caller, identity_rule: ContactRule, body: RulePatch) -> RuleView:
    """SDK 0.7."""
    return backend.contacts.change(caller, identity_rule, body)


@operation("DELETE", f"{IDENTITY_RULES}/{{rule_id}}", "deleteIdentityContactRule")
def delete_identity_rule(backend: Inkbox, caller: Caller, identity: Identity, rule_id: str) -> None:
    """SDK 0.7."""
    backend.contacts.delete(caller, identity, rule_id)


# -- of the organization ------


@operation("GET", f"{PHONE}/contact-rules", "listContactRules")
def list_rules(backend: Inkbox, admin: Caller, query: AllRulesQuery) -> list[RuleView]:
    """SDK 0.7."""
    identity = None
    if query.phone_number_id is not None:
        identity = backend.data.identity_of(backend.data.number(admin, query.phone_number_id))
    elif query.agent_identity_id is not None:
        identity = backend.data.identity(admin, query.agent_identity_id, "query")
    return _rules(backend, admin, identity, query)


# -- opt-ins ------


@operation("GET", OPT_INS, "listSmsOptIns")
def list_opt_ins(backend: Inkbox, admin: Caller, query: OptInQuery) -> list[OptInView]:
    """SDK 0.7."""
    index: tuple[str, Any] = ("account", admin.account)
    if query.status is not None:
        index = ("status", (admin.account, query.status == "opted_in"))
    return [opt_in_view(row) for row in backend.data.opt_ins.slice(*index, query.offset, query.limit)]


@operation("GET", OPT_IN, "getSmsOptIn")
def get_opt_in(backend: Inkbox, admin: Caller, receiver: str) -> OptInView:
    """SDK 0.7."""
    return backend.contacts.opt_in_of(admin.account, receiver)


@operation("POST", f"{OPT_IN}/opt-in", "optInReceiver")
def opt_in(backend: Inkbox, admin: Caller, receiver: str) -> OptInView:
    """SDK 0.7."""
    return opt_in_view(backend.contacts.record(admin.account, receiver, opted_in=True, source="api"))


@operation("POST", f"{OPT_IN}/opt-out", "optOutReceiver")
def opt_out(backend: Inkbox, admin: Caller, receiver: str) -> OptInView:
    """SDK 0.7."""
    return opt_in_view(backend.contacts.record(admin.account, receiver, opted_in=False, source="api"))
