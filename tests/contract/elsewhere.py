"""A business in which every kind of thing exists that a path can name, for others to find nothing of.

All of it says MARKER where anybody can write. What no call makes in a moment is put in as a row.
"""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.agent.schemas import ActionAsk
from backend.client import ApiError, Client
from backend.copilot.schemas import ChatAsked, DocumentAdd
from backend.core.rows import Base
from backend.delivery.schemas import ChannelAdd
from backend.finance.models import Recommendation
from backend.identity.schemas import InvitationRead, KeyCreate, MemberAdd
from backend.incidences.bulk_schemas import BulkStart
from backend.incidences.link_schemas import LinkMake
from backend.incidences.macro_schemas import MacroMake
from backend.incidences.schemas import EscalationTrigger
from backend.incidences.view_schemas import ViewKeep
from backend.integrations.models import OutgoingCall
from backend.integrations.schemas import IntegrationAdd
from backend.interventions.schemas import InterventionCreate
from backend.playbooks.schemas import PlaybookMake, TriggerAsk
from backend.retention.flow_schemas import FlowMake
from backend.signals.schemas import SignalPost
from backend.work import Work
from tests.retention.leaver import Leaver
from tests.support.backend import Backend, business_of
from tests.support.incidences import open_case

MARKER = "Zaphod Beeblebrox"
USER = "zaphod"
"""The customer's id in the business's own app: any business may have a customer of that id."""
ORDER = "order-1"
NOWHERE = "https://127.0.0.1:9"
PLAYBOOK = f"""
name: {MARKER}
steps:
- {{kind: wait, id: rest, for: 3d}}
- {{kind: message, id: write, text: "Dear {MARKER}"}}
"""


class Elsewhere:
    """`ids` are of what is there, by the names that paths have for them."""

    def __init__(self, backend: Backend, owner: Client, business: str) -> None:
        self.backend, self.owner, self.business = backend, owner, business
        self.ids = {"business_id": business, "user_id": USER, "order_id": ORDER}

    @classmethod
    async def build(cls, backend: Backend) -> "Elsewhere":
        """Settled: no job of it is due any more."""
        leaver = await Leaver(backend).arrive_as(f"{USER}@example.com", MARKER)
        made = cls(backend, leaver.owner, await business_of(leaver.owner))
        made.ids |= {"subscription_id": leaver.sub, "run_id": (await leaver.start()).run_id}
        await made._set_up()
        await made._open_cases()
        await made._have_playbooks()
        await made._talk()
        await backend.drain()
        await made._find()
        await made._put()
        await backend.drain()
        return made

    async def _set_up(self) -> None:
        owner = self.owner
        hook = IntegrationAdd(platform="webhook", name=MARKER, base_url=NOWHERE, events=["incidence.*"])
        channel = {"kind": "SLACK", "name": MARKER, "address": f"{NOWHERE}/services/T/B/X"}
        member = MemberAdd(email="trillian@example.com", name=MARKER, role="agent")
        invited = await owner.businesses.add_member(self.business, member)
        assert isinstance(invited, InvitationRead)
        flow = {"name": MARKER, "document": {"steps": [{"kind": "confirm", "id": "bye"}]}}
        macro = {"name": MARKER, "steps": {"note": MARKER}}
        self.ids |= {
            "integration_id": (await owner.integrations.add(hook)).id,
            "channel_id": (await owner.delivery.add(ChannelAdd.model_validate(channel))).id,
            "invitation_id": invited.id,
            "member_id": (await owner.identity.me()).member_id,
            "sign_in_id": (await owner.identity.sign_ins()).items[0].id,
            "key_id": (await owner.keys.create(KeyCreate(name=MARKER))).id,
            "flow_id": (await owner.flows.make(FlowMake.model_validate(flow))).flow_id,
            "macro_id": (await owner.macros.make(MacroMake.model_validate(macro))).macro_id,
            "view_id": (await owner.views.keep(ViewKeep(name=MARKER, filter="p1"))).view_id,
            "document_id": (await owner.knowledge.add(DocumentAdd(title=MARKER, text=f"What {MARKER} says."))).id,
            "import_id": (await owner.imports.upload(f"id,name\nc-1,{MARKER}\n".encode(), f"{MARKER}.csv")).id,
        }
        self.ids["letter_id"] = (await owner.delivery.test(self.ids["channel_id"])).id

    async def _open_cases(self) -> None:
        owner, agent = self.owner, await self.backend.member("agent", of=self.owner)
        case = await open_case(owner, USER, orderId=ORDER, summary=MARKER, userInputs={"note": MARKER})
        other = await open_case(owner, USER, summary=MARKER)
        asked = ActionAsk(type="CUSTOM_PRICING", version=case.version, params={"reason": MARKER})
        with pytest.raises(ApiError):
            await agent.agent.act(case.incidence_id, asked)
        act = InterventionCreate.model_validate({"customerId": USER, "type": "call", "description": MARKER})
        bulk = BulkStart.model_validate(
            {"verb": "label", "args": {"add": [MARKER]}, "ids": [{"incidenceId": other.incidence_id}]}
        )
        risen = EscalationTrigger(incidence_id=case.incidence_id, reason="EMOTIONAL", note=MARKER)
        linked = await owner.incidences.link(other.incidence_id, LinkMake(to=case.incidence_id, reason=MARKER))
        self.ids |= {
            "incidence_id": case.incidence_id,
            "customer_id": case.customer.id,
            "approval_id": (await owner.approvals.list()).items[0].approval_id,
            "link_id": linked.link_id,
            "escalation_id": (await agent.escalations.trigger(risen)).escalation_id,
            "intervention_id": (await owner.interventions.create(act)).id,
            "bulk_id": (await owner.bulks.start(bulk)).bulk_id,
        }

    async def _have_playbooks(self) -> None:
        made = await self.owner.playbooks.make(PlaybookMake(yaml=PLAYBOOK))
        ask = TriggerAsk(playbook_id=made.playbook_id, customer_id=self.ids["customer_id"])
        (begun,) = (await self.owner.playbooks.trigger(ask)).items
        self.ids |= {"playbook_id": made.playbook_id, "execution_id": begun.execution_id}

    async def _talk(self) -> None:
        ref = (await self.owner.incidences.show(self.ids["incidence_id"])).ref
        ask = ChatAsked(message=f"Add a note to {ref}: {MARKER} pays by UPI")
        parts = [part async for part in self.owner.copilot.chat(ask)]
        (proposal,) = [part for part in parts if part["type"] == "proposal"]
        self.ids |= {"conversation_id": parts[0]["conversationId"], "proposal_id": proposal["id"]}

    async def _find(self) -> None:
        """What the rest has led to."""
        self.ids |= {
            "alert_id": (await self.owner.alerts.list()).items[0].id,
            "dead_letter_id": (await self.owner.jobs.dead_letters())["items"][0]["id"],  # nothing was set to mail by
            "job_id": (await self.owner.jobs.list())["items"][0]["id"],
            "post_id": (await self.owner.integrations.posts(self.ids["integration_id"])).items[0].id,
        }
        app = await self.backend.key(of=self.owner)
        for _ in range(4):
            told = await app.context.signal(USER, SignalPost(signal_type="platter_view"))
        assert told.prompt is not None
        self.ids["notification_id"] = told.prompt.id

    async def _put(self) -> None:
        self.ids |= await (await self.backend.units(self.owner)).write(self._rows)

    def _rows(self, work: Work) -> dict[str, str]:
        now = work.now
        about = {"rule": "r", "title": MARKER, "reason": MARKER, "action": MARKER, "impact": 15, "priority": "high"}
        advice = Recommendation(**about, status="pending", rule_version=1, created_at=now, updated_at=now, version=1)
        call = OutgoingCall(
            platform="freshchat",
            conversation_id=MARKER,
            incidence_id=self.ids["incidence_id"],
            seq=1,
            kind="NOTE",
            state="FAILED",
            due_at=now,
            error=MARKER,
            created_at=now - timedelta(days=1),
            settled_at=now,
        )
        return {"recommendation_id": work.add(advice).id, "call_id": work.add(call).id}

    async def rows(self) -> dict[str, list[Any]]:
        """All that is kept of the business, by table."""
        tables = [table for table in Base.metadata.sorted_tables if "business_id" in table.c]

        def read(session: Any) -> dict[str, list[Any]]:
            found = {}
            for table in tables:
                query = select(table).where(table.c.business_id == self.business).order_by(*table.primary_key)
                found[table.name] = [tuple(row) for row in session.execute(query)]
            return found

        return await self.backend.runtime.database.read(read)
