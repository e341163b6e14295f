"""The client of the control API: the command line, the scenarios and `ringback.testing` use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

PREFIX = "/_ringback"
TIMEOUT_SECONDS = 120.0
MAX_ENTRIES = 10_000
ANY_CALLER = "+12145550123"
"""Calls or writes where the number does not matter. No account ever has it."""
SPEAKERS = ("agent", "caller")

Spoken = str | Sequence[Any] | Mapping[str, Any]
"""One turn of a call: `"agent: Hello"`, `("agent", "Hello")`, `("agent", "Hello", 2.5)` or the control API's own
`{"speaker", "text", "at"?}`."""


class ControlError(Exception):
    """An error response of the control API: HTTP `status`, `code`, `message`, and the `param` at fault, if any."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(f"{message} ({status} {code})")
        self.status = status
        self.code = code
        self.message = message
        self.param = param


class Unreachable(Exception):  # noqa: N818 - the name says what is wrong
    """No control API responds at an address."""


class Control:
    """Blocking client of `{url}/_ringback/…`.

    `url` is the emulator's origin (`http://127.0.0.1:7464`), `token` its control token, if any; `verify` and `timeout`
    (seconds) are httpx's. `on_response` receives each response, the errors too, with its request. Every call raises
    ControlError for an error response, and Unreachable when no control API responds. Safe to use from several threads.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        verify: Any = True,
        timeout: float = TIMEOUT_SECONDS,
        on_response: Callable[[httpx.Response], None] | None = None,
    ) -> None:
        self.url = url.rstrip("/").removesuffix(PREFIX)
        self._token = token
        self._verify = verify
        self._timeout = timeout
        self._on_response = on_response
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send a request and return the decoded JSON response (None for 204). `path` follows `/_ringback`."""
        import httpx

        with self._opening:
            if self._client is None:
                headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
                # Reading the certificate authorities is slow, and plain HTTP does not use them.
                verify = self._verify if self.url.startswith("https:") else False
                self._client = httpx.Client(timeout=self._timeout, headers=headers, verify=verify, trust_env=False)
            client = self._client
        query = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = client.request(
                method,
                f"{self.url}{PREFIX}{path}",
                params=query,
                **({} if body is None else {"json": body}),
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(f"no emulator responds at {self.url}: {error or type(error).__name__}") from error
        if self._on_response is not None:
            self._on_response(response)
        if response.status_code == 204:
            return None
        try:
            document = response.json()
        except ValueError:
            raise Unreachable(f"{self.url} is not a Ringback emulator (HTTP {response.status_code}, no JSON)") from None
        if response.is_error:
            error_body = document.get("error") if isinstance(document, dict) else None
            if not isinstance(error_body, dict):
                raise Unreachable(f"{self.url} is not a Ringback emulator (HTTP {response.status_code})")
            raise ControlError(
                response.status_code,
                str(error_body.get("code")),
                str(error_body.get("message")),
                error_body.get("param"),
            )
        return document

    def get(self, path: str, **params: Any) -> Any:
        """GET `/_ringback{path}` with the query parameters that are not None."""
        return self.request("GET", path, params=params)

    def post(self, path: str, body: Any = None) -> Any:
        """POST a JSON body to `/_ringback{path}`."""
        return self.request("POST", path, {} if body is None else body)

    def patch(self, path: str, body: Any) -> Any:
        """PATCH `/_ringback{path}` with a JSON body."""
        return self.request("PATCH", path, body)

    def put(self, path: str, body: Any) -> Any:
        """PUT a JSON document to `/_ringback{path}`."""
        return self.request("PUT", path, body)

    def delete(self, path: str) -> Any:
        """DELETE `/_ringback{path}`."""
        return self.request("DELETE", path)

    def vendors(self) -> tuple[str, ...]:
        """Return the vendors that this emulator serves."""
        health = self.get("/health")
        if not isinstance(health, dict) or "vendors" not in health:
            raise Unreachable(f"{self.url} is not a Ringback emulator (its /_ringback/health has no vendors)")
        return tuple(health["vendors"])

    def journal(self, account_id: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the newest `limit` entries of the journal (all unless set), of one account or all, oldest first."""
        answer = self.get("/journal", account_id=account_id, limit=limit or MAX_ENTRIES)
        return list(reversed(answer["data"]))

    def deliveries(self, account_id: str | None = None, event: str | None = None) -> list[dict[str, Any]]:
        """Return webhook events with their attempts, oldest first."""
        return list(reversed(self.get("/deliveries", account_id=account_id, event=event)["data"]))

    def arrive(self, path: str, body: Mapping[str, Any], vendors: Iterable[str]) -> Any:
        """POST an inbound call (`/calls`) or message (`/messages`) to the vendor that has the number `body["to"]`.

        The vendors are tried in order. Raises ControlError, 404 when none of them has the number.
        """
        first: ControlError | None = None
        for vendor in dict.fromkeys(vendors):
            try:
                return self.post(path, {"vendor": vendor, **body})
            except ControlError as error:
                if error.status != 404 and error.param != "vendor":
                    raise
                first = first or error
        raise first or ControlError(404, "number_not_found", f"no vendor has the number {body.get('to')}", "to")

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_turns(spoken: Iterable[Spoken]) -> list[dict[str, Any]]:
    """Return turns in the control API's form, from any of the forms of `Spoken`.

    In text without a speaker the two alternate; the agent, who answers, begins. Raises ValueError for an invalid turn.
    """
    turns: list[dict[str, Any]] = []
    for number, said in enumerate(spoken, 1):
        if isinstance(said, Mapping):
            turns.append(dict(said))
        elif isinstance(said, str):
            name, colon, text = said.partition(":")
            if colon and name.strip().lower() in SPEAKERS:
                turns.append({"speaker": name.strip().lower(), "text": text.strip()})
            else:
                last = turns[-1].get("speaker") if turns else "caller"
                turns.append({"speaker": "caller" if last == "agent" else "agent", "text": said.strip()})
        elif len(said) in (2, 3):
            turns.append(dict(zip(("speaker", "text", "at"), said, strict=False)))
        else:
            raise ValueError(f"turn {number}: expected (speaker, text) or (speaker, text, seconds), got {said!r}")
    for number, turn in enumerate(turns, 1):
        if turn.get("speaker") not in SPEAKERS:
            raise ValueError(f"turn {number}: the speaker is caller or agent, not {turn.get('speaker')!r}")
    return turns
