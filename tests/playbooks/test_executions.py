"""Executions: every kind of step done once by the house's own verbs, waits that are moved, and what a person does to one."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from backend.client import ApiError
from backend.customers.schemas import CustomerChange
from backend.incidences.service import incidence_of, receive_message
from backend.interventions.schemas import InterventionChange
from backend.playbooks.schemas import ExecutionAct, PlaybookChange, TriggerAsk, WaitChange
from backend.work import Work
from tests.integrations.test_webhook_endpoints import endpoint
from tests.playbooks.trips import EVERY, NOTES, make, shown, start, told, words
from tests.support.backend import Backend
from tests.support.incidences import open_case
from tests.support.statements import statements

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def refused(doing: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await doing
    return error.value


async def named(backend: Backend, name: str = "Priya") -> None:
    owner = await backend.owner()
    who = await owner.customers.show("u-1")
    await owner.customers.change(who.id, CustomerChange(version=who.version, name=name))


async def test_every_step_once_and_a_wait_that_is_moved_half_way(backend: Backend) -> None:
    owner, supervisor = await backend.owner(), await backend.member("supervisor")
    case = await open_case(await backend.key())
    await named(backend)
    execution = await start(owner, await make(owner, EVERY), "u-1")
    assert (execution.status, execution.why, execution.total) == ("RUNNING", "by Owner 1", 8)
    assert await told(backend, supervisor) == ["Have a look (playbook Every kind)"]
    assert await words(owner, case) == [f"Dear Priya, about {case.ref}."]
    prompts = await owner.notifications.list(case.user_id)
    assert [(one.text, one.state, one.rule_kind) for one in prompts.items] == [("May we help?", "OFFERED", "playbook")]
    assert prompts.to_show == [prompts.items[0].id], "though they are not in the app now"
    now = await shown(owner, execution)
    assert [(one.step_id, one.state) for one in now.log] == [
        ("staff", "DONE"),
        ("customer", "DONE"),
        ("write", "DONE"),
        ("give", "SKIPPED"),  # nobody is online
        ("rest", "WAITING"),
    ]
    assert (now.status, now.done, now.step_id) == ("WAITING", 4, "rest")
    assert now.next_at == backend.clock.now() + timedelta(days=3)

    backend.clock.advance(days=1, hours=12)
    await backend.drain()
    assert (await shown(owner, execution)).status == "WAITING"
    later = now.next_at + timedelta(days=2)
    body = WaitChange(version=now.version, next_at=later)
    moved = await owner.executions.change_wait(now.execution_id, body)
    assert (moved.next_at, moved.version) == (later, now.version + 1)
    assert (await refused(owner.executions.change_wait(now.execution_id, body))).code == "STALE_VERSION"
    backend.clock.advance(days=2)  # past the first end, before the second
    await backend.drain()
    assert (await shown(owner, execution)).status == "WAITING", "the old end is no end any more"

    def wrote(work: Work) -> None:
        receive_message(work, incidence_of(work, case.incidence_id, to_change=True), "Yes please", {})

    await (await backend.units()).write(wrote)
    soon = WaitChange(version=moved.version, next_at=backend.clock.now())
    await owner.executions.change_wait(now.execution_id, soon)
    await backend.drain()
    end = await shown(owner, execution)
    assert [(one.step_id, one.state) for one in end.log][-3:] == [
        ("rest", "DONE"),
        ("quiet", "DONE"),
        ("owner", "DONE"),
    ]
    assert (end.status, end.ended_how, end.is_success) == ("COMPLETED", "came to its end", False)
    (quiet,) = [one for one in end.log if one.step_id == "quiet"]
    assert (quiet.result["holds"], quiet.told) == (False, "does not hold: the customer wrote yes")
    assert await words(owner, case) == [f"Dear Priya, about {case.ref}."], "once, whatever was moved"
    listed = (await owner.playbooks.list()).items[0].figures
    assert (listed.started, listed.completed, listed.succeeded, listed.success_rate) == (1, 1, 0, 0)
    figures = {one.step_id: one for one in (await owner.playbooks.show("Every kind")).step_figures}
    assert (figures["rest"].done, figures["rest"].median_seconds) == (1, 3.5 * 86_400)
    assert (figures["give"].skipped, figures["offer"].reached) == (1, 0)
    assert (await owner.audit.verify())["isWhole"] is True


@only_sqlite
async def test_paused_resumed_failed_tried_again_and_cancelled(backend: Backend) -> None:
    owner = await backend.owner()
    case = await open_case(await backend.key())
    playbook = await make(owner, EVERY)
    execution = await start(owner, playbook, "u-1")
    again = await refused(start(owner, playbook, "u-1"))
    assert (again.status, again.code) == (409, "ALREADY_RUNNING")
    await backend.drain()
    failed = await shown(owner, execution)  # the customer has no name, so nothing is known for {customer.name}
    assert (failed.status, failed.step_id, failed.is_success) == ("FAILED", "write", False)
    assert failed.log[-1].error == "Nothing is known for {customer.name}, so nothing was written."
    (alert,) = [one for one in (await owner.alerts.list()).items if one.kind == "PLAYBOOK_FAILED"]
    assert alert.message.startswith("playbook Every kind failed at write: Nothing is known")
    assert await words(owner, case) == []
    assert (await refused(owner.executions.pause(failed.execution_id))).code == "EXECUTION_ENDED"
    await named(backend)
    tried = await owner.executions.retry(failed.execution_id, ExecutionAct(version=failed.version))
    assert (tried.status, tried.ended_at) == ("RUNNING", None)
    await backend.drain()
    waits = await shown(owner, execution)
    assert (waits.status, len(await words(owner, case))) == ("WAITING", 1)
    assert next(one for one in waits.log if one.step_id == "write").attempts == 2
    assert (await refused(owner.executions.retry(waits.execution_id))).code == "NOT_FAILED"

    paused = await owner.executions.pause(waits.execution_id)
    assert (paused.status, paused.next_at) == ("PAUSED", waits.next_at)
    assert (await owner.executions.pause(waits.execution_id)).version == paused.version, "twice is once"
    backend.clock.advance(days=4)
    await backend.drain()
    assert (await shown(owner, execution)).status == "PAUSED"
    assert (await owner.executions.resume(waits.execution_id)).status == "WAITING"
    await backend.drain()
    over = await shown(owner, execution)
    assert (over.status, over.log[-1].told) == ("COMPLETED", "skipped: the customer has no subscription")
    assert over.is_success is True
    assert (await refused(owner.executions.resume(over.execution_id))).code == "NOT_PAUSED"
    assert (await refused(owner.executions.cancel(over.execution_id))).code == "EXECUTION_ENDED"

    second = await start(owner, playbook, "u-1")
    await backend.drain()
    held = await owner.executions.pause(second.execution_id)
    later = backend.clock.now() + timedelta(days=10)
    moved = WaitChange(version=held.version, next_at=later)
    assert (await owner.executions.change_wait(second.execution_id, moved)).status == "PAUSED", (
        "a wait is moved in its pause"
    )
    await owner.executions.resume(second.execution_id)
    backend.clock.advance(days=9)
    await backend.drain()
    waits = await shown(owner, second)
    assert (waits.status, waits.next_at) == ("WAITING", later)
    body = ExecutionAct(reason="wrong customer")
    cancelled = await owner.executions.cancel(second.execution_id, body)
    assert (cancelled.status, cancelled.ended_how) == ("CANCELLED", "cancelled by Owner 1: wrong customer")
    backend.clock.advance(days=1)
    await backend.drain()
    assert (await shown(owner, second)).done == cancelled.done, "no step after that"
    page = await owner.executions.list(limit=1)
    assert ([one.execution_id for one in page.items], page.open) == ([second.execution_id], 0)
    older = await owner.executions.list(limit=1, cursor=page.next_cursor)
    assert [one.execution_id for one in older.items] == [execution.execution_id]
    assert [one.status for one in (await owner.executions.list(status="COMPLETED")).items] == ["COMPLETED"]
    assert (await owner.executions.list(open="true")).items == []


@only_sqlite
async def test_many_at_once_tell_who_was_left_out_and_a_change_leaves_them_alone(backend: Backend) -> None:
    owner, supervisor = await backend.owner(), await backend.member("supervisor")
    key = await backend.key()
    cases = [await open_case(key, f"u-{number}") for number in range(3)]
    playbook = await make(owner, NOTES.format(name="Notes"))
    await start(owner, playbook, "u-0")
    ids = ["u-0", "u-1", "u-1", "nobody"]
    answer = await owner.playbooks.trigger(TriggerAsk(playbook_id="Notes", customer_ids=ids))
    assert [one.user_id for one in answer.items] == ["u-1"]
    assert [(one.code, one.customer_name) for one in answer.refused] == [("ALREADY_RUNNING", "u-0"), ("NOT_FOUND", "nobody")]  # fmt: skip
    answer = await owner.playbooks.trigger(TriggerAsk(playbook_id="Notes", incidence_ids=[one.ref for one in cases]))
    assert [one.incidence_id for one in answer.items] == [cases[2].incidence_id], "about the case that was chosen"
    seen = await owner.playbooks.show("Notes")
    yaml = seen.yaml.replace("Two", "Changed")
    await owner.playbooks.change(seen.playbook_id, PlaybookChange(version=seen.version, yaml=yaml))
    said = await told(backend, supervisor)
    assert not any("Changed" in one for one in said), "they go by what they began with"
    with statements() as of_all:
        assert {one.status for one in (await owner.executions.list()).items} == {"COMPLETED"}
    with statements() as of_one:
        assert len((await owner.executions.list(limit=1)).items) == 1
    assert len(of_all) == len(of_one), "a page costs as many statements, however long it is"
    wrong = await refused(start(owner, playbook, "u-0", incidence_id=cases[1].incidence_id))
    assert wrong.code == "OTHER_CUSTOMER"
    for fields in ({}, {"customer_id": "u-1", "customer_ids": ["u-1"]}, {"customer_ids": ["u"] * 201}):
        bad = await refused(owner.transport.call("POST", "/api/v1/playbooks/trigger", None, {"playbookId": "Notes", **{"customerIds" if k == "customer_ids" else "customerId": v for k, v in fields.items()}}))  # fmt: skip
        assert bad.status == 400


@only_sqlite
async def test_erasing_a_customer_ends_what_goes_on_and_leaves_no_words(backend: Backend) -> None:
    owner = await backend.owner()
    await open_case(await backend.key())
    await named(backend)
    execution = await start(owner, await make(owner, EVERY), "u-1")
    await backend.drain()
    await owner.customers.erase("u-1")
    backend.clock.advance(days=4)
    await backend.drain()
    over = await shown(owner, execution)
    assert (over.status, over.ended_how, over.why) == ("CANCELLED", "the customer was erased", "")
    assert [(one.told, one.result, one.error) for one in over.log] == [("", {}, None)] * 5
    assert "Priya" not in over.model_dump_json()
    assert (await owner.audit.verify())["isWhole"] is True


async def test_of_a_step_and_a_cancellation_at_once_one_is_first(backend: Backend) -> None:
    """Whoever is first, no step is done after it was cancelled, and none is half done."""
    owner, key = await backend.owner(), await backend.key()
    playbook = await make(owner, NOTES.format(name="Notes"))
    for number in range(6):
        await open_case(key, f"u-{number}")
    executions = [await start(owner, playbook, f"u-{number}") for number in range(6)]
    await asyncio.gather(backend.drain(), *(owner.executions.cancel(one.execution_id) for one in executions[::2]), return_exceptions=True)  # fmt: skip
    await backend.drain()
    for one in executions:
        over = await shown(owner, one)
        assert over.status in ("COMPLETED", "CANCELLED")
        assert (over.status == "COMPLETED") == (len(over.log) == 2)
        assert over.done == len(over.log)
        ended = [entry for entry in (await owner.customers.timeline(over.customer_id, limit=100)).items if entry.type == "playbook_execution.ended"]  # fmt: skip
        assert len(ended) == 1
        done = [entry.seq for entry in (await owner.customers.timeline(over.customer_id, limit=100)).items if entry.type == "playbook_execution.step_done"]  # fmt: skip
        assert all(seq < ended[0].seq for seq in done)


@only_sqlite
async def test_an_intervention_is_begun_given_to_somebody_and_its_outcome_is_asked_for(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    await open_case(await backend.key())
    yaml = """
name: Look after
steps:
- {kind: intervention, id: call, type: call, nextAction: Ask how they are, due: 2d}
- {kind: assign, id: give, what: intervention, to: fair}
- {kind: wait, id: rest, for: 1d}
- kind: condition
  id: helped
  when: {fact: intervention_outcome, op: eq, value: helped}
  else: [{kind: notify, id: not_helped, to: supervisors, text: It did not help}]
"""
    execution = await start(owner, await make(owner, yaml), "u-1")
    await backend.drain()
    (made,) = (await owner.interventions.list()).items
    assert (made.origin, made.cause_id, made.next_action) == ("PLAYBOOK", execution.execution_id, "Ask how they are")
    assert made.due_date == backend.clock.now() + timedelta(days=2)
    assert made.assignee_id in {(await one.identity.me()).member_id for one in (owner, agent)}
    done = InterventionChange(version=made.version, status="completed", outcome="helped")
    await agent.interventions.change(made.id, done)
    backend.clock.advance(days=1)
    await backend.drain()
    over = await shown(owner, execution)
    assert (over.status, over.log[-1].told) == ("COMPLETED", "holds: the intervention helped")
    assert len((await owner.interventions.list()).items) == 1


@only_sqlite
async def test_an_endpoint_is_told_once_and_one_that_is_not_there_is_a_failure_to_mend(backend: Backend) -> None:
    owner = await backend.owner()
    await open_case(await backend.key())
    yaml = "name: Tell\nsteps:\n- {kind: webhook, id: crm, to: crm, data: {why: quiet}}"
    execution = await start(owner, await make(owner, yaml), "u-1")
    await backend.drain()
    failed = await shown(owner, execution)
    assert (failed.status, "no webhook endpoint 'crm'" in (failed.log[0].error or "")) == ("FAILED", True)
    async with endpoint(backend, "incidence.opened") as (receiver, _):
        await owner.executions.retry(execution.execution_id)
        await backend.drain()
        over = await shown(owner, execution)
        assert (over.status, over.log[0].attempts, over.log[0].told) == (
            "COMPLETED",
            2,
            "told the webhook endpoint crm",
        )
        (got,) = receiver.got
        assert got.body["type"] == "playbook.step"
        told_of = {name: got.body["data"][name] for name in ("executionId", "playbook", "step", "userId", "data")}
        assert told_of == {
            "executionId": execution.execution_id,
            "playbook": "Tell",
            "step": "crm",
            "userId": "u-1",
            "data": {"why": "quiet"},
        }
