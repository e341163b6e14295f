"""Mutants of "Texts": reading, conversations, sending, consent, rules, search."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ringback.emulator import Emulator
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.mutants.register import (
    IDENTITIES,
    ONE_NUMBER,
    ONE_TEXT,
    REGISTRY,
    TEXTS,
    as_admin,
    asked_for,
    backend,
    forget,
    instead,
    refuse,
    rewrite,
    shown,
    turned,
)
from ringback.vendors.inkbox.rules.common import PHONE

TALKS = rf"{TEXTS}/conversations"
ONE_TALK = rf"{TALKS}/[^/]+"
SEARCH = rf"{TEXTS}/search"
SAID = rf"{ONE_NUMBER}/search"
BY_NUMBER = rf"{ONE_NUMBER}/contact-rules"
BY_HANDLE = rf"{IDENTITIES}[^/]+/phone-contact-rules"
RULES = f"{PHONE}/contact-rules"


# -- reading ------


@REGISTRY.on_response(
    "texts.oldest-first", "INK-TXT-1", "Texts are listed oldest first.", "INK-AUTH-2", "INK-TXT-7", "INK-PAGE-1"
)
def _oldest_first(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, TEXTS)


@REGISTRY.on_request("texts.read-state-is-not-looked-at", "INK-TXT-1", "A list of unread texts has all.")
def _read_state_is_not_looked_at(asked: Request) -> None:
    forget(asked, TEXTS, "is_read")


@REGISTRY.on_request("texts.never-unread", "INK-TXT-1", "A text cannot be marked unread.")
def _never_unread(asked: Request) -> None:
    if asked_for(asked, "PATCH", ONE_TEXT):
        rewrite(asked, lambda body: body.update(is_read=True) if body.get("is_read") is False else None)


@REGISTRY.on_start("texts.deleted-are-shown", "INK-TXT-1", "A deleted text is shown by its id.")
def _deleted_are_shown(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(of: Any) -> Any:
        def kept(caller: Any, number: Any, id_: str) -> Any:
            text = texts.records.get(id_)
            return text if text is not None and text.deleted and text.line == number.id else of(caller, number, id_)

        return kept

    patch(texts, "of", make)


@REGISTRY.on_start("texts.deleting-does-nothing", "INK-TXT-1", "A deleted text stays in every list.")
def _deleting_does_nothing(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "_delete", instead(None))


@REGISTRY.on_start("texts.deleted-are-found", "INK-TXT-1", "A deleted text is still found.")
def _deleted_are_found(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def shelves(text: Any) -> Any:
        return ((text.line, "any"), (text.line, "blocked" if text.blocked else "clear"))

    texts.records._shelves = shelves


@REGISTRY.on_start("texts.under-any-number", "INK-TXT-1", "A text is shown under any number.")
def _under_any_number(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(of: Any) -> Any:
        def anywhere(caller: Any, number: Any, id_: str) -> Any:
            text = texts.records.get(id_)
            home = backend(emulator).lines.records[text.line] if text is not None else number
            return of(caller, home if home.account == number.account else number, id_)

        return anywhere

    patch(texts, "of", make)


# -- conversations ------


@REGISTRY.on_response("talks.nothing-unread", "INK-TXT-2", "A conversation has nothing unread.", "INK-TXT-1")
def _nothing_unread(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", TALKS, lambda talk: talk.update(unread_count=0))


@REGISTRY.on_response("talks.total-is-unread", "INK-TXT-2", "A conversation counts all texts as unread.")
def _total_is_unread(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", TALKS, lambda talk: talk.update(unread_count=talk["total_count"]))


@REGISTRY.on_response("talks.oldest-first", "INK-TXT-2", "The conversation of longest ago comes first.")
def _talks_oldest_first(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, TALKS)


@REGISTRY.on_start(
    "talks.plus-is-a-space",
    "INK-TXT-2",
    "The plus sign in a path is taken for a space.",
    "INK-SDK-1",
)
def _plus_is_lost(emulator: Emulator) -> None:
    def make(talk: Any) -> Any:
        return lambda number, key: talk(number, key.replace("+", " "))

    patch(backend(emulator).texts, "talk", make)


@REGISTRY.on_response("talks.all-are-counted", "INK-TXT-2", "updated_count counts texts that were so already.")
def _all_are_counted(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "PATCH", ONE_TALK, lambda done: done.update(updated_count=done["updated_count"] or 2))


@REGISTRY.on_start("talks.marking-does-nothing", "INK-TXT-2", "Marking a conversation leaves its texts as they were.")
def _marking_does_nothing(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(mark_all: Any) -> Any:
        def counting(caller: Any, number: Any, key: str, *, read: bool) -> Any:
            talk = texts.live_calls(number, key)
            shelf = texts.records.oldest("talk_any", talk.id) if talk is not None else []
            before = [(text, text.read) for text in shelf]
            done = mark_all(caller, number, key, read=read)
            for text, was in before:
                texts._mark(text, read=was)
            return done

        return counting

    patch(texts, "mark_all", make)


@REGISTRY.on_request("groups.always-listed", "INK-TXT-5", "Groups are listed without being asked for.")
def _groups_always_listed(asked: Request) -> None:
    if asked_for(asked, "GET", TALKS) and "include_groups" not in asked.query:
        asked.query = "&".join(filter(None, (asked.query, "include_groups=true")))


@REGISTRY.on_request("groups.never-listed", "INK-TXT-5", "Groups are not listed though asked for.")
def _groups_never_listed(asked: Request) -> None:
    forget(asked, TALKS, "include_groups")


@REGISTRY.on_response("groups.first-is-remote", "INK-TXT-5", "A text to a group names its first recipient.")
def _first_is_remote(answer: MutableResponse, _: Emulator) -> None:
    def change(text: Any) -> None:
        if text.get("remote_phone_number") is None and text.get("recipients"):
            text["remote_phone_number"] = text["recipients"][0]["recipient_phone_number"]

    shown(answer, "POST", TEXTS, change)


@REGISTRY.on_start("groups.replies-go-to-one", "INK-TXT-5", "A reply to a group goes to one of it.")
def _replies_go_to_one(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(recipients: Any) -> Any:
        def first(number: Any, body: Any) -> Any:
            found = recipients(number, body)
            return found[:1] if body.conversation_id is not None else found

        return first

    patch(texts, "_recipients", make)


@REGISTRY.on_start(
    "groups.answers-come-apart", "INK-TXT-5", "An answer from a group is shown as from its sender alone."
)
def _answers_come_apart(emulator: Emulator) -> None:
    def make(receive: Any) -> Any:
        return lambda to, sender, body, media, group: receive(to, sender, body, media, ())

    patch(backend(emulator).texts, "receive", make)


@REGISTRY.on_response("groups.one-state-for-all", "INK-TXT-5", "All recipients of a group have the state of the first.")
def _one_state_for_all(answer: MutableResponse, _: Emulator) -> None:
    def change(text: Any) -> None:
        for leg in text.get("recipients") or ():
            leg["delivery_status"] = text["recipients"][0]["delivery_status"]

    shown(answer, "GET", ONE_TEXT, change)


# -- ranges of time ------


@REGISTRY.on_request("ranges.end-is-dropped", "INK-TXT-7", "end_datetime is not looked at.")
def _end_is_dropped(asked: Request) -> None:
    if "13-01" not in asked.query:
        forget(asked, rf"({TEXTS}|{TALKS}|{ONE_NUMBER}/calls)", "end_datetime")


@REGISTRY.on_request("ranges.zone-is-dropped", "INK-TXT-7", "Times are taken for UTC whatever the zone.")
def _zone_is_dropped(asked: Request) -> None:
    if "Mars" not in asked.query:
        forget(asked, TEXTS, "tz")


@REGISTRY.on_request("ranges.days-end-at-their-beginning", "INK-TXT-7", "An end that is a date leaves that day out.")
def _days_end_at_their_beginning(asked: Request) -> None:
    import re

    if asked_for(asked, "GET", TEXTS):
        asked.query = re.sub(r"(end_datetime=\d{4}-\d\d-\d\d)(&|$)", r"\1T00:00:00Z\2", asked.query)


@REGISTRY.on_request("ranges.odd-ones-are-dropped", "INK-TXT-7", "A time that is none is passed over.")
def _odd_ones_are_dropped(asked: Request) -> None:
    if "yesterday" in asked.query:
        forget(asked, TEXTS, "start_datetime")


@REGISTRY.on_request("ranges.not-of-calls", "INK-TXT-7", "A list of calls is not cut.")
def _not_of_calls(asked: Request) -> None:
    forget(asked, rf"{ONE_NUMBER}/calls", "start_datetime", "end_datetime")


# -- sending ------


@REGISTRY.on_request("sending.to-nine", "INK-TXT-3", "A text to nine goes to eight of them.")
def _to_nine(asked: Request) -> None:
    def cut(body: Any) -> None:
        if isinstance(body.get("to"), list):
            body["to"] = body["to"][:8]

    if asked_for(asked, "POST", TEXTS):
        rewrite(asked, cut)


@REGISTRY.on_response("sending.sent-at-once", "INK-TXT-3", "A text is sent before it was queued.")
def _sent_at_once(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", TEXTS, lambda text: text.update(delivery_status="sent"))


@REGISTRY.on_response("sending.all-arrive", "INK-TXT-3", "A text that failed is shown as delivered.", "INK-TXT-5")
def _all_arrive(answer: MutableResponse, _: Emulator) -> None:
    def change(text: Any) -> None:
        if text.get("delivery_status") in ("sending_failed", "delivery_failed", "delivery_unconfirmed"):
            text["delivery_status"] = "delivered"
            for leg in text.get("recipients") or ():
                leg["delivery_status"] = "delivered"

    shown(answer, "GET", ONE_TEXT, change)


@REGISTRY.on_response("sending.pictures-are-sms", "INK-TXT-3", "A text with media is an SMS.")
def _pictures_are_sms(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "POST", TEXTS, lambda text: text.update(type="sms"))


@REGISTRY.on_request("sending.keys-are-ignored", "INK-TXT-3", "An Idempotency-Key is not looked at.", "INK-SDK-1")
def _keys_are_ignored(asked: Request) -> None:
    if asked_for(asked, "POST", TEXTS):
        asked.headers = [header for header in asked.headers if header[0].lower() != b"idempotency-key"]


@REGISTRY.on_response("sending.any-body-for-a-key", "INK-TXT-3", "A key with another request is taken.")
def _any_body_for_a_key(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", TEXTS) and answer.status == 409 and answer.asked.header(b"idempotency-key"):
        answer.say(202, {})


@REGISTRY.on_response("sending.reused-without-code", "INK-TXT-3", "A key with another request is 409 without a code.")
def _reused_without_code(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 409 and answer.asked.header(b"idempotency-key"):
        refuse(answer, 409)


@REGISTRY.on_start("sending.keys-find-nothing", "INK-TXT-3", "No text is found by its key.", "INK-SDK-1")
def _keys_find_nothing(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "remember", instead(None))


# -- consent ------


@REGISTRY.on_start("consent.stop-is-ignored", "INK-TXT-4", "STOP stops nothing.", "INK-TXT-6", "INK-SDK-1")
def _stop_is_ignored(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "hear", instead(None))


@REGISTRY.on_start("consent.any-stop", "INK-TXT-4", "A text that holds the word stop among others opts out.")
def _any_stop(emulator: Emulator) -> None:
    def make(hear: Any) -> Any:
        return lambda account, receiver, body: hear(account, receiver, "STOP" if "stop" in body.lower() else body)

    patch(backend(emulator).contacts, "hear", make)


@REGISTRY.on_start("consent.only-in-capitals", "INK-TXT-4", "Only START in capitals opts in.")
def _only_in_capitals(emulator: Emulator) -> None:
    def make(hear: Any) -> Any:
        return lambda account, receiver, body: hear(account, receiver, body) if body == body.upper() else None

    patch(backend(emulator).contacts, "hear", make)


@REGISTRY.on_start("consent.written-to-anyway", "INK-TXT-4", "Who opted out is written to.", "INK-TXT-6")
def _written_to_anyway(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "check_consent", instead(None))


@REGISTRY.on_response("consent.both-times", "INK-TXT-4", "Who opted out keeps the time at which they agreed.")
def _both_times(answer: MutableResponse, _: Emulator) -> None:
    def change(row: Any) -> None:
        row["opted_in_at"] = row["opted_in_at"] or row["created_at"]
        row["opted_out_at"] = row["opted_out_at"] or row["created_at"]

    shown(answer, "GET", rf"{PHONE}/sms-opt-ins/[^/]+", change)


@REGISTRY.on_start("rules.only-inward", "INK-TXT-4", "A rule that blocks lets texts and calls out.", "INK-ERR-1")
def _only_inward(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "check_outbound", instead(None))


def _verdict(emulator: Emulator, change: Any) -> None:
    """Change what the rules say: `change` gets identity, number, side and the verdict."""

    def make(verdict: Any) -> Any:
        return lambda identity, number, side: change(identity, number, side, verdict(identity, number, side))

    patch(backend(emulator).contacts, "verdict", make)


@REGISTRY.on_start(
    "rules.only-outward",
    "INK-TXT-4",
    "A rule that blocks lets texts and calls in.",
    "INK-AUTH-2",
    "INK-CALL-4",
    "INK-HOOK-3",
    "INK-HOOK-4",
)
def _only_outward(emulator: Emulator) -> None:
    _verdict(emulator, lambda _identity, _number, side, found: (True, None) if side == "inbound" else found)


@REGISTRY.on_start("rules.both-ways", "INK-TXT-4", "A rule for one direction holds in both.")
def _both_ways(emulator: Emulator) -> None:
    contacts = backend(emulator).contacts

    def change(identity: Any, number: str, _side: str, found: Any) -> Any:
        for rule in contacts.rules.oldest("target", (identity.id, number)):
            if rule.status == "active":
                return rule.action == "allow", rule
        return found

    _verdict(emulator, change)


@REGISTRY.on_start("rules.never-rest", "INK-TXT-4", "A rule that rests holds on.")
def _never_rest(emulator: Emulator) -> None:
    contacts = backend(emulator).contacts

    def change(identity: Any, number: str, _side: str, found: Any) -> Any:
        for rule in contacts.rules.oldest("target", (identity.id, number)):
            if rule.status == "paused":
                return rule.action == "allow", rule
        return found

    _verdict(emulator, change)


@REGISTRY.on_start("filter.strangers-come-in", "INK-TXT-4", "A whitelist lets strangers in.")
def _strangers_come_in(emulator: Emulator) -> None:
    def change(_identity: Any, _number: str, side: str, found: Any) -> Any:
        return (True, None) if side == "inbound" and found[1] is None else found

    _verdict(emulator, change)


@REGISTRY.on_start("filter.strangers-are-written-to", "INK-TXT-4", "A whitelist lets texts out to strangers.")
def _strangers_are_written_to(emulator: Emulator) -> None:
    def change(_identity: Any, _number: str, side: str, found: Any) -> Any:
        return (True, None) if side == "outbound" and found[1] is None else found

    _verdict(emulator, change)


@REGISTRY.on_response("rules.unnamed", "INK-TXT-4", "A refusal by a rule does not name it.")
def _unnamed(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 403 and answer.json() and isinstance(answer.json()["detail"], dict):
        answer.say(403, {"detail": {**answer.json()["detail"], "matched_rule_id": None}})


@REGISTRY.on_response("texts.blocked-look-plain", "INK-TXT-4", "A text that was kept away is shown like any other.")
def _blocked_look_plain(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", ONE_TEXT, lambda text: text.update(is_blocked=False))


@REGISTRY.on_start("conditions.never-cold", "INK-TXT-6", "A new number sends at once.")
def _never_cold(emulator: Emulator) -> None:
    patch(backend(emulator).texts, "_check_ready", instead(None))


@REGISTRY.on_start("conditions.never-warm", "INK-TXT-6", "A new number never gets ready.")
def _never_warm(emulator: Emulator) -> None:
    from ringback.vendors.inkbox.rules.numbers import WARM

    emulator.services.clock.on(WARM, lambda _id: None)


@REGISTRY.on_start("conditions.nobody-is-asked", "INK-TXT-6", "Nobody has to send START first.")
def _nobody_is_asked(emulator: Emulator) -> None:
    settings = backend(emulator).settings
    backend(emulator).settings = lambda account: replace(settings(account), require_opt_in=False)


@REGISTRY.on_start("conditions.own-numbers-too", "INK-TXT-6", "The organization's own numbers have to send START.")
def _own_numbers_too(emulator: Emulator) -> None:
    contacts = backend(emulator).contacts

    def make(check: Any) -> Any:
        def strict(account: str, number: str) -> None:
            own = backend(emulator).lines.owned(account, number) is not None
            if own and backend(emulator).settings(account).require_opt_in:
                raise errors.coded("recipient_not_opted_in", "Broken on purpose.", address=number)
            check(account, number)

        return strict

    patch(contacts, "check_consent", make)


# -- rules ------


@REGISTRY.on_response("rules.taken-twice", "INK-RULE-1", "A rule that is there already is made again.")
def _taken_twice(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", rf"{BY_NUMBER}|{BY_HANDLE}") and answer.status == 409:
        answer.say(202, {})


@REGISTRY.on_response(
    "rules.existing-is-not-named", "INK-RULE-1", "The refusal of a rule does not name the one that is there."
)
def _existing_is_not_named(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "POST", rf"{BY_NUMBER}|{BY_HANDLE}") and answer.status == 409:
        refuse(answer, 409, "duplicate_rule")


@REGISTRY.on_response("rules.not-by-handle", "INK-RULE-1", "Rules made by number are not listed by handle.")
def _not_by_handle(answer: MutableResponse, _: Emulator) -> None:
    if asked_for(answer, "GET", BY_HANDLE) and answer.status == 200:
        answer.say(200, [])


@REGISTRY.on_response("rules.without-number", "INK-RULE-1", "The list of all rules does not name their numbers.")
def _without_number(answer: MutableResponse, _: Emulator) -> None:
    shown(answer, "GET", RULES, lambda rule: rule.update(phone_number_id=None))


@REGISTRY.on_request("rules.not-narrowed", "INK-RULE-1", "A list of rules is not narrowed by action.")
def _not_narrowed(asked: Request) -> None:
    forget(asked, rf"{RULES}|{BY_NUMBER}", "action")


@REGISTRY.on_request("rules.apply-to-both", "INK-RULE-1", "apply_to changes a rule in both directions.")
def _apply_to_both(asked: Request) -> None:
    if asked_for(asked, "PATCH", rf"({BY_NUMBER}|{BY_HANDLE})/[^/]+"):
        rewrite(asked, lambda body: body.pop("apply_to", None))


@REGISTRY.on_start("rules.agents-make-them", "INK-RULE-1", "An agent's key makes rules.")
def _agents_make_them(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "create", as_admin)


@REGISTRY.on_start("rules.deleted-stay", "INK-RULE-1", "A deleted rule holds on.")
def _deleted_stay(emulator: Emulator) -> None:
    patch(backend(emulator).contacts, "delete", instead(None))


# -- search ------


def _searched(emulator: Emulator, change: Any) -> None:
    """Change the query of a search over texts."""

    def make(searched: Any) -> Any:
        return lambda caller, number, kind, query, limit: searched(caller, number, kind, change(query), limit)

    patch(backend(emulator).texts, "searched", make)


@REGISTRY.on_start("search.first-word-only", "INK-SRCH-1", "A search looks for its first word alone.")
def _first_word_only(emulator: Emulator) -> None:
    _searched(emulator, lambda query: query.split()[0])


@REGISTRY.on_start("search.by-case", "INK-SRCH-1", "A search minds upper and lower case.")
def _by_case(emulator: Emulator) -> None:
    def make(searched: Any) -> Any:
        def minding(*args: Any) -> Any:
            words = args[3].split()
            return [text for text in searched(*args) if all(word in (text.text or "") for word in words)]

        return minding

    patch(backend(emulator).texts, "searched", make)


@REGISTRY.on_start("search.ascii-only", "INK-SRCH-1", "A search finds no word beyond ASCII.")
def _ascii_only(emulator: Emulator) -> None:
    _searched(emulator, lambda query: query if query.isascii() else "\x00nothing\x00")


@REGISTRY.on_response("search.oldest-first", "INK-SRCH-1", "A search gives the oldest first.", "INK-TXT-1")
def _search_oldest_first(answer: MutableResponse, _: Emulator) -> None:
    turned(answer, SEARCH)


@REGISTRY.on_start("search.in-this-order", "INK-SRCH-1", "A search finds its words in their order alone.")
def _in_this_order(emulator: Emulator) -> None:
    def make(searched: Any) -> Any:
        def ordered(*args: Any) -> Any:
            words = args[3].casefold().split()

            def fits(text: Any) -> bool:
                places = [(text.text or "").casefold().find(word) for word in words]
                return places == sorted(places)

            return [text for text in searched(*args) if fits(text)]

        return ordered

    patch(backend(emulator).texts, "searched", make)


@REGISTRY.on_request("search.parties-are-alike", "INK-SRCH-1", "A search over transcripts does not look at who speaks.")
def _parties_are_alike(asked: Request) -> None:
    if "nobody" not in asked.query:
        forget(asked, SAID, "party")


@REGISTRY.on_start("search.everywhere", "INK-SRCH-1", "A search over texts finds those of other numbers.", "INK-AUTH-2")
def _everywhere(emulator: Emulator) -> None:
    texts = backend(emulator).texts

    def make(searched: Any) -> Any:
        def wide(caller: Any, number: Any, *rest: Any) -> Any:
            lines = backend(emulator).lines.records.newest("account", caller.account)
            found = [view for line in lines for view in searched(caller, line, *rest)]
            return sorted(found, key=lambda view: view.created_at, reverse=True)

        return wide

    patch(texts, "searched", make)
