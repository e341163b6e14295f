"""Messages, conversations, reactions and contacts."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, ControlError, Receiver, Ringback
from tests.agentphone.conftest import FRIEND, Json, Make, code, events, ok

OTHER = "+447700900188"


def send(http: httpx.Client, number: Json, **body: Any) -> Json:
    sent: Json = ok(
        http.post("/v1/messages", json={"number_id": number["id"], "to_number": FRIEND, "body": "Hi", **body})
    )
    return sent


# -- sending ---------------------------------------------------------------------------------------------------------


def test_the_sender_is_the_given_number_or_the_agents_first(http: httpx.Client, agent: Make, buy: Make) -> None:
    made = agent()
    first, second, strange = buy(agentId=made["id"]), buy(agentId=made["id"]), buy()
    to = {"to_number": FRIEND, "body": "Hi"}
    for sender, expected in (
        ({"agent_id": made["id"]}, first),
        ({"agent_id": made["id"], "number_id": second["id"]}, second),
        ({"number_id": strange["id"]}, strange),
        ({"from_number": strange["phoneNumber"]}, strange),
    ):
        assert ok(http.post("/v1/messages", json={**to, **sender}))["from_number"] == expected["phoneNumber"]
    ok(http.delete(f"/v1/numbers/{second['id']}"))
    idle = agent(name="Idle")
    for sender, expected in (
        ({}, (422, "VALIDATION_ERROR")),
        ({"agent_id": "agt_0"}, (404, "AGENT_NOT_FOUND")),
        ({"number_id": "num_0"}, (404, "PHONE_NUMBER_NOT_FOUND")),
        ({"from_number": "+14155550199"}, (404, "PHONE_NUMBER_NOT_FOUND")),
        ({"number_id": second["id"]}, (409, "NUMBER_RELEASED")),
        ({"agent_id": idle["id"]}, (400, "NUMBER_NOT_ATTACHED")),
        ({"agent_id": made["id"], "number_id": strange["id"]}, (400, "NUMBER_NOT_ATTACHED")),
    ):
        assert code(http.post("/v1/messages", json={**to, **sender})) == expected, sender


@pytest.mark.parametrize(
    ("to", "normal"),
    [
        ("(212) 555-0123", "+12125550123"),
        ("1 212 555 0123", "+12125550123"),
        ("+44 7700 900177", FRIEND),
        ("0044 7700 900177", FRIEND),
        ("12345", "12345"),
    ],
)
def test_recipients_are_converted_to_e164(http: httpx.Client, buy: Make, to: str, normal: str) -> None:
    assert send(http, buy(), to_number=to)["to_number"] == normal


@given(
    rate=st.floats(0.01, 10),
    moves=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 30)), min_size=1, max_size=12),
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_sms_beyond_the_carriers_rate_wait(ringback: Ringback, rate: float, moves: list[tuple[int, float]]) -> None:
    account = ringback.account("agentphone", sms_per_second=rate)
    gap = timedelta(seconds=1 / rate)
    with account.client() as http:
        numbers = [ok(http.post("/v1/numbers", json={})) for _ in range(2)]
        sent, due, free = [], [], account.now
        for which, pause in moves:
            sent.append(send(http, numbers[which]))
            due.append(max(account.now, free))
            free = due[-1] + gap
            account.advance(seconds=pause)
        account.advance(until=max(due) + timedelta(minutes=1))
        for one, at in zip(sent, due, strict=True):
            talk = ok(http.get(f"/v1/conversations/{one['conversation_id']}/messages?limit=200"))["data"]
            there = next(text["deliveredAt"] for text in talk if text["id"] == one["id"])
            late = datetime.fromisoformat(there) - at - timedelta(seconds=3)
            assert abs(late) <= timedelta(milliseconds=1)


@pytest.mark.parametrize("rate", [0, -1, 1e9])
def test_an_sms_rate_out_of_range_is_rejected(ringback: Ringback, rate: float) -> None:
    with pytest.raises(ControlError, match="sms_per_second"):
        ringback.account("agentphone", sms_per_second=rate)


def test_sms_are_charged_by_segment_and_rejected_ones_are_free(ringback: Ringback) -> None:
    account = ringback.account("agentphone", balance="3.05")
    with account.client() as http:
        number = ok(http.post("/v1/numbers", json={}))
        body = {"number_id": number["id"], "to_number": FRIEND}
        assert code(http.post("/v1/messages", json={**body, "body": "x" * 400})) == (402, "INSUFFICIENT_BALANCE")
        ok(http.post("/v1/messages", json={**body, "body": "x" * 161}))
        assert account.balance == Decimal("0.01")
        assert len(ok(http.get(f"/v1/numbers/{number['id']}/messages"))["data"]) == 1


@pytest.mark.parametrize(
    ("script", "status", "reason"),
    [
        ({"end": "failed"}, "failed", "carrier_rejected"),
        ({"end": "undelivered", "failure_code": "landline"}, "failed", "landline"),
        ({}, "delivered", None),
    ],
)
def test_a_script_sets_the_outcome_of_a_message(
    account: Account, http: httpx.Client, buy: Make, script: Json, status: str, reason: str | None
) -> None:
    number = buy()
    if script:
        account.script({"to": FRIEND}, **script)
    assert send(http, number)["status"] == "queued"
    account.advance(minutes=1)
    (message,) = ok(http.get(f"/v1/numbers/{number['id']}/messages"))["data"]
    assert (message["status"], message["failureReason"]) == (status, reason)


def test_media_go_by_mms_and_carousels_by_imessage(http: httpx.Client, buy: Make) -> None:
    green, blue = buy(), buy(type="imessage")
    pictures = [f"https://example.com/{number}.png" for number in range(3)]
    sent = send(http, green, media_urls=pictures[:2], media_url=pictures[2])
    assert (sent["channel"], sent["media_urls"]) == ("mms", [pictures[2], *pictures[:2]])
    assert send(http, green, body=None, media_urls=pictures[:1])["channel"] == "mms"
    body = {"number_id": green["id"], "to_number": FRIEND, "media_urls": pictures}
    assert code(http.post("/v1/messages", json=body)) == (400, "CHANNEL_NOT_SUPPORTED")
    many = {**body, "body": "Many", "media_urls": pictures[:1] * 11}
    assert code(http.post("/v1/messages", json=many)) == (400, "CHANNEL_NOT_SUPPORTED")
    assert send(http, blue, body="", media_urls=pictures)["channel"] == "imessage"


def test_a_reply_shows_the_original_on_imessage_only(http: httpx.Client, buy: Make) -> None:
    green, blue = buy(), buy(type="imessage")
    original = send(http, blue, body="Eight?")
    reply = send(http, blue, body="Eight.", reply_to_message_id=original["id"])
    assert (reply["reply_to_message_id"], reply["reply_parent_unresolved"]) == (original["id"], False)
    assert send(http, green, reply_to_message_id=original["id"])["reply_parent_unresolved"] is True
    _, shown = ok(http.get(f"/v1/conversations/{reply['conversation_id']}"))["messages"]
    assert shown["replyTo"] == {"messageId": original["id"], "message": "Eight?", "mediaUrls": []}
    lost = {"number_id": blue["id"], "to_number": FRIEND, "body": "x", "reply_to_message_id": "msg_0"}
    assert code(http.post("/v1/messages", json=lost)) == (404, "MESSAGE_NOT_FOUND")


def test_a_group_is_created_once_and_addressed_by_its_id(http: httpx.Client, buy: Make) -> None:
    green, blue = buy(), buy(type="imessage")
    ok(http.post("/v1/contacts", json={"phoneNumber": FRIEND, "name": "Grace"}), 201)
    start = {"number_id": blue["id"], "recipients": [FRIEND, "ada@example.com"], "body": "Welcome"}
    group = ok(http.post("/v1/messages", json=start))
    assert group["to_number"].startswith("grp_")
    again = ok(
        http.post("/v1/messages", json={"number_id": blue["id"], "to_number": group["to_number"], "body": "More"})
    )
    assert again["conversation_id"] == group["conversation_id"]
    path = f"/v1/conversations/{group['conversation_id']}"
    named = ok(http.patch(path, json={"group_name": "Bakers"}))
    assert (named["isGroup"], named["groupName"], named["groupId"]) == (True, "Bakers", group["to_number"])
    assert named["participants"] == [
        {"identifier": FRIEND, "name": "Grace"},
        {"identifier": "ada@example.com", "name": None},
    ]
    for body, expected in (
        ({**start, "number_id": green["id"]}, (400, "CHANNEL_NOT_SUPPORTED")),
        ({**start, "recipients": [FRIEND, FRIEND]}, (422, "VALIDATION_ERROR")),
        ({**start, "to_number": FRIEND}, (422, "VALIDATION_ERROR")),
        ({"number_id": green["id"], "to_number": group["to_number"], "body": "x"}, (404, "CONVERSATION_NOT_FOUND")),
        ({"number_id": green["id"], "to_number": "ada@example.com", "body": "x"}, (400, "CHANNEL_NOT_SUPPORTED")),
    ):
        assert code(http.post("/v1/messages", json=body)) == expected, body


def test_a_members_message_belongs_to_the_group(
    account: Account, http: httpx.Client, hook: Receiver, buy: Make
) -> None:
    blue = buy(type="imessage")
    start = {"number_id": blue["id"], "recipients": [FRIEND, OTHER], "body": "Who comes?"}
    group = ok(http.post("/v1/messages", json=start))
    account.text(blue["phoneNumber"], "I do", OTHER, group=[FRIEND])
    account.text(blue["phoneNumber"], "Loved “Who comes?”", FRIEND, group=[OTHER])
    account.text(blue["phoneNumber"], "Between us", OTHER)
    account.advance(idle=True)
    seen = ok(http.get(f"/v1/conversations/{group['conversation_id']}"))
    assert [(one["body"], one["senderIdentifier"]) for one in seen["messages"]] == [
        ("Who comes?", None),
        ("I do", OTHER),
    ]
    assert [one["reactionType"] for one in seen["messages"][0]["reactions"]] == ["love"]
    received = events(hook, "agent.message")
    assert [(one["data"]["from"], one["data"]["message"]) for one in received] == [
        (OTHER, "I do"),
        (OTHER, "Between us"),
    ]
    assert received[0]["data"]["group"]["groupId"] == group["to_number"]
    assert received[1]["data"]["group"] is None
    assert events(hook, "agent.reaction")[0]["data"]["fromNumber"] == FRIEND


def test_a_group_created_by_others_is_addressed_by_its_id(account: Account, http: httpx.Client, buy: Make) -> None:
    blue, green = buy(type="imessage"), buy()
    account.text(blue["phoneNumber"], "Welcome to the bakers", FRIEND, group=[OTHER])
    (made,) = ok(http.get("/v1/conversations"))["data"]
    assert (made["isGroup"], [one["identifier"] for one in made["participants"]]) == (True, [FRIEND, OTHER])
    answered = send(http, blue, to_number=made["groupId"], body="Thank you")
    assert answered["conversation_id"] == made["id"]
    with pytest.raises(ControlError, match="iMessage") as rejected:
        account.text(green["phoneNumber"], "Hi", FRIEND, group=[OTHER])
    assert rejected.value.param == "group"
    assert ok(http.get("/v1/conversations"))["total"] == 1


def test_an_imessage_number_writes_to_at_most_fifty_new_people_a_day(
    account: Account, http: httpx.Client, buy: Make
) -> None:
    blue = buy(type="imessage")
    for number in range(50):
        send(http, blue, to_number=f"+4477009001{number:02}")
    known = send(http, blue, to_number="+447700900100")
    assert known["channel"] == "imessage"
    rejected = http.post("/v1/messages", json={"number_id": blue["id"], "to_number": OTHER, "body": "x"})
    assert code(rejected) == (429, "RATE_LIMIT_EXCEEDED")
    assert ok(http.get(f"/v1/numbers/{blue['id']}"))["dailyNewContacts"] == {"used": 50, "limit": 50}
    account.advance(seconds=int(rejected.headers["retry-after"]))
    send(http, blue, to_number=OTHER)
    assert ok(http.get(f"/v1/numbers/{blue['id']}"))["dailyNewContacts"]["used"] == 1


# -- receiving -------------------------------------------------------------------------------------------------------


def test_the_event_of_an_inbound_message_has_its_context(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, agent: Make, buy: Make
) -> None:
    made = agent()
    number = buy(agentId=made["id"], externalId="desk-1")
    ok(http.post("/v1/webhooks", json={"url": hook.url, "contextLimit": 1}))
    account.text(number["phoneNumber"], "First", FRIEND)
    account.text(number["phoneNumber"], "Second", FRIEND, media_urls=["https://example.com/a.png"])
    account.advance(idle=True)
    first, second = events(hook, "agent.message")
    assert (first["recentHistory"], first["conversationState"], first["data"]["contact"]) == ([], None, None)
    assert [item["content"] for item in second["recentHistory"]] == ["First"]
    data = second["data"]
    assert (data["from"], data["to"], data["message"]) == (FRIEND, number["phoneNumber"], "Second")
    assert (second["channel"], data["mediaUrl"], data["mediaUrls"]) == (
        "mms",
        "https://example.com/a.png",
        [data["mediaUrl"]],
    )
    assert (second["agentId"], data["numberId"], data["externalId"]) == (made["id"], number["id"], "desk-1")


def test_inbound_messages_that_no_phone_could_send_are_rejected(ringback: Ringback, buy: Make) -> None:
    number = buy()
    for media in (["ftp://example.com/a"], ["not a link"]):
        with pytest.raises(ControlError, match="media_urls"):
            ringback.text(to=number["phoneNumber"], body="x", media_urls=media)


@pytest.mark.parametrize(
    ("words", "reaction"),
    [
        ("Loved “Hello”", "love"),
        ('Laughed at "Hello"', "laugh"),
        ("Emphasized “Hello”", "emphasize"),
        ("Reacted 🎉 to “Hello”", "🎉"),
        ("Loved “Goodbye”", None),
        ("Loved Hello", None),
    ],
)
def test_an_inbound_tapback_text_is_a_reaction(
    account: Account, http: httpx.Client, hook: Receiver, buy: Make, words: str, reaction: str | None
) -> None:
    blue = buy(type="imessage")
    sent = send(http, blue, body="Hello")
    account.text(blue["phoneNumber"], words, FRIEND)
    account.advance(idle=True)
    messages = ok(http.get(f"/v1/conversations/{sent['conversation_id']}"))["messages"]
    if reaction is None:
        assert [message["body"] for message in messages] == ["Hello", words]
        assert len(events(hook, "agent.message")) == 1
    else:
        assert [one["reactionType"] for one in messages[0]["reactions"]] == [reaction]
        assert events(hook, "agent.reaction")[0]["data"]["messageId"] == sent["id"]


@pytest.mark.parametrize(
    ("reaction", "fine"), [("like", True), ("🔥", True), ("👍🏽", True), ("fine", False), ("1", False)]
)
def test_reactions_are_tapbacks_or_emoji(http: httpx.Client, buy: Make, reaction: str, fine: bool) -> None:
    blue, green = buy(type="imessage"), buy()
    sent, plain = send(http, blue), send(http, green)
    response = http.post(f"/v1/messages/{sent['id']}/reactions", json={"reaction": reaction})
    if not fine:
        assert code(response) == (422, "VALIDATION_ERROR")
        return
    assert ok(response)["reaction_type"] == reaction
    rejected = http.post(f"/v1/messages/{plain['id']}/reactions", json={"reaction": reaction})
    assert code(rejected) == (400, "CHANNEL_NOT_SUPPORTED")


# -- conversations ---------------------------------------------------------------------------------------------------


def test_the_conversation_last_written_in_comes_first(
    account: Account, http: httpx.Client, agent: Make, buy: Make
) -> None:
    made = agent()
    number = buy(agentId=made["id"])
    first, second = send(http, number), send(http, number, to_number=OTHER)
    account.text(number["phoneNumber"], "Still there?", FRIEND)
    for path in ("/v1/conversations", f"/v1/agents/{made['id']}/conversations"):
        rows = ok(http.get(path))["data"]
        assert [row["id"] for row in rows] == [first["conversation_id"], second["conversation_id"]]
    assert (rows[0]["messageCount"], rows[0]["lastMessagePreview"]) == (2, "Still there?")
    page = ok(http.get("/v1/conversations", params={"limit": 1, "offset": 1}))
    assert ([row["id"] for row in page["data"]], page["hasMore"], page["total"]) == (
        [second["conversation_id"]],
        False,
        2,
    )
    ok(http.delete(f"/v1/agents/{made['id']}"))
    assert ok(http.get("/v1/conversations"))["data"][0]["agentId"] is None


def test_metadata_is_replaced_and_null_clears_it(http: httpx.Client, buy: Make) -> None:
    path = f"/v1/conversations/{send(http, buy())['conversation_id']}"
    assert ok(http.patch(path, json={"metadata": {"a": 1, "b": [2]}}))["metadata"] == {"a": 1, "b": [2]}
    assert ok(http.patch(path, json={"metadata": {"c": 3}}))["metadata"] == {"c": 3}
    assert ok(http.patch(path, json={"group_name": "Two are no group"}))["metadata"] == {"c": 3}
    assert ok(http.get(path))["groupName"] is None
    assert ok(http.patch(path, json={"metadata": None}))["metadata"] is None


def test_only_imessage_numbers_have_typing_and_backgrounds(http: httpx.Client, buy: Make) -> None:
    green = f"/v1/conversations/{send(http, buy())['conversation_id']}"
    for response in (
        http.post(f"{green}/typing"),
        http.post(f"{green}/background", json={"image_url": "https://example.com/a.png"}),
        http.delete(f"{green}/background"),
    ):
        assert code(response) == (400, "CHANNEL_NOT_SUPPORTED")
    blue = f"/v1/conversations/{send(http, buy(type='imessage'))['conversation_id']}"
    picture = {"image_url": "https://example.com/a.png"}
    made, again = ok(http.post(f"{blue}/background", json=picture)), ok(http.post(f"{blue}/background", json=picture))
    assert (made["changed"], again["changed"], again["backgroundVersion"]) == (True, False, 1)
    assert http.delete(f"{blue}/background").status_code == 204
    other = ok(http.post(f"{blue}/background", json=picture))
    assert (other["changed"], other["backgroundVersion"]) == (True, 2)


@settings(deadline=None, max_examples=8, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(
    steps=st.lists(st.tuples(st.booleans(), st.sampled_from([0, 0, 0, 1])), min_size=1, max_size=12),
    limit=st.integers(1, 5),
)
def test_paging_by_before_returns_each_message_once(
    ringback: Ringback, steps: list[tuple[bool, int]], limit: int
) -> None:
    """Also with messages of the same instant."""
    account = ringback.account("agentphone")
    with account.client() as http:
        number = ok(http.post("/v1/numbers", json={}))
        for inbound, seconds in steps:
            account.advance(seconds=seconds)
            if inbound:
                account.text(number["phoneNumber"], "Hi", FRIEND)
            else:
                send(http, number)
        whole = [row["id"] for row in ok(http.get(f"/v1/numbers/{number['id']}/messages"))["data"]]
        (conversation,) = ok(http.get("/v1/conversations"))["data"]
        for path in (f"/v1/numbers/{number['id']}/messages", f"/v1/conversations/{conversation['id']}/messages"):
            met: list[str] = []
            page = ok(http.get(path, params={"limit": limit}))
            while page["data"]:
                met += [row["id"] for row in page["data"]]
                assert page["hasMore"] == (len(met) < len(whole))
                oldest = page["data"][-1]["receivedAt"]
                newer = ok(http.get(path, params={"after": oldest}))["data"]
                assert [row["id"] for row in newer] == met[:-1]
                page = ok(http.get(path, params={"limit": limit, "before": oldest}))
            assert met == whole
    assert len(whole) == len(steps)


# -- contacts --------------------------------------------------------------------------------------------------------


def test_a_number_belongs_to_one_contact_only(http: httpx.Client) -> None:
    grace = ok(http.post("/v1/contacts", json={"phoneNumber": "(212) 555-0123", "name": "Grace"}), 201)
    taken = {"phoneNumber": "+1 212-555-0123", "name": "Other"}
    assert code(http.post("/v1/contacts", json=taken)) == (409, "CONTACT_EXISTS")
    ada = ok(http.post("/v1/contacts", json={"phoneNumber": FRIEND, "name": "Ada", "notes": "Rye"}), 201)
    path = f"/v1/contacts/{ada['id']}"
    assert code(http.patch(path, json={"phoneNumber": "2125550123"})) == (409, "CONTACT_EXISTS")
    assert ok(http.patch(path, json={"phoneNumber": FRIEND}))["phoneNumber"] == FRIEND
    changed = ok(http.patch(path, json={"notes": None, "name": None, "email": "ada@example.com"}))
    assert (changed["notes"], changed["name"], changed["email"]) == (None, "Ada", "ada@example.com")
    assert http.delete(f"/v1/contacts/{grace['id']}").status_code == 204
    ok(http.post("/v1/contacts", json=taken), 201)


def test_contacts_are_searched_and_paged(http: httpx.Client) -> None:
    for index in range(3):
        body = {"phoneNumber": f"+44770090010{index}", "name": f"Baker {index}", "email": f"b{index}@example.com"}
        ok(http.post("/v1/contacts", json=body), 201)
    for search, names in (
        ("BAKER", ["Baker 2", "Baker 1", "Baker 0"]),
        ("b1@", ["Baker 1"]),
        ("900102", ["Baker 2"]),
        ("zz", []),
    ):
        assert [row["name"] for row in ok(http.get("/v1/contacts", params={"search": search}))["data"]] == names
    page = ok(http.get("/v1/contacts", params={"limit": 2, "search": "baker"}))
    assert (len(page["data"]), page["hasMore"], page["total"]) == (2, True, 3)
