"""Keys, allowlists and the request rate: page "Authentication" and "Limits & billing"."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from ringback.client import ControlError
from ringback.testing import Account, Ringback
from tests.kwickphone.conftest import code

PATHS = ["/v1/numbers", "/v1/calls", "/v1/calls/CA1/transcript", "/v1/nothing", "/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer kp_live_wrong", "Basic a3A6", "kp_live_ringback", "Token kp_live_ringback",
     "Bearer kp_live_ringback extra", "Bearer \xff\xfe", "Bearer " + "k" * 5000],
)  # fmt: skip
def test_without_a_valid_key_nothing_is_answered(account: Account, path: str, authorization: str | None) -> None:
    headers: dict[str, Any] = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    answer = httpx.get(account.base_url + path, headers=headers, trust_env=False)
    assert code(answer) == (401, "unauthorized")


def test_a_cookie_never_authenticates(account: Account) -> None:
    cookies = {"Cookie": f"Authorization=Bearer {account.key}; token={account.key}; session={account.key}"}
    answer = httpx.get(f"{account.base_url}/v1/numbers", headers=cookies, trust_env=False)
    assert code(answer) == (401, "unauthorized")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_valid_key_is_let_in(account: Account, scheme: str) -> None:
    answer = httpx.get(
        f"{account.base_url}/v1/numbers", headers={"Authorization": f"{scheme} {account.key}"}, trust_env=False
    )
    assert answer.status_code == 200


def test_a_revoked_key_is_as_good_as_none(ringback: Ringback, account: Account) -> None:
    with account.client() as http:
        assert http.get("/v1/numbers").status_code == 200
        ringback.control.delete(f"/accounts/{account.id}/keys/{account.keys[0]['key_id']}")
        assert code(http.get("/v1/numbers")) == (401, "unauthorized")


def test_a_key_used_from_elsewhere_is_answered_as_an_invalid_key(ringback: Ringback) -> None:
    account = ringback.account("kwickphone", keys=[{"allowlist": ["203.0.113.0/24", "198.51.100.7"]}])
    with account.client() as locked, account.client(key="kp_live_no_such_key") as wrong:
        refused, unknown = locked.get("/v1/numbers"), wrong.get("/v1/numbers")
    assert (refused.status_code, refused.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize("allowlist", [["127.0.0.1"], ["10.0.0.0/8", "127.0.0.0/8"], ["::1", "127.0.0.1/32"], []])
def test_a_key_used_from_an_allowed_address_works(ringback: Ringback, allowlist: list[str]) -> None:
    with ringback.account("kwickphone", keys=[{"allowlist": allowlist}]).client() as http:
        assert http.get("/v1/numbers").status_code == 200


def test_an_account_has_at_most_five_active_keys(ringback: Ringback, account: Account) -> None:
    made = [ringback.control.post(f"/accounts/{account.id}/keys") for _ in range(4)]
    assert all(key["secret"].startswith("kp_live_") for key in made)
    with pytest.raises(ControlError, match="409 key_limit"):
        ringback.control.post(f"/accounts/{account.id}/keys")
    ringback.control.delete(f"/accounts/{account.id}/keys/{made[0]['key_id']}")
    assert ringback.control.post(f"/accounts/{account.id}/keys")["secret"] != made[0]["secret"]
    assert "secret" not in str(account.show()["keys"])


def test_rotation_replaces_a_key(ringback: Ringback, account: Account) -> None:
    old = account.keys[0]
    fresh = ringback.control.post(f"/accounts/{account.id}/keys/{old['key_id']}/rotate")
    with account.client() as before, account.client(key=fresh["secret"]) as after:
        assert before.get("/v1/numbers").status_code == 401
        assert after.get("/v1/numbers").status_code == 200


def test_the_sixty_first_request_in_a_minute_is_too_many(ringback: Ringback) -> None:
    account = ringback.account("kwickphone", keys=[{}, {}])
    with account.client() as http, account.client(key=account.keys[1]["secret"]) as other:
        assert [http.get("/v1/numbers").status_code for _ in range(30)] == [200] * 30
        account.advance(seconds=20)
        assert [http.get("/v1/nothing").status_code for _ in range(30)] == [404] * 30
        refused = http.get("/v1/numbers")
        assert code(refused) == (429, "rate_limited")
        assert refused.headers["retry-after"] == "40"
        assert other.get("/v1/numbers").status_code == 200
        account.advance(seconds=39)
        assert code(http.get("/v1/numbers")) == (429, "rate_limited")
        account.advance(seconds=1)
        assert http.get("/v1/numbers").status_code == 200


def test_unauthorized_requests_do_not_use_up_the_limit(ringback: Ringback) -> None:
    account = ringback.account("kwickphone")
    with account.client() as http, account.client(key="kp_live_x") as wrong:
        for _ in range(70):
            wrong.get("/v1/numbers")
        assert http.get("/v1/numbers").status_code == 200


@pytest.mark.parametrize(("of_account", "of_key", "expected"), [(3, ..., 3), (3, 5, 5), (None, 2, 2), (3, None, 10)])
def test_limits_can_be_set_and_lifted(ringback: Ringback, of_account: Any, of_key: Any, expected: int) -> None:
    key = {} if of_key is ... else {"rate_limit": of_key}
    with ringback.account("kwickphone", keys=[key], rate_limit=of_account).client() as http:
        answered = [http.get("/v1/numbers").status_code for _ in range(10)]
    assert answered == [200] * expected + [429] * (10 - expected)
