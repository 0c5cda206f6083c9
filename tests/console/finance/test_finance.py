"""Finance against a real server, by keys only: tiles, trends, levers, recommendations, and an account that comes and goes."""

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from backend.client import ApiError
from console.finance.screen import FinanceScreen
from tests.console.desk.floor import PASSWORD, Console, still, until, why_not
from tests.console.desk.test_looks import look
from tests.console.finance.conftest import Till, month
from tests.widgets.stage import said, text_of
from widgets.outline import Outline
from widgets.prompt import Confirm


async def on_finance(app: Console, pilot: Pilot[Any]) -> FinanceScreen:
    """Go there, once the numbers are read."""
    await pilot.press("g", "f")
    await until(lambda: isinstance(app.screen, FinanceScreen) and bool(app.screen._metrics))
    await pilot.pause()
    assert isinstance(app.screen, FinanceScreen)
    return app.screen


async def test_numbers_levers_and_what_is_recommended(till: Till) -> None:
    await month(till.floor)
    async with till.floor.console(email="ben@feast.co", size=(140, 40)) as (app, pilot):
        screen = await on_finance(app, pilot)
        text = text_of(app)
        assert "Readiness" in text
        assert "Chargebacks" in text
        assert "admin" in why_not(app, "stripe_connect")
        await pilot.press("3")
        await until(lambda: "What hurts" in text_of(app))
        text = text_of(app)
        assert "Many chargebacks" in text
        assert "below 0.5 %" in text
        await pilot.press("4")
        outline = screen.query_one(Outline)
        await until(lambda: outline.key.startswith("recommendation:"))
        await until(lambda: "Reduce chargebacks" in text_of(app))
        await pilot.press("D")
        await until(lambda: any("is dismissed" in one for one in said(app)))
        await until(lambda: "dismissed" in why_not(app, "advice_accept"))
        await till.floor.ben.identity.sign_in("ben@feast.co", PASSWORD)  # it was signed in forty days ago
        page = await till.floor.ben.finance.recommendations(till.floor.me.business.id, status="dismissed")
        assert [one.rule for one in page.items] == ["reduce_chargebacks"]
        await pilot.press("1", "enter")
        assert screen.tab == "readiness"
        while not outline.key.startswith("lift:chargeback"):
            await pilot.press("j")
        await pilot.press("enter")
        await until(lambda: screen.tab == "trends" and "Chargebacks of 30 days, day by day" in text_of(app))
        assert "6.0 %" in text_of(app), "the axis ends at a number that is easy to read"
        await pilot.press("2", "j")
        await until(lambda: "Payouts on time of 30 days, day by day" in text_of(app))
        assert app.troubles == []


async def test_an_account_is_connected_and_let_go(till: Till) -> None:
    async with till.floor.console(size=(140, 40)) as (app, pilot):
        screen = await on_finance(app, pilot)
        await pilot.press("5")
        await until(lambda: "none is connected" in text_of(app))
        await pilot.press("C")
        await until(lambda: "Open this in a browser" in text_of(app))
        state = screen._url.partition("state=")[2].partition("&")[0]
        await till.floor.api.stripe.finish_connect(state=state, code=till.stripe.new_code("acct_feast"))
        await until(lambda: "acct_feast" in text_of(app))
        await until(lambda: any("acct_feast is connected" in one for one in said(app)))
        assert "disconnect it first" in why_not(app, "stripe_connect")
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: "acct_feast" in text_of(app))
        await pilot.press("enter")  # No is what enter gives
        await pilot.press("X")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: "none is connected" in text_of(app))
        assert "acct_feast" not in till.stripe.connected
        till.stripe.open("acct_other", name="Other Feasts")
        await pilot.press("C")
        await until(lambda: "Open this in a browser" in text_of(app))
        state = screen._url.partition("state=")[2].partition("&")[0]
        with pytest.raises(ApiError, match="another Stripe account"):
            await till.floor.api.stripe.finish_connect(state=state, code=till.stripe.new_code("acct_other"))
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: "Other Feasts (acct_other)" in text_of(app) and "acct_feast" in text_of(app))
        await pilot.press("n")
        await until(lambda: "another account than before" in text_of(app))
        await pilot.press("C")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: any("Other Feasts (acct_other) is connected" in one for one in said(app)))
        await until(lambda: "before" in text_of(app) and "acct_feast" in text_of(app))
        assert app.troubles == []


async def test_looks(till: Till, snapshot: SnapshotAssertion) -> None:
    await month(till.floor)
    for size, theme, tab in (((80, 24), "day", "1"), ((140, 45), "night", "1"), ((140, 45), "day", "3")):
        async with till.floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
            await on_finance(app, pilot)
            await pilot.press(tab)
            await still(app, pilot)
            name = f"{size[0]}x{size[1]}-{theme}-{tab}"
            assert look(app) == snapshot.use_extension(SVGImageSnapshotExtension)(name=name)
