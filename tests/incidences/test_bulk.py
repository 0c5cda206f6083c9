"""A verb on many: counted, tried, done in turns, told for each case, undone; many at once, and killed in the middle."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.incidences import bulk
from backend.incidences.bulk_schemas import BulkRead, BulkStart
from backend.incidences.schemas import EscalationTrigger, IncidenceChange, IncidenceRead, NoteAdd
from backend.rules import service as rules
from tests.support.backend import Backend
from tests.support.follows import follows
from tests.support.incidences import open_case


def wanting(verb: str, args: dict[str, Any] | None = None, **fields: Any) -> BulkStart:
    return BulkStart.model_validate({"verb": verb, "args": args or {}, **fields})


async def cases(client: Client, count: int, **fields: Any) -> list[IncidenceRead]:
    return [await open_case(client, f"u-{number}", **fields) for number in range(count)]


async def in_turns_of(backend: Backend, count: int) -> None:
    """From now on so many cases are done in one transaction."""

    def publish(work: Any) -> None:
        now = rules.read(work, "casework")
        settings = {**now["settings"], "bulkAtOnce": count}
        rules.replace(work, "casework", {"version": now["version"], "settings": settings, "reason": "test"})

    await (await backend.units(await backend.owner())).write(publish)


async def states(client: Client, of: list[IncidenceRead], *fields: str) -> list[Any]:
    now = [await client.incidences.show(case.incidence_id) for case in of]
    return [
        tuple(getattr(case, field) for field in fields) if len(fields) > 1 else getattr(case, fields[0]) for case in now
    ]


@pytest.mark.alike
async def test_a_dry_run_counts_all_and_says_why_not(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    made = await cases(key, 6)
    other = await backend.member("agent")
    await agent.incidences.take(made[0].incidence_id)
    await other.incidences.take(made[1].incidence_id)
    await agent.incidences.change(made[2].incidence_id, IncidenceChange(version=1, outcome="DROPPED"))
    tried = await agent.bulks.preview(wanting("take", q="p3"))
    assert (tried.count, tried.can) == (6, 3)
    name = (await other.identity.me()).user.name
    assert {(one.code, one.why, one.count) for one in tried.cannot} == {
        ("ALREADY_SO", "it is yours already", 1),
        ("ALREADY_TAKEN", f"{name} has it", 1),
        ("INCIDENCE_CLOSED", "it is closed", 1),
    }
    assert {one.ref for one in tried.rows if one.can} == {case.ref for case in made[3:]}
    assert await states(agent, made[3:], "agent_id", "version") == [(None, 1)] * 3, "nothing was done"
    assert (await agent.bulks.list()).items == []


@pytest.mark.alike
async def test_what_the_dry_run_says_is_what_is_done(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    made = await cases(key, 7)
    await agent.incidences.change(made[0].incidence_id, IncidenceChange(version=1, outcome="DROPPED"))
    me = (await agent.identity.me()).member_id
    for verb, args in (
        ("assign", {"agentId": me}),
        ("priority", {"priority": 1}),
        ("label", {"add": ["diwali"], "remove": ["x-ray"]}),
        ("watch", {}),
        ("status", {"status": "WAITING"}),
        ("snooze", {"snoozedUntil": (backend.clock.now() + timedelta(hours=1)).isoformat()}),
        ("close", {"outcome": "RESOLVED", "issueCategory": "menu"}),
        ("reopen", {}),
        ("unwatch", {}),
    ):
        body = wanting(verb, args, q="value>1")
        tried = await agent.bulks.preview(body)
        async with follows(backend, agent):
            done = await agent.bulks.start(body)
        assert (done.state, done.total, done.done, done.skipped) == ("DONE", 7, tried.can, 7 - tried.can), verb
        assert tried.can in (6, 7), verb
        detail = await agent.bulks.show(done.bulk_id)
        assert {row.ref for row in detail.rows if row.state == "DONE"} == {row.ref for row in tried.rows if row.can}
        assert [(one.code, one.count) for one in detail.reasons] == [(one.code, one.count) for one in tried.cannot]
        entry = (await agent.incidences.timeline(made[-1].incidence_id)).items[-1]
        assert ((entry.data or {})["bulk"], entry.actor["id"]) == (done.bulk_id, me), verb
    assert await states(agent, made, "status") == ["OPEN"] * 7
    assert (
        await states(agent, made[1:], "labels", "priority", "agent_id", "issue_category")
        == [(["diwali"], 1, me, "menu")] * 6
    )


@pytest.mark.alike
async def test_a_case_is_done_as_it_was_seen_or_not_at_all(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    made = await cases(key, 3)
    await agent.agent.note(made[1].incidence_id, NoteAdd(text="hold on"))
    ids = [{"incidenceId": case.incidence_id, "version": case.version} for case in made[:2]]
    body = wanting("priority", {"priority": 1}, ids=[*ids, {"incidenceId": made[2].ref}])
    assert (await agent.bulks.preview(body)).can == 2
    done = await agent.bulks.start(body)
    assert (done.done, done.skipped) == (2, 1)
    (skipped,) = (await agent.bulks.show(done.bulk_id, state="SKIPPED")).rows
    me = (await agent.identity.me()).user.name
    assert (skipped.ref, skipped.code, skipped.why) == (made[1].ref, "CHANGED_MEANWHILE", f"{me} changed it meanwhile")


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"verb": "take"}, 400, "VALIDATION_ERROR"),
    ({"verb": "take", "view": "all", "ids": [{"incidenceId": "INC-1"}]}, 400, "VALIDATION_ERROR"),
    ({"verb": "assign", "view": "all"}, 400, "VALIDATION_ERROR"),
    ({"verb": "take", "view": "all", "args": {"priority": 1}}, 400, "VALIDATION_ERROR"),
    ({"verb": "priority", "view": "all", "args": {"priority": None}}, 400, "VALIDATION_ERROR"),
    ({"verb": "label", "view": "all"}, 400, "VALIDATION_ERROR"),
    ({"verb": "take", "q": "p1 @"}, 400, "VALIDATION_ERROR"),
    ({"verb": "assign", "view": "all", "args": {"agentId": "nobody"}}, 422, "UNKNOWN_MEMBER"),
    ({"verb": "snooze", "view": "all", "args": {"snoozedUntil": "2001-01-01T00:00:00Z"}}, 422, "SNOOZE_IN_PAST"),
    ({"verb": "snooze", "view": "all", "args": {"snoozedUntil": "2091-01-01T00:00:00"}}, 400, "VALIDATION_ERROR"),
    ({"verb": "take", "view": "mine"}, 422, "NOTHING_FITS"),
    ({"verb": "take", "view": "all", "expectedCount": 3}, 409, "COUNT_CHANGED"),
]


@pytest.mark.alike
async def test_what_cannot_be_asked(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    for body, status, code in WRONG:
        answer = await agent.transport._http.post("/incidences/bulk", json=body, headers=agent.transport.headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), body
    assert (await agent.bulks.list()).items == []
    assert (await agent.incidences.show(case.incidence_id)).version == 1


@pytest.mark.alike
async def test_all_is_undone_but_what_was_changed_since(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    supervisor, other = await backend.member("supervisor"), await backend.member("agent")
    made = await cases(key, 5)
    await agent.escalations.trigger(EscalationTrigger(incidence_id=made[0].incidence_id, reason="EMOTIONAL"))
    until = backend.clock.now() + timedelta(hours=2)
    await agent.incidences.change(made[1].incidence_id, IncidenceChange(version=1, snoozed_until=until))
    await agent.incidences.change(made[2].incidence_id, IncidenceChange(version=1, status="WAITING"))
    before = [await agent.incidences.show(case.incidence_id) for case in made]
    done = await agent.bulks.start(wanting("close", {"outcome": "DROPPED"}, view="all", expectedCount=5))
    assert done.undo_until == backend.clock.now() + timedelta(hours=1)
    assert await states(agent, made, "status") == ["CLOSED"] * 5
    await other.agent.note(made[4].incidence_id, NoteAdd(text="why?"))
    with pytest.raises(ApiError) as refused:
        await other.bulks.undo(done.bulk_id)
    assert refused.value.code == "NOT_YOURS"
    backend.clock.advance(minutes=59)
    async with follows(backend, agent):
        undone = await supervisor.bulks.undo(done.bulk_id)
    assert (undone.state, undone.undone, undone.kept) == ("UNDONE", 4, 1)
    kept = (await agent.bulks.show(done.bulk_id, state="KEPT")).rows
    assert [(row.ref, row.code) for row in kept] == [(made[4].ref, "CHANGED_MEANWHILE")]
    own = {"version", "last_seq", "updated_at"}
    for was in before[:4]:
        now = await agent.incidences.show(was.incidence_id)
        assert now.model_dump(exclude=own) == was.model_dump(exclude=own)
    entry = (await agent.incidences.timeline(made[3].incidence_id)).items[-1]
    assert (entry.type, entry.actor["id"]) == ("incidence.change_undone", (await supervisor.identity.me()).member_id)
    with pytest.raises(ApiError) as refused:
        await agent.bulks.undo(done.bulk_id)
    assert refused.value.code == "NOT_UNDOABLE"
    # The clocks run on as if nothing had been: the ladder climbs at once, the snooze ends at its own second.
    await backend.drain()
    assert (await agent.incidences.show(made[0].incidence_id)).escalation_level == "SUPERVISOR"
    backend.clock.advance(minutes=61)
    await backend.drain()
    assert (await agent.incidences.show(made[1].incidence_id)).status == "OPEN"


@pytest.mark.alike
async def test_it_is_too_late_to_undo(backend: Backend) -> None:
    agent = await backend.member("agent")
    await open_case(await backend.key())
    done = await agent.bulks.start(wanting("priority", {"priority": 1}, view="all"))
    backend.clock.advance(hours=1, seconds=1)
    with pytest.raises(ApiError) as refused:
        await agent.bulks.undo(done.bulk_id)
    assert refused.value.code == "UNDO_WINDOW_OVER"
    assert (await agent.bulks.show(done.bulk_id)).state == "DONE"


async def test_a_kill_in_the_middle_does_no_case_twice(backend: Backend) -> None:
    await in_turns_of(backend, 3)
    agent, key = await backend.member("agent"), await backend.key()
    made = await cases(key, 10)
    body = wanting("label", {"add": ["sale"]}, view="all")
    begun = await agent.bulks.start(body, idempotency_key="once")
    assert (begun.state, begun.done) == ("RUNNING", 3)
    assert await agent.bulks.start(body, idempotency_key="once") == begun, "the same key is the same bulk"
    units = await backend.units()
    # What a killed process leaves: a transaction that was done, and a job that begins anew.
    assert await units.write(bulk.advance, begun.bulk_id)
    with pytest.raises(ApiError) as refused:
        await agent.bulks.undo(begun.bulk_id)
    assert refused.value.code == "NOT_UNDOABLE"
    async with follows(backend, agent) as seen:
        await asyncio.gather(backend.drain(), units.write(bulk.advance, begun.bulk_id))
    assert [frame["state"]["state"] for frame in seen if frame["type"] == "bulk.advanced"][-1] == "DONE"
    assert await states(agent, made, "labels", "version") == [(["sale"], 2)] * 10
    assert len((await agent.bulks.list()).items) == 1
    undone = await agent.bulks.undo(begun.bulk_id)
    assert (undone.state, undone.undone) == ("UNDOING", 3)
    await backend.drain()
    assert await states(agent, made, "labels", "version") == [([], 3)] * 10


async def test_many_and_one_at_once(backend: Backend) -> None:
    """Two verbs on the same cases, and single edits among them: each change is one version, and each is told."""
    agent, other, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    made = await cases(key, 12)

    async def edit(case: IncidenceRead) -> str:
        try:
            await other.incidences.change(case.incidence_id, IncidenceChange(version=1, summary="edited"))
        except ApiError as refused:
            assert refused.code == "STALE_VERSION"
            return "lost"
        return "won"

    one, two, *edits = await asyncio.gather(
        agent.bulks.start(wanting("priority", {"priority": 1}, view="all")),
        other.bulks.start(wanting("label", {"add": ["vip"]}, view="all")),
        *(edit(case) for case in made),
    )
    assert isinstance(one, BulkRead)
    assert isinstance(two, BulkRead)
    now = [await agent.incidences.show(case.incidence_id) for case in made]
    assert sum(case.priority == 1 for case in now) == one.done
    assert sum(case.labels == ["vip"] for case in now) == two.done
    assert [case.summary == "edited" for case in now] == [edited == "won" for edited in edits]
    for case in now:
        acts = (case.priority == 1) + (case.labels == ["vip"]) + (case.summary == "edited")
        assert case.version == 1 + acts


@pytest.mark.alike
async def test_the_words_of_a_search_are_not_kept(backend: Backend) -> None:
    agent, owner = await backend.member("agent"), await backend.owner()
    await open_case(await backend.key(), summary="Meera cannot pay")
    done = await agent.bulks.start(wanting("take", q="Meera", view="all"))
    assert (done.total, done.chosen) == (1, {"view": "all", "isSearched": True})
    audit = await owner.transport.call("GET", "/api/audit", None, type="bulk.advanced")
    assert "Meera" not in str(audit)
