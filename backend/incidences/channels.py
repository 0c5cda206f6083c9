"""Handing a case up to a higher channel, by hand or when its time is up."""

from backend.core.errors import Unprocessable
from backend.incidences import events, timers
from backend.incidences.models import Incidence
from backend.incidences.schemas import ChannelEscalate
from backend.incidences.service import State, expect, incidence_of, record, shown
from backend.work import Work

LADDER = ("CHAT", "CALL")


def escalate(work: Work, body: ChannelEscalate) -> State:
    """Allow the next channel of the ladder. Unprocessable when the case is closed or has them all."""
    row = incidence_of(work, body.incidence_id, to_change=True)
    expect(work, row, body.version)
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it first.", code="INCIDENCE_CLOSED")
    if row.allowed_channels == list(LADDER):
        raise Unprocessable(f"INC-{row.number} has the highest channel already.", code="HIGHEST_CHANNEL")
    return _climb(work, row, body.reason)


def escalate_unresolved(work: Work, incidence_id: str) -> None:
    """The routing rule's time is up: if the case is still open, and the time was not moved, it climbs."""
    row = incidence_of(work, incidence_id, to_change=True)
    if row.status != "CLOSED" and row.auto_escalate_at is not None and row.auto_escalate_at <= work.now:
        minutes = round((row.auto_escalate_at - row.created_at).total_seconds() / 60)
        _climb(work, row, f"unresolved for {minutes} min")


def _climb(work: Work, row: Incidence, reason: str) -> State:
    before, was_self_serve = row.allowed_channels, row.is_self_serve
    row.allowed_channels = list(LADDER[: len(before) + 1])
    row.is_self_serve, row.auto_escalate_at = False, None
    row.waiting_since = row.waiting_since or work.now
    row.priority = max(1, row.priority - 1)
    work.cancel(f"escalate-channel:{row.id}")
    if was_self_serve:  # from now on somebody waits for us
        timers.climb_when_unresolved(work, row)
    if before == row.allowed_channels:
        return shown(work, row)
    return record(work, row, events.ChannelEscalated, {"channels": [before, row.allowed_channels], "reason": reason})
