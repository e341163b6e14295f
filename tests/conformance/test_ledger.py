"""What a run makes on a deployment is written down first and removed at the end, whatever happens between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ringback_conformance.claims import load
from ringback_conformance.command import conform
from ringback_conformance.ledger import Ledger, LedgerError, LedgerWriter, sweep
from ringback_conformance.model import Exchange, Kind, decode
from ringback_conformance.transport import Log, Request
from tests.conformance.servers import Answering, Reply, saying

ADAPTER = load("kwickphone").adapter
HOME = "+13465550142"
BUY = Request("POST", "/v1/numbers", (), json.dumps({"business_phone": HOME}).encode())


class Deployment:
    """Makes and releases numbers; `loses` drops the answers to provisions, though the number is made."""

    def __init__(self, *numbers: str, loses: bool = False) -> None:
        self.numbers = dict.fromkeys(numbers, "active")
        self.loses = loses
        self.made = threading.Event()

    def __call__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        if headers.get("Authorization") != "Bearer key":
            return saying(401, {"error": {"code": "unauthorized", "message": "no"}})
        if method == "POST":
            return self._provision(decode(body))
        if method == "DELETE":
            id_ = path.rpartition("/")[2]
            if id_ not in self.numbers:
                return saying(404, {"error": {"code": "not_found", "message": "no"}})
            self.numbers[id_] = "released"
            return saying(200, {"released": True})
        return saying(200, {"data": [self._shown(id_) for id_ in self.numbers] if path == "/v1/numbers" else []})

    def _shown(self, id_: str) -> dict[str, Any]:
        return {"id": id_, "phone_number": "+12125550100", "business_phone": HOME, "status": self.numbers[id_]}

    def _provision(self, body: Any) -> Reply:
        phone = body.get("business_phone") if isinstance(body, dict) else None
        if phone != HOME or "webhook_url" in body:
            return saying(400, {"error": {"code": "invalid_request", "message": "no"}})
        id_ = f"num_{len(self.numbers) + 1}"
        self.numbers[id_] = "active"
        self.made.set()
        return saying(500, b"lost", "text/plain") if self.loses else saying(201, self._shown(id_))


def made(id_: str) -> Exchange:
    body = json.dumps({"id": id_}).encode()
    return Exchange(
        id="x#1", producer="x", kind=Kind.API, method="POST", path="/v1/numbers", status=201, response_body=body
    )


def test_a_ledger_is_on_disk_before_the_request_goes_out(tmp_path: Path) -> None:
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url="http://127.0.0.1:9")
    keeper = LedgerWriter(ledger, ADAPTER)
    keeper.about_to_send(BUY)
    again = Ledger.read(tmp_path / "l.jsonl")
    assert [request.path for request in again.intents.values()] == ["/v1/numbers"]
    keeper.answered(BUY, made("num_9"))
    assert Ledger.read(tmp_path / "l.jsonl").left == ["num_9"]
    ledger.note_removed("num_9")
    assert Ledger.read(tmp_path / "l.jsonl").clean
    ledger.close()
    assert not (tmp_path / "l.jsonl").exists()


def test_reading_requests_leave_no_ledger(tmp_path: Path) -> None:
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url="http://127.0.0.1:9")
    LedgerWriter(ledger, ADAPTER).about_to_send(Request("GET", "/v1/numbers"))
    ledger.close()
    assert not (tmp_path / "l.jsonl").exists()


def test_a_sweep_removes_what_was_made_and_nothing_else(serve: Any, tmp_path: Path) -> None:
    deployment = Deployment("num_1", "num_2", "num_3")
    server = serve(Answering, deployment)
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url=server.url)
    ledger.before = frozenset({"num_1"})
    ledger.settle(ledger.intend(BUY), "num_3")
    assert sweep(ledger, ADAPTER, "key", Log()) == []
    ledger.close()
    assert deployment.numbers == {"num_1": "active", "num_2": "active", "num_3": "released"}


def test_a_sweep_finds_what_an_unanswered_request_made(serve: Any, tmp_path: Path) -> None:
    deployment = Deployment("num_1", "num_2")
    server = serve(Answering, deployment)
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url=server.url)
    ledger.before = frozenset({"num_1"})
    ledger.intend(BUY)
    assert sweep(ledger, ADAPTER, "key", Log()) == []
    assert deployment.numbers == {"num_1": "active", "num_2": "released"}
    assert ledger.clean
    ledger.close()


def test_a_sweep_does_not_guess_when_it_does_not_know_what_was_there_before(serve: Any, tmp_path: Path) -> None:
    deployment = Deployment("num_1")
    server = serve(Answering, deployment)
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url=server.url)
    ledger.intend(BUY)
    assert sweep(ledger, ADAPTER, "key", Log()) == ["POST /v1/numbers"]
    assert deployment.numbers == {"num_1": "active"}
    ledger.close()
    assert (tmp_path / "l.jsonl").exists()


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"vendor": "kwickphone"}'])
def test_what_is_no_ledger_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.jsonl").write_text(text)
    with pytest.raises(LedgerError, match="not a cleanup ledger"):
        Ledger.read(tmp_path / "l.jsonl")


def arguments(url: str, *more: str) -> list[str]:
    return ["kwickphone", "--url", url, "--key", "key", "--profile", "sandbox", "--budget", "10", *more]


def test_a_run_leaves_no_number_behind(serve: Any, tmp_path: Path, hurried: None) -> None:
    deployment = Deployment("num_1")
    server = serve(Answering, deployment)
    CliRunner().invoke(conform, arguments(server.url, "--without", "engine", "--ledger", str(tmp_path / "l.jsonl")))
    assert len(deployment.numbers) > 1
    assert {id_ for id_, status in deployment.numbers.items() if status == "active"} == {"num_1"}
    assert not (tmp_path / "l.jsonl").exists()


def test_a_number_whose_answer_was_lost_is_found_and_released(serve: Any, hurried: None) -> None:
    deployment = Deployment("num_1", loses=True)
    server = serve(Answering, deployment)
    CliRunner().invoke(conform, arguments(server.url, "--only", "KWP-NUM-1", "--without", "engine"))
    assert deployment.numbers == {"num_1": "active", "num_2": "released"}


def test_after_a_crash_the_ledger_clears_up(serve: Any, tmp_path: Path) -> None:
    deployment = Deployment("num_1", "num_2")
    server = serve(Answering, deployment)
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url=server.url)
    ledger.before = frozenset({"num_1"})
    ledger.settle(ledger.intend(BUY), "num_2")
    ledger.close()
    outcome = CliRunner().invoke(conform, ["--cleanup", str(tmp_path / "l.jsonl"), "--key", "key"])
    assert outcome.exit_code == 0, outcome.output
    assert "num_2" in outcome.output
    assert deployment.numbers == {"num_1": "active", "num_2": "released"}
    assert not (tmp_path / "l.jsonl").exists()


def test_what_cannot_be_removed_is_said_and_kept(serve: Any, tmp_path: Path) -> None:
    server = serve(Answering, lambda *_: saying(500, b"no", "text/plain"))
    ledger = Ledger.begin(tmp_path / "l.jsonl", vendor="kwickphone", base_url=server.url)
    ledger.settle(ledger.intend(BUY), "num_2")
    ledger.close()
    outcome = CliRunner().invoke(conform, ["--cleanup", str(tmp_path / "l.jsonl"), "--key", "key"])
    assert outcome.exit_code == 3
    assert "num_2" in outcome.stderr
    assert Ledger.read(tmp_path / "l.jsonl").left == ["num_2"]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_clears_up_and_says_130(serve: Any, tmp_path: Path, sign: signal.Signals) -> None:
    deployment = Deployment("num_1")
    server = serve(Answering, deployment)
    report = tmp_path / "report.json"
    program = "from ringback_conformance.command import conform; conform()"
    few = ["--without", "engine", "--rate", "20", "--only", "KWP-AUTH-1", "--only", "KWP-NUM-1", "--only", "KWP-NUM-4"]
    few += ["--only", "KWP-CALL-4", "--only", "KWP-NUM-13"]
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments(server.url, *few, "--json", str(report))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert deployment.made.wait(30)
    process.send_signal(sign)
    _, errors = process.communicate(timeout=90)
    assert process.returncode in (1, 130), errors.decode()
    reported = json.loads(report.read_text())
    assert reported["interrupted"]
    unseen = {each["reason"] for each in reported["verdicts"] if each["verdict"] == "not-observed"}
    assert unseen == {"the run ended before"}
    assert {status for id_, status in deployment.numbers.items() if id_ != "num_1"} == {"released"}
