"""The past of the alert rules, for a dry run of them: what happened that somebody could have been told of."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.alerts import causes
from backend.alerts.causes import READS, Notice
from backend.alerts.following import AT_ONCE, FOLLOWED, notice_of, values_of
from backend.alerts.sharing import facts_of
from backend.events import log
from backend.events.log import EVENTS
from backend.identity.service import currency_of
from backend.incidences.models import Incidence
from backend.rules.history import HISTORY, History, PastPage
from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work

_NO_SEQ = 2**62


def past_notices(work: Work, _settings: Settings, since: datetime, before: Any) -> PastPage:
    """What was to be told since `since`, the newest first, each with the facts that the rules see of it."""
    types = [event.type for event in (*READS, *FOLLOWED)]
    query = log.with_state().where(
        EVENTS.business_id == work.business_id,
        EVENTS.seq < (_NO_SEQ if before is None else before),
        EVENTS.recorded_at >= since,
        EVENTS.type.in_(types),
    )
    rows = work.session.connection().execute(query.order_by(EVENTS.seq.desc()).limit(AT_ONCE)).all()
    held = _cases_of(work, {row.incidence_id for row in rows if row.incidence_id})
    values = values_of(work, {row.customer_id for row in rows if row.customer_id})
    currency = currency_of(work)
    cases = [
        Case(
            row.incidence_id or row.customer_id or row.subject_id,
            facts_of(notice, currency),
            f"INC-{held[row.incidence_id].number}"
            if row.incidence_id in held
            else notice.who or notice.kind.replace("_", " ").lower(),
        )
        for row, notice in _noticed(work, rows, values)
    ]
    return PastPage(cases, rows[-1].seq if len(rows) == AT_ONCE else None)


def _noticed(work: Work, rows: Iterable[Any], values: dict[str, int]) -> Iterator[tuple[Any, Notice]]:
    followed = {event.type: read for event, read in FOLLOWED.items()}
    for row in rows:
        if row.body is None:
            continue  # of a customer who was erased
        if row.type in followed:
            notice = notice_of(followed[row.type], row, values)
            found: Sequence[Notice] = () if notice is None else (notice,)
        else:
            found = causes.of(work, row, is_past=True).notices
        for one in found:
            yield row, one


def _cases_of(work: Work, ids: set[str]) -> dict[str, Incidence]:
    """These cases, read at once; as long as they are held, whoever looks for one by its id asks nobody."""
    query = select(Incidence).where(Incidence.business_id == work.business_id, Incidence.id.in_(ids))
    return {case.id: case for case in work.session.scalars(query)}


HISTORY["alert"] = History(
    "What happened in these days that somebody could be told of, each with the facts that the rules see; monthly values are "
    "those of now. What is compared is who is told, how and how soon, by the rules in force and by these: who worked here, "
    "what they had muted, which channels there were, quiet hours and throttling are not replayed.",
    past_notices,
)
