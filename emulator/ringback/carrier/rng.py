"""Named streams of randomness from one seed: an extra draw on one stream never shifts another."""

from __future__ import annotations

import random
from collections.abc import Mapping
from hashlib import blake2b

_SEPARATOR = "\x1f"


class Stream(random.Random):
    """A `random.Random` whose whole state is a counter, so a snapshot of it is one integer."""

    def __new__(cls, key: bytes, drawn: int = 0) -> Stream:
        return super().__new__(cls)

    def __init__(self, key: bytes, drawn: int = 0) -> None:
        self._key = key
        self.drawn = drawn
        super().__init__()

    def seed(self, *_: object) -> None:
        """Do nothing: the stream's name is its seed and cannot be changed."""

    def _block(self, size: int) -> bytes:
        self.drawn += 1
        return blake2b(self.drawn.to_bytes(8), key=self._key, digest_size=size).digest()

    def random(self) -> float:
        """Return a float in [0, 1)."""
        return (int.from_bytes(self._block(8)) >> 11) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """Return an integer of `k` random bits."""
        size = (k + 7) // 8
        if size <= 64:
            return int.from_bytes(self._block(size)) >> (size * 8 - k)
        bits = b"".join(self._block(min(64, size - start)) for start in range(0, size, 64))
        return int.from_bytes(bits) >> (size * 8 - k)

    def hex(self, digits: int) -> str:
        """Return `digits` lowercase hexadecimal digits (at most 128)."""
        return self._block((digits + 1) // 2).hex()[:digits]

    def uuid(self) -> str:
        """Return a random UUID, RFC 9562 version 4."""
        return as_uuid(self._block(16))


def as_uuid(sixteen: bytes) -> str:
    """Return sixteen bytes as a version 4 UUID; version and variant replace six of their bits."""
    bits = int.from_bytes(sixteen) & ~(0xF << 76) & ~(0x3 << 62) | 4 << 76 | 2 << 62
    digits = f"{bits:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class Streams:
    """All streams of one seed, made at their first use: `streams("kwickphone", account, "number")`."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._root = blake2b(str(seed).encode(), digest_size=32, person=b"ringback").digest()
        self._streams: dict[str, Stream] = {}

    def __call__(self, *names: str) -> Stream:
        name = _SEPARATOR.join(names)
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = self._make(name)
        return stream

    def _make(self, name: str, drawn: int = 0) -> Stream:
        key = blake2b(name.encode(), key=self._root, digest_size=32).digest()
        return Stream(key, drawn)

    def secret(self, *names: str) -> bytes:
        """Return thirty-two bytes that depend on the seed and these names alone, and on no stream."""
        return blake2b(_SEPARATOR.join(names).encode(), key=self._root, digest_size=32, person=b"secret").digest()

    def snapshot(self) -> dict[str, object]:
        """Return the seed and how many blocks each stream has drawn."""
        return {"seed": self.seed, "drawn": {name: stream.drawn for name, stream in self._streams.items()}}

    def restore(self, seed: int, drawn: Mapping[str, int]) -> None:
        """Continue from a snapshot."""
        self.__init__(seed)  # type: ignore[misc]
        self._streams = {name: self._make(name, count) for name, count in drawn.items()}
