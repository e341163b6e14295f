"""Campaigns: made in the dashboard; started, paused, resumed and stopped through the API, page "Campaigns API"."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.carrier.clock import iso_z
from ringback.gateway.services import Services
from ringback.vendors.phonestack import errors
from ringback.vendors.phonestack.records import (
    CallDetail,
    Campaign,
    CampaignSetting,
    CampaignStatus,
    Contact,
    EventType,
)
from ringback.vendors.phonestack.rules.common import iso, new_id, owned
from ringback.vendors.phonestack.rules.dialer import Dialer
from ringback.vendors.phonestack.rules.money import Money
from ringback.vendors.phonestack.rules.pagination import list_page
from ringback.vendors.phonestack.rules.webhooks import Webhooks
from ringback.vendors.phonestack.store import Store
from ringback.vendors.phonestack.wire.requests import CampaignFilters
from ringback.vendors.phonestack.wire.responses import CampaignEventData, CampaignView, ListEnvelope, Stats


class Campaigns:
    """The campaigns of all organizations."""

    def __init__(self, services: Services, store: Store, webhooks: Webhooks, money: Money, dialer: Dialer) -> None:
        self._services = services
        self._store = store
        self._webhooks = webhooks
        self._money = money
        self._dialer = dialer
        self.records = store.campaigns

    def create(self, account: str, setting: CampaignSetting, id_: str | None = None) -> Campaign:
        """Create a campaign, as the dashboard does."""
        return self.records.add(
            Campaign(
                id=id_ or new_id(self._services, account, "camp"),
                account=account,
                name=setting.name,
                direction=setting.direction,
                profile=setting.profile,
                calls_per_minute=setting.calls_per_minute,
                max_concurrent_calls=setting.max_concurrent_calls,
                always_on=setting.always_on,
                created_at=self._services.clock.now(account),
            )
        )

    # -- control ------

    def start(self, campaign: Campaign) -> None:
        """Launch a draft. Raises ApiError 409."""
        _check_status(campaign, ("draft",), "start")
        self.check_limit(campaign)
        self._run(campaign, started_at=self._services.clock.now(campaign.account))

    def resume(self, campaign: Campaign) -> None:
        """Resume a paused campaign. Raises ApiError 409."""
        _check_status(campaign, ("paused",), "resume")
        self.check_limit(campaign)
        self._run(campaign)

    def check_limit(self, campaign: Campaign) -> None:
        """Check that the spending limit allows a campaign to dial. Raises ApiError 409."""
        if campaign.direction == "outbound" and self._money.is_used_up(campaign.account):
            message = "The spending limit is used up: raise it before a campaign can call"
            raise errors.error("INVALID_STATE", message, param="spending_limit")

    def _run(self, campaign: Campaign, **changes: int) -> None:
        self.records.update(campaign, status="running", **changes)
        self._send_event("campaign.started", campaign)
        self._dialer.advance(campaign)

    def pause(self, campaign: Campaign) -> None:
        """Stop dialing; active calls go on. Raises ApiError 409."""
        _check_status(campaign, ("running",), "pause")
        self.halt(campaign)

    def halt(self, campaign: Campaign) -> None:
        """Pause a campaign, whatever its state."""
        self._dialer.stop(campaign)
        self.records.update(campaign, status="paused")
        self._send_event("campaign.paused", campaign)

    def pause_all(self, account: str) -> None:
        """Pause every running outbound campaign."""
        for campaign in self.records.oldest("running", (account, "outbound")):
            self.halt(campaign)

    def stop(self, campaign: Campaign) -> None:
        """Complete a campaign; the rest of its queue is not dialed. Raises ApiError 409."""
        _check_status(campaign, ("running", "paused"), "stop")
        self._dialer.clear(campaign)
        self._complete(campaign)

    def _complete(self, campaign: Campaign) -> None:
        self._dialer.stop(campaign)
        self.records.update(campaign, status="completed", completed_at=self._services.clock.now(campaign.account))
        self._send_event("campaign.completed", campaign)

    def finish(self, campaign: Campaign) -> None:
        """Complete a campaign whose queue is finished, unless it is always on or its queue was never filled."""
        if not campaign.always_on and (campaign.dialed or campaign.skipped):
            self._complete(campaign)

    def close_account(self, account: str) -> None:
        """Stop dialing for an account that is closed."""
        for direction in ("outbound", "inbound"):
            for campaign in self.records.oldest("running", (account, direction)):
                self.records.update(campaign, status="paused")

    # -- contacts ------

    def add_contact(self, contact: Contact, *, at_once: bool) -> None:
        """Add a contact to the queue of its campaign; with `at_once` a running campaign dials it next."""
        campaign = self._store.campaign(contact.campaign)
        if campaign is None or campaign.direction == "inbound" or campaign.status == "completed":
            return
        urgent = at_once and campaign.status == "running"
        self._dialer.add(campaign, contact.id, contact.phone, contact.id, urgent=urgent)
        self._dialer.advance(campaign, at_once=urgent)

    def remove_contact(self, contact: Contact) -> None:
        """Remove a contact from every queue; without it its campaign may be finished."""
        self._dialer.withdraw(contact.id)
        campaign = self._store.campaign(contact.campaign)
        if campaign is not None:
            self._dialer.advance(campaign)

    # -- calls ------

    def count_call(self, campaign: Campaign, call: Call, detail: CallDetail) -> None:
        """Count a call that has ended."""
        campaign.ended.add(call, detail)
        if detail.analysis is not None:
            disposition = detail.analysis.disposition
            campaign.dispositions[disposition] = campaign.dispositions.get(disposition, 0) + 1

    # -- views ------

    def get(self, account: str, id_: str) -> Campaign:
        """Return an organization's campaign. Raises ApiError 404."""
        return owned(self.records, account, id_, "Campaign")

    def page(self, account: str, query: CampaignFilters) -> ListEnvelope[CampaignView]:
        """Return a page of campaigns, newest first. Raises ApiError 400."""

        def wanted(campaign: Campaign) -> bool:
            return query.direction in (None, campaign.direction) and query.status in (None, campaign.status)

        return list_page(query, self.records, "account", account, self.view, wanted)

    def stats(self, campaign: Campaign) -> Stats:
        """Return a campaign's statistics."""
        ended = campaign.ended
        return Stats(
            self._store.contacts.count("campaign", campaign.id),
            self._dialer.waiting(campaign),
            campaign.active_calls,
            campaign.active_calls + ended.calls,
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
        """Return a campaign as lists show it."""
        profile = self._store.queue_profile(campaign)
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

    def view_with_stats(self, campaign: Campaign) -> CampaignView:
        """Return a campaign with its statistics."""
        view = self.view(campaign)
        view.stats = self.stats(campaign)
        return view

    def _send_event(self, kind: EventType, campaign: Campaign) -> None:
        def data() -> CampaignEventData:
            stats = self.stats(campaign)
            return CampaignEventData(campaign.id, campaign.name, campaign.direction, campaign.status, stats)

        self._webhooks.send(campaign.account, kind, campaign.id, data)


def _check_status(campaign: Campaign, allowed: tuple[CampaignStatus, ...], action: str) -> None:
    if campaign.status not in allowed:
        message = f"The campaign is {campaign.status}: {action} needs one that is {' or '.join(allowed)}"
        raise errors.error("INVALID_STATE", message)
