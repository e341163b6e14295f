"""`ringback.testing`: what a test author has in hand."""

from __future__ import annotations

import hashlib
import hmac
import inspect
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ringback import testing
from ringback.client import as_turns
from ringback.testing import Account, ControlError, Receiver, Ringback, SettingsError, Unreachable

BUSINESS = "+13465551234"


@pytest.fixture(scope="module")
def rb() -> Iterator[Ringback]:
    with Ringback("kwickphone", seed=5) as rb:
        yield rb


@pytest.fixture
def account(rb: Ringback) -> Account:
    return rb.account("kwickphone", balance="25.00")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as hook:
        yield hook


def provision(account: Account, hook: Receiver | None = None) -> dict[str, Any]:
    body = {"business_phone": BUSINESS} | ({"webhook_url": hook.url} if hook else {})
    with account.client() as http:
        answer = http.post("/v1/numbers", json=body)
    assert answer.status_code == 201, answer.text
    number: dict[str, Any] = answer.json()
    return number


# -- starting and stopping -----------------------------------------------------------------------------------------


def test_it_answers_between_start_and_stop() -> None:
    rb = Ringback("kwickphone")
    with pytest.raises(RuntimeError, match="start"):
        _ = rb.url
    rb.start()
    url = rb.url
    assert httpx.get(f"{url}/_ringback/health").json()["status"] == "ok"
    rb.stop()
    rb.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/_ringback/health")


def test_a_setting_that_cannot_be_used_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="colour"):
        Ringback("kwickphone", colour="blue")
    with pytest.raises(SettingsError, match="no_one"), Ringback("no_one"):
        pass


def test_an_unexpected_exception_inside_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringback.server import CrashReport
    from ringback.vendors.kwickphone.rules import KwickPhone

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(KwickPhone, "list_numbers", breaks)
    rb = Ringback("kwickphone").start()
    with rb.account().client() as http:
        assert http.get("/v1/numbers").status_code == 500
    assert [type(error) for error in rb.crashes] == [ZeroDivisionError]
    with pytest.raises(CrashReport, match="ZeroDivisionError: a bug"):
        rb.stop()


def test_two_servers_of_one_seed_give_the_same_and_of_another_seed_not() -> None:
    def story(seed: int) -> list[Any]:
        with Ringback("kwickphone", seed=seed) as rb, rb.receiver() as hook:
            account = rb.account(balance="25.00")
            number = provision(account, hook)
            call = account.call(number["phone_number"], turns=["Hello", "Bye"])
            account.wait_for("call.completed")
            return [account.key, number["phone_number"], number["webhook_secret"], call, hook.events]

    assert story(1) == story(1)
    assert story(1) != story(2)


def test_over_tls_the_vendors_address_is_https_and_the_authority_at_hand() -> None:
    import ssl

    with Ringback("kwickphone", tls=True) as rb:
        account = rb.account()
        assert rb.https_url is not None
        assert account.base_url.startswith(rb.https_url)
        with account.client() as http:
            assert http.get("/v1/numbers").status_code == 200
        with account.client(verify=ssl.create_default_context()) as http, pytest.raises(httpx.ConnectError):
            http.get("/v1/numbers")
        trusting = ssl.create_default_context(cafile=rb.ca_pem)
        url, headers = f"{account.base_url}/v1/numbers", account.headers
        assert httpx.get(url, headers=headers, verify=trusting, trust_env=False).status_code == 200


# -- accounts ------------------------------------------------------------------------------------------------------


def test_an_account_has_what_a_client_needs(account: Account) -> None:
    answer = httpx.get(f"{account.base_url}/v1/numbers", headers=account.headers)
    assert answer.json() == {"data": []}
    assert account.headers == {"Authorization": f"Bearer {account.key}"}
    assert account.key == account.keys[0]["secret"]
    assert account.balance == Decimal("25.00")
    assert account.webhook_secret is None
    assert account.id in repr(account)


def test_keys_are_made_as_asked(rb: Ringback) -> None:
    account = rb.account("kwickphone", keys=[{}, {"allowlist": ["203.0.113.0/24"]}])
    first, second = (key["secret"] for key in account.keys)
    with account.client() as mine, account.client(key=second) as not_from_here:
        assert mine.get("/v1/numbers").status_code == 200
        assert not_from_here.get("/v1/numbers").status_code == 401
    assert first != second


def test_settings_are_taken_when_opening_and_later(rb: Ringback) -> None:
    account = rb.account("kwickphone", balance=50, number_limit=1)
    provision(account)
    with account.client() as http:
        assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 429
        assert account.settings(number_limit=2)["settings"]["number_limit"] == 2
        assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 201
    with pytest.raises(ControlError, match="no_such_setting"):
        rb.account("kwickphone", no_such_setting=1)


def test_money_is_added_and_taken_away(account: Account) -> None:
    assert account.fund("1.50") == Decimal("26.50")
    assert account.fund(-20) == Decimal("6.50")
    assert account.balance == Decimal("6.50")


def test_the_vendor_may_be_left_out_when_there_is_one(rb: Ringback) -> None:
    assert rb.account().vendor == "kwickphone"
    assert rb.kwickphone is rb.kwickphone
    with pytest.raises(AttributeError, match="kwikphone"):
        _ = rb.kwikphone


# -- calls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        (["Hello", "Hi"], [("agent", "Hello"), ("caller", "Hi")]),
        (["caller: Hi", "Hello"], [("caller", "Hi"), ("agent", "Hello")]),
        (["Agent:  Good day ", "caller: it is 10:30"], [("agent", "Good day"), ("caller", "it is 10:30")]),
        (["Note: this is text"], [("agent", "Note: this is text")]),
        ([("agent", "Hello"), ("caller", "Hi", 2.5)], [("agent", "Hello"), ("caller", "Hi", 2.5)]),
        ([{"speaker": "caller", "text": "Hi", "at": 1}], [("caller", "Hi", 1)]),
        ([], []),
    ],
)
def test_turns_are_taken_in_every_form(spoken: list[Any], expected: list[tuple[Any, ...]]) -> None:
    assert [tuple(turn.values()) for turn in as_turns(spoken)] == expected


@pytest.mark.parametrize("spoken", [[("robot", "hi")], [("agent",)], [{"text": "who?"}], [("agent", "a", 1, 2)]])
def test_a_turn_that_cannot_be_understood_is_refused(spoken: list[Any]) -> None:
    with pytest.raises(ValueError, match="turn 1"):
        as_turns(spoken)


def test_a_call_is_found_by_its_number_and_plays_on_the_owners_clock(rb: Ringback, account: Account) -> None:
    number = provision(account)
    call = rb.call(
        to=number["phone_number"],
        caller="+12145559876",
        turns=[("agent", "Hello"), ("caller", "Hi", 2)],
        outcome="order",
        duration=90,
        answer_after=5,
    )
    account.advance(seconds=95)
    with account.client() as http:
        (listed,) = http.get("/v1/calls").json()["data"]
        turns = http.get(f"/v1/calls/{call}/transcript").json()["turns"]
    assert (listed["id"], listed["status"], listed["duration_sec"]) == (call, "completed", 90)
    assert [turn["offset_sec"] for turn in turns] == [0, 2]


def test_a_call_that_nobody_answers_is_refused(rb: Ringback, account: Account) -> None:
    with pytest.raises(ControlError) as refused:
        rb.call(to="+19075550199")
    assert refused.value.status == 404
    assert "+19075550199" in str(refused.value)
    with pytest.raises(ControlError) as refused:
        account.text("+19075550199", "hello")
    assert refused.value.param == "vendor"


def test_the_script_of_a_call_says_how_it_ends(account: Account) -> None:
    number = provision(account)["phone_number"]
    for end in ("no_answer", "busy", "failed"):
        account.call(number, end=end)
    account.call(number, voicemail="Call me back")
    account.advance(idle=True)
    with account.client() as http:
        seen = [call["status"] for call in http.get("/v1/calls").json()["data"]]
    assert seen == ["completed", "failed", "busy", "no_answer"]


# -- time ----------------------------------------------------------------------------------------------------------


def test_an_accounts_clock_moves_alone_and_the_servers_moves_all() -> None:
    with Ringback("kwickphone", start="2026-03-01T09:00:00Z") as rb:
        one, other = rb.account(), rb.account()
        one.advance(days=1, hours=2, minutes=3, seconds=4.5)
        assert one.now == datetime(2026, 3, 2, 11, 3, 4, 500_000, tzinfo=UTC)
        assert other.now == rb.now == datetime(2026, 3, 1, 9, tzinfo=UTC)
        rb.advance(weeks=1)
        assert other.now == rb.now == datetime(2026, 3, 8, 9, tzinfo=UTC)
        assert one.now == datetime(2026, 3, 9, 11, 3, 4, 500_000, tzinfo=UTC)


def test_until_takes_text_and_datetimes(rb: Ringback) -> None:
    account = rb.account(now=datetime(2026, 1, 31, 8, tzinfo=UTC))
    account.advance(until="2026-02-01T00:00:00Z")
    assert account.now == datetime(2026, 2, 1, tzinfo=UTC)
    moved = account.advance(until=datetime(2026, 2, 2, 5, tzinfo=UTC))
    assert moved == {"now": "2026-02-02T05:00:00Z", "fired": 0, "deliveries": 0}


def test_saying_how_far_in_two_ways_is_a_mistake(account: Account) -> None:
    with pytest.raises(ValueError, match="one way"):
        account.advance(hours=1, idle=True)


def test_a_month_is_billed_in_no_time(account: Account) -> None:
    provision(account)
    account.advance(days=62)
    assert account.balance == Decimal("10.00")


def test_waiting_for_an_event_gives_each_delivery_once(account: Account, hook: Receiver) -> None:
    number = provision(account, hook)["phone_number"]
    calls = [account.call(number, turns=["Hello"], answer_after=after) for after in (1, 60)]
    waited = [account.wait_for("call.completed") for _ in calls]
    assert [delivery["subject"] for delivery in waited] == calls
    assert waited[0]["attempts"][0]["status"] == 200
    assert [event["call"]["call_sid"] for event in hook.events] == calls


def test_waiting_returns_after_the_first_attempt_not_the_last(account: Account, hook: Receiver) -> None:
    hook.respond_with(500)
    account.call(provision(account, hook)["phone_number"], turns=["Hello"])
    delivery = account.wait_for("call.completed")
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500]
    account.advance(days=1)
    (delivery,) = account.deliveries("call.completed")
    assert len(delivery["attempts"]) == len(hook.requests) == 5


def test_waiting_in_vain_fails_with_what_happened_instead(account: Account) -> None:
    account.call(provision(account)["phone_number"], end="no_answer")
    before = account.now
    with pytest.raises(AssertionError) as failed:
        account.wait_for("call.completed", timeout=timedelta(minutes=5))
    assert account.now - before == timedelta(minutes=5)
    assert "no call.completed webhook within 300 virtual seconds" in str(failed.value)
    assert "no_answer" in str(failed.value)


# -- what goes wrong -----------------------------------------------------------------------------------------------


def test_a_fault_of_an_account_strikes_it_alone_until_removed(rb: Ringback, account: Account) -> None:
    other = rb.account()
    with account.client() as http, other.client() as elsewhere:
        with account.fault("listNumbers", status=503) as fault:
            assert http.get("/v1/numbers").status_code == 503
            assert http.get("/v1/calls").status_code == 200
            assert elsewhere.get("/v1/numbers").status_code == 200
        assert http.get("/v1/numbers").status_code == 200
    fault.remove()


def test_a_fault_strikes_the_first_requests(account: Account) -> None:
    account.fault(operation="createNumber", first=1, status=503, code="provider_unavailable")
    with account.client() as http:
        codes = [http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code for _ in range(2)]
    assert codes == [503, 201]
    assert account.balance == Decimal("20.00")


def test_a_webhook_is_delivered_twice_on_request(account: Account, hook: Receiver) -> None:
    account.fault(webhook="duplicate")
    account.call(provision(account, hook)["phone_number"], turns=["Hello"])
    account.wait_for("call.completed")
    assert len(hook.requests) == 2
    assert hook.events[0] == hook.events[1]


def test_a_fault_that_cannot_be_is_refused(account: Account) -> None:
    with pytest.raises(ControlError, match="listCalls"):
        account.fault("listCall", status=500)
    with pytest.raises(ControlError):
        account.fault("listCalls")


# -- the receiver --------------------------------------------------------------------------------------------------


def test_a_receiver_keeps_the_very_bytes_that_were_signed(account: Account, hook: Receiver) -> None:
    number = provision(account, hook)
    account.call(number["phone_number"], turns=["Hello"])
    account.wait_for("call.completed")
    (request,) = hook.requests
    signed = request.headers["x-kwickphone-timestamp"].encode() + b"." + request.body
    expected = "v1=" + hmac.new(number["webhook_secret"].encode(), signed, hashlib.sha256).hexdigest()
    assert request.headers["X-KwickPhone-Signature"] == expected
    assert (request.method, request.path) == ("POST", "/hook")


def test_a_receiver_answers_in_turn_and_the_last_answer_stays(hook: Receiver) -> None:
    hook.respond_with(503, 302, 204, headers={"Location": "/elsewhere"})
    seen = [httpx.post(hook.url, content=b"{}") for _ in range(4)]
    assert [answer.status_code for answer in seen] == [503, 302, 204, 204]
    assert seen[1].headers["location"] == "/elsewhere"
    hook.clear()
    assert hook.requests == []


def test_a_receiver_that_is_stopped_refuses_and_comes_back_at_the_same_address() -> None:
    hook = Receiver().start()
    url = hook.url
    hook.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    with hook.start():
        assert hook.url == url
        assert httpx.get(url).status_code == 200


def test_a_receiver_that_never_answers_runs_the_sender_into_its_limit(rb: Ringback, hook: Receiver) -> None:
    account = rb.account(balance=25, webhook_timeout=0.1)
    hook.respond_with(None)
    account.call(provision(account, hook)["phone_number"], turns=["Hello"])
    (attempt,) = account.wait_for("call.completed")["attempts"]
    assert attempt["status"] is None
    assert "0.1" in attempt["error"]


def test_waiting_at_a_receiver_says_what_came_instead(hook: Receiver) -> None:
    httpx.post(hook.url, content=b'{"type": "other"}')
    assert len(hook.wait(1)) == 1
    with pytest.raises(AssertionError, match=r"2 requests expected .* 1 came") as failed:
        hook.wait(2, timeout=0.01)
    assert '"other"' in str(failed.value)


def test_a_receiver_is_quiet_about_senders_that_hang_up(hook: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    host, port = hook.origin.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as rude:
        rude.sendall(b"POST / HTTP/1.1\r\nContent-Length: nonsense\r\n\r\n")
    assert httpx.post(hook.url).status_code == 200
    assert capfd.readouterr().err == ""


# -- looking back, going back --------------------------------------------------------------------------------------


def test_the_timeline_reads_from_first_to_last(account: Account) -> None:
    number = provision(account)["phone_number"]
    with account.client() as http:
        http.get("/v1/calls/CA0/transcript")
    reported = account.timeline()
    first, *_ = reported.splitlines()
    assert first == f"{account.now:%Y-%m-%d}"
    assert reported.index("funded +25.00") < reported.index(f"{number} provisioned") < reported.index("404")
    assert '"not_found"' in reported
    assert [entry["seq"] for entry in account.journal()] == sorted(entry["seq"] for entry in account.journal())
    assert account.journal(limit=1) == account.journal()[-1:]
    assert account.key not in reported


def test_a_snapshot_brings_the_whole_back() -> None:
    with Ringback("kwickphone") as rb:
        account = rb.account(balance=25)
        kept = rb.snapshot()
        provision(account)
        rb.advance(days=40)
        rb.restore(kept)
        assert account.balance == Decimal("25.00")
        assert rb.now == datetime(2026, 1, 1, tzinfo=UTC)
        with pytest.raises(ControlError):
            rb.restore({"not": "a snapshot"})


def test_reset_forgets_accounts() -> None:
    with Ringback("kwickphone") as rb:
        account, first = rb.account(), rb.kwickphone
        rb.reset()
        with pytest.raises(ControlError, match="no account"):
            account.show()
        assert rb.kwickphone is not first
        with rb.kwickphone.client() as http:
            assert http.get("/v1/numbers").status_code == 200


# -- an emulator that runs elsewhere -------------------------------------------------------------------------------


def test_connecting_leaves_the_emulator_running_and_nothing_behind(rb: Ringback) -> None:
    with Ringback.connect(rb.url) as guest:
        account = guest.account(balance=25)
        guest.fault(operation="listNumbers", status=500)
        assert guest.vendors == ("kwickphone",)
        assert provision(account)["status"] == "active"
    with rb.account().client() as http:
        assert http.get("/v1/numbers").status_code == 200
    with account.client() as http:
        assert http.get("/v1/numbers").status_code == 401


def test_connecting_to_nobody_says_so() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        Ringback.connect("http://127.0.0.1:9")


def test_a_share_moves_only_its_own_clocks_and_is_gone_afterwards(rb: Ringback, account: Account) -> None:
    before = rb.now, account.now
    with rb.share() as mine:
        theirs = mine.account(balance=25)
        hook = mine.receiver()
        started = theirs.now
        moved = mine.advance(days=31)
        assert theirs.now - started == timedelta(days=31)
        assert moved["now"] == theirs.show()["now"]
        mine.fault(operation="listCalls", status=500)
        assert account.id not in mine.timeline()
    assert (rb.now, account.now) == before
    with account.client() as http:
        assert http.get("/v1/calls").status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(hook.url)


# -- many at once --------------------------------------------------------------------------------------------------


def test_many_threads_travel_in_time_on_one_server(rb: Ringback) -> None:
    gate = threading.Barrier(4)

    def story(months: int) -> tuple[Decimal, timedelta]:
        account = rb.account("kwickphone", balance=100)
        start = account.now
        provision(account)
        gate.wait(20)
        for _ in range(months):
            account.advance(days=31)
        return account.balance, account.now - start

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(story, [1, 2, 3, 4]))
    assert found == [(Decimal(95 - 5 * months), timedelta(days=31 * months)) for months in (1, 2, 3, 4)]


def test_every_public_method_has_a_docstring() -> None:
    for name in testing.__all__:
        thing = getattr(testing, name)
        bare = [
            f"{name}.{attribute}"
            for attribute, value in vars(thing).items()
            if not attribute.startswith("_")
            and (inspect.isfunction(value) or isinstance(value, property | classmethod))
            and not inspect.getdoc(value)
        ]
        assert thing.__doc__
        assert bare == []
