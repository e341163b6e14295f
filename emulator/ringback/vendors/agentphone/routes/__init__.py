"""The vendor's routes: decode, call a rule, encode."""

from __future__ import annotations

from litestar import Litestar

from ringback.gateway.litestar_app import application as vendor_application
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.routes.account import account
from ringback.vendors.agentphone.routes.agents import agents
from ringback.vendors.agentphone.routes.calls import calls
from ringback.vendors.agentphone.routes.messages import messages
from ringback.vendors.agentphone.routes.not_emulated import elsewhere
from ringback.vendors.agentphone.routes.numbers import numbers
from ringback.vendors.agentphone.routes.usage import usage
from ringback.vendors.agentphone.routes.webhooks import webhooks
from ringback.vendors.agentphone.rules import AgentPhone


def application(backend: AgentPhone) -> Litestar:
    """The vendor's routes as an ASGI app."""
    handlers = (
        *numbers(backend),
        *agents(backend),
        *calls(backend),
        *messages(backend),
        *webhooks(backend),
        *usage(backend),
        *account(backend),
        *elsewhere(),
    )
    return vendor_application(backend.services, errors.ERRORS, handlers)
