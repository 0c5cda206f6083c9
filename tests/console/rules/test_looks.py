"""How the screens of rules look, to the cell and the colour. `pytest --snapshot-update` takes what is seen now for right."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from console.incidences.why import WhyScreen
from console.rules.reason_prompt import ReasonPrompt
from console.rules.rule import RuleScreen
from console.rules.trial import TrialScreen
from console.rules.typing_prompt import TypingPrompt
from console.rules.versions import VersionsScreen
from tests.console.desk.floor import Floor, still, until
from tests.console.rules.test_editor import opened, shows, to
from tests.support.incidences import open_case


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), "holdfast-night"), ((140, 45), "holdfast-day")], ids=["80x24-night", "140x45-day"]
)
async def test_looks(
    floor: Floor, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], theme: str
) -> None:
    for value in (4_000, 12_000, 21_000, 22_000, 24_000, 60_000):
        await open_case(floor.api, orderValue=value, summary=f"An order worth {value:,}")
    rules = (await floor.api.rules.show("routing"))["rules"]
    rules[2]["then"]["autoEscalation"]["afterSeconds"] = 480
    await floor.api.rules.publish("routing", {"version": 1, "rules": rules, "reason": "faster in the season"})
    floor.clock.advance(hours=2)
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme) as (app, pilot):

        async def look(name: str) -> None:
            app.clear_notifications()
            await still(app, pilot)
            assert app.export_screenshot(title="Holdfast") == seen(name=name)

        listed = app.api.rules.list

        async def the_first_four() -> dict[str, Any]:
            return {"items": (await listed())["items"][:4]}

        monkeypatch.setattr(app.api.rules, "list", the_first_four)  # more kinds may come
        await opened(app, pilot)
        await pilot.press("escape")
        await until(lambda: app.screen.family == "rules")  # type: ignore[attr-defined]
        await look("sets")
        await pilot.press("enter")
        await shows(app, "Nothing is changed")
        await to(app, pilot, "rules/2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RuleScreen))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.press("backspace", *"_", "backspace", "ctrl+u", *"order_value between 4000, 20000")
        await shows(app, "▲ Overlap")
        await look("typing")
        await pilot.press("enter")
        await shows(app, "1 changed")
        await look("rule")
        await pilot.press("escape")
        await shows(app, "▲ Overlap")
        await look("rule-set")
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, TrialScreen))
        await shows(app, "would have changed")
        await look("trial")
        await pilot.press("escape", "P")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await look("publish")
        await pilot.press("escape", "V")
        await until(lambda: isinstance(app.screen, VersionsScreen))
        await shows(app, "What version 2 changed")
        await look("versions")
        await pilot.press("escape", "E")
        await shows(app, "as JSON")
        await look("json")
        answer = await floor.api.incidences.why("INC-6")
        await app.push_screen(WhyScreen(answer))
        await shows(app, "The rule says")
        await look("why")
