"""The past of the readiness rules and of recommendations: the facts of each kept score."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.finance.models import ReadinessScore
from backend.finance.scoring import score_of
from backend.rules import service as rules
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.rules.shipped.recommendation import READINESS_SCORE
from backend.settings import Settings
from backend.work import Work

_PAGE = 500


def kept_scores(work: Work, _settings: Settings, since: datetime, after: Any) -> PastPage:
    """The facts of each score that was kept since then."""
    rows = _rows(work, since, after)
    cases = [Case(row.id, row.facts, row.calculated_at.isoformat(timespec="minutes")) for row in rows]
    return PastPage(cases, rows[-1].id if len(rows) == _PAGE else None)


def kept_advice(work: Work, _settings: Settings, since: datetime, after: Any) -> PastPage:
    """The same, with the score by the readiness rules that are in force now."""
    compiled, rows = rules.current(work, "readiness"), _rows(work, since, after)
    cases = [
        Case(
            row.id,
            {**row.facts, READINESS_SCORE: score_of(compiled, row.facts)},
            row.calculated_at.isoformat(timespec="minutes"),
        )
        for row in rows
    ]
    return PastPage(cases, rows[-1].id if len(rows) == _PAGE else None)


def _rows(work: Work, since: datetime, after: Any) -> list[ReadinessScore]:
    mine = (ReadinessScore.business_id == work.business_id) & (ReadinessScore.calculated_at >= since)
    query = select(ReadinessScore).where(mine, ReadinessScore.id > (after or ""))
    return list(work.session.scalars(query.order_by(ReadinessScore.id).limit(_PAGE)))


HISTORY["readiness"] = History("The facts of every score that was kept in these days, hour by hour.", kept_scores)
HISTORY["recommendation"] = History(
    "The facts of every score that was kept in these days, with the score that the readiness rules in force give them.",
    kept_advice,
)
