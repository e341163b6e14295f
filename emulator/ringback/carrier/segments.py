"""How a text becomes message segments: GSM 03.38 where its alphabet reaches, UCS-2 where not."""

from __future__ import annotations

from typing import Literal

import msgspec

Encoding = Literal["GSM-7", "UCS-2"]

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""GSM 03.38, tables 6.2.1 and 6.2.1.1: a character of the extension takes two places, an escape and itself."""
SINGLE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
"""Places in a message that is one segment: septets, or 16-bit units."""
JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}
"""Places in each segment of a longer one, whose header takes the rest."""


class Segmented(msgspec.Struct, frozen=True):
    """A text in segments: its encoding, and the text of each segment in order."""

    encoding: Encoding
    parts: tuple[str, ...]


def segmented(text: str) -> Segmented:
    """Split a text as a phone network does. An escape pair and a surrogate pair are never split; an empty text is one
    empty segment."""
    encoding: Encoding = "GSM-7" if all(char in GSM_BASIC or char in GSM_EXTENSION for char in text) else "UCS-2"
    if sum(_places(char, encoding) for char in text) <= SINGLE[encoding]:
        return Segmented(encoding, (text,))
    room, parts, start, used = JOINED[encoding], [], 0, 0
    for index, char in enumerate(text):
        places = _places(char, encoding)
        if used + places > room:
            parts.append(text[start:index])
            start, used = index, 0
        used += places
    parts.append(text[start:])
    return Segmented(encoding, tuple(parts))


def _places(char: str, encoding: Encoding) -> int:
    wide = char in GSM_EXTENSION if encoding == "GSM-7" else char > "￿"
    return 2 if wide else 1
