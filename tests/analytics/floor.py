"""A floor on which things happen: done by the services as people do them, and written down at the same time."""

from datetime import datetime, timedelta
from typing import Any

from backend.analytics import counting
from backend.client import Client
from backend.events.event import Actor
from backend.identity.models import Business
from backend.incidences import escalation, service
from backend.incidences.schemas import EscalationTrigger, IncidenceChange, IncidenceOpen, MessageSend, Take
from backend.rules import service as rules
from backend.signals.schemas import SignalPost
from backend.unit import Units
from backend.work import Work
from tests.analytics.history import Case, History
from tests.support.backend import Backend


class Floor:
    """One business of a backend, one member who does everything, and the customers' app."""

    def __init__(self, backend: Backend, owner: Client, key: Client, business_id: str, member_id: str) -> None:
        self.backend, self.owner, self.key, self.business_id = backend, owner, key, business_id
        self.units = Units(backend.runtime, business_id, Actor("member", member_id, "Asha", "owner"))
        self.customers = Units(backend.runtime, business_id, Actor("key", "key", "web"))
        self.history = History()

    @classmethod
    async def open(cls, backend: Backend, zone: str, at: datetime) -> "Floor":
        """A new business in `zone`, at `at`."""
        backend.clock.advance(seconds=(at - backend.clock.now()).total_seconds())
        owner = await backend.another_owner()
        me = await owner.identity.me()
        floor = cls(backend, owner, await backend.key(of=owner), me.business.id, me.member_id)
        await floor.units.write(_move, zone)
        return floor

    @property
    def now(self) -> datetime:
        return self.backend.clock.now()

    async def move(self, zone: str) -> None:
        """The business moves to another zone."""
        await self.units.write(_move, zone)

    def wait(self, **time: float) -> None:
        self.backend.clock.advance(**time)

    async def count(self) -> None:
        """Bring milestones and roll-ups up to date, as the job does."""
        await counting.catch_up(Units(self.backend.runtime, self.business_id))

    async def case(
        self, customer: str = "u-1", category: str | None = "payment", channel: str = "IN_APP_CHAT", value: int = 12_000
    ) -> Case:
        given = {"userId": customer, "issueCategory": category, "channel": channel, "orderValue": value}
        body = {"stage": "PRE_ORDER", "trigger": "USER_INITIATED", "appScreen": "checkout", **given}
        state = await self.customers.write(service.open_incidence, IncidenceOpen.model_validate(body))
        case = Case(state["incidenceId"], customer, category, channel, state["isSelfServe"])
        self.history.cases.append(case)
        case.log.append((self.now, "open", "key"))
        return case

    def _did(self, case: Case, what: str, who: str = "member") -> None:
        case.log.append((self.now, what, who))
        if what in ("take", "reply") and case.id not in self.history.helped:
            self.history.helped.append(case.id)

    async def take(self, case: Case) -> None:
        """The member takes a case, once."""
        if case.at("close") and not case.is_open_at(self.now + timedelta(microseconds=1)):
            return
        if not case.at("take"):
            await self.units.write(service.take, case.id, Take())
            self._did(case, "take")

    async def reply(self, case: Case) -> None:
        if self._is_open(case):
            await self.units.write(service.send_message, case.id, MessageSend(text="Yes.", last_seen_seq=10**9))
            self._did(case, "reply")

    async def close(self, case: Case, outcome: str = "RESOLVED") -> None:
        if self._is_open(case):
            state = await self._change(case, outcome=outcome)
            case.kept[self.now] = state["slaBreached"] == []
            self._did(case, "close")

    async def reopen(self, case: Case) -> None:
        if not self._is_open(case):
            await self._change(case, status="OPEN")
            self._did(case, "reopen")

    async def written_to(self, case: Case) -> None:
        """The customer writes: a closed case is open again."""
        was_open = self._is_open(case)
        await self.customers.write(_receive, case.id)
        self._did(case, "message" if was_open else "reopen", "customer")

    async def rename(self, case: Case, category: str | None) -> None:
        """The issue turns out to be another one."""
        if case.category != category:
            await self._change(case, issue_category=category)
            case.category = category
            self._did(case, "rename")

    async def escalate(self, case: Case) -> None:
        """Handed up once, as a system bug."""
        if self._is_open(case) and not case.at("escalate"):
            body = EscalationTrigger(incidence_id=case.id, reason="SYSTEM_BUG")
            await self.units.write(escalation.trigger, body)
            self._did(case, "escalate")

    async def order(self, customer: str = "u-1", amount: float = 100, ago: timedelta = timedelta()) -> None:
        """The customer placed an order `ago`; the app tells it now."""
        at, id = self.now - ago, f"order-{len(self.history.orders)}"
        body = SignalPost(signal_type="order_placed", value=amount, id=id, timestamp=at)
        await self.key.context.signal(customer, body)
        self.history.orders.append((customer, id, at))

    async def publish(self, kind: str, **settings: Any) -> None:
        """Other settings of a rule set."""
        now = await self.units.read(rules.read, kind)
        body = {"version": now["version"], "settings": {**now["settings"], **settings}, "reason": "test"}
        await self.units.write(rules.replace, kind, body)

    def _is_open(self, case: Case) -> bool:
        return case.turns()[-1][1] != "close"

    async def _change(self, case: Case, **fields: Any) -> Any:
        version = (await self.units.read(service.read_incidence, case.id))["version"]
        body = IncidenceChange(version=version, **fields)
        return await self.units.write(service.change_incidence, case.id, body)


def _move(work: Work, zone: str) -> None:
    work.get(Business, work.business_id).time_zone = zone


def _receive(work: Work, id: str) -> None:
    row = service.incidence_of(work, id, to_change=True)
    service.receive_message(work, row, "Still there?", {})
