"""Collections checked against a plain list; paging is stable while records are added and removed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ringback.store import Collection, Record


class Thing(Record, kw_only=True):
    colour: str


def collection() -> Collection[Thing]:
    return Collection(
        Thing,
        account=lambda thing: thing.account,
        colour=lambda thing: (thing.account, thing.colour) if thing.colour != "none" else None,
    )


COLOURS = st.sampled_from(("red", "blue", "none"))


class CollectionMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.things = collection()
        self.model: list[Thing] = []
        self.made = 0

    @rule(account=st.sampled_from("ab"), colour=COLOURS)
    def add(self, account: str, colour: str) -> None:
        self.made += 1
        self.model.append(self.things.add(Thing(id=f"t{self.made}", account=account, colour=colour)))

    @rule(pick=st.integers(0, 50), colour=COLOURS)
    def recolour(self, pick: int, colour: str) -> None:
        if self.model:
            self.things.update(self.model[pick % len(self.model)], colour=colour)

    @rule(pick=st.integers(0, 50))
    def remove(self, pick: int) -> None:
        if self.model:
            self.things.remove(self.model.pop(pick % len(self.model)))

    @rule()
    def save_and_load(self) -> None:
        state = self.things.snapshot()
        self.things = collection()
        self.things.restore(state)
        self.model = list(self.things)

    @invariant()
    def every_index_agrees(self) -> None:
        assert list(self.things) == self.model
        assert self.things.created == self.made
        for account in "ab":
            mine = [thing for thing in self.model if thing.account == account]
            assert list(self.things.newest("account", account)) == mine[::-1]
            assert self.things.oldest("account", account) == mine
            assert self.things.count("account", account) == len(mine)
            assert self.things.last("account", account) == (mine[-1] if mine else None)
            for colour in ("red", "blue"):
                same = [thing for thing in mine if thing.colour == colour]
                assert self.things.oldest("colour", (account, colour)) == same

    @invariant()
    def walking_visits_each_once_newest_first(self) -> None:
        for limit in (1, 3):
            walked: list[Thing] = []
            while page := self.things.page("account", "a", limit, walked[-1] if walked else None):
                walked += page
            assert walked == [thing for thing in reversed(self.model) if thing.account == "a"]
        assert self.things.page("account", "a") == [t for t in reversed(self.model) if t.account == "a"]


TestCollection = CollectionMachine.TestCase


def test_new_records_do_not_disturb_paging() -> None:
    things = collection()
    for n in range(10):
        things.add(Thing(id=f"t{n}", account="a", colour="red"))
    seen = things.page("account", "a", 4)
    things.add(Thing(id="new", account="a", colour="red"))
    seen += things.page("account", "a", 10, seen[-1])
    assert [thing.id for thing in seen] == [f"t{n}" for n in range(9, -1, -1)]


class Moment(Record, kw_only=True):
    at: int


@settings(deadline=None, derandomize=True, database=None)
@given(
    steps=st.lists(st.integers(0, 3), max_size=20),
    since=st.none() | st.integers(-1, 30),
    until=st.none() | st.integers(-1, 30),
    limit=st.integers(0, 5),
)
def test_the_records_between_two_moments_are_found(
    steps: list[int], since: int | None, until: int | None, limit: int
) -> None:
    moments: Collection[Moment] = Collection(Moment, account=lambda moment: moment.account)
    at = 0
    for number, step in enumerate(steps):
        at += step
        moments.add(Moment(id=f"m{number}", account="a", at=at))
    start, end = moments.positions("account", "a", lambda moment: moment.at, since, until)
    inside = [
        moment
        for moment in moments.oldest("account", "a")
        if (since is None or moment.at >= since) and (until is None or moment.at < until)
    ]
    assert moments.oldest("account", "a")[start:end] == inside
    assert moments.range("account", "a", start, end) == inside[::-1]
    assert moments.range("account", "a", max(start, end - limit), end) == inside[::-1][:limit]
    assert moments.positions("account", "no_one", lambda moment: moment.at) == (0, 0)
    assert moments.range("account", "no_one", -3, 5) == []
