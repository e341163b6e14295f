"""Probes for identities and who sees them, which the page leaves to the SDK."""

from __future__ import annotations

from ringback_conformance.catalogue import CTL
from ringback_conformance.claims.inkbox.adapter import CATALOGUE
from ringback_conformance.claims.inkbox.steps import (
    IDENTITIES,
    NUMBERS,
    SUBSCRIPTIONS,
    agent_of,
    at,
    fetched,
    hook,
    listed,
    made,
    new_identity,
    new_number,
    refused,
    thing_in,
)
from ringback_conformance.model import Basis
from ringback_conformance.probe_context import ProbeContext

claim = CATALOGUE.section("Quick start", Basis.SDK)

ONE = f"{IDENTITIES}front-desk"


@claim(
    "INK-ID-1",
    "Identities are made, listed, changed and deleted; a handle that is taken is 409.",
    needs=CTL,
)
def identities_made_and_removed(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    exchange = account.post(IDENTITIES, {"agent_handle": "@front-desk", "description": "Takes reservations."})
    ctx.check_(exchange.status == 201, f"an identity: expected 201, got {exchange}", exchange)
    identity = thing_in(exchange, "identity")
    wanted = {"agent_handle": "front-desk", "description": "Takes reservations.", "phone_number": None}
    wrong = {name: identity.get(name) for name, value in wanted.items() if identity.get(name) != value}
    ctx.expect(not wrong and identity.get("display_name") == "front-desk", f"an identity: got {wrong}", exchange)
    taken = account.post(IDENTITIES, {"agent_handle": "front-desk"})
    refused(ctx, taken, 409, "a handle that is taken", "agent_handle_unavailable")
    detail = (taken.json() or {}).get("detail")
    space = detail.get("blocking_namespace") if isinstance(detail, dict) else None
    ctx.expect(space == "identities", f"blocking_namespace: expected identities, got {space!r}", taken)
    ctx.expect(len(listed(account, IDENTITIES)) == 1, "the list: expected one identity", taken)
    changed = account.patch(ONE, {"display_name": "Front desk", "description": None})
    shown = fetched(account, ONE)
    ctx.expect(
        made(changed) and shown.get("display_name") == "Front desk" and shown.get("description") is None,
        f"a change: expected the new name and no description, got {shown.get('display_name')!r}",
        changed,
    )
    account.patch(ONE, {})
    ctx.expect(fetched(account, ONE).get("display_name") == "Front desk", "a change of nothing: expected nothing")
    for handle in ("", "a b", "-x-", "ü"):
        refused(ctx, account.post(IDENTITIES, {"agent_handle": handle}), 422, f"the handle {handle!r}")
    number = thing_in(account.post(NUMBERS, {"agent_handle": "front-desk", "type": "local"}), "number")
    agent = agent_of(account, number)
    hook(ctx, account, number, "text.received")
    ctx.precondition(agent.get(NUMBERS).status == 200, "the agent's key does not work")
    removed = account.delete(ONE)
    ctx.expect(removed.status == 204, f"DELETE of an identity: expected 204, got {removed}", removed)
    refused(ctx, account.get(ONE), 404, "an identity that was deleted")
    refused(ctx, account.get(at(number)), 404, "the number of an identity that was deleted")
    refused(ctx, agent.get(NUMBERS), 401, "the key of an identity that was deleted")
    left = (account.get(f"{SUBSCRIPTIONS}?scope=identity").json() or {}).get("subscriptions")
    ctx.expect(left == [], f"its subscriptions: expected none, got {left}", removed)
    again = account.post(IDENTITIES, {"agent_handle": "front-desk"})
    ctx.expect(again.status == 201, f"its handle, free again: expected 201, got {again}", again)


@claim(
    "INK-ID-2",
    "An identity is seen by other agents' keys as far as it was granted.",
    needs=CTL,
)
def who_sees_an_identity(ctx: ProbeContext) -> None:
    account = ctx.default_account()
    number = new_number(account)
    new_identity(account, "back-office")
    other = thing_in(account.get(f"{IDENTITIES}back-office"), "identity")
    agent = agent_of(account, number)
    place = f"{IDENTITIES}back-office/access"
    ctx.expect(listed(account, place) == [], "a new identity: expected nobody to see it")
    refused(ctx, agent.get(f"{IDENTITIES}back-office"), 404, "an identity that was not granted")
    exchange = account.post(place, {"viewer_identity_id": number["agent_identity_id"]})
    grant = thing_in(exchange, "grant")
    wanted = {"target_identity_id": other["id"], "viewer_identity_id": number["agent_identity_id"]}
    wrong = {name: grant.get(name) for name, value in wanted.items() if grant.get(name) != value}
    ctx.expect(exchange.status == 201 and not wrong, f"a grant: expected {wanted}, got {wrong} ({exchange})", exchange)
    seen = agent.get(f"{IDENTITIES}back-office")
    ctx.expect(seen.status == 200, f"an identity that was granted: expected 200, got {seen}", seen)
    refused(ctx, account.post(place, {"viewer_identity_id": number["agent_identity_id"]}), 409, "the same grant again")
    refused(ctx, account.post(place, {"viewer_identity_id": other["id"]}), 422, "a grant to itself")
    refused(ctx, agent.post(place, {"viewer_identity_id": None}), 403, "a grant by an agent's key")
    gone = account.delete(f"{place}/{number['agent_identity_id']}")
    ctx.expect(gone.status == 204, f"taking a grant back: expected 204, got {gone}", gone)
    refused(ctx, agent.get(f"{IDENTITIES}back-office"), 404, "an identity that was granted no more")
    refused(ctx, account.delete(f"{place}/{number['agent_identity_id']}"), 404, "taking it back again")
    every = account.post(place, {"viewer_identity_id": None})
    ctx.expect(every.status == 201, f"a grant to all: expected 201, got {every}", every)
    ctx.expect(agent.get(f"{IDENTITIES}back-office").status == 200, "an identity that all may see: expected 200", every)
    one = account.post(place, {"viewer_identity_id": number["agent_identity_id"]})
    refused(ctx, one, 409, "a grant to one where all may", "redundant_grant")
