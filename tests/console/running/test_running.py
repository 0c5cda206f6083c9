"""Jobs and delivery against a real server, by keys only: seen, run again, cancelled, replayed, tried, sent again."""

from typing import Any

from textual.pilot import Pilot

from backend.delivery import service as delivery
from backend.delivery.schemas import ChannelAdd, ChannelChange
from backend.demo.outside.pigeonhole import SLACK_PATH, Pigeonhole
from backend.demo.outside.serve import served
from backend.jobs.models import DeadLetter
from backend.work import Work
from console.delivery.delivery import DeliveryScreen
from console.jobs.jobs import JobsScreen
from console.rules.typing_prompt import TypingPrompt
from tests.console.desk.floor import Console, Floor, until, why_not
from tests.console.place import burst
from tests.widgets.stage import said, text_of
from widgets.outline import Outline
from widgets.prompt import Choice, Confirm


async def go(app: Console, pilot: Pilot[Any], letter: str, kind: type[Any]) -> Outline:
    """Go there, once it is read."""
    await pilot.press("g", letter)
    await until(lambda: isinstance(app.screen, kind) and app.screen.is_read)
    await pilot.pause()
    return app.screen.query_one(Outline)


async def to_line(outline: Outline, pilot: Pilot[Any], key: str) -> None:
    await pilot.press("home")
    for _ in range(80):
        if outline.key.startswith(key):
            return
        await pilot.press("j")
    raise AssertionError(f"no line {key}")


async def world(floor: Floor, address: str) -> None:
    """A channel that has taken one letter and refused another, a job that waits for tomorrow, and one that died."""
    body = {"kind": "SLACK", "name": "[ops]\x1b]0;x\x07", "address": address + SLACK_PATH}
    channel = await floor.api.delivery.add(ChannelAdd.model_validate(body))

    for number in (1, 2):  # one after the other: the second is refused
        words = {"subject": f"Letter {number} [/bold]", "text": "What is [red]said[/red]", "cause": f"c{number}"}
        more = {"to": "", "kind": "SLACK", "channel_id": channel.id}
        await floor.units.write(lambda work, said=words | more: delivery.post(work, **said))  # type: ignore[misc]
        await floor.backend.drain()

    def happened(work: Work) -> None:
        work.enqueue("alerts.dispatch", at=work.now.replace(hour=23), key="later", destination="nowhere")
        letter = {"job_id": "j-1", "job": "integrations.carry", "args": {"platform": "intercom"}, "attempts": 4}
        work.add(DeadLetter(**letter, error="401: \x1b[31mthe token", failed_at=work.now, request_id=""))

    await floor.units.write(happened)
    await floor.backend.drain()


async def test_an_admin_runs_cancels_and_replays(floor: Floor) -> None:
    chat = Pigeonhole(answers=[(200, None), (404, None)])
    async with served(chat) as address:
        await world(floor, address)
        async with floor.console() as (app, pilot):
            outline = await go(app, pilot, "j", JobsScreen)
            shown = text_of(app)
            assert "Letters to staff" in shown
            assert "Dead letters: 2" in shown
            await to_line(outline, pilot, "part:delivery")
            assert "success" in text_of(app)
            assert "no job under the cursor" in why_not(app, "job_again")
            await to_line(outline, pilot, "dead:")
            await until(lambda: why_not(app, "job_again") == "")
            assert "over" in why_not(app, "job_cancel")
            await pilot.press("r")
            await until(lambda: "It is run once more." in said(app))
            waiting = (await floor.api.jobs.list(status="waiting"))["items"]
            later = next(one["id"] for one in waiting if one["name"] == "alerts.dispatch")
            await to_line(outline, pilot, f"job:{later}")
            await pilot.press("x")
            await until(lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await until(lambda: "It is cancelled." in said(app))
            left = (await floor.api.jobs.list(status="waiting"))["items"]
            assert later not in [one["id"] for one in left]
            assert app.troubles == []


async def test_an_admin_tries_a_channel_and_sends_again(floor: Floor) -> None:
    chat = Pigeonhole(answers=[(200, None), (404, None)])
    async with served(chat) as address:
        await world(floor, address)
        async with floor.console() as (app, pilot):
            outline = await go(app, pilot, "d", DeliveryScreen)
            await to_line(outline, pilot, "channel:")
            assert "50% of 2 sent" in text_of(app)
            await pilot.press("t")
            await until(lambda: any("A letter is on its way" in one for one in said(app)))
            await floor.backend.drain()
            await until(lambda: any("works: the letter went out" in one for one in said(app)))
            await to_line(outline, pilot, "letter:")
            assert "404" in text_of(app)
            await pilot.press("enter")
            await until(lambda: "What is [red]said[/red]" in text_of(app))
            await pilot.press("r")
            await until(lambda: "It is sent again." in said(app))
            await floor.backend.drain()
            await until(lambda: "100% of 3 sent" in text_of(app) or "✗ failed" not in text_of(app))
            assert len(chat.posts) == 3
            await to_line(outline, pilot, "channel:")
            await pilot.press("D")
            await until(lambda: isinstance(app.screen, Confirm))
            await pilot.press("y")
            await until(lambda: "Nothing leaves by it any more." in said(app))
            assert (await floor.api.delivery.channels()).items == []
            assert app.troubles == []


async def test_an_admin_adds_renames_and_stops_a_channel(floor: Floor) -> None:
    chat = Pigeonhole(answers=[(404, None)])
    async with served(chat) as address, floor.console() as (app, pilot):
        outline = await go(app, pilot, "d", DeliveryScreen)
        assert "n adds a channel" in text_of(app)
        await pilot.press("n")
        await answered(app, pilot, Choice, "slack")
        await answered(app, pilot, TypingPrompt, " ops")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.pause()
        burst(app, "http://elsewhere.example/x", "enter")
        await until(lambda: any("must be https" in one for one in said(app)))
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.pause()
        burst(app, address + SLACK_PATH)
        await pilot.pause()
        assert "•" in text_of(app)
        assert SLACK_PATH[-8:] not in text_of(app)
        await answered(app, pilot, TypingPrompt)
        await to_line(outline, pilot, "channel:")
        assert "Slack ops" in text_of(app)
        await pilot.press("t")
        await until(lambda: any("on its way" in one for one in said(app)))
        await floor.backend.drain()
        await until(lambda: any("does not work: Slack answered 404" in one for one in said(app)))
        await to_line(outline, pilot, "channel:")
        await pilot.press("e")
        await answered(app, pilot, TypingPrompt, " 2")
        await until(lambda: "Slack ops 2" in text_of(app))
        await pilot.press("S")
        await until(lambda: "nothing leaves by it" in text_of(app))
        assert "stopped" in why_not(app, "channel_try")
        (row,) = (await floor.api.delivery.channels()).items
        other = ChannelChange(version=row.version, name="theirs")
        await floor.backend.drain()
        await pilot.pause()
        assert (row.name, row.stopped_at) == ("Slack ops 2", floor.clock.now())
        await floor.api.delivery.change(row.id or "", other)
        await until(lambda: "theirs" in text_of(app))
        await pilot.press("S")
        await until(lambda: any("theirs goes on" in one for one in said(app)))
        assert app.troubles == []


async def answered(app: Console, pilot: Pilot[Any], kind: type[Any], text: str = "") -> None:
    """Answer the question that comes next: what is typed, and enter."""
    await until(lambda: isinstance(app.screen, kind))
    await pilot.pause()
    question = app.screen
    burst(app, text, "enter")
    await until(lambda: app.screen is not question)
    await pilot.pause()


async def test_others_are_told_why_not(floor: Floor) -> None:
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await pilot.press("g", "j")
        await pilot.pause()
        assert not isinstance(app.screen, JobsScreen)
        assert "admin" in why_not(app, "go_jobs")
        assert "supervisor" in why_not(app, "go_delivery")
