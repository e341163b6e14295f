"""Campaigns: made in the dashboard, started, paused, resumed and stopped through the API, page "Campaigns API"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.carrier.clock import iso_z
from ringback.store import Collection
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import Campaign, CampaignSetting, CampaignStatus, Contact, EventType
from ringback.vendors.phonestack.rules.common import iso, new_id
from ringback.vendors.phonestack.rules.counters import count
from ringback.vendors.phonestack.wire import CampaignEvent, CampaignView, Stats

if TYPE_CHECKING:
    from ringback.carrier.call import Call
    from ringback.vendors.phonestack.records import CallDetail
    from ringback.vendors.phonestack.rules import PhoneStack


class Campaigns:
    """The campaigns of all organizations."""

    def __init__(self, backend: PhoneStack) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: Collection[Campaign] = Collection(
            Campaign,
            account=lambda campaign: campaign.account,
            name=lambda campaign: (campaign.account, campaign.name),
            running=lambda campaign: (campaign.account, campaign.direction) if campaign.status == "running" else None,
        )

    def create(self, account: str, setting: CampaignSetting, id_: str | None = None) -> Campaign:
        """Somebody makes a campaign in the dashboard."""
        return self.records.add(
            Campaign(
                id=id_ or new_id(self.services, account, "camp"),
                account=account,
                name=setting.name,
                direction=setting.direction,
                profile=setting.profile,
                calls_per_minute=setting.calls_per_minute,
                lines=setting.max_concurrent_calls,
                always_on=setting.always_on,
                created_at=self.services.clock.now(account),
            )
        )

    # -- control ------

    def start(self, account: str, id_: str) -> Campaign:
        """Launch a draft. Raises ApiError 404 or 409."""
        campaign = self._in(account, id_, ("draft",), "start")
        self._check_money(campaign)
        return self._run(campaign, started_at=self.services.clock.now(account))

    def resume(self, account: str, id_: str) -> Campaign:
        """Go on with a paused campaign. Raises ApiError 404 or 409."""
        campaign = self._in(account, id_, ("paused",), "resume")
        self._check_money(campaign)
        return self._run(campaign)

    def _check_money(self, campaign: Campaign) -> None:
        if campaign.direction == "outbound" and self.backend.money.used_up(campaign.account):
            raise errors.refusal(
                "INVALID_STATE", "The spending limit is used up: raise it before a campaign can call", "spending_limit"
            )

    def _run(self, campaign: Campaign, **changes: int) -> Campaign:
        self.records.update(campaign, status="running", **changes)
        self._tell("campaign.started", campaign)
        self.backend.dialler.go(campaign)
        return campaign

    def pause(self, account: str, id_: str) -> Campaign:
        """Dial nobody more for now; calls under way go on. Raises ApiError 404 or 409."""
        campaign = self._in(account, id_, ("running",), "pause")
        self._pause(campaign)
        return campaign

    def _pause(self, campaign: Campaign) -> None:
        self.backend.dialler.halt(campaign)
        self.records.update(campaign, status="paused")
        self._tell("campaign.paused", campaign)

    def out_of_money(self, account: str) -> None:
        """The spending limit is used up: what calls is paused."""
        for campaign in self.records.oldest("running", (account, "outbound")):
            self._pause(campaign)

    def stop(self, account: str, id_: str) -> Campaign:
        """Complete a campaign for good; whoever is still queued is not dialled. Raises ApiError 404 or 409."""
        campaign = self._in(account, id_, ("running", "paused"), "stop")
        self.backend.dialler.empty(campaign)
        self._complete(campaign)
        return campaign

    def _complete(self, campaign: Campaign) -> None:
        self.backend.dialler.halt(campaign)
        self.records.update(campaign, status="completed", completed_at=self.services.clock.now(campaign.account))
        self._tell("campaign.completed", campaign)

    def ran_out(self, campaign: Campaign) -> None:
        """Nobody is left in the queue and no call is under way: a campaign that has called is completed, one that
        nobody has joined yet waits."""
        if not campaign.always_on and (campaign.dialled or campaign.skipped):
            self._complete(campaign)

    def _in(self, account: str, id_: str, states: tuple[CampaignStatus, ...], verb: str) -> Campaign:
        """A campaign in one of these states. Raises ApiError 404 or 409."""
        campaign = self.of(account, id_)
        if campaign.status not in states:
            raise errors.refusal(
                "INVALID_STATE",
                f"The campaign is {campaign.status}: only one that is {' or '.join(states)} can be told to {verb}",
            )
        return campaign

    # -- contacts ------

    def joined(self, contact: Contact, *, at_once: bool) -> None:
        """A contact is a campaign's now: its queue takes it, and a running campaign calls it, `at_once` where it came
        by itself."""
        campaign = self.records.get(contact.campaign) if contact.campaign is not None else None
        if campaign is None or campaign.direction == "inbound" or campaign.status == "completed":
            return
        urgent = at_once and campaign.status == "running"
        self.backend.dialler.add(campaign, contact.id, contact.phone, contact.id, urgent=urgent)
        self.backend.dialler.go(campaign, at_once=urgent)

    def left(self, contact: Contact) -> None:
        """A contact is no longer its campaign's, or gone: it waits in no queue, and where it was the last, the campaign
        is over."""
        self.backend.dialler.withdraw(contact.id)
        campaign = self.records.get(contact.campaign) if contact.campaign is not None else None
        if campaign is not None:
            self.backend.dialler.go(campaign)

    # -- calls ------

    def answering(self, account: str) -> Campaign | None:
        """The inbound campaign that takes calls now, the newest where there are several."""
        return self.records.last("running", (account, "inbound"))

    def call_ended(self, campaign: Campaign, call: Call, detail: CallDetail) -> None:
        """Count a call that has ended."""
        count(campaign.ended, call, detail)
        if detail.outcome.analysis is not None:
            disposition = detail.outcome.analysis.disposition
            campaign.dispositions[disposition] = campaign.dispositions.get(disposition, 0) + 1

    # -- looking up and showing ------

    def of(self, account: str, id_: str) -> Campaign:
        """An organization's campaign. Raises ApiError 404."""
        campaign = self.records.get(id_)
        if campaign is None or campaign.account != account:
            raise errors.not_found("Campaign")
        return campaign

    def stats(self, campaign: Campaign) -> Stats:
        """The campaign's figures."""
        ended = campaign.ended
        return Stats(
            self.backend.people.records.count("campaign", campaign.id),
            self.backend.dialler.queued(campaign),
            campaign.under_way,
            campaign.under_way + ended.calls,
            ended.completed,
            ended.voicemail,
            ended.no_answer,
            ended.busy,
            ended.failed,
            ended.meetings_booked,
            ended.talk_duration_seconds,
            ended.cost_cents,
            dict(sorted(campaign.dispositions.items())),
        )

    def view(self, campaign: Campaign) -> CampaignView:
        """A campaign as lists show it."""
        profile = self.backend.profile_of(campaign)
        return CampaignView(
            campaign.id,
            campaign.name,
            campaign.direction,
            campaign.status,
            profile.id if profile is not None else None,
            iso_z(campaign.created_at),
            iso(campaign.started_at),
            iso(campaign.completed_at),
        )

    def view_in_full(self, campaign: Campaign) -> CampaignView:
        """A campaign with its figures."""
        view = self.view(campaign)
        view.stats = self.stats(campaign)
        return view

    def _tell(self, kind: EventType, campaign: Campaign) -> None:
        self.backend.hooks.tell(
            campaign.account,
            kind,
            campaign.id,
            lambda: CampaignEvent(
                campaign.id, campaign.name, campaign.direction, campaign.status, self.stats(campaign)
            ),
        )
