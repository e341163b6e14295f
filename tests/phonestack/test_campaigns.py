"""Campaigns: states, dialing, statistics."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback
from tests.phonestack.conftest import LEAD, Api, Organization, campaign_of, contacts, sent_events

VERBS = ("start", "pause", "resume", "stop")
NEXT = {
    ("draft", "start"): "running",
    ("running", "pause"): "paused",
    ("running", "stop"): "completed",
    ("paused", "resume"): "running",
    ("paused", "stop"): "completed",
}


def test_each_action_is_allowed_only_in_its_states(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "C", "always_on": True, "contacts": contacts(1)}])
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        state = "draft"
        for wanted in ("start", "pause", "resume", "pause", "stop"):
            for verb in VERBS:
                if (state, verb) not in NEXT:
                    status, code, message = http.error("POST", f"/campaigns/{id_}/{verb}")
                    assert (status, code) == (409, "INVALID_STATE")
                    assert state in message
                    assert http.get(f"/campaigns/{id_}")["status"] == state
            state = http.post(f"/campaigns/{id_}/{wanted}")["status"]
        assert all(http.error("POST", f"/campaigns/{id_}/{verb}")[0] == 409 for verb in VERBS)
    assert sent_events(account, "campaign.started", "campaign.paused", "campaign.completed") == [
        "campaign.started",
        "campaign.paused",
        "campaign.started",
        "campaign.paused",
        "campaign.completed",
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.sampled_from(VERBS), st.sampled_from((1, 7, 40))), max_size=8), st.integers(1, 3))
def test_after_any_actions_each_contact_is_called_once_at_most(
    ringback: Ringback, steps: list[Any], lines: int
) -> None:
    """Apply actions and time in any order: the statistics always add up."""
    account = ringback.account(
        "phonestack",
        rate_limit=None,
        campaigns=[
            {"name": "C", "contacts": contacts(6), "max_concurrent_calls": lines, "calls_per_minute": 20},
        ],
    )
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        state = "draft"
        for step in steps:
            if isinstance(step, int):
                account.advance(seconds=step)
                state = http.get(f"/campaigns/{id_}")["status"]
            else:
                response = http.request("POST", f"/campaigns/{id_}/{step}")
                assert response.status_code == (200 if (state, step) in NEXT else 409)
                state = NEXT.get((state, step), state)
                assert http.get(f"/campaigns/{id_}")["status"] == state
            stats = http.get(f"/campaigns/{id_}")["stats"]
            assert stats["in_progress"] <= lines
            dialled = Counter(call["to_number"] for call in http.all("/calls", campaign_id=id_))
            assert set(dialled.values()) <= {1}
            assert stats["calls"] == len(dialled)
            if state != "completed":
                assert stats["queued"] + stats["calls"] == 6
        if state == "paused":
            http.post(f"/campaigns/{id_}/resume")
        if state == "draft":
            http.post(f"/campaigns/{id_}/start")
        account.advance(idle=True)
        final = http.get(f"/campaigns/{id_}")
        assert final["status"] == "completed"
        assert final["stats"]["in_progress"] == final["stats"]["queued"] == 0
        if "stop" not in steps:
            assert final["stats"]["calls"] == 6


def test_a_campaign_dials_in_order_at_its_pace_within_its_concurrent_calls(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "C", "contacts": contacts(5), "calls_per_minute": 6, "max_concurrent_calls": 2}]
    )
    for person in contacts(5):
        account.script({"to": person["phone"]}, duration=36, answer_after=4, outcome="callback")
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        begun = http.post(f"/campaigns/{id_}/start")["started_at"]
        account.advance(idle=True)
        calls = list(reversed(http.all("/calls", campaign_id=id_)))
        assert [call["to_number"] for call in calls] == [person["phone"] for person in contacts(5)]
        assert [seconds_after(begun, call["started_at"]) for call in calls] == [0, 10, 40, 50, 80]


def seconds_after(begun: str, moment: str) -> int:
    from datetime import datetime

    return int((datetime.fromisoformat(moment) - datetime.fromisoformat(begun)).total_seconds())


def test_a_new_contact_of_a_running_campaign_is_called_before_the_queue(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "C", "contacts": contacts(3), "calls_per_minute": 1}])
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        http.post(f"/campaigns/{id_}/start")
        lead = http.post("/contacts", phone=LEAD, campaign_id=id_)
        (call,) = http.get("/calls", contact_id=lead["id"])
        assert (call["status"], call["campaign_id"]) == ("ringing", id_)
        http.post("/contacts/bulk", contacts=contacts(2, 400), campaign_id=id_)
        assert http.get(f"/campaigns/{id_}")["stats"]["queued"] == 4
        account.advance(idle=True)
        assert len(http.all("/calls", campaign_id=id_)) == 6


def test_a_new_contact_is_next_when_all_concurrent_calls_are_used(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "C", "contacts": contacts(3), "max_concurrent_calls": 1, "calls_per_minute": 60}]
    )
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        http.post(f"/campaigns/{id_}/start")
        lead = http.post("/contacts", phone=LEAD, campaign_id=id_)
        assert http.get("/calls", contact_id=lead["id"]) == []
        account.advance(idle=True)
        assert [call["to_number"] for call in http.all("/calls", campaign_id=id_)][2] == LEAD


def test_an_empty_campaign_waits_and_an_always_on_one_never_completes(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "Once", "status": "running"}, {"name": "Always", "status": "running", "always_on": True}]
    )
    with account.client() as client:
        http = Api(client)
        for name, phone in (("Once", LEAD), ("Always", "+12145550188")):
            account.advance(days=1)
            campaign = campaign_of(http, name)
            assert campaign["status"] == "running"
            http.post("/contacts", phone=phone, campaign_id=campaign["id"])
        account.advance(idle=True)
        assert campaign_of(http, "Once")["status"] == "completed"
        assert campaign_of(http, "Always")["status"] == "running"


def test_a_contact_that_left_the_queue_is_not_called(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "A", "contacts": contacts(4), "calls_per_minute": 1}, {"name": "B"}, {"name": "Over"}]
    )
    with account.client() as client:
        http = Api(client)
        a, b = campaign_of(http, "A")["id"], campaign_of(http, "B")["id"]
        people = list(reversed(http.get("/contacts")))
        http.post(f"/campaigns/{a}/start")
        http.delete(f"/contacts/{people[1]['id']}")
        http.patch(f"/contacts/{people[2]['id']}", campaign_id=b)
        http.post(f"/contacts/{people[3]['id']}/dnc")
        account.advance(idle=True)
        assert http.get(f"/campaigns/{a}")["status"] == "completed"
        assert [call["contact_id"] for call in http.get("/calls")] == [people[0]["id"]]
        assert http.get(f"/campaigns/{b}")["stats"]["queued"] == 1
        http.post(f"/campaigns/{b}/start")
        account.advance(idle=True)
        assert http.get("/calls")[0]["contact_id"] == people[2]["id"]


def test_moving_away_and_back_does_not_call_twice(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "C", "contacts": contacts(1), "always_on": True}])
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        http.post(f"/campaigns/{id_}/start")
        account.advance(idle=True)
        (person,) = http.get("/contacts")
        http.patch(f"/contacts/{person['id']}", campaign_id=None)
        http.patch(f"/contacts/{person['id']}", campaign_id=id_)
        account.advance(idle=True)
        assert len(http.get("/calls")) == 1


def test_campaigns_are_filtered_and_not_created_through_the_api(organization: Organization) -> None:
    account = organization(
        campaigns=[
            {"name": "Out"},
            {"name": "In", "direction": "inbound", "status": "running"},
            {"name": "Run", "status": "running"},
        ]
    )
    with account.client() as client:
        http = Api(client)
        assert http.error("POST", "/campaigns", json={"name": "Mine"})[0] in (404, 405)
        assert {one["name"] for one in http.get("/campaigns", direction="outbound")} == {"Out", "Run"}
        assert {one["name"] for one in http.get("/campaigns", status="running")} == {"In", "Run"}
        assert [one["name"] for one in http.get("/campaigns", status="running", direction="inbound")] == ["In"]
        assert http.error("GET", "/campaigns", params={"status": "asleep"})[:2] == (400, "VALIDATION_ERROR")


def test_an_inbound_campaign_answers_incoming_calls(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "Desk", "direction": "inbound"}])
    (number,) = (one["phone_number"] for one in account.show()["numbers"])
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "Desk")["id"]
        before = account.call(number, LEAD, outcome="callback")
        http.post(f"/campaigns/{id_}/start")
        person = http.post("/contacts", phone=LEAD)
        after = account.call(number, LEAD, outcome="hot_lead")
        account.advance(idle=True)
        assert http.get(f"/calls/{before}")["campaign_id"] is None
        call = http.get(f"/calls/{after}", include="contact")
        assert (call["campaign_id"], call["contact_id"], call["direction"]) == (id_, person["id"], "inbound")
        assert (call["from_number"], call["to_number"]) == (LEAD, number)
        assert call["contact"]["id"] == person["id"]
        stats = http.get(f"/campaigns/{id_}")["stats"]
        assert (stats["calls"], stats["completed"], stats["in_progress"]) == (1, 1, 0)
        assert http.get(f"/campaigns/{id_}")["status"] == "running"
        assert [one["id"] for one in http.get("/calls", direction="inbound")] == [after, before]


def test_five_hundred_generated_contacts_are_called_and_all_figures_agree(organization: Organization) -> None:
    account = organization(
        campaigns=[{"name": "C", "people": 500, "calls_per_minute": 6000, "max_concurrent_calls": 500}],
        reports=[{"name": "R", "group_by": "status", "campaign": "C"}],
    )
    with account.client() as client:
        http = Api(client)
        id_ = campaign_of(http, "C")["id"]
        http.post(f"/campaigns/{id_}/start")
        account.advance(idle=True)
        campaign = http.get(f"/campaigns/{id_}")
        calls = http.all("/calls", campaign_id=id_)
        agree(campaign, calls, http.post(f"/reports/{http.get('/reports')[0]['id']}/execute"), account)
        assert len({call["contact_id"] for call in calls}) == 500
        assert account.balance * 100 == 10_000 - campaign["stats"]["cost_cents"]


def agree(campaign: dict[str, Any], calls: list[dict[str, Any]], report: dict[str, Any], account: Account) -> None:
    """Check that a campaign's stats, its calls, a report over them and the events have the same figures."""
    stats = campaign["stats"]
    states = Counter(call["status"] for call in calls)
    assert campaign["status"] == "completed"
    assert stats["calls"] == len(calls) == stats["contacts"]
    assert {state: stats[state] for state in states} == states
    assert stats["cost_cents"] == sum(call["cost_cents"] for call in calls) == report["totals"]["cost_cents"]
    talk = sum(call["talk_duration_seconds"] for call in calls)
    assert stats["talk_duration_seconds"] == talk == report["totals"]["talk_duration_seconds"]
    booked = sum(bool(call["analysis"] and call["analysis"]["meeting_booked"]) for call in calls)
    assert stats["meetings_booked"] == booked == report["totals"]["meetings_booked"]
    assert stats["dispositions"] == Counter(call["analysis"]["disposition"] for call in calls if call["analysis"])
    assert {row["status"]: row["calls"] for row in report["rows"]} == states
    for call in calls:
        assert sum(call["cost_breakdown"].values()) == call["cost_cents"]
    events = Counter(sent_events(account))
    assert events["call.started"] == len(calls)
    assert events["call.completed"] == stats["completed"]
    assert events["call.voicemail"] == stats["voicemail"]
    assert events["call.failed"] == stats["no_answer"] + stats["busy"] + stats["failed"]
    assert events["contact.dnc_requested"] == stats["dispositions"].get("do_not_call", 0)
    assert (events["campaign.started"], events["campaign.completed"]) == (1, 1)


@pytest.mark.parametrize(
    ("setting", "param"),
    [
        ({"name": " "}, "name"),
        ({"name": "C", "calls_per_minute": 0}, "calls_per_minute"),
        ({"name": "C", "max_concurrent_calls": 0}, "max_concurrent_calls"),
        ({"name": "C", "people": -1}, "people"),
        ({"name": "C", "direction": "inbound", "people": 1}, "inbound"),
        ({"name": "C", "contacts": [{"phone": "214"}]}, "phone"),
        ({"name": "C", "color": "red"}, "color"),
    ],
)
def test_an_invalid_setting_is_rejected_with_its_name(
    organization: Organization, setting: dict[str, Any], param: str
) -> None:
    from ringback.testing import ControlError

    with pytest.raises(ControlError) as error:
        organization(campaigns=[setting])
    assert error.value.status == 422
    assert param in str(error.value)
