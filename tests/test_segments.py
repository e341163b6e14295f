"""Segmentation checked against another library and against the rules themselves."""

from __future__ import annotations

import smsutil
from hypothesis import given, settings
from hypothesis import strategies as st

from ringback.carrier.segments import GSM_BASIC, GSM_EXTENSION, JOINED, SINGLE, split_segments

ESCAPE = "\x1b"
"""The escape that begins a pair. It is no character, though the library counts it as one."""
GSM = st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION))
TEXTS = st.one_of(
    st.text(GSM, max_size=700),
    st.text(st.sampled_from("a€^[]|"), min_size=140, max_size=500),
    st.text(st.sampled_from("aé漢😀"), max_size=300),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=400),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_a_text_is_split_as_the_library_splits_it(text: str) -> None:
    text = text.replace(ESCAPE, "") or "a"
    split = split_segments(text)
    known = smsutil.split(text)
    assert split.encoding == ("GSM-7" if known.encoding.startswith("gsm") else "UCS-2")
    assert list(split.texts) == [part.content for part in known.parts]


@given(TEXTS)
def test_segments_are_the_text_and_each_is_as_full_as_it_can_be(text: str) -> None:
    split = split_segments(text)

    def places(part: str) -> int:
        if split.encoding == "UCS-2":
            return len(part.encode("utf-16-be")) // 2
        return len(part) + sum(char in GSM_EXTENSION for char in part)

    assert "".join(split.texts) == text
    if len(split.texts) == 1:
        assert places(text) <= SINGLE[split.encoding]
        return
    assert places(text) > SINGLE[split.encoding]
    for part, following in zip(split.texts, (*split.texts[1:], None), strict=True):
        assert places(part) <= JOINED[split.encoding]
        assert following is None or places(part + following[0]) > JOINED[split.encoding]


def test_the_bounds_are_those_of_the_standard() -> None:
    for text, count in (("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("€" * 80, 1), ("€" * 81, 2)):
        assert len(split_segments(text).texts) == count, text
    for text, count in (
        ("漢" * 70, 1),
        ("漢" * 71, 2),
        ("漢" * 134, 2),
        ("漢" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ):
        assert len(split_segments(text).texts) == count, text
