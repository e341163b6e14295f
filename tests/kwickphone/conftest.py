"""An account at KwickPhone for each test, and the ways of using it that every test needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from ringback.testing import Account, Ringback

BUSINESS = "+13465551234"
CALLER = "+12145559876"
Provision = Callable[..., dict[str, Any]]


@pytest.fixture
def account(ringback: Ringback) -> Account:
    return ringback.account("kwickphone", balance="100.00", rate_limit=None)


@pytest.fixture
def http(account: Account) -> Iterator[httpx.Client]:
    with account.client() as client:
        yield client


@pytest.fixture
def provision(http: httpx.Client) -> Provision:
    def buy(**body: Any) -> dict[str, Any]:
        answer = http.post("/v1/numbers", json={"business_phone": BUSINESS, **body})
        assert answer.status_code == 201, answer.text
        number: dict[str, Any] = answer.json()
        return number

    return buy


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]
