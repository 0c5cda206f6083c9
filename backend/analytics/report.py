"""The friction report: what customers struggled with, what of it comes again and again, and what to mend."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from backend.analytics.asked import Asked
from backend.analytics.cost import Terms, terms_of
from backend.analytics.events import FrictionReportMade
from backend.analytics.metric import MILESTONES
from backend.analytics.metrics import METRICS, PARTS, repeats_of
from backend.analytics.models import BEGINNINGS, ENDS, FrictionReport
from backend.analytics.query import state_of, zone_of
from backend.analytics.service import State, cost_analysis, figures, plain, spans_of
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.days import day_of, monday_of
from backend.core.errors import Invalid
from backend.core.ids import new_id
from backend.core.rows import table_of
from backend.incidences.repository import CASES
from backend.rules.shipped.feedback import CATALOGUE
from backend.signals.models import Signal
from backend.work import Work

_M, _SIGNALS = MILESTONES, table_of(Signal).c
_SIGNALS_KNOWN = CATALOGUE["signal"].choices
_BEFORE = timedelta(days=1)
"""How long before a case the signs of friction of its customer are looked at."""
_MOST_SHOWN = 3
_AT_ONCE = 500


def friction_report(work: Work, asked: Asked) -> State:
    """The report of these days, beside as many days before, with recommendations by the feedback rules in force."""
    terms, earlier = terms_of(work), asked.before()
    edges = [*earlier.edges[:-1], *asked.edges]
    past, now = spans_of(work, edges, list(PARTS), [asked.days, asked.days])
    counts = {category: one.count for category, one in now.by("named").items()}
    were = {category: one.count for category, one in past.by("named").items()}
    whole = sum(counts.values())
    ranked = sorted(counts, key=lambda category: (-counts[category], category))
    repeated = {category for category, *_ in repeats_of(now, terms)}
    listed = {*ranked[: terms.feedback.settings["topReasons"]], *repeated}
    evidence = _evidence(work, asked, listed)
    reasons = [
        {
            "category": category,
            "cases": counts[category],
            "sharePercent": plain(Fraction(100 * counts[category], whole)),
            "before": were.get(category, 0),
            "changePercent": _change(counts[category], were.get(category, 0)),
            "isRepeated": category in repeated,
            **evidence[category],
        }
        for category in ranked
        if category in listed
    ]
    named = ("self_serve_conversion", "assisted_conversion", "backlog", "deflection")
    return {
        **asked.told(work),
        "currency": terms.currency,
        "feedbackVersion": terms.feedback.version,
        "cases": whole,
        "topFrictionReasons": reasons[: terms.feedback.settings["topReasons"]],
        "unresolvedRepeats": [
            {"category": reason["category"], "cases": reason["cases"], "open": reason["open"], "refs": reason["refs"]}
            for reason in reasons
            if reason["isRepeated"] and reason["open"]
        ],
        "repeats": sorted(repeated),
        "repeatAbove": terms.repeat_above,
        "figures": [
            {"name": name, "label": METRICS[name].label, "definition": METRICS[name].words(terms)}
            | {"unit": METRICS[name].unit}
            | figures(METRICS[name], METRICS[name].value(now, terms), terms.currency)
            for name in named
        ],
        "cost": cost_analysis(work, asked),
        "recommendations": [found for reason in reasons if (found := _recommended(reason, terms)) is not None],
    }


def _change(now: int, before: int) -> float | int | None:
    """By how much it grew, in per cent; None when there was nothing before."""
    return plain(Fraction(100 * (now - before), before)) if before else None


def _evidence(work: Work, asked: Asked, categories: Collection[str]) -> dict[str, State]:
    """Of each category: how many of its cases are open, where they happen, what was seen before, and some of them."""
    edges = asked.edges
    opened = select(_M.category, _M.screen, _M.customer_id, _M.incidence_id, _M.at, CASES.number).outerjoin(
        CASES.id.table, CASES.id == _M.incidence_id
    )
    opened = opened.where(_M.business_id == work.business_id, PARTS["named"].clause(), _M.category.in_(categories))
    here = opened.where(_M.at >= edges[0], _M.at < edges[-1]).order_by(_M.at.desc(), _M.source)
    rows = work.session.connection().execute(here).all()
    is_open = _open_at(work, {row.incidence_id for row in rows}, edges[-1])
    signs = _signs(work, rows)
    found: dict[str, State] = {}
    for category in categories:
        mine = [row for row in rows if row.category == category]
        open_now = [row for row in mine if row.incidence_id in is_open]
        shown = [*open_now, *(row for row in mine if row.incidence_id not in is_open)][:_MOST_SHOWN]
        screens = Counter(row.screen for row in mine if row.screen)
        found[category] = {
            "open": len(open_now),
            "screens": [{"screen": screen, "cases": count} for screen, count in _most(screens)],
            "signals": [{"signal": signal, "customers": count} for signal, count in _most(signs[category])],
            "refs": [f"INC-{row.number}" for row in shown if row.number is not None],
        }
    return found


def _most(counted: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:_MOST_SHOWN]


def _open_at(work: Work, ids: Collection[str], at: datetime) -> set[str]:
    """Which of these cases were open at an instant."""
    balance: Counter[str] = Counter()
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = select(_M.incidence_id, _M.kind).where(
            _M.business_id == work.business_id,
            _M.incidence_id.in_(wanted[start : start + _AT_ONCE]),
            _M.kind.in_((*BEGINNINGS, *ENDS)),
            _M.at < at,
        )
        for row in work.session.connection().execute(query):
            balance[row.incidence_id] += -1 if row.kind in ENDS else 1
    return {id for id, count in balance.items() if count > 0}


def _signs(work: Work, rows: Collection[Any]) -> dict[str, Counter[str]]:
    """By category, which signs of friction how many customers gave in the day before their case was opened."""
    cases: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        cases[row.customer_id].append(row)
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    wanted = sorted(cases)
    for start in range(0, len(wanted), _AT_ONCE):
        few = wanted[start : start + _AT_ONCE]
        query = select(_SIGNALS.customer_id, _SIGNALS.type, _SIGNALS.occurred_at).where(
            _SIGNALS.business_id == work.business_id,
            _SIGNALS.customer_id.in_(few),
            _SIGNALS.type.in_(_SIGNALS_KNOWN),
            _SIGNALS.occurred_at >= min(row.at for id in few for row in cases[id]) - _BEFORE,
        )
        for signal in work.session.connection().execute(query):
            for row in cases[signal.customer_id]:
                if row.at - _BEFORE <= signal.occurred_at <= row.at:
                    seen[row.category].add((signal.type, signal.customer_id))
    return defaultdict(Counter, {name: Counter(type for type, _ in given) for name, given in seen.items()})


def facts_of(reason: State) -> dict[str, Any]:
    """What the feedback rules see of an issue in a report."""
    return {
        "category": reason["category"].upper(),
        "cases": reason["cases"],
        "before": reason["before"],
        "change_percent": reason["changePercent"],
        "is_repeated": reason["isRepeated"],
        "screen": reason["screens"][0]["screen"] if reason["screens"] else None,
        "signal": reason["signals"][0]["signal"] if reason["signals"] else None,
    }


def _recommended(reason: State, terms: Terms) -> State | None:
    """What the feedback rules recommend for an issue, and the evidence in words; None when no rule covers it."""
    verdict = terms.feedback.evaluate(facts_of(reason), trace=False)
    if not verdict.fired:
        return None
    firing = verdict.fired[0]
    return {
        "category": reason["category"],
        **{name: firing.then[name] for name in ("fix", "owner", "urgency")},
        "evidence": _in_words(reason),
        "refs": reason["refs"],
        "rule": firing.rule_id,
        "ruleVersion": terms.feedback.version,
    }


def _in_words(reason: State) -> str:
    cases, before, change = reason["cases"], reason["before"], reason["changePercent"]
    words = [f"{cases} case{'' if cases == 1 else 's'}"]
    words.append("none before" if change is None else f"{before} before ({round(change):+d} %)")
    if reason["open"]:
        words.append(f"{reason['open']} still open")
    if reason["screens"]:
        top = reason["screens"][0]
        words.append(f"{top['cases']} of them on {top['screen']}")
    if reason["signals"]:
        top = reason["signals"][0]
        words.append(f"{top['customers']} of the customers showed {top['signal'].replace('_', ' ')} before")
    return "; ".join(words)


def last_week(work: Work) -> Asked:
    """The last whole week of the business, Monday to Sunday in its zone."""
    zone = zone_of(work)
    monday = monday_of(day_of(work.now, zone)) - timedelta(days=7)
    return Asked(monday, monday + timedelta(days=6), zone)


def is_due(work: Work) -> bool:
    """Whether the last whole week, which had something to count in it or before, has no report yet."""
    week, state = last_week(work), state_of(work)
    kept = select(FrictionReport.id).where(FrictionReport.week == week.first)
    return state is not None and work.session.scalars(kept).first() is None


def keep_weekly(work: Work) -> None:
    """Make the report of the last whole week and keep it, once."""
    if not is_due(work):
        return
    week = last_week(work)
    body = friction_report(work, week)
    row = work.add(FrictionReport(id=new_id(), week=week.first, body=body, created_at=work.now))
    said = {"week": week.first.isoformat(), "zone": week.zone.key}
    counted = {name: len(body[name]) for name in ("repeats", "recommendations")}
    work.emit(FrictionReportMade(subject_id=row.id, data=said | counted))


def kept(work: Work, *, limit: int, cursor: str | None) -> State:
    """A page of the weekly reports, newest first."""
    query = select(FrictionReport).order_by(FrictionReport.week.desc()).limit(limit + 1)
    match cursors.decode(cursor):
        case None:
            pass
        case [str(week)] if _is_day(week):
            query = query.where(FrictionReport.week < date.fromisoformat(week))
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    rows = work.session.scalars(query).all()
    onwards = [rows[limit - 1].week.isoformat()] if len(rows) > limit else None
    items = [{"id": row.id, "createdAt": instant(row.created_at), **row.body} for row in rows[:limit]]
    return {"items": items, "nextCursor": cursors.encode(onwards)}


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
