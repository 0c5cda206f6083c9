"""How long a customer in a cancel flow waits for each answer, over real HTTP with Stripe's double on a port."""

import asyncio
from contextlib import ExitStack
from time import perf_counter
from typing import Any

from backend.billing.schemas import SyncAsked
from backend.client import Client
from backend.core.clock import RealClock
from backend.demo.outside.serve import served
from backend.demo.outside.stripe import StripeDouble
from backend.retention.schemas import DecisionAsked, StartAsked
from tests.bench.load import holdfast_server, row

RUNS, WARM = 200, 12
"""Runs that are measured, and those before them: a server that has just begun plans each statement for the first time."""
AT_ONCE = 4
"""Customers who decide at the same time."""
START_MS, DECISION_MS = 100.0, 100.0
"""The budgets, of p99: what answers within a tenth of a second feels immediate (Miller 1968)."""


def bench_decisions() -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}."""
    starts, decisions = asyncio.run(_measured())
    return [
        _row("cancel flow: start", starts, START_MS),
        _row("cancel flow: decision (a reason, an offer declined)", decisions, DECISION_MS),
    ]


async def _measured() -> tuple[list[float], list[float]]:
    """Milliseconds of each start and of each decision."""
    double = StripeDouble(RealClock())
    subscriptions = double.subscribe_many(WARM + RUNS, double.plan("Pro", 290_000, currency="inr"))
    async with served(double) as base:
        settings = {"HOLDFAST_STRIPE_SECRET_KEY": double.key, "HOLDFAST_STRIPE_API_BASE": base}
        with ExitStack() as stack:
            entered = asyncio.to_thread(stack.enter_context, holdfast_server(None, **settings))
            process, owner, _ = await entered
            async with Client(process.url) as api:
                api.transport.access_token = owner["authorization"].removeprefix("Bearer ")
                business = (await api.businesses.list()).items[0].id
                await api.stripe.sync(business, SyncAsked(is_full=True))
                while (await api.stripe.show(business)).subscriptions < WARM + RUNS:  # noqa: ASYNC110 - another process fills it
                    await asyncio.sleep(0.2)
                gate = asyncio.Semaphore(AT_ONCE)
                for some in (subscriptions[:WARM], subscriptions[WARM:]):
                    starts, decisions = list[float](), list[float]()
                    await asyncio.gather(*(_leave(api, id, gate, starts, decisions) for id in some))
                return starts, decisions


async def _leave(api: Client, id: str, gate: asyncio.Semaphore, starts: list[float], decisions: list[float]) -> None:
    """One customer begins to leave, says why, and declines what is offered, up to the last question."""
    async with gate:
        customer = (await api.subscriptions.show(id)).customer_id
        began = perf_counter()
        started = await api.retention.start(StartAsked(customer_id=customer, subscription_id=id))
        starts.append((perf_counter() - began) * 1_000)
        step = started.step
        while step is not None and step.kind != "confirm":
            is_survey = step.kind == "survey"
            reason = started.reasons[0].code if is_survey and started.reasons else None
            asked = DecisionAsked(offer_type=step.offer_type, accepted=is_survey, reason=reason, step=step.number)
            began = perf_counter()
            step = (await api.retention.decide(started.run_id, asked)).next_step
            decisions.append((perf_counter() - began) * 1_000)


def _row(name: str, times: list[float], budget: float) -> dict[str, Any]:
    times.sort()
    made = row(f"{name}, p99", times[int(len(times) * 0.99) - 1], "ms", target=budget, at_least=False)
    return {**made, "p50_ms": round(times[len(times) // 2], 1)}
