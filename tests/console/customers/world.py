"""What customers did, as their app tells of it."""

from datetime import timedelta

from backend.client import Client
from backend.core.clock import instant
from backend.identity.schemas import KeyCreate
from backend.signals.schemas import TrackEvent
from tests.console.desk.floor import Floor


async def tells(floor: Floor, user: str, **days: float) -> None:
    """The app tells what a customer did, each so many days ago: `login=15`."""
    now = floor.clock.now()
    events = [
        TrackEvent.model_validate({"customerId": user, "event": event, "timestamp": instant(now - timedelta(days=ago))})
        for event, ago in days.items()
    ]
    key = (await floor.api.keys.create(KeyCreate(name="app"))).key
    async with Client(floor.url, api_key=key) as app:
        answer = await app.tracking.track(*events)
    assert not answer.rejected


async def upsets(floor: Floor, user: str) -> None:
    """90 of 100: a payment failed, the customer was away for weeks, and looked at what they pay."""
    await tells(floor, user, login=15, payment_failed=1, billing_page_view=2)
