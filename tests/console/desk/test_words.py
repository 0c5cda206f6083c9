"""Ages, times to wake at, what a tab lets through, and events in words: without a screen or a server."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.clock import instant
from console.desk import ages, promise, wording
from console.desk.listing import SAVED, Listing
from console.desk.states import first_tab
from console.desk.until import Unclear, wake_at
from console.frame.header import clock_words
from console.incidences.happenings import entry_of, told
from console.views import VIEWS, Moment, queue_order

NOW = datetime(2026, 3, 4, 17, 30, tzinfo=ZoneInfo("Asia/Kolkata"))  # a Wednesday


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "<1m"),
        (0, "<1m"),
        (59, "<1m"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h00"),
        (86_399, "23h59"),
        (86_400, "1d"),
    ],
)
def test_spans(seconds: int, said: str) -> None:
    assert ages.span(seconds) == said


@given(st.integers(0, 10**8))
def test_spans_fit_their_column(seconds: int) -> None:
    assert len(ages.span(seconds)) <= 5


def test_instants_are_told_in_the_zone_of_now() -> None:
    assert ages.local("2026-03-04T10:00:00.000000Z", NOW) == "15:30"
    assert ages.local("2026-03-02T20:00:00.000000Z", NOW) == "Tue 01:30"
    assert ages.local("2026-01-02T10:00:00.000000Z", NOW) == "2 Jan 15:30"
    assert ages.local("2024-01-02T10:00:00.000000Z", NOW) == "2 Jan 2024"
    assert ages.local(None, NOW) == ages.NOTHING


@pytest.mark.parametrize(
    ("text", "here"),
    [
        ("45m", "2026-03-04 18:15"),
        ("2h", "2026-03-04 19:30"),
        ("3d", "2026-03-07 17:30"),
        ("18:45", "2026-03-04 18:45"),
        ("9:00", "2026-03-05 09:00"),
        ("Tomorrow", "2026-03-05 09:00"),
        ("tomorrow 9:00", "2026-03-05 09:00"),
        ("monday", "2026-03-09 09:00"),
        ("wed 14:00", "2026-03-11 14:00"),
        ("fri 8", "2026-03-06 08:00"),
    ],
)
def test_times_to_wake_at(text: str, here: str) -> None:
    assert f"{wake_at(text, NOW).astimezone(NOW.tzinfo):%Y-%m-%d %H:%M}" == here


@pytest.mark.parametrize("text", ["", "soon", "0m", "25:00", "9:75", "today 9:00", "s 9:00", "18", "-1h"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(Unclear):
        wake_at(text, NOW)


def test_a_night_in_which_the_clock_is_set_forward_keeps_the_morning() -> None:
    before = datetime(2026, 3, 28, 20, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert wake_at("tomorrow", before) == datetime(2026, 3, 29, 7, 0, tzinfo=UTC)


@given(st.text(max_size=20))
def test_any_text_is_a_time_to_come_or_unclear(text: str) -> None:
    with suppress(Unclear):
        assert wake_at(text, NOW) > NOW


def row(**fields: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "incidenceId": "1",
        "ref": "INC-1",
        "status": "OPEN",
        "outcome": None,
        "priority": 2,
        "agentId": None,
        "agentName": None,
        "isSelfServe": False,
        "slaRiskAt": None,
        "slaDueAt": None,
        "slaTarget": None,
        "slaState": "NONE",
        "slaBreachedAt": None,
        "frictionScore": None,
        "orderValue": None,
        "summary": "Guests",
        "orderId": None,
        "issueCategory": None,
        "customer": {"name": "Priya", "userId": "C-1", "tier": "GOLD"},
    }
    return shown | fields


def test_a_saved_view_holds_open_cases_unless_it_says_otherwise() -> None:
    listing = Listing({"gold": "tier:gold", "done": "closed tier:gold", "bad": "colour:red"})
    listing.look_as(Moment("me", ""))
    rows = {"a": row(), "b": row(status="CLOSED")}
    assert listing.count("gold", rows) == 1
    assert listing.count("done", rows) == 1
    assert "colour" in listing.broken["bad"]
    listing.active = SAVED + "bad"
    assert not listing.allows()(row()), "a view that cannot be read holds nothing and says why"


def test_the_tab_of_risk_begins_with_what_is_due_first() -> None:
    listing = Listing({})
    listing.active = "sla_risk"
    sort, descending = listing.order()
    rows = [
        row(incidenceId=id, slaDueAt=due)
        for id, due in (("a", None), ("b", "2026-03-04T13:00Z"), ("c", "2026-03-04T12:00Z"))
    ]
    assert [one["incidenceId"] for one in sorted(rows, key=sort, reverse=descending)] == ["c", "b", "a"]
    listing.active = "all"
    assert listing.order()[0] is queue_order


def test_me_in_a_filter_is_who_looks() -> None:
    listing = Listing({"own": "@me"})
    listing.active = "all"
    listing.narrow("@me")
    listing.look_as(Moment("me", ""))
    assert listing.allows()(row(agentId="me", agentName="Asha"))
    assert not listing.allows()(row(agentId="you"))
    assert listing.count("own", {"a": row(agentId="me")}) == 1


def test_a_problem_keeps_the_filter_before() -> None:
    listing = Listing({})
    listing.active = "all"
    assert listing.narrow("p1") == ""
    assert "Whose" in listing.narrow("p1 @")
    assert not listing.allows()(row(priority=2))
    assert listing.allows()(row(priority=1))


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        ("incidence.taken", {"agentId": [None, "b"], "reasons": ["it waited"]}, "took it (it waited)"),
        ("incidence.assigned", {"changes": {"agent_id": [None, "b"]}}, "gave it to Ben"),
        ("incidence.assigned", {"changes": {"agent_id": ["b", None]}}, "gave it back to everybody"),
        ("incidence.closed", {"changes": {"outcome": [None, "DROPPED"]}}, "solved it: dropped"),
        ("incidence.changed", {"changes": {"priority": [3, 1]}, "reason": "VIP"}, "set priority 3 → 1 (VIP)"),
        ("incidence.snoozed", {"changes": {"snoozed_until": [None, "2026-03-04T13:00:00Z"]}}, "snoozed it until 18:30"),
        (
            "incidence.channel_escalated",
            {"channels": [["CHAT"], ["CHAT", "CALL"]]},
            "set channels chat → chat and call",
        ),
        (
            "incidence.escalated",
            {"level": [None, "TECH_TEAM"], "why": "system bug reported", "note": "no tax"},
            "handed it up to tech team: system bug reported · “no tax”",
        ),
        ("incidence.escalation_returned", {"level": "SUPERVISOR"}, "handed it back from supervisor"),
        ("incidence.escalation_resolved", {"level": "TECH_TEAM"}, "settled what it was handed up to tech team for"),
        (
            "incidence.sla_warned",
            {"target": "first_response", "dueAt": "2026-03-04T13:00:00Z"},
            "warned that the first response is due 18:30",
        ),
        (
            "incidence.sla_breached",
            {"target": "resolution", "dueAt": "2026-03-02T13:00:00Z"},
            "noted that the resolution was missed, due Mon 18:30",
        ),
        (
            "incidence.sla_changed",
            {"rule": ["gold_chat", None], "ruleVersion": [1, 2], "reason": "the policy changed"},
            "clocks it by no rule, v2, from now on (the policy changed)",
        ),
        ("incidence.something_new", {}, "something new"),
    ],
)
def test_events_in_words(kind: str, data: dict[str, Any], words: str) -> None:
    assert told(kind, data, lambda id: {"b": "Ben"}.get(id, "somebody"), NOW) == words


def test_a_message_by_a_platform_is_the_customers() -> None:
    frame = {
        "seq": 7,
        "type": "incidence.message_received",
        "actor": {"kind": "webhook", "id": None, "name": "freshchat"},
        "at": "2026-03-04T10:00:00Z",
        "data": {"text": "Hi"},
    }
    entry = entry_of(frame, "Priya", lambda _: "", NOW)
    assert (entry.author, entry.kind, entry.text, entry.at) == ("Priya", "customer", "Hi", "15:30")


@pytest.mark.parametrize(
    ("seconds", "fields", "said", "role"),
    [
        (60, {}, "first response 1m left", "sla-ok"),
        (59, {}, "first response <1m left", "sla-ok"),
        (240, {"slaRiskAt": NOW - timedelta(0)}, "first response 4m left", "sla-soon"),
        (240, {"slaRiskAt": NOW + timedelta(seconds=1)}, "first response 4m left", "sla-ok"),
        (0, {}, "first response <1m over", "sla-breached bold"),
        (-720, {}, "first response 12m over", "sla-breached bold"),
        (None, {"slaState": "PAUSED"}, "SLA paused", "sla-paused"),
        (None, {}, "", ""),
        (60, {"status": "CLOSED"}, "", ""),
    ],
)
def test_what_is_left_of_a_target(seconds: int | None, fields: dict[str, Any], said: str, role: str) -> None:
    due = (
        {}
        if seconds is None
        else {"slaDueAt": instant(NOW + timedelta(seconds=seconds)), "slaTarget": "first_response"}
    )
    fields = {name: instant(value) if isinstance(value, datetime) else value for name, value in fields.items()}
    spans = promise.named(row(**due | fields), NOW)
    assert "".join(text for text, _ in spans) == said
    assert (spans[-1][1] if spans else "") == role


def test_why_it_is_clocked_so() -> None:
    case = row(slaPolicy={"rule": "gold_chat", "text": "GOLD customer by chat", "version": 3})
    assert promise.why(case, None, NOW) == "gold customer by chat, v3"
    assert promise.why(case, NOW + timedelta(days=5), NOW) == "gold customer by chat, v3, counts from Mon 17:30"
    assert promise.why(case, NOW, NOW) == "gold customer by chat, v3", "it counts again"
    assert promise.why(case | {"status": "CLOSED"}, None, NOW) == ""


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [(48_000, "INR", "₹48,000"), (12.5, "USD", "$12.50"), (7, "CHF", "CHF 7"), (None, "INR", ""), (0, "EUR", "€0")],
)
def test_money(amount: float | None, currency: str, said: str) -> None:
    assert wording.money(amount, currency) == said


@given(st.integers(0, 100))
def test_a_friction_score_shows_its_number(score: int) -> None:
    ((text, role),) = wording.friction(score)
    assert str(score) in text
    assert role == f"friction-{wording.band(score)}"
    assert (wording.band(score) in ("high", "critical")) == (score >= 50)


@pytest.mark.parametrize(
    ("counts", "tab", "said"),
    [
        ({"mine": 1, "unassigned": 5, "all": 6}, "mine", ""),
        ({}, "mine", ""),
        ({"closed": 9}, "mine", ""),
        (
            {"unassigned": 5, "all": 6, "sla_risk": 2},
            "unassigned",
            "Nothing is yours yet. 2 Unassigned: 5 · 4 SLA at risk: 2",
        ),
        ({"all": 6, "snoozed": 2}, "all", "Nothing is yours yet. 8 Snoozed: 2"),
        ({"all": 6}, "all", "Nothing is yours yet. 3 All: 6"),
    ],
)
def test_one_begins_where_there_is_something(counts: dict[str, int], tab: str, said: str) -> None:
    assert first_tab(dict.fromkeys((view.key for view in VIEWS), 0) | counts) == (tab, said)


def test_the_clock_names_the_zone_that_is_not_this_computers() -> None:
    assert clock_words(NOW, NOW.tzinfo) == "17:30 IST"
    assert clock_words(NOW, None) == "17:30"
