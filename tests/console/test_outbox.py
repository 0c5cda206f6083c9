"""What was done offline: notes are applied or shown as a conflict, replies never go by themselves."""

import json
from pathlib import Path

import pytest

from backend.incidences.link_schemas import Merge
from backend.incidences.schemas import MessageSend
from console.outbox import Outbox
from tests.console.place import Desk, until
from tests.widgets.stage import screen_lines


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


async def test_a_conflict_says_what_happened_in_between(desk: Desk, tmp_path: Path) -> None:
    row = await desk.incidence()
    ravi = await desk.colleague()
    path = tmp_path / "outbox.json"
    outbox = Outbox(path)
    outbox.put("note", row, "Offer her a tasting.")
    outbox.put("reply", row, "We look into it.")
    outbox.put("reply", row, "We look into it now.")
    assert [item.text for item in outbox.items] == ["Offer her a tasting.", "We look into it now."], "one reply a case"
    desk.server.kill()
    assert await outbox.flush(desk.api) == (0, 0)
    desk.server.start()
    assert await outbox.flush(desk.api) == (1, 0), "the note goes, the reply waits"
    outbox.put("note", await desk.change(row["incidenceId"], summary="Tasting"), "And wine.")
    body = MessageSend(text="All is well", last_seen_seq=99)
    await ravi.incidences.send(row["incidenceId"], body)
    await desk.change(row["incidenceId"], outcome="RESOLVED")
    assert await outbox.flush(desk.api) == (0, 2)
    reply, note = Outbox(path).items
    assert (reply.state, note.state) == ("conflict", "conflict")
    assert any("Ravi: “All is well”" in line for line in note.since)
    assert any("Asha: solved it" in line for line in note.since)
    assert not any("Tasting" in line for line in note.since), "that was before"
    assert any("“Offer her a tasting.”" in line for line in reply.since)
    assert await outbox.flush(desk.api) == (0, 0), "what was told once is not told again"
    outbox.forget_reply(row["incidenceId"])
    assert [item.kind for item in outbox.items] == ["note"]
    await ravi.transport.close()


async def test_a_note_follows_a_case_that_was_merged(desk: Desk, tmp_path: Path) -> None:
    row, into = await desk.incidence(), await desk.incidence()
    outbox = Outbox(tmp_path / "outbox.json")
    item = outbox.put("note", row, "Allergic to nuts.")
    await desk.api.incidences.merge(row["incidenceId"], Merge(into=into["ref"], version=1, into_version=1))
    assert await outbox.flush(desk.api) == (0, 1)
    assert outbox.items[0].why == f"it is part of {into['ref']} now"
    outbox.agree(item.id)
    assert await outbox.flush(desk.api) == (1, 0)
    page = await desk.api.incidences.timeline(into["incidenceId"])
    assert (page.items[-1].incidence_id, page.items[-1].data) == (into["incidenceId"], {"text": "Allergic to nuts."})


async def test_the_outbox_shows_it(desk: Desk) -> None:
    row = await desk.incidence()
    async with desk.console() as (app, pilot):
        shown_before = dict(app.store.incidences[row["incidenceId"]])
        await desk.change(row["incidenceId"], outcome="DROPPED")
        desk.server.kill()
        await until(lambda: not app.is_online)
        assert app.session is not None
        app.session.outbox.put("reply", shown_before, "Dear customer")
        desk.server.start()
        app.session.live.try_now()
        await until(lambda: any("could not be sent as it is" in note.message for note in app._notifications))
        await pilot.press("g", "u")
        await until(lambda: "meanwhile" in "\n".join(screen_lines(app)))
        shown = "\n".join(screen_lines(app))
        assert "reply on INC-1: Dear customer" in shown
        assert "Asha: solved it: dropped" in shown
