"""Calls: triggered, listed with filters together, transcripts, recordings, costs."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import httpx
import pytest

from ringback.carrier.speech import mp3_seconds
from ringback.testing import Account, ControlError
from tests.phonestack.conftest import LEAD, Api, Organization, campaign_of, contacts

TOOLS = [{"tool": "check_availability", "status": "success"}, {"tool": "request_meeting", "status": "error"}]


@pytest.fixture
def profile(http: Api) -> str:
    return str(http.post("/profiles", name="Riley")["id"])


def test_a_call_is_as_documented(http: Api, account: Account, profile: str) -> None:
    account.script(
        {"to": LEAD},
        turns=["agent: Hi", "caller: Hello, put me through please"],
        duration=154,
        answer_after=4,
        analysis={
            "disposition": "hot_lead",
            "sentiment": "positive",
            "summary": "Interested.",
            "meeting_booked": True,
            "ai_confidence_score": 92,
            "tool_executions": TOOLS,
            "transferred_to": "+12145550100",
        },
    )
    call = http.post("/calls/trigger", profile_id=profile, phone=LEAD, custom_fields={"ticket": 7})
    (number,) = (one["phone_number"] for one in account.show()["numbers"])
    assert call["status"] == "ringing"
    assert call["analysis"] is call["answered_at"] is call["transferred_to"] is None
    account.advance(seconds=4)
    talking = http.get(f"/calls/{call['id']}", include="transcript")
    assert talking["status"] == "in_progress"
    assert talking["tool_executions"] == []
    assert [turn["text"] for turn in talking["transcript"]] == ["Hi"]
    account.advance(idle=True)
    ended = http.get(f"/calls/{call['id']}")
    assert ended == {
        "id": call["id"],
        "campaign_id": None,
        "contact_id": None,
        "profile_id": profile,
        "status": "completed",
        "direction": "outbound",
        "from_number": number,
        "to_number": LEAD,
        "transferred_to": "+12145550100",
        "talk_duration_seconds": 154,
        "cost_cents": 63,
        "cost_breakdown": {"twilio": 23, "gemini": 35, "claude": 5},
        "analysis": {
            "disposition": "hot_lead",
            "sentiment": "positive",
            "summary": "Interested.",
            "meeting_booked": True,
            "ai_confidence_score": 92,
            "extracted_fields": {},
        },
        "tool_executions": TOOLS,
        "custom_fields": {"ticket": 7},
        "has_recording": True,
        "created_at": call["created_at"],
        "started_at": call["started_at"],
        "answered_at": ended["answered_at"],
        "ended_at": ended["ended_at"],
    }
    assert http.get(f"/calls/{call['id']}/transcript") == {
        "call_id": call["id"],
        "transcript": http.get(f"/calls/{call['id']}", include="transcript")["transcript"],
    }


@pytest.mark.parametrize(("end", "status"), [("no_answer", "no_answer"), ("busy", "busy"), ("failed", "failed")])
def test_an_unanswered_call_costs_nothing_and_has_no_analysis(
    http: Api, account: Account, profile: str, end: str, status: str
) -> None:
    account.script(end=end)
    id_ = http.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
    account.advance(idle=True)
    call = http.get(f"/calls/{id_}", include="transcript")
    assert (call["status"], call["analysis"], call["cost_cents"], call["transcript"]) == (status, None, 0, [])
    assert not call["has_recording"]
    assert http.error("GET", f"/calls/{id_}/recording")[:2] == (404, "NOT_FOUND")
    assert account.balance == 100


def test_a_call_that_a_machine_answers_is_a_voicemail(http: Api, account: Account, profile: str) -> None:
    account.script(voicemail="Dana's phone. Leave a message.", duration=20)
    id_ = http.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
    account.advance(idle=True)
    call = http.get(f"/calls/{id_}", include="transcript")
    assert (call["status"], call["analysis"]["disposition"]) == ("voicemail", "voicemail")
    assert [turn["speaker"] for turn in call["transcript"]] == ["caller", "agent"]
    assert call["transcript"][0]["text"] == "Dana's phone. Leave a message."


def test_every_pair_of_filters_narrows_together(organization: Organization) -> None:
    """Compare each pair of filters with the same filters applied to all calls here."""
    account = organization(campaigns=[{"name": "A", "people": 40}, {"name": "B", "people": 40}])
    (number,) = (one["phone_number"] for one in account.show()["numbers"])
    with account.client() as client:
        http = Api(client)
        for name in ("A", "B"):
            http.post(f"/campaigns/{campaign_of(http, name)['id']}/start")
            account.advance(idle=True)
            account.call(number, LEAD)
            account.advance(hours=1)
        calls = http.all("/calls")
        assert len(calls) == 82
        middle = sorted(call["started_at"] for call in calls)[40]
        chosen: dict[str, tuple[Any, Any]] = {
            "campaign_id": (calls[0]["campaign_id"] or calls[1]["campaign_id"], lambda c, v: c["campaign_id"] == v),
            "disposition": ("hot_lead", lambda c, v: c["analysis"] and c["analysis"]["disposition"] == v),
            "status": ("completed", lambda c, v: c["status"] == v),
            "direction": ("outbound", lambda c, v: c["direction"] == v),
            "contact_id": (calls[5]["contact_id"], lambda c, v: c["contact_id"] == v),
            "since": (middle, lambda c, v: c["started_at"] >= v),
            "until": (middle, lambda c, v: c["started_at"] < v),
            "min_duration": (25, lambda c, v: c["talk_duration_seconds"] >= v),
            "has_meeting": ("true", lambda c, _: bool(c["analysis"] and c["analysis"]["meeting_booked"])),
        }
        for names in [(name,) for name in chosen] + list(combinations(chosen, 2)):
            query = {name: chosen[name][0] for name in names}
            by_hand = [call for call in calls if all(chosen[name][1](call, chosen[name][0]) for name in names)]
            assert http.all("/calls", limit=7, **query) == by_hand, query
        assert http.get("/calls", has_meeting="false", disposition="hot_lead") == [
            call
            for call in calls
            if call["analysis"]
            and call["analysis"]["disposition"] == "hot_lead"
            and not call["analysis"]["meeting_booked"]
        ]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "asleep"},
        {"direction": "sideways"},
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"min_duration": "-1"},
        {"min_duration": "1.5"},
        {"has_meeting": "yes"},
        {"include": "everything"},
        {"include": ""},
        {"campaign_id": ""},
        {"limit": "many"},
        {"limit": "null"},
        {"status": "null"},
    ],
)
def test_an_invalid_filter_is_named(http: Api, query: dict[str, str]) -> None:
    status, code, message = http.error("GET", "/calls", params=query)
    assert (status, code) == (400, "VALIDATION_ERROR")
    assert message.startswith(next(iter(query)))


def test_a_repeated_filter_is_rejected(http: Api) -> None:
    assert http.error("GET", "/calls?status=busy&status=failed")[:2] == (400, "VALIDATION_ERROR")


def test_only_what_is_included_is_embedded(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "C", "contacts": contacts(1), "status": "running"}])
    account.advance(idle=True)
    with account.client() as client:
        http = Api(client)
        (plain,) = http.get("/calls")
        assert "transcript" not in plain
        assert "contact" not in plain
        (full,) = http.get("/calls", include="transcript,contact")
        assert full["contact"] == http.get(f"/contacts/{plain['contact_id']}")
        assert {name for name in full if name not in plain} == {"transcript", "contact"}
        http.delete(f"/contacts/{plain['contact_id']}")
        assert http.get(f"/calls/{plain['id']}", include="contact")["contact"] is None


def test_a_recording_is_as_long_as_the_talk_and_its_link_works_for_an_hour(
    http: Api, account: Account, profile: str
) -> None:
    account.script(duration=31, outcome="callback")
    id_ = http.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
    assert http.error("GET", f"/calls/{id_}/recording")[:2] == (404, "NOT_FOUND")
    account.advance(idle=True)
    url = http.get(f"/calls/{id_}/recording")["url"]
    sound = httpx.get(url)
    assert sound.headers["content-type"] == "audio/mpeg"
    assert abs(mp3_seconds(sound.content) - 31) < 0.1
    for broken, code in ((url + "0", "INVALID_SIGNATURE"), (url.replace(id_, "call_0"), "INVALID_SIGNATURE")):
        response = httpx.get(broken)
        assert (response.status_code, response.json()["error"]["code"]) == (403, code)
    assert httpx.get(url.partition("?")[0]).status_code == 400
    account.advance(minutes=59, seconds=59)
    assert httpx.get(url).status_code == 200
    account.advance(seconds=1)
    response = httpx.get(url)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "URL_EXPIRED")
    assert httpx.get(http.get(f"/calls/{id_}/recording")["url"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"phone": LEAD}, (400, "VALIDATION_ERROR")),
        ({"profile_id": "prof_0", "phone": LEAD}, (404, "NOT_FOUND")),
        ({"phone": "no_one"}, (400, "VALIDATION_ERROR")),
        ({"phone": LEAD, "extract": ["nonsense"]}, (400, "VALIDATION_ERROR")),
        ({"phone": LEAD, "extract": "plan"}, (400, "VALIDATION_ERROR")),
        ({"phone": LEAD, "custom_fields": {"plan": "gold"}}, (400, "VALIDATION_ERROR")),
        ({"phone": LEAD, "custom_fields": []}, (400, "VALIDATION_ERROR")),
    ],
)
def test_a_rejected_trigger_places_no_call(
    http: Api, profile: str, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    http.post("/custom-fields", name="plan", type="enum", options=["basic"])
    given = body if "profile_id" in body or body == {"phone": LEAD} else {"profile_id": profile, **body}
    assert http.error("POST", "/calls/trigger", json=given)[:2] == expected
    assert http.get("/calls") == []


def test_an_archived_profile_places_no_calls_and_keeps_its_old_ones(http: Api, account: Account, profile: str) -> None:
    id_ = http.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
    http.delete(f"/profiles/{profile}")
    error = http.error("POST", "/calls/trigger", json={"profile_id": profile, "phone": LEAD})
    assert error[:2] == (409, "INVALID_STATE")
    account.advance(idle=True)
    assert http.get(f"/calls/{id_}")["profile_id"] == profile
    assert http.get(f"/profiles/{profile}")["status"] == "archived"


@pytest.mark.parametrize(
    ("analysis", "param"),
    [
        ({"sentiment": "ecstatic"}, "sentiment"),
        ({"ai_confidence_score": 101}, "ai_confidence_score"),
        ({"meeting": True}, "meeting"),
        ({"tool_executions": [{"tool": "x", "status": "maybe"}]}, "tool_executions"),
        ({"disposition": ""}, "disposition"),
    ],
)
def test_an_invalid_scripted_analysis_is_rejected(account: Account, analysis: dict[str, Any], param: str) -> None:
    with pytest.raises(ControlError) as error:
        account.script(analysis=analysis)
    assert error.value.status == 422
    assert param in str(error.value)


def test_generated_calls_are_complete_and_the_same_for_the_same_seed() -> None:
    from ringback.testing import Ringback

    def drawn(seed: int) -> list[dict[str, Any]]:
        with Ringback("phonestack", clock="frozen", seed=seed) as rb:
            account = rb.account(
                "phonestack", rate_limit=None, campaigns=[{"name": "C", "people": 60, "status": "running"}]
            )
            account.advance(idle=True)
            with account.client() as client:
                return Api(client).all("/calls", include="transcript,contact")

    calls = drawn(3)
    assert calls == drawn(3) != drawn(4)
    assert {call["status"] for call in calls} >= {"completed", "voicemail", "no_answer"}
    for call in calls:
        talked = call["status"] in ("completed", "voicemail")
        assert (call["analysis"] is not None) == bool(call["transcript"]) == call["has_recording"] == talked
        assert all("{" not in turn["text"] for turn in call["transcript"])
        assert "{" not in (call["analysis"] or {"summary": ""})["summary"]
        assert sum(call["cost_breakdown"].values()) == call["cost_cents"]
        assert call["contact"]["first_name"]
