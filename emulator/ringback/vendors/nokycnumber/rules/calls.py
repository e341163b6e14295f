"""Calls, outbound and inbound, and their recordings, page "Calls"."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from ringback.carrier.call import FINAL, Call
from ringback.carrier.clock import DAY, iso_z
from ringback.carrier.script import VOICEMAIL, VOICEMAIL_GREETING, Script, ScriptedTurn, check_call_script
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound
from ringback.vendors.nokycnumber import errors
from ringback.vendors.nokycnumber.prices import call_cost, rate_to
from ringback.vendors.nokycnumber.records import CallDetail, Number
from ringback.vendors.nokycnumber.rules.common import NAME, check_destination, in_dollars, is_e164, new_id
from ringback.vendors.nokycnumber.rules.data import Data
from ringback.vendors.nokycnumber.rules.links import Links
from ringback.vendors.nokycnumber.rules.money import Money
from ringback.vendors.nokycnumber.rules.numbers import Numbers
from ringback.vendors.nokycnumber.rules.webhooks import Webhooks
from ringback.vendors.nokycnumber.wire import CallBody, CallView

CallEventType = Literal["call.initiated", "call.answered", "call.completed", "call.recorded", "ai.pickup"]
RING_SECONDS = 5.0
"""From one ring to the next."""
VOICEMAIL_AFTER = 4 * RING_SECONDS
"""When the voicemail answers a call that neither the owner nor an agent answers."""
RECORDING_KEPT = 30 * DAY
RECORDINGS = "/v1/files/recordings/"


class Calls:
    """The calls of all accounts."""

    def __init__(
        self, services: Services, data: Data, *, money: Money, links: Links, webhooks: Webhooks, numbers: Numbers
    ) -> None:
        self.services = services
        self.data = data
        self.money = money
        self.links = links
        self.webhooks = webhooks
        self.numbers = numbers

    # -- outbound ------

    def place(self, account: str, body: CallBody, request_id: str) -> CallView:
        """Place a call from a number. After an ApiError no phone rings."""
        number = self.numbers.usable(account, body.from_)
        check_destination(body.to)
        presented = self._presented(account, number, body.callerid_mask)
        rate = rate_to(body.to)
        if rate is None:
            raise errors.error("unsupported_country", param="to", what="calls to that country")
        self.money.check(account, rate.minute)
        tag = (body.metadata or {}).get("tag")
        script = self.services.scripts.take(
            "call",
            vendor=NAME,
            account=account,
            to=body.to,
            senders=(number.id, number.phone_number),
            tag=tag if isinstance(tag, str) else None,
        )
        detail = self.data.call_details.add(
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
        """Return the number that the called party sees, None if it is hidden. Raises ApiError 400 or 422."""
        if mask is None:
            return number.phone_number
        if mask == "hide":
            return None
        active = self.data.numbers.oldest("active", account)
        if mask == "rotate":
            return self.services.streams(NAME, account, "rotate").choice(active).phone_number
        if not is_e164(mask):
            raise errors.invalid("callerid_mask", "must be hide, rotate, or one of your numbers in E.164")
        if not any(own.phone_number == mask for own in active):
            raise errors.error("caller_id_not_owned", param="callerid_mask", number=mask)
        return mask

    def hang_up(self, call: Call) -> CallView:
        """End a call; one that has ended does not change."""
        self.services.calls.hang_up(call)
        return self.view(call)

    # -- inbound ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Ring one of the numbers; its owner, its agent or the voicemail answers, as the script says. Raises
        NumberNotFound for a number that takes no calls now, ScriptError for a script that cannot be played."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        check_call_script(script)
        number = self.data.numbers[assigned.number_id]
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
        self.data.call_details.add(detail)
        return self.services.calls.receive(
            id_=detail.id,
            vendor=NAME,
            account=assigned.account,
            number_id=number.id,
            number=to,
            remote_number=caller,
            script=replace(played, recording=detail.recording),
        )

    # -- events ------

    def on_changed(self, call: Call) -> None:
        """Publish the new state of a call, and charge the call if it has ended."""
        detail = self.data.call_details[call.id]
        if call.state == "ringing" and call.direction == "outbound":
            self._publish("call.initiated", call, detail)
        elif call.state == "in_progress" and call.direction == "outbound":
            self._publish("call.answered", call, detail)
        elif call.state == "in_progress" and detail.by_agent:
            self._publish("ai.pickup", call, detail)
        elif call.state in FINAL:
            rate = rate_to(call.remote_number) if call.direction == "outbound" else None
            detail.cost = call_cost(rate, call.duration) if rate is not None else 0
            self.money.charge(call.account, detail.cost, "call", call.id)
            self._publish("call.completed", call, detail)
            if self.has_recording(call):
                self._publish("call.recorded", call, detail)

    def _publish(self, kind: CallEventType, call: Call, detail: CallDetail) -> None:
        view = self.view(call)
        view.metadata = detail.metadata
        number = self.data.numbers[call.number_id]
        self.webhooks.publish(call.account, kind, view, about=call.id, number=number, request_id=detail.request_id)

    # -- views ------

    def has_recording(self, call: Call) -> bool:
        """Return whether a call has a recording that is still kept."""
        if call.state != "completed" or not call.recording or call.duration == 0 or call.ended_at is None:
            return False
        return self.services.clock.now(call.account) < call.ended_at + RECORDING_KEPT

    def view(self, call: Call) -> CallView:
        """Return a call; the link to its recording works for an hour from now."""
        detail = self.data.call_details[call.id]
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
            self.links.issue(call.account, f"{RECORDINGS}{call.id}.mp3") if self.has_recording(call) else None,
            in_dollars(detail.cost) if detail.cost is not None else None,
        )


def _answered(number: Number, script: Script) -> tuple[Script, bool]:
    """Return the script as it plays at a number, and whether the number's agent answers the call."""
    pickup = number.ai.auto_pickup
    agent_after = pickup.after_rings * RING_SECONDS
    if script.voicemail is not None:
        greeting = pickup.script if pickup.enabled else VOICEMAIL_GREETING
        voicemail_after = agent_after if pickup.enabled else VOICEMAIL_AFTER
        answer_after = script.answer_after if script.answer_after is not None else voicemail_after
        turns = [ScriptedTurn("agent", greeting), ScriptedTurn("caller", script.voicemail)]
        return _with_turns(script, answer_after, turns), pickup.enabled
    if not pickup.enabled or (script.answer_after is not None and script.answer_after < agent_after):
        return script, False
    if script.end == "no_answer":
        return _with_turns(script, agent_after, [ScriptedTurn("agent", pickup.script)]), True
    if script.end == "completed" and script.answer_after is not None:
        return replace(script, answer_after=agent_after), True
    return script, False


def _with_turns(script: Script, answer_after: float, turns: list[ScriptedTurn]) -> Script:
    return Script(
        answer_after=answer_after,
        turns=turns,
        outcome=script.outcome or VOICEMAIL,
        duration=script.duration,
        recording=script.recording,
    )
