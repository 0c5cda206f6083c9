"""The board of escalations against a real server: by level, live, each verb, who may not, and offline."""

from typing import Any

from textual.pilot import Pilot

from backend.incidences.schemas import IncidenceChange
from console.escalations.escalations import EscalationsScreen
from console.incidences.asks import AskNote
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, Row, until, why_not
from tests.console.escalations.world import hand_up, supervisor, world
from tests.widgets.stage import said, text_of
from widgets.card_board import CardBoard
from widgets.prompt import Confirm
from widgets.tabs import TabStrip

VERBS = ("take_over", "acknowledge", "hand_back", "settle")


async def on_board(app: Console, pilot: Pilot[Any], row: Row | None = None) -> CardBoard:
    """Go to the board, and to the card of a case."""
    await pilot.press("g", "e")
    await until(lambda: isinstance(app.screen, EscalationsScreen) and app.screen.query(CardBoard))
    await pilot.pause()
    board = app.screen.query_one(CardBoard)
    if row is not None:
        assert board.move_to(row["incidenceId"])
        await pilot.pause()
    return board


def lanes(board: CardBoard, app: Console) -> dict[str, list[str]]:
    refs = {id: row["ref"] for id, row in app.store.incidences.items()}
    return {lane.key: [refs[card.key] for card in lane.cards] for lane in board._lanes}


def counts(app: Console) -> dict[str, int | None]:
    return {tab.key: tab.count for tab in app.screen.query_one(TabStrip)._tabs}


async def test_by_level_live_and_counted(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot)
        assert lanes(board, app) == {
            "SUPERVISOR": ["INC-1"],
            "TECH_TEAM": ["INC-5", "INC-4"],
            "SENIOR_AGENT": ["INC-3", "INC-6"],
        }, "the highest level first, the longest first"
        assert counts(app) == {"all": 5, "SUPERVISOR": 1, "TECH_TEAM": 2, "SENIOR_AGENT": 2, "mine": 1, "approvals": 0}
        await hand_up(floor.ben, rows[1], "EMOTIONAL", "shouts")
        await until(lambda: counts(app)["SENIOR_AGENT"] == 3)
        await until(lambda: "“shouts”" in text_of(app))
        await pilot.press("4")
        await pilot.pause()
        assert lanes(board, app) == {"SENIOR_AGENT": ["INC-3", "INC-6", "INC-2"]}
        await pilot.press("5")
        await pilot.pause()
        assert board.keys == [rows[2]["incidenceId"]]


async def test_it_climbs_before_ones_eyes(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await hand_up(floor.ben, row, "EMOTIONAL")
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot)
        assert "climbs in 15m" in text_of(app)
        floor.clock.advance(minutes=11)
        app.screen.show_board()  # type: ignore[attr-defined]
        await pilot.pause()
        assert "climbs in 4m" in text_of(app)
        floor.clock.advance(minutes=4)
        await floor.backend.drain()
        await until(lambda: lanes(board, app)["SUPERVISOR"] == ["INC-1"])
        assert board.cursor_key == row["incidenceId"], "the cursor goes with it"


async def test_take_means_taken_on_and_mine(floor: Floor) -> None:
    rows = await world(floor)
    email, client = await supervisor(floor)
    async with floor.console(email=email) as (app, pilot):
        board = await on_board(app, pilot, rows[5])
        await pilot.press("t")
        await until(lambda: any("INC-6 is yours" in text for text in said(app)))
        now = await floor.now(rows[5])
        assert (now["agentName"], now["escalation"]["status"]) == ("Sunita Rao", "ACKNOWLEDGED")
        await until(lambda: "✓ you have it" in text_of(app))
        assert "yours already" in why_not(app, "take_over")
        board.move_to(rows[2]["incidenceId"])  # Asha took it on, Ben has the case
        await pilot.pause()
        await pilot.press("t")
        await until(lambda: any("INC-3 is yours" in text for text in said(app)))
        assert (await floor.now(rows[2]))["agentName"] == "Sunita Rao"
    await client.transport.close()


async def test_acknowledge_return_and_resolve(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot, rows[0])
        await pilot.press("A")
        await until(lambda: any("INC-1 is taken on" in text for text in said(app)))
        assert (await floor.now(rows[0]))["escalation"]["acknowledgedBy"] == floor.me.member_id
        await until(lambda: "You have taken on INC-1" in why_not(app, "acknowledge"))
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, AskNote))
        await pilot.press("enter")
        assert isinstance(app.screen, AskNote), "who gets it back must know what for"
        await pilot.press(*"give 10", "enter")
        await until(lambda: any("INC-1 is handed back" in text for text in said(app)))
        now = await floor.now(rows[0])
        assert (now["escalation"], now["status"]) == (None, "OPEN")
        last = (await floor.api.incidences.timeline(rows[0]["incidenceId"])).items[-1]
        assert (last.type, (last.data or {})["note"]) == ("incidence.escalation_returned", "give 10")
        await until(lambda: rows[0]["incidenceId"] not in board.keys)
        board.move_to(rows[4]["incidenceId"])
        await pilot.press("S")
        await until(lambda: isinstance(app.screen, AskNote))
        await pilot.press("enter")
        await until(lambda: any("INC-5 is settled" in text for text in said(app)))
        assert (await floor.now(rows[4]))["escalation"] is None
        await until(lambda: rows[4]["incidenceId"] not in board.keys)
        await pilot.press("colon", *"resolve done by hand", "enter")
        await until(lambda: sum("is settled" in text for text in said(app)) == 2)


async def test_a_question_is_about_the_card_that_stood_there(floor: Floor) -> None:
    """While one writes, the case is settled by another: nothing happens to the card that gets the cursor."""
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot, rows[4])
        board.hold = 0.05
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, AskNote))
        await floor.api.escalations.resolve((await floor.now(rows[4]))["escalationId"])
        await until(lambda: app.store.incidences[rows[4]["incidenceId"]]["escalation"] is None)
        await pilot.pause(0.4)
        await pilot.press(*"too late", "enter")
        await until(lambda: any("is resolved already" in text for text in said(app)))
        assert (await floor.now(rows[3]))["escalation"]["status"] == "OPEN", "its neighbour"


async def test_a_race_says_who_was_faster_and_tries_again(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        await on_board(app, pilot, rows[0])
        await pilot.press("P")
        version = (await floor.now(rows[0]))["version"]
        await floor.ben.incidences.change(rows[0]["incidenceId"], IncidenceChange(version=version, priority=1))
        await until(lambda: app.store.held > 0)
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        assert "Ben Carter" in text_of(app)
        assert (await floor.now(rows[0]))["escalation"]["status"] == "OPEN"
        await pilot.press("y")
        await until(lambda: any("INC-1 is taken on" in text for text in said(app)))


async def test_an_agent_sees_why_not(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await on_board(app, pilot, rows[4])
        for id in VERBS:
            assert "This needs the role supervisor" in why_not(app, id), id
        assert "is for the role supervisor and above; yours is agent" in text_of(app)
        await pilot.press("A")
        await until(lambda: any("needs the role supervisor" in text for text in said(app)))
        assert (await floor.now(rows[4]))["escalation"]["status"] == "OPEN"


async def test_who_may_take_it_follows_the_rules_in_force(floor: Floor) -> None:
    rows = await world(floor)
    email, client = await supervisor(floor)
    async with floor.console(email=email) as (app, pilot):
        await on_board(app, pilot, rows[4])
        assert why_not(app, "acknowledge") == ""
        rules = await floor.api.escalations.rules()
        takers = rules["settings"]["takers"] | {"TECH_TEAM": "admin"}
        await floor.api.escalations.set_rules({"version": 1, "settings": rules["settings"] | {"takers": takers}})
        await until(lambda: "for the role admin and above; yours is supervisor" in why_not(app, "acknowledge"))
    await client.transport.close()


async def test_open_and_walk_the_board(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot, rows[4])
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == rows[4]["incidenceId"]  # type: ignore[attr-defined]
        await pilot.press("J")
        assert app.screen.incidence_id == rows[3]["incidenceId"]  # type: ignore[attr-defined]
        await pilot.press("q")
        await until(lambda: isinstance(app.screen, EscalationsScreen))
        assert board.cursor_key == rows[3]["incidenceId"]
        await pilot.press("l")
        assert board.cursor_key == rows[5]["incidenceId"]


async def test_offline_it_stands_still_and_says_so(floor: Floor) -> None:
    rows = await world(floor)
    async with floor.console() as (app, pilot):
        board = await on_board(app, pilot, rows[0])
        await floor.close()
        await until(lambda: not app.is_online)
        await pilot.pause()
        assert len(board.keys) == 5, "what was known is still there"
        for id in VERBS:
            assert "Offline" in why_not(app, id), id
        await floor.open()
        app.action_retry()
        await until(lambda: why_not(app, "acknowledge") == "")
