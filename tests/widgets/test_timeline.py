"""The timeline: wrapping, order, following, the divider, and the reader's place."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.wait import until
from tests.widgets.stage import Stage, screen_lines
from widgets.timeline import Timeline
from widgets.timeline_book import Entry, TimelineBook
from widgets.wrap import wrap


def entry(seq: int, text: str = "", kind: str = "customer", **options: Any) -> Entry:
    return Entry(seq, f"09:{seq % 60:02d}", "Ada", kind, text or f"message {seq}", **options)


def texts(app: Stage) -> list[str]:
    """The lines of the screen without the scrollbar."""
    return [line[:39].rstrip() for line in screen_lines(app)]


@given(st.text(st.characters(categories=["L", "N", "Zs", "Po", "So"]), max_size=80), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_wrap_breaks_between_words_and_inside_long_ones() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    assert wrap("an abcdefghij", 4) == ["an", "abcd", "efgh", "ij"]
    assert wrap("李小龍李小龍", 5) == ["李小", "龍李", "小龍"]
    assert wrap("", 5) == [""]
    assert wrap("anything", 0) == [""]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["a", "two words", "x" * 40])), max_size=25))
def test_the_book_holds_each_seq_once_in_order(told: list[tuple[int, str]]) -> None:
    book = TimelineBook()
    book.resize(10)
    latest: dict[int, str] = {}
    for seq, text in told:
        added = book.upsert([entry(seq, text)])
        assert added == (seq not in latest)
        latest[seq] = text
    assert [(book.entry(place).seq, book.entry(place).text) for place in range(len(book))] == sorted(latest.items())
    seen = [book.find(line) for line in range(book.height)]
    assert seen == sorted(seen)
    assert [place for place, inner in seen if inner == 0] == list(range(len(book)))


async def test_it_shows_who_said_what_when_and_what_kind_it_is() -> None:
    timeline = Timeline()
    app = Stage(timeline)
    async with app.run_test(size=(50, 16)) as pilot:
        timeline.show(
            [
                entry(1, "where is my box?\nplease"),
                entry(2, "on it", "agent", state="queued"),
                entry(3, "courier lost it", "note"),
                entry(4, "assigned to Mia", "system"),
                entry(5, "score 60", "system"),
            ]
        )
        await pilot.pause()
        lines = screen_lines(app)
        assert lines[0].startswith("▎  Ada · customer")
        assert lines[0].endswith("09:01")
        assert [line.strip() for line in lines[1:4]] == ["▎  where is my box?", "▎  please", ""]
        assert "queued" in lines[4]
        assert "internal note" in lines[7]
        assert lines[10:12] == ["·  09:04 Ada assigned to Mia", "·  09:05 Ada score 60"]


async def test_at_the_end_it_follows_and_above_it_counts() -> None:
    timeline = Timeline()
    app = Stage(timeline)
    async with app.run_test(size=(40, 10)) as pilot:
        timeline.show(entry(seq) for seq in range(1, 20))
        timeline.focus()
        await pilot.pause()
        assert timeline.is_at_end
        timeline.upsert([entry(20)])
        await pilot.pause()
        assert any("message 20" in line for line in screen_lines(app))
        await pilot.press("g")
        await pilot.pause()
        before = texts(app)[:9]
        timeline.upsert([entry(21), entry(22), entry(3, "edited")])
        await pilot.pause()
        assert timeline.unseen == 2
        assert "▼ 2 new" in screen_lines(app)[-1]
        assert [line.replace("edited", "message 3") for line in texts(app)[:9]] == before
        await pilot.press("G")
        await pilot.pause()
        assert timeline.unseen == 0
        assert not any("▼" in line for line in screen_lines(app))


async def test_older_entries_come_above_and_the_reader_stays() -> None:
    timeline = Timeline()
    app = Stage(timeline, keep=(Timeline.ReachedStart,))
    async with app.run_test(size=(40, 10)) as pilot:
        timeline.show(entry(seq) for seq in range(20, 40))
        timeline.focus()
        await pilot.press("g")
        await pilot.pause()
        assert len(app.told) == 1
        before = texts(app)
        timeline.upsert([entry(seq, "older " * 12) for seq in range(1, 20)])
        await pilot.pause()
        assert texts(app) == before
        await pilot.press("k")
        await pilot.pause()
        assert texts(app)[1:] == before[:-1]


async def test_the_divider_stands_before_what_is_new() -> None:
    timeline = Timeline()
    app = Stage(timeline)
    async with app.run_test(size=(40, 14)) as pilot:
        timeline.show([entry(1), entry(2), entry(5)], new_since=3)
        await pilot.pause()
        lines = screen_lines(app)
        assert "─ new ─" in lines[6]
        assert "message 5" in lines[8]
        timeline.mark_new_since(None)
        await pilot.pause()
        assert not any("─ new ─" in line for line in screen_lines(app))


async def test_it_wraps_again_when_the_width_changes() -> None:
    timeline = Timeline()
    app = Stage(timeline)
    async with app.run_test(size=(60, 12)) as pilot:
        timeline.show([entry(1, "one two three four five six seven eight nine ten")])
        await pilot.pause()
        assert sum("▎" in line for line in screen_lines(app)) == 2
        await pilot.resize_terminal(24, 12)
        await until(lambda: sum("▎" in line for line in screen_lines(app)) > 3)
        timeline.show([entry(seq) for seq in range(1, 30)])
        await until(lambda: any("message 29" in line for line in screen_lines(app)))
        await pilot.resize_terminal(24, 7)
        await until(lambda: len(screen_lines(app)) == 7 and any("message 29" in line for line in screen_lines(app)))


async def test_nothing_loading_and_failed_look_different() -> None:
    timeline = Timeline(empty="No words yet.")
    app = Stage(timeline)
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert any("No words yet." in line for line in screen_lines(app))
        timeline.show_error("timed out")
        await pilot.pause()
        assert any("✗ timed out" in line for line in screen_lines(app))
        assert not any("No words yet." in line for line in screen_lines(app))
        timeline.show([entry(1)])
        timeline.show_error("timed out")
        await pilot.pause()
        assert "✗ timed out" in screen_lines(app)[-1]
        assert any("message 1" in line for line in screen_lines(app))


async def test_one_more_of_ten_thousand_entries_wraps_one(monkeypatch: pytest.MonkeyPatch) -> None:
    count, wrapped = 10_000, 0
    bare = TimelineBook._wrap

    def counted(self: TimelineBook, one: Entry) -> list[str]:
        nonlocal wrapped
        wrapped += 1
        return bare(self, one)

    timeline = Timeline()
    app = Stage(timeline)
    text = "My box never arrived, this is the second week in a row, and I had eight guests at the table. "
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        timeline.show([entry(seq, text * (1 + seq % 3)) for seq in range(count)])
        await pilot.pause()
        monkeypatch.setattr(TimelineBook, "_wrap", counted)
        timeline.upsert([entry(count, "last words")])
        await pilot.pause()
        assert wrapped == 1
        assert any("last words" in line for line in screen_lines(app))
