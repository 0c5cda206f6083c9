"""Why they leave (`w` among customers): causes, model cards, learning anew and going back, by keys against a real server."""

import pytest

from console.customers.causes import CausesScreen
from console.customers.customers import CustomersScreen
from console.rules.reason_prompt import ReasonPrompt
from tests.console.customers.world import tells, upsets
from tests.console.desk.floor import Floor, until, why_not
from tests.risk.population import populate
from tests.widgets.stage import said, text_of
from widgets.outline import Outline

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_causes_and_models_are_read_learned_and_put_back(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    await tells(floor, "CUST-2", billing_page_view=2)
    await upsets(floor, "CUST-1")
    units = await floor.backend.units(floor.api)
    await units.write(populate, 420)
    for _ in range(2):
        await floor.api.churn.train()
        await floor.backend.drain()
    async with floor.console() as (app, pilot):
        await pilot.resize_terminal(140, 45)
        await pilot.press("g", "c")
        await until(lambda: isinstance(app.screen, CustomersScreen) and len(app.screen.table.model))
        await pilot.press("w")
        await until(lambda: isinstance(app.screen, CausesScreen) and "At risk:" in text_of(app))
        await until(lambda: "which is no proof" in text_of(app))  # beside the list stands what is under the cursor
        assert "no version" in why_not(app, "model_back")
        await pilot.press("t")
        await until(lambda: any("It is learned" in one for one in said(app)))
        await until(lambda: text_of(app).count("version 1 ") == text_of(app).count("version 2 ") == 2)
        outline = app.screen.query_one(Outline)
        screen = app.screen
        assert isinstance(screen, CausesScreen)
        models = {(one["target"], one["number"]): one for one in screen._models}
        in_force = next(number for (target, number), one in models.items() if target == "voluntary" and one["isActive"])
        other = 3 - in_force
        outline.move_to(f"model:{models['voluntary', in_force]['id']}")
        await until(lambda: "persuaded" in text_of(app))
        shown = " ".join(text_of(app).split())
        assert "What weighs most" in shown
        assert "PR-AUC" in shown
        assert "predicts now" in why_not(app, "model_back")
        outline.move_to(f"model:{models['involuntary', 1]['id']}")
        await until(lambda: "holds no model" in why_not(app, "model_back"))
        outline.move_to(f"model:{models['voluntary', other]['id']}")
        await until(lambda: why_not(app, "model_back") == "")
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await pilot.press(*"better", "enter")
        await until(lambda: any(f"Version {other} predicts again" in one for one in said(app)))
        active = [one.number for one in (await floor.api.churn.models()).items if one.is_active]
        assert active == [other]
        assert app.troubles == []
