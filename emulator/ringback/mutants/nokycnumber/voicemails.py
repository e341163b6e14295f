"""Mutants of "Voicemails"."""

from __future__ import annotations

from ringback.mutants.nokycnumber.registry import links_for_good, links_unsigned, mutant
from ringback.mutants.patching import Original, patch
from ringback.mutants.traffic import respond
from ringback.mutants.transforms import set_to
from ringback.store import Collection
from ringback.vendors.nokycnumber.records import Voicemail
from ringback.vendors.nokycnumber.rules import NoKYCNumber
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.voicemails import AUDIO, Voicemails

links_for_good("links.of-voicemails-for-good", "NKN-VM-1", "An audio_url never expires.", under=AUDIO)
links_unsigned("links.of-voicemails-unsigned", "NKN-VM-1", "The signature of an audio_url is not checked.", under=AUDIO)
mutant("voicemails.without-transcript", "NKN-VM-1", "A voicemail's transcript is empty.", "NKN-VM-2").response(
    set_to("**[object=voicemail].transcript", {})
)
mutant("voicemails.always-summed-up", "NKN-VM-2", "Voicemails are summarised without the add-on.").response(
    set_to("**[object=voicemail].transcript.summary", "A call came in.")
)
mutant("voicemails.never-translated", "NKN-VM-2", "Voicemails are not translated even with the add-on.").response(
    set_to("**[object=voicemail].transcript.translation_en", None)
)
mutant("voicemails.deletion-is-200", "NKN-VM-3", "DELETE of a voicemail is answered 200.", "NKN-AUTH-4").response(
    respond(200, {"deleted": True}), on="deleteVoicemail"
)


@mutant("voicemails.audio-stays", "NKN-VM-3", "The audio of a deleted voicemail can still be downloaded.").on_start
def _audio_stays(own: NoKYCNumber) -> None:
    deleted: dict[str, Voicemail] = {}

    def delete(delete: Original, _: NoKYCNumber, voicemail: Voicemail) -> None:
        delete(voicemail)
        deleted[voicemail.id] = voicemail

    def get(get: Original, _: NoKYCNumber, id_: str) -> Voicemail | None:
        return get(id_) or deleted.get(id_)

    def voicemail_of(find: Original, _: NoKYCNumber, account: str, id_: str) -> Voicemail:
        found: Voicemail = find(account, id_ if id_ not in deleted else "vm_")
        return found

    patch(own, Voicemails.delete, delete)
    patch(own, Collection[Voicemail].get, get, of=own.data.voicemails)
    patch(own, Data.voicemail_of, voicemail_of)
