"""The configuration of hosted agents: an identity's voice, instructions and authority."""

from __future__ import annotations

from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Identity
from ringback.vendors.inkbox.rules.common import Caller
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.wire.requests import AuthorityBody, HostedAgentBody
from ringback.vendors.inkbox.wire.responses import HostedAgentView, VoiceOption, Voices

DEFAULT_VOICE = "calm"
MODEL = "ringback-script"
"""What plays the hosted agent here: the call's script."""
VOICES = (
    VoiceOption("calm", "Calm", "A calm voice.", available=True, preview_url=None),
    VoiceOption("bright", "Bright", "A bright voice.", available=True, preview_url=None),
    VoiceOption("deep", "Deep", "A deep voice.", available=True, preview_url=None),
    VoiceOption("studio", "Studio", "A voice of another plan.", available=False, preview_url=None),
)
"""Ours: the vendor's own voices are not documented."""


class HostedAgents:
    """The hosted agents of all identities. A call's script says what they say."""

    def __init__(self, data: Data) -> None:
        self.data = data

    def voices(self) -> Voices:
        """Return the voices."""
        return Voices(list(VOICES), DEFAULT_VOICE)

    def configure(self, identity: Identity, body: HostedAgentBody) -> HostedAgentView:
        """Replace voice and instructions; an absent one returns to its default. Raises ApiError 422."""
        available = [voice.id for voice in VOICES if voice.available]
        if body.voice is not None and body.voice not in available:
            raise errors.invalid("voice", f"is one of {', '.join(available)}")
        self.data.identities.update(identity, voice=body.voice, instructions=body.instructions)
        return self.view(identity)

    def set_authority(self, caller: Caller, body: AuthorityBody) -> HostedAgentView:
        """Set the authority mode of an identity's agent. Raises ApiError 403, 404."""
        caller.require_admin("Changing an agent's authority")
        identity = self.data.identity(caller, body.agent_identity_id)
        self.data.identities.update(identity, authority=body.authority_mode)
        return self.view(identity)

    def view(self, identity: Identity) -> HostedAgentView:
        """Return the configuration of an identity's hosted agent."""
        return HostedAgentView(
            agent_identity_id=identity.id,
            voice=identity.voice,
            model=None,
            effective_voice=identity.voice or DEFAULT_VOICE,
            effective_model=MODEL,
            instructions=identity.instructions,
            authority_mode=identity.authority,
        )
