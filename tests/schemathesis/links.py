"""The contract's links, followed from answer to answer by schemathesis' state machine."""

from __future__ import annotations

from typing import Any

import hypothesis
import schemathesis

from tests.schemathesis.place import Place, Schema

STEPS = 8


def follow(schema: Schema, place: Place, scenarios: int) -> None:
    """Walk through `scenarios` from the same beginning, each answer held to every check. Raises FailureGroup."""

    class Customer(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            place.start_over()

        def before_call(self, case: schemathesis.Case) -> None:
            place.feed(case, linked=True)

        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return place.how()

        def after_call(self, response: schemathesis.Response, case: schemathesis.Case) -> None:
            super().after_call(response, case)
            place.count(case, response)

        def validate_response(
            self, response: schemathesis.Response, case: schemathesis.Case, *_: object, **how: Any
        ) -> None:
            super().validate_response(response, case, additional_checks=[place.nobody_elses], **how)

    Customer.run(
        settings=hypothesis.settings(
            max_examples=scenarios,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
    )
