"""Playbooks in the console, by keys only: started on what is marked, followed, paused, moved, cancelled, and written."""

from datetime import timedelta
from typing import Any

from textual.pilot import Pilot
from textual.widgets import TextArea

from backend.playbooks.schemas import PlaybookMake
from console.customers.customers import CustomersScreen
from console.playbooks.candidates import CandidatesScreen
from console.playbooks.playbook_yaml import PlaybookYamlScreen
from console.playbooks.playbooks import PlaybooksScreen
from console.rules.reason_prompt import ReasonPrompt
from tests.console.customers.world import tells
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm

YAML = """
name: Look after
description: Somebody looks after who may leave.
trigger: {after: [risk_changed], when: {fact: risk_level, op: eq, value: medium}}
steps:
- {kind: message, id: write, text: "Dear {customer.name}, may we help?"}
- {kind: wait, id: rest, for: 3d}
- {kind: condition, id: quiet, when: {fact: customer_wrote, op: eq, value: false}}
- {kind: notify, id: look, to: supervisors, text: Have a look}
"""


async def begun(floor: Floor) -> Any:
    """A playbook, and three guests with a case each."""
    for number, name in enumerate(("Priya Raman", "Arjun Mehta", "李小龍")):
        await floor.incidence(f"CUST-{number}", name)
        floor.clock.advance(minutes=1)
    return await floor.api.playbooks.make(PlaybookMake(yaml=YAML))


async def on_playbooks(app: Console, pilot: Pilot[Any]) -> PlaybooksScreen:
    await pilot.press("g", "p")
    await until(lambda: isinstance(app.screen, PlaybooksScreen) and app.screen.playbooks.is_loaded)
    screen = app.screen
    assert isinstance(screen, PlaybooksScreen)
    await until(lambda: screen.executions.is_loaded)
    await pilot.pause()
    return screen


async def test_started_on_marked_cases_followed_moved_paused_and_cancelled(floor: Floor) -> None:
    playbook = await begun(floor)
    async with floor.console() as (app, pilot):
        await until(lambda: len(app.screen.table.model) == 3)
        await pilot.press("asterisk", "m")
        await until(lambda: isinstance(app.screen, Choice) and "Look after" in text_of(app))
        await pilot.press(*"Look", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        asked = text_of(app)
        assert "Start for 3" in asked
        assert all(name in asked for name in ("Priya Raman", "Arjun Mehta", "李小龍")), "names and count"
        await pilot.press("y")
        await until(lambda: any("goes on for 3" in one for one in said(app)))

        screen = await on_playbooks(app, pilot)
        await floor.backend.drain()
        await pilot.press("2")
        await until(lambda: len(screen.table.model) == 3 and text_of(app).count("waits") >= 3)
        row = screen.execution()
        assert row is not None
        await until(lambda: "✓ write in the open incidence" in text_of(app), 15)
        assert "wrote in INC-" in text_of(app), "the log stands beside"
        await pilot.press("b")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("escape")
        await pilot.press("colon", *"wait 5d", "enter")
        id = row["executionId"]
        later = (floor.clock.now() + timedelta(days=5)).isoformat()[:16]
        await until(lambda: screen.executions.rows[id]["nextAt"][:16] == later)
        await pilot.press("s")
        await until(lambda: screen.executions.rows[id]["status"] == "PAUSED" and "paused" in text_of(app))
        await pilot.press("s")
        await until(lambda: screen.executions.rows[id]["status"] == "WAITING")
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, Confirm) and row["customerName"] in text_of(app))
        await pilot.press("y")
        await until(lambda: screen.executions.rows[id]["status"] == "CANCELLED")
        await until(lambda: len(screen.table.model) == 2)
        floor.clock.advance(days=4)
        await floor.backend.drain()
        await pilot.press("3")
        await until(lambda: len(screen.table.model) == 3 and "came to its end" in text_of(app))
        assert (await floor.api.playbooks.show(playbook.playbook_id)).figures.completed == 2
        await pilot.press("1")
        screen.table.move_to(playbook.playbook_id)
        await until(lambda: "100% of 2" in text_of(app), 15)
        assert app.troubles == []


async def test_written_checked_let_start_by_itself_and_archived(floor: Floor) -> None:
    playbook = await begun(floor)
    await tells(floor, "CUST-1", payment_failed=1)
    await floor.backend.drain()
    async with floor.console() as (app, pilot), floor.console(email="ben@feast.co") as (ben, bens):
        screen = await on_playbooks(app, pilot)
        screen.table.move_to(playbook.playbook_id)
        await until(lambda: "write in the open incidence" in text_of(app))
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, CandidatesScreen) and "fits 1 of 3" in text_of(app))
        await until(lambda: "Arjun Mehta" in text_of(app))
        await pilot.press("q")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, PlaybookYamlScreen))
        area = app.screen.query_one(TextArea)
        text = area.text
        area.load_text(text.replace("for: 3d", "for: soon"))
        await until(lambda: "✗ line " in text_of(app) and "length of time" in text_of(app))
        await pilot.press("ctrl+j")
        assert isinstance(app.screen, PlaybookYamlScreen), "what is wrong is not kept"
        area.load_text(text.replace("for: 3d", "for: 2d"))
        await until(lambda: "It can be kept" in text_of(app))
        await pilot.press("ctrl+j")
        await until(lambda: isinstance(app.screen, ReasonPrompt) and "+  for: 2d" in text_of(app))
        await pilot.press(*"sooner", "enter")
        await until(lambda: app.screen is screen and screen.playbooks.rows[playbook.playbook_id]["number"] == 2)
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, ReasonPrompt) and "At most 50 a day" in text_of(app))
        await pilot.press(*"tried", "enter")
        await until(lambda: "● risk" in text_of(app))

        theirs = await on_playbooks(ben, bens)
        theirs.table.move_to(playbook.playbook_id)
        await bens.press("D", "A")
        assert sum("supervisor" in one for one in said(ben)) == 2
        await bens.press("e")
        await until(lambda: isinstance(ben.screen, PlaybookYamlScreen))
        await bens.press(*"broken")
        assert ben.screen.is_changed is False
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await pilot.press(*"enough", "enter")
        await until(lambda: "▪ archived" in text_of(app))
        await until(lambda: theirs.playbooks.rows[playbook.playbook_id]["status"] == "ARCHIVED")
        assert app.troubles == ben.troubles == []


async def test_started_on_marked_customers_and_for_whom_not(floor: Floor) -> None:
    playbook = await begun(floor)
    await tells(floor, "CUST-1", payment_failed=1)
    async with floor.console(size=(80, 24)) as (app, pilot):
        await pilot.press("g", "c")
        await until(lambda: isinstance(app.screen, CustomersScreen) and len(app.screen.table.model) == 3)
        await pilot.press("space", "space", "m")
        await until(lambda: isinstance(app.screen, Choice) and "Payment failed" in text_of(app))
        await pilot.press(*"Look", "enter")
        await until(lambda: isinstance(app.screen, Confirm) and "Start for 2" in text_of(app))
        await pilot.press("y")
        await until(lambda: any("goes on for 2" in one for one in said(app)))
        await pilot.press("escape", "asterisk", "colon", *"playbook look", "enter")
        await until(lambda: isinstance(app.screen, Confirm) and "Start for 3" in text_of(app))
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, Confirm) and "not for all" in text_of(app))
        await until(lambda: "already" in text_of(app))
        await pilot.press("escape")
        screen = await on_playbooks(app, pilot)
        await pilot.press("2")
        await until(lambda: len(screen.table.model) == 3)
        await pilot.press("p")
        await until(lambda: screen.is_over and "customer" in text_of(app))
        await pilot.press("escape", "1")
        screen.table.move_to(playbook.playbook_id)
        await pilot.press("colon", *"run CUST-2", "enter")
        await until(lambda: isinstance(app.screen, Confirm) and "李小龍" in text_of(app))
        await pilot.press("enter")
        await pilot.press("colon", *"run nobody", "enter")
        await until(lambda: any("no customer" in one for one in said(app)))
        assert app.troubles == []
