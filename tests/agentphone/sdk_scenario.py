"""A scenario that uses every method of the official Python SDK, for the sync and the async client."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import agentphone

from ringback.testing import Account, Receiver, Ringback

FRIEND = "+447700900177"
Do = Callable[..., Any]

REGISTRATION: dict[str, Any] = {
    "registration_type": "sole_proprietor",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
    "phone_number": "+14155550111",
    "street_address": "1 Market Street",
    "city": "San Francisco",
    "state": "CA",
    "zip_code": "94105",
    "description": "A bakery that tells its customers when their bread is ready.",
    "use_cases": ["customer_care"],
    "message_samples": ["Ada's Bakery: your bread is ready.", "Ada's Bakery: we open at eight tomorrow."],
    "consent_flow": "Customers tick a box at the counter and write their number beside it.",
    "opt_in_image_url": "https://example.com/box.png",
}
NOT_EMULATED: dict[str, tuple[Any, ...]] = {
    "sip_trunks.list": (),
    "sip_trunks.create": (),
    "sip_trunks.get": ("trunk_1",),
    "sip_trunks.update": ("trunk_1",),
    "sip_trunks.delete": ("trunk_1",),
    "verification.send_verification": (FRIEND,),
    "verification.check_verification": ("ver_1", "123456"),
    "whatsapp.whatsapp_connect": ("code",),
    "whatsapp.whatsapp_available_numbers": ("wa_1",),
    "whatsapp.whatsapp_connect_number": ("wa_1", "123"),
    "whatsapp.whatsapp_list_templates": ("wa_1",),
    "whatsapp.whatsapp_create_template": ("wa_1", "hello", "UTILITY"),
    "whatsapp.whatsapp_delete_template": ("wa_1", "hello"),
    "whatsapp.whatsapp_status": (),
    "whatsapp.whatsapp_disconnect": ("wa_1",),
    "feedback.submit": ("bug", "It rings."),
}


def run(do: Do, ringback: Ringback, account: Account) -> None:
    """Run the scenario. `do("numbers.buy", country="US")` calls a method and returns its result."""
    agent, number = _numbers_and_agents(do, account)
    hook = _webhooks(do, ringback, account, agent)
    _calls(do, ringback, account, agent, number, hook)
    _messages(do, ringback, account, agent, number, hook)
    _contacts(do)
    _usage(do, agent, number)
    _account(do, account, number)
    for method, args in NOT_EMULATED.items():
        do(method, *args)
    _goodbyes(do, agent, number)


def _numbers_and_agents(do: Do, account: Account) -> tuple[Any, Any]:
    agent = do(
        "agents.create",
        "Front desk",
        description="Takes orders",
        voice_mode="webhook",
        begin_message="Bakery, hello.",
        transfer_number="(415) 555-0188",
        max_silence_ms=20_000,
        voice_speed=1.25,
        language="en-GB",
    )
    assert (agent.name, agent.voice_mode, agent.transfer_number) == ("Front desk", "webhook", "+14155550188")
    assert (agent.model_tier, agent.enable_messaging, agent.language) == ("balanced", True, "en-GB")
    assert do("agents.get", agent.id) == agent
    assert do("agents.update", agent.id, description="Takes all orders").description == "Takes all orders"
    assert [found.id for found in do("agents.list").data] == [agent.id]
    assert {"voice_id", "voice_name", "provider"} <= set(do("agents.list_voices")[0])

    offers = do("numbers.available", area_code="415", country="US", limit=3)
    assert [offer.area_code for offer in offers] == ["415"] * 3
    number = do("numbers.buy", area_code="415", external_id="desk-1")
    assert number.phone_number.startswith("+1415")
    assert (number.status, number.type, number.agent_id, number.external_id) == ("active", "sms", None, "desk-1")
    assert do("numbers.get", number.id) == number
    expiry = (account.now + timedelta(days=400)).isoformat().replace("+00:00", "Z")
    assert do("numbers.update", number.id, expires_at=expiry).expires_at == expiry
    (looked_up,) = do("numbers.lookup", [number.phone_number])
    assert (looked_up.phone_number, looked_up.line_type, looked_up.country) == (number.phone_number, "voip", "US")

    attached = do("agents.attach_number", agent.id, number.id)
    assert attached["number"]["phoneNumber"] == number.phone_number
    assert do("agents.detach_number", agent.id, number.id) == {"success": True}
    do("agents.attach_number", agent.id, number.id)
    page = do("numbers.list", limit=1)
    assert (page.total, page.has_more, page.data[0].agent_id) == (1, False, agent.id)

    assert do("numbers.get_contact_card", number.id)["displayName"] is None
    card = do("numbers.set_contact_card", number.id, "Ada", "Lovelace", avatar_url="https://example.com/ada.png")
    assert card == {"firstName": "Ada", "lastName": "Lovelace", "displayName": "Ada Lovelace", "hasAvatar": True}
    assert do("numbers.delete_contact_card", number.id) == {}
    return agent, number


def _webhooks(do: Do, ringback: Ringback, account: Account, agent: Any) -> Receiver:
    hook = ringback.receiver()
    assert do("webhooks.get") is None
    first = do("webhooks.set", hook.url, context_limit=5, timeout=20)
    again = do("webhooks.set", hook.url)
    assert (first.context_limit, first.timeout, again.context_limit, again.timeout) == (5, 20, 10, 30)
    assert first.secret != again.secret
    assert do("webhooks.get") == again
    tried = do("webhooks.test", from_=FRIEND, message="Does this arrive?", channel="imessage")
    assert (tried["success"], tried["httpStatus"]) == (True, 200)
    event = checked(hook.requests[-1], again.secret)
    assert (event.test, event.channel, event.data.message) == (True, "imessage", "Does this arrive?")

    assert do("agents.get_webhook", agent.id) is None
    own = do("agents.set_webhook", agent.id, hook.url + "/agent")
    assert do("agents.get_webhook", agent.id) == own
    assert do("agents.test_webhook", agent.id)["success"]
    assert checked(hook.requests[-1], own.secret).agent_id == agent.id
    (delivery,) = do("agents.list_webhook_deliveries", agent.id)
    assert (delivery.status, delivery.http_status, delivery.attempt_count) == ("success", 200, 1)
    assert do("agents.delete_webhook", agent.id) == {"success": True}
    assert [found.event_type for found in do("webhooks.list_deliveries", hours=1)] == ["agent.message"] * 2
    stats = do("webhooks.get_delivery_stats", hours=1)
    assert (stats.total, stats.success, stats.success_rate) == (2, 2, 100.0)
    assert do("webhooks.get_all_time_stats")["success"] == 2
    hook.clear()
    return hook


def checked(request: Any, secret: str) -> agentphone.WebhookEvent:
    """Return an event that the SDK's own verifier accepted, which checks signature and age."""
    return agentphone.construct_event(
        request.body, request.headers["X-Webhook-Signature"], secret, request.headers["X-Webhook-Timestamp"]
    )


def _calls(do: Do, ringback: Ringback, account: Account, agent: Any, number: Any, hook: Receiver) -> None:
    secret = do("webhooks.get").secret
    hook.respond_with(200, headers={"Content-Type": "application/json"}, body=json.dumps({"text": "It is."}).encode())
    account.script({"to": FRIEND}, turns=["caller: Is my bread ready?"], answer_after=2)
    call = do("calls.make", agent.id, FRIEND, initial_greeting="Bakery here.")
    assert (call.status, call.direction, call.agent_name) == ("in-progress", "outbound", "Front desk")
    assert (call.from_number, call.to_number) == (number.phone_number, FRIEND)
    account.advance(idle=True)
    call = do("calls.get", call.id)
    assert (call.status, call.last_transcript_snippet) == ("completed", "It is.")
    assert [(turn.transcript, turn.response) for turn in call.transcripts] == [
        ("", "Bakery here."),
        ("Is my bread ready?", "It is."),
    ]
    turn, ended = (checked(request, secret) for request in hook.requests)
    assert (turn.event, turn.channel, turn.data.transcript) == ("agent.message", "voice", "Is my bread ready?")
    assert turn.recent_history[0].content == "Bakery here."
    assert (ended.event, ended.data.raw["disconnectionReason"]) == ("agent.call_ended", "user_hangup")
    hook.clear()

    transcript = do("calls.get_transcript", call.id)
    assert [line["role"] for line in transcript["transcript"]] == ["agent", "user", "agent"]
    stream_events = do("calls.stream_transcript", call.id)
    assert [event["event"] for event in stream_events] == ["connected", "turn", "turn", "turn", "ended"]
    assert stream_events[-1]["data"] == {"durationSeconds": call.duration_seconds}
    recording = do("calls.get_recording", call.id)
    assert recording.content_type == "audio/wav"
    with wave.open(io.BytesIO(recording.content)) as sound:
        assert sound.getnframes() / sound.getframerate() == call.duration_seconds

    account.script({"to": FRIEND}, turns=["agent: ignored", "caller: Fine, thank you."], duration=40)
    hosted = do("calls.make_conversation", agent.id, FRIEND, "Ask how they are.", initial_greeting="How are you?")
    account.advance(seconds=10)
    assert do("calls.end", hosted.id)["status"] == "in-progress"
    assert do("calls.get", hosted.id).status == "completed"
    web = do("calls.create_web_call", agent.id, metadata={"page": "/order"})
    assert (web["direction"], web["metadata"], bool(web["accessToken"])) == ("web", {"page": "/order"}, True)
    account.advance(idle=True)
    assert do("calls.list", limit=1).total == 3
    assert [found.id for found in do("calls.list", type="web").data] == [web["id"]]
    assert do("calls.list", status="completed", direction="outbound", search="0177").total == 2
    assert do("numbers.list_calls", number.id).total == 2 + 1
    assert do("agents.list_calls", agent.id).total == 3
    hook.respond_with(200)
    hook.clear()


def _messages(do: Do, ringback: Ringback, account: Account, agent: Any, number: Any, hook: Receiver) -> None:
    secret = do("webhooks.get").secret
    ringback.text(to=number.phone_number, sender=FRIEND, body="Hi, I need help with my order")
    account.advance(idle=True)
    event = checked(hook.requests[-1], secret)
    assert (event.channel, event.data.message, event.data.from_number) == (
        "sms",
        "Hi, I need help with my order",
        FRIEND,
    )
    sent = do("messages.send", agent.id, FRIEND, "Of course, which order is it?")
    assert (sent["status"], sent["channel"], sent["to_number"]) == ("queued", "sms", FRIEND)
    account.advance(minutes=1)
    answered, turn = do("numbers.get_messages", number.id).data
    assert (answered.direction, answered.status, answered.from_number) == ("outbound", "delivered", number.phone_number)
    assert (turn.direction, turn.from_number, turn.to_number) == ("inbound", FRIEND, number.phone_number)
    older = do("numbers.get_messages", number.id, limit=1, before=answered.received_at)
    assert ([message.id for message in older.data], older.has_more) == ([turn.id], False)

    (conversation,) = do("conversations.list").data
    assert (conversation.participant, conversation.message_count) == (FRIEND, 2)
    assert [found.id for found in do("agents.list_conversations", agent.id).data] == [conversation.id]
    whole = do("conversations.get", conversation.id)
    assert [message.id for message in whole.messages] == [turn.id, answered.id]
    assert whole.capabilities.can_send_messages
    changed = do("conversations.update", conversation.id, metadata={"order": 17})
    assert changed.metadata == {"order": 17}
    assert len(do("conversations.get_messages", conversation.id, limit=1).data) == 1

    blue = do("numbers.buy", type="imessage", agent_id=agent.id)
    message = do("messages.send", number_id=blue.id, to_number=FRIEND, body="Ready!", send_style="confetti")
    assert message["channel"] == "imessage"
    made = do("messages.react", message["id"], "love")
    assert (made["reaction_type"], made["message_id"]) == ("love", message["id"])
    ringback.text(to=blue.phone_number, sender=FRIEND, body="Loved “Ready!”")
    account.advance(idle=True)
    reaction = checked(hook.requests[-1], secret)
    assert (reaction.event, reaction.data.reaction_type) == ("agent.reaction", "love")
    in_blue = message["conversation_id"]
    assert do("conversations.send_typing", in_blue)["status"] == "sent"
    background = do("conversations.set_background", in_blue, "https://example.com/bread.jpg")
    assert (background["hasBackground"], background["changed"]) == (True, True)
    assert do("conversations.delete_background", in_blue) == {}
    (shown,) = do("conversations.get", in_blue).messages
    assert sorted(reaction.direction for reaction in shown.reactions) == ["inbound", "outbound"]
    do("numbers.release", blue.id)


def _contacts(do: Do) -> None:
    contact = do("contacts.create", "(415) 555-0177", "Grace", email="grace@example.com", notes="Rye only")
    assert (contact.phone_number, contact.name) == ("+14155550177", "Grace")
    assert do("contacts.get", contact.id) == contact
    assert do("contacts.update", contact.id, name="Grace H.").name == "Grace H."
    assert [found.id for found in do("contacts.list", search="grace h").data] == [contact.id]
    assert do("contacts.get_capabilities", FRIEND)["capabilities"]["sms"] is True
    assert do("contacts.delete", contact.id) == {}


def _usage(do: Do, agent: Any, number: Any) -> None:
    usage = do("usage.get")
    assert (usage.numbers.used, usage.numbers.limit) == (1, 10)
    assert (usage.stats.total_calls, usage.stats.total_messages) == (3, 3)
    assert sum(day.calls for day in do("usage.get_daily", days=2).data) == 3
    assert do("usage.get_monthly", months=2).data[-1].messages == 3
    rows = {row["numberId"]: row for row in do("usage.get_by_number")}
    assert (rows[number.id]["messages"], rows[number.id]["calls"]) == (2, 3)
    (row,) = do("usage.get_by_agent", period="week")["data"]
    assert (row["agentId"], row["messages"], row["calls"]) == (agent.id, 3, 3)


def _account(do: Do, account: Account, number: Any) -> None:
    sub = do("sub_accounts.create", "Uptown")
    assert do("sub_accounts.update", sub["id"], "Downtown")["name"] == "Downtown"
    assert [found["id"] for found in do("sub_accounts.list")] == [sub["id"]]
    assert do("sub_accounts.delete", sub["id"]) == {"success": True}

    account.settings(sms_registration="none")
    assert do("registration.get_status")["campaign_status"] == "none"
    turn = do("registration.register", **REGISTRATION)
    assert (turn["ok"], turn["campaign_status"], turn["fee_cents"]) == (True, "pending", 2500)
    assert do("registration.update", brand_name="Ada's")["brand"]["brand_name"] == "Ada's"
    account.advance(days=10)
    assert do("registration.get")["campaign_status"] == "approved"

    refreshed = do("location.refresh")
    account.advance(seconds=refreshed.poll_after_seconds)
    place = do("location.get", number.phone_number)
    assert (place.status, place.last_updated) == ("located", int(account.now.timestamp()))


def _goodbyes(do: Do, agent: Any, number: Any) -> None:
    assert do("webhooks.delete") == {"success": True}
    assert do("agents.delete", agent.id) == {"success": True, "id": agent.id, "name": "Front desk"}
    released = do("numbers.release", number.id)
    assert released == {"success": True, "phoneNumber": number.phone_number, "status": "released"}
    assert do("numbers.get", number.id).status == "released"


def now() -> datetime:
    """Return the real time, to the second, with which the SDK's verifier compares."""
    return datetime.now(UTC).replace(microsecond=0)
