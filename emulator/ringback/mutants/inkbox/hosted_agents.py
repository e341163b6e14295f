"""Mutants of hosted agents: their calls, voicemail, tools, action items, configuration."""

from __future__ import annotations

from msgspec.structs import replace

from ringback.carrier.call import Call
from ringback.mutants.inkbox.registry import CALL_GETS, CALL_LISTS, as_admin, mutant
from ringback.mutants.patching import Original
from ringback.mutants.transforms import apply, drop, set_default, set_to
from ringback.vendors.inkbox.rules import Inkbox
from ringback.vendors.inkbox.rules.call_views import CallViews
from ringback.vendors.inkbox.rules.calls import Calls
from ringback.vendors.inkbox.rules.hosted_agents import VOICES, HostedAgents
from ringback.vendors.inkbox.wire.responses import ToolInvocations

HOSTED = "[mode=hosted_agent]"
CONFIG = ("getHostedAgentConfig", "setHostedAgentConfig")
KNOWN_VOICES = {voice.id for voice in VOICES}
VOICEMAIL = {"on_voicemail", "voicemail_message", "voicemail_detection"}

# -- calls and voicemail ------

mutant("hosted.without-reason", "INK-CALL-8", "A hosted agent calls without a reason.").request(
    set_default(f"{HOSTED}.reason", "None was given."), on="placeCall"
)
mutant("hosted.socket-is-dropped", "INK-CALL-8", "The WebSocket URL of a hosted agent's call is ignored.").request(
    drop(f"{HOSTED}.client_websocket_url"), on="placeCall"
)
mutant("hosted.not-shown", "INK-CALL-8", "A hosted agent's call has the mode client_websocket.").response(
    set_to("[].mode", "client_websocket"),
    apply("mode", lambda _: "client_websocket"),
    on=("placeCall", *CALL_LISTS, *CALL_GETS),
)
mutant("hosted.hangs-up-by-default", "INK-CALL-8", "A hosted agent leaves no message by default.").request(
    set_default(f"{HOSTED}.on_voicemail", "hang_up"),
    on="placeCall",
    when=lambda request: not VOICEMAIL & set(request.document or ()),
)
mutant("hosted.machine-is-remote", "INK-CALL-8", "A call that ended at a voicemail has the reason remote.").response(
    set_to("[hangup_reason=voicemail].hangup_reason", "remote"), on=CALL_GETS
)
mutant("hosted.long-messages", "INK-CALL-8", "A voicemail message may be of any length.").request(
    apply("voicemail_message", lambda text: text[:1_000] if isinstance(text, str) else text), on="placeCall"
)

# -- tools and action items ------

mutant("work.tools-are-not-logged", "INK-CALL-11", "A hosted agent's tool log is empty.").response(
    set_to("items", []), on="listToolInvocations"
)
mutant("work.tools-are-done-at-once", "INK-CALL-11", "A tool that has started is shown as succeeded.").response(
    set_to("items[status=started].status", "succeeded"), on="listToolInvocations"
)
mutant("work.tools-never-fail", "INK-CALL-11", "A tool that failed is shown as succeeded.").response(
    set_to("items[status=failed].status", "succeeded"), on="listToolInvocations"
)


@mutant("work.tools-in-the-order-written", "INK-CALL-11", "The tool log has the newest first.").patch(Calls.tool_log)
def _newest_first(tool_log: Original, _: Inkbox, call: Call, offset: int, limit: int) -> ToolInvocations:
    page: ToolInvocations = tool_log(call, 0, 200)
    return replace(page, items=page.items[::-1][offset : offset + limit], limit=limit, offset=offset)


mutant("work.no-more-tools", "INK-CALL-11", "A page of the tool log never has more.").response(
    set_to("has_more", False), on="listToolInvocations"
)
mutant("work.items-are-not-shown", "INK-CALL-11", "A call does not show its action items.").response(
    set_to("post_call_action_items", []), on="getCall"
)
mutant("work.items-from-the-beginning", "INK-CALL-11", "Action items are shown before the call ends.").result(
    CallViews.view,
    lambda view, own, call: replace(view, post_call_action_items=own.data.calls[call.id].action_items),
)
mutant("work.items-are-not-told", "INK-CALL-11", "call.ended has no action items.").webhook(
    set_to("data.post_call_action_items", []), on="call.ended"
)

# -- configuration ------

mutant("voice.kept-in-part", "INK-VOICE-1", "Absent instructions stay as they were.").request(
    set_default("instructions", "Be brief."), on="setHostedAgentConfig"
)
mutant("voice.unknown-is-default", "INK-VOICE-1", "An unknown voice counts as none.").request(
    apply("voice", lambda voice: voice if voice in KNOWN_VOICES else None), on="setHostedAgentConfig"
)
mutant("voice.agents-widen", "INK-VOICE-1", "An agent's key widens its own authority.").instead(
    HostedAgents.set_authority, as_admin
)
mutant("voice.default-stays", "INK-VOICE-1", "The effective voice is always the default.").response(
    set_to("effective_voice", "calm"), on=CONFIG
)
mutant("voice.calls-are-scoped", "INK-VOICE-1", "A call without an authority mode is contact_scoped.").request(
    set_default(f"{HOSTED}.hosted_agent_authority_mode", "contact_scoped"), on="placeCall"
)
