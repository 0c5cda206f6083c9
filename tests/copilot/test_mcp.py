"""/mcp by the SDK's own client over a socket: every tool is listed and called, with the rights of whose token it is."""

from contextlib import asynccontextmanager
from typing import Any

import pytest

from backend.client import Client
from backend.copilot.tool import TOOLS
from backend.demo.outside.serve import served
from tests.copilot.world import World

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.filterwarnings("ignore"),  # of the SDK's own
]


@asynccontextmanager
async def session(url: str, api: Client, **more: Any) -> Any:
    import httpx2
    import mcp
    from mcp.client.streamable_http import streamable_http_client

    http = httpx2.AsyncClient(headers=api.transport.headers, trust_env=False)
    async with http, mcp.Client(streamable_http_client(f"{url}/mcp", http_client=http), **more) as client:
        yield client


async def test_every_tool_is_listed_and_called(world: World) -> None:
    case = {"incidence": world.ref}
    given: dict[str, dict[str, Any]] = {
        "incidence_summary": case,
        "draft_reply": case,
        "similar_cases": case,
        "add_note": case | {"text": "hello"},
        "customer_risk": {"customer": "Asha Verma"},
        "fitting_offers": {"customer": "u-1"},
        "explain_rule": {"ruleSet": "routing"},
        "explain_playbook": {"playbook": "Payment failed"},
        "search_knowledge": {"query": "refunds to cards"},
    }
    before = await world.agent.incidences.show(world.incidence_id)
    async with served(world.backend.app) as url:
        async with session(url, world.owner) as client:
            listed = {tool.name: tool for tool in (await client.list_tools()).tools}
            assert listed.keys() == TOOLS.tools.keys()
            assert all(tool.description and tool.annotations.read_only_hint for tool in listed.values())
            for name in listed:
                answer = await client.call_tool(name, given.get(name, {}))
                assert not answer.is_error, (name, answer.content)
                assert answer.structured_content["text"] == answer.content[0].text
            found = (await client.call_tool("search_knowledge", given["search_knowledge"])).structured_content
            assert found["citations"][0]["title"] == "Refund policy"
        async with session(url, world.agent, mode="legacy") as client:
            assert "waiting_approvals" not in {tool.name for tool in (await client.list_tools()).tools}
            for name, arguments, words in (
                ("waiting_approvals", {}, "needs the role supervisor"),
                ("customer_risk", {"customer": "nobody-7"}, "There is no customer"),
                ("incidence_summary", {"case": 1}, "incidence"),
            ):
                answer = await client.call_tool(name, arguments)
                assert answer.is_error
                assert words in answer.content[0].text
        stranger = await world.backend.another_owner()
        theirs = {"incidence": world.incidence_id, "customer": world.customer_id}
        words = ("Asha", "Ravi", "ORD-7", "checkout", "working days")
        roles = ("agent", "supervisor", "admin")
        for member in (stranger, *[await world.backend.member(role, of=stranger) for role in roles]):
            async with session(url, member) as client:
                for name, tool in listed.items():
                    arguments = given.get(name, {}) | {
                        one: theirs[one] for one in theirs.keys() & tool.input_schema["properties"].keys()
                    }
                    answer = await client.call_tool(name, arguments)
                    assert answer.is_error or not theirs.keys() & arguments.keys(), name
                    said = str(answer.structured_content) + str([part.text for part in answer.content])
                    assert [word for word in words if word in said] == [], name
        stranger.transport.access_token = "garbage"
        with pytest.raises(Exception):  # noqa: B017 - whichever of its own the SDK raises
            async with session(url, stranger) as client:
                await client.list_tools()
    assert await world.agent.incidences.show(world.incidence_id) == before
