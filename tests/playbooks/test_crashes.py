"""Executions survive a process that dies at any boundary of a step: each effect is there, once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from backend.client import Client
from backend.customers.schemas import CustomerChange
from backend.events.models import EventRow
from backend.identity.schemas import SignUp
from backend.incidences.schemas import IncidenceOpen
from backend.jobs.models import DeadLetter, PendingJob
from backend.jobs.registry import JOBS
from backend.notifications.models import Notification
from backend.playbooks import running
from backend.playbooks.schemas import PlaybookMake, TriggerAsk
from backend.work import Work
from tests.playbooks.trips import EVERY, log, make, shown, start, told, words
from tests.support.backend import Backend
from tests.support.incidences import open_case
from tests.support.server import Server

pytestmark = pytest.mark.alike

STEPS = ("staff", "customer", "write", "give", "rest", "quiet", "offer")


class Dies(Exception):
    """As if the process had been killed just then."""


async def test_killed_at_every_boundary_each_step_is_done_once(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step dies once before its commit, whole as it was; and after its commit its job runs a second time."""
    owner, supervisor = await backend.owner(), await backend.member("supervisor")
    case = await open_case(await backend.key())
    who = await owner.customers.show("u-1")
    await owner.customers.change(who.id, CustomerChange(version=who.version, name="Priya"))
    advance, job = running.advance, JOBS["playbooks.advance"]
    died: list[str] = []
    done: list[str] = []

    def dies_once(work: Work, execution_id: str, step: str, *installed: Any) -> None:
        advance(work, execution_id, step, *installed)
        work.session.flush()
        name = step if step not in died or step != "rest" else "rest, over"
        if name not in died:
            died.append(name)
            raise Dies(step)
        done.append(step)

    async def runs_twice(ctx: Any, **args: Any) -> None:
        await job.run(ctx, **args)
        await job.run(ctx, **args)  # it was killed before anybody knew that it was through

    monkeypatch.setattr(running, "advance", dies_once)
    monkeypatch.setitem(JOBS, "playbooks.advance", type(job)(**{**vars(job), "run": runs_twice}))
    execution = await start(owner, await make(owner, EVERY), "u-1")
    for _ in range(8):
        await backend.drain()
        backend.clock.advance(seconds=5)
    assert (await shown(owner, execution)).status == "WAITING"
    backend.clock.advance(days=3)
    for _ in range(6):
        await backend.drain()
        backend.clock.advance(seconds=5)
    over = await shown(owner, execution)
    assert (over.status, over.ended_how) == ("COMPLETED", "came to its end")
    assert died == [*STEPS[:5], "rest, over", *STEPS[5:]], "every boundary was tried"
    assert [one for one, _ in await log(owner, execution)] == list(STEPS)
    assert [one.attempts for one in over.log] == [1] * len(STEPS), "a death is no failure"
    assert len(await words(owner, case)) == 1
    assert await told(backend, supervisor) == ["Have a look (playbook Every kind)"]

    def counted(work: Work) -> tuple[int, int, int, int]:
        def of(model: Any, *where: Any) -> int:
            return work.session.scalar(select(func.count()).select_from(model).where(*where)) or 0

        moves = EventRow.type == "playbook_execution.step_done"
        return of(Notification), of(EventRow, moves), of(DeadLetter), of(PendingJob, PendingJob.job == job.name)

    notified, moved, dead, pending = await (await backend.units()).read(counted)
    assert (notified, moved, dead, pending) == (1, len(STEPS) + 1, 0, 0), "a wait moves twice: it begins and ends"
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
    yaml = "name: Write\nsteps:\n" + "".join(
        f"- {{kind: message, id: m{number}, text: 'Line {number} about {{ref}}'}}\n" for number in range(4)
    )
    server = Server(database_url, tmp_path / "server")
    await asyncio.to_thread(server.start)
    try:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@example.com", password="correct horse", name="O"))
            playbook = await owner.playbooks.make(PlaybookMake(yaml=yaml))
            cases = []
            for number in range(12):
                body = {"userId": f"u-{number}", "stage": "POST_ORDER", "channel": "CALL", "trigger": "USER_INITIATED"}
                cases.append(await owner.incidences.open(IncidenceOpen.model_validate(body)))
            ids = [one.incidence_id for one in cases]
            await owner.playbooks.trigger(TriggerAsk(playbook_id=playbook.playbook_id, incidence_ids=ids))
            async with asyncio.timeout(60):
                while sum(one.done for one in (await owner.executions.list()).items) < 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                server.kill()
                await asyncio.to_thread(server.start)
                while (await owner.executions.list(open="true")).items:  # noqa: ASYNC110 - another process works
                    await asyncio.sleep(0.1)
            for case in cases:
                assert await words(owner, case) == [f"Line {number} about {case.ref}" for number in range(4)]
            assert {(one.status, one.done) for one in (await owner.executions.list()).items} == {("COMPLETED", 4)}
            assert (await owner.audit.verify())["isWhole"] is True
    finally:
        server.kill()
