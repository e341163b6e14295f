"""Sending a message: what fails for a moment is tried again, and one key makes sure that it is sent and paid once."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

RETRIED = frozenset((429, 500, 502, 503))
"""Statuses that the API calls safe to try again."""
ATTEMPTS = 6
FIRST_WAIT = 0.5
"""Seconds before the second attempt where the answer does not say; doubled for each further one."""


class NotSent(Exception):  # noqa: N818
    """The message could not be sent; `code` is the API's error code, or "no_answer"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Sms:
    """Messages from one number. `client` has the base URL and the key; `sleep` takes seconds."""

    def __init__(self, client: httpx.Client, number_id: str, sleep: Callable[[float], object] = time.sleep) -> None:
        self._client = client
        self._number_id = number_id
        self._sleep = sleep

    def send(self, to: str, text: str, key: str) -> str:
        """Send `text` to a number in E.164 and give the message's id. However often it is called with one `key`
        within 24 hours, one message goes out. Raises NotSent."""
        body = {"from": self._number_id, "to": to, "body": text}
        failure = NotSent("no_answer", "no attempt was answered")
        for attempt in range(ATTEMPTS):
            wait = FIRST_WAIT * 2**attempt
            try:
                answer = self._client.post("/v1/sms", json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError as error:
                failure = NotSent("no_answer", str(error))
            else:
                if answer.is_success:
                    return str(answer.json()["id"])
                reported = answer.json()["error"]
                failure = NotSent(reported["code"], f"{reported['message']} ({reported['request_id']})")
                if answer.status_code not in RETRIED:
                    raise failure
                wait = float(answer.headers.get("Retry-After", wait))
            if attempt < ATTEMPTS - 1:
                self._sleep(wait)
        raise failure
