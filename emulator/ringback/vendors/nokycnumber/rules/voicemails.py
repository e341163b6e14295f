"""Voicemails: what callers left, in writing and as sound, page "Voicemails"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_z
from ringback.store import Collection
from ringback.vendors.nokycnumber.records import CallDetail, Voicemail
from ringback.vendors.nokycnumber.rules.common import new_id, own
from ringback.vendors.nokycnumber.voicemail_analysis import language_of, sentiment_of, summary_of, translation_of
from ringback.vendors.nokycnumber.wire import TranscriptView, VoicemailView

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.rules import NoKYCNumber

AUDIO = "/v1/files/voicemails/"


class Mailbox:
    """The voicemails of all accounts."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Voicemail] = Collection(Voicemail, account=lambda voicemail: voicemail.account)

    def take(self, call: Call, detail: CallDetail) -> None:
        """A caller has left a message."""
        text = detail.voicemail or ""
        spoken_at = next((turn.at for turn in call.turns or () if turn.speaker == "caller"), 0.0)
        language = detail.language or language_of(text)
        voicemail = self.records.add(
            Voicemail(
                id=new_id(self.services, call.account, "vm"),
                account=call.account,
                line=call.number_id,
                peer=call.remote_number,
                received_at=self.services.clock.now(call.account),
                duration=max(1, round(call.duration - spoken_at)),
                text=text,
                language=language,
                translation=detail.translation or translation_of(text, language),
                summary=detail.summary or summary_of(text),
                sentiment=sentiment_of(text),
            )
        )
        number = self.backend.lines.records[call.number_id]
        self.backend.hooks.tell(
            call.account, "voicemail.created", self.view(voicemail), about=voicemail.id, number=number
        )

    def of(self, account: str, id_: str) -> Voicemail:
        """An account's voicemail. Raises ApiError 404."""
        return own(self.records, account, id_, "voicemail")

    def delete(self, account: str, id_: str) -> None:
        """Forget a voicemail and its audio. Raises ApiError 404."""
        self.records.remove(self.of(account, id_))

    def view(self, voicemail: Voicemail) -> VoicemailView:
        """A voicemail as its number's add-ons let it be seen; its link works for an hour from now."""
        number = self.backend.lines.records[voicemail.line]
        summing = "ai-summary" in number.addons
        config = number.ai.voicemail_summary
        return VoicemailView(
            voicemail.id,
            voicemail.line,
            voicemail.peer,
            iso_z(voicemail.received_at),
            voicemail.duration,
            self.backend.link(voicemail.account, f"{AUDIO}{voicemail.id}.mp3"),
            TranscriptView(
                voicemail.text,
                voicemail.language,
                voicemail.translation if summing else None,
                voicemail.summary if summing and config.enabled else None,
                voicemail.sentiment if config.include_sentiment else None,
            ),
        )
