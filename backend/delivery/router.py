"""/api/delivery: channels to staff, and what left by them."""

from typing import Annotated

from fastapi import Query

from backend.core.text import Key
from backend.core.wire import Page
from backend.delivery import channels, service
from backend.delivery.schemas import (
    ChannelAdd,
    ChannelChange,
    ChannelRead,
    LetterAccepted,
    LetterPage,
    LetterShown,
    LetterState,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api/delivery", tags=["delivery"])


@router.get("/channels")
async def list_channels(unit: Unit, runtime: RuntimeOf) -> Page[ChannelRead]:
    """The ways out, and how each does."""
    return Page(items=await unit.read(channels.list_channels, runtime.settings))


@router.post("/channels", status_code=201)
async def add_channel(body: ChannelAdd, unit: Unit, runtime: RuntimeOf) -> ChannelRead:
    """Add one. 409 when its name is used, 422 with an address that nothing must be sent to."""
    is_open = runtime.settings.private_addresses
    return await unit.write(channels.add_channel, body, runtime.vault, is_private_open=is_open)


@router.patch("/channels/{channel_id}")
async def change_channel(channel_id: str, body: ChannelChange, unit: Unit) -> ChannelRead:
    """Rename it, stop it or let it go on. 409 when its name is used, or somebody changed it meanwhile."""
    return await unit.write(channels.change_channel, channel_id, body)


@router.post("/channels/{channel_id}/test", status_code=202)
async def try_channel(channel_id: str, unit: Unit) -> LetterAccepted:
    """Send something there, by e-mail to the caller; the letter tells how it went."""
    return await unit.write(channels.try_channel, channel_id, unit.caller.email or "")


@router.delete("/channels/{channel_id}", status_code=204)
async def remove_channel(channel_id: str, unit: Unit) -> None:
    """Forget one, and its address."""
    await unit.write(channels.remove_channel, channel_id)


@router.get("/letters")
async def list_letters(
    unit: Unit,
    state: LetterState | None = None,
    channel: Key | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> LetterPage:
    """What left or was to, the newest first."""
    return await unit.read(service.list_letters, state=state, channel_id=channel, cursor=cursor, limit=limit)


@router.get("/letters/{letter_id}")
async def show_letter(letter_id: str, unit: Unit) -> LetterShown:
    """One, with its words."""
    return await unit.read(service.show_letter, letter_id)


@router.post("/letters/{letter_id}/retry", status_code=202)
async def retry_letter(letter_id: str, unit: Unit) -> LetterAccepted:
    """Try a failed one again. 409 unless it has failed."""
    return await unit.write(service.retry, letter_id)
