"""Contact rules, by number and by identity, and opt-ins."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath

from ringback.gateway.asgi import Response, encode
from ringback.gateway.decoding import decode
from ringback.gateway.journal import log_entry
from ringback.vendors.inkbox.records import Identity
from ringback.vendors.inkbox.routes.query_params import Req, choice, query_in, window
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.common import PHONE, Caller, caller_of
from ringback.vendors.inkbox.rules.contacts import opt_in_view
from ringback.vendors.inkbox.wire import RuleBody, RulePatch

OF_NUMBER = f"{PHONE}/numbers/{{phone_number_id:str}}/contact-rules"
OF_IDENTITY = "/api/v1/identities/{agent_handle:str}/phone-contact-rules"
OPT_INS = f"{PHONE}/sms-opt-ins"
FILTERS = ("action", "match_type", "direction", "limit", "offset")
_RULE = msgspec.json.Decoder(RuleBody)
_PATCH = msgspec.json.Decoder(RulePatch)


def handlers(backend: Inkbox) -> tuple[Any, ...]:
    """Rules by number, by identity and of all; opt-ins."""
    services, contacts = backend.services, backend.contacts

    def listed(request: Req, caller: Caller, identity: Identity | None, query: dict[str, str]) -> Response:
        choice(query, "match_type", ("exact_number",))
        offset, limit = window(query, None)
        found = contacts.listed(
            caller,
            identity,
            action=choice(query, "action", ("allow", "block")),
            direction=choice(query, "direction", ("inbound", "outbound", "both")),
            offset=offset,
            limit=limit if "limit" in query else None,
        )
        return Response(encode(found))

    def of_number(caller: Caller, number_id: str) -> Identity:
        return backend.identities.records[backend.lines.of(caller, number_id).identity]

    # -- by number ------

    @get(OF_NUMBER, operation_id="listNumberContactRules")
    async def list_number_rules(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return listed(request, caller, of_number(caller, phone_number_id), query_in(request, *FILTERS))

    @post(OF_NUMBER, operation_id="createNumberContactRule")
    async def create_number_rule(request: Req, phone_number_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        identity = of_number(caller, phone_number_id)
        return Response(encode(contacts.create(caller, identity, decode(log_entry(request).body, _RULE))), 201)

    @get(f"{OF_NUMBER}/{{rule_id:str}}", operation_id="getNumberContactRule")
    async def get_number_rule(request: Req, phone_number_id: FromPath[str], rule_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return Response(encode(contacts.view(contacts.of(of_number(caller, phone_number_id), rule_id))))

    @patch(f"{OF_NUMBER}/{{rule_id:str}}", operation_id="updateNumberContactRule")
    async def update_number_rule(request: Req, phone_number_id: FromPath[str], rule_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        identity = of_number(caller, phone_number_id)
        contacts.of(identity, rule_id)
        body = decode(log_entry(request).body, _PATCH)
        return Response(encode(contacts.change(caller, identity, rule_id, body)))

    @delete(f"{OF_NUMBER}/{{rule_id:str}}", operation_id="deleteNumberContactRule")
    async def delete_number_rule(request: Req, phone_number_id: FromPath[str], rule_id: FromPath[str]) -> None:
        caller = caller_of(services, request)
        contacts.delete(caller, of_number(caller, phone_number_id), rule_id)

    # -- by identity ------

    @get(OF_IDENTITY, operation_id="listIdentityContactRules")
    async def list_identity_rules(request: Req, agent_handle: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return listed(request, caller, backend.identities.named(caller, agent_handle), query_in(request, *FILTERS))

    @post(OF_IDENTITY, operation_id="createIdentityContactRule")
    async def create_identity_rule(request: Req, agent_handle: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        identity = backend.identities.named(caller, agent_handle)
        return Response(encode(contacts.create(caller, identity, decode(log_entry(request).body, _RULE))), 201)

    @get(f"{OF_IDENTITY}/{{rule_id:str}}", operation_id="getIdentityContactRule")
    async def get_identity_rule(request: Req, agent_handle: FromPath[str], rule_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        return Response(encode(contacts.view(contacts.of(backend.identities.named(caller, agent_handle), rule_id))))

    @patch(f"{OF_IDENTITY}/{{rule_id:str}}", operation_id="updateIdentityContactRule")
    async def update_identity_rule(request: Req, agent_handle: FromPath[str], rule_id: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        identity = backend.identities.named(caller, agent_handle)
        contacts.of(identity, rule_id)
        body = decode(log_entry(request).body, _PATCH)
        return Response(encode(contacts.change(caller, identity, rule_id, body)))

    @delete(f"{OF_IDENTITY}/{{rule_id:str}}", operation_id="deleteIdentityContactRule")
    async def delete_identity_rule(request: Req, agent_handle: FromPath[str], rule_id: FromPath[str]) -> None:
        caller = caller_of(services, request)
        contacts.delete(caller, backend.identities.named(caller, agent_handle), rule_id)

    # -- of all ------

    @get(f"{PHONE}/contact-rules", operation_id="listContactRules")
    async def list_rules(request: Req) -> Response:
        caller = caller_of(services, request)
        caller.admin("Listing the organization's rules")
        query = query_in(request, "phone_number_id", "agent_identity_id", *FILTERS)
        identity = None
        if "phone_number_id" in query:
            identity = of_number(caller, query["phone_number_id"])
        elif "agent_identity_id" in query:
            identity = backend.identities.meant(caller, query["agent_identity_id"], where="query")
        return listed(request, caller, identity, query)

    # -- opt-ins ------

    @get(OPT_INS, operation_id="listSmsOptIns")
    async def list_opt_ins(request: Req) -> Response:
        caller = caller_of(services, request)
        caller.admin("Reading opt-ins")
        query = query_in(request, "status", "limit", "offset")
        status = choice(query, "status", ("opted_in", "opted_out"))
        index, key = (
            ("account", caller.account) if status is None else ("status", (caller.account, status == "opted_in"))
        )
        return Response(encode([opt_in_view(row) for row in contacts.opt_ins.slice(index, key, *window(query))]))

    @get(f"{OPT_INS}/{{receiver_number:str}}", operation_id="getSmsOptIn")
    async def get_opt_in(request: Req, receiver_number: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        caller.admin("Reading opt-ins")
        return Response(encode(contacts.opt_in_of(caller.account, contacts.check_receiver(receiver_number))))

    @post(f"{OPT_INS}/{{receiver_number:str}}/opt-in", operation_id="optInReceiver", status_code=200)
    async def opt_in(request: Req, receiver_number: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        caller.admin("Writing opt-ins")
        receiver = contacts.check_receiver(receiver_number)
        return Response(encode(opt_in_view(contacts.record(caller.account, receiver, opted_in=True, source="api"))))

    @post(f"{OPT_INS}/{{receiver_number:str}}/opt-out", operation_id="optOutReceiver", status_code=200)
    async def opt_out(request: Req, receiver_number: FromPath[str]) -> Response:
        caller = caller_of(services, request)
        caller.admin("Writing opt-ins")
        receiver = contacts.check_receiver(receiver_number)
        return Response(encode(opt_in_view(contacts.record(caller.account, receiver, opted_in=False, source="api"))))

    return (
        list_number_rules,
        create_number_rule,
        get_number_rule,
        update_number_rule,
        delete_number_rule,
        list_identity_rules,
        create_identity_rule,
        get_identity_rule,
        update_identity_rule,
        delete_identity_rule,
        list_rules,
        list_opt_ins,
        get_opt_in,
        opt_in,
        opt_out,
    )
