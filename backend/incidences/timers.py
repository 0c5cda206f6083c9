"""When a case moves by itself: to the next channel, and up the ladder of escalation. Timers are rows, so they survive."""

from datetime import datetime, timedelta

from backend.incidences import sla
from backend.incidences.clocks import timer_at
from backend.incidences.models import Incidence
from backend.jobs.registry import Timer
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work


def unresolved_at(work: Work, escalation: Compiled) -> datetime:
    """When a case on which the clock starts now has been unresolved for too long, by these escalation rules."""
    return work.now + timedelta(seconds=escalation.settings["unresolvedAfterSeconds"])


def set_first(work: Work, row: Incidence) -> None:
    """Set the timers of a case that was opened just now."""
    wanted = (
        ("escalate_channel", "escalate-channel", row.auto_escalate_at),
        ("climb", "climb", row.climb_at),
        ("watch_sla", "sla", timer_at(row)),
    )
    args = {"incidence_id": row.id}
    work.enqueue_first(
        Timer(f"incidences.{job}", at, f"{mark}:{row.id}", args) for job, mark, at in wanted if at is not None
    )


def climb_when_unresolved(work: Work, row: Incidence) -> None:
    """Start the clock again: who waits for us from now on may wait as long as in a new case. Self-service does not."""
    row.climb_at = None if row.is_self_serve else unresolved_at(work, rules.current(work, "escalation"))
    climb_later(work, row)


def escalate_channel_later(work: Work, row: Incidence) -> None:
    """Set the timer of the next channel, if it has a time."""
    if row.auto_escalate_at is not None:
        key = f"escalate-channel:{row.id}"
        work.enqueue("incidences.escalate_channel", at=row.auto_escalate_at, key=key, incidence_id=row.id)


def climb_later(work: Work, row: Incidence) -> None:
    """Set the timer of the ladder to `row.climb_at`, or stop it."""
    if row.climb_at is not None:
        key = f"climb:{row.id}"
        work.enqueue("incidences.climb", at=row.climb_at, key=key, incidence_id=row.id)
    else:
        work.cancel(f"climb:{row.id}")


def set_again(work: Work, row: Incidence) -> None:
    """Set every timer to what the row says by now, or stop it: its fields were put back."""
    if row.auto_escalate_at is None:
        work.cancel(f"escalate-channel:{row.id}")
    escalate_channel_later(work, row)
    climb_later(work, row)
    if row.snoozed_until is None:
        work.cancel(f"snooze:{row.id}")
    else:
        wake_later(work, row, row.snoozed_until)
    sla.set_timer(work, row)


def wake_later(work: Work, row: Incidence, at: datetime) -> None:
    """Set the timer that ends a snooze."""
    work.enqueue("incidences.end_snooze", at=at, key=f"snooze:{row.id}", incidence_id=row.id)


def cancel(work: Work, row: Incidence) -> None:
    """Stop every timer of a case that was closed."""
    row.auto_escalate_at = row.climb_at = None
    work.cancel(f"escalate-channel:{row.id}")
    work.cancel(f"climb:{row.id}")
