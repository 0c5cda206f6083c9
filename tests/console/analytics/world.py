"""A week of a small floor: cases of three kinds, helped or not, and orders with and without help."""

from typing import Any

from backend.incidences.schemas import IncidenceChange, MessageSend
from backend.signals.schemas import SignalPost
from tests.console.desk.floor import Floor, still, until
from tests.widgets.stage import text_of

TOPICS = ("payment_failed", "portions", "payment_failed", "menu_question", "payment_failed")


async def world(floor: Floor) -> None:
    """Six days up to now; on each some cases and some orders."""
    key = floor.api
    floor.clock.advance(days=-5.5)
    for day in range(6):
        for number in range(3):
            user = f"CUST-{number}"
            row = await floor.incidence(
                user,
                ("Priya Raman", "Arjun Mehta", "李小龍")[number] if day == 0 else "",
                issue_category=TOPICS[(day + number) % 5],
                channel=("IN_APP_CHAT", "CALL", "WHATSAPP")[number],
                app_screen="checkout",
                order_value=30_000,
            )
            floor.clock.advance(minutes=4 + day)
            if number != 2 or day < 5:
                await floor.ben.incidences.send(row["incidenceId"], MessageSend(text="Yes.", last_seen_seq=9_999))
            floor.clock.advance(minutes=9 + 3 * number)
            if number != 1 or day % 2:
                now = await floor.now(row)
                body = IncidenceChange(version=now["version"], outcome="RESOLVED")
                await key.incidences.change(row["incidenceId"], body)
            for user_id in (user, f"ALONE-{day}"):
                body_of = SignalPost(signal_type="order_placed", value=12_000, id=f"{day}-{number}")
                await key.context.signal(user_id, body_of)
        floor.clock.advance(hours=22)


async def on_numbers(app: Any, pilot: Any) -> None:
    """Go there, and wait for the numbers."""
    await pilot.press("g", "n")
    await until(lambda: "Self-serve" in text_of(app) and "%" in text_of(app))
    await still(app, pilot)
