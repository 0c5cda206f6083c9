"""Each verb of the world's past leaves what the service leaves: the same events, the same states, the same row."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from backend.agent import actions
from backend.agent.models import AgentAction, Discount
from backend.agent.schemas import ActionAsk
from backend.core.clock import instant
from backend.customers import service as customers
from backend.demo.casebook import CURRENCY, Case, Casebook
from backend.demo.ledger import Ledger
from backend.events.event import SYSTEM, Actor
from backend.events.models import EventBody, EventRow
from backend.incidences import channels, escalation, labels, notes, service
from backend.incidences.models import Escalation, Incidence
from backend.incidences.schemas import (
    EscalationNote,
    EscalationTrigger,
    IncidenceChange,
    IncidenceOpen,
    LabelsChange,
    MessageSend,
    NoteAdd,
    Take,
)
from backend.work import Work
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WEBHOOK = Actor("webhook", None, "Freshchat")
PERSON = {"name": "Tara Pinto", "tier": "GOLD", "language": "kok"}
SOLVED = {"outcome": "CONVERTED", "root_cause": "UPI", "resolution_type": "helped_in_app", "order_impact": "PLACED"}


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def told(work: Work, by: Actor, above: Actor, platform: str | None, value: int) -> Any:
    """The story as the service tells it. The id of the case."""

    def when(minutes: float, actor: Actor) -> None:
        work.now, work.actor = at(minutes), actor

    when(0, WEBHOOK if platform else by)
    customers.ensure_customer(work, "cust-1", **PERSON)
    body = IncidenceOpen(
        user_id="cust-1",
        stage="PRE_ORDER",
        channel="IN_APP_CHAT",
        trigger="USER_INITIATED",
        order_value=value,
        summary="Hi",
    )
    id = service.open_incidence(work, body, platform=platform, is_answered_anyway=platform is not None)["incidenceId"]
    row = service.incidence_of(work, id)
    when(1, WEBHOOK)
    service.receive_message(work, row, "Hello?", {"platform": platform, "messageId": "m", "from": PERSON["name"]})
    when(2, by)
    service.take(work, id, Take())
    when(3, by)
    service.send_message(work, id, MessageSend(text="Namaste", last_seen_seq=2**40))
    when(4, by)
    notes.add_note(work, id, NoteAdd(text="Called back"))
    labels.change(work, id, LabelsChange(add=["vip", "call-back"]))
    when(5, by)
    service.change_incidence(work, id, IncidenceChange(version=row.version, priority=1))
    if row.auto_escalate_at:
        when(10, SYSTEM)
        channels.escalate_unresolved(work, id)
    when(20, by)
    service.change_incidence(work, id, IncidenceChange(version=row.version, snoozed_until=at(90)))
    when(30, WEBHOOK)
    service.receive_message(work, row, "Still there?", {"platform": platform, "messageId": "m", "from": PERSON["name"]})
    when(35, by)
    actions.perform(work, id, ActionAsk(type="APPLY_DISCOUNT", version=row.version, params={"percent": 4}))
    for minute, is_returned in ((36, True), (37, False)):
        when(minute, by)
        body = EscalationTrigger(incidence_id=id, reason="POLICY_EXCEPTION", note="Please", version=row.version)
        raised = escalation.trigger(work, body)["escalationId"]
        when(minute + 0.2, above)
        escalation.acknowledge(work, raised, EscalationNote(version=row.version, note="I look"))
        end = escalation.hand_back if is_returned else escalation.resolve
        end(work, raised, EscalationNote(version=row.version, note="Once"))
    when(40, by)
    service.change_incidence(work, id, IncidenceChange(version=row.version, **SOLVED))
    when(50, WEBHOOK)
    service.receive_message(work, row, "Once more", {"platform": platform, "messageId": "m", "from": PERSON["name"]})
    when(60, by)
    service.change_incidence(work, id, IncidenceChange(version=row.version, agent_id=None))
    service.change_incidence(work, id, IncidenceChange(version=row.version, agent_id=by.id))
    work.session.flush()
    return {column.key: getattr(row, column.key) for column in Incidence.__table__.columns}


def seeded(by: Actor, above: Actor, platform: str | None, value: int) -> tuple[Ledger, Case]:
    """The same story in bulk."""
    ledger = Ledger(Random(1), START)
    book = Casebook(ledger, by, 1)
    book.know(by)
    customer = {"id": ledger.new_id(START), "external_id": "cust-1", **PERSON}
    case = book.open(
        customer, at(0), stage="PRE_ORDER", channel="IN_APP_CHAT", platform=platform, value=value, summary="Hi"
    )
    case.platform = platform
    book.receive(case, at(1), "Hello?")
    book.take(case, at(2), by)
    book.send(case, at(3), by, "Namaste")
    book.note(case, at(4), by, "Called back")
    book.label(case, at(4), by, "vip", "call-back")
    book.prioritise(case, at(5), by, 1)
    if case.auto_escalate_at:
        assert case.auto_escalate_at == at(10)
        book.escalate(case)
    book.snooze(case, at(20), by, at(90))
    book.receive(case, at(30), "Still there?")
    book.give(case, at(35), by, 4)
    for minute, is_returned in ((36, True), (37, False)):
        book.hand_up(case, at(minute), by, "POLICY_EXCEPTION", "Please")
        book.acknowledge(case, at(minute + 0.2), above, "I look")
        book.settle(case, at(minute + 0.2), above, "Once", is_returned=is_returned)
    book.close(case, at(40), by, **SOLVED)
    book.receive(case, at(50), "Once more")
    before, case.agent_id = case.agent_id, None
    book._record(case, service.events.IncidenceAssigned, by, at(60), {"changes": {"agent_id": [before, None]}})
    book.assign(case, at(60), by, by)
    book.keep()
    return ledger, case


def plain(value: Any, known: dict[str, str]) -> Any:
    """Without what must differ: ids and seqs."""
    if isinstance(value, dict):
        return {
            name: plain(one, known)
            for name, one in value.items()
            if name not in ("lastSeq", "lastMessageSeq", "messageId", "escalationId")
        }
    if isinstance(value, list):
        return [plain(one, known) for one in value]
    return known.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("platform", ["freshchat", None])
@pytest.mark.parametrize("value", [1_000, 12_000, 25_000, 90_000])
async def test_the_bulk_verbs_leave_what_the_services_leave(backend: Backend, platform: str | None, value: int) -> None:
    agent = await backend.member("agent")
    me = await agent.identity.me()
    by = Actor("member", me.member_id, me.user.name, "agent")
    them = await (await backend.member("supervisor")).identity.me()
    above = Actor("member", them.member_id, them.user.name, "supervisor")
    units = await backend.units()
    heard: list[Any] = []
    handed_up: list[dict[str, Any]] = []
    beside: dict[Any, dict[str, Any]] = {}

    def story(work: Work) -> Any:
        row = told(work, by, above, platform, value)
        for model in (AgentAction, Discount):
            one = work.session.scalars(select(model)).one()
            beside[model] = {column.key: getattr(one, column.key) for column in model.__table__.columns}
        handed_up.extend(
            {column.key: getattr(one, column.key) for column in Escalation.__table__.columns}
            for one in work.session.scalars(select(Escalation).order_by(Escalation.raised_at))
        )
        heard.extend(
            (event, work.session.get_one(EventBody, (work.business_id, event.seq)))
            for event in work.emitted
            if event.incidence_id
        )
        return row, [
            (e.type, e.actor_kind, e.occurred_at, b.body, b.state, e.subject_id, e.customer_id) for e, b in heard
        ]

    row, events = await units.write(story)
    ledger, case = seeded(by, above, platform, value)
    mine = list(ledger.rows[EventRow.__table__])  # type: ignore[index]
    words = ledger.rows[EventBody.__table__]  # type: ignore[index]
    ids = {row["id"]: "case", case.id: "case", row["customer_id"]: "who", case.customer_id: "who"}
    theirs = [(type, kind, when, plain(body, ids), plain(state, ids)) for type, kind, when, body, state, *_ in events]
    ours = [
        (event["type"], event["actor_kind"], event["occurred_at"], plain(said["body"], ids), plain(said["state"], ids))
        for event, said in zip(mine, words, strict=True)
    ]
    for left, right in zip(ours, theirs, strict=True):
        assert left == right
    # The cases of the world's past have no clock that hands them up: most of them have waited for longer than that.
    different = ("id", "business_id", "customer_id", "last_seq", "last_message_seq", "climb_at")
    kept = ledger.rows[Incidence.__table__][0]  # type: ignore[index]
    assert {name: kept[name] for name in row if name not in different} == {
        name: value for name, value in row.items() if name not in different
    }
    assert kept["last_message"]["at"] == instant(at(50))
    for model, left_behind in beside.items():
        (seeded_row,) = ledger.rows[model.__table__]  # type: ignore[index]
        same = [name for name in left_behind if name not in ("id", "business_id", "incidence_id")]
        assert {name: seeded_row[name] for name in same} == {name: left_behind[name] for name in same}
    for seeded_row, left_behind in zip(ledger.rows[Escalation.__table__], handed_up, strict=True):  # type: ignore[index]
        same = [name for name in left_behind if name not in ("id", "business_id", "incidence_id")]
        assert {name: seeded_row[name] for name in same} == {name: left_behind[name] for name in same}
    assert [row["status"] for row in handed_up] == ["RETURNED", "RESOLVED"]
    assert me.business.currency == CURRENCY
