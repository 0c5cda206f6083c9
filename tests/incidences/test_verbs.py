"""What agents do with cases: each verb, its refusals, and what it leaves on the timeline."""

from datetime import timedelta

import pytest

from backend.client import ApiError, Client
from backend.incidences.schemas import ChannelEscalate, IncidenceChange, IncidenceRead, MessageSend, NoteAdd
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.alike


async def change(client: Client, case: IncidenceRead, **fields: object) -> IncidenceRead:
    body = IncidenceChange.model_validate({"version": case.version, **fields})
    return await client.incidences.change(case.incidence_id, body)


async def types(client: Client, case: IncidenceRead) -> list[str]:
    return [
        entry.type.removeprefix("incidence.") for entry in (await client.incidences.timeline(case.incidence_id)).items
    ]


async def test_from_open_to_solved_and_back(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key("incidences")
    case = await open_case(key)
    backend.clock.advance(minutes=2)
    case = await agent.incidences.take(case.incidence_id, case.version)
    me = await agent.identity.me()
    assert (case.agent_id, case.agent_name) == (me.member_id, me.user.name)
    backend.clock.advance(minutes=1)
    sent = await agent.incidences.send(
        case.incidence_id, MessageSend(text="Happy to help", last_seen_seq=case.last_seq)
    )
    assert sent.incidence.status == "WAITING"
    assert sent.incidence.waiting_since is None
    assert sent.incidence.first_response_at == backend.clock.now()
    noted = await agent.agent.note(case.incidence_id, NoteAdd(text="wants 80 plates"))
    backend.clock.advance(minutes=7)
    closed = await change(
        agent, noted.incidence, outcome="CONVERTED", rootCause="unclear portions", orderImpact="PLACED"
    )
    assert (closed.status, closed.outcome, closed.time_to_resolve) == ("CLOSED", "CONVERTED", 600)
    assert closed.resolved_at == backend.clock.now()
    again = await change(agent, closed, status="OPEN")
    assert (again.status, again.outcome, again.resolved_at, again.reopen_count) == ("OPEN", None, None, 1)
    assert again.time_to_resolve is None
    assert await types(agent, case) == ["opened", "taken", "message_sent", "note_added", "closed", "reopened"]
    assert (await (await backend.owner()).audit.verify())["isWhole"] is True


async def test_taking_what_somebody_has(backend: Backend) -> None:
    first, second, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    case = await open_case(key)
    mine = await first.incidences.take(case.incidence_id)
    assert await first.incidences.take(case.incidence_id) == mine
    with pytest.raises(ApiError) as refused:
        await second.incidences.take(case.incidence_id)
    assert (refused.value.status, refused.value.code) == (409, "ALREADY_TAKEN")
    assert refused.value.details["agentName"] == mine.agent_name
    assert refused.value.details["current"]["agentId"] == mine.agent_id


async def test_a_stale_change_is_told_what_happened(backend: Backend) -> None:
    first, second, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    case = await open_case(key)
    changed = await change(first, case, priority=1)
    with pytest.raises(ApiError) as refused:
        await change(second, case, priority=4)
    assert (refused.value.status, refused.value.code) == (409, "STALE_VERSION")
    assert refused.value.details["current"]["version"] == changed.version
    assert refused.value.details["since"][-1]["data"]["changes"] == {"priority": [3, 1]}
    assert (await first.identity.me()).user.name in refused.value.message
    assert await first.incidences.show(case.incidence_id) == changed


async def test_a_send_is_stopped_once_by_what_arrived(backend: Backend) -> None:
    first, second, key = await backend.member("agent"), await backend.member("agent"), await backend.key()
    case = await open_case(key)
    sent = await first.incidences.send(case.incidence_id, MessageSend(text="One moment", last_seen_seq=case.last_seq))
    await second.agent.note(case.incidence_id, NoteAdd(text="notes do not stop a send"))
    with pytest.raises(ApiError) as refused:
        await second.incidences.send(case.incidence_id, MessageSend(text="Hello", last_seen_seq=case.last_seq))
    assert (refused.value.status, refused.value.code) == (409, "STALE_CONVERSATION")
    assert [entry["data"]["text"] for entry in refused.value.details["since"]] == ["One moment"]
    await second.incidences.send(case.incidence_id, MessageSend(text="Hello", last_seen_seq=sent.seq))
    assert [
        entry.data and entry.data["text"] for entry in (await first.incidences.messages(case.incidence_id)).items
    ] == [
        "One moment",
        "Hello",
    ]


async def test_snooze_ends_at_its_second(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    until = backend.clock.now() + timedelta(hours=1)
    asleep = await change(agent, case, snoozedUntil=until.isoformat())
    assert (asleep.status, asleep.snoozed_until) == ("SNOOZED", until)
    assert (await agent.incidences.counts())["snoozed"] == 1
    backend.clock.advance(minutes=59, seconds=59)
    await backend.drain()
    assert (await agent.incidences.show(case.incidence_id)).status == "SNOOZED"
    backend.clock.advance(seconds=1)
    await backend.drain()
    awake = await agent.incidences.show(case.incidence_id)
    assert (awake.status, awake.snoozed_until) == ("OPEN", None)
    assert (await types(agent, case))[-1] == "snooze_ended"


async def test_a_snooze_moved_or_ended_by_hand_does_not_wake_twice(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    case = await change(agent, case, snoozedUntil=(backend.clock.now() + timedelta(minutes=5)).isoformat())
    case = await change(agent, case, snoozedUntil=(backend.clock.now() + timedelta(minutes=20)).isoformat())
    backend.clock.advance(minutes=5)
    await backend.drain()
    assert (await agent.incidences.show(case.incidence_id)).status == "SNOOZED"
    case = await change(agent, case, status="OPEN")
    backend.clock.advance(minutes=30)
    await backend.drain()
    assert (await types(agent, case)).count("snooze_ended") == 0


async def test_an_unresolved_case_gets_the_next_channel_after_ten_minutes(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    stays, solved = await open_case(key, "u-1"), await open_case(key, "u-2")
    await change(agent, solved, outcome="RESOLVED")
    backend.clock.advance(minutes=9, seconds=59)
    await backend.drain()
    assert (await agent.incidences.show(stays.incidence_id)).allowed_channels == ["CHAT"]
    backend.clock.advance(seconds=1)
    await backend.drain()
    climbed = await agent.incidences.show(stays.incidence_id)
    assert (climbed.allowed_channels, climbed.auto_escalate_at) == (["CHAT", "CALL"], None)
    assert (await agent.incidences.show(solved.incidence_id)).allowed_channels == ["CHAT"]
    last = (await agent.incidences.timeline(stays.incidence_id)).items[-1]
    assert last.data == {"channels": [["CHAT"], ["CHAT", "CALL"]], "reason": "unresolved for 10 min"}


async def test_escalating_by_hand(backend: Backend) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    body = ChannelEscalate(incidence_id=case.incidence_id, reason="asks for a call", version=case.version)
    climbed = await agent.channels.escalate(body)
    assert climbed.allowed_channels == ["CHAT", "CALL"]
    with pytest.raises(ApiError) as refused:
        await agent.channels.escalate(body.model_copy(update={"version": climbed.version}))
    assert (refused.value.status, refused.value.code) == (422, "HIGHEST_CHANNEL")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({}, 400, "VALIDATION_ERROR"),
        ({"status": "GONE"}, 400, "VALIDATION_ERROR"),
        ({"status": None}, 400, "VALIDATION_ERROR"),
        ({"priority": 0}, 400, "VALIDATION_ERROR"),
        ({"priority": 5}, 400, "VALIDATION_ERROR"),
        ({"colour": "red"}, 400, "VALIDATION_ERROR"),
        ({"agentId": "nobody"}, 422, "UNKNOWN_MEMBER"),
        ({"status": "SNOOZED"}, 400, "VALIDATION_ERROR"),
        ({"snoozedUntil": "2020-01-01T00:00:00Z"}, 422, "SNOOZE_IN_PAST"),
        ({"status": "OPEN", "outcome": "RESOLVED"}, 422, "STATUS_CONFLICT"),
        ({"orderValue": -5}, 400, "VALIDATION_ERROR"),
    ],
)
async def test_wrong_changes_change_nothing(
    backend: Backend, fields: dict[str, object], status: int, code: str
) -> None:
    agent, key = await backend.member("agent"), await backend.key()
    case = await open_case(key)
    with pytest.raises(ApiError) as refused:
        await agent.transport.call(
            "PATCH", "/incidences/{incidence_id}", None, {"version": 1, **fields}, incidence_id=case.incidence_id
        )
    assert (refused.value.status, refused.value.code) == (status, code)
    assert await agent.incidences.show(case.incidence_id) == case


async def test_another_business_sees_nothing(backend: Backend) -> None:
    key, stranger = await backend.key(), await backend.another_owner()
    case = await open_case(key, "u", orderId="o")
    id = case.incidence_id
    calls = [
        stranger.incidences.show(id),
        stranger.incidences.take(id),
        stranger.incidences.timeline(id),
        stranger.incidences.messages(id),
        stranger.agent.dashboard(id),
        stranger.agent.note(id, NoteAdd(text="x")),
        stranger.incidences.send(id, MessageSend(text="x", last_seen_seq=0)),
        stranger.incidences.change(id, IncidenceChange(version=1, priority=1)),
        stranger.channels.escalate(ChannelEscalate(incidence_id=id, reason="x")),
        stranger.incidences.of_user("u"),
    ]
    for call in calls:
        with pytest.raises(ApiError) as refused:
            await call
        assert (refused.value.status, refused.value.code) == (404, "NOT_FOUND")
    assert (await stranger.incidences.of_order("o")).items == []
    assert (await stranger.incidences.list()).items == []
    assert sum((await stranger.incidences.counts()).values()) == 0


async def test_a_case_that_outgrows_self_serve_waits_for_an_agent_and_climbs(backend: Backend) -> None:
    agent = await backend.member("agent")
    case = await open_case(await backend.key("incidences"), orderValue=3_000)
    assert (case.is_self_serve, case.waiting_since, case.auto_escalate_at) == (True, None, None)
    backend.clock.advance(minutes=1)
    case = await change(agent, case, orderValue=12_000)
    now = backend.clock.now()
    assert (case.is_self_serve, case.waiting_since) == (False, now)
    assert case.auto_escalate_at == now + timedelta(minutes=10)
    backend.clock.advance(minutes=10)
    await backend.drain()
    assert (await agent.incidences.show(case.incidence_id)).allowed_channels == ["CHAT", "CALL"]
    found = (await agent.agent.next()).incidence
    assert found is not None
    assert found.incidence_id == case.incidence_id
