"""Mutants of "Campaigns API", and of the spending limit."""

from __future__ import annotations

from msgspec.structs import replace

from ringback.gateway.errors import ApiError
from ringback.mutants.patching import Original, Seam, patch
from ringback.mutants.phonestack.registry import mutant
from ringback.mutants.registry import UNROUTED
from ringback.mutants.traffic import MutableResponse, drop_query, error, respond, status
from ringback.mutants.webhooks import MutableEvent, withhold
from ringback.vendors.phonestack.records import Batch, Campaign
from ringback.vendors.phonestack.rules import PhoneStack
from ringback.vendors.phonestack.rules.campaigns import Campaigns
from ringback.vendors.phonestack.rules.dialer import Dialer
from ringback.vendors.phonestack.rules.money import Money

MANY = 10_000
ONE_CAMPAIGN = ("getCampaign", "startCampaign", "pauseCampaign", "resumeCampaign", "stopCampaign")

# -- the list and the statistics ------

mutant("campaigns.no-filter-by-direction", "PST-CAM-1", "direction filters no campaigns.").request(
    drop_query("direction"), on="listCampaigns"
)
mutant("campaigns.no-filter-by-status", "PST-CAM-1", "status filters no campaigns.").request(
    drop_query("status"), on="listCampaigns"
)
mutant("stats.voicemails-are-completed", "PST-CAM-1", "Voicemails count as completed calls.").result(
    Campaigns.stats,
    lambda stats, own, campaign: replace(stats, completed=stats.completed + stats.voicemail, voicemail=0),
)
mutant("stats.cost-in-dollars", "PST-CAM-1", "The cost in stats is in dollars.").result(
    Campaigns.stats, lambda stats, own, campaign: replace(stats, cost_cents=stats.cost_cents // 100)
)
mutant("stats.no-meetings", "PST-CAM-1", "Stats count no meetings.").result(
    Campaigns.stats, lambda stats, own, campaign: replace(stats, meetings_booked=0)
)
mutant("stats.calls-are-contacts", "PST-CAM-1", "The calls in stats are the contacts.").result(
    Campaigns.stats, lambda stats, own, campaign: replace(stats, calls=stats.contacts + 1)
)

# -- control ------


def _allow(name: str, action: Seam[Campaigns, [Campaign], None], description: str, *also_breaks: str) -> None:
    """Register a mutant that answers an action as a success in any state."""

    @mutant(name, "PST-CAM-2", description, *also_breaks).patch(action)
    def _act(act: Original, _: PhoneStack, campaign: Campaign) -> None:
        try:
            act(campaign)
        except ApiError as problem:
            if problem.code != "INVALID_STATE":
                raise


_allow(
    "control.pause-of-anything", Campaigns.pause, "Pausing a campaign that is not running is answered 200.", "PST-MCP-2"
)
_allow("control.resume-of-anything", Campaigns.resume, "Resuming a campaign that is not paused is answered 200.")
_allow("control.stop-of-anything", Campaigns.stop, "Stopping a completed campaign is answered 200.")


@mutant("control.drafts-can-be-paused", "PST-CAM-2", "A draft can be paused.").patch(Campaigns.pause)
def _drafts_can_be_paused(pause: Original, own: PhoneStack, campaign: Campaign) -> None:
    if campaign.status == "draft":
        own.campaigns.halt(campaign)
    else:
        pause(campaign)


def _mark_as_started(response: MutableResponse[PhoneStack]) -> None:
    campaign = response.backend.store.campaign(response.request.variables["campaign_id"])
    if campaign is not None and campaign.started_at is None:
        campaign.started_at = 0


def _creates_campaign(response: MutableResponse[PhoneStack]) -> bool:
    return response.request.method == "POST" and response.request.path == "/api/v1/campaigns"


mutant("control.refused-and-done", "PST-CAM-2", "A rejected action marks the campaign as started.").response(
    _mark_as_started, on=ONE_CAMPAIGN, when=status(409)
)
mutant(
    "control.refused-as-500", "PST-CAM-2", "An action that the state does not allow is answered 500.", "PST-MCP-2"
).response(error(500, "INTERNAL_ERROR"), on=ONE_CAMPAIGN, when=status(409))
mutant("campaigns.can-be-created", "PST-CAM-3", "A campaign can be created.").response(
    respond(201, {"success": True, "data": {"id": "camp_000000000000"}}), on=UNROUTED, when=_creates_campaign
)
mutant("campaigns.creation-is-500", "PST-CAM-3", "Creating a campaign is answered 500.").response(
    error(500, "INTERNAL_ERROR"), on=UNROUTED, when=_creates_campaign
)

# -- dialing ------


@mutant("dialler.resume-begins-anew", "PST-CAM-4", "A resumed campaign calls everyone again.").patch(Campaigns.resume)
def _resume_begins_again(resume: Original, own: PhoneStack, campaign: Campaign) -> None:
    if campaign.status == "paused":
        for entry in own.dialer.entries.oldest("queue", campaign.id):
            if entry.state == "dialed":
                own.dialer.entries.update(entry, state="queued")
    resume(campaign)


@mutant("dialler.pause-loses-the-queue", "PST-CAM-4", "A pause empties the queue of a campaign.").patch(Campaigns.pause)
def _pause_loses_the_queue(pause: Original, own: PhoneStack, campaign: Campaign) -> None:
    pause(campaign)
    own.dialer.clear(campaign)


def _dials_in(own: PhoneStack, state: str) -> None:
    """Let campaigns in another state dial as well, and keep their timers."""

    def dials(usual: Original, _: PhoneStack, queue: Campaign | Batch) -> bool:
        return (isinstance(queue, Campaign) and queue.status == state) or bool(usual(queue))

    def stop(_usual: Original, _: PhoneStack, _queue: Campaign | Batch) -> None:
        """Keep the timer."""

    patch(own, Dialer.dials, dials)
    patch(own, Dialer.stop, stop)


@mutant("dialler.rests-not", "PST-CAM-4", "A paused campaign goes on dialing.").on_start
def _rests_not(own: PhoneStack) -> None:
    _dials_in(own, "paused")


@mutant("dialler.no-pace", "PST-CAM-4", "A campaign dials as fast as its concurrent calls allow.", "PST-CAM-5").patch(
    Dialer.advance
)
def _no_pace(advance: Original, _: PhoneStack, queue: Campaign | Batch, *, at_once: bool = False) -> None:
    queue.calls_per_minute = 60_000.0
    advance(queue, at_once=at_once)


mutant("dialler.no-end-of-lines", "PST-CAM-4", "A campaign has no limit of concurrent calls.").instead(
    Campaigns.create,
    lambda create, own, account, setting, id_=None: create(account, replace(setting, max_concurrent_calls=MANY), id_),
)
mutant(
    "dialler.never-completes",
    "PST-CAM-4",
    "A campaign that has called everyone goes on running.",
    "PST-CAM-1",
    "PST-HOOK-1",
).returns(Campaigns.finish, None)
mutant(
    "dialler.leaves-out-the-last",
    "PST-CAM-4",
    "The last entry of a queue is never called.",
    "PST-CON-7",
    "PST-CON-9",
    "PST-MCP-3",
).instead(Dialer.next_entry, lambda entry, own, queue: entry(queue) if own.dialer.waiting(queue) > 1 else None)


@mutant("stop.goes-on-dialling", "PST-CAM-5", "A stopped campaign goes on dialing.").on_start
def _goes_on_dialing(own: PhoneStack) -> None:
    def clear(_usual: Original, _: PhoneStack, _queue: Campaign | Batch, _reason: str | None = None) -> None:
        """Keep the queue."""

    def finish(usual: Original, _: PhoneStack, campaign: Campaign) -> None:
        if campaign.status != "completed":
            usual(campaign)

    _dials_in(own, "completed")
    patch(own, Dialer.clear, clear)
    patch(own, Campaigns.finish, finish)


def _has_uncalled(event: MutableEvent[PhoneStack]) -> bool:
    stats = event.document["data"]["stats"]
    return bool(stats["calls"] < stats["contacts"])


mutant("stop.is-a-pause", "PST-CAM-5", "A stopped campaign is paused.", "PST-CAM-2", "PST-MCP-2").instead(
    Campaigns.stop, lambda stop, own, campaign: own.campaigns.pause(campaign)
)
mutant("stop.is-not-told", "PST-CAM-5", "Stopping a campaign fires no event.").webhook(
    withhold, on="campaign.completed", when=_has_uncalled
)

# -- the spending limit ------

mutant("spending.triggers-pass", "PST-BILL-1", "Calls can be triggered past the spending limit.").returns(
    Money.check_limit, None
)


@mutant("spending.campaigns-start", "PST-BILL-1", "A campaign calls past the spending limit.").on_start
def _campaigns_start(own: PhoneStack) -> None:
    def check_limit(_usual: Original, _: PhoneStack, _campaign: Campaign) -> None:
        """Allow any."""

    def pause_all(_usual: Original, _: PhoneStack, _account: str) -> None:
        """Pause none."""

    patch(own, Campaigns.check_limit, check_limit)
    patch(own, Campaigns.pause_all, pause_all)


mutant("spending.half-is-all", "PST-BILL-1", "Half of the spending limit counts as all of it.").instead(
    Money.is_used_up,
    lambda used_up, own, account: 0 < own.money.limit(account) <= own.money.month(account).spent * 2,
)


@mutant("spending.raising-changes-nothing", "PST-BILL-1", "Raising a used-up spending limit changes nothing.").on_start
def _raising_changes_nothing(own: PhoneStack) -> None:
    reached: set[str] = set()

    def is_used_up(usual: Original, _: PhoneStack, account: str) -> bool:
        if usual(account):
            reached.add(account)
        return account in reached

    patch(own, Money.is_used_up, is_used_up)
