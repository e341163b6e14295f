"""Conversations: the texts of a number with one participant or a group, read state, and summaries."""

from __future__ import annotations

from msgspec import UNSET

from ringback.gateway.services import Services
from ringback.vendors.inkbox import errors
from ringback.vendors.inkbox.errors import E164
from ringback.vendors.inkbox.records import Conversation, Number, Summary, Text, TextKind
from ringback.vendors.inkbox.rules.common import Caller, TimeRange, is_e164, is_uuid, new_id
from ringback.vendors.inkbox.rules.data import Data, is_unread, kind_of
from ringback.vendors.inkbox.rules.message_views import MessageViews
from ringback.vendors.inkbox.wire.requests import TextPatch
from ringback.vendors.inkbox.wire.responses import ConversationUpdate, SummaryView, TextView


class Conversations:
    """The conversations of all accounts."""

    def __init__(self, services: Services, data: Data, views: MessageViews) -> None:
        self.services = services
        self.data = data
        self.views = views

    # -- lookups ------

    def with_participants(self, number: Number, participants: tuple[str, ...]) -> Conversation:
        """Return the conversation of a number with these participants, creating it if there is none."""
        found = self.data.conversations.last("participants", (number.id, participants))
        if found is not None:
            return found
        return self.data.conversations.add(
            Conversation(
                id=new_id(self.services, number.account, "conversation"),
                account=number.account,
                number_id=number.id,
                participants=participants,
                created_at=self.services.clock.now(number.account),
            )
        )

    def find(self, number: Number, key: str) -> Conversation | None:
        """Return the conversation with a remote number, or of an id; None if there are no texts with that number.

        Raises ApiError 404 for an unknown id, 422 for a key that is neither.
        """
        if is_e164(key):
            return self.data.conversations.last("participants", (number.id, (key,)))
        if not is_uuid(key):
            raise errors.invalid("remote_number", f"{E164}, or a conversation's id", "path")
        return self.data.conversation(number, key)

    # -- changes ------

    def add(self, text: Text) -> Text:
        """Store a text, and update the summaries of its conversation."""
        self.data.texts.add(text)
        conversation = self.data.conversations[text.conversation]
        for kind in _kinds(text):
            id_ = f"{conversation.id} {kind}"
            summary = self.data.summaries.get(id_)
            if summary is None:
                summary = Summary(
                    id=id_,
                    account=text.account,
                    conversation=conversation.id,
                    number_id=text.number_id,
                    kind=kind,
                    is_group=conversation.is_group,
                    total=0,
                    unread=0,
                    latest=text.id,
                )
            else:
                self.data.summaries.remove(summary)
            summary.total += 1
            summary.unread += is_unread(text)
            summary.latest = text.id
            self.data.summaries.add(summary)
        return text

    def _summaries_of(self, text: Text) -> list[Summary]:
        return [self.data.summaries[f"{text.conversation} {kind}"] for kind in _kinds(text)]

    def mark(self, text: Text, *, read: bool) -> bool:
        """Mark a text as read or unread; return whether that changed anything."""
        if text.read is read:
            return False
        before = is_unread(text)
        self.data.texts.update(text, read=read, updated_at=self.services.clock.now(text.account))
        for summary in self._summaries_of(text):
            summary.unread += is_unread(text) - before
        return True

    def mark_all(self, caller: Caller, number: Number, key: str, *, read: bool) -> ConversationUpdate:
        """Mark all inbound texts of a conversation. Raises ApiError 404, 422."""
        conversation = self.find(number, key)
        if conversation is None:
            return ConversationUpdate(key, None, read, 0)
        texts = self.data.texts.oldest("conversation_unread" if read else "conversation_any", conversation.id)
        marked = sum(
            self.mark(text, read=read)
            for text in texts
            if text.direction == "inbound" and not (text.blocked and caller.agent is not None)
        )
        remote = None if conversation.is_group else conversation.participants[0]
        return ConversationUpdate(remote, conversation.id, read, marked)

    def change(self, text: Text, body: TextPatch) -> TextView:
        """Mark a text, or delete it. Raises ApiError 422."""
        if body.is_read is UNSET and body.status is UNSET:
            raise errors.error("unprocessable", "Give is_read, or status: deleted.")
        if isinstance(body.is_read, bool):
            self.mark(text, read=body.is_read)
        view = self.views.view(text)
        if body.status == "deleted":
            self.delete(text)
        return view

    def delete(self, text: Text) -> None:
        """Delete a text, and update the summaries of its conversation."""
        summaries, unread = self._summaries_of(text), is_unread(text)
        self.data.texts.update(text, deleted=True, updated_at=self.services.clock.now(text.account))
        for summary in summaries:
            latest = self.data.texts.last(f"conversation_{summary.kind}", summary.conversation)
            if latest is None:
                self.data.summaries.remove(summary)
                continue
            summary.total -= 1
            summary.unread -= unread
            if summary.latest == text.id:
                self._reorder(summary, latest)

    def _reorder(self, summary: Summary, latest: Text) -> None:
        """Move a summary whose latest text was deleted to the place of the text before."""
        summary.latest = latest.id
        later = [
            other
            for other in self.data.summaries.newest("number", (summary.number_id, summary.kind))
            if self.data.texts[other.latest].seq > latest.seq
        ]
        for moved in (summary, *reversed(later)):
            self.data.summaries.remove(moved)
            self.data.summaries.add(moved)

    # -- lists ------

    def list_summaries(
        self,
        caller: Caller,
        number: Number,
        kind: TextKind,
        *,
        groups: bool,
        within: TimeRange,
        offset: int,
        limit: int,
    ) -> list[SummaryView]:
        """Return a page of a number's conversations, the one with the latest text first."""
        seen = caller.visible_kind(kind)
        if seen is None:
            return []
        if within:
            return self._summaries_within(number, seen, groups=groups, within=within)[offset : offset + limit]
        index = "number" if groups else "single"
        return [
            self.views.summary(self.data.conversations[summary.conversation], self.data.texts[summary.latest], summary)
            for summary in self.data.summaries.slice(index, (number.id, seen), offset, limit)
        ]

    def _summaries_within(
        self, number: Number, kind: TextKind, *, groups: bool, within: TimeRange
    ) -> list[SummaryView]:
        """Return the conversations that have texts in a range of time, with totals over these."""
        found: dict[str, tuple[Text, Summary]] = {}
        texts = within.cut(self.data.texts.newest(f"number_{kind}", number.id), lambda text: text.created_at)
        for text in texts:
            conversation = self.data.conversations[text.conversation]
            if conversation.is_group and not groups:
                continue
            if conversation.id not in found:
                empty = Summary(
                    id="", account="", conversation=conversation.id, number_id="", kind=kind, is_group=False,
                    total=0, unread=0, latest="",
                )  # fmt: skip
                found[conversation.id] = (text, empty)
            found[conversation.id][1].total += 1
            found[conversation.id][1].unread += is_unread(text)
        return [
            self.views.summary(self.data.conversations[id_], latest, totals) for id_, (latest, totals) in found.items()
        ]

    def list_texts(self, caller: Caller, conversation: Conversation | None, offset: int, limit: int) -> list[TextView]:
        """Return a page of a conversation's texts, newest first."""
        if conversation is None:
            return []
        index = f"conversation_{caller.visible_kind('any')}"
        return [self.views.view(text) for text in self.data.texts.slice(index, conversation.id, offset, limit)]


def _kinds(text: Text) -> tuple[TextKind, TextKind]:
    return "any", kind_of(text)
