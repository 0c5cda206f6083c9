"""Whatever strangers and colleagues write, the board and the list of alerts write letters."""

from console.alerts.alerts import AlertsScreen
from tests.console.desk.floor import Floor, until
from tests.console.desk.hostile import row_of
from tests.console.desk.test_hostile import TEXTS, paint
from tests.console.escalations.test_approvals import ask
from tests.console.escalations.test_board import on_board
from tests.console.escalations.world import hand_up
from tests.widgets.capture import CaptureDriver, foreign, written_by
from widgets.panel import Panel


async def test_board_approvals_and_alerts_write_letters_only(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await hand_up(floor.ben, row, "EMOTIONAL", "note")
    await ask(floor, row)
    now = await floor.now(row)
    async with floor.console(driver=CaptureDriver) as (app, pilot):
        assert app.session is not None
        await on_board(app, pilot)
        (approval,) = app.store.approvals.values()
        for version, text in enumerate(TEXTS, 20):
            bad = row_of(now, text, version) | {"escalation": now["escalation"] | {"note": text, "raisedBy": text}}
            app.store.upsert("incidence", row["incidenceId"], bad)
            words = {"customerName": text, "requestedByName": text, "reason": text, "diff": [text], "changes": [text]}
            app.store.upsert("approval", approval["approvalId"], approval | words | {"version": version})
            for tab in "16":
                await pilot.press(tab)
                await paint(app, pilot)
            assert app.screen.query_one("#detail", Panel).display
        await pilot.press("n")
        await paint(app, pilot)
        await pilot.press("escape", "g", "a")
        await until(lambda: isinstance(app.screen, AlertsScreen))
        for version, text in enumerate(TEXTS, 1):
            alert = {"kind": text, "severity": "danger", "message": text, "summary": text, "customerName": text}
            alert |= {"id": "a", "ref": text, "incidenceId": None, "count": version, "read": False}
            app.session.inbox._take({"items": [alert | {"at": row["createdAt"]}], "unread": 1})
            await paint(app, pilot)
        assert not app.troubles, app.troubles
        assert len(written_by(app)) > 10_000
        assert not foreign(written_by(app))
