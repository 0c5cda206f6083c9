"""Ten thousand cases: the first page is usable long before the rest is there, and keys stay quick."""

import asyncio
from typing import Any
from uuid import uuid4

from sqlalchemy import insert, select
from textual.pilot import Pilot

from backend.incidences.models import Incidence
from backend.work import Work
from tests.console.desk.floor import EMAIL, PASSWORD, Console, Floor, until
from tests.widgets.capture import CaptureDriver, written_by
from widgets.queue_table import QueueTable

MANY = 10_000


def multiply(work: Work) -> None:
    """Copy the one case."""
    table = Incidence.__table__
    row = dict(work.session.execute(select(table)).mappings().one())
    copies = [row | {"id": str(uuid4()), "number": number, "priority": number % 4 + 1} for number in range(2, MANY + 1)]
    work.session.execute(insert(table), copies)


async def test_ten_thousand_cases(floor: Floor) -> None:
    from console.connection import Target

    row = await floor.incidence("CUST-1", "Priya")
    await floor.units.write(multiply)
    app = Console(Target(floor.url, email=EMAIL, password=PASSWORD))
    app.frozen = floor.clock
    async with app.run_test(size=(140, 45)) as pilot:
        await until(lambda: app.current_mode == "queue" and app.screen.query("QueueTable"), 20)
        table = app.screen.query_one(QueueTable)
        await pilot.press("3")
        await until(lambda: len(table.model) > 0, 20)
        await pilot.press("j", "j")
        assert table.model.position(table.cursor_key) == 2, "the first page is usable while the rest loads"
        await until(lambda: app.store.is_loaded, 100)
        await until(lambda: len(table.model) == MANY)
        await pilot.press("slash", *"p1")
        await until(lambda: len(table.model) == MANY // 4)
        assert app.store.find(row["ref"]) is not None
        assert not app.troubles


async def test_nothing_is_written_while_nothing_changes(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console(driver=CaptureDriver) as (app, pilot):
        for keys in ((), ("enter",)):
            await pilot.press(*keys)
            async with asyncio.timeout(60):  # however long it takes until all is painted
                while len(await written_within(3, app, pilot)) >= 300:
                    pass


async def written_within(seconds: float, app: Console, pilot: Pilot[Any]) -> str:
    """What reaches the terminal meanwhile."""
    before = len(written_by(app))
    await pilot.pause(seconds)
    return written_by(app)[before:]
