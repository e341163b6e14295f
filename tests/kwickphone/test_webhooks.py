"""Webhooks: page "Webhooks — events & signing"."""

from __future__ import annotations

import hashlib
import hmac
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Receiver, Ringback
from tests.kwickphone.conftest import CALLER, Provision
from tests.support.contract import Contract


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def one_call(account: Account, number: dict[str, Any], **script: Any) -> str:
    id_ = account.call(number["phone_number"], CALLER, **{"turns": [], "duration": 30, "outcome": "order", **script})
    account.advance(seconds=33)
    return id_


def waits(account: Account) -> list[float]:
    """Seconds between the attempts of the account's only delivery."""
    (delivery,) = account.deliveries()
    times = [datetime.fromisoformat(attempt["at"]) for attempt in delivery["attempts"]]
    return [(late - early).total_seconds() for early, late in pairwise(times)]


def test_a_completed_call_posts_the_documented_event(account: Account, provision: Provision, hook: Receiver) -> None:
    number = provision(webhook_url=hook.url)
    id_ = one_call(account, number)
    (request,) = hook.requests
    assert request.json() == {
        "type": "call.completed",
        "number_id": number["id"],
        "occurred_at": "2026-01-01T00:00:33+00:00",
        "call": {
            "call_sid": id_, "caller": CALLER, "outcome": "order", "duration_sec": 30,
            "started_at": "2026-01-01T00:00:00Z", "has_recording": True, "has_transcript": False,
        },
    }  # fmt: skip
    assert request.headers["content-type"] == "application/json"
    assert Contract.load("kwickphone").check_webhook("callCompleted", dict(request.headers), request.body) == []


def test_the_signature_is_over_timestamp_and_raw_body(account: Account, provision: Provision, hook: Receiver) -> None:
    number = provision(webhook_url=hook.url)
    one_call(account, number)
    (request,) = hook.requests
    timestamp = request.headers["X-KwickPhone-Timestamp"]
    signed = hmac.new(number["webhook_secret"].encode(), f"{timestamp}.".encode() + request.body, hashlib.sha256)
    assert request.headers["X-KwickPhone-Signature"] == f"v1={signed.hexdigest()}"
    assert int(timestamp) == int(datetime.fromisoformat("2026-01-01T00:00:33+00:00").timestamp())


NODE = """
const crypto = require('crypto');
const [secret, stamp, given, hex] = process.argv.slice(1);
const digest = crypto.createHmac('sha256', secret).update(stamp + '.' + Buffer.from(hex, 'hex')).digest('hex');
process.exit('v1=' + digest === given ? 0 : 1);
"""
PHP = """
$digest = hash_hmac('sha256', $argv[2] . '.' . hex2bin($argv[4]), $argv[1]);
exit(hash_equals('v1=' . $digest, $argv[3]) ? 0 : 1);
"""


@pytest.mark.parametrize(("program", "flag", "check"), [("node", "-e", NODE), ("php", "-r", PHP)])
def test_other_languages_accept_the_signature(
    account: Account, provision: Provision, hook: Receiver, program: str, flag: str, check: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    number = provision(webhook_url=hook.url)
    one_call(account, number, outcome="commande – déjà payée ☎")
    (request,) = hook.requests
    stamp, signature = request.headers["X-KwickPhone-Timestamp"], request.headers["X-KwickPhone-Signature"]

    def verdict(secret: str) -> int:
        separator = ["--"] if program == "php" else []
        command = [program, flag, check, *separator, secret, stamp, signature, request.body.hex()]
        return subprocess.run(command, check=False, timeout=60).returncode

    assert verdict(number["webhook_secret"]) == 0
    assert verdict("whsec_other") == 1


def test_a_failing_receiver_is_tried_five_times_with_growing_waits(
    account: Account, provision: Provision, hook: Receiver
) -> None:
    hook.respond_with(500)
    id_ = one_call(account, provision(webhook_url=hook.url))
    account.advance(days=30)
    assert len(hook.requests) == 5
    gaps = waits(account)
    assert gaps == sorted(gaps)
    assert len(set(gaps)) == 4
    assert {request.json()["call"]["call_sid"] for request in hook.requests} == {id_}
    assert len({request.headers["X-KwickPhone-Timestamp"] for request in hook.requests}) == 5
    assert len({request.headers["X-KwickPhone-Signature"] for request in hook.requests}) == 5
    assert len({request.body for request in hook.requests}) == 1
    assert account.deliveries()[0]["state"] == "failed"


@pytest.mark.parametrize("failures", [0, 1, 2, 3, 4])
def test_success_ends_the_retries(account: Account, provision: Provision, hook: Receiver, failures: int) -> None:
    hook.respond_with(*[503] * failures, 204)
    one_call(account, provision(webhook_url=hook.url))
    account.advance(days=30)
    assert len(hook.requests) == failures + 1
    assert account.deliveries()[0]["state"] == "delivered"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 410, 418, 429, 500])
def test_anything_but_2xx_is_a_failure_and_a_redirect_is_not_followed(
    account: Account, provision: Provision, hook: Receiver, status: int
) -> None:
    with Receiver() as elsewhere:
        hook.respond_with(status, headers={"Location": elsewhere.url})
        one_call(account, provision(webhook_url=hook.url))
        account.advance(minutes=2)
        assert len(hook.requests) == 2
        assert elsewhere.requests == []


def test_a_receiver_that_is_gone_is_tried_again(account: Account, provision: Provision) -> None:
    with Receiver() as hook:
        url = hook.url
    one_call(account, provision(webhook_url=url))
    account.advance(idle=True)
    (delivery,) = account.deliveries()
    assert len(delivery["attempts"]) == 5
    assert all("refused" in attempt["error"] for attempt in delivery["attempts"])


def test_a_receiver_that_hangs_is_given_up_in_time_and_blocks_nobody(
    ringback: Ringback, account: Account, provision: Provision
) -> None:
    account.settings(webhook_timeout=0.2)
    with Receiver() as hanging, Receiver() as quick:
        hanging.respond_with(None)
        numbers = [provision(webhook_url=hanging.url), provision(webhook_url=quick.url)]
        for number in numbers:
            account.call(number["phone_number"], CALLER, turns=[], duration=1)
        account.advance(seconds=10)
        assert len(quick.requests) == 1
        states = {delivery["url"]: delivery["state"] for delivery in account.deliveries()}
        assert states == {hanging.url: "pending", quick.url: "delivered"}
        assert "no answer within 0.2 s" in str(account.deliveries())


def test_a_number_without_a_webhook_url_sends_nothing(account: Account, provision: Provision) -> None:
    one_call(account, provision())
    account.advance(days=1)
    assert account.deliveries() == []


@pytest.mark.parametrize("end", ["no_answer", "busy", "failed"])
def test_only_a_completed_call_sends_an_event(account: Account, provision: Provision, hook: Receiver, end: str) -> None:
    account.call(provision(webhook_url=hook.url)["phone_number"], CALLER, end=end)
    account.advance(hours=1)
    assert hook.requests == []


def test_every_call_sends_one_event_to_its_own_number(account: Account, provision: Provision) -> None:
    with Receiver() as first, Receiver() as second:
        numbers = [provision(webhook_url=first.url), provision(webhook_url=second.url)]
        for number in numbers * 3:
            one_call(account, number)
        assert [len(first.requests), len(second.requests)] == [3, 3]
        assert {event["number_id"] for event in first.events} == {numbers[0]["id"]}
        assert len({event["call"]["call_sid"] for event in first.events + second.events}) == 6


class TestTroublesOnRequest:
    def test_duplicate(self, account: Account, provision: Provision, hook: Receiver) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="duplicate"):
            one_call(account, number)
        assert len(hook.requests) == 2
        assert len({event["call"]["call_sid"] for event in hook.events}) == 1

    def test_drop(self, account: Account, provision: Provision, hook: Receiver) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="drop"):
            one_call(account, number)
        account.advance(days=1)
        assert hook.requests == []
        assert account.deliveries()[0]["state"] == "dropped"

    def test_delay(self, account: Account, provision: Provision, hook: Receiver) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="delay"):
            one_call(account, number)
        assert hook.requests == []
        account.advance(seconds=30)
        assert len(hook.requests) == 1

    def test_reorder(self, account: Account, provision: Provision, hook: Receiver) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="reorder", first=1):
            placed = [
                account.call(number["phone_number"], CALLER, turns=[], duration=5, answer_after=s) for s in (1, 2)
            ]
            account.advance(seconds=20)
        assert [event["call"]["call_sid"] for event in hook.events] == placed[::-1]

    def test_a_reordered_event_that_nothing_follows_comes_late(
        self, account: Account, provision: Provision, hook: Receiver
    ) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="reorder", first=1):
            one_call(account, number)
        assert hook.requests == []
        account.advance(seconds=31)
        assert len(hook.requests) == 1

    def test_bad_signature(self, account: Account, provision: Provision, hook: Receiver) -> None:
        number = provision(webhook_url=hook.url)
        with account.fault(webhook="bad_signature", first=1):
            one_call(account, number)
        (request,) = hook.requests
        signed = hmac.new(
            number["webhook_secret"].encode(),
            f"{request.headers['X-KwickPhone-Timestamp']}.".encode() + request.body,
            hashlib.sha256,
        )
        assert request.headers["X-KwickPhone-Signature"] != f"v1={signed.hexdigest()}"


def test_a_delivery_can_be_replayed(ringback: Ringback, account: Account, provision: Provision, hook: Receiver) -> None:
    one_call(account, provision(webhook_url=hook.url))
    (delivery,) = account.deliveries()
    replayed = ringback.control.post(f"/deliveries/{delivery['id']}/replay")
    assert len(replayed["attempts"]) == 2
    assert len(hook.requests) == 2
    assert hook.requests[0].body == hook.requests[1].body


class TestStrictEgress:
    """Exactly as the page says, with a public name routed to a local receiver."""

    def test_a_public_name_reaches_its_local_receiver(self, hook: Receiver) -> None:
        route = {"https://hooks.example.test": hook.url}
        with Ringback("kwickphone", strict=True, webhook_routes=route) as ringback:
            account = ringback.account()
            with account.client() as http:
                number = http.post(
                    "/v1/numbers",
                    json={"business_phone": "+13465551234", "webhook_url": "https://hooks.example.test/kp?a=1"},
                ).json()
            one_call(account, number)
        (request,) = hook.requests
        assert request.path.endswith("/kp?a=1")
        assert request.headers["host"] == "hooks.example.test"

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:9/", "https://127.0.0.1/", "https://localhost/", "https://0x7f.1/"]
    )
    def test_loopback_is_refused_at_once(self, url: str) -> None:
        with Ringback("kwickphone", strict=True) as ringback, ringback.account().client() as http:
            answer = http.post("/v1/numbers", json={"business_phone": "+13465551234", "webhook_url": url})
            assert answer.status_code == 400
            assert http.get("/v1/numbers").json()["data"] == []

    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "fe80::1"])
    def test_a_name_that_comes_to_resolve_inside_is_not_contacted(self, hook: Receiver, address: str) -> None:
        route = {"https://hooks.example.test": hook.url}
        with Ringback("kwickphone", strict=True, webhook_routes=route) as ringback:
            account = ringback.account()
            with account.client() as http:
                number = http.post(
                    "/v1/numbers",
                    json={"business_phone": "+13465551234", "webhook_url": "https://hooks.example.test/"},
                ).json()
            ringback.control.put("/hosts", {"hooks.example.test": [address]})
            one_call(account, number)
            account.advance(idle=True)
            (delivery,) = account.deliveries()
        assert hook.requests == []
        assert len(delivery["attempts"]) == 5
        assert all("not contacted" in attempt["error"] for attempt in delivery["attempts"])

    def test_without_a_route_the_resolved_address_is_what_counts(self) -> None:
        hosts = {"hooks.example.test": ("93.184.216.34",)}
        with Ringback("kwickphone", strict=True, hosts=hosts) as ringback:
            account = ringback.account()
            with account.client() as http:
                number = http.post(
                    "/v1/numbers",
                    json={"business_phone": "+13465551234", "webhook_url": "https://hooks.example.test/"},
                ).json()
            ringback.control.put("/hosts", {"hooks.example.test": ["192.168.7.7"]})
            one_call(account, number)
            (delivery,) = account.deliveries()
        assert "192.168.7.7" in delivery["attempts"][0]["error"]


def test_an_answer_never_waits_for_a_receiver(account: Account, http: httpx.Client, provision: Provision) -> None:
    with Receiver() as hanging:
        hanging.respond_with(None)
        number = provision(webhook_url=hanging.url)
        with Ringback("kwickphone", clock="x1000", webhook_timeout=5.0) as live:
            other = live.account()
            with other.client() as client:
                body = {"business_phone": "+13465551234", "webhook_url": hanging.url}
                number = client.post("/v1/numbers", json=body).json()
                other.call(number["phone_number"], CALLER, turns=[], duration=0, answer_after=0)
                assert hanging.wait(1)
                assert client.get("/v1/calls").json()["data"][0]["status"] == "completed"
                assert other.deliveries()[0]["attempts"] == []
