"""Mutants of lists: by limit and offset, and of messages by timestamp."""

from __future__ import annotations

from collections.abc import Callable

from ringback.mutants.agentphone.registry import mutant
from ringback.mutants.traffic import MutableRequest, drop_query, set_query
from ringback.mutants.transforms import apply, drop, reverse, set_to
from ringback.store import Collection
from ringback.vendors.agentphone.records import CallDetail
from ringback.vendors.agentphone.rules import AgentPhone

PAGED = ("listNumbers", "listAgents", "listCalls", "listConversations")
Condition = Callable[[MutableRequest[AgentPhone]], bool]


def _asks(name: str, value: str | None) -> Condition:
    """Whether a parameter of the query has this value; None is a parameter that is missing."""
    return lambda request: request.query.get(name) == value


# -- by limit and offset ------

mutant("pages.limit-is-clamped", "AGP-PAGE-1", "A limit over 100 becomes 100.").request(
    set_query(limit="100"), on=PAGED, when=_asks("limit", "101")
)
mutant("pages.limit-of-nothing", "AGP-PAGE-1", "A limit of 0 becomes the default.").request(
    drop_query("limit"), on=PAGED, when=_asks("limit", "0")
)
mutant("pages.of-25", "AGP-PAGE-1", "A page has 25 objects where no limit is given.").request(
    set_query(limit="25"), on=PAGED, when=_asks("limit", None)
)
mutant("pages.offset-is-ignored", "AGP-PAGE-1", "offset is ignored.", "AGP-PAGE-4").request(
    drop_query("offset"), on=PAGED
)
mutant("pages.negative-offset", "AGP-PAGE-1", "A negative offset becomes 0.").request(
    drop_query("offset"), on=PAGED, when=_asks("offset", "-1")
)
mutant("pages.without-total", "AGP-PAGE-3", "The list of an agent's calls has no total.", "AGP-SDK-1").response(
    drop("total"), on="listAgentCalls"
)
mutant("pages.has-more-is-a-number", "AGP-PAGE-3", "hasMore of a conversation's messages is 0.").response(
    set_to("hasMore", 0), on="listConversationMessages"
)
mutant("pages.oldest-first", "AGP-PAGE-4", "Contacts come with the oldest first.").response(
    reverse("data"), on="listContacts"
)
mutant("pages.no-more", "AGP-PAGE-4", "hasMore of agents is always false.").response(
    set_to("hasMore", False), on="listAgents"
)
mutant("pages.more-at-the-end", "AGP-PAGE-4", "hasMore is true where a page is full.").response(
    apply("", lambda body: {**body, "hasMore": bool(body["data"])}), on="listConversations"
)
mutant("pages.total-of-the-page", "AGP-PAGE-4", "total counts the page.").response(
    apply("", lambda body: {**body, "total": len(body["data"])}), on=PAGED
)
mutant("pages.of-calls-skip-one", "AGP-PAGE-4", "Every page of calls but the first skips one call.").instead(
    Collection[CallDetail].slice,
    lambda slice_, own, index, key, offset, limit: slice_(index, key, offset + bool(offset), limit),
    of=lambda own: own.data.calls,
)

# -- by timestamp ------

mutant("stretches.limit-is-clamped", "AGP-PAGE-2", "A limit of messages over 200 becomes 200.").request(
    set_query(limit="200"), on="listNumberMessages", when=_asks("limit", "201")
)
mutant("stretches.of-20", "AGP-PAGE-2", "20 messages come where no limit is given.").request(
    set_query(limit="20"), on="listNumberMessages", when=_asks("limit", None)
)
mutant("stretches.share-instants", "AGP-PAGE-2", "Messages of one second have the same timestamp.").response(
    apply("data[].receivedAt", lambda instant: instant.partition(".")[0].rstrip("Z") + "Z"), on="listNumberMessages"
)
mutant("stretches.after-is-ignored", "AGP-PAGE-2", "after is ignored.").request(
    drop_query("after"), on="listNumberMessages"
)
mutant("stretches.before-is-ignored", "AGP-PAGE-2", "before is ignored.").request(
    drop_query("before"), on="listNumberMessages"
)
mutant("stretches.any-instant", "AGP-PAGE-2", "A `before` that is no timestamp is ignored.").request(
    drop_query("before"),
    on="listNumberMessages",
    when=lambda request: not request.query.get("before", "2").startswith("2"),
)
mutant("stretches.end-too-early", "AGP-PAGE-2", "hasMore is false before the last page.").response(
    set_to("hasMore", False),
    on="listNumberMessages",
    when=lambda response: response.status < 300 and "before" in response.request.query,
)
