"""What the transcriber makes of a voicemail: its language, an English version, a summary, a mood. All from the words
themselves, so that the same words always give the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        (
            "the",
            "is",
            "you",
            "please",
            "call",
            "back",
            "this",
            "hello",
            "hi",
            "my",
            "and",
            "i",
            "for",
            "your",
            "thanks",
            "me",
            "about",
            "can",
        )
    ),
    "fr": frozenset(
        (
            "le",
            "la",
            "les",
            "bonjour",
            "je",
            "vous",
            "est",
            "pour",
            "merci",
            "rappelez",
            "moi",
            "quand",
            "une",
            "un",
            "des",
            "ici",
            "c'est",
            "pouvez",
        )
    ),
    "es": frozenset(
        (
            "el",
            "la",
            "los",
            "hola",
            "yo",
            "usted",
            "es",
            "por",
            "gracias",
            "llame",
            "cuando",
            "una",
            "un",
            "soy",
            "buenos",
            "favor",
            "puede",
        )
    ),
    "de": frozenset(
        (
            "der",
            "die",
            "das",
            "hallo",
            "ich",
            "sie",
            "ist",
            "bitte",
            "danke",
            "rufen",
            "zurück",
            "wann",
            "ein",
            "eine",
            "hier",
            "und",
            "guten",
        )
    ),
}
GLAD = frozenset(
    (
        "thanks",
        "thank",
        "great",
        "perfect",
        "happy",
        "love",
        "wonderful",
        "merci",
        "super",
        "parfait",
        "gracias",
        "danke",
        "toll",
    )
)
SORRY = frozenset(
    (
        "angry",
        "unacceptable",
        "terrible",
        "broken",
        "wrong",
        "complaint",
        "refund",
        "never",
        "worst",
        "problème",
        "inacceptable",
        "nunca",
        "schlecht",
    )
)
MAX_SUMMARY = 120
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language_of(text: str) -> str:
    """The language that most of the words are of, ISO 639-1; English where none tells."""
    words = [word.lower() for word in _WORD.findall(text)]
    scores = {language: sum(word in known for word in words) for language, known in WORDS.items()}
    return max(scores, key=lambda language: (scores[language], language == "en"))


def translation_of(text: str, language: str) -> str:
    """The text in English: itself where it is, marked as a translation where not."""
    return text if language == "en" else f"[Translated from {language}] {text}"


def summary_of(text: str) -> str:
    """The first sentence, shortened where it is long."""
    first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
    return first if len(first) <= MAX_SUMMARY else f"{first[: MAX_SUMMARY - 1]}…"


def sentiment_of(text: str) -> str:
    """`positive`, `neutral` or `negative`, by the words."""
    words = {word.lower() for word in _WORD.findall(text)}
    score = len(words & GLAD) - len(words & SORRY)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"
