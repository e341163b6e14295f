"""The interface through which a run reports its progress."""

from __future__ import annotations

from ringback_conformance.judge import ProbeResult
from ringback_conformance.model import Exchange, Profile
from ringback_conformance.plan import Plan


class ProgressListener:
    """Receives the progress of a run. This one ignores it; override what you want to hear."""

    def planned(self, target: str, profile: Profile, plan: Plan) -> None:
        """The run begins with this plan."""

    def started(self, name: str) -> None:
        """A claim's probe, or another producer, begins."""

    def finished(self, name: str, result: ProbeResult, held: bool) -> None:
        """It has ended."""

    def sent(self, exchange: Exchange) -> None:
        """An exchange went over the wire."""

    def say(self, message: str) -> None:
        """The run has a message for the user."""
