"""AgentPhone's collections with their indexes, and the lookups that more than one rule needs."""

from __future__ import annotations

from typing import Any, TypeVar

from ringback.store import Collection, Record
from ringback.vendors.agentphone import errors
from ringback.vendors.agentphone.records import (
    Agent,
    CallDetail,
    Contact,
    Conversation,
    DeliveryDetail,
    Location,
    MessageDetail,
    Number,
    Registration,
    SignUp,
    SubAccount,
    Webhook,
)
from ringback.vendors.agentphone.rules.common import is_e164

R = TypeVar("R", bound=Record)


class Data:
    """All records of AgentPhone. Each lookup by id raises the ApiError 404 of its kind."""

    def __init__(self) -> None:
        self.numbers: Collection[Number] = Collection(
            Number,
            account=lambda number: number.account,
            project=lambda number: number.project,
            active=lambda number: number.project if number.status == "active" else None,
            bought=lambda number: number.account if number.status == "active" else None,
            agent=lambda number: number.agent if number.status == "active" else None,
            phone=lambda number: number.phone_number,
        )
        self.agents: Collection[Agent] = Collection(
            Agent,
            account=lambda agent: agent.account,
            project=lambda agent: agent.project if not agent.deleted else None,
        )
        self.calls: Collection[CallDetail] = Collection(
            CallDetail,
            account=lambda detail: detail.account,
            project=lambda detail: detail.project,
            number=lambda detail: detail.number,
            agent=lambda detail: detail.agent,
        )
        self.messages: Collection[MessageDetail] = Collection(
            MessageDetail,
            account=lambda detail: detail.account,
            number=lambda detail: detail.number,
            conversation=lambda detail: detail.conversation,
            sms=lambda detail: (
                detail.account if detail.direction == "outbound" and detail.channel != "imessage" else None
            ),
        )
        self.conversations: Collection[Conversation] = Collection(
            Conversation,
            project=lambda conversation: conversation.project,
            agent=lambda conversation: conversation.agent,
            pair=lambda conversation: (conversation.number, conversation.participant),
            group=lambda conversation: (
                (conversation.number, *sorted(conversation.members)) if conversation.members is not None else None
            ),
        )
        self.contacts: Collection[Contact] = Collection(
            Contact,
            project=lambda contact: contact.project,
            phone=lambda contact: (contact.project, contact.phone_number),
        )
        self.webhooks: Collection[Webhook] = Collection(
            Webhook,
            account=lambda webhook: webhook.account,
            owner=lambda webhook: (webhook.project, webhook.agent),
        )
        self.deliveries: Collection[DeliveryDetail] = Collection(
            DeliveryDetail,
            account=lambda delivery: delivery.account,
            agent=lambda delivery: delivery.agent,
        )
        self.sub_accounts: Collection[SubAccount] = Collection(SubAccount, account=lambda sub: sub.account)
        self.registrations: Collection[Registration] = Collection(
            Registration,
            account=lambda registration: registration.account,
            project=lambda registration: registration.project,
        )
        self.locations: Collection[Location] = Collection(Location, account=lambda location: location.account)
        self.sign_ups: Collection[SignUp] = Collection(
            SignUp, email=lambda sign_up: sign_up.email if sign_up.opened else None
        )

    def collections(self) -> dict[str, Collection[Any]]:
        """Return the collections by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Collection)}

    def move_project(self, account: str, project: str) -> None:
        """Make everything in a project of an account the account's own."""
        for records in (
            self.numbers, self.agents, self.calls, self.messages, self.conversations, self.contacts, self.webhooks,
            self.registrations,
        ):  # fmt: skip
            collection: Collection[Any] = records
            for record in [each for each in collection if each.account == account and each.project == project]:
                collection.update(record, project=account)

    # -- by id ------

    def number(self, account: str, id_: str, project: str | None = None) -> Number:
        """Return an account's number, or with `project` only that project's."""
        number = _find(self.numbers, account, id_, "PHONE_NUMBER_NOT_FOUND")
        if project not in (None, number.project):
            raise errors.error("PHONE_NUMBER_NOT_FOUND")
        return number

    def active_number(self, account: str, id_: str) -> Number:
        """Return an account's number that is in service. Raises ApiError 409 for a released one."""
        number = self.number(account, id_)
        if number.status == "released":
            raise errors.error("NUMBER_RELEASED")
        return number

    def agent(self, account: str, id_: str, project: str | None = None) -> Agent:
        """Return an account's agent, or with `project` only that project's."""
        agent = _find(self.agents, account, id_, "AGENT_NOT_FOUND")
        if agent.deleted or project not in (None, agent.project):
            raise errors.error("AGENT_NOT_FOUND")
        return agent

    def conversation(self, account: str, id_: str) -> Conversation:
        """Return an account's conversation."""
        return _find(self.conversations, account, id_, "CONVERSATION_NOT_FOUND")

    def message(self, account: str, id_: str) -> MessageDetail:
        """Return an account's message."""
        return _find(self.messages, account, id_, "MESSAGE_NOT_FOUND")

    def contact(self, account: str, id_: str) -> Contact:
        """Return an account's contact."""
        return _find(self.contacts, account, id_, "CONTACT_NOT_FOUND")

    def sub_account(self, account: str, id_: str) -> SubAccount:
        """Return one of an account's sub-accounts."""
        return _find(self.sub_accounts, account, id_, "SUB_ACCOUNT_NOT_FOUND")

    # -- by other keys ------

    def number_by_phone(self, account: str, phone_number: str) -> Number | None:
        """Return an account's number by its E.164 form: the newest, if it had that number more than once."""
        if not is_e164(phone_number):
            return None
        found = self.numbers.newest("phone", phone_number)
        return next((number for number in found if number.account == account), None)

    def numbers_of(self, agent: str) -> list[Number]:
        """Return an agent's numbers, the first attached first."""
        return sorted(self.numbers.oldest("agent", agent), key=lambda number: number.attached)

    def agent_name(self, id_: str | None) -> str | None:
        """Return the name of an agent, deleted or not."""
        agent = self.agents.get(id_) if id_ is not None else None
        return agent.name if agent is not None else None

    def webhook_of(self, project: str, agent: str | None) -> Webhook | None:
        """Return the webhook of a project, or of an agent in it."""
        return self.webhooks.last("owner", (project, agent))

    def conversation_with(self, number: str, participant: str) -> Conversation | None:
        """Return the conversation of a number, given by its id, with a participant or a group."""
        return self.conversations.last("pair", (number, participant))


def _find(records: Collection[R], account: str, id_: str, code: str) -> R:
    record = records.get(id_)
    if record is None or record.account != account:
        raise errors.error(code)
    return record


def instant_of(record: Any) -> int:
    """Return the instant of a record, by which its collection is ordered."""
    instant: int = record.at
    return instant
