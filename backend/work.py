"""Work: what a service is handed. It holds the session, the business, who acts and when, and three verbs.

Services take a Work first, are synchronous, raise typed errors and never commit:
`read` and `write` in `backend.unit` run them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from backend.core.errors import NotFound
from backend.core.inserting import insert_now
from backend.core.rows import Base, BusinessOwned
from backend.events import log
from backend.events.event import SYSTEM, Actor, Event
from backend.events.models import EventRow
from backend.jobs import following, outbox
from backend.jobs.registry import JOBS, Job, Timer

Row = TypeVar("Row", bound=Base)


@dataclass(slots=True)
class Work:
    """One unit of work on one business."""

    session: Session
    business_id: str
    now: datetime
    actor: Actor = SYSTEM
    request_id: str = ""
    emitted: list[EventRow] = field(default_factory=list)

    def add(self, row: Row) -> Row:
        """Stamp the business on `row` and insert it now, so that its defaults are there to read."""
        if isinstance(row, BusinessOwned):
            row.business_id = self.business_id
        insert_now(self.session, row)
        return row

    def get(self, model: type[Row], id: str, what: str | None = None) -> Row:
        """The row of this business with that id; NotFound otherwise."""
        row = self.session.get(model, id)
        if row is None or (isinstance(row, BusinessOwned) and row.business_id != self.business_id):
            raise NotFound(f"There is no {what or model.__tablename__.rstrip('s')} {id!r} here.", id=id)
        return row

    def next_seq(self) -> int:
        """The seq that the next event of this unit gets, for states that carry it."""
        return log.head(self.session, self.business_id)[0] + 1

    def emit(self, event: Event) -> EventRow:
        """Record that `event` happened, in this transaction; subscribers follow after the commit."""
        row = log.append(
            self.session,
            event,
            business_id=self.business_id,
            actor=self.actor,
            now=self.now,
            request_id=self.request_id,
        )
        self.emitted.append(row)
        self.session.info.setdefault("businesses", set()).add(self.business_id)
        outbox.add_subscribers(self, type(event), row)
        following.wake(self)
        return row

    def enqueue(
        self, job: Job | str, *, at: datetime | None = None, key: str | None = None, is_first: bool = False, **args: Any
    ) -> None:
        """Run `job` (or the job of that name) after the commit, at `at` if given.

        A later call with the same `key` replaces an earlier one that is still pending; nothing is looked for when
        `is_first` says that nobody can have used the key before.
        """
        wanted = JOBS[job] if isinstance(job, str) else job
        outbox.add(self, wanted, at=at, key=key, args=args, is_first=is_first)

    def enqueue_first(self, timers: Iterable[Timer]) -> None:
        """Set timers that nobody can have set before, in one statement."""
        outbox.add_first(self, timers)

    def cancel(self, key: str) -> None:
        """Forget the pending job with that key, if it has not started."""
        outbox.cancel(self, key)
