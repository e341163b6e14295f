"""Contacts: one by one, in bulk, the Do Not Call list, filters and pages."""

from __future__ import annotations

import pytest

from ringback.testing import Account, Receiver
from tests.phonestack.conftest import LEAD, Api, Organization, campaign_of, contacts, sent_events


def test_a_contact_is_created_read_changed_and_deleted(http: Api, account: Account, receiver: Receiver) -> None:
    body = {
        "first_name": "John",
        "last_name": "Martinez",
        "phone": "+12145551234",
        "email": "john@example.com",
        "company": "ABC Corp",
        "tags": ["website_lead", "website_lead"],
        "custom_fields": {"source": "contact_form"},
    }
    made = http.post("/contacts", **body)
    assert made.items() >= (body | {"tags": ["website_lead"], "source": "api", "dnc_status": "clear"}).items()
    assert http.get(f"/contacts/{made['id']}") == made
    account.advance(minutes=1)
    changed = http.patch(f"/contacts/{made['id']}", first_name=None, custom_fields={"source": None, "tier": 2})
    assert changed == made | {
        "first_name": None,
        "custom_fields": {"tier": 2},
        "updated_at": changed["updated_at"],
    }
    assert changed["updated_at"] > made["updated_at"] == made["created_at"]
    assert http.delete(f"/contacts/{made['id']}") == {"id": made["id"], "deleted": True}
    assert http.error("GET", f"/contacts/{made['id']}")[:2] == (404, "NOT_FOUND")
    (event,) = receiver.wait(1)
    assert event.json()["event"] == "contact.created"
    assert event.json()["data"]["contact_id"] == made["id"]


@pytest.mark.parametrize(
    "phone", ["", "12145551234", "+0145551234", "+1", "hello", "+12145551234x", "+1214555123412345"]
)
def test_an_invalid_phone_is_rejected(http: Api, phone: str) -> None:
    assert http.error("POST", "/contacts", json={"phone": phone})[:2] == (400, "VALIDATION_ERROR")
    assert http.get("/contacts") == []


def test_the_missing_phone_is_named(http: Api) -> None:
    assert http.error("POST", "/contacts", json={}) == (400, "VALIDATION_ERROR", "phone is required")


def test_one_contact_for_a_phone_however_it_is_printed(http: Api) -> None:
    first = http.post("/contacts", phone="+1 (972) 555-0187")
    assert first["phone"] == LEAD
    assert http.error("POST", "/contacts", json={"phone": LEAD})[:2] == (409, "DUPLICATE")
    other = http.post("/contacts", phone="+12145550188")
    assert http.error("PATCH", f"/contacts/{other['id']}", json={"phone": LEAD})[:2] == (409, "DUPLICATE")
    assert http.patch(f"/contacts/{first['id']}", phone=LEAD)["phone"] == LEAD


def test_a_freed_phone_can_be_used_again(http: Api) -> None:
    first = http.post("/contacts", phone=LEAD)
    http.patch(f"/contacts/{first['id']}", phone="+12145550188")
    assert http.post("/contacts", phone=LEAD)["id"] != first["id"]


def test_an_unknown_campaign_is_not_found_and_nothing_is_created(http: Api) -> None:
    for path, body in (
        ("/contacts", {"phone": LEAD, "campaign_id": "camp_0"}),
        ("/contacts/bulk", {"contacts": [{"phone": LEAD}], "campaign_id": "camp_0"}),
    ):
        assert http.error("POST", path, json=body)[:2] == (404, "NOT_FOUND")
    assert http.get("/contacts") == []


# -- bulk ------


def test_of_a_thousand_rows_the_invalid_ones_are_reported(http: Api, account: Account) -> None:
    http.post("/contacts", phone="+12145550100")
    http.post("/custom-fields", name="plan", type="enum", options=["basic", "pro"])
    broken = {
        0: ({"phone": "+12145550100"}, "DUPLICATE", "+12145550100"),
        13: ({"phone": "nonsense"}, "VALIDATION_ERROR", "phone"),
        14: ({"first_name": "No one"}, "VALIDATION_ERROR", "phone is required"),
        15: (["+12145550999"], "VALIDATION_ERROR", "object"),
        16: ({"phone": "+13105550001", "tags": "one"}, "VALIDATION_ERROR", "tags"),
        500: ({"phone": "+13105550002", "custom_fields": {"plan": "gold"}}, "VALIDATION_ERROR", "custom_fields.plan"),
        501: ({"phone": "+13105550003", "email": "nowhere"}, "VALIDATION_ERROR", "email"),
        998: ({"phone": "+14155550000"}, "DUPLICATE", "+14155550000"),
        999: ({"phone": "+13105550004", "campaign_id": "camp_0"}, "VALIDATION_ERROR", "Campaign"),
    }
    rows = [{"phone": f"+1415555{number:04d}", "tags": ["own"]} for number in range(1000)]
    rows[1] = {"phone": "+14155550000"}
    for index, (row, _, _) in broken.items():
        rows[index] = row  # type: ignore[assignment]
    result = http.post("/contacts/bulk", contacts=rows, tags=["import"])
    assert (result["created"], result["duplicates"], result["invalid"]) == (991, 2, 7)
    assert [(error["index"], error["code"]) for error in result["errors"]] == [
        (index, code) for index, (_, code, _) in broken.items()
    ]
    for error in result["errors"]:
        assert broken[error["index"]][2] in error["message"], error
    there = http.all("/contacts", tag="import")
    assert len(there) == 991
    assert there[-1]["phone"] == "+14155550000"
    assert there[0]["tags"] == ["own", "import"]
    assert len(sent_events(account, "contact.created")) == 992


@pytest.mark.parametrize("count", [0, 1001])
def test_an_import_of_too_many_rows_or_none_is_rejected_whole(http: Api, count: int) -> None:
    rows = [{"phone": f"+1415555{number:04d}"} for number in range(count)]
    status, code, message = http.error("POST", "/contacts/bulk", json={"contacts": rows})
    assert (status, code) == (400, "VALIDATION_ERROR")
    assert f"{count:,}" in message
    assert http.get("/contacts") == []


# -- Do Not Call ------


def test_blocking_a_contact_twice_sends_one_event_and_can_be_undone(http: Api, account: Account) -> None:
    contact = http.post("/contacts", phone=LEAD)
    for _ in range(2):
        assert http.post(f"/contacts/{contact['id']}/dnc")["dnc_status"] == "dnc"
    assert sent_events(account, "contact.dnc_requested") == ["contact.dnc_requested"]
    assert http.delete(f"/contacts/{contact['id']}/dnc")["dnc_status"] == "clear"
    assert http.delete(f"/contacts/{contact['id']}/dnc")["dnc_status"] == "clear"
    profile = http.post("/profiles", name="Riley")
    assert http.post("/calls/trigger", profile_id=profile["id"], phone=LEAD)["status"] == "ringing"


def test_a_caller_who_asks_for_it_is_blocked_even_without_being_a_contact(http: Api, account: Account) -> None:
    profile = http.post("/profiles", name="Riley")
    account.script(outcome="do_not_call")
    http.post("/calls/trigger", profile_id=profile["id"], phone=LEAD)
    account.advance(idle=True)
    (contact,) = http.get("/contacts", dnc_status="dnc")
    assert (contact["phone"], contact["source"]) == (LEAD, "call")
    error = http.error("POST", "/calls/trigger", json={"profile_id": profile["id"], "phone": LEAD})
    assert error[:2] == (409, "DO_NOT_CALL")
    assert sent_events(account, "contact.created", "contact.dnc_requested") == [
        "contact.created",
        "contact.dnc_requested",
    ]


# -- lists ------


def test_filters_narrow_together(organization: Organization) -> None:
    account = organization(campaigns=[{"name": "Seeds", "contacts": contacts(2, 300)}])
    with account.client() as client:
        http = Api(client)
        http.post("/contacts/bulk", contacts=contacts(4), tags=["a"])
        one = http.post("/contacts", phone=LEAD, tags=["a", "b"])
        http.post(f"/contacts/{one['id']}/dnc")
        http.post(f"/contacts/{http.get('/contacts', source='bulk')[0]['id']}/dnc")
        assert len(http.get("/contacts")) == 7
        assert len(http.get("/contacts", tag="a")) == 5
        assert [contact["id"] for contact in http.get("/contacts", tag="b")] == [one["id"]]
        assert len(http.get("/contacts", source="bulk")) == 4
        assert len(http.get("/contacts", source="dashboard")) == 2
        assert len(http.get("/contacts", dnc_status="dnc")) == 2
        assert len(http.get("/contacts", dnc_status="dnc", source="api", tag="b")) == 1
        assert len(http.get("/contacts", dnc_status="clear", tag="a")) == 3
        for query in (
            {"dnc_status": "maybe"},
            {"source": "moon"},
            {"tag": ""},
            {"limit": 0},
            {"limit": 101},
            {"cursor": "x"},
        ):
            assert http.error("GET", "/contacts", params=query)[:2] == (400, "VALIDATION_ERROR")


def test_pages_have_each_contact_once_even_if_the_one_at_the_cursor_is_deleted(http: Api) -> None:
    http.post("/contacts/bulk", contacts=contacts(120))
    page = http.request("GET", "/contacts").json()
    assert page["meta"] == {"limit": 50, "next_cursor": page["meta"]["next_cursor"], "has_more": True}
    http.delete(f"/contacts/{page['data'][-1]['id']}")
    http.post("/contacts", phone=LEAD)
    rest = http.request("GET", "/contacts", params={"cursor": page["meta"]["next_cursor"], "limit": 100}).json()
    assert rest["meta"] == {"limit": 100, "next_cursor": None, "has_more": False}
    phones = [contact["phone"] for contact in page["data"] + rest["data"]]
    assert phones == [person["phone"] for person in reversed(contacts(120))]


def test_one_organization_sees_nothing_of_another(http: Api, organization: Organization) -> None:
    other = organization(campaigns=[{"name": "Theirs"}], reports=[{"name": "Theirs"}])
    with other.client() as client:
        theirs = Api(client)
        field = theirs.post("/custom-fields", name="plan", type="string")["id"]
        profile = theirs.post("/profiles", name="Riley")["id"]
        contact = theirs.post("/contacts", phone=LEAD)["id"]
        call = theirs.post("/calls/trigger", profile_id=profile, phone=LEAD)["id"]
        campaign = campaign_of(theirs, "Theirs")["id"]
        report = theirs.get("/reports")[0]["id"]
    for method, path in (
        ("GET", f"/contacts/{contact}"),
        ("PATCH", f"/contacts/{contact}"),
        ("DELETE", f"/contacts/{contact}"),
        ("POST", f"/contacts/{contact}/dnc"),
        ("DELETE", f"/contacts/{contact}/dnc"),
        ("GET", f"/calls/{call}"),
        ("GET", f"/calls/{call}/transcript"),
        ("GET", f"/calls/{call}/recording"),
        ("GET", f"/campaigns/{campaign}"),
        ("POST", f"/campaigns/{campaign}/start"),
        ("POST", f"/campaigns/{campaign}/pause"),
        ("POST", f"/campaigns/{campaign}/resume"),
        ("POST", f"/campaigns/{campaign}/stop"),
        ("GET", f"/custom-fields/{field}"),
        ("PATCH", f"/custom-fields/{field}"),
        ("DELETE", f"/custom-fields/{field}"),
        ("GET", f"/profiles/{profile}"),
        ("PATCH", f"/profiles/{profile}"),
        ("DELETE", f"/profiles/{profile}"),
        ("GET", f"/reports/{report}"),
        ("POST", f"/reports/{report}/execute"),
        ("GET", f"/reports/{report}/export?format=csv"),
    ):
        assert http.error(method, path, json={} if method in ("PATCH", "POST") else None)[:2] == (404, "NOT_FOUND"), (
            path
        )
    error = http.error("POST", "/calls/trigger", json={"profile_id": profile, "phone": "+12145550100"})
    assert error[:2] == (404, "NOT_FOUND")
    assert http.get("/calls", campaign_id=campaign) == http.get("/calls", contact_id=contact) == []
    assert http.post("/contacts", phone=LEAD)["phone"] == LEAD
