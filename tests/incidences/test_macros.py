"""Macros: whose they are, what they fill in, that they speak only what was seen, and all or nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.client import ApiError, Client
from backend.customers.schemas import CustomerChange
from backend.identity.models import IdempotentAnswer
from backend.incidences.macro_schemas import MacroChange, MacroMake, MacroRead, MacroRun
from backend.incidences.schemas import IncidenceChange, IncidenceRead
from tests.support.backend import Backend
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def refused(doing: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await doing
    return error.value


async def make(client: Client, name: str = "Late", *, shared: bool = False, **steps: Any) -> MacroRead:
    body = {"name": name, "isShared": shared, "steps": steps or {"note": "Late again"}}
    return await client.macros.make(MacroMake.model_validate(body))


async def run(client: Client, case: IncidenceRead, macro: MacroRead, **fields: Any) -> Any:
    body = MacroRun.model_validate({"macroId": macro.macro_id, **fields})
    return await client.macros.run(case.incidence_id, body)


async def kinds(client: Client, case: IncidenceRead) -> list[str]:
    entries = (await client.incidences.timeline(case.incidence_id)).items
    return [entry.type.removeprefix("incidence.") for entry in entries]


async def test_everything_that_a_macro_does_is_one_act(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key, orderValue=12_000.5, orderId="ORD-7")
    customer = await agent.customers.show(case.customer.id)
    await agent.customers.change(customer.id, CustomerChange(version=customer.version, name="Priya Raman"))
    case = await agent.incidences.show(case.incidence_id)
    me = await agent.identity.me()
    macro = await make(
        agent,
        reply="Dear {customer.name}, {order.id} over {order.value} is on its way. {agent.name} {not this}",
        note="Told {customer.name} of {ref} @owner1",
        add=["late"],
        agent="me",
        priority=1,
        snoozeMinutes=90,
    )
    seen = await agent.macros.preview(case.incidence_id, macro.macro_id)
    text = f"Dear Priya Raman, ORD-7 over INR 12,000.50 is on its way. {me.user.name} {{not this}}"
    assert (seen.reply, seen.note, seen.unresolved) == (text, f"Told Priya Raman of {case.ref} @owner1", [])
    assert seen.does == ["label #late", "give it to you", "priority 1", "snooze it for 90 min"]
    assert await kinds(agent, case) == ["opened"], "nothing was done"
    assert (await refused(run(agent, case, macro))).code == "REPLY_NEEDED"
    async with follows(backend, agent):
        done = await run(agent, case, macro, text=text + " Bye", lastSeenSeq=case.last_seq, version=case.version)
    assert await kinds(agent, case) == ["opened", "message_sent", "note_added", "labels_changed", "snoozed"]
    entries = (await agent.incidences.timeline(case.incidence_id)).items[1:]
    assert [entry.seq for entry in entries] == done.seqs
    assert all((entry.data or {})["macro"] == {"macroId": macro.macro_id, "name": "Late"} for entry in entries)
    assert (entries[0].data or {})["text"] == text + " Bye", "what the person sent, not what the macro had"
    after = done.incidence
    assert (after.status, after.priority, after.labels, after.agent_id) == ("SNOOZED", 1, ["late"], me.member_id)
    assert after.snoozed_until == backend.clock.now() + timedelta(minutes=90)
    assert len(after.watcher_ids) == 1


async def test_all_of_it_or_nothing(backend: Backend) -> None:
    agent, other, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    case = await open_case(key)
    macro = await make(agent, reply="{customer.name}: {order.id}", note="n", outcome="RESOLVED")
    seen = await agent.macros.preview(case.incidence_id, macro.macro_id)
    assert (seen.reply, seen.unresolved) == ("{customer.name}: {order.id}", ["customer.name", "order.id"])
    error = await refused(run(agent, case, macro, text="Hi {order.id}", lastSeenSeq=99))
    assert (error.code, error.details["placeholders"]) == ("UNRESOLVED_PLACEHOLDER", ["order.id"])
    await other.incidences.change(case.incidence_id, IncidenceChange(version=1, priority=1))
    assert (await refused(run(agent, case, macro, text="Hi", lastSeenSeq=99, version=1))).code == "STALE_VERSION"
    noting = await make(agent, "Noting", note="for {order.id}", add=["x1"])
    assert (await refused(run(agent, case, noting))).code == "UNRESOLVED_PLACEHOLDER"
    assert (await refused(run(agent, case, noting, text="no"))).code == "NO_REPLY_WANTED"
    await other.incidences.change(case.incidence_id, IncidenceChange(version=2, outcome="DROPPED"))
    sleeping = await make(agent, "Sleeping", note="z", add=["zz"], snoozeMinutes=5)
    assert (await refused(run(agent, case, sleeping))).code == "INCIDENCE_CLOSED"
    now = await agent.incidences.show(case.incidence_id)
    assert (await kinds(agent, case), now.labels) == (["opened", "changed", "closed"], [])


async def test_whose_they_are(backend: Backend) -> None:
    agent, other, supervisor = [await backend.member(role) for role in ("agent", "agent", "supervisor")]
    case = await open_case(await backend.key())
    mine = await make(agent)
    assert (await refused(make(agent, "All", shared=True))).code == "ROLE_TOO_LOW"
    assert (await refused(make(agent))).code == "NAME_TAKEN"
    await make(other)
    shared = await make(supervisor, "All", shared=True, add=["all"])
    assert [one.name for one in (await agent.macros.list()).items] == ["All", "Late"]
    assert (await agent.macros.list()).items[1] == mine
    for doing in (
        run(other, case, mine),
        other.macros.change(mine.macro_id, MacroChange(version=1, name="Mine")),
        other.macros.delete(mine.macro_id),
    ):
        assert (await refused(doing)).code == "NOT_FOUND"
    assert (
        await refused(agent.macros.change(shared.macro_id, MacroChange(version=1, name="X")))
    ).code == "ROLE_TOO_LOW"
    assert (
        await refused(agent.macros.change(mine.macro_id, MacroChange(version=1, is_shared=True)))
    ).code == "ROLE_TOO_LOW"
    assert (await refused(agent.macros.change(mine.macro_id, MacroChange(version=7, name="X")))).code == "STALE_VERSION"
    changed = await agent.macros.change(mine.macro_id, MacroChange(version=1, name="Later"))
    assert (changed.name, changed.version, changed.steps) == ("Later", 2, mine.steps)
    assert (await run(other, case, shared)).incidence.labels == ["all"]
    await agent.macros.delete(mine.macro_id)
    assert (await refused(run(agent, case, mine))).code == "NOT_FOUND"
    assert [one.name for one in (await agent.macros.list()).items] == ["All"]
    stranger = await backend.another_owner()
    assert (await stranger.macros.list()).items == []


WRONG: list[dict[str, Any]] = [
    {},
    {"reply": "Hello {customer.phone}"},
    {"note": " "},
    {"status": "WAITING", "outcome": "RESOLVED"},
    {"add": ["42"]},
    {"snoozeMinutes": 0},
    {"agent": "nobody"},
    {"fly": True},
]


async def test_steps_that_cannot_be(backend: Backend) -> None:
    agent = await backend.member("agent")
    for steps in WRONG:
        body = {"name": "M", "steps": steps}
        answer = await agent.transport._http.post("/api/macros", json=body, headers=agent.transport.headers)
        assert answer.status_code in (400, 422), steps
    assert (await agent.macros.list()).items == []


async def test_one_reply_of_many_at_once(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key())
    macro = await make(agent, reply="Hello", add=["said"])
    answers = await asyncio.gather(
        *(run(agent, case, macro, text="Hello", lastSeenSeq=case.last_seq) for _ in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, ApiError)} == {"STALE_CONVERSATION"}
    assert await kinds(agent, case) == ["opened", "message_sent", "labels_changed"]


async def test_what_the_rules_refuse_is_on_record_with_an_idempotency_key_too(backend: Backend) -> None:
    agent, owner, case = await backend.member("agent"), await backend.owner(), await open_case(await backend.key())
    nothing = [rule for rule in (await owner.rules.show("cx"))["rules"] if rule["id"] == "anything_else"]
    await owner.rules.publish("cx", {"version": 1, "rules": nothing, "reason": "a day off"})
    macro = await make(agent, outcome="DROPPED")
    body = MacroRun(macro_id=macro.macro_id)
    for tries, key in enumerate((None, "one", "one"), start=1):
        error = await refused(agent.macros.run(case.incidence_id, body, idempotency_key=key))
        assert (error.status, error.code) == (403, "ACTION_BLOCKED")
        assert len((await owner.audit.list(type="incidence.action_denied"))["items"]) == tries


async def test_of_a_preview_nothing_is_kept(backend: Backend) -> None:
    agent, case = await backend.member("agent"), await open_case(await backend.key(), summary="Priya cannot pay")
    macro = await make(agent, reply="Dear {customer.name}: {summary}")
    post, headers = agent.transport._http.post, {**agent.transport.headers, "idempotency-key": "one"}
    body: dict[str, Any] = {"macroId": macro.macro_id, "dryRun": True}
    first = await post(f"/incidences/{case.incidence_id}/macro", json=body, headers=headers)
    assert "Priya" in first.json()["reply"]
    body = {"verb": "take", "view": "all", "dryRun": True}
    second = await post("/incidences/bulk", json=body, headers=headers)
    assert (second.status_code, second.json()["rows"][0]["summary"]) == (200, "Priya cannot pay")
    kept = await backend.runtime.database.read(lambda session: session.scalars(select(IdempotentAnswer)).all())
    assert kept == []
