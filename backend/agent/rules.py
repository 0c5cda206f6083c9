"""What agents tried, for trying other cx rules on it."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from backend.agent.models import AgentAction
from backend.core.rows import table_of
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work

_PAGE = 500
_LAST = "~"
"""Above every id."""
_TRIES = table_of(AgentAction).c
# Ids are made in the order of time, so a page is one short walk along the primary key.
_TRIED = (
    select(_TRIES.id, _TRIES.at, _TRIES.facts, _TRIES.incidence_id, CASES.number)
    .join(table_of(Incidence), CASES.id == _TRIES.incidence_id)
    .where(_TRIES.business_id == bindparam("business"), _TRIES.id < bindparam("before"))
    .order_by(_TRIES.id.desc())
    .limit(_PAGE)
)


def past_tries(work: Work, _settings: Settings, since: datetime, before: Any) -> PastPage:
    """The tries since `since`, the newest first, each with the facts that the rules saw."""
    asked = {"business": work.business_id, "before": _LAST if before is None else before}
    rows = work.session.connection().execute(_TRIED, asked).all()
    recent = [row for row in rows if row.at >= since]
    cases = [Case(row.id, row.facts, f"INC-{row.number}") for row in recent]
    has_more = len(recent) == _PAGE
    return PastPage(cases, recent[-1].id if has_more else None)


HISTORY["cx"] = History(
    "What agents tried in these days, allowed or not, each with the facts that the rules saw. "
    "`before` is what the rules in force say of them, whatever version decided then.",
    past_tries,
)
