"""How both screens look, to the cell and the colour: an SVG per screen, size and theme.

The floor's clock stands still, ids are not shown, and the header's feed is live, so that the same world looks the same.
`pytest --snapshot-update` takes what is seen now for right.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.image import SVGImageSnapshotExtension

from backend.incidences.schemas import IncidenceChange, MessageSend
from backend.signals.schemas import CartPut, ScreenPut, SignalPost
from console.incidences.workspace import IncidenceScreen
from tests.console.desk.floor import Console, Floor, still, until
from tests.widgets.stage import screen_lines

GUESTS = ("Priya Raman", "Arjun Mehta", "Lakshmi Narayanan", "Chloé Dubois", "李小龍")
CASES = (
    "Cannot change the guests after the deposit",
    "Is the mango lassi lactose free?",
    "Payment taken twice",
    "Wants a call about the lunch on Friday",
    "Cart keeps emptying",
)


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    os.environ.pop("TZ", None)
    time.tzset()


async def world(floor: Floor) -> dict[str, Any]:
    """A few cases; the first one is at the top of the queue and knows the most."""
    rows = []
    for number, (name, summary) in enumerate(zip(GUESTS, CASES, strict=True)):
        value = (48_000, 500, 99_000, 7_600, 31_000)[number]
        rows.append(await floor.incidence(f"CUST-{number}", name, summary=summary, order_value=value, order_id="ORD-9"))
        floor.clock.advance(minutes=7)
    first = rows[0]
    cart = CartPut(cart_items=["Royal Veg thali", "Gulab jamun"], guest_count=120, event_type="WEDDING")
    await floor.api.context.set_cart("CUST-0", cart)
    for screen in ("packages", "dates", "packages"):
        await floor.api.context.set_screen("CUST-0", ScreenPut(screen=screen))
    for _ in range(4):
        await floor.api.context.signal("CUST-0", SignalPost(signal_type="back_navigation"))
    await floor.says(first, "Can I still change it?\nWe are 20 more now.")
    await floor.api.agent.note(first["incidenceId"], _note("Called before; likes short answers."))
    await floor.ben.incidences.send(first["incidenceId"], MessageSend(text="Let me see.", last_seen_seq=9_999))
    await floor.says(first, "Thank you!")
    await floor.ben.incidences.take(rows[2]["incidenceId"])
    await floor.api.incidences.change(rows[3]["incidenceId"], IncidenceChange(version=1, priority=1))
    floor.clock.advance(minutes=1)
    return first


def _note(text: str) -> Any:
    from backend.incidences.schemas import NoteAdd

    return NoteAdd(text=text)


def look(app: Console) -> str:
    """The screen as an SVG; the name of its CSS classes is the same whatever is in it."""
    return app.export_screenshot(title="Holdfast")


@pytest.mark.parametrize("theme", ["holdfast-night", "holdfast-day"])
@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
async def test_looks(floor: Floor, snapshot: SnapshotAssertion, size: tuple[int, int], theme: str) -> None:
    first = await world(floor)
    seen = snapshot.use_extension(SVGImageSnapshotExtension)
    async with floor.console(size=size, theme=theme) as (app, pilot):
        if size[0] > 100:
            await pilot.press("j")
            await until(lambda: "Friction" in "\n".join(screen_lines(app)))
        await still(app, pilot)
        assert look(app) == seen(name="queue")
        await pilot.press("colon", *f"open {first['ref']}", "enter")
        await until(lambda: isinstance(app.screen, IncidenceScreen) and app.screen.paid.held is not None)
        await until(
            lambda: isinstance(app.screen, IncidenceScreen) and app.screen.leaving.held and app.screen.paid.held
        )
        await still(app, pilot)
        assert look(app) == seen(name="incidence")
