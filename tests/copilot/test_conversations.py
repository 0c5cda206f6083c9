"""Conversations are kept for whoever had them; proposals are carried out by a person, once, by their own rights."""

import pytest

from backend.client import ApiError
from backend.copilot.tool import TOOLS
from backend.identity.permissions import ROLES
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
    page = await world.agent.copilot.conversations(limit=1)
    assert [one.id for one in page.items] == [shown.id]
    assert page.items[0].title == "Summarise this case"
    colleague = await world.backend.member("supervisor")
    for call in (colleague.copilot.conversation, colleague.copilot.forget):
        with pytest.raises(ApiError) as refused:
            await call(shown.id)
        assert refused.value.status == 404
    with pytest.raises(ApiError) as refused:
        await world.ask("And?", by=colleague, conversationId=shown.id)
    assert refused.value.status == 404
    await world.agent.copilot.forget(shown.id)
    assert (await world.agent.copilot.conversations()).items == []


async def test_erasing_a_customer_erases_what_was_said_of_them(world: World) -> None:
    gone = await world.ask("How likely is Asha Verma to leave?")
    stays = await world.ask("How many cases are open?")
    await world.owner.customers.erase(world.customer_id)
    assert [one.id for one in (await world.agent.copilot.conversations()).items] == [stays.conversation_id]
    with pytest.raises(ApiError):
        await world.agent.copilot.conversation(gone.conversation_id)


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
    for about in ({"incidenceId": world.incidence_id}, {"customerId": world.customer_id}):
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
