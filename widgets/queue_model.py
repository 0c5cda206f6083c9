"""The rows of a queue: what is shown, what waits, where the cursor is. No drawing, no clock."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any

Key = Hashable
Row = Any
"""A row is a mapping or an object; the model reads it only through the functions it was given."""

ADDED, MOVED, GONE = "added", "moved", "gone"


class QueueModel:
    """Keyed rows in a shown order that changes only in :meth:`settle`.

    ``shown`` may hold keys whose row was removed (``row`` gives None): they keep their line until the next settle, so
    that nothing moves under a hand.
    """

    def __init__(self, key_of: Callable[[Row], Key]) -> None:
        self.key_of = key_of
        self.shown: list[Key] = []
        self.cursor: Key | None = None
        self.anchor: Key | None = None
        self.waiting: dict[Key, str] = {}
        self._rows: dict[Key, Row] = {}
        self.marks_changes = 0
        """Goes up whenever other keys are marked."""
        self._marks: set[Key] = set()
        self._marks_before_range: set[Key] = set()
        self._positions: dict[Key, int] | None = {}
        self._order: Sequence[Key] | None = None
        self._sort: Callable[[Row], Any] | None = None
        self._descending = False
        self._allows: Callable[[Row], bool] | None = None
        self._reordered = False

    def __len__(self) -> int:
        return len(self.shown)

    def row(self, key: Key | None) -> Row | None:
        """The row of a key, None when there is none (any more)."""
        return None if key is None else self._rows.get(key)

    def position(self, key: Key | None) -> int | None:
        """The line of a key among the shown ones."""
        if self._positions is None:
            self._positions = {shown: line for line, shown in enumerate(self.shown)}
        return None if key is None else self._positions.get(key)

    @property
    def marks(self) -> list[Key]:
        """Marked keys in shown order."""
        return sorted(self._marks, key=lambda key: self.position(key) or 0)

    @property
    def has_marks(self) -> bool:
        return bool(self._marks)

    @property
    def marks_count(self) -> int:
        """How many are marked."""
        return len(self._marks)

    def is_marked(self, key: Key) -> bool:
        return key in self._marks

    @property
    def is_settled(self) -> bool:
        """Whether the shown order is the wanted one."""
        return not self.waiting and not self._reordered

    def load(self, rows: Iterable[Row]) -> None:
        """Replace all rows and settle; cursor and marks stay on the keys that are still there."""
        key_of = self.key_of
        self._rows = {key_of(row): row for row in rows}
        self._order = None
        self.settle()

    def upsert(self, rows: Iterable[Row]) -> list[Key]:
        """Take in new and changed rows; answer the keys that are shown and whose row is another one now."""
        changed: list[Key] = []
        for row in rows:
            key = self.key_of(row)
            before = self._rows.get(key)
            self._rows[key] = row
            if self.position(key) is None:
                self._wait(key, ADDED if self._is_allowed(row) else None)
                continue
            changed.append(key)
            if not self._is_allowed(row):
                self._wait(key, GONE)
            elif before is None or self.waiting.get(key) == GONE or self._sorts_elsewhere(before, row):
                self._wait(key, MOVED)
        return changed

    def _sorts_elsewhere(self, before: Row, after: Row) -> bool:
        return self._sort is not None and bool(self._sort(before) != self._sort(after))

    def remove(self, keys: Iterable[Key]) -> list[Key]:
        """Forget rows; answer the keys that are shown and now have no row. Their marks go at once."""
        gone: list[Key] = []
        for key in keys:
            if self._rows.pop(key, None) is None:
                continue
            self._set_marks(self._marks - {key} if key in self._marks else self._marks)
            shown = self.position(key) is not None
            self._wait(key, GONE if shown else None)
            if shown:
                gone.append(key)
        return gone

    def _wait(self, key: Key, reason: str | None) -> None:
        if reason is None:
            self.waiting.pop(key, None)
        else:
            self.waiting[key] = reason

    def order_by(self, sort: Callable[[Row], Any] | None, descending: bool = False) -> None:
        """Sort by a key function from the next settle on; rows that compare equal keep their order."""
        self._sort, self._descending, self._order, self._reordered = sort, descending, None, True

    def order_as(self, keys: Iterable[Key]) -> None:
        """Show rows in the order of these keys from the next settle on; rows not named follow after them."""
        self._order, self._sort, self._reordered = list(keys), None, True

    def only(self, allows: Callable[[Row], bool] | None) -> None:
        """Show only rows that pass from the next settle on; None shows all."""
        self._allows, self._reordered = allows, True

    def _is_allowed(self, row: Row) -> bool:
        return self._allows is None or self._allows(row)

    def _wanted(self) -> list[Key]:
        rows, keys = self._rows, self._known()
        if self._allows is not None:
            keys = [key for key in keys if self._allows(rows[key])]
        if self._sort is not None:
            sort = self._sort
            keys.sort(key=lambda key: sort(rows[key]), reverse=self._descending)
        return keys

    def _known(self) -> list[Key]:
        """Every key once: as given, or as ordered, or as shown (nearly sorted, so the sort is quick)."""
        rows = self._rows
        if self._order is None and self._sort is None:
            return list(rows)
        first = self.shown if self._order is None else dict.fromkeys(self._order)
        keys = [key for key in first if key in rows]
        if len(keys) < len(rows):
            seen = set(keys)
            keys.extend(key for key in rows if key not in seen)
        return keys

    def settle(self) -> None:
        """Show the wanted order. A cursor whose row is gone goes to the nearest row below, else above."""
        before, at = self.shown, self.position(self.cursor)
        self.shown, self._positions = self._wanted(), None
        self.waiting, self._reordered = {}, False
        self._set_marks({key for key in self._marks if key in self._rows and self.position(key) is not None})
        if self.position(self.anchor) is None:
            self.anchor = None
        if self.position(self.cursor) is None:
            self.cursor = next(self._neighbours(before, at), self.shown[0] if self.shown else None)

    def _neighbours(self, before: list[Key], at: int | None) -> Iterator[Key]:
        if at is not None:
            nearby = (*range(at + 1, len(before)), *range(at - 1, -1, -1))
            yield from (before[line] for line in nearby if self.position(before[line]) is not None)

    def move(self, line: int) -> None:
        """Put the cursor on a line, clamped to the shown ones."""
        if self.shown:
            self.cursor = self.shown[max(0, min(line, len(self.shown) - 1))]

    def toggle_mark(self, key: Key) -> None:
        """Mark or unmark a key that has a row."""
        if key in self._rows:
            self._set_marks(self._marks ^ {key})

    def mark(self, keys: Iterable[Key]) -> None:
        """Add marks to keys that are shown and have a row."""
        self._set_marks(self._marks | {key for key in keys if key in self._rows and self.position(key) is not None})

    def clear_marks(self) -> None:
        """Drop every mark and an open range."""
        self.anchor = None
        self._set_marks(set())

    def open_range(self) -> None:
        """Start a range at the cursor; until it is closed it spans to wherever the cursor goes."""
        self.anchor = self.cursor
        self._marks_before_range = set(self._marks)
        self.span_range()

    def span_range(self) -> None:
        """Mark what an open range spans now, and nothing it spanned before."""
        if self.anchor is not None:
            spanned = {key for key in self.between(self.anchor, self.cursor) if key in self._rows}
            self._set_marks({key for key in self._marks_before_range if key in self._rows} | spanned)

    def _set_marks(self, marks: set[Key]) -> None:
        if marks != self._marks:
            self._marks = marks
            self.marks_changes += 1

    def between(self, one: Key | None, other: Key | None) -> list[Key]:
        """The shown keys from one to the other, both included; empty when either is not shown."""
        first, last = self.position(one), self.position(other)
        if first is None or last is None:
            return []
        return self.shown[min(first, last) : max(first, last) + 1]
