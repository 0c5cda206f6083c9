"""The clocks of a case over random histories, against a model that knows nothing but the spans in which each one ran."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.incidences import clocks, events
from backend.incidences.sla_policy import Policy, policy_in
from backend.rules.documents import RuleSetDocument
from backend.rules.shipped.sla import SLA
from backend.sla.calendar import Calendar
from backend.sla.policy import FIRST_RESPONSE, NEXT_RESPONSE, RESOLUTION, TARGETS

START = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)  # a Friday; in Berlin the clock is put forward on Sunday
ZONE = "Europe/Berlin"
FACTS: dict[str, Any] = {"tier": "GOLD", "channel": "IN_APP_CHAT", "stage": "PRE_ORDER", "priority": 2}
OFFICE = {day: [{"start": "09:00", "end": "18:00"}] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
Seconds = tuple[int | None, int | None, int | None]


def policy(version: int, seconds: Seconds, *, is_office: bool, pauses: bool) -> Policy:
    names = ("firstResponseSeconds", "nextResponseSeconds", "resolutionSeconds")
    raw = SLA.shipped.model_dump(mode="json", by_alias=True)
    raw["settings"] |= {"hours": OFFICE} if is_office else {}
    raw["settings"]["isPausedWhileWaiting"] = pauses
    raw["rules"] = [raw["rules"][-1] | {"then": dict(zip(names, seconds, strict=True))}]
    return policy_in(SLA.compile(RuleSetDocument.model_validate(raw), version), ZONE)


@dataclass
class Model:
    """Spans [from, to] in which each clock ran, the targets, and the due instants that were missed."""

    calendar: Calendar
    seconds: Seconds
    spans: dict[str, list[list[datetime | None]]] = field(default_factory=dict)
    missed: list[tuple[str, datetime]] = field(default_factory=list)
    over: dict[str, bool] = field(default_factory=dict)

    def due(self, name: str) -> datetime | None:
        left: float | None = self.seconds[TARGETS.index(name)]
        if left is None or name not in self.spans:
            return None
        *before, (begin, end) = self.spans[name]
        left -= sum(self.calendar.between(*span) for span in before)  # type: ignore[arg-type]
        assert begin is not None
        if left <= 0:  # another policy was stricter, and it was over before it paused
            return begin + timedelta(seconds=left)
        due = self.calendar.add(begin, left)
        return due if end is None or due <= end else None

    def pass_to(self, at: datetime) -> None:
        for name in TARGETS:
            due = self.due(name)
            if due is not None and due <= at and not self.over.get(name):
                self.missed.append((name, due))
                self.over[name] = True

    def run(self, name: str, is_wanted: bool, is_running: bool, at: datetime) -> None:
        if not is_wanted:
            self.spans.pop(name, None)
            self.over.pop(name, None)
            return
        spans = self.spans.setdefault(name, [])
        is_open = bool(spans) and spans[-1][1] is None
        if is_running and not is_open:
            spans.append([at, None])
        elif not is_running and is_open:
            spans[-1][1] = at


def act(row: Any, kind: str, at: datetime) -> type[events.Event] | None:
    """What the service does to a row; the event it tells, None when it does nothing."""
    is_closed = row.status == "CLOSED"
    match kind:
        case "answer" if not is_closed:
            row.status, row.waiting_since = "WAITING", None
            row.last_message = {"by": "agent"}
            return events.MessageSent
        case "message":
            row.reopen_count += is_closed
            row.status, row.waiting_since = "OPEN", row.waiting_since or at
            row.last_message = {"by": "customer"}
            return events.MessageReceived
        case "wait" if not is_closed:
            row.status, row.waiting_since = "WAITING", None
        case "open":
            row.reopen_count += is_closed
            row.status, row.waiting_since = "OPEN", row.waiting_since or at
        case "snooze" if not is_closed:
            row.status = "SNOOZED"
        case "close" if not is_closed:
            row.status, row.waiting_since = "CLOSED", None
        case "note":
            pass
        case _:
            return None
    return events.IncidenceChanged


KINDS = ("answer", "message", "wait", "open", "snooze", "close", "note", "policy")
targets = st.tuples(*(st.none() | st.integers(1, 40_000) for _ in range(3)))


ANSWERED_WHILE_WAITING = [(kind, 60, (1, 1, 1)) for kind in ("answer", "close", "open", "wait", "answer", "open")]


@settings(max_examples=300, deadline=None)
@example(first=(600, 600, None), acts=ANSWERED_WHILE_WAITING, is_office=False, pauses=False, is_prompt=True)
@given(
    first=targets,
    acts=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 30_000), targets), max_size=14),
    is_office=st.booleans(),
    pauses=st.booleans(),
    is_prompt=st.booleans(),
)
def test_any_history_is_clocked_as_the_model_says(
    first: Seconds, acts: list[tuple[str, int, Seconds]], is_office: bool, pauses: bool, is_prompt: bool
) -> None:
    now, version = START, 1
    row: Any = SimpleNamespace(
        status="OPEN", is_self_serve=False, reopen_count=0, last_message=None, waiting_since=now, sla=None
    )
    now_in_force = policy(1, first, is_office=is_office, pauses=pauses)
    model = Model(now_in_force.hours.calendar, first)
    told: list[tuple[str, str]] = []
    awaits, reopened = True, 0

    def tell(at: datetime) -> None:
        for event, said in clocks.tell(row, at):
            told.append((event.type, said["target"]))

    def follow(event: type[events.Event]) -> None:
        nonlocal awaits, reopened
        if event is events.IncidenceOpened or not clocks.is_untouched(row, FACTS, event):
            clocks.bring_up(row, FACTS, now_in_force, now, event)
        model.pass_to(now)
        if row.reopen_count != reopened:
            reopened, awaits = row.reopen_count, True
            model.spans, model.over = {}, {}
        awaits = awaits and event is not events.MessageSent
        waits = row.status == "WAITING" or (row.status == "SNOOZED" and row.waiting_since is None)
        is_open, is_running = row.status != "CLOSED", not (waits and pauses)
        owes = not awaits and (row.last_message or {}).get("by") == "customer"
        for name, is_wanted in ((FIRST_RESPONSE, awaits), (NEXT_RESPONSE, owes), (RESOLUTION, True)):
            model.run(name, is_open and is_wanted, is_running, now)

    follow(events.IncidenceOpened)
    for kind, seconds, other in acts:
        following = now + timedelta(seconds=seconds)
        while is_prompt and (at := clocks.timer_at(row)) is not None and at <= following:
            tell(at)
        now = following
        if kind == "policy":
            if any(spans[-1][1] is not None for spans in model.spans.values()) or row.status == "CLOSED":
                continue  # what is paused is judged when it goes on: told in a test of its own
            model.pass_to(now)
            version, model.seconds = version + 1, other
            now_in_force = policy(version, other, is_office=is_office, pauses=pauses)
            for name in model.spans:
                due = model.due(name)
                model.over[name] = model.over.get(name, False) and due is not None and due <= now
            clocks.bring_up(row, FACTS, now_in_force, now, None)
            model.pass_to(now)
        elif (event := act(row, kind, now)) is not None:
            follow(event)
        shown = (row.first_response_due_at, row.next_response_due_at, row.resolution_due_at)
        running = [name in model.spans and model.spans[name][-1][1] is None for name in TARGETS]
        known = [model.due(name) if is_running else None for name, is_running in zip(TARGETS, running, strict=True)]
        for mine, theirs, name in zip(shown, known, TARGETS, strict=True):
            if not (model.over.get(name) and theirs is not None and theirs < now):  # by how much it is over may differ
                assert (mine and round(mine.timestamp(), 3)) == (theirs and round(theirs.timestamp(), 3)), name
    tell(now + timedelta(days=9))
    model.pass_to(now + timedelta(days=9))
    kept = [(one["target"], one["due"] / 1e6) for one in row.sla["breaches"]]
    assert sorted(kept) == sorted((name, due.timestamp()) for name, due in model.missed)
    assert sorted(name for kind, name in told if kind == "incidence.sla_breached") == sorted(name for name, _ in kept)
    assert all(one["told"] for one in row.sla["breaches"])
    at = [datetime.fromtimestamp(one["at"] / 1e6, UTC) for one in row.sla["breaches"]]
    assert row.sla_breached_at == (min(at) if at else None)
