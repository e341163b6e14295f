"""`ringback` as a person or a script uses it: words in, exit code and output out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ringback import __version__
from ringback.cli import COMMANDS, run
from ringback.gateway.journal import JOURNAL_KINDS
from ringback.testing import Account, Ringback

ROOT = Path(__file__).resolve().parent.parent
RINGBACK = [sys.executable, "-m", "ringback.cli"]
NOBODY = "http://127.0.0.1:9"


class Said(NamedTuple):
    code: int
    out: str
    err: str


Cli = Callable[..., Said]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    for name in [name for name in os.environ if name.startswith("RINGBACK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*words: str) -> Said:
        capsys.readouterr()
        code = run(list(words))
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def server() -> Iterator[Ringback]:
    with Ringback("kwickphone", seed=3) as rb:
        yield rb


@pytest.fixture
def account(server: Ringback) -> Account:
    return server.account("kwickphone", balance="25.00")


@pytest.fixture
def number(account: Account) -> str:
    return provision(account)


def provision(account: Account, webhook_url: str | None = None) -> str:
    with account.client() as http:
        answer = http.post("/v1/numbers", json={"business_phone": "+13465551234", "webhook_url": webhook_url})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["phone_number"])


def environment(**more: str) -> dict[str, str]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("RINGBACK_")}
    return {**bare, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


def shell(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`ringback …` in a process of its own."""
    return subprocess.run(
        [*RINGBACK, *words], env=environment(**more), capture_output=True, text=True, timeout=60, check=False
    )


# -- finding one's way ---------------------------------------------------------------------------------------------


def test_help_lists_every_command_with_a_line_about_it(cli: Cli) -> None:
    said = cli("--help")
    assert said.code == 0
    for name, entry in COMMANDS.items():
        assert f"  {name} " in said.out
        assert entry.help in said.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_answers_to_help(cli: Cli, name: str) -> None:
    said = cli(name, "--help")
    assert said.code == 0, said.err
    assert said.out.startswith(f"Usage: ringback {name} ")


@pytest.mark.parametrize("name", [name for name, entry in COMMANDS.items() if entry.target.startswith("ringback.")])
def test_the_help_of_every_command_shows_examples(cli: Cli, name: str) -> None:
    said = cli(name, "--help")
    assert said.code == 0, said.err
    assert "Example" in said.out
    assert f"ringback {name}" in said.out


@pytest.mark.parametrize("name", ["list", "add", "remove"])
def test_the_help_of_every_faults_command_shows_examples(cli: Cli, name: str) -> None:
    assert f"ringback faults {name}" in cli("faults", name, "--help").out


def test_version_is_the_packages(cli: Cli) -> None:
    assert cli("--version") == Said(0, f"ringback {__version__}\n", "")


def test_starting_a_server_imports_nothing_that_it_does_not_need() -> None:
    program = (
        "import sys, ringback.cli, ringback.commands.serve\n"
        "heavy = {'rich', 'httpx', 'yaml', 'aiohttp', 'litestar', 'pytest', 'faker', 'schemathesis', 'tinydb'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_the_completion_script_of_a_shell_names_the_program(cli: Cli, kind: str) -> None:
    said = cli("completion", kind)
    assert said.code == 0
    assert "_RINGBACK_COMPLETE" in said.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ringback se", "serve"),
        ("ringback serve kw", "kwickphone"),
        ("ringback serve --clock fro", "frozen"),
        ("ringback serve --root kw", "kwickphone"),
        ("ringback serve --webhook-", "--webhook-route"),
        ("ringback faults add kwickphone --webhook dup", "duplicate"),
        ("ringback call --end no", "no_answer"),
        ("ringback call --outcome ord", "order"),
        ("ringback env --shell fi", "fish"),
        ("ringback journal --kind del", "delivery"),
    ],
)
def test_tab_completes(
    typed: str, offered: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_RINGBACK_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    with pytest.raises(SystemExit):
        run([])
    assert f"plain,{offered}" in capsys.readouterr().out.splitlines()


# -- wrong usage ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["srve"], "Did you mean 'serve'?"),
        (["serve", "kwikphone"], "Did you mean 'kwickphone'?"),
        (["serve", "--prot", "1"], "--port"),
        (["serve", "--port", "99999"], "65535"),
        (["serve", "--clock", "fast"], "real, frozen, or x60"),
        (["serve", "--clock", "x0"], "real, frozen, or x60"),
        (["serve", "--start", "soon"], "2026-01-31T09:00:00Z"),
        (["serve", "--webhook-route", "hooks.example.test"], "PUBLIC_ORIGIN=LOCAL_ORIGIN"),
        (["serve", "--mutant", "no.such.mutant"], "unknown mutant"),
        (["serve", "--host", "0.0.0.0"], "--control-token"),
        (["serve", "--config", "/no/such/file.yaml"], "/no/such/file.yaml"),
        (["run"], "ringback run -- pytest"),
        (["run", "--", "--version"][:2], "ringback run -- pytest"),
        (["advance"], "--until"),
        (["advance", "2m", "--idle"], "Give one of"),
        (["advance", "2 moons"], "1h30m"),
        (["advance", "--until", "tomorrow"], "2026-01-31"),
        (["fund", "lots"], "25.00"),
        (["fund", "nan"], "25.00"),
        (["call"], "NUMBER"),
        (["call", "+13465550100", "--turn", "agent: hi", "--scenario", "x"], "whole script"),
        (["text", "+13465550100"], "BODY"),
        (["faults", "add", "kwickphone"], "--status"),
        (["faults", "add", "kwickphone", "--status", "503", "--reset"], "Give one effect: --status"),
        (["faults", "add", "kwickphone", "--webhook", "drop", "--code", "x"], "--code goes with --status"),
        (["faults", "remove"], "--all"),
        (["journal", "--follow", "--json"], "--json"),
        (["deliveries", "dlv_1", "--replay", "dlv_1"], "--replay"),
        (["env", "kwickphone", "--shell", "csh"], "powershell"),
        (["journal", "--url", "localhost:7464"], "http://127.0.0.1:7464"),
        (["completion", "tcsh"], "fish"),
    ],
)
def test_wrong_usage_is_told_with_what_to_do_instead(cli: Cli, words: list[str], hint: str) -> None:
    said = cli(*words)
    assert said.code == 2, said
    assert said.out == ""
    assert hint in said.err


@pytest.mark.parametrize(
    "words",
    [
        ["advance", "2m"],
        ["call", "+13465550100"],
        ["text", "+13465550100", "hello"],
        ["fund", "5"],
        ["reset"],
        ["faults", "list"],
        ["journal"],
        ["deliveries"],
        ["env", "kwickphone"],
    ],
)
def test_a_missing_emulator_is_trouble_and_says_how_to_start_one(cli: Cli, words: list[str]) -> None:
    said = cli(*words, "--url", NOBODY)
    assert said.code == 3
    assert said.out == ""
    assert "ringback serve" in said.err
    assert len(said.err.splitlines()) == 1


def test_a_server_that_is_no_emulator_is_trouble(cli: Cli, server: Ringback) -> None:
    with server.receiver() as stranger:
        said = cli("journal", "--url", stranger.origin)
    assert said.code == 3
    assert "not a Ringback emulator" in said.err


def test_a_missing_optional_package_is_trouble_and_says_what_to_install(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ringback_conformance.command", None)
    said = cli("conform", "kwickphone")
    assert said == Said(3, "", "ringback: ringback_conformance.command is missing: install ringback[conform]\n")


def test_a_bug_of_ours_is_trouble_and_not_a_verdict(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ringback.timeline", None)
    monkeypatch.delitem(sys.modules, "ringback.commands.journal", raising=False)
    said = cli("journal")
    assert said.code == 3
    assert said.err.endswith("this is a bug in Ringback\n")


# -- driving -------------------------------------------------------------------------------------------------------


def test_a_call_rings_and_its_id_is_the_vendors(cli: Cli, server: Ringback, account: Account, number: str) -> None:
    said = cli(
        "call", number, "--from", "+12145559876", "--outcome", "order", "--turn", "Hello?", "--turn", "One pizza.",
        "--url", server.url,
    )  # fmt: skip
    assert said.code == 0, said.err
    account.advance(idle=True)
    with account.client() as http:
        (seen,) = http.get("/v1/calls").json()["data"]
        turns = http.get(f"/v1/calls/{seen['id']}/transcript").json()["turns"]
    assert said.out == seen["id"] + "\n"
    assert (seen["caller"], seen["outcome"]) == ("+12145559876", "order")
    assert [(turn["speaker"], turn["text"]) for turn in turns] == [("agent", "Hello?"), ("caller", "One pizza.")]


def test_a_call_plays_a_stock_script(cli: Cli, server: Ringback, account: Account, number: str) -> None:
    assert cli("call", number, "--scenario", "missed", "--url", server.url).code == 0
    account.advance(idle=True)
    with account.client() as http:
        (seen,) = http.get("/v1/calls").json()["data"]
    assert seen["status"] == "no_answer"
    said = cli("call", number, "--scenario", "mised", "--url", server.url)
    assert said.code == 2
    assert "missed" in said.err


def test_a_call_to_a_number_that_nobody_has_falls_short(cli: Cli, server: Ringback) -> None:
    said = cli("call", "+19075550199", "--url", server.url)
    assert said.code == 1
    assert said.out == ""
    assert "+19075550199" in said.err


def test_a_call_from_something_that_is_no_number_is_wrong_usage(cli: Cli, server: Ringback, number: str) -> None:
    said = cli("call", number, "--from", "me", "--url", server.url)
    assert said.code == 2
    assert "E.164" in said.err


def test_a_text_to_a_vendor_without_messages_is_refused(cli: Cli, server: Ringback, number: str) -> None:
    said = cli("text", number, "Are you open?", "--url", server.url)
    assert said.code == 2
    assert "KwickPhone" in said.err


def test_a_text_reaches_a_group(cli: Cli) -> None:
    with Ringback("inkbox") as server, server.account("inkbox").client() as http:
        body = {"agent_handle": "bakery", "phone_number": {"type": "local"}}
        number = http.post("/api/v1/identities/", json=body).json()["phone_number"]
        said = cli("text", number["number"], "Count me in", "--with", "+12145550188", "--url", server.url)
        assert (said.code, said.out.strip() != "") == (0, True)
        text = http.get(f"/api/v1/phone/numbers/{number['id']}/texts/{said.out.strip()}").json()
    assert text["type"] == "mms"


def test_advance_moves_one_account_alone(cli: Cli, server: Ringback, account: Account) -> None:
    elsewhere = server.now
    before = account.now
    said = cli("advance", "1h30m", "--account", account.id, "--json", "--url", server.url)
    assert said.code == 0, said.err
    assert json.loads(said.out)["now"] == account.now.isoformat().replace("+00:00", "Z")
    assert (account.now - before).total_seconds() == 5400
    assert server.now == elsewhere


def test_advance_by_a_month_follows_the_calendar(cli: Cli, server: Ringback) -> None:
    account = server.account("kwickphone", now="2026-01-31T08:00:00Z")
    said = cli("advance", "1mo", "--account", account.id, "--url", server.url)
    assert said.out.startswith("2026-02-28T08:00:00Z  0 timers fired")


def test_advance_until_an_instant_and_until_idle(cli: Cli, server: Ringback, account: Account, number: str) -> None:
    account.call(number, duration=60)
    said = cli("advance", "--idle", "--account", account.id, "--url", server.url)
    assert "2 timers fired, 0 webhook attempts made" in said.out
    said = cli("advance", "--until", "2030-01-01", "--account", account.id, "--url", server.url)
    assert said.out.startswith("2030-01-01T00:00:00Z")
    said = cli("advance", "--until", "2029-01-01", "--account", account.id, "--url", server.url)
    assert said.code == 2
    assert "forward only" in said.err


def test_fund_adds_takes_away_and_prints_the_balance(cli: Cli, server: Ringback, account: Account) -> None:
    assert cli("fund", "5.50", "--account", account.id, "--url", server.url).out == "30.50\n"
    assert cli("fund", "-0.50", "--account", account.id, "--url", server.url).out == "30.00\n"
    said = cli("fund", "1", "--account", account.id, "--json", "--url", server.url)
    assert json.loads(said.out) == {"balance": "31.00"}
    assert cli("fund", "1", "--account", "acct_none", "--url", server.url).code == 1


def test_fund_without_an_account_is_for_the_seed_account(cli: Cli, server: Ringback) -> None:
    before = cli("fund", "0", "--url", server.url).out
    after = cli("fund", "2", "--vendor", "kwickphone", "--url", server.url).out
    assert float(after) - float(before) == 2


def test_faults_are_set_listed_felt_and_removed(cli: Cli, server: Ringback, account: Account) -> None:
    said = cli(
        "faults", "add", "kwickphone", "--operation", "listCalls", "--status", "503", "--first", "1",
        "--account", account.id, "--url", server.url,
    )  # fmt: skip
    id_ = said.out.strip()
    assert said.code == 0, said.err
    with account.client() as http:
        assert [http.get("/v1/calls").status_code for _ in range(2)] == [503, 200]
    listed = cli("faults", "list", "--url", server.url).out
    assert id_ in listed
    assert "listCalls" in listed
    assert cli("faults", "remove", id_, "--url", server.url).out == f"{id_}\n"
    assert cli("faults", "remove", id_, "--url", server.url).code == 1
    listed = json.loads(cli("faults", "list", "--json", "--url", server.url).out)
    assert id_ not in [fault["id"] for fault in listed["data"]]


def test_a_fault_on_an_operation_that_does_not_exist_is_refused(cli: Cli, server: Ringback) -> None:
    said = cli("faults", "add", "kwickphone", "--operation", "listCall", "--reset", "--url", server.url)
    assert said.code == 2
    assert "listCalls" in said.err


def test_the_journal_tells_what_happened_in_order(cli: Cli, server: Ringback, account: Account, number: str) -> None:
    reported = cli("journal", "--account", account.id, "--url", server.url).out
    assert (
        reported.index("funded +25.00")
        < reported.index(f"{number} provisioned")
        < reported.index("POST /v1/numbers → 201")
    )
    money = cli("journal", "--account", account.id, "--kind", "money", "--url", server.url).out
    assert "POST" not in money
    assert "funded" in money
    document = json.loads(cli("journal", "--account", account.id, "--json", "--url", server.url).out)
    assert {entry["account_id"] for entry in document["data"]} == {account.id}


def test_the_journal_is_written_as_an_archive(
    cli: Cli, server: Ringback, account: Account, number: str, tmp_path: Path
) -> None:
    file = tmp_path / "session.har"
    said = cli("journal", "--account", account.id, "--har", str(file), "--url", server.url)
    assert (said.code, said.out) == (0, "")
    (entry,) = json.loads(file.read_text())["log"]["entries"]
    assert entry["request"]["method"] == "POST"
    assert account.key not in file.read_text()


def test_following_the_journal_shows_what_comes_and_ends_on_ctrl_c(server: Ringback, account: Account) -> None:
    words = [*RINGBACK, "journal", "--follow", "--account", account.id, "--url", server.url]
    with subprocess.Popen(
        words, env=environment(PYTHONUNBUFFERED="1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if "funded" in line:
                break
        account.fund("1.25")
        assert "+1.25" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert "Traceback" not in process.stderr.read()


def test_deliveries_show_attempts_and_can_be_sent_again(cli: Cli, server: Ringback, account: Account) -> None:
    with server.receiver() as hook:
        number = provision(account, hook.url)
        account.call(number, turns=["Hello"])
        delivery = account.wait_for("call.completed")
        listed = cli("deliveries", "--account", account.id, "--url", server.url).out
        assert delivery["id"] in listed
        assert "delivered" in listed
        one = cli("deliveries", delivery["id"], "--url", server.url).out
        assert "X-KwickPhone-Signature: v1=" in one
        assert hook.url in one
        again = json.loads(cli("deliveries", "--replay", delivery["id"], "--json", "--url", server.url).out)
        assert len(again["attempts"]) == 2
        assert [event["call"]["call_sid"] for event in hook.events] == [delivery["subject"]] * 2
    found = json.loads(cli("deliveries", "--event", "call.completed", "--json", "--url", server.url).out)
    assert delivery["id"] in [one["id"] for one in found]
    other = server.account("kwickphone").id
    assert cli("deliveries", "--account", other, "--url", server.url).out == "No webhook events so far.\n"
    unknown = cli("deliveries", "--account", "acct_none", "--url", server.url)
    assert (unknown.code, unknown.out) == (1, "")
    assert "there is no account 'acct_none'" in unknown.err


@pytest.mark.parametrize("kind", JOURNAL_KINDS)
def test_the_journal_shows_every_kind_of_entry(cli: Cli, server: Ringback, kind: str) -> None:
    found = cli("journal", "--kind", kind, "--json", "--url", server.url)
    assert found.code == 0, found.err
    assert {entry["kind"] for entry in json.loads(found.out)["data"]} <= {kind}


def test_reset_forgets_everything(cli: Cli) -> None:
    with Ringback("kwickphone") as rb:
        account = rb.account()
        assert cli("reset", "--url", rb.url).code == 0
        assert "there is no account" in cli("journal", "--account", account.id, "--url", rb.url).err
        assert account.id not in cli("journal", "--url", rb.url).out


def test_the_control_token_is_asked_for_and_taken_from_flag_or_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ringback("kwickphone", control_token="open-sesame") as rb:
        assert cli("journal", "--url", rb.url).code == 1
        assert cli("journal", "--token", "open-sesame", "--url", rb.url).code == 0
        monkeypatch.setenv("RINGBACK_CONTROL_TOKEN", "open-sesame")
        monkeypatch.setenv("RINGBACK_URL", rb.url)
        assert cli("journal").code == 0


# -- env, run, serve -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_env_lines_work_in_their_shell(cli: Cli, server: Ringback, kind: str, tmp_path: Path) -> None:
    program = shutil.which(kind)
    if program is None:
        pytest.skip(f"{kind} is not installed here")
    lines = cli("env", "kwickphone", "--shell", kind, "--url", server.url).out
    script = tmp_path / "script"
    script.write_text(f'{lines}\necho "$KP_API_KEY $KWICKPHONE_BASE_URL $RINGBACK_KWICKPHONE_KEY $RINGBACK_URL"\n')
    done = subprocess.run([program, str(script)], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == [
        "kp_live_ringback",
        f"{server.url}/kwickphone",
        "kp_live_ringback",
        server.url,
    ]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("bash", "export KP_API_KEY='it'\"'\"'s'"),
        ("fish", r"set -gx KP_API_KEY 'it\'s'"),
        ("powershell", "$Env:KP_API_KEY = 'it''s'"),
    ],
)
def test_env_quotes_as_the_shell_wants_it(kind: str, line: str) -> None:
    from ringback.commands.env import line as assignment

    assert assignment("KP_API_KEY", "it's", kind) == line


def test_env_gives_a_key_that_is_accepted(cli: Cli, server: Ringback) -> None:
    import httpx

    found = json.loads(cli("env", "--json", "--url", server.url).out)
    answer = httpx.get(
        f"{found['KWICKPHONE_BASE_URL']}/v1/numbers", headers={"Authorization": f"Bearer {found['KP_API_KEY']}"}
    )
    assert answer.status_code == 200


def test_run_gives_the_command_its_environment_and_passes_its_output_through() -> None:
    program = (
        "import os, urllib.request\n"
        "ask = urllib.request.Request(os.environ['KWICKPHONE_BASE_URL'] + '/v1/numbers',"
        " headers={'Authorization': 'Bearer ' + os.environ['KP_API_KEY']})\n"
        "print(urllib.request.urlopen(ask).status, os.environ['RINGBACK_URL'])"
    )
    done = shell("run", "kwickphone", "--clock", "frozen", "--", sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("200 http://127.0.0.1:")
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
        (["/no/such/command"], 127),
        ([str(ROOT / "pyproject.toml")], 126),
    ],
)
def test_run_ends_with_the_commands_exit_code(cli: Cli, command: list[str], code: int) -> None:
    assert cli("run", "kwickphone", "--", *command).code == code


def test_run_leaves_the_options_of_the_command_alone(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "kwickphone", "--", sys.executable, "--version"]) == 0
    assert capfd.readouterr().out.startswith("Python 3")


def test_run_passes_signals_on_to_the_command() -> None:
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(42))\n"
        "print('ready', flush=True)\n"
        "signal.pause()"
    )
    with subprocess.Popen(
        [*RINGBACK, "run", "kwickphone", "--", sys.executable, "-c", program],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 42


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_serve_announces_itself_writes_the_ready_file_and_ends_quietly(ending: signal.Signals, tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    with subprocess.Popen(
        [*RINGBACK, "serve", "kwickphone", "--port", "0", "--ready-file", str(ready), "--clock", "frozen"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        announced = process.stdout.readline() + process.stdout.readline()
        document = json.loads(ready.read_text())
        assert document["vendors"]["kwickphone"]["base_url"] in announced
        assert document["vendors"]["kwickphone"]["key"] in announced
        assert document["pid"] == process.pid
        process.send_signal(ending)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""


def test_serve_on_a_taken_port_is_trouble_in_one_line(cli: Cli, server: Ringback) -> None:
    port = server.url.rpartition(":")[2]
    done = shell("serve", "kwickphone", "--port", port)
    assert done.returncode == 3
    assert port in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_run_on_a_taken_port_is_trouble_in_one_line(cli: Cli, server: Ringback) -> None:
    said = cli("run", "kwickphone", "--port", server.url.rpartition(":")[2], "--", "true")
    assert said.code == 3
    assert len(said.err.splitlines()) == 1


def test_a_command_that_was_fine_does_not_hide_a_failure_inside_the_emulator(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ringback.vendors.kwickphone.rules import KwickPhone

    def breaks(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(KwickPhone, "list_numbers", breaks)
    program = (
        "import os, urllib.error, urllib.request\n"
        "ask = urllib.request.Request(os.environ['KWICKPHONE_BASE_URL'] + '/v1/numbers',"
        " headers={'Authorization': 'Bearer ' + os.environ['KP_API_KEY']})\n"
        "try:\n    urllib.request.urlopen(ask)\nexcept urllib.error.HTTPError as error:\n    assert error.code == 500"
    )
    said = cli("run", "kwickphone", "--", sys.executable, "-c", program)
    assert said.code == 3
    assert "ZeroDivisionError: a bug" in said.err


def test_flags_win_over_environment_and_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ringback.commands.serve import settings_from

    file = tmp_path / "ringback.yaml"
    file.write_text("port: 1111\nseed: 1\nclock: frozen\nstrict: true\n")
    monkeypatch.setenv("RINGBACK_PORT", "2222")
    monkeypatch.setenv("RINGBACK_SEED", "2")
    settings = settings_from(config=str(file), port=3333, seed=None, strict=None, vendors=())
    assert (settings.port, settings.seed, settings.clock, settings.strict) == (3333, 2, "frozen", True)


# -- demo ----------------------------------------------------------------------------------------------------------


def test_the_demonstration_tells_the_whole_story_without_colour(cli: Cli, tmp_path: Path) -> None:
    said = cli("demo", "--out", str(tmp_path))
    assert said.code == 0, said.err
    for part in ("ringing", "in_progress", "completed", "outcome: order", "signature verified", "A month later"):
        assert part in said.out
    assert "\x1b" not in said.out
    (recording,) = tmp_path.glob("CA*.mp3")
    assert str(recording) in said.out
    assert recording.stat().st_size > 1000


def test_output_into_a_closed_pipe_ends_quietly(server: Ringback) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m ringback.cli journal --limit 10000 --url {server.url} | true"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
