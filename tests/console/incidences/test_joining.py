"""Merging and linking in the console: what is asked, what colleagues see, where a draft goes, and taking it back."""

from pathlib import Path

from console.drafts import Draft, Drafts
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Floor, until
from tests.console.incidences.test_workspace import composer, opened
from tests.widgets.stage import said, text_of
from widgets.prompt import Choice, Confirm


async def test_a_merge_takes_the_open_composer_along(floor: Floor) -> None:
    source = await floor.incidence("CUST-1", "Priya", summary="Second window")
    target = await floor.incidence("CUST-1", summary="First window")
    await floor.says(source, "Is it lactose free?")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, source, "r", *"Yes it is.", "escape")
        await pilot.press("M", "m")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press("enter")  # the customer's other case
        await until(lambda: isinstance(app.screen, Confirm))
        await until(lambda: f"Merge {source['ref']} into {target['ref']}?" in text_of(app))
        await pilot.press("y")
        await until(
            lambda: isinstance(app.screen, IncidenceScreen) and app.screen.incidence_id == target["incidenceId"]
        )
        await until(lambda: app.screen.case is not None)  # type: ignore[attr-defined]
        await until(lambda: composer(app).text == "Yes it is.")  # the draft went along
        await until(lambda: "Is it lactose free?" in text_of(app))
        await until(lambda: f"Priya · {source['ref']}" in text_of(app) and f"+{source['ref']}" in text_of(app))
        await pilot.press("z")
        await until(lambda: any("is a case of its own again" in text for text in said(app)))
        await until(lambda: "Is it lactose free?" not in text_of(app))
    assert (await floor.now(source))["status"] == "OPEN"


async def test_a_colleague_merges_the_case_one_writes_in(floor: Floor) -> None:
    source = await floor.incidence("CUST-1", "Priya")
    target = await floor.incidence("CUST-1")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, source, "c", *"half a thought")
        from backend.incidences.link_schemas import Merge

        body = Merge(into=target["incidenceId"], version=1, into_version=1)
        await floor.ben.incidences.merge(source["incidenceId"], body)
        await until(lambda: any("you are there, with your draft" in text for text in said(app)))
        await until(lambda: composer(app).text == "half a thought")
        assert composer(app).mode == "note"
        assert app.screen.incidence_id == target["incidenceId"]  # type: ignore[attr-defined]


async def test_links_and_another_customers_case(floor: Floor) -> None:
    row = await floor.incidence("CUST-1", "Priya")
    other = await floor.incidence("CUST-2", "Arjun")
    async with floor.console() as (app, pilot):
        await opened(app, pilot, row)
        await pilot.press("colon", *f"merge {other['ref']}", "enter")
        await until(lambda: any("is Arjun's, not Priya's" in text for text in said(app)))
        await pilot.press("colon", *f"link {other['ref']} duplicate one party", "enter")
        await until(lambda: any(f"duplicates {other['ref']}" in text for text in said(app)))
        await pilot.press("6")
        await until(lambda: f"duplicates {other['ref']}" in text_of(app))
        assert "one party" in text_of(app)
        await pilot.press("colon", *f"unlink {other['ref']}", "enter")
        await until(lambda: any("is off" in text for text in said(app)))
    assert (await floor.api.incidences.links(row["incidenceId"])).items == []


async def test_drafts_move_behind_what_was_begun_there(tmp_path: Path) -> None:
    drafts = Drafts(tmp_path)
    drafts.keep(Draft("a", "reply", "from a", 7))
    drafts.keep(Draft("a", "note", "noted in a", 7))
    drafts.keep(Draft("b", "reply", "from b", 3))
    drafts.move("a", "b")
    drafts.move("a", "b")
    reply, note = drafts.of("b", "reply"), drafts.of("b", "note")
    assert reply == Draft("b", "reply", "from b\n\nfrom a", 3)
    assert note == Draft("b", "note", "noted in a", 7)
    assert drafts.incidence_ids == {"b"}
    await drafts.close()
