"""Calls: driven by a webhook or a script, waiting, streams, recordings, charges."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback.testing import Account, ControlError, Receiver, Ringback
from tests.agentphone.conftest import FRIEND, Json, Make, code, events, ok, respond

Desk = Callable[..., tuple[Json, Json]]


def ring(account: Account, number: Json, *turns: str, **script: Any) -> str:
    """Receive a call and play it to its end."""
    id_ = account.call(number["phoneNumber"], FRIEND, turns=list(turns), **script)
    account.advance(idle=True)
    return id_


def get_call(http: httpx.Client, id_: str) -> Json:
    call: Json = ok(http.get(f"/v1/calls/{id_}"))
    return call


def turns_of(call: Json) -> list[tuple[str, str | None]]:
    return [(turn["transcript"], turn["response"]) for turn in call["transcripts"]]


# -- driven by a webhook ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "response", "reason"),
    [
        ({"text": "It is."}, "It is.", "user_hangup"),
        ({"text": "Bye.", "hangup": True}, "Bye.", "agent_hangup"),
        ({"text": "Bye.", "action": "hangup"}, "Bye.", "agent_hangup"),
        ({"hangup": True}, None, "agent_hangup"),
        ({"text": "A moment.", "action": "transfer"}, "A moment.", "call_transfer"),
        ({"action": "transfer"}, None, "call_transfer"),
        ({"text": "Pressing.", "digits": "12#"}, "Pressing.", "user_hangup"),
        ({}, None, "user_hangup"),
        ({"text": ""}, None, "user_hangup"),
        ({"text": 7, "hangup": "yes", "action": "dance"}, None, "user_hangup"),
        ({"text": "Hm.", "interim": True}, "Hm.", "user_hangup"),
    ],
)
def test_the_agent_does_what_the_webhook_responds(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk, reply: Json, response: str | None, reason: str
) -> None:
    _, number = desk(transferNumber="+12125550188")
    respond(hook, reply)
    call = get_call(http, ring(account, number, "caller: Is it ready?"))
    assert turns_of(call) == [("Is it ready?", response)]
    (ended,) = events(hook, "agent.call_ended")
    assert ended["data"]["disconnectionReason"] == reason


@pytest.mark.parametrize(
    ("reply", "response"),
    [
        ('{"text":"One","interim":true}\n{"text":"two"}\n', "One two"),
        ('{"text":"One","interim":true}\n\n{"text":"two","interim":true}\n{"text":"three"}', "One two three"),
        ('{"text":"One"}\n{"text":"never"}\n', "One"),
        ('{"text":"One","interim":true}\n', "One"),
        ('{"text":"One","interim":true}\nnot json\n{"text":"never"}\n', "One"),
        ("", None),
        ("[1]\n", None),
    ],
)
def test_ndjson_lines_are_said_until_one_closes_the_turn(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk, reply: str, response: str | None
) -> None:
    _, number = desk()
    respond(hook, reply)
    assert turns_of(get_call(http, ring(account, number, "caller: Well?"))) == [("Well?", response)]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda hook: hook.respond_with(500, headers={"Content-Type": "application/json"}, body=b'{"text":"no"}'),
        lambda hook: hook.respond_with(302, headers={"Location": "/elsewhere"}),
        lambda hook: hook.respond_with(200, body=b"plain words"),
        lambda hook: hook.respond_with(200, headers={"Content-Type": "application/json"}, body=b"[1, 2]"),
        lambda hook: hook.respond_with(200, headers={"Content-Type": "application/json"}, body=b"\xff"),
        lambda hook: hook.respond_with(200, headers={"Content-Type": "application/json"}, body=b"[" * 2_000),
        lambda hook: hook.stop(),
    ],
)
def test_an_invalid_response_is_silence_and_the_caller_goes_on(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk, spoil: Callable[[Receiver], None]
) -> None:
    _, number = desk()
    spoil(hook)
    id_ = account.call(number["phoneNumber"], FRIEND, turns=["caller: Hello", "caller: Anybody"], answer_after=0)
    account.advance(seconds=10)
    call = get_call(http, id_)
    assert turns_of(call) == [("Hello", None), ("Anybody", None)]
    assert (call["status"], call["durationSeconds"]) == ("completed", 4)


def test_a_webhook_timeout_is_silence(ringback: Ringback) -> None:
    account = ringback.account("agentphone", webhook_timeout=0.05)
    hook = ringback.receiver()
    hook.respond_with(None)
    with account.client() as http:
        ok(http.post("/v1/webhooks", json={"url": hook.url, "timeout": 5}))
        number = ok(http.post("/v1/numbers", json={}))
        id_ = account.call(number["phoneNumber"], FRIEND, turns=["caller: Hello"])
        account.advance(seconds=20)
        assert turns_of(get_call(http, id_)) == [("Hello", None)]
        (delivery,) = [
            row for row in ok(http.get("/v1/webhooks/deliveries"))["items"] if row["eventType"] == "agent.message"
        ]
        assert (delivery["status"], delivery["attemptCount"], delivery["nextRetryAt"]) == ("failed", 1, None)


def test_each_turn_event_has_the_recent_history(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk
) -> None:
    desk_, number = desk(beginMessage="Hello there.", sttMode="accurate")
    ok(http.post("/v1/webhooks", json={"url": hook.url, "contextLimit": 2}))
    respond(hook, {"text": "Yes."})
    ring(account, number, "caller: One", "caller: Two")
    first, second = events(hook, "agent.message")
    assert [item["content"] for item in first["recentHistory"]] == ["Hello there."]
    assert [item["content"] for item in second["recentHistory"]] == ["One", "Yes."]
    assert (second["agentId"], second["channel"], second["data"]["confidence"]) == (desk_["id"], "voice", 0.97)
    assert (second["data"]["from"], second["data"]["to"]) == (FRIEND, number["phoneNumber"])


def test_an_agents_own_webhook_takes_precedence_over_the_accounts(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, desk: Desk
) -> None:
    made, number = desk()
    own = ringback.receiver()
    respond(own, {"text": "Mine."})
    ok(http.post(f"/v1/agents/{made['id']}/webhook", json={"url": own.url}))
    assert turns_of(get_call(http, ring(account, number, "caller: Whose?"))) == [("Whose?", "Mine.")]
    assert hook.requests == []
    ok(http.delete(f"/v1/agents/{made['id']}/webhook"))
    respond(hook, {"text": "Everybody's."})
    assert turns_of(get_call(http, ring(account, number, "caller: Whose?"))) == [("Whose?", "Everybody's.")]
    assert len(own.requests) == 2


def test_the_caller_can_interrupt_the_agent(account: Account, http: httpx.Client, hook: Receiver, desk: Desk) -> None:
    _, number = desk()
    respond(hook, {"text": "This is a very long explanation of very little."})
    id_ = account.call(
        number["phoneNumber"],
        FRIEND,
        turns=[("caller", "Why", 0.0), ("caller", "Stop", 1.5)],
        duration=4,
        answer_after=0,
    )
    account.advance(idle=True)
    assert [turn["at"] for turn in ok_turns(account, id_)] == [0.0, 0.4, 1.5, 1.9]


def ok_turns(account: Account, id_: str) -> list[Json]:
    """Return the turns of a call, as the control API shows them."""
    calls = account._ringback.control.get(f"/calls?account_id={account.id}")["data"]
    turns: list[Json] = next(call["turns"] for call in calls if call["call_id"] == id_)
    return turns


def test_long_silence_ends_a_call(account: Account, http: httpx.Client, hook: Receiver, desk: Desk) -> None:
    _, number = desk(maxSilenceMs=10_000)
    id_ = ring(account, number, "caller: Hello", duration=300)
    assert get_call(http, id_)["durationSeconds"] == 10
    assert events(hook, "agent.call_ended")[0]["data"]["disconnectionReason"] == "inactivity"


def test_no_call_is_longer_than_an_hour(account: Account, http: httpx.Client, hook: Receiver, desk: Desk) -> None:
    _, number = desk(maxSilenceMs=3_600_000)
    respond(hook, {"text": "Go on."})
    id_ = ring(account, number, "caller: Hello", duration=7200)
    assert get_call(http, id_)["durationSeconds"] == 3600


def test_the_agent_leaves_a_message_on_an_answering_machine(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk
) -> None:
    made, _ = desk(voicemailMessage="Please call back.")
    account.script({"to": FRIEND}, voicemail="No one is home. Speak after the tone.")
    id_ = ok(http.post("/v1/calls", json={"agentId": made["id"], "toNumber": FRIEND}))["id"]
    account.advance(idle=True)
    assert turns_of(get_call(http, id_)) == [("No one is home. Speak after the tone.", "Please call back.")]
    assert events(hook, "agent.message") == []
    assert events(hook, "agent.call_ended")[0]["data"]["disconnectionReason"] == "voicemail_reached"


@pytest.mark.parametrize("prompt", [None, "Be kind."])
def test_the_agent_hangs_up_on_a_machine_without_a_voicemail_message(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk, prompt: str | None
) -> None:
    made, _ = desk()
    account.script({"to": FRIEND}, voicemail="Speak after the tone.")
    body = {"agentId": made["id"], "toNumber": FRIEND, "systemPrompt": prompt}
    id_ = ok(http.post("/v1/calls", json=body))["id"]
    account.advance(idle=True)
    assert turns_of(get_call(http, id_)) == [("Speak after the tone.", None)]


# -- driven by a script -----------------------------------------------------------------------------------------------


def test_without_a_webhook_the_script_speaks_for_both_sides(account: Account, http: httpx.Client, desk: Desk) -> None:
    _, number = desk(beginMessage="Hello from the desk.")
    call = get_call(http, ring(account, number, "caller: Good day", "agent: And to you"))
    assert turns_of(call) == [("", "Hello from the desk."), ("Good day", "And to you")]
    stock = get_call(http, account.call(number["phoneNumber"], FRIEND))
    assert (stock["status"], stock["direction"], stock["transcripts"]) == ("ringing", "inbound", [])
    account.advance(idle=True)
    assert get_call(http, stock["id"])["transcripts"][0]["response"].startswith("Hello from the desk.")


def test_a_prompt_makes_a_call_hosted_which_costs_more(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk
) -> None:
    made, _ = desk()
    before = account.balance
    prices = {}
    for prompt in (None, "Be brief."):
        account.script({"to": FRIEND}, turns=["caller: Hello", "agent: Hi"], duration=60)
        respond(hook, {})
        body = {"agentId": made["id"], "toNumber": FRIEND} | ({"systemPrompt": prompt} if prompt else {})
        ok(http.post("/v1/calls", json=body))
        account.advance(idle=True)
        prices[prompt], before = before - account.balance, account.balance
    assert prices == {None: Decimal("0.13"), "Be brief.": Decimal("0.22")}
    assert len(events(hook, "agent.message")) == 1


@pytest.mark.parametrize(
    ("end", "status", "reason"),
    [
        ("no_answer", "no-answer", "dial_no_answer"),
        ("busy", "busy", "dial_busy"),
        ("failed", "failed", "dial_failed"),
    ],
)
def test_an_unanswered_call_costs_nothing(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk, end: str, status: str, reason: str
) -> None:
    made, _ = desk()
    before = account.balance
    account.script({"to": FRIEND}, end=end)
    id_ = ok(http.post("/v1/calls", json={"agentId": made["id"], "toNumber": FRIEND}))["id"]
    account.advance(idle=True)
    call = get_call(http, id_)
    assert (call["status"], call["durationSeconds"], call["recordingAvailable"]) == (status, 0, False)
    data = events(hook, "agent.call_ended")[0]["data"]
    assert (data["disconnectionReason"], data["transcript"], data["callSuccessful"]) == (reason, [], False)
    assert account.balance == before


def test_a_script_sets_the_analysis_of_a_call(account: Account, hook: Receiver, desk: Desk, http: httpx.Client) -> None:
    _, number = desk()
    found = {"summary": "Wants bread.", "userSentiment": "Positive", "callSuccessful": False}
    ring(account, number, "caller: Bread!", analysis=found)
    data = events(hook, "agent.call_ended")[0]["data"]
    assert {name: data[name] for name in found} == found
    for bad, param in (({"mood": "good"}, "analysis.mood"), ({"callSuccessful": "yes"}, "analysis.callSuccessful")):
        with pytest.raises(ControlError, match=param.split(".")[1]):
            account.call(number["phoneNumber"], FRIEND, analysis=bad)


def test_the_end_event_names_the_contact_who_called(
    account: Account, http: httpx.Client, hook: Receiver, desk: Desk
) -> None:
    _, number = desk()
    ok(http.post("/v1/contacts", json={"phoneNumber": FRIEND, "name": "Grace"}), 201)
    ring(account, number, "caller: It is me")
    contact = events(hook, "agent.call_ended")[0]["data"]["contact"]
    assert (contact["name"], contact["phoneNumber"]) == ("Grace", FRIEND)


# -- placing ---------------------------------------------------------------------------------------------------------


def test_a_call_needs_an_agent_a_number_a_driver_and_money(
    ringback: Ringback, http: httpx.Client, agent: Make, buy: Make
) -> None:
    made = agent()
    call = {"agentId": made["id"], "toNumber": FRIEND}
    assert code(http.post("/v1/calls", json={**call, "agentId": "agt_0"})) == (404, "AGENT_NOT_FOUND")
    assert code(http.post("/v1/calls", json=call)) == (400, "NUMBER_NOT_ATTACHED")
    strange, own = buy(), buy(agentId=made["id"])
    assert code(http.post("/v1/calls", json=call)) == (400, "WEBHOOK_NOT_CONFIGURED")
    talking = {**call, "systemPrompt": "Be kind."}
    for id_ in (strange["id"], "num_0"):
        assert code(http.post("/v1/calls", json={**talking, "fromNumberId": id_})) == (400, "NUMBER_NOT_ATTACHED")
    assert code(http.post("/v1/calls", json={**talking, "toNumber": own["phoneNumber"]})) == (422, "VALIDATION_ERROR")
    assert ok(http.get("/v1/calls"))["total"] == 0
    poor = ringback.account("agentphone", balance="3.21")
    with poor.client() as client:
        broke = ok(client.post("/v1/agents", json={"name": "Broke"}))
        ok(client.post("/v1/numbers", json={"agentId": broke["id"]}))
        body = {"agentId": broke["id"], "toNumber": FRIEND, "systemPrompt": "Be quick."}
        assert code(client.post("/v1/calls", json=body)) == (402, "INSUFFICIENT_BALANCE")


def test_variables_fill_the_greeting(account: Account, http: httpx.Client, desk: Desk) -> None:
    made, _ = desk(voiceMode="hosted", beginMessage="Hello {{ name }}, {{greeting}} from {{who}}.")
    account.script({"to": FRIEND}, turns=["caller: Hello"])
    body = {"agentId": made["id"], "toNumber": FRIEND, "variables": {"name": "Grace", "greeting": None}}
    id_ = ok(http.post("/v1/calls", json=body))["id"]
    account.advance(idle=True)
    assert turns_of(get_call(http, id_))[0] == ("", "Hello Grace,  from {{who}}.")


def test_a_browser_joins_a_web_call_as_scripted(account: Account, http: httpx.Client, desk: Desk) -> None:
    made, number = desk(voiceMode="hosted")
    account.script({"to": "web"}, turns=["caller: Hi from the page", "agent: Hi"])
    web = ok(http.post("/v1/calls/web", json={"agentId": made["id"]}))
    assert (web["status"], web["callId"], web["metadata"]) == ("in-progress", web["id"], None)
    account.advance(idle=True)
    call = get_call(http, web["id"])
    assert (call["direction"], call["fromNumber"], call["toNumber"]) == ("web", "web", number["phoneNumber"])
    assert turns_of(call) == [("Hi from the page", "Hi")]
    assert ok(http.get("/v1/calls", params={"type": "pstn"}))["total"] == 0
    bare = ok(http.post("/v1/agents", json={"name": "Bare"}))
    assert ok(http.post("/v1/calls/web", json={"agentId": bare["id"]}))["agentId"] == bare["id"]


# -- reading ---------------------------------------------------------------------------------------------------------


def test_the_list_of_calls_is_filtered(account: Account, http: httpx.Client, desk: Desk) -> None:
    made, number = desk(voiceMode="hosted")
    inbound = ring(account, number, "caller: Hello", "agent: Hi")
    account.script({"to": FRIEND}, end="busy")
    outbound = ok(http.post("/v1/calls", json={"agentId": made["id"], "toNumber": FRIEND}))["id"]
    account.advance(idle=True)
    ringing = account.call(number["phoneNumber"], "+447700900999", turns=["caller: Hello"])
    for query, expected in (
        ({}, [ringing, outbound, inbound]),
        ({"status": "completed"}, [inbound]),
        ({"status": "ringing"}, [ringing]),
        ({"direction": "outbound"}, [outbound]),
        ({"direction": "inbound", "status": "busy"}, []),
        ({"search": "900999"}, [ringing]),
        ({"search": number["phoneNumber"][-7:], "limit": "1", "offset": "1"}, [outbound]),
    ):
        page = ok(http.get("/v1/calls", params=query))
        assert [call["id"] for call in page["data"]] == expected, query
    assert (page["total"], page["hasMore"]) == (3, True)
    assert "transcripts" not in page["data"][0]


def test_ending_a_call_returns_it_as_it_was_before(
    account: Account, http: httpx.Client, desk: Desk, hook: Receiver
) -> None:
    made, _ = desk()
    respond(hook, {"text": "Hm."})
    account.script({"to": FRIEND}, turns=["caller: Hello"], duration=600, answer_after=0)
    id_ = ok(http.post("/v1/calls", json={"agentId": made["id"], "toNumber": FRIEND}))["id"]
    account.advance(seconds=30)
    assert ok(http.post(f"/v1/calls/{id_}/end"))["status"] == "in-progress"
    call = get_call(http, id_)
    assert (call["status"], call["durationSeconds"]) == ("completed", 30)
    assert ok(http.post(f"/v1/calls/{id_}/end", json={})) == call
    account.advance(seconds=0)
    assert events(hook, "agent.call_ended")[0]["data"]["disconnectionReason"] == "agent_hangup"


def test_a_request_can_wait_for_the_end_of_a_call(account: Account, http: httpx.Client, desk: Desk) -> None:
    made, number = desk(voiceMode="hosted")
    id_ = account.call(number["phoneNumber"], FRIEND, turns=["caller: Hello", "agent: Hi"], duration=20)
    found: list[Json] = []

    def wait(method: str, path: str, **options: Any) -> threading.Thread:
        def run() -> None:
            with account.client(timeout=30) as client:
                found.append(ok(client.request(method, path, **options)))

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    waiting = wait("GET", f"/v1/calls/{id_}", params={"wait": "true", "timeout": "300"})
    while not waits(account, id_):
        pass
    account.advance(idle=True)
    waiting.join()
    assert (found[0]["status"], len(found[0]["transcripts"])) == ("completed", 1)
    late = account.call(number["phoneNumber"], FRIEND, turns=["caller: Hello"], duration=200)
    waiting = wait("GET", f"/v1/calls/{late}", params={"wait": "true", "timeout": "10"})
    while not waits(account, late):
        pass
    account.advance(seconds=10)
    waiting.join()
    assert found[1]["status"] == "in-progress"
    body = {"agentId": made["id"], "toNumber": FRIEND, "waitForCompletion": True, "maxWaitSeconds": 60}
    account.script({"to": FRIEND}, turns=["caller: Yes"], duration=5)
    waiting = wait("POST", "/v1/calls", json=body)
    while not any(
        waits(account, call["id"]) for call in ok(http.get("/v1/calls", params={"direction": "outbound"}))["data"]
    ):
        pass
    account.advance(seconds=30)
    waiting.join()
    assert (found[2]["status"], found[2]["transcripts"][0]["transcript"]) == ("completed", "Yes")


def waits(account: Account, call: str) -> bool:
    """Return whether a request waits for a call, seen from within the server."""
    thread = account._ringback._thread
    assert thread is not None
    return call in thread.application.emulator.services.notifications._waiting


def test_a_recording_needs_the_add_on_and_no_key(
    ringback: Ringback, account: Account, http: httpx.Client, desk: Desk
) -> None:
    made, number = desk(voiceMode="hosted")
    id_ = ring(account, number, "caller: Hello", "agent: Hi", duration=3)
    url = get_call(http, id_)["recordingUrl"]
    assert url == f"{account.base_url}/v1/calls/{id_}/recording"
    heard = httpx.get(url)
    assert (heard.status_code, heard.headers["content-type"]) == (200, "audio/wav")
    assert heard.headers["content-disposition"] == f'attachment; filename="recording-{id_}.wav"'
    assert heard.content[:4] == b"RIFF"
    account.settings(recording=False)
    call = get_call(http, id_)
    assert (call["recordingUrl"], call["recordingAvailable"]) == (None, True)
    assert code(httpx.get(url)) == (404, "RECORDING_NOT_FOUND")
    account.settings(recording=True)
    account.script({"to": FRIEND}, turns=["caller: Off the record"])
    body = {"agentId": made["id"], "toNumber": FRIEND, "disableRecording": True}
    silent = ok(http.post("/v1/calls", json=body))["id"]
    account.advance(idle=True)
    assert not get_call(http, silent)["recordingAvailable"]
    for other, why in ((silent, "RECORDING_NOT_FOUND"), ("call_0", "CALL_NOT_FOUND")):
        assert code(httpx.get(f"{account.base_url}/v1/calls/{other}/recording")) == (404, why)


def test_a_transcript_stream_replays_follows_sends_heartbeats_and_ends(
    account: Account, http: httpx.Client, desk: Desk
) -> None:
    _, number = desk(voiceMode="hosted")
    turns = ["agent: Grüezi", "caller: Hello"]
    id_ = account.call(number["phoneNumber"], FRIEND, turns=turns, answer_after=1, duration=60)
    account.advance(seconds=1)
    steps = {"Grüezi": 5, "Hello": 20, "heartbeat": 60}
    found: list[str] = []
    with http.stream("GET", f"/v1/calls/{id_}/transcript/stream") as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        for line in filter(None, stream.iter_lines()):
            found.append(line)
            for word, seconds in steps.items():
                if word in line:
                    account.advance(seconds=seconds)
    assert found == [
        "event: connected",
        f'data: {{"callId":"{id_}","status":"in-progress"}}',
        "event: turn",
        'data: {"role":"agent","content":"Grüezi"}',
        "event: turn",
        'data: {"role":"user","content":"Hello"}',
        ": heartbeat",
        "event: ended",
        'data: {"durationSeconds":60}',
    ]


def test_stopping_the_server_ends_its_streams() -> None:
    with Ringback("agentphone") as rb:
        account = rb.account("agentphone")
        with account.client() as http:
            number = ok(http.post("/v1/numbers", json={}))
            id_ = account.call(number["phoneNumber"], FRIEND)
            with http.stream("GET", f"/v1/calls/{id_}/transcript/stream") as stream:
                lines_ = stream.iter_lines()
                assert next(lines_) == "event: connected"
                rb.stop()
                assert "event: ended" not in list(lines_)


def test_a_live_call_continues_after_a_restore(ringback: Ringback) -> None:
    with Ringback("agentphone", seed=3) as rb:
        account = rb.account("agentphone", name="kept")
        hook = rb.receiver()
        respond(hook, {"text": "Yes."})
        with account.client() as http:
            ok(http.post("/v1/webhooks", json={"url": hook.url}))
            number = ok(http.post("/v1/numbers", json={}))
            id_ = account.call(number["phoneNumber"], FRIEND, turns=["caller: One", "caller: Two"], answer_after=0)
            account.advance(seconds=1)
            kept = rb.snapshot()
            account.advance(idle=True)
            whole = ok(http.get(f"/v1/calls/{id_}"))
            rb.restore(json.loads(json.dumps(kept)))
            assert ok(http.get(f"/v1/calls/{id_}"))["status"] == "in-progress"
            account.advance(idle=True)
            assert ok(http.get(f"/v1/calls/{id_}")) == whole
    assert [turn["response"] for turn in whole["transcripts"]] == ["Yes.", "Yes."]


def test_the_same_seed_returns_the_same_bytes() -> None:
    runs = []
    for _ in range(2):
        with Ringback("agentphone", seed=11) as rb:
            account = rb.account("agentphone", name="twin")
            hook = rb.receiver()
            respond(hook, {"text": "Yes."})
            with account.client() as http:
                responses = [http.post("/v1/webhooks", json={"url": "http://127.0.0.1:1/"})]
                responses.append(http.post("/v1/numbers", json={}))
                number = responses[-1].json()
                account.call(number["phoneNumber"], FRIEND)
                account.text(number["phoneNumber"], "Hi", FRIEND)
                account.advance(days=2)
                responses += [
                    http.get(path)
                    for path in ("/v1/calls", "/v1/conversations", "/v1/webhooks/deliveries", "/v1/usage")
                ]
            runs.append([response.content for response in responses])
    assert runs[0] == runs[1]
