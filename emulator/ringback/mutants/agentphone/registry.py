"""The registry of AgentPhone's mutants, and what several sections need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ringback.gateway.asgi import encode
from ringback.mutants.registry import Registry
from ringback.mutants.traffic import MESSAGE, MutableResponse
from ringback.vendors.agentphone import VENDOR
from ringback.vendors.agentphone.errors import UnprocessableError
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.responses import Page

MUTANTS = Registry(VENDOR, AgentPhone)
mutant = MUTANTS.mutant


def unprocessable(response: MutableResponse[AgentPhone]) -> None:
    """Answer a 422 that names no field."""
    response.fail(UnprocessableError("body", None, MESSAGE))


def answer_page(response: MutableResponse[AgentPhone], rows: Iterable[Any]) -> None:
    """Answer a page of these views, whatever the request asked for."""
    data = list(rows)
    response.respond(200, encode(Page(data, has_more=False, total=len(data))))


def all_calls(response: MutableResponse[AgentPhone]) -> None:
    """Answer all calls of the account."""
    own = response.backend
    answer_page(response, map(own.calls.view, own.data.calls.newest("account", response.account)))


def clamp(value: Any, low: float, high: float) -> Any:
    """Return a number within bounds; anything else as it is."""
    return min(max(value, low), high) if isinstance(value, int | float) and not isinstance(value, bool) else value


def sent(response: MutableResponse[AgentPhone], name: str) -> Any:
    """Return a member of the request's body, None without it."""
    document = response.request.document
    return document.get(name) if isinstance(document, dict) else None


def charge(own: AgentPhone, account: str, amount: int, cause: str) -> None:
    """Charge an account for nothing."""
    own.money.charge(account, amount, cause, "none")
