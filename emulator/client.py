"""A client of the control API: what the command line, the scenarios and the test face are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

TIMEOUT_SECONDS = 120.0


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
    Raises ControlError for a refusal and Unreachable when nobody answers.
    """

    def __init__(self, url: str, token: str | None = None, verify: Any = True) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._verify = verify
        self._client: httpx.Client | None = None

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send one call and give its decoded JSON answer (None for 204). `path` follows `/_ringback`."""
        import httpx

        if self._client is None:
            headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            self._client = httpx.Client(timeout=TIMEOUT_SECONDS, headers=headers, verify=self._verify, trust_env=False)
        query = {name: value for name, value in (params or {}).items() if value is not None}
        try:
            response = self._client.request(
                method, f"{self.url}/_ringback{path}", params=query, **({} if body is None else {"json": body})
            )
        except httpx.TransportError as error:
            raise Unreachable(f"no emulator answers at {self.url}: {error or type(error).__name__}") from error
        if response.status_code == 204:
            return None
        try:
            document = response.json()
        except ValueError:
            raise Unreachable(
                f"{self.url} is not a Ringback emulator (HTTP {response.status_code}, no JSON)"
            ) from None
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

    def close(self) -> None:
        """Close the connections; the client may be used again."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
