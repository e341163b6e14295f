"""The scenario format: what a file may say, and what is said about one that may not."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ringback import cli, resources, vendors
from ringback.scenario import durations, schema, types
from ringback.scenario.errors import ScenarioError
from ringback.scenario.expectations import MATCHERS, TYPES, differences, problems
from ringback.scenario.load import PREDEFINED, find, load, parse
from ringback.scenario.references import UnknownReference, literal, resolve
from ringback.scenario.report import lines_of
from ringback.scenario.yaml_loader import read
from ringback.vendors import names

ROOT = Path(__file__).parent.parent
SHIPPED = find(names())
START = datetime(2026, 3, 1, 9, tzinfo=UTC)

relaxed = settings(deadline=None)
"""A busy machine is no failure."""

WHOLE = """\
name: A scenario
vendor: kwickphone
given:
  account: {balance: "25.00", keys: {main: {}, office: {allowlist: [10.0.0.0/8]}}}
  receivers:
    hook: {}
when:
  - request: {method: GET, path: /v1/calls}
    save: calls
  - advance: 1h
then:
  - balance: "25.00"
"""


def scenario(old: str = "", new: str = "") -> str:
    """The whole scenario with one part of it replaced."""
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


def test_a_whole_scenario_is_read_with_the_lines_of_its_parts() -> None:
    loaded = parse(WHOLE, "a.yaml")
    assert loaded.scenario.name == "A scenario"
    assert loaded.scenario.given.account.balance == "25.00"
    assert list(loaded.scenario.given.account.keys) == ["main", "office"]
    assert loaded.scenario.given.clock == "2026-03-01T09:00:00Z"
    assert (loaded.line("given"), loaded.line("when", 0), loaded.line("when", 1), loaded.line("then", 0)) == (
        3,
        8,
        10,
        12,
    )


STEP = "  - advance: 1h\n"
MISTAKES = {
    "not YAML": ("a: [", "a.yaml:2: not YAML"),
    "empty": ("", "a.yaml: the file is empty"),
    "only a comment": ("# nothing\n", "a.yaml: the file is empty"),
    "null": ("---\n", "a.yaml:1: a scenario is a mapping"),
    "a list": ("- name: x\n", "a.yaml:1: a scenario is a mapping"),
    "two documents": (WHOLE + "---\nname: x\n", "a.yaml:13: a second document begins here"),
    "a key twice": (scenario("vendor:", "name: again\nvendor:"), 'a.yaml:2: the key "name" is here twice'),
    "a merge key": (scenario("{}\nwhen", "{<<: {}}\nwhen"), "a.yaml:6: merge keys"),
    "a tag": (scenario("hook: {}", "hook: !x {}"), "a.yaml:6: tags (!x) are not accepted"),
    "an anchor in itself": (scenario("hook: {}", "hook: &h [*h]"), "a.yaml:6: *h stands for nothing"),
    "an unknown key": (scenario("vendor:", "vendr:"), 'a.yaml:2: `vendr` is unknown here; did you mean "vendor"?'),
    "an unknown key in a step": (
        scenario("path:", "pth:"),
        "a.yaml:8: when.0.request: `pth` is unknown here; did you",
    ),
    "an unknown key in a receiver": (
        scenario("hook: {}", "hook: {answer: [1]}"),
        'a.yaml:6: given.receivers.hook: `answer` is unknown here; did you mean "answers"?',
    ),
    "an unknown key in the second of two": (
        scenario("office: {allowlist", "office: {allowlst"),
        'a.yaml:4: given.account.keys.office: `allowlst` is unknown here; did you mean "allowlist"?',
    ),
    "nothing happens": (
        scenario("when:\n  - request: {method: GET, path: /v1/calls}\n    save: calls\n" + STEP, ""),
        "`when` is missing",
    ),
    "no steps": (re.sub(r"when:\n(  .*\n)+", "when: []\n", WHOLE), "a.yaml:7: when: expected a list that is not empty"),
    "nothing is looked at": (scenario('then:\n  - balance: "25.00"\n', ""), "a.yaml:1: `then` is missing"),
    "no vendor": (scenario("vendor: kwickphone\n", ""), "a.yaml:1: `vendor` is missing"),
    "an unknown vendor": (
        scenario("vendor: kwickphone", "vendor: kwikphone"),
        'a.yaml:2: there is no vendor "kwikphone"; did you mean "kwickphone"?',
    ),
    "money as a number": (
        scenario('balance: "25.00", keys', "balance: 25.00, keys"),
        "a.yaml:4: given.account.balance: expected text in quotes, found a number",
    ),
    "money that is none": (scenario('"25.00", keys', '"much", keys'), "a.yaml:4: given.account.balance: expected"),
    "a bad duration": (scenario("advance: 1h", "advance: soon"), "a.yaml:10: when.1.advance: 'soon' is not a duration"),
    "a method that is none": (scenario("GET", "FETCH"), "a.yaml:8: when.0.request.method: invalid enum value"),
    "a path without a slash": (scenario("path: /v1", "path: v1"), "a.yaml:8: when.0.request.path: expected"),
    "a step of nothing": (scenario("advance: 1h", "note: hm"), "a.yaml:10: a step does one thing: one of request,"),
    "a step of two": (
        scenario(STEP, '  - advance: 1h\n    fund: "1"\n'),
        "a.yaml:10: a step does one thing: not advance and fund in one",
    ),
    "an empty step": (scenario("advance: 1h", "advance:"), "a.yaml:10: `advance` is empty"),
    "an action among the looks": (
        scenario('  - balance: "25.00"\n', '  - fund: "1.00"\n'),
        "a.yaml:12: `fund` belongs in when: then only checks (request,",
    ),
    "an unknown reference": (
        scenario("advance: 1h", "settings: {x: $cals.data}"),
        'a.yaml:10: $cals.data: no earlier step saves cals; did you mean "calls"?; known: account, calls, hook',
    ),
    "a reference to what comes later": (
        scenario("path: /v1/calls}", "path: /v1/calls/$calls.id}"),
        "a.yaml:8: $calls.id: no earlier step saves calls",
    ),
    "the account in itself": (
        scenario('"25.00", keys', '"25.00", settings: {a: $account.account_id}, keys'),
        "a.yaml:4: $account.account_id: no earlier step saves account",
    ),
    "a name that is taken": (scenario("save: calls", "save: hook"), 'a.yaml:9: the name "hook" is taken'),
    "a name of ours": (scenario("save: calls", "save: now"), 'a.yaml:9: the name "now" is taken'),
    "a name that is none": (scenario("save: calls", "save: my calls"), 'a.yaml:9: "my calls" is not a valid name'),
    "a receiver called like ours": (scenario("hook: {}", "keys: {}"), 'a.yaml:6: the name "keys" is taken'),
    "nothing to save": (
        scenario("advance: 1h", "receiver: {hook: down}\n    save: x"),
        "a.yaml:11: `receiver` has nothing",
    ),
    "an unknown key of the account": (
        scenario("path: /v1/calls}", "path: /v1/calls, key: ofice}"),
        'a.yaml:8: the account has no key "ofice"; did you mean "office"?; it has main, office',
    ),
    "no keys at all": (
        scenario("{main: {}, office: {allowlist: [10.0.0.0/8]}}", "{}"),
        "a.yaml:4: given.account.keys: expected a mapping that is not empty",
    ),
    "two bodies": (
        scenario("path: /v1/calls}", "path: /x, body: 1, raw: x}"),
        "a.yaml:8: a request has either body or raw",
    ),
    "a request to nowhere": (
        scenario("method: GET, path: /v1/calls", "method: GET"),
        "a.yaml:8: a request has either a path or a url",
    ),
    "a request to two places": (
        scenario("path: /v1/calls", "path: /v1/calls, url: http://127.0.0.1/"),
        "a.yaml:8: a request has either a path or a url",
    ),
    "a call that ends like a message": (
        scenario("advance: 1h", "call: {to: '1', from: '2', end: undelivered}"),
        "a.yaml:10: when.1.call.end: invalid enum value",
    ),
    "an unknown receiver": (
        scenario('balance: "25.00"\n', "webhooks: {receiver: hok, arrived: []}\n"),
        'a.yaml:12: there is no receiver "hok"; did you mean "hook"?; given.receivers has hook',
    ),
    "an unknown receiver to change": (
        scenario("advance: 1h", "receiver: {hok: up}"),
        'a.yaml:10: there is no receiver "hok"',
    ),
    "a receiver's unknown state": (
        scenario("advance: 1h", "receiver: {hook: away}"),
        "a.yaml:10: when.1.receiver.hook: ",
    ),
    "a turn of no one": (
        scenario("advance: 1h", "call: {to: '1', from: '2', turns: [{at: 1}]}"),
        "a.yaml:10: a turn has either a caller or an agent",
    ),
    "a turn of both": (
        scenario("advance: 1h", "call: {to: '1', from: '2', turns: [{caller: a, agent: b}]}"),
        "a.yaml:10: a turn has either a caller or an agent",
    ),
    "a clock that is none": (scenario("given:\n", "given:\n  clock: noon\n"), 'a.yaml:4: Invalid date/time "noon"'),
    "an until that is none": (scenario("advance: 1h", "until: noon"), 'a.yaml:10: Invalid date/time "noon"'),
    "an answer's unknown part": (
        scenario("save: calls", "expect: {code: 200}"),
        "a.yaml:9: object contains unknown field `code`; a request's response has status, headers, body, size, failure",
    ),
    "an expectation on an expectation": (
        scenario('balance: "25.00"\n', 'balance: "25.00"\n    expect: 1\n'),
        "a.yaml:13: `balance` is an expectation itself",
    ),
    "a regular expression that is none": (
        scenario("save: calls", "expect: {body: {a: {matches: '('}}}"),
        "a.yaml:9: `matches` takes a regular expression",
    ),
    "a matcher's wrong argument": (
        scenario('balance: "25.00"\n', "ledger:\n      - amount:\n          near: 3\n"),
        "a.yaml:14: `near` takes a number and a tolerance",
    ),
    "months in a call": (
        scenario("advance: 1h", "call: {to: '1', from: '2', duration: 1mo}"),
        "a.yaml:10: when.1.call.duration: '1mo': months have no fixed length",
    ),
    "too deep": ("a: " + "[" * 100_000, "a.yaml:1: nested deeper than 40 levels"),
    "too much": ("a: [" + "1," * 30_000 + "]", "a.yaml:1: more than 20000 values"),
    "too much by alias": (
        "a: &a [" + "1," * 5_000 + "]\nb: [*a, *a, *a, *a]\n",
        "a.yaml:2: more than 20000 values",
    ),
    "too long": ("#" * 1_000_001, "a.yaml: longer than 1000000 characters"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_played_in_one_line_with_its_place(mistake: str) -> None:
    text, message = MISTAKES[mistake]
    with pytest.raises(ScenarioError) as reported:
        parse(text, "a.yaml")
    assert message in str(reported.value)
    assert "\n" not in str(reported.value)


def test_files_that_cannot_be_read_are_played(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(ScenarioError, match=r"latin\.yaml: not UTF-8 text \(byte 9\)"):
        load(tmp_path / "latin.yaml")
    with pytest.raises(ScenarioError, match="No such file"):
        load(tmp_path / "none.yaml")


def test_paths_stand_for_files_folders_and_vendors_each_once(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/two.yml", "one.yaml", "notes.txt"):
        (tmp_path / name).touch()
    found = find([tmp_path / "one.yaml", tmp_path])
    assert [file.name for file in found] == ["one.yaml", "two.yml"]
    assert len(SHIPPED) >= 8
    with pytest.raises(ScenarioError, match="no such file, folder or vendor"):
        find([tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ScenarioError, match=r"no \.yaml file"):
        find([tmp_path / "empty"])


# -- values ------


def json_values(texts: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Any]:
    words = texts if texts is not None else st.text(max_size=8)
    scalars = (
        st.none()
        | st.booleans()
        | st.integers(-(10**15), 10**15)
        | st.floats(allow_nan=False, allow_infinity=False)
        | words
    )
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=12,
    )


@relaxed
@given(json_values(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=8)))
def test_json_is_read_as_what_it_says(value: Any) -> None:
    assert differences({"equals": value}, read(json.dumps(value, ensure_ascii=False), "a.json").value, START) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+12145559876", "+12145559876"),
        ("2026-03-01T09:00:00Z", "2026-03-01T09:00:00Z"),
        ("no", "no"),
        ("0100", "0100"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        ("True", "True"),
        ("true", True),
        ("~", None),
        ("", None),
        ("-12", -12),
        ("1.50", 1.5),
        ("'12'", "12"),
        ("|\n  12", "12"),
    ],
)
def test_plain_scalars_mean_what_they_mean_in_json(text: str, value: Any) -> None:
    seen = read(f"a: {text}", "a.yaml").value["a"]
    assert (seen, type(seen)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "months", "seconds"),
    [
        ("90", 0, 90),
        (90, 0, 90),
        (1.5, 0, 1.5),
        ("90s", 0, 90),
        ("2m", 0, 120),
        ("1h30m", 0, 5_400),
        ("3d", 0, 259_200),
        ("2w1d", 0, 1_296_000),
        ("0.5s", 0, 0.5),
        ("1mo", 1, 0),
        ("2mo7d1m", 2, 604_860),
    ],
)
def test_a_length_of_time_is_read_as_people_write_it(text: object, months: int, seconds: float) -> None:
    assert durations.parse(text) == (months, seconds)


@pytest.mark.parametrize(
    "text", ["", "m", "-1s", "1m1h", "1x", "1 h", "1.5h", "1h1h", "1e9", None, True, [], "9999999d", "9999mo"]
)
def test_what_is_no_length_of_time_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer than"):
        durations.parse(text)


@relaxed
@given(
    st.datetimes(min_value=START.replace(tzinfo=None, year=2000), max_value=START.replace(tzinfo=None, year=2100)),
    st.integers(0, 600),
)
def test_months_keep_the_day_or_end_with_the_month(moment: datetime, months: int) -> None:
    there = durations.Span(months, 0).after(moment)
    assert (there.year * 12 + there.month) - (moment.year * 12 + moment.month) == months
    assert there.time() == moment.time()
    assert there.day == moment.day or (there.day < moment.day and (there + timedelta(days=1)).day == 1)


# -- references ------

BOUND = {"number": {"id": "num_1", "n": 3, "gone": None, "on": True}, "list": {"data": [{"id": "x"}]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$number.id", "num_1"),
        ("$number.n", 3),
        ("$number.gone", None),
        ("${number.id}", "num_1"),
        ("$list.data.0.id", "x"),
        ("$list.data", [{"id": "x"}]),
        ("/v1/numbers/$number.id/x", "/v1/numbers/num_1/x"),
        ("${number.id}s and $number.n.", "num_1s and 3."),
        ("$number.on!", "true!"),
        ("$$number.id", "$number.id"),
        ("^\\+1$", "^\\+1$"),
        ("costs $5", "costs $5"),
        ("$$", "$"),
        (["$number.n", {"a": "$number.id"}], [3, {"a": "num_1"}]),
        ({"$number": 1}, {"$number": 1}),
    ],
)
def test_references_stand_for_values(text: Any, value: Any) -> None:
    assert resolve(text, BOUND) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$numbr.id", 'this scenario has no numbr; did you mean "number"?; it has number, list'),
        ("$number.ids", '$number has no ids; did you mean "id"?; it has id, n, gone, on'),
        ("$list.data.1", "$list.data is a list of 1; it takes a place from 0 to 0"),
        ("$list.data.x", "$list.data is a list of 1"),
        ("$number.id.x", "$number.id is a text, which has no parts"),
        ("a $list", "$list is a mapping, which cannot stand inside a text"),
        ("a $number.gone", "$number.gone is null, which cannot stand inside a text"),
    ],
)
def test_an_unknown_reference_says_what_there_is(text: str, message: str) -> None:
    with pytest.raises(UnknownReference, match=re.escape(message)):
        resolve(text, BOUND)


@relaxed
@given(json_values())
def test_nothing_without_a_dollar_changes(value: Any) -> None:
    plain = json.loads(json.dumps(value).replace("$", "S"))
    assert resolve(plain, {}) == plain


@relaxed
@given(st.text())
def test_any_text_can_be_written_literally(text: str) -> None:
    assert resolve(literal(text), {}) == text


def test_a_referenced_mapping_is_expected_as_it_is() -> None:
    saved = {"saved": {"length": 3}}
    assert differences(resolve("$saved", saved, exact=True), {"length": 3}, START) == []
    assert differences(resolve("$saved", saved, exact=True), "abc", START) != []
    assert differences(resolve("$saved", saved, exact=True), {"length": 3, "more": 1}, START) != []


# -- expectations ------

HELD: list[tuple[Any, Any, Any]] = [
    (1, 1.0, 2),
    (True, True, 1),
    ("1", "1", 1),
    (None, None, 0),
    ({"a": 1}, {"a": 1, "b": 2}, {"b": 2}),
    ({"a": None}, {"a": None}, {}),
    ({"a": {"b": [1]}}, {"a": {"b": [1]}}, {"a": {"b": [1, 1]}}),
    ([1, {"a": 1}], [1, {"a": 1, "b": 2}], [{"a": 1}, 1]),
    ([], [], [1]),
    ({}, {"a": 1}, []),
    ({"equals": {"a": 1}}, {"a": 1}, {"a": 1, "b": 2}),
    ({"is": "string"}, "", 1),
    ({"is": "integer"}, 1, True),
    ({"is": "number"}, 1.5, "1.5"),
    ({"is": "boolean"}, False, 0),
    ({"is": "null"}, None, ""),
    ({"is": "list"}, [], {}),
    ({"is": "mapping"}, {}, []),
    ({"matches": "^a.c$"}, "abc", "abcd"),
    ({"matches": "1"}, "1", 1),
    ({"a": {"present": False}}, {}, {"a": None}),
    ({"a": {"present": True}}, {"a": None}, {}),
    ({"one_of": [1, {"gt": 5}]}, 6, 5),
    ({"not": 1}, 2, 1),
    ({"a": {"not": 1}}, {"a": 2}, {}),
    ({"gt": 1}, 1.01, 1),
    ({"gte": "1.00"}, "1", "0.99"),
    ({"lt": 1}, "0.99", 1),
    ({"lte": 1}, 1, "x"),
    ({"gt": 1, "lt": 3}, 2, 3),
    ({"near": [132, 2]}, 130, 129),
    ({"near": ["0.30", "0"]}, "0.30", "0.300001"),
    ({"contains": {"a": 1}}, [{"b": 1}, {"a": 1, "b": 2}], [{"a": 2}]),
    ({"contains": [1, 2]}, [3, 2, 1], [1, 3]),
    ({"contains": "two"}, "one two", "one"),
    ({"contains": ["one", "two"]}, "two one", "two"),
    ({"contains": "a"}, ["a"], {"a": 1}),
    ({"each": {"a": 1}}, [{"a": 1}, {"a": 1, "b": 2}], [{"a": 1}, {"a": 2}]),
    ({"each": 1}, [], {}),
    ({"length": 2}, "ab", "abc"),
    ({"length": {"gte": 1}}, [0], []),
    ({"length": 1, "each": 3}, [3], [3, 3]),
    ({"length": 1}, {"a": 1}, 1),
    ({"after": "1h"}, "2026-03-01T10:00:00Z", "2026-03-01T10:00:01Z"),
    ({"after": "1h"}, "2026-03-01T12:00:00.25+02:00", "2026-03-01T10:00:00+02:00"),
    ({"after": ["1h", "5s"]}, "2026-03-01T10:00:05Z", "2026-03-01T10:00:06Z"),
    ({"after": "1mo"}, "2026-04-01T09:00:00Z", "2026-03-31T09:00:00Z"),
    ({"after": 60}, 1772355660, 1772355662),
    ({"after": "1m"}, "1772355660", "soon"),
    ({"after": 0}, "2026-03-01T09:00:00Z", None),
]


@pytest.mark.parametrize(("expected", "right", "wrong"), HELD)
def test_an_expectation_holds_for_what_it_says_and_for_nothing_else(expected: Any, right: Any, wrong: Any) -> None:
    assert list(problems(expected)) == []
    assert differences(expected, right, START) == []
    found = differences(expected, wrong, START)
    assert found
    assert all(isinstance(line, str) and "\n" not in line for difference in found for line in lines_of(difference))


def test_every_matcher_is_tried_here() -> None:
    tried = {
        name
        for expected, _, _ in HELD
        for part in (expected, *_values(expected))
        if isinstance(part, dict)
        for name in part
    }
    assert set(MATCHERS) <= tried


def _values(expected: Any) -> list[Any]:
    return list(expected.values()) if isinstance(expected, dict) else []


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"a": [{"matches": 3}]}, "`matches` takes a regular expression"),
        ({"matches": "("}, "`matches` takes a regular expression: "),
        ({"is": "str"}, "`is` takes one of string, "),
        ({"is": []}, "`is` takes one of string, "),
        ({"present": "yes"}, "`present` takes true or false"),
        ({"one_of": 1}, "`one_of` takes a list"),
        ({"one_of": [{"gt": "x"}]}, "`gt` takes a number"),
        ({"not": {"lt": []}}, "`lt` takes a number"),
        ({"near": [1]}, "`near` takes a number and a tolerance"),
        ({"each": {"a": {"gte": True}}}, "`gte` takes a number"),
        ({"contains": [{"lte": None}]}, "`lte` takes a number"),
        ({"length": -1}, "`length` takes a count"),
        ({"length": {"gt": "x"}}, "`gt` takes a number"),
        ({"after": "soon"}, "`after` takes a duration"),
        ({"after": ["1h", "1mo"]}, "`after` takes a duration"),
        ({"after": [1, 2, 3]}, "`after` takes a duration"),
    ],
)
def test_a_matcher_that_cannot_be_used_is_known_beforehand(expected: Any, problem: str) -> None:
    assert [text for _, text in problems(expected)][0].startswith(problem)  # noqa: RUF015 - a list to look at


@relaxed
@given(json_values())
def test_a_value_is_equal_to_itself_and_to_nothing_else(value: Any) -> None:
    assert differences({"equals": value}, value, START) == []
    assert differences({"not": {"equals": value}}, value, START) != []
    assert differences({"equals": [value]}, value, START) != []


@relaxed
@given(json_values(), json_values())
def test_equality_is_that_of_json(one: Any, other: Any) -> None:
    by_json = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    if by_json:
        assert differences({"equals": one}, other, START) == []


@relaxed
@given(st.dictionaries(st.text(min_size=1, max_size=5).map(lambda name: f"_{name}"), json_values(), min_size=1))
def test_each_key_that_is_named_must_be_there(value: dict[str, Any]) -> None:
    expected = {key: {"equals": item} for key, item in value.items()}
    assert differences(expected, {**value, "more": 1}, START) == []
    for key in value:
        fewer = {name: item for name, item in value.items() if name != key}
        assert [difference.path for difference in differences(expected, fewer, START)] == [(key,)]


@relaxed
@given(json_values(), json_values(), st.sampled_from(sorted(TYPES)))
def test_no_expectation_ends_in_an_exception(expected: Any, seen: Any, kind: str) -> None:
    if not list(problems(expected)):
        differences(expected, seen, START)
    for matcher in ({"is": kind}, {"matches": "a"}, {"gt": 1}, {"near": [1, 1]}, {"contains": expected}, {"after": 1}):
        if not list(problems(matcher)):
            differences(matcher, seen, START)


@relaxed
@given(json_values(), json_values(), st.sampled_from(sorted(MATCHERS)))
def test_a_matcher_given_anything_fails_or_holds_and_never_breaks(argument: Any, seen: Any, name: str) -> None:
    assert isinstance(differences({name: argument}, seen, START), list)


def test_a_misspelt_matcher_is_guessed_at() -> None:
    (difference,) = differences({"a": {"match": "^x"}}, {"a": "x"}, START)
    assert difference.path == ("a",)
    assert difference.why == 'no matcher is called match; did you mean "matches"?'


# -- signatures ------


def test_nokycnumbers_signature_is_checked_by_its_pages_rule() -> None:
    verify = vendors.load("nokycnumber").signature.verify
    body = b'{"id":"evt_1"}'
    # printf '1772355660.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_a
    good = "t=1772355660,v1=6ac62ee8e2896ce5a162d4b6466bed2cf0b00b0266797599221a9b2d8ee4f2bc"
    assert verify("whsec_a", {"x-nokyc-signature": good}, body) == ""
    assert "expected" in verify("whsec_b", {"x-nokyc-signature": good}, body)
    assert "expected" in verify("whsec_a", {"x-nokyc-signature": good}, body + b" ")
    assert "expected" in verify("whsec_a", {"x-nokyc-signature": good.replace("60,", "61,")}, body)
    assert "is missing" in verify("whsec_a", {}, body)
    assert "no Unix seconds" in verify("whsec_a", {"x-nokyc-signature": "t=now,v1=00"}, body)


def test_kwickphones_signature_is_checked_by_its_pages_rule() -> None:
    verify = vendors.load("kwickphone").signature.verify
    body = b'{"type": "call.completed"}'
    signature = "v1=ec64d8231f9805b6c0673988af76b49967ed21dcfb92a186ad8c6e1727479e42"
    good = {"x-kwickphone-timestamp": "1772355660", "x-kwickphone-signature": signature}
    assert verify("whsec_a", good, body) == ""
    assert "Signature is" in verify("whsec_b", good, body)
    assert "Signature is" in verify("whsec_a", good, body + b" ")
    assert "Signature is" in verify("whsec_a", {**good, "x-kwickphone-timestamp": "1772355661"}, body)
    assert "Signature is missing" in verify("whsec_a", {"x-kwickphone-timestamp": "1772355660"}, body)
    assert "no Unix seconds" in verify("whsec_a", {**good, "x-kwickphone-timestamp": "now"}, body)


# -- the schema, the page, the files that ship ------


def test_the_schema_that_ships_is_the_one_of_the_types() -> None:
    kept = resources.path("scenarios", "scenario.schema.json").read_text(encoding="utf-8")
    assert kept == schema.text(), "write it again: ringback scenario schema --output scenarios/scenario.schema.json"


def test_the_schema_is_one_and_takes_what_the_loader_takes() -> None:
    document = schema.schema()
    Draft202012Validator.check_schema(document)
    validator = Draft202012Validator(document)
    for file in SHIPPED:
        found = [
            f"{file}: {error.json_path}: {error.message}" for error in validator.iter_errors(load(file).source.value)
        ]
        assert found == []
    for text in (WHOLE, scenario("advance: 1h", "advance: 1mo2d"), scenario("advance: 1h", "advance: idle")):
        assert list(validator.iter_errors(parse(text).source.value)) == []


@pytest.mark.parametrize(
    "mistake",
    [
        "an unknown key",
        "an unknown key in a step",
        "an unknown key in a receiver",
        "a step of nothing",
        "a step of two",
        "no steps",
        "no vendor",
        "money as a number",
        "money that is none",
        "a bad duration",
        "a turn of both",
        "an action among the looks",
        "a method that is none",
        "a receiver's unknown state",
    ],
)
def test_an_editor_sees_the_mistake_too(mistake: str) -> None:
    value = read(MISTAKES[mistake][0], "a.yaml").value
    assert not Draft202012Validator(schema.schema()).is_valid(value)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_scenario_that_ships_reads_like_documentation(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    assert (file.parent / first.partition("=")[2]).resolve() == resources.path(
        "scenarios", "scenario.schema.json"
    ).resolve()
    loaded = load(file)
    assert len(loaded.scenario.description) > 80
    assert any(step.balance is not msgspec.UNSET for step in loaded.scenario.then), "a scenario says what it cost"
    assert yaml.safe_load(text)["name"] == loaded.scenario.name


def test_names_of_scenarios_are_their_own() -> None:
    names = [load(file).scenario.name for file in SHIPPED]
    assert len(set(names)) == len(names)


def _documented() -> str:
    return (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", types.PARTS, ids=lambda part: part.__name__)
def test_the_page_names_every_key(part: type[msgspec.Struct]) -> None:
    page = _documented()
    missing = [name for name in part.__struct_encode_fields__ if not re.search(rf"`{name}[`:]", page)]
    assert missing == []


def test_the_page_names_every_matcher_type_and_name() -> None:
    page = _documented()
    assert [name for name in MATCHERS if f"`{name}: " not in page] == []
    assert [name for name in TYPES if f"`{name}`" not in page and f"`is: {name}`" not in page] == []
    assert [name for name in PREDEFINED if f"${name}" not in page] == []


# -- the command ------


def test_the_schema_command_writes_the_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", "schema"]) == 0
    assert capsys.readouterr().out == schema.text()
    assert cli.run(["scenario", "schema", "--output", str(tmp_path / "new" / "s.json")]) == 0
    assert (tmp_path / "new" / "s.json").read_text(encoding="utf-8") == schema.text()
    assert cli.run(["scenario", "schema", "--output", str(tmp_path / "new" / "s.json" / "x")]) == 3


def test_the_list_command_names_what_ships(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", "list"]) == 0
    listed = capsys.readouterr().out
    for file in SHIPPED:
        assert load(file).scenario.name in listed


@pytest.mark.parametrize("command", ["run", "list"])
def test_a_file_that_cannot_be_used_is_wrong_usage(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(scenario("vendor:", "vendr:"), encoding="utf-8")
    assert cli.run(["scenario", command, str(file)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith(f"ringback: {file}:2: `vendr` is unknown here")
    assert shown.out == ""


def test_run_wants_paths(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", "run"]) == 2
    assert cli.run(["scenario", "run", "no-such-vendor"]) == 2
    assert "no such file, folder or vendor" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["run"], ["list"], ["schema"]])
def test_help_shows_examples(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["scenario", *arguments, "--help"]) == 0
    assert "Examples:\n" in capsys.readouterr().out
