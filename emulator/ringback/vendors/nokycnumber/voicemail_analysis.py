"""Analyse a voicemail: language, English version, summary, sentiment. The same text always has the same analysis."""

from __future__ import annotations

import re

COMMON_WORDS = {
    "en": "the is you please call back this hello hi my and i for your thanks me about can",
    "fr": "le la les bonjour je vous est pour merci rappelez moi quand une un des ici c'est pouvez",
    "es": "el la los hola yo usted es por gracias llame cuando una un soy buenos favor puede",
    "de": "der die das hallo ich sie ist bitte danke rufen zurück wann ein eine hier und guten",
}
WORDS = {language: frozenset(words.split()) for language, words in COMMON_WORDS.items()}
SENTIMENT_WORDS = {
    "positive": "thanks thank great perfect happy love wonderful merci super parfait gracias danke toll",
    "negative": "angry unacceptable terrible broken wrong complaint refund never worst problème inacceptable nunca "
    "schlecht",
}
POSITIVE, NEGATIVE = (frozenset(words.split()) for words in SENTIMENT_WORDS.values())
MAX_SUMMARY = 120
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language_of(text: str) -> str:
    """Return the language of most of the words, ISO 639-1; English if no language has the most."""
    words = [word.lower() for word in _WORD.findall(text)]
    scores = {language: sum(word in known for word in words) for language, known in WORDS.items()}
    return max(scores, key=lambda language: (scores[language], language == "en"))


def translation_of(text: str, language: str) -> str:
    """Return an English text as it is, any other marked as translated."""
    return text if language == "en" else f"[Translated from {language}] {text}"


def summary_of(text: str) -> str:
    """Return the first sentence, of at most 120 characters."""
    first = re.split(r"(?<=[.!?])\s", text.strip(), maxsplit=1)[0]
    return first if len(first) <= MAX_SUMMARY else f"{first[: MAX_SUMMARY - 1]}…"


def sentiment_of(text: str) -> str:
    """Return `positive`, `neutral` or `negative`, by the words."""
    words = {word.lower() for word in _WORD.findall(text)}
    score = len(words & POSITIVE) - len(words & NEGATIVE)
    return "positive" if score > 0 else "negative" if score < 0 else "neutral"
