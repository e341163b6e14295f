"""The dashboard and the contract's page: what is served, what it may do, and how it looks from a browser."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from ringback import vendors
from ringback.dashboard.contract import ContractView, contract_view
from ringback.dashboard.document import document
from ringback.dashboard.markup import prose, tag
from ringback.testing import Ringback

BUSINESS = "+13465551234"
CALLER = "+12145559876"
MAX_PAGE = 40 * 1024
NO_SUCH_CALL = "The control API has no such path and method."
HOSTILE = "</script><script>window.struck = 1</script><img src=x onerror='window.struck = 1'>"
PHONE = (390, 844)


class Page(HTMLParser):
    """A served page, taken apart."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.inline: dict[str, str] = {}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        plain = {name: value or "" for name, value in attrs}
        self.tags.append((tag, plain))
        self._inside = plain.get("type", tag) if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.inline[self._inside] = self.inline.get(self._inside, "") + data
        else:
            self.texts.append(data)

    @property
    def data(self) -> Any:
        return json.loads(self.inline["application/json"])

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]


def get(url: str, **given: Any) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=90, **given)


@pytest.fixture
def own() -> Iterator[Ringback]:
    with Ringback("kwickphone", seed=7, start="2026-06-20T07:50:00Z") as ringback:
        yield ringback


@pytest.fixture(params=["/", *(f"/{name}/docs" for name in vendors.names())])
def served(request: pytest.FixtureRequest, ringback: Ringback) -> Page:
    """Each page that is served."""
    if request.param != "/" and request.param.split("/")[1] not in ringback.vendors:
        pytest.skip("this emulator does not serve that vendor")
    answer = get(ringback.url + request.param)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(answer.text)


# -- what is served ------


def test_a_page_asks_nothing_of_any_other_site(served: Page) -> None:
    fetched = [*served.values("src"), *served.values("srcset"), *served.values("action"), *served.values("data")]
    linked = [attributes["href"] for tag_, attributes in served.tags if tag_ == "link"]
    assert fetched == []
    assert [href for href in linked if not href.startswith("data:")] == []
    for part in ("style", "script"):
        assert not re.search(r"https?:|//\w|url\(|@import", served.inline[part]), f"the {part} names another place"


def test_a_page_runs_its_own_script_and_no_other(served: Page) -> None:
    (policy,) = (
        attributes["content"]
        for _, attributes in served.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for part in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(served.inline[part].encode()).digest()).decode()
        assert f"{part}-src 'sha256-{digest}'" in policy
    inline = [name for _, attributes in served.tags for name in attributes if name.startswith("on") or name == "style"]
    assert inline == []


def test_no_script_turns_text_into_markup(served: Page) -> None:
    found = re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(", served.inline["script"]
    )
    assert found is None, f"the script uses {found and found[0]}"


def test_other_sites_cannot_frame_the_dashboard(ringback: Ringback) -> None:
    assert "frame-ancestors 'none'" in get(ringback.url).headers["content-security-policy"]


def test_the_dashboard_is_small() -> None:
    """All but what it tells of each vendor."""
    with Ringback("kwickphone") as ringback:
        page = get(ringback.url).text
    size = len(page.encode()) - len(Page(page).inline["application/json"].encode())
    assert size <= MAX_PAGE


def test_the_dashboard_calls_the_control_api_and_nothing_else(own: Ringback) -> None:
    script = Page(get(own.url).text).inline["script"]
    assert len(re.findall(r"\bfetch\(", script)) == 1
    assert re.search(r"XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\(", script) is None
    table = re.search(r"const CALLS = \{(.*?)\n\};", script, re.DOTALL)
    assert table is not None
    calls = re.findall(r'(\w+): "([A-Z]+) (/[^"]*)"', table[1])
    assert len(calls) == len(table[1].strip().splitlines())
    for name, method, path in calls:
        url = f"{own.url}/_ringback{re.sub(r'{[a-z_]+}', 'unknown', path)}"
        answer = httpx.request(method, url, json={} if method == "POST" else None, trust_env=False, timeout=90)
        assert NO_SUCH_CALL not in answer.text, f"{name}: the control API has no {method} {path}"
        assert f'control("{name}"' in script or f'arrive("{name}"' in script, f"{name} is never called"


def test_the_dashboard_tells_no_secret_but_the_well_known_key(own: Ringback) -> None:
    account = own.account("kwickphone", balance="10.00")
    with account.client() as http:
        secret = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()["webhook_secret"]
    page = get(own.url).text
    assert account.key not in page
    assert secret not in page
    assert Page(page).data["vendors"][0]["key"] == "kp_live_ringback"
    own.control.delete("/accounts/acct_kwickphone_seed/keys/key_kwickphone_seed")
    page = get(own.url).text
    assert Page(page).data["vendors"][0]["key"] is None
    assert "kp_live_ringback" not in page


def test_every_scenario_offered_can_be_rung(own: Ringback) -> None:
    account = own.account("kwickphone", balance="10.00")
    with account.client() as http:
        number = http.post("/v1/numbers", json={"business_phone": BUSINESS}).json()["phone_number"]
    offered = Page(get(own.url).text).data["scenarios"]
    assert {"order", "voicemail", "missed", "busy"} <= set(offered)
    for name in offered:
        own.control.post("/calls", {"vendor": "kwickphone", "to": number, "from": CALLER, "scenario": name})


def run_curl(command: str) -> httpx.Response:
    """What a curl line would do."""
    words = shlex.split(command.replace("\\\n", " "))
    assert words.pop(0) == "curl"
    method, url, headers, body = "GET", "", {}, None
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word in ("-d", "--data-raw"):
            body = words.pop(0)
        elif word == "-o":
            words.pop(0)
        else:
            url = word
    return httpx.request(method, url, headers=headers, content=body, trust_env=False, timeout=90)


def test_the_first_curl_lines_work_as_they_stand(own: Ringback) -> None:
    (vendor,) = Page(get(own.url).text).data["vendors"]
    provisioned = run_curl(vendor["provision"])
    assert provisioned.status_code == 201, provisioned.text
    listed = run_curl(vendor["look"])
    assert [number["id"] for number in listed.json()["data"]] == [provisioned.json()["id"]]


# -- the contract's page ------


def test_the_contract_page_has_every_operation_field_and_event(own: Ringback) -> None:
    page = Page(get(f"{own.url}/kwickphone/docs").text)
    shown = contract_view("kwickphone")
    ids = page.values("id")
    assert len(ids) == len(set(ids)), "an id is there twice"
    for operation in (*shown.operations, *shown.webhooks):
        assert operation.id in ids
        assert operation.path in page.text
        for status in operation.node["responses"]:
            assert str(status) in page.text
    for name in (
        "webhook_secret",
        "data[].has_transcript",
        "call.call_sid",
        "starting_after",
        "X-KwickPhone-Signature",
    ):
        assert name in page.texts, f"{name} is not on the page"
    for href in page.values("href"):
        assert not href.startswith("#") or href[1:] in ids, f"{href} leads nowhere"


def test_every_curl_line_of_the_contract_meets_its_operation(own: Ringback) -> None:
    for operation in contract_view("kwickphone").operations:
        command = contract_view("kwickphone").curl(operation, f"{own.url}/kwickphone", "kp_live_ringback")
        answer = run_curl(command)
        assert str(answer.status_code) in operation.node["responses"], f"{operation.id}: {answer}"
        assert answer.status_code in (200, 201, 404), f"{command}\n{answer.text}"


def test_a_shape_is_followed_through_references_and_merged() -> None:
    nested = ContractView(
        {
            "components": {
                "schemas": {
                    "Base": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
                    "Tree": {
                        "allOf": [{"$ref": "#/components/schemas/Base"}],
                        "required": ["leaves"],
                        "properties": {
                            "id": {"description": "Its name."},
                            "leaves": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
                        },
                    },
                }
            }
        }
    )
    fields = list(nested.fields({"$ref": "#/components/schemas/Tree"}))
    assert [(field.name, field.required) for field in fields[:4]] == [
        ("id", True),
        ("leaves", True),
        ("leaves[].id", True),
        ("leaves[].leaves", True),
    ]
    assert fields[0].schema == {"description": "Its name.", "type": "string"}
    assert len(fields) < 40, "a shape that holds itself is not followed for ever"


def test_a_value_is_made_where_a_contract_has_no_example() -> None:
    schema = {
        "type": "object",
        "required": ["to", "tags", "retry"],
        "properties": {
            "to": {"type": "string", "examples": ["+13465550100"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "retry": {"type": ["boolean", "null"]},
            "note": {"type": "string"},
        },
    }
    assert ContractView({}).sample(schema) == {"to": "+13465550100", "tags": [], "retry": True}


def test_text_is_escaped_wherever_it_stands() -> None:
    assert HOSTILE not in tag("p", HOSTILE, title=HOSTILE) + prose(f"`{HOSTILE}`\n\n{HOSTILE}")
    page = document(
        HOSTILE, tag("p", HOSTILE), styles=("base.css",), scripts=("copy.js",), data={"text": HOSTILE}
    ).decode()
    taken_apart = Page(page)
    assert taken_apart.data == {"text": HOSTILE}
    assert [name for name, _ in taken_apart.tags].count("script") == 2
    assert "img" not in [name for name, _ in taken_apart.tags]


# -- in a browser ------

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-extensions",
    "--remote-debugging-pipe",
)
ANSWER_SECONDS = 90
PATIENCE_SECONDS = 60


class Browser:
    """A headless Chromium, driven through the two pipes of its debugging protocol: no port, no network."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM is not None
        theirs_in, self._to = _pipe()
        self._from, theirs_out = _pipe(ours_reads=True)

        def hand_over() -> None:
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=hand_over,
            pass_fds=(3, 4),
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._sent = 0
        self._buffer = b""
        self.events: list[dict[str, Any]] = []

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """One command and its result; events that come meanwhile are kept."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": params}
        os.write(self._to, json.dumps(message | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._sent:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        deadline = time.monotonic() + ANSWER_SECONDS
        while b"\0" not in self._buffer:
            readable, _, _ = select.select([self._from], [], [], max(0.0, deadline - time.monotonic()))
            assert readable, f"the browser said nothing for {ANSWER_SECONDS} s"
            chunk = os.read(self._from, 1 << 16)
            assert chunk, "the browser has ended"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to)
        os.close(self._from)


def _pipe(*, ours_reads: bool = False) -> tuple[int, int]:
    """A pipe, its ends out of the way of descriptors 3 and 4."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]


class Tab:
    """One page in a browser of its own kind: its storage is empty, its troubles are kept."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._context = browser.send("Target.createBrowserContext")["browserContextId"]
        target = browser.send("Target.createTarget", url="about:blank", browserContextId=self._context)["targetId"]
        self._session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    def _send(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.send(method, self._session, **params)

    def open(self, url: str, size: tuple[int, int] = (1280, 900)) -> None:
        width, height = size
        self._send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self._send("Page.navigate", url=url)
        self.until("location.href !== 'about:blank' && document.readyState === 'complete'")

    def run(self, expression: str) -> Any:
        """The value of an expression, awaited if it is a promise."""
        answer = self._send("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Return when an expression has become true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            held = self.run(
                "new Promise((done) => { const start = performance.now(); const look = () => "
                f"({condition}) ? done(true) : performance.now() - start > 500 ? done(false) : setTimeout(look, 10); look(); }})"
            )
            if held:
                return
        raise AssertionError(f"{condition} did not come about; the page says:\n{self.text}")

    def sees(self, *texts: str) -> None:
        """Return when the page shows these texts."""
        for text in texts:
            self.until(f"document.body.innerText.includes({json.dumps(text)})")

    def press(self, label: str, within: str = "body") -> None:
        """Press the button that says this."""
        self.run(
            f"[...document.querySelector({json.dumps(within)}).querySelectorAll('button')]"
            f".find((one) => one.textContent === {json.dumps(label)}).click()"
        )

    def choose(self, field: str, value: str, event: str = "change") -> None:
        """Give a field a value as a person would: the change is reported."""
        self.run(
            f"{{ const field = document.querySelector({json.dumps(field)}); field.value = {json.dumps(value)};"
            f" field.dispatchEvent(new Event('{event}', {{ bubbles: true }})); }}"
        )

    def enter(self, form: str, **fields: str) -> None:
        """Fill in a form."""
        for name, value in fields.items():
            self.choose(f"{form} [name={name}]", value)

    @property
    def text(self) -> str:
        return str(self.run("document.body.innerText"))

    def close(self) -> None:
        self._browser.send("Target.disposeBrowserContext", browserContextId=self._context)

    def troubles(self) -> Sequence[str]:
        """Exceptions, complaints on the console, and requests to other places."""
        found = []
        for event in self._browser.events:
            params = event.get("params", {})
            if event.get("sessionId") != self._session or "method" not in event:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(params["exceptionDetails"].get("exception", {}).get("description")))
            elif event["method"] == "Log.entryAdded" and params["entry"]["source"] != "network":
                found.append(params["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent":
                url = urlsplit(params["request"]["url"])
                if url.scheme not in ("data", "about") and url.hostname != "127.0.0.1":
                    found.append(f"asked {params['request']['url']}")
        return found


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH")
    started = Browser(tmp_path_factory.mktemp("chromium"))
    try:
        yield started
    finally:
        started.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    opened = Tab(browser)
    yield opened
    opened.close()
    assert not opened.troubles(), "the page had trouble"


@pytest.fixture
def http(own: Ringback) -> Iterator[httpx.Client]:
    """A client with the well-known key."""
    headers = {"Authorization": "Bearer kp_live_ringback"}
    with httpx.Client(base_url=f"{own.url}/kwickphone", headers=headers, trust_env=False) as client:
        yield client


def provision(http: httpx.Client, **body: str) -> str:
    answer = http.post("/v1/numbers", json={"business_phone": BUSINESS, **body})
    assert answer.status_code == 201, answer.text
    number: str = answer.json()["phone_number"]
    return number


def test_a_beginner_is_told_the_next_step(own: Ringback, tab: Tab) -> None:
    tab.open(own.url)
    tab.sees("live", "KwickPhone", "kp_live_ringback", "$100.00", "2026-06-20 07:50:00", "To begin:", "No numbers yet")
    tab.sees("No webhooks yet", "Nothing is broken", "No number can be rung yet")
    assert "curl -X POST" in tab.run("document.getElementById('no-journal').innerText")


def test_what_happens_shows_without_reloading(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    tab.open(own.url)
    tab.sees("live")
    number = provision(http)
    tab.sees(f"{number} provisioned", "POST /v1/numbers 201", "$95.00", "active")
    own.call(to=number, caller=CALLER, turns=["agent: Hello"], outcome="order")
    tab.sees(f"inbound call {CALLER} → {number} ringing")
    own.advance(minutes=5)
    tab.sees(f"inbound call {CALLER} → {number} completed", "talk_time", "2026-06-20 07:55:00")


def test_a_refused_request_shows_in_full_and_as_curl(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    refused = http.post("/v1/numbers", json={"business_phone": "it's 12"})
    tab.open(own.url)
    tab.sees("POST /v1/numbers 400")
    tab.run("document.querySelector('.entry[data-kind=request]').open = true")
    tab.sees("Copy as curl", refused.json()["error"]["message"])
    assert "kp_live_ringback" not in tab.run("document.querySelector('.detail').innerText")
    command = tab.run(
        "new Promise((done) => { copyText = done; document.querySelector('.detail .line button').click(); })"
    )
    again = run_curl(command)
    assert (again.status_code, again.json()) == (400, refused.json())


def test_what_a_caller_says_is_text_and_never_markup(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    number = provision(http, webhook_url="http://127.0.0.1:9/hook?" + HOSTILE.replace(" ", "%20"))
    call = own.call(to=number, caller=CALLER, turns=[{"speaker": "caller", "text": HOSTILE}], outcome=HOSTILE)
    own.advance(minutes=5)
    assert http.get(f"/v1/calls/{call}/transcript").json()["turns"][0]["text"] == HOSTILE
    tab.open(own.url)
    tab.sees("live", f"/v1/calls/{call}/transcript", "call.completed")
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.sees(json.dumps(HOSTILE)[1:-1])
    assert tab.run("[window.struck ?? 0, document.images.length, document.scripts.length]") == [0, 0, 2]


def test_a_number_is_rung_and_time_moved_on_from_the_page(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    number = provision(http)
    tab.open(own.url)
    tab.until(f"document.getElementById('ring').elements.to.value === '{number}'")
    tab.enter(
        "#ring", scenario="own", turns="Good morning.\ncaller: Two loaves, please.", outcome="order", duration="60"
    )
    tab.press("Ring", "#ring")
    tab.sees("ringing. Time stands still")
    tab.press("Until idle", "#steps")
    tab.sees("completed.", "2026-06-20 07:51:03")
    (call,) = http.get("/v1/calls").json()["data"]
    assert (call["outcome"], call["duration_sec"], call["caller"]) == ("order", 60, CALLER)
    turns = http.get(f"/v1/calls/{call['id']}/transcript").json()["turns"]
    assert [(turn["speaker"], turn["text"]) for turn in turns] == [
        ("agent", "Good morning."),
        ("caller", "Two loaves, please."),
    ]


def test_a_month_on_the_page_is_a_calendar_month(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    own.control.post("/clock/advance", {"until": "2027-01-31T10:00:00Z"})
    provision(http)
    tab.open(own.url)
    tab.sees("2027-01-31 10:00:00")
    tab.press("+1 month", "#steps")
    tab.sees("2027-02-28 10:00:00", "$90.00")


def test_an_account_moves_on_alone(own: Ringback, tab: Tab) -> None:
    tab.open(own.url)
    tab.sees("Its own clock")
    tab.press("+1 day", ".holder")
    tab.until("document.querySelector('.holder time').textContent === '2026-06-21 07:50:00'")
    assert own.control.get("/clock")["now"].startswith("2026-06-20T07:50:00")


def test_the_clock_runs_and_stands_still_as_chosen(own: Ringback, tab: Tab) -> None:
    tab.open(own.url)
    tab.until("document.getElementById('now').textContent === '2026-06-20 07:50:00'")
    tab.choose("#mode", "3600")
    tab.until("document.getElementById('now').textContent > '2026-06-20 08:20'")
    assert own.control.get("/clock")["factor"] == 3600
    tab.choose("#mode", "frozen")
    tab.until("!document.getElementById('mode').disabled && clock.mode === 'frozen'")
    assert own.control.get("/clock")["mode"] == "frozen"


def test_accounts_are_opened_and_funded(own: Ringback, tab: Tab) -> None:
    tab.open(own.url)
    tab.sees("$100.00")
    tab.press("Add funds", ".holder")
    tab.sees("$125.00")
    tab.run("document.getElementById('open').closest('details').open = true")
    tab.enter("#open", balance="7.50")
    tab.press("Open", "#open")
    tab.sees("Its key is shown this once", "$7.50")
    key = tab.run("document.querySelector('#opened code').textContent")
    assert get(f"{own.url}/kwickphone/v1/numbers", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def test_a_bad_amount_is_answered_in_words(own: Ringback, tab: Tab) -> None:
    tab.open(own.url)
    tab.sees("$100.00")
    tab.run("document.querySelector('.holder form').elements.amount.value = 'lots'")
    tab.press("Add funds", ".holder")
    tab.until(
        "document.getElementById('toast').className === 'bad' && document.getElementById('toast').innerText.includes('lots')"
    )


def test_a_fault_is_set_strikes_and_is_lifted(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    tab.open(own.url)
    tab.sees("Nothing is broken")
    tab.run("document.getElementById('fault').closest('details').open = true")
    tab.enter("#fault", effect="status", value="503", operation="createNumber", when="first", amount="1")
    tab.press("Set", "#fault")
    tab.sees("createNumber", "the first 1")
    assert http.post("/v1/numbers", json={"business_phone": BUSINESS}).status_code == 503
    tab.sees("met 1, struck 1")
    tab.press("Lift", "#faults")
    tab.sees("Nothing is broken")
    assert own.control.get("/faults")["data"] == []


def test_a_webhook_shows_every_attempt_and_is_sent_again(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    receiver = own.receiver()
    receiver.respond_with(500, 200)
    number = provision(http, webhook_url=receiver.url)
    own.call(to=number, caller=CALLER, turns=["agent: Hello"], duration=10)
    own.advance(seconds=20)
    tab.open(own.url)
    tab.sees("pending", "1 attempt · next at 2026-06-20 07:51:13")
    own.advance(minutes=5)
    tab.sees("delivered", "2 attempts")
    tab.run("document.querySelector('.event').open = true")
    tab.press("Send again", ".event")
    tab.sees("3 attempts", "Sent again: 200.")
    assert len(receiver.wait(3)) == 3


def test_the_timeline_is_filtered_by_account_and_kind(own: Ringback, tab: Tab, http: httpx.Client) -> None:
    provision(http)
    other = own.account("kwickphone", balance="3.00")
    tab.open(own.url)
    tab.sees("provisioned", "funded +3.00")
    tab.run("[...document.querySelectorAll('#kinds label')].find((one) => one.innerText === 'number').click()")
    tab.until("!document.getElementById('journal').innerText.includes('provisioned')")
    tab.choose("#journal-account", other.id)
    tab.until("!document.getElementById('journal').innerText.includes('/v1/numbers')")
    tab.sees("funded +3.00")
    own.control.post(f"/accounts/{other.id}/fund", {"amount": "4.00"})
    tab.sees("funded +4.00")


def test_a_control_token_is_asked_for_and_kept_in_the_tab(tab: Tab) -> None:
    with Ringback("kwickphone", control_token="open sesame") as ringback:
        assert "open sesame" not in get(ringback.url).text
        tab.open(ringback.url)
        tab.until("document.getElementById('door').open")
        tab.enter("#token", token="wrong")
        tab.press("Enter", "#door")
        tab.sees("That token is not the right one.")
        tab.until("document.getElementById('door').open")
        tab.enter("#token", token="open sesame")
        tab.press("Enter", "#door")
        tab.sees("live", "$100.00")
        assert tab.run("[sessionStorage.length, localStorage.length, document.cookie]") == [1, 0, ""]
        tab.open(ringback.url)
        tab.sees("live", "$100.00")


def test_an_emulator_that_is_gone_is_told(tab: Tab) -> None:
    with Ringback("kwickphone") as ringback:
        tab.open(ringback.url)
        tab.sees("live")
    tab.sees("no answer: is the emulator running?")


@pytest.mark.parametrize("path", ["/", "/kwickphone/docs"])
def test_a_page_fits_a_phone(own: Ringback, tab: Tab, http: httpx.Client, path: str) -> None:
    number = provision(http, webhook_url="http://127.0.0.1:9/a-rather-long-address-for-a-webhook-on-a-phone")
    own.call(to=number, caller=CALLER, turns=["agent: Hello"])
    own.advance(minutes=1)
    tab.open(own.url + path, PHONE)
    tab.sees("call.completed")
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    tab.sees("kp_live_ringback")
    assert tab.run("document.documentElement.scrollWidth") <= PHONE[0]


def test_the_contract_page_speaks_of_this_emulator(own: Ringback, tab: Tab) -> None:
    tab.open(f"{own.url}/kwickphone/docs")
    tab.sees(f'curl "{own.url}/kwickphone/v1/numbers"')
    assert "$BASE_URL" not in tab.text
    tab.choose("#find", "transcript", "input")
    left = tab.run(
        "[...document.querySelectorAll('.contents li')].filter((one) => one.offsetParent).map((one) => one.innerText)"
    )
    assert len(left) == 1
    assert "Get a transcript" in left[0]
