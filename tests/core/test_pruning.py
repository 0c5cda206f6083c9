"""What is forgotten in time, and what is not: each slice's nightly job, by the settings, some rows at a time."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.core import pruning
from backend.identity import jobs as identity
from backend.identity.models import IdempotentAnswer, RefreshToken, SignIn
from backend.incidences import jobs as incidences
from backend.incidences.bulk_schemas import BulkStart
from backend.incidences.models import Bulk, BulkRow
from backend.incidences.schemas import IncidenceOpen
from backend.integrations import jobs as integrations
from backend.integrations.models import OutgoingCall, WebhookDelivery
from backend.jobs.registry import Job
from backend.unit import Units
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.settings(
    keep_answers_days=7, keep_sign_ins_days=40, keep_bulk_rows_days=9, keep_sent_days=8, keep_webhooks_days=6
)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """More than one transaction's worth is there to forget."""
    monkeypatch.setattr(pruning, "AT_ONCE", 2)


async def night(backend: Backend, units: Units, job: Job) -> None:
    """The job, as on its night."""
    await units.write(lambda work: work.enqueue(job))
    await backend.drain()


async def count(backend: Backend, model: Any, *where: Any) -> int:
    query = select(func.count()).select_from(model).where(*where)
    found: int = await backend.runtime.database.read(lambda session: session.scalar(query))
    return found


async def test_answers_are_repeated_for_a_week(backend: Backend) -> None:
    units, key, body = await backend.units(), await backend.key(), IncidenceOpen.model_validate(OPENING)
    made = [await key.incidences.open(body, idempotency_key=f"k-{number}") for number in range(5)]
    backend.clock.advance(days=6)
    young = await key.incidences.open(body, idempotency_key="young")
    await night(backend, units, identity.forget)
    assert (await key.incidences.open(body, idempotency_key="k-0")).incidence_id == made[0].incidence_id
    backend.clock.advance(days=2)
    await night(backend, units, identity.forget)
    assert await count(backend, IdempotentAnswer) == 1
    assert (await key.incidences.open(body, idempotency_key="young")).incidence_id == young.incidence_id


async def test_sign_ins_are_forgotten_once_they_are_long_over(backend: Backend) -> None:
    units, gone, stays = await backend.units(), await backend.member("agent"), await backend.member("agent")
    await gone.identity.sign_out()
    backend.clock.advance(days=39)
    await night(backend, units, identity.forget)
    before = await count(backend, SignIn)
    backend.clock.advance(days=2)
    await night(backend, units, identity.forget)
    assert await count(backend, SignIn) == before - 1
    assert await count(backend, SignIn, SignIn.ended_at.is_not(None)) == 0
    assert await count(backend, RefreshToken) == before - 1, "those that may still be asked about are kept"
    backend.clock.advance(days=30)  # 30 days they hold, and 40 more
    await night(backend, units, identity.forget)
    assert await count(backend, SignIn) == await count(backend, RefreshToken) == 0
    assert stays.transport.access_token is not None


async def test_what_became_of_each_case_of_a_verb_on_many_is_forgotten_and_the_verb_is_not(backend: Backend) -> None:
    units, agent, key = await backend.units(), await backend.member("agent"), await backend.key()
    for number in range(5):
        await open_case(key, f"u-{number}")
    done = await agent.bulks.start(BulkStart.model_validate({"verb": "take", "args": {}, "q": "p3"}))
    await backend.drain()
    backend.clock.advance(days=8)
    await night(backend, units, incidences.forget_bulk_rows)
    assert await count(backend, BulkRow) == 5
    backend.clock.advance(days=2)
    await night(backend, units, incidences.forget_bulk_rows)
    assert await count(backend, BulkRow) == 0
    assert await count(backend, Bulk, Bulk.id == done.bulk_id, Bulk.done == 5) == 1


async def test_calls_that_were_made_and_webhooks_that_were_understood_are_forgotten(backend: Backend) -> None:
    units, case = await backend.units(), await open_case(await backend.key())

    def keep(work: Any) -> None:
        for number, state in enumerate(("SENT", "SENT", "SENT", "FAILED", "QUEUED")):
            call = {"platform": "freshchat", "conversation_id": "c", "incidence_id": case.incidence_id, "seq": number}
            at = {"due_at": work.now, "created_at": work.now, "settled_at": None if state == "QUEUED" else work.now}
            work.add(OutgoingCall(**call, kind="NOTE", state=state, **at))
        for number in range(5):
            row = {"dedup_key": f"d-{number}", "body": b"{}", "headers": {"h": "1"}, "received_at": work.now}
            work.add(WebhookDelivery(platform="freshchat", **row, processed_at=work.now if number else None))

    await units.write(keep)
    blank: Callable[[], Any] = lambda: count(backend, WebhookDelivery, WebhookDelivery.body == b"")  # noqa: E731
    backend.clock.advance(days=5)
    await night(backend, units, integrations.forget)
    assert (await count(backend, OutgoingCall), await blank()) == (5, 0)
    backend.clock.advance(days=4)
    await night(backend, units, integrations.forget)
    assert await count(backend, OutgoingCall, OutgoingCall.state.in_(("FAILED", "QUEUED"))) == 2
    assert await count(backend, OutgoingCall) == 2
    assert await blank() == 4
    assert await count(backend, WebhookDelivery) == 5, "their keys tell that they came once"


OPENING = {"userId": "u-1", "stage": "PRE_ORDER", "channel": "IN_APP_CHAT", "trigger": "USER_INITIATED"}
