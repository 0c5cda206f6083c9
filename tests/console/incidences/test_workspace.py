"""The Incidence workspace against a real server: reading, writing, deciding, by keys only."""

import asyncio
from pathlib import Path
from typing import Any

from textual.events import Key
from textual.pilot import Pilot

from backend.incidences.schemas import IncidenceChange, MessageSend, NoteAdd
from backend.signals.schemas import CartPut, ScreenPut, SignalPost
from console.incidences.side import Side
from console.incidences.workspace import IncidenceScreen
from console.setup.sign_in import SignInScreen
from tests.console.desk.floor import EMAIL, PASSWORD, Console, Floor, Row, until
from tests.console.place import burst
from tests.widgets.stage import said, text_of
from widgets.composer import Composer
from widgets.queue_table import QueueTable
from widgets.timeline import Timeline


def composer(app: Console) -> Composer:
    return app.screen.query_one(Composer)


async def opened(app: Console, pilot: Pilot[Any], row: Row, *keys: str) -> IncidenceScreen:
    """Open a case from the queue, as a person does, and wait until it is there."""
    await pilot.press("colon", *f"open {row['ref']}", "enter")
    await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(app.screen, IncidenceScreen)
    return app.screen


async def messages(floor: Floor, row: Row) -> list[str]:
    page = await floor.api.incidences.messages(row["incidenceId"])
    return [str((entry.data or {}).get("text")) for entry in page.items]


async def test_a_case_is_solved_from_signing_in_with_twelve_keys(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    from console.connection import Target

    app = Console(Target(floor.url))
    app.frozen = floor.clock
    pressed: list[str] = []
    async with app.run_test(size=(80, 24)) as pilot:

        async def press(*keys: str) -> None:
            pressed.extend(keys)
            await pilot.press(*keys)
            await pilot.pause()

        await until(lambda: isinstance(app.screen, SignInScreen) and app.screen._api is not None)
        await pilot.press(*EMAIL)
        await press("enter")
        await pilot.press(*PASSWORD)
        await press("enter")
        await until(lambda: app.feed.kind == "live" and app.current_mode == "queue")
        await press("2")
        await press("t")
        await until(lambda: app.store.incidences[row["incidenceId"]]["agentId"] is not None)
        await press("r")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and composer(app).has_focus)
        await pilot.press(*"Done.")
        await press("alt+enter")
        await until(lambda: any(entry.kind == "agent" for entry in app.screen.query_one(Timeline)._book._entries))
        await press("x", "enter")
        await until(lambda: app.store.incidences[row["incidenceId"]]["status"] == "CLOSED")
    assert len(pressed) <= 12, pressed
    now = await floor.now(row)
    assert (now["status"], now["outcome"], now["agentName"]) == ("CLOSED", "RESOLVED", "Asha Iyer")
    assert await messages(floor, row) == ["Done."]


async def test_a_send_is_stopped_once_by_what_arrived(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await floor.says(row, "Is it lactose free?")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row, "r", *"Yes it is.")
        app.store.pause()  # the feed is behind: what arrives is not shown yet
        await floor.says(row, "Stop, I am allergic!")
        await pilot.press("alt+enter")
        await until(lambda: "Stop, I am allergic!" in text_of(app))
        await until(lambda: "read it, then send once more" in text_of(app))
        assert await messages(floor, row) == ["Is it lactose free?", "Stop, I am allergic!"], "nothing went out"
        assert composer(app).text == "Yes it is."
        assert composer(app).has_focus
        await pilot.press("alt+enter")
        await until(lambda: composer(app).text == "")
        assert (await messages(floor, row))[-1] == "Yes it is."


async def test_a_message_that_came_with_the_key_press_stops_the_send(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row, "r", *"Hello")
        await floor.says(row, "Wait!")
        await until(lambda: "Wait!" in text_of(app))
        await pilot.press("alt+enter")  # nobody reads in a hundredth of a second
        await until(lambda: "read it, then send once more" in text_of(app))
        assert await messages(floor, row) == ["Wait!"]
        await pilot.press("alt+enter")
        await until(lambda: composer(app).text == "")
        assert await messages(floor, row) == ["Wait!", "Hello"]


async def test_what_is_written_while_a_reply_is_on_its_way_stays(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot, row, "r", *"One.")
        api, hold = app.api, asyncio.Event()
        send = api.incidences.send

        async def slow(*args: Any, **kwargs: Any) -> Any:
            answer = await send(*args, **kwargs)
            await hold.wait()
            return answer

        api.incidences.send = slow  # type: ignore[method-assign]
        await pilot.press("alt+enter")
        await until(lambda: screen.writing.is_sending)
        await pilot.press(*" Two.")
        await pilot.press("alt+enter")  # one is on its way: nothing goes twice
        assert app.session is not None
        app.session.drafts.drop(row["incidenceId"], "reply")  # another screen gives the draft up
        await pilot.press("!")
        hold.set()
        await until(lambda: not screen.writing.is_sending)
        assert composer(app).text == "One. Two.!"
        draft = app.session.drafts.of(row["incidenceId"], "reply")
        assert draft is not None
        assert draft.text == "One. Two.!"
    assert await messages(floor, row) == ["One."]


async def test_a_draft_survives_the_console(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row, "c", *"half a thought")
        await pilot.press("escape", "q")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        assert composer(app).text == "half a thought"
        assert composer(app).mode == "note"
        await pilot.press("c", "alt+enter")
        await until(lambda: composer(app).text == "")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        assert composer(app).text == "", "what was sent is no draft"
        assert "half a thought" in text_of(app)


async def test_a_note_never_becomes_a_reply(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row, "c")
        burst(app, "never refund", "escape", "r")  # in one packet: not a letter is lost to what comes after it
        await until(lambda: (composer(app).mode, composer(app).text) == ("reply", ""))
        burst(app, "Hello")
        app.post_message(Key("alt+c", "c"))  # so a terminal tells escape and c that come close after each other
        await until(lambda: (composer(app).mode, composer(app).text) == ("note", "never refund"))
        await pilot.press("escape", "r", "alt+enter")
        await until(lambda: "Hello" in text_of(app))
        assert await messages(floor, row) == ["Hello"]
        await pilot.press("escape", "c")
        assert composer(app).text == "never refund", "what was sent took only itself along"


async def test_offline_a_reply_stays_and_a_note_goes_later(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        await floor.close()
        await until(lambda: app.feed.kind == "offline")
        await pilot.press("r", *"for the customer", "alt+enter")
        await pilot.pause()
        assert composer(app).text == "for the customer"
        assert any("stays here as a draft" in text for text in said(app))
        await pilot.press(*["backspace"] * 16, "escape", "c", *"for us", "alt+enter")
        await until(lambda: composer(app).text == "")
        await until(lambda: "for us" in text_of(app))
        assert "waiting" in text_of(app)
        await floor.open()
        assert app.session is not None
        app.session.live.try_now()
        await until(lambda: app.session is not None and not app.session.outbox.items)
        entries = (await floor.api.incidences.timeline(row["incidenceId"])).items
        assert [entry.data["text"] for entry in entries if entry.type == "incidence.note_added" and entry.data] == [
            "for us"
        ]
        assert await messages(floor, row) == []


async def test_the_same_text_is_sent_once_when_the_answer_was_lost(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot, row, "r", *"Once only")
        api, send = app.api.incidences, app.api.incidences.send

        async def lose(*args: Any, **kwargs: Any) -> Any:
            from backend.client import Offline

            await send(*args, **kwargs)
            raise Offline("the answer was lost")

        api.send = lose  # type: ignore[method-assign]
        await pilot.press("alt+enter")
        await until(lambda: "not sent" in text_of(app))
        assert composer(app).text == "Once only"
        api.send = send  # type: ignore[method-assign]
        await asyncio.sleep(1.1)  # one looks at what arrived meanwhile: one's own message
        await pilot.press("alt+enter")
        await until(lambda: composer(app).text == "")
        assert screen.incidence_id == row["incidenceId"]
    assert await messages(floor, row) == ["Once only"]


async def test_older_pages_come_when_one_scrolls_up(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    for number in range(130):
        await floor.api.agent.note(row["incidenceId"], NoteAdd(text=f"note number {number}"))
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot, row)
        assert len(screen.story.frames) == 50
        await pilot.press("home")
        await until(lambda: len(screen.story.frames) == 131)
        assert screen.story.is_whole
        await pilot.press("slash", *"number 12", "enter")
        await until(lambda: any(text.startswith("12 of 12") for text in said(app)))
        await pilot.press("n", "n")
        await until(lambda: any(text.startswith("2 of 12") for text in said(app)))
        await until(lambda: "note number 112" in text_of(app))


async def test_panels_say_what_is_known_and_what_is_not(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya", summary="An older one")
    row = await floor.incidence("CUST-1")
    await floor.api.context.set_cart(
        "CUST-1",
        CartPut(
            cart_items=[{"name": "Royal Veg", "quantity": 120}, "Gulab jamun"], guest_count=120, event_type="WEDDING"
        ),
    )
    for screen in ("packages", "dates", "packages"):
        await floor.api.context.set_screen("CUST-1", ScreenPut(screen=screen))
    for _ in range(4):
        await floor.api.context.signal("CUST-1", SignalPost(signal_type="back_navigation"))
    async with floor.console(size=(140, 60)) as (app, pilot):
        await opened(app, pilot, row)
        await until(lambda: "None known" in text_of(app) and "Rules, not a model" in text_of(app))
        shown = text_of(app)
        for words in (
            "1 Customer",
            "Royal Veg ×120, Gulab jamun",
            "packages › dates",
            "rules v1",
            "Rules, not a model",
            "None known",
            "An older one",
            "order value 48,000: chat and call",
        ):
            assert words in shown, words
        assert "of 100" in shown
        assert "went back 4 times" in shown


async def test_e_mail_and_phone_are_masked_until_asked_for_which_is_recorded(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        assert "cust-1@mail.com" not in text_of(app)
        assert "+919876543210" not in text_of(app)
        await pilot.press("u")
        await until(lambda: "cust-1@mail.com" in text_of(app))
        assert "+919876543210" in text_of(app)
        await pilot.press("y", "e")
        assert app.clipboard == "cust-1@mail.com"
        await pilot.press("y", "i")
        assert app.clipboard == "INC-1"
    audit = await floor.api.audit.list()
    assert any("revealed" in str(entry) for entry in audit["items"])


async def test_at_80_by_24_panels_take_the_place_of_the_story(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console(size=(80, 24)) as (app, pilot):
        await opened(app, pilot, row)
        assert not app.screen.query_one(Side).display
        assert "opened it" in text_of(app)
        await pilot.press("3")
        await until(lambda: "3 Friction" in text_of(app))
        assert "opened it" not in text_of(app)
        await pilot.press("escape")
        await until(lambda: "opened it" in text_of(app))
        await pilot.press("l")
        await until(lambda: "3 Friction" in text_of(app))
        await pilot.press("h", "r", *"x")
        await pilot.pause()
        assert composer(app).text == "x"


async def test_the_next_case_without_leaving(floor: Floor) -> None:
    rows = [await floor.incidence(f"CUST-{n}", f"Guest {n}") for n in range(3)]
    async with floor.console() as (app, pilot):
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.case is not None)
        screen = app.screen
        assert isinstance(screen, IncidenceScreen)
        await pilot.press("J")
        await until(lambda: screen.incidence_id == rows[1]["incidenceId"] and screen.case is not None)
        await pilot.pause()
        assert "2/3" in text_of(app)
        assert "Guest 1" in text_of(app)
        await pilot.press("t")
        await until(lambda: any("INC-2 is yours" in text for text in said(app)))
        assert app.screen_stack[0].query_one(QueueTable).cursor_key == rows[1]["incidenceId"]
        await pilot.press("K", "K")
        await pilot.pause()
        assert screen.incidence_id == rows[0]["incidenceId"]
        assert any("first one" in text for text in said(app))
        await pilot.press("q")
        await pilot.pause()
        assert app.screen.family == "queue"  # type: ignore[attr-defined]


async def test_who_else_is_there(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot), floor.ben.live.connect() as ben:
        await opened(app, pilot, row)
        await ben.be_at(row["incidenceId"], "viewing")
        await until(lambda: "Ben Carter is here" in text_of(app))
        await ben.be_at(row["incidenceId"], "typing")
        await until(lambda: "Ben Carter types" in text_of(app))
        await ben.be_at(None)
        await until(lambda: "Ben Carter types" not in text_of(app))
        await pilot.press("r", "x")
        places = floor.backend.runtime.presence
        await until(lambda: "typing" in str(places.at(floor.me.business.id, row["incidenceId"])))


async def test_a_closed_case_takes_notes_but_no_reply_until_it_is_reopened(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    await floor.api.incidences.change(row["incidenceId"], IncidenceChange(version=1, outcome="DROPPED"))
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        await pilot.press("r")
        await pilot.pause()
        assert any("is closed; reopen it first" in text for text in said(app))
        await pilot.press("c", *"too bad", "alt+enter")
        await until(lambda: composer(app).text == "")
        await pilot.press("X")
        await until(lambda: app.store.incidences[row["incidenceId"]]["status"] == "OPEN")
        await pilot.press("r", *"Sorry!", "alt+enter")
        await until(lambda: composer(app).text == "")
    assert await messages(floor, row) == ["Sorry!"]


async def test_what_others_do_appears_while_one_reads(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        await floor.ben.incidences.change(row["incidenceId"], IncidenceChange(version=1, agent_id=floor.ben_id))
        await until(lambda: "Ben Carter gave it to Ben Carter" in text_of(app))
        await floor.ben.incidences.send(row["incidenceId"], MessageSend(text="On my way", last_seen_seq=10_000))
        await until(lambda: "On my way" in text_of(app) and "waiting" in text_of(app))


async def test_a_case_that_cannot_be_read_says_so(floor: Floor, tmp_path: Path) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    async with floor.console() as (app, pilot):
        await floor.close()
        await pilot.press("enter")
        await until(lambda: "could not be read" in text_of(app))
        await floor.open()
        await pilot.press("ctrl+r")
        await until(lambda: "opened it" in text_of(app))
        assert row["ref"] in text_of(app)
