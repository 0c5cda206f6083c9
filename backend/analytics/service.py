"""The numbers as they are told: the KPIs of some days, and the trend of one of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Literal

from backend.analytics.asked import Asked
from backend.analytics.cost import Terms, by_channel, terms_of
from backend.analytics.metric import Metric, Span, Sums, Told, added
from backend.analytics.metrics import METRICS, PARTS
from backend.analytics.models import BEGINNINGS, ENDS
from backend.analytics.query import before, gather
from backend.core.clock import instant
from backend.core.days import hours_of, monday_of
from backend.core.errors import Invalid, NotFound
from backend.core.money import to_major
from backend.work import Work

By = Literal["hour", "day", "week"]
State = dict[str, Any]
NOT_ENOUGH = "not enough data"
MOST_POINTS = 92
"""Of the small curve beside a number: of a longer span, a point is several days."""
MOST_HOURLY_DAYS = 31
_STOCK = (*BEGINNINGS, *ENDS)
_TOP = 10
_CENT = Fraction(1, 2)


def metric_of(name: str) -> Metric:
    """The metric called `name`; NotFound otherwise."""
    metric = METRICS.get(name)
    if metric is None:
        raise NotFound(f"There is no metric {name!r}; there are {', '.join(METRICS)}.", metric=name)
    return metric


def spans_of(work: Work, edges: Sequence[datetime], parts: Sequence[str], sizes: Sequence[int]) -> list[Span]:
    """Windows that follow one another, made of `sizes[n]` of the spans between `edges` each."""
    return _spans(gather(work, edges, parts), _past(work, edges[0], parts), sizes)


def _past(work: Work, at: datetime, parts: Sequence[str]) -> Sums:
    """What there was before an instant of what adds up over all time."""
    return before(work, at, _STOCK) if set(_STOCK) <= set(parts) else {}


def _spans(fine: Sequence[Sums], past: Sums, sizes: Sequence[int]) -> list[Span]:
    spans, at = [], 0
    for size in sizes:
        days = fine[at : at + size]
        spans.append(Span(days, past))
        past = added([past, *({key: one for key, one in day.items() if key[0] in _STOCK} for day in days)])
        at += size
    return spans


def kpis(work: Work, asked: Asked) -> State:
    """Every metric over these days, beside the same number of days before, with the definition and a small curve."""
    terms, earlier = terms_of(work), asked.before()
    edges = [*earlier.edges[:-1], *asked.edges]
    fine, ever = gather(work, edges, list(PARTS)), _past(work, edges[0], list(PARTS))
    past, now = _spans(fine, ever, [asked.days, asked.days])
    each = -(-asked.days // MOST_POINTS)
    sizes = [min(each, asked.days - at) for at in range(0, asked.days, each)]
    curve = _spans(fine, ever, [asked.days, *sizes])[1:]
    told = [_kpi(metric, terms, past, now, curve) for metric in METRICS.values()]
    return {**asked.told(work), "currency": terms.currency, "costVersion": terms.cost.version, "kpis": told}


def _kpi(metric: Metric, terms: Terms, past: Span, now: Span, curve: Sequence[Span]) -> State:
    value, was = metric.value(now, terms), metric.value(past, terms).value
    change = None if value.value is None or was is None else value.value - was
    return {
        **described(metric, terms),
        **figures(metric, value, terms.currency),
        "before": number(metric, was, terms.currency),
        "change": number(metric, change, terms.currency),
        "series": [number(metric, metric.value(span, terms).value, terms.currency) for span in curve],
        "top": _top(metric, now),
    }


def described(metric: Metric, terms: Terms) -> State:
    """What a metric is, in the words that stand beside it everywhere."""
    return {
        "name": metric.name,
        "label": metric.label,
        "definition": metric.words(terms),
        "unit": metric.unit,
        "better": metric.better,
    }


def figures(metric: Metric, told: Told, currency: str) -> State:
    """A value and what it was divided from; a note where there is not enough to say a value."""
    is_money = metric.unit == "money"
    return {
        "value": number(metric, told.value, currency),
        "note": NOT_ENOUGH if told.value is None else None,
        "numerator": money(told.numerator, currency) if is_money else plain(told.numerator),
        "denominator": None if told.denominator is None else plain(told.denominator),
    }


def number(metric: Metric, value: Fraction | None, currency: str) -> float | int | None:
    """A value as JSON: money in major units, all else to four places."""
    if value is None:
        return None
    return money(value, currency) if metric.unit == "money" else plain(value)


def money(minor: Fraction, currency: str) -> float | int:
    """Minor units, rounded half up, as major ones."""
    return to_major(int((minor + _CENT).__floor__()), currency)


def plain(value: Fraction) -> float | int:
    """A number to four places; a whole one stays whole."""
    return int(value) if value.denominator == 1 else round(float(value), 4)


def _top(metric: Metric, span: Span) -> list[State] | None:
    if metric.top is None:
        return None
    ranked = sorted(span.by(metric.top).items(), key=lambda item: (-item[1].count, item[0]))
    return [{"dimension": dimension, "count": one.count} for dimension, one in ranked[:_TOP]]


def trend(work: Work, name: str, by: By, asked: Asked) -> State:
    """One metric, point by point. Weeks begin on Monday, the first and the last may be cut off."""
    metric, terms = metric_of(name), terms_of(work)
    edges, sizes = _steps(by, asked)
    spans, at = spans_of(work, edges, metric.parts, sizes), 0
    points = []
    for size, span in zip(sizes, spans, strict=True):
        start, end = edges[at], edges[at + size]
        at += size
        value = figures(metric, metric.value(span, terms), terms.currency)
        local = start.astimezone(asked.zone).isoformat(timespec="minutes")
        points.append({"start": instant(start), "end": instant(end), "local": local, **value})
    return {
        **asked.told(work),
        "currency": terms.currency,
        **described(metric, terms),
        "by": by,
        "points": points,
    }


def _steps(by: By, asked: Asked) -> tuple[list[datetime], list[int]]:
    """The edges to count between, and how many of their spans make each point."""
    if by == "hour":
        if asked.days > MOST_HOURLY_DAYS:
            raise Invalid(f"by: hours can be told of {MOST_HOURLY_DAYS} days at most", field="by")
        edges = hours_of(asked.first, asked.last, asked.zone)
        return edges, [1] * (len(edges) - 1)
    if by == "day":
        return asked.edges, [1] * asked.days
    sizes: list[int] = []
    day = asked.first
    while day <= asked.last:
        following = min(monday_of(day) + timedelta(days=7), asked.last + timedelta(days=1))
        sizes.append((following - day).days)
        day = following
    return asked.edges, sizes


def cost_analysis(work: Work, asked: Asked) -> State:
    """What service cost, channel by channel and for each order, at the prices in force."""
    terms = terms_of(work)
    (span,) = spans_of(work, asked.edges, ("handled", "orders", "assisted"), [asked.days])
    channels = by_channel(span.by("handled"), terms)
    whole = sum((channel.whole for channel in channels), Fraction(0))
    told = [
        {
            "channel": channel.channel or None,
            "contacts": channel.contacts,
            "handledSeconds": channel.handled_seconds,
            "agentTime": money(channel.time, terms.currency),
            "contactCost": money(channel.contact, terms.currency),
            "minuteCost": money(channel.minutes, terms.currency),
            "total": money(channel.whole, terms.currency),
            "perContact": money(channel.whole / channel.contacts, terms.currency),
        }
        for channel in channels
    ]
    of_service, of_order = METRICS["service_cost"], METRICS["cost_per_assisted_order"]
    orders = span.count("orders")
    return {
        **asked.told(work),
        "currency": terms.currency,
        "costVersion": terms.cost.version,
        "agentHour": terms.cost.settings["agentHour"],
        "channels": told,
        "total": money(whole, terms.currency),
        "orders": orders,
        "assistedOrders": span.count("assisted"),
        "costPerOrder": money(whole / orders, terms.currency) if orders else None,
        "costPerAssistedOrder": number(of_order, of_order.value(span, terms).value, terms.currency),
        "definition": of_service.words(terms),
        "perAssistedOrderDefinition": of_order.words(terms),
        "note": None if span.count("assisted") else NOT_ENOUGH,
    }
