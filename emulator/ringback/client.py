"""A client of the control API: what the command line, the scenarios and the test face are made of."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 120.0
MAX_ENTRIES = 10_000
ANYBODY = "+12145550123"
"""Who calls or writes when it does not matter: a number that belongs to nobody."""
SPEAKERS = ("agent", "caller")

Spoken = str | Sequence[Any] | Mapping[str, Any]
"""One turn of a call: `"agent: Hello"`, `("agent", "Hello")`, `("agent", "Hello", 2.5)` or the control
API's own `{"speaker", "text", "at"?}`."""


class ControlError(Exception):
    """The control API refused a call: `code`, `message`, HTTP `status` and the `param` at fault, if any."""

    def __init__(self, status: int, code: str, message: str, param: str | None = None) -> None:
        super().__init__(f"{message} ({status} {code})")
        self.status = status
        self.code = code
        self.message = message
        self.param = param


class Unreachable(Exception):  # noqa: N818 - the name says what is the matter
    """Nothing that speaks the control API answers at that address."""


class Control:
    """Blocking client of `{url}/_ringback/…`.

    `url` is the emulator's origin (`http://127.0.0.1:7464`), `token` the control token where one is set.
    Raises ControlError for a refusal and Unreachable when nobody answers. Safe to use from several threads.
    """

    def __init__(self, url: str, token: str | None = None, verify: Any = True) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._verify = verify
        self._client: httpx.Client | None = None
        self._opening = threading.Lock()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send one call and give its decoded JSON answer (None for 204). `path` follows `/_ringback`."""
        import httpx

        with self._opening:
            if self._client is None:
                headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
                # Reading the authorities takes longer than all else here, and plain HTTP has no use for them.
                verify = self._verify if self.url.startswith("https:") else False
                self._client = httpx.Client(timeout=TIMEOUT_SECONDS, headers=headers, verify=verify, trust_env=False)
            client = self._client
        query = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = client.request(
                method,
                f"{self.url}/_ringback{path}",
                params=query,
                **({} if body is None else {"json": body}),
            )
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unreachable(f"no emulator answers at {self.url}: {error or type(error).__name__}") from error
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
        """The vendors that this emulator serves."""
        health = self.get("/health")
        if not isinstance(health, dict) or "vendors" not in health:
            raise Unreachable(f"{self.url} is not a Ringback emulator (its /_ringback/health says something else)")
        return tuple(health["vendors"])

    def journal(self, account_id: str | None = None, limit: int | None = None) -> list[dict[str, Any]]:
        """What happened, to one account or at all, oldest first: the newest `limit` entries, or all that are kept."""
        answer = self.get("/journal", account_id=account_id, limit=limit or MAX_ENTRIES)
        return list(reversed(answer["data"]))

    def deliveries(self, account_id: str | None = None, event: str | None = None) -> list[dict[str, Any]]:
        """Webhook events with their attempts, oldest first."""
        return list(reversed(self.get("/deliveries", account_id=account_id, event=event)["data"]))

    def arrive(self, path: str, body: Mapping[str, Any], vendors: Iterable[str]) -> Any:
        """POST an inbound call (`/calls`) or message (`/messages`) to whichever vendor answers at
        `body["to"]`.

        The vendors are tried in order; ControlError 404 when nobody answers with any of them.
        """
        refusal: ControlError | None = None
        for vendor in dict.fromkeys(vendors):
            try:
                return self.post(path, {"vendor": vendor, **body})
            except ControlError as error:
                if error.status != 404 and error.param != "vendor":
                    raise
                refusal = refusal or error
        raise refusal or ControlError(404, "not_found", f"nobody answers at {body.get('to')}", "to")

    def close(self) -> None:
        """Close the connections; the client may be used again."""
        with self._opening:
            if self._client is not None:
                self._client.close()
                self._client = None

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def as_turns(spoken: Iterable[Spoken]) -> list[dict[str, Any]]:
    """Turns in the control API's form, from any of the forms of `Spoken`.

    Text without a speaker is said by whoever did not speak last; the agent, who answers, begins. Raises
    ValueError for a turn that can't be understood.
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
