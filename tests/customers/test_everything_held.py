"""A customer who left a mark in every field that anybody can write: all of it is in the export, none of it outlives erasing."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import NullPool, create_engine, inspect, text
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from backend import slices
from backend.client import ApiError
from backend.core.rows import Base
from backend.customers.erasure import ERASERS
from backend.customers.holdings import LEFT_OUT, ways
from backend.customers.schemas import CustomerChange
from backend.delivery.schemas import ChannelAdd
from backend.demo.outside.freshchat import FreshchatDouble
from backend.demo.outside.serve import served
from backend.incidences.link_schemas import LinkMake, Merge
from backend.incidences.schemas import EscalationTrigger, IncidenceChange, IncidenceRead, MessageSend, NoteAdd
from backend.incidences.view_schemas import ViewKeep
from backend.integrations.schemas import IntegrationAdd
from backend.interventions.schemas import InterventionChange, InterventionCreate
from backend.jobs.worker import system_url
from backend.signals.schemas import CartPut, ScreenPut, SignalPost, TrackEvent
from tests.agent.asks import act, ask, decide
from tests.integrations.conftest import Chat
from tests.playbooks.trips import make, start
from tests.retention.leaver import Leaver
from tests.support.backend import Backend
from tests.support.incidences import open_case

MARK = "zqmark7731"
LIKE = re.compile(MARK, re.IGNORECASE)


PLAYBOOK = """
name: Every
steps:
- {kind: message, id: write, text: "Dear {customer.name}, about {ref}."}
- {kind: intervention, id: call, type: call, nextAction: Ask}
- {kind: webhook, id: crm, to: crm, data: {a: b}}
"""


async def _quoting(scope: Scope, receive: Receive, send: Send) -> None:
    """Another system that wants nothing, and says of whom; and staff's chat."""
    if scope["path"].startswith("/services"):
        await Response("ok")(scope, receive, send)
        return
    status = 404 if scope["path"].endswith("/messages") else 410
    await JSONResponse({"message": f"{MARK} Rao is not known"}, status)(scope, receive, send)


def cells(url: str) -> Iterator[tuple[str, str]]:
    """(`table.column`, its value as text) of everything in a database, whatever made the table."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    with engine.connect() as connection:
        found = inspect(connection)
        for schema in found.get_schema_names():
            if schema in ("information_schema", "pg_catalog"):
                continue
            for table in found.get_table_names(schema):
                rows = connection.execute(text(f'SELECT * FROM "{schema}"."{table}"'))
                names = list(rows.keys())
                for row in rows:
                    for name, value in zip(names, row, strict=True):
                        if value is not None:
                            yield f"{table}.{name}", _text(value)
    engine.dispose()


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("latin-1")
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def everywhere(backend: Backend, wanted: str) -> set[str]:
    """Where a text stands in the app's database and in the one of its jobs."""
    urls = {backend.url, system_url(backend.url)}
    return {place for url in urls for place, value in cells(url) if wanted.lower() in value.lower()}


class Marked:
    """A business whose customers left the mark; `ids` are theirs."""

    def __init__(self, backend: Backend) -> None:
        self.backend, self.ids, self.cases = backend, [], []  # type: ignore[var-annotated]

    async def live(self) -> "Marked":
        backend = self.backend
        self.leaver = await Leaver(backend).arrive_as(f"{MARK}@example.com", f"{MARK} Rao")
        async with served(_quoting) as url:
            slack = {"kind": "SLACK", "name": "desk", "address": f"{url}/services/T0/B0/X0"}
            await (await backend.owner()).delivery.add(ChannelAdd.model_validate(slack))
            await self.by_the_app()
            await self.by_agents()
            await self.by_playbook(url)
            await self.by_leaving()
            await self.by_chat(url)
            await backend.drain()
            backend.clock.advance(minutes=2)
            await backend.drain()
            assert (await (await backend.owner()).delivery.letters()).items, (
                "staff were told of some of it in their chat"
            )
        return self

    async def by_the_app(self) -> None:
        owner, app = await self.backend.owner(), await self.backend.key()
        self.case = await open_case(
            app,
            f"{MARK}-ext",
            orderValue=60_000,
            orderId=f"o-{MARK}",
            eventType="WEDDING",
            appScreen=f"{MARK} screen",
            userInputs={MARK: MARK},
            selectedItems=[{"note": MARK}],
            issueCategory=MARK,
            summary=f"{MARK} asks",
        )
        user = self.case.customer.user_id
        self.ids.append(self.case.customer.id)
        read = await owner.customers.show(user)
        await owner.customers.change(
            user, CustomerChange(version=read.version, name=f"{MARK} Rao", email=f"{MARK}@example.com", language="en")
        )
        await owner.customers.show(user, reveal=True)
        await app.context.set_screen(user, ScreenPut(screen=f"{MARK} menu"))
        cart = CartPut(cart_items=[{"note": MARK}], selected_platter={"name": MARK}, event_type=MARK)
        await app.context.set_cart(user, cart)
        for type in ("back_navigation", "price_check", MARK):
            for _ in range(6):
                await app.context.signal(user, SignalPost(signal_type=type, flow=MARK, screen=f"{MARK} cart"))
        at = self.backend.clock.now() - timedelta(days=20)
        told = [TrackEvent(customer_id=user, event="login", timestamp=at, id=f"{MARK}-1")]
        told += [TrackEvent(customer_id=user, event="page_view", properties={"screen": MARK, "flow": MARK})]
        told += [TrackEvent(customer_id=user, event="order_placed", properties={"order_id": f"o-{MARK}"})]
        await app.tracking.track(*told)
        body = {"userId": user, "stage": "PRE_ORDER", "channel": "CALL", "trigger": "USER_INITIATED", "summary": MARK}
        again = await owner.transport.call("POST", "/incidences", IncidenceRead, body, idempotency_key=f"{MARK}-key")
        self.cases += [self.case.incidence_id, again.incidence_id]

    async def by_playbook(self, url: str) -> None:
        """What a playbook wrote and told, to an endpoint that quotes the customer when it refuses; and a step that failed."""
        owner = await self.backend.owner()
        await owner.integrations.add(
            IntegrationAdd(platform="webhook", name="crm", base_url=url, events=["customer.*"])
        )
        for failing, yaml in ((False, PLAYBOOK), (True, PLAYBOOK.replace("to: crm", "to: nobody"))):
            await start(owner, await make(owner, yaml.replace("Every", f"Every {failing}")), self.ids[0])
        await self.backend.drain()
        ended = {one.status for one in (await owner.executions.list()).items}
        (crm,) = (await owner.integrations.list()).items
        assert (ended, crm.outgoing, crm.error) == (
            {"COMPLETED", "FAILED"},
            {"DEAD": 1},
            "Webhook crm answered 410 (Gone)",
        )

    async def by_agents(self) -> None:
        backend = self.backend
        owner, agent, supervisor = await backend.owner(), await backend.member(), await backend.member("supervisor")
        case, other = self.case.incidence_id, self.cases[1]
        seen = await agent.incidences.show(case)
        await agent.incidences.send(case, MessageSend(text=f"Dear {MARK}", last_seen_seq=seen.last_seq))
        await agent.incidences.add_to_timeline(case, NoteAdd(text=f"{MARK} is cross"))
        for verb, note in (("approve", f"{MARK} is good"), ("deny", f"{MARK} is not")):
            id = await ask(agent, self.case, percent=15, reason=f"for {MARK}")
            await decide(supervisor, id, verb, note=note)
        await ask(agent, self.case, "CUSTOM_PRICING", amount=50_000, reason=f"{MARK} asks")
        await act(agent, self.case, "CLARIFY_MENU")
        handed = EscalationTrigger.model_validate({"incidenceId": case, "reason": "EMOTIONAL", "note": f"{MARK} cries"})
        await agent.escalations.trigger(handed)
        await owner.incidences.link(other, LinkMake(to=case, reason=f"{MARK} again"))
        one, two = await owner.incidences.show(other), await owner.incidences.show(case)
        merge = Merge(into=case, version=one.version, into_version=two.version, reason=f"both of {MARK}")
        await owner.incidences.merge(other, merge)
        change = {
            "rootCause": f"{MARK} moved",
            "resolutionType": MARK,
            "orderId": f"p-{MARK}",
            "reason": f"{MARK} said",
        }
        change |= {"labels": [MARK], "summary": f"{MARK} again", "outcome": "RESOLVED"}
        now = await owner.incidences.show(case)
        await owner.incidences.change(case, IncidenceChange.model_validate({"version": now.version, **change}))
        await agent.views.keep(ViewKeep(name="hers", filter=f"{MARK}-ext"))
        words = {"description": f"{MARK} may go", "nextAction": f"call {MARK}", "notes": f"{MARK} was away"}
        made = InterventionCreate.model_validate({"customerId": self.ids[0], "fromRisk": True, **words})
        intervention = await agent.interventions.create(made)
        await agent.interventions.change(
            intervention.id, InterventionChange(version=1, notes=f"{MARK} stays", due_date=backend.clock.now())
        )

    async def by_leaving(self) -> None:
        leaver = self.leaver
        await leaver.start()
        await leaver.decide("SURVEY", reason="too_expensive", comment=f"I, {MARK}, am poor")
        await leaver.decide("CANCEL", comment=f"Farewell, {MARK}")
        await self.backend.drain()
        self.ids.append(leaver.customer)

    async def by_chat(self, url: str) -> None:
        """Written to, and answered on a platform that quotes them as it refuses."""
        double = FreshchatDouble()
        self.backend.settings.freshchat_public_key = double.public_key
        chat = Chat(self.backend, double)
        said = double.message_create(f"c-{MARK}", f"I am {MARK}", user_id=f"fc-{MARK}", at=chat.at(-1))
        await chat.tell(said)
        case = await chat.incidence(f"c-{MARK}")
        assert case is not None
        self.ids.append(case.customer_id)
        self.cases.append(case.id)
        owner = await self.backend.owner()
        body = IntegrationAdd(platform="freshchat", base_url=url, token="t", agent_id="a-1", sends=["messages"])
        await owner.integrations.add(body)
        await chat.tell(double.message_create("c-2", "I am too", user_id="fc-2", at=chat.at(-1)))
        other = await chat.incidence(
            "c-2"
        )  # what jobs are for is kept by the conversation's id, which is nobody's name
        assert other is not None
        self.ids.append(other.customer_id)
        seen = await owner.incidences.show(other.id)
        await owner.incidences.send(other.id, MessageSend(text=f"Dear {MARK}", last_seen_seq=seen.last_seq))
        await self.backend.drain()
        assert {one.error for one in (await owner.integrations.list()).items if one.platform == "freshchat"} == {
            "Freshchat answered 404 (Not Found)"
        }
        await chat.http.aclose()


@pytest.fixture
async def marked(backend: Backend) -> Marked:
    return await Marked(backend).live()


KEPT_ELSEWHERE = {"pending_jobs", "dead_letters", "saved_views", *LEFT_OUT}
"""Tables of an app's database that name a customer and are no part of what is held of them: timers and jobs by id, an
agent's own filters."""


async def test_all_of_it_is_exported_and_none_of_it_outlives_erasing(marked: Marked) -> None:
    backend, owner = marked.backend, await marked.backend.owner()
    tables = {table.name for table in Base.metadata.sorted_tables}
    held: dict[str, set[str]] = {}
    for id in marked.ids:
        document = await owner.customers.export(id)
        held[id] = set(document.tables)
        assert document.rows == {name: len(rows) for name, rows in document.tables.items()}
        assert {name for name, rows in document.tables.items() if not rows} == set()
    everything = set().union(*held.values())
    traces = [MARK, *marked.ids, *marked.cases]
    where = {place.partition(".")[0] for trace in traces for place in everywhere(backend, trace)} & tables
    assert where - everything - KEPT_ELSEWHERE == set()
    assert {"signals", "events", "event_bodies", "webhook_deliveries", "retention_runs", "interventions"} <= everything
    before = await owner.audit.verify()
    for id in marked.ids:
        await owner.customers.erase(id)
    await backend.drain()
    assert sorted(everywhere(backend, MARK)) == []
    after = await owner.audit.verify()
    assert (before["isWhole"], after["isWhole"]) == (True, True)
    page = await owner.transport.call("GET", "/incidences", None, limit=200)
    assert not LIKE.search(orjson.dumps(page).decode())
    exported = (await owner.audit.list(type="customer.exported"))["items"]
    assert len(exported) == len(marked.ids)


def test_every_slice_that_holds_something_of_customers_says_what_becomes_of_it() -> None:
    slices.load("erasure")
    erasing = {eraser.__module__.split(".")[1] for eraser in ERASERS} | {"customers", "events", "delivery"}
    of_table = {
        mapper.local_table.name: mapper.class_.__module__.split(".")[1]  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
    }
    silent = {table.name for table in ways() if of_table[table.name] not in erasing}
    assert silent == set()


def test_the_walk_finds_what_points_at_a_customer_from_afar() -> None:
    slices.load("models")
    found = {table.name for table in ways()}
    assert {"customers", "customer_handles", "incidences", "event_bodies", "bulk_rows", "run_rewards"} <= found
    assert found.isdisjoint({"members", "users", "plans", "flows", "rule_set_versions", "api_keys", "macros"})


async def test_an_export_is_for_admins_and_of_one_customer(backend: Backend, tmp_path: Path) -> None:
    owner, supervisor, stranger = (
        await backend.owner(),
        await backend.member("supervisor"),
        await backend.another_owner(),
    )
    app = await backend.key()
    one, other = await open_case(app, "asha", summary="Hers"), await open_case(app, "bela", summary="Another's")
    document = await owner.customers.export("asha")
    assert (document.user_id, document.tables["customers"][0]["external_id"]) == ("asha", "asha")
    assert [row["summary"] for row in document.tables["incidences"]] == ["Hers"]
    assert other.incidence_id not in document.model_dump_json()
    assert document.tables["event_bodies"][0]["state"]["incidenceId"] == one.incidence_id
    for client, status in ((supervisor, 403), (stranger, 404), (app, 403)):
        with pytest.raises(ApiError) as refusal:
            await client.customers.export(one.customer.id)
        assert refusal.value.status == status
    (entry,) = (await owner.audit.list(type="customer.exported"))["items"]
    assert entry["data"]["rows"] == document.rows
