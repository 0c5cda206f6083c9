"""Nothing moves under the hand, nothing is lost meanwhile, and nothing is drawn in vain."""

from time import monotonic
from typing import Any

from tests.support.wait import until
from tests.widgets.stage import Stage
from tests.widgets.table_stage import COLUMNS, Bench, row
from widgets.queue_table import QueueTable


async def test_order_is_frozen_under_the_hand_and_moves_when_it_rests() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j", "j")
        before = list(table.model.shown)
        table.upsert([row(50, rank=-5), row(51, rank=-4), row(3, rank=-9, name="moved", version=2)])
        table.flush()
        await pilot.pause()
        assert table.model.shown == before
        assert table.pending_count == 3
        assert bench.told(QueueTable.PendingChanged)[-1].count == 3
        assert "▲ 2 new · 1 changed" in bench.lines()[0]
        assert any("moved" in line for line in bench.lines()), "cells change in place"
        bench.clock.now += 1.4
        table.flush()
        assert table.model.shown == before
        bench.rest()
        await pilot.pause()
        assert table.model.shown[:3] == ["k03", "k50", "k51"]
        assert table.cursor_key == "k02"
        assert table.pending_count == 0
        assert bench.told(QueueTable.PendingChanged)[-1].count == 0
        assert "new" not in bench.lines()[0]


async def test_it_settles_by_itself_with_a_real_clock() -> None:
    table = QueueTable(COLUMNS, hold=1.0, flush_hz=20)
    app = Stage(table)
    async with app.run_test(size=(60, 12)) as pilot:
        table.set_rows([row(1), row(2)])
        table.focus()
        await pilot.press("j")
        table.upsert([row(3)])
        table.flush()
        assert len(table.model.shown) == 2
        assert table.pending_count == 1
        await until(lambda: len(table.model.shown) == 3)
        assert table.pending_count == 0


async def test_marks_freeze_the_order_until_they_are_gone() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("space", "space")
        await pilot.pause()
        assert table.marked_keys == ["k00", "k01"]
        assert table.cursor_key == "k02"
        assert bench.told(QueueTable.MarksChanged)[-1].keys == ["k00", "k01"]
        table.upsert([row(60, rank=-1)])
        bench.rest()
        assert table.pending_count == 1
        assert table.is_held
        await pilot.press("k", "space", "k", "k", "space")
        assert table.marked_keys == []
        bench.rest()
        assert table.model.shown[0] == "k60"


async def test_the_header_counts_the_marks() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        assert "marked" not in bench.lines()[0]
        await pilot.press("v", "j", "j")
        await pilot.pause()
        assert "✓ 3 marked" in bench.lines()[0]
        table.upsert([row(50, rank=-5)])
        table.flush()
        await pilot.pause()
        assert "✓ 3 marked · ▲ 1 new" in bench.lines()[0]
        table.clear_marks()
        await pilot.pause()
        assert "marked" not in bench.lines()[0]


async def test_a_long_empty_text_is_wrapped_between_words() -> None:
    bench = Bench(0, empty=[("Nothing is yours. ", ""), ("2 shows what waits for somebody.", "muted")])
    async with bench.app.run_test(size=(30, 12)) as pilot:
        await bench.ready(pilot)
        said = [line.strip() for line in bench.lines() if line.strip()]
        assert " ".join(said[1:]) == "Nothing is yours. 2 shows what waits for somebody."
        assert len(said) > 2


async def test_apply_pending_moves_rows_now_and_keeps_marks_and_cursor() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j", "space")
        table.upsert([row(60, rank=-1)])
        await table.run_action("apply_pending")
        assert table.model.shown[:3] == ["k60", "k00", "k01"]
        assert table.marked_keys == ["k01"]
        assert table.cursor_key == "k02"


async def test_a_removed_row_stays_struck_under_the_hand_and_then_the_cursor_goes_to_its_neighbour() -> None:
    bench = Bench(rows=5)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j", "j")
        await pilot.pause()
        table.remove_rows(["k02"])
        table.flush()
        await pilot.pause()
        assert table.cursor_key == "k02"
        assert table.row("k02") is None
        assert len(table.model.shown) == 5
        assert any("k02" in line for line in bench.lines()), "the line keeps what was drawn"
        await pilot.press("enter", "space")
        await pilot.pause()
        assert not bench.told(QueueTable.Opened), "what is gone cannot be opened"
        assert table.marked_keys == []
        await pilot.press("k")
        bench.rest()
        await pilot.pause()
        last = bench.told(QueueTable.Highlighted)[-1]
        assert (last.key, last.by_removal) == ("k03", True)
        assert str(table.cursor_key) == "k03"
        assert not any("k02" in line for line in bench.lines())


async def test_removing_marked_rows_tells_at_the_next_flush() -> None:
    bench = Bench(rows=5)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("space", "space")
        table.remove_rows(["k00"])
        table.flush()
        await pilot.pause()
        assert bench.told(QueueTable.MarksChanged)[-1].keys == ["k01"]


async def test_the_last_row_goes_and_the_empty_text_comes() -> None:
    bench = Bench(rows=1, empty="All done.")
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        table.remove_rows(["k00"])
        bench.rest()
        await pilot.pause()
        assert table.cursor_key is None
        assert bench.told(QueueTable.Highlighted)[-1].key is None
        assert any("All done." in line for line in bench.lines())
        await pilot.press("j", "k", "G", "space", "v", "asterisk", "enter", "pagedown")
        assert not bench.told(QueueTable.Opened)


async def test_the_eye_stays_on_the_cursor_when_rows_come_above() -> None:
    bench = Bench(rows=60)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("G", "k", "k")
        await pilot.pause()
        line = next(number for number, text in enumerate(bench.lines()) if text.startswith("▌"))
        table.upsert([row(70 + extra, rank=-1 - extra) for extra in range(7)])
        bench.rest()
        await pilot.pause()
        assert table.cursor_key == "k57"
        assert bench.lines()[line].startswith("▌")
        assert "k57" in bench.lines()[line]


async def test_order_by_keys_waits_for_the_hand_when_it_comes_from_a_feed() -> None:
    bench = Bench(rows=3)
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        await pilot.press("j")
        table.set_order(["k02", "k01"], now=False)
        table.flush()
        assert table.model.shown == ["k00", "k01", "k02"]
        bench.rest()
        assert table.model.shown == ["k02", "k01", "k00"]
        table.set_order(["k00", "k02", "k01"])
        assert table.model.shown == ["k00", "k02", "k01"]


async def test_nothing_is_drawn_when_nothing_visible_changed() -> None:
    bench = Bench()
    async with bench.app.run_test(size=(60, 12)) as pilot:
        table = await bench.ready(pilot)
        drawn: list[int] = []
        render_line = table.render_line

        def watch(y: int) -> Any:
            drawn.append(y)
            return render_line(y)

        table.render_line = watch  # type: ignore[method-assign]
        table.upsert([row(35, version=2, name="far below"), row(1, version=2)])
        bench.rest()
        await pilot.pause()
        assert drawn == []
        table.upsert([row(1, version=3, name="here")])
        bench.rest()
        await pilot.pause()
        assert drawn == [2]
        drawn.clear()
        await pilot.press("j")
        await pilot.pause()
        assert sorted(drawn) == [1, 2]


async def test_changes_are_gathered_between_flushes() -> None:
    table = QueueTable(COLUMNS, flush_hz=4)
    app = Stage(table)
    async with app.run_test(size=(60, 12)) as pilot:
        table.set_rows([row(key) for key in range(5)])
        await pilot.pause(0.3)
        flushes = 0
        flush = table.flush

        def count() -> None:
            nonlocal flushes
            flushes += 1
            flush()

        table.flush = count  # type: ignore[method-assign]
        began = monotonic()
        for version in range(40):
            table.upsert([row(version % 5, version=version + 2)])
            await pilot.pause(0.02)
        assert 2 <= flushes <= 4 * (monotonic() - began) + 1
