"""The server's disk is full: the agent reads why, keeps every word, and it goes when there is room."""

import pytest

from backend.client import ApiError
from backend.incidences.schemas import NoteAdd
from tests.console.desk.floor import Floor, until
from tests.core.test_outage import room
from tests.widgets.stage import said, screen_lines


async def fill(floor: Floor, id: str) -> None:
    """Write as much as there is room for, and one word more."""
    while True:
        await floor.api.agent.note(id, NoteAdd(text="full"))


async def test_no_word_is_lost_while_the_disk_is_full(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.NEXT_TRY", 0.2)
    row = await floor.incidence("CUST-1", "Priya")
    database = floor.backend.runtime.database
    async with floor.console() as (app, pilot):
        await pilot.press("enter")
        await until(lambda: getattr(app.screen, "case", None) is not None)
        await database.write(room(0))
        with pytest.raises(ApiError, match="disk of the database is full"):
            await fill(floor, row["incidenceId"])
        await pilot.press("c", *"Nut allergy", "alt+enter")
        await until(lambda: any("disk of the database is full" in text for text in said(app)))
        await until(lambda: "not sent · it stays here" in "\n".join(screen_lines(app)))
        assert app.screen.composer.text == "Nut allergy"  # type: ignore[attr-defined]
        assert app.session is not None
        app.session.outbox.put("note", app.store.incidences[row["incidenceId"]], "Written on the train")
        app.flush_outbox()
        await until(lambda: any("make room" in item.why for item in app.session.outbox.items if app.session))
        await database.write(room(5_000))
        await until(lambda: app.session is not None and not app.session.outbox.items)
        await pilot.press("alt+enter")
        await until(lambda: app.screen.composer.text == "")  # type: ignore[attr-defined]
        timeline = await floor.api.incidences.timeline(row["incidenceId"])
        notes = [entry.data["text"] for entry in timeline.items if entry.type == "incidence.note_added" and entry.data]
        assert sorted(note for note in notes if note != "full") == ["Nut allergy", "Written on the train"]
        assert app.troubles == []
