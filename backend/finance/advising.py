"""Recommendations: made by rules, ordered by the points of readiness they would bring, and silent once dismissed."""

from datetime import timedelta
from typing import Any

from backend.core.errors import StaleVersion, Unprocessable
from backend.core.text import clean_line
from backend.finance import events, keeping, repository, telling
from backend.finance.levers import gain
from backend.finance.models import Recommendation
from backend.finance.schemas import RecommendationChange, RecommendationRead
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.rules.shipped.recommendation import CATALOGUE, READINESS_SCORE
from backend.work import Work

_DECIDED = {"accepted": events.RecommendationAccepted, "dismissed": events.RecommendationDismissed}


def refresh(work: Work) -> list[Recommendation]:
    """Run the rules on the numbers of now: make what is new, change what weighs another way, resolve what is no longer
    so. Those that are new."""
    if not keeping.has_numbers(work):
        return []
    known = repository.of_rules(work.session, work.business_id)
    _, facts, readiness, rated = keeping.rated_now(work)
    compiled = rules.current(work, "recommendation")
    seen = {**facts, READINESS_SCORE: rated.score}
    whens = {rule.id: rule.when for rule in compiled.document.rules}
    made, held = [], set()
    for fired in compiled.evaluate(seen, trace=False).fired:
        held.add(fired.rule_id)
        impact = gain(readiness, facts, whens[fired.rule_id], CATALOGUE, READINESS_SCORE)
        values = {
            "title": clean_line(fired.then["title"]),
            "reason": clean_line(fired.text),
            "action": clean_line(fired.then["action"]),
            "impact": impact,
            "priority": priority_of(compiled, impact),
            "rule_version": compiled.version,
        }
        before = known.get(fired.rule_id, [])
        pending = next((row for row in before if row.status == "pending"), None)
        if pending is not None:
            _change(work, pending, values)
        elif not any(_is_silent(work, compiled, row) for row in before):
            about = {"created_at": work.now, "updated_at": work.now, "status": "pending"}
            row = work.add(Recommendation(rule=fired.rule_id, **about, **values))
            made.append(row)
            told = {"rule": row.rule, "priority": row.priority, "impact": impact}
            work.emit(events.RecommendationMade(subject_id=row.id, state=state_of(row), data=told))
    for rows in known.values():
        for row in rows:
            if row.status == "pending" and row.rule not in held:
                _settle(work, row, "resolved")
                work.emit(
                    events.RecommendationResolved(subject_id=row.id, state=state_of(row), data={"rule": row.rule})
                )
    return made


def priority_of(compiled: Compiled, impact: int) -> str:
    """high above the setting `high`, medium from `medium` on, else low."""
    settings = compiled.settings
    return "high" if impact > settings["high"] else "medium" if impact >= settings["medium"] else "low"


def decide(work: Work, id: str, body: RecommendationChange) -> RecommendationRead:
    """A member accepts or dismisses it. StaleVersion when it was changed since, Unprocessable when it is decided."""
    row = work.get(Recommendation, id, "recommendation")
    work.session.refresh(row, with_for_update=True)
    if row.version != body.version:
        current = telling.recommendation_read(row)
        words = f"It was changed meanwhile: it is {row.status}, version {row.version}."
        raise StaleVersion(words, current=telling.as_json(current), since=[])
    if row.status != "pending":
        words = f"It is {row.status} already. What is pending can be accepted or dismissed."
        raise Unprocessable(words, code="ALREADY_DECIDED", status=row.status)
    _settle(work, row, body.status)
    row.decided_by = work.actor.id
    work.session.flush()
    kind = _DECIDED[body.status]
    work.emit(kind(subject_id=row.id, state=state_of(row), data={"rule": row.rule}))
    return telling.recommendation_read(row)


def state_of(row: Recommendation) -> dict[str, Any]:
    """The state of its events."""
    return telling.as_json(telling.recommendation_read(row))


def _is_silent(work: Work, compiled: Compiled, row: Recommendation) -> bool:
    """Whether what a member decided still keeps it from coming back."""
    days = {"dismissed": compiled.settings["dismissedDays"], "accepted": compiled.settings["acceptedDays"]}
    if row.status not in days or row.decided_at is None:
        return False
    return work.now < row.decided_at + timedelta(days=days[row.status])


def _change(work: Work, row: Recommendation, values: dict[str, Any]) -> None:
    """Words follow the numbers silently; another weight is told."""
    before = {"priority": row.priority, "impact": row.impact}
    if all(getattr(row, name) == value for name, value in values.items()):
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at = work.now
    moved = {name: [was, getattr(row, name)] for name, was in before.items() if was != getattr(row, name)}
    if moved:
        row.version += 1
    work.session.flush()
    if moved:
        work.emit(events.RecommendationChanged(subject_id=row.id, state=state_of(row), data=moved))


def _settle(work: Work, row: Recommendation, status: str) -> None:
    row.status, row.decided_at, row.updated_at = status, work.now, work.now
    row.version += 1
    work.session.flush()
