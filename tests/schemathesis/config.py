"""What the run is made of: schemathesis' own settings, and every exception to one of its checks with the reason.

All of schemathesis' checks are on and none is loosened; three are tighter than they come. (It has a bound on response
times besides, unset as it comes: no test here measures time.) Where a right answer fails a check, `ALLOWED` has a line
that lets through that answer alone, under a condition that the case itself shows. A line that is never needed fails
the run, as a finding does, and so does a check, a phase or an answer that the run never came to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from schemathesis import Case

    from tests.schemathesis.place import Place

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

LIMIT_REACHED = "429"


def settings(examples: int, *, limited: bool = False) -> dict[str, Any]:
    """The settings, by the names of `schemathesis.toml`: `examples` for each operation, and with `limited` the
    documented limits are on, so that any request may be answered 429."""
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
            # Tighter: schemathesis takes 3xx for fine as well, and this API never redirects.
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx"]},
            # Tighter: the page's codes for what is wrong with a request, out of the dozen that come as default.
            "negative_data_rejection": {"expected-statuses": ["400", "401", "404", *more]},
            # Tighter: 3xx, 401, 403, 404, 409 and 5xx come as fine; here a valid request succeeds, and each refusal of
            # one is a line of ALLOWED.
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
    where not all do."""

    check: str
    operations: tuple[str, ...]
    status: int
    code: str | None
    when: Callable[[Place, Case], bool]
    why: str
    needed_by: tuple[str, ...] = ()


ALLOWED = (
    Allowed(
        "unsupported_method",
        ("listNumbers", "createNumber", "releaseNumber", "listCalls", "getTranscript", "getRecording"),
        404,
        "not_found",
        lambda place, case: True,
        "The page's table of errors has no 405: what the API does not have, path or method, is 404 not_found.",
        # Each path is probed with the methods that it lacks once: /v1/numbers under the first of its two operations.
        needed_by=("listNumbers", "releaseNumber", "listCalls", "getTranscript", "getRecording"),
    ),
    Allowed(
        "positive_data_acceptance",
        ("releaseNumber",),
        404,
        "not_found",
        lambda place, case: not place.owns_number(case.path_parameters["id"]),
        "Page, Release a number: an unknown id, or another customer's, is 404 not_found.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("getTranscript",),
        404,
        "not_found",
        lambda place, case: not place.has_transcript(case.path_parameters["call_id"]),
        "Page, Get a transcript: 404 not_found for a call that is not one's own or has no transcript.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("getRecording",),
        404,
        "not_found",
        lambda place, case: not place.owns_call(case.path_parameters["call_id"]),
        "Page, Errors: 404 not_found for an unknown or foreign id.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("getRecording",),
        404,
        "no_recording",
        lambda place, case: (
            place.owns_call(case.path_parameters["call_id"])
            and not place.has_recording(case.path_parameters["call_id"])
        ),
        "Page, Get a recording: 404 no_recording for a call that has none.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("createNumber",),
        400,
        "invalid_request",
        lambda place, case: not place.can_be_had(case.body),
        "Page, Provision a number: the business line is a US number and the webhook URL a public one. Which areas the "
        "US has, and which hosts are public, no pattern of the contract says.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("createNumber",),
        409,
        "no_numbers",
        lambda place, case: not place.can_be_had(case.body),
        "Page, Provision a number: an area without stock is 409 no_numbers.",
    ),
    Allowed(
        "positive_data_acceptance",
        ("listCalls",),
        400,
        "invalid_request",
        lambda place, case: "starting_after" in case.query and not place.owns_call(case.query["starting_after"]),
        "Paging is ours, for the page has none: a list can't go on after a call that is not in it.",
    ),
    Allowed(
        "negative_data_rejection",
        ("listCalls",),
        200,
        None,
        lambda place, case: place.only_adds_parameters(case.query),
        "The page promises no refusal of parameters that it does not have, and the contract forbids none: ignored.",
    ),
)

GENERATED = {("coverage", "positive"), ("coverage", "negative"), ("fuzzing", "positive"), ("fuzzing", "negative")}
EXAMPLES = {("examples", "positive")}
DRAWN = {
    "listNumbers": GENERATED,
    "createNumber": GENERATED | EXAMPLES,
    "releaseNumber": GENERATED | EXAMPLES,
    "listCalls": GENERATED | EXAMPLES,
    "getTranscript": GENERATED | EXAMPLES,
    "getRecording": GENERATED | EXAMPLES,
}
"""The phases and modes that a run over one operation goes through; nothing is sent with listNumbers that could have
examples. The stateful phase is the run along the links."""

REACHED = {
    "listNumbers": {200, 401},
    "createNumber": {201, 400, 401, 409},
    "releaseNumber": {200, 401, 404},
    "listCalls": {200, 400, 401},
    "getTranscript": {200, 401, 404},
    "getRecording": {200, 401, 404},
}
"""What a run over one operation must have been answered with, else it has looked at too little."""

FOLLOWED = {
    "createNumber": {201},
    "releaseNumber": {200},
    "listCalls": {200},
    "getTranscript": {200},
    "getRecording": {200},
}
"""The same for the run along the links, where every id but a few comes out of an answer."""

LIMITS_TOLD = {
    "createNumber": {"rate_limited", "number_limit", "provision_velocity"},
    "listCalls": {"rate_limited"},
}
"""The operations of the run with the documented limits on, and the codes of 429 that each must have come to."""
