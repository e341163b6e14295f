"""Secrets and people stay out of whatever a run leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st

from ringback_conformance.claims import load
from ringback_conformance.command import conform
from ringback_conformance.evidence import curl, render
from ringback_conformance.masking import Mask
from ringback_conformance.model import Exchange, Kind
from tests.conformance.servers import Answering, Reply, saying

ADAPTER = load("kwickphone").adapter
KEY = "kp_live_averysecretkeythatmustnotleak"
SECRET = "whsec_0123456789abcdef0123456789abcdef"
CALLER = "+12145559876"
SAID = "My name is Ada and I live at the corner."


TEXT = st.characters(exclude_characters="§")


@given(st.text(TEXT, min_size=6, max_size=40), st.text(TEXT, max_size=20), st.text(TEXT, max_size=20))
@example("half a pair \ud800", "", "")
def test_a_learned_secret_is_hidden_wherever_it_stands(secret: str, before: str, behind: str) -> None:
    mask = Mask()
    mask.learn(secret, "§")
    masked = mask.text(before + secret + behind)
    assert secret not in masked
    assert "§" in masked


@pytest.mark.parametrize("form", [json.dumps('a"b\\c/ü&<x'), "a%22b%5Cc%2F%C3%BC%26%3Cx", "a&quot;b\\c/ü&amp;&lt;x"])
def test_a_secret_is_hidden_however_it_is_quoted(form: str) -> None:
    mask = Mask()
    mask.learn('a"b\\c/ü&<x', "$KEY")
    assert mask.text(f"[{form}]") in ('["$KEY"]', "[$KEY]")


@pytest.mark.parametrize(
    "text",
    ["kp_live_unknown0", "whsec_unknown0", "Authorization: Bearer something", 'bearer abc"', "cookie: a=kp_live_x1"],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_told(text: str) -> None:
    masked = Mask(ADAPTER.secrets).text(text)
    assert "***" in masked
    assert "unknown0" not in masked
    assert "something" not in masked


def test_people_are_hidden_where_it_is_asked_for() -> None:
    body = json.dumps({"data": [{"caller": CALLER, "to": "+13465550142", "turns": [{"text": SAID}]}]}).encode()
    hidden = Mask(private=ADAPTER.private, people=True).body(body, "application/json", 4_000)
    assert "9876" not in hidden
    assert "Ada" not in hidden
    assert "555014" not in hidden
    shown = Mask(private=ADAPTER.private).body(body, "application/json", 4_000)
    assert CALLER in shown
    assert SAID in shown


def test_a_recording_is_told_by_its_size() -> None:
    assert Mask().body(b"\xff\xf3" * 500, "audio/mpeg", 10) == "(1000 bytes of audio/mpeg)"


def exchange(**fields: Any) -> Exchange:
    return Exchange(
        **{
            "id": "x#1",
            "producer": "x",
            "kind": Kind.API,
            "method": "POST",
            "path": "/v1/numbers?a=b c",
            "request_headers": (
                ("Host", "h"),
                ("Authorization", f"Bearer {KEY}"),
                ("Content-Type", "application/json"),
            ),
            "request_body": b'{"it\'s": "$HOME `id` $(id) \\" $KEY"}',
            "status": 201,
            "response_headers": (("date", "now"), ("set-cookie", "session=secret")),
            "response_body": json.dumps({"webhook_secret": SECRET}).encode(),
            **fields,
        }
    )


def test_evidence_holds_no_secret() -> None:
    mask = Mask(ADAPTER.secrets)
    mask.learn(KEY, "$KEY")
    text = json.dumps(render(exchange(), mask))
    assert KEY not in text
    assert SECRET not in text
    assert "session=secret" not in text
    assert "$KEY" in text


def test_a_curl_line_does_in_a_shell_what_was_sent(tmp_path: Path) -> None:
    import subprocess

    mask = Mask(ADAPTER.secrets)
    mask.learn(KEY, "$KEY")
    echo = 'curl() { for word in "$@"; do printf \'%s\\n\' "$word"; done; }; KEY=k BASE_URL=http://b;'
    reported = subprocess.run(
        ["bash", "-c", f"{echo} {curl(exchange(), mask)}"], capture_output=True, text=True, check=True, cwd=tmp_path
    ).stdout.splitlines()
    assert reported[:4] == ["-i", "-X", "POST", "http://b/v1/numbers?a=b c"]
    assert "Authorization: Bearer k" in reported
    assert reported[-1] == '{"it\'s": "$HOME `id` $(id) \\" k"}'


def deployment(*_: Any) -> Reply:
    """A deployment that leaks wherever it can."""
    method, path, headers, _body = _
    if headers.get("Authorization") != f"Bearer {KEY}":
        return saying(401, {"error": {"code": "unauthorized", "message": f"not {KEY}"}}, Set_Cookie=f"k={KEY}")
    if method == "POST" or path.startswith("/v1/numbers"):
        number = {"id": "num_1", "phone_number": "+12125550100", "webhook_secret": SECRET, "note": KEY}
        return saying(201, number) if method == "POST" else saying(200, {"data": [number]})
    if path == "/v1/calls":
        return saying(200, {"data": [{"id": "CA1", "caller": CALLER, "has_transcript": True, "text": KEY + SECRET}]})
    return saying(200, {"turns": [{"speaker": "caller", "text": SAID, "offset_sec": 1}], "secret": SECRET})


def test_nothing_that_a_run_writes_or_prints_holds_a_secret_or_a_person(
    serve: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hurried: None
) -> None:
    server = serve(Answering, deployment)
    monkeypatch.setenv("K", KEY)
    files = {name: str(tmp_path / f"report.{name}") for name in ("json", "junit", "html", "badge", "log")}
    arguments = ["kwickphone", "--url", server.url, "--key-env", "K", "--profile", "sandbox", "--budget", "10", "-v"]
    outcome = CliRunner().invoke(conform, [*arguments, *(f"--{name}={file}" for name, file in files.items())])
    assert outcome.exit_code == 1, outcome.output
    left = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(left) >= len(files) + 1
    for text in (outcome.output, outcome.stderr, *left):
        for hidden in (KEY, SECRET, CALLER, "Ada"):
            assert hidden not in text
