"""Calls, placed and received, and their recordings, page "Calls"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call
from ringback.carrier.clock import DAY, iso_z
from ringback.carrier.script import VOICEMAIL, VOICEMAIL_GREETING, Script, ScriptedTurn, check_call_script
from ringback.gateway.vendor import NumberNotFound
from ringback.store import Collection
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.prices import rate_to, talk
from ringback.vendors.nokycnumber.records import CallDetail, Number
from ringback.vendors.nokycnumber.rules.common import NAME, is_e164, new_id, own, shown
from ringback.vendors.nokycnumber.wire import CallBody, CallView

if TYPE_CHECKING:
    from ringback.vendors.nokycnumber.rules import NoKYCNumber

CallEvent = Literal["call.initiated", "call.answered", "call.completed", "call.recorded", "ai.pickup"]
RING_SECONDS = 5.0
"""From one ring to the next."""
MACHINE_AFTER = 4 * RING_SECONDS
"""When the machine takes a call that nobody else does."""
KEPT = 30 * DAY
RECORDINGS = "/v1/files/recordings/"


class Phones:
    """The calls of all accounts."""

    def __init__(self, backend: NoKYCNumber) -> None:
        self.backend = backend
        self.services = backend.services
        self.details: Collection[CallDetail] = Collection(CallDetail)

    # -- placing ------

    def place(self, account: str, body: CallBody, request_id: str) -> CallView:
        """Call somebody from a number. Raises ApiError; then nobody's phone rings."""
        number = self.backend.lines.ready(account, body.from_)
        if not is_e164(body.to):
            raise errors.invalid("to", "is a number in E.164, such as +33612345678")
        presented = self._presented(account, number, body.callerid_mask)
        rate = rate_to(body.to)
        if rate is None:
            raise errors.refusal("unsupported_country", "No calls go to that country.", "to")
        self.backend.money.check(account, rate.minute)
        tag = (body.metadata or {}).get("tag")
        script = self.services.scripts.take(
            "call",
            vendor=NAME,
            account=account,
            to=body.to,
            senders=(number.id, number.phone_number),
            tag=tag if isinstance(tag, str) else None,
        )
        detail = self.details.add(
            CallDetail(
                id=new_id(self.services, account, "call"),
                account=account,
                recording=body.recording_enabled,
                metadata=body.metadata,
                request_id=request_id,
            )
        )
        call = self.services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number.id,
            number=number.phone_number,
            remote_number=body.to,
            script=script or Script(),
            recording=body.recording_enabled,
        )
        self.services.note(account, "call", f"{body.to} sees {presented or 'no number'}", call_id=call.id)
        return self.view(call)

    def _presented(self, account: str, number: Number, mask: str | None) -> str | None:
        """The number that the called see; None for none. Raises ApiError 400 or 422."""
        if mask is None:
            return number.phone_number
        if mask == "hide":
            return None
        active = self.backend.lines.records.oldest("active", account)
        if mask == "rotate":
            return self.services.streams(NAME, account, "rotate").choice(active).phone_number
        if not is_e164(mask):
            raise errors.invalid("callerid_mask", "is hide, rotate, or one of your numbers in E.164")
        if not any(own.phone_number == mask for own in active):
            raise errors.refusal("caller_id_not_owned", "That number is not an active one of yours.", "callerid_mask")
        return mask

    def hang_up(self, account: str, id_: str) -> CallView:
        """End a call; one that has ended stays as it is. Raises ApiError 404."""
        call = self.of(account, id_)
        self.services.calls.hang_up(call)
        return self.view(call)

    # -- receiving ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls one of our numbers: its owner, its agent or the machine answers, or nobody does. Raises
        NumberNotFound for a number that takes no calls now, ScriptError for a script that cannot be played."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        check_call_script(script)
        number = self.backend.lines.records[assigned.number_id]
        played, by_agent = _answered(number, script)
        detail = CallDetail(
            id=new_id(self.services, assigned.account, "call"),
            account=assigned.account,
            recording=played.recording is True,
            by_agent=by_agent,
            voicemail=script.voicemail,
            language=script.language,
            translation=script.translation,
            summary=script.summary,
        )
        check_call_script(played)
        self.details.add(detail)
        return self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=assigned.account,
            number_id=number.id,
            number=to,
            remote_number=caller,
            script=replace(played, recording=detail.recording),
        )

    # -- what happens ------

    def changed(self, call: Call) -> None:
        """A call came further: tell of it, and charge it at its end."""
        detail = self.details[call.id]
        if call.state == "ringing" and call.direction == "outbound":
            self._tell("call.initiated", call, detail)
        elif call.state == "in_progress" and call.direction == "outbound":
            self._tell("call.answered", call, detail)
        elif call.state == "in_progress" and detail.by_agent:
            self._tell("ai.pickup", call, detail)
        elif call.state in FINAL:
            rate = rate_to(call.remote_number) if call.direction == "outbound" else None
            detail.cost = talk(rate, call.duration) if rate is not None else 0
            self.backend.money.charge(call.account, detail.cost, "call", call.id)
            self._tell("call.completed", call, detail)
            if self.recording(call):
                self._tell("call.recorded", call, detail)
            if detail.voicemail is not None and call.state == "completed":
                self.backend.mailbox.take(call, detail)

    def _tell(self, kind: CallEvent, call: Call, detail: CallDetail) -> None:
        view = self.view(call)
        view.metadata = detail.metadata
        number = self.backend.lines.records[call.number_id]
        self.backend.hooks.tell(call.account, kind, view, about=call.id, number=number, request_id=detail.request_id)

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> Call:
        """An account's call. Raises ApiError 404."""
        return own(self.services.calls.records, account, id_, "call")

    def recording(self, call: Call) -> bool:
        """Whether a call has a recording that is still kept."""
        if call.state != "completed" or not call.recording or call.duration == 0 or call.ended_at is None:
            return False
        return self.services.clock.now(call.account) < call.ended_at + KEPT

    def view(self, call: Call) -> CallView:
        """A call as it is now; a recording's link works for an hour from now."""
        detail = self.details[call.id]
        outbound = call.direction == "outbound"
        return CallView(
            call.id,
            call.number_id if outbound else None,
            call.number if outbound else call.remote_number,
            call.remote_number if outbound else call.number,
            call.direction,
            call.state,
            iso_z(call.started_at),
            iso_z(call.answered_at) if call.answered_at is not None else None,
            iso_z(call.ended_at) if call.ended_at is not None else None,
            call.duration,
            self.backend.link(call.account, f"{RECORDINGS}{call.id}.mp3") if self.recording(call) else None,
            shown(detail.cost) if detail.cost is not None else None,
        )


def _answered(number: Number, script: Script) -> tuple[Script, bool]:
    """How a call of this script goes at a number, and whether its agent takes it."""
    pickup = number.ai.auto_pickup
    rings_for = pickup.after_rings * RING_SECONDS
    if script.voicemail is not None:
        greeting = pickup.script if pickup.enabled else VOICEMAIL_GREETING
        machine = rings_for if pickup.enabled else MACHINE_AFTER
        said = [ScriptedTurn("agent", greeting), ScriptedTurn("caller", script.voicemail)]
        return _spoken(
            script, script.answer_after if script.answer_after is not None else machine, said
        ), pickup.enabled
    if not pickup.enabled or (script.answer_after is not None and script.answer_after < rings_for):
        return script, False
    if script.end == "no_answer":
        return _spoken(script, rings_for, [ScriptedTurn("agent", pickup.script)]), True
    if script.end == "completed" and script.answer_after is not None:
        return replace(script, answer_after=rings_for), True
    return script, False


def _spoken(script: Script, answer_after: float, said: list[ScriptedTurn]) -> Script:
    return Script(
        answer_after=answer_after,
        turns=said,
        outcome=script.outcome or VOICEMAIL,
        duration=script.duration,
        recording=script.recording,
    )
