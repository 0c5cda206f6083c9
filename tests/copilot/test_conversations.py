"""Conversations are kept for whoever had them; proposals are carried out by a person, once, by their own rights."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.client import ApiError
from backend.copilot.models import Conversation, Message
from backend.copilot.tool import TOOLS
from backend.core import pruning
from backend.identity.permissions import ROLES
from backend.playbooks.schemas import PlaybookMake
from backend.rules import keeping
from tests.copilot.world import World
from tests.support.backend import Backend
from tests.support.incidences import open_case

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def test_a_conversation_goes_on_is_ones_own_and_can_be_erased(world: World) -> None:
    first = await world.ask("Summarise this case", incidenceId=world.incidence_id)
    again = await world.ask("How many cases are open?", conversationId=first.conversation_id)
    assert again.conversation_id == first.conversation_id
    shown = await world.agent.copilot.conversation(first.conversation_id)
    assert [one.role for one in shown.messages] == ["member", "copilot", "member", "copilot"]
    assert [one.place for one in shown.messages] == [0, 1, 2, 3]
    assert shown.messages[1].text == first.text
    assert shown.messages[1].by is None
    assert [call.tool for call in shown.messages[1].calls] == ["incidence_summary"]
    other = await world.ask("How busy is the queue?")
    world.backend.clock.advance(minutes=1)
    await world.ask("And this customer?", conversationId=shown.id, customerId="u-1")
    page = await world.agent.copilot.conversations(limit=1)
    assert [one.title for one in page.items] == ["Summarise this case"], "the one gone on with last is first"
    rest = await world.agent.copilot.conversations(limit=1, cursor=page.next_cursor)
    assert ([one.id for one in rest.items], rest.next_cursor) == ([other.conversation_id], None)
    renamed = await world.agent.copilot.rename(shown.id, " Asha's \x1bpayment ")
    assert renamed.title == "Asha's payment"
    assert (await world.agent.copilot.conversation(shown.id)).title == renamed.title
    colleague = await world.backend.member("supervisor")
    with pytest.raises(ApiError) as refused:
        await colleague.copilot.rename(shown.id, "Mine")
    assert refused.value.status == 404
    for call in (colleague.copilot.conversation, colleague.copilot.forget):
        with pytest.raises(ApiError) as refused:
            await call(shown.id)
        assert refused.value.status == 404
    with pytest.raises(ApiError) as refused:
        await world.ask("And?", by=colleague, conversationId=shown.id)
    assert refused.value.status == 404
    await world.agent.copilot.forget(shown.id)
    assert [one.id for one in (await world.agent.copilot.conversations()).items] == [other.conversation_id]


async def test_erasing_a_customer_erases_what_was_said_of_them(world: World) -> None:
    gone = await world.ask("How likely is Asha Verma to leave?")
    stays = await world.ask("How many cases are open?")
    await world.owner.customers.erase(world.customer_id)
    assert [one.id for one in (await world.agent.copilot.conversations()).items] == [stays.conversation_id]
    with pytest.raises(ApiError):
        await world.agent.copilot.conversation(gone.conversation_id)


async def test_what_nobody_went_on_with_is_forgotten_by_the_days_that_are_set(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "AT_ONCE", 2)
    asked = [(await world.ask(f"How many cases are open? {number}")).conversation_id for number in range(4)]
    units = await world.backend.units()

    def age(work: Any) -> None:
        for id, days in zip(asked, (181, 179, 400, 200), strict=True):
            work.session.get_one(Conversation, id).updated_at = work.now - timedelta(days=days)

    await units.write(age)
    place: str | None = ""
    while place is not None:
        _, place = await units.write(keeping.step, "conversations", place)
    left = (await units.read(lambda work: work.session.scalars(select(Message.conversation_id)).all())) or ()
    assert set(left) == {asked[1]}
    assert "conversations" in {one["name"] for one in await units.read(keeping.list_kept)}


@SQLITE
@pytest.mark.settings(copilot_per_minute=2)
async def test_who_asks_faster_than_anybody_reads_is_told_to_wait(world: World) -> None:
    for _ in range(2):
        await world.ask("How many cases are open?")
    with pytest.raises(ApiError) as refused:
        await world.ask("How many cases are open?")
    assert (refused.value.status, refused.value.code) == (429, "RATE_LIMITED")
    assert refused.value.message == "Too many questions. Try again in 60 s."
    assert refused.value.details["retryAfter"] == 60
    assert (await world.ask("How many cases are open?", by=world.owner)).text, "each member counts alone"
    world.backend.clock.advance(minutes=1)
    assert (await world.ask("How many cases are open?")).text


@SQLITE
async def test_a_proposal_waits_for_a_key_press_and_is_done_once(world: World) -> None:
    before = await world.agent.incidences.show(world.incidence_id)
    heard = await world.ask(f"Add a note to {world.ref}: she pays by UPI")
    assert await world.agent.incidences.show(world.incidence_id) == before
    (proposal,) = heard.of("proposal")
    assert proposal["kind"] == "add_note"
    assert proposal["arguments"]["text"] == "she pays by UPI"
    done = await world.agent.copilot.carry_out(heard.conversation_id, proposal["id"])
    assert done.words == f"The note is in {world.ref}."
    assert done.proposal.state == "DONE"
    after = await world.agent.incidences.show(world.incidence_id)
    assert after.version == before.version + 1
    with pytest.raises(ApiError) as twice:
        await world.agent.copilot.carry_out(heard.conversation_id, proposal["id"])
    assert (twice.value.status, twice.value.code) == (409, "ALREADY_DONE")
    draft = await world.ask(f"Draft a reply for {world.ref}")
    with pytest.raises(ApiError) as refused:
        await world.agent.copilot.carry_out(draft.conversation_id, draft.of("proposal")[0]["id"])
    assert refused.value.code == "ONLY_A_DRAFT"
    assert await world.agent.incidences.show(world.incidence_id) == after


@SQLITE
async def test_every_role_gets_its_tools_and_nothing_of_another_business(world: World, backend: Backend) -> None:
    stranger = await backend.another_owner()
    await open_case(stranger, "other-1", summary="A summary of theirs")
    theirs = {"incidence": world.ref, "customer": "u-1", "words": "Payment failed at checkout", "query": "refund"}
    theirs_by_id = theirs | {"incidence": world.incidence_id, "customer": world.customer_id}
    ours = ("Asha", "Ravi", "ORD-7", "checkout", "Refunds to cards")
    told = []
    for tool in TOOLS.tools.values():
        for given in (theirs, theirs_by_id):
            arguments = {name: given[name] for name in tool.schema.get("properties", {}) if name in given}
            if "text" in tool.schema.get("required", ()):
                arguments["text"] = "hello"
            if given is theirs and "incidence" in arguments:
                continue  # a ref names a case of the caller's own business: theirs begin at 1 as well
            try:
                answer = (await stranger.copilot.call_tool(tool.name, arguments)).model_dump_json()
            except ApiError as error:
                answer = error.message
            asked = "".join(arguments.values())
            told += [(tool.name, word) for word in ours if word in answer and word not in asked]
    for question in (
        "How likely is Asha Verma to leave?",
        "How long do refunds to cards take?",
        "Find cases like checkout",
    ):
        heard = await world.ask(question, by=stranger)
        told += [(question, word) for word in ("ORD-7", "working days", "Payment failed") if word in heard.text]
    made = await world.owner.playbooks.make(PlaybookMake(yaml="name: Ours alone\nsteps:\n- {kind: offer, id: a}"))
    with pytest.raises(ApiError) as refused:
        await stranger.copilot.call_tool("explain_playbook", {"playbook": made.playbook_id})
    assert refused.value.status == 404
    assert "Ours alone" not in (await world.ask("Which playbooks are there?", by=stranger)).text
    beside = {"incidenceId": world.incidence_id}, {"customerId": world.customer_id}, {"playbookId": made.playbook_id}
    for about in (*beside, {"ruleSet": "of-nobody"}):
        with pytest.raises(ApiError) as refused:
            await world.ask("Sum this up", by=stranger, **about)
        assert refused.value.status == 404
    assert (await stranger.knowledge.list()).items == []
    assert (await stranger.knowledge.search("refund")).items == []
    assert told == []
    for role in ROLES:
        member = await backend.member(role)
        offered = {tool.name for tool in (await member.copilot.tools()).items}
        assert offered == {name for name, tool in TOOLS.tools.items() if role in tool.access.roles}
        for name in TOOLS.tools.keys() - offered:
            with pytest.raises(ApiError) as refused:
                await member.copilot.call_tool(name, {})
            assert refused.value.code == "ROLE_MISSING"
    assert "waiting_approvals" not in {tool.name for tool in (await world.agent.copilot.tools()).items}
    with pytest.raises(ApiError) as refused:
        await world.agent.copilot.call_tool("drop_tables", {})
    assert refused.value.code == "NO_SUCH_TOOL"
    with pytest.raises(ApiError) as refused:
        await world.agent.copilot.call_tool("customer_risk", {"customer": "u-1", "as": "owner"})
    assert refused.value.code == "ARGUMENTS_INVALID"
