"""A refusal: how every rule says no. The vendor words it; the gate puts it in the vendor's envelope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Header = tuple[bytes, bytes]


class Refusal(Exception):  # noqa: N818 - it is the answer, not a malfunction
    """An error answer: HTTP `status`, the vendor's `code`, a message that says what to do.

    `kind` is the vendor's error type where it has one, `param` the field at fault, `wait` the seconds for Retry-After,
    `request_id` that of the request, where a vendor numbers them, `headers` what else the answer's head says.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str | None = None,
        param: str | None = None,
        wait: int | None = None,
        headers: Sequence[Header] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.kind = kind
        self.param = param
        self.wait = wait
        self.headers = headers
        self.request_id = ""


class Malformed(ValueError):  # noqa: N818 - what the body is
    """A body that does not decode; `param` is the path of the field at fault, `problem` what is wrong with it."""

    def __init__(self, problem: str, param: str | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.param = param


@dataclass(frozen=True)
class Wording:
    """How a vendor words what the gate itself refuses."""

    unauthorized: Callable[[], Refusal]
    rate_limited: Callable[[int], Refusal]
    no_route: Callable[[], Refusal]
    too_large: Callable[[int], Refusal]
    malformed: Callable[[Malformed], Refusal]
    crashed: Callable[[], Refusal]
    trouble: Callable[[int, str | None], Refusal]
    """A fault or unkind answer: status, and a code where the caller chose one."""
    envelope: Callable[[Refusal], bytes]
    wrong_type: Callable[[], Refusal] | None = None
    """A body that is not JSON by its content type; malformed where the vendor has no words of its own."""
    wrong_method: Callable[[], Refusal] | None = None
    """A method that a path does not have; no route where the vendor has no words of its own."""
