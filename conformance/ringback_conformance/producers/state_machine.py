"""Run Hypothesis state machines as a producer: seeded, without shrinking, so that the number of steps is bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback_conformance.producers.draws import steady

if TYPE_CHECKING:
    from hypothesis.stateful import RuleBasedStateMachine


def walk(
    machine: type[RuleBasedStateMachine],
    seed: int,
    examples: int,
    steps: int,
    ends: tuple[type[Exception], ...],
) -> None:
    """Run a state machine `examples` times, up to `steps` steps each.

    The walk ends at the first exception of `ends`, which is not raised, because the machine has recorded it already;
    any other is raised.
    """
    import hypothesis
    from hypothesis import HealthCheck, Phase, Verbosity, settings
    from hypothesis.reporting import with_reporter
    from hypothesis.stateful import run_state_machine_as_test

    with steady(), with_reporter(lambda _: None):
        try:
            run_state_machine_as_test(  # type: ignore[no-untyped-call,unused-ignore]
                hypothesis.seed(seed)(machine),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                    report_multiple_bugs=False,
                    print_blob=False,
                    verbosity=Verbosity.quiet,
                ),
            )
        except Exception as end:
            if not _expected(end, ends):
                raise


def _expected(error: BaseException, ends: tuple[type[Exception], ...]) -> bool:
    """Look into groups too: Hypothesis raises one when a walk does not fail again in the same way."""
    if isinstance(error, BaseExceptionGroup):
        return any(_expected(inner, ends) for inner in error.exceptions)
    return isinstance(error, ends)
