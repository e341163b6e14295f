"""Counting calls, in one way wherever they are counted: campaigns as they end, reports when they are run."""

from __future__ import annotations

from ringback.carrier.call import Call
from ringback.vendors.phonestack.records import CallDetail, Tally


def count(tally: Tally, call: Call, detail: CallDetail) -> None:
    """Add a call to a tally; one that has not ended counts as a call and nothing else."""
    tally.calls += 1
    status = detail.status
    if status is None:
        return
    setattr(tally, status, getattr(tally, status) + 1)
    tally.talk_duration_seconds += call.duration
    tally.cost_cents += detail.cost
    if detail.outcome.analysis is not None and detail.outcome.analysis.meeting_booked:
        tally.meetings_booked += 1
