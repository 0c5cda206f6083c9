"""How playbooks do: executions by what became of them, the success rate, and each step."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from statistics import median
from typing import Any

from backend.playbooks import repository
from backend.playbooks.documents import PlaybookDocument, walk
from backend.playbooks.models import OPEN
from backend.playbooks.words import definition
from backend.work import Work

DAYS = 30
State = dict[str, Any]


def of_all(work: Work, days: int = DAYS) -> dict[str, list[Any]]:
    """What `of_one` counts, by playbook."""
    return repository.figures(work.session, work.business_id, work.now - timedelta(days=days))


def of_one(rows: Iterable[Any], document: PlaybookDocument, days: int = DAYS) -> State:
    """Figures data, from rows of (status, is_success, count)."""
    by_status: Counter[str] = Counter()
    succeeded = 0
    for row in rows:
        by_status[row.status] += row.count
        succeeded += row.count if row.is_success else 0
    over = by_status["COMPLETED"] + by_status["FAILED"]
    return {
        "days": days,
        "started": by_status.total(),
        "open": sum(by_status[status] for status in OPEN),
        "completed": by_status["COMPLETED"],
        "failed": by_status["FAILED"],
        "cancelled": by_status["CANCELLED"],
        "succeeded": succeeded,
        "successRate": round(succeeded / over, 4) if over else None,
        "definition": definition(document),
    }


def of_steps(work: Work, playbook_id: str, document: PlaybookDocument, days: int = DAYS) -> list[State]:
    """StepFigures data of the steps that the document has now, in their order."""
    since = work.now - timedelta(days=days)
    counts: dict[str, Counter[str]] = {step.id: Counter() for step, _ in walk(document.steps)}
    took: dict[str, list[float]] = {id: [] for id in counts}
    for step_id, state, started_at, done_at in repository.steps_since(
        work.session, work.business_id, playbook_id, since
    ):
        if step_id not in counts:  # of an earlier document
            continue
        counts[step_id][state] += 1
        if done_at is not None and state == "DONE":
            took[step_id].append((done_at - started_at).total_seconds())
    return [
        {
            "stepId": id,
            "reached": count.total(),
            "waiting": count["WAITING"],
            "done": count["DONE"],
            "skipped": count["SKIPPED"],
            "failed": count["FAILED"],
            "medianSeconds": round(median(took[id]), 1) if took[id] else None,
        }
        for id, count in counts.items()
    ]
