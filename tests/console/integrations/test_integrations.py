"""Integrations against a real server, by keys only: how they do, swept by admins, failed calls tried again."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension
from textual.pilot import Pilot

from backend.integrations.models import Integration, OutgoingCall
from backend.integrations.schemas import IntegrationAdd
from backend.jobs.models import PendingJob
from backend.work import Work
from console.incidences.workspace import IncidenceScreen
from console.integrations.integrations import IntegrationsScreen
from tests.console.desk.floor import Console, Floor, Row, still, until, why_not
from tests.console.desk.test_looks import look
from tests.widgets.stage import said, text_of
from widgets.outline import Outline


async def world(floor: Floor) -> Row:
    """Freshchat answered, then refused, and waits; Intercom has no token. One call failed, one was made."""
    row = await floor.incidence("CUST-1", "Priya")
    address = "https://feast.freshchat.com/v2"
    body = IntegrationAdd(platform="freshchat", base_url=address, token="t", webhook_secret="s", agent_id="a-1")
    await floor.api.integrations.add(body)
    await floor.api.integrations.add(IntegrationAdd(platform="intercom", base_url="https://api.intercom.io"))

    def happened(work: Work) -> None:
        connection = work.session.scalars(select(Integration).where(Integration.platform == "freshchat")).one()
        connection.answered_at = work.now - timedelta(minutes=30)
        connection.error, connection.failed_at = "429: too many \x1b]0;requests\x07", work.now - timedelta(minutes=2)
        connection.paused_until = work.now + timedelta(minutes=10)
        call = {"platform": "freshchat", "conversation_id": "c", "incidence_id": row["incidenceId"]}
        at = {"due_at": work.now, "created_at": work.now - timedelta(minutes=5), "settled_at": work.now}
        work.add(OutgoingCall(**call, seq=1, kind="NOTE", state="SENT", tries=1, **at))
        work.add(OutgoingCall(**call, seq=2, kind="MESSAGE", state="FAILED", tries=4, error="[bold]no[/bold]", **at))

    await floor.units.write(happened)
    return row


async def on_integrations(app: Console, pilot: Pilot[Any]) -> Outline:
    """Go there, once they are read."""
    await pilot.press("g", "i")
    await until(lambda: isinstance(app.screen, IntegrationsScreen) and app.screen.is_read)
    await pilot.pause()
    return app.screen.query_one(Outline)


async def test_an_admin_sweeps_and_tries_again(floor: Floor) -> None:
    row = await world(floor)
    async with floor.console() as (app, pilot):
        outline = await on_integrations(app, pilot)
        text = text_of(app)
        assert "paused until" in text
        assert "429: too many ␛]0;requests␇" in text, "what a platform says cannot write to the terminal"
        await pilot.press("s")
        await until(lambda: any("is swept now" in one for one in said(app)))
        jobs: list[str] = await floor.units.read(lambda work: [*work.session.scalars(select(PendingJob.job))])
        assert any("sweep" in job for job in jobs), jobs
        await pilot.press("j")
        await pilot.pause()
        assert "token" in why_not(app, "sync"), "what is not set up cannot be swept"
        await pilot.press("j")
        await until(lambda: outline.key.startswith("call:"))
        await until(lambda: "[bold]no[/bold]" in text_of(app))
        await pilot.press("r")
        await until(lambda: "✗ failed" not in text_of(app))
        (call,) = (one for one in (await floor.api.outgoing.list()).items if one.kind == "MESSAGE")
        assert (call.state, call.error) == ("QUEUED", None)
        await until(lambda: "has not failed" in why_not(app, "carry_again"))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen))
        assert app.screen.incidence_id == row["incidenceId"]  # type: ignore[attr-defined]
        assert app.troubles == []


async def test_an_agent_reads_and_tries_calls_again(floor: Floor) -> None:
    await world(floor)
    async with floor.console(email="ben@feast.co") as (app, pilot):
        outline = await on_integrations(app, pilot)
        assert "paused until" in text_of(app)
        assert "admin" in why_not(app, "sync")
        await pilot.press("G", "home", "j", "j")
        await until(lambda: outline.key.startswith("call:"))
        await until(lambda: why_not(app, "carry_again") == "")


async def test_looks(floor: Floor, snapshot: SnapshotAssertion) -> None:
    await world(floor)
    for size, theme in (((80, 24), "day"), ((140, 45), "night")):
        async with floor.console(size=size, theme=f"holdfast-{theme}") as (app, pilot):
            await on_integrations(app, pilot)
            await still(app, pilot)
            assert look(app) == snapshot.use_extension(SVGImageSnapshotExtension)(name=f"{size[0]}x{size[1]}-{theme}")
