"""Mask what must not leave a run: keys, webhook secrets, and the people in a real account's calls."""

from __future__ import annotations

import html
import json
import re
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from ringback_conformance.model import Header

HIDDEN = "***"
SECRET_HEADERS = frozenset({"set-cookie", "proxy-authorization"})
BEARER = re.compile(r"(?i)\b(bearer\s+)(?!\$)[^\s\"']+")
PHONE = re.compile(r"(?:\+|%2[Bb])\d{7,15}(?!\d)")
SHORTEST_SECRET = 6


class Mask:
    """Replace secrets in a text by names.

    A secret that was `learn`ed becomes its name (`$KEY`), so that a curl line works once the shell knows the name;
    anything that looks like one of the vendor's secrets becomes `***`. With `people` set, phone numbers lose
    their middle and the fields named in `private` their text.
    """

    def __init__(
        self,
        patterns: Iterable[re.Pattern[str]] = (),
        *,
        private: Iterable[str] = (),
        people: bool = False,
    ) -> None:
        self._patterns = tuple(patterns)
        self._private = frozenset(private)
        self._people = people
        self._names: dict[str, str] = {}
        self._lock = threading.Lock()

    def learn(self, secret: str, name: str) -> None:
        """Replace `secret` by `name` from now on, also where it is quoted or escaped."""
        if len(secret) < SHORTEST_SECRET:
            return
        with self._lock:
            for form in {
                secret,
                quote(secret, safe="", errors="surrogatepass"),
                json.dumps(secret)[1:-1],
                html.escape(secret),
            }:
                self._names.setdefault(form, name)

    def text(self, text: str) -> str:
        """Return the text without its secrets."""
        with self._lock:
            known = sorted(self._names.items(), key=lambda item: -len(item[0]))
        for secret, name in known:
            if secret in text:
                text = text.replace(secret, name)
        for pattern in self._patterns:
            text = pattern.sub(_hide, text)
        text = BEARER.sub(rf"\1{HIDDEN}", text)
        return PHONE.sub(_shorten, text) if self._people else text

    def headers(self, headers: Iterable[Header]) -> tuple[Header, ...]:
        """Return headers without their secrets; cookies that a server sets are hidden completely."""
        return tuple((name, HIDDEN if name.lower() in SECRET_HEADERS else self.text(value)) for name, value in headers)

    def body(self, body: bytes, content_type: str, limit: int) -> str:
        """Return a body as text of at most `limit` characters, or a line about its size where it is not text."""
        if not body:
            return ""
        if content_type.startswith(("audio/", "image/", "video/", "application/octet-stream")):
            return f"({len(body)} bytes of {content_type})"
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return f"({len(body)} bytes, not text: {body[:32].hex(' ')}…)"
        if self._people and self._private:
            text = self._without_people(text)
        text = self.text(text)
        return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"

    def _without_people(self, text: str) -> str:
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return json.dumps(self._walk(document), ensure_ascii=False)

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: f"({len(inner)} characters)"
                if key in self._private and isinstance(inner, str)
                else self._walk(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list):
            return [self._walk(inner) for inner in value]
        return value


def _hide(found: re.Match[str]) -> str:
    return f"{found.group(1)}{HIDDEN}" if found.re.groups else HIDDEN


def _shorten(found: re.Match[str]) -> str:
    number = found.group()
    return f"{number[:-9] or number[:2]}…{number[-2:]}"
