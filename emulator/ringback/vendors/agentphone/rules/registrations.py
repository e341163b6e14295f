"""The account: its sub-accounts, its registration with the US carriers, where its phones are, and how one signs up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ringback.carrier.clock import DAY, HOUR, MINUTE, SECOND
from ringback.carrier.ledger import CENT
from ringback.store import Collection
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.prices import OPENING_CREDIT, REGISTRATION
from ringback.vendors.agentphone.records import Location, Number, Registration, SignUp, SubAccount
from ringback.vendors.agentphone.rules.common import NAME, e164, new_id, shown
from ringback.vendors.agentphone.wire.bodies import (
    AgentBody,
    NumberBody,
    RegistrationBody,
    RegistrationPatch,
    SignUpBody,
    VerifyBody,
)
from ringback.vendors.agentphone.wire.responses import (
    LocationView,
    RefreshView,
    RegisteredView,
    RegistrationStatusView,
    RegistrationView,
    SignedUpView,
    SignUpView,
    SubAccountView,
)

if TYPE_CHECKING:
    from ringback.vendors.agentphone.rules import AgentPhone

REVIEW = "agentphone.registration.review"
FOUND = "agentphone.location.found"
STAGES = (("brand", 3 * DAY), ("campaign", 7 * DAY))
"""What the carriers look at, and how long they take: ten days in all, of the week or so that the vendor promises."""
REGISTRATIONS_AN_HOUR = 5
BUSINESS = ("business_name", "organization_type", "contact_title", "ein", "privacy_policy_url", "terms_of_service_url")
"""What a business has to say of itself."""
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
WORDS = {
    "none": "Nothing has been registered.",
    "pending": "The carriers are looking at it.",
    "approved": "Numbers may send SMS.",
}
LOCATED_AFTER = 5
CODE_WORKS = 10 * MINUTE
MAX_TRIES = 5
SOUTH, NORTH, WEST, EAST = 25.0, 49.0, -124.0, -67.0
"""Within these degrees phones are found."""
DEFAULT_AGENT = "My agent"


class Office:
    """What belongs to accounts themselves."""

    def __init__(self, backend: AgentPhone) -> None:
        self.backend = backend
        self.services = backend.services
        self.sub_accounts: Collection[SubAccount] = Collection(SubAccount, account=lambda sub: sub.account)
        self.registrations: Collection[Registration] = Collection(
            Registration, account=lambda one: one.account, project=lambda one: one.project
        )
        self.locations: Collection[Location] = Collection(Location, account=lambda one: one.account)
        self.sign_ups: Collection[SignUp] = Collection(SignUp, email=lambda one: one.email if one.opened else None)
        self.services.clock.on(REVIEW, self._review)
        self.services.clock.on(FOUND, self._found)

    # -- sub-accounts ------

    def project(self, account: str, sub_account: str | None) -> str:
        """The project that a request is for. Raises ApiError 404."""
        return account if sub_account is None else self._sub(account, sub_account).id

    def _sub(self, account: str, id_: str) -> SubAccount:
        sub = self.sub_accounts.get(id_)
        if sub is None or sub.account != account:
            raise errors.not_found("sub-account", "SUB_ACCOUNT_NOT_FOUND")
        return sub

    def open_sub(self, account: str, name: str) -> SubAccountView:
        """Make a sub-account."""
        return self.sub_view(
            self.sub_accounts.add(
                SubAccount(
                    id=new_id(self.services, account, "sub"),
                    account=account,
                    name=name,
                    created_at=self.services.clock.now(account),
                )
            )
        )

    def rename_sub(self, account: str, id_: str, name: str) -> SubAccountView:
        """Give a sub-account another name. Raises ApiError 404."""
        return self.sub_view(self.sub_accounts.update(self._sub(account, id_), name=name))

    def close_sub(self, account: str, id_: str) -> None:
        """Forget a sub-account; what it had becomes the account's own, but for its webhook, and for contacts whose
        numbers the account has already. Raises ApiError 404."""
        sub = self._sub(account, id_)
        backend = self.backend
        hook = backend.hooks.at(id_, None)
        if hook is not None:
            backend.hooks.records.remove(hook)
        for contact in backend.people.records.oldest("project", id_):
            if backend.people.records.count("phone", (account, contact.phone_number)):
                backend.people.records.remove(contact)
        moved: tuple[Collection[Any], ...] = (
            backend.lines.records,
            backend.agents.records,
            backend.phones.details,
            backend.texts.records,
            backend.threads.records,
            backend.people.records,
            backend.hooks.records,
            self.registrations,
        )
        for records in moved:
            for record in [one for one in records if one.account == account and one.project == id_]:
                records.update(record, project=account)
        self.sub_accounts.remove(sub)

    def sub_view(self, sub: SubAccount) -> SubAccountView:
        """A sub-account as it is now."""
        return SubAccountView(sub.id, sub.name, shown(sub.created_at))

    # -- registration ------

    def register(self, account: str, body: RegistrationBody) -> RegisteredView:
        """Ask the carriers for leave to send SMS. Raises ApiError 402, 409, 422 or 429."""
        now = self.services.clock.now(account)
        window = f"{account} register"
        wait = self.services.windows.wait(window, REGISTRATIONS_AN_HOUR, HOUR, now)
        if wait > 0:
            raise errors.rate_limited(-(-wait // SECOND))
        self.services.windows.add(window, now)
        if body.registration_type != "sole_proprietor":
            lacking = next((name for name in BUSINESS if getattr(body, name) is None), None)
            if lacking is not None:
                raise errors.missing(lacking)
        apart = body.create_sub_account is not False
        if not apart and self._state(account) != "none":
            raise errors.refusal("REGISTRATION_EXISTS", "There is a registration already.")
        fee = REGISTRATION[body.registration_type]
        self.backend.money.check(account, fee * CENT)
        project = account
        if apart:
            project = self.open_sub(account, body.brand_name or body.business_name or body.last_name).id
        registration = self.registrations.add(
            Registration(
                id=new_id(self.services, account, "reg"),
                account=account,
                project=project,
                state="pending",
                stage=STAGES[0][0],
                created_at=now,
                details={name: value for name, value in msgspec.to_builtins(body).items() if value is not None},
            )
        )
        self.backend.money.charge(account, fee * CENT, "registration", registration.id)
        self.services.clock.after(STAGES[0][1], account, REVIEW, registration.id, 0, background=True)
        sub = project if project != account else None
        return RegisteredView(
            ok=True, message=WORDS["pending"], campaign_status="pending", sub_account_id=sub, fee_cents=fee
        )

    def _review(self, id_: str, stage: int) -> None:
        registration = self.registrations.get(id_)
        if registration is None or registration.state != "pending":
            return
        if stage + 1 < len(STAGES):
            name, takes = STAGES[stage + 1]
            registration.stage = name
            self.services.clock.after(takes, registration.account, REVIEW, id_, stage + 1, background=True)
        else:
            registration.state, registration.stage = "approved", None
            self.services.note(registration.account, "account", "registered with the US carriers", vendor=NAME)

    def _of(self, project: str) -> Registration | None:
        return self.registrations.last("project", project)

    def _state(self, project: str) -> str:
        """How the registration of a project stands. A sub-account without one has the account's."""
        registration = self._of(project)
        if registration is not None:
            return registration.state
        sub = self.sub_accounts.get(project)
        if sub is not None:
            return self._state(sub.account)
        return "approved" if self.backend.settings(project).sms_registration == "registered" else "none"

    def outbound_sms(self, number: Number) -> str:
        """Whether a number may send SMS. Only those of the US need a registration."""
        if number.country != "US" or number.type == "imessage":
            return "enabled"
        states = {"approved": "enabled", "pending": "activating"}
        return states.get(self._state(number.project), "registration_required")

    def status(self, project: str) -> RegistrationStatusView:
        """How a registration stands, where there is none too."""
        state, registration = self._state(project), self._of(project)
        return RegistrationStatusView(state, WORDS[state], registration.stage if registration is not None else None)

    def registration(self, account: str) -> RegistrationView:
        """A registration in full. Raises ApiError 404."""
        state, registration = self._state(account), self._of(account)
        if registration is None:
            if state == "none":
                raise errors.not_found("registration", "NOT_FOUND")
            return RegistrationView(state, WORDS[state], None, None, None)
        brand = {name: value for name, value in registration.details.items() if name in BRAND}
        campaign = {name: value for name, value in registration.details.items() if name not in BRAND}
        return RegistrationView(state, WORDS[state], registration.stage, brand, campaign)

    def change_registration(self, account: str, body: RegistrationPatch) -> RegistrationView:
        """Change a registration that the carriers have not decided on. Raises ApiError 404 or 409."""
        registration = self._of(account)
        if self._state(account) == "none":
            raise errors.not_found("registration", "NOT_FOUND")
        if registration is None or registration.state != "pending":
            raise errors.refusal("REGISTRATION_SETTLED", "The carriers have decided: nothing can be changed.")
        given = {name: value for name, value in msgspec.to_builtins(body).items() if value is not None}
        registration.details = {**registration.details, **given}
        return self.registration(account)

    # -- locations ------

    def refresh(self, account: str) -> RefreshView:
        """Ask where the account's phones are."""
        self.services.clock.after(LOCATED_AFTER * SECOND, account, FOUND, account)
        return RefreshView(LOCATED_AFTER)

    def _found(self, account: str) -> None:
        now = self.services.clock.now(account)
        stream = self.services.streams(NAME, account, "location")
        for number in self.backend.lines.records.oldest("bought", account):
            latitude = round(SOUTH + (NORTH - SOUTH) * stream.random(), 6)
            longitude = round(WEST + (EAST - WEST) * stream.random(), 6)
            known = self.locations.get(number.id)
            if known is not None:
                self.locations.update(known, latitude=latitude, longitude=longitude, found_at=now)
            else:
                self.locations.add(
                    Location(
                        id=number.id,
                        account=account,
                        project=number.project,
                        latitude=latitude,
                        longitude=longitude,
                        found_at=now,
                    )
                )

    def location(self, account: str, text: str) -> LocationView:
        """Where one of the account's phones was last. Raises ApiError 404."""
        number = self.backend.lines.by_phone(account, e164(text) or "")
        if number is None:
            raise errors.not_found("number of yours", "PHONE_NUMBER_NOT_FOUND")
        known = self.locations.get(number.id)
        if known is None:
            return LocationView(number.phone_number, "unknown", number.created_at // SECOND, None, None)
        return LocationView(number.phone_number, "located", known.found_at // SECOND, known.latitude, known.longitude)

    # -- signing up ------

    def sign_up(self, body: SignUpBody) -> SignUpView:
        """Ask for an account. The code that would go out by e-mail is in the journal. Raises ApiError 409."""
        email = body.human_email.lower()
        self._check_new(email)
        stream = self.services.streams(NAME, "", "sign-up")
        code = f"{stream.randrange(1_000_000):06d}"
        asked = self.sign_ups.add(
            SignUp(
                id=f"ver_{stream.hex(24)}",
                account="",
                email=email,
                agent_name=body.agent_name,
                code=code,
                expires_at=self.services.clock.now() + CODE_WORKS,
            )
        )
        self.services.note("", "account", f"the code {code} goes to {email}", vendor=NAME, otp_code=code, email=email)
        return SignUpView(asked.id, f"A code is on its way to {email}.")

    def _check_new(self, email: str) -> None:
        if self.sign_ups.count("email", email):
            raise errors.refusal("EMAIL_EXISTS", "There is an account for this e-mail address.")

    def verify(self, body: VerifyBody) -> SignedUpView:
        """Open the account that was asked for, with an agent, a number and a key. Raises ApiError 400, 404 or 409."""
        asked = self.sign_ups.get(body.verification_id)
        if asked is None or asked.opened is not None:
            raise errors.not_found("sign-up", "NOT_FOUND")
        self._check_new(asked.email)
        if self.services.clock.now() >= asked.expires_at or asked.tries >= MAX_TRIES:
            raise errors.refusal("INVALID_CODE", "The code works no more: sign up again.")
        if body.otp_code != asked.code:
            asked.tries += 1
            raise errors.refusal("INVALID_CODE", "This is not the code.")
        account = self.services.open_account(NAME, name=asked.email, balance=OPENING_CREDIT)
        self.sign_ups.update(asked, opened=account.id)
        agent = self.backend.agents.create(account.id, account.id, AgentBody(name=asked.agent_name or DEFAULT_AGENT))
        number = self.backend.lines.buy(account.id, account.id, NumberBody(agent_id=agent.id))
        key = self.services.issue_key(account)
        return SignedUpView(account.id, agent.id, number.id, number.phone_number, key.secret)
