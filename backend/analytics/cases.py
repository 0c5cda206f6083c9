"""Milestones of cases, made of the log: each event says how its case stands, so every verb there is or will be counts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, select

from backend.analytics.book import Book
from backend.analytics.models import BEGINNINGS, ENDS
from backend.core.rows import table_of
from backend.events import log
from backend.events.log import EVENTS
from backend.events.models import EventBody
from backend.incidences.events import (
    Escalated,
    IncidenceClosed,
    IncidenceMerged,
    IncidenceReopened,
    IncidenceUnmerged,
    MessageSent,
)
from backend.work import Work

MOST_EVENTS = 2_000
"""Read in one transaction."""
_BODIES = table_of(EventBody).c
_AFTER = (
    select(
        EVENTS.seq,
        EVENTS.type,
        EVENTS.incidence_id,
        EVENTS.customer_id,
        EVENTS.recorded_at,
        _BODIES.body,
        _BODIES.state,
    )
    .join(table_of(EventBody), (_BODIES.business_id == EVENTS.business_id) & (_BODIES.seq == EVENTS.seq))
    .where(EVENTS.business_id == bindparam("business"), EVENTS.seq > bindparam("after"))
    .where(EVENTS.seq <= bindparam("head"), EVENTS.incidence_id.is_not(None))
    .order_by(EVENTS.seq)
    .limit(MOST_EVENTS)
)
_ACTS = (
    select(EVENTS.type, EVENTS.actor_kind, EVENTS.recorded_at)
    .where(EVENTS.business_id == bindparam("business"), EVENTS.incidence_id == bindparam("incidence"))
    .where(EVENTS.seq >= bindparam("first"), EVENTS.seq <= bindparam("last"))
    .order_by(EVENTS.seq)
)
_OF_CASES = f"{IncidenceClosed.type.partition('.')[0]}."
_OPENINGS = ("opened", "reopened")
_NOW = ("category", "channel", "screen", "is_self_serve")


def count_events(work: Work, book: Book, after: int, idle: int) -> tuple[int, bool]:
    """Add what the events after `after` make to `book`: the seq they reach to, and whether there are more.

    `idle` is how long, in seconds, an agent is thought to be at a case between two things that happen on it.
    """
    head = log.head_of(work.session, work.business_id)
    asked = {"business": work.business_id, "after": after, "head": head}
    rows = work.session.connection().execute(_AFTER, asked).all()
    of_cases = [row for row in rows if row.type.startswith(_OF_CASES)]  # others have a state of something else
    book.load_cases({row.incidence_id for row in of_cases})
    cases: dict[str, _Case] = {}
    for row in of_cases:
        case = cases.get(row.incidence_id)
        if case is None:
            case = cases[row.incidence_id] = _Case(work, book, row.incidence_id, row.customer_id, idle)
        case.take(row)
    for case in cases.values():
        case.settle()
    has_more = len(rows) == MOST_EVENTS
    return (rows[-1].seq if has_more else head), has_more


class _Case:
    """One case, as far as it is counted."""

    def __init__(self, work: Work, book: Book, id: str, customer_id: str | None, idle: int) -> None:
        self.work, self.book, self.id, self.customer_id, self.idle = work, book, id, customer_id, idle
        self.seen: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in book.of_case(id):
            self.seen[row["kind"]].append(row)
        turns = sorted((row for kind in (*BEGINNINGS, *ENDS) for row in self.seen[kind]), key=_seq)
        self.is_known, self.is_open = bool(turns), bool(turns) and turns[-1]["kind"] not in ENDS
        self.is_merged = bool(turns) and turns[-1]["kind"] == "merged"
        openings = [row for row in turns if row["kind"] in _OPENINGS]
        self.opening: dict[str, Any] | None = openings[-1] if openings else None
        self.now: dict[str, Any] | None = None

    def take(self, row: Any) -> None:
        """Count one event."""
        state, at = row.state or {}, row.recorded_at
        if state:
            self.now = {
                "category": state.get("issueCategory") or None,
                "channel": state.get("channel"),
                "screen": state.get("appScreen"),
                "is_self_serve": bool(state.get("isSelfServe")),
                "outcome": state.get("outcome"),
            }
        is_closed = _is_closed(row, state, not self.is_open)
        if not self.is_known:
            self.opening = self._add("opened", row)
            self.is_known, self.is_open = True, not is_closed
        elif self.is_open and is_closed and (row.type == IncidenceMerged.type or state.get("mergedInto")):
            self._add("merged", row)
            self.is_open, self.is_merged = False, True
        elif self.is_open and is_closed:
            self._add("closed", row, seconds=self._since(at), handled=self._handled(row.seq), **_promise(state))
            self.is_open = False
        elif not self.is_open and not is_closed:
            if self.is_merged:  # it goes on where it was: nobody has closed it
                self._add("parted", row)
            else:
                self.opening = self._add("reopened", row)
            self.is_open, self.is_merged = True, False
        is_answer = row.type == MessageSent.type
        if (is_answer or state.get("agentId")) and not self.seen["helped"]:
            self._add("helped", row)
        if is_answer and not any(_seq(answer) > _seq(self._opening) for answer in self.seen["answered"]):
            self._add("answered", row, seconds=self._since(at))
        if row.type == Escalated.type and _is_raised(row, self.seen["escalated"]):
            self._add("escalated", row)

    @property
    def _opening(self) -> dict[str, Any]:
        assert self.opening is not None, "the first event of a case opens it"
        return self.opening

    def _since(self, at: datetime) -> int:
        seconds: float = (at - self._opening["at"]).total_seconds()
        return max(0, round(seconds))

    def _add(self, kind: str, row: Any, **values: Any) -> dict[str, Any]:
        made = self.book.add(
            kind, str(row.seq), row.recorded_at, incidence_id=self.id, customer_id=self.customer_id, **values
        )
        self.seen[kind].append(made)
        return made

    def _handled(self, seq: int) -> int:
        """Seconds that agents were at it since it was last opened."""
        asked = {
            "business": self.work.business_id,
            "incidence": self.id,
            "first": _seq(self._opening),
            "last": seq,
        }
        acts = self.work.session.connection().execute(_ACTS, asked).all()
        return handled(acts, self.idle)

    def settle(self) -> None:
        """Let all milestones of the case say what it is now."""
        if self.now is None:
            return
        for rows in self.seen.values():
            for row in rows:
                self.book.change(row, **{name: self.now[name] for name in _NOW})
        if not self.is_open and self.seen["closed"] and self.now["outcome"] is not None:
            self.book.change(max(self.seen["closed"], key=_seq), outcome=self.now["outcome"])


def handled(acts: Sequence[Any], idle: int) -> int:
    """Of each act of a person of ours, the seconds since what came before it, at most `idle`; all together."""
    whole = 0.0
    for earlier, act in pairwise(acts):
        if act.actor_kind == "member" or act.type == MessageSent.type:
            whole += min((act.recorded_at - earlier.recorded_at).total_seconds(), idle)
    return round(whole)


def _seq(row: dict[str, Any]) -> int:
    return int(row["source"])


def _is_closed(row: Any, state: dict[str, Any], was: bool) -> bool:
    """Whether the case is closed after this event. The words of an erased customer's events are gone: their type says."""
    if state:
        return bool(state.get("status") == "CLOSED")
    if was:
        return row.type not in (IncidenceReopened.type, IncidenceUnmerged.type)
    return row.type in (IncidenceClosed.type, IncidenceMerged.type)


def _promise(state: dict[str, Any]) -> dict[str, bool]:
    """Whether a case that is closed now had targets, and missed none of them."""
    is_promised = (state.get("slaPolicy") or {}).get("rule") is not None
    return {"is_promised": is_promised, "is_kept": is_promised and state.get("slaState") == "MET"}


def _is_raised(row: Any, before: Iterable[Any]) -> bool:
    """Whether it is a new escalation, not one that climbs."""
    told = (row.body or {}).get("data") or {}
    if "level" in told:
        return told["level"][0] is None
    return not any(before)
