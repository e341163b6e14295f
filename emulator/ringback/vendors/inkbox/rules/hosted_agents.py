"""The hosted agent's settings: an identity's voice, instructions and authority."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Identity
from ringback.vendors.inkbox.rules.common import Caller
from ringback.vendors.inkbox.wire import AuthorityBody, VoiceBody, VoiceOption, Voices, VoiceView

if TYPE_CHECKING:
    from ringback.vendors.inkbox.rules import Inkbox

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
    """The hosted agents of all identities. What they say is the call's script."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend

    def voices(self) -> Voices:
        """What voices there are."""
        return Voices(list(VOICES), DEFAULT_VOICE)

    def replace(self, identity: Identity, body: VoiceBody) -> VoiceView:
        """Set voice and instructions; what is left out goes back to its default. Raises ApiError 422."""
        known = {voice.id: voice for voice in VOICES}
        if body.voice is not None and (body.voice not in known or not known[body.voice].available):
            raise errors.invalid("voice", f"is one of {', '.join(id_ for id_, v in known.items() if v.available)}")
        self.backend.identities.records.update(identity, voice=body.voice, instructions=body.instructions)
        return self.view(identity)

    def authorize(self, caller: Caller, body: AuthorityBody) -> VoiceView:
        """Set how far an identity's agent may go. Raises ApiError 403, 404."""
        caller.admin("Changing an agent's authority")
        identity = self.backend.identities.meant(caller, body.agent_identity_id)
        self.backend.identities.records.update(identity, authority=body.authority_mode)
        return self.view(identity)

    def view(self, identity: Identity) -> VoiceView:
        """An identity's hosted agent as it is now."""
        return VoiceView(
            agent_identity_id=identity.id,
            voice=identity.voice,
            model=None,
            effective_voice=identity.voice or DEFAULT_VOICE,
            effective_model=MODEL,
            instructions=identity.instructions,
            authority_mode=identity.authority,
        )
