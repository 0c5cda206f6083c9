"""A worker killed, and Stripe failing, at every place of every kind: in the end all is as in a clean run, and done once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.demo.outside.stripe import Mishap
from tests.billing.changing import Killed, World
from tests.support.backend import Backend

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.settings(token_days=400),
]
Scene = tuple[dict[str, Any], str, dict[str, Any]]


def scene(kind: str, world: World) -> Scene:
    """(how the subscription begins, the path, the body) of a change."""
    at = world.backend.clock.now().isoformat()
    scenes: dict[str, Scene] = {
        "pause": ({}, "pause", {"months": 2}),
        "resume": ({"is_paused": True}, "resume", {}),
        "downgrade": ({}, "downgrade", {"planId": world.basic, "when": "now", "prorationDate": at}),
        "downgrade later": ({}, "downgrade", {"planId": world.basic}),
        "discount": ({}, "discount", {"percent": 20, "months": 3}),
        "trial": ({"trial_days": 14}, "trial", {"days": 7}),
        "cancel": ({}, "cancel", {"feedback": "unused"}),
        "cancel now": ({}, "cancel", {"when": "now"}),
        "keep": ({"cancel_at_period_end": True}, "keep", {}),
    }
    return scenes[kind]


CALLS = {"downgrade later": 2, "discount": 2}
"""How many calls change something; one for all others."""
KINDS = ("pause", "resume", "downgrade", "downgrade later", "discount", "trial", "cancel", "cancel now", "keep")
STANDS = {
    "pause": {"pausedBehavior": "void"},
    "resume": {"pausedBehavior": None},
    "downgrade": {"priceId": "Basic"},
    "downgrade later": {"priceId": "Pro", "scheduleId": True},
    "discount": {"percents": [20.0]},
    "trial": {"status": "trialing"},
    "cancel": {"cancelAtPeriodEnd": True, "feedback": "unused"},
    "cancel now": {"status": "canceled"},
    "keep": {"cancelAtPeriodEnd": False, "cancelAt": None},
}


async def asked(backend: Backend, kind: str) -> tuple[World, str]:
    """A world in which the change was asked for, and nothing done yet; the id of the change."""
    world = World(backend)
    begins, what, body = scene(kind, world)
    await world.begin(**begins)
    _, what, body = scene(kind, world)
    change = await world.ask(what, **body)
    return world, str(change["id"])


async def held(world: World, kind: str) -> None:
    """It is done, once, and everybody knows."""
    change = await world.settle_alone()
    assert (change["state"], change["error"]) == ("DONE", None)
    stands = world.standing()
    assert {name: stands[name] for name in STANDS[kind]} == STANDS[kind]
    if kind == "trial":
        assert stands["trialEnd"] == change["params"]["trialEnd"]
    assert len(world.written()) == CALLS.get(kind, 1)
    assert len(await world.changes()) == 1
    told = [one for one in await world.told() if one["type"].startswith("subscription_change.")]
    assert [one["type"] for one in told] == ["subscription_change.asked", "subscription_change.done"]
    assert told[-1]["state"] == change
    mirrored = await world.version()
    await world.look()
    assert await world.version() == mirrored, "the mirror was not as Stripe is"


async def killed(doing: Awaitable[None]) -> None:
    with pytest.raises(Killed):
        await doing


Kill = Callable[[World, str], Awaitable[None]]


async def before_begin(world: World, id: str) -> None:
    await killed(world.work_once(id, dies=lambda at: at == "before begin"))


async def after_begin(world: World, id: str) -> None:
    await killed(world.work_once(id, dies=lambda at: at == "after begin"))


async def after_call(world: World, id: str) -> None:
    world.wire.kill_after = 1
    await killed(world.work_once(id))


async def before_second_call(world: World, id: str) -> None:
    world.wire.kill_before = 2
    await killed(world.work_once(id))


async def after_second_call(world: World, id: str) -> None:
    world.wire.kill_after = 2
    await killed(world.work_once(id))


async def before_record(world: World, id: str) -> None:
    await killed(world.work_once(id, dies=lambda at: at == "before settle"))


async def after_record(world: World, id: str) -> None:
    await killed(world.work_once(id, dies=lambda at: at == "after settle"))


KILLS: tuple[Kill, ...] = (before_begin, after_begin, after_call, before_record, after_record)
SECOND: tuple[Kill, ...] = (before_second_call, after_second_call)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_kill_anywhere_leaves_it_done_once(backend: Backend, kind: str) -> None:
    for kill in KILLS + (SECOND if CALLS.get(kind, 1) > 1 else ()):
        world, id = await asked(backend, kind)
        await kill(world, id)
        await held(world, kind)


MISHAPS = {
    "throttled for long": {"how": "throttle", "times": 4, "seconds": 30.0},
    "broken": {"how": "break", "times": 7, "is_kept": False},
    "broken and remembered": {"how": "break", "times": 1},
    "broken after it was done": {"how": "break", "is_done": True, "times": 7},
    "no answer": {"how": "timeout", "times": 7},
    "no answer after it was done": {"how": "timeout", "is_done": True, "times": 7},
    "dropped": {"how": "drop", "times": 7},
    "dropped after it was done": {"how": "drop", "is_done": True, "times": 7},
    "in use": {"how": "conflict", "times": 7},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_whatever_stripe_answers_it_is_done_once(backend: Backend, kind: str) -> None:
    for mishap in MISHAPS.values():
        world, _ = await asked(backend, kind)
        world.double.mishaps.append(Mishap(on=r"^(POST|DELETE) /v1/(subscription|coupons)", **mishap))
        await held(world, kind)
