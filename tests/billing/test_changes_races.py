"""Two who ask at once, a key twice, a webhook that is faster than we, a sweep after a crash; on both databases."""

import asyncio
from typing import Any

import httpx
import pytest

from backend.billing import change_carrying, changes
from backend.billing.change_schemas import PauseParams
from backend.billing.models import Subscription, SubscriptionChange
from backend.client import ApiError
from backend.demo.outside.stripe import Mishap
from backend.events.event import Actor
from backend.incidences.schemas import IncidenceOpen
from backend.unit import Units
from backend.work import Work
from tests.billing.changing import Killed, World
from tests.support.backend import Backend, business_of

pytestmark = pytest.mark.settings(token_days=400)


async def test_of_two_who_ask_at_once_one_is_named_to_the_other(backend: Backend) -> None:
    world = await World(backend).begin()
    agent = await backend.member()
    asks = world.ask("pause", months=1), world.ask("cancel", agent), world.ask("pause", agent, months=3)
    answers = await asyncio.gather(*asks, return_exceptions=True)
    (won,) = [one for one in answers if isinstance(one, dict)]
    lost = [one for one in answers if isinstance(one, ApiError)]
    assert [(one.status, one.code) for one in lost] == [(409, "CHANGE_OPEN")] * 2
    assert {one.details["changeId"] for one in lost} == {won["id"]}
    assert won["words"] in lost[0].message
    assert (await world.settle())["state"] == "DONE"
    assert len(world.written()) == 1
    with pytest.raises(ApiError) as stale:
        await world.ask("resume", agent, version=1)
    assert (stale.value.status, stale.value.code) == (409, "STALE_VERSION")
    assert stale.value.details["current"]["version"] == await world.version()
    assert stale.value.details["since"][-1]["type"] == "subscription.changed"


async def test_the_same_key_twice_is_one_change(backend: Backend) -> None:
    world = await World(backend).begin()
    version = await world.version()
    twice = [world.ask("discount", percent=5, months=3, version=version, _idempotency_key="once") for _ in range(2)]
    first, second = await asyncio.gather(*twice)
    assert first["id"] == second["id"]
    await world.settle()
    late = await world.ask("discount", percent=5, months=3, version=version, _idempotency_key="once")
    assert (late["id"], late["state"]) == (first["id"], "DONE")
    assert [one.path for one in world.written()] == ["/v1/coupons", f"/v1/subscriptions/{world.stripe_id}"]
    assert world.standing()["percents"] == [5.0]
    with pytest.raises(ApiError) as reused:
        await world.ask("discount", percent=6, months=3, version=version, _idempotency_key="once")
    assert reused.value.code == "IDEMPOTENCY_KEY_REUSED"


async def test_a_webhook_before_the_record_changes_nothing_of_it(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    with pytest.raises(Killed):
        await world.work_once(change["id"], dies=lambda at: at == "before settle")
    await world.look()  # what a webhook leads to
    version = await world.version()
    assert (await world.changes())[0]["state"] == "CALLING"
    done = await world.settle()
    assert (done["state"], done["tries"]) == ("DONE", 1)
    assert await world.version() == version
    assert len(world.written()) == 1


async def test_two_workers_on_one_change_do_it_once(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("discount", percent=10, months=3)
    await asyncio.gather(*(world.work_once(change["id"]) for _ in range(3)))
    assert (await world.settle_alone())["state"] == "DONE"
    assert len(world.written()) == 2
    done = [one for one in await world.told() if one["type"] == "subscription_change.done"]
    assert len(done) == 1


async def test_the_sweep_goes_on_with_what_a_crash_left(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    units = await backend.units()
    assert await units.write(change_carrying.resume_stuck) == 0
    await units.write(lambda work: work.cancel(changes.job_key(change["id"])))
    world.double.advance(minutes=4)
    assert await units.write(change_carrying.resume_stuck) == 0
    world.double.advance(minutes=2)
    assert await units.write(change_carrying.resume_stuck) == 1
    assert (await world.settle())["state"] == "DONE"


async def test_while_a_carrier_is_slow_no_second_one_speaks_to_stripe(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    units = await backend.units()
    await units.write(lambda work: work.cancel(changes.job_key(change["id"])))  # as when a job begins
    forward, asked = world.wire.handle_async_request, list[str]()
    has_come, may_go = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        if asked == ["GET", "POST"]:
            has_come.set()
            await may_go.wait()
        return await forward(request)

    monkeypatch.setattr(world.wire, "handle_async_request", slow)
    first = asyncio.create_task(world.work_once(change["id"], job="first"))
    await has_come.wait()
    world.double.advance(minutes=6)
    stuck = await units.write(change_carrying.resume_stuck)
    await world.work_once(change["id"], job="second")
    seen = list(asked)
    may_go.set()
    await first
    assert (stuck, seen) == (0, ["GET", "POST"])
    assert ((await world.changes())[0]["state"], len(world.written())) == ("DONE", 1)


async def test_a_change_whose_carrier_died_is_taken_up(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    units = await backend.units()
    await units.write(lambda work: work.cancel(changes.job_key(change["id"])))
    with pytest.raises(Killed):
        await world.work_once(change["id"], dies=lambda at: at == "after begin", job="first")
    world.double.advance(minutes=6)
    await world.work_once(change["id"], job="second")
    assert world.written() == []
    world.double.advance(minutes=5)
    assert await units.write(change_carrying.resume_stuck) == 1
    assert (await world.settle())["state"] == "DONE"
    assert len(world.written()) == 1


async def test_the_next_try_of_the_job_that_died_need_not_wait(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    with pytest.raises(Killed):
        await world.work_once(change["id"], dies=lambda at: at == "after begin", job="first~2")
    await world.work_once(change["id"], job="first~3")
    assert ((await world.changes())[0]["state"], len(world.written())) == ("DONE", 1)


async def test_what_cannot_be_read_back_at_once_is_ours_still(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)

    class After(Mishap):
        def befalls(self, asked: str) -> bool:
            return asked.startswith("GET /v1/subscriptions") and world.stripe["pause_collection"] is not None

    world.double.mishaps.append(After("throttle", seconds=30))
    await world.work_once(change["id"])
    done = await world.settle()
    assert (done["state"], done["tries"]) == ("DONE", 1)
    (told,) = [one for one in await world.told() if one["type"] == "subscription_change.done"]
    assert told["data"]["isOurs"] is True


async def test_after_a_day_it_is_only_looked_at(backend: Backend) -> None:
    world = await World(backend).begin()
    change = await world.ask("pause", months=1)
    world.double.mishaps.append(Mishap("break", on="POST /v1/subscriptions", times=100, is_kept=False))
    await world.work_once(change["id"])
    world.double.mishaps.clear()
    before = len(world.double.log)
    world.double.advance(hours=24)
    failed = await world.settle()
    assert (failed["state"], failed["error"]) == ("FAILED", "not there a day after it was first tried")
    assert len(world.double.log) == before
    assert world.stripe["pause_collection"] is None


async def test_a_refusal_is_told_in_stripes_words_to_who_asked(backend: Backend) -> None:
    world = await World(backend).begin()
    agent = await backend.member()
    case = await world.owner.incidences.open(await _case(backend, world))
    await world.ask("pause", agent, months=1, incidenceId=case.incidence_id)
    world.double.mishaps.append(Mishap("refuse", on="POST /v1/subscriptions", times=1))
    failed = await world.settle()
    assert (failed["state"], failed["error"]) == ("FAILED", "Stripe answered 400: This request cannot be done.")
    assert failed["after"] == failed["before"]
    await backend.drain()
    (alert,) = (await agent.alerts.list()).items
    assert (alert.kind, alert.severity, alert.incidence_id) == ("SUBSCRIPTION_CHANGE", "warning", case.incidence_id)
    assert (
        alert.message == "not done: pause billing until 2 April 2026. Stripe answered 400: This request cannot be done."
    )
    timeline = await agent.incidences.timeline(case.incidence_id)
    assert [one.type for one in timeline.items][-2:] == ["subscription_change.asked", "subscription_change.failed"]


async def test_a_mismatch_is_no_success_and_supervisors_hear_of_it(backend: Backend) -> None:
    world = await World(backend).begin()
    supervisor = await backend.member("supervisor")
    change = await world.ask("pause", months=1)

    class Meddler(Mishap):
        def befalls(self, asked: str) -> bool:
            """Somebody at Stripe's dashboard resumes it each time before we read back."""
            if asked.startswith("GET /v1/subscriptions") and world.stripe["pause_collection"]:
                world.stripe["pause_collection"] = {"behavior": "keep_as_draft", "resumes_at": None}
            return False

    world.double.mishaps.append(Meddler("delay"))
    await world.work_once(change["id"])
    (shown,) = await world.changes()
    assert shown["state"] == "MISMATCHED"
    assert "pausedBehavior is keep_as_draft instead of void" in shown["error"]
    assert shown["after"]["pausedBehavior"] == "keep_as_draft"
    await backend.drain()
    (alert,) = (await supervisor.alerts.list()).items
    assert (alert.severity, alert.message[:15]) == ("danger", "look at Stripe:")
    assert len(world.written()) == 1


async def test_a_run_asks_once_and_waits_for_the_outcome(backend: Backend) -> None:
    """The face for cancel flows: `ask` in their transaction, `settled` outside of it."""
    world = await World(backend).begin()
    units = Units(backend.runtime, await business_of(world.owner), Actor("key", "k", "web"))

    def offer(work: Work) -> str:
        row = work.get(Subscription, world.sub)
        asked = changes.ask(work, row, "PAUSE", {"months": 1}, key="offer-1", run_id="run-1")
        return asked.id

    def again(work: Work) -> str:
        row = work.get(Subscription, world.sub)
        return changes.ask(work, row, "PAUSE", PauseParams(months=1), key="offer-1", run_id="run-1").id

    id = await units.write(offer)
    assert await units.write(again) == id
    waiting = asyncio.create_task(changes.settled(units, id, 10))
    await world.work_once(id)
    found: dict[str, Any] = await waiting
    assert (found["state"], found["runId"], found["askedBy"]) == ("DONE", "run-1", None)
    assert (await changes.settled(units, id, 0))["state"] == "DONE"
    key = await units.read(lambda work: work.get(SubscriptionChange, id).idempotency_key)
    assert len(key) == 64


async def _case(backend: Backend, world: World) -> IncidenceOpen:
    row = await (await backend.units()).read(_payer, world.sub)
    return IncidenceOpen(user_id=row, stage="POST_ORDER", channel="CALL", trigger="USER_INITIATED")


def _payer(work: Work, id: str) -> str:
    from backend.customers.models import Customer

    return work.session.get_one(Customer, work.get(Subscription, id).customer_id).external_id
