"""Sign-up: an account opened by an e-mail address and a code."""

from __future__ import annotations

from ringback.carrier.clock import MINUTE
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import OPENING_CREDIT
from ringback.vendors.agentphone.records import SignUp
from ringback.vendors.agentphone.rules.agents import Agents
from ringback.vendors.agentphone.rules.common import NAME
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.numbers import Numbers
from ringback.vendors.agentphone.wire.requests import AgentBody, NumberBody, SignUpBody, VerifyBody
from ringback.vendors.agentphone.wire.responses import SignedUpView, SignUpView

CODE_VALIDITY = 10 * MINUTE
MAX_TRIES = 5
DEFAULT_AGENT = "My agent"


class SignUps:
    """The sign-ups that wait for their codes, and those that opened an account."""

    def __init__(self, services: Services, data: Data, numbers: Numbers, agents: Agents) -> None:
        self.services = services
        self.data = data
        self.numbers = numbers
        self.agents = agents

    def create(self, body: SignUpBody) -> SignUpView:
        """Start a sign-up. The journal shows the code that would be sent by e-mail. Raises ApiError 409."""
        email = body.human_email.lower()
        self.check_new(email)
        stream = self.services.streams(NAME, "", "sign-up")
        code = f"{stream.randrange(1_000_000):06d}"
        sign_up = self.data.sign_ups.add(
            SignUp(
                id=f"ver_{stream.hex(24)}",
                account="",
                email=email,
                agent_name=body.agent_name,
                code=code,
                expires_at=self.services.clock.now() + CODE_VALIDITY,
            )
        )
        self.services.note("", "account", f"the code {code} goes to {email}", vendor=NAME, otp_code=code, email=email)
        return SignUpView(sign_up.id, f"A code is on its way to {email}.")

    def check_new(self, email: str) -> None:
        """Check that no sign-up opened an account for an e-mail address. Raises ApiError 409."""
        if self.data.sign_ups.count("email", email):
            raise errors.error("EMAIL_EXISTS")

    def verify(self, body: VerifyBody) -> SignedUpView:
        """Open the account of a sign-up, with an agent, a number and a key. Raises ApiError 400, 404 or 409."""
        sign_up = self.data.sign_ups.get(body.verification_id)
        if sign_up is None or sign_up.opened is not None:
            raise errors.error("NOT_FOUND", what="sign-up")
        self.check_new(sign_up.email)
        if self.services.clock.now() >= sign_up.expires_at or sign_up.tries >= MAX_TRIES:
            raise errors.error("INVALID_CODE", "The code has expired: sign up again.")
        if body.otp_code != sign_up.code:
            sign_up.tries += 1
            raise errors.error("INVALID_CODE")
        account = self.services.open_account(NAME, name=sign_up.email, balance=OPENING_CREDIT)
        self.data.sign_ups.update(sign_up, opened=account.id)
        agent = self.agents.create(account.id, account.id, AgentBody(name=sign_up.agent_name or DEFAULT_AGENT))
        number = self.numbers.buy(account.id, account.id, NumberBody(agent_id=agent.id))
        key = self.services.issue_key(account)
        return SignedUpView(account.id, agent.id, number.id, number.phone_number, key.secret)
