"""Whatever comes in: the vendor's envelope, a documented code, nothing changed, never a 500."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.testing import Account, Ringback

BUSINESS = "+13465551234"


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("kwickphone", balance="100", rate_limit=None)


def refused(answer: httpx.Response, status: int = 400, error: str = "invalid_request") -> None:
    body = answer.json()
    assert (answer.status_code, body["error"]["code"]) == (status, error), answer.text
    assert set(body) == {"error"}
    assert body["error"]["message"]
    assert answer.headers["content-type"] == "application/json"


MALFORMED = [
    b"", b"{", b"}", b"[]", b"null", b"7", b'"x"', b"{'a': 1}", b'{"business_phone": }', b"\x00", b"\xff\xfe{}",
    b'{"business_phone": "\xff"}', b'{"business_phone": "\xed\xa0\x80"}', b"[" * 100_000, b'{"a":' * 100_000,
    b'{"business_phone": "+13465551234"' + b"," * 9, b'{"business_phone":"+13465551234"}{"x":1}', b"\xef\xbb\xbf{}",
    b'{"business_phone": NaN}', b'{"business_phone": 1e999}', b'{"business_phone": "+1346555123\\u0000"}',
    b'{"business_phone": "\\ud800"}', b'{"business_phone": ' + b"9" * 100_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_a_body_that_is_not_what_it_should_be(account: Account, body: bytes) -> None:
    with account.client(headers={"Content-Type": "application/json"}) as http:
        refused(http.post("/v1/numbers", content=body))
        assert http.get("/v1/numbers").json() == {"data": []}
    assert account.balance == 100


def test_a_huge_body_is_bounded(account: Account) -> None:
    with account.client(headers={"Content-Type": "application/json"}) as http:
        for size in (1_048_577, 3_000_000, 20_000_000):
            try:
                refused(http.post("/v1/numbers", content=b"[" + b" " * size), 413)
            except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
                assert size > 4 * 1_048_576
        padded = json.dumps({"business_phone": BUSINESS, "padding": "x" * 900_000})
        assert http.post("/v1/numbers", content=padded.encode()).status_code == 201


def test_a_chunked_body_is_bounded_too(account: Account) -> None:
    with account.client(headers={"Content-Type": "application/json"}) as http:
        refused(http.post("/v1/numbers", content=(b" " * 65_536 for _ in range(20))), 413)
        body = json.dumps({"business_phone": BUSINESS}).encode()
        assert http.post("/v1/numbers", content=(body[n : n + 1] for n in range(len(body)))).status_code == 201


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "", "é"],
)
def test_a_body_of_another_type(account: Account, kind: str) -> None:
    with account.client(headers={"Content-Type": kind.encode("latin-1")}) as http:  # type: ignore[dict-item]
        refused(http.post("/v1/numbers", content=json.dumps({"business_phone": BUSINESS})))


def test_a_path_that_is_not_there_counts_before_the_type_of_its_body(account: Account) -> None:
    with account.client(headers={"Content-Type": "text/plain"}) as http:
        refused(http.post("/v1/nothing", content="x"), 404, "not_found")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/x+json"]
)
def test_json_by_any_of_its_names(account: Account, kind: str) -> None:
    with account.client(headers={"Content-Type": kind}) as http:
        assert http.post("/v1/numbers", content=json.dumps({"business_phone": BUSINESS})).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
@pytest.mark.parametrize("path", ["/v1/numbers", "/v1/calls", "/v1/calls/x/transcript"])
def test_a_method_that_the_page_does_not_have(account: Account, method: str, path: str) -> None:
    with account.client() as http:
        refused(http.request(method, path), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v2/numbers", "/v1/numbers/a/b", "//v1//numbers", "/v1/calls/%2e%2e/recording/x", "/v1/numbers/", "/v1/%7F",
     "/v1/%00", "/v1/%ff%fe", "/v1/☎", "/_ringback/health", "/v1/" + "x" * 8000, "/v1/calls/a%2Fb/transcript/c"],
)  # fmt: skip
def test_a_path_that_the_page_does_not_have(account: Account, path: str) -> None:
    with account.client() as http:
        refused(http.get(account.base_url + path), 404, "not_found")


def test_head_is_get_without_the_body(account: Account) -> None:
    with account.client() as http:
        answer = http.head("/v1/numbers")
        assert (answer.status_code, answer.content) == (200, b"")


def raw(account: Account, request: bytes, *, half_close: bool = False) -> bytes:
    """What comes back on a bare socket until the other side closes it."""
    parts = urlsplit(account.base_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(request)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65_536):
            received += chunk
    return received


@pytest.mark.parametrize(("count", "size"), [(80, 10), (3, 20_000), (90, 2_000), (2, 150_000)])
def test_a_flood_of_headers(account: Account, count: int, size: int) -> None:
    flood = b"".join(b"X-Flood-%d: %s\r\n" % (n, b"x" * size) for n in range(count))
    answer = raw(
        account,
        b"GET /kwickphone/v1/numbers HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
        + account.key.encode() + b"\r\n" + flood + b"\r\n",
    )  # fmt: skip
    status = int(answer.split(b" ", 2)[1])
    assert status == (200 if count * size < 32_000 else 400), answer[:200]
    if status == 400:
        assert b'"code":"invalid_request"' in answer


@pytest.mark.parametrize("count", [120, 2_000])
def test_more_headers_than_the_server_reads_are_refused_by_the_server_itself(account: Account, count: int) -> None:
    flood = b"".join(b"X-%d: y\r\n" % n for n in range(count))
    answer = raw(account, b"GET /kwickphone/v1/numbers HTTP/1.1\r\nHost: localhost\r\n" + flood + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "request_", [b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n"]
)
def test_what_is_no_http_at_all_ends_the_connection(account: Account, request_: bytes) -> None:
    answer = raw(account, request_, half_close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["business_phone", "area_code", "webhook_url", "status", "id", "__proto__"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.dictionaries(FIELDS, JSON_VALUES | st.just(BUSINESS), max_size=5) | JSON_VALUES)
def test_any_json_is_answered_in_the_vendors_words(account: Account, body: Any) -> None:
    account.fund(5)
    before = account.balance
    account.settings(number_limit=None, provisions_per_hour=None)
    with account.client() as http:
        answer = http.post("/v1/numbers", json=body)
        if answer.status_code == 201:
            assert account.balance == before - 5
        else:
            assert answer.status_code in (400, 409)
            assert account.balance == before
            assert answer.json()["error"]["code"] in ("invalid_request", "no_numbers")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw_body=st.binary(max_size=200).filter(lambda raw: b"business_phone" not in raw))
def test_any_bytes_are_answered_in_the_vendors_words(account: Account, raw_body: bytes) -> None:
    with account.client(headers={"Content-Type": "application/json"}) as http:
        refused(http.post("/v1/numbers", content=raw_body))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    query=st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
)
def test_any_path_and_query_are_answered_in_the_vendors_words(account: Account, path: str, query: str) -> None:
    from urllib.parse import quote

    with account.client() as http:
        for url in (f"/v1/{quote(path, safe='')}", f"/v1/calls?{quote(query, safe='=&')}"):
            answer = http.get(account.base_url + url)
            assert answer.status_code in (200, 400, 404), (url, answer.text)
            if answer.status_code != 200:
                assert set(answer.json()) == {"error"}
