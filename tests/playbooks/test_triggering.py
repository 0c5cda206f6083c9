"""Playbooks that start by themselves: once for each occasion and customer, as things are now, the greatest loss first."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete

from backend.billing.models import Subscription
from backend.client import Client
from backend.core.clock import instant
from backend.customers.models import Customer
from backend.jobs.registry import JOBS
from backend.playbooks import triggering
from backend.playbooks.models import TriggerPlace
from backend.playbooks.schemas import Candidates, PlaybookChange, PlaybookRead
from backend.risk.models import ChurnPrediction
from backend.signals.schemas import TrackEvent
from backend.work import Work
from tests.playbooks.trips import make
from tests.support.backend import Backend
from tests.support.statements import statements

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
AT_RISK = """
name: At risk
trigger:
  after: [risk_changed, daily]
  when: {{fact: risk_level, op: eq, value: high}}
  cooldownDays: {cooldown}
  atMost: {most}
steps:
- {{kind: wait, id: rest, for: 3d}}
"""


async def automatic(backend: Backend, *, cooldown: int = 30, most: int = 50) -> PlaybookRead:
    owner = await backend.owner()
    made = await make(owner, AT_RISK.format(cooldown=cooldown, most=most))
    return await owner.playbooks.change(made.playbook_id, PlaybookChange(version=1, is_automatic=True))


async def upset(backend: Backend, *users: str) -> None:
    """Two things that together make their risk high."""
    app, now = await backend.key("track"), backend.clock.now()
    for user in users:
        told = [("payment_failed", 1.0), ("login", 15.0)]
        await app.tracking.track(
            *(TrackEvent.model_validate({"customerId": user, "event": event, "timestamp": instant(now - timedelta(days=ago))}) for event, ago in told)
        )  # fmt: skip


async def started(owner: Client) -> list[tuple[str, str]]:
    """(customer, why) of the executions, by customer."""
    items = (await owner.executions.list(limit=200)).items
    assert all(one.is_automatic for one in items)
    return sorted((one.user_id, one.why) for one in items)


async def test_an_event_starts_it_once_however_often_it_is_told(backend: Backend) -> None:
    owner = await backend.owner()
    await automatic(backend)
    await upset(backend, "asha", "ravi")
    await backend.drain()
    assert await started(owner) == [("asha", "risk high"), ("ravi", "risk high")]
    units = await backend.units()
    await units.write(forget_place)
    # Told again, and several times at once: jobs that ran twice, or late.
    await asyncio.gather(*(units.write(triggering.consider, 1) for _ in range(4)))
    await backend.drain()
    assert len(await started(owner)) == 2


def forget_place(work: Work) -> None:
    """As if nobody had looked at the log yet."""
    work.session.execute(delete(TriggerPlace))


@only_sqlite
async def test_what_is_over_by_the_time_it_is_heard_of_starts_nobody(backend: Backend) -> None:
    """The event said that the risk was high; nobody looked until it was not any more."""
    owner = await backend.owner()
    await upset(backend, "asha")
    await backend.drain()
    await automatic(backend)
    await owner.rules.publish("risk", {"version": 1, "rules": [], "reason": "nothing counts"})
    await backend.drain()
    assert (await owner.customers.risk("asha")).level == "low"

    units = await backend.units()
    await units.write(forget_place)
    assert await units.write(triggering.consider, 1) is False
    assert await started(owner) == []


@only_sqlite
async def test_a_cool_down_a_number_a_day_and_the_greatest_expected_loss_first(backend: Backend) -> None:
    owner, units = await backend.owner(), await backend.units()
    await upset(backend, *(f"u-{number}" for number in range(5)))
    await backend.drain()
    worth = {"u-0": (0.9, 10_000), "u-1": (0.2, 90_000), "u-2": (0.5, 80_000), "u-3": (0.99, 0), "u-4": (0.1, 10_000)}
    await units.write(give, worth)
    playbook = await automatic(backend, cooldown=3, most=2)
    found = await owner.playbooks.candidates(playbook.playbook_id, Candidates())
    loss = [(one.user_id, one.expected_loss) for one in found.items]
    margin = 1 - (await owner.rules.show("flow"))["settings"]["costShare"]
    expected = {user: round(chance * mrr / 100 * margin, 2) for user, (chance, mrr) in worth.items()}
    assert loss == sorted(expected.items(), key=lambda one: -one[1])
    assert [user for user, _ in loss] == ["u-2", "u-1", "u-0", "u-4", "u-3"], "not by who is likeliest to leave"
    assert (found.count, found.left_out, found.currency) == (5, 0, "INR")
    other = Candidates(yaml=AT_RISK.format(cooldown=1, most=1).replace("value: high", "value: low"))
    assert (await owner.playbooks.candidates(playbook.playbook_id, other)).count == 0
    by_hand = await owner.playbooks.candidates(playbook.playbook_id, Candidates(yaml="steps:\n- {kind: offer, id: a}"))
    assert by_hand.why == "It has no trigger: it is started by hand only."

    async def looks() -> list[str]:
        await JOBS["playbooks.look_daily"].run(Context(backend, units))
        return [user for user, _ in await started(owner)]

    assert await looks() == ["u-1", "u-2"]
    assert await looks() == ["u-1", "u-2"], "two a day"
    for one in (await owner.executions.list()).items:
        await owner.executions.cancel(one.execution_id)
    backend.clock.advance(days=1, seconds=1)
    assert await looks() == ["u-0", "u-1", "u-2", "u-4"], "whoever had it lately is left alone"
    left = await owner.playbooks.candidates(playbook.playbook_id, Candidates())
    assert ([one.user_id for one in left.items], left.left_out) == (["u-3"], 4)
    backend.clock.advance(days=2)
    assert (await looks()).count("u-2") == 2, "and may have it again after the cool-down"
    off = PlaybookChange(version=playbook.version, is_automatic=False)
    stopped = await owner.playbooks.change(playbook.playbook_id, off)
    backend.clock.advance(days=3)
    count = len(await started(owner))
    assert len(await looks()) == count, "by hand only"
    await backend.drain()  # of those whose wait is over, none ends while the others are cancelled
    for one in (await owner.executions.list(open="true")).items:
        await owner.executions.cancel(one.execution_id)
    on = PlaybookChange(version=stopped.version, is_automatic=True)
    await owner.playbooks.change(playbook.playbook_id, on)
    await units.write(forget_place)
    with statements() as asked:
        await units.write(triggering.consider, 1)
    storm = [one.user_id for one in (await owner.executions.list(open="true")).items]
    assert sorted(storm) == ["u-1", "u-2"], "of many events at once, too"
    assert sum("FROM customer_risks" in sql for sql, _ in asked) == 1, "facts are read for all of them at once"


class Context:
    """What a job is handed, without the engine."""

    def __init__(self, backend: Backend, units: Any) -> None:
        self.runtime, self.read, self.write = backend.runtime, units.read, units.write


def give(work: Work, worth: dict[str, tuple[float, int]]) -> None:
    """Say how likely each leaves and what they bring, in minor units a month."""
    for user, (chance, mrr) in worth.items():
        customer = work.session.query(Customer).filter_by(external_id=user).one()
        work.session.merge(
            ChurnPrediction(
                business_id=work.business_id, customer_id=customer.id, probability=chance, low=0, high=1, level="high",
                causes=[], model={}, predicted_at=work.now,
            )
        )  # fmt: skip
        work.add(
            Subscription(
                customer_id=customer.id, stripe_subscription_id=f"sub_{user}", stripe_customer_id=f"cus_{user}",
                status="active", currency="inr", amount=mrr, interval="month", mrr=mrr, started_at=work.now,
                is_live=False, read_at=work.now,
            )
        )  # fmt: skip
