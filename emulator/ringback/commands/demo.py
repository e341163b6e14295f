"""`ringback demo`: one call from ring to webhook, and the bill of the month after it."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ringback.client import ANY_CALLER
from ringback.commands.options import console
from ringback.exit_codes import ENVIRONMENT_TROUBLE

if TYPE_CHECKING:
    import httpx
    from rich.console import Console

    from ringback.testing import Account, Received, Receiver

BUSINESS_PHONE = "+13465551234"
OUTCOME = "order"
RINGS_FOR = 4
TURNS = (
    ("agent", "Thanks for calling the bakery, how can I help?"),
    ("caller", "Hi, could I get a lemon cake for Saturday?"),
    ("agent", "Of course. How many people is it for?"),
    ("caller", "About twelve."),
    ("agent", "Then the large one. What name shall I put on the order?"),
    ("caller", "Robin. I'll pick it up at ten."),
    ("agent", "A large lemon cake for Robin, Saturday at ten. See you then!"),
)
A_MONTH = timedelta(days=31)
STYLES = {"agent": "cyan", "caller": "green"}


@click.command()
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of ids, numbers and secrets.")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the recording. [default: a temporary folder]",
)
def demo(seed: int, out: Path | None) -> None:
    """Show what Ringback does: provision a number, place a call, receive a webhook, let a month pass.

    Everything runs in this process on a frozen clock; nothing leaves the machine.

    \b
    Examples:
      ringback demo
      ringback demo --seed 7 --out .
    """
    from ringback.server import CrashReport, StartError
    from ringback.testing import ControlError, Ringback, Unreachable

    try:
        with Ringback("kwickphone", seed=seed) as rb, rb.receiver() as hook:
            account = rb.account("kwickphone", balance="25.00")
            with account.client() as http:
                _Demo(console(), account, http, hook).run(rb.url, out)
    except (ControlError, CrashReport, StartError, Unreachable) as error:
        raise _DemoFailed(str(error)) from error


class _Demo:
    """The demonstration, section by section. Every figure that it shows is read from a response."""

    def __init__(self, screen: Console, account: Account, http: httpx.Client, hook: Receiver) -> None:
        self.screen = screen
        self.account = account
        self.http = http
        self.hook = hook

    def run(self, url: str, out: Path | None) -> None:
        start = f"{self.account.now:%Y-%m-%d %H:%M:%S}"
        self.screen.print(f"[bold]Ringback[/] is up at {url}, at {start} on its own clock.", soft_wrap=True)
        number = self.provision()
        call = self.place_call(number["phone_number"])
        self.dialogue(call)
        self.recording(call, out)
        self.webhook(number["webhook_secret"], call)
        self.timeline()
        self.month(number["id"])

    def heading(self, title: str) -> None:
        self.screen.print()
        self.screen.rule(f"[bold]{title}[/]", align="left", style="dim")

    def provision(self) -> Any:
        self.heading("A number")
        before = self.account.balance
        number = self.request(
            "POST", "/v1/numbers", 201, json={"business_phone": BUSINESS_PHONE, "webhook_url": self.hook.url}
        ).json()
        after = self.account.balance
        self.screen.print(
            f"POST /v1/numbers → 201  [bold]{number['phone_number']}[/] now answers for {number['business_phone']}"
        )
        self.screen.print(f"Balance {before} → {after} USD: the first month is paid.")
        return number

    def place_call(self, number: str) -> Any:
        self.heading("A call")
        id_ = self.account.call(number, ANY_CALLER, turns=TURNS, outcome=OUTCOME, answer_after=RINGS_FOR)
        self.screen.print(f"{ANY_CALLER} calls {number}")
        self.call_in_state(id_, "ringing")
        self.account.advance(seconds=RINGS_FOR)
        self.call_in_state(id_, "in_progress")
        self.account.advance(idle=True)
        return self.call_in_state(id_, "completed")

    def call_in_state(self, id_: str, expected: str) -> Any:
        calls = self.request("GET", "/v1/calls", 200).json()["data"]
        call = next((call for call in calls if call["id"] == id_), None)
        if call is None:
            raise _DemoFailed(f"GET /v1/calls does not list {id_}")
        self.screen.print(f"  {self.account.now:%H:%M:%S}  {call['status']}")
        if call["status"] != expected:
            raise _DemoFailed(f"the call is {call['status']}, expected {expected}")
        return call

    def dialogue(self, call: Any) -> None:
        self.heading(f"What was said in {call['duration_sec']} seconds")
        for turn in self.request("GET", f"/v1/calls/{call['id']}/transcript", 200).json()["turns"]:
            style = STYLES[turn["speaker"]]
            self.screen.print(f"  {turn['offset_sec']:5.1f}  [{style}]{turn['speaker']:>6}[/]  {turn['text']}")
        self.screen.print(f"  outcome: [bold]{call['outcome']}[/]")

    def recording(self, call: Any, out: Path | None) -> None:
        from ringback.carrier.speech import mp3_seconds

        answer = self.request("GET", f"/v1/calls/{call['id']}/recording", 200)
        folder = out or Path(tempfile.mkdtemp(prefix="ringback-"))
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{call['id']}.mp3"
        file.write_bytes(answer.content)
        self.heading("The recording")
        self.screen.print(
            f"{len(answer.content):,} bytes of {answer.headers['content-type']}, "
            f"{mp3_seconds(answer.content):.1f} seconds long:"
        )
        self.screen.print(str(file), soft_wrap=True, markup=False)

    def webhook(self, secret: str, call: Any) -> None:
        self.heading("The webhook")
        events = self.hook.requests
        if len(events) != 1:
            raise _DemoFailed(f"expected one webhook, received {len(events)}")
        if not _is_genuine(events[0], secret):
            raise _DemoFailed("the webhook's signature does not match the number's secret")
        event = events[0].json()
        if event["call"]["call_sid"] != call["id"]:
            raise _DemoFailed(f"the webhook is about {event['call']['call_sid']}, not of {call['id']}")
        self.screen.print(f"{event['type']} for {event['call']['call_sid']}")
        self.screen.print(f"  {events[0].headers['X-KwickPhone-Signature'][:24]}…  [green]signature verified[/]")
        self.screen.print(f"Balance {self.account.balance} USD: the talk time is paid.")

    def timeline(self) -> None:
        self.heading("The timeline")
        self.screen.print(self.account.timeline(), markup=False, soft_wrap=False, overflow="ellipsis", no_wrap=True)

    def month(self, id_: str) -> None:
        from rich.table import Table

        self.heading("A month later")
        self.account.advance(days=A_MONTH.days)
        numbers = self.request("GET", "/v1/numbers", 200).json()["data"]
        status = next(number["status"] for number in numbers if number["id"] == id_)
        self.screen.print(f"{self.account.now:%Y-%m-%d}, {id_} is {status}. The bill so far:")
        account = self.account.show()
        bill = Table(box=None, pad_edge=False, show_header=False)
        for _ in range(3):
            bill.add_column(justify="left")
        bill.add_column(justify="right")
        bill.add_column(justify="right")
        for entry in reversed(account["ledger"]):
            bill.add_row("", entry["at"][:10], entry["cause"], entry["amount"], entry["balance"])
        self.screen.print(bill)
        self.screen.print(f"Balance {account['balance']} USD.")

    def request(self, method: str, path: str, expected: int, **request: Any) -> httpx.Response:
        answer = self.http.request(method, path, **request)
        if answer.status_code != expected:
            raise _DemoFailed(
                f"{method} {path} returned {answer.status_code} instead of {expected}: {answer.text[:200]}"
            )
        return answer


class _DemoFailed(click.ClickException):
    exit_code = ENVIRONMENT_TROUBLE


def _is_genuine(request: Received, secret: str) -> bool:
    """Verify a signature as KwickPhone's page says (section "Verify the signature")."""
    signed = request.headers["X-KwickPhone-Timestamp"].encode() + b"." + request.body
    expected = "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, request.headers["X-KwickPhone-Signature"])
