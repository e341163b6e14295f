"""Mutants of "Campaigns API", and of the spending limit."""

from __future__ import annotations

from typing import Any

from ringback.gateway.errors import Refusal
from ringback.gateway.mutants import Answered, Asked, swap
from ringback.gateway.services import World
from ringback.vendors.phonestack.mutants.register import (
    BOOK,
    CAMPAIGNS,
    done,
    forget,
    house,
    never,
    posted,
    refuse,
    sent,
    viewed,
)

MANY = 10_000


@BOOK.asked("campaigns.no-filter-by-direction", "PST-CAM-1", "direction filters no campaigns.")
def _no_filter_by_direction(asked: Asked) -> None:
    forget(asked, CAMPAIGNS, "direction")


@BOOK.asked("campaigns.no-filter-by-status", "PST-CAM-1", "status filters no campaigns.")
def _no_filter_by_status(asked: Asked) -> None:
    forget(asked, CAMPAIGNS, "status")


def _figured(world: World, change: Any) -> None:
    viewed(house(world).campaigns, change, "stats")


@BOOK.world("stats.voicemails-are-completed", "PST-CAM-1", "Voicemails count as completed calls.")
def _voicemails_are_completed(world: World) -> None:
    def change(stats: Any) -> None:
        stats.completed, stats.voicemail = stats.completed + stats.voicemail, 0

    _figured(world, change)


@BOOK.world("stats.cost-in-dollars", "PST-CAM-1", "The cost in stats is in dollars.")
def _cost_in_dollars(world: World) -> None:
    def change(stats: Any) -> None:
        stats.cost_cents //= 100

    _figured(world, change)


@BOOK.world("stats.no-meetings", "PST-CAM-1", "Stats count no meetings.")
def _no_meetings(world: World) -> None:
    def change(stats: Any) -> None:
        stats.meetings_booked = 0

    _figured(world, change)


@BOOK.world("stats.calls-are-contacts", "PST-CAM-1", "The calls in stats are the contacts.")
def _calls_are_contacts(world: World) -> None:
    def change(stats: Any) -> None:
        stats.calls = stats.contacts + 1

    _figured(world, change)


# -- control ------


def _allowed(world: World, verb: str) -> None:
    """An action that is wrong is answered as if nothing were the matter."""
    campaigns = house(world).campaigns

    def make(usual: Any) -> Any:
        def act(account: str, id_: str) -> Any:
            try:
                return usual(account, id_)
            except Refusal as refusal:
                if refusal.code != "INVALID_STATE":
                    raise
                return campaigns.of(account, id_)

        return act

    swap(campaigns, verb, make)


@BOOK.world("control.pause-of-anything", "PST-CAM-2", "Pausing what does not run is answered 200.", "PST-MCP-2")
def _pause_of_anything(world: World) -> None:
    _allowed(world, "pause")


@BOOK.world("control.resume-of-anything", "PST-CAM-2", "Resuming what is not paused is answered 200.")
def _resume_of_anything(world: World) -> None:
    _allowed(world, "resume")


@BOOK.world("control.stop-of-anything", "PST-CAM-2", "Stopping what is over is answered 200.")
def _stop_of_anything(world: World) -> None:
    _allowed(world, "stop")


@BOOK.world("control.drafts-can-be-paused", "PST-CAM-2", "A draft can be paused.")
def _drafts_can_be_paused(world: World) -> None:
    campaigns = house(world).campaigns

    def make(usual: Any) -> Any:
        def pause(account: str, id_: str) -> Any:
            campaign = campaigns.of(account, id_)
            if campaign.status == "draft":
                campaigns._pause(campaign)
                return campaign
            return usual(account, id_)

        return pause

    swap(campaigns, "pause", make)


@BOOK.answered("control.refused-and-done", "PST-CAM-2", "What is refused is marked as started all the same.")
def _refused_and_done(answer: Answered, world: World) -> None:
    campaign = house(world).campaigns.records.get(answer.asked.path.split("/")[-2])
    if answer.status == 409 and campaign is not None and campaign.started_at is None:
        campaign.started_at = 0


@BOOK.answered(
    "control.refused-as-500", "PST-CAM-2", "What a campaign's state does not allow is answered 500.", "PST-MCP-2"
)
def _refused_as_500(answer: Answered, _: World) -> None:
    if answer.status == 409 and answer.asked.path.startswith(CAMPAIGNS):
        refuse(answer, 500, "INTERNAL_ERROR")


@BOOK.answered("campaigns.can-be-created", "PST-CAM-3", "A campaign can be created.")
def _can_be_created(answer: Answered, _: World) -> None:
    if posted(answer, CAMPAIGNS):
        done(answer, 201, {"id": "camp_000000000000"})


@BOOK.answered("campaigns.creation-is-500", "PST-CAM-3", "Creating a campaign is answered 500.")
def _creation_is_500(answer: Answered, _: World) -> None:
    if posted(answer, CAMPAIGNS):
        refuse(answer, 500, "INTERNAL_ERROR")


# -- dialling ------


@BOOK.world("dialler.resume-begins-anew", "PST-CAM-4", "A campaign that is resumed calls everybody again.")
def _resume_begins_anew(world: World) -> None:
    campaigns, dialler = house(world).campaigns, house(world).dialler

    def make(usual: Any) -> Any:
        def resume(account: str, id_: str) -> Any:
            campaign = campaigns.of(account, id_)
            if campaign.status == "paused":
                for entry in dialler.entries.oldest("run", id_):
                    if entry.state == "dialled":
                        dialler.entries.update(entry, state="queued")
            return usual(account, id_)

        return resume

    swap(campaigns, "resume", make)


@BOOK.world("dialler.pause-loses-the-queue", "PST-CAM-4", "A campaign that is paused forgets whom to call.")
def _pause_loses_the_queue(world: World) -> None:
    campaigns, dialler = house(world).campaigns, house(world).dialler

    def make(usual: Any) -> Any:
        def pause(account: str, id_: str) -> Any:
            campaign = usual(account, id_)
            dialler.empty(campaign)
            return campaign

        return pause

    swap(campaigns, "pause", make)


@BOOK.world("dialler.rests-not", "PST-CAM-4", "A paused campaign goes on dialling.")
def _rests_not(world: World) -> None:
    swap(house(world), "dials", lambda usual: lambda run: getattr(run, "status", "") == "paused" or usual(run))
    house(world).dialler.halt = never


@BOOK.world("dialler.no-pace", "PST-CAM-4", "A campaign dials as fast as its lines allow.", "PST-CAM-5")
def _no_pace(world: World) -> None:
    def make(usual: Any) -> Any:
        def go(run: Any, *, at_once: bool = False) -> None:
            run.calls_per_minute = 60_000.0
            usual(run, at_once=at_once)

        return go

    swap(house(world).dialler, "go", make)


@BOOK.world("dialler.no-end-of-lines", "PST-CAM-4", "Any number of a campaign's calls are under way at once.")
def _no_end_of_lines(world: World) -> None:
    def make(usual: Any) -> Any:
        def create(*args: Any) -> Any:
            campaign = usual(*args)
            campaign.lines = MANY
            return campaign

        return create

    swap(house(world).campaigns, "create", make)


@BOOK.world(
    "dialler.never-completes",
    "PST-CAM-4",
    "A campaign that has called everybody goes on running.",
    "PST-CAM-1",
    "PST-HOOK-1",
)
def _never_completes(world: World) -> None:
    house(world).campaigns.ran_out = never


@BOOK.world(
    "dialler.leaves-out-the-last",
    "PST-CAM-4",
    "The last in a queue is never called.",
    "PST-CON-7",
    "PST-CON-9",
    "PST-MCP-3",
)
def _leaves_out_the_last(world: World) -> None:
    dialler = house(world).dialler

    def make(usual: Any) -> Any:
        def following(run: Any) -> Any:
            return None if dialler.queued(run) < 2 else usual(run)

        return following

    swap(dialler, "_next", make)


@BOOK.world("stop.goes-on-dialling", "PST-CAM-5", "A stopped campaign goes on dialling.")
def _goes_on_dialling(world: World) -> None:
    swap(house(world), "dials", lambda usual: lambda run: getattr(run, "status", "") == "completed" or usual(run))
    house(world).dialler.empty = never
    house(world).dialler.halt = never
    house(world).campaigns.ran_out = _once(house(world).campaigns.ran_out)


def _once(usual: Any) -> Any:
    """A campaign that is over is not over again."""

    def ran_out(campaign: Any) -> None:
        if campaign.status != "completed":
            usual(campaign)

    return ran_out


@BOOK.world("stop.is-a-pause", "PST-CAM-5", "A campaign that is stopped is paused.", "PST-CAM-2", "PST-MCP-2")
def _stop_is_a_pause(world: World) -> None:
    campaigns = house(world).campaigns
    swap(campaigns, "stop", lambda usual: lambda account, id_: campaigns.pause(account, id_))


@BOOK.world("stop.is-not-told", "PST-CAM-5", "Stopping a campaign fires no event.")
def _stop_is_not_told(world: World) -> None:
    def dropped(event: Any) -> Any:
        stats = event["data"].get("stats") or {}
        left = stats.get("calls", 0) < stats.get("contacts", 0)
        return None if event["event"] == "campaign.completed" and left else event

    sent(world, dropped)


# -- the spending limit ------


@BOOK.world("spending.triggers-pass", "PST-BILL-1", "Calls can be triggered past the spending limit.")
def _triggers_pass(world: World) -> None:
    house(world).money.check = never


@BOOK.world("spending.campaigns-start", "PST-BILL-1", "A campaign calls past the spending limit.")
def _campaigns_start(world: World) -> None:
    house(world).campaigns._check_money = never
    house(world).campaigns.out_of_money = never


@BOOK.world("spending.half-is-all", "PST-BILL-1", "Half of the spending limit is taken for all of it.")
def _half_is_all(world: World) -> None:
    money = house(world).money

    def make(usual: Any) -> Any:
        def used_up(account: str) -> bool:
            limit = money.house.settings(account).limit()
            return bool(limit) and money._month(account).spent * 2 >= limit

        return used_up

    swap(money, "used_up", make)


@BOOK.world(
    "spending.raising-changes-nothing", "PST-BILL-1", "Once a spending limit is reached raising it changes nothing."
)
def _raising_changes_nothing(world: World) -> None:
    money = house(world).money
    reached: set[str] = set()

    def make(usual: Any) -> Any:
        def used_up(account: str) -> bool:
            if usual(account):
                reached.add(account)
            return account in reached

        return used_up

    swap(money, "used_up", make)
