"""A scenario that uses every phone method of Inkbox's official Python SDK, in either version.

Run by itself (`python sdk_scenario.py FOLDER URL`), it imports the SDK from a folder, opens an account at the emulator,
and prints the methods and those that worked: two versions of one package do not fit into one process.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from typing import Any

FRIEND, OTHER, THIRD = "+12145550177", "+12145550188", "+12145550199"
SOCKET = "wss://agent.example.com/call"
TEXT_EVENTS = ["text.received", "text.sent", "text.delivered"]
RESOURCES = (
    "phone_numbers",
    "calls",
    "transcripts",
    "texts",
    "incoming_call_action",
    "hosted_agent",
    "phone_contact_rules",
    "phone_identity_contact_rules",
    "sms_opt_ins",
    "signing_keys",
    "message_sends",
    "api_keys",
    "webhooks.subscriptions",
    "webhooks.deliveries",
)
"""The resources about phones; mail, iMessage, the vault and the like are not emulated."""
CLIENT = ("create_identity", "get_identity", "list_identities", "whoami", "create_signing_key")
ELSEWHERE = ("mail", "imessage", "a2a", "secret", "totp", "credential", "get_message", "get_thread", "polic")
"""Parts of the names of methods that are not about phones."""
Do = Callable[..., Any]


def resource(client: Any, path: str) -> Any:
    """Return a resource by its dotted name, None if this version does not have it."""
    for name in path.split("."):
        client = getattr(client, name, None)
    return client


def methods(client: Any, identity: type[Any]) -> list[str]:
    """Return every method that has to work."""
    found = [
        f"{name}.{method}"
        for name in RESOURCES
        if (part := resource(client, name)) is not None
        for method in functions(type(part))
        if not any(word in method for word in ELSEWHERE)
    ]
    own = [name for name in functions(identity) if not any(word in name for word in ELSEWHERE)]
    return [*found, *CLIENT, *(f"identity.{name}" for name in own)]


def functions(kind: type[Any]) -> list[str]:
    """Return the public methods of a class, in order of their definition."""
    return [name for name, value in vars(kind).items() if inspect.isfunction(value) and not name.startswith("_")]


class Scenario:
    """An account, a client of the SDK, and the methods that worked."""

    def __init__(self, sdk: Any, ringback: Any, account: Any) -> None:
        self.sdk = sdk
        self.ringback = ringback
        self.account = account
        self.client = sdk.Inkbox(api_key=account.key, base_url=account.base_url)
        self.seen: list[str] = []
        self.has = set(methods(self.client, sdk.AgentIdentity))

    def do(self, name: str, /, *args: Any, **named: Any) -> Any:
        """Call a method, and note that it worked."""
        owner, _, method = name.rpartition(".")
        target = resource(self.client, owner) if owner else self.client
        response = getattr(target, method)(*args, **named)
        self.seen.append(name)
        return response

    def of(self, identity: Any, method: str, /, *args: Any, **named: Any) -> Any:
        """Call a method of an identity."""
        response = getattr(identity, method)(*args, **named)
        self.seen.append(f"identity.{method}")
        return response


def run(scenario: Scenario) -> None:
    """Run the scenario."""
    identity = identities(scenario)
    number = numbers(scenario, identity)
    texts(scenario, identity, number)
    calls(scenario, identity, number)
    contacts(scenario, identity, number)
    hooks(scenario, identity, number)
    cleanup(scenario, identity)


def identities(scenario: Scenario) -> Any:
    who = scenario.do("whoami")
    assert (who.auth_type, who.auth_subtype) == ("api_key", "api_key.admin_scoped")
    identity = scenario.do("create_identity", "support", display_name="Support")
    assert identity.agent_handle == "support"
    assert [one.agent_handle for one in scenario.do("list_identities")] == ["support"]
    assert scenario.do("get_identity", "support").id == identity.id
    scenario.of(identity, "update", display_name="Front desk")
    assert identity.display_name == "Front desk"
    key = scenario.do("api_keys.create", label="desk", scoped_identity_id=identity.id)
    with scenario.sdk.Inkbox(api_key=key.api_key, base_url=scenario.account.base_url) as scoped:
        assert scoped.whoami().auth_subtype == "api_key.agent_scoped.claimed"
    if "identity.grant_access" in scenario.has:
        viewer = scenario.client.create_identity("viewer")
        scenario.of(identity, "grant_access", viewer.id)
        assert [access.viewer_identity_id for access in scenario.of(identity, "list_access")] == [viewer.id]
        scenario.of(identity, "revoke_access", viewer.id)
        assert identity.list_access() == []
    return identity


def numbers(scenario: Scenario, identity: Any) -> Any:
    number = scenario.of(identity, "provision_phone_number", type="local", state="NY")
    assert (number.type, number.state) == ("local", "NY")
    assert scenario.do("phone_numbers.get", number.id).number == number.number
    scenario.client.create_identity("spare")
    spare = scenario.do("phone_numbers.provision", agent_handle="spare", type="toll_free")
    assert {one.id for one in scenario.do("phone_numbers.list")} == {number.id, spare.id}
    changed = scenario.do(
        "phone_numbers.update", number.id, incoming_call_action="auto_accept", client_websocket_url=SOCKET
    )
    assert (changed.incoming_call_action, changed.client_websocket_url) == ("auto_accept", SOCKET)
    notice = scenario.client.phone_numbers.update(number.id, filter_mode="whitelist").filter_mode_change_notice
    assert (notice.new_filter_mode, notice.redundant_rule_count) == ("whitelist", 0)
    cleared = scenario.client.phone_numbers.update(
        number.id, incoming_call_action="auto_reject", client_websocket_url=None, filter_mode="blacklist"
    )
    assert cleared.client_websocket_url is None
    scenario.do("phone_numbers.release", spare.id)
    if "incoming_call_action.set" in scenario.has:
        given = {"incoming_call_action": "forward", "forwarding_target_type": "phone", "forwarding_phone_number": OTHER}
        scenario.do("incoming_call_action.set", agent_identity_id=identity.id, **given)
        assert scenario.do("incoming_call_action.get", agent_identity_id=identity.id).forwarding_phone_number == OTHER
        assert scenario.client.phone_numbers.get(number.id).incoming_call_action == "forward"
        scenario.of(
            identity, "set_incoming_call_action", incoming_call_action="auto_reject", forwarding_target_type=None
        )
        assert scenario.of(identity, "get_incoming_call_action").incoming_call_action == "auto_reject"
    scenario.of(identity, "refresh")
    assert identity.phone_number.number == number.number
    return number


def texts(scenario: Scenario, identity: Any, number: Any) -> None:
    sent = scenario.do("texts.send", number.id, to=FRIEND, text="The table is ready")
    group = scenario.of(
        identity, "send_text", to=[FRIEND, OTHER], text="Both of you", media_urls=["https://x.test/a.png"]
    )
    assert len(group.recipients) == 2
    reply = scenario.client.texts.send(number.id, conversation_id=group.conversation_id, text="Again")
    assert reply.conversation_id == group.conversation_id
    scenario.account.advance(minutes=1)
    assert scenario.do("texts.get", number.id, sent.id).delivery_status == "delivered"
    first, second = (scenario.account.text(number.number, words, FRIEND) for words in ("READY when you are", "Bye"))
    assert [str(one.id) for one in scenario.do("texts.list", number.id, is_read=False)] == [second, first]
    assert [one.text for one in scenario.of(identity, "list_texts", limit=1)] == ["Bye"]
    assert scenario.of(identity, "get_text", first).text == "READY when you are"
    assert [str(one.id) for one in scenario.do("texts.search", number.id, q="ready")] == [first, str(sent.id)]
    assert scenario.do("texts.update", number.id, first, is_read=True).is_read is True
    assert scenario.of(identity, "mark_text_read", second).is_read is True
    scenario.client.texts.update(number.id, first, is_read=False)
    conversations = scenario.do("texts.list_conversations", number.id, include_groups=True)
    assert {conversation.is_group for conversation in conversations} == {True, False}
    (conversation,) = scenario.of(identity, "list_text_conversations")
    assert (conversation.remote_phone_number, conversation.unread_count, conversation.total_count) == (FRIEND, 1, 3)
    assert len(scenario.do("texts.get_conversation", number.id, FRIEND)) == 3
    assert len(scenario.of(identity, "get_text_conversation", FRIEND, limit=2)) == 2
    assert len(scenario.client.texts.get_conversation(number.id, group.conversation_id)) == 2
    assert scenario.do("texts.update_conversation", number.id, FRIEND, is_read=True).updated_count == 1
    assert scenario.of(identity, "mark_text_conversation_read", FRIEND).updated_count == 0
    if "message_sends.lookup" in scenario.has:
        once = scenario.client.texts.send(number.id, to=FRIEND, text="Once", idempotency_key="once")
        assert scenario.client.texts.send(number.id, to=FRIEND, text="Once", idempotency_key="once").id == once.id
        query = {"sender_kind": "phone_number", "sender_id": number.id, "operation": "text.send"}
        assert scenario.do("message_sends.lookup", idempotency_key="once", **query) == once.id
        assert scenario.client.texts.list(number.id, end_datetime="2001-01-01", tz="America/New_York") == []


def calls(scenario: Scenario, identity: Any, number: Any) -> None:
    with_id = () if scenario.has & {"calls.hangup"} else (number.id,)
    socket = {"client_websocket_url": SOCKET}
    scenario.account.script({"kind": "call"}, end="busy")
    placed = scenario.do("calls.place", from_number=number.number, to_number=FRIEND, **socket)
    assert (placed.rate_limit.calls_used, placed.rate_limit.calls_limit) == (1, 100)
    scenario.account.script({"kind": "call"}, end="no_answer")
    scenario.of(identity, "place_call", to_number=OTHER, **socket)
    scenario.account.advance(idle=True)
    assert scenario.do("calls.get", *with_id, placed.id).status == "failed"
    listed = {"agent_identity_id": identity.id} if not with_id else {}
    assert len(scenario.do("calls.list", *with_id, **listed)) == 2
    assert [one.status for one in scenario.of(identity, "list_calls", limit=1)] == ["canceled"]
    if with_id:
        with scenario.account.client() as http:
            body = {"incoming_call_action": "hosted_agent"}
            assert http.patch(f"/api/v1/phone/numbers/{number.id}", json=body).status_code == 200
    else:
        hosted_agent(scenario, identity)
        scenario.client.phone_numbers.update(number.id, incoming_call_action="hosted_agent")
    work = {"tool_invocations": [{"tool_name": "look_up"}], "post_call_action_items": [{"action": "Lay for three"}]}
    turns = ["agent: A table for two?", "caller: For three, please"]
    id_ = scenario.account.call(number.number, FRIEND, turns=turns, analysis=work)
    scenario.account.advance(seconds=4)
    if "calls.hangup" in scenario.has:
        other, third = (scenario.account.call(number.number, OTHER, turns=[], duration=600) for _ in range(2))
        scenario.account.advance(seconds=10)
        assert scenario.do("calls.hangup", other).hangup_reason == "local"
        assert scenario.of(identity, "hangup_call", third).status == "completed"
        (used,) = scenario.do("calls.tool_invocations", id_).items
        assert (used.tool_name, used.status) == ("look_up", "succeeded")
        assert scenario.of(identity, "list_tool_invocations", id_).has_more is False
    scenario.account.advance(idle=True)
    if "calls.hangup" in scenario.has:
        assert [item.action for item in scenario.do("calls.get", id_).post_call_action_items] == ["Lay for three"]
    said = scenario.do("transcripts.list", number.id, id_) if with_id else scenario.do("calls.transcripts", id_)
    assert [(row.party, row.text) for row in said] == [
        ("local", "A table for two?"),
        ("remote", "For three, please"),
    ]
    assert scenario.of(identity, "list_transcripts", id_)[1].seq == 1
    (found,) = scenario.do("phone_numbers.search_transcripts", number.id, q="THREE for", party="remote")
    assert str(found.call_id) == id_


def hosted_agent(scenario: Scenario, identity: Any) -> None:
    voices = scenario.do("hosted_agent.list_voices")
    voice = next(one.id for one in voices.voices if one.available and one.id != voices.default_voice)
    config = scenario.do(
        "hosted_agent.set_config", voice=voice, instructions="Be brief.", agent_identity_id=identity.id
    )
    assert (config.effective_voice, config.instructions) == (voice, "Be brief.")
    assert scenario.do("hosted_agent.get_config", agent_identity_id=identity.id).voice == voice
    scenario.do("hosted_agent.set_authority_mode", agent_identity_id=identity.id, authority_mode="yolo")
    scenario.of(identity, "set_hosted_agent_config", instructions="Be kind.")
    assert scenario.of(identity, "get_hosted_agent_config").voice is None
    scenario.of(identity, "set_hosted_agent_authority_mode", "contact_scoped")
    assert identity.get_hosted_agent_config().authority_mode == "contact_scoped"


def contacts(scenario: Scenario, identity: Any, number: Any) -> None:
    rule = scenario.do("phone_contact_rules.create", number.id, action="block", match_target=OTHER)
    assert scenario.do("phone_contact_rules.get", number.id, rule.id).match_target == OTHER
    assert [one.id for one in scenario.do("phone_contact_rules.list", number.id)] == [rule.id]
    assert [one.id for one in scenario.do("phone_contact_rules.list_all", phone_number_id=number.id)] == [rule.id]
    again = rejected(
        scenario.sdk.DuplicateContactRuleError,
        lambda: scenario.client.phone_contact_rules.create(number.id, action="block", match_target=OTHER),
    )
    assert again.existing_rule_id == rule.id
    blocked = rejected(
        scenario.sdk.RecipientBlockedError, lambda: scenario.client.texts.send(number.id, to=OTHER, text="Hello?")
    )
    assert (blocked.matched_rule_id, blocked.address) == (rule.id, OTHER)
    assert scenario.do("phone_contact_rules.update", number.id, rule.id, action="allow").action == "allow"
    scenario.do("phone_contact_rules.delete", number.id, rule.id)
    if "phone_identity_contact_rules.create" in scenario.has:
        identity_rules(scenario, identity)
    scenario.account.text(number.number, "START", THIRD)
    assert scenario.do("sms_opt_ins.get", THIRD).status == "opted_in"
    assert scenario.do("sms_opt_ins.opt_out", THIRD).source == "api"
    assert [one.receiver_number for one in scenario.do("sms_opt_ins.list", status="opted_out")] == [THIRD]
    assert scenario.do("sms_opt_ins.opt_in", THIRD).opted_out_at is None


def rejected(kind: type[Exception], call: Callable[[], Any]) -> Any:
    """Return the error of its kind that a call raises."""
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def identity_rules(scenario: Scenario, identity: Any) -> None:
    name = "phone_identity_contact_rules"
    rule = scenario.do(f"{name}.create", "support", action="block", match_target=OTHER, direction="inbound")
    assert scenario.do(f"{name}.get", "support", rule.id).direction == "inbound"
    assert scenario.do(f"{name}.update", "support", rule.id, direction="both").direction == "both"
    assert scenario.client.phone_identity_contact_rules.update(
        "support", rule.id, action="allow", apply_to="outbound"
    ).direction == ("outbound")
    assert len(scenario.do(f"{name}.list", "support")) == 2
    assert len(scenario.do(f"{name}.list_all", agent_identity_id=identity.id)) == 2
    scenario.do(f"{name}.delete", "support", rule.id)
    (left,) = scenario.of(identity, "list_phone_contact_rules")
    assert (left.action, left.direction) == ("block", "inbound")
    scenario.of(identity, "update_phone_contact_rule", left.id, action="allow")
    assert scenario.of(identity, "get_phone_contact_rule", left.id).action == "allow"
    scenario.of(identity, "delete_phone_contact_rule", left.id)
    assert scenario.of(identity, "create_phone_contact_rule", action="allow", match_target=OTHER).status == "active"


def hooks(scenario: Scenario, identity: Any, number: Any) -> None:
    receiver = scenario.ringback.receiver()
    key = scenario.do("create_signing_key")
    if "identity.create_signing_key" in scenario.has:
        scenario.do("signing_keys.create_or_rotate")
        assert scenario.do("signing_keys.get_status", "support").configured is True
        assert scenario.of(identity, "get_signing_key_status").configured is True
        key = scenario.of(identity, "create_signing_key")
    made = scenario.do(
        "webhooks.subscriptions.create", url=receiver.url, event_types=TEXT_EVENTS, phone_number_id=number.id
    )
    assert scenario.do("webhooks.subscriptions.get", made.id).event_types == TEXT_EVENTS
    assert [one.id for one in scenario.do("webhooks.subscriptions.list", phone_number_id=number.id)] == [made.id]
    kept = scenario.do("webhooks.subscriptions.update", made.id, event_types=["text.received"])
    assert kept.event_types == ["text.received"]
    scenario.account.text(number.number, "Anybody?", FRIEND)
    scenario.account.advance(seconds=1)
    (request,) = receiver.requests
    assert scenario.sdk.verify_webhook(payload=request.body, headers=dict(request.headers), secret=key.signing_key)
    assert not scenario.sdk.verify_webhook(
        payload=request.body + b" ", headers=dict(request.headers), secret=key.signing_key
    )
    assert request.json()["data"]["text_message"]["text"] == "Anybody?"
    if "webhooks.deliveries.list" in scenario.has:
        (delivery,) = scenario.do("webhooks.deliveries.list", subscription_id=made.id, success=True)
        assert scenario.do("webhooks.deliveries.replay", delivery.id).is_replay is True
        assert [event["id"] for event in receiver.events] == [delivery.event_id] * 2
        assert scenario.client.webhooks.subscriptions.list(agent_identity_id=identity.id, scope="identity") == [kept]
    scenario.do("webhooks.subscriptions.delete", made.id)
    assert scenario.client.webhooks.subscriptions.list() == []


def cleanup(scenario: Scenario, identity: Any) -> None:
    scenario.of(identity, "release_phone_number")
    assert scenario.client.phone_numbers.list() == []
    scenario.of(identity, "delete")
    assert "support" not in [one.agent_handle for one in scenario.client.list_identities()]
    scenario.client.close()


def main(folder: str, url: str) -> None:
    """Run the scenario with the SDK of a folder, on a running emulator."""
    sys.path.insert(0, folder)
    import inkbox

    from ringback.testing import Ringback

    assert inkbox.__file__.startswith(folder), inkbox.__file__
    with Ringback.connect(url) as ringback:
        account = ringback.account("inkbox")
        scenario = Scenario(inkbox, ringback, account)
        run(scenario)
        sys.stdout.write(json.dumps({"methods": methods(scenario.client, inkbox.AgentIdentity), "seen": scenario.seen}))


if __name__ == "__main__":
    main(*sys.argv[1:])
