"""AgentPhone's operations, and the names that their handlers use beyond the usual ones."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.gateway.journal import RequestLogEntry
from ringback.gateway.operations import Operations
from ringback.vendors.agentphone.records import Agent, Contact, Conversation, MessageDetail, Number, SubAccount
from ringback.vendors.agentphone.rules import AgentPhone

SUB_ACCOUNT = b"x-sub-account-id"


def _header_project(backend: AgentPhone, request: RequestLogEntry) -> str | None:
    """Return the project that the header names, None without the header. Raises ApiError 404."""
    value = next((value for name, value in request.headers if name == SUB_ACCOUNT), None)
    if value is None:
        return None
    return backend.sub_accounts.project(request.account, value.decode("latin-1").strip())


def _project(request: RequestLogEntry, header_project: str | None) -> str:
    """Return the project of a request: the account's own, unless the header names a sub-account's."""
    return header_project or request.account


def _agent(backend: AgentPhone, request: RequestLogEntry, agent_id: str) -> Agent:
    return backend.data.agent(request.account, agent_id)


def _agent_in_project(
    backend: AgentPhone, request: RequestLogEntry, header_project: str | None, agent_id: str
) -> Agent:
    return backend.data.agent(request.account, agent_id, header_project)


def _number(backend: AgentPhone, request: RequestLogEntry, number_id: str) -> Number:
    return backend.data.number(request.account, number_id)


def _number_in_project(
    backend: AgentPhone, request: RequestLogEntry, header_project: str | None, number_id: str
) -> Number:
    return backend.data.number(request.account, number_id, header_project)


def _active_number(backend: AgentPhone, request: RequestLogEntry, number_id: str) -> Number:
    return backend.data.active_number(request.account, number_id)


def _call(backend: AgentPhone, request: RequestLogEntry, call_id: str) -> Call:
    return backend.calls.find(request.account, call_id)


def _message(backend: AgentPhone, request: RequestLogEntry, message_id: str) -> MessageDetail:
    return backend.data.message(request.account, message_id)


def _conversation(backend: AgentPhone, request: RequestLogEntry, conversation_id: str) -> Conversation:
    return backend.data.conversation(request.account, conversation_id)


def _contact(backend: AgentPhone, request: RequestLogEntry, contact_id: str) -> Contact:
    return backend.data.contact(request.account, contact_id)


def _sub_account(backend: AgentPhone, request: RequestLogEntry, sub_account_id: str) -> SubAccount:
    return backend.data.sub_account(request.account, sub_account_id)


operation = OPERATIONS = Operations(
    provides={
        "header_project": _header_project,
        "project": _project,
        "agent": _agent,
        "agent_in_project": _agent_in_project,
        "number": _number,
        "number_in_project": _number_in_project,
        "active_number": _active_number,
        "call": _call,
        "message": _message,
        "conversation": _conversation,
        "contact": _contact,
        "sub_account": _sub_account,
    }
)
