"""Split a text into message segments: GSM 03.38 where its alphabet has every character, else UCS-2."""

from __future__ import annotations

from typing import Literal

import msgspec

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""GSM 03.38, tables 6.2.1 and 6.2.1.1. A character of the extension takes two places: an escape and itself."""
SINGLE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
"""Places in a message that is one segment: septets, or 16-bit units."""
JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}
"""Places in each segment of a longer message; the concatenation header takes the rest."""


class Segments(msgspec.Struct, frozen=True):
    """A text in segments: its encoding, and the text of each segment in order."""

    encoding: Encoding
    texts: tuple[str, ...]


def split_segments(text: str) -> Segments:
    """Split a text as a phone network does.

    An escape pair and a surrogate pair are never split. An empty text is one empty segment.
    """
    encoding: Encoding = "GSM-7" if all(char in GSM_BASIC or char in GSM_EXTENSION for char in text) else "UCS-2"
    if sum(_places(char, encoding) for char in text) <= SINGLE[encoding]:
        return Segments(encoding, (text,))
    limit, texts, start, used = JOINED[encoding], [], 0, 0
    for index, char in enumerate(text):
        places = _places(char, encoding)
        if used + places > limit:
            texts.append(text[start:index])
            start, used = index, 0
        used += places
    texts.append(text[start:])
    return Segments(encoding, tuple(texts))


def _places(char: str, encoding: Encoding) -> int:
    wide = char in GSM_EXTENSION if encoding == "GSM-7" else char > "￿"
    return 2 if wide else 1
