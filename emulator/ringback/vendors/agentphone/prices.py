"""What things cost and how much of them there may be."""

from __future__ import annotations

from ringback.carrier.ledger import CENT, DOLLAR, prorated_charge
from ringback.vendors.agentphone.records import VoiceMode

NUMBER = 3 * DOLLAR
"""A month of a number."""
MINUTE: dict[VoiceMode, int] = {"webhook": 13 * CENT, "hosted": 22 * CENT}
"""A minute of a call, charged by the second."""
HARD_DENOISING = CENT // 2
"""A minute more, where speech in the background is taken out as well."""
SEGMENT = 2 * CENT
"""A segment of an SMS that is sent. What comes in is free, and so are iMessages: ours."""
REGISTRATION = {"sole_proprietor": 2_500, "standard_brand": 2_500, "high_volume": 7_000}
"""Cents."""
OPENING_CREDIT = 5 * DOLLAR
MAX_NUMBERS = 10
"""That an account buys by itself."""
MAX_NEW_CONTACTS = 50
"""People a day that an iMessage line writes to first."""
MAX_CALL_MINUTES = 60
MESSAGES_A_MONTH = 100_000
VOICE_MINUTES_A_MONTH = 100_000
CALLS_AT_ONCE = 100
"""The plan's limits but that of numbers are ours."""
PLAN = "Pay as you go"


def talk(mode: VoiceMode, surcharge: bool, seconds: int) -> int:
    """What so many seconds of a call cost."""
    return prorated_charge(MINUTE[mode] + (HARD_DENOISING if surcharge else 0), seconds)
