"""What is forgotten in time, by the days that the business set; and how much it was."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from backend.core.clock import instant
from backend.core.pruning import KEPT, Step
from backend.rules import service
from backend.rules.events import DataForgotten
from backend.rules.models import Forgotten
from backend.work import Work

KIND = "keeping"


def days_of(work: Work, name: str) -> int:
    """How long the business keeps something."""
    return int(service.current(work, KIND).settings[f"{name}Days"])


def step(work: Work, name: str, place: str) -> Step:
    """Forget some of it: how many, and where to go on."""
    return KEPT[name].forget(work, work.now - timedelta(days=days_of(work, name)), place)


def note(work: Work, counts: dict[str, int]) -> None:
    """Keep how much was forgotten, and tell of it if it was anything."""
    for name, count in counts.items():
        row = work.session.get(Forgotten, (work.business_id, name), with_for_update=True)
        if row is None:
            row = work.add(Forgotten(business_id=work.business_id, name=name, last_count=0, total=0, last_at=work.now))
        row.last_at, row.last_count, row.total = work.now, count, row.total + count
    work.session.flush()
    if told := {name: count for name, count in counts.items() if count}:
        work.emit(DataForgotten(subject_id=work.business_id, data={"rows": told}))


def list_kept(work: Work) -> list[dict[str, Any]]:
    """What is kept for how long, and how much of it was forgotten: the last time, and in all."""
    mine = select(Forgotten).where(Forgotten.business_id == work.business_id)
    rows = {row.name: row for row in work.session.scalars(mine)}
    found = []
    for name, kept in KEPT.items():
        row = rows.get(name)
        found.append(
            {
                "name": name,
                "label": kept.label,
                "days": days_of(work, name),
                "lastAt": None if row is None else instant(row.last_at),
                "lastCount": 0 if row is None else row.last_count,
                "total": 0 if row is None else row.total,
            }
        )
    return found
