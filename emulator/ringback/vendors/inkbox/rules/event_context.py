"""The context of a received text: earlier texts and calls with the same number, as a subscription configures it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeVar

from ringback.carrier.clock import HOUR
from ringback.gateway.services import Services
from ringback.vendors.inkbox.records import Text
from ringback.vendors.inkbox.rules.call_views import CallViews
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.message_views import MessageViews
from ringback.vendors.inkbox.wire.requests import ContextConfig, CountConfig, WindowConfig

T = TypeVar("T")
MAX_TEXT = 1_000
"""Characters of a text that a context includes (ours)."""


class EventContext:
    """The context of the events of all accounts."""

    def __init__(self, services: Services, data: Data, message_views: MessageViews, call_views: CallViews) -> None:
        self.services = services
        self.data = data
        self.message_views = message_views
        self.call_views = call_views

    def of(self, text: Text, config: ContextConfig) -> dict[str, Any]:
        """Return the context of a text, oldest first in each channel."""
        found: dict[str, Any] = {}
        if config.email is not None:
            found["email"] = {
                **_scope(config.email, "thread"),
                "items": [],
                "truncated": False,
                "skipped": "no_resource",
            }
        if config.texts is not None:
            texts = (row for row in self.data.texts.newest("conversation_clear", text.conversation) if row is not text)
            selected = self._select(text.account, config.texts, texts, lambda row: row.created_at)
            items = [self._text(row) for row in reversed(selected)]
            found["texts"] = {**_scope(config.texts, "conversation"), "items": items, "truncated": False}
        if config.calls is not None:
            details = self.data.calls.newest("remote_number", (text.number_id, text.remote_numbers[0]))
            calls = (self.services.calls.records[detail.id] for detail in details)
            recent = self._select(text.account, config.calls, calls, lambda call: call.started_at)
            items = [self.call_views.context(call) for call in reversed(recent)]
            found["calls"] = {**_scope(config.calls, "contact"), "items": items, "truncated": False}
        return found

    def _select(
        self, account: str, config: CountConfig | WindowConfig, newest_first: Iterator[T], at: Callable[[T], int]
    ) -> list[T]:
        if isinstance(config, CountConfig):
            return list(islice(newest_first, config.count))
        since = self.services.clock.now(account) - config.hours * HOUR
        return [item for item in newest_first if at(item) >= since]

    def _text(self, text: Text) -> dict[str, Any]:
        view = self.message_views.view(text)
        body = text.body or ""
        return {
            "id": text.id,
            "channel": "sms",
            "direction": text.direction,
            "text": body[:MAX_TEXT],
            "text_truncated": len(body) > MAX_TEXT,
            "created_at": view.created_at,
            "sender": view.sender_phone_number,
            "status": view.delivery_status,
            "media": {"count": len(text.media)} if text.media else None,
        }


def _scope(config: CountConfig | WindowConfig, scope: str) -> dict[str, Any]:
    if isinstance(config, CountConfig):
        return {"scope": scope, "mode": "count", "requested": config.count}
    return {"scope": scope, "mode": "window", "hours": config.hours}
