"""The analytics screen, as it is used: numbers, days, trends, reports, rows, exports, and what goes wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from console import files
from console.analytics.days import Days, NoDays, parse
from console.analytics.plot import TrendPlot
from console.analytics.rows import RowsScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.analytics.world import on_numbers, world
from tests.console.desk.floor import Floor, until
from tests.widgets.stage import text_of
from widgets.tiles import Tiles


async def test_the_numbers_of_the_screen_are_those_of_the_api(floor: Floor) -> None:
    await world(floor)
    kpis = {kpi.name: kpi for kpi in (await floor.api.analytics.kpis()).kpis}
    async with floor.console(size=(140, 45)) as (app, pilot):
        await on_numbers(app, pilot)
        shown = {tile.key: tile.value for tile in app.screen.query_one(Tiles)._tiles}
        assert shown.keys() == kpis.keys()
        assert shown["self_serve_conversion"] == f"{kpis['self_serve_conversion'].value:.1f} %" == "50.0 %"
        assert "Asia/Kolkata" in text_of(app)
        assert "of all orders placed" in text_of(app), "the definition stands beside the number"
        await pilot.press("l", "l")
        await until(lambda: "order_placed signals of the app" in text_of(app))
        await pilot.press("d", *"90", "enter")
        await until(lambda: "90 days" in text_of(app))
        await pilot.press("colon", *"days 2026-03-01..2026-03-01", "enter")
        await until(lambda: "1 Mar 2026" in text_of(app))
        await pilot.press("less_than_sign")
        await until(lambda: "28 Feb 2026" in text_of(app))
        await pilot.press("colon", *"days nonsense", "enter")
        await pilot.pause(0.2)
        assert "28 Feb 2026" in text_of(app)


async def test_each_tab_says_the_same_as_the_api(floor: Floor) -> None:
    await world(floor)
    cost = await floor.api.analytics.cost()
    async with floor.console(size=(140, 45)) as (app, pilot):
        await on_numbers(app, pilot)
        await pilot.press("2")
        await until(lambda: bool(app.screen.query(TrendPlot)) and "by day" in text_of(app))
        await pilot.press("j")
        await until(lambda: "Assisted conversion by day" in text_of(app))
        await pilot.press("b", *"week", "enter")
        await until(lambda: "Assisted conversion by week" in text_of(app))
        await pilot.press("3")
        await until(lambda: "Tell why a payment failed" in text_of(app))
        assert "payment failed" in text_of(app), "in words, as everywhere"
        await pilot.press("4")
        await until(lambda: f"{cost.total:,.2f}".removesuffix(".00") in text_of(app))


async def test_behind_a_number_are_its_rows_and_their_cases(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.analytics.rows.PAGE", 8)
    await world(floor)
    async with floor.console(size=(140, 45)) as (app, pilot):
        await on_numbers(app, pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RowsScreen) and "36 rows" in text_of(app))
        rows: Any = app.screen
        for _ in range(12):
            await pilot.press("G")
            await pilot.pause(0.1)
        await until(lambda: len(rows._items) == 36)
        assert sum(item["isCounted"] for item in rows._items) == 18
        place = next(number for number, item in enumerate(rows._items) if item["ref"])
        await pilot.press("home", *["j"] * place, "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)


async def test_behind_each_line_of_a_table_are_its_rows(floor: Floor) -> None:
    await world(floor)
    report = await floor.api.analytics.friction_report()
    first = report.top_friction_reasons[0]
    async with floor.console(size=(80, 24)) as (app, pilot):
        await on_numbers(app, pilot)
        for tab, words, typed, count in (
            ("3", "Recommended", first.category, first.cases),
            ("4", "In all", "CALL", next(one.contacts for one in report.cost.channels if one.channel == "CALL")),
        ):
            await pilot.press(tab)
            await until(lambda words=words: words in text_of(app))
            await pilot.press("enter", *typed, "enter")
            await until(lambda count=count: isinstance(app.screen, RowsScreen) and f" {count} rows" in text_of(app))
            await pilot.press("q")


async def test_what_is_shown_is_written_to_a_file_by_who_may(floor: Floor) -> None:
    await world(floor)
    async with floor.console(size=(80, 24)) as (app, pilot):
        await on_numbers(app, pilot)
        for number in range(2):
            await pilot.press("E", *"csv", "enter")
            await until(lambda number=number: len(list(files.downloads().glob("*.csv"))) == number + 1)
        await pilot.press("enter")
        await until(lambda: "36 rows" in text_of(app))
        await pilot.press("E", *"parquet", "enter")
        await until(lambda: len(list(files.downloads().glob("*.parquet"))) == 1)
        first, second = sorted(files.downloads().glob("*.csv"))
        assert first.read_bytes() == second.read_bytes()
        assert first.read_text().startswith("name,label,unit,value")
    async with floor.console(email="ben@feast.co", size=(80, 24)) as (app, pilot):
        await on_numbers(app, pilot)
        await pilot.press("E")
        await pilot.pause(0.2)
        assert len(list(files.downloads().glob("*"))) == 3


async def test_numbers_that_cannot_be_had_look_like_no_numbers(floor: Floor) -> None:
    await world(floor)
    async with floor.console(size=(80, 24)) as (app, pilot):
        await on_numbers(app, pilot)
        await floor.close()
        await pilot.press("greater_than_sign")
        await until(lambda: "could not be read" in text_of(app))
        await floor.open()


async def test_linear_mode_reads_a_trend_as_a_table(floor: Floor) -> None:
    await world(floor)
    async with floor.console(size=(80, 24)) as (app, pilot):
        app.preferences.change(linear=True)
        await on_numbers(app, pilot)
        await pilot.press("2")
        await until(lambda: "2026-02-26" in text_of(app) and "3 over 6" in text_of(app))
        assert not app.screen.query(TrendPlot)


TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1", Days(TODAY, TODAY)),
        ("30d", Days(date(2026, 2, 1), TODAY)),
        ("2026-02-27", Days(date(2026, 2, 27), date(2026, 2, 27))),
        ("2026-02-27..2026-03-01", Days(date(2026, 2, 27), date(2026, 3, 1))),
        ("2026-02-27 2026-03-01", Days(date(2026, 2, 27), date(2026, 3, 1))),
        ("0", None),
        ("801", None),
        ("2026-02-30", None),
        ("2026-03-02..2026-03-01", None),
        ("x", None),
    ],
)
def test_days_as_they_are_typed(text: str, days: Days | None) -> None:
    if days is None:
        with pytest.raises(NoDays):
            parse(text, TODAY)
    else:
        assert parse(text, TODAY) == days


def test_a_file_never_replaces_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path))
    paths = [files.save("../a.csv", b"x") for _ in range(3)]
    assert [path.name for path in paths] == ["a.csv", "a-1.csv", "a-2.csv"]
    assert {path.parent for path in paths} == {files.downloads()}
