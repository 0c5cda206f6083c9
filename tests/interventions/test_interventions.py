"""Interventions: begun three ways, changed by version, listed by what is due, told when late, gone with the customer."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.customers import service as customers
from backend.identity.schemas import MemberAdd
from backend.interventions import service
from backend.interventions.schemas import InterventionChange, InterventionCreate, InterventionRead
from backend.signals.schemas import TrackEvent
from tests.support.backend import Backend, business_of
from tests.support.follows import frames

pytestmark = pytest.mark.alike


async def made(backend: Backend, external_id: str, of: Client | None = None, **profile: Any) -> str:
    units = await backend.units(of)
    return await units.write(lambda work: customers.ensure_customer(work, external_id, **profile).id)


async def begin(client: Client, customer: str = "asha", **fields: Any) -> InterventionRead:
    return await client.interventions.create(InterventionCreate.model_validate({"customerId": customer, **fields}))


async def change(client: Client, one: InterventionRead, **fields: Any) -> InterventionRead:
    body = InterventionChange.model_validate({"version": one.version, **fields})
    return await client.interventions.change(one.id, body)


async def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        await call
    return refusal.value.status, refusal.value.code


async def test_by_hand_given_to_somebody_done_and_opened_again(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    id = await made(backend, "asha", name="Asha Rao")
    me = (await agent.identity.me()).member_id
    due = backend.clock.now() + timedelta(days=2)
    one = await begin(agent, "asha", type="Call", priority="HIGH", nextAction=" ask why \x1b[2J", dueDate=due)
    assert (one.customer_id, one.user_id, one.customer_name) == (id, "asha", "Asha Rao")
    assert (one.type, one.priority, one.status, one.origin, one.version) == ("call", "high", "open", "HAND", 1)
    assert (one.next_action, one.due_date, one.created_by, one.cause) == ("ask why [2J", due, me, {})
    two = await change(owner, one, assigneeId=me, status="active")
    assert (two.assignee_id, two.status, two.version) == (me, "active", 2)
    assert two.assignee_name
    assert two.completed_at is None
    done = await change(agent, two, status="completed", outcome="helped", notes="She stays.")
    assert (done.status, done.outcome, done.completed_at) == ("completed", "helped", backend.clock.now())
    assert await change(agent, done, notes="She stays.") == done, "nothing changed: no event, no version"
    again = await change(agent, done, status="active")
    assert (again.status, again.outcome, again.completed_at) == ("active", None, None)
    told = [frame for frame in await frames(backend, owner, 0) if frame["type"].startswith("intervention.")]
    kinds = ["opened", "changed", "completed", "changed"]
    assert [frame["type"] for frame in told] == [f"intervention.{kind}" for kind in kinds]
    assert told[-1]["state"] == again.model_dump(mode="json", by_alias=True) == told[-1]["state"]
    assert told[1]["data"]["changes"]["assigneeId"] == [None, me]
    timeline = await owner.customers.timeline("asha")
    assert {entry.type for entry in timeline.items} >= {"intervention.opened", "intervention.completed"}


async def test_from_a_risk_it_takes_the_reasons_and_what_to_do(backend: Backend) -> None:
    owner, app = await backend.owner(), await backend.key()
    now = backend.clock.now()
    events = [("login", 20), ("payment_failed", 1), ("billing_page_view", 1)]
    told = [TrackEvent(customer_id="asha", event=name, timestamp=now - timedelta(days=ago)) for name, ago in events]
    await app.tracking.track(*told)
    risk = await owner.customers.risk("asha")
    one = await begin(owner, fromRisk=True)
    assert (one.origin, one.priority, one.type) == ("RISK", risk.level, "call")
    assert (one.description, one.next_action) == ("; ".join(risk.factors), risk.suggested_action)
    assert (one.cause["score"], one.cause["level"], one.cause["factors"]) == (risk.score, risk.level, risk.factors)
    assert one.cause_id is not None
    own = await begin(owner, fromRisk=True, priority="low", nextAction="Mine", type="meeting")
    assert (own.priority, own.next_action, own.type, own.description) == ("low", "Mine", "meeting", one.description)
    nobody = await made(backend, "quiet")
    calm = await begin(owner, nobody, fromRisk=True)
    assert (calm.cause["score"], calm.priority, calm.next_action) == (
        0,
        "low",
        (await owner.customers.risk("quiet")).suggested_action,
    )


async def test_by_a_playbook_and_as_holdfast(backend: Backend) -> None:
    await backend.owner()
    await made(backend, "asha")
    units = await backend.units()
    body = InterventionCreate(customer_id="asha", type="email", from_risk=True)
    made_by = lambda work: service.create(work, body, execution_id="run-1", playbook="Win back")  # noqa: E731
    state = await units.write(made_by)
    assert (state["origin"], state["causeId"], state["createdBy"]) == ("PLAYBOOK", "run-1", None)
    assert (state["cause"]["playbook"], state["cause"]["score"]) == ("Win back", 0)


async def test_what_is_refused_changes_nothing(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    await made(backend, "asha")
    one = await begin(owner)
    theirs = (await stranger.identity.me()).member_id
    assert await refused(begin(owner, "nobody")) == (404, "NOT_FOUND")
    assert await refused(begin(stranger, "asha")) == (404, "NOT_FOUND")
    assert await refused(begin(owner, assigneeId=theirs)) == (422, "UNKNOWN_MEMBER")
    assert await refused(change(owner, one, outcome="helped")) == (422, "NOT_COMPLETED")
    assert await refused(stranger.interventions.show(one.id)) == (404, "NOT_FOUND")
    assert await refused(change(stranger, one, status="active")) == (404, "NOT_FOUND")
    assert (await stranger.interventions.list()).items == []
    bodies = (
        {"dueDate": "2026-05-01T09:00:00"},
        {"type": "dance"},
        {"status": "completed"},
        {"description": "x" * 4_001},
        {"assigneeId": "\x00"},
    )
    for body in bodies:
        answer = owner.transport.call("POST", "/api/interventions", None, {"customerId": "asha", **body})
        assert await refused(answer) == (400, "VALIDATION_ERROR"), body
    path = f"/api/interventions/{one.id}"
    for body in ({}, {"version": 1, "colour": "red"}, {"version": 1, "status": None}):
        assert await refused(owner.transport.call("PATCH", path, None, body)) == (400, "VALIDATION_ERROR"), body
    assert await refused(owner.interventions.list(cursor="x")) == (400, "VALIDATION_ERROR")
    page = await owner.interventions.list(sort="created", limit=1)
    assert page.items == [one]
    moved = (await begin(owner), await owner.interventions.list(sort="created", limit=1))[1]
    assert await refused(owner.interventions.list(sort="due", cursor=moved.next_cursor)) == (400, "VALIDATION_ERROR")


async def test_of_two_changes_at_once_one_is_told_of_the_other(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    await made(backend, "asha")
    one = await begin(owner)
    bodies = [change(client, one, notes=f"by {number}") for number, client in enumerate((owner, agent) * 4)]
    answers = await asyncio.gather(*bodies, return_exceptions=True)
    errors = [answer for answer in answers if isinstance(answer, ApiError)]
    assert (len(errors), {error.code for error in errors}) == (7, {"STALE_VERSION"})
    now = await owner.interventions.show(one.id)
    assert now.version == 2
    for error in errors:
        assert error.details["current"] == now.model_dump(mode="json", by_alias=True)
        (since,) = error.details["since"]
        assert since["data"]["changes"]["notes"] == ["", now.notes]


async def test_lists_by_what_is_due_page_and_filter(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    await made(backend, "asha")
    await made(backend, "bela")
    me, now = (await agent.identity.me()).member_id, backend.clock.now()
    days: list[float | None] = [3, None, -1, 1, None, 3]
    for number, ago in enumerate(days):
        due = {} if ago is None else {"dueDate": now + timedelta(days=ago)}
        await begin(owner, "asha" if number % 2 else "bela", description=str(number), **due)
    await begin(agent, assigneeId="me", description="mine", dueDate=now - timedelta(days=2))

    async def names(limit: int = 50, **query: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = await owner.interventions.list(limit=limit, cursor=cursor, **query)
            assert (page.unfinished, page.overdue) == (7, 2)
            found += [one.description for one in page.items]
            if (cursor := page.next_cursor) is None:
                return found

    by_due = ["mine", "2", "3", "0", "5", "1", "4"]
    assert await names() == by_due
    assert await names(limit=2) == by_due
    assert await names(limit=2, sort="created") == ["mine", *"543210"]
    assert await names(overdue=True) == ["mine", "2"]
    assert await names(assignee=me) == ["mine"]
    assert await names(assignee="none") == by_due[1:]
    assert await names(customer="asha") == ["mine", "3", "5", "1"]
    assert await names(status="unfinished") == by_due
    assert await names(status="completed") == []
    assert [one.description for one in (await agent.interventions.list(assignee="me")).items] == ["mine"]


async def test_who_has_it_hears_once_that_it_is_late(backend: Backend) -> None:
    owner, agent, supervisor = await backend.owner(), await backend.member("agent"), await backend.member("supervisor")
    await made(backend, "asha", name="Asha Rao")
    me, due = (await agent.identity.me()).member_id, backend.clock.now() + timedelta(hours=3)
    one = await begin(owner, assigneeId=me, dueDate=due)
    done = await begin(owner, assigneeId=me, dueDate=due)
    later = await begin(owner, assigneeId=me, dueDate=due)
    await change(owner, done, status="completed")
    later = await change(owner, later, dueDate=due + timedelta(hours=3))

    async def heard(client: Client) -> list[tuple[str, int, str]]:
        await backend.drain()
        return [(alert.kind, alert.count, alert.message) for alert in (await client.alerts.list(unread=True)).items]

    assert await heard(agent) == []
    backend.clock.advance(hours=3)
    assert await heard(agent) == [("INTERVENTION_OVERDUE", 1, "an intervention is overdue: call")]
    assert await heard(supervisor) == await heard(owner) == []
    units = await backend.units()
    await units.write(service.remind, one.id)  # the same job once more
    assert len(await heard(agent)) == 1
    backend.clock.advance(hours=3)
    assert [count for _, count, _ in await heard(agent)] == [2], "counted together"
    one = await owner.interventions.show(one.id)
    await change(owner, one, dueDate=backend.clock.now() + timedelta(hours=1))
    backend.clock.advance(hours=1)
    assert [count for _, count, _ in await heard(agent)] == [3], "another date is told again"
    await units.write(service.create, InterventionCreate(customer_id="asha", due_date=backend.clock.now()))
    assert [count for _, count, _ in await heard(supervisor)] == [1], "it is nobody's and nobody asked for it"
    kinds = [frame["type"] for frame in await frames(backend, owner, 0)]
    assert kinds.count("intervention.overdue") == 4


async def test_with_its_customer_the_words_go_and_the_work_ends(backend: Backend) -> None:
    owner = await backend.owner()
    await made(backend, "asha", name="Asha Rao")
    due = backend.clock.now() + timedelta(hours=1)
    one = await begin(owner, description="Asha is cross", nextAction="Call Asha", notes="Asha", dueDate=due)
    done = await change(owner, await begin(owner, notes="Asha left"), status="completed", outcome="lost")
    await owner.customers.erase("asha")
    left = await owner.interventions.show(one.id)
    assert (left.status, left.description, left.next_action, left.notes) == ("cancelled", "", "", "")
    assert left.user_id.startswith("erased-")
    kept = await owner.interventions.show(done.id)
    assert (kept.status, kept.outcome, kept.notes) == ("completed", "lost", "")
    backend.clock.advance(hours=2)
    await backend.drain()
    assert (await owner.alerts.list(unread=True)).items == []
    assert (await owner.audit.verify())["isWhole"]


async def test_nothing_is_begun_for_who_is_being_erased(backend: Backend) -> None:
    owner = await backend.owner()
    await made(backend, "asha")
    calls = [begin(owner, description="Asha") for _ in range(6)]
    answers = await asyncio.gather(*calls[:3], owner.customers.erase("asha"), *calls[3:], return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, ApiError)]
    assert {(refusal.status, refusal.code) for refusal in refusals} <= {(404, "NOT_FOUND")}
    rows = (await owner.interventions.list()).items
    assert len(rows) == 6 - len(refusals)
    assert {(row.description, row.status) for row in rows} <= {("", "cancelled")}


async def test_keys_may_not_and_removed_members_get_nothing(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    await made(backend, "asha")
    assert (await refused(begin(key)))[0] == 403
    body = MemberAdd(email="gone@example.com", name="Gone", role="agent", password="correct horse")
    gone = await owner.businesses.add_member(await business_of(owner), body)
    await owner.businesses.remove_member(await business_of(owner), gone.id)
    assert await refused(begin(owner, assigneeId=gone.id)) == (422, "UNKNOWN_MEMBER")
