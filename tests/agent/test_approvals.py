"""Approvals: decided by somebody else, in time, with what changed before the eye, and carried out once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend.agent.approvals import digest_of
from backend.agent.models import Approval
from backend.agent.schemas import ApprovalRead
from backend.client import ApiError, Client
from backend.customers.schemas import CustomerChange
from backend.identity.models import IdempotentAnswer
from backend.incidences.schemas import IncidenceChange, IncidenceRead
from backend.work import Work
from tests.agent.asks import act, ask, decide, kinds, one, pending, refused
from tests.support.backend import PASSWORD, Backend
from tests.support.follows import follows, frames
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def discounts(client: Client, case: IncidenceRead) -> list[float | int]:
    board = await client.agent.dashboard(case.incidence_id)
    return [discount.amount for discount in board.order_context.discounts]


async def change(client: Client, case: IncidenceRead, **fields: Any) -> IncidenceRead:
    now = await client.incidences.show(case.incidence_id)
    body = IncidenceChange.model_validate({"version": now.version, **fields})
    return await client.incidences.change(case.incidence_id, body)


async def test_asked_for_and_approved(backend: Backend) -> None:
    """It is carried out for who asked, in the same moment, and the request can be used no more."""
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key(), orderValue=31_000)
    id = await ask(agent, case, percent=15)
    (approval,) = await pending(supervisor)
    assert approval.diff == ["discount 15 % of 31,000 = 4,650"]
    assert approval.reason == "15 % of the order, 4,650 in all; the limit is 10 % and 5,000"
    assert (approval.approval_id, approval.ref, approval.action) == (id, case.ref, "APPLY_DISCOUNT")
    assert (approval.params, approval.changes, len(approval.digest)) == ({"percent": 15}, [], 64)
    assert (approval.requested_by_name, approval.rule) == ("Agent 2", "discount_over_limit")
    assert approval.expires_at == backend.clock.now() + timedelta(minutes=15)
    assert [one.approval_id for one in (await agent.agent.dashboard(case.incidence_id)).approvals] == [id]
    done = await decide(supervisor, id, note="a good customer")
    assert (done.status, done.decided_by_name, done.note, done.failure) == (
        "USED",
        "Supervisor 3",
        "a good customer",
        None,
    )
    assert await discounts(agent, case) == [4_650]
    assert await kinds(agent, case) == [
        "incidence.opened",
        "approval.requested",
        "incidence.action_denied",
        "incidence.discount_applied",
        "approval.approved",
    ]
    given = (await agent.incidences.timeline(case.incidence_id)).items[-2]
    assert given.actor["name"] == "Agent 2"
    assert given.data is not None
    assert (given.data["approvalId"], given.data["approvedBy"]) == (id, "Supervisor 3")
    for verb in ("approve", "deny"):
        error = await refused(decide(supervisor, id, verb))
        assert (error.status, error.code) == (409, "ALREADY_DECIDED")
        assert error.details["current"]["status"] == "USED"
    assert await discounts(agent, case) == [4_650]
    assert await pending(supervisor) == []
    backend.clock.advance(minutes=16)
    await backend.drain()
    assert (await one(supervisor, id)).status == "USED"


def test_a_digest_tells_every_difference() -> None:
    asked = [
        digest_of("APPLY_DISCOUNT", {"percent": 15, "reason": "late"}, "case", 3),
        digest_of("APPLY_DISCOUNT", {"percent": 15.0001, "reason": "late"}, "case", 3),
        digest_of("APPLY_DISCOUNT", {"amount": 15, "reason": "late"}, "case", 3),
        digest_of("MANUAL_DISCOUNT_OVER_LIMIT", {"percent": 15, "reason": "late"}, "case", 3),
        digest_of("APPLY_DISCOUNT", {"percent": 15, "reason": "late"}, "another", 3),
        digest_of("APPLY_DISCOUNT", {"percent": 15, "reason": "late"}, "case", 4),
    ]
    assert len(set(asked)) == len(asked)
    assert asked[0] == digest_of("APPLY_DISCOUNT", {"reason": "late", "percent": 15}, "case", 3)


async def test_denied(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    id = await ask(agent, case)
    denied = await decide(supervisor, id, "deny", note="not for this")
    assert (denied.status, denied.note, denied.version) == ("DENIED", "not for this", 2)
    assert await discounts(agent, case) == []
    assert await agent.incidences.show(case.incidence_id) == case


async def test_who_may_decide(backend: Backend) -> None:
    """Not an agent, not who asked, whatever their role, and nobody of another business."""
    agent, supervisor, owner = await backend.member("agent"), await backend.member("supervisor"), await backend.owner()
    case = await open_case(await backend.key())
    id = await ask(supervisor, case)
    stranger = await backend.another_owner()
    for verb in ("approve", "deny"):
        own = await refused(decide(supervisor, id, verb))
        assert (own.status, own.code) == (403, "OWN_REQUEST")
        assert (await refused(decide(agent, id, verb, version=1))).status == 403
        assert (await refused(decide(stranger, id, verb, version=1))).status == 404
        assert (await refused(decide(owner, "nothing", verb, version=1))).status == 404
    assert (await refused(agent.approvals.list())).status == 403
    assert (await stranger.approvals.list()).items == []
    assert (await decide(owner, id)).status == "USED"


async def test_it_expires_at_its_second(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    early, late = await ask(agent, case, "CUSTOM_PRICING"), await ask(agent, case)
    backend.clock.advance(seconds=899)
    await backend.drain()
    assert len(await pending(supervisor)) == 2
    assert (await decide(supervisor, early)).status == "USED"
    backend.clock.advance(seconds=1)
    error = await refused(decide(supervisor, late))
    assert (error.status, error.code) == (409, "APPROVAL_EXPIRED")
    await backend.drain()
    ended = await one(supervisor, late)
    assert (ended.status, ended.failure, ended.decided_by) == ("EXPIRED", "nobody decided in time", None)
    assert "approval.expired" in await kinds(agent, case)
    assert await discounts(agent, case) == []
    again = await ask(agent, case)
    assert again != late


async def test_thirty_decide_at_once(backend: Backend) -> None:
    """Thirty supervisors, half for and half against: one wins, the others are told who."""
    agent, supervisors = await backend.member("agent"), [await backend.member("supervisor") for _ in range(30)]
    case = await open_case(await backend.key())
    id = await ask(agent, case)
    verbs = ["approve", "deny"] * 15
    answers = await asyncio.gather(
        *(decide(one, id, verb, version=1) for one, verb in zip(supervisors, verbs, strict=True)),
        return_exceptions=True,
    )
    (won,) = [answer for answer in answers if isinstance(answer, ApprovalRead)]
    lost = [answer for answer in answers if isinstance(answer, ApiError)]
    assert {(error.status, error.code) for error in lost} == {(409, "ALREADY_DECIDED")}
    assert {error.details["current"]["decidedByName"] for error in lost} == {won.decided_by_name}
    assert len(lost) == 29
    assert await discounts(agent, case) == ([1_800] if won.status == "USED" else [])


async def test_a_case_that_changed_must_be_seen(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key(), orderValue=31_000)
    id = await ask(agent, case, percent=15)
    await change(agent, case, orderValue=62_000, eventType="WEDDING")
    now = await one(supervisor, id)
    assert now.changes == ["order value 31,000 → 62,000", "event none → WEDDING"]
    assert now.diff == ["discount 15 % of 62,000 = 9,300"]
    error = await refused(decide(supervisor, id))
    assert (error.status, error.code) == (409, "STALE_VERSION")
    assert error.details["since"] == now.changes
    assert error.details["current"]["diff"] == now.diff
    assert (await one(supervisor, id)).status == "PENDING"
    seen = now.incidence_version_now
    await change(agent, case, orderValue=70_000)
    assert (await refused(decide(supervisor, id, incidence_version=seen))).code == "STALE_VERSION"
    done = await decide(supervisor, id, incidence_version=seen + 1)
    assert done.status == "USED"
    assert await discounts(agent, case) == [10_500]
    assert (await refused(decide(supervisor, await ask(agent, case), version=7))).code == "STALE_VERSION"


async def test_what_does_not_matter_needs_no_second_look(backend: Backend) -> None:
    """A note or a message is no reason to decide anew."""
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    id = await ask(agent, case)
    await act(agent, case, "REASSURE")
    await change(agent, case, priority=1, status="WAITING")
    assert (await decide(supervisor, id)).status == "USED"


@pytest.mark.parametrize("what", ["closed", "rule", "gone", "tampered", "spent"])
async def test_it_is_checked_again_when_it_is_carried_out(backend: Backend, what: str) -> None:
    """It is approved, cannot be carried out any more, says why, and nothing else has changed."""
    agent, owner = await backend.member("agent"), await backend.owner()
    supervisor = await backend.member("supervisor")
    case = await open_case(await backend.key(), orderValue=10_000)
    id = await ask(agent, case, percent=60)
    if what == "closed":
        await change(agent, case, outcome="DROPPED")
    elif what == "rule":
        rules = [dict(rule) for rule in (await owner.rules.show("cx"))["rules"]]
        for rule in rules:
            if rule["id"] == "discount_over_limit":
                rule["then"] = {"decision": "blocked"}
        await owner.rules.publish("cx", {"version": 1, "rules": rules, "reason": "no more of that"})
    elif what == "gone":
        me = await agent.identity.me()
        await owner.businesses.remove_member(me.business.id, me.member_id)
    elif what == "tampered":

        def raise_it(work: Work) -> None:
            own = update(Approval).where(Approval.id == id, Approval.business_id == work.business_id)
            work.session.execute(own.values(params={"percent": 61}))

        await (await backend.units()).write(raise_it)
    else:
        first = await ask(owner, case, percent=50)
        assert (await decide(supervisor, first)).status == "USED"
    before = await owner.incidences.show(case.incidence_id)
    given = await discounts(owner, case)
    found = await one(supervisor, id)
    done = await decide(supervisor, id, incidence_version=found.incidence_version_now)
    says = {"closed": "is closed", "rule": "version 2 block it", "gone": "Agent 2, who asked for it"}
    says |= {"tampered": "digest differs", "spent": "more than that"}
    assert done.status == "APPROVED"
    assert says[what] in (done.failure or "")
    assert await owner.incidences.show(case.incidence_id) == before
    assert await discounts(owner, case) == given
    assert (await refused(decide(supervisor, id))).code == "ALREADY_DECIDED"
    assert (await kinds(owner, case))[-1] == "approval.approved"
    assert (await owner.audit.verify())["isWhole"]


async def test_asking_again(backend: Backend) -> None:
    """The same ask is the same request; another figure takes its place; a colleague's stands beside it."""
    agent, other = await backend.member("agent"), await backend.member("agent")
    supervisor, case = await backend.member("supervisor"), await open_case(await backend.key())
    first = await ask(agent, case, percent=15)
    assert await ask(agent, case, percent=15) == first
    assert await ask(other, case, percent=15) == first
    theirs = await ask(other, case, percent=20)
    second = await ask(agent, case, percent=12)
    assert [approval.approval_id for approval in await pending(supervisor)] == [theirs, second]
    gone = await one(supervisor, first)
    assert (gone.status, gone.failure) == ("WITHDRAWN", "asked for otherwise")
    assert (await refused(decide(supervisor, first))).code == "ALREADY_DECIDED"


async def test_closing_the_case_withdraws_what_was_asked_for(backend: Backend) -> None:
    agent, supervisor, key = await backend.member("agent"), await backend.member("supervisor"), await backend.key()
    case, other = await open_case(key), await open_case(key, "b")
    id, stays = await ask(agent, case), await ask(agent, other)
    await change(agent, case, outcome="DROPPED")
    await backend.drain()
    assert [approval.approval_id for approval in await pending(supervisor)] == [stays]
    assert (await one(supervisor, id)).failure == f"{case.ref} was closed"


async def test_what_each_action_does_when_it_is_approved(backend: Backend) -> None:
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key(), orderValue=20_000, selectedItems=["Veg thali"])
    id = await ask(agent, case, "CUSTOM_PRICING", orderValue=18_000, promised="by phone")
    assert (await one(supervisor, id)).diff == ["order value 20,000 → 18,000", "promised by phone"]
    await decide(supervisor, id)
    id = await ask(agent, case, "OFF_CATALOG_ITEM", item="Vegan cake", quantity=2, price=750)
    assert (await one(supervisor, id)).diff == ["2 × Vegan cake at 750 each, which the catalogue has not"]
    await decide(supervisor, id)
    now = await agent.incidences.show(case.incidence_id)
    assert now.order_value == 19_500
    cake = {"name": "Vegan cake", "quantity": 2, "isOffCatalog": True, "price": 750}
    assert now.selected_items == ["Veg thali", cake]
    await decide(supervisor, await ask(agent, case, "MANUAL_DISCOUNT_OVER_LIMIT", amount=9_000, reason="we were late"))
    assert await discounts(agent, case) == [9_000]
    id = await ask(agent, case, "CUSTOM_PRICING", reason="a barter")
    assert (await one(supervisor, id)).diff == ["custom pricing", "because: a barter"]
    await decide(supervisor, id)
    assert (await kinds(agent, case))[-2:] == ["incidence.action_done", "approval.approved"]


async def test_the_list_in_pages(backend: Backend) -> None:
    agent, supervisor, key = await backend.member("agent"), await backend.member("supervisor"), await backend.key()
    ids = []
    for number in range(5):
        ids.append(await ask(agent, await open_case(key, f"u-{number}")))
        backend.clock.advance(seconds=number % 2)  # some at the same instant
    await decide(supervisor, ids[0], "deny")

    async def all_of(**query: Any) -> list[str]:
        found, cursor = [], None
        while True:
            page = await supervisor.approvals.list(limit=2, cursor=cursor, **query)
            assert page.as_of is not None
            found += [approval.approval_id for approval in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    assert await all_of() == ids[::-1]
    assert await all_of(status="PENDING") == ids[1:]
    assert await all_of(status="DENIED") == ids[:1]
    for query in ({"status": "MAYBE"}, {"limit": 0}, {"cursor": "bm8"}, {"cursor": "WzFd"}):
        assert (await refused(supervisor.approvals.list(**query))).status == 400


@pytest.mark.parametrize("verb", ["ask", "again", "approve", "deny", "expire", "close", "blocked", "done"])
async def test_follows(backend: Backend, verb: str) -> None:
    """Cases follow by their events, and so do approvals: each event's state is what the list says."""
    agent, supervisor = await backend.member("agent"), await backend.member("supervisor")
    case = await open_case(await backend.key())
    id = None if verb in ("ask", "blocked", "done") else await ask(agent, case)
    async with follows(backend, supervisor) as seen:
        if verb in ("ask", "again"):
            await ask(agent, case, percent=20)
        elif verb in ("blocked", "done"):
            await (refused(act(agent, case, "UPSELL")) if verb == "blocked" else act(agent, case, "REASSURE"))
        elif verb == "close":
            await change(agent, case, outcome="DROPPED")
        elif verb == "expire":
            backend.clock.advance(minutes=15)
        elif id is not None:
            await decide(supervisor, id, verb)
        await backend.drain()
    assert seen
    told = {frame["subject"]["id"]: frame["state"] for frame in await frames(backend, supervisor, 0) if _tells(frame)}
    listed = [found.model_dump(mode="json", by_alias=True) for found in (await supervisor.approvals.list()).items]
    for state in (*listed, *told.values()):
        del state["incidenceVersionNow"]  # the case goes on; an approval tells of it as of its own event
    assert {one["approvalId"]: one for one in listed} == told
    assert len(told) == {"again": 2, "blocked": 0, "done": 0}.get(verb, 1)


def _tells(frame: dict[str, Any]) -> bool:
    return str(frame["type"]).startswith("approval.")


async def test_timers_survive_a_restart(database_url: str, tmp_path: Path) -> None:
    async with Backend(database_url, tmp_path / "data") as before:
        agent, supervisor = await before.member("agent"), await before.member("supervisor")
        email = (await supervisor.identity.me()).user.email
        id = await ask(agent, await open_case(await before.key()))
    async with Backend(database_url, tmp_path / "data") as after:
        client = after.client()
        await client.identity.sign_in(email, PASSWORD)
        after.clock.advance(minutes=15)
        await after.drain()
        assert (await one(client, id)).status == "EXPIRED"


async def test_erasing_the_customer_takes_the_words(backend: Backend) -> None:
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    id = await ask(agent, case, "CUSTOM_PRICING", orderValue=9_000, reason="she cried")
    await decide(owner, id, "deny", note="poor Anita")
    waiting = await ask(agent, case, percent=15, reason="her mother is ill")
    await owner.customers.erase(case.customer.id)
    gone = [await one(owner, id), await one(owner, waiting)]
    assert {(str(one.params), str(one.diff), str(one.changes), one.note) for one in gone} == {("{}", "[]", "[]", None)}
    assert [(one.status, one.failure) for one in gone] == [
        ("DENIED", None),
        ("WITHDRAWN", "the customer was erased"),
    ]
    assert (await refused(decide(owner, waiting))).code == "ALREADY_DECIDED"
    assert (await owner.audit.verify())["isWhole"]


async def test_erasing_the_customer_takes_kept_answers_that_name_the_case(backend: Backend) -> None:
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    customer = await owner.customers.show(case.customer.id)
    await owner.customers.change(customer.id, CustomerChange(version=customer.version, name="Meera Iyer"))
    id = await ask(agent, case, "CUSTOM_PRICING", orderValue=9_000)
    body, headers = {"version": (await one(owner, id)).version}, {**owner.transport.headers, "idempotency-key": "one"}
    await owner.transport._http.post(f"/approvals/{id}/deny", json=body, headers=headers)

    def kept(session: Session) -> str:
        return str(session.scalars(select(IdempotentAnswer.answer)).all())

    assert "Meera" in await backend.runtime.database.read(kept)
    await owner.customers.erase(customer.id)
    assert await backend.runtime.database.read(kept) == "[]"
