"""What a run is asked to do, and how far it may go."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from ringback_conformance.catalogue import Catalogue
from ringback_conformance.claims import load
from ringback_conformance.model import Claim, Profile
from ringback_conformance.producers.engine import Recording


class UsageError(Exception):
    """The options contradict each other or name something unknown; the message says what to do."""


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How much the generating producers do: engine examples and requests, machine walks and steps."""

    examples: int
    engine_requests: int
    walks: int
    steps: int


THOROUGH = Effort(examples=10, engine_requests=2_000, walks=20, steps=16)
BRIEF = Effort(examples=1, engine_requests=60, walks=4, steps=10)
POLITE = Effort(examples=2, engine_requests=24, walks=0, steps=0)
"""For a deployment that is not ours."""


class RunOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked for. `budget` is in cents; `deviations` maps claim ids to reasons."""

    vendor: str
    url: str | None = None
    key: str | None = None
    control: str | None = None
    control_token: str | None = None
    profile: Profile | None = None
    allow: frozenset[str] = frozenset()
    budget: int = 0
    webhook_url: str | None = None
    webhook_listen: tuple[str, int] = ("127.0.0.1", 0)
    destinations: tuple[str, ...] = ()
    await_call: float = 0.0
    ca: str | None = None
    only: tuple[str, ...] = ()
    seed: int = 0
    timeout: float = 10.0
    requests: int | None = None
    rate: int | None = None
    """Requests a minute, where it is to be less than what the vendor allows."""
    producers: frozenset[str] = frozenset({"probes", "engine", "machine"})
    deviations: dict[str, str] = {}
    ledger: Path | None = None
    people: bool = True
    """Hide the people in a real account's calls."""
    mutants: tuple[str, ...] = ()
    effort: Effort | None = None
    recording: Recording | None = None
    """What the engine sent to another target, to be sent again in place of new requests."""

    def effort_for(self, profile: Profile) -> Effort:
        """Return the effort that was asked for, or the usual one for a profile."""
        return self.effort or (THOROUGH if profile is Profile.EMULATOR else POLITE)

    def requested_profile(self) -> Profile | None:
        """Return the profile that the options ask for, or None where the target decides.

        Raises UsageError for options that contradict each other.
        """
        profile, changes = self.profile, self.allow & {"write", "spend"}
        if profile is None and changes:
            profile = Profile.SANDBOX
        if profile is Profile.READONLY and changes:
            raise UsageError("--profile readonly and --allow write|spend contradict each other")
        if "spend" in self.allow and not self.budget:
            raise UsageError("--allow spend needs --budget USD")
        if self.budget and profile is not Profile.SANDBOX:
            raise UsageError("--budget goes with --profile sandbox or --allow spend")
        if self.url is None and self.control is not None:
            raise UsageError("--control goes with --url BASE_URL: without it the suite starts an emulator of its own")
        return profile

    def selected(self) -> tuple[Catalogue, list[Claim]]:
        """Return the vendor's catalogue and the chosen claims. Raises UsageError for an unknown name."""
        try:
            catalogue = load(self.vendor)
        except LookupError as error:
            raise UsageError(str(error)) from None
        claims = catalogue.select(self.only)
        if not claims:
            raise UsageError(f"no claim matches {' '.join(self.only)}: `ringback claims {self.vendor}` lists them")
        for unknown in set(self.deviations) - set(catalogue.claims):
            raise UsageError(f"the deviations name {unknown}, which is not a claim of {self.vendor}")
        return catalogue, claims


def state_folder() -> Path:
    """Return where ledgers and the history of runs are kept: `$RINGBACK_HOME`, or below the user's state folder."""
    if home := os.environ.get("RINGBACK_HOME"):
        return Path(home)
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ringback"
