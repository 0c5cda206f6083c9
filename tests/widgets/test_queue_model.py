"""The model shows what a naive list would show, whatever comes in whichever order."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from widgets.queue_model import ADDED, GONE, MOVED, QueueModel

Row = dict[str, Any]
KEYS = st.integers(0, 14)
RANKS = st.integers(0, 5)


def row(key: int, rank: int = 0) -> Row:
    return {"key": key, "rank": rank}


def model(*rows: Row) -> QueueModel:
    made = QueueModel(lambda row: row["key"])
    made.load(rows)
    return made


class NaiveList(RuleBasedStateMachine):
    """The same operations on a model and on plain dicts and lists."""

    @initialize(ranks=st.lists(RANKS, max_size=10))
    def start(self, ranks: list[int]) -> None:
        self.rows = {key: row(key, rank) for key, rank in enumerate(ranks)}
        self.model = model(*self.rows.values())
        self.shown = list(self.rows)
        self.cursor = self.shown[0] if self.shown else None
        self.marks: set[int] = set()
        self.sort: tuple[Any, bool] = (None, False)
        self.order: list[int] | None = None
        self.least = 0

    @rule(key=KEYS, rank=RANKS)
    def upsert(self, key: int, rank: int) -> None:
        self.rows[key] = row(key, rank)
        self.model.upsert([row(key, rank)])

    @rule(keys=st.lists(KEYS, max_size=4))
    def remove(self, keys: list[int]) -> None:
        for key in keys:
            self.rows.pop(key, None)
            self.marks.discard(key)
        self.model.remove(keys)

    @rule(descending=st.booleans())
    def sort_by_rank(self, descending: bool) -> None:
        self.sort, self.order = (lambda key: self.rows[key]["rank"], descending), None
        self.model.order_by(lambda row: row["rank"], descending)

    @rule()
    def sort_not(self) -> None:
        self.sort, self.order = (None, False), None
        self.model.order_by(None)

    @rule(keys=st.lists(KEYS, unique=True))
    def order_as(self, keys: list[int]) -> None:
        self.sort, self.order = (None, False), keys
        self.model.order_as(keys)

    @rule(least=RANKS)
    def only(self, least: int) -> None:
        self.least = least
        self.model.only(lambda row: row["rank"] >= least)

    @rule(line=st.integers(-2, 20))
    def move(self, line: int) -> None:
        self.model.move(line)
        if self.shown:
            self.cursor = self.shown[max(0, min(line, len(self.shown) - 1))]

    @rule(key=KEYS)
    def mark(self, key: int) -> None:
        self.model.mark([key])
        if key in self.rows and key in self.shown:
            self.marks.add(key)

    @rule()
    def settle(self) -> None:
        before = self.shown
        if self.sort[0] is not None:
            start = [key for key in before if key in self.rows]
        else:
            start = [key for key in self.order or [] if key in self.rows]
        wanted = start + [key for key in self.rows if key not in start]
        wanted = [key for key in wanted if self.rows[key]["rank"] >= self.least]
        if self.sort[0] is not None:
            wanted = sorted(wanted, key=self.sort[0], reverse=self.sort[1])
        self.model.settle()
        self.shown = wanted
        self.marks &= set(wanted)
        if self.cursor not in wanted:
            at = before.index(self.cursor) if self.cursor in before else -1
            below = [key for key in before[at + 1 :] if key in wanted] if at >= 0 else []
            above = [key for key in before[:at] if key in wanted] if at >= 0 else []
            self.cursor = next(iter(below or above[-1:] or wanted), None)
        assert self.model.is_settled

    @invariant()
    def is_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self.model.shown == self.shown
        assert self.model.cursor == self.cursor
        assert self.model.marks == [key for key in self.shown if key in self.marks]
        for key in self.shown:
            assert self.model.row(key) == self.rows.get(key)
            assert self.shown[self.model.position(key) or 0] == key

    @invariant()
    def tells_what_waits(self) -> None:
        if not hasattr(self, "model"):
            return
        waiting = self.model.waiting
        wanted = {key for key, row in self.rows.items() if row["rank"] >= self.least}
        if not self.model._reordered:
            assert {key for key, reason in waiting.items() if reason == ADDED} == wanted - set(self.shown)
            assert {key for key, reason in waiting.items() if reason == GONE} == set(self.shown) - wanted


NaiveList.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestNaiveList = NaiveList.TestCase


def test_nothing_moves_before_it_settles() -> None:
    rows = model(row(1), row(2), row(3))
    rows.upsert([row(4)])
    rows.remove([2])
    assert rows.shown == [1, 2, 3]
    assert rows.row(2) is None
    assert rows.waiting == {4: ADDED, 2: GONE}
    rows.settle()
    assert rows.shown == [1, 3, 4]


def test_a_row_that_comes_back_is_not_gone() -> None:
    rows = model(row(1), row(2))
    rows.remove([2])
    rows.upsert([row(2, 5)])
    assert rows.waiting == {2: MOVED}
    assert rows.row(2) == row(2, 5)


def test_a_new_row_that_goes_again_is_forgotten() -> None:
    rows = model(row(1))
    rows.upsert([row(2)])
    rows.remove([2])
    assert rows.is_settled


def test_only_another_sort_value_moves_a_row() -> None:
    rows = model(row(1, 1), row(2, 2))
    rows.order_by(lambda row: row["rank"])
    rows.settle()
    assert rows.upsert([row(1, 1)]) == [1]
    assert rows.is_settled
    rows.upsert([row(1, 3)])
    assert rows.waiting == {1: MOVED}


@pytest.mark.parametrize(("cursor", "gone", "after"), [(1, [1], 2), (1, [1, 2], 0), (2, [2], 1), (0, [0, 1, 2], None)])
def test_a_cursor_goes_to_the_nearest_neighbour(cursor: int, gone: list[int], after: int | None) -> None:
    rows = model(row(0), row(1), row(2))
    rows.move(cursor)
    rows.remove(gone)
    assert rows.cursor == cursor
    rows.settle()
    assert rows.cursor == after


def test_a_range_shrinks_when_the_cursor_comes_back() -> None:
    rows = model(*(row(key) for key in range(6)))
    rows.mark([5])
    rows.move(1)
    rows.open_range()
    rows.move(3)
    rows.span_range()
    assert rows.marks == [1, 2, 3, 5]
    rows.move(0)
    rows.span_range()
    assert rows.marks == [0, 1, 5]


def test_a_removed_row_cannot_be_marked() -> None:
    rows = model(row(0), row(1))
    rows.remove([1])
    rows.mark([0, 1])
    rows.toggle_mark(1)
    assert rows.marks == [0]
    rows.remove([0])
    assert not rows.has_marks
