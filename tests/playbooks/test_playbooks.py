"""Playbooks themselves: the shipped ones, made, changed and archived by whom, stale versions, other businesses."""

from typing import Any

import pytest

from backend.client import ApiError
from backend.playbooks.schemas import PlaybookChange, PlaybookMake, TriggerAsk
from tests.playbooks.trips import EVERY, NOTES, make, start
from tests.support.backend import Backend
from tests.support.incidences import open_case

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def refused(doing: Any) -> ApiError:
    with pytest.raises(ApiError) as error:
        await doing
    return error.value


async def test_shipped_ones_are_there_start_nobody_and_are_changed_like_any(backend: Backend) -> None:
    owner = await backend.owner()
    page = await owner.playbooks.list()
    assert [one.name for one in page.items] == ["High risk, high value", "Payment failed", "Quiet for two weeks"]
    assert all(one.is_shipped and not one.is_automatic and one.figures.started == 0 for one in page.items)
    seen = await owner.playbooks.show("Payment failed")
    assert seen.yaml.startswith("name: Payment failed\ndescription: Asks the customer")
    assert [step.step_id for step in seen.steps] == [step.step_id for step in seen.step_figures]
    assert seen.trigger_words.startswith("after a failed payment")
    body = PlaybookChange(version=1, yaml=seen.yaml.replace("for: 1d", "for: 2d"), reason="be patient")
    changed = await owner.playbooks.change(seen.playbook_id, body)
    assert (changed.playbook_id, changed.number, changed.version, changed.is_shipped) == (seen.playbook_id, 2, 2, False)
    assert len((await owner.playbooks.list()).items) == 3, "the same one, now a row"
    stale = await refused(owner.playbooks.change(seen.playbook_id, body))
    assert (stale.status, stale.code, stale.details["current"]["version"]) == (409, "STALE_VERSION", 2)
    assert stale.details["since"][0]["data"]["reason"] == "be patient"
    same = await owner.playbooks.change(seen.playbook_id, PlaybookChange(version=2, yaml=(await owner.playbooks.show(seen.playbook_id)).yaml))  # fmt: skip
    assert (same.number, same.version) == (2, 3), "the same steps are no other document"


async def test_who_may_do_what(backend: Backend) -> None:
    agent, other, supervisor = [await backend.member(role) for role in ("agent", "agent", "supervisor")]
    own = await make(agent, EVERY)
    assert (own.name, own.is_automatic, own.number) == ("Every kind", False, 1)
    assert (await refused(make(agent, EVERY))).code == "NAME_TAKEN"
    mine = PlaybookChange(version=1, description="Mine")
    assert (await refused(other.playbooks.change(own.playbook_id, mine))).code == "ROLE_TOO_LOW"
    assert (await agent.playbooks.change(own.playbook_id, mine)).description == "Mine"
    grave = PlaybookChange(version=2, is_automatic=True)
    assert (await refused(agent.playbooks.change(own.playbook_id, grave))).status == 403
    no_trigger = await refused(supervisor.playbooks.change(own.playbook_id, grave))
    assert (no_trigger.status, no_trigger.code) == (422, "NO_TRIGGER")
    gone = await supervisor.playbooks.change(own.playbook_id, PlaybookChange(version=2, status="ARCHIVED"))
    assert (gone.status, gone.version) == ("ARCHIVED", 3)
    await open_case(await backend.key())
    assert (await refused(start(agent, own, "u-1"))).code == "PLAYBOOK_ARCHIVED"
    assert own.playbook_id not in [one.playbook_id for one in (await agent.playbooks.list(status="ACTIVE")).items]
    key = await backend.key()
    assert (await refused(key.playbooks.list())).status in (401, 403)


async def test_what_is_wrong_is_told_with_its_line_and_nothing_is_kept(backend: Backend) -> None:
    owner = await backend.owner()
    wrong = await refused(make(owner, "name: X\nsteps:\n- {kind: wait, id: a, for: soon}\n- {kind: dance, id: b}"))
    assert (wrong.status, [one["line"] for one in wrong.details["problems"]]) == (400, [3, 4])
    nameless = await refused(owner.playbooks.make(PlaybookMake(yaml="steps:\n- {kind: offer, id: a}")))
    assert nameless.details["field"] == "name"
    stranger = await refused(make(owner, "name: X\nsteps:\n- {kind: assign, id: a, to: nobody-here}"))
    assert (stranger.status, stranger.code) == (422, "UNKNOWN_MEMBER")
    assert len((await owner.playbooks.list()).items) == 3


async def test_another_business_sees_none_of_it(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    await open_case(await backend.key())
    playbook = await make(owner, NOTES.format(name="Notes"))
    execution = await start(owner, playbook, "u-1")
    for doing in (
        stranger.playbooks.show(playbook.playbook_id),
        stranger.playbooks.change(playbook.playbook_id, PlaybookChange(version=1, description="x")),
        stranger.executions.show(execution.execution_id),
        stranger.executions.cancel(execution.execution_id),
        stranger.playbooks.trigger(TriggerAsk(playbook_id=playbook.playbook_id, customer_id="u-1")),
    ):
        assert (await refused(doing)).status == 404
    theirs = (await stranger.playbooks.list()).items[0]
    customer = (await owner.customers.show("u-1")).id
    assert (await refused(start(stranger, theirs, customer))).status == 404, "nor do they reach the customer"
    assert (await stranger.executions.list()).items == []
