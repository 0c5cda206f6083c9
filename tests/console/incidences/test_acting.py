"""Acting on a case by keys: the menu with its verdicts, what is asked, money confirmed, and a supervisor who decides."""

from typing import Any

from textual.pilot import Pilot

from backend.agent.schemas import ActionAsk, ApprovalDecision
from backend.client import ApiError
from console import approvals
from console.incidences.asks import Ask
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, Row, until
from tests.console.escalations.world import supervisor
from tests.console.incidences.test_workspace import opened
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm

BEN = "ben@feast.co"


async def discount(app: Console, pilot: Pilot[Any], row: Row, percent: str) -> None:
    """Ask for a discount with keys, up to the question whether one is sure."""
    if not isinstance(app.screen, IncidenceScreen):
        await opened(app, pilot, row)
    await pilot.press("A")
    await until(lambda: isinstance(app.screen, Choice))
    await pilot.press(*"apply", "enter")
    await until(lambda: isinstance(app.screen, Ask))
    await pilot.press(*percent)
    await pilot.pause()
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, Confirm))


async def given(floor: Floor, row: Row) -> list[float | int]:
    board = await floor.api.agent.dashboard(row["incidenceId"])
    return [one.amount for one in board.order_context.discounts]


async def test_over_the_limit_a_supervisor_decides_and_the_screen_moves_by_itself(floor: Floor) -> None:
    _, boss = await supervisor(floor)
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    async with boss, floor.console(email=BEN) as (app, pilot):
        await discount(app, pilot, row, "15")
        assert "15 % of ₹31,000 = ₹4,650" in text_of(app)
        await pilot.press("enter")  # No is the answer of enter
        assert (await boss.approvals.list()).items == []
        await discount(app, pilot, row, "15")
        await pilot.press("y")
        await until(lambda: "asks a supervisor: discount 15 % of 31,000 = 4,650" in text_of(app))
        assert any("asked for discount 15 % of 31,000 = 4,650" in text for text in said(app))
        (asked,) = (await boss.approvals.list(status="PENDING")).items
        assert asked.requested_by == floor.ben_id
        await boss.approvals.approve(asked.approval_id, ApprovalDecision(version=asked.version))
        await until(lambda: "gave a discount of ₹4,650 (15 %), approved by Sunita Rao" in text_of(app))
        await until(lambda: any("approved by Sunita Rao" in text for text in said(app)))
        await until(lambda: "−₹4,650" in text_of(app))
    assert await given(floor, row) == [4_650]


async def test_within_the_limit_it_is_done(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    async with floor.console(email=BEN) as (app, pilot):
        await discount(app, pilot, row, "10")
        await pilot.press("y")
        await until(lambda: any("apply discount is done (10 % of ₹31,000 = ₹3,100)" in text for text in said(app)))
        assert await given(floor, row) == [3_100]
        await until(lambda: "gave a discount of ₹3,100 (10 %)" in text_of(app))
        await pilot.press("A")  # there is no room for another one now, and the menu says so
        await until(lambda: isinstance(app.screen, Choice) and "asks a supervisor: 10" in text_of(app))


async def test_what_is_blocked_is_dimmed_says_why_and_cannot_be_chosen(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console(email=BEN) as (app, pilot):
        screen = await opened(app, pilot, row)
        await pilot.press("A")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(*"upsell")
        await pilot.pause()
        assert "⊘ nothing is pushed on a customer" in text_of(app)
        await pilot.press("enter")
        assert isinstance(app.screen, Choice)
        await pilot.press("escape")
        await screen.action_perform("act", "upsell")
        await until(lambda: any("nothing is pushed" in text for text in said(app)))
        assert (await floor.api.audit.list(type="incidence.action_denied"))["items"] == []


async def test_an_order_changes_and_a_case_is_given_to_somebody(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console(email=BEN) as (app, pilot):
        screen = await opened(app, pilot, row)
        await screen.action_perform("act", "modify")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press(*"many", "enter")
        assert "'many' is no number" in text_of(app)
        await pilot.press(*["backspace"] * 4, *"140", "enter")
        await until(lambda: "guests 140" in " ".join(said(app)))
        assert (await floor.now(row))["userInputs"]["guestCount"] == 140
        await screen.action_perform("act", "reassign")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("down", "enter")
        await until(lambda: app.store.incidences[row["incidenceId"]]["agentName"] == "Asha Iyer")
        await screen.action_perform("act", "clo")
        await until(lambda: any("no one action 'clo'" in text for text in said(app)))


async def test_a_supervisor_decides_with_what_changed_before_the_eye(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya", order_value=31_000)
    asked = ActionAsk(type="APPLY_DISCOUNT", version=row["version"], params={"percent": 15})
    try:
        await floor.ben.agent.act(row["incidenceId"], asked)
    except ApiError as error:
        assert error.code == "APPROVAL_REQUIRED"
    async with floor.console() as (app, pilot):
        (waiting,) = approvals.ordered(app.store.approvals.values())
        assert approvals.title_of(waiting) == f"{row['ref']} Priya · apply discount"
        assert approvals.until_of(waiting, app.now()) == ("15m left", "muted")
        assert approvals.refusal_of(waiting, "agent", "m") != ""
        assert approvals.refusal_of(waiting, "owner", floor.me.member_id) == ""
        now = await floor.now(row)
        from backend.incidences.schemas import IncidenceChange

        change = IncidenceChange(version=now["version"], order_value=62_000)  # type: ignore[arg-type]
        await floor.api.incidences.change(row["incidenceId"], change)
        approvals.decide(app, waiting, approvals.APPROVE)
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: "since then order value 31,000 → 62,000" in text_of(app))
        assert "discount 15 % of 62,000 = 9,300" in text_of(app)
        assert await given(floor, row) == []
        await pilot.press("y")
        await until(lambda: not app.store.approvals)
        assert await given(floor, row) == [9_300]
        await until(lambda: any("approved by Asha Iyer" in text for text in said(app)))
