"""Many at once: one wins, the others are told."""

import asyncio

from backend.client import ApiError, Client
from backend.incidences.schemas import IncidenceChange, MessageSend
from tests.support.backend import Backend
from tests.support.incidences import open_case


async def test_thirty_claim_one_case(backend: Backend) -> None:
    agents = [await backend.member("agent") for _ in range(30)]
    case = await open_case(await backend.key())

    async def claim(agent: Client) -> str:
        try:
            taken = await agent.incidences.take(case.incidence_id, case.version)
        except ApiError as refused:
            assert refused.code == "ALREADY_TAKEN"
            return f"lost to {refused.details['agentName']}"
        return f"won by {taken.agent_name}"

    outcomes = await asyncio.gather(*map(claim, agents))
    (winner,) = [outcome.removeprefix("won by ") for outcome in outcomes if outcome.startswith("won")]
    assert outcomes.count(f"lost to {winner}") == 29
    entries = (await agents[0].incidences.timeline(case.incidence_id)).items
    assert [entry.type for entry in entries] == ["incidence.opened", "incidence.taken"]


async def test_two_edit_one_case(backend: Backend) -> None:
    agents = [await backend.member("agent") for _ in range(2)]
    case = await open_case(await backend.key())
    bodies = [IncidenceChange(version=case.version, summary=f"said by {number}") for number in range(2)]
    edits = (agent.incidences.change(case.incidence_id, body) for agent, body in zip(agents, bodies, strict=True))
    answers = await asyncio.gather(*edits, return_exceptions=True)
    (refused,) = [answer for answer in answers if isinstance(answer, ApiError)]
    (changed,) = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert refused.code == "STALE_VERSION"
    assert refused.details["current"]["summary"] == changed.summary


async def test_twenty_answers_at_once_send_one(backend: Backend) -> None:
    agent = await backend.member("agent")
    case = await open_case(await backend.key())
    body = MessageSend(text="Hello", last_seen_seq=case.last_seq)
    answers = await asyncio.gather(
        *(agent.incidences.send(case.incidence_id, body) for _ in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert {answer.code for answer in answers if isinstance(answer, ApiError)} == {"STALE_CONVERSATION"}
