"""The verbs of incidences for the world's past: as `incidences.service` would have left rows and events, only in bulk.

A test holds every verb here against the service's.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from backend.agent.events import DiscountApplied
from backend.agent.models import AgentAction, Discount
from backend.core.clock import instant
from backend.core.money import to_major, to_minor
from backend.demo.ledger import Ledger
from backend.events.event import SYSTEM, Actor, Event
from backend.incidences import channels, clocks, events
from backend.incidences.models import Conversation, Escalation, Incidence
from backend.incidences.queue_rank import rank
from backend.incidences.routing import judged
from backend.incidences.sla_policy import facts_of, policy_in
from backend.incidences.state import escalation_of, state_of
from backend.jobs.models import PendingJob
from backend.rules.service import KINDS, SHIPPED_VERSION

CURRENCY = "INR"
TIME_ZONE = "Asia/Kolkata"
PLATFORM = "freshchat"
WEBHOOK = Actor("webhook", None, "Freshchat")
_EMPTY = dict.fromkeys(Incidence.__table__.columns.keys())


class Case(SimpleNamespace):
    """The columns of an Incidence, with the customer they belong to beside them."""


class Casebook:
    """Opens cases and does to them what agents, customers and timers do."""

    def __init__(
        self, ledger: Ledger, key: Actor, first_number: int, *, currency: str = CURRENCY, time_zone: str = TIME_ZONE
    ) -> None:
        self.ledger, self.key, self.next_number, self._currency = ledger, key, first_number, currency
        self._routing = KINDS["routing"].compile(KINDS["routing"].shipped, SHIPPED_VERSION)
        self._policy = policy_in(KINDS["sla"].compile(KINDS["sla"].shipped, SHIPPED_VERSION), time_zone)
        self._ladder = KINDS["escalation"].compile(KINDS["escalation"].shipped, SHIPPED_VERSION)
        self._handed_up: dict[str, dict[str, Any]] = {}
        self._briefs: dict[int, Mapping[str, Any]] = {}
        self._agents: dict[str, str] = {}
        self._cases: list[Case] = []

    def know(self, agent: Actor) -> None:
        """An agent whom states may name."""
        self._agents[agent.id or ""] = agent.name

    def open(
        self,
        customer: Mapping[str, Any],
        at: datetime,
        *,
        stage: str,
        channel: str,
        trigger: str = "USER_INITIATED",
        platform: str | None = None,
        value: int | None = None,
        occasion: str | None = None,
        **columns: Any,
    ) -> Case:
        """A case for `customer` (a row of Customer), routed by the shipped rules. `value` in major units."""
        routed = judged(self._routing, at, value, occasion)
        allowed = routed.channels or (["CHAT"] if platform else [])
        case = Case(**_EMPTY)
        given = {
            "id": self.ledger.new_id(at),
            "number": self.next_number,
            "customer_id": customer["id"],
            "stage": stage,
            "channel": channel,
            "trigger": trigger,
            "status": "OPEN",
            "version": 0,
            "priority": routed.priority if routed.channels or not platform else 3,
            "summary": "",
            "user_inputs": {},
            "selected_items": [],
            "labels": [],
            "watcher_ids": [],
            "merged_from": [],
            "event_type": occasion,
            "order_value": None if value is None else to_minor(value, self._currency),
            "allowed_channels": allowed,
            "routing": routed.why,
            "is_self_serve": not allowed,
            "auto_escalate_at": routed.escalate_at if allowed else None,
            "platform": platform,
            "waiting_since": at if allowed else None,
            "reopen_count": 0,
            "last_message_seq": 0,
            "created_at": at,
        }
        case.__dict__.update(given | columns)
        self._briefs[case.number] = _brief(customer)
        self._cases.append(case)
        self.next_number += 1
        actor = WEBHOOK if platform else SYSTEM if trigger == "SYSTEM_INITIATED" else self.key
        self._record(case, events.IncidenceOpened, actor, at, {"routing": routed.why, "channels": allowed})
        if platform:
            tie = {"platform": platform, "conversation_id": conversation_of(customer["external_id"], case.number)}
            self.ledger.add(Conversation, **tie, incidence_id=case.id)
        return case

    def receive(self, case: Case, at: datetime, text: str) -> None:
        """The customer writes, by the platform."""
        if case.status == "CLOSED":
            case.outcome = case.resolved_at = case.time_to_resolve = None
            case.reopen_count += 1
        case.snoozed_until, case.status = None, "OPEN"
        case.waiting_since = case.waiting_since or at
        case.last_message = {"text": text[:140], "by": "customer", "at": instant(at)}
        data = {"text": text, "platform": case.platform, "messageId": self.ledger.new_id(at)}
        self._record(case, events.MessageReceived, WEBHOOK, at, data | {"from": self._briefs[case.number]["name"]})

    def take(self, case: Case, at: datetime, agent: Actor) -> None:
        """An agent claims it."""
        case.agent_id = agent.id
        self._record(case, events.IncidenceTaken, agent, at, {"agentId": [None, agent.id]})

    def assign(self, case: Case, at: datetime, by: Actor, to: Actor) -> None:
        """Somebody gives it to an agent."""
        before, case.agent_id = case.agent_id, to.id
        self._record(case, events.IncidenceAssigned, by, at, {"changes": {"agent_id": [before, to.id]}})

    def send(self, case: Case, at: datetime, agent: Actor, text: str) -> None:
        """An agent answers."""
        case.first_response_at = case.first_response_at or at
        case.waiting_since = None
        if case.status in ("OPEN", "SNOOZED"):
            case.snoozed_until, case.status = None, "WAITING"
        case.last_message = {"text": text[:140], "by": "agent", "at": instant(at)}
        self._record(case, events.MessageSent, agent, at, {"text": text})

    def note(self, case: Case, at: datetime, agent: Actor, text: str) -> None:
        """An agent notes something."""
        self._record(case, events.NoteAdded, agent, at, {"text": text})

    def label(self, case: Case, at: datetime, by: Actor, *labels: str) -> None:
        """Somebody puts labels on it that it does not have."""
        case.labels = sorted({*case.labels, *labels})
        self._record(case, events.LabelsChanged, by, at, {"added": sorted(labels), "removed": []})

    def prioritise(self, case: Case, at: datetime, by: Actor, priority: int) -> None:
        """Somebody moves it up or down the queue."""
        before, case.priority = case.priority, priority
        self._record(case, events.IncidenceChanged, by, at, {"changes": {"priority": [before, priority]}})

    def snooze(self, case: Case, at: datetime, agent: Actor, until: datetime) -> None:
        """An agent puts it away; the job that wakes it is wanted."""
        before, case.status, case.snoozed_until = case.snoozed_until, "SNOOZED", until
        changes = {"snoozed_until": [before and instant(before), instant(until)]}
        self._record(case, events.IncidenceSnoozed, agent, at, {"changes": changes})

    def escalate(self, case: Case) -> None:
        """Its time is up: the next channel, at the second when it was due."""
        at, before = case.auto_escalate_at, case.allowed_channels
        case.allowed_channels = list(channels.LADDER[: len(before) + 1])
        case.is_self_serve, case.auto_escalate_at = False, None
        case.waiting_since = case.waiting_since or at
        case.priority = max(1, case.priority - 1)
        minutes = round((at - case.created_at).total_seconds() / 60)
        data = {"channels": [before, case.allowed_channels], "reason": f"unresolved for {minutes} min"}
        self._record(case, events.ChannelEscalated, SYSTEM, at, data)

    def next_timer(self, case: Case) -> datetime | None:
        """When a timer of the case has something to do next."""
        at = [at for at in (case.auto_escalate_at, clocks.timer_at(case)) if at is not None]
        return min(at) if at else None

    def ring(self, case: Case) -> None:
        """What `next_timer` said: the next channel, or a target that is near or was missed."""
        at = self.next_timer(case)
        if at is not None and at == case.auto_escalate_at:
            self.escalate(case)
        elif at is not None:
            for event, said in clocks.tell(case, at):
                self._record(case, event, SYSTEM, at, said)

    def give(self, case: Case, at: datetime, agent: Actor, percent: int) -> None:
        """An agent gives a discount that is pre-approved, as `APPLY_DISCOUNT` does by the shipped rules."""
        amount = case.order_value * percent // 100
        in_rupees, value = to_major(amount, self._currency), to_major(case.order_value, self._currency)
        facts = {
            "order_value": float(value),
            "tier": self._briefs[case.number]["tier"],
            "stage": case.stage,
            "event_type": case.event_type,
            "category": case.issue_category,
            "priority": case.priority,
            "role": agent.role,
            "is_own": case.agent_id == agent.id,
            "action": "APPLY_DISCOUNT",
            "amount": float(in_rupees),
            "percent": float(percent),
            "total_amount": float(in_rupees),
            "total_percent": float(percent),
            "new_value": None,
        }
        rule = "pre_approved_discount"
        mine = {"incidence_id": case.id, "id": self.ledger.new_id(at)}
        self.ledger.add(
            AgentAction,
            **mine,
            member_id=agent.id,
            action="APPLY_DISCOUNT",
            decision="allowed",
            rule=rule,
            rule_version=SHIPPED_VERSION,
            facts=facts,
            at=at,
        )
        self.ledger.add(
            Discount,
            **mine,
            order_id=case.order_id,
            amount=amount,
            percent=float(percent),
            given_by=agent.id,
            given_at=at,
            approval_id=None,
        )
        figures = {"amount": in_rupees, "percent": float(percent), "total": in_rupees, "currency": self._currency}
        told = {"action": "APPLY_DISCOUNT", "rule": rule, "ruleVersion": SHIPPED_VERSION, **figures}
        self._record(case, DiscountApplied, agent, at, told)

    def hand_up(self, case: Case, at: datetime, by: Actor, reason: str, note: str) -> None:
        """An agent escalates it to the level that the shipped rules say; from there it climbs if it is not there yet."""
        facts = {
            "reason": reason,
            "order_value": None if case.order_value is None else float(to_major(case.order_value, self._currency)),
            "minutes_open": (at - case.created_at).total_seconds() / 60,
            "event_type": case.event_type,
            "priority": case.priority,
        }
        firing = self._ladder.evaluate(facts, trace=False).fired[0]
        level, climbs = firing.then["level"], self._ladder.settings["climbsTo"]
        wait = timedelta(seconds=self._ladder.settings["climbAfterSeconds"])
        case.climb_at = at + wait if level in climbs else None
        row = self.ledger.add(
            Escalation,
            id=self.ledger.new_id(at),
            incidence_id=case.id,
            level=level,
            reason=reason,
            status="OPEN",
            raised_by=by.id,
            raised_at=at,
            acknowledged_by=None,
            acknowledged_at=None,
            ended_at=None,
            note=note,
            rule=firing.rule_id,
            rule_version=SHIPPED_VERSION,
            next_climb_at=case.climb_at,
        )
        self._handed_up[case.id] = row
        case.escalation_level, case.escalation_id = level, row["id"]
        said = {"level": [None, level], "reason": reason, "why": firing.text, "rule": row["rule"]}
        said |= {"escalationId": row["id"], "ruleVersion": SHIPPED_VERSION, "facts": facts, "note": note}
        self._record(case, events.Escalated, by, at, said)

    def acknowledge(self, case: Case, at: datetime, by: Actor, note: str) -> None:
        """Somebody above takes it on, which stops the ladder."""
        row = self._handed_up[case.id]
        row.update(status="ACKNOWLEDGED", acknowledged_by=by.id, acknowledged_at=at, note=note, next_climb_at=None)
        case.climb_at = None
        said = {"escalationId": row["id"], "level": row["level"], "note": note}
        self._record(case, events.EscalationAcknowledged, by, at, said)

    def settle(self, case: Case, at: datetime, by: Actor, note: str, *, is_returned: bool = False) -> None:
        """What it was handed up for is settled, or it goes back with what is to be done."""
        row, case.climb_at = self._handed_up.pop(case.id), None
        row.update(status="RETURNED" if is_returned else "RESOLVED", ended_at=at, note=note, next_climb_at=None)
        case.escalation_level = case.escalation_id = None
        event = events.EscalationReturned if is_returned else events.EscalationResolved
        self._record(case, event, by, at, {"escalationId": row["id"], "level": row["level"], "note": note})

    def close(self, case: Case, at: datetime, agent: Actor, **changes: Any) -> None:
        """An agent solves it; `changes` are the outcome and what else is set with it."""
        before = {name: getattr(case, name) for name in changes}
        case.__dict__.update(changes, status="CLOSED", resolved_at=at, snoozed_until=None, waiting_since=None)
        case.auto_escalate_at, case.time_to_resolve = None, round((at - case.created_at).total_seconds())
        told = {name: [before[name], value] for name, value in changes.items() if before[name] != value}
        self._record(case, events.IncidenceClosed, agent, at, {"changes": told})

    def _record(self, case: Case, event: type[Event], actor: Actor, at: datetime, data: dict[str, Any]) -> None:
        case.version += 1
        case.updated_at, case.last_seq = at, self.ledger.seq + 1
        facts = facts_of(case, self._briefs[case.number]["tier"], self._currency)
        if not clocks.is_untouched(case, facts, event):
            clocks.bring_up(case, facts, self._policy, at, event)
        if event in (events.MessageReceived, events.MessageSent):
            case.last_message_seq = case.last_seq
        agent = self._agents.get(case.agent_id) if case.agent_id else None
        handed_up = self._handed_up.get(case.id)
        escalation = None if handed_up is None else escalation_of(handed_up)
        state = state_of(case, self._briefs[case.number], agent, self._currency, escalation, None)
        told = event(subject_id=case.id, incidence_id=case.id, customer_id=case.customer_id, state=state, data=data)
        self.ledger.emit(told, actor, at)

    def keep(self) -> None:
        """Hand the cases as they are now, and the timers they still want, to the ledger."""
        for case in self._cases:
            case.queue_rank = rank(case.status, case.priority, case.waiting_since, case.created_at)
            self.ledger.add(Incidence, **vars(case))
            timers = {"end_snooze": ("snooze", case.snoozed_until)}
            timers["escalate_channel"] = ("escalate-channel", case.auto_escalate_at)
            timers["climb"] = ("climb", case.climb_at)
            timers["watch_sla"] = ("sla", clocks.timer_at(case))
            for job, (mark, due) in timers.items():
                if due is not None:
                    self.ledger.add(
                        PendingJob,
                        id=self.ledger.new_id(case.updated_at),
                        job=f"incidences.{job}",
                        args={"incidence_id": case.id},
                        due_at=due,
                        key=f"{mark}:{case.id}",
                    )


def conversation_of(external_id: str, number: int) -> str:
    """What the chat platform calls the conversation of that case."""
    return f"{external_id}-{number}"


def _brief(customer: Mapping[str, Any]) -> dict[str, Any]:
    """A CustomerBrief as plain data."""
    names = {"id": "id", "userId": "external_id", "name": "name", "tier": "tier", "language": "language"}
    return {wire: customer[column] for wire, column in names.items()}
