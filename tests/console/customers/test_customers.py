"""Who may leave (`g c`), and everything about a customer, by keys against a real server."""

from typing import Any

from textual.pilot import Pilot

from backend.billing.models import Subscription
from backend.customers import service as customers
from console.customers.customer import CustomerScreen
from console.customers.customers import CustomersScreen
from console.incidences.workspace import IncidenceScreen
from tests.console.customers.world import tells, upsets
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of


async def world(floor: Floor) -> None:
    """Priya is about to leave, Arjun looked at what he pays, nothing is known of Meera."""
    await floor.incidence("CUST-1", "Priya Raman")
    await floor.incidence("CUST-2", "Arjun Mehta")
    await floor.incidence("CUST-3", "Meera")
    await tells(floor, "CUST-2", billing_page_view=2)
    await upsets(floor, "CUST-1")


async def at_customers(app: Console, pilot: Pilot[Any]) -> CustomersScreen:
    await pilot.press("g", "c")
    await until(lambda: isinstance(app.screen, CustomersScreen) and len(app.screen.table.model) == 3)
    assert isinstance(app.screen, CustomersScreen)
    return app.screen


def names(screen: CustomersScreen) -> list[str]:
    table = screen.table
    return [table.row(key)["name"].split()[0] for key in table.model.shown]  # type: ignore[index]


async def test_who_may_leave_stands_first_and_is_read_in_full(floor: Floor) -> None:
    await world(floor)
    async with floor.console() as (app, pilot):
        screen = await at_customers(app, pilot)
        assert names(screen) == ["Priya", "Arjun", "Meera"]
        shown = text_of(app)
        assert "90 high" in shown
        assert "Recent payment failure" in shown
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CustomerScreen) and "of 100 · high" in text_of(app))
        await pilot.press("E")
        await until(lambda: "wants no mail" in text_of(app))
        await pilot.press("E")
        await until(lambda: any("may mail them again" in text for text in said(app)))
        await until(lambda: "INC-1: opened it" in text_of(app))
        await until(lambda: "None known" in text_of(app))
        assert "found risk 0 → 90: Recent payment failure" in text_of(app)
        await pilot.press("$")
        await until(lambda: any("pays for nothing" in text for text in said(app)))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        await pilot.press("escape", "escape")
        await until(lambda: app.screen is screen)


async def test_orders_filter_and_news(floor: Floor) -> None:
    await world(floor)
    async with floor.console(size=(80, 24)) as (app, pilot):
        screen = await at_customers(app, pilot)
        await pilot.press("slash", *"payment")
        await until(lambda: names(screen) == ["Priya"])
        await pilot.press("escape")
        await until(lambda: len(screen.table.model) == 3)
        await screen.action_perform("customer_order", "seen")
        await until(lambda: names(screen)[0] == "Priya" and "last first" in text_of(app))
        await screen.action_perform("customer_order", "size")
        await until(lambda: any("There is no order 'size'" in text for text in said(app)))
        await screen.action_perform("customer_order", "risk")
        await upsets(floor, "CUST-3")
        await until(lambda: "90 high" in text_of(app).split("Meera")[0].splitlines()[-1])


async def test_whoever_brings_most_is_found_by_the_server_beyond_the_first_page(floor: Floor, monkeypatch: Any) -> None:
    monkeypatch.setattr("console.customers.customers.PAGE", 10)
    monkeypatch.setattr("console.customers.customers.NEAR_END", 2)

    def put(work: Any) -> None:
        for number in range(25):
            customer = customers.ensure_customer(work, f"CUST-{number:02}", name=f"Name{number:02}")
            row = Subscription(
                customer_id=customer.id, currency="inr", status="active", interval="month", is_live=False
            )
            row.amount = row.mrr = 1_000 * (number + 1)
            row.stripe_subscription_id, row.stripe_customer_id = f"sub_{number}", f"cus_{number}"
            row.started_at = row.read_at = work.now
            work.add(row)

    await floor.units.write(put)
    async with floor.console() as (app, pilot):
        await pilot.press("g", "c")
        await until(lambda: isinstance(app.screen, CustomersScreen) and len(app.screen.table.model) == 10)
        screen = app.screen
        assert isinstance(screen, CustomersScreen)
        await screen.action_perform("customer_order", "mrr")
        await until(lambda: names(screen) == [f"Name{number:02}" for number in range(24, 14, -1)])
        await until(lambda: "10 are read, more further down" in text_of(app))
        await pilot.press("end")
        await until(lambda: len(screen.table.model) == 20)
        await pilot.press("end")
        await until(lambda: len(screen.table.model) == 25)
        assert names(screen)[-1] == "Name00"
        await upsets(floor, "CUST-03")
        await until(lambda: "90 high" in text_of(app))
        assert len(screen.table.model) == 25, "what was read stays read"
