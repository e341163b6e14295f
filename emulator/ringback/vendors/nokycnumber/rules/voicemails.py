"""Voicemails: transcript, analysis and audio of what callers left, page "Voicemails"."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_z
from ringback.gateway.services import Services
from ringback.vendors.nokycnumber.records import Voicemail
from ringback.vendors.nokycnumber.rules.common import new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.links import Links
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.voicemail_analysis import language_of, sentiment_of, summary_of, translation_of
from ringback.vendors.nokycnumber.wire import TranscriptView, VoicemailView

AUDIO = "/v1/files/voicemails/"


class Voicemails:
    """The voicemails of all accounts."""

    def __init__(self, services: Services, data: Data, *, links: Links, webhooks: Webhooks) -> None:
        self.services = services
        self.data = data
        self.links = links
        self.webhooks = webhooks

    def on_call_changed(self, call: Call) -> None:
        """Store and publish the voicemail of a call that has ended, if the caller left one."""
        detail = self.data.call_details[call.id]
        text = detail.voicemail
        if text is None or call.state != "completed":
            return
        spoken_at = next((turn.at for turn in call.turns or () if turn.speaker == "caller"), 0.0)
        language = detail.language or language_of(text)
        voicemail = self.data.voicemails.add(
            Voicemail(
                id=new_id(self.services, call.account, "vm"),
                account=call.account,
                number_id=call.number_id,
                caller=call.remote_number,
                received_at=self.services.clock.now(call.account),
                duration=max(1, round(call.duration - spoken_at)),
                text=text,
                language=language,
                translation=detail.translation or translation_of(text, language),
                summary=detail.summary or summary_of(text),
                sentiment=sentiment_of(text),
            )
        )
        number = self.data.numbers[call.number_id]
        self.webhooks.publish(
            call.account, "voicemail.created", self.view(voicemail), about=voicemail.id, number=number
        )

    def delete(self, voicemail: Voicemail) -> None:
        """Delete a voicemail and its audio."""
        self.data.voicemails.remove(voicemail)

    def view(self, voicemail: Voicemail) -> VoicemailView:
        """Return a voicemail with the analysis that its number's add-ons include; the link to its audio works for an
        hour from now."""
        number = self.data.numbers[voicemail.number_id]
        has_summary = "ai-summary" in number.addons
        config = number.ai.voicemail_summary
        return VoicemailView(
            voicemail.id,
            voicemail.number_id,
            voicemail.caller,
            iso_z(voicemail.received_at),
            voicemail.duration,
            self.links.issue(voicemail.account, f"{AUDIO}{voicemail.id}.mp3"),
            TranscriptView(
                voicemail.text,
                voicemail.language,
                voicemail.translation if has_summary else None,
                voicemail.summary if has_summary and config.enabled else None,
                voicemail.sentiment if config.include_sentiment else None,
            ),
        )
