"""Connecting, changing, stopping and removing by keys only; the log; and a file of customers from path to report."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from backend.demo.outside.receiver import Receiver
from backend.demo.outside.serve import served
from console import files
from console.integrations.columns import ColumnsScreen
from console.integrations.form import ConnectionForm
from console.integrations.imports import ImportsScreen
from console.integrations.log_screen import LogScreen
from console.integrations.mapping_text import MappingText, read, written
from console.rules.typing_prompt import TypingPrompt
from tests.console.desk.floor import Console, Floor, until, why_not
from tests.console.integrations.test_integrations import on_integrations
from tests.widgets.stage import said, text_of
from widgets.outline import Outline
from widgets.prompt import Choice, Confirm

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def fill(app: Console, pilot: Pilot[Any], key: str, text: str) -> None:
    """Go to a line of the form, and type its value."""
    app.screen.query_one(Outline).move_to(key)
    await pilot.pause()
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, TypingPrompt))
    app.screen.entry.value = text  # type: ignore[attr-defined]
    await pilot.pause()
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, ConnectionForm))


@ONLY_SQLITE
async def test_a_webhook_endpoint_from_nothing_to_its_log(floor: Floor) -> None:
    receiver = Receiver(floor.clock)
    async with served(receiver) as url, floor.console() as (app, pilot):
        await on_integrations(app, pilot)
        assert "Nothing is connected; n connects a system." in text_of(app)
        await pilot.press("n")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(*"webhook", "enter")
        await until(lambda: isinstance(app.screen, ConnectionForm))
        await until(lambda: "Still to be told: address." in text_of(app))
        await fill(app, pilot, "baseUrl", url)
        await fill(app, pilot, "events", "incidence.opened")
        await pilot.press("f9")
        await until(lambda: isinstance(app.screen, Confirm))
        (made,) = (await floor.api.integrations.list()).items
        assert "whsec_" in text_of(app), "what was made is shown once"
        await pilot.press("n")
        outline = await on_integrations(app, pilot)
        await until(lambda: outline.key == f"connection:{made.id}")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ConnectionForm))
        assert "whsec_" not in text_of(app)
        assert why_not(app, "form_keep") == "Nothing is changed."
        await fill(app, pilot, "events", "incidence.*, customer.changed")
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ConnectionForm), "what was typed is not lost by one key"
        await pilot.press("f9")
        await until(lambda: not isinstance(app.screen, ConnectionForm))
        (changed,) = (await floor.api.integrations.list()).items
        assert changed.events == ["incidence.*", "customer.changed"]
        await pilot.press("t")
        await until(lambda: any("401" in one for one in said(app)))
        await floor.incidence("CUST-1")
        await floor.backend.drain()
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, LogScreen) and "incidence.opened" in text_of(app))
        await until(lambda: "401" in text_of(app))
        assert "on its way" in why_not(app, "replay")
        await pilot.press("R")
        await until(lambda: any("Nothing was given up." in one for one in said(app)))
        await pilot.press("q")
        await until(lambda: not isinstance(app.screen, LogScreen))
        await pilot.press("S")
        await until(lambda: any("is stopped" in one for one in said(app)))
        assert (await floor.api.integrations.list()).items[0].stopped_at is not None
        await pilot.press("D")
        await until(lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until(lambda: any("not connected any more" in one for one in said(app)))
        assert (await floor.api.integrations.list()).items == []
        assert app.troubles == []


@ONLY_SQLITE
async def test_a_chat_platform_and_a_mapping_are_edited(floor: Floor) -> None:
    from backend.integrations.schemas import IntegrationAdd

    for platform in ("freshchat", "hubspot"):
        body = IntegrationAdd(platform=platform, base_url="https://x.example", token="tok-123")  # type: ignore[arg-type]
        await floor.api.integrations.add(body)
    async with floor.console() as (app, pilot):
        outline = await on_integrations(app, pilot)
        freshchat, hubspot = (await floor.api.integrations.list()).items
        outline.move_to(f"connection:{freshchat.id}")
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ConnectionForm))
        await fill(app, pilot, "agentId", "a-9")
        await fill(app, pilot, "groups", "TECH_TEAM=7, SUPERVISOR=8")
        await fill(app, pilot, "token", "tok-secret")
        assert "tok-secret" not in text_of(app)
        await pilot.press("f9")
        await until(lambda: not isinstance(app.screen, ConnectionForm))
        freshchat, _ = (await floor.api.integrations.list()).items
        assert (freshchat.agent_id, freshchat.groups) == ("a-9", {"TECH_TEAM": "7", "SUPERVISOR": "8"})
        outline = await on_integrations(app, pilot)
        outline.move_to(f"connection:{hubspot.id}")
        await pilot.pause()
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, ConnectionForm))
        app.screen.query_one(Outline).move_to("mapping")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, MappingText))
        composer = app.screen.query_one("#main")
        composer.load_text("externalId: a | shout\n")  # type: ignore[attr-defined]
        await until(lambda: "shout" in why_not(app, "form_keep"))
        composer.load_text("externalId: properties.ref\nfields: {name: properties.firstname}\n")  # type: ignore[attr-defined]
        await pilot.pause()
        await pilot.press("f9")
        await until(lambda: isinstance(app.screen, ConnectionForm))
        await pilot.press("f9")
        await until(lambda: not isinstance(app.screen, ConnectionForm))
        mapping = (await floor.api.integrations.list()).items[1].mapping
        assert mapping is not None
        assert (mapping.external_id, mapping.fields) == ("properties.ref", {"name": "properties.firstname"})
        assert app.troubles == []


def test_a_mapping_is_read_as_it_was_written() -> None:
    from backend.integrations.sources import MAPPINGS

    for mapping in MAPPINGS.values():
        data = mapping.model_dump(mode="json", by_alias=True)
        assert mapping.model_validate(read(written(data))) == mapping or mapping == type(mapping)()
    for wrong in ("a: [", "- 1", "externalId: [1]", "nothing: 1", "'" * 3, "&a [*a]"):
        assert isinstance(read(wrong), str), wrong


@ONLY_SQLITE
async def test_a_file_of_customers_from_its_path_to_the_report(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "people.csv"
    file.write_text("Kundennr;Vorname;Nachname;Mail\nc-1;Asha;Rao;asha@example.com\nc-2;Ravi;;wrong\n", "utf-8")
    async with floor.console() as (app, pilot):
        await on_integrations(app, pilot)
        await pilot.press("i")
        await until(lambda: isinstance(app.screen, ImportsScreen) and "No file was imported yet" in text_of(app))
        app.screen.action_import_file(str(tmp_path / "nothing.csv"))  # type: ignore[attr-defined]
        await until(lambda: any("Could not read nothing.csv" in one for one in said(app)))
        await pilot.press("n", *file.name, "enter")
        await until(lambda: isinstance(app.screen, ColumnsScreen) and "externalId" in text_of(app))
        assert "externalId" in why_not(app, "import_start"), "nothing tells who they are yet"
        app.screen.query_one(Outline).move_to("column:0")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Choice))
        await pilot.press(*"customer's id", "enter")
        await until(lambda: "Asha Rao" in text_of(app))
        assert "is not an e-mail address" in text_of(app)
        assert "c-1" not in str(await floor.api.customers.list()), "nothing is done"
        await pilot.press("f9")
        await until(lambda: isinstance(app.screen, ImportsScreen))
        await floor.backend.drain()
        await until(lambda: "1 made" in text_of(app) and "line 3" in text_of(app))
        await pilot.press("w")
        await until(lambda: len(list(files.downloads().glob("refused-*.csv"))) == 1)
        (report,) = files.downloads().glob("refused-*.csv")
        assert "c-2;" not in report.read_text()
        assert "c-2,Ravi" in report.read_text()
        assert app.troubles == []
