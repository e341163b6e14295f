"""Outbound and inbound calls, recordings, voicemails, AI agents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback.carrier.speech import mp3_seconds
from ringback.testing import Account, Receiver, Ringback
from tests.nokycnumber.conftest import FRIEND, Activate, code, event_names

CALLS = ("call.initiated", "call.answered", "call.completed", "call.recorded", "ai.pickup", "voicemail.created")


def place(http: httpx.Client, number: dict[str, Any], **rest: Any) -> dict[str, Any]:
    response = http.post("/v1/calls", json={"from": number["id"], "to": FRIEND, **rest})
    assert response.status_code == 201, response.text
    call: dict[str, Any] = response.json()
    return call


def fetched(http: httpx.Client, call: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = http.get(f"/v1/calls/{call['id']}").json()
    return seen


def test_a_call_rings_is_answered_and_is_charged_when_it_ends(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    ringback.script(
        "nokycnumber",
        {"to": FRIEND},
        account_id=account.id,
        turns=["caller: Hello", "agent: Hi"],
        duration=90,
        answer_after=5,
    )
    before = account.balance
    call = place(http, number, metadata={"order": 7})
    assert (call["status"], call["direction"], call["cost_usd"], call["answered_at"]) == (
        "ringing",
        "outbound",
        None,
        None,
    )
    account.advance(seconds=5)
    assert fetched(http, call)["status"] == "in_progress"
    account.advance(seconds=90)
    ended = fetched(http, call)
    assert (ended["status"], ended["duration_sec"], ended["cost_usd"]) == ("completed", 90, 0.03)
    assert (ended["answered_at"], ended["ended_at"]) == ("2026-01-01T00:00:05Z", "2026-01-01T00:01:35Z")
    assert account.balance == before - Decimal("0.03")
    assert event_names(account, *CALLS) == ["call.initiated", "call.answered", "call.completed"]
    objects = [delivery["body"] for delivery in account.deliveries() if delivery["event"] in CALLS]
    assert all('"metadata":{"order":7}' in body for body in objects)


@pytest.mark.parametrize("end", ["no_answer", "busy", "failed"])
def test_an_unanswered_call_costs_nothing(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate, end: str
) -> None:
    number = activate()
    ringback.script("nokycnumber", {"kind": "call", "tag": "vip"}, account_id=account.id, end=end)
    before = account.balance
    plain, tagged = place(http, number), place(http, number, metadata={"tag": "vip"})
    account.advance(minutes=10)
    assert fetched(http, plain)["status"] == "completed"
    assert (fetched(http, tagged)["status"], fetched(http, tagged)["cost_usd"]) == (end, 0)
    assert account.balance == before - Decimal(str(fetched(http, plain)["cost_usd"]))


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"to": "911"}, 400, "parameter_invalid"),
        ({"to": "+999123456789"}, 422, "unsupported_country"),
        ({"from": "num_000000000000"}, 404, "not_found"),
        ({"callerid_mask": "anonymous"}, 400, "parameter_invalid"),
        ({"callerid_mask": "+33612345678"}, 422, "caller_id_not_owned"),
        ({"recording_enabled": "yes"}, 400, "parameter_invalid"),
        ({"metadata": [1]}, 400, "parameter_invalid"),
    ],
)
def test_an_invalid_call_is_rejected_and_no_phone_rings(
    http: httpx.Client, activate: Activate, change: dict[str, Any], status: int, error: str
) -> None:
    response = http.post("/v1/calls", json={"from": activate()["id"], "to": FRIEND, **change})
    assert code(response) == (status, error)
    assert http.get("/v1/calls").json()["data"] == []


def test_masks_hide_rotate_or_name_a_number(account: Account, http: httpx.Client, activate: Activate) -> None:
    first, second = activate(), activate()
    for mask in ("hide", "rotate", second["number"], None):
        assert place(http, first, callerid_mask=mask)["from_e164"] == first["number"]
    seen = [entry["what"] for entry in account.journal() if " sees " in entry["what"]]
    assert seen[0] == f"{FRIEND} sees no number"
    assert seen[1] in {f"{FRIEND} sees {number['number']}" for number in (first, second)}
    assert seen[2:] == [f"{FRIEND} sees {second['number']}", f"{FRIEND} sees {first['number']}"]


def test_hanging_up_ends_a_call_once(account: Account, http: httpx.Client, hook: Receiver, activate: Activate) -> None:
    number = activate()
    ringing, talking = place(http, number), place(http, number, recording_enabled=True)
    assert http.post(f"/v1/calls/{ringing['id']}/hangup").json()["status"] == "no_answer"
    account.advance(seconds=8)
    ended = http.post(f"/v1/calls/{talking['id']}/hangup").json()
    assert (ended["status"], ended["duration_sec"]) == ("completed", 5)
    account.advance(minutes=10)
    assert http.post(f"/v1/calls/{talking['id']}/hangup").json()["ended_at"] == ended["ended_at"]
    assert sorted(event_names(account, "call.completed")) == ["call.completed"] * 2
    assert code(http.post("/v1/calls/call_000000000000/hangup")) == (404, "not_found")


def test_a_recording_is_as_long_as_the_call_and_its_link_works_for_an_hour(
    ringback: Ringback, account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    ringback.script("nokycnumber", account_id=account.id, turns=["caller: Hello", "agent: Hi"], duration=12)
    call = place(http, number, recording_enabled=True)
    account.advance(minutes=1)
    link = fetched(http, call)["recording_url"]
    assert link.startswith(account.base_url)
    found = httpx.get(link, trust_env=False)
    assert found.headers["Content-Type"] == "audio/mpeg"
    assert mp3_seconds(found.content) == pytest.approx(12, abs=0.05)
    assert event_names(account, "call.recorded") == ["call.recorded"]
    for changed in (
        link[:-1] + ("0" if link[-1] != "0" else "1"),
        link.replace("expires=1", "expires=2"),
        link.replace(call["id"], "call_000000000000"),
    ):
        assert code(httpx.get(changed, trust_env=False)) == (403, "invalid_signature")
    assert code(httpx.get(link.partition("?")[0], trust_env=False)) == (400, "parameter_missing")
    account.advance(hours=1)
    assert code(httpx.get(link, trust_env=False)) == (403, "url_expired")
    assert httpx.get(fetched(http, call)["recording_url"], trust_env=False).status_code == 200
    account.advance(until="2026-01-31T00:00:10Z")
    last = fetched(http, call)["recording_url"]
    account.advance(seconds=30)
    assert fetched(http, call)["recording_url"] is None
    assert code(httpx.get(last, trust_env=False)) == (404, "not_found")


def test_a_call_without_recording_has_none(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    call = place(http, activate())
    account.advance(minutes=10)
    assert fetched(http, call)["recording_url"] is None
    assert event_names(account, "call.recorded") == []


def test_lists_are_filtered(account: Account, http: httpx.Client, activate: Activate) -> None:
    first, second = activate(), activate()
    out = place(http, first)["id"]
    account.advance(minutes=10)
    in_ = account.call(second["number"], FRIEND)

    def ids(**query: str) -> list[str]:
        response = http.get("/v1/calls", params=query)
        assert response.status_code == 200, response.text
        return [call["id"] for call in response.json()["data"]]

    assert ids() == [in_, out]
    assert (
        ids(direction="inbound")
        == ids(status="ringing")
        == ids(number=second["id"])
        == ids(number=second["number"])
        == [in_]
    )
    assert ids(created_after="2026-01-01T00:00:00Z") == [in_]
    assert ids(created_before="2026-01-01T00:10:00Z") == [out]
    assert ids(created_after="2026-01-01T00:10:00Z") == []
    for query in ({"direction": "up"}, {"status": "odd"}, {"created_after": "noon"}):
        assert code(http.get("/v1/calls", params=query)) == (400, "parameter_invalid")


# -- inbound, voicemails, agents ------


def test_a_voicemail_is_transcribed_and_translated_with_the_add_on(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    number = activate()
    account.call(
        number["number"],
        FRIEND,
        voicemail="Bonjour, c'est Marc. Rappelez-moi quand vous pouvez.",
        translation="Hello, this is Marc. Call me back when you can.",
    )
    account.advance(minutes=5)
    assert event_names(account, *CALLS) == ["call.completed", "voicemail.created"]
    (left,) = http.get("/v1/voicemails").json()["data"]
    said = left["transcript"]
    assert (said["language"], said["translation_en"], said["summary"], said["sentiment"]) == (
        "fr",
        None,
        None,
        "neutral",
    )
    http.patch(f"/v1/numbers/{number['id']}", json={"addons": ["ai-summary"]})
    said = http.get(f"/v1/voicemails/{left['id']}").json()["transcript"]
    assert said["translation_en"] == "Hello, this is Marc. Call me back when you can."
    assert said["summary"] == "Bonjour, c'est Marc."
    http.patch(f"/v1/numbers/{number['id']}/ai", json={"voicemail_summary": {"include_sentiment": False}})
    assert http.get(f"/v1/voicemails/{left['id']}").json()["transcript"]["sentiment"] is None
    found = httpx.get(left["audio_url"], trust_env=False)
    assert mp3_seconds(found.content) == pytest.approx(left["duration_sec"], abs=0.05)
    assert http.delete(f"/v1/voicemails/{left['id']}").status_code == 204
    for gone in (
        http.get(f"/v1/voicemails/{left['id']}"),
        http.delete(f"/v1/voicemails/{left['id']}"),
        httpx.get(left["audio_url"], trust_env=False),
    ):
        assert code(gone) == (404, "not_found")


@pytest.mark.parametrize("rings", [1, 4, 10])
def test_the_agent_answers_after_the_configured_rings(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate, rings: int
) -> None:
    number = activate(addons=["ai-pickup"])
    changed = http.patch(
        f"/v1/numbers/{number['id']}/ai", json={"auto_pickup": {"after_rings": rings, "script": "Who is there?"}}
    ).json()
    assert (
        changed["auto_pickup"] | {"after_rings": rings, "script": "Who is there?", "enabled": True}
        == changed["auto_pickup"]
    )
    call = {"id": account.call(number["number"], FRIEND, end="no_answer")}
    account.advance(seconds=rings * 5 - 1)
    assert fetched(http, call)["status"] == "ringing"
    account.advance(seconds=1)
    assert fetched(http, call)["status"] == "in_progress"
    account.advance(minutes=1)
    assert event_names(account, *CALLS) == ["ai.pickup", "call.completed"]


def test_without_an_agent_the_call_is_not_answered(
    account: Account, http: httpx.Client, hook: Receiver, activate: Activate
) -> None:
    call = {"id": account.call(activate()["number"], FRIEND, end="no_answer")}
    account.advance(minutes=5)
    seen = fetched(http, call)
    assert (seen["status"], seen["from"], seen["cost_usd"]) == ("no_answer", None, 0)
    assert event_names(account, *CALLS) == ["call.completed"]


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"auto_pickup": {"voice": "robot"}}, 400, "parameter_invalid"),
        ({"auto_pickup": {"after_rings": 0}}, 400, "parameter_invalid"),
        ({"auto_pickup": {"after_rings": 11}}, 400, "parameter_invalid"),
        ({"auto_pickup": {"language": "french"}}, 400, "parameter_invalid"),
        ({"auto_pickup": {"script": ""}}, 400, "parameter_invalid"),
        ({"translator": {"target_language": "EN"}}, 400, "parameter_invalid"),
        ({"screening": {"enabled": "yes"}}, 400, "parameter_invalid"),
        ({"screening": {"enabled": True}}, 409, "addon_required"),
        ({"auto_pickup": {"after_rings": 2}, "translator": {"enabled": True}}, 409, "addon_required"),
    ],
)
def test_an_invalid_ai_update_changes_nothing(
    http: httpx.Client, activate: Activate, change: dict[str, Any], status: int, error: str
) -> None:
    path = f"/v1/numbers/{activate(addons=['ai-pickup'])['id']}/ai"
    before = http.get(path).json()
    assert code(http.patch(path, json=change)) == (status, error)
    assert http.get(path).json() == before


def test_an_added_add_on_is_enabled_and_a_removed_one_disabled(http: httpx.Client, activate: Activate) -> None:
    number = activate(addons=["ai-pickup"])
    path = f"/v1/numbers/{number['id']}"
    http.patch(f"{path}/ai", json={"auto_pickup": {"enabled": False}})
    http.patch(path, json={"addons": ["ai-pickup", "ai-screen"]})
    ai = http.get(f"{path}/ai").json()
    assert (ai["auto_pickup"]["enabled"], ai["screening"]["enabled"]) == (False, True)
    http.patch(path, json={"addons": []})
    ai = http.get(f"{path}/ai").json()
    assert (ai["addons"], ai["screening"]["enabled"]) == ([], False)


def test_a_download_fails_on_request() -> None:
    with Ringback("nokycnumber") as alone, alone.account().client() as http:
        alone.fault(operation="downloadRecording", first=1, status=503)
        path = "/v1/files/recordings/call_000000000000.mp3?expires=1&sig=x"
        assert code(http.get(path)) == (503, "service_unavailable")
        assert code(http.get(path)) == (403, "invalid_signature")
