"""The metrics of the desk, each defined once. Source: the support ordering document, module 7, and what it leaves open.

An order is an `order_placed` signal, counted when it happened, once per customer and id of the signal.
"""

from collections.abc import Callable
from fractions import Fraction

from backend.analytics.cost import Terms, whole_cost
from backend.analytics.metric import Metric, Part, Span, Told, quantile, quotient
from backend.analytics.models import BEGINNINGS, ENDS

PARTS: dict[str, Part] = {
    part.name: part
    for part in (
        Part("cases", "opened", by="category"),
        Part("named", "opened", {"category": True}, by="category"),
        Part("self_served", "opened", {"is_self_serve": True}),
        Part("opened", "opened", {"is_self_serve": False}),
        Part("reopened", "reopened", {"is_self_serve": False}),
        Part("closed", "closed", {"is_self_serve": False}, sums="seconds", is_spread=True),
        Part("merged", "merged", {"is_self_serve": False}),
        Part("parted", "parted", {"is_self_serve": False}),
        Part("handled", "closed", {"is_self_serve": False}, by="channel", sums="handled"),
        Part("promised", "closed", {"is_self_serve": False, "is_promised": True}),
        Part("kept", "closed", {"is_self_serve": False, "is_kept": True}),
        Part("answered", "answered", sums="seconds", is_spread=True),
        Part("escalated", "escalated"),
        Part("helped", "helped"),
        Part("converted", "helped", {"is_converted": True}),
        Part("orders", "order", sums="amount"),
        Part("alone", "order", {"incidence_id": False}),
        Part("assisted", "order", {"incidence_id": True}),
    )
}
WEEK = 7
_HUNDRED = 100


def _share(part: str, of: str) -> Callable[[Span, Terms], Told]:
    return lambda span, _: quotient(span.count(part), span.count(of), _HUNDRED)


def _count(part: str) -> Callable[[Span, Terms], Told]:
    return lambda span, _: _plain(span.count(part))


def _plain(count: int) -> Told:
    return Told(Fraction(count), Fraction(count))


def _mean(part: str) -> Callable[[Span, Terms], Told]:
    def value(span: Span, _: Terms) -> Told:
        whole = span.of(part)
        return quotient(whole.total, whole.count)

    return value


def _quantile(part: str, share: Fraction) -> Callable[[Span, Terms], Told]:
    def value(span: Span, _: Terms) -> Told:
        whole = span.of(part)
        return Told(quantile(whole.spread, share), Fraction(whole.count), Fraction(whole.count))

    return value


def _backlog(span: Span, _: Terms) -> Told:
    return _plain(sum(map(span.since_ever, BEGINNINGS)) - sum(map(span.since_ever, ENDS)))


def _cost(span: Span, terms: Terms) -> Told:
    whole = whole_cost(span.by("handled"), terms)
    return Told(whole, whole)


def _cost_per_order(span: Span, terms: Terms) -> Told:
    return quotient(whole_cost(span.by("handled"), terms), span.count("assisted"))


def weeks_of(span: Span) -> list[tuple[int, int]]:
    """(first, end) of the weeks of a window, as places in its days: seven days each, counted back from its end."""
    ends = range(len(span.days), 0, -WEEK)
    return [(max(0, end - WEEK), end) for end in ends]


def repeats_of(span: Span, terms: Terms) -> list[tuple[str, int, int, int]]:
    """(category, cases, first, end) of each issue that is repeated in a week of the window; its most cases first."""
    found = []
    for first, end in weeks_of(span):
        week = Span(span.days[first:end], {})
        for category, one in week.by("named").items():
            if one.count > terms.repeat_above:
                found.append((category, one.count, first, end))
    return sorted(found, key=lambda repeat: (-repeat[1], repeat[0], -repeat[3]))


def _repeated(span: Span, terms: Terms) -> Told:
    return _plain(len({category for category, *_ in repeats_of(span, terms)}))


_MEDIAN, _P90 = Fraction(1, 2), Fraction(9, 10)
_CLOSINGS = "Each closing counts, one after a reopening too, on the day of the closing."

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "self_serve_conversion", "Self-serve conversion",
            "Orders placed without help, of all orders placed. An order is an order_placed signal of the app. It was "
            "placed with help when a case of the customer had been taken or answered by one of us before it, and was "
            "open within {within} before it; else without.",
            "percent", "more", _share("alone", "orders"), "orders", ("alone", "orders"), "alone",
        ),
        Metric(
            "assisted_conversion", "Assisted conversion",
            "Cases that led to an order, of all cases that got help, counted on the day one of us first took or "
            "answered them. An order belongs to the case that helped last before it.",
            "percent", "more", _share("converted", "helped"), "helped", ("converted", "helped"), "converted",
        ),
        Metric("orders", "Orders", "Orders placed: order_placed signals of the app, each once, when they happened.",
               "count", "more", _count("orders"), "orders", ("orders",)),
        Metric("assisted_orders", "Assisted orders", "Orders placed with help, as self-serve conversion tells them apart.",
               "count", "neither", _count("assisted"), "assisted", ("assisted",)),
        Metric(
            "time_to_resolve", "Time to resolve",
            "Average time from when a case was opened, or last reopened, until it was closed. " + _CLOSINGS,
            "seconds", "less", _mean("closed"), "closed", ("closed",),
        ),
        Metric(
            "time_to_resolve_median", "Time to resolve, median",
            "Half of the closings took no longer: from opening or last reopening to closing. " + _CLOSINGS,
            "seconds", "less", _quantile("closed", _MEDIAN), "closed", ("closed",),
        ),
        Metric(
            "time_to_resolve_p90", "Time to resolve, 90 %",
            "Nine of ten closings took no longer: from opening or last reopening to closing. " + _CLOSINGS,
            "seconds", "less", _quantile("closed", _P90), "closed", ("closed",),
        ),
        Metric(
            "first_response", "First response",
            "Average time from when a case was opened, or last reopened, until our first message in it, counted on "
            "the day of that message. Cases without an answer do not count.",
            "seconds", "less", _mean("answered"), "answered", ("answered",),
        ),
        Metric(
            "first_response_p90", "First response, 90 %",
            "Nine of ten first answers came no later, from opening or last reopening to our first message.",
            "seconds", "less", _quantile("answered", _P90), "answered", ("answered",),
        ),
        Metric(
            "sla_met", "SLA met",
            "Closings of cases that had missed none of their targets by then, of all closings of cases with targets.",
            "percent", "more", _share("kept", "promised"), "promised", ("kept", "promised"), "kept",
        ),
        Metric(
            "cost_per_assisted_order", "Cost per assisted order",
            "What service cost, over the orders placed with help.",
            "money", "less", _cost_per_order, "assisted", ("handled", "assisted"),
        ),
        Metric(
            "service_cost", "Cost of service",
            "For each closing: agents' time at {agent_hour} an hour, and what its channel costs a contact and a "
            "minute, at the prices in force now (cost rules, version {version}). Agents' time is that between what "
            "they did on the case and what came before it, {idle} at most each time.",
            "money", "less", _cost, "handled", ("handled",),
        ),
        Metric(
            "friction_reasons", "Friction reasons",
            "Cases opened with an issue category, self-served ones too, by the category they have now.",
            "count", "less", _count("named"), "named", ("named",), top="named",
        ),
        Metric(
            "repeat_issues", "Repeat issues",
            "Issue categories with more than {repeat_above} cases opened in a week; weeks are counted back from the "
            "end of the span.",
            "count", "less", _repeated, "named", ("named",),
        ),
        Metric("backlog", "Backlog",
               "Cases that were open at the end of the span: opened, reopened and parted again, less closed and merged into "
               "others; self-served ones aside.",
               "count", "less", _backlog, "opened", (*BEGINNINGS, *ENDS)),
        Metric("opened", "Opened", "Cases opened that were for people; what the router left to self-serve aside.",
               "count", "less", _count("opened"), "opened", ("opened",)),
        Metric("closed", "Closed", "Closings of cases. One that is reopened and closed again counts twice; one that is merged into another "
               "is not closed by that.",
               "count", "more", _count("closed"), "closed", ("closed",)),
        Metric("reopened", "Reopened", "Reopenings of closed cases, by us or by a message of the customer.",
               "count", "less", _count("reopened"), "reopened", ("reopened",)),
        Metric(
            "escalation_rate", "Escalation rate",
            "Escalations raised, over the cases opened for people. One that climbs is not raised again.",
            "percent", "less", _share("escalated", "opened"), "escalated", ("escalated", "opened"),
        ),
        Metric(
            "deflection", "Deflection",
            "Cases that the router left to self-serve, of all cases opened.",
            "percent", "more", _share("self_served", "cases"), "cases", ("self_served", "cases"), "self_served",
        ),
    )
}  # fmt: skip
