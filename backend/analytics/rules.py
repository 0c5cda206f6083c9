"""The past of the feedback rules, for a dry run of them: the issues of the weekly reports that were kept."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.analytics.models import FrictionReport
from backend.analytics.report import facts_of
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work

_PAGE = 26


def past_issues(work: Work, _settings: Settings, since: datetime, after: Any) -> PastPage:
    """The issues of each report that was made since `since`, the oldest week first, with the facts that were seen then."""
    mine = (FrictionReport.business_id == work.business_id) & (FrictionReport.created_at >= since)
    query = select(FrictionReport).where(mine).order_by(FrictionReport.week).limit(_PAGE)
    rows = work.session.scalars(query if after is None else query.where(FrictionReport.week > after)).all()
    cases = [
        Case(row.id, facts_of(reason), f"{reason['category']}, week of {row.week.isoformat()}")
        for row in rows
        for reason in row.body["topFrictionReasons"]
    ]
    return PastPage(cases, rows[-1].week if len(rows) == _PAGE else None)


HISTORY["feedback"] = History(
    "The issues of the weekly reports that were made in these days, as they were counted then: how many cases make an issue "
    "repeated, and how many issues a report lists, are not replayed.",
    past_issues,
)
