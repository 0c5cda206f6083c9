"""The dashboard: what the business stands at, against counting by hand; and churn by month and week."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from backend.analytics.subscribed import Life, edges, span, spans
from backend.billing.models import Invoice, Subscription
from backend.client import ApiError
from backend.customers import service as customers
from backend.incidences.schemas import IncidenceChange
from backend.interventions.schemas import InterventionCreate
from backend.signals.schemas import TrackEvent
from backend.work import Work
from tests.support.backend import Backend
from tests.support.incidences import open_case

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, tzinfo=UTC)


def life(first: float, last: float | None, worth: int = 100, *, failed: bool = False) -> Life:
    return Life("c", START + first * DAY, None if last is None else START + last * DAY, worth, failed)


def test_what_ran_at_the_start_and_ended_is_churn() -> None:
    lives = [
        life(-9, None),  # runs on
        life(-9, 5),
        life(-9, 10, failed=True),  # at the very end
        life(-9, 0),  # over as the span begins
        life(2, 8),  # began and ended within
        life(0, None, 250),  # from its first instant on
        life(3, None, 7),
        life(10, None, 9),  # begins as it ends
        life(10.01, None),
    ]
    found = span(lives, START, START + 10 * DAY)
    assert (found.before, found.started, found.churned, found.involuntary) == (4, 3, 2, 1)
    assert (found.running, found.worth, found.churn_rate) == (4, 100 + 250 + 7 + 9, 50)
    assert span([], START, START + DAY).churn_rate is None


def test_spans_are_local_months_and_weeks_up_to_now() -> None:
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 3, 11, 2, tzinfo=UTC)  # a Tuesday evening there
    months = [at.astimezone(zone).isoformat() for at in edges(now, zone, "month", 3)]
    assert months == [
        "2026-01-01T00:00:00-05:00",
        "2026-02-01T00:00:00-05:00",
        "2026-03-01T00:00:00-05:00",
        "2026-03-10T22:00:00-04:00",
    ]
    weeks = [at.astimezone(zone).strftime("%a %d %H") for at in edges(now, zone, "week", 2)]
    assert weeks == ["Mon 02 00", "Mon 09 00", "Tue 10 22"]
    found = spans([life(-40, None)], edges(now, zone, "month", 3))
    assert [(one.started, one.running) for one in found] == [(1, 1), (0, 1), (0, 1)]


def put(work: Work) -> None:
    now = work.now

    def subscription(user: str, started: float, mrr: int, **more: object) -> Subscription:
        customer = customers.ensure_customer(work, user)
        fields = {"currency": "inr", "status": "active", "amount": mrr, "interval": "month"} | more
        fields["mrr"] = mrr if fields["status"] == "active" else 0
        number = len(user)
        row = Subscription(
            customer_id=customer.id,
            stripe_subscription_id=f"sub-{user}",
            stripe_customer_id=f"cus-{user}-{number}",
            started_at=now - started * DAY,
            is_live=False,
            read_at=now,
            **fields,
        )
        return work.add(row)

    subscription("stays", 100, 50_000)
    subscription("grows", 10, 25_000)
    gone = {"status": "canceled"}
    subscription("left", 100, 30_000, **gone, ended_at=now - 15 * DAY, cancellation_reason="payment_failed")
    subscription("older", 100, 10_000, **gone, ended_at=now - 45 * DAY)
    subscription("tried", 40, 9_000, **gone, trial_end=now - 20 * DAY, ended_at=now - 20 * DAY)
    subscription("trying", 5, 0, amount=8_000, status="trialing", trial_end=now + 9 * DAY)
    subscription("dollar", 50, 7_000, currency="usd")
    subscription("never", 50, 0, amount=99, status="incomplete_expired", ended_at=now - 49 * DAY)
    paid = {"status": "paid", "subtotal": 100, "attempts": 1, "read_at": now}
    for number, (ago, amount, refunded) in enumerate(((3, 50_000, 0), (40, 30_000, 10_000), (41, 1_000, 1_000))):
        at = now - ago * DAY
        fields = {"currency": "inr", "total": amount, "amount_paid": amount, "refunded": refunded}
        work.add(Invoice(stripe_invoice_id=f"in-{number}", created_at=at, paid_at=at, **paid, **fields))


async def test_every_number_by_hand(backend: Backend) -> None:
    owner, agent, app = await backend.owner(), await backend.member("agent"), await backend.key()
    units, now = await backend.units(), backend.clock.now()
    await units.write(put)
    for event, ago in (("payment_failed", 1), ("login", 20), ("billing_page_view", 1)):
        await app.tracking.track(TrackEvent(customer_id="stays", event=event, timestamp=now - ago * DAY))
    assert (await owner.customers.risk("stays")).level == "high"
    case = await open_case(app, "left")
    await owner.interventions.create(InterventionCreate(customer_id="stays", due_date=now - DAY))
    await owner.interventions.create(InterventionCreate(customer_id="grows"))
    me = (await agent.identity.me()).member_id
    await owner.incidences.change(case.incidence_id, IncidenceChange(version=case.version, agent_id=me))
    await backend.drain()
    board = await agent.analytics.dashboard()
    assert {one.name: one.value for one in board.metrics} == {
        "customers": 8,
        "active": 1,
        "paying": 3,
        "mrr": 750,
        "atRisk": 1,
        "mrrAtRisk": 500,
        "churnRate": 50,  # of stays and left, left; older had gone before, and tried never paid
        "savedRevenue": 0,
        "openIncidences": 1,
        "openInterventions": 2,
        "overdueInterventions": 1,
        "unreadAlerts": 1,
    }
    assert (board.currency, board.as_of) == ("INR", now)
    assert all("{" not in one.definition for one in board.metrics)
    chart = await agent.analytics.chart(count=3)
    assert (chart.by, chart.zone, chart.currency, chart.other_currencies) == ("month", "Asia/Kolkata", "INR", 1)
    january, february, march = chart.points  # it is the second of March
    assert [one.label for one in chart.points] == ["2026-01", "2026-02", "2026-03"]
    assert (january.churned, january.subscriptions, january.mrr, january.paid) == (1, 2, 800, 200)
    assert (february.started, february.churned, february.involuntary, february.churn_rate) == (1, 1, 1, 50)
    assert (february.mrr, february.subscriptions, february.paid) == (750, 2, 500)
    assert (march.started, march.churned, march.churn_rate, march.mrr, march.end) == (0, 0, 0, 750, now)
    weeks = await agent.analytics.chart(by="week", count=10)
    assert [one.churned for one in weeks.points] == [0, 0, 1, 0, 0, 0, 1, 0, 0, 0]
    stranger = await backend.another_owner()
    assert {one.value for one in (await stranger.analytics.dashboard()).metrics} == {0, None}
    with pytest.raises(ApiError) as refusal:
        await owner.analytics.chart(by="hour")
    assert refusal.value.status == 400


async def test_customers_by_what_they_bring_page_by_page(backend: Backend) -> None:
    owner = await backend.owner()
    await (await backend.units()).write(put)
    names, cursor = [], None
    while True:
        page = await owner.customers.list(sort="mrr", limit=3, cursor=cursor)
        names += [one.user_id for one in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert names[:3] == ["stays", "grows", "dollar"]
    assert sorted(names[3:]) == ["left", "never", "older", "tried", "trying"]
    assert [one.paid.mrr for one in (await owner.customers.list(sort="mrr", limit=2)).items if one.paid] == [500, 250]
    assert [one.user_id for one in (await owner.customers.list(sort="mrr", q="grow")).items] == ["grows"]
