"""The account: sub-accounts, registration, locations, sign-up."""

from __future__ import annotations

from ringback.gateway.journal import RequestLogEntry
from ringback.vendors.agentphone.records import SubAccount
from ringback.vendors.agentphone.routes.operations import operation
from ringback.vendors.agentphone.routes.query_params import PageQuery, page
from ringback.vendors.agentphone.rules import AgentPhone
from ringback.vendors.agentphone.wire.requests import (
    RegistrationBody,
    RegistrationPatch,
    SignUpBody,
    SubAccountBody,
    VerifyBody,
)
from ringback.vendors.agentphone.wire.responses import (
    LocationView,
    Page,
    RefreshView,
    RegisteredView,
    RegistrationStatusView,
    RegistrationView,
    SignedUpView,
    SignUpView,
    SubAccountView,
    Success,
)


@operation("GET", "/v1/sub-accounts", "listSubAccounts")
def list_sub_accounts(backend: AgentPhone, request: RequestLogEntry, query: PageQuery) -> Page[SubAccountView]:
    """Sub-accounts."""
    return page(query, backend.data.sub_accounts, "account", request.account, backend.sub_accounts.view)


@operation("POST", "/v1/sub-accounts", "createSubAccount")
def create_sub_account(backend: AgentPhone, request: RequestLogEntry, body: SubAccountBody) -> SubAccountView:
    """Create a sub-account."""
    return backend.sub_accounts.view(backend.sub_accounts.create(request.account, body.name))


@operation("PATCH", "/v1/sub-accounts/{sub_account_id}", "updateSubAccount")
def update_sub_account(backend: AgentPhone, sub_account: SubAccount, body: SubAccountBody) -> SubAccountView:
    """Rename a sub-account."""
    return backend.sub_accounts.rename(sub_account, body.name)


@operation("DELETE", "/v1/sub-accounts/{sub_account_id}", "deleteSubAccount")
def delete_sub_account(backend: AgentPhone, sub_account: SubAccount) -> Success:
    """Delete a sub-account."""
    backend.delete_sub_account(sub_account)
    return Success()


@operation("GET", "/v1/register", "getRegistration")
def get_registration(backend: AgentPhone, request: RequestLogEntry) -> RegistrationView:
    """The registration of an account."""
    return backend.registrations.view(request.account)


@operation("POST", "/v1/register", "createRegistration")
def create_registration(backend: AgentPhone, request: RequestLogEntry, body: RegistrationBody) -> RegisteredView:
    """Register with the US carriers."""
    return backend.registrations.create(request.account, body)


@operation("PATCH", "/v1/register", "updateRegistration")
def update_registration(backend: AgentPhone, request: RequestLogEntry, body: RegistrationPatch) -> RegistrationView:
    """Change a registration under review."""
    return backend.registrations.update(request.account, body)


@operation("GET", "/v1/register/status", "getRegistrationStatus")
def get_registration_status(backend: AgentPhone, project: str) -> RegistrationStatusView:
    """The state of a project's registration."""
    return backend.registrations.status(project)


@operation("POST", "/v1/location/refresh", "refreshLocations")
def refresh_locations(backend: AgentPhone, request: RequestLogEntry) -> RefreshView:
    """Locate the account's phones."""
    return backend.locations.refresh(request.account)


@operation("GET", "/v1/location/{phone_number}", "getLocation")
def get_location(backend: AgentPhone, request: RequestLogEntry, phone_number: str) -> LocationView:
    """The last location of a phone."""
    return backend.locations.view(request.account, phone_number)


@operation("POST", "/v0/agent/sign-up", "signUp")
def sign_up(backend: AgentPhone, body: SignUpBody) -> SignUpView:
    """Start a sign-up, which needs no key."""
    return backend.sign_ups.create(body)


@operation("POST", "/v0/agent/verify", "verifySignUp")
def verify_sign_up(backend: AgentPhone, body: VerifyBody) -> SignedUpView:
    """Open an account with the code of a sign-up, which needs no key."""
    return backend.sign_ups.verify(body)
