"""Mutants of "Contact rules": consent, verdicts, rules, and the warm-up of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ringback.mutants.inkbox.registry import as_admin, mutant
from ringback.mutants.traffic import code, drop_query, respond, status
from ringback.mutants.transforms import apply, drop, set_to
from ringback.vendors.inkbox.records import ContactRule, Direction, Identity
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import settings_of
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.messages import Messages
from ringback.vendors.inkbox.rules.numbers import Numbers

CREATE_RULE = ("createNumberContactRule", "createIdentityContactRule")
Verdict = tuple[bool, ContactRule | None]

# -- consent ------

mutant("consent.stop-is-ignored", "INK-TXT-4", "STOP has no effect.", "INK-TXT-6", "INK-SDK-1").returns(
    Contacts.read_keyword, None
)
mutant("consent.any-stop", "INK-TXT-4", "A text that contains stop among other words opts out.").instead(
    Contacts.read_keyword,
    lambda read, own, account, receiver, body: read(account, receiver, "STOP" if "stop" in body.lower() else body),
)
mutant("consent.only-in-capitals", "INK-TXT-4", "Only START in capitals opts in.").instead(
    Contacts.read_keyword,
    lambda read, own, account, receiver, body: read(account, receiver, body if body == body.upper() else ""),
)
mutant("consent.written-to-anyway", "INK-TXT-4", "Receivers that opted out get texts.", "INK-TXT-6").returns(
    Contacts.check_consent, None
)


def _both_times(row: Any) -> Any:
    for name in ("opted_in_at", "opted_out_at"):
        row[name] = row[name] or row["created_at"]
    return row


mutant("consent.both-times", "INK-TXT-4", "A receiver that opted out keeps its opted_in_at.").response(
    apply("", _both_times), on="getSmsOptIn"
)

# -- verdicts ------


def _verdict(
    name: str,
    description: str,
    change: Callable[[Inkbox, Identity, str, Direction, Verdict], Verdict],
    *also_breaks: str,
) -> None:
    """Declare a change of what the rules decide."""
    mutant(name, "INK-TXT-4", description, *also_breaks).result(
        Contacts.verdict,
        lambda found, own, identity, number, direction: change(own, identity, number, direction, found),
    )


def _first_rule(own: Inkbox, identity: Identity, number: str, status: str, otherwise: Verdict) -> Verdict:
    """Return what the first rule of a status decides, whatever its direction."""
    rules = own.data.rules.oldest("target", (identity.id, number))
    rule = next((rule for rule in rules if rule.status == status), None)
    return (rule.action == "allow", rule) if rule is not None else otherwise


mutant("rules.only-inward", "INK-TXT-4", "A blocking rule allows outbound texts and calls.", "INK-ERR-1").returns(
    Contacts.check_outbound, None
)
_verdict(
    "rules.only-outward",
    "A blocking rule allows inbound texts and calls.",
    lambda own, identity, number, direction, found: (True, None) if direction == "inbound" else found,
    "INK-AUTH-2",
    "INK-CALL-4",
    "INK-HOOK-3",
    "INK-HOOK-4",
)
_verdict(
    "rules.both-ways",
    "A rule for one direction applies to both.",
    lambda own, identity, number, direction, found: _first_rule(own, identity, number, "active", found),
)
_verdict(
    "rules.never-rest",
    "A paused rule still applies.",
    lambda own, identity, number, direction, found: _first_rule(own, identity, number, "paused", found),
)
_verdict(
    "filter.strangers-come-in",
    "A whitelist allows inbound texts of unlisted numbers.",
    lambda own, identity, number, direction, found: (
        (True, None) if direction == "inbound" and found[1] is None else found
    ),
)
_verdict(
    "filter.strangers-are-written-to",
    "A whitelist allows outbound texts to unlisted numbers.",
    lambda own, identity, number, direction, found: (
        (True, None) if direction == "outbound" and found[1] is None else found
    ),
)
mutant("rules.unnamed", "INK-TXT-4", "The 403 of a rule does not name it.").response(
    set_to("detail.matched_rule_id", None), when=code("recipient_blocked")
)
mutant("texts.blocked-look-plain", "INK-TXT-4", "A blocked text is shown as not blocked.").response(
    set_to("is_blocked", False), on="getText"
)

# -- conditions of sending ------

mutant("conditions.never-cold", "INK-TXT-6", "A new number sends at once.").returns(Messages.check_ready, None)
mutant("conditions.never-warm", "INK-TXT-6", "A new number is never ready to send.").returns(Numbers.on_sms_ready, None)
mutant("conditions.nobody-is-asked", "INK-TXT-6", "No receiver has to send START first.").returns(
    Contacts.needs_opt_in, False
)
mutant("conditions.own-numbers-too", "INK-TXT-6", "The organization's own numbers have to send START first.").result(
    Contacts.needs_opt_in, lambda _, own, account, number: settings_of(own.services, account).require_opt_in
)

# -- rules ------

mutant("rules.taken-twice", "INK-RULE-1", "A rule that exists already is created again.").response(
    respond(202, {}), on=CREATE_RULE, when=status(409)
)
mutant("rules.existing-is-not-named", "INK-RULE-1", "The 409 of a duplicate rule does not name the rule.").response(
    drop("detail.existing_rule_id"), on=CREATE_RULE, when=status(409)
)
mutant("rules.not-by-handle", "INK-RULE-1", "The list of an identity's rules omits those of its number.").response(
    respond(200, []), on="listIdentityContactRules"
)
mutant("rules.without-number", "INK-RULE-1", "The list of all rules does not name their numbers.").response(
    set_to("[].phone_number_id", None), on="listContactRules"
)
mutant("rules.not-narrowed", "INK-RULE-1", "A list of rules ignores action.").request(
    drop_query("action"), on=("listContactRules", "listNumberContactRules")
)
mutant("rules.apply-to-both", "INK-RULE-1", "apply_to changes a rule in both directions.").request(
    drop("apply_to"), on=("updateNumberContactRule", "updateIdentityContactRule")
)
mutant("rules.agents-make-them", "INK-RULE-1", "An agent's key creates rules.").instead(Contacts.create, as_admin)
mutant("rules.deleted-stay", "INK-RULE-1", "A deleted rule still applies.").returns(Contacts.delete, None)
