"""Mutants of "Campaigns API", and of the spending limit."""

from __future__ import annotations

from typing import Any

from ringback.emulator import Emulator
from ringback.gateway.errors import ApiError
from ringback.gateway.mutants import MutableResponse, Request, patch
from ringback.vendors.phonestack.mutants.register import (
    CAMPAIGNS,
    REGISTRY,
    backend,
    done,
    forget,
    never,
    posted,
    refuse,
    sent,
    viewed,
)

MANY = 10_000


@REGISTRY.on_request("campaigns.no-filter-by-direction", "PST-CAM-1", "direction filters no campaigns.")
def _no_filter_by_direction(asked: Request) -> None:
    forget(asked, CAMPAIGNS, "direction")


@REGISTRY.on_request("campaigns.no-filter-by-status", "PST-CAM-1", "status filters no campaigns.")
def _no_filter_by_status(asked: Request) -> None:
    forget(asked, CAMPAIGNS, "status")


def _figured(emulator: Emulator, change: Any) -> None:
    viewed(backend(emulator).campaigns, change, "stats")


@REGISTRY.on_start("stats.voicemails-are-completed", "PST-CAM-1", "Voicemails count as completed calls.")
def _voicemails_are_completed(emulator: Emulator) -> None:
    def change(stats: Any) -> None:
        stats.completed, stats.voicemail = stats.completed + stats.voicemail, 0

    _figured(emulator, change)


@REGISTRY.on_start("stats.cost-in-dollars", "PST-CAM-1", "The cost in stats is in dollars.")
def _cost_in_dollars(emulator: Emulator) -> None:
    def change(stats: Any) -> None:
        stats.cost_cents //= 100

    _figured(emulator, change)


@REGISTRY.on_start("stats.no-meetings", "PST-CAM-1", "Stats count no meetings.")
def _no_meetings(emulator: Emulator) -> None:
    def change(stats: Any) -> None:
        stats.meetings_booked = 0

    _figured(emulator, change)


@REGISTRY.on_start("stats.calls-are-contacts", "PST-CAM-1", "The calls in stats are the contacts.")
def _calls_are_contacts(emulator: Emulator) -> None:
    def change(stats: Any) -> None:
        stats.calls = stats.contacts + 1

    _figured(emulator, change)


# -- control ------


def _allowed(emulator: Emulator, verb: str) -> None:
    """An action that is wrong is answered as if nothing were the matter."""
    campaigns = backend(emulator).campaigns

    def make(usual: Any) -> Any:
        def act(account: str, id_: str) -> Any:
            try:
                return usual(account, id_)
            except ApiError as refusal:
                if refusal.code != "INVALID_STATE":
                    raise
                return campaigns.of(account, id_)

        return act

    patch(campaigns, verb, make)


@REGISTRY.on_start("control.pause-of-anything", "PST-CAM-2", "Pausing what does not run is answered 200.", "PST-MCP-2")
def _pause_of_anything(emulator: Emulator) -> None:
    _allowed(emulator, "pause")


@REGISTRY.on_start("control.resume-of-anything", "PST-CAM-2", "Resuming what is not paused is answered 200.")
def _resume_of_anything(emulator: Emulator) -> None:
    _allowed(emulator, "resume")


@REGISTRY.on_start("control.stop-of-anything", "PST-CAM-2", "Stopping what is over is answered 200.")
def _stop_of_anything(emulator: Emulator) -> None:
    _allowed(emulator, "stop")


@REGISTRY.on_start("control.drafts-can-be-paused", "PST-CAM-2", "A draft can be paused.")
def _drafts_can_be_paused(emulator: Emulator) -> None:
    campaigns = backend(emulator).campaigns

    def make(usual: Any) -> Any:
        def pause(account: str, id_: str) -> Any:
            campaign = campaigns.of(account, id_)
            if campaign.status == "draft":
                campaigns._pause(campaign)
                return campaign
            return usual(account, id_)

        return pause

    patch(campaigns, "pause", make)


@REGISTRY.on_response("control.refused-and-done", "PST-CAM-2", "What is refused is marked as started all the same.")
def _refused_and_done(answer: MutableResponse, emulator: Emulator) -> None:
    campaign = backend(emulator).campaigns.records.get(answer.asked.path.split("/")[-2])
    if answer.status == 409 and campaign is not None and campaign.started_at is None:
        campaign.started_at = 0


@REGISTRY.on_response(
    "control.refused-as-500", "PST-CAM-2", "What a campaign's state does not allow is answered 500.", "PST-MCP-2"
)
def _refused_as_500(answer: MutableResponse, _: Emulator) -> None:
    if answer.status == 409 and answer.asked.path.startswith(CAMPAIGNS):
        refuse(answer, 500, "INTERNAL_ERROR")


@REGISTRY.on_response("campaigns.can-be-created", "PST-CAM-3", "A campaign can be created.")
def _can_be_created(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CAMPAIGNS):
        done(answer, 201, {"id": "camp_000000000000"})


@REGISTRY.on_response("campaigns.creation-is-500", "PST-CAM-3", "Creating a campaign is answered 500.")
def _creation_is_500(answer: MutableResponse, _: Emulator) -> None:
    if posted(answer, CAMPAIGNS):
        refuse(answer, 500, "INTERNAL_ERROR")


# -- dialling ------


@REGISTRY.on_start("dialler.resume-begins-anew", "PST-CAM-4", "A campaign that is resumed calls everybody again.")
def _resume_begins_anew(emulator: Emulator) -> None:
    campaigns, dialler = backend(emulator).campaigns, backend(emulator).dialler

    def make(usual: Any) -> Any:
        def resume(account: str, id_: str) -> Any:
            campaign = campaigns.of(account, id_)
            if campaign.status == "paused":
                for entry in dialler.entries.oldest("run", id_):
                    if entry.state == "dialled":
                        dialler.entries.update(entry, state="queued")
            return usual(account, id_)

        return resume

    patch(campaigns, "resume", make)


@REGISTRY.on_start("dialler.pause-loses-the-queue", "PST-CAM-4", "A campaign that is paused forgets whom to call.")
def _pause_loses_the_queue(emulator: Emulator) -> None:
    campaigns, dialler = backend(emulator).campaigns, backend(emulator).dialler

    def make(usual: Any) -> Any:
        def pause(account: str, id_: str) -> Any:
            campaign = usual(account, id_)
            dialler.empty(campaign)
            return campaign

        return pause

    patch(campaigns, "pause", make)


@REGISTRY.on_start("dialler.rests-not", "PST-CAM-4", "A paused campaign goes on dialling.")
def _rests_not(emulator: Emulator) -> None:
    patch(backend(emulator), "dials", lambda usual: lambda run: getattr(run, "status", "") == "paused" or usual(run))
    backend(emulator).dialler.halt = never


@REGISTRY.on_start("dialler.no-pace", "PST-CAM-4", "A campaign dials as fast as its lines allow.", "PST-CAM-5")
def _no_pace(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        def go(run: Any, *, at_once: bool = False) -> None:
            run.calls_per_minute = 60_000.0
            usual(run, at_once=at_once)

        return go

    patch(backend(emulator).dialler, "go", make)


@REGISTRY.on_start("dialler.no-end-of-lines", "PST-CAM-4", "Any number of a campaign's calls are under way at once.")
def _no_end_of_lines(emulator: Emulator) -> None:
    def make(usual: Any) -> Any:
        def create(*args: Any) -> Any:
            campaign = usual(*args)
            campaign.lines = MANY
            return campaign

        return create

    patch(backend(emulator).campaigns, "create", make)


@REGISTRY.on_start(
    "dialler.never-completes",
    "PST-CAM-4",
    "A campaign that has called everybody goes on running.",
    "PST-CAM-1",
    "PST-HOOK-1",
)
def _never_completes(emulator: Emulator) -> None:
    backend(emulator).campaigns.ran_out = never


@REGISTRY.on_start(
    "dialler.leaves-out-the-last",
    "PST-CAM-4",
    "The last in a queue is never called.",
    "PST-CON-7",
    "PST-CON-9",
    "PST-MCP-3",
)
def _leaves_out_the_last(emulator: Emulator) -> None:
    dialler = backend(emulator).dialler

    def make(usual: Any) -> Any:
        def following(run: Any) -> Any:
            return None if dialler.queued(run) < 2 else usual(run)

        return following

    patch(dialler, "_next", make)


@REGISTRY.on_start("stop.goes-on-dialling", "PST-CAM-5", "A stopped campaign goes on dialling.")
def _goes_on_dialling(emulator: Emulator) -> None:
    patch(backend(emulator), "dials", lambda usual: lambda run: getattr(run, "status", "") == "completed" or usual(run))
    backend(emulator).dialler.empty = never
    backend(emulator).dialler.halt = never
    backend(emulator).campaigns.ran_out = _once(backend(emulator).campaigns.ran_out)


def _once(usual: Any) -> Any:
    """A campaign that is over is not over again."""

    def ran_out(campaign: Any) -> None:
        if campaign.status != "completed":
            usual(campaign)

    return ran_out


@REGISTRY.on_start("stop.is-a-pause", "PST-CAM-5", "A campaign that is stopped is paused.", "PST-CAM-2", "PST-MCP-2")
def _stop_is_a_pause(emulator: Emulator) -> None:
    campaigns = backend(emulator).campaigns
    patch(campaigns, "stop", lambda usual: lambda account, id_: campaigns.pause(account, id_))


@REGISTRY.on_start("stop.is-not-told", "PST-CAM-5", "Stopping a campaign fires no event.")
def _stop_is_not_told(emulator: Emulator) -> None:
    def dropped(event: Any) -> Any:
        stats = event["data"].get("stats") or {}
        left = stats.get("calls", 0) < stats.get("contacts", 0)
        return None if event["event"] == "campaign.completed" and left else event

    sent(emulator, dropped)


# -- the spending limit ------


@REGISTRY.on_start("spending.triggers-pass", "PST-BILL-1", "Calls can be triggered past the spending limit.")
def _triggers_pass(emulator: Emulator) -> None:
    backend(emulator).money.check = never


@REGISTRY.on_start("spending.campaigns-start", "PST-BILL-1", "A campaign calls past the spending limit.")
def _campaigns_start(emulator: Emulator) -> None:
    backend(emulator).campaigns._check_money = never
    backend(emulator).campaigns.out_of_money = never


@REGISTRY.on_start("spending.half-is-all", "PST-BILL-1", "Half of the spending limit is taken for all of it.")
def _half_is_all(emulator: Emulator) -> None:
    money = backend(emulator).money

    def make(usual: Any) -> Any:
        def used_up(account: str) -> bool:
            limit = money.backend.settings(account).limit()
            return bool(limit) and money._month(account).spent * 2 >= limit

        return used_up

    patch(money, "used_up", make)


@REGISTRY.on_start(
    "spending.raising-changes-nothing", "PST-BILL-1", "Once a spending limit is reached raising it changes nothing."
)
def _raising_changes_nothing(emulator: Emulator) -> None:
    money = backend(emulator).money
    reached: set[str] = set()

    def make(usual: Any) -> Any:
        def used_up(account: str) -> bool:
            if usual(account):
                reached.add(account)
            return account in reached

        return used_up

    patch(money, "used_up", make)
