"""What is planned (`g v`): listed by what is due, planned from where a customer stands, changed by keys, told when late."""

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot

from backend.interventions.schemas import InterventionChange, InterventionCreate
from console.customers.customer import CustomerScreen
from console.interventions.interventions import InterventionsScreen
from tests.console.customers.world import tells, upsets
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of


async def planned(floor: Floor, user: str, hours: float | None = None, **fields: Any) -> Any:
    due = {} if hours is None else {"dueDate": floor.clock.now() + timedelta(hours=hours)}
    body = InterventionCreate.model_validate({"customerId": user, "assigneeId": "me", **due, **fields})
    return await floor.api.interventions.create(body)


async def at_plans(app: Console, pilot: Pilot[Any], count: int) -> InterventionsScreen:
    await pilot.press("g", "v")
    await until(lambda: isinstance(app.screen, InterventionsScreen) and len(app.screen.table.model) == count)
    assert isinstance(app.screen, InterventionsScreen)
    return app.screen


def shown(screen: InterventionsScreen) -> list[str]:
    table = screen.table
    return [table.row(key)["nextAction"] for key in table.model.shown]  # type: ignore[index]


async def test_the_list_goes_by_what_is_due_and_verbs_change_what_is_shown(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    await floor.incidence("CUST-2", "Arjun Mehta")
    await planned(floor, "CUST-1", 30, nextAction="Call on Thursday", priority="high")
    await planned(floor, "CUST-2", -3, nextAction="Send the menu", type="email")
    await planned(floor, "CUST-2", None, nextAction="Some day", assigneeId=floor.ben_id)
    async with floor.console() as (app, pilot):
        screen = await at_plans(app, pilot, 2)
        assert shown(screen) == ["Send the menu", "Call on Thursday"]
        assert "! 3h00 late" in text_of(app)
        await pilot.press("2")
        await until(lambda: len(screen.table.model) == 3)
        assert shown(screen) == ["Send the menu", "Call on Thursday", "Some day"]
        await pilot.press("slash", *"thurs")
        await until(lambda: shown(screen) == ["Call on Thursday"])
        await pilot.press("escape")
        await until(lambda: len(screen.table.model) == 3)
        await pilot.press("home")
        await screen.action_perform("plan_next", "Send it again")
        await until(lambda: shown(screen)[0] == "Send it again")
        await screen.action_perform("plan_note", "She read it.")
        await until(lambda: "She read it." in text_of(app))
        await screen.action_perform("plan_due", "never ever")
        await until(lambda: any("is no time" in text for text in said(app)))
        await screen.action_perform("plan_due", "2h")
        await until(lambda: "late" not in text_of(app))
        await screen.action_perform("plan_assign", floor.ben_id)
        await until(lambda: (screen.row() or {}).get("assigneeId") == floor.ben_id)
        await screen.action_perform("plan_done", "helped")
        await until(lambda: len(screen.table.model) == 2)
        page = await floor.api.interventions.list(status="completed")
        (done,) = page.items
        assert (done.next_action, done.notes, done.outcome) == ("Send it again", "She read it.", "helped")
        assert done.assignee_id == floor.ben_id
        await pilot.press("5")
        await until(lambda: "not enough data (have 0, need 63 of each)" in text_of(app))
        await pilot.press("4")
        await until(lambda: "it helped" in text_of(app))


async def test_somebody_was_faster(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    one = await planned(floor, "CUST-1", 5, nextAction="Call")
    async with floor.console() as (app, pilot):
        screen = await at_plans(app, pilot, 1)
        app.store.pause()
        await floor.ben.interventions.change(one.id, InterventionChange(version=1, notes="Ben was here"))
        await screen.action_perform("plan_priority", "high")
        await until(lambda: "Somebody was faster" in text_of(app))
        await pilot.press("y")
        app.store.resume()
        await until(lambda: "Ben was here" in text_of(app))
        now = await floor.api.interventions.show(one.id)
        assert (now.priority, now.notes, now.version) == ("high", "Ben was here", 3)


async def test_planning_from_a_customer_takes_their_risk(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    await upsets(floor, "CUST-1")
    async with floor.console() as (app, pilot):
        await pilot.press("I")
        await until(lambda: any("Planned for Priya Raman" in text for text in said(app)))
        (made,) = (await floor.api.interventions.list(customer="CUST-1")).items
        assert (made.origin, made.priority, made.cause["score"]) == ("RISK", "high", 90)
        await pilot.press("g", "c")
        await until(lambda: "90 high" in text_of(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CustomerScreen) and "call: " in text_of(app))
        await until(lambda: "planned an intervention: call, high priority" in text_of(app))
        await app.screen.action_perform("customer_plan", "Ask for a card")  # type: ignore[attr-defined]
        await until(lambda: "Ask for a card" in text_of(app))
        await pilot.press("6")
        await until(lambda: "The app told of no visit" in text_of(app) or " action" in text_of(app))
        await tells(floor, "CUST-1", page_viewed=0.001)
        assert (await floor.api.customers.sessions("CUST-1")).items[0].is_live


async def test_what_is_refused_is_said_and_small_screens_show_the_list(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya Raman")
    async with floor.console(size=(80, 24)) as (app, pilot):
        screen = await at_plans(app, pilot, 0)
        await until(lambda: "Nothing is yours to do" in text_of(app))
        await pilot.press("x")
        await until(lambda: any("no intervention under the cursor" in text for text in said(app)))
        await screen.action_perform("plan_new", "CUST-9 call her")
        await until(lambda: any("There is no customer 'CUST-9'" in text for text in said(app)))
        await screen.action_perform("plan_new", "CUST-1 call her")
        await until(lambda: shown(screen) == ["call her"])
        await floor.api.customers.erase("CUST-1")
        await until(lambda: len(screen.table.model) == 0)
