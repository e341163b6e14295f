"""The vendor's routes: decode, call a rule, encode."""

from __future__ import annotations

from litestar import Litestar

from emulator.gateway.application import application as vendor_application
from emulator.vendors.agentphone import errors
from emulator.vendors.agentphone.routes.account import account
from emulator.vendors.agentphone.routes.agents import agents
from emulator.vendors.agentphone.routes.calls import calls
from emulator.vendors.agentphone.routes.elsewhere import elsewhere
from emulator.vendors.agentphone.routes.messages import messages
from emulator.vendors.agentphone.routes.numbers import numbers
from emulator.vendors.agentphone.routes.usage import usage
from emulator.vendors.agentphone.routes.webhooks import webhooks
from emulator.vendors.agentphone.rules import AgentPhone


def application(house: AgentPhone) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *numbers(house),
        *agents(house),
        *calls(house),
        *messages(house),
        *webhooks(house),
        *usage(house),
        *account(house),
        *elsewhere(),
    )
    return vendor_application(house.world, errors.WORDING, handlers)
