"""Taking in signals: everything that waits goes into one transaction, with no ORM per row.

`ingest` is handed to `Database.merge`. An arrival is one request: one signal that wants an answer about friction, or a
batch that wants counts. Requests of several businesses may share a transaction; each statement names its business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from backend.core.db import by_business
from backend.core.ids import new_id
from backend.core.rows import from_micros, to_micros
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.signals import contexts, events, friction, help
from backend.signals.activity import NOTICERS, Activity, counted
from backend.signals.bulk import Bulk, moment_of
from backend.signals.contexts import Live
from backend.signals.models import ORDER_ID, ORDER_PLACED, Signal
from backend.signals.schemas import Prompt
from backend.work import Work

_SIGNALS: Table = Signal.__table__  # type: ignore[assignment]
_MOST_AGAIN = 5_000
"""Signals that a visit is made again from: of one that sent more, the latest."""
ROWS = Bulk(
    _SIGNALS,
    (
        *("business_id", "customer_id", "occurred_at", "id", "type", "value", "flow", "screen", "properties"),
        *("received_at", "is_told"),
    ),
)


class Told(NamedTuple):
    """One signal as a client told it, checked and cleaned."""

    user_id: str
    type: str
    value: float | None
    flow: str | None
    screen: str | None
    at: int
    """Microseconds since 1970."""
    id: str | None
    properties: str | None
    """JSON."""


def signal_is_there(session: Session, business_id: str, customer_id: str, id: str) -> bool:
    """Whether the customer's signal that was told that id is stored."""
    c = _SIGNALS.c
    query = select(c.id).where(c.business_id == business_id, c.customer_id == customer_id, c.is_told, c.id == id)
    return session.connection().execute(query).first() is not None


@dataclass(slots=True)
class Arrival:
    """One request. `signals` are in the order in which they happened; `is_single` wants a prompt in the answer."""

    business_id: str
    signals: list[Told]
    is_single: bool
    now: int
    visit_timeout: int
    """Microseconds."""
    request_id: str = ""


class Answer(NamedTuple):
    """What a request made of its signals. Score and prompt are those of a single one."""

    accepted: int
    duplicates: int
    score: int = 0
    triggered: bool = False
    prompt: Prompt | None = None


def ingest(session: Session, arrivals: Sequence[Arrival]) -> list[Answer]:
    """Store the signals of all arrivals and answer each, in their order."""
    return by_business(session, arrivals, lambda business_id, own: _Group(session, business_id, own).take_all())


class _Group:
    """The arrivals of one business in one transaction."""

    def __init__(self, session: Session, business_id: str, arrivals: list[Arrival]) -> None:
        self.session, self.business_id, self.arrivals = session, business_id, arrivals
        self.now = max(arrival.now for arrival in arrivals)
        self.moment = moment_of(session)
        users = {told.user_id for arrival in arrivals for told in arrival.signals}
        self.lives = contexts.find_live(session, business_id, users, self.now)
        self.work = Work(session, business_id, from_micros(self.now), request_id=arrivals[0].request_id)
        self.rules: Compiled
        self.prompts: Compiled
        self.rules, self.prompts = rules.current_of(self.work, "friction", "notification")
        self.customers = {live.person.customer_id: live for live in self.lives.values()}
        self.scores = {customer: live.visit.score for customer, live in self.customers.items()}
        self.seen = self._seen_before()
        self.rows: list[tuple[object, ...]] = []
        self.offers: list[help.Offer] = []
        self.orders: list[tuple[str, float | None, int, str | None]] = []
        self.significant: set[str] = set()

    def take_all(self) -> list[Answer]:
        answers = [self._take(arrival) for arrival in self.arrivals]
        ROWS.insert(self.session, self.rows)
        self._restart_visits()
        self._count_pasts()
        contexts.store(self.session, self.business_id, self.customers.values())
        for offer in self.offers:
            help.record_offer(self.work, offer)
        for order in self.orders:
            _record_order(self.work, *order)
        for customer, live in self.customers.items():
            help.record_band(self.work, live, self.scores[customer])
        if self.significant:
            for notice in NOTICERS:
                notice(self.work, {customer: self._activity(customer) for customer in sorted(self.significant)})
        return answers

    def _seen_before(self) -> set[tuple[str, str]]:
        """(customer, id) of the signals told now that are there already."""
        told = [(told.user_id, told.id) for arrival in self.arrivals for told in arrival.signals if told.id is not None]
        if not told:
            return set()
        c = _SIGNALS.c
        query = select(c.customer_id, c.id).where(
            c.business_id == self.business_id,
            c.customer_id.in_({self.lives[user].person.customer_id for user, _ in told}),
            c.is_told,
            c.id.in_({id for _, id in told}),
        )
        return {(customer, id) for customer, id in self.session.connection().execute(query)}

    def _take(self, arrival: Arrival) -> Answer:
        moment, timeout = self.moment, arrival.visit_timeout
        received = moment(arrival.now)
        accepted = 0
        touched: dict[str, str | None] = {}
        for user, type, value, flow, screen, at, id, properties in arrival.signals:
            live = self.lives[user]
            customer = live.person.customer_id
            is_told = id is not None
            if id is None:
                id = new_id()
            elif (customer, id) in self.seen:
                touched.setdefault(user, None)
                continue
            else:
                self.seen.add((customer, id))
            accepted += 1
            self.rows.append(
                (self.business_id, customer, moment(at), id, type, value, flow, screen, properties, received, is_told)
            )
            if type == ORDER_PLACED:
                self.orders.append((customer, value, at, properties))
            if (activity := live.activity) is None or activity.take(type, screen, properties, at):
                self.significant.add(customer)
            if live.visit.take(type, value, flow, screen, at, timeout):
                touched[user] = screen
            else:
                touched.setdefault(user, None)
        answer = Answer(accepted, len(arrival.signals) - accepted)
        for user, screen in touched.items():
            answer = self._judge(self.lives[user], screen, arrival, answer)
        return answer

    def _judge(self, live: Live, screen: str | None, arrival: Arrival, answer: Answer) -> Answer:
        visit = live.visit
        if not visit.is_live(arrival.now):
            visit.rate(0)
            return answer
        judgement = friction.judge_visit(self.rules, visit, live.person, screen, prompts=self.prompts)
        visit.rate(judgement.score)
        if not judgement.offers_help:
            return Answer(answer.accepted, answer.duplicates, judgement.score)
        self.offers += help.offer(live, judgement, arrival.now)
        prompt = help.show(visit, judgement, arrival.now) if arrival.is_single and answer.accepted else None
        return Answer(answer.accepted, answer.duplicates, judgement.score, judgement.is_triggered, prompt)

    def _activity(self, customer: str) -> Activity:
        found = self.customers[customer].activity
        assert found is not None  # counted before it is stored
        return found

    def _count_pasts(self) -> None:
        """Of who is here since before pasts were counted, all signals are."""
        for customer, live in self.customers.items():
            if live.activity is None:
                self.customers[customer] = live._replace(activity=counted(self.work, customer))

    def _restart_visits(self) -> None:
        """Visits whose ending came late are made again from the signals after it."""
        timeout = self.arrivals[0].visit_timeout
        for live in self.customers.values():
            visit, after = live.visit, live.visit.restart_after
            if after is None:
                continue
            visit.end(after)
            c = _SIGNALS.c
            query = (
                select(c.type, c.value, c.flow, c.screen, c.occurred_at)
                .where(c.business_id == self.business_id, c.customer_id == live.person.customer_id)
                .where(c.occurred_at > from_micros(after))
                .order_by(c.occurred_at.desc(), c.id.desc())
                .limit(_MOST_AGAIN)
            )
            for type, value, flow, screen, at in reversed(self.session.connection().execute(query).all()):
                visit.take(type, value, flow, screen, to_micros(at), timeout)
            if visit.is_live(self.now):
                visit.rate(friction.judge_visit(self.rules, visit, live.person).score)


def _record_order(work: Work, customer: str, value: float | None, at: int, properties: str | None) -> None:
    """Tell the rest of the house that an order was placed."""
    told = {"orderId": orjson.loads(properties).get(ORDER_ID) if properties else None, "value": value}
    data = {name: one for name, one in told.items() if one is not None}
    work.emit(events.OrderPlaced(subject_id=customer, customer_id=customer, data=data, occurred_at=from_micros(at)))
