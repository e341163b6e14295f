"""Measure how long an MP3 plays, from its frames."""

from __future__ import annotations

import msgspec

BITRATES = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by (MPEG version, layer) and index; MPEG-2.5 uses the rows of 2."""
RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}
SAMPLES = {(1, 1): 384, (1, 2): 1152, (1, 3): 1152, (2, 1): 384, (2, 2): 1152, (2, 3): 576}
HEADER_BYTES = 4


class Frame(msgspec.Struct, frozen=True):
    """One frame: its length in bytes and in seconds."""

    size: int
    seconds: float


def seconds(data: bytes) -> float:
    """The playing time of an MPEG audio stream. Raises ValueError when the bytes are not one.

    An ID3v2 tag before and an ID3v1 or APE tag behind are stepped over; a last frame that is cut short does not count.
    """
    at = _after_id3(data)
    total, frames = 0.0, 0
    while at + HEADER_BYTES <= len(data):
        frame = _frame(data, at)
        if frame is None:
            if data[at : at + 3] == b"TAG" or data[at : at + 8] == b"APETAGEX":
                break
            raise ValueError(f"no MPEG audio frame at byte {at}")
        if at + frame.size > len(data):
            break
        total += frame.seconds
        frames += 1
        at += frame.size
    if not frames:
        raise ValueError("no MPEG audio frame")
    return total


def _after_id3(data: bytes) -> int:
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    size = 0
    for byte in data[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size + (10 if data[5] & 0x10 else 0)


def _frame(data: bytes, at: int) -> Frame | None:
    first, second, third = data[at : at + 3]
    version_bits, layer_bits = second >> 3 & 3, second >> 1 & 3
    if first != 0xFF or second & 0xE0 != 0xE0 or version_bits == 1 or layer_bits == 0:
        return None
    version, layer = (1 if version_bits == 3 else 2), 4 - layer_bits
    index, rate_index, padding = third >> 4, third >> 2 & 3, third >> 1 & 1
    if index in (0, 15) or rate_index == 3:
        return None
    rate = RATES[version_bits][rate_index]
    samples = SAMPLES[version, layer]
    bits = BITRATES[version, layer][index] * 1000
    size = (12 * bits // rate + padding) * 4 if layer == 1 else samples // 8 * bits // rate + padding
    return Frame(size, samples / rate)
