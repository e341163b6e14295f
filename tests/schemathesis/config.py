"""What a run is made of: schemathesis' own settings, and how an exception to one of its checks is written down.

All of schemathesis' checks are on and none is loosened; three are tighter than they come. (It has a bound on response
times besides, unset as it comes: no test here measures time.) Where a right answer fails a check, the vendor's
`exceptions` have a line that lets through that answer alone, under a condition that the case itself shows. A line that
is never needed fails the run, as a finding does, and so does a check, a phase or an answer that it never came to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemathesis import Case

CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
    "ensure_resource_availability",
    "ignored_auth",
    "object_level_authorization",
}
"""What every answer is put through."""

GENERATED = frozenset(
    (("coverage", "positive"), ("coverage", "negative"), ("fuzzing", "positive"), ("fuzzing", "negative"))
)
EXAMPLES = frozenset((("examples", "positive"),))
"""The phases and modes that a run over one operation goes through; the stateful phase is the run along the links."""
LIMIT_REACHED = "429"


def settings(examples: int, refusals: Sequence[str], *, limited: bool = False) -> dict[str, Any]:
    """The settings, by the names of `schemathesis.toml`: `examples` for each operation, `refusals` the vendor's
    statuses for what is wrong with a request. With `limited` the documented limits are on, so that any request may be
    answered 429."""
    more = [LIMIT_REACHED] if limited else []
    return {
        # Repeatable: the same cases in the same order each time, nothing remembered from the last run.
        "seed": 1,
        "workers": 1,
        "cache": {"enabled": False},
        "warnings": False,
        "suppress-health-check": ["all"],
        "generation": {
            "mode": "all",
            "max-examples": examples,
            "deterministic": True,
            "database": "none",
            "no-shrink": True,
        },
        "auth": {"auto-signup": False},
        "phases": {
            "examples": {"enabled": True},
            "coverage": {"enabled": True, "generate-duplicate-query-parameters": True},
            "fuzzing": {"enabled": True},
            "stateful": {"enabled": True},
        },
        "checks": {
            "enabled": True,
            # Tighter: schemathesis takes 3xx for fine as well, and no API here redirects where there is no TLS.
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx"]},
            # Tighter: the page's codes for what is wrong with a request, out of the dozen that come as default.
            "negative_data_rejection": {"expected-statuses": [*refusals, *more]},
            # Tighter: 3xx, 401, 403, 404, 409 and 5xx come as fine; here a valid request succeeds, and each refusal of
            # one is a line of the vendor's exceptions.
            "positive_data_acceptance": {"expected-statuses": ["2xx", *more]},
            # Needs a second customer, which schemathesis takes from a file that exists before the server does.
            # `Place.nobody_elses` judges the same with the ids of another account, on every answer.
            "object_level_authorization": {"enabled": True},
        },
    }


@dataclass(frozen=True)
class Allowed:
    """One answer that is right although a check fails: the check, on which operations, with which status and code
    (None where the answer is no error), under which condition, and why. `needed_by` names the operations that meet it,
    where not all do; one that is `linked` is met along the links alone."""

    check: str
    operations: tuple[str, ...]
    status: int
    code: str | None
    when: Callable[[Any, Case], bool]
    why: str
    needed_by: tuple[str, ...] = ()
    linked: bool = False
