"""Bodies as they are decoded, and the words for what is wrong with one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from ringback.gateway.decoding import decode
from ringback.gateway.errors import DecodeError


class Part(msgspec.Struct):
    level: Annotated[int, msgspec.Meta(ge=1, le=9)] | None = None
    mood: Literal["calm", "loud"] = "calm"


class Body(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=8)]
    code: Annotated[str, msgspec.Meta(pattern="^[a-z]{2}$")] = "fr"
    size: int = 0
    price: float = 0.0
    parts: Annotated[list[Part], msgspec.Meta(max_length=2)] = []
    rest: dict[str, Any] = {}
    by_name: dict[str, Part] = {}


DECODER = msgspec.json.Decoder(Body)


@pytest.mark.parametrize(
    ("fields", "param", "problem"),
    [
        ("", "name", "is required"),
        ('"name": 5', "name", "must be a string"),
        ('"name": ""', "name", "must have at least 1 character"),
        ('"name": "123456789"', "name", "must have at most 8 characters"),
        ('"name": "a", "code": "french"', "code", "must match '^[a-z]{2}$'"),
        ('"name": "a", "size": 2.5', "size", "must be an integer"),
        ('"name": "a", "size": "2"', "size", "must be an integer"),
        ('"name": "a", "parts": {}', "parts", "must be an array"),
        ('"name": "a", "parts": [{}, {}, {}]', "parts", "must have at most 2 items"),
        ('"name": "a", "parts": [{"level": 0}]', "parts[0].level", "must be an integer of at least 1"),
        ('"name": "a", "parts": [{"level": 10.0}]', "parts[0].level", "must be an integer of at most 9"),
        ('"name": "a", "parts": [{"level": "x"}]', "parts[0].level", "must be an integer or null"),
        ('"name": "a", "parts": [{"mood": "sad"}]', "parts[0].mood", "must be one of calm, loud"),
        ('"name": "a", "by_name": {"x": {"mood": ""}}', "by_name[...].mood", "must be one of calm, loud"),
        ('"name": "a", "rest": {"x": 1e999}', "rest[...]", "cannot be used: number out of range"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(fields: str, param: str, problem: str) -> None:
    with pytest.raises(DecodeError) as refused:
        decode(f"{{{fields}}}".encode(), DECODER)
    assert (refused.value.param, refused.value.problem) == (param, problem)


@pytest.mark.parametrize("raw", [b"[]", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_told_so(raw: bytes) -> None:
    with pytest.raises(DecodeError) as refused:
        decode(raw, DECODER)
    assert (refused.value.param, refused.value.problem) == (None, "the body must be an object")


@pytest.mark.parametrize("written", ["3", "3.0", "0.3e1", "30e-1"])
def test_an_integer_is_one_however_it_is_written(written: str) -> None:
    body = decode(
        f'{{"name": "a", "size": {written}, "price": 1.0, "parts": [{{"level": {written}}}]}}'.encode(), DECODER
    )
    assert (body.size, body.price, body.parts[0].level) == (3, 1.0, 3)
    assert type(body.size) is int
