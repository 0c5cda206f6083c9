"""What happened in one case: pages of the past, what arrives live, what waits to be sent, and finding words in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from console.desk import wording
from console.incidences.deliveries import Deliveries
from console.incidences.happenings import entry_of, is_told
from widgets.timeline import Timeline
from widgets.timeline_book import Entry

if TYPE_CHECKING:
    from backend.core.wire import Page
    from backend.incidences.schemas import TimelineEntry
    from console.incidences.casework import Casework

Frame = Mapping[str, Any]
PAGE = 100
GLANCE = 1.0
"""Seconds after which a message that is in view counts as read: nobody answers one sooner."""

QUEUED = 2**60
"""Entries that are not on the server yet stand after all that are."""

_MESSAGES = ("incidence.message_received", "incidence.message_sent")


class Story:
    """The frames of one case in its timeline."""

    def __init__(self, screen: Casework, timeline: Timeline, incidence_id: str) -> None:
        self.screen, self.timeline, self.incidence_id = screen, timeline, incidence_id
        self.frames: dict[int, Frame] = {}
        self.deliveries = Deliveries()
        self.is_whole = False
        self._is_asking = False
        self._arrived: dict[int, float] = {}
        self._seen = 0
        self._queued = 0

    # -- what is in it

    def begin(self, page: Iterable[TimelineEntry], new_since: int | None) -> None:
        """Show the newest page; with a draft, a line after what its writer had seen."""
        frames = [entry.model_dump(mode="json", by_alias=True) for entry in page]
        parts = 1 + len((self.screen.selected() or {}).get("mergedFrom", ()))
        self.is_whole = sum(frame["type"] == "incidence.opened" for frame in frames) == parts
        self.frames |= {frame["seq"]: frame for frame in frames}
        self.deliveries.take(frames)
        self._seen = max((seq for seq in self.frames if self._is_message(seq)), default=0)
        self.timeline.show(self._entries(), new_since if new_since and new_since < self._seen else None)
        self.show_queued()

    def add(self, frame: Frame) -> None:
        """One more thing happened."""
        seq = frame["seq"]
        if seq not in self.frames:
            self._arrived[seq] = monotonic()
        self.frames[seq] = frame
        about = self.deliveries.take([frame])
        shown = [frame, *(self.frames[one] for one in about if one in self.frames)]
        if told := [self._entry(one) for one in shown if is_told(one)]:
            self.timeline.upsert(told)
        self.show_queued()

    def add_older(self) -> None:
        """Load the page before the oldest entry."""
        if self.is_whole or self._is_asking or not self.frames:
            return
        self._is_asking = True
        oldest, id, api = min(self.frames), self.incidence_id, self.screen.console.api

        def done(page: Page[TimelineEntry]) -> None:
            self._is_asking = False
            if not self.screen.is_attached or self.screen.story is not self:
                return
            self.is_whole = page.next_cursor is None
            older = [entry.model_dump(mode="json", by_alias=True) for entry in page.items]
            self.frames |= {frame["seq"]: frame for frame in older}
            self.deliveries.take(older)
            self.timeline.upsert([self._entry(frame) for frame in older if is_told(frame)])

        def failed(_: Exception) -> None:
            self._is_asking = False

        self.screen.console.calls.start(
            "read what came before",
            lambda: api.incidences.timeline(id, before=oldest, limit=PAGE),
            done=done,
            failed=failed,
        )

    def show_queued(self) -> None:
        """Notes written offline stand at the end until they are sent."""
        session = self.screen.console.session
        waiting = (
            [] if session is None else [item for item in session.outbox.of(self.incidence_id) if item.kind == "note"]
        )
        entries = [
            Entry(QUEUED + place, "", "You", "note", item.text, state=item.label) for place, item in enumerate(waiting)
        ]
        if len(waiting) < self._queued:
            self.timeline.show([*self._entries(), *entries])
        elif entries:
            self.timeline.upsert(entries)
        self._queued = len(waiting)

    def _entries(self) -> list[Entry]:
        return [self._entry(self.frames[seq]) for seq in sorted(self.frames) if is_told(self.frames[seq])]

    def _entry(self, frame: Frame) -> Entry:
        row = self.screen.selected()
        customer = wording.customer(dict(row)) if row else "Customer"
        entry = entry_of(frame, customer, self.screen.name_of, self.screen.console.now())
        ref = self._part(row, frame)
        entry = replace(entry, author=f"{entry.author} · {ref}") if ref else entry
        if frame["type"] != "incidence.message_sent":
            return entry
        state, role = self.deliveries.state_of(frame, self.screen.console.key_of("resend"))
        return replace(entry, state=state, state_role=role)

    def _part(self, row: Mapping[str, Any] | None, frame: Frame) -> str:
        """The reference of the merged case in which something happened; nothing for this case's own."""
        id = frame.get("incidenceId")
        if row is None or id in (None, self.incidence_id):
            return ""
        return next((one["ref"] for one in row.get("mergedFrom", ()) if one["incidenceId"] == id), "")

    # -- what was seen

    def _is_message(self, seq: int) -> bool:
        return self.frames[seq]["type"] in _MESSAGES

    @property
    def seen_seq(self) -> int:
        """The newest message that stood in view long enough to be read; what a send is held against."""
        if not self.timeline.unseen:
            now = monotonic()
            for seq, at in list(self._arrived.items()):
                if now - at >= GLANCE:
                    del self._arrived[seq]
                    if self._is_message(seq):
                        self._seen = max(self._seen, seq)
        return self._seen

    def has_seen(self, seq: int) -> None:
        """Everything up to `seq` was put before the eye."""
        self._seen = max(self._seen, seq)

    def show_arrived(self, frames: Iterable[Frame], after: int) -> None:
        """Put what arrived while one wrote before the eye."""
        for frame in frames:
            self.frames[frame["seq"]] = frame
            self.timeline.upsert([self._entry(frame)])
        self.timeline.mark_new_since(after)
        self.timeline.action_last()

    # -- finding

    def matches(self, words: str) -> list[int]:
        """The seqs of the loaded entries that hold all words, oldest first."""
        wanted = words.casefold().split()
        found = []
        for seq in sorted(self.frames):
            if not is_told(self.frames[seq]):
                continue
            entry = self._entry(self.frames[seq])
            text = f"{entry.author} {entry.text}".casefold()
            if wanted and all(word in text for word in wanted):
                found.append(seq)
        return found
