"""Probes for messages, conversations and contacts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.catalogue import CTL, SPEND, WRITE
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.shapes import CONTACT, CONVERSATION, CONVERSATION_MESSAGE, SENT, stamp
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CONTACTS,
    CONVERSATIONS,
    FAR,
    MESSAGES,
    MINUTE,
    NUMBERS,
    PERSON,
    RECEIPTS,
    SECOND_FAR,
    conversation_with,
    data,
    desk,
    fetched,
    ids,
    listed,
    made,
    messages,
    new_contact,
    new_number,
    new_text,
    refused,
    send,
    shared_agent,
    shared_number,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment, odd_fields

claim = CATALOGUE.section("SDK: messages", Basis.SDK)
contacts_claim = CATALOGUE.section("SDK: contacts", Basis.SDK)
conversations_claim = CATALOGUE.section("SDK: conversations", Basis.SDK)

PICTURES = ["https://app.example.com/loaf.jpg", "https://app.example.com/roll.jpg"]
SEGMENT = Decimal("0.02")
THIRD_FAR = "+14155550179"
NEW_PEOPLE = 50
IMESSAGE = {"type": "imessage"}


@claim(
    "AGP-MSG-1",
    "POST /v1/messages sends from the agent's first number, a number by id or by its digits, with media, "
    "replies and groups; conversations thread by participant; reactions are sent.",
    needs=SPEND,
    sends=(
        Send("POST", MESSAGES, 1, 20, "a message to a number kept for fiction"),
        Send("GET", f"{CONVERSATIONS}/{{conversation_id}}", 1),
    ),
    shares=("number", "agent"),
)
def messages_sent(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    agent = shared_agent(ctx, account)
    number = thing_in(shared_number(ctx, account), "number")
    to = ctx.run_context.destination or FAR
    if ctx.emulated:
        account.post(f"{AGENTS}/{agent['id']}/numbers", {"numberId": number["id"]})
    exchange = account.post(MESSAGES, {"agent_id": agent["id"], "to_number": to, "body": "Your table is ready."})
    ctx.precondition(ctx.emulated or made(exchange), f"the number sends no messages yet: {exchange}")
    odd = odd_fields(exchange.json(), SENT, "the message")
    ctx.check_(exchange.status == 200 and odd is None, f"a message: {odd or exchange}", exchange)
    sent = exchange.json()
    seen = (sent["from_number"], sent["to_number"])
    ctx.expect(
        seen == (number["phoneNumber"], to),
        f"a message of the agent's: expected its first number, got {seen}",
        exchange,
    )
    talk = fetched(account, CONVERSATIONS, sent["conversation_id"])
    odd = odd_fields(talk, CONVERSATION, "the conversation")
    ctx.expect(
        odd is None and talk["participant"] == to and sent["id"] in ids(talk["messages"]),
        f"its conversation: {odd or 'expected the message in it'}",
        exchange,
    )
    if not ctx.emulated:
        ctx.not_covered("senders, media, replies, groups and reactions")
        return
    _senders(ctx, account, agent, number)
    _threads(ctx, account)
    _media_and_replies(ctx, account)
    _groups_and_reactions(ctx, account)


def _senders(ctx: ProbeContext, account: Account, agent: dict[str, Any], first: dict[str, Any]) -> None:
    second = new_number(account, agentId=agent["id"])
    for sender, wanted in (
        ({"number_id": second["id"]}, second),
        ({"from_number": second["phoneNumber"]}, second),
        ({"agent_id": agent["id"]}, first),
        ({"agent_id": agent["id"], "number_id": second["id"]}, second),
    ):
        exchange = account.post(MESSAGES, {**sender, "to_number": "(415) 555-0178", "body": "Hello"})
        seen = (exchange.json() or {}).get("from_number"), (exchange.json() or {}).get("to_number")
        ctx.expect(
            seen == (wanted["phoneNumber"], SECOND_FAR),
            f"a message with {sender}: expected {wanted['phoneNumber']} to {SECOND_FAR}, got {exchange} {seen}",
            exchange,
        )
    for sender, statuses in (
        ({"agent_id": "agt_000000000000"}, (404,)),
        ({"number_id": "num_000000000000"}, (404,)),
        ({"from_number": "+14155550100"}, (404,)),
        ({}, (400, 422)),
    ):
        exchange = account.post(MESSAGES, {**sender, "to_number": FAR, "body": "Hello"})
        refused(ctx, exchange, statuses, f"a message with sender {sender}")
    for body in ({"body": "Hello"}, {"to_number": FAR}, {"to_number": "nobody at all", "body": "Hello"}):
        exchange = account.post(MESSAGES, {"number_id": first["id"], **body})
        refused(ctx, exchange, (400, 422), f"a message with {body}")


def _threads(ctx: ProbeContext, account: Account) -> None:
    number, other = new_number(account), new_number(account)
    talks = [
        new_text(account, line, to_number=to)["conversation_id"] for line in (number, other) for to in (FAR, PERSON)
    ]
    ctx.expect(len(set(talks)) == 4, f"two numbers and two people: expected 4 conversations, got {len(set(talks))}")
    account.advance(MINUTE)
    came = written(account, number, "Hello!")
    again = new_text(account, number, "Hello again.", to_number=PERSON)
    ctx.expect(again["conversation_id"] == talks[1], "a message to somebody who wrote: expected the same conversation")
    written(account, number, "Hello from me!", sender=THIRD_FAR)
    new_text(account, number, "Hello to you.", to_number=THIRD_FAR)
    begun = [each["messageCount"] for each in listed(account, CONVERSATIONS) if each["participant"] == THIRD_FAR]
    ctx.expect(begun == [2], f"an answer to somebody who wrote first: expected one conversation of 2, got {begun}")
    talk = fetched(account, CONVERSATIONS, talks[1])
    ctx.expect(
        talk["messageCount"] == 3 and ids(talk["messages"])[1:] == [came, again["id"]],
        f"that conversation: expected 3 messages in order, got {talk['messageCount']} {ids(talk['messages'])}",
    )


def _media_and_replies(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    came = written(account, number, "Look!", media=PICTURES)
    shown = messages(account, number)[0]
    ctx.expect(
        shown["mediaUrls"] == PICTURES and shown["mediaUrl"] == PICTURES[0],
        f"media that came in: expected {PICTURES}, got {shown['mediaUrls']}",
    )
    for fields in ({"body": "A loaf", "media_urls": PICTURES[:1]}, {"body": "", "media_urls": PICTURES}):
        sent = send(account, number, to_number=PERSON, **fields)
        ctx.expect(
            made(sent) and sent.json()["media_urls"] == fields["media_urls"],
            f"a message with {fields}: expected its media, got {sent} {sent.json()}",
            sent,
        )
    refused(ctx, send(account, number, "", to_number=PERSON), (400, 422), "a message without text and media")
    refused(ctx, send(account, number, "", to_number=PERSON, media_urls=PICTURES * 11), (400, 422), "a carousel of 22")
    reply = send(account, number, "Nice!", to_number=PERSON, reply_to_message_id=came)
    ctx.expect(
        made(reply) and reply.json().get("reply_to_message_id") == came,
        f"a reply: expected it to name {came}, got {reply} {reply.json()}",
        reply,
    )
    talk = fetched(account, CONVERSATIONS, reply.json()["conversation_id"])
    last = talk["messages"][-1]
    to = (last.get("replyTo") or {}).get("messageId")
    ctx.expect(
        last["id"] == reply.json()["id"] and to == came,
        f"the reply in its conversation: expected replyTo {came}, got {to}",
        reply,
    )
    lost = send(account, number, "Nice!", to_number=PERSON, reply_to_message_id="msg_000000000000")
    refused(ctx, lost, (404,), "a reply to a message that is not there")


def _groups_and_reactions(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    people = [FAR, SECOND_FAR]
    first = send(account, number, "Saturday at nine?", recipients=people)
    group = str((first.json() or {}).get("to_number"))
    ctx.check_(
        made(first) and group.startswith("grp_"), f"a group: expected its id as to_number, got {first} {group}", first
    )
    second = send(account, number, "Or at ten?", to_number=group)
    same = made(second) and second.json()["conversation_id"] == first.json()["conversation_id"]
    ctx.expect(same, f"a message to the group: expected the same conversation, got {second}", second)
    talk = fetched(account, CONVERSATIONS, first.json()["conversation_id"])
    who = sorted(each["identifier"] for each in talk["participants"] or [])
    ctx.expect(
        talk["isGroup"] is True and talk["groupId"] == group and who == people,
        f"the group's conversation: expected {people}, got {talk['isGroup']} {talk['groupId']} {who}",
        first,
    )
    answer = written(account, number, "At ten.", SECOND_FAR, group=[FAR])
    inside = [each["id"] for each in fetched(account, CONVERSATIONS, talk["id"])["messages"]]
    ctx.expect(answer in inside, f"an answer from the group: expected it in its conversation, got {inside}", second)
    renamed = account.patch(f"{CONVERSATIONS}/{talk['id']}", {"group_name": "Regulars"})
    ctx.expect(made(renamed) and renamed.json()["groupName"] == "Regulars", f"a group's name: got {renamed}", renamed)
    refused(ctx, send(account, number, "Hello", recipients=people[:1]), (400, 422), "a group of one")
    refused(ctx, send(account, number, "Hello", recipients=people, to_number=FAR), (400, 422), "a group and a number")
    for reaction in ("love", "question", "🔥"):
        exchange = account.post(f"{MESSAGES}/{first.json()['id']}/reactions", {"reaction": reaction})
        body = exchange.json() or {}
        ctx.expect(
            made(exchange) and body.get("reaction_type") == reaction and body.get("message_id") == first.json()["id"],
            f"the reaction {reaction}: expected it sent, got {exchange} {body}",
            exchange,
        )
    talk = fetched(account, CONVERSATIONS, talk["id"])
    reactions = [each["reactionType"] for message in talk["messages"] for each in message["reactions"]]
    ctx.expect("🔥" in reactions, f"the reactions in the conversation: expected the last one, got {reactions}", first)
    refused(
        ctx,
        account.post(f"{MESSAGES}/msg_000000000000/reactions", {"reaction": "love"}),
        (404,),
        "a reaction to nothing",
    )
    refused(ctx, account.post(f"{MESSAGES}/{first.json()['id']}/reactions", {}), (422,), "a reaction of nothing")


@claim(
    "AGP-MSG-2",
    "An SMS costs $0.02 a segment; without money it is answered 402, and nothing is sent.",
    needs=CTL,
)
def what_messages_cost(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    for body, segments in (("Hello", 1), ("x" * 161, 2), ("ê" * 71, 2)):
        before = account.balance()
        new_text(account, number, body)
        account.advance(RECEIPTS)
        cost = before - account.balance()
        ctx.expect(
            cost == SEGMENT * segments,
            f"an SMS of {segments} segments: expected ${SEGMENT * segments}, it was ${cost}",
        )
    before = account.balance()
    written(account, number)
    ctx.expect(account.balance() == before, "an SMS that came in: expected no charge")
    account.fund(f"-{account.balance() - Decimal('0.03')}")
    had = len(messages(account, number))
    refused(ctx, send(account, number, "x" * 161), (402,), "an SMS of 2 segments with $0.03", "INSUFFICIENT_BALANCE")
    ctx.expect(
        account.balance() == Decimal("0.03") and len(messages(account, number)) == had,
        "after that: expected nothing sent and nothing charged",
    )
    ctx.expect(made(send(account, number)), "an SMS of one segment with $0.03: expected it sent")


@claim(
    "AGP-MSG-3",
    "A message that arrives is shown as delivered with deliveredAt, one that does not as failed with a reason.",
    needs=CTL,
)
def what_becomes_of_messages(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    text = new_text(account, number)
    fresh = messages(account, number)[0]
    ctx.expect(
        fresh["status"] in ("queued", "sent"),
        f"a message that was just sent: expected it on its way, got {fresh['status']}",
    )
    account.advance(RECEIPTS)
    arrived = _in_conversation(account, text)
    ctx.expect(
        arrived["status"] == "delivered" and stamp(arrived["deliveredAt"]) and arrived["failureReason"] is None,
        f"a message that arrived: expected delivered with deliveredAt, got {arrived['status']} "
        f"{arrived['deliveredAt']}",
    )
    sent_at, there = moment(arrived["receivedAt"]), moment(arrived["deliveredAt"])
    ctx.expect(
        sent_at is not None and there is not None and there >= sent_at, "deliveredAt: expected it after it was sent"
    )
    account.script({"kind": "message"}, end="failed", failure_code="number_unknown")
    lost = new_text(account, number, "Is anybody there?")
    account.advance(RECEIPTS)
    failed = _in_conversation(account, lost)
    ctx.expect(
        failed["status"] == "failed" and bool(failed["failureReason"]) and failed["deliveredAt"] is None,
        f"a message that did not arrive: expected failed with a reason, got {failed['status']} "
        f"{failed['failureReason']}",
    )
    shown = {each["id"]: each["status"] for each in messages(account, number)}
    ctx.expect(
        shown == {text["id"]: "delivered", lost["id"]: "failed"}, f"the number's list: expected the same, got {shown}"
    )


def _in_conversation(account: Account, text: dict[str, Any]) -> dict[str, Any]:
    found = data(account.get(f"{CONVERSATIONS}/{text['conversation_id']}/messages"))
    return next(each for each in found if each["id"] == text["id"])


@claim(
    "AGP-MSG-4",
    "Groups, reactions, styles, typing and backgrounds are iMessage's: an SMS line refuses them with 400.",
    needs=CTL,
)
def what_sms_lines_cannot_do(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    text = new_text(account, number)
    talk = f"{CONVERSATIONS}/{text['conversation_id']}"
    had, balance = len(messages(account, number)), account.balance()
    for what, exchange in (
        ("a group", send(account, number, recipients=[FAR, SECOND_FAR])),
        ("a style", send(account, number, send_style="confetti")),
        ("a reaction", account.post(f"{MESSAGES}/{text['id']}/reactions", {"reaction": "love"})),
        ("typing", account.post(f"{talk}/typing", {})),
        ("a background", account.post(f"{talk}/background", {"image_url": PICTURES[0]})),
    ):
        refused(ctx, exchange, (400,), f"{what} on an SMS line")
    ctx.expect(
        len(messages(account, number)) == had and account.balance() == balance,
        "after that: expected nothing sent and nothing charged",
    )
    rich = new_number(account, **IMESSAGE)
    styled = send(account, rich, send_style="confetti")
    ctx.expect(made(styled), f"a style on an iMessage line: expected it sent, got {styled}", styled)
    refused(ctx, send(account, rich, send_style="sparkle"), (422,), "a style that does not exist")


@claim(
    "AGP-MSG-5",
    "An iMessage line writes to 50 new people a day; the next is answered 429, while whoever it knows is written to.",
    needs=CTL,
)
def new_people_a_day(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account, **IMESSAGE)
    ctx.precondition(number.get("dailyNewContacts") is not None, "the line has no dailyNewContacts")
    for n in range(NEW_PEOPLE):
        new_text(account, number, to_number=f"+1212555{n // 100 + 1:02d}{n % 100:02d}")
    shown = fetched(account, NUMBERS, number["id"])["dailyNewContacts"]
    ctx.expect(shown == {"used": NEW_PEOPLE, "limit": NEW_PEOPLE}, f"dailyNewContacts: expected 50 of 50, got {shown}")
    more = send(account, number, to_number=FAR)
    refused(ctx, more, (429,), "the 51st new person of a day", "RATE_LIMIT_EXCEEDED")
    again = send(account, number, to_number="+12125550100")
    ctx.expect(made(again), f"somebody who was written to before: expected it sent, got {again}", again)
    written(account, number)
    reply = send(account, number, to_number=PERSON)
    ctx.expect(made(reply), f"somebody who wrote first: expected it sent, got {reply}", reply)
    wait = more.response_header("retry-after") or ""
    ctx.check_(wait.isdigit(), f"Retry-After: expected seconds, got {wait!r}", more)
    account.advance(int(wait))
    tomorrow = send(account, number, to_number=FAR)
    ctx.expect(made(tomorrow), f"a new person the day after: expected it sent, got {tomorrow}", tomorrow)


@claim(
    "AGP-MSG-6",
    "SMS that are sent faster than the account's campaign allows wait their turn as queued: none is refused.",
    needs=CTL,
)
def faster_than_the_carriers(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    numbers = new_number(account), new_number(account)
    blue = new_number(account, **IMESSAGE)
    account.settings(sms_per_second=0.01)
    sent = [send(account, numbers[place % 2], to_number=FAR) for place in range(3)]
    for exchange in sent:
        ctx.check_(
            made(exchange), f"an SMS that is sent at once with others: expected it taken, got {exchange}", exchange
        )
    quick = new_text(account, blue)
    texts = [exchange.json() for exchange in sent]
    for arrived in (1, 2, 3):
        account.advance(10 if arrived == 1 else 100)
        states = [_in_conversation(account, text)["status"] for text in texts]
        wanted = ["delivered"] * arrived + ["queued"] * (3 - arrived)
        ctx.expect(states == wanted, f"one SMS in 100 s, two numbers: expected {wanted}, got {states}", sent[-1])
        if arrived == 1:
            there = _in_conversation(account, quick)["status"]
            ctx.expect(there == "delivered", f"an iMessage meanwhile: expected it delivered, got {there}")


@contacts_claim(
    "AGP-CON-1",
    "Contacts are made (201), read, found, changed and deleted (204); numbers are brought into E.164 form, "
    "and a second contact of one number is answered 409.",
    needs=WRITE,
    sends=(
        Send("POST", CONTACTS, 5, note="of which two are made"),
        Send("GET", f"{CONTACTS}?search=…", 3),
        Send("GET", f"{CONTACTS}/{{contact_id}}", 2),
        Send("PATCH", f"{CONTACTS}/{{contact_id}}", 3),
        Send("DELETE", f"{CONTACTS}/{{contact_id}}", 3),
        Send("GET", f"{CONTACTS}/capabilities", 1),
    ),
)
def contacts(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.post(
        CONTACTS, {"phoneNumber": "(415) 555-0187", "name": "Robin Zürcher", "email": "robin@example.com"}
    )
    odd = odd_fields(exchange.json(), CONTACT, "the contact")
    ctx.check_(exchange.status == 201 and odd is None, f"a contact: {odd or exchange}", exchange)
    contact = exchange.json()
    wanted = {"phoneNumber": PERSON, "name": "Robin Zürcher", "email": "robin@example.com", "notes": None}
    wrong = {name: contact.get(name) for name, value in wanted.items() if contact.get(name) != value}
    ctx.expect(not wrong, f"a contact: expected {wanted}, got {wrong}", exchange)
    path = f"{CONTACTS}/{contact['id']}"
    ctx.expect(
        fetched(account, CONTACTS, contact["id"]) == contact,
        "the contact by its id: expected it as it was made",
        exchange,
    )
    other = new_contact(account, SECOND_FAR, name="Kim")
    for twin in ("+1 415-555-0187", PERSON):
        refused(
            ctx, account.post(CONTACTS, {"phoneNumber": twin, "name": "Twin"}), (409,), f"a second contact with {twin}"
        )
    refused(ctx, account.patch(path, {"phoneNumber": SECOND_FAR}), (409,), "another contact's number")
    refused(
        ctx, account.post(CONTACTS, {"phoneNumber": "nobody", "name": "Nobody"}), (400, 422), "a number that is none"
    )
    for search in ("zürch", "5550187", "ROBIN@"):
        found = ids(listed(account, CONTACTS, search=search))
        ctx.expect(
            contact["id"] in found and other["id"] not in found, f"search={search}: expected the one, got {found}"
        )
    account_moves(account)
    changed = account.patch(path, {"notes": "Prefers rye", "email": None})
    body = changed.json() or {}
    ctx.expect(
        made(changed) and (body["notes"], body["email"], body["name"]) == ("Prefers rye", None, "Robin Zürcher"),
        f"PATCH of notes and email: expected the rest as before, got {changed} {body}",
        changed,
    )
    if ctx.emulated:
        at, was = moment(body.get("updatedAt")), moment(contact["updatedAt"])
        ctx.expect(
            at is not None and was is not None and at > was and body["createdAt"] == contact["createdAt"],
            f"updatedAt: expected it later than {contact['updatedAt']}, got {body.get('updatedAt')}",
            changed,
        )
    reach = account.get(f"{CONTACTS}/capabilities?{urlencode({'phone_number': PERSON})}")
    able = (reach.json() or {}).get("capabilities")
    ctx.expect(
        reach.status == 200
        and isinstance(able, dict)
        and {type(able.get("imessage")), type(able.get("sms"))} == {bool},
        f"capabilities: expected imessage and sms, got {reach} {able}",
        reach,
    )
    for id_ in (contact["id"], other["id"]):
        gone = account.delete(f"{CONTACTS}/{id_}")
        ctx.expect(
            gone.status == 204 and not gone.response_body, f"DELETE: expected 204 without a body, got {gone}", gone
        )
    refused(ctx, account.delete(path), (404,), "a second DELETE")
    refused(ctx, account.get(path), (404,), "a deleted contact")


def account_moves(account: Account) -> None:
    """Let a minute pass, where time can be moved."""
    if account.ctx.emulated:
        account.advance(MINUTE)


@conversations_claim(
    "AGP-CNV-1",
    "Conversations are listed, read with their messages, remembered about (null forgets); typing and "
    "backgrounds are shown.",
    needs=WRITE,
    sends=(
        Send("GET", CONVERSATIONS, 1),
        Send("GET", f"{CONVERSATIONS}/{{conversation_id}}", 1),
    ),
)
def conversations(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    if not ctx.emulated:
        found = listed(account, CONVERSATIONS)
        ctx.precondition(bool(found), "the account has no conversation")
        talk = fetched(account, CONVERSATIONS, found[0]["id"])
        odd = odd_fields(talk, CONVERSATION, "the conversation")
        ctx.expect(odd is None, f"a conversation: {odd or 'as documented'}")
        ctx.not_covered("metadata, typing and backgrounds: they are yours")
        return
    agent, number = desk(account)
    first = written(account, number, "Are you open?")
    account.advance(MINUTE)
    second = new_text(account, number, "Until six.", to_number=PERSON)["id"]
    account.advance(MINUTE)
    listing = account.get(CONVERSATIONS)
    talk = conversation_with(account, PERSON)
    odd = odd_fields(
        talk, {**CONVERSATION, "lastMessagePreview": lambda value: value == "Until six."}, "the conversation"
    )
    ctx.check_(odd is None and talk["agentId"] == agent["id"] and talk["phoneNumberId"] == number["id"],
               f"a conversation: {odd or talk}", listing)  # fmt: skip
    path = f"{CONVERSATIONS}/{talk['id']}"
    detail = account.get(path)
    said = detail.json()["messages"]
    odd = next((odd for message in said if (odd := odd_fields(message, CONVERSATION_MESSAGE, "a message"))), None)
    ctx.expect(
        odd is None and ids(said) == [first, second] and detail.json()["messageCount"] == 2,
        f"its messages: {odd or f'expected {[first, second]}, got {ids(said)}'}",
        detail,
    )
    latest = account.get(f"{path}?message_limit=1").json()["messages"]
    ctx.expect(ids(latest) == [second], f"message_limit=1: expected the latest, got {ids(latest)}", detail)
    for bad in ("0", "101", "many"):
        refused(ctx, account.get(f"{path}?message_limit={bad}"), (422,), f"message_limit={bad}")
    page = listed(account, f"{path}/messages")
    ctx.expect(
        ids(page) == [second, first], f"its list of messages: expected the latest first, got {ids(page)}", detail
    )
    _remembered(ctx, account, path)
    _shown(ctx, account)
    for part in ("", "/messages"):
        refused(
            ctx,
            account.get(f"{CONVERSATIONS}/conv_000000000000{part}"),
            (404,),
            f"a conversation that is not there {part}",
        )
    account.delete(f"{NUMBERS}/{number['id']}")
    kept = account.get(path)
    ctx.expect(kept.status == 200, f"the conversation of a released number: expected it, got {kept}", kept)


def _remembered(ctx: ProbeContext, account: Account, path: str) -> None:
    for metadata in ({"order": 31, "tags": ["rye"]}, {"table": 4}, {}, None):
        changed = account.patch(path, {"metadata": metadata})
        for exchange in (changed, account.get(path)):
            seen = (exchange.json() or {}).get("metadata", ...)
            ctx.expect(
                exchange.status == 200 and (seen == metadata or (metadata == {} and seen is None)),
                f"metadata {metadata}: expected it in place of what was, got {exchange} {seen}",
                exchange,
            )
    refused(ctx, account.patch(path, {"metadata": "rye"}), (422,), "metadata that is no object")


def _shown(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    text = new_text(account, number)
    path = f"{CONVERSATIONS}/{text['conversation_id']}"
    typing = account.post(f"{path}/typing", {})
    ctx.expect(
        made(typing) and typing.json().get("conversationId") == text["conversation_id"],
        f"typing: expected it shown, got {typing}",
        typing,
    )
    for url, changed in ((PICTURES[0], True), (PICTURES[0], False), (PICTURES[1], True)):
        exchange = account.post(f"{path}/background", {"image_url": url})
        body = exchange.json() or {}
        ctx.expect(
            made(exchange) and body.get("hasBackground") is True and body.get("changed") is changed,
            f"a background: expected changed {changed}, got {exchange} {body}",
            exchange,
        )
    gone = account.delete(f"{path}/background")
    ctx.expect(gone.status == 204, f"DELETE of a background: expected 204, got {gone}", gone)
    refused(ctx, account.post(f"{path}/background", {}), (422,), "a background of nothing")
