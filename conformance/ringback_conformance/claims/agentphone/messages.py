"""Messages, conversations and contacts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from ringback_conformance.catalogue import CTL, SPEND, WRITE
from ringback_conformance.claims import common
from ringback_conformance.claims.agentphone.adapter import CATALOGUE
from ringback_conformance.claims.agentphone.steps import (
    AGENTS,
    CONFLICT,
    CONTACTS,
    CONVERSATIONS,
    DAY,
    FAR,
    INVALID,
    MESSAGES,
    MINUTE,
    NO_MONEY,
    NOT_FOUND,
    NUMBERS,
    PERSON,
    RATE_LIMITED,
    RECEIPTS,
    SECOND_FAR,
    SHAPES,
    UNPROCESSABLE,
    body_of,
    conversation_problem,
    conversation_with,
    desk,
    fetched,
    ids,
    listed,
    messages,
    new_contact,
    new_number,
    new_text,
    send,
    shared_agent,
    shared_number,
    stamp,
    thing_in,
    written,
)
from ringback_conformance.model import Basis, Exchange, Send
from ringback_conformance.probe_context import Account, ProbeContext
from ringback_conformance.shapes import moment

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
    ctx.precondition(ctx.emulated or exchange.succeeded, f"the number sends no messages yet: {exchange}")
    ctx.expect_status(exchange, 200, "a message", stop=True)
    problem = SHAPES.problem("MessageSent", exchange.json(), "the message")
    ctx.expect_documented(problem, "a message", exchange, stop=True)
    sent = exchange.json()
    ends = {"from_number": number["phoneNumber"], "to_number": to}
    ctx.expect_fields(sent, ends, "a message of the agent, from its first number", exchange)
    talk = fetched(account, CONVERSATIONS, sent["conversation_id"])
    ctx.expect_documented(conversation_problem(talk), "its conversation", exchange)
    ctx.expect_equal(talk["participant"], to, "the participant of its conversation", exchange)
    ctx.expect(sent["id"] in ids(talk["messages"]), "its conversation: expected the message in it", exchange)
    if not ctx.emulated:
        ctx.not_covered("senders, media, replies, groups and reactions")
        return
    _senders(ctx, account, agent, number)
    _threads(ctx, account)
    _media_and_replies(ctx, account)
    _groups(ctx, account)


def _senders(ctx: ProbeContext, account: Account, agent: dict[str, Any], first: dict[str, Any]) -> None:
    second = new_number(account, agentId=agent["id"])
    for sender, number in (
        ({"number_id": second["id"]}, second),
        ({"from_number": second["phoneNumber"]}, second),
        ({"agent_id": agent["id"]}, first),
        ({"agent_id": agent["id"], "number_id": second["id"]}, second),
    ):
        exchange = account.post(MESSAGES, {**sender, "to_number": "(415) 555-0178", "body": "Hello"})
        ends = {"from_number": number["phoneNumber"], "to_number": SECOND_FAR}
        ctx.expect_fields(exchange.json(), ends, f"a message with {sender}", exchange)
    for sender in (
        {"agent_id": "agt_000000000000"},
        {"number_id": "num_000000000000"},
        {"from_number": "+14155550100"},
    ):
        exchange = account.post(MESSAGES, {**sender, "to_number": FAR, "body": "Hello"})
        ctx.expect_error(exchange, *NOT_FOUND, f"a message with {sender}")
    nameless = account.post(MESSAGES, {"to_number": FAR, "body": "Hello"})
    ctx.expect_error(nameless, *INVALID, "a message without a sender")
    for body in ({"body": "Hello"}, {"to_number": FAR}, {"to_number": "no one at all", "body": "Hello"}):
        exchange = account.post(MESSAGES, {"number_id": first["id"], **body})
        ctx.expect_error(exchange, *INVALID, f"a message with {body}")


def _threads(ctx: ProbeContext, account: Account) -> None:
    number, other = new_number(account), new_number(account)
    talks = [
        new_text(account, line, to_number=to)["conversation_id"] for line in (number, other) for to in (FAR, PERSON)
    ]
    ctx.expect_equal(len(set(talks)), 4, "the count of conversations of two numbers with two people")
    account.advance(MINUTE)
    came = written(account, number, "Hello!")
    again = new_text(account, number, "Hello again.", to_number=PERSON)
    ctx.expect_equal(again["conversation_id"], talks[1], "the conversation of a message to a person who wrote")
    written(account, number, "Hello from me!", sender=THIRD_FAR)
    new_text(account, number, "Hello to you.", to_number=THIRD_FAR)
    counts = [each["messageCount"] for each in listed(account, CONVERSATIONS) if each["participant"] == THIRD_FAR]
    ctx.expect_equal(counts, [2], "the counts of messages with a person who wrote first")
    talk = fetched(account, CONVERSATIONS, talks[1])
    ctx.expect_equal(talk["messageCount"], 3, "the count of messages in that conversation")
    ctx.expect_equal(ids(talk["messages"])[1:], [came, again["id"]], "its later messages, in order")


def _media_and_replies(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    came = written(account, number, "Look!", media=PICTURES)
    media = {"mediaUrls": PICTURES, "mediaUrl": PICTURES[0]}
    ctx.expect_fields(messages(account, number)[0], media, "a message with media that came in")
    for fields in ({"body": "A loaf", "media_urls": PICTURES[:1]}, {"body": "", "media_urls": PICTURES}):
        sent = send(account, number, to_number=PERSON, **fields)
        ctx.expect_success(sent, f"a message with {fields}")
        ctx.expect_fields(sent.json(), {"media_urls": fields["media_urls"]}, f"a message with {fields}", sent)
    empty = send(account, number, "", to_number=PERSON)
    ctx.expect_error(empty, *INVALID, "a message without text and media")
    many = send(account, number, "", to_number=PERSON, media_urls=PICTURES * 11)
    ctx.expect_error(many, *INVALID, "a carousel of 22")
    reply = send(account, number, "Nice!", to_number=PERSON, reply_to_message_id=came)
    ctx.expect_success(reply, "a reply")
    ctx.expect_fields(reply.json(), {"reply_to_message_id": came}, "a reply", reply)
    last = fetched(account, CONVERSATIONS, reply.json()["conversation_id"])["messages"][-1]
    seen = (last["id"], (last.get("replyTo") or {}).get("messageId"))
    ctx.expect_equal(seen, (reply.json()["id"], came), "the reply in its conversation, and what it replies to", reply)
    lost = send(account, number, "Nice!", to_number=PERSON, reply_to_message_id="msg_000000000000")
    ctx.expect_error(lost, *NOT_FOUND, "a reply to an unknown message")


def _groups(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    people = [FAR, SECOND_FAR]
    first = send(account, number, "Saturday at nine?", recipients=people)
    ctx.expect_success(first, "a message to a group", stop=True)
    group = str(body_of(first).get("to_number"))
    message = f"to_number of a message to a group: expected the group's id, got {group}"
    ctx.expect(group.startswith("grp_"), message, first, stop=True)
    second = send(account, number, "Or at ten?", to_number=group)
    ctx.expect_success(second, "a message to the group by its id")
    same = {"conversation_id": first.json()["conversation_id"]}
    ctx.expect_fields(second.json(), same, "a message to the group by its id", second)
    talk = fetched(account, CONVERSATIONS, first.json()["conversation_id"])
    ctx.expect_fields(talk, {"isGroup": True, "groupId": group}, "the group's conversation", first)
    who = sorted(each["identifier"] for each in talk["participants"] or [])
    ctx.expect_equal(who, people, "the participants of the group's conversation", first)
    answer = written(account, number, "At ten.", SECOND_FAR, group=[FAR])
    inside = ids(fetched(account, CONVERSATIONS, talk["id"])["messages"])
    ctx.expect(answer in inside, f"a message from the group: expected it in its conversation, got {inside}", second)
    renamed = account.patch(f"{CONVERSATIONS}/{talk['id']}", {"group_name": "Regulars"})
    ctx.expect_success(renamed, "PATCH of a group's name")
    ctx.expect_fields(renamed.json(), {"groupName": "Regulars"}, "PATCH of a group's name", renamed)
    ctx.expect_error(send(account, number, "Hello", recipients=people[:1]), *INVALID, "a group of one")
    both = send(account, number, "Hello", recipients=people, to_number=FAR)
    ctx.expect_error(both, *INVALID, "a group and a number")
    _reactions(ctx, account, first.json()["id"], talk["id"])


def _reactions(ctx: ProbeContext, account: Account, message: str, conversation: str) -> None:
    for reaction in ("love", "question", "🔥"):
        exchange = account.post(f"{MESSAGES}/{message}/reactions", {"reaction": reaction})
        ctx.expect_success(exchange, f"the reaction {reaction}")
        expected = {"reaction_type": reaction, "message_id": message}
        ctx.expect_fields(exchange.json(), expected, f"the reaction {reaction}", exchange)
    found = fetched(account, CONVERSATIONS, conversation)["messages"]
    reactions = [each["reactionType"] for text in found for each in text["reactions"]]
    ctx.expect("🔥" in reactions, f"the reactions in the conversation: expected the last one, got {reactions}")
    unknown = account.post(f"{MESSAGES}/msg_000000000000/reactions", {"reaction": "love"})
    ctx.expect_error(unknown, *NOT_FOUND, "a reaction to an unknown message")
    none = account.post(f"{MESSAGES}/{message}/reactions", {})
    ctx.expect_error(none, *UNPROCESSABLE, "a reaction of nothing")


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
        ctx.expect_equal(cost, SEGMENT * segments, f"the cost of an SMS of {segments} segments")
    before = account.balance()
    written(account, number)
    ctx.expect_equal(account.balance(), before, "the balance after an SMS that came in")
    account.fund(f"-{account.balance() - Decimal('0.03')}")
    had = len(messages(account, number))
    ctx.expect_error(send(account, number, "x" * 161), *NO_MONEY, "an SMS of 2 segments with $0.03")
    ctx.expect_equal(account.balance(), Decimal("0.03"), "the balance after that")
    ctx.expect_equal(len(messages(account, number)), had, "the count of messages after that")
    ctx.expect_success(send(account, number), "an SMS of one segment with $0.03")


@claim(
    "AGP-MSG-3",
    "A message that arrives is shown as delivered with deliveredAt, one that does not as failed with a reason.",
    needs=CTL,
)
def what_becomes_of_messages(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    text = new_text(account, number)
    fresh = messages(account, number)[0]["status"]
    ctx.expect(fresh in ("queued", "sent"), f"a message that was just sent: expected it queued or sent, got {fresh}")
    account.advance(RECEIPTS)
    arrived = _in_conversation(account, text)
    expected = {"status": "delivered", "failureReason": None}
    ctx.expect_fields(arrived, expected, "a message that arrived")
    sent_at, delivered_at = moment(arrived["receivedAt"]), moment(arrived["deliveredAt"])
    ctx.expect(
        sent_at is not None and delivered_at is not None and stamp(arrived["deliveredAt"]) and delivered_at >= sent_at,
        f"deliveredAt: expected it after {arrived['receivedAt']}, got {arrived['deliveredAt']}",
    )
    account.script({"kind": "message"}, end="failed", failure_code="number_unknown")
    lost = new_text(account, number, "Is anybody there?")
    account.advance(RECEIPTS)
    failed = _in_conversation(account, lost)
    ctx.expect_fields(failed, {"status": "failed", "deliveredAt": None}, "a message that did not arrive")
    ctx.expect(bool(failed["failureReason"]), "a message that did not arrive: expected a failureReason")
    shown = {each["id"]: each["status"] for each in messages(account, number)}
    ctx.expect_equal(shown, {text["id"]: "delivered", lost["id"]: "failed"}, "the statuses in the number's list")


def _in_conversation(account: Account, text: dict[str, Any]) -> dict[str, Any]:
    found = listed(account, f"{CONVERSATIONS}/{text['conversation_id']}/messages")
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
        ctx.expect_error(exchange, 400, "", f"{what} on an SMS line")
    ctx.expect_equal(len(messages(account, number)), had, "the count of messages after that")
    ctx.expect_equal(account.balance(), balance, "the balance after that")
    rich = new_number(account, **IMESSAGE)
    ctx.expect_success(send(account, rich, send_style="confetti"), "a style on an iMessage line")
    ctx.expect_error(send(account, rich, send_style="sparkle"), *UNPROCESSABLE, "a style that does not exist")


@claim(
    "AGP-MSG-5",
    "An iMessage line writes to 50 new people a day; the next is answered 429, but known contacts still get messages.",
    needs=CTL,
)
def new_people_a_day(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account, **IMESSAGE)
    ctx.precondition(number.get("dailyNewContacts") is not None, "the line has no dailyNewContacts")
    for n in range(NEW_PEOPLE):
        new_text(account, number, to_number=f"+1212555{n // 100 + 1:02d}{n % 100:02d}")
    shown = fetched(account, NUMBERS, number["id"])["dailyNewContacts"]
    ctx.expect_equal(shown, {"used": NEW_PEOPLE, "limit": NEW_PEOPLE}, "dailyNewContacts")
    more = send(account, number, to_number=FAR)
    ctx.expect_error(more, *RATE_LIMITED, "the 51st new person of a day")
    ctx.expect_success(send(account, number, to_number="+12125550100"), "a message to a person who got one before")
    written(account, number)
    ctx.expect_success(send(account, number, to_number=PERSON), "a message to a person who wrote first")
    common.wait_as_told(ctx, account, more, DAY)
    ctx.expect_success(send(account, number, to_number=FAR), "a message to a new person the day after")


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
        ctx.expect_success(exchange, "an SMS that is sent at once with others", stop=True)
    quick = new_text(account, blue)
    texts = [exchange.json() for exchange in sent]
    for arrived in (1, 2, 3):
        account.advance(10 if arrived == 1 else 100)
        states = [_in_conversation(account, text)["status"] for text in texts]
        expected = ["delivered"] * arrived + ["queued"] * (3 - arrived)
        ctx.expect_equal(states, expected, "the statuses of one SMS in 100 s, from two numbers", sent[-1])
        if arrived == 1:
            status = _in_conversation(account, quick)["status"]
            ctx.expect_equal(status, "delivered", "the status of an iMessage meanwhile")


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
    ctx.expect_status(exchange, 201, "a contact", stop=True)
    problem = SHAPES.problem("Contact", exchange.json(), "the contact")
    ctx.expect_documented(problem, "a contact", exchange, stop=True)
    contact = exchange.json()
    expected = {"phoneNumber": PERSON, "name": "Robin Zürcher", "email": "robin@example.com", "notes": None}
    ctx.expect_fields(contact, expected, "a contact", exchange)
    path = f"{CONTACTS}/{contact['id']}"
    ctx.expect_equal(fetched(account, CONTACTS, contact["id"]), contact, "the contact by its id", exchange)
    other = new_contact(account, SECOND_FAR, name="Kim")
    for twin in ("+1 415-555-0187", PERSON):
        second = account.post(CONTACTS, {"phoneNumber": twin, "name": "Twin"})
        ctx.expect_error(second, *CONFLICT, f"a second contact with {twin}")
    ctx.expect_error(account.patch(path, {"phoneNumber": SECOND_FAR}), *CONFLICT, "PATCH to another contact's number")
    bad = account.post(CONTACTS, {"phoneNumber": "no_one", "name": "No one"})
    ctx.expect_error(bad, *INVALID, "a contact without a phone number")
    for search in ("zürch", "5550187", "ROBIN@"):
        found = {contact["id"], other["id"]} & set(ids(listed(account, CONTACTS, search=search)))
        ctx.expect_equal(found, {contact["id"]}, f"which of the two contacts search={search} finds")
    if ctx.emulated:
        account.advance(MINUTE)
    changed = account.patch(path, {"notes": "Prefers rye", "email": None})
    ctx.expect_success(changed, "PATCH of notes and email")
    expected = {"notes": "Prefers rye", "email": None, "name": "Robin Zürcher", "createdAt": contact["createdAt"]}
    ctx.expect_fields(changed.json(), expected, "PATCH of notes and email", changed)
    if ctx.emulated:
        shown = body_of(changed).get("updatedAt")
        at, was = moment(shown), moment(contact["updatedAt"])
        later = at is not None and was is not None and at > was
        ctx.expect(later, f"updatedAt: expected it later than {contact['updatedAt']}, got {shown}", changed)
    reach = account.get(f"{CONTACTS}/capabilities?{urlencode({'phone_number': PERSON})}")
    able = body_of(reach).get("capabilities")
    ctx.expect_status(reach, 200, "capabilities")
    held = isinstance(able, dict) and all(isinstance(able.get(name), bool) for name in ("imessage", "sms"))
    ctx.expect(held, f"capabilities: expected imessage and sms, got {able}", reach)
    for id_ in (contact["id"], other["id"]):
        _expect_gone(ctx, account.delete(f"{CONTACTS}/{id_}"), "DELETE of a contact")
    ctx.expect_error(account.delete(path), *NOT_FOUND, "a second DELETE")
    ctx.expect_error(account.get(path), *NOT_FOUND, "a deleted contact")


def _expect_gone(ctx: ProbeContext, exchange: Exchange, what: str) -> None:
    ctx.expect_status(exchange, 204, what)
    ctx.expect_equal(exchange.response_body, b"", f"the body after {what}", exchange)


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
        ctx.expect_documented(conversation_problem(talk), "a conversation")
        ctx.not_covered("metadata, typing and backgrounds: they are yours")
        return
    agent, number = desk(account)
    first = written(account, number, "Are you open?")
    account.advance(MINUTE)
    second = new_text(account, number, "Until six.", to_number=PERSON)["id"]
    account.advance(MINUTE)
    listing = account.get(CONVERSATIONS)
    talk = conversation_with(account, PERSON)
    problem = conversation_problem(talk, "ConversationSummary")
    ctx.expect_documented(problem, "a conversation", listing, stop=True)
    expected = {"lastMessagePreview": "Until six.", "agentId": agent["id"], "phoneNumberId": number["id"]}
    ctx.expect_fields(talk, expected, "a conversation", listing, stop=True)
    path = f"{CONVERSATIONS}/{talk['id']}"
    detail = account.get(path)
    said = detail.json()["messages"]
    ctx.expect_documented(SHAPES.list_problem("ConversationMessage", {"data": said}, "message"), "its messages", detail)
    ctx.expect_equal(ids(said), [first, second], "its messages", detail)
    ctx.expect_equal(detail.json()["messageCount"], 2, "the count of its messages", detail)
    latest = account.get(f"{path}?message_limit=1").json()["messages"]
    ctx.expect_equal(ids(latest), [second], "its messages with message_limit=1", detail)
    limits = (f"message_limit={limit}" for limit in ("0", "101", "many"))
    common.reject_queries(ctx, account, path, limits, UNPROCESSABLE)
    page = listed(account, f"{path}/messages")
    ctx.expect_equal(ids(page), [second, first], "its list of messages, the latest first", detail)
    _remembered(ctx, account, path)
    _shown(ctx, account)
    for part in ("", "/messages"):
        unknown = account.get(f"{CONVERSATIONS}/conv_000000000000{part}")
        ctx.expect_error(unknown, *NOT_FOUND, f"an unknown conversation{part}")
    account.delete(f"{NUMBERS}/{number['id']}")
    ctx.expect_status(account.get(path), 200, "the conversation of a released number")


def _remembered(ctx: ProbeContext, account: Account, path: str) -> None:
    metadata: Any
    for metadata in ({"order": 31, "tags": ["rye"]}, {"table": 4}, {}, None):
        for exchange in (account.patch(path, {"metadata": metadata}), account.get(path)):
            seen = body_of(exchange).get("metadata", ...)
            ctx.expect_status(exchange, 200, f"metadata {metadata}")
            if metadata != {} or seen is not None:  # an empty object may be shown as null
                ctx.expect_equal(seen, metadata, "metadata in place of what was", exchange)
    ctx.expect_error(account.patch(path, {"metadata": "rye"}), *UNPROCESSABLE, "metadata that is no object")


def _shown(ctx: ProbeContext, account: Account) -> None:
    number = new_number(account, **IMESSAGE)
    text = new_text(account, number)
    path = f"{CONVERSATIONS}/{text['conversation_id']}"
    typing = account.post(f"{path}/typing", {})
    ctx.expect_success(typing, "typing")
    ctx.expect_fields(typing.json(), {"conversationId": text["conversation_id"]}, "typing", typing)
    for url, changed in ((PICTURES[0], True), (PICTURES[0], False), (PICTURES[1], True)):
        exchange = account.post(f"{path}/background", {"image_url": url})
        ctx.expect_success(exchange, "a background")
        ctx.expect_fields(exchange.json(), {"hasBackground": True, "changed": changed}, "a background", exchange)
    ctx.expect_status(account.delete(f"{path}/background"), 204, "DELETE of a background")
    ctx.expect_error(account.post(f"{path}/background", {}), *UNPROCESSABLE, "a background of nothing")
