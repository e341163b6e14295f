"""The bare framework: Litestar returning 25 structs, or decoding a body and keeping it, with nothing else on."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Litestar, get, post


class Call(msgspec.Struct):
    id: str
    number_id: str
    phone_number: str
    caller: str
    direction: str
    status: str
    outcome: str
    duration_sec: int
    started_at: str
    has_recording: bool
    has_transcript: bool


class Calls(msgspec.Struct):
    data: list[Call]


class Body(msgspec.Struct):
    business_phone: str
    area_code: str | None = None
    webhook_url: str | None = None


ROWS = [
    Call(
        f"CA{n:032x}", "num_1", "+13465550101", "+12145559876", "inbound", "completed", "order", 60,
        "2026-01-01T00:00:00Z", True, False,
    )
    for n in range(25)
]  # fmt: skip
KEPT: dict[str, Body] = {}


@get("/v1/calls")
async def list_calls() -> Calls:
    return Calls(ROWS)


@post("/v1/numbers")
async def create_number(data: Body) -> dict[str, Any]:
    id_ = f"num_{len(KEPT) + 1}"
    KEPT[id_] = data
    return {
        "id": id_,
        "phone_number": "+13465550101",
        "business_phone": data.business_phone,
        "status": "active",
        "webhook_url": data.webhook_url,
        "webhook_secret": "whsec_365d8f67ccb43e51240b05167e6b723a",
        "created_at": "2026-01-01T00:00:00+00:00",
    }


app = Litestar([list_calls, create_number], openapi_config=None, logging_config=None)
