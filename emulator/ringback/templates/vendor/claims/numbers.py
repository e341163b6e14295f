"""Create a number, List numbers."""

from __future__ import annotations

from ringback_conformance.claims.acmephone.adapter import CATALOGUE, NUMBERS, SHAPES

from ringback_conformance.catalogue import WRITE
from ringback_conformance.model import Send
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("List numbers")


@claim(
    "ACM-NUM-1",
    "A number is listed after it was created.",
    needs=WRITE,
    sends=(Send("POST", NUMBERS, 1), Send("GET", NUMBERS, 1)),
)
def a_created_number_is_listed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    created = account.post(NUMBERS, {})
    ctx.expect_status(created, 201, "a number without a choice")
    ctx.expect_documented(SHAPES.problem("Number", created.json(), "the created number"), "a created number", created)
    listing = account.get(NUMBERS)
    ctx.expect_status(listing, 200, "the list")
    listed = [number["id"] for number in (listing.json() or {}).get("data", ())]
    ctx.expect_equal(created.json()["id"] in listed, True, "whether the created number is listed", created, listing)
