"""The paths by which a mutant changes a JSON document, on arbitrary documents."""

from __future__ import annotations

import copy as copying
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ringback.mutants.transforms import (
    Edit,
    PathError,
    apply,
    copy,
    drop,
    first,
    keep,
    lift,
    parse,
    rename,
    reverse,
    set_default,
    set_to,
    slots,
    swap,
)

NAMES = st.sampled_from(("id", "data", "status", "from", "to", "$ref", "x-y", "a1"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
Keys = tuple[str | int, ...]


@dataclass
class Paper:
    """A draft that is nothing but its document."""

    document: Any


def changed(document: Any, *edits: Edit) -> Any:
    draft = Paper(copying.deepcopy(document))
    for edit in edits:
        edit(draft)
    return draft.document


def places(document: Any, above: Keys = ()) -> list[Keys]:
    """Every place in a document, the document itself first."""
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [above, *(place for key, value in inner for place in places(value, (*above, key)))]


def at(document: Any, keys: Keys) -> Any:
    for key in keys:
        document = document[key]
    return document


def path_of(keys: Keys) -> str:
    """The path that names exactly one place."""
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


@st.composite
def documents_with_a_place(draw: st.DrawFn) -> tuple[Any, Keys]:
    document = draw(JSON)
    found = places(document)[1:]
    assume(found)
    return document, draw(st.sampled_from(found))


@given(JSON)
def test_every_place_can_be_named_and_two_stars_name_all(document: Any) -> None:
    for keys in places(document):
        (slot,) = slots([document], path_of(keys))
        assert slot.value is at(document, keys) or slot.value == at(document, keys)
    assert len(slots([document], "**")) == len(places(document))


@given(documents_with_a_place())
def test_a_place_that_is_dropped_is_gone_and_the_rest_is_as_it_was(given_: tuple[Any, Keys]) -> None:
    document, keys = given_
    after = changed(document, drop(path_of(keys)))
    expected = copying.deepcopy(document)
    del at(expected, keys[:-1])[keys[-1]]
    assert after == expected


@given(documents_with_a_place(), JSON)
def test_a_value_that_is_set_is_there_and_the_rest_is_as_it_was(given_: tuple[Any, Keys], value: Any) -> None:
    document, keys = given_
    after = changed(document, set_to(path_of(keys), value), apply(path_of(keys), lambda known: [known]))
    expected = copying.deepcopy(document)
    at(expected, keys[:-1])[keys[-1]] = [value]
    assert after == expected


@given(documents_with_a_place())
def test_a_member_that_is_renamed_twice_is_as_it_was(given_: tuple[Any, Keys]) -> None:
    document, keys = given_
    assume(isinstance(keys[-1], str))
    new = path_of((*keys[:-1], "renamed"))
    renamed = changed(document, rename(path_of(keys), "renamed"))
    assert at(renamed, keys[:-1])["renamed"] == at(document, keys)
    assert changed(renamed, rename(new, str(keys[-1]))) == document


@given(JSON, st.lists(NAMES, min_size=1, max_size=3).map(".".join))
def test_what_is_done_twice_undoes_itself(document: Any, path: str) -> None:
    lists = [keys for keys in places(document) if isinstance(at(document, keys), list)]
    for keys in lists:
        assert changed(document, reverse(path_of(keys)), reverse(path_of(keys))) == document
    assert changed(document, swap(path, "other"), swap(path, "other")) == document


@given(JSON)
def test_where_a_document_has_nothing_at_a_path_nothing_changes(document: Any) -> None:
    edits = (drop("no.such"), apply("no[].such", str), rename("**.nosuch", "x"), lift("nosuch"), copy("nosuch", "id"))
    assert changed(document, *edits) == document


def test_a_body_that_is_no_json_stays_as_it_is() -> None:
    assert changed(None, set_to("", 1), set_to("a", 1), drop("a")) is None


def test_items_are_selected_by_position_and_by_what_a_member_says() -> None:
    body = {"data": [{"id": "ct_1", "ok": True}, {"id": "pn_1", "ok": False}, {"id": "ct_2", "ok": True}]}
    assert [slot.value["id"] for slot in slots([body], "data[]")] == ["ct_1", "pn_1", "ct_2"]
    assert [slot.value["id"] for slot in slots([body], "data[-1]")] == ["ct_2"]
    assert [slot.value for slot in slots([body], "data[id^=ct_].id")] == ["ct_1", "ct_2"]
    assert [slot.value for slot in slots([body], "data[ok=false].id")] == ["pn_1"]
    assert [slot.value["id"] for slot in slots([body], "**[ok=true]")] == ["ct_1", "ct_2"]
    assert [slot.value for slot in slots([body["data"][0]], "[ok=true].id")] == ["ct_1"]
    assert slots([body], "data[7]") == slots([body], "data[id=ct_]") == []


def test_the_changes_of_lists_and_objects() -> None:
    body = {"data": [1, 2, 3], "call": {"sid": "CA1"}, "from": "a", "to": "b"}
    assert changed(body, first("data", 2))["data"] == [1, 2]
    assert changed(body, keep("data", lambda item: item != 2))["data"] == [1, 3]
    assert changed(body, drop("data[]"))["data"] == []
    assert changed(body, lift("call"))["sid"] == "CA1"
    assert changed(body, copy("from", "to"))["from"] == "b"
    assert changed(body, swap("from", "to"))["to"] == "a"
    assert changed(body, set_default("from", "c"), set_default("call.at", 1))["call"] == {"sid": "CA1", "at": 1}
    assert changed(body, apply("", lambda whole: whole["data"])) == [1, 2, 3]


@pytest.mark.parametrize("path", ["a..b", ".a", "a.", "a[", "a]", "[x]", "[1x]", "a b", "[a=1]]"])
def test_a_path_outside_the_grammar_is_an_error(path: str) -> None:
    with pytest.raises(PathError, match="is not"):
        parse(path)
    with pytest.raises(PathError):
        drop(path)


@pytest.mark.parametrize("make", [lambda: drop(""), lambda: drop("**"), lambda: drop("**[object=number]"),
                                  lambda: rename("", "x"), lambda: rename("data[]", "x"), lambda: lift("data[0]"),
                                  lambda: swap("**", "x"), lambda: set_default("data[]", 1)])  # fmt: skip
def test_a_change_that_a_place_cannot_take_is_an_error(make: Any) -> None:
    with pytest.raises(PathError, match=r"whole document|name of a member"):
        make()
