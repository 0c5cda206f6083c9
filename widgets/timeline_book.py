"""Entries of a timeline and the lines they take; wrapped once for a width, drawn when seen."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate

from widgets.plain import plain, plain_lines
from widgets.wrap import wrap

LABELS = {"customer": "customer", "note": "internal note"}
"""What a kind is called beside the author: colour is never the only signal, and names can be chosen to deceive."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened or was said. ``kind`` is customer, agent, note or system and names the role it is drawn
    in; ``at`` is the time as it should be read; ``state`` tells how far it is (queued, sent, failed), drawn in
    ``state_role``."""

    seq: int
    at: str
    author: str
    kind: str
    text: str
    state: str = ""
    state_role: str = "warning"


class TimelineBook:
    """Entries by ``seq`` with their wrapped lines and where each begins."""

    def __init__(self) -> None:
        self.width = 0
        self.new_since: int | None = None
        self._entries: list[Entry] = []
        self._seqs: list[int] = []
        self._wrapped: list[list[str]] = []
        self._starts: list[int] | None = [0]

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def height(self) -> int:
        """Lines of everything."""
        return self._begin()[-1]

    @property
    def last_seq(self) -> int | None:
        """The newest entry."""
        return self._seqs[-1] if self._seqs else None

    def entry(self, place: int) -> Entry:
        """The entry at a place."""
        return self._entries[place]

    def lines(self, place: int) -> list[str]:
        """The wrapped text of an entry."""
        return self._wrapped[place]

    def resize(self, width: int) -> None:
        """Wrap everything to another width of text."""
        if width != self.width:
            self.width = width
            self._wrapped = [self._wrap(entry) for entry in self._entries]
            self._starts = None

    def clear(self) -> None:
        """Forget everything but the width."""
        self._entries, self._seqs, self._wrapped, self._starts = [], [], [], [0]

    def upsert(self, entries: Iterable[Entry]) -> int:
        """Take in entries, each replacing the one of its ``seq``; answer how many were not there before."""
        added = 0
        for entry in entries:
            place = bisect_left(self._seqs, entry.seq)
            if place < len(self._seqs) and self._seqs[place] == entry.seq:
                self._entries[place] = entry
                self._wrapped[place] = self._wrap(entry)
            else:
                self._entries.insert(place, entry)
                self._seqs.insert(place, entry.seq)
                self._wrapped.insert(place, self._wrap(entry))
                added += 1
        self._starts = None
        return added

    def mark_new_since(self, seq: int | None) -> None:
        """Put the divider before the first entry after ``seq``; None takes it away."""
        self.new_since = seq
        self._starts = None

    def has_divider(self, place: int) -> bool:
        """Whether the divider stands above an entry; never above the first of all."""
        if self.new_since is None or place == 0:
            return False
        return self._seqs[place - 1] <= self.new_since < self._seqs[place]

    def find(self, line: int) -> tuple[int, int]:
        """The place of the entry on a line, and which of its lines that is (0 is the divider or the head)."""
        starts = self._begin()
        place = bisect_right(starts, line) - 1
        return place, line - starts[place]

    def start_of(self, seq: int) -> int:
        """The first line of an entry, or of the next one when it is not there."""
        return self._begin()[bisect_left(self._seqs, seq)]

    def _begin(self) -> list[int]:
        if self._starts is None:
            heights = (self._height_at(place) for place in range(len(self._entries)))
            self._starts = [0, *accumulate(heights)]
        return self._starts

    def _height_at(self, place: int) -> int:
        head = 0 if self._entries[place].kind == "system" else 1
        divider = 1 if self.has_divider(place) else 0
        return divider + head + len(self._wrapped[place]) + (0 if self._is_in_run(place) else 1)

    def _is_in_run(self, place: int) -> bool:
        """Whether an entry and the next are both the system's: those stand without a blank line between."""
        pair = self._entries[place : place + 2]
        return len(pair) == 2 and all(entry.kind == "system" for entry in pair)

    def _wrap(self, entry: Entry) -> list[str]:
        if entry.kind == "system":
            told = " ".join(part for part in (entry.at, entry.author, entry.text) if part)
            return wrap(plain(told), self.width)
        return [part for line in plain_lines(entry.text) for part in wrap(line, self.width)]
