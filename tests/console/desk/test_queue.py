"""The Queue against a real server: what is shown, and that verbs act on what was displayed."""

from typing import Any

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Static

from backend.incidences.schemas import IncidenceChange
from backend.incidences.view_schemas import ViewKeep
from console.desk.filter_line import FilterLine
from console.desk.queue import QueueScreen
from console.preferences import PreferenceFile
from tests.console.desk.floor import Console, Floor, until
from tests.widgets.stage import said, text_of
from widgets.composer import Composer
from widgets.prompt import Confirm
from widgets.queue_table import QueueTable
from widgets.tabs import TabStrip


def table(app: Console) -> QueueTable:
    return app.screen.query_one(QueueTable)


def send_at_once(app: Console, letters: str) -> None:
    """Keys as a terminal sends what is pasted without brackets: all in one packet."""
    for letter in letters:
        app.post_message(events.Key(_character_to_key(letter), letter))


def refs(app: Console) -> list[str]:
    rows = table(app)
    return [rows.row(key)["ref"] for key in rows.model.shown]


def counts(app: Console) -> dict[str, int | None]:
    return {tab.key: tab.count for tab in app.screen.query_one(TabStrip)._tabs}


async def go_to(pilot: Pilot[Any], app: Console, ref: str) -> None:
    row = app.store.find(ref)
    assert row is not None
    assert table(app).move_to(row["incidenceId"])
    await pilot.pause()


async def test_tabs_count_live(floor: Floor) -> None:
    first = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        assert counts(app)["unassigned"] == 1
        assert counts(app)["mine"] == 0
        await floor.incidence("CUST-2", "Arjun")
        await until(lambda: counts(app)["unassigned"] == 2)
        await pilot.press("t")
        await until(lambda: counts(app)["mine"] == 1)
        assert (await floor.now(first))["agentName"] == "Asha Iyer"
        await pilot.press("1")
        assert refs(app) == ["INC-1"]


async def test_filters_as_it_is_typed_per_tab_and_says_what_is_wrong(floor: Floor) -> None:
    for number, value in enumerate((48_000, 500, 99_000)):
        await floor.incidence(f"CUST-{number}", f"Guest {number}", order_value=value)
    async with floor.console() as (app, pilot):
        await pilot.press("slash", *"value>9")
        assert len(refs(app)) == 3
        await pilot.press(*"0k")
        assert refs(app) == ["INC-3"]
        await pilot.press("enter", "2")
        assert len(refs(app)) == 2, "the other tab has its own filter; self-service is not in it"
        await pilot.press("3")
        assert refs(app) == ["INC-3"]
        await pilot.press("slash", "end", "space", "@")
        verdict = app.screen.query_one("#verdict", Static)
        assert "Write @me, @none or a name" in str(verdict.content)
        assert verdict.has_class("-wrong")
        assert refs(app) == ["INC-3"], "the filter before stays"
        await pilot.press("backspace", *"colour:red")
        assert "There is no 'colour'" in str(verdict.content)
        await pilot.press("escape")
        assert len(refs(app)) == 3
        assert not app.screen.query_one(FilterLine).has_class("-open")


async def test_a_verb_acts_on_the_row_that_was_displayed(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}", order_value=48_000) for n in range(5)]
    async with floor.console() as (app, pilot):
        await go_to(pilot, app, "INC-3")
        await pilot.press("v", "v")
        await floor.ben.incidences.change(rows[4]["incidenceId"], IncidenceChange(version=1, priority=1))
        await until(lambda: app.store.incidences[rows[4]["incidenceId"]]["priority"] == 1)
        await until(lambda: table(app).pending_count == 1)
        assert refs(app) == ["INC-1", "INC-2", "INC-3", "INC-4", "INC-5"], "frozen while a mark is there"
        await pilot.press("escape", "t")
        await until(lambda: any("INC-3 is yours" in text for text in said(app)))
        assert [(await floor.now(row))["agentName"] for row in rows] == [None, None, "Asha Iyer", None, None]
        await until(lambda: refs(app)[0] == "INC-5")
        assert table(app).cursor_key == rows[2]["incidenceId"], "the cursor goes with its row"


async def test_new_rows_wait_while_the_hand_works(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await until(lambda: len(refs(app)) == 1)
        await pilot.press("space")
        await floor.incidence("CUST-2", "Arjun")
        await until(lambda: "▲ 1 new" in text_of(app))
        assert len(refs(app)) == 1
        await pilot.press("f5")
        assert len(refs(app)) == 2


async def test_a_race_says_who_changed_what_and_tries_again(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await pilot.press("P")
        await floor.ben.incidences.change(row["incidenceId"], IncidenceChange(version=1, priority=1))
        await until(lambda: app.store.held == 1)
        await pilot.press("x", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.pause()
        shown = text_of(app)
        assert "Ben Carter" in shown
        assert "priority 2 → 1" in shown
        assert (await floor.now(row))["status"] == "OPEN", "nothing was done yet"
        await pilot.press("y")
        await until(lambda: any("INC-1 is solved" in text for text in said(app)))
        assert (await floor.now(row))["outcome"] == "RESOLVED"


async def test_losing_a_race_for_a_case_says_who_has_it(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await pilot.press("P")
        await floor.ben.incidences.take(row["incidenceId"])
        await pilot.press("t")
        await until(lambda: any("Ben Carter has taken INC-1" in text for text in said(app)))
        assert isinstance(app.screen, QueueScreen), "there is nothing to try again"


async def test_marks_and_a_verb_on_all_of_them(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}") for n in range(4)]
    async with floor.console() as (app, pilot):
        await pilot.press("P")
        await pilot.press("space", "space", "space")
        await floor.ben.incidences.change(rows[1]["incidenceId"], IncidenceChange(version=1, priority=3))
        await pilot.press("x", "enter")
        await pilot.pause()
        assert "3 marked incidences" in text_of(app)
        await pilot.press("y")
        await until(lambda: isinstance(app.screen, Confirm) and "not all" in app.screen._title)
        await pilot.pause()
        shown = text_of(app)
        assert "INC-2" in shown
        assert "Ben Carter changed it meanwhile" in shown
        assert [(await floor.now(row))["status"] for row in rows] == ["CLOSED", "OPEN", "CLOSED", "OPEN"]
        await pilot.press("y")
        await until(lambda: any("1 incidences are solved" in text for text in said(app)))
        assert (await floor.now(rows[1]))["status"] == "CLOSED"
        assert (await floor.now(rows[3]))["status"] == "OPEN"


async def test_what_was_refused_stays_marked(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}") for n in range(2)]
    await floor.ben.incidences.take(rows[0]["incidenceId"])
    async with floor.console() as (app, pilot):
        await pilot.press("asterisk", "t", "y")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("enter")
        await pilot.pause()
        assert table(app).marked_keys == [rows[0]["incidenceId"]]
        assert (await floor.now(rows[1]))["agentName"] == "Asha Iyer"


async def test_next_best_claims_and_says_why(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya", order_value=6_000)
    await floor.incidence("CUST-2", "Arjun", order_value=99_000)
    async with floor.console() as (app, pilot):
        await pilot.press("N")
        await until(lambda: any("INC-2 is yours: priority 2" in text for text in said(app)))
        await until(lambda: app.screen.family == "incidence")  # type: ignore[attr-defined]
        assert pilot.app is app


async def test_snooze_in_words_and_undo(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await pilot.press("b", *"nonsense", "enter")
        await pilot.pause()
        assert "is no time" in text_of(app)
        await pilot.press(*["backspace"] * 8, *"45m", "enter")
        await until(lambda: any("INC-1 is snoozed until" in text for text in said(app)))
        assert (await floor.now(row))["snoozedUntil"] == "2026-03-02T09:45:00.000000Z"
        await until(lambda: counts(app)["snoozed"] == 1)
        await pilot.press("z")
        await until(lambda: app.store.incidences[row["incidenceId"]]["status"] == "OPEN")


async def test_the_preview_goes_where_there_is_room(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")

    def place(app: Console) -> set[str]:
        return set(app.screen.query_one("#desk").classes)

    async with floor.console(size=(140, 40)) as (app, pilot):
        assert place(app) == {"-right"}
        await until(lambda: "high-value order" in text_of(app) or "Friction" in text_of(app))
        await pilot.resize_terminal(110, 40)
        await until(lambda: place(app) == {"-below"})
        await pilot.resize_terminal(80, 24)
        await until(lambda: place(app) == {"-off"})
        await pilot.resize_terminal(140, 40)
        await pilot.press("p")
        await until(lambda: place(app) == {"-below"})
        await pilot.press("p")
        await until(lambda: place(app) == {"-off"})


async def test_nothing_is_never_the_same_as_offline(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        assert "No open incidence" in text_of(app)
        await pilot.press("1")
        await pilot.pause()
        assert "No open incidence at all" in text_of(app)
        await floor.incidence("CUST-1", "Priya")
        await until(lambda: "Nothing is yours" in text_of(app))
        await pilot.press("3", "slash", *"zebra")
        await until(lambda: "Nothing matches this filter" in text_of(app))
        await pilot.press("escape")
        await floor.close()
        await until(lambda: app.feed.kind == "offline")
        await pilot.pause()
        assert "offline since" in text_of(app)
        assert refs(app) == ["INC-1"], "what is known stays"
        await pilot.press("t")
        await until(lambda: any("Offline" in text for text in said(app)))
        await floor.open()


async def test_a_filter_becomes_a_tab_that_stays(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya", order_value=99_000)
    await floor.incidence("CUST-2", "Arjun")
    async with floor.console() as (app, pilot):
        await pilot.press("slash", *"value>90k", "enter", "colon", *"save-view Big ones", "enter")
        await until(lambda: counts(app).get("saved:Big ones") == 1)
        assert app.screen.query_one(TabStrip).active == "saved:Big ones"
        assert refs(app) == ["INC-1"]
    async with floor.console() as (app, pilot):
        await until(lambda: counts(app).get("saved:Big ones") == 1)
        await pilot.press("left_square_bracket", *["right_square_bracket"] * 8)
        await pilot.pause()
        assert app.screen.query_one(TabStrip).active == "saved:Big ones"


async def test_saved_views_are_ones_own_on_every_machine(floor: Floor) -> None:
    """What an earlier console kept here goes to the server once; other machines follow, other members do not."""
    await floor.incidence("CUST-1", "Priya", order_value=99_000)
    await floor.api.views.keep(ViewKeep(name="Late", filter="sla<1h"))
    PreferenceFile().change(views={"Big": "value>90k", "Late": "sla<30m"})
    async with floor.console() as (app, pilot), floor.console() as (other, _):
        await until(lambda: counts(app).get("saved:Big") == counts(other).get("saved:Big") == 1)
        found = {one.name: one.filter for one in (await floor.api.views.list()).items}
        assert found == {"Late": "sla<1h", "Big": "value>90k", "Late 2": "sla<30m"}, "none is lost to a namesake"
        assert PreferenceFile().current.views == {}
        app.screen.query_one(TabStrip).choose("saved:Big")
        other.screen.query_one(TabStrip).choose("saved:Big")
        await pilot.pause()
        await pilot.press("colon", *"drop-view", "enter")
        await until(lambda: "saved:Big" not in counts(other))
        await until(lambda: other.screen.query_one(TabStrip).active != "saved:Big")
        assert refs(other) == refs(app)
        assert app.troubles == other.troubles == []
    async with floor.console(email="ben@feast.co") as (app, pilot):
        await pilot.pause(0.3)
        assert not [key for key in counts(app) if key.startswith("saved:")]


async def test_ages_tick_and_only_rows_that_read_differently_are_drawn(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    floor.clock.advance(minutes=30)
    await floor.incidence("CUST-2", "Arjun")
    floor.clock.advance(seconds=30)
    async with floor.console(size=(200, 60)) as (app, _):
        screen = app.screen
        assert isinstance(screen, QueueScreen)
        rows = [app.store.incidences[key] for key in table(app).model.shown]
        assert screen.ages.stale(rows) == []
        assert "<1m over" in text_of(app)
        assert "29m left" in text_of(app)
        floor.clock.advance(seconds=20)
        assert screen.ages.stale(rows) == [], "30 and 50 seconds read the same; so does less than a minute"
        floor.clock.advance(seconds=50)
        assert set(screen.ages.stale(rows)) == {row["incidenceId"] for row in rows}
        screen._tick()
        await until(lambda: "31m" in text_of(app) and "28m left" in text_of(app))
        assert "1m over" in text_of(app)


async def test_no_letter_of_a_filter_is_lost_however_fast_it_is_typed(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await pilot.press("slash")
        send_at_once(app, "cannot change guests")
        line = app.screen.query_one(FilterLine)
        await until(lambda: line.text == "cannot change guests")
        await pilot.pause()
        assert line.text == "cannot change guests"
        assert refs(app) == ["INC-1"]


async def test_what_is_pasted_right_after_the_key_is_text_and_no_verb(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        send_at_once(app, "/txb")
        line = app.screen.query_one(FilterLine)
        await until(lambda: line.text == "txb")
        await pilot.press("escape", "escape")
        await until(lambda: refs(app) == ["INC-1"])
        send_at_once(app, "rtake x")
        await until(lambda: app.screen.query("Composer") and app.screen.query_one(Composer).text == "take x")
        await pilot.pause()
        now = await floor.now(row)
        assert (now["agentId"], now["status"], now["version"]) == (None, "OPEN", row["version"])


async def test_an_answer_is_about_the_case_that_was_asked_about(floor: Floor) -> None:
    first, second = await floor.incidence("CUST-1", "Priya"), await floor.incidence("CUST-2", "Arjun")
    async with floor.console() as (app, pilot):
        await pilot.press("2")
        await go_to(pilot, app, first["ref"])
        await pilot.press("x")
        await pilot.pause()
        await floor.ben.incidences.take(first["incidenceId"])
        queue = app.screen_stack[-2]
        assert isinstance(queue, QueueScreen)
        await until(lambda: [row["ref"] for row in queue.store.in_view("unassigned")] == [second["ref"]])
        queue.table.action_apply_pending()
        await until(lambda: (queue.selected() or first)["ref"] == second["ref"])
        await pilot.press("enter", "enter")
        await until(lambda: any("no longer under the cursor" in text for text in said(app)))
        assert (await floor.now(second))["status"] == "OPEN"


async def test_without_a_connection_the_retry_key_looks_for_the_server(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await floor.close()
        await until(lambda: not app.is_online)
        await pilot.press("ctrl+r")
        await until(lambda: any("Looking for the server" in text for text in said(app)))
        await floor.open()
        await pilot.press("ctrl+r")
        await until(lambda: app.is_online)


async def test_it_opens_on_the_first_tab_with_something_unless_one_was_chosen(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):  # the floor chooses the third by hand
        assert app.screen.query_one(TabStrip).active == "all"
        assert any("Nothing is yours yet. 2 Unassigned: 1" in text for text in said(app))
        app.store.resume()  # everything anew
        await pilot.pause()
        assert app.screen.query_one(TabStrip).active == "all"
        assert refs(app) == ["INC-1"]
