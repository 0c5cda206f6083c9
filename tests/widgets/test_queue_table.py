"""The table as a person meets it: keys, mouse, marks, widths, states, themes."""

import pytest
from rich.cells import cell_len
from textual.containers import Container

from tests.support.wait import until
from tests.widgets.stage import Stage, screen_lines
from tests.widgets.table_stage import COLUMNS, Bench, row
from widgets.queue_columns import Column, Layout
from widgets.queue_table import QueueTable


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        ("j,j,down", "k03"),
        ("j,j,k,up,up", "k00"),
        ("G", "k39"),
        ("end,k", "k38"),
        ("G,g", "k00"),
        ("G,home", "k00"),
        ("ctrl+d", "k05"),
        ("ctrl+d,ctrl+d,ctrl+u", "k05"),
        ("pagedown", "k11"),
        ("pagedown,pagedown,pageup", "k11"),
        ("pagedown,pagedown,pagedown,pagedown", "k39"),
    ],
)
async def test_keys_move_the_cursor_and_it_stays_in_view(keys: str, cursor: str) -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press(*keys.split(","))
        await pilot.pause()
        assert table.cursor_key == cursor
        assert bench.told(QueueTable.Highlighted)[-1].key == cursor
        lines = bench.lines()
        assert "ID" in lines[0]
        assert [line for line in lines if line.startswith("▌")] == [line for line in lines if cursor in line]
        assert sum(line.startswith("▌") for line in lines) == 1


async def test_enter_opens_what_stands_on_the_screen() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j")
        await pilot.pause()
        table.upsert([row(1, version=7, name="newer")])
        assert table.displayed_version("k01") == 1
        await pilot.press("enter")
        await pilot.pause()
        opened = bench.told(QueueTable.Opened)
        assert [(message.key, message.version) for message in opened] == [("k01", 1)]
        table.flush()
        await pilot.pause()
        assert table.displayed_version("k01") == 7
        assert any("newer" in line for line in bench.lines())


async def test_rows_that_came_while_it_was_hidden_are_there_when_it_is_shown() -> None:
    bench = Bench()
    bench.app = Stage(pane := Container(bench.table))
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        table.set_rows([])
        pane.display = False
        await until(lambda: not table.size)
        pane.display = True
        table.set_rows([row(90, name="came meanwhile")])
        assert table.displayed_version("k90") is None
        await pilot.pause()
        assert any("came meanwhile" in line for line in bench.lines())
        assert table.displayed_version("k90") == 1


async def test_range_and_all_marks() -> None:
    bench = Bench(rows=8)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j", "v", "j", "j", "j", "k")
        assert table.marked_keys == ["k01", "k02", "k03"]
        await pilot.press("v", "j", "j")
        assert table.marked_keys == ["k01", "k02", "k03"]
        await pilot.press("asterisk")
        assert len(table.marked_keys) == 8
        await pilot.press("asterisk")
        assert table.marked_keys == []


async def test_rows_are_replaced_and_cursor_and_marks_stay_by_key() -> None:
    bench = Bench(rows=6)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j", "space", "j")
        table.set_rows([row(key) for key in (5, 3, 1)])
        await pilot.pause()
        assert table.model.shown == ["k01", "k03", "k05"]
        assert table.cursor_key == "k03"
        assert table.marked_keys == ["k01"]


async def test_filter_hides_rows_and_their_marks() -> None:
    bench = Bench(rows=6)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("space", "space")
        table.set_filter(lambda row: row["rank"] % 2 == 1)
        await pilot.pause()
        assert table.model.shown == ["k01", "k03", "k05"]
        assert table.marked_keys == ["k01"]
        table.set_filter(None)
        assert len(table.model.shown) == 6


@pytest.mark.parametrize(("width", "titles"), [(60, "ID Name Rank Note"), (36, "ID Name Rank"), (24, "ID Name")])
async def test_columns_drop_by_priority(width: int, titles: str) -> None:
    bench = Bench(rows=3)
    async with bench.app.run_test(size=(width, 12)) as pilot:
        await bench.ready(pilot)
        assert bench.lines()[0].split() == titles.split()
        await pilot.resize_terminal(60, 12)
        await until(lambda: bench.lines()[0].split() == ["ID", "Name", "Rank", "Note"])


@pytest.mark.parametrize("width", range(1, 90, 7))
def test_layouts_fill_the_width_or_keep_what_never_drops(width: int) -> None:
    layout = Layout.of(COLUMNS, width)
    used = sum(size for _, size in layout.columns) + len(layout.columns) - 1
    assert used == max(width, 16)
    assert {column.key for column, _ in layout.columns} >= {"key", "name"}


async def test_wide_characters_keep_the_columns_straight() -> None:
    bench = Bench(rows=0)
    bench.rows = [
        row(0, name="李小龍李小龍李小龍李小龍李小龍李小龍李小龍"),
        row(1, name="👩\u200d👩\u200d👧 ❤\ufe0f"),
        row(2, name="abc"),
    ]
    async with bench.app.run_test(size=(50, 12)) as pilot:
        await bench.ready(pilot)
        starts = {cell_len(line[: line.index("note")]) for line in bench.lines()[1:4]}
        assert len(starts) == 1
        assert "…" in bench.lines()[1]


async def test_mouse_moves_marks_opens_scrolls_and_tells_headers() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.click(table, offset=(10, 3))
        assert table.cursor_key == "k02"
        await pilot.click(table, offset=(1, 5))
        assert table.marked_keys == ["k04"]
        await pilot.click(table, offset=(10, 4), times=2)
        await pilot.pause()
        assert [message.key for message in bench.told(QueueTable.Opened)] == ["k03"]
        await pilot.click(table, offset=(10, 0))
        await pilot.pause()
        assert [message.column for message in bench.told(QueueTable.HeaderClicked)] == ["name"]
        table.scroll_to(y=20, animate=False)
        await pilot.click(table, offset=(10, 1))
        assert str(table.cursor_key) == "k20"
        assert table.is_held


async def test_error_and_loading_never_look_empty() -> None:
    bench = Bench(rows=2, empty="All done.")
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = bench.table
        table.show_loading()
        await pilot.pause()
        assert any("Loading" in line for line in bench.lines())
        assert not any("All done." in line for line in bench.lines())
        table.show_error("503 from the server")
        await pilot.pause()
        assert any("✗ 503 from the server" in line for line in bench.lines())
        await bench.ready(pilot)
        assert not any("503" in line for line in bench.lines())
        table.show_error("stale: 503")
        await pilot.pause()
        assert "stale: 503" in bench.lines()[0]
        assert any("k01" in line for line in bench.lines())
        table.show_ready()
        await pilot.pause()
        assert "503" not in bench.lines()[0]


async def test_a_clock_in_a_cell_is_redrawn_on_request() -> None:
    now = {"text": "1m"}
    table = QueueTable([Column("key", "ID", 5), Column("age", "Age", 5, render=lambda _value, _row: now["text"])])
    app = Stage(table)
    async with app.run_test(size=(40, 8)) as pilot:
        table.set_rows([row(1)])
        await pilot.pause()
        assert "1m" in screen_lines(app)[1]
        now["text"] = "2m"
        table.redraw()
        table.flush()
        await pilot.pause()
        assert "2m" in screen_lines(app)[1]


async def test_themes_change_at_once() -> None:
    bench = Bench(rows=3)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        before = table.render_line(2)
        bench.app.theme = "holdfast-day"
        await pilot.pause()
        assert table.render_line(2) != before
        assert table.render_line(2).text == before.text


async def test_bindings_can_be_rebound_by_id() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        bench.app.set_keymap({"table.down": "x"})
        await pilot.press("x")
        assert table.cursor_key == "k01"
        await pilot.press("j")
        assert table.cursor_key == "k01"


@pytest.mark.parametrize("theme", ["holdfast-night", "holdfast-ansi"])
async def test_cursor_and_marks_can_be_seen_without_colour(theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    bench = Bench(rows=4)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        bench.app.theme = theme
        await bench.ready(pilot)
        await pilot.press("space", "j")
        await pilot.pause()
        lines = bench.lines()
        assert lines[1].startswith(" ✓ k00")
        assert lines[3].startswith("▌  k02")
        bench.app.set_focus(None)
        await pilot.pause()
        assert bench.lines()[3].startswith("▏  k02")


def test_every_binding_has_an_id() -> None:
    assert all(getattr(binding, "id", None) for binding in QueueTable.BINDINGS)
