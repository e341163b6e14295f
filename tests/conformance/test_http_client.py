"""The line to a target: exactly what was said is sent, and no answer is waited for without end."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest

from ringback_conformance import http_client
from ringback_conformance.http_client import Connection, ConnectionFailed, InvalidRequest
from ringback_conformance.model import find
from tests.conformance.servers import Answering, Socketed, hang, html, once_and_no_more, reset, saying


def raw(answer: bytes, *, close: bool = True) -> Any:
    """Send these bytes to each client, once a request has arrived."""

    def then(connection: socket.socket) -> None:
        connection.settimeout(5)
        connection.recv(65_536)
        connection.sendall(answer)
        if close:
            connection.close()

    return then


def test_what_is_on_record_is_what_was_sent(serve: Any) -> None:
    server = serve(Answering, html)
    line = Connection(server.url)
    answer = line.request("POST", "/v1/x?a=%20b&c=ü".replace("ü", "%C3%BC"), (("X-A", "grün"), ("X-A", "two")), b"{}")
    line.close()
    method, path, headers, body = server.requests[0]
    assert (method, path, body) == ("POST", "/v1/x?a=%20b&c=%C3%BC", b"{}")
    assert [value for name, value in answer.sent if name == "X-A"] == ["grün", "two"]
    assert set(headers) == {name for name, _ in answer.sent}
    assert headers["Content-Length"] == "2"
    assert find(answer.headers, "content-type") == "text/html"


def test_a_header_of_ones_own_takes_the_place_of_ours(serve: Any) -> None:
    server = serve(Answering, html)
    line = Connection(server.url)
    line.request("GET", "/", (("user-agent", "me"), ("Host", "elsewhere.example")))
    line.close()
    headers = server.requests[0][2]
    assert headers["user-agent"] == "me"
    assert headers["Host"] == "elsewhere.example"
    assert "User-Agent" not in headers


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GE T", "/", ()),
        ("", "/", ()),
        ("GET", "/a b", ()),
        ("GET", "/ü", ()),
        ("GET", "/\r\nX: y", ()),
        ("GET", "/", (("X", "a\r\nY: b"),)),
        ("GET", "/", (("X", " a"),)),
        ("GET", "/", (("X", "\x00"),)),
        ("GET", "/", (("X y", "a"),)),
        ("GET", "/", (("", "a"),)),
    ],
)
def test_what_is_no_request_is_not_sent(serve: Any, method: str, path: str, headers: Any) -> None:
    server = serve(Answering, html)
    line = Connection(server.url)
    with pytest.raises(InvalidRequest):
        line.request(method, path, headers)
    line.close()
    assert server.requests == []


def test_a_line_stays_open_and_is_opened_again_where_it_was_closed(serve: Any) -> None:
    answer, closed = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), threading.Semaphore(0)

    def then(connection: socket.socket) -> None:
        answer(connection)
        closed.release()

    server = serve(Socketed, then)
    line = Connection(server.url)
    for _ in range(3):
        assert line.request("GET", "/").body == b"ok"
        assert closed.acquire(timeout=5)
    line.close()
    assert server.connections == 3
    kept = serve(Answering, html)
    line = Connection(kept.url)
    for _ in range(3):
        line.request("HEAD", "/")
    line.close()
    assert len(kept.requests) == 3


def test_only_what_was_to_be_read_from_an_open_line_that_was_closed_may_be_asked_again(serve: Any) -> None:
    line = Connection(serve(Socketed, once_and_no_more).url)
    for method, stale in (("GET", True), ("HEAD", True), ("POST", False)):
        assert line.request("GET", "/").body == b"ok"
        with pytest.raises(ConnectionFailed, match="RemoteDisconnected") as silence:
            line.request(method, "/")
        assert silence.value.stale is stale
    line.close()
    with pytest.raises(ConnectionFailed, match="ConnectionResetError") as fresh:
        Connection(serve(Socketed, reset).url).request("GET", "/")
    assert not fresh.value.stale


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n", b"onetwo"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none", b"one"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
    ids=["chunked", "continue", "until-closed", "no-content"],
)
def test_a_body_ends_where_http_says(serve: Any, answer: bytes, body: bytes) -> None:
    line = Connection(serve(Socketed, raw(answer)).url)
    assert line.request("GET", "/").body == body
    line.close()


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (hang, "no response within 0.2 s"),
        (reset, "ConnectionResetError"),
        (raw(b""), "RemoteDisconnected"),
        (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "BadStatusLine"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), "4 bytes before the response did"),
        (raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nshort"), "IncompleteRead"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nslow", close=False), "no response within 0.2 s"),
    ],
    ids=["hang", "reset", "closes", "no-http", "short", "short-chunk", "stops-midway"],
)
def test_half_an_answer_is_none_and_the_reason_is_told(serve: Any, then: Any, reason: str) -> None:
    line = Connection(serve(Socketed, then).url, timeout=0.2)
    with pytest.raises(ConnectionFailed, match=reason) as silence:
        line.request("GET", "/", (("X-A", "b"),))
    line.close()
    assert ("X-A", "b") in silence.value.sent


def test_an_answer_that_trickles_without_end_is_given_up_at_the_deadline(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_client, "DEADLINE_SECONDS", 0.3)
    done = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not done.wait(0.02):
            try:
                connection.sendall(b"X: y\r\n")
            except OSError:
                return

    line = Connection(serve(Socketed, trickle).url, timeout=5)
    begun = time.monotonic()
    with pytest.raises(ConnectionFailed, match=r"no response within 0\.3 s"):
        line.request("GET", "/")
    done.set()
    line.close()
    assert time.monotonic() - begun < 4


def test_a_body_that_is_refused_unread_is_answered_all_the_same(serve: Any) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)
        time.sleep(0.05)
        connection.close()

    line = Connection(serve(Socketed, refuse).url, timeout=2)
    assert line.request("POST", "/", (), b"x" * 30_000_000).status == 413
    line.close()


def test_a_body_without_end_is_cut(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "MAX_BODY", 1_000)
    server = serve(Answering, lambda *_: saying(200, b"x" * 5_000, "text/plain"))
    line = Connection(server.url)
    answer = line.request("GET", "/")
    assert (len(answer.body), answer.truncated) == (1_000, True)
    assert line.request("GET", "/").truncated
    line.close()


def test_what_is_not_on_this_machine_goes_through_the_proxy_of_the_environment(
    serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = serve(Answering, html)
    monkeypatch.setenv("http_proxy", proxy.url.replace("//", "//me:p%40ss@"))
    monkeypatch.delenv("no_proxy", raising=False)
    line = Connection("http://kwickphone.example")
    answer = line.request("GET", "/v1/numbers")
    line.close()
    method, path, headers, _ = proxy.requests[0]
    assert (method, path) == ("GET", "http://kwickphone.example/v1/numbers")
    assert headers["Host"] == "kwickphone.example"
    assert headers["Proxy-Authorization"] == "Basic bWU6cEBzcw=="
    assert find(answer.sent, "Proxy-Authorization") is None
    here = serve(Answering, html)
    line = Connection(here.url)
    line.request("GET", "/")
    line.close()
    assert len(proxy.requests) == len(here.requests) == 1


def test_a_secure_line_is_tunnelled_through_the_proxy(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def tunnel(connection: socket.socket) -> None:
        asked.append(connection.recv(65_536))
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
        connection.close()

    monkeypatch.setenv("https_proxy", serve(Socketed, tunnel).url)
    monkeypatch.delenv("no_proxy", raising=False)
    line = Connection("https://kwickphone.example", timeout=2)
    with pytest.raises(ConnectionFailed, match="403"):
        line.request("GET", "/v1/numbers")
    line.close()
    assert asked[0].startswith(b"CONNECT kwickphone.example:443 ")


def test_a_proxy_of_another_kind_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1080")
    monkeypatch.delenv("no_proxy", raising=False)
    line = Connection("https://kwickphone.example")
    with pytest.raises(ConnectionFailed, match="socks5 proxy is not supported: use an http proxy"):
        line.request("GET", "/")
