"""Alerts against a real server: told live, read, the way to the cause, muted, offline, and how loud they are."""

from typing import Any, get_args

from textual.pilot import Pilot

from backend.alerts.schemas import Kind
from backend.delivery.schemas import ChannelAdd
from backend.incidences.schemas import IncidenceChange, NoteAdd
from backend.integrations.events import OutgoingFailed
from backend.risk.events import RiskChanged
from backend.work import Work
from console.alerts.alerts import AlertsScreen
from console.alerts.columns import KINDS
from console.alerts.loud import came
from console.customers.customer import CustomerScreen
from console.customers.customers import CustomersScreen
from console.incidences.workspace import IncidenceScreen
from console.integrations.integrations import IntegrationsScreen
from tests.console.desk.floor import Console, Floor, Row, until, why_not
from tests.console.escalations.world import hand_up
from tests.widgets.capture import CaptureDriver, written_by
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice
from widgets.queue_table import QueueTable


async def world(floor: Floor) -> list[Row]:
    """Two cases handed up, one given to Asha, who is named in a note on it and watches the first."""
    rows = [
        await floor.incidence("CUST-1", "Priya Raman"),
        await floor.incidence("CUST-2", "Arjun Mehta", summary="Payment taken twice", order_value=99_000),
        await floor.incidence("CUST-3", "Chloé Dubois", summary="Wants a call about the lunch on Friday"),
    ]
    await floor.api.incidences.watch(rows[0]["incidenceId"])
    floor.clock.advance(minutes=3)
    await hand_up(floor.ben, rows[0], "POLICY_EXCEPTION")
    floor.clock.advance(minutes=1)
    await hand_up(floor.ben, rows[1], "HIGH_VALUE")
    await floor.backend.drain()
    floor.clock.advance(minutes=2)
    change = IncidenceChange(version=1, agent_id=floor.me.member_id)
    await floor.ben.incidences.change(rows[2]["incidenceId"], change)
    for text in ("@ashaiyer can you look?", "@ashaiyer please"):
        await floor.ben.agent.note(rows[2]["incidenceId"], NoteAdd(text=text))
        await floor.backend.drain()
        floor.clock.advance(minutes=1)
    return rows


async def on_alerts(app: Console, pilot: Pilot[Any]) -> QueueTable:
    """Go to the alerts, once they are there."""
    await until(lambda: app.session is not None and app.session.inbox.is_loaded)
    await pilot.press("g", "a")
    await until(lambda: isinstance(app.screen, AlertsScreen) and app.screen.query(QueueTable))
    await pilot.pause()
    return app.screen.query_one(QueueTable)


def kinds(table: QueueTable) -> list[str]:
    return [table.row(key)["kind"] for key in table.model.shown]


def test_every_kind_has_its_words() -> None:
    assert list(get_args(Kind)) == list(KINDS), "and is offered for muting"


async def test_told_live_counted_and_read(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        table = await on_alerts(app, pilot)
        assert kinds(table) == ["MENTIONED", "ASSIGNED", "ESCALATED", "ESCALATED"]
        assert "◆ 4 alerts" in text_of(app)
        assert "Ben Carter named you in a note  2×" in text_of(app)
        table.hold = 0.05
        await pilot.press("r")
        await until(lambda: kinds(table) == ["ASSIGNED", "ESCALATED", "ESCALATED"])
        await until(lambda: "◆ 3 alerts" in text_of(app))
        await floor.ben.agent.note(rows[0]["incidenceId"], NoteAdd(text="and still nothing"))
        await floor.backend.drain()
        await until(lambda: "WATCHED" in kinds(table))
        await pilot.press("2")
        await pilot.pause()
        assert len(kinds(table)) == 5
        await pilot.press("R")
        await until(lambda: "◆" not in text_of(app))
        assert (await floor.api.alerts.list()).unread == 0
        assert why_not(app, "read_all") == "You have read everything."
        await pilot.press("1")
        await until(lambda: "All read" in text_of(app))


async def test_enter_leads_to_the_cause_and_is_reading_it(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        await on_alerts(app, pilot)
        await pilot.press("j", "j", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == rows[1]["incidenceId"]  # type: ignore[attr-defined]
        await until(lambda: app.session is not None and app.session.inbox.unread == 3)
        await pilot.press("J")
        assert app.screen.incidence_id == rows[0]["incidenceId"], "J and K walk the cases of the list"  # type: ignore[attr-defined]
        await pilot.press("q", "q")
        await until(lambda: app.current_mode == "queue")


async def test_another_console_and_another_member(floor: Floor) -> None:
    """What is read in one console is read in the other; a colleague hears nothing of it."""
    await world(floor)
    async with floor.console() as (app, pilot):
        table = await on_alerts(app, pilot)
        table.hold = 0.05
        await floor.api.alerts.read_all()
        await until(lambda: kinds(table) == [])
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await on_alerts(app, pilot)
        assert "All read" in text_of(app)


async def test_mute_a_kind_and_hear_of_it_again(floor: Floor) -> None:
    await world(floor)
    async with floor.console() as (app, pilot):
        await on_alerts(app, pilot)
        for word in ("any more", "again"):
            await pilot.press("M")
            await until(lambda: isinstance(app.screen, Choice))
            await pilot.press(*"watched", "enter")
            await until(lambda word=word: any(f"“watched” {word}" in text for text in said(app)))  # type: ignore[misc]
            assert (await floor.api.alerts.muted()).kinds == (["WATCHED"] if word == "any more" else [])


async def test_offline_they_stand_still(floor: Floor) -> None:
    await world(floor)
    async with floor.console() as (app, pilot):
        table = await on_alerts(app, pilot)
        await floor.close()
        await until(lambda: not app.is_online)
        assert len(kinds(table)) == 4
        for id in ("read", "read_all", "mute"):
            assert "Offline" in why_not(app, id), id
        await floor.open()


async def test_what_cannot_be_read_is_no_empty_list(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        assert app.session is not None
        inbox = app.session.inbox
        await until(lambda: inbox.is_loaded)
        inbox.is_loaded, inbox.trouble = False, "the server is tired."
        await pilot.press("g", "a")
        await until(lambda: "could not be read: the server is tired." in text_of(app))
        assert "All read" not in text_of(app)


async def test_only_ones_own_breach_rings_and_only_if_one_wants_it(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    other = await floor.incidence("CUST-2", "Arjun")
    async with floor.console(driver=CaptureDriver) as (app, pilot):
        version = (await floor.now(row))["version"]
        change = IncidenceChange(version=version, agent_id=floor.me.member_id)
        await floor.ben.incidences.change(row["incidenceId"], change)
        await until(lambda: app.store.incidences[row["incidenceId"]]["agentId"] == floor.me.member_id)

        def breach(of: Row, kind: str = "SLA_BREACHED") -> Row:
            return {"kind": kind, "incidenceId": of["incidenceId"], "ref": of["ref"], "message": "missed \x1b]9;x\x07"}

        async def heard(*alerts: Row) -> tuple[int, int]:
            before = written_by(app)
            came(app, alerts)
            await pilot.pause()
            new = written_by(app)[len(before) :]
            return new.count("\x07"), new.count("\x1b]9;INC-1: missed ␛]9;x␇\x1b\\")

        assert await heard(breach(row)) == (0, 0), "as shipped it is said, and nothing rings"
        assert any("INC-1: missed" in text for text in said(app))
        app.preferences.change(alarm="bell")
        assert await heard(breach(row)) == (1, 0)
        assert await heard(breach(other), breach(row, "SLA_WARNED")) == (0, 0), "not mine, not missed"
        app.preferences.change(alarm="desktop")
        assert await heard(breach(row)) == (0, 1), "and no control of it reaches the terminal"


async def test_what_became_of_it_outside_and_the_way_to_a_customer(floor: Floor) -> None:
    body = {"kind": "EMAIL", "name": "mail", "address": "smtp://127.0.0.1:9?from=desk@feast.co"}
    await floor.api.delivery.add(ChannelAdd.model_validate(body))
    rows = await world(floor)
    customer = rows[0]["customer"]["id"]

    def rises(work: Work) -> None:
        data = {"score": [0, 80], "level": ["low", "high"], "factors": []}
        state = {"userId": "CUST-1", "score": 80, "level": "high", "factors": [], "reasons": []}
        work.emit(RiskChanged(subject_id=customer, customer_id=customer, data=data, state=state))

    await floor.units.write(rises)
    await floor.backend.drain()
    async with floor.console(size=(140, 45)) as (app, pilot):
        table = await on_alerts(app, pilot)
        await until(lambda: "risk low → high" in text_of(app))
        while table.row(table.cursor_key)["kind"] != "ESCALATED":
            await pilot.press("j")
        await pilot.press("d")
        await until(lambda: "goes at" in text_of(app))
        while table.row(table.cursor_key)["kind"] != "RISK_CHANGED":
            await pilot.press("k")
        await until(lambda: "The rules (g r, Alerts)" in text_of(app))
        await pilot.press("d")
        await until(lambda: "The rules (g r, Alerts)" not in text_of(app))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CustomerScreen))
        await pilot.press("escape")
        for _ in range(2):
            await floor.units.write(rises)
        await floor.backend.drain()
        await until(lambda: "risk low → high  2×" in text_of(app))
        while table.row(table.cursor_key)["kind"] != "RISK_CHANGED":
            await pilot.press("k")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, CustomersScreen))
        unsent = OutgoingFailed(subject_id="o-1", data={"platform": "freshchat", "kind": "NOTE"})
        await floor.units.write(lambda work: work.emit(unsent))
        await floor.backend.drain()
        await pilot.press("g", "a")
        await until(lambda: "did not take a note" in text_of(app))
        while table.row(table.cursor_key)["kind"] != "INTEGRATION_FAILING":
            await pilot.press("k")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IntegrationsScreen))
        assert app.troubles == []
