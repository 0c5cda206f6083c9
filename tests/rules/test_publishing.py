"""Publishing rules and taking them back: at once, for a reason, nothing overwritten, and nobody by surprise."""

import asyncio
from typing import Any

import pytest

from backend.client import ApiError, Client
from backend.incidences.schemas import RouteRequest
from backend.rules import service
from tests.support.backend import Backend
from tests.support.follows import frames

pytestmark = pytest.mark.alike


async def test_of_six_who_publish_at_once_one_does(backend: Backend) -> None:
    owner = await backend.owner()
    seen = await owner.friction.thresholds()
    body = {"version": seen["version"], "rules": seen["rules"], "settings": seen["settings"]}
    answers = await asyncio.gather(*(owner.friction.set_thresholds(body) for _ in range(6)), return_exceptions=True)
    refusals = [answer for answer in answers if isinstance(answer, ApiError)]
    assert [answer["version"] for answer in answers if isinstance(answer, dict)] == [2]
    assert [(refusal.status, refusal.code) for refusal in refusals] == [(409, "STALE_VERSION")] * 5


async def test_compiled_rules_do_not_pile_up(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_COMPILED_AT_MOST", 2)
    monkeypatch.setattr(service, "_compiled", {})
    owner = await backend.owner()
    for version in range(1, 6):
        assert (await owner.friction.set_thresholds({"version": version, "reason": "again"}))["version"] == version + 1
    assert len(service._compiled) <= 2


async def moved(owner: Client, version: int, limit: float) -> dict[str, Any]:
    """The routing rules published with another limit of self-service."""
    rules = (await owner.rules.show("routing"))["rules"]
    rules[1]["when"]["any"][1]["value"] = limit
    return await owner.rules.publish("routing", {"version": version, "rules": rules, "reason": f"from {limit:g} on"})


async def channels(client: Client, value: float) -> list[str]:
    return list((await client.channels.route(RouteRequest.model_validate({"orderValue": value}))).channels)


async def test_published_and_taken_back(backend: Backend) -> None:
    owner = await backend.owner()
    shipped = await owner.rules.show("routing")
    head = (await owner.audit.verify())["events"]
    assert await channels(owner, 6_000) == ["CHAT"]
    second = await moved(owner, 1, 8_000)
    assert await channels(owner, 6_000) == []
    third = await owner.rules.rollback("routing", 2, 1, "too few were served")
    assert await channels(owner, 6_000) == ["CHAT"]
    fourth = await owner.rules.rollback("routing", 3, 2, "no, they were not")
    assert await channels(owner, 6_000) == []

    def without_version(answer: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in answer.items() if name != "version"}

    assert (second["version"], third["version"], fourth["version"]) == (2, 3, 4)
    assert without_version(third) == without_version(shipped)
    assert without_version(fourth) == without_version(second)
    assert await owner.rules.show("routing") == fourth
    assert [(one["version"], one["reason"]) for one in (await owner.rules.versions("routing"))["items"]] == [
        (4, "back to version 2: no, they were not"),
        (3, "back to version 1: too few were served"),
        (2, "from 8000 on"),
        (1, "as shipped"),
    ]
    told = [frame for frame in await frames(backend, owner, head) if frame["type"] == "rules.published"]
    assert [frame["state"] for frame in told] == [second, third, fourth]
    assert [frame["data"].get("restores") for frame in told] == [None, 1, 2]


async def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(ApiError) as refusal:
        await call
    return refusal.value.status, refusal.value.code


async def test_who_saw_another_version_is_shown_this_one(backend: Backend) -> None:
    owner = await backend.owner()
    await moved(owner, 1, 8_000)
    with pytest.raises(ApiError) as refusal:
        await moved(owner, 1, 9_000)
    assert (refusal.value.status, refusal.value.code) == (409, "STALE_VERSION")
    assert refusal.value.details["current"] == await owner.rules.show("routing")
    assert [one["version"] for one in refusal.value.details["since"]] == [2, 1]
    assert await refused(owner.rules.rollback("routing", 1, 2, "back")) == (409, "STALE_VERSION")
    assert (await owner.rules.show("routing"))["version"] == 2


async def test_what_cannot_be_taken_back(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    for version in (1, 2):
        await moved(owner, version, 8_000 + version)
    assert await refused(owner.rules.rollback("routing", 3, 3, "again")) == (422, "ALREADY_IN_FORCE")
    assert await refused(owner.rules.rollback("routing", 3, 9, "back")) == (404, "NOT_FOUND")
    assert await refused(owner.rules.rollback("astrology", 3, 1, "back")) == (404, "NOT_FOUND")
    assert await refused(stranger.rules.rollback("routing", 1, 2, "theirs")) == (404, "NOT_FOUND")
    assert await refused(owner.rules.rollback("friction", 1, 2, "of another kind")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        {"version": 1},
        {"version": 1, "reason": ""},
        {"version": 1, "reason": " \x00 "},
        {"version": 1, "reason": "x" * 201},
        {"version": 1, "reason": "no such part", "groups": {}},
        {"reason": "no version"},
    ],
)
async def test_publishing_needs_a_reason_and_a_version(backend: Backend, body: dict[str, Any]) -> None:
    owner = await backend.owner()
    assert await refused(owner.rules.publish("routing", body)) == (400, "VALIDATION_ERROR")
    assert (await owner.rules.show("routing"))["version"] == 1


async def test_of_those_who_publish_and_take_back_at_once_one_does(backend: Backend) -> None:
    owner = await backend.owner()
    await moved(owner, 1, 8_000)
    calls = [owner.rules.rollback("routing", 2, 1, "back") if turn % 2 else moved(owner, 2, 9_000) for turn in range(6)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [answer["version"] for answer in answers if isinstance(answer, dict)] == [3]
    refusals = [answer for answer in answers if isinstance(answer, ApiError)]
    assert [refusal.code for refusal in refusals] == ["STALE_VERSION"] * 5
