"""The data that ships: number inventory, seed accounts, phrase bank."""

from __future__ import annotations

import string
from decimal import Decimal
from itertools import pairwise
from typing import Any

import phonenumbers
import pytest
import yaml

from ringback import resources, vendors
from ringback.carrier.number_pool import NumberPool
from ringback.carrier.numbering_plan import (
    FICTIONAL_LINES,
    Place,
    area_codes,
    format_international,
    is_fictional,
    place_of,
)
from ringback.carrier.rng import Streams

STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK "
    "OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
NOT_PLACES = frozenset(("521", "525", "526", "527", "528", "529", "532"))
"""Codes of persons and machines, which stand for no place; so do all that end in the same digit twice."""
NEWEST = frozenset(("436", "457", "621", "679", "729", "861", "924"))
"""Overlays so new that the numbering metadata may not know them yet."""
KEYS = {
    "kwickphone": "kp_live_ringback",
    "nokycnumber": "sk_live_ringback",
    "agentphone": "sk_live_ringback",
    "inkbox": "ringback-service-token",
    "phonestack": "ps_live_ringback",
}
OUTCOMES = ("order", "booking", "message", "question", "complaint", "wrong_number", "voicemail")


def load(name: str) -> Any:
    """A fixture as plain data."""
    return yaml.safe_load(resources.path("fixtures", name).read_text(encoding="utf-8"))


NUMBERS = load("numbers.yaml")
COUNTRIES = NUMBERS["countries"]
BANK = load("dialogues.yaml")
AREAS = [
    (country, region, area)
    for country, regions in NUMBERS["regions"].items()
    for region, areas in regions.items()
    for area in areas
]


def region_of(number: str) -> str | None:
    """Return the country of a number by the numbering metadata, None where it knows no such number."""
    found: str | None = phonenumbers.region_code_for_number(phonenumbers.parse(number))
    return found


# -- numbers ---------------------------------------------------------------------------------------------------------


def test_every_state_has_an_area_code() -> None:
    assert {region for country, region, _ in AREAS if country == "US"} == set(STATES.split())


def test_no_area_code_is_listed_twice() -> None:
    codes = [area for _, _, area in AREAS]
    assert len(codes) == len(set(codes))


def test_an_area_code_is_a_string_of_three_digits_that_the_plan_allows() -> None:
    for _, region, area in AREAS:
        assert isinstance(area, str), (region, area)
        assert len(area) == 3
        assert area.isdigit(), area
        assert area[0] in "23456789", area
        assert area[1:] != "11", area
        assert area[1] != "9", area


def test_every_area_code_makes_possible_numbers_of_its_country() -> None:
    for country, region, area in AREAS:
        number = f"+1{area}5550142"
        assert phonenumbers.is_possible_number(phonenumbers.parse(number)), (region, area)
        assert region_of(number) == country or area in NEWEST, (region, area)


def test_no_area_code_of_the_united_states_is_left_out() -> None:
    known = {str(code) for code in range(200, 1000) if region_of(f"+1{code}5550142") == "US"}
    places = {code for code in known if code[1] != code[2]} - NOT_PLACES
    assert places - {area for country, _, area in AREAS if country == "US"} == set()


@pytest.mark.parametrize("country", ["US", "CA"])
def test_the_areas_of_a_country_are_those_of_its_regions(country: str) -> None:
    merged = {area: stock for areas in NUMBERS["regions"][country].values() for area, stock in areas.items()}
    assert NUMBERS[country] == merged
    assert {type(stock) for stock in merged.values()} == {bool}


def test_only_907_has_no_stock() -> None:
    assert [area for area, stock in {**NUMBERS["US"], **NUMBERS["CA"]}.items() if not stock] == ["907"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_has_the_calling_code_of_the_numbering_metadata(country: str) -> None:
    assert str(phonenumbers.country_code_for_region(country)) == COUNTRIES[country]["code"]


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_fictional_range_holds_possible_numbers(country: str) -> None:
    facts = COUNTRIES[country]
    for range_ in facts["fictional"]:
        areas = NUMBERS[country] if range_.get("every_area") else [""]
        for area in areas:
            for filling in "09":
                national = f"{area}{range_['prefix']}{filling * range_['free']}"
                assert phonenumbers.is_possible_number(phonenumbers.parse(f"+{facts['code']}{national}")), national


def test_fictional_ranges_do_not_overlap() -> None:
    for country, facts in COUNTRIES.items():
        prefixes = [range_["prefix"] for range_ in facts["fictional"]]
        overlaps = [(a, b) for a in prefixes for b in prefixes if a is not b and b.startswith(a)]
        assert overlaps == [], country


def test_ordinary_numbers_are_outside_special_exchanges() -> None:
    """Once an area's fictional numbers are used up, none is taken from 555 or from an exchange such as 911."""
    numbers = NumberPool(Streams(1))
    taken = [numbers.assign("US", "415", vendor="v", account="a", number_id=str(n)) for n in range(2_000)]
    ordinary = [number[5:8] for number in taken if not is_fictional(number)]
    assert len(ordinary) == 2_000 - FICTIONAL_LINES
    assert "555" not in ordinary
    assert not [exchange for exchange in ordinary if exchange.endswith("11") or exchange[0] in "01"]


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("+12125550142", "+1 212-555-0142"),
        ("+447700900142", "+44 7700 900142"),
        ("+442079460142", "+44 20 7946 0142"),
        ("+441134960142", "+44 113 496 0142"),
        ("+441632960142", "+44 1632 960142"),
        ("+33639980142", "+33 6 39 98 01 42"),
        ("+493023125142", "+49 30 23125142"),
        ("+492214710142", "+49 221 4710142"),
        ("+491713920142", "+49 171 3920142"),
    ],
)
def test_a_number_is_printed_in_its_countrys_groups(number: str, printed: str) -> None:
    assert format_international(number) == printed


# -- accounts --------------------------------------------------------------------------------------------------------


def test_the_seed_accounts_are_the_well_known_ones() -> None:
    for name, key in KEYS.items():
        seed = vendors.load(name).seed
        assert (seed.key, Decimal(seed.balance)) == (key, 100)


# -- dialogues -------------------------------------------------------------------------------------------------------

DIALOGUES = [
    (f"{outcome}-{index}", dialogue)
    for outcome, dialogues in BANK["dialogues"].items()
    for index, dialogue in enumerate(dialogues)
]
each_dialogue = pytest.mark.parametrize(
    "dialogue", [dialogue for _, dialogue in DIALOGUES], ids=[name for name, _ in DIALOGUES]
)


def slots_of(text: str) -> set[str]:
    """The slots that a line names. Raises ValueError for unbalanced braces."""
    return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}


def test_every_outcome_has_several_dialogues() -> None:
    assert set(BANK["dialogues"]) == set(OUTCOMES)
    assert {outcome: len(dialogues) for outcome, dialogues in BANK["dialogues"].items() if len(dialogues) < 4} == {}


@each_dialogue
def test_a_dialogue_alternates_between_agent_and_caller(dialogue: list[dict[str, str]]) -> None:
    assert 4 <= len(dialogue) <= 10
    assert all(set(turn) == {"speaker", "text"} for turn in dialogue)
    speakers = [turn["speaker"] for turn in dialogue]
    assert speakers[0] == "agent"
    assert all(one != other for one, other in pairwise(speakers))
    assert set(speakers) == {"agent", "caller"}


@each_dialogue
def test_a_turn_is_short_and_punctuated(dialogue: list[dict[str, str]]) -> None:
    for turn in dialogue:
        assert turn["text"] == " ".join(turn["text"].split())
        assert 1 <= len(turn["text"].split()) <= 30, turn["text"]
        assert turn["text"][-1] in ".?!", turn["text"]


@each_dialogue
def test_a_dialogue_names_only_slots_that_exist(dialogue: list[dict[str, str]]) -> None:
    assert set().union(*(slots_of(turn["text"]) for turn in dialogue)) <= set(BANK["slots"])


def test_every_slot_is_used_and_has_distinct_values_without_braces() -> None:
    used = set().union(*(slots_of(turn["text"]) for _, dialogue in DIALOGUES for turn in dialogue))
    assert used == set(BANK["slots"])
    for name, values in BANK["slots"].items():
        assert len(values) == len(set(values)) >= 4, name
        assert all(isinstance(value, str) and not slots_of(value) for value in values), name


def test_phone_numbers_that_are_spoken_are_fictional() -> None:
    assert all("555-0100" <= phone <= "555-0199" and len(phone) == 8 for phone in BANK["slots"]["phone"])


def test_no_two_dialogues_are_the_same() -> None:
    spoken = [tuple(turn["text"] for turn in dialogue) for _, dialogue in DIALOGUES]
    assert len(spoken) == len(set(spoken))


# -- places ----------------------------------------------------------------------------------------------------------


def test_every_place_belongs_to_an_area_code() -> None:
    known = {(country, area) for country, _, area in AREAS}
    places = {(country, area) for country, areas in load("places.yaml").items() for area in areas}
    assert places <= known
    assert len(places) > len(known) / 2
    assert place_of("415") == Place("US", "CA", "San Francisco")
    assert place_of("416") == Place("CA", "ON", "Toronto")
    assert place_of("555") is None
    assert "907" not in area_codes("US")
    assert area_codes("US", "WY") == ("307",)
    assert area_codes("US", "ZZ") == area_codes("FR") == ()


def test_a_preview_shows_free_numbers_and_holds_none() -> None:
    numbers = NumberPool(Streams(1))
    shown = numbers.preview(["415", "212"], 5, vendor="v", account="a")
    assert len(set(shown)) == 5
    assert {number[2:5] for number in shown} <= {"415", "212"}
    taken = numbers.assign("US", "415", vendor="v", account="a", number_id="num_1")
    assert taken not in numbers.preview(["415"], 99, vendor="v", account="b")
    assert numbers.preview([], 5, vendor="v", account="a") == []
