"""Dry run of friction: visits lived through again from their signals score what such visits score in force."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from backend.client import Client
from backend.signals import rules as past_signals
from backend.signals.schemas import CartPut, FrictionJudge, ScreenPut, SignalPost, TrackEvent
from tests.support.backend import Backend

pytestmark = pytest.mark.alike

# What customers do in the app: signals as (type, value, screen), each ten seconds after the one before.
Behaviour = list[tuple[str, float | None, str | None]]
VISITS: dict[str, Behaviour] = {
    "calm": [("platter_view", None, "menu")] * 2,
    "checker": [("price_check", None, "menu")] * 4,
    "keen_checker": [("price_check", None, "menu")] * 6,
    "back": [("back_navigation", None, "menu")] * 4 + [("inactivity", 70, "checkout")],
    "idle": [("inactivity", 50, "checkout")],
    "idle_elsewhere": [("inactivity", 90, "menu"), ("platter_view", None, "checkout")],
    "walker": [("screen_view", None, None)],
}


async def behave(backend: Backend, key: Client, user: str, behaviour: Behaviour) -> None:
    for type, value, screen in behaviour:
        backend.clock.advance(seconds=10)
        await key.context.signal(user, SignalPost(signal_type=type, value=value, screen=screen))


async def met(key: Client, user: str) -> tuple[int, set[str]]:
    """The score of the customer's visit, and the rules that call for help by themselves."""
    verdict = await key.friction.detect(FrictionJudge(user_id=user))
    return verdict.score, {reason.rule for reason in verdict.reasons if reason.points == 0}


def stricter(rule_set: dict[str, Any]) -> dict[str, Any]:
    """Friction that finds more: fewer price checks and less silence, but for silence at the checkout."""
    rules: list[dict[str, Any]] = copy.deepcopy(rule_set["rules"])
    limits = {"checking_prices": 3, "price_calculator": 3, "inactive": 40}
    for rule in rules:
        if rule["id"] in limits:
            rule["when"]["value"] = limits[rule["id"]]
        if rule["id"] == "checkout_inactivity":
            rule["when"]["all"][1]["value"] = 80
    return {"rules": rules, "settings": {"cap": 100, "helpAbove": 29}}


async def test_friction_told_is_friction_met(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    await key.context.set_cart("old-back", CartPut(cart_items=[], estimated_value=30_000))
    await key.context.set_cart("new-back", CartPut(cart_items=[], estimated_value=30_000))
    await key.context.set_screen("browser", ScreenPut(screen="menu"))  # a visit without a signal tells nothing
    for name, behaviour in VISITS.items():
        await behave(backend, key, f"old-{name}", behaviour)
    before = {name: await met(key, f"old-{name}") for name in VISITS}
    draft = stricter(await owner.rules.show("friction"))
    answer = await owner.rules.dry_run("friction", draft)
    await owner.rules.publish("friction", {"version": 1, **draft, "reason": "earlier help"})
    for name, behaviour in VISITS.items():
        await behave(backend, key, f"new-{name}", behaviour)
    after = {name: await met(key, f"new-{name}") for name in VISITS}

    by_group: dict[str, dict[str, Any]] = {"score": {}, "signals": {}}
    for one in answer["changes"]:
        by_group[one["group"]][one["ref"].removeprefix("old-")] = one
    assert answer["cases"] == len(VISITS)
    for name in VISITS:
        change = by_group["score"].get(name)
        scores = (change["before"]["score"], change["after"]["score"]) if change else (before[name][0],) * 2
        assert scores == (before[name][0], after[name][0]), name
        change = by_group["signals"].get(name)
        rules = (set(change["rulesBefore"]), set(change["rulesAfter"])) if change else (before[name][1],) * 2
        assert rules == (before[name][1], after[name][1]), name
    assert answer["changed"] == len(by_group["score"].keys() | by_group["signals"].keys()) == 5
    assert by_group["signals"].keys() == {"checker", "back"}
    outcomes = {(row["before"], row["after"]): row["count"] for row in answer["byOutcome"] if row["group"] == "score"}
    assert outcomes == {("no help for the score", "help for the score"): 4}


async def test_visits_end_as_they_did(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence, an order and a day end a visit: what was counted before does not count after."""
    owner, key = await backend.owner(), await backend.key()
    checks: Behaviour = [("price_check", None, "menu")] * 3
    await behave(backend, key, "silent", checks)
    await behave(backend, key, "ordered", [*checks, ("order_placed", None, None), *checks])
    backend.clock.advance(hours=1)
    await behave(backend, key, "silent", checks)
    for limit, changed in ((1, 4), (2, 4), (3, 0), (5, 0)):
        rules = copy.deepcopy((await owner.rules.show("friction"))["rules"])
        (rule,) = [rule for rule in rules if rule["id"] == "price_calculator"]
        rule["when"]["value"] = limit
        answer = await owner.rules.dry_run("friction", {"rules": rules})
        assert (answer["cases"], answer["changed"]) == (4, changed)
        for customers, signals in ((1, 9), (50, 9), (50, 7)):
            monkeypatch.setattr(past_signals, "_CUSTOMERS_A_PAGE", customers)
            monkeypatch.setattr(past_signals, "MOST_SIGNALS", signals)
            monkeypatch.setattr(past_signals, "_IN_THE_APP", past_signals._IN_THE_APP.limit(customers))
            monkeypatch.setattr(past_signals, "_BEHAVIOUR", past_signals._BEHAVIOUR.limit(signals))
            assert await owner.rules.dry_run("friction", {"rules": rules}) == answer
        monkeypatch.undo()
    now = backend.clock.now()
    told = (now - timedelta(minutes=20 * place) for place in reversed(range(80)))
    await key.tracking.track(
        *(TrackEvent(customer_id="restless", event="price_check", timestamp=at, id=f"{at}") for at in told)
    )
    assert (await owner.rules.dry_run("friction", {"rules": rules}))["cases"] == 6, "and so does a day"


async def test_of_an_endless_customer_the_first_signals_count(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, key = await backend.owner(), await backend.key()
    await behave(backend, key, "endless", [("price_check", None, "menu")] * 7)
    await behave(backend, key, "other", [("price_check", None, "menu")] * 2)
    monkeypatch.setattr(past_signals, "MOST_SIGNALS", 5)
    monkeypatch.setattr(past_signals, "_BEHAVIOUR", past_signals._BEHAVIOUR.limit(5))
    answer = await owner.rules.dry_run("friction", {"rules": [], "days": 1})
    assert (answer["cases"], answer["isComplete"]) == (2, True)
    assert {one["ref"]: one["before"]["score"] for one in answer["changes"]} == {"endless": 10, "other": 10}


async def test_an_erased_customer_is_not_replayed(backend: Backend) -> None:
    owner, key = await backend.owner(), await backend.key()
    await behave(backend, key, "asha", [("price_check", None, "menu")])
    assert (await owner.rules.dry_run("friction", {}))["cases"] == 1
    await owner.transport.call("DELETE", "/api/customers/asha")
    assert (await owner.rules.dry_run("friction", {}))["cases"] == 0
