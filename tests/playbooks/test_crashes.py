"""Executions survive a process that dies at any boundary of a step: each effect is there, once."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import Client
from backend.core.clock import RealClock
from backend.customers.schemas import CustomerChange
from backend.demo.outside.receiver import Receiver
from backend.demo.outside.serve import served
from backend.events.models import EventRow
from backend.identity.schemas import SignUp
from backend.incidences.schemas import IncidenceOpen
from backend.integrations.models import WebhookPost
from backend.integrations.schemas import IntegrationAdd
from backend.integrations.webhooks import sending
from backend.interventions.models import Intervention
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.registry import JOBS
from backend.notifications.models import Notification
from backend.playbooks import running
from backend.playbooks.schemas import PlaybookMake, TriggerAsk, WaitChange
from backend.retention.models import RetentionRun
from backend.work import Work
from tests.integrations.test_webhook_endpoints import endpoint
from tests.playbooks.trips import EVERY, make, shown, start, told, words
from tests.retention.leaver import Leaver
from tests.support.backend import Backend
from tests.support.incidences import open_case
from tests.support.server import Server

pytestmark = pytest.mark.alike

STEPS = ("staff", "customer", "write", "give", "rest", "quiet", "offer", "call", "hand", "crm")
WHOLE = """
name: Every kind
steps:
- {{kind: notify, id: staff, to: supervisors, text: Have a look}}
- {{kind: notify, id: customer, to: customer, text: "May we help?"}}
- {{kind: message, id: write, text: "About {{ref}}."}}
- {{kind: assign, id: give, to: {member}}}
- {{kind: wait, id: rest, for: 3d}}
- {{kind: condition, id: quiet, when: {{fact: customer_wrote, op: eq, value: false}}}}
- {{kind: offer, id: offer}}
- {{kind: intervention, id: call, type: call, nextAction: Ask how they are}}
- {{kind: assign, id: hand, what: intervention, to: {member}}}
- {{kind: webhook, id: crm, to: crm, data: {{why: quiet}}}}
"""


class Dies(Exception):
    """As if the process had been killed just then."""


async def test_killed_at_every_boundary_each_step_is_done_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step dies once before its commit, whole as it was; and after its commit its job runs a second time.

    What the last one posts is taken by the endpoint, and the process dies before that is noted: only the endpoint can
    tell the second post from the first, by its id.
    """
    leaver = await Leaver(backend).arrive()
    owner, supervisor = leaver.owner, await backend.member("supervisor")
    who = await owner.customers.show(leaver.customer)
    case = await open_case(await backend.key(), who.user_id)
    member = (await supervisor.identity.me()).member_id
    advance, job, settle = running.advance, JOBS["playbooks.advance"], sending.settle
    died: list[str] = []

    def dies_once(work: Work, execution_id: str, step: str, *installed: Any) -> None:
        advance(work, execution_id, step, *installed)
        work.session.flush()
        name = step if step not in died or step != "rest" else "rest, over"
        if name not in died:
            died.append(name)
            raise Dies(step)

    async def runs_twice(ctx: Any, **args: Any) -> None:
        await job.run(ctx, **args)
        await job.run(ctx, **args)  # it was killed before anybody knew that it was through

    def never_noted(*_: Any) -> None:
        monkeypatch.setattr(sending, "settle", settle)
        raise Dies("between the post and its record")

    monkeypatch.setattr(running, "advance", dies_once)
    monkeypatch.setattr(sending, "settle", never_noted)
    monkeypatch.setitem(JOBS, "playbooks.advance", type(job)(**{**vars(job), "run": runs_twice}))
    async with endpoint(backend, "incidence.opened", of=owner) as (receiver, crm):
        execution = await start(owner, await make(owner, WHOLE.format(member=member)), who.id)
        for _ in range(8):
            await backend.drain()
            backend.clock.advance(seconds=5)
        assert (await shown(owner, execution)).status == "WAITING"
        backend.clock.advance(days=3)
        for _ in range(9):
            await backend.drain()
            backend.clock.advance(seconds=5)
        over = await shown(owner, execution)
        assert (over.status, over.ended_how) == ("COMPLETED", "came to its end")
        assert len(receiver.got) == 1
        assert [one.state for one in (await owner.integrations.posts(crm.id)).items] == ["SENDING"], "nobody knows"
        backend.clock.advance(minutes=4)
        await backend.drain()
        (post,) = (await owner.integrations.posts(crm.id)).items
        assert [one.id for one in receiver.got] == [post.id] * 2, "sent again, and known again"
        assert (post.id, post.state) == (over.log[-1].result["postId"], "SENT")
    assert died == [*STEPS[:5], "rest, over", *STEPS[5:]], "every boundary was tried"
    assert [(one.step_id, one.state) for one in over.log] == [(id, "DONE") for id in STEPS]
    assert [one.attempts for one in over.log] == [1] * len(STEPS), "a death is no failure"
    assert len(await words(owner, case)) == 1
    assert await told(backend, supervisor) == ["Have a look (playbook Every kind)"]
    assert (await owner.incidences.show(case.incidence_id)).agent_id == member
    (made,) = (await owner.interventions.list()).items
    assert (made.cause_id, made.assignee_id, made.version) == (execution.execution_id, member, 2)

    def counted(work: Work) -> list[int]:
        def of(model: Any, *where: Any) -> int:
            return work.session.scalar(select(func.count()).select_from(model).where(*where)) or 0

        moves = EventRow.type == "playbook_execution.step_done"
        rows = [of(one) for one in (Notification, RetentionRun, Intervention, WebhookPost, DeadLetter)]
        return [*rows, of(PendingJob, PendingJob.job == job.name), of(EventRow, moves)]

    every = await (await backend.units()).read(counted)
    assert every == [1, 1, 1, 1, 0, 0, len(STEPS) + 1], "a wait moves twice: it begins and ends"
    assert (await owner.audit.verify())["isWhole"] is True


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_nobody_foresaw_fails_in_the_end_and_can_be_tried_again(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await backend.owner()
    case = await open_case(await backend.key())
    who = await owner.customers.show("u-1")
    await owner.customers.change(who.id, CustomerChange(version=who.version, name="Priya"))
    advance = running.advance

    def breaks(work: Work, execution_id: str, step: str, *installed: Any) -> None:
        advance(work, execution_id, step, *installed)
        if step == "write":
            raise ZeroDivisionError("in the kitchen")

    monkeypatch.setattr(running, "advance", breaks)
    execution = await start(owner, await make(owner, EVERY), "u-1")
    for _ in range(6):
        await backend.drain()
        backend.clock.advance(minutes=1)
    failed = await shown(owner, execution)
    assert failed.status == "FAILED"
    assert (failed.log[-1].error or "").startswith("ZeroDivisionError at "), "its words may be a customer's"
    assert "kitchen" not in (failed.log[-1].error or "")
    assert await words(owner, case) == []
    letters = (await owner.jobs.dead_letters())["items"]
    assert [one["job"] for one in letters] == ["playbooks.advance"]
    monkeypatch.setattr(running, "advance", advance)
    await owner.executions.retry(execution.execution_id)
    await owner.jobs.replay(letters[0]["id"])
    await backend.drain()
    assert (await shown(owner, execution)).status == "WAITING"
    assert len(await words(owner, case)) == 1, "though the dead letter was replayed as well"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_server_killed_in_the_midst_of_many_finishes_each_once(database_url: str, tmp_path: Path) -> None:
    """With waits of three days, which began before it was killed or after, and are over when somebody says so."""
    yaml = """
name: Write
steps:
- {kind: intervention, id: call}
- {kind: webhook, id: crm, to: crm}
- {kind: message, id: m0, text: "Line 0 about {ref}"}
- {kind: wait, id: rest, for: 3d}
- {kind: message, id: m1, text: "Line 1 about {ref}"}
- {kind: message, id: m2, text: "Line 2 about {ref}"}
"""
    server, receiver = Server(database_url, tmp_path / "server"), Receiver(RealClock())
    await asyncio.to_thread(server.start)
    try:
        async with Client(server.url) as owner, served(receiver) as sink:
            await owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
            crm = IntegrationAdd(platform="webhook", name="crm", base_url=sink, events=["incidence.merged"])
            receiver.secret = (await owner.integrations.add(crm)).webhook_secret or ""
            playbook = await owner.playbooks.make(PlaybookMake(yaml=yaml))
            cases = []
            for number in range(8):
                body = {"userId": f"u-{number}", "stage": "POST_ORDER", "channel": "CALL", "trigger": "USER_INITIATED"}
                cases.append(await owner.incidences.open(IncidenceOpen.model_validate(body)))
            ids = [one.incidence_id for one in cases]
            await owner.playbooks.trigger(TriggerAsk(playbook_id=playbook.playbook_id, incidence_ids=ids))
            async with asyncio.timeout(60):
                while sum(one.done for one in (await owner.executions.list()).items) < 12:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                server.kill()
                await asyncio.to_thread(server.start)
                while {one.status for one in (await owner.executions.list()).items} != {"WAITING"}:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                for one in (await owner.executions.list()).items:
                    assert one.next_at is not None
                    assert timedelta(days=3) - (one.next_at - datetime.now(UTC)) < timedelta(minutes=5)
                    over = WaitChange(version=one.version, next_at=datetime.now(UTC))
                    await owner.executions.change_wait(one.execution_id, over)
                while (await owner.executions.list(open="true")).items:  # noqa: ASYNC110 - another process works
                    await asyncio.sleep(0.1)
            for case in cases:
                assert await words(owner, case) == [f"Line {number} about {case.ref}" for number in range(3)]
            assert {(one.status, one.done) for one in (await owner.executions.list()).items} == {("COMPLETED", 6)}
            begun = [one.cause_id for one in (await owner.interventions.list()).items]
            assert len(begun) == len(set(begun)) == len(cases)
            told = {(one.body["data"]["executionId"], one.id) for one in receiver.got}
            assert len({execution for execution, _ in told}) == len(told), "whatever came twice had one id"
            assert (await owner.audit.verify())["isWhole"] is True
    finally:
        server.kill()
