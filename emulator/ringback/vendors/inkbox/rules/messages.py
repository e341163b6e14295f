"""Texts: sent, received, read, deleted, searched; and the conversations they make."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Literal

from msgspec import UNSET

from ringback.carrier.clock import DAY, SECOND, iso_exact
from ringback.carrier.messages import Message, MessageEvent
from ringback.carrier.segments import split_segments
from ringback.gateway.limits import Windows
from ringback.gateway.search import SearchableCollection
from ringback.gateway.vendor import NumberNotFound, Unsendable
from ringback.store import Collection
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.records import Conversation, Identity, Number, SendKey, Text, Thread
from ringback.vendors.inkbox.rules.common import MAX_URL, NAME, Caller, is_e164, is_uuid, new_id
from ringback.vendors.inkbox.wire import (
    MAX_TEXT,
    ConversationUpdate,
    Media,
    Recipient,
    SummaryView,
    TextBody,
    TextPatch,
    TextView,
)

if TYPE_CHECKING:
    from ringback.vendors.inkbox.events import TextEvent
    from ringback.vendors.inkbox.rules import Inkbox

Kind = Literal["any", "clear", "blocked"]
MAX_RECIPIENTS = 8
MAX_MEDIA = 10
MAX_SEGMENTS = 10
UNCONFIRMED = "delivery_unconfirmed"
"""The failure code by which a script says that no receipt ever came."""
TOLD: dict[MessageEvent, TextEvent] = {
    "received": "text.received",
    "sent": "text.sent",
    "delivered": "text.delivered",
    "failed": "text.delivery_failed",
    "undelivered": "text.delivery_failed",
}
KINDS_OF_MEDIA = {
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "pdf": "application/pdf",
    "vcf": "text/vcard",
}
PICTURE = "image/jpeg"
DETAILS = {
    "carrier_rejected": "The carrier did not take the message.",
    "destination_unreachable": "The message did not reach the phone.",
    UNCONFIRMED: "No receipt has come from the carrier.",
}


class Span:
    """A range of instants, both ends included; None is open."""

    def __init__(self, start: int | None, end: int | None) -> None:
        self.start = start
        self.end = end

    def __bool__(self) -> bool:
        return self.start is not None or self.end is not None

    def cut(self, texts: Iterator[Text]) -> Iterator[Text]:
        """Those of a newest-first run that lie within."""
        for text in texts:
            if self.start is not None and text.created_at < self.start:
                return
            if self.end is None or text.created_at <= self.end:
                yield text


class Texts:
    """The texts and conversations of all accounts."""

    def __init__(self, backend: Inkbox) -> None:
        self.backend = backend
        self.services = backend.services
        self.records: SearchableCollection[Text] = SearchableCollection(
            Text,
            text=lambda text: text.body,
            scopes=lambda text: () if text.deleted else ((text.line, "any"), (text.line, _kind(text))),
            any=lambda text: None if text.deleted else text.line,
            clear=lambda text: None if text.deleted or text.blocked else text.line,
            blocked=lambda text: text.line if text.blocked and not text.deleted else None,
            talk_any=lambda text: None if text.deleted else text.conversation,
            talk_clear=lambda text: None if text.deleted or text.blocked else text.conversation,
            talk_blocked=lambda text: text.conversation if text.blocked and not text.deleted else None,
            unread=lambda text: (
                text.conversation if not (text.read or text.deleted) and text.direction == "inbound" else None
            ),
        )
        self.conversations: Collection[Conversation] = Collection(
            Conversation, talk=lambda talk: (talk.line, talk.participants)
        )
        self.threads: Collection[Thread] = Collection(
            Thread,
            line=lambda thread: (thread.line, thread.kind),
            single=lambda thread: None if thread.is_group else (thread.line, thread.kind),
        )
        self.keys: Collection[SendKey] = Collection(SendKey)
        self.sends = Windows()

    # -- sending ------

    def send(self, caller: Caller, number_id: str, body: TextBody) -> Text:
        """Send a text to one or several. Raises ApiError; then nothing is sent."""
        number = self.backend.lines.of(caller, number_id)
        identity = self.backend.identities.records[number.identity]
        self._check_ready(number)
        peers = self._recipients(number, body)
        media = tuple(body.media_urls or ())
        if not body.text and not media:
            raise errors.invalid("text", "or media_urls is required")
        self._check_media(media)
        if body.text and len(split_segments(body.text).texts) > MAX_SEGMENTS and not media:
            raise errors.invalid("text", f"has at most {MAX_SEGMENTS} segments")
        for peer in peers:
            self.backend.contacts.check_outbound(identity, peer)
        for peer in peers:
            self.backend.contacts.check_consent(number.account, peer)
        self._check_allowance(number)
        return self._post(number, peers, body.text, media)

    def _check_ready(self, number: Number) -> None:
        if number.sms_status == "ready":
            return
        if number.type == "toll_free":
            raise errors.coded("toll_free_verification_pending", "Toll-free numbers cannot send texts yet.")
        raise errors.coded("sender_sms_pending", "This number cannot send texts yet: it is being registered.")

    def _recipients(self, number: Number, body: TextBody) -> tuple[str, ...]:
        if (body.to is None) == (body.conversation_id is None):
            raise errors.unprocessable("Give either to or conversation_id.")
        if body.conversation_id is not None:
            return self._talk(number, body.conversation_id, "body").participants
        peers = (body.to,) if isinstance(body.to, str) else tuple(body.to or ())
        if not 1 <= len(peers) <= MAX_RECIPIENTS:
            raise errors.invalid("to", f"has from 1 to {MAX_RECIPIENTS} numbers")
        for peer in peers:
            if not is_e164(peer):
                raise errors.invalid("to", "is a number in E.164, such as +12125550142, or a list of them")
            if peer == number.number:
                raise errors.invalid("to", "is not the sending number itself")
        if len(set(peers)) < len(peers):
            raise errors.invalid("to", "names nobody twice")
        return tuple(sorted(peers))

    def _check_media(self, urls: Sequence[str]) -> None:
        if len(urls) > MAX_MEDIA:
            raise errors.invalid("media_urls", f"has at most {MAX_MEDIA} URLs")
        for index, url in enumerate(urls):
            if not _is_link(url):
                raise errors.invalid(f"media_urls[{index}]", "is an http or https URL")

    def _check_allowance(self, number: Number) -> None:
        limit = self.backend.settings(number.account).texts_per_day
        if limit is None:
            return
        now = self.services.clock.now(number.account)
        wait = self.sends.wait(number.id, limit, DAY, now)
        if wait:
            raise errors.InkboxError(
                429,
                {
                    "error": "sender_rate_limited",
                    "message": f"This number has sent {limit} texts in 24 hours, as many as it may.",
                },
                wait=-(-wait // SECOND),
            )

    def _post(self, number: Number, peers: tuple[str, ...], body: str | None, media: tuple[str, ...]) -> Text:
        services, account = self.services, number.account
        now = services.clock.now(account)
        id_ = new_id(services, account, "text")
        legs = (id_,) if len(peers) == 1 else tuple(new_id(services, account, "leg") for _ in peers)
        text = self._keep(
            Text(
                id=id_,
                account=account,
                line=number.id,
                number=number.number,
                direction="outbound",
                peers=peers,
                body=body,
                media=media,
                conversation=self._conversation(number, peers).id,
                created_at=now,
                updated_at=now,
                legs=legs,
                read=True,
            )
        )
        for leg, peer in zip(legs, peers, strict=True):
            self.sends.add(number.id, now)
            services.messages.send(
                id_=leg,
                vendor=NAME,
                account=account,
                number_id=number.id,
                number=number.number,
                remote_number=peer,
                body=body or "",
                media_urls=media,
                script=services.scripts.take(
                    "message", vendor=NAME, account=account, to=peer, senders=(number.id, number.number), tag=None
                ),
                detail={"text": id_},
            )
        return text

    # -- receiving ------

    def receive(self, to: str, sender: str, body: str, media: tuple[str, ...], group: tuple[str, ...]) -> Message:
        """Somebody writes to one of our numbers, and to a `group` of others with it. Raises NumberNotFound, Unsendable."""
        assigned = self.services.numbers.assignment(to)
        if assigned is None or assigned.vendor != NAME:
            raise NumberNotFound(to)
        if not (body or media) or len(split_segments(body).texts) > MAX_SEGMENTS or len(body) > MAX_TEXT:
            raise Unsendable("body", f"body has from 1 to {MAX_SEGMENTS} segments")
        if len(media) > MAX_MEDIA or not all(map(_is_link, media)):
            raise Unsendable("media_urls", f"media_urls are at most {MAX_MEDIA} http or https URLs")
        if len(group) >= MAX_RECIPIENTS:
            raise Unsendable("group", f"a group has at most {MAX_RECIPIENTS} others, the sender among them")
        number = self.backend.lines.records[assigned.number_id]
        identity = self.backend.identities.records[number.identity]
        allowed, _ = self.backend.contacts.verdict(identity, sender, "inbound")
        now = self.services.clock.now(number.account)
        id_ = new_id(self.services, number.account, "text")
        self.backend.contacts.hear(number.account, sender, body)
        self._keep(
            Text(
                id=id_,
                account=number.account,
                line=number.id,
                number=to,
                direction="inbound",
                peers=(sender,),
                body=body or None,
                media=media,
                conversation=self._conversation(number, tuple(sorted((sender, *group)))).id,
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

    def changed(self, message: Message, change: MessageEvent) -> None:
        """A leg of a text came further: tell of it."""
        kind = TOLD.get(change)
        text = self.records[message.detail["text"]]
        if kind is None or text.blocked:
            return
        if text.direction == "outbound":
            self.records.update(text, updated_at=self.services.clock.now(text.account))
        if change == "undelivered" and message.failure_code == UNCONFIRMED:
            kind = "text.delivery_unconfirmed"
        self.backend.hooks.tell_text(kind, text, message.remote_number if len(text.peers) > 1 else None)
        if change == "delivered" and self.backend.lines.owned(text.account, message.remote_number) is not None:
            others = tuple(peer for peer in text.peers if peer != message.remote_number)
            self.receive(message.remote_number, text.number, text.body or "", text.media, others)

    # -- conversations ------

    def _conversation(self, number: Number, peers: tuple[str, ...]) -> Conversation:
        found = self.conversations.last("talk", (number.id, peers))
        if found is not None:
            return found
        return self.conversations.add(
            Conversation(
                id=new_id(self.services, number.account, "conversation"),
                account=number.account,
                line=number.id,
                participants=peers,
                created_at=self.services.clock.now(number.account),
            )
        )

    def _talk(self, number: Number, id_: str, where: str) -> Conversation:
        if not is_uuid(id_):
            raise errors.invalid("conversation_id", "is a UUID", where=where)
        talk = self.conversations.get(id_.lower())
        if talk is None or talk.line != number.id:
            raise errors.not_found("conversation")
        return talk

    def talk(self, number: Number, key: str) -> Conversation | None:
        """The conversation of a remote number or of an id; None where a number has not been written with. Raises
        ApiError 404 for an unknown id, 422 for what is neither."""
        if is_e164(key):
            return self.conversations.last("talk", (number.id, (key,)))
        if not is_uuid(key):
            raise errors.invalid(
                "remote_number", "is a number in E.164, such as +12125550142, or a conversation's id", where="path"
            )
        return self._talk(number, key, "path")

    def _keep(self, text: Text) -> Text:
        """Take a text in, and bring its conversation up to date."""
        self.records.add(text)
        talk = self.conversations[text.conversation]
        for kind in ("any", _kind(text)):
            id_ = f"{talk.id} {kind}"
            thread = self.threads.get(id_)
            if thread is None:
                thread = Thread(
                    id=id_,
                    account=text.account,
                    conversation=talk.id,
                    line=text.line,
                    kind=kind,
                    is_group=talk.is_group,
                    total=0,
                    unread=0,
                    latest=text.id,
                )
            else:
                self.threads.remove(thread)
            thread.total += 1
            thread.unread += _counts(text)
            thread.latest = text.id
            self.threads.add(thread)
        return text

    def _threads_of(self, text: Text) -> list[Thread]:
        return [self.threads[f"{text.conversation} {kind}"] for kind in ("any", _kind(text))]

    def _mark(self, text: Text, *, read: bool) -> bool:
        """Mark a text; gives whether that changed anything."""
        if text.read is read:
            return False
        before = _counts(text)
        self.records.update(text, read=read, updated_at=self.services.clock.now(text.account))
        for thread in self._threads_of(text):
            thread.unread += _counts(text) - before
        return True

    def mark_all(self, caller: Caller, number: Number, key: str, *, read: bool) -> ConversationUpdate:
        """Mark all that came in of a conversation. Raises ApiError 404 or 422."""
        talk = self.talk(number, key)
        if talk is None:
            return ConversationUpdate(key, None, read, 0)
        shelf = self.records.oldest("unread" if read else "talk_any", talk.id)
        marked = sum(
            self._mark(text, read=read)
            for text in shelf
            if text.direction == "inbound" and not (text.blocked and caller.agent is not None)
        )
        remote = None if talk.is_group else talk.participants[0]
        return ConversationUpdate(remote, talk.id, read, marked)

    def change(self, caller: Caller, number_id: str, id_: str, body: TextPatch) -> TextView:
        """Mark a text, or delete it. Raises ApiError 404 or 422."""
        text = self.of(caller, self.backend.lines.of(caller, number_id), id_)
        if body.is_read is UNSET and body.status is UNSET:
            raise errors.unprocessable("Give is_read, or status: deleted.")
        if isinstance(body.is_read, bool):
            self._mark(text, read=body.is_read)
        view = self.view(text)
        if body.status == "deleted":
            self._delete(text)
        return view

    def _delete(self, text: Text) -> None:
        threads, counted = self._threads_of(text), _counts(text)
        self.records.update(text, deleted=True, updated_at=self.services.clock.now(text.account))
        for thread in threads:
            latest = self.records.last(f"talk_{thread.kind}", thread.conversation)
            if latest is None:
                self.threads.remove(thread)
                continue
            thread.total -= 1
            thread.unread -= counted
            if thread.latest == text.id:
                self._lower(thread, latest)

    def _lower(self, thread: Thread, latest: Text) -> None:
        """Put a thread whose latest text is gone where the one before it belongs."""
        thread.latest = latest.id
        later = [
            other
            for other in self.threads.newest("line", (thread.line, thread.kind))
            if self.records[other.latest].seq > latest.seq
        ]
        for moved in (thread, *reversed(later)):
            self.threads.remove(moved)
            self.threads.add(moved)

    def summaries(
        self, caller: Caller, number: Number, kind: Kind | None, *, groups: bool, span: Span, offset: int, limit: int
    ) -> list[SummaryView]:
        """Conversations by their latest text, newest first."""
        seen = sight(caller, kind)
        if seen is None:
            return []
        if span:
            return self._summaries_within(number, seen, groups=groups, span=span)[offset : offset + limit]
        index = "line" if groups else "single"
        return [
            self._summary(self.conversations[thread.conversation], self.records[thread.latest], thread)
            for thread in self.threads.slice(index, (number.id, seen), offset, limit)
        ]

    def _summaries_within(self, number: Number, kind: Kind, *, groups: bool, span: Span) -> list[SummaryView]:
        """Conversations as the texts of a range of time make them."""
        found: dict[str, tuple[Text, Thread]] = {}
        for text in span.cut(self.records.newest(kind, number.id)):
            talk = self.conversations[text.conversation]
            if talk.is_group and not groups:
                continue
            if talk.id not in found:
                empty = Thread(
                    id="", account="", conversation=talk.id, line="", kind=kind, is_group=False,
                    total=0, unread=0, latest="",
                )  # fmt: skip
                found[talk.id] = (text, empty)
            found[talk.id][1].total += 1
            found[talk.id][1].unread += _counts(text)
        return [self._summary(self.conversations[id_], latest, count) for id_, (latest, count) in found.items()]

    def _summary(self, talk: Conversation, latest: Text, thread: Thread) -> SummaryView:
        return SummaryView(
            id=talk.id,
            remote_phone_number=None if talk.is_group else talk.participants[0],
            participants=list(talk.participants),
            is_group=talk.is_group,
            latest_text=latest.body,
            latest_direction=latest.direction,
            latest_type=self._type(latest),
            latest_has_media=bool(latest.media),
            latest_message_at=iso_exact(latest.created_at),
            unread_count=thread.unread,
            total_count=thread.total,
        )

    def within(self, caller: Caller, talk: Conversation | None, offset: int, limit: int) -> list[TextView]:
        """The texts of a conversation, newest first."""
        if talk is None:
            return []
        index = "talk_any" if caller.agent is None else "talk_clear"
        return [self.view(text) for text in self.records.slice(index, talk.id, offset, limit)]

    # -- looking up and showing ------

    def of(self, caller: Caller, number: Number, id_: str) -> Text:
        """A text of a number that a key sees. Raises ApiError 404."""
        text = self.records.get(id_.lower()) if is_uuid(id_) else None
        if text is None or text.line != number.id or text.deleted or (text.blocked and caller.agent is not None):
            raise errors.not_found("text")
        return text

    def listed(
        self,
        caller: Caller,
        number: Number,
        kind: Kind | None,
        *,
        wanted: Callable[[Text], bool] | None,
        span: Span,
        offset: int,
        limit: int,
    ) -> list[TextView]:
        """The texts of a number, newest first."""
        seen = sight(caller, kind)
        if seen is None:
            return []
        if wanted is None and not span:
            return [self.view(text) for text in self.records.slice(seen, number.id, offset, limit)]
        found = filter(wanted, span.cut(self.records.newest(seen, number.id)))
        return [self.view(text) for text in islice(found, offset, offset + limit)]

    def searched(self, caller: Caller, number: Number, kind: Kind | None, query: str, limit: int) -> list[TextView]:
        """The texts that have all words of a query, newest first."""
        seen = sight(caller, kind)
        if seen is None:
            return []
        return [self.view(text) for text in islice(self.records.search(query, (number.id, seen)), limit)]

    def view(self, text: Text, *, event: bool = False) -> TextView:
        """A text as it is now; as events tell it, without whether it is blocked."""
        outbound, single = text.direction == "outbound", len(text.peers) == 1
        recipients = [self._recipient(leg) for leg in text.legs] if outbound else None
        leg = recipients[0] if recipients is not None and single else None
        return TextView(
            id=text.id,
            direction=text.direction,
            local_phone_number=text.number,
            remote_phone_number=text.peers[0] if single else None,
            text=text.body,
            type=self._type(text),
            media=[_media(url) for url in text.media] or None,
            is_read=text.read,
            delivery_status=_together(recipients) if recipients is not None else None,
            origin="user_initiated",
            error_code=leg.error_code if leg is not None else None,
            error_detail=leg.error_detail if leg is not None else None,
            sent_at=leg.sent_at if leg is not None else None,
            delivered_at=leg.delivered_at if leg is not None else None,
            failed_at=leg.failed_at if leg is not None else None,
            conversation_id=text.conversation,
            sender_phone_number=text.number if outbound else text.peers[0],
            recipients=recipients,
            created_at=iso_exact(text.created_at),
            updated_at=iso_exact(text.updated_at),
            is_blocked=UNSET if event else text.blocked,
        )

    def _type(self, text: Text) -> str:
        return "mms" if text.media or self.conversations[text.conversation].is_group else "sms"

    def _recipient(self, leg: str) -> Recipient:
        message = self.services.messages.records[leg]
        failed = message.state in ("failed", "undelivered")
        code = message.failure_code if failed else None
        ended = message.segment_times[-1] if failed else None
        return Recipient(
            recipient_phone_number=message.remote_number,
            delivery_status=_status(message),
            carrier=None,
            line_type=None,
            error_code=code,
            error_detail=DETAILS.get(code, "The message was not delivered.") if code is not None else None,
            sent_at=_at(message.sent_at),
            delivered_at=_at(message.delivered_at),
            failed_at=_at(ended),
        )

    # -- keys ------

    def remember(self, caller: Caller, number_id: str, key: str, text_id: str) -> None:
        """Which text a request's key made."""
        id_ = f"{caller.account} {number_id.lower()} {key}"
        if id_ not in self.keys:
            self.keys.add(SendKey(id=id_, account=caller.account, text=text_id))

    def made_by(self, caller: Caller, number_id: str, key: str) -> str:
        """The text that a request's key made. Raises ApiError 404."""
        number = self.backend.lines.of(caller, number_id)
        found = self.keys.get(f"{caller.account} {number.id} {key}")
        if found is None:
            raise errors.not_found("message of that key")
        return found.text


def sight(caller: Caller, kind: Kind | None) -> Kind | None:
    """Which texts a reader is shown: an agent's key never sees blocked ones. None for nothing at all."""
    if caller.agent is None:
        return kind or "any"
    return None if kind == "blocked" else "clear"


def _kind(text: Text) -> Literal["clear", "blocked"]:
    return "blocked" if text.blocked else "clear"


def _counts(text: Text) -> int:
    return int(text.direction == "inbound" and not text.read)


def _at(instant: int | None) -> str | None:
    return iso_exact(instant) if instant is not None else None


def _status(message: Message) -> str:
    if message.state == "failed":
        return "sending_failed"
    if message.state == "undelivered":
        return UNCONFIRMED if message.failure_code == UNCONFIRMED else "delivery_failed"
    return message.state


def _together(recipients: Sequence[Recipient]) -> str | None:
    """How far a message to several has come: as far as the last of them, and failed where one has."""
    states = [recipient.delivery_status for recipient in recipients]
    for state in ("queued", "sent", "sending_failed", "delivery_failed", UNCONFIRMED):
        if state in states:
            return state
    return "delivered"


def _media(url: str) -> Media:
    ending = url.partition("?")[0].rpartition(".")[2].lower()
    return Media(KINDS_OF_MEDIA.get(ending, PICTURE), 0, url)


def _is_link(url: str) -> bool:
    rest = url.removeprefix("https://").removeprefix("http://")
    host = rest.partition("/")[0]
    return len(url) <= MAX_URL and rest != url and bool(host) and not any(char <= " " for char in url)


def identity_of(texts: Texts, text: Text) -> Identity:
    """The identity whose number a text came to, or went out from."""
    return texts.backend.identities.records[texts.backend.lines.records[text.line].identity]
