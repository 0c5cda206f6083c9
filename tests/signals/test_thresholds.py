"""Every number of the friction rules as shipped, below it, at it and above it, over HTTP."""

import pytest

from backend.client import ApiError
from backend.customers.schemas import CustomerChange
from backend.signals.schemas import CartPut, FrictionJudge, ScreenPut
from tests.signals.conftest import Shop

pytestmark = pytest.mark.alike

# Score: signal, how often or how long, and the points beside the 10 of a customer who never ordered.
SCORED = [
    ("inactivity", {"value": 59}, 1, 0),
    ("inactivity", {"value": 60}, 1, 0),
    ("inactivity", {"value": 61}, 1, 30),
    ("back_navigation", {}, 2, 0),
    ("back_navigation", {}, 3, 0),
    ("back_navigation", {}, 4, 25),
    ("price_check", {}, 4, 0),
    ("price_check", {}, 5, 0),
    ("price_check", {}, 6, 20),
]


@pytest.mark.parametrize(("type", "fields", "times", "points"), SCORED)
async def test_score(shop: Shop, type: str, fields: dict[str, float], times: int, points: int) -> None:
    assert (await shop.post("asha", type, times, **fields)).friction_score == 10 + points


# Signals: what is told, how often, and what it must call for.
HELPED = [
    ("inactivity", {"value": 60, "screen": "checkout"}, 1, None),
    ("inactivity", {"value": 60.5, "screen": "checkout"}, 1, ("checkout_inactivity", "HELP_PROMPT")),
    ("inactivity", {"value": 500, "screen": "menu"}, 1, None),
    ("back_navigation", {}, 3, None),
    ("back_navigation", {}, 4, ("back_loops", "HELP_PROMPT")),
    ("quantity_change", {}, 5, None),
    ("quantity_change", {}, 6, ("quantity_changes", "HELP_PROMPT")),
    ("payment_failure", {}, 1, None),
    ("payment_failure", {}, 3, ("payment_failures", "CALL_OPTION")),
    ("menu_comparison", {"value": 180}, 1, None),
    ("menu_comparison", {"value": 181}, 1, ("menu_comparison", "HELP_PROMPT")),
    ("price_check", {}, 5, None),
    ("price_check", {}, 6, ("price_calculator", "EXPERT_CONSULTATION")),
    ("window_shopping", {"value": 1e6}, 9, None),
]


@pytest.mark.parametrize(("type", "fields", "times", "help"), HELPED)
async def test_signal(
    shop: Shop, type: str, fields: dict[str, float], times: int, help: tuple[str, str] | None
) -> None:
    answer = await shop.post("asha", type, times, **fields)
    assert answer.triggered is (help is not None)  # payments that failed twice are for the notification rules
    assert (answer.prompt and (answer.prompt.cause, answer.prompt.action)) == help


async def test_texts_are_those_of_the_seed(shop: Shop) -> None:
    quantities = await shop.post("asha", "quantity_change", 6)
    menus = await shop.post("ravi", "menu_comparison", value=181)
    assert quantities.prompt is not None
    assert quantities.prompt.text == "Need help with quantities?"
    assert menus.prompt is not None
    assert menus.prompt.text == "Compare packages"


@pytest.mark.parametrize(("value", "points"), [(24_999.99, 0), (25_000, 15), (25_000.01, 15)])
async def test_a_high_value_cart_scores(shop: Shop, value: float, points: int) -> None:
    context = await shop.app.context.set_cart("asha", CartPut(cart_items=["platter"], estimated_value=value))
    assert context.hesitation_score == 10 + points


@pytest.mark.parametrize(("event", "points"), [("WEDDING", 15), ("corporate", 15), ("RELIGIOUS", 15), ("BIRTHDAY", 0)])
async def test_a_high_value_event_scores(shop: Shop, event: str, points: int) -> None:
    context = await shop.app.context.set_cart("asha", CartPut(cart_items=[], event_type=event))
    assert context.hesitation_score == 10 + points


async def test_who_has_ordered_before_is_no_first_time_user(shop: Shop) -> None:
    await shop.app.context.set_screen("asha", ScreenPut(screen="menu"))
    await shop.owner.customers.change("asha", CustomerChange(version=1, past_order_count=1))
    assert (await shop.post("asha", "platter_view")).friction_score == 0


async def test_help_is_due_above_fifty_and_not_at_it(shop: Shop) -> None:
    await shop.app.context.set_cart("asha", CartPut(cart_items=[], event_type="WEDDING"))  # 10 + 15
    at = await shop.post("asha", "back_navigation", 4)  # + 25
    assert at.friction_score == 50
    assert (await shop.events("asha", "customer.help_offered"))[-1]["cause"] == "back_loops"
    above = await shop.post("asha", "inactivity", value=61)  # + 30
    assert (above.friction_score, above.triggered) == (80, True)
    assert above.prompt is not None
    assert above.prompt.cause == "score"


async def test_the_score_is_capped_at_a_hundred(shop: Shop) -> None:
    await shop.app.context.set_cart("asha", CartPut(cart_items=[], event_type="WEDDING"))
    await shop.post("asha", "back_navigation", 4)
    await shop.post("asha", "price_check", 6)
    assert (await shop.post("asha", "inactivity", value=61)).friction_score == 100


async def test_a_context_is_judged_without_storing_it(shop: Shop) -> None:
    verdict = await shop.app.friction.detect(
        FrictionJudge(inactivity_seconds=61, back_navigation_count=4, price_check_count=5, is_first_time_user=False)
    )
    assert (verdict.score, verdict.triggered, verdict.action) == (55, True, "HELP_PROMPT")
    assert [(reason.rule, reason.points) for reason in verdict.reasons[:2]] == [("inactive", 30), ("going_back", 25)]
    quiet = await shop.app.friction.detect(FrictionJudge(inactivity_seconds=60, back_navigation_count=3))
    assert (quiet.score, quiet.triggered, quiet.reasons, quiet.action) == (0, False, [], None)
    assert (await shop.owner.customers.list()).items == []
    assert await shop.stored() == 0


async def test_an_edited_threshold_is_in_force_at_once(shop: Shop) -> None:
    await shop.post("asha", "back_navigation", 2)
    rules = await shop.owner.friction.thresholds()
    for rule in rules["rules"]:
        if rule["id"] in ("back_loops", "going_back"):
            rule["when"]["value"] = 2
    changed = await shop.owner.friction.set_thresholds({"version": rules["version"], "rules": rules["rules"]})
    assert changed["version"] == rules["version"] + 1
    answer = await shop.post("asha", "back_navigation")
    assert (answer.friction_score, answer.triggered) == (35, True)
    verdict = await shop.app.friction.detect(FrictionJudge(user_id="asha"))
    assert verdict.rule_version == changed["version"]


async def test_only_admins_edit_thresholds(shop: Shop) -> None:
    agent = await shop.backend.member("agent")
    assert (await agent.friction.thresholds())["kind"] == "friction"
    for client in (agent, shop.app):
        with pytest.raises(ApiError) as refusal:
            await client.friction.set_thresholds({"version": 1, "rules": []})
        assert refusal.value.status == 403
    assert (await agent.friction.thresholds())["version"] == 1
