"""Whatever customers and agents do, in any order and at once: no limit is broken, and every run ends with one outcome."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from backend.billing.models import SubscriptionChange
from backend.client import ApiError
from backend.retention.models import OfferEvent
from tests.retention.leaver import Leaver
from tests.support.backend import Backend

pytestmark = [pytest.mark.alike, pytest.mark.settings(token_days=4_000, refresh_days=4_000)]
REASONS = ("too_expensive", "unused", "too_complex", "switched_service")


async def act(leaver: Leaver, chance: random.Random) -> None:
    """One thing that a customer, an impatient one, or an agent may do; a refusal is fine if it is one of ours."""
    try:
        match chance.randrange(8):
            case 0:
                await leaver.start()
            case 1:
                await leaver.offer(chance.choice(("PAUSE", "DISCOUNT", "DOWNGRADE")), reason=chance.choice(REASONS))
            case 2:
                await leaver.decide("CONFIRM", chance.random() < 0.2)
            case _:
                shown = await leaver.shown()
                about = shown["step"]["offerType"] if shown["step"] else "DISCOUNT"
                said: dict[str, Any] = {"reason": chance.choice(REASONS)} if about == "SURVEY" else {}
                yes = chance.random() < 0.7
                await asyncio.gather(*[_decide(leaver, about, yes, **said) for _ in range(chance.randint(1, 2))])
    except ApiError as refused:
        assert refused.status in (404, 409, 422), refused


async def _decide(leaver: Leaver, about: str, yes: bool, **said: Any) -> None:
    try:
        await leaver.decide(about, yes, **said)
    except ApiError as refused:
        assert refused.status in (404, 409, 422), refused


@pytest.mark.parametrize("seed", [1])
async def test_no_life_breaks_a_limit_or_leaves_a_run_open(backend: Backend, seed: int) -> None:
    chance = random.Random(seed)
    first = await Leaver(backend).arrive()
    second = await first.another()
    for one in (first, second):
        await one.mark(payment_fingerprint="one-card")
        await one.start()
    for _ in range(8):
        await asyncio.gather(*(act(one, chance) for one in (first, second)))
        if chance.random() < 0.5:
            await backend.drain()
        first.double.advance(days=chance.choice((0.01, 3, 40)))
    await backend.drain()
    first.double.advance(hours=25)
    for _ in range(4):
        await backend.drain()
        first.double.advance(minutes=30)

    runs = (await first.owner.retention.runs(limit=200)).items
    assert {run.outcome for run in runs} <= {"SAVED", "CANCELLED", "ABANDONED"}, [run.message for run in runs]
    assert len(runs) > 2, "somebody came back: who was asked when hangs on who was answered first"

    def read(session: Any) -> tuple[list[Any], list[Any]]:
        changes = session.scalars(select(SubscriptionChange).order_by(SubscriptionChange.asked_at)).all()
        return list(changes), list(session.scalars(select(OfferEvent)))

    changes, log = await backend.runtime.database.read(read)
    for kind, most in (("DISCOUNT", 1), ("PAUSE", 2)):
        given = [one.asked_at for one in changes if one.kind == kind and one.state != "FAILED"]
        assert all(sum((at - since).days < 365 for at in given if at >= since) <= most for since in given)
    by_change = {one.id: one.state for one in changes}
    for run in runs:
        states = {"SAVED": {"DONE"}, "CANCELLED": {"DONE", None}, "ABANDONED": {None}}[run.outcome or ""]
        assert by_change.get(run.change_id or "") in states
        accepted = [one for one in log if one.run_id == run.run_id and one.kind == "ACCEPTED" and one.place]
        shown = [one for one in log if one.run_id == run.run_id and one.kind == "SHOWN" and one.place]
        assert len(shown) <= 2
        assert len(accepted) <= len(shown)
        assert run.outcome != "SAVED" or len(accepted) >= 1
    assert max(Counter((one.run_id, one.kind, one.step, one.offer_type) for one in log).values()) == 1
