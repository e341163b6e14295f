"""Prices, in micro-dollars unless a comment says otherwise, and limits."""

from __future__ import annotations

from ringback.carrier.ledger import CENT, DOLLAR, prorated_charge
from ringback.vendors.agentphone.records import VoiceMode

NUMBER_MONTH = 3 * DOLLAR
CALL_MINUTE: dict[VoiceMode, int] = {"webhook": 13 * CENT, "hosted": 22 * CENT}
"""Charged by the second."""
SPEECH_DENOISING_MINUTE = CENT // 2
"""Surcharge where background speech is removed as well."""
SMS_SEGMENT = 2 * CENT
"""For a sent SMS. Inbound messages and iMessages are free: ours."""
REGISTRATION_CENTS = {"sole_proprietor": 2_500, "standard_brand": 2_500, "high_volume": 7_000}
OPENING_CREDIT = 5 * DOLLAR
MAX_NUMBERS = 10
MAX_NEW_CONTACTS = 50
"""People a day to whom an iMessage number writes first."""
MAX_CALL_MINUTES = 60
MESSAGES_A_MONTH = 100_000
VOICE_MINUTES_A_MONTH = 100_000
CALLS_AT_ONCE = 100
"""The plan's limits are ours, except that of numbers."""
PLAN = "Pay as you go"


def call_cost(mode: VoiceMode, surcharge: bool, seconds: int) -> int:
    """Return the cost of a call of this duration."""
    return prorated_charge(CALL_MINUTE[mode] + (SPEECH_DENOISING_MINUTE if surcharge else 0), seconds)
