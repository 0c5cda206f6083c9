"""The weekly friction report: what is in it, when it is made, and that it is made once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.analytics import report
from backend.client import ApiError
from backend.signals.schemas import SignalPost
from tests.analytics.floor import Floor
from tests.support.backend import Backend

MONDAY = date(2026, 3, 2)
SUNDAY = date(2026, 3, 8)


async def a_week(backend: Backend) -> Floor:
    """A week in which payments fail."""
    floor = await Floor.open(backend, "Asia/Kolkata", datetime(2026, 3, 1, 20, tzinfo=UTC))  # Monday, 01:30
    for number in range(4):
        for _ in range(2):
            await floor.key.context.signal(f"u-{number}", SignalPost(signal_type="payment_failure"))
        case = await floor.case(f"u-{number}")
        await floor.reply(case)
        floor.wait(hours=20)
        if number:
            await floor.close(case)
    await floor.case("u-7", "menu")
    return floor


async def test_the_report_tells_what_to_mend_and_why(backend: Backend) -> None:
    floor = await a_week(backend)
    told = await floor.owner.analytics.friction_report(MONDAY, SUNDAY)
    assert (told.zone, told.cases, told.repeats) == ("Asia/Kolkata", 5, ["payment"])
    first, second = told.top_friction_reasons
    assert (first.category, first.cases, first.share_percent, first.open) == ("payment", 4, 80, 1)
    assert [(one.signal, one.customers) for one in first.signals] == [("payment_failure", 4)]
    assert [(one.screen, one.cases) for one in first.screens] == [("checkout", 4)]
    assert first.refs[0] == "INC-1", "an open one first"
    assert (second.category, second.is_repeated) == ("menu", False)
    (repeat,) = told.unresolved_repeats
    assert (repeat.category, repeat.cases, repeat.open) == ("payment", 4, 1)
    fix, other = told.recommendations
    assert (fix.rule, fix.owner, fix.urgency, fix.rule_version) == ("payment", "Payments", "HIGH", 1)
    assert fix.evidence == (
        "4 cases; none before; 1 still open; 4 of them on checkout; 4 of the customers showed payment failure before"
    )
    assert other.rule == "menu"
    kpis = {one.name: one for one in (await floor.owner.analytics.kpis(MONDAY, SUNDAY)).kpis}
    for figure in told.figures:
        assert (figure.value, figure.definition) == (kpis[figure.name].value, kpis[figure.name].definition)
    assert told.cost.total == kpis["service_cost"].value


async def test_growth_is_told_against_the_days_before(backend: Backend) -> None:
    floor = await a_week(backend)
    later = await floor.owner.analytics.friction_report(date(2026, 3, 4), date(2026, 3, 6))
    (payment, menu) = sorted(later.top_friction_reasons, key=lambda one: -one.before)
    assert (payment.cases, payment.before, payment.change_percent) == (1, 3, -66.6667)
    assert (menu.before, menu.change_percent) == (0, None)


async def test_the_week_is_reported_once_after_its_end(backend: Backend) -> None:
    floor = await a_week(backend)
    end = datetime(2026, 3, 8, 18, 30, tzinfo=UTC)
    floor.wait(seconds=(end - floor.now).total_seconds() - 600)
    await backend.drain()  # ten minutes before the week is over
    assert (await floor.owner.analytics.friction_reports()).items == []
    for _ in range(3):
        floor.wait(hours=1)
        await backend.drain()
    (kept,) = (await floor.owner.analytics.friction_reports()).items
    live = await floor.owner.analytics.friction_report(MONDAY, SUNDAY)
    assert (kept.first, kept.last, kept.zone) == (MONDAY, SUNDAY, "Asia/Kolkata")
    assert kept.top_friction_reasons == live.top_friction_reasons
    (made,) = await _told(floor)
    assert made["data"] == {"week": "2026-03-02", "zone": "Asia/Kolkata", "repeats": 1, "recommendations": 2}
    tried = await floor.owner.rules.dry_run("feedback", {"rules": []})
    assert tried["cases"] == len(kept.top_friction_reasons)
    said = {(one["ref"], one["before"]["fix"], one["after"]) for one in tried["changes"]}
    assert said == {(f"{one.category}, week of 2026-03-02", one.fix, None) for one in kept.recommendations}


async def _told(floor: Floor) -> list[dict[str, Any]]:
    page = await floor.owner.transport.call("GET", "/api/audit", None, type="analytics.friction_report_made")
    return list(page["items"])


async def test_kept_reports_page_from_the_newest(backend: Backend) -> None:
    floor = await a_week(backend)
    for _ in range(2):
        await floor.count()
        await floor.units.write(report.keep_weekly)
        floor.wait(days=5)
    first = await floor.owner.analytics.friction_reports(limit=1)
    second = await floor.owner.analytics.friction_reports(limit=1, cursor=first.next_cursor)
    assert first.items[0].first - second.items[0].first == timedelta(days=7)
    with pytest.raises(ApiError, match="not one of"):
        await floor.owner.analytics.friction_reports(cursor="WzFd")
