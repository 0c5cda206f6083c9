"""Each number at its edge and on both sides of it, and what is told when there is not enough to say."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.analytics.service import NOT_ENOUGH
from backend.incidences.link_schemas import Merge
from tests.analytics.floor import Floor
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

DAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 3, tzinfo=UTC)
"""Half past eight in Kolkata."""


async def open_floor(backend: Backend, zone: str = "Asia/Kolkata", at: datetime = MORNING) -> Floor:
    return await Floor.open(backend, zone, at)


async def kpi(floor: Floor, name: str, first: date = DAY, last: date = DAY, zone: str | None = None) -> Any:
    kpis = await floor.owner.analytics.kpis(first, last, zone=zone)
    return next(one for one in kpis.kpis if one.name == name)


async def test_nothing_is_never_zero_per_cent(backend: Backend) -> None:
    floor = await open_floor(backend)
    kpis = (await floor.owner.analytics.kpis(DAY, DAY)).kpis
    empty = {one.name for one in kpis if one.value is None}
    assert empty == {one.name for one in kpis if one.unit in ("percent", "seconds")} | {"cost_per_assisted_order"}
    assert {one.note for one in kpis if one.value is None} == {NOT_ENOUGH}
    assert all(one.value == 0 and one.note is None for one in kpis if one.name not in empty)
    cost = await floor.owner.analytics.cost(DAY, DAY)
    assert (cost.cost_per_assisted_order, cost.cost_per_order, cost.note) == (None, None, NOT_ENOUGH)


async def test_help_counts_up_to_a_day_after_the_case_was_closed(backend: Backend) -> None:
    floor = await open_floor(backend)
    case = await floor.case()
    await floor.take(case)
    await floor.close(case)
    closed = floor.now
    floor.wait(days=3)
    day, second = timedelta(days=1), timedelta(seconds=1)
    for at in (closed + day - second, closed + day, closed + day + second):
        await floor.order(ago=floor.now - at)
    rows = await floor.owner.analytics.rows("self_serve_conversion", DAY, date(2026, 3, 5))
    assert {row.at - closed - day: row.is_counted for row in rows.items} == {
        -second: False,
        timedelta(): False,
        second: True,
    }


async def test_help_counts_from_the_moment_somebody_had_the_case(backend: Backend) -> None:
    floor = await open_floor(backend)
    case = await floor.case()  # routed to chat, but nobody has done anything yet
    floor.wait(minutes=10)
    await floor.order(ago=timedelta(seconds=1))
    await floor.take(case)
    assert (await kpi(floor, "self_serve_conversion")).value == 100
    await floor.order()
    told = await kpi(floor, "self_serve_conversion")
    assert (told.value, told.numerator, told.denominator) == (50, 1, 2)
    assert (await kpi(floor, "assisted_conversion")).value == 100
    await floor.order("u-2")  # somebody else's case helps nobody
    assert (await kpi(floor, "assisted_orders")).value == 1


async def test_the_time_of_help_is_a_rule(backend: Backend) -> None:
    floor = await open_floor(backend)
    await floor.publish("cost", assistedWithinSeconds=3_600)
    case = await floor.case()
    await floor.take(case)
    await floor.close(case)
    floor.wait(hours=2)
    await floor.order()
    told = await kpi(floor, "self_serve_conversion")
    assert told.value == 100
    assert "within 1 hour before it" in told.definition


async def test_an_order_told_twice_is_one_order(backend: Backend) -> None:
    floor = await open_floor(backend)
    await floor.order()
    floor.history.orders.clear()
    await floor.order()  # the same id again
    assert (await kpi(floor, "orders")).value == 1


async def test_a_day_ends_at_local_midnight(backend: Backend) -> None:
    midnight = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    floor = await open_floor(backend)
    floor.wait(days=3)
    for off in (-1, 0):
        await floor.order(ago=floor.now - midnight - timedelta(microseconds=off))
    assert (await kpi(floor, "orders", DAY, DAY)).value == 1
    assert (await kpi(floor, "orders", DAY + timedelta(days=1), DAY + timedelta(days=1))).value == 1
    assert (await kpi(floor, "orders", DAY, DAY, "UTC")).value == 2
    rows = await floor.owner.analytics.rows("orders", DAY, DAY)
    assert (rows.count, rows.zone, rows.end) == (1, "Asia/Kolkata", midnight)


CLOCKS = (
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 30, tzinfo=UTC), 24.5),
    ("Europe/Berlin", datetime(2026, 3, 29, 10, tzinfo=UTC), 23),
    ("Asia/Kolkata", datetime(2026, 3, 29, 6, 30, tzinfo=UTC), 24),
    ("America/New_York", datetime(2026, 11, 1, 17, tzinfo=UTC), 25),
)


async def test_a_day_is_as_long_as_its_clocks_say(backend: Backend) -> None:
    for zone, noon, hours in CLOCKS:
        floor = await open_floor(backend, zone, noon)
        floor.wait(days=3)
        day = date(noon.year, noon.month, noon.day)
        told = await floor.owner.analytics.trend("orders", day, day)
        start, end = told.points[0].start, told.points[0].end
        assert (end - start).total_seconds() == hours * 3_600
        tick = timedelta(microseconds=1)
        for at in (start - tick, start, end - tick, end):
            await floor.order(ago=floor.now - at)
        by_hour = await floor.owner.analytics.trend("orders", day, day, by="hour")
        assert (await kpi(floor, "orders", day, day)).value == 2
        assert [point.value for point in by_hour.points][:: len(by_hour.points) - 1] == [1, 1]
        assert len(by_hour.points) == -(-hours // 1)


async def test_a_reopened_case_is_closed_twice_and_its_clock_starts_again(backend: Backend) -> None:
    floor = await open_floor(backend)
    case = await floor.case()
    floor.wait(minutes=4)
    await floor.reply(case)
    floor.wait(minutes=6)
    await floor.close(case)
    floor.wait(hours=5)
    await floor.written_to(case)
    floor.wait(minutes=2)
    await floor.reply(case)
    floor.wait(minutes=28)
    await floor.close(case)
    values = {one.name: one.value for one in (await floor.owner.analytics.kpis(DAY, DAY)).kpis}
    assert (values["opened"], values["closed"], values["reopened"], values["backlog"]) == (1, 2, 1, 0)
    assert values["time_to_resolve"] == (10 + 30) / 2 * 60
    assert values["first_response"] == (4 + 2) / 2 * 60


async def test_median_and_ninety_per_cent(backend: Backend) -> None:
    floor = await open_floor(backend)
    wanted = {1: (60, 60), 2: (90, 120), 9: (300, 540), 10: (330, 540), 11: (360, 600)}
    start = floor.now
    for number in range(1, 12):  # the n-th took n minutes
        floor.backend.clock.advance(seconds=(start - floor.now).total_seconds())
        case = await floor.case()
        floor.wait(minutes=number)
        await floor.close(case)
        if number in wanted:
            values = {one.name: one.value for one in (await floor.owner.analytics.kpis(DAY, DAY)).kpis}
            assert (values["time_to_resolve_median"], values["time_to_resolve_p90"]) == wanted[number]


async def test_more_than_three_in_a_week_is_a_repeat(backend: Backend) -> None:
    floor = await open_floor(backend)
    for count in range(1, 5):
        await floor.case()
        floor.wait(hours=2)
        repeats = int(count == 4)
        assert (await kpi(floor, "repeat_issues")).value == repeats
        report = await floor.owner.analytics.friction_report(DAY, DAY)
        assert [one.category for one in report.unresolved_repeats] == ["payment"] * repeats
        rows = await floor.owner.analytics.rows("repeat_issues", DAY, DAY)
        assert rows.count == count * repeats


async def test_weeks_are_told_apart_and_the_limit_is_a_rule(backend: Backend) -> None:
    floor = await open_floor(backend)
    for wait in (0, 1, 5.9, 1.2):  # on days 0, 1, 6 and 8
        floor.wait(days=wait)
        await floor.case()
    assert (await kpi(floor, "repeat_issues", DAY, DAY + timedelta(days=8))).value == 0
    await floor.publish("feedback", repeatAbove=1)
    told = await kpi(floor, "repeat_issues", DAY, DAY + timedelta(days=8))
    assert (told.value, "more than 1 cases" in told.definition) == (1, True)


async def test_what_service_costs(backend: Backend) -> None:
    """Shipped: 360 an hour; a call 5 and 1.50 a minute; at a case for at most five minutes between two things."""
    floor = await open_floor(backend)
    case = await floor.case(channel="CALL")
    for minutes in (5, 4, 6):  # exactly the limit, below, above
        floor.wait(minutes=minutes)
        await (floor.close(case) if minutes == 6 else floor.reply(case))
    await floor.order()
    told = await floor.owner.analytics.cost(DAY, DAY)
    (call,) = told.channels
    assert (call.channel, call.contacts, call.handled_seconds) == ("CALL", 1, 14 * 60)
    assert (call.agent_time, call.contact_cost, call.minute_cost) == (84, 5, 21)
    assert (told.total, told.cost_per_assisted_order, told.cost_per_order) == (110, 110, 110)
    assert (await kpi(floor, "cost_per_assisted_order")).value == 110
    await floor.publish("cost", agentHour=0)
    told = await floor.owner.analytics.cost(DAY, DAY)
    assert (told.total, told.cost_version) == (26, 2)


async def test_a_target_is_missed_from_its_second_on(backend: Backend) -> None:
    """Shipped: the first answer in a chat within half an hour."""
    floor = await open_floor(backend)
    for number, seconds in enumerate((1_799, 1_800, 1_801)):
        case = await floor.case(f"u-{number}")
        floor.wait(seconds=seconds)
        await floor.reply(case)
        await floor.close(case)
        rows = await floor.owner.analytics.rows("sla_met", DAY, DAY)
        assert {row.is_counted for row in rows.items if row.incidence_id == case.id} == {seconds < 1_800}
    assert (await kpi(floor, "sla_met")).value == 33.3333


async def test_a_case_merged_into_another_is_neither_closed_nor_open(backend: Backend) -> None:
    floor = await open_floor(backend)
    one, other = await floor.case(), await floor.case()
    incidences = floor.owner.incidences

    async def values() -> tuple[Any, ...]:
        told = {kpi.name: kpi.value for kpi in (await floor.owner.analytics.kpis(DAY, DAY)).kpis}
        rows = await floor.owner.analytics.rows("backlog", DAY, DAY)
        assert rows.count == told["backlog"]
        return tuple(told[name] for name in ("opened", "closed", "reopened", "backlog"))

    shown = [await incidences.show(case.id) for case in (one, other)]
    body = Merge(version=shown[0].version, into=other.id, into_version=shown[1].version)
    await incidences.merge(one.id, body)
    assert await values() == (2, 0, 0, 1)
    floor.wait(minutes=1)
    await incidences.unmerge(one.id)
    assert await values() == (2, 0, 0, 2)
    floor.wait(minutes=9)
    await floor.close(one)
    assert await values() == (2, 1, 0, 1)
    assert (await kpi(floor, "time_to_resolve")).value == 600


async def test_what_the_router_leaves_alone_is_deflected_and_no_backlog(backend: Backend) -> None:
    floor = await open_floor(backend)
    await floor.case(value=4_999)
    await floor.case("u-2", value=5_000)
    values = {one.name: one.value for one in (await floor.owner.analytics.kpis(DAY, DAY)).kpis}
    assert (values["deflection"], values["opened"], values["backlog"], values["friction_reasons"]) == (50, 1, 1, 2)


async def test_an_escalation_that_climbs_is_one(backend: Backend) -> None:
    floor = await open_floor(backend)
    case = await floor.case()
    await floor.case("u-2")
    await floor.escalate(case)
    await backend.drain()
    floor.wait(minutes=16)
    await backend.drain()  # to the supervisor; the other one goes there because it is unresolved
    climbed = await floor.owner.incidences.show(case.id)
    assert climbed.escalation_level == "SUPERVISOR"
    told = await kpi(floor, "escalation_rate")
    assert (told.value, told.numerator, told.denominator) == (100, 2, 2)


NO_DAYS = (
    ({"from": "2026-03-03", "to": "2026-03-02"}, "from"),
    ({"from": "1999-12-31", "to": "2000-01-02"}, "from"),
    ({"from": "2020-01-01", "to": "2026-03-02"}, "from"),
    ({"from": "2199-12-31", "to": "9999-12-31"}, "from"),
    ({"to": "0001-01-03"}, "from"),
    ({"zone": "Mars/Olympus"}, "zone"),
    ({"from": "yesterday"}, "from"),
)


async def test_days_that_are_none_are_refused(backend: Backend) -> None:
    owner = await backend.owner()
    for query, field in NO_DAYS:
        response = await owner.transport._http.get("/analytics/kpis", params=query, headers=owner.transport.headers)
        assert (response.status_code, response.json()["error"]["details"]["field"]) == (400, field), query
