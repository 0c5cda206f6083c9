"""The frame at work on a real server: keys in order, menus of letters, `:`, palette, help, failures that are told."""

from typing import Any

import pytest
from textual.widgets import Input

from backend.incidences.schemas import IncidenceChange
from console.actions import BY_ID
from console.app import ConsoleApp
from console.frame.command import CommandLine
from console.frame.footer import Footer
from console.frame.screen import FrameScreen
from tests.console.place import Desk, burst, until
from tests.console.tiny import TinyQueue
from tests.widgets.stage import said
from widgets.prompt import Choice, Confirm


def queue(app: ConsoleApp) -> TinyQueue:
    assert isinstance(app.screen, TinyQueue)
    return app.screen


def footer(app: ConsoleApp) -> dict[str, str]:
    return {key.id: key.refusal for key in app.screen.query_one(Footer)._keys}


async def test_keys_act_in_the_order_they_were_pressed(desk: Desk) -> None:
    for n in range(5):
        await desk.incidence(f"u-{n}")
    async with desk.console() as (app, _):
        third = queue(app).table.model.shown[2]
        burst(app, "jjt")
        await until(lambda: app.store.counts["mine"] == 1)
        assert [row["incidenceId"] for row in app.store.in_view("mine")] == [third]
        burst(app, "gs")
        await until(lambda: app.current_mode == "settings")
        burst(app, "-:assign none", "enter")
        await until(lambda: app.current_mode == "queue" and ("assign", "none") in queue(app).done)
        assert app.focused is queue(app).table
        burst(app, ":assign me", "enter", "escape", "j", "j")
        await until(lambda: ("assign", app.store.member_id) in queue(app).done)
        assert not queue(app).query_one(CommandLine).is_open
        await until(lambda: queue(app).table.cursor_key == queue(app).table.model.shown[4])
        burst(app, "", "ctrl+p")
        await until(lambda: isinstance(app.screen, Choice) and isinstance(app.focused, Input))
        burst(app, "settings", "down", "up", "enter", "escape")
        await until(lambda: app.current_mode == "settings")
        assert app.troubles == []


async def test_a_key_that_means_nothing_says_where_the_keys_are(desk: Desk) -> None:
    async with desk.console() as (app, pilot):
        words = "Q does nothing here; ? lists the keys."
        burst(app, "Q")
        await until(lambda: words in said(app))
        burst(app, "Q")
        await pilot.pause()
        assert said(app).count(words) == 1, "not again while it can be read"


async def test_letters_are_text_in_text_fields(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        field = app.screen.query_one("#text", Input)
        app.screen.set_focus(field)
        await pilot.press(*"gqtx?")
        await pilot.pause()
        assert field.value == "gqtx?"
        assert queue(app).done == []
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert isinstance(app.screen, Choice), "the palette opens from anywhere"


async def test_the_footer_turns_into_the_menu_of_letters(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        await until(lambda: "take" in footer(app))
        await pilot.press("g")
        await until(lambda: "go_queue" in footer(app))
        assert "take" not in footer(app)
        await pilot.press("escape")
        await until(lambda: "take" in footer(app))
        await pilot.press("g", "w")
        await pilot.pause()
        assert queue(app).chord == ""
        await pilot.press("g", "u")
        await until(lambda: app.current_mode == "outbox")
        await pilot.press("minus")
        await until(lambda: app.current_mode == "queue")


async def test_what_may_not_be_done_is_dimmed_and_says_why(desk: Desk) -> None:
    row = await desk.incidence()
    await desk.change(row["incidenceId"], outcome="RESOLVED")
    async with desk.console() as (app, pilot):
        await until(lambda: "closed; reopen" in footer(app).get("take", ""))
        await pilot.press("t")
        await until(lambda: any("closed; reopen it first" in text for text in said(app)))
        assert queue(app).done == []
        desk.server.kill()
        await until(lambda: "Offline" in footer(app).get("next_best", "Offline") and not app.is_online)


async def test_arguments_are_asked_for(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        await pilot.press("x")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        await pilot.press(*"drop")
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, FrameScreen))
        await until(lambda: queue(app).done == [("solve", "DROPPED")])
        await pilot.press("full_stop")
        await until(lambda: queue(app).done == [("solve", "DROPPED")] * 2)


async def test_what_has_to_be_typed_opens_the_command_line(desk: Desk) -> None:
    async with desk.console() as (app, pilot):
        app.screen.handler = lambda action: print  # type: ignore[method-assign,assignment]
        await app.screen.perform(BY_ID["save_view"])  # type: ignore[attr-defined]
        await until(lambda: app.screen.query_one(CommandLine).query_one(Input).value == "save-view ")
        await pilot.press("enter")
        await until(lambda: "Name?" in str(app.screen.query_one(CommandLine).query_one("Static").render()))


async def test_verbs_on_many_ask_first(desk: Desk) -> None:
    for n in range(3):
        await desk.incidence(f"u-{n}")
    async with desk.console() as (app, pilot):
        await pilot.press("asterisk", "t")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TinyQueue))
        assert queue(app).done == [], "enter is No"
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, TinyQueue) and queue(app).done != [])


@pytest.mark.parametrize(("key", "word"), [("ctrl+p", "assign"), ("question_mark", "assign")])
async def test_palette_and_help_run_what_is_chosen(desk: Desk, key: str, word: str) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        await pilot.press(key)
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        await pilot.press(*word)
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Choice) and app.screen._title.startswith("Assign INC-"))
        await pilot.pause()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TinyQueue) and len(queue(app).done) == 1)


async def test_the_command_line_completes_and_remembers(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        burst(app, ":pri")
        await pilot.pause()
        await pilot.press("tab")
        line = app.screen.query_one(CommandLine)
        entry = line.query_one(Input)
        await until(lambda: entry.value == "priority ")
        burst(app, "9", "enter")
        await until(lambda: "There are 1, 2, 3, 4" in str(line.query_one("Static").render()))
        await pilot.press("escape")
        assert not line.is_open
        burst(app, ":theme paper", "enter")
        await until(lambda: app.theme == "holdfast-paper")
        await pilot.press("colon", "up")
        await until(lambda: entry.value == "theme paper")
        assert app.preferences.current.theme == "holdfast-paper"


async def test_a_clash_shows_who_changed_what_and_offers_retry(desk: Desk) -> None:
    await desk.incidence()
    ravi = await desk.colleague()
    async with desk.console() as (app, pilot):
        row: Any = queue(app).selected()
        app.store.pause()  # what Ravi does is not on this screen yet
        stale = dict(app.store.incidences[row["incidenceId"]])
        body = IncidenceChange(version=row["version"], summary="Ravi was here")
        await ravi.incidences.change(row["incidenceId"], body)
        await until(lambda: app.store.incidences[row["incidenceId"]]["version"] > stale["version"])
        app.store.tables["incidence"][row["incidenceId"]] = stale
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        shown = str(app.screen.query_one("Panel").render())
        assert "Ravi" in shown
        await pilot.press("y")
        app.store.resume()
        await until(lambda: app.store.counts["mine"] == 1)
    await ravi.transport.close()


async def test_a_dead_server_is_told_and_retried(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        row = app.store.incidences[next(iter(app.store.incidences))]
        got: list[Any] = []
        failed: list[Exception] = []
        desk.server.kill()
        app.calls.start("look", lambda: app.api.incidences.show(row["ref"]), done=got.append, failed=failed.append)
        await until(lambda: bool(failed))
        await pilot.pause()
        assert any("Could not look: no answer" in text for text in said(app))
        assert got == []
        desk.server.start()
        await pilot.press("ctrl+r")
        await until(lambda: len(got) == 1)
        assert got[0].ref == row["ref"]


async def test_an_error_inside_is_told_not_a_crash(desk: Desk) -> None:
    await desk.incidence()
    async with desk.console() as (app, pilot):
        await pilot.press("p")
        await until(lambda: any("boom" in text for text in said(app)))
        assert [str(error) for error in app.troubles] == ["boom"]
        await pilot.press("j")
        assert app.is_running


async def test_settings_change_at_once_and_stay(desk: Desk) -> None:
    async with desk.console() as (app, pilot):
        await pilot.press("f2")
        await until(lambda: app.current_mode == "settings")
        await pilot.pause()
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.pause()
        await pilot.press("down", "enter")
        await until(lambda: app.keymap.name == "arrows")
        await pilot.press("escape")
        await pilot.pause()
    async with desk.console() as (app, pilot):
        assert app.keymap.name == "arrows"
        table = queue(app).table
        assert "j" not in {key for key, _ in table.screen._modal_binding_chain[0][1]}


async def test_pause_holds_the_screen_still(desk: Desk) -> None:
    row = await desk.incidence()
    async with desk.console() as (app, pilot):
        await pilot.press("P")
        await desk.incidence("u-2")
        await until(lambda: app.store.held > 0)
        await pilot.pause()
        assert queue(app).table.model.shown == [row["incidenceId"]]
        await pilot.press("P")
        await until(lambda: len(queue(app).table.model.shown) == 2)


async def test_an_incidence_opens_over_the_queue_and_goes(desk: Desk) -> None:
    row = await desk.incidence()
    async with desk.console() as (app, pilot):
        app.open_incidence(row["incidenceId"])
        await until(lambda: getattr(app.screen, "family", "") == "incidence")
        await pilot.pause()
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, TinyQueue))


@pytest.mark.parametrize("size", [(80, 24), (140, 45), (40, 10)])
async def test_it_fits(desk: Desk, size: tuple[int, int]) -> None:
    await desk.incidence()
    async with desk.console(size=size) as (app, pilot):
        for screen in ("g,s", "g,u", "g,q"):
            await pilot.press(*screen.split(","))
            await pilot.pause()
            assert app.screen.query_one(Footer).region.bottom == size[1]
            assert app.screen.query_one("#header").region.y == 0
        assert app.troubles == []
