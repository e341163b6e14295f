"""Sub-accounts: projects of an account, each chosen by a request's header."""

from __future__ import annotations

from ringback.carrier.clock import iso_exact
from ringback.gateway.services import Services
from ringback.vendors.agentphone.records import SubAccount
from ringback.vendors.agentphone.rules.common import new_id
from ringback.vendors.agentphone.rules.data import Data
from ringback.vendors.agentphone.wire.responses import SubAccountView


class SubAccounts:
    """The sub-accounts of all accounts."""

    def __init__(self, services: Services, data: Data) -> None:
        self.services = services
        self.data = data

    def project(self, account: str, sub_account: str | None) -> str:
        """Return the project of a request, the account's own unless a sub-account is named. Raises ApiError 404."""
        return account if sub_account is None else self.data.sub_account(account, sub_account).id

    def create(self, account: str, name: str) -> SubAccount:
        """Create a sub-account."""
        return self.data.sub_accounts.add(
            SubAccount(
                id=new_id(self.services, account, "sub"),
                account=account,
                name=name,
                created_at=self.services.clock.now(account),
            )
        )

    def rename(self, sub_account: SubAccount, name: str) -> SubAccountView:
        """Rename a sub-account."""
        return self.view(self.data.sub_accounts.update(sub_account, name=name))

    def delete(self, sub_account: SubAccount) -> None:
        """Delete a sub-account; its records become the account's own."""
        self.data.move_project(sub_account.account, sub_account.id)
        self.data.sub_accounts.remove(sub_account)

    def view(self, sub_account: SubAccount) -> SubAccountView:
        """Return a sub-account as a response shows it."""
        return SubAccountView(sub_account.id, sub_account.name, iso_exact(sub_account.created_at))
