"""The webhook receiver of tests and scenarios responds as set, and keeps its port while it is paused."""

from __future__ import annotations

import socket
import sys

import httpx
import pytest

from ringback.receiver import Receiver, Response


def post(url: str, content: bytes = b"x") -> httpx.Response:
    return httpx.post(url, content=content, timeout=5, trust_env=False)


def test_responses_come_in_turn_and_the_last_one_stays() -> None:
    with Receiver() as hook:
        hook.respond_with(Response.lines({"a": 1}, {"b": "é"}), Response.json({"c": 3}, 202), 204)
        first, second, third, fourth = (post(hook.url) for _ in range(4))
    assert (first.headers["content-type"], first.text) == ("application/x-ndjson", '{"a": 1}\n{"b": "\\u00e9"}\n')
    assert (second.status_code, second.json()) == (202, {"c": 3})
    assert (third.status_code, fourth.status_code) == (204, 204)
    assert len(hook.requests) == 4


def test_a_receiver_needs_at_least_one_response() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Receiver().respond_with()


def test_a_paused_receiver_refuses_connections_and_keeps_its_port() -> None:
    with Receiver() as hook:
        url, port = hook.url, int(hook.origin.rpartition(":")[2])
        for _ in range(3):
            hook.pause()
            with pytest.raises(httpx.ConnectError):
                post(url)
            if sys.platform == "linux":
                with socket.socket() as other, pytest.raises(OSError, match="in use"):
                    other.bind(("127.0.0.1", port))
            hook.start()
            assert hook.url == url
            assert post(url).status_code == 200
        assert len(hook.requests) == 3


def test_a_stopped_receiver_starts_again_on_the_same_port() -> None:
    hook = Receiver().start()
    url = hook.url
    hook.stop()
    with pytest.raises(httpx.ConnectError):
        post(url)
    with hook:
        assert post(url).status_code == 200


def test_a_chunked_body_is_received_whole() -> None:
    with Receiver() as hook:
        httpx.post(hook.url, content=iter([b"one", b"two"]), trust_env=False)
    assert hook.requests[0].body == b"onetwo"


def test_a_body_of_invalid_length_is_rejected() -> None:
    with Receiver() as hook:
        host, port = hook.origin.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=5) as sender:
            sender.sendall(b"POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n")
            assert sender.recv(100).split()[1] == b"413"
    assert hook.requests == []
