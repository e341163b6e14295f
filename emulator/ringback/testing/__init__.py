"""Ringback in a test: a server on a free port, accounts on it, inbound calls, and a clock to advance.

    from ringback.testing import Ringback

    with Ringback("kwickphone", seed=7) as rb:
        account = rb.account("kwickphone", balance="25.00")
        with account.client() as http:
            number = http.post("/v1/numbers", json={"business_phone": "+13465551234"}).json()["phone_number"]
        rb.call(to=number, caller="+12145559876", turns=["agent: Hello", "caller: One pizza"], outcome="order")
        account.advance(minutes=5)

Everything goes through HTTP, so the same code drives an emulator that runs elsewhere (`Ringback.connect`). All of it is
safe to use from several threads.
"""

from __future__ import annotations

from ringback.client import Control, ControlError, Unreachable
from ringback.contract import Contract, contract_path, load_contract
from ringback.receiver import Listener, Received, Receiver, Response
from ringback.settings import SettingsError
from ringback.testing.account import Account
from ringback.testing.ringback import Ringback
from ringback.testing.session import Fault
from ringback.vendors import data_path

__all__ = [
    "Account",
    "Contract",
    "Control",
    "ControlError",
    "Fault",
    "Listener",
    "Received",
    "Receiver",
    "Response",
    "Ringback",
    "SettingsError",
    "Unreachable",
    "contract_path",
    "data_path",
    "load_contract",
]
