"""Merging, linking and beginning anew: what goes with it, what is undone, what is refused, and many at once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.customers import service as customers
from backend.incidences import conversations
from backend.incidences.bulk_schemas import BulkStart
from backend.incidences.link_schemas import LinkMake, Merge, MergeRead
from backend.incidences.models import IncidenceLink
from backend.incidences.schemas import (
    EscalationTrigger,
    IncidenceChange,
    IncidenceRead,
    LabelsChange,
    MessageSend,
    NoteAdd,
)
from backend.integrations.models import OutgoingCall
from tests.support.backend import PASSWORD, Backend
from tests.support.follows import follows
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike

OWN = {"version", "last_seq", "updated_at"}
"""What every event moves."""


async def now(client: Client, case: IncidenceRead) -> IncidenceRead:
    return await client.incidences.show(case.incidence_id)


async def merge(client: Client, source: IncidenceRead, target: IncidenceRead, **fields: Any) -> MergeRead:
    one, other = await now(client, source), await now(client, target)
    body = {"into": target.ref, "version": one.version, "intoVersion": other.version, **fields}
    return await client.incidences.merge(source.incidence_id, Merge.model_validate(body))


async def refused(doing: Any) -> str:
    with pytest.raises(ApiError) as error:
        await doing
    return error.value.code


async def says(backend: Backend, text: str, conversation: str = "conv-1", user: str = "u-1") -> IncidenceRead:
    """The customer writes by a chat platform. The case that it comes to."""

    def told(work: Any) -> str:
        return conversations.message_from_customer(
            work,
            platform="freshchat",
            conversation_id=conversation,
            customer=customers.ensure_customer(work, user),
            text=text,
            message_id=f"{conversation}:{text}",
            occurred_at=work.now,
        )

    id = await (await backend.units()).write(told)
    return await (await backend.owner()).incidences.show(id)


async def test_a_case_becomes_part_of_another_and_whole_again(backend: Backend) -> None:
    agent, other, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    target = await open_case(key, orderValue=30_000)
    backend.clock.advance(minutes=2)
    source = await says(backend, "Is anybody there?")
    me = (await agent.identity.me()).member_id
    await agent.incidences.take(source.incidence_id)
    await agent.incidences.label(source.incidence_id, LabelsChange(add=["vip", "late"]))
    await agent.incidences.label(target.incidence_id, LabelsChange(add=["vip"]))
    await other.incidences.watch(source.incidence_id)
    await agent.escalations.trigger(EscalationTrigger(incidence_id=source.incidence_id, reason="EMOTIONAL"))
    until = backend.clock.now() + timedelta(hours=1)
    seen = await now(agent, target)
    await agent.incidences.change(
        target.incidence_id, IncidenceChange(version=seen.version, status="SNOOZED", snoozed_until=until)
    )
    before = await now(agent, source), await now(agent, target)
    async with follows(backend, agent):
        merged = await merge(agent, source, target)
    assert (merged.incidence.status, merged.incidence.outcome, merged.incidence.resolved_at) == ("CLOSED", None, None)
    assert merged.incidence.merged_into is not None
    assert merged.incidence.merged_into.ref == target.ref
    assert merged.undo_until == backend.clock.now() + timedelta(days=1)
    into = merged.into
    assert ([one.ref for one in into.merged_from], into.labels) == ([source.ref], ["late", "vip"])
    assert (into.status, into.snoozed_until, into.agent_id) == ("OPEN", None, me)
    assert into.watcher_ids == [(await other.identity.me()).member_id]
    assert (into.escalation_level, into.escalation_id) == ("SENIOR_AGENT", before[0].escalation_id)
    assert into.last_message is not None
    assert (into.last_message.text, into.last_message_seq) == ("Is anybody there?", before[0].last_message_seq)
    dues = [due for case in before if (due := case.sla_due_at) is not None]
    assert into.sla_due_at == min(dues), "the earliest clock is kept"
    # The story of the one is inside the other's, in the order of time; what the customer writes on comes to it too.
    entries = (await agent.incidences.timeline(target.incidence_id)).items
    assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)
    assert {entry.incidence_id for entry in entries} == {source.incidence_id, target.incidence_id}
    assert (await agent.agent.dashboard(target.incidence_id)).timeline == entries
    spoken = (await agent.incidences.messages(target.incidence_id)).items
    assert [(entry.data or {})["text"] for entry in spoken] == ["Is anybody there?"]
    assert (await says(backend, "Hello?")).incidence_id == target.incidence_id
    assert (
        await refused(agent.incidences.send(source.ref, MessageSend(text="x", last_seen_seq=9**9)))
        == "INCIDENCE_MERGED"
    )
    for change in ({"status": "OPEN"}, {"outcome": "RESOLVED"}):
        body = IncidenceChange.model_validate({"version": merged.incidence.version, **change})
        assert await refused(agent.incidences.change(source.ref, body)) == "INCIDENCE_MERGED"
    assert (
        await refused(agent.incidences.send(target.ref, MessageSend(text="x", last_seen_seq=0))) == "STALE_CONVERSATION"
    )
    await agent.incidences.label(target.incidence_id, LabelsChange(add=["since"]))
    # Back: what the customer said since stays where they said it.
    async with follows(backend, agent):
        undone = await agent.incidences.unmerge(source.incidence_id)
    assert undone.incidence.model_dump(exclude=OWN) == before[0].model_dump(exclude=OWN)
    assert undone.undo_until is None
    assert (undone.into.labels, undone.into.merged_from, undone.into.agent_id) == (["since", "vip"], [], None)
    assert undone.into.last_message is not None
    assert undone.into.last_message.text == "Hello?"
    assert (undone.into.escalation_id, undone.into.watcher_ids) == (None, [])
    assert (await says(backend, "Back again")).incidence_id == source.incidence_id
    assert await refused(agent.incidences.unmerge(source.incidence_id)) == "NOT_FOUND"
    # Its clocks run on: the ladder of the escalation that went back climbs at its own second.
    backend.clock.advance(minutes=16)
    await backend.drain()
    assert (await now(agent, source)).escalation_level == "SUPERVISOR"


async def test_a_merge_that_is_undone_at_once_leaves_no_trace_in_either(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    target = await open_case(key)
    backend.clock.advance(minutes=3)
    source = await open_case(key, orderValue=60_000)
    before = await now(agent, source), await now(agent, target)
    await merge(agent, source, target)
    undone = await agent.incidences.unmerge(source.ref)
    assert [one.model_dump(exclude=OWN) for one in (undone.incidence, undone.into)] == [
        one.model_dump(exclude=OWN) for one in before
    ]
    backend.clock.advance(days=1)
    await merge(agent, source, target)
    backend.clock.advance(days=1, seconds=1)
    assert await refused(agent.incidences.unmerge(source.ref)) == "UNDO_WINDOW_OVER"


async def test_who_waits_for_a_person_waits_for_one_in_the_other_case_too(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    alone, waiting = await open_case(key, orderValue=100), await open_case(key)
    assert (alone.is_self_serve, waiting.is_self_serve) == (True, False)
    merged = await merge(agent, waiting, alone)
    assert (merged.into.is_self_serve, merged.into.allowed_channels) == (False, waiting.allowed_channels)
    assert merged.into.waiting_since == waiting.waiting_since
    assert merged.into.sla_due_at == waiting.sla_due_at
    assert [case.ref for case in (await agent.incidences.list(view="unassigned")).items] == [alone.ref]
    undone = await agent.incidences.unmerge(waiting.ref)
    assert undone.into.model_dump(exclude=OWN) == alone.model_dump(exclude=OWN)


async def test_a_merge_keeps_no_words_of_a_customer_who_is_erased(backend: Backend) -> None:
    agent, target = await backend.member("agent"), await open_case(await backend.key())
    source = await says(backend, "My secret allergy")
    await merge(agent, source, target, reason="secret reason")
    await (await backend.owner()).customers.erase(source.customer.id)

    def kept(work: Any) -> str:
        return str([(link.reason, link.data) for link in work.session.query(IncidenceLink)])

    assert "secret" not in await (await backend.units()).read(kept)


async def test_a_chain_is_undone_from_its_end(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    one, two, three = [await open_case(key) for _ in range(3)]
    await merge(agent, one, two)
    last = await merge(agent, two, three)
    assert [case.ref for case in last.into.merged_from] == [two.ref, one.ref]
    assert {entry.incidence_id for entry in (await agent.incidences.timeline(three.ref)).items} == {
        case.incidence_id for case in (one, two, three)
    }
    assert await refused(agent.incidences.unmerge(one.ref)) == "NOT_UNDOABLE"
    await agent.incidences.unmerge(two.ref)
    await agent.incidences.unmerge(one.ref)
    assert [(await now(agent, case)).merged_from for case in (two, three)] == [[], []]


async def test_what_cannot_be_merged(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    one, two, stranger, closed = [await open_case(key, user) for user in ("a", "a", "b", "a")]
    await agent.incidences.change(closed.incidence_id, IncidenceChange(version=1, outcome="DROPPED"))
    assert await refused(merge(agent, one, one)) == "SAME_INCIDENCE"
    assert await refused(merge(agent, one, closed)) == await refused(merge(agent, closed, one)) == "INCIDENCE_CLOSED"
    assert await refused(merge(agent, one, stranger)) == "OTHER_CUSTOMER"
    assert await refused(merge(agent, one, stranger, otherCustomer=True)) == "OTHER_CUSTOMER"
    stale = Merge(into=two.ref, version=1, into_version=2)
    assert await refused(agent.incidences.merge(one.ref, stale)) == "STALE_VERSION"
    missing = Merge(into="INC-99", version=1, into_version=1)
    assert await refused(agent.incidences.merge(one.ref, missing)) == "NOT_FOUND"
    for case in (one, two):
        await agent.escalations.trigger(EscalationTrigger(incidence_id=case.incidence_id, reason="EMOTIONAL"))
    assert await refused(merge(agent, one, two)) == "BOTH_ESCALATED"
    assert [(await now(agent, case)).version for case in (one, two, stranger)] == [2, 2, 1]
    done = await merge(agent, one, stranger, otherCustomer=True, reason="one family")
    assert done.into.merged_from[0].ref == one.ref
    assert await refused(merge(agent, one, two)) == "INCIDENCE_CLOSED"


async def test_a_message_on_its_way_holds_a_case_where_it_is(backend: Backend) -> None:
    agent = await backend.member("agent")
    target, source = await open_case(await backend.key()), await says(backend, "Hi")
    await agent.incidences.send(source.ref, MessageSend(text="One moment", last_seen_seq=source.last_message_seq))
    units = await backend.units()

    def outgoing(work: Any, state: str) -> int:
        calls = [call for call in work.session.query(OutgoingCall) if call.kind == "MESSAGE"]
        for call in calls:
            call.state = state
        return len(calls)

    assert await units.write(outgoing, "SENDING") == 1
    assert (
        await refused(merge(agent, source, target)) == await refused(merge(agent, target, source)) == "SEND_IN_FLIGHT"
    )
    await units.write(outgoing, "SENT")
    await merge(agent, source, target)
    await units.write(outgoing, "UNKNOWN")
    await agent.incidences.send(
        target.ref, MessageSend(text="Now?", last_seen_seq=(await now(agent, target)).last_message_seq)
    )
    assert await refused(agent.incidences.unmerge(source.ref)) == "SEND_IN_FLIGHT"


async def test_links_both_ways_and_off_again(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    one, two = await open_case(key, "a"), await open_case(key, "b")
    async with follows(backend, agent) as seen:
        made = await agent.incidences.link(one.ref, LinkMake(to=two.ref, kind="DUPLICATE_OF", reason="same oven"))
    assert [frame["type"] for frame in seen] == ["incidence.linked"] * 2
    assert (made.ref, made.is_outgoing, made.kind, made.reason) == (two.ref, True, "DUPLICATE_OF", "same oven")
    (back,) = (await agent.incidences.links(two.ref)).items
    assert (back.link_id, back.ref, back.is_outgoing) == (made.link_id, one.ref, False)
    assert (await agent.agent.dashboard(one.incidence_id)).links == [made]
    assert await refused(agent.incidences.link(one.ref, LinkMake(to=two.ref, kind="DUPLICATE_OF"))) == "ALREADY_LINKED"
    await agent.incidences.link(one.ref, LinkMake(to=two.ref))
    assert await refused(agent.incidences.link(two.ref, LinkMake(to=one.ref))) == "ALREADY_LINKED", (
        "it has no direction"
    )
    assert await refused(agent.incidences.link(one.ref, LinkMake(to=one.ref))) == "SAME_INCIDENCE"
    async with follows(backend, agent):
        await agent.incidences.unlink(two.ref, made.link_id)
    assert [link.kind for link in (await agent.incidences.links(one.ref)).items] == ["RELATES_TO"]
    assert await refused(agent.incidences.unlink(one.ref, made.link_id)) == "NOT_FOUND"


async def test_two_merges_at_once(backend: Backend) -> None:
    """Into each other, and both into a third: one of each wins, and nobody is lost or waits for ever."""
    agents, key = [await backend.member("agent") for _ in range(2)], await backend.key()
    for _ in range(4):
        one, two, three = [await open_case(key, "u-1") for _ in range(3)]
        ways = [(one, two), (two, one), (one, three), (two, three)]
        answers = await asyncio.gather(
            *(merge(agents[place % 2], *way) for place, way in enumerate(ways)), return_exceptions=True
        )
        for answer in answers:
            assert isinstance(answer, MergeRead) or (
                isinstance(answer, ApiError) and answer.code in ("STALE_VERSION", "INCIDENCE_CLOSED")
            ), answer
        won = [answer for answer in answers if isinstance(answer, MergeRead)]
        assert won
        cases = [await now(agents[0], case) for case in (one, two, three)]
        merged = [case for case in cases if case.merged_into is not None]
        assert len(merged) == len(won)
        assert any(case.status == "OPEN" for case in cases)
        for case in merged:
            assert case.merged_into is not None
            into = await agents[0].incidences.show(case.merged_into.incidence_id)
            assert case.ref in [one.ref for one in into.merged_from]


async def test_a_merge_against_sends_and_notes(backend: Backend) -> None:
    agents, key = [await backend.member("agent") for _ in range(2)], await backend.key()
    for _ in range(5):
        source, target = await open_case(key), await open_case(key)
        sent, merged, noted = await asyncio.gather(
            agents[0].incidences.send(source.ref, MessageSend(text="Hello", last_seen_seq=9**9)),
            merge(agents[1], source, target),
            agents[0].agent.note(target.incidence_id, NoteAdd(text="look")),
            return_exceptions=True,
        )
        assert not isinstance(noted, BaseException)
        case = await now(agents[0], source)
        if isinstance(sent, ApiError):
            assert sent.code == "INCIDENCE_MERGED"
            assert sent.details["mergedInto"]["ref"] == target.ref
        if isinstance(merged, ApiError):
            assert merged.code == "STALE_VERSION"
            assert case.merged_into is None
        else:
            assert isinstance(merged, MergeRead)
            assert case.merged_into is not None
        spoken = (await agents[0].incidences.messages(source.ref)).items
        assert len(spoken) == (0 if isinstance(sent, ApiError) else 1)


@pytest.mark.parametrize(("hours", "is_same"), [(167.9, True), (168, True), (168.1, False)])
async def test_a_message_after_the_end(backend: Backend, hours: float, is_same: bool) -> None:
    agent = await backend.member("agent")
    first = await says(backend, "Where is my order?")
    await agent.incidences.change(first.ref, IncidenceChange(version=first.version, outcome="RESOLVED"))
    backend.clock.advance(hours=hours)
    for client in (await backend.owner(), agent):  # a week later everybody signs in anew
        client.transport.access_token = client.transport.refresh_token = None
    await (await backend.owner()).identity.sign_in("owner1@example.com", PASSWORD)
    await agent.identity.sign_in("agent2@example.com", PASSWORD)
    async with follows(backend, agent):
        second = await says(backend, "Thanks!")
    assert (second.incidence_id == first.incidence_id) == is_same
    old = await now(agent, first)
    if is_same:
        assert (old.status, old.reopen_count) == ("OPEN", 1)
        return
    assert (old.status, old.outcome, old.reopen_count) == ("CLOSED", "RESOLVED", 0)
    assert (second.status, second.summary, second.reopen_count) == ("OPEN", "Thanks!", 0)
    (link,) = (await agent.incidences.links(second.ref)).items
    assert (link.kind, link.ref, link.is_outgoing, link.made_by) == ("CONTINUES", first.ref, True, None)
    assert (await says(backend, "And one more")).incidence_id == second.incidence_id


async def test_erasing_a_customer_reaches_into_the_case_of_another(backend: Backend) -> None:
    agent, key, owner = await backend.member("agent"), await backend.key(), await backend.owner()
    source = await says(backend, "I am Meera", user="a")
    target, last = await open_case(key, "b"), await open_case(key, "b")
    raised = EscalationTrigger(incidence_id=source.incidence_id, reason="EMOTIONAL", note="Meera cried")
    await agent.escalations.trigger(raised)
    await merge(agent, source, target, otherCustomer=True, reason="one family")
    await merge(agent, target, last)
    assert "Meera" in (await now(agent, last)).model_dump_json()
    async with follows(backend, agent):
        await owner.customers.erase(source.customer.id)
    for case in (source, target, last):
        assert "Meera" not in (await now(agent, case)).model_dump_json()
    assert "Meera" not in str(await owner.escalations.queue())
    assert (await owner.audit.verify())["isWhole"]


async def test_labels_that_a_merge_brought_can_be_taken_off_again(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    source, target = await open_case(key), await open_case(key)
    for case, letter in ((source, "a"), (target, "b")):
        await agent.incidences.label(case.incidence_id, LabelsChange(add=[f"{letter}{number}" for number in range(20)]))
    assert len((await merge(agent, source, target)).into.labels) == 40
    assert len((await agent.incidences.label(target.incidence_id, LabelsChange(remove=["a1"]))).labels) == 39
    assert (
        await refused(agent.incidences.label(target.incidence_id, LabelsChange(add=["one-more"]))) == "TOO_MANY_LABELS"
    )
    tried = await agent.bulks.start(
        BulkStart.model_validate({"verb": "label", "args": {"remove": ["a2"]}, "ids": [{"incidenceId": target.ref}]})
    )
    assert (tried.done, tried.skipped) == (1, 0)
