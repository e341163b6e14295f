"""The transport: what a run must not send is not sent, no matter what asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from ringback_conformance.http_client import is_loopback
from ringback_conformance.transport import (
    READING,
    Log,
    NoResponse,
    NotAllowed,
    Pace,
    Policy,
    Request,
    TargetGone,
    Transport,
)
from tests.conformance.servers import Answering, Socketed, hang, html, once_and_no_more, reset, saying


def transport(url: str, log: Log | None = None, **policy: Any) -> Transport:
    timeout = policy.pop("timeout", 2.0)
    return Transport(url, Policy(**{"rate": None, **policy}), log or Log(), timeout=timeout)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "get post"])
def test_a_run_that_only_reads_sends_no_other_method(serve: Any, method: str) -> None:
    server = serve(Answering, html)
    door = transport(server.url)
    with pytest.raises(NotAllowed, match="not allowed"):
        door.send("x", Request(method, "/v1/numbers"))
    door.close()
    assert server.requests == []
    assert door.log.exchanges == []


@pytest.mark.parametrize("method", sorted(READING))
def test_a_run_that_only_reads_sends_get_and_head(serve: Any, method: str) -> None:
    server = serve(Answering, html)
    door = transport(server.url)
    door.send("x", Request(method, "/v1/numbers"))
    door.close()
    assert [asked[0] for asked in server.requests] == [method]


def test_no_more_requests_are_sent_than_the_limit_allows(serve: Any) -> None:
    server = serve(Answering, html)
    door = transport(server.url, requests=3)
    for _ in range(3):
        door.send("x", Request("GET", "/"))
    with pytest.raises(NotAllowed, match="limit of 3 requests"):
        door.send("x", Request("GET", "/"))
    door.close()
    assert len(server.requests) == 3


def price(request: Request) -> int:
    return 500 if request.body == b"buy" else 0


def charged(request: Request, exchange: Any) -> int:
    return 500 if exchange.status == 201 else 0


def test_a_request_that_would_go_over_the_budget_is_not_sent(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(201, {}))
    door = transport(server.url, methods=None, budget=900, price=price, charged=charged)
    door.send("x", Request("POST", "/", (), b"buy"))
    with pytest.raises(NotAllowed, match=r"costs \$5\.00.*\$4\.00 of the budget of \$9\.00 is left"):
        door.send("x", Request("POST", "/", (), b"buy"))
    door.close()
    assert len(server.requests) == 1
    assert door.spent == 500


def test_what_was_wrongly_accepted_ends_all_writing_once_the_budget_is_gone(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(201, {}))
    door = transport(server.url, methods=None, budget=0, price=price, charged=charged)
    door.send("x", Request("POST", "/", (), b"should be refused"))
    with pytest.raises(NotAllowed, match="more was spent"):
        door.send("x", Request("POST", "/", (), b"should be refused"))
    door.send("x", Request("GET", "/"))
    door.send("x", Request("DELETE", "/1"))
    door.close()
    assert [asked[0] for asked in server.requests] == ["POST", "GET", "DELETE"]


def test_only_allowed_destinations_are_involved(serve: Any) -> None:
    server = serve(Answering, html)
    policy: dict[str, Any] = {
        "methods": None,
        "destinations": lambda request: [request.body.decode()],
        "allowed": lambda number: number == "+13465550142",
    }
    door = transport(server.url, **policy)
    door.send("x", Request("POST", "/", (), b"+13465550142"))
    with pytest.raises(NotAllowed, match="not on the list of allowed destinations"):
        door.send("x", Request("POST", "/", (), b"+13465551234"))
    door.close()
    assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["http://elsewhere.example/", "elsewhere.example", "", "@elsewhere.example/"])
def test_nothing_is_sent_to_another_host(serve: Any, path: str) -> None:
    server = serve(Answering, html)
    door = transport(server.url)
    with pytest.raises(NotAllowed, match="not a path of the target"):
        door.send("x", Request("GET", path))
    door.close()


def test_a_redirect_is_not_followed(serve: Any) -> None:
    elsewhere = serve(Answering, html)
    server = serve(Answering, lambda *_: saying(302, b"", Location=elsewhere.url))
    door = transport(server.url)
    assert door.send("x", Request("GET", "/")).status == 302
    door.close()
    assert elsewhere.requests == []


def test_the_environments_credentials_are_not_used(serve: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve(Answering, html)
    door = transport(server.url)
    door.send("x", Request("GET", "/"))
    door.close()
    assert "Authorization" not in server.requests[0][2]


class Waiting:
    """A clock that moves only when it is waited for."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def test_the_pace_stays_under_the_limit_in_every_minute() -> None:
    clock = Waiting()
    pace = Pace(45, lambda: clock.now, clock.wait)
    sent = []
    for _ in range(200):
        pace.take()
        sent.append(clock.now)
        clock.now += 0.1
    for at in sent:
        assert len([other for other in sent if at <= other < at + 60]) <= 45


def test_a_busy_target_is_given_the_time_it_asks_for(serve: Any) -> None:
    answers = [saying(429, {}, Retry_After="7"), saying(503, {}, Retry_After="2"), saying(200, {})]
    server = serve(Answering, lambda *_: answers.pop(0))
    clock = Waiting()
    door = Transport(server.url, Policy(rate=60), Log(), pace=Pace(45, lambda: clock.now, clock.wait))
    assert door.send("x", Request("GET", "/")).status == 200
    door.close()
    assert clock.waits == [7.0, 2.0]


def test_a_wait_of_hours_is_not_waited_for(serve: Any) -> None:
    server = serve(Answering, lambda *_: saying(429, {}, Retry_After="3600"))
    clock = Waiting()
    door = Transport(server.url, Policy(rate=60), Log(), pace=Pace(45, lambda: clock.now, clock.wait))
    assert door.send("x", Request("GET", "/")).status == 429
    door.close()
    assert clock.waits == []


def test_a_target_that_falls_silent_is_given_up(serve: Any) -> None:
    server = serve(Socketed, hang)
    door = transport(server.url, timeout=0.1)
    for _ in range(3):
        with pytest.raises(NoResponse, match=r"no response within 0\.1 s"):
            door.send("x", Request("GET", "/"))
    with pytest.raises(TargetGone, match="stopped answering"):
        door.send("x", Request("GET", "/"))
    door.close()


def test_a_broken_connection_is_no_answer_and_is_on_record(serve: Any) -> None:
    server = serve(Socketed, reset)
    log = Log()
    door = transport(server.url, log)
    with pytest.raises(NoResponse):
        door.send("x", Request("GET", "/"))
    door.close()
    assert [(exchange.status, exchange.error != "") for exchange in log.exchanges] == [(None, True)]


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:7464", True),
        ("http://localhost/x", True),
        ("https://kwickphone.localhost:1", True),
        ("http://[::1]:80", True),
        ("https://kwickphone.com", False),
        ("https://localhost.example.com", False),
        ("https://127.0.0.1.example.com", False),
        ("https://10.0.0.1", False),
    ],
)
def test_loopback_is_told_from_the_rest(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_what_is_asked_again_since_the_line_was_closed_is_one_more_request(serve: Any) -> None:
    server = serve(Socketed, once_and_no_more)
    transport = Transport(server.url, Policy(requests=4, rate=None), Log())
    assert [transport.send("x", Request("GET", "/")).status for _ in range(2)] == [200, 200]
    assert (transport.sent, server.connections) == (3, 2)
    with pytest.raises(NoResponse, match="RemoteDisconnected"):
        transport.send("x", Request("GET", "/"))
    assert (transport.sent, server.connections) == (4, 2)
    transport.close()
