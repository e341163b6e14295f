"""Texts to look through, and how long looking takes."""

from __future__ import annotations

import json
import random
import time
from typing import Any
from urllib.parse import quote

PHONE = "/api/v1/phone"
ROUNDS = 5
ASKED = 200
QUERIES = {"two words of most texts": "Table READY", "a word of one text": "Zyzzyva", "no such word": "nothing"}
"""What is measured; each is found in as many of the first hundred texts as on a page of any more."""
_VOCABULARY = [f"word{n}" for n in range(5_000)]


def said(count: int, stream: random.Random) -> str:
    """The text of a number: ten words by chance, and two that most have. One of the first has a word of its own."""
    words = [*stream.choices(_VOCABULARY, k=10), "your", "table", "is", "ready"]
    return " ".join([*words, "zyzzyva"] if count == 50 else words)


async def searches(inside: Any, size: int) -> dict[str, float]:
    """Seconds of one search of each kind among so many texts (the ones that are there count)."""
    backend = inside.emulator.backends["inkbox"]
    if not backend.numbers(inside.account.id):
        body = {"agent_handle": "bench", "phone_number": {"type": "local"}}
        await inside.ask("POST", "/api/v1/identities/", body=json.dumps(body).encode())
    (number,) = backend.numbers(inside.account.id)
    stream = random.Random(7)
    for count in range(inside.emulator.services.messages.records.created, size):
        backend.receive_message(number["phone_number"], f"+1214555{count % 10_000:04d}", said(count, stream), (), ())
    path = f"{PHONE}/numbers/{number['id']}/texts/search"
    found = {}
    for what, query in QUERIES.items():
        best = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            for _ in range(ASKED):
                await inside.ask("GET", path, f"q={quote(query)}&limit=25".encode())
            best.append((time.perf_counter() - started) / ASKED)
        found[what] = min(best)
    return found
