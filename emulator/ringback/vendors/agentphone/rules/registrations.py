"""Registration with the US carriers, which permits SMS from US numbers."""

from __future__ import annotations

import msgspec

from ringback.carrier.clock import DAY, HOUR, SECOND
from ringback.carrier.ledger import CENT
from ringback.gateway.services import Services
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import REGISTRATION_CENTS
from ringback.vendors.agentphone.records import Number, Registration
from ringback.vendors.agentphone.rules.common import NAME, new_id, settings_of
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.rules.money import Money
from ringback.vendors.agentphone.rules.sub_accounts import SubAccounts
from ringback.vendors.agentphone.wire.requests import RegistrationBody, RegistrationPatch
from ringback.vendors.agentphone.wire.responses import RegisteredView, RegistrationStatusView, RegistrationView

REVIEW = "agentphone.registration.review"
STAGES = (("brand", 3 * DAY), ("campaign", 7 * DAY))
"""The stages of the review and how long each takes. The vendor promises about a week; the figures are ours."""
REGISTRATIONS_AN_HOUR = 5
BUSINESS = ("business_name", "organization_type", "contact_title", "ein", "privacy_policy_url", "terms_of_service_url")
"""Fields that a business must give."""
BRAND = frozenset(
    (
        "registration_type",
        "first_name",
        "last_name",
        "email",
        "phone_number",
        "business_name",
        "brand_name",
        "organization_type",
        "contact_title",
        "contact_title_other",
        "ein",
        "website_url",
        "industry",
        "business_regions",
        "street_address",
        "street_address_2",
        "city",
        "state",
        "zip_code",
        "country",
    )
)
MESSAGES = {
    "none": "Nothing has been registered.",
    "pending": "The carriers are reviewing it.",
    "approved": "Numbers may send SMS.",
}
OUTBOUND_SMS = {"approved": "enabled", "pending": "activating", "none": "registration_required"}


class Registrations:
    """The registrations of all accounts and sub-accounts."""

    def __init__(self, services: Services, data: Data, money: Money, sub_accounts: SubAccounts) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.sub_accounts = sub_accounts
        self.services.clock.on(REVIEW, self.review)

    def create(self, account: str, body: RegistrationBody) -> RegisteredView:
        """Register an account, or a new sub-account of it, with the carriers. Raises ApiError 402, 409, 422 or 429."""
        now = self.services.clock.now(account)
        window = f"{account} register"
        wait = self.services.windows.wait(window, REGISTRATIONS_AN_HOUR, HOUR, now)
        if wait > 0:
            raise errors.rate_limited(-(-wait // SECOND))
        self.services.windows.add(window, now)
        if body.registration_type != "sole_proprietor":
            missing = next((name for name in BUSINESS if getattr(body, name) is None), None)
            if missing is not None:
                raise errors.invalid(missing, "is required")
        for_sub_account = body.create_sub_account is not False
        if not for_sub_account and self._state(account) != "none":
            raise errors.error("REGISTRATION_EXISTS")
        fee_cents = REGISTRATION_CENTS[body.registration_type]
        self.money.check(account, fee_cents * CENT)
        sub_account = None
        if for_sub_account:
            sub_account = self.sub_accounts.create(account, body.brand_name or body.business_name or body.last_name).id
        registration = self.data.registrations.add(
            Registration(
                id=new_id(self.services, account, "reg"),
                account=account,
                project=sub_account or account,
                state="pending",
                stage=STAGES[0][0],
                created_at=now,
                details={name: value for name, value in msgspec.to_builtins(body).items() if value is not None},
            )
        )
        self.money.charge(account, fee_cents * CENT, "registration", registration.id)
        self.services.clock.after(STAGES[0][1], account, REVIEW, registration.id, 0, background=True)
        return RegisteredView(
            ok=True,
            message=MESSAGES["pending"],
            campaign_status="pending",
            sub_account_id=sub_account,
            fee_cents=fee_cents,
        )

    def review(self, id_: str, stage: int) -> None:
        """Finish a stage of a registration's review."""
        registration = self.data.registrations.get(id_)
        if registration is None or registration.state != "pending":
            return
        if stage + 1 < len(STAGES):
            registration.stage, duration = STAGES[stage + 1]
            self.services.clock.after(duration, registration.account, REVIEW, id_, stage + 1, background=True)
        else:
            registration.state, registration.stage = "approved", None
            self.services.note(registration.account, "account", "registered with the US carriers", vendor=NAME)

    def _of(self, project: str) -> Registration | None:
        return self.data.registrations.last("project", project)

    def _state(self, project: str) -> str:
        """Return the state of a project's registration. A sub-account without one has the account's."""
        registration = self._of(project)
        if registration is not None:
            return registration.state
        sub_account = self.data.sub_accounts.get(project)
        if sub_account is not None:
            return self._state(sub_account.account)
        return "approved" if settings_of(self.services, project).sms_registration == "registered" else "none"

    def outbound_sms(self, number: Number) -> str:
        """Return whether a number may send SMS. Only US numbers need a registration."""
        if number.country != "US" or number.type == "imessage":
            return "enabled"
        return OUTBOUND_SMS[self._state(number.project)]

    def status(self, project: str) -> RegistrationStatusView:
        """Return the state of a project's registration, `none` without one."""
        state, registration = self._state(project), self._of(project)
        return RegistrationStatusView(state, MESSAGES[state], registration.stage if registration is not None else None)

    def view(self, account: str) -> RegistrationView:
        """Return an account's registration. Raises ApiError 404."""
        state, registration = self._state(account), self._of(account)
        if state == "none":
            raise errors.error("NOT_FOUND", what="registration")
        if registration is None:
            return RegistrationView(state, MESSAGES[state], None, None, None)
        brand = {name: value for name, value in registration.details.items() if name in BRAND}
        campaign = {name: value for name, value in registration.details.items() if name not in BRAND}
        return RegistrationView(state, MESSAGES[state], registration.stage, brand, campaign)

    def update(self, account: str, body: RegistrationPatch) -> RegistrationView:
        """Change a registration under review. Raises ApiError 404 or 409."""
        registration = self._of(account)
        if self._state(account) == "none":
            raise errors.error("NOT_FOUND", what="registration")
        if registration is None or registration.state != "pending":
            raise errors.error("REGISTRATION_SETTLED")
        given = {name: value for name, value in msgspec.to_builtins(body).items() if value is not None}
        registration.details = {**registration.details, **given}
        return self.view(account)
