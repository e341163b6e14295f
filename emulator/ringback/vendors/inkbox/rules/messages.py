"""Texts: sent, received, listed, searched, and published as events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ringback.carrier.clock import DAY, SECOND
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.segments import split_segments
from ringback.gateway.services import Services
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.errors import E164
from ringback.vendors.inkbox.events import TextEvent
from ringback.vendors.inkbox.records import Number, SendKey, Subscription, Text, TextKind
from ringback.vendors.inkbox.rules.common import MAX_URL, NAME, Caller, TimeRange, is_e164, new_id, settings_of
from ringback.vendors.inkbox.rules.contacts import Contacts
from ringback.vendors.inkbox.rules.conversations import Conversations
from ringback.vendors.inkbox.rules.data import Data
from ringback.vendors.inkbox.rules.deliveries import Deliveries
from ringback.vendors.inkbox.rules.event_context import EventContext
from ringback.vendors.inkbox.rules.message_views import UNCONFIRMED, MessageViews
from ringback.vendors.inkbox.rules.subscriptions import context_config
from ringback.vendors.inkbox.wire.requests import MAX_TEXT, TextBody
from ringback.vendors.inkbox.wire.responses import TextView
from ringback.vendors.inkbox.wire.webhooks import TextData

MAX_RECIPIENTS = 8
MAX_MEDIA = 10
MAX_SEGMENTS = 10
EVENTS: dict[MessageEvent, TextEvent] = {
    "received": "text.received",
    "sent": "text.sent",
    "delivered": "text.delivered",
    "failed": "text.delivery_failed",
    "undelivered": "text.delivery_failed",
}


class Messages:
    """The texts of all accounts."""

    def __init__(
        self,
        services: Services,
        data: Data,
        *,
        contacts: Contacts,
        views: MessageViews,
        conversations: Conversations,
        deliveries: Deliveries,
        context: EventContext,
    ) -> None:
        self.services = services
        self.data = data
        self.contacts = contacts
        self.views = views
        self.conversations = conversations
        self.deliveries = deliveries
        self.context = context

    # -- send ------

    def send(self, number: Number, body: TextBody) -> Text:
        """Send a text to one or several recipients. Raises ApiError; then nothing is sent."""
        self.check_ready(number)
        recipients = self.recipients(number, body)
        media = tuple(body.media_urls or ())
        if not body.text and not media:
            raise errors.invalid("text", "or media_urls is required")
        self._check_media(media)
        if body.text and len(split_segments(body.text).texts) > MAX_SEGMENTS and not media:
            raise errors.invalid("text", f"has at most {MAX_SEGMENTS} segments")
        for recipient in recipients:
            self.contacts.check_outbound(self.data.identity_of(number), recipient)
        for recipient in recipients:
            self.contacts.check_consent(number.account, recipient)
        self._check_limit(number)
        return self._send(number, recipients, body.text, media)

    def check_ready(self, number: Number) -> None:
        """Check that a number can text already. Raises ApiError 409."""
        if number.sms_status != "ready":
            toll_free = number.type == "toll_free"
            raise errors.error("toll_free_verification_pending" if toll_free else "sender_sms_pending")

    def recipients(self, number: Number, body: TextBody) -> tuple[str, ...]:
        """Return the recipients of a text, sorted. Raises ApiError 404, 422."""
        if (body.to is None) == (body.conversation_id is None):
            raise errors.error("unprocessable", "Give either to or conversation_id.")
        if body.conversation_id is not None:
            return self.data.conversation(number, body.conversation_id).participants
        recipients = (body.to,) if isinstance(body.to, str) else tuple(body.to or ())
        if not 1 <= len(recipients) <= MAX_RECIPIENTS:
            raise errors.invalid("to", f"has from 1 to {MAX_RECIPIENTS} numbers")
        for recipient in recipients:
            if not is_e164(recipient):
                raise errors.invalid("to", f"{E164}, or a list of them")
            if recipient == number.number:
                raise errors.invalid("to", "is not the sending number itself")
        if len(set(recipients)) < len(recipients):
            raise errors.invalid("to", "must not name a number twice")
        return tuple(sorted(recipients))

    def _check_media(self, urls: Sequence[str]) -> None:
        if len(urls) > MAX_MEDIA:
            raise errors.invalid("media_urls", f"has at most {MAX_MEDIA} URLs")
        for index, url in enumerate(urls):
            if not _is_http_url(url):
                raise errors.invalid(f"media_urls[{index}]", "is an http or https URL")

    def _check_limit(self, number: Number) -> None:
        limit = settings_of(self.services, number.account).texts_per_day
        if limit is None:
            return
        wait = self.data.texts_sent.wait(number.id, limit, DAY, self.services.clock.now(number.account))
        if wait:
            message = f"This number has sent {limit} texts in 24 hours, its limit."
            raise errors.error("sender_rate_limited", message, wait=-(-wait // SECOND))

    def _send(self, number: Number, recipients: tuple[str, ...], body: str | None, media: tuple[str, ...]) -> Text:
        services, account = self.services, number.account
        now = services.clock.now(account)
        id_ = new_id(services, account, "text")
        legs = (id_,) if len(recipients) == 1 else tuple(new_id(services, account, "leg") for _ in recipients)
        text = self.conversations.add(
            Text(
                id=id_,
                account=account,
                number_id=number.id,
                number=number.number,
                direction="outbound",
                remote_numbers=recipients,
                body=body,
                media=media,
                conversation=self.conversations.with_participants(number, recipients).id,
                created_at=now,
                updated_at=now,
                legs=legs,
                read=True,
            )
        )
        for leg, recipient in zip(legs, recipients, strict=True):
            self.data.texts_sent.add(number.id, now)
            services.messages.send(
                id_=leg,
                vendor=NAME,
                account=account,
                number_id=number.id,
                number=number.number,
                remote_number=recipient,
                body=body or "",
                media_urls=media,
                script=services.scripts.take(
                    "message", vendor=NAME, account=account, to=recipient, senders=(number.id, number.number), tag=None
                ),
                detail={"text": id_},
            )
        return text

    def remember_key(self, number: Number, key: str, text: Text) -> None:
        """Remember the text that was sent with an Idempotency-Key."""
        id_ = f"{number.account} {number.id} {key}"
        if id_ not in self.data.send_keys:
            self.data.send_keys.add(SendKey(id=id_, account=number.account, text=text.id))

    def sent_with_key(self, number: Number, key: str) -> str:
        """Return the id of the text that was sent with an Idempotency-Key. Raises ApiError 404."""
        found = self.data.send_keys.get(f"{number.account} {number.id} {key}")
        if found is None:
            raise errors.not_found("message of that key")
        return found.text

    # -- receive ------

    def receive(self, to: str, sender: str, body: str, media: tuple[str, ...], group: tuple[str, ...]) -> Message:
        """Receive a text at one of our numbers, and at a `group` of others. Raises NumberNotFound, Unsendable."""
        number = self.data.active_number(to)
        if number is None:
            raise NumberNotFound(to)
        if not (body or media) or len(split_segments(body).texts) > MAX_SEGMENTS or len(body) > MAX_TEXT:
            raise Unsendable("body", f"body must have from 1 to {MAX_SEGMENTS} segments")
        if len(media) > MAX_MEDIA or not all(map(_is_http_url, media)):
            raise Unsendable("media_urls", f"media_urls must be at most {MAX_MEDIA} http or https URLs")
        if len(group) >= MAX_RECIPIENTS:
            raise Unsendable("group", f"group must have fewer than {MAX_RECIPIENTS} numbers")
        allowed, _ = self.contacts.verdict(self.data.identity_of(number), sender, "inbound")
        now = self.services.clock.now(number.account)
        id_ = new_id(self.services, number.account, "text")
        self.contacts.read_keyword(number.account, sender, body)
        self.conversations.add(
            Text(
                id=id_,
                account=number.account,
                number_id=number.id,
                number=to,
                direction="inbound",
                remote_numbers=(sender,),
                body=body or None,
                media=media,
                conversation=self.conversations.with_participants(number, tuple(sorted((sender, *group)))).id,
                created_at=now,
                updated_at=now,
                legs=(id_,),
                blocked=not allowed,
            )
        )
        return self.services.messages.receive(
            id_=id_,
            vendor=NAME,
            account=number.account,
            number_id=number.id,
            number=to,
            remote_number=sender,
            body=body,
            media_urls=media,
            detail={"text": id_},
        )

    # -- events ------

    def on_changed(self, message: Message, change: MessageEvent) -> None:
        """Publish the change of a leg of a text; deliver it if the recipient is one of the account's own numbers."""
        name = EVENTS.get(change)
        text = self.data.texts[message.detail["text"]]
        if name is None or text.blocked:
            return
        if text.direction == "outbound":
            self.data.texts.update(text, updated_at=self.services.clock.now(text.account))
        if change == "undelivered" and message.failure_code == UNCONFIRMED:
            name = "text.delivery_unconfirmed"
        self.publish(name, text, message.remote_number if len(text.remote_numbers) > 1 else None)
        if change == "delivered" and self.data.owned_number(text.account, message.remote_number) is not None:
            others = tuple(number for number in text.remote_numbers if number != message.remote_number)
            self.receive(message.remote_number, text.number, text.body or "", text.media, others)

    def publish(self, name: TextEvent, text: Text, recipient: str | None) -> None:
        """Publish an event of a text; `recipient` is the one of several that it is about."""
        rows = self.deliveries.subscribed(self.data.identity_by_number_id(text.number_id), name)
        if not rows:
            return
        view = self.views.view(text, event=True)
        agents = self.deliveries.agents(text.account, recipient or text.remote_numbers[0])

        def data(row: Subscription) -> TextData:
            found = TextData(view, [], agents, recipient)
            config = context_config(row)
            if name == "text.received" and config is not None:
                found.context = self.context.of(text, config)
            return found

        self.deliveries.publish(rows, name, text.id, data)

    # -- lists ------

    def list_texts(
        self,
        caller: Caller,
        number: Number,
        kind: TextKind,
        *,
        read: bool | None,
        within: TimeRange,
        offset: int,
        limit: int,
    ) -> list[TextView]:
        """Return a page of a number's texts, newest first."""
        seen = caller.visible_kind(kind)
        if seen is None:
            return []
        index = f"number_{seen}"
        if read is None and not within:
            found = self.data.texts.slice(index, number.id, offset, limit)
        else:
            texts = within.cut(self.data.texts.newest(index, number.id), lambda text: text.created_at)
            matching = (text for text in texts if read in (None, text.read))
            found = list(islice(matching, offset, offset + limit))
        return [self.views.view(text) for text in found]

    def search(self, caller: Caller, number: Number, kind: TextKind, query: str, limit: int) -> list[TextView]:
        """Return the texts of a number that contain all words of a query, newest first."""
        seen = caller.visible_kind(kind)
        if seen is None:
            return []
        return [self.views.view(text) for text in islice(self.data.texts.search(query, (number.id, seen)), limit)]


def _is_http_url(url: str) -> bool:
    rest = url.removeprefix("https://").removeprefix("http://")
    host = rest.partition("/")[0]
    return len(url) <= MAX_URL and rest != url and bool(host) and not any(char <= " " for char in url)
