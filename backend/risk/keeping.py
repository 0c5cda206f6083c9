"""Keeping scores: the row of now, the history, and an event when a level is left. For one customer or for hundreds."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson
from sqlalchemy import select

from backend.core.ids import new_id
from backend.core.rows import from_micros, table_of, to_micros
from backend.customers.models import Customer
from backend.risk.events import RiskChanged, RiskMoved
from backend.risk.models import CustomerRisk, RiskScore
from backend.risk.schemas import RiskFactor, RiskRead
from backend.risk.scoring import Rated, facts_of, rate
from backend.rules import service as rules
from backend.signals.activity import Activity, also_notices
from backend.signals.bulk import Bulk, Chosen, dialect_of, moment_of
from backend.work import Work

_CUSTOMERS, _RISKS = table_of(Customer).c, table_of(CustomerRisk).c
_PEOPLE = Chosen(
    select(_CUSTOMERS.id, _CUSTOMERS.external_id, _CUSTOMERS.tier, _CUSTOMERS.past_order_count),
    _CUSTOMERS.business_id,
    _CUSTOMERS.id,
)
_OF_NOW = ("score", "level", "factors", "suggested_action", "rule_version", "calculated_at", "level_since")
_KNOWN = Chosen(select(_RISKS.customer_id, *(_RISKS[name] for name in _OF_NOW)), _RISKS.business_id, _RISKS.customer_id)
_ROWS = Bulk(
    table_of(CustomerRisk),
    ("business_id", "customer_id", *_OF_NOW),
    key=("business_id", "customer_id"),
    updates=_OF_NOW,
)
_HISTORY = Bulk(
    table_of(RiskScore),
    ("customer_id", "score", "level", "factors", "rule_version", "calculated_at", "id", "business_id"),
)


def kept(work: Work, customer_ids: Collection[str]) -> dict[str, Any]:
    """What is kept of these customers, by id: a row of `_OF_NOW` after the id, instants in microseconds."""
    is_sqlite = dialect_of(work.session) == "sqlite"
    found = {}
    for row in _KNOWN.rows(work.session, work.business_id, customer_ids):
        id, *of_now = row
        found[id] = of_now if is_sqlite else [*of_now[:-2], *map(to_micros, of_now[-2:])]
    return found


Follower = Callable[[Work, list[str]], None]
FOLLOWERS: list[Follower] = []


def also_follows(follower: Follower) -> Follower:
    """Run `follower` with the customers whose factors a signal has just changed, in its transaction."""
    FOLLOWERS.append(follower)
    return follower


Watcher = Callable[[Work, Collection[str]], Collection[str]]
WATCHERS: list[Watcher] = []


def also_watches(watcher: Watcher) -> Watcher:
    """Ask `watcher` whose score it shows, of these customers: each move of theirs is told, not only another level."""
    WATCHERS.append(watcher)
    return watcher


def rate_all(work: Work, pasts: Mapping[str, Activity]) -> list[str]:
    """Rate held customers by their activity and keep what is new. Those whose score or factors are others."""
    compiled, now = rules.current(work, "risk"), to_micros(work.now)
    moment = moment_of(work.session)
    people = {row[0]: row[1:] for row in _PEOPLE.rows(work.session, work.business_id, pasts)}
    known = kept(work, pasts)
    rows: list[tuple[Any, ...]] = []
    history: list[tuple[Any, ...]] = []
    changed: list[tuple[str, str, Rated, Any, int]] = []
    for id, activity in pasts.items():
        external_id, tier, orders = people[id]
        rated = rate(compiled, facts_of(activity, now, {"tier": tier, "past_order_count": orders}))
        before = known.get(id)
        if before is not None and is_same(before, rated, compiled.version):
            continue
        level = _level(before)
        since = before[6] if before is not None and level == rated.level else now
        factors = orjson.dumps(rated.factors).decode()
        values = (rated.score, rated.level, factors)
        rows.append(
            (work.business_id, id, *values, rated.action, compiled.version, moment(now), moment(since)),
        )
        if before is None or _outline(before[0], before[1], before[2]) != _outline(*rated[:3]):
            history.append((id, *values, compiled.version, moment(now), new_id(), work.business_id))
        if before is None or (before[0], level) != (rated.score, rated.level):
            changed.append((id, external_id, rated, before, since))
    work.session.info["rated"] = work.session.info.get("rated", 0) + len(pasts)
    _ROWS.insert(work.session, rows)
    _HISTORY.insert(work.session, history)
    within = [id for id, _, rated, before, _ in changed if _level(before) == rated.level]
    watched = {id for watcher in WATCHERS for id in watcher(work, within)} if within else set()
    for id, external_id, rated, before, since in changed:
        is_same_level = _level(before) == rated.level
        if is_same_level and id not in watched:
            continue
        state = read_of(id, external_id, rated, compiled.version, now, since)
        data = {
            "score": [before[0] if before else 0, rated.score],
            "level": [_level(before), rated.level],
            "factors": state.factors,
        }
        shown = state.model_dump(mode="json", by_alias=True)
        event = RiskMoved if is_same_level else RiskChanged
        work.emit(event(subject_id=id, customer_id=id, state=shown, data=data))
    return [row[0] for row in history]


def _level(before: Any) -> str:
    return "low" if before is None else str(before[1])


def is_same(before: Any, rated: Rated, version: int) -> bool:
    """Whether what is kept says just what was found now."""
    return [*before[:5]] == [rated.score, rated.level, rated.factors, rated.action, version]


def _outline(score: int, level: str, factors: list[dict[str, Any]]) -> Any:
    """What makes a score another one: the days that a text counts do not."""
    return score, level, [one["rule"] for one in factors]


def read_of(id: str, external_id: str, rated: Rated, version: int, now: int, since: int | None) -> RiskRead:
    """The risk as it goes over the wire. Instants in microseconds."""
    return RiskRead(
        customer_id=id,
        user_id=external_id,
        score=rated.score,
        level=rated.level,
        factors=[one["text"] for one in rated.factors],
        reasons=[RiskFactor(**one) for one in rated.factors],
        suggested_action=rated.action,
        calculated_at=from_micros(now),
        rule_version=version,
        level_since=None if since is None else from_micros(since),
    )


@also_notices
def rate_at_once(work: Work, pasts: dict[str, Activity]) -> None:
    """A significant signal came: what it changes is known when it is answered."""
    if moved := rate_all(work, pasts):
        for follow in FOLLOWERS:
            follow(work, moved)
