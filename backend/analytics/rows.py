"""What is behind a number: the milestones it was made of, page by page, each with the case it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from backend.analytics.asked import Asked
from backend.analytics.cost import terms_of
from backend.analytics.metric import MILESTONES, Metric, Part
from backend.analytics.metrics import PARTS, repeats_of
from backend.analytics.models import BEGINNINGS, ENDS, Milestone
from backend.analytics.service import State, metric_of, spans_of
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Invalid
from backend.core.money import to_major
from backend.core.rows import table_of
from backend.identity.service import currency_of
from backend.incidences.repository import CASES, CUSTOMERS
from backend.work import Work

_M = MILESTONES
_OTHER = table_of(Milestone).alias("other")


def rows(work: Work, name: str, asked: Asked, *, dimension: str | None, limit: int, cursor: str | None) -> State:
    """A page of what a metric counts in these days, newest first, and how many there are in all.

    `isCounted` marks those in the numerator. `dimension` keeps one value of what the metric is told apart by.
    """
    metric = metric_of(name)
    here = _behind(work, metric, asked)
    part = PARTS[metric.top or metric.rows]
    if dimension is not None:
        if part.by is None:
            raise Invalid(f"dimension: {name} is told apart by nothing", field="dimension")
        here = and_(here, func.coalesce(_M[part.by], "") == dimension)
    count = work.session.connection().execute(select(func.count()).where(here)).scalar_one()
    found = _page(work, here, cursor, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    onwards = [last.at, last.kind, last.source] if last is not None else None
    currency, counted = currency_of(work), PARTS[metric.counted] if metric.counted else None
    return {
        **asked.told(work),
        "metric": name,
        "count": count,
        "items": [_told(row, currency, counted) for row in found[:limit]],
        "nextCursor": cursors.encode(onwards),
    }


def _page(work: Work, here: ColumnElement[bool], cursor: str | None, limit: int) -> Sequence[Any]:
    after = cursors.decode(cursor)
    if after is not None and [type(value) for value in after] != [datetime, str, str]:
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    shown = [column for column in _M if column.key != "business_id"]
    case = [CASES.number, CASES.summary, CASES.status, CASES.order_id]
    query = (
        select(*shown, *(column.label(f"case_{column.key}") for column in case))
        .add_columns(CUSTOMERS.external_id.label("customer_user"), CUSTOMERS.name.label("customer_name"))
        .select_from(
            table_of(Milestone)
            .outerjoin(CASES.id.table, CASES.id == _M.incidence_id)
            .outerjoin(CUSTOMERS.id.table, CUSTOMERS.id == _M.customer_id)
        )
        .where(here)
    )
    if after is not None:
        at, kind, source = after
        later = or_(_M.kind > kind, and_(_M.kind == kind, _M.source > source))
        query = query.where(or_(_M.at < at, and_(_M.at == at, later)))
    return work.session.connection().execute(query.order_by(_M.at.desc(), _M.kind, _M.source).limit(limit)).all()


def _behind(work: Work, metric: Metric, asked: Asked) -> ColumnElement[bool]:
    edges, part = asked.edges, PARTS[metric.rows]
    mine = and_(_M.business_id == work.business_id, part.clause())
    if metric.name == "backlog":
        return and_(mine, _M.at < edges[-1], _is_open_at(work, edges[-1]))
    if metric.name == "repeat_issues":
        return and_(mine, _is_repeated(work, part, asked))
    return and_(mine, _M.at >= edges[0], _M.at < edges[-1])


def _is_open_at(work: Work, at: datetime) -> ColumnElement[bool]:
    """Whether the case of a milestone was open at an instant: fewer ends than beginnings by then."""
    o = _OTHER.c
    turns = select(func.count()).where(o.business_id == work.business_id, o.incidence_id == _M.incidence_id, o.at < at)
    ends = turns.where(o.kind.in_(ENDS)).scalar_subquery()
    return turns.where(o.kind.in_(BEGINNINGS)).scalar_subquery() > ends


def _is_repeated(work: Work, part: Part, asked: Asked) -> ColumnElement[bool]:
    edges = asked.edges
    (span,) = spans_of(work, edges, (part.name,), [asked.days])
    within = [
        and_(_M.category == category, _M.at >= edges[first], _M.at < edges[end])
        for category, _, first, end in repeats_of(span, terms_of(work))
    ]
    return or_(_M.source.is_(None), *within)


def _told(row: Any, currency: str, counted: Part | None) -> State:
    return {
        "kind": row.kind,
        "at": instant(row.at),
        "incidenceId": row.incidence_id,
        "ref": None if row.case_number is None else f"INC-{row.case_number}",
        "summary": row.case_summary,
        "status": row.case_status,
        "orderId": row.case_order_id,
        "customerId": row.customer_id,
        "userId": row.customer_user,
        "customerName": row.customer_name,
        "category": row.category,
        "channel": row.channel,
        "screen": row.screen,
        "isSelfServe": row.is_self_serve,
        "outcome": row.outcome,
        "seconds": row.seconds,
        "handledSeconds": row.handled,
        "amount": None if row.amount is None else to_major(row.amount, currency),
        "isCounted": counted is None or counted.fits(row),
    }
