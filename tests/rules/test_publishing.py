"""Publishing rules: of those who publish at once, one does and the others are told."""

import asyncio

import pytest

from backend.client import ApiError
from backend.rules import service
from tests.support.backend import Backend


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
