"""Approvals on the board of escalations: the diff, y and n, who may not, and the agent whose screen moves by itself."""

import asyncio

from backend.agent.schemas import ActionAsk
from backend.client import ApiError
from console.escalations.asked import APPROVALS
from console.incidences.asks import AskNote
from tests.console.desk.floor import Floor, Row, until, why_not
from tests.console.escalations.test_board import on_board
from tests.console.escalations.world import supervisor
from tests.console.incidences.test_acting import BEN, discount, given
from tests.widgets.stage import said, text_of
from widgets.prompt import Confirm


async def ask(floor: Floor, row: Row, percent: int = 15) -> None:
    """Ben asks for more than he may give."""
    now = await floor.now(row)
    body = ActionAsk(type="APPLY_DISCOUNT", version=now["version"], params={"percent": percent})
    try:
        await floor.ben.agent.act(row["incidenceId"], body)
    except ApiError as error:
        assert error.code == "APPROVAL_REQUIRED"


async def test_a_supervisor_says_y_and_the_agents_screen_moves_by_itself(floor: Floor) -> None:
    email, client = await supervisor(floor)
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)

    async def agent() -> None:
        """Ben at his own console: asks by keys, touches nothing more, and sees it done."""
        async with floor.console(email=BEN) as (app, pilot):
            await discount(app, pilot, row, "15")
            await pilot.press("y")
            await until(lambda: "asks a supervisor: discount 15 % of 31,000 = 4,650" in text_of(app))
            await until(lambda: "gave a discount of ₹4,650 (15 %), approved by Sunita Rao" in text_of(app), 30)
            await until(lambda: any("approved by Sunita Rao" in text for text in said(app)))

    async with floor.console(email=email) as (app, pilot):
        await on_board(app, pilot)
        ben = asyncio.create_task(agent())
        await until(lambda: len(app.store.approvals) == 1, 30)
        await pilot.press("6")
        await until(lambda: "+ discount 15 % of 31,000 = 4,650" in text_of(app))
        assert "15m left" in text_of(app)
        assert "the limit is 10 % and 5,000" in text_of(app)
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        assert await given(floor, row) == [], "No is the answer of enter"
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: not app.store.approvals)
        await ben
        assert await given(floor, row) == [4_650]
        await until(lambda: "Nothing waits for a decision" in text_of(app))
    await client.transport.close()


async def test_n_asks_why_and_denies(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    await ask(floor, row)
    async with floor.console() as (app, pilot):
        await on_board(app, pilot)
        assert app.screen.query_one("TabStrip")._tabs[-1].count == 1  # type: ignore[attr-defined]
        await pilot.press("6", "n")
        await until(lambda: isinstance(app.screen, AskNote))
        await pilot.press("enter")
        assert isinstance(app.screen, AskNote), "who asked must know why not"
        await pilot.press(*"too much", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: any("denied by Asha Iyer “too much”" in text for text in said(app)))
        assert await given(floor, row) == []


async def test_who_may_not_sees_why_and_the_case_is_a_key_away(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    async with floor.console(email=BEN) as (app, pilot):
        await ask(floor, row)
        await until(lambda: len(app.store.approvals) == 1)
        board = await on_board(app, pilot)
        await pilot.press("6")
        await until(lambda: "discount 15 %" in text_of(app))
        for id in ("approve", "deny"):
            assert "This needs the role supervisor" in why_not(app, id)
        await pilot.press("y")
        assert not isinstance(app.screen, Confirm)
        assert board.cursor_key in app.store.approvals
        await pilot.press("enter")
        await until(lambda: getattr(app.screen, "incidence_id", "") == row["incidenceId"])


async def test_the_verbs_of_the_other_tabs_are_dimmed_and_nothing_goes_offline(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    async with floor.console() as (app, pilot):
        await on_board(app, pilot)
        assert "nothing to decide here" in why_not(app, "approve")
        await ask(floor, row)
        await until(lambda: len(app.store.approvals) == 1)
        await pilot.press("6")
        await until(lambda: why_not(app, "approve") == "")
        for id in ("take_over", "acknowledge", "hand_back", "settle"):
            assert why_not(app, id) == "INC-1 is not handed up.", id
        assert app.screen.tab == APPROVALS  # type: ignore[attr-defined]
        await floor.close()
        await until(lambda: not app.is_online)
        assert "Offline" in why_not(app, "approve")
        await floor.open()
