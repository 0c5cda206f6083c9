"""The table of who may call what, walked path by path: what it says is what happens, and nothing is beside it."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Match, Route

from backend import slices
from backend.agent.schemas import ActionAsk
from backend.app import create_app, routes_of
from backend.client import ApiError, Client
from backend.copilot.schemas import ChatAsked, DocumentAdd
from backend.core.errors import Forbidden
from backend.delivery.schemas import ChannelAdd
from backend.finance.models import Recommendation
from backend.identity.permissions import ROLES, SCOPES, TABLE, Access
from backend.identity.schemas import InvitationRead, KeyCreate, MemberAdd
from backend.incidences.macro_schemas import MacroMake
from backend.incidences.schemas import EscalationTrigger, IncidenceOpen
from backend.incidences.view_schemas import ViewKeep
from backend.integrations.schemas import IntegrationAdd
from backend.interventions.schemas import InterventionCreate
from backend.playbooks.schemas import PlaybookMake
from backend.retention.flow_schemas import FlowMake
from backend.runtime import Runtime
from backend.work import Work
from tests.support.backend import Backend, business_of
from tests.support.socket import Socket

pytestmark = pytest.mark.alike

UNKNOWN = "01900000-0000-7000-8000-000000000000"
NOWHERE = {name: UNKNOWN for _, path in TABLE for name in re.findall(r"{(\w+)}", path)}
NOWHERE |= {"kind": "friction", "version": "1", "metric": "orders"}
MARKER = "Zaphod Beeblebrox"
Wanted = Callable[[Access], set[int] | None]
"""The statuses that are right for a path; None when anything but 401, 403 and 5xx is."""


async def answers(backend: Backend, client: Client, ids: dict[str, str]) -> AsyncIterator[tuple[Any, httpx.Response]]:
    """What each path of the table answers to `client`; signing out comes last."""
    for (method, path), access in sorted(TABLE.items(), key=lambda entry: entry[0][1] == "/api/auth/logout"):
        if method == "WS":
            async with Socket(
                backend.app, path.format(**ids), token=client.transport.access_token, key=client.transport.api_key
            ) as line:
                is_in = line.status == 101 and client.transport.access_token is not None
                yield (method, path, access), httpx.Response(200 if is_in else line.status, json=line.refusal)
            continue
        response = await client.transport._http.request(
            method,
            path.format(**ids),
            headers=client.transport.headers,
            json={} if method in ("POST", "PUT", "PATCH") else None,
        )
        yield (method, path, access), response


def wrong_envelope(method: str, response: httpx.Response) -> str:
    """What is wrong with the body of a refusal, if anything."""
    if response.status_code < 400 or method in ("HEAD", "WS"):
        return ""
    body = response.json()
    error = body.get("error", {})
    if body.get("jsonrpc") == "2.0":  # MCP's own shape, for what is no message of it
        return "" if response.status_code == 400 and {"code", "message"} <= set(error) else response.text
    is_right = body.get("success") is False and set(error) == {"code", "message", "details", "requestId"}
    is_right = is_right and error["code"].replace("_", "").isupper() and error["message"]
    is_right = is_right and error["requestId"] == response.headers["x-request-id"]
    return "" if is_right else response.text


async def walk(backend: Backend, client: Client, wanted: Wanted) -> list[Any]:
    """Where the answers differ from what is wanted."""
    wrong = []
    async for (method, path, access), response in answers(backend, client, NOWHERE):
        statuses, status = wanted(access), response.status_code
        if path.startswith("/webhooks/"):  # the signature is the permission, and there is none
            statuses = {200} if method == "HEAD" else {401, 403, 503}
        fits = status in statuses if statuses else status not in (401, 403) and status < 500
        if not fits or wrong_envelope(method, response):
            wrong.append((method, path, status, wrong_envelope(method, response)))
    return wrong


async def test_without_credentials_only_open_paths_answer(backend: Backend) -> None:
    wanted: Wanted = lambda access: None if access.is_open else {401}  # noqa: E731
    wrong = await walk(backend, await backend.anonymous(), wanted)
    # A line admits who brings a token or key in the first frame, and closes on everybody else.
    assert [one for one in wrong if (one[0], one[2]) != ("WS", 101)] == []


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "Bearer"])
async def test_a_garbage_token_opens_nothing(backend: Backend, token: str) -> None:
    client = backend.client()
    client.transport.access_token = token
    assert await walk(backend, client, lambda access: None if access.is_open else {401}) == []


async def test_an_expired_token_opens_nothing(backend: Backend) -> None:
    owner = await backend.owner()
    backend.clock.advance(days=8)
    assert await walk(backend, owner, lambda access: None if access.is_open else {401}) == []


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_opens_what_the_table_says(backend: Backend, role: str) -> None:
    client = await backend.member(role)
    await backend.drain()  # with jobs running, their paths answer
    assert await walk(backend, client, lambda access: None if access.is_open or role in access.roles else {403}) == []


async def test_a_key_opens_what_its_scopes_say(backend: Backend) -> None:
    for scope in SCOPES:
        client = await backend.key(scope)
        wanted: Wanted = lambda access, scope=scope: None if access.is_open or access.scope == scope else {403}  # type: ignore[misc]  # noqa: E731
        assert await walk(backend, client, wanted) == [], scope


async def test_a_key_without_a_scope_is_told_which(backend: Backend) -> None:
    client = await backend.key(*(scope for scope in SCOPES if scope != "track"))
    response = await client.transport._http.post("/api/track", json={}, headers=client.transport.headers)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["details"]) == (403, "SCOPE_MISSING", {"scope": "track"})


async def test_a_revoked_key_opens_nothing(backend: Backend) -> None:
    owner = await backend.owner()
    created = await owner.keys.create(KeyCreate(name="web"))
    await owner.keys.revoke(created.id)
    client = backend.client(api_key=created.key)
    assert await walk(backend, client, lambda access: None if access.is_open else {401}) == []


async def things(backend: Backend, owner: Client) -> dict[str, str]:
    """Ids of what is really there, by the names that paths have for them. All of it says MARKER somewhere."""
    opened = await owner.incidences.open(
        IncidenceOpen.model_validate(
            {"userId": "zaphod", "orderId": "order-1", "stage": "PRE_ORDER", "channel": "IN_APP_CHAT"}
            | {"trigger": "USER_INITIATED", "userInputs": {"note": MARKER}}
        )
    )
    (customer,) = (await owner.customers.list()).items
    business = await business_of(owner)
    asked = ActionAsk(type="CUSTOM_PRICING", version=opened.version, params={"reason": MARKER})
    with pytest.raises(ApiError):
        await owner.agent.act(opened.incidence_id, asked)
    (approval,) = (await owner.approvals.list()).items
    macro = await owner.macros.make(MacroMake.model_validate({"name": MARKER, "steps": {"note": MARKER}}))
    playbook = await owner.playbooks.make(PlaybookMake(yaml=f"name: {MARKER}\nsteps:\n- {{kind: offer, id: a}}"))
    document = await owner.knowledge.add(DocumentAdd(title=MARKER, text=f"What {MARKER} says."))
    talk = [part async for part in owner.copilot.chat(ChatAsked(message=f"Who is {MARKER}?"))]
    body = MemberAdd(email="zaphod@example.com", name=MARKER, role="agent")
    invited = await owner.businesses.add_member(business, body)
    assert isinstance(invited, InvitationRead)
    flow = await owner.flows.make(
        FlowMake.model_validate({"name": MARKER, "document": {"steps": [{"kind": "confirm", "id": "bye"}]}})
    )
    act = InterventionCreate.model_validate({"customerId": "zaphod", "type": "call", "description": MARKER})
    channel = ChannelAdd.model_validate(
        {"kind": "SLACK", "name": MARKER, "address": "https://127.0.0.1:9/services/T/B/X"}
    )
    hook = IntegrationAdd(platform="webhook", name=MARKER, base_url="https://127.0.0.1:9")
    risen = await owner.escalations.trigger(EscalationTrigger(incidence_id=opened.incidence_id, reason="EMOTIONAL"))

    def advise(work: Work) -> str:
        about = {"rule": "r", "title": MARKER, "reason": MARKER, "action": MARKER, "impact": 15, "priority": "high"}
        now = work.now
        row = Recommendation(**about, status="pending", rule_version=1, created_at=now, updated_at=now, version=1)
        return work.add(row).id

    return {
        "approval_id": approval.approval_id,
        "business_id": business,
        "member_id": (await owner.identity.me()).member_id,
        "key_id": (await owner.keys.create(KeyCreate(name=MARKER))).id,
        "incidence_id": opened.incidence_id,
        "customer_id": customer.id,
        "escalation_id": risen.escalation_id,
        "flow_id": flow.flow_id,
        "intervention_id": (await owner.interventions.create(act)).id,
        "channel_id": (await owner.delivery.add(channel)).id,
        "integration_id": (await owner.integrations.add(hook)).id,
        "view_id": (await owner.views.keep(ViewKeep(name=MARKER, filter="p1"))).view_id,
        "sign_in_id": (await owner.identity.sign_ins()).items[0].id,
        "macro_id": macro.macro_id,
        "playbook_id": playbook.playbook_id,
        "document_id": document.id,
        "conversation_id": talk[0]["conversationId"],
        "invitation_id": invited.id,
        "recommendation_id": await (await backend.units(owner)).write(advise),
    }


async def test_another_business_sees_and_changes_nothing_of_ours(backend: Backend) -> None:
    """With the ids of things that are really there, and the most mighty role elsewhere; nor is any of it heard there."""
    owner, stranger = await backend.owner(), await backend.another_owner()
    async with Socket(backend.app, token=stranger.transport.access_token) as line:
        await line.next("hello")
        known = await things(backend, owner)
        await backend.drain()
        own = await stranger.keys.create(KeyCreate(name="own"))
        frame = await line.next("event")
        while frame["subject"]["id"] != own.id:
            assert not [id for id in known.values() if id in str(frame)], frame
            frame = await line.next("event")
    incidence, ids = known["incidence_id"], NOWHERE | known | {"user_id": "zaphod", "order_id": "order-1"}
    opened = await owner.incidences.show(incidence)
    state = await owner.finance.recommendations(known["business_id"])
    assert [one.title for one in state.items] == [MARKER]
    before = await owner.audit.verify()
    secrets = {MARKER, *known.values()} - {known["business_id"]}
    wrong = []
    async for (method, path, access), response in answers(backend, stranger, ids):
        named = path.count("{") and not path.startswith("/api/rules")
        is_reading = response.status_code == 200 and method == "GET" and not (named and "business_id" in path)
        fits = not named or is_reading or access.is_open or response.status_code in (400, 404)
        told = [secret for secret in secrets if secret in response.text and secret not in path.format(**ids)]
        if access.scope and not access.roles:
            fits = response.status_code == 403
        if not fits or told or (response.status_code >= 500 and not path.startswith("/webhooks/")):
            wrong.append((method, path, response.status_code, told, response.text[:300]))
    assert wrong == []
    await backend.drain()
    assert await owner.audit.verify() == before
    assert await owner.incidences.show(incidence) == opened
    assert await owner.finance.recommendations(known["business_id"]) == state


async def test_the_table_and_the_app_have_the_same_paths(backend: Backend) -> None:
    assert routes_of(backend.app) == set(TABLE)


async def test_no_route_hides_another(backend: Backend) -> None:
    routes = [route for route in backend.app.routes if isinstance(route, Route)]
    for route in routes:
        for method in route.methods or ():
            scope = {"type": "http", "path": re.sub(r"{[^}]+}", "x", route.path), "method": method, "headers": []}
            assert next(one for one in routes if one.matches(scope)[0] is Match.FULL) is route, (method, route.path)


def unlisted(route: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make slices have one more router with `route`."""

    class Module:
        router = APIRouter(routes=[route])

    load = slices.load
    monkeypatch.setattr(slices, "load", lambda part: [*load(part), *([Module] if part == "router" else [])])


@pytest.mark.parametrize("path", ["/unlisted", "/api/track"])
async def test_the_app_refuses_to_start_with_a_route_that_is_not_listed(
    backend: Backend, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def endpoint(request: Any) -> None:
        raise AssertionError

    unlisted(Route(path, endpoint, methods=["DELETE"]), monkeypatch)
    with pytest.raises(RuntimeError, match=path):
        create_app(Runtime.build(backend.settings), run_jobs=False)


async def test_the_app_refuses_to_start_with_a_route_that_passes_by_the_gate(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def endpoint() -> None:
        raise AssertionError

    unlisted(APIRoute("/api/jobs", endpoint), monkeypatch)
    with pytest.raises(RuntimeError, match=r"pass by the gate.*/api/jobs"):
        create_app(Runtime.build(backend.settings), run_jobs=False)


async def test_what_is_in_no_table_is_for_nobody(backend: Backend) -> None:
    owner = await backend.owner()
    with pytest.raises(Forbidden):
        await backend.runtime.gate.enter("GET", "/unlisted", owner.transport.headers, {})


def test_every_scope_opens_something_and_every_scope_is_known() -> None:
    used = {access.scope for access in TABLE.values() if access.scope}
    assert used <= set(SCOPES)
    assert all(access.is_open or access.roles or access.scope for access in TABLE.values())


def test_each_role_may_all_that_the_ones_below_may() -> None:
    for access in TABLE.values():
        assert access.roles == () or access.roles == ROLES[ROLES.index(access.roles[0]) :]
