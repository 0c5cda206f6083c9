"""A case is opened by its name from lists of something else."""

import pytest

from backend.interventions.schemas import InterventionCreate
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Floor, until
from tests.widgets.stage import said


@pytest.mark.parametrize(("letter", "family"), [("a", "alerts"), ("c", "customers"), ("v", "interventions")])
async def test_a_case_is_opened_by_its_name(floor: Floor, letter: str, family: str) -> None:
    row = await floor.incidence()
    await floor.api.interventions.create(InterventionCreate(customer_id="CUST-1", assignee_id="me"))
    async with floor.console() as (app, pilot):
        await pilot.press("g", letter)
        await until(lambda: app.screen.family == family and "open" not in app.screen.verdicts())
        await pilot.press("colon", *"open INC-404", "enter")
        await until(lambda: "INC-404 is not in the mirror; open it from the queue." in said(app))
        await pilot.press("colon", *f"open {row['ref']}", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == row["incidenceId"]
