"""How the screens of what runs look: delivery, jobs, interventions and playbooks, of one world on one console."""

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from backend.delivery.schemas import ChannelAdd, ChannelChange
from backend.demo.outside.pigeonhole import SLACK_PATH, TEAMS_PATH, Pigeonhole
from backend.demo.outside.serve import served
from backend.interventions.schemas import InterventionCreate
from backend.playbooks.schemas import TriggerAsk
from console.delivery.delivery import DeliveryScreen
from console.jobs.jobs import JobsScreen
from tests.console.desk.floor import Console, Floor, still, until
from tests.console.desk.test_looks import look
from tests.console.interventions.test_interventions import at_plans
from tests.console.playbooks.test_playbooks import begun, on_playbooks
from tests.console.running.test_running import go, to_line, world
from tests.widgets.stage import text_of


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


async def everything(floor: Floor, address: str) -> None:
    """A playbook under way with three customers, three interventions, and channels that stand otherwise."""
    for kind, name, path in (("TEAMS", "Kitchen", TEAMS_PATH), ("SLACK", "Night shift", SLACK_PATH)):
        body = {"kind": kind, "name": name, "address": f"{address}{path}?api-version=1"}
        channel = await floor.api.delivery.add(ChannelAdd.model_validate(body))
    change = ChannelChange(version=channel.version, is_stopped=True)
    await floor.api.delivery.change(channel.id or "", change)
    playbook = await begun(floor)
    ask = TriggerAsk(playbook_id=playbook.playbook_id, customer_ids=["CUST-0", "CUST-1", "CUST-2"])
    await floor.api.playbooks.trigger(ask)
    for user, hours, action in (
        ("CUST-0", 30, "Call on Thursday"),
        ("CUST-1", -3, "Send the menu"),
        ("CUST-2", 90, ""),
    ):
        due = floor.clock.now() + timedelta(hours=hours)
        plan = {"customerId": user, "assigneeId": "me", "dueDate": due, "nextAction": action}
        await floor.api.interventions.create(InterventionCreate.model_validate(plan))
    await floor.backend.drain()


async def test_looks(floor: Floor, snapshot: SnapshotAssertion) -> None:
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with served(Pigeonhole(answers=[(200, None), (404, None)])) as address:
        await world(floor, address)
        async with floor.console() as (app, pilot):

            async def pictures(*screens: Callable[[Console, Pilot[Any]], Awaitable[None]]) -> None:
                for columns, rows, theme in ((140, 45, "night"), (80, 24, "day")):
                    await pilot.resize_terminal(columns, rows)
                    app.theme = f"holdfast-{theme}"
                    for open_it in screens:
                        await open_it(app, pilot)
                        app.clear_notifications()
                        await still(app, pilot)
                        assert look(app) == seen(name=f"{open_it.__name__}-{columns}x{rows}-{theme}")

            await pictures(jobs)  # before more of them run: at once, and so in any order
            await everything(floor, address)
            await pictures(delivery, interventions, playbooks)
            assert app.troubles == []


async def delivery(app: Console, pilot: Pilot[Any]) -> None:
    await to_line(await go(app, pilot, "d", DeliveryScreen), pilot, "channel:")


async def jobs(app: Console, pilot: Pilot[Any]) -> None:
    await to_line(await go(app, pilot, "j", JobsScreen), pilot, "dead:")


async def interventions(app: Console, pilot: Pilot[Any]) -> None:
    await at_plans(app, pilot, 3)
    await until(lambda: "Arjun" in text_of(app))


async def playbooks(app: Console, pilot: Pilot[Any]) -> None:
    screen = await on_playbooks(app, pilot)
    await pilot.press("2")
    await until(lambda: len(screen.table.model) == 3 and (app.size.width < 100 or "wrote in INC-" in text_of(app)))
