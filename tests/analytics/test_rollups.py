"""Roll-ups: whole days from the table, the rest from the rows; late things, other zones and erased customers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update

from backend.agent.events import ApprovalDenied
from backend.analytics.models import AnalyticsDaily, AnalyticsState, Milestone
from backend.core.days import day_of, days_between, edges_of, hours_of, start_of
from backend.identity.schemas import BusinessChange
from backend.incidences.models import Incidence
from backend.work import Work
from tests.analytics.floor import Floor
from tests.analytics.history import differences, told
from tests.support.backend import Backend

KOLKATA = ZoneInfo("Asia/Kolkata")
FIRST, LAST = date(2026, 3, 2), date(2026, 3, 6)
MORNING = datetime(2026, 3, 2, 3, tzinfo=UTC)


async def lively(backend: Backend) -> Floor:
    """Four days with something in each."""
    floor = await Floor.open(backend, "Asia/Kolkata", MORNING)
    for number in range(4):
        case = await floor.case(f"u-{number % 2}", ("payment", "menu")[number % 2])
        floor.wait(minutes=3)
        await floor.reply(case)
        await floor.order(f"u-{number % 3}")
        floor.wait(minutes=30)
        if number != 2:
            await floor.close(case)
        floor.wait(hours=23)
    return floor


async def wrong(floor: Floor, zone: ZoneInfo = KOLKATA) -> dict[str, Any]:
    """What is told otherwise than it is."""
    kpis = await floor.owner.analytics.kpis(FIRST, LAST, zone=zone.key)
    return differences(told(floor.history, FIRST, LAST, zone), kpis.kpis)


def _days(work: Work) -> list[date]:
    return list(work.session.scalars(select(AnalyticsDaily.day).distinct().order_by(AnalyticsDaily.day)))


def _state(work: Work) -> tuple[str, Any]:
    row = work.session.get_one(AnalyticsState, work.business_id)
    return row.zone, row.rolled_until


def _rewrite(work: Work) -> None:
    work.session.execute(update(AnalyticsDaily).values(count=AnalyticsDaily.count + 100))


def _forget_rows(work: Work) -> None:
    work.session.execute(delete(Milestone))


async def test_days_that_are_over_come_from_the_roll_ups_and_today_from_the_rows(backend: Backend) -> None:
    floor = await lively(backend)
    assert await wrong(floor) == {}
    assert await floor.units.read(_days) == days_between(FIRST, date(2026, 3, 5))
    today = await floor.case("u-9")
    before = {one.name: one.value for one in (await floor.owner.analytics.kpis(FIRST, LAST)).kpis}
    assert await wrong(floor) == {}
    await floor.units.write(_forget_rows)
    after = {one.name: one.value for one in (await floor.owner.analytics.kpis(FIRST, LAST)).kpis}
    assert after["opened"] == before["opened"] - 1, "of today there is nothing but rows"
    assert after["time_to_resolve_median"] == before["time_to_resolve_median"]
    assert today.id


async def test_the_roll_ups_are_really_read(backend: Backend) -> None:
    floor = await lively(backend)
    assert await wrong(floor) == {}
    await floor.units.write(_rewrite)
    assert await wrong(floor) != {}


async def test_what_comes_late_is_in_the_day_when_it_happened(backend: Backend) -> None:
    floor = await lively(backend)
    await floor.count()
    await floor.order("u-1", ago=timedelta(days=3))
    assert await wrong(floor) == {}


async def test_a_category_that_is_changed_later_changes_the_days_it_was_counted_in(backend: Backend) -> None:
    floor = await lively(backend)
    await floor.count()
    await floor.rename(floor.history.cases[0], "venue")
    report = await floor.owner.analytics.friction_report(FIRST, LAST)
    assert {one.category: one.cases for one in report.top_friction_reasons} == {"menu": 2, "payment": 1, "venue": 1}
    assert await wrong(floor) == {}


async def test_a_business_that_moves_has_other_days(backend: Backend) -> None:
    floor = await lively(backend)
    await floor.close(floor.history.cases[2])  # or it would climb by itself
    await floor.count()
    business = await floor.owner.businesses.show(floor.business_id)
    body = BusinessChange(version=business.version, time_zone="America/New_York")
    await floor.owner.businesses.change(floor.business_id, body)
    await backend.drain()
    zone = ZoneInfo("America/New_York")
    assert await floor.units.read(_state) == (zone.key, day_of(floor.now, zone))
    assert (await floor.owner.analytics.kpis(FIRST, LAST)).zone == zone.key
    assert await wrong(floor, zone) == {}
    assert await wrong(floor) == {}


async def test_the_job_rolls_each_day_up_soon_after_its_end(backend: Backend) -> None:
    floor = await Floor.open(backend, "Asia/Kolkata", datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    await backend.drain()
    await floor.case()
    for minutes, until in ((15, FIRST), (20, FIRST + timedelta(days=1))):  # 23:45, then 00:05 of the next day
        floor.wait(minutes=minutes)
        await backend.drain()
        assert await floor.units.read(_state) == ("Asia/Kolkata", until)


async def test_erasing_a_customer_leaves_every_count(backend: Backend) -> None:
    floor = await lively(backend)  # nothing is counted yet
    customer = (await floor.owner.incidences.show(floor.history.cases[0].id)).customer
    await floor.owner.customers.erase(customer.id)
    assert await wrong(floor) == {}
    rows = await floor.owner.analytics.rows("orders", FIRST, LAST)
    assert {row.customer_name for row in rows.items} == {""}


async def test_what_happens_to_other_things_of_a_case_is_no_turn_of_it(backend: Backend) -> None:
    """An approval that ends after its case has a status of its own."""
    floor = await lively(backend)
    case = floor.history.cases[0]

    def deny(work: Work) -> None:
        state = {"status": "DENIED", "agentId": "somebody"}
        work.emit(ApprovalDenied(subject_id="approval", incidence_id=case.id, customer_id=None, state=state))

    await floor.units.write(deny)
    assert await wrong(floor) == {}


async def test_counting_twice_at_once_counts_once(backend: Backend) -> None:
    from asyncio import gather

    floor = await lively(backend)
    await gather(*(floor.owner.analytics.kpis(FIRST, LAST) for _ in range(6)), *(floor.count() for _ in range(3)))
    assert await wrong(floor) == {}
    counted = await floor.units.read(lambda work: work.session.scalar(select(func.count()).select_from(Milestone)))
    opened = await floor.units.read(lambda work: work.session.scalar(select(func.count()).select_from(Incidence)))
    assert (opened, counted) == (4, sum((4, 4, 4, 3, 4)))  # opened, helped, answered, closed, ordered


def test_days_hold_every_instant_once() -> None:
    """Where clocks jump at midnight, by half an hour, or over a whole day."""
    for name, year, month in (("Africa/Cairo", 2024, 4), ("Australia/Lord_Howe", 2026, 10), ("Pacific/Apia", 2011, 12), ("America/Havana", 2026, 11)):  # fmt: skip
        zone = ZoneInfo(name)
        days = days_between(date(year, month, 1), date(year, month, 31 if month in (10, 12) else 30))
        edges = edges_of(days[0], days[-1], zone)
        assert edges == sorted(edges)
        at = edges[0]
        while at < edges[-1]:
            day = day_of(at, zone)
            assert start_of(day, zone) <= at < start_of(day + timedelta(days=1), zone)
            at += timedelta(minutes=10)
        hours = hours_of(days[0], days[-1], zone)
        assert set(edges) <= set(hours)
        assert hours == sorted(hours)
