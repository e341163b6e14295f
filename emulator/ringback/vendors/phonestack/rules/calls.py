"""Calls: triggered, dialled by campaigns and batches, received; their transcripts and recordings, page "Calls API"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ringback.carrier.call import FINAL, Call
from ringback.carrier.clock import HOUR, SECOND, iso_z
from ringback.carrier.script import Script
from ringback.gateway.vendor import NumberNotFound
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import (
    CallDetail,
    CallStatus,
    Campaign,
    Contact,
    Direction,
    Entry,
    EventType,
    Outcome,
    Profile,
    Run,
)
from ringback.vendors.phonestack.rules.call_results import DO_NOT_CALL
from ringback.vendors.phonestack.rules.common import NAME, iso, new_id, phone_of
from ringback.vendors.phonestack.rules.money import costs_of
from ringback.vendors.phonestack.wire import (
    CallEvent,
    CallView,
    Costs,
    LineView,
    RecordingView,
    TranscriptView,
    TriggerBody,
)

if TYPE_CHECKING:
    from ringback.vendors.phonestack.rules import PhoneStack

FILES = "/api/v1/files/recordings/"
LINK_WORKS = HOUR
"""Page "Calls API": the signed URL ends an hour after it was given out."""
ENDS: Mapping[CallStatus, EventType] = {
    "completed": "call.completed",
    "voicemail": "call.voicemail",
    "no_answer": "call.failed",
    "busy": "call.failed",
    "failed": "call.failed",
}


class Phones:
    """The calls of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.details: Collection[CallDetail] = Collection(
            CallDetail,
            account=lambda detail: detail.account,
            campaign=lambda detail: detail.campaign,
            contact=lambda detail: detail.contact,
            disposition=_disposition_key,
        )

    # -- placing ------

    def trigger(self, account: str, body: TriggerBody) -> CallView:
        """Call somebody now. Raises ApiError; then nobody's phone rings."""
        profile = self.backend.profiles.active(account, body.profile_id)
        phone = phone_of(body.phone)
        extract = self.extract_of(account, profile, body.extract)
        self.check_values(account, phone, body.custom_fields)
        self.backend.people.check_callable(account, phone)
        self.backend.money.check(account)
        contact = self.backend.people.with_phone(account, phone)
        id_ = self._place(account, phone, contact, profile, extract, body.custom_fields, None, None)
        return self.view(self.details[id_])

    def extract_of(self, account: str, profile: Profile, wanted: Sequence[str] | None) -> tuple[str, ...]:
        """What a call extracts: what was asked of it, else what its profile does. Raises ApiError 400."""
        if wanted is None:
            return profile.extract_fields
        self.backend.fields.check_extract(account, wanted, "extract")
        return tuple(dict.fromkeys(wanted))

    def check_values(self, account: str, phone: str, values: Mapping[str, Any]) -> None:
        """Whether a call may be given these custom fields, beside those that its contact has. Raises ApiError 400."""
        contact = self.backend.people.with_phone(account, phone)
        self.backend.fields.check_values(account, {**(contact.custom_fields if contact else {}), **values})

    def dial(self, run: Run, entry: Entry) -> str:
        """Call who is next in a run's queue; gives the call's id."""
        people = self.backend.people
        contact = people.records.get(entry.contact) if entry.contact is not None else None
        phone = contact.phone if contact is not None else entry.phone
        profile = self.backend.profile_of(run)
        extract = entry.extract
        if extract is None:
            extract = profile.extract_fields if profile is not None else ()
        return self._place(run.account, phone, contact, profile, extract, entry.custom_fields, run, entry)

    def _place(
        self,
        account: str,
        phone: str,
        contact: Contact | None,
        profile: Profile | None,
        extract: Sequence[str],
        custom_fields: dict[str, Any],
        run: Run | None,
        entry: Entry | None,
    ) -> str:
        campaign = run if isinstance(run, Campaign) else None
        number = self.backend.number(account)
        script = self.services.scripts.take(
            "call",
            vendor=NAME,
            account=account,
            to=phone,
            senders=(number,),
            tag=campaign.name if campaign is not None else None,
        )
        played, outcome = self.backend.outcomes.decide(account, contact, profile, "outbound", extract, script)
        detail = self.details.add(
            CallDetail(
                id=new_id(self.services, account, "call"),
                account=account,
                campaign=campaign.id if campaign is not None else None,
                contact=contact.id if contact is not None else None,
                profile=profile.id if profile is not None else None,
                batch=run.id if run is not None and campaign is None else None,
                outcome=outcome,
                custom_fields=custom_fields,
            )
        )
        self.services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number,
            number=number,
            remote_number=phone,
            script=played,
            recording=True,
        )
        return detail.id

    # -- receiving ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Somebody calls an organization: the agent of its inbound campaign takes the call. Raises NumberNotFound for a
        number that nobody has, ScriptError for a script that cannot be played."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        account = assigned.account
        campaign = self.backend.campaigns.answering(account)
        profile = self.backend.profile_of(campaign) if campaign is not None else None
        contact = self.backend.people.with_phone(account, caller)
        extract = profile.extract_fields if profile is not None else ()
        played, outcome = self.backend.outcomes.decide(account, contact, profile, "inbound", extract, script)
        detail = CallDetail(
            id=new_id(self.services, account, "call"),
            account=account,
            campaign=campaign.id if campaign is not None else None,
            contact=contact.id if contact is not None else None,
            profile=profile.id if profile is not None else None,
            batch=None,
            outcome=outcome,
        )
        self.details.add(detail)
        if campaign is not None:
            campaign.under_way += 1
            campaign.dialled += 1
        return self.services.calls.receive(
            id_=detail.id, vendor=NAME, account=account, number_id=to, number=to, remote_number=caller, script=played
        )

    # -- what happens ------

    def changed(self, call: Call) -> None:
        """A call came further: tell of its beginning and its end, count it, charge it, and dial whoever is next."""
        detail = self.details[call.id]
        if call.state == "ringing":
            self._tell("call.started", call, detail)
        elif call.state in FINAL:
            self._ended(call, detail)

    def _ended(self, call: Call, detail: CallDetail) -> None:
        backend, outcome = self.backend, detail.outcome
        status: CallStatus = call.state
        if outcome.voicemail and status == "completed":
            status = "voicemail"
        costs = costs_of(call.duration)
        self.details.update(detail, status=status, twilio=costs.twilio, gemini=costs.gemini, claude=costs.claude)
        run = backend.run(detail.campaign or detail.batch)
        if isinstance(run, Campaign):
            backend.campaigns.call_ended(run, call, detail)
        self._tell(ENDS[status], call, detail)
        if outcome.analysis is not None and outcome.analysis.disposition == DO_NOT_CALL:
            backend.people.asked_for_peace(call.account, call.remote_number)
        backend.money.charge(call.account, detail.cost, call.id)
        if run is not None:
            backend.dialler.ended(run)

    def _tell(self, kind: EventType, call: Call, detail: CallDetail) -> None:
        self.backend.hooks.tell(call.account, kind, call.id, lambda: self.event(call, detail))

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> CallDetail:
        """An organization's call. Raises ApiError 404."""
        detail = self.details.get(id_)
        if detail is None or detail.account != account:
            raise errors.not_found("Call")
        return detail

    def chosen(
        self,
        account: str,
        *,
        campaign_id: str | None = None,
        contact_id: str | None = None,
        profile_id: str | None = None,
        disposition: str | None = None,
        status: str | None = None,
        direction: Direction | None = None,
        since: int | None = None,
        until: int | None = None,
        min_duration: int | None = None,
        has_meeting: bool | None = None,
    ) -> tuple[str, Any, Callable[[CallDetail], bool] | None]:
        """How a list with these filters is made: the index, its key, and which of its records are wanted."""
        calls = self.services.calls.records
        index, key = "account", account
        if campaign_id is not None:
            index, key = "campaign", campaign_id
        elif contact_id is not None:
            index, key = "contact", contact_id
        elif disposition is not None:
            index, key = "disposition", f"{account} {disposition}"

        def wanted(detail: CallDetail) -> bool:
            call = calls[detail.id]
            analysis = _analysis(detail)
            return (
                detail.account == account
                and campaign_id in (None, detail.campaign)
                and contact_id in (None, detail.contact)
                and profile_id in (None, detail.profile)
                and direction in (None, call.direction)
                and (status is None or status == self.status(call, detail))
                and (since is None or call.started_at >= since)
                and (until is None or call.started_at < until)
                and (disposition is None or (analysis is not None and analysis.disposition == disposition))
                and (min_duration is None or call.duration >= min_duration)
                and (has_meeting is None or (analysis is not None and analysis.meeting_booked) == has_meeting)
            )

        plain = index == "account" and all(
            value is None for value in (profile_id, status, direction, since, until, min_duration, has_meeting)
        )
        return index, key, None if plain else wanted

    def status(self, call: Call, detail: CallDetail) -> CallStatus:
        """How far a call has come, or how it ended."""
        return detail.status or call.state

    def view(self, detail: CallDetail, *, transcript: bool = False, contact: bool = False) -> CallView:
        """A call as it is now."""
        call = self.services.calls.records[detail.id]
        outbound = call.direction == "outbound"
        over = detail.status is not None
        view = CallView(
            id=call.id,
            campaign_id=detail.campaign,
            contact_id=detail.contact,
            profile_id=detail.profile,
            status=self.status(call, detail),
            direction=call.direction,
            from_number=call.number if outbound else call.remote_number,
            to_number=call.remote_number if outbound else call.number,
            transferred_to=detail.outcome.transferred_to if over else None,
            talk_duration_seconds=call.duration,
            cost_cents=detail.cost,
            cost_breakdown=Costs(detail.twilio, detail.gemini, detail.claude),
            analysis=_analysis(detail),
            tool_executions=detail.outcome.tools if over else [],
            custom_fields=detail.custom_fields,
            has_recording=self.recorded(call, detail),
            created_at=iso_z(call.started_at),
            started_at=iso_z(call.started_at),
            answered_at=iso(call.answered_at),
            ended_at=iso(call.ended_at),
        )
        if detail.batch is not None:
            view.batch_id = detail.batch
        if transcript:
            view.transcript = self.lines(call)
        if contact:
            known = self.backend.people.records.get(detail.contact) if detail.contact is not None else None
            view.contact = self.backend.people.view(known) if known is not None else None
        return view

    def lines(self, call: Call) -> list[LineView]:
        """What has been said on a call so far."""
        if call.answered_at is None:
            return []
        end = call.ended_at if call.ended_at is not None else self.services.clock.now(call.account)
        talked = (end - call.answered_at) / SECOND
        return [LineView(turn.speaker, turn.text, _plain(turn.at)) for turn in call.turns or () if turn.at <= talked]

    def transcript(self, account: str, id_: str) -> TranscriptView:
        """What was said on a call. Raises ApiError 404."""
        return TranscriptView(id_, self.lines(self.services.calls.records[self.of(account, id_).id]))

    def recorded(self, call: Call, detail: CallDetail) -> bool:
        """Whether a call has a recording."""
        return detail.status is not None and call.recording and call.duration > 0

    def recording(self, account: str, id_: str) -> RecordingView:
        """Where a call's recording can be fetched for an hour from now. Raises ApiError 404."""
        detail = self.of(account, id_)
        if not self.recorded(self.services.calls.records[id_], detail):
            raise errors.not_found("Recording")
        until = self.services.clock.now(account) + LINK_WORKS
        return RecordingView(id_, self.backend.link(f"{FILES}{id_}.mp3", until), iso_z(until))

    def event(self, call: Call, detail: CallDetail) -> CallEvent:
        """A call as events tell of it."""
        outbound = call.direction == "outbound"
        told = CallEvent(
            call.id,
            detail.campaign,
            detail.contact,
            call.direction,
            self.status(call, detail),
            call.number if outbound else call.remote_number,
            call.remote_number if outbound else call.number,
            iso_z(self.services.clock.now(call.account)),
        )
        if detail.status is not None:
            told.talk_duration_seconds = call.duration
            told.cost_cents = detail.cost
        if detail.status == "completed":
            told.transferred_to = detail.outcome.transferred_to
            told.cost_breakdown = Costs(detail.twilio, detail.gemini, detail.claude)
            told.analysis = detail.outcome.analysis
            told.tool_executions = detail.outcome.tools
            told.transcript = self.lines(call)
        return told


def _plain(seconds: float) -> float | int:
    return int(seconds) if seconds.is_integer() else seconds


def _analysis(detail: CallDetail) -> Any:
    """What a call came to, once it has ended."""
    return detail.outcome.analysis if detail.status is not None else None


def _disposition_key(detail: CallDetail) -> str | None:
    analysis = _analysis(detail)
    return f"{detail.account} {analysis.disposition}" if analysis is not None else None


__all__ = ["Outcome", "Phones"]
