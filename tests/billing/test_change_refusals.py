"""What makes no sense is refused in a sentence, and nothing is asked of Stripe; discounts are judged by the cx rules."""

from datetime import timedelta
from typing import Any

import pytest

from backend.billing.models import Subscription
from backend.client import ApiError
from backend.customers.models import Customer
from backend.work import Work
from tests.billing.changing import PRO, World
from tests.support.backend import Backend

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.settings(token_days=400),
]


async def as_mirrored(backend: Backend, world: World, **values: Any) -> None:
    """Have the mirror's row say so, for a moment."""

    def write(work: Work) -> None:
        row = work.get(Subscription, world.sub)
        for name, value in values.items():
            setattr(row, name, value)

    await (await backend.units()).write(write)


async def refused(world: World, what: str, **body: Any) -> tuple[int, str, str]:
    with pytest.raises(ApiError) as error:
        await world.ask(what, **body)
    return error.value.status, error.value.code, error.value.message


async def test_a_plan_must_be_cheaper_and_alike(backend: Backend) -> None:
    world = await World(backend).begin()
    told = {
        "SAME_PLAN": await world.plan("Pro"),
        "NOT_CHEAPER": await world.plan("Max", PRO + 1),
        "OTHER_CURRENCY": await world.plan("Abroad", 900, currency="usd"),
        "OTHER_INTERVAL": await world.plan("Yearly", 900, interval="year"),
        "PLAN_INACTIVE": await world.plan("Old", 900, is_active=False),
    }
    for code, plan in told.items():
        status, found, words = await refused(world, "downgrade", planId=plan)
        assert (status, found) == (422, code), words
    assert (await refused(world, "downgrade", planId="price_nowhere"))[:2] == (404, "NOT_FOUND")
    await as_mirrored(backend, world, amount=PRO + 100)
    assert (await refused(world, "downgrade", planId=world.basic))[1] == "SEVERAL_ITEMS"


async def test_a_subscription_must_be_fit_for_it(backend: Backend) -> None:
    world = await World(backend).begin()
    now = backend.clock.now()
    cases: list[tuple[dict[str, Any], str, dict[str, Any], str]] = [
        ({"status": "canceled"}, "cancel", {}, "SUBSCRIPTION_ENDED"),
        ({"gone_at": now}, "cancel", {}, "SUBSCRIPTION_GONE"),
        ({"status": "incomplete"}, "pause", {"months": 1}, "NOT_RUNNING"),
        ({"status": "paused"}, "cancel", {}, "NOT_RUNNING"),
        ({"is_disputed": True}, "discount", {"percent": 5, "months": 2}, "SUBSCRIPTION_DISPUTED"),
        ({"is_disputed": True}, "keep", {}, "NOTHING_TO_UNDO"),
        ({}, "resume", {}, "NOT_PAUSED"),
        ({}, "pause", {"months": 4}, "PAUSE_TOO_LONG"),
        ({}, "pause", {"resumesAt": (now + timedelta(minutes=5)).isoformat()}, "PAUSE_TOO_SHORT"),
        ({"cancel_at_period_end": True}, "cancel", {}, "ALREADY_ENDING"),
        ({"cancel_at_period_end": True}, "downgrade", {"planId": world.basic}, "SUBSCRIPTION_ENDING"),
        (
            {"current_period_end": now + timedelta(days=90)},
            "discount",
            {"percent": 5, "months": 2},
            "DISCOUNT_WITHOUT_INVOICE",
        ),
        ({"has_unpaid_invoice": True}, "trial", {"days": 7, "onPaid": True}, "UNPAID_INVOICE"),
        ({"stripe_schedule_id": "sub_sched_1"}, "trial", {"days": 7, "onPaid": True}, "SCHEDULED"),
    ]
    good = {"status": "active", "is_disputed": False, "cancel_at_period_end": False, "has_unpaid_invoice": False}
    good |= {"gone_at": None, "stripe_schedule_id": None, "current_period_end": now + timedelta(days=31)}
    for values, what, body, code in cases:
        await as_mirrored(backend, world, **{**good, **values})
        status, found, words = await refused(world, what, **body)
        assert (status, found) == (422, code), (what, words)
        assert words.endswith(".")
        assert len(words) > 20
    assert (await world.changes(), world.written()) == ([], [])


async def test_wrong_shapes_and_wrong_cases_are_refused(backend: Backend) -> None:
    world = await World(backend).begin()
    for what, body in (
        ("pause", {}),
        ("pause", {"months": 1, "resumesAt": "2026-05-01T00:00:00Z"}),
        ("discount", {"percent": 12.345, "months": 1}),
        ("discount", {"percent": 101, "months": 1}),
        ("trial", {"days": 731}),
        ("cancel", {"feedback": "boredom"}),
        ("keep", {"something": 1}),
    ):
        assert (await refused(world, what, **body))[0] == 400, what
    assert (await refused(world, "pause", months=1, incidenceId="nowhere"))[:2] == (404, "NOT_FOUND")
    stranger = await backend.another_owner()
    with pytest.raises(ApiError) as hidden:
        await world.ask("pause", stranger, months=1)
    assert hidden.value.status == 404


async def test_more_than_the_limit_needs_a_supervisor_and_the_try_is_on_record(backend: Backend) -> None:
    world = await World(backend).begin()
    agent, supervisor = await backend.member(), await backend.member("supervisor")
    for body in ({"percent": 25, "months": 1}, {"percent": 10, "months": 24}):  # too deep; more than 5,000 in all
        with pytest.raises(ApiError) as denied:
            await world.ask("discount", agent, **body)
        assert (denied.value.status, denied.value.code) == (403, "APPROVAL_REQUIRED")
        assert denied.value.details["rule"] == "discount_over_limit"
    assert denied.value.message.endswith("A supervisor can do it.")
    with pytest.raises(ApiError, match="31 free days; the limit is 30") as denied:
        await world.ask("trial", agent, days=31, onPaid=True)
    assert (denied.value.status, denied.value.code) == (403, "APPROVAL_REQUIRED")
    tries = [one for one in await world.told() if one["type"] == "subscription.change_denied"]
    assert [one["data"]["words"] for one in tries][:2] == ["25 % off for 1 month", "10 % off for 24 months"]
    assert tries[0]["actor"]["kind"] == "member"
    assert (await world.ask("discount", agent, percent=10, months=1))["state"] == "INTENDED"
    assert (await world.settle())["state"] == "DONE"
    with pytest.raises(ApiError, match="supervisor"):  # a tenth on a tenth is 19 % in all
        await world.ask("discount", agent, percent=10, months=2)
    await world.ask("discount", supervisor, percent=25, months=2)
    assert (await world.settle())["state"] == "DONE"
    assert world.standing()["percents"] == [10.0, 25.0]


async def test_words_of_an_erased_customer_are_gone(backend: Backend) -> None:
    world = await World(backend).begin()
    await world.ask("cancel", feedback="other", comment="I am Ada Lovelace", _idempotency_key="words")
    await world.settle()

    def customer(work: Work) -> str:
        return work.get(Subscription, world.sub).customer_id

    id = await (await backend.units()).read(customer)
    await world.owner.customers.erase(id)
    (change,) = await world.changes()
    assert change["params"] == {"when": "period_end", "feedback": "other"}
    assert change["state"] == "DONE"

    def texts(work: Work) -> str:
        from sqlalchemy import text

        found = ""
        for table in ("subscription_changes", "event_bodies", "idempotent_answers", "pending_jobs"):
            rows = work.session.execute(text(f"SELECT * FROM {table} WHERE business_id = :b"), {"b": work.business_id})
            found += repr(rows.all())
        assert "Lovelace" not in repr(work.session.get_one(Customer, id).name)
        return found

    assert "Lovelace" not in await (await backend.units()).read(texts)
