"""Labels: free names on cases, so that people can find what belongs together."""

from collections.abc import Iterable

from sqlalchemy import func, select

from backend.core.errors import Invalid, Unprocessable
from backend.incidences import events
from backend.incidences.models import Incidence
from backend.incidences.repository import CASES
from backend.incidences.schemas import LabelsChange
from backend.incidences.service import State, expect, incidence_of, record, shown
from backend.work import Work

MOST = 30
"""Labels that one case can carry; the wire takes no more at once either."""


def ordered(labels: Iterable[str]) -> list[str]:
    """Labels as a case keeps them: each once, in the order of the alphabet."""
    return sorted(set(labels))


def change(work: Work, id: str, body: LabelsChange) -> State:
    """Put labels on a case and take others off it; also on a closed one. What changes nothing is no event."""
    if not body.add and not body.remove:
        raise Invalid("Name at least one label to add or to remove.", field="body")
    row = incidence_of(work, id, to_change=True)
    expect(work, row, body.version)
    return put(work, row, body.add, body.remove)


def put(work: Work, row: Incidence, add: Iterable[str], remove: Iterable[str], **more: object) -> State:
    """`change` on a row that nobody else changes; `more` is told too. What is both added and removed is removed."""
    before = row.labels
    after = ordered({*before, *add} - {*remove})
    if after == before:
        return shown(work, row)
    if len(after) > max(MOST, len(before)):  # a merge may have brought more: those can be taken off in turn
        raise Unprocessable(f"INC-{row.number} would have more than {MOST} labels.", code="TOO_MANY_LABELS")
    row.labels = after
    said = {"added": ordered(set(after) - set(before)), "removed": ordered(set(before) - set(after))}
    return record(work, row, events.LabelsChanged, said | more)


def counts(work: Work) -> State:
    """The labels of cases that are not closed, the most used first."""
    own = (CASES.business_id == work.business_id) & (CASES.status != "CLOSED")
    query = select(CASES.labels, func.count().label("cases")).where(own).group_by(CASES.labels)
    tally: dict[str, int] = {}
    for labels, cases in work.session.connection().execute(query):
        for label in labels:
            tally[label] = tally.get(label, 0) + cases
    ranked = sorted(tally.items(), key=lambda one: (-one[1], one[0]))
    return {"items": [{"label": label, "count": count} for label, count in ranked]}
