"""What was done offline: notes are applied or shown as a conflict, replies never go by themselves."""

import json
from pathlib import Path

import pytest

from console.outbox import Outbox
from tests.console.place import Desk, until


async def notes_of(desk: Desk, id: str) -> list[str]:
    page = await desk.api.incidences.timeline(id)
    return [str((entry.data or {}).get("text")) for entry in page.items if entry.type == "incidence.note_added"]


async def test_a_note_is_applied_on_reconnect(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    outbox = Outbox(tmp_path / "outbox.json")
    outbox.put("note", row, "She will call back.")
    assert [item.label for item in outbox.items] == ["waiting"]
    desk.server.kill()
    assert await outbox.flush(desk.api) == (0, 0)
    assert [item.state for item in outbox.items] == ["waiting"]
    desk.server.start()
    assert await outbox.flush(desk.api) == (1, 0)
    assert outbox.items == []
    assert await notes_of(desk, row["incidenceId"]) == ["She will call back."]


async def test_it_outlives_the_console(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    Outbox(tmp_path / "outbox.json").put("note", row, "kept")
    again = Outbox(tmp_path / "outbox.json")
    assert [item.text for item in again.items] == ["kept"]
    assert await again.flush(desk.api) == (1, 0)


async def test_an_answer_that_was_lost_does_not_make_two_notes(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    path = tmp_path / "outbox.json"
    Outbox(path).put("note", row, "once")
    before = path.read_text()
    assert await Outbox(path).flush(desk.api) == (1, 0)
    items = json.loads(before)
    items[0]["state"] = "sending"  # killed between the answer and the disk
    path.write_text(json.dumps(items))
    assert await Outbox(path).flush(desk.api) == (1, 0)
    assert await notes_of(desk, row["incidenceId"]) == ["once"]


@pytest.mark.parametrize("changed", [{"outcome": "RESOLVED"}, {"status": "WAITING"}])
async def test_a_note_on_what_changed_is_a_conflict(desk: Desk, tmp_path: Path, changed: dict[str, str]) -> None:
    row = await desk.incidence()
    outbox = Outbox(tmp_path / "outbox.json")
    item = outbox.put("note", row, "Offer her a tasting.")
    await desk.change(row["incidenceId"], **changed)
    assert await outbox.flush(desk.api) == (0, 1)
    assert outbox.items[0].state == "conflict"
    assert "changed meanwhile" in outbox.items[0].label
    assert await outbox.flush(desk.api) == (0, 0), "it is not tried again by itself"
    assert await notes_of(desk, row["incidenceId"]) == []
    outbox.agree(item.id)
    assert await outbox.flush(desk.api) == (1, 0)
    assert await notes_of(desk, row["incidenceId"]) == ["Offer her a tasting."]


async def test_other_changes_are_no_conflict(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    outbox = Outbox(tmp_path / "outbox.json")
    outbox.put("note", row, "still true")
    await desk.note(row["incidenceId"], "somebody else's")
    await desk.change(row["incidenceId"], summary="another summary")
    assert await outbox.flush(desk.api) == (1, 0)


async def test_a_note_on_nothing_is_a_conflict(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    outbox = Outbox(tmp_path / "outbox.json")
    outbox.put("note", row | {"incidenceId": "01890000-0000-7000-8000-000000000000"}, "lost")
    assert await outbox.flush(desk.api) == (0, 1)
    assert outbox.items[0].state == "conflict"


async def test_a_reply_waits_for_a_person(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    told: list[int] = []
    outbox = Outbox(tmp_path / "outbox.json", lambda: told.append(1))
    item = outbox.put("reply", row, "We are sorry.")
    assert item.label == "not sent"
    assert await outbox.flush(desk.api) == (0, 0)
    outbox.agree(item.id)
    assert await outbox.flush(desk.api) == (0, 0), "not even when somebody nods at it"
    page = await desk.api.incidences.messages(row["incidenceId"])
    assert page.items == []
    outbox.drop(item.id)
    assert (outbox.items, len(told)) == ([], 2)


async def test_the_console_sends_what_waits_when_it_is_back(desk: Desk) -> None:
    row = await desk.incidence()
    async with desk.console() as (app, pilot):
        desk.server.kill()
        await until(lambda: not app.is_online)
        await pilot.pause()
        assert app.session is not None
        app.session.outbox.put("note", app.store.incidences[row["incidenceId"]], "from the train")
        desk.server.start()
        app.session.live.try_now()
        await until(lambda: app.session is not None and app.session.outbox.items == [])
        assert await notes_of(desk, row["incidenceId"]) == ["from the train"]
        await until(lambda: any("Sent 1 note" in note.message for note in app._notifications))
        assert app.troubles == []
