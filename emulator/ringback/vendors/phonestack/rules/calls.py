"""Calls: triggered, dialed by campaigns and batches, received; transcripts and recordings, page "Calls API"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import Any

from ringback.carrier.call import Call
from ringback.carrier.clock import SECOND, iso_z
from ringback.carrier.script import Script
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import (
    Batch,
    CallDetail,
    CallStatus,
    Campaign,
    Contact,
    Direction,
    EventType,
    Profile,
    QueueEntry,
    ReportFilters,
)
from ringback.vendors.phonestack.rules.call_results import CallResults
from ringback.vendors.phonestack.rules.common import NAME, iso, new_id, normalize_phone, owned, parse_time
from ringback.vendors.phonestack.rules.fields import Fields
from ringback.vendors.phonestack.rules.links import LIFETIME, RECORDINGS, Links
from ringback.vendors.phonestack.rules.money import Money, costs_of
from ringback.vendors.phonestack.rules.numbers import Numbers
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.rules.profiles import Profiles
from ringback.vendors.phonestack.rules.views import view_contact
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import CallFilters, TriggerBody
from ringback.vendors.phonestack.wire.responses import (
    CallEventData,
    CallView,
    Costs,
    ListEnvelope,
    RecordingView,
    TranscriptView,
    TurnView,
)

END_EVENTS: Mapping[CallStatus, EventType] = {
    "completed": "call.completed",
    "voicemail": "call.voicemail",
    "no_answer": "call.failed",
    "busy": "call.failed",
    "failed": "call.failed",
}
Selection = tuple[str, Hashable, Callable[[CallDetail], bool] | None]
"""An index, a key in it, and which of its records are wanted; None for all."""


class Calls:
    """The calls of all organizations."""

    def __init__(
        self,
        services: Services,
        store: Store,
        webhooks: Webhooks,
        links: Links,
        numbers: Numbers,
        fields: Fields,
        profiles: Profiles,
        money: Money,
        results: CallResults,
    ) -> None:
        self._services = services
        self._store = store
        self._webhooks = webhooks
        self._links = links
        self._numbers = numbers
        self._fields = fields
        self._profiles = profiles
        self._money = money
        self._results = results
        self.records = store.calls

    # -- placing ------

    def trigger(self, account: str, body: TriggerBody) -> CallView:
        """Call a number now. Raises ApiError 400, 402, 404 or 409; then no call is placed."""
        profile = self._profiles.get_active(account, body.profile_id)
        phone = normalize_phone(body.phone)
        extract = self.fields_to_extract(account, profile, body.extract)
        self.check_values(account, phone, body.custom_fields)
        self.check_callable(account, phone)
        self._money.check_limit(account)
        contact = self._store.contact_with_phone(account, phone)
        return self.view(self._place(account, phone, contact, profile, extract, body.custom_fields, None))

    def fields_to_extract(self, account: str, profile: Profile, extract: Sequence[str] | None) -> tuple[str, ...]:
        """Return the fields that a call extracts: those of the request, else the profile's. Raises ApiError 400."""
        if extract is None:
            return profile.extract_fields
        self._fields.check_extract(account, extract, "extract")
        return tuple(dict.fromkeys(extract))

    def check_values(self, account: str, phone: str, values: Mapping[str, Any]) -> None:
        """Check a call's custom fields together with those of its contact. Raises ApiError 400."""
        contact = self._store.contact_with_phone(account, phone)
        self._fields.check_values(account, {**(contact.custom_fields if contact else {}), **values})

    def check_callable(self, account: str, phone: str) -> None:
        """Check that a number is not on the Do Not Call list. Raises ApiError 409."""
        contact = self._store.contact_with_phone(account, phone)
        if contact is not None and contact.dnc_at is not None:
            raise errors.error("DO_NOT_CALL", phone=phone, param="phone")

    def dial(self, queue: Campaign | Batch, entry: QueueEntry) -> str:
        """Call the next person of a queue and return the call's id."""
        contact = self._store.contact(entry.contact)
        phone = contact.phone if contact is not None else entry.phone
        profile = self._store.queue_profile(queue)
        extract = entry.extract
        if extract is None:
            extract = profile.extract_fields if profile is not None else ()
        return self._place(queue.account, phone, contact, profile, extract, entry.custom_fields, queue).id

    def _place(
        self,
        account: str,
        phone: str,
        contact: Contact | None,
        profile: Profile | None,
        extract: Sequence[str],
        custom_fields: dict[str, Any],
        queue: Campaign | Batch | None,
    ) -> CallDetail:
        number = self._numbers.number(account)
        script = self._services.scripts.take(
            "call",
            vendor=NAME,
            account=account,
            to=phone,
            senders=(number,),
            tag=queue.name if isinstance(queue, Campaign) else None,
        )
        played, detail = self._decide(account, contact, profile, "outbound", extract, script, queue, custom_fields)
        self._services.calls.place(
            id_=detail.id,
            vendor=NAME,
            account=account,
            number_id=number,
            number=number,
            remote_number=phone,
            script=played,
            recording=True,
        )
        return detail

    def _decide(
        self,
        account: str,
        contact: Contact | None,
        profile: Profile | None,
        direction: Direction,
        extract: Sequence[str],
        script: Script | None,
        queue: Campaign | Batch | None,
        custom_fields: dict[str, Any],
    ) -> tuple[Script, CallDetail]:
        """Store a call's detail with its result; return it with the script that the carrier plays."""
        played, result = self._results.decide(account, contact, profile, direction, extract, script)
        detail = CallDetail(
            id=new_id(self._services, account, "call"),
            account=account,
            campaign=queue.id if isinstance(queue, Campaign) else None,
            contact=contact.id if contact is not None else None,
            profile=profile.id if profile is not None else None,
            batch=queue.id if isinstance(queue, Batch) else None,
            result=result,
            custom_fields=custom_fields,
        )
        return played, self.records.add(detail)

    # -- receiving ------

    def receive(self, to: str, caller: str, script: Script) -> Call:
        """Ring an organization; the agent of its newest running inbound campaign takes the call.

        Raises NumberNotFound for a number of no organization, ScriptError for a script that cannot be played.
        """
        assigned = self._services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME or not assigned.active:
            raise NumberNotFound(to)
        account = assigned.account
        campaign = self._store.campaigns.last("running", (account, "inbound"))
        profile = self._store.queue_profile(campaign) if campaign is not None else None
        contact = self._store.contact_with_phone(account, caller)
        extract = profile.extract_fields if profile is not None else ()
        played, detail = self._decide(account, contact, profile, "inbound", extract, script, campaign, {})
        if campaign is not None:
            campaign.active_calls += 1
            campaign.dialed += 1
        return self._services.calls.receive(
            id_=detail.id, vendor=NAME, account=account, number_id=to, number=to, remote_number=caller, script=played
        )

    # -- progress ------

    def end(self, call: Call, detail: CallDetail) -> None:
        """Store the status and the cost of a call that has ended."""
        status: CallStatus = call.state
        if detail.result.voicemail and status == "completed":
            status = "voicemail"
        costs = costs_of(call.duration)
        self.records.update(detail, status=status, twilio=costs.twilio, gemini=costs.gemini, claude=costs.claude)

    def send_event(self, call: Call, detail: CallDetail) -> None:
        """Send the event of a call that has begun, or ended."""
        kind = END_EVENTS[detail.status] if detail.status is not None else "call.started"
        self._webhooks.send(call.account, kind, call.id, lambda: self.event_data(call, detail))

    # -- lists ------

    def get(self, account: str, id_: str) -> CallDetail:
        """Return an organization's call. Raises ApiError 404."""
        return owned(self.records, account, id_, "Call")

    def page(self, account: str, query: CallFilters, include: Collection[str] = ()) -> ListEnvelope[CallView]:
        """Return a page of calls, newest first; `include` names what each shows beside. Raises ApiError 400."""
        since, until = parse_time(query.since, "since"), parse_time(query.until, "until")
        index, key, wanted = self.select(account, query, since=since, until=until)
        return list_page(query, self.records, index, key, lambda detail: self.view(detail, include), wanted)

    def select(
        self,
        account: str,
        filters: CallFilters | ReportFilters,
        *,
        profile_id: str | None = None,
        since: int | None = None,
        until: int | None = None,
    ) -> Selection:
        """Return how to find the calls that match all filters, of those that began from `since` and before `until`."""
        calls = self._services.calls.records
        index: str = "account"
        key: Hashable = account
        if filters.campaign_id is not None:
            index, key = "campaign", filters.campaign_id
        elif filters.contact_id is not None:
            index, key = "contact", filters.contact_id
        elif filters.disposition is not None:
            index, key = "disposition", (account, filters.disposition)

        def wanted(detail: CallDetail) -> bool:
            call, analysis = calls[detail.id], detail.analysis
            has_meeting = analysis is not None and analysis.meeting_booked
            return (
                detail.account == account
                and filters.campaign_id in (None, detail.campaign)
                and filters.contact_id in (None, detail.contact)
                and profile_id in (None, detail.profile)
                and filters.direction in (None, call.direction)
                and filters.status in (None, self.status(call, detail))
                and (since is None or call.started_at >= since)
                and (until is None or call.started_at < until)
                and filters.disposition in (None, analysis.disposition if analysis is not None else None)
                and (filters.min_duration is None or call.duration >= filters.min_duration)
                and filters.has_meeting in (None, has_meeting)
            )

        others = (
            profile_id,
            filters.status,
            filters.direction,
            since,
            until,
            filters.min_duration,
            filters.has_meeting,
        )
        is_plain = index == "account" and all(value is None for value in others)
        return index, key, None if is_plain else wanted

    def status(self, call: Call, detail: CallDetail) -> CallStatus:
        """Return a call's state, or how it ended."""
        return detail.status or call.state

    # -- views ------

    def view(self, detail: CallDetail, include: Collection[str] = ()) -> CallView:
        """Return a call as the API shows it, with its `transcript` and `contact` if they are included."""
        call = self._services.calls.records[detail.id]
        has_ended = detail.status is not None
        from_number, to_number = _endpoints(call)
        view = CallView(
            id=call.id,
            campaign_id=detail.campaign,
            contact_id=detail.contact,
            profile_id=detail.profile,
            status=self.status(call, detail),
            direction=call.direction,
            from_number=from_number,
            to_number=to_number,
            transferred_to=detail.result.transferred_to if has_ended else None,
            talk_duration_seconds=call.duration,
            cost_cents=detail.cost,
            cost_breakdown=Costs(detail.twilio, detail.gemini, detail.claude),
            analysis=detail.analysis,
            tool_executions=detail.result.tools if has_ended else [],
            custom_fields=detail.custom_fields,
            has_recording=_has_recording(call, detail),
            created_at=iso_z(call.started_at),
            started_at=iso_z(call.started_at),
            answered_at=iso(call.answered_at),
            ended_at=iso(call.ended_at),
        )
        if detail.batch is not None:
            view.batch_id = detail.batch
        if "transcript" in include:
            view.transcript = self.turns(call)
        if "contact" in include:
            contact = self._store.contact(detail.contact)
            view.contact = view_contact(contact) if contact is not None else None
        return view

    def turns(self, call: Call) -> list[TurnView]:
        """Return what has been said on a call so far."""
        if call.answered_at is None:
            return []
        end = call.ended_at if call.ended_at is not None else self._services.clock.now(call.account)
        elapsed = (end - call.answered_at) / SECOND
        return [
            TurnView(turn.speaker, turn.text, int(turn.at) if turn.at.is_integer() else turn.at)
            for turn in call.turns or ()
            if turn.at <= elapsed
        ]

    def transcript(self, detail: CallDetail) -> TranscriptView:
        """Return the transcript of a call."""
        return TranscriptView(detail.id, self.turns(self._services.calls.records[detail.id]))

    def recording(self, detail: CallDetail) -> RecordingView:
        """Return a link to a call's recording that works for an hour. Raises ApiError 404."""
        if not _has_recording(self._services.calls.records[detail.id], detail):
            raise errors.error("NOT_FOUND", what="Recording")
        until = self._services.clock.now(detail.account) + LIFETIME
        return RecordingView(detail.id, self._links.sign(f"{RECORDINGS}{detail.id}.mp3", until), iso_z(until))

    def event_data(self, call: Call, detail: CallDetail) -> CallEventData:
        """Return the data of an event about a call."""
        data = CallEventData(
            call.id,
            detail.campaign,
            detail.contact,
            call.direction,
            self.status(call, detail),
            *_endpoints(call),
            iso_z(self._services.clock.now(call.account)),
        )
        if detail.status is not None:
            data.talk_duration_seconds = call.duration
            data.cost_cents = detail.cost
        if detail.status == "completed":
            data.transferred_to = detail.result.transferred_to
            data.cost_breakdown = Costs(detail.twilio, detail.gemini, detail.claude)
            data.analysis = detail.analysis
            data.tool_executions = detail.result.tools
            data.transcript = self.turns(call)
        return data


def _endpoints(call: Call) -> tuple[str, str]:
    """Return the number that calls and the number that is called."""
    return (call.number, call.remote_number) if call.direction == "outbound" else (call.remote_number, call.number)


def _has_recording(call: Call, detail: CallDetail) -> bool:
    return detail.status is not None and call.recording and call.duration > 0
