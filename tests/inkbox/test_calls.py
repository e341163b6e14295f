"""Calls: placed, received, decided by a webhook, hung up; limits, both layouts of paths, transcripts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Ringback
from tests.inkbox.conftest import FRIEND, OTHER, PHONE, UNKNOWN_ID, Hook, Provision, accept, error, field
from tests.support.contract import Contract

NOWHERE = "ws://127.0.0.1:9/call"


def handle(http: httpx.Client, number: dict[str, Any], action: str, **more: Any) -> None:
    body = {"incoming_call_action": action, **more}
    response = http.patch(f"{PHONE}/numbers/{number['id']}", json=body)
    assert response.status_code == 200, response.text


def call_of(http: httpx.Client, id_: str) -> dict[str, Any]:
    seen: dict[str, Any] = http.get(f"{PHONE}/calls/{id_}").json()
    return seen


def place(http: httpx.Client, number: dict[str, Any], **body: Any) -> httpx.Response:
    given = {"to_number": FRIEND, "from_number": number["number"], "mode": "hosted_agent", "reason": "Book a table"}
    return http.post(f"{PHONE}/place-call", json={name: value for name, value in (given | body).items() if value != ""})


def said(http: httpx.Client, id_: str) -> list[tuple[str, str]]:
    return [(row["party"], row["text"]) for row in http.get(f"{PHONE}/calls/{id_}/transcripts").json()]


# -- placing ------


def test_a_hosted_agent_follows_its_script(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    account.script({"to": FRIEND, "kind": "call"}, turns=["caller: Hello?", "agent: A table, please.", "caller: Sure."])
    placed = place(http, number).json()
    assert (placed["status"], placed["mode"], placed["reason"]) == ("initiated", "hosted_agent", "Book a table")
    assert placed["rate_limit"]["calls_used"] == 1
    account.advance(seconds=1)
    assert call_of(http, placed["id"])["status"] == "ringing"
    account.advance(seconds=2)
    assert call_of(http, placed["id"])["status"] == "answered"
    assert said(http, placed["id"]) == []
    account.advance(idle=True)
    ended = call_of(http, placed["id"])
    assert (ended["status"], ended["hangup_reason"]) == ("completed", "remote")
    assert said(http, placed["id"]) == [("remote", "Hello?"), ("local", "A table, please."), ("remote", "Sure.")]
    (event,) = hook.events
    assert event["event_type"] == "call.ended"
    assert event["data"]["outcome"] == "completed"
    assert [entry["text"] for entry in event["data"]["transcript"]["entries"]] == [
        "Hello?",
        "A table, please.",
        "Sure.",
    ]
    transcript = http.get(event["data"]["transcript_url"]).json()
    assert [row["seq"] for row in transcript] == [0, 1, 2]
    assert [row["ts_ms"] for row in transcript] == sorted(row["ts_ms"] for row in transcript)
    assert http.get(f"{PHONE}/calls/{placed['id']}/tool-invocations").json() == {
        "items": [],
        "limit": 50,
        "offset": 0,
        "has_more": False,
    }


WORK = {
    "tool_invocations": [
        {"tool_name": "send_text", "at": 20, "takes": 4, "status": "failed"},
        {"tool_name": "look_up", "at": 5, "takes": 2, "result": {"open_until": "18:00"}},
        {"tool_name": "never_used", "at": 50},
    ],
    "post_call_action_items": [{"action": "Call back", "details": "After six"}, {"action": "Send the menu"}],
}


def test_a_hosted_agent_invokes_tools_and_leaves_action_items(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    handle(http, number, "hosted_agent")
    id_ = account.call(number["number"], FRIEND, answer_after=0, duration=30, analysis=WORK)
    log = f"{PHONE}/calls/{id_}/tool-invocations"
    account.advance(seconds=5)
    (first,) = http.get(log).json()["items"]
    assert (first["tool_name"], first["status"], first["result"], first["completed_at"]) == (
        "look_up",
        "started",
        None,
        None,
    )
    assert (first["call_id"], first["started_at"]) == (id_, "2026-01-01T00:00:05Z")
    assert call_of(http, id_)["post_call_action_items"] == []
    kept = ringback.snapshot()
    account.advance(minutes=1)
    ended = http.get(log).json()
    ringback.restore(kept)
    account.advance(minutes=1)
    assert http.get(log).json() == ended
    assert [(tool["tool_name"], tool["status"], tool["completed_at"]) for tool in ended["items"]] == [
        ("look_up", "succeeded", "2026-01-01T00:00:07Z"),
        ("send_text", "failed", "2026-01-01T00:00:24Z"),
    ]
    assert ended["items"][0]["id"] == first["id"]
    assert http.get(f"{log}?limit=1").json() == {**ended, "items": ended["items"][:1], "limit": 1, "has_more": True}
    items = call_of(http, id_)["post_call_action_items"]
    assert [(item["seq"], item["action"], item["details"], item["status"]) for item in items] == [
        (1, "Call back", "After six", "open"),
        (2, "Send the menu", None, "open"),
    ]
    assert [event["data"]["post_call_action_items"] for event in hook.events] == [items, items]


def test_a_call_without_a_hosted_agent_has_no_tools_or_action_items(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    id_ = account.call(number["number"], FRIEND, analysis=WORK)
    account.advance(minutes=2)
    assert http.get(f"{PHONE}/calls/{id_}/tool-invocations").json()["items"] == []
    assert call_of(http, id_)["post_call_action_items"] == []


@pytest.mark.parametrize(
    ("analysis", "param"),
    [
        ({"disposition": "hot_lead"}, "analysis"),
        ({"tool_invocations": [{}]}, "analysis.tool_invocations[0].tool_name"),
        ({"tool_invocations": [{"tool_name": ""}]}, "analysis.tool_invocations[0]"),
        ({"tool_invocations": [{"tool_name": "x", "at": -1}]}, "analysis.tool_invocations[0]"),
        ({"tool_invocations": [{"tool_name": "x", "status": "started"}]}, "analysis.tool_invocations[0].status"),
        ({"post_call_action_items": [{"action": 3}]}, "analysis.post_call_action_items[0].action"),
        ({"post_call_action_items": [{"action": "x"}] * 201}, "analysis"),
    ],
)
def test_an_invalid_analysis_is_rejected(
    account: Account, number: dict[str, Any], analysis: dict[str, Any], param: str
) -> None:
    for declare in (
        lambda: account.call(number["number"], FRIEND, analysis=analysis),
        lambda: account.script({"kind": "call"}, analysis=analysis),
    ):
        with pytest.raises(ControlError) as rejected:
            declare()
        assert (rejected.value.status, rejected.value.param) == (422, f"script.{param}")


@pytest.mark.parametrize(
    ("end", "status", "reason", "outcome"),
    [
        ("no_answer", "canceled", None, "no_answer"),
        ("busy", "failed", "rejected", "declined"),
        ("failed", "failed", None, "failed"),
    ],
)
def test_an_unanswered_call_ends_as_its_script_says(
    account: Account,
    http: httpx.Client,
    number: dict[str, Any],
    hook: Hook,
    end: str,
    status: str,
    reason: str | None,
    outcome: str,
) -> None:
    account.script({"kind": "call"}, end=end)
    id_ = place(http, number).json()["id"]
    account.advance(idle=True)
    ended = call_of(http, id_)
    assert (ended["status"], ended["hangup_reason"], ended["started_at"]) == (status, reason, None)
    (event,) = hook.events
    assert (event["data"]["outcome"], event["data"]["transcript"]) == (outcome, None)
    assert event["data"]["call"]["duration_seconds"] is None


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"to_number": "5551234567"}, "to_number"),
        ({"to_number": None}, "to_number"),
        ({"from_number": ""}, "from_number"),
        ({"reason": ""}, "reason"),
        ({"client_websocket_url": "wss://agent.example.com/"}, "client_websocket_url"),
        ({"mode": "client_websocket"}, "client_websocket_url"),
        ({"mode": "client_websocket", "client_websocket_url": "https://agent.example.com/"}, "client_websocket_url"),
        ({"mode": "client_websocket", "client_websocket_url": "wss://10.0.0.1/"}, "client_websocket_url"),
        ({"mode": "client_websocket", "client_websocket_url": NOWHERE}, "reason"),
        (
            {
                "mode": "client_websocket",
                "client_websocket_url": NOWHERE,
                "reason": "",
                "on_voicemail": "leave_message",
            },
            "on_voicemail",
        ),
        (
            {
                "mode": "client_websocket",
                "client_websocket_url": NOWHERE,
                "reason": "",
                "hosted_agent_authority_mode": "yolo",
            },
            "hosted_agent_authority_mode",
        ),
        ({"on_voicemail": "hang_up", "voicemail_message": "Hello"}, "voicemail_message"),
        ({"voicemail_message": "x" * 1001}, "voicemail_message"),
        ({"origination": "shared_imessage_number"}, "origination"),
        ({"origination": "carrier_pigeon"}, "origination"),
        ({"mode": "telepathy"}, "mode"),
        (
            {"on_voicemail": "ignore", "voicemail_detection": "enabled"},
            "voicemail_detection and on_voicemail contradict each other.",
        ),
        ({"agent_identity_id": "x", "from_number": ""}, "agent_identity_id"),
    ],
)
def test_an_invalid_call_is_rejected_and_not_placed(
    http: httpx.Client, number: dict[str, Any], body: dict[str, Any], where: str
) -> None:
    assert field(place(http, number, **body)) == where
    assert http.get(f"{PHONE}/numbers/{number['id']}/calls").json() == []
    assert place(http, number).json()["rate_limit"]["calls_used"] == 1


def test_calls_come_from_an_own_number_only(http: httpx.Client, number: dict[str, Any]) -> None:
    assert place(http, number, from_number="+12125550100").status_code == 400
    assert field(place(http, number, to_number=number["number"])) == "to_number"
    assert place(http, number, from_number="", agent_identity_id=UNKNOWN_ID).status_code == 404
    assert place(http, number, from_number="", agent_identity_id=number["agent_identity_id"]).status_code == 200
    http.post("/api/v1/identities/", json={"agent_handle": "bare"})
    bare = http.get("/api/v1/identities/bare").json()["id"]
    assert place(http, number, from_number="", agent_identity_id=bare).status_code == 400


def test_only_an_admin_widens_the_authority_of_a_call(
    http: httpx.Client, number: dict[str, Any], agent_http: httpx.Client
) -> None:
    def calls_with(client: httpx.Client, **body: Any) -> Any:
        response = place(client, number, **body)
        return response.json()["hosted_agent_authority_mode"] if response.status_code == 200 else response.status_code

    assert calls_with(agent_http) == "contact_scoped"
    assert calls_with(agent_http, hosted_agent_authority_mode="yolo") == 403
    assert calls_with(http, hosted_agent_authority_mode="yolo") == "yolo"
    body = {"agent_identity_id": number["agent_identity_id"], "authority_mode": "yolo"}
    assert agent_http.put(f"{PHONE}/hosted-agent-config/authority-mode", json=body).status_code == 403
    assert http.put(f"{PHONE}/hosted-agent-config/authority-mode", json=body).json()["authority_mode"] == "yolo"
    assert calls_with(agent_http) == "yolo"
    assert calls_with(agent_http, hosted_agent_authority_mode="contact_scoped") == "contact_scoped"


@pytest.mark.parametrize(
    ("on_voicemail", "message", "lines"),
    [
        ("hang_up", None, ["Leave a message."]),
        ("leave_message", "Call me back.", ["Leave a message.", "Call me back."]),
        ("leave_message", None, ["Leave a message.", "Book a table"]),
    ],
)
def test_a_voicemail_answers(
    account: Account,
    http: httpx.Client,
    number: dict[str, Any],
    on_voicemail: str,
    message: str | None,
    lines: list[str],
) -> None:
    account.script({"kind": "call"}, voicemail="Leave a message.")
    placed = place(http, number, on_voicemail=on_voicemail, voicemail_message=message).json()
    account.advance(idle=True)
    ended = call_of(http, placed["id"])
    assert (ended["status"], ended["hangup_reason"], ended["on_voicemail"]) == ("completed", "voicemail", on_voicemail)
    assert ended["voicemail_detection"] == "enabled"
    assert [text for _, text in said(http, placed["id"])] == lines


# -- limits ------


def test_an_account_places_a_hundred_calls_in_24_hours(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    account.script({"kind": "call"}, end="busy")
    for placed in range(1, 101):
        limit = place(http, number).json()["rate_limit"]
        assert (limit["calls_used"], limit["calls_remaining"], limit["calls_limit"]) == (placed, 100 - placed, 100)
    account.advance(hours=1)
    rejected = place(http, number)
    assert rejected.status_code == 429
    assert rejected.headers["x-ratelimit-limit"] == "100"
    assert rejected.headers["x-ratelimit-remaining"] == "0"
    wait = int(rejected.headers["retry-after"])
    assert wait == 23 * 3600
    assert int(rejected.headers["x-ratelimit-reset"]) == 1767225600 + 24 * 3600
    account.advance(seconds=wait - 1)
    assert place(http, number).status_code == 429
    account.advance(seconds=1)
    assert place(http, number).json()["rate_limit"]["calls_used"] == 1


def test_an_account_has_a_hundred_minutes_in_24_hours(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    for minutes in (60, 39):
        account.script({"kind": "call"}, turns=[], duration=minutes * 60)
        place(http, number)
        account.advance(idle=True)
    placed = place(http, number).json()["rate_limit"]
    assert (placed["minutes_used"], placed["minutes_remaining"], placed["minutes_limit"]) == (99.0, 1.0, 100)
    account.script({"kind": "call"}, turns=[], duration=90)
    place(http, number)
    account.advance(idle=True)
    rejected = place(http, number)
    assert rejected.status_code == 429
    account.advance(seconds=int(rejected.headers["retry-after"]))
    assert place(http, number).status_code == 200


def test_limits_can_be_removed(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    account.settings(calls_per_day=1)
    assert place(http, number).status_code == 200
    assert place(http, number).status_code == 429
    account.settings(calls_per_day=None, call_minutes_per_day=None)
    assert place(http, number).json()["rate_limit"]["calls_remaining"] > 1000


# -- receiving ------


def test_a_number_rejects_calls_by_default(
    account: Account, http: httpx.Client, number: dict[str, Any], hook: Hook
) -> None:
    id_ = account.call(number["number"], FRIEND)
    seen = call_of(http, id_)
    assert (seen["status"], seen["hangup_reason"], seen["is_blocked"]) == ("failed", "rejected", False)
    account.advance(idle=True)
    assert hook.kinds == ["call.ended"]


def test_the_hosted_agent_answers_a_call(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    handle(http, number, "hosted_agent")
    id_ = account.call(number["number"], FRIEND, turns=["agent: Hello", "caller: A pizza"])
    account.advance(idle=True)
    assert call_of(http, id_)["mode"] == "hosted_agent"
    assert said(http, id_) == [("local", "Hello"), ("remote", "A pizza")]


@pytest.mark.parametrize(
    ("target", "end", "status", "passage"),
    [
        (("phone", "forwarding_phone_number", OTHER), "completed", "completed", "forwarded"),
        (("sip", "forwarding_sip_uri", "sip:desk@pbx.example.com"), "completed", "completed", "forwarded"),
        (("phone", "forwarding_phone_number", OTHER), "busy", "failed", "failed"),
    ],
)
def test_a_call_is_forwarded(
    account: Account,
    http: httpx.Client,
    number: dict[str, Any],
    target: tuple[str, str, str],
    end: str,
    status: str,
    passage: str,
) -> None:
    kind, name, address = target
    handle(http, number, "forward", forwarding_target_type=kind, **{name: address})
    id_ = account.call(number["number"], FRIEND, end=end)
    (dialing,) = call_of(http, id_)["forwardings"]
    assert (dialing["status"], dialing["target"], dialing["target_type"]) == ("dialing", address, kind)
    account.advance(idle=True)
    ended = call_of(http, id_)
    assert ended["status"] == status
    assert (ended["forwardings"][0]["status"], ended["forwardings"][0]["ended_at"] is None) == (passage, False)
    assert ended["connections"][0]["kind"] == "handoff"
    assert said(http, id_) == []


REPLIES: list[tuple[str, bytes, str, str | None]] = [
    ("answered", b'{"action":"answer"}', "answered", None),
    ("rejected", b'{"action":"reject"}', "failed", "rejected"),
    ("ignored", b'{"action":"ignore"}', "canceled", None),
    ("nonsense", b"yes", "failed", "rejected"),
    ("another word", b'{"action":"hold"}', "failed", "rejected"),
    ("a list", b"[]", "failed", "rejected"),
    ("no socket", b'{"action":"answer","client_websocket_url":"https://agent.example.com"}', "failed", "rejected"),
]


@pytest.mark.parametrize(("body", "status", "reason"), [row[1:] for row in REPLIES], ids=[row[0] for row in REPLIES])
def test_a_webhook_decides(
    ringback: Ringback,
    account: Account,
    http: httpx.Client,
    number: dict[str, Any],
    serve: Any,
    echo: Any,
    body: bytes,
    status: str,
    reason: str | None,
) -> None:
    agent, receiver = echo.EchoAgent(), ringback.receiver()
    receiver.respond_with(200, body=body)
    url = serve(agent.application())
    handle(http, number, "webhook", incoming_call_webhook_url=receiver.url, client_websocket_url=url)
    id_ = account.call(number["number"], FRIEND, turns=["caller: Hello there, agent"])
    account.advance(seconds=2)
    (question,) = receiver.events
    assert (question["id"], question["direction"], question["remote_phone_number"]) == (id_, "inbound", FRIEND)
    assert question["phone_number_id"] == number["id"]
    request = receiver.requests[0]
    assert Contract.load("inkbox").check_webhook("incomingCall", dict(request.headers), request.body) == []
    account.advance(seconds=0 if status == "answered" else 30)
    seen = call_of(http, id_)
    assert (seen["status"], seen["hangup_reason"]) == (status, reason)
    (row,) = http.get("/api/v1/webhooks/deliveries", params={"phone_number_id": number["id"]}).json()["deliveries"]
    assert (row["event_type"], row["response_status"], row["replayable"]) == ("phone.incoming_call", 200, False)
    assert http.post(f"/api/v1/webhooks/deliveries/{row['id']}/replay").status_code == 422


def test_a_webhook_that_fails_rejects_the_call(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    receiver = ringback.receiver()
    handle(http, number, "webhook", incoming_call_webhook_url=receiver.url, client_websocket_url=NOWHERE)
    receiver.respond_with(503, body=b'{"action":"answer"}')
    first = account.call(number["number"], FRIEND)
    account.advance(seconds=1)
    assert call_of(http, first)["hangup_reason"] == "rejected"
    receiver.stop()
    second = account.call(number["number"], FRIEND)
    account.advance(seconds=1)
    assert call_of(http, second)["hangup_reason"] == "rejected"


def test_a_caller_who_hangs_up_is_not_answered(
    ringback: Ringback, account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    receiver = ringback.receiver()
    receiver.respond_with(200, body=b'{"action":"answer"}')
    handle(http, number, "webhook", incoming_call_webhook_url=receiver.url, client_websocket_url=NOWHERE)
    id_ = account.call(number["number"], FRIEND, end="no_answer")
    account.advance(idle=True)
    assert call_of(http, id_)["status"] == "canceled"


# -- hanging up, lists, both layouts ------


def test_a_live_call_is_hung_up_by_the_api(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    account.script({"kind": "call"}, turns=[], duration=600)
    id_ = place(http, number).json()["id"]
    account.advance(seconds=63)
    ended = http.post(f"{PHONE}/calls/{id_}/hangup")
    assert (ended.json()["status"], ended.json()["hangup_reason"]) == ("completed", "local")
    again = http.post(f"{PHONE}/calls/{id_}/hangup")
    assert again.status_code == 409
    assert call_of(http, id_)["ended_at"] == "2026-01-01T00:01:03Z"
    assert http.post(f"{PHONE}/calls/{UNKNOWN_ID}/hangup").status_code == 404


def test_both_layouts_of_paths_show_the_same_calls(account: Account, http: httpx.Client, provision: Provision) -> None:
    mine, other = provision("mine"), provision("other")
    handle(http, mine, "hosted_agent")
    ids = [account.call(mine["number"], FRIEND, turns=["caller: One", "agent: Two"]) for _ in range(3)]
    account.call(other["number"], FRIEND)
    account.advance(idle=True)
    old = f"{PHONE}/numbers/{mine['id']}/calls"
    listed = http.get(old).json()
    assert [call["id"] for call in listed] == ids[::-1]
    query = {"agent_identity_id": mine["agent_identity_id"]}
    assert http.get(f"{PHONE}/calls", params=query).json() == listed
    assert http.get(f"{PHONE}/calls", params={**query, "limit": 1, "offset": 1}).json() == listed[1:2]
    assert http.get(f"{old}/{ids[0]}").json() == call_of(http, ids[0])
    assert http.get(f"{old}/{ids[0]}/transcripts").json() == http.get(f"{PHONE}/calls/{ids[0]}/transcripts").json()
    assert http.get(f"{PHONE}/numbers/{other['id']}/calls/{ids[0]}").status_code == 404
    assert http.get(f"{PHONE}/calls", params={**query, "start_datetime": "2026-01-02"}).json() == []
    assert len(http.get(old, params={"end_datetime": "2026-01-01"}).json()) == 3
    assert field(http.get(f"{PHONE}/calls")) == "agent_identity_id"


def test_transcripts_are_searched(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    handle(http, number, "hosted_agent")
    first, second = (
        account.call(number["number"], FRIEND, turns=["agent: Your REFUND is on its way", f"caller: {text}"])
        for text in ("Which refund?", "Gracias, señor")
    )
    account.advance(idle=True)

    def found(query: str, **more: Any) -> list[tuple[str, str]]:
        rows = http.get(f"{PHONE}/numbers/{number['id']}/search", params={"q": query, **more}).json()
        return [(row["call_id"], row["party"]) for row in rows]

    assert found("refund") in (
        [(first, "remote"), (second, "local"), (first, "local")],
        [(second, "local"), (first, "remote"), (first, "local")],
    )
    assert found("refund", party="remote") == [(first, "remote")]
    assert found("WAY your", party="local", limit=1) == [(second, "local")]
    assert found("senor") == [(second, "remote")]
    assert found("pizza") == []
    for query in ({"q": ""}, {"q": "x", "party": "both"}, {"q": "x", "limit": 500}):
        assert http.get(f"{PHONE}/numbers/{number['id']}/search", params=query).status_code == 422


def test_a_released_number_ends_its_calls(account: Account, http: httpx.Client, number: dict[str, Any]) -> None:
    account.script({"kind": "call"}, turns=[], duration=600)
    id_ = place(http, number).json()["id"]
    account.advance(seconds=10)
    assert http.delete(f"{PHONE}/numbers/{number['id']}").status_code == 204
    assert call_of(http, id_)["status"] == "completed"
    assert error(http.get(f"{PHONE}/numbers/{number['id']}/calls")) == (404, "")


def test_a_call_ends_if_its_agent_cannot_be_reached(
    account: Account, http: httpx.Client, number: dict[str, Any]
) -> None:
    accept(http, number, NOWHERE)
    id_ = account.call(number["number"], FRIEND)
    account.advance(seconds=3)
    seen = call_of(http, id_)
    assert (seen["status"], seen["hangup_reason"], seen["use_inkbox_tts"]) == ("failed", "local", None)
