"""How fast rules are judged, against the same rules written by hand in Python and in the best-known rule library."""

import random
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from backend.rules.closures import compile_condition
from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.engine import compile_rule_set
from backend.rules.facts import Catalogue
from backend.rules.shipped.friction import SHIPPED
from backend.rules.shipped.ordering import BEHAVIOUR, PROFILE

TARGET = 0.3
"""Of the same conditions written by hand."""

LIBRARY_TARGET = 10.0
"""Times the PyPI package rule-engine, which is asked for less: whether conditions hold, and not why."""

MANY_RULES, MANY_CUSTOMERS = 1_000, 10_000
_GUARD = "{0} != null and {0}"
_OF_LIBRARY = (
    f"{_GUARD.format('inactivity_seconds')} > 60",
    f"{_GUARD.format('back_navigation_count')} > 3",
    f"{_GUARD.format('price_check_count')} > 5",
    'event_type in ["WEDDING", "CORPORATE", "RELIGIOUS"] or (cart_value != null and cart_value >= 25000) '
    "or is_high_value_event == true",
    "is_first_time_user == true",
    "guest_count != null and guest_count >= 100 and guest_count <= 500",
    f'screen == "checkout" and {_GUARD.format("inactivity_seconds")} > 60',
    f"{_GUARD.format('quantity_change_count')} > 5",
    f"{_GUARD.format('payment_failure_count')} > 2",
    f"{_GUARD.format('menu_comparison_seconds')} > 180",
    f"{_GUARD.format('platter_view_count')} > 3",
    'tier in ["GOLD", "SILVER"] and not (past_order_count != null and past_order_count < 3)',
)
"""The twelve conditions in rule-engine's language."""

CATALOGUE = Catalogue("bench", *BEHAVIOUR, *PROFILE)

_EXTRA: list[tuple[str, dict[str, Any], int, str]] = [
    ("guests", {"fact": "guest_count", "op": "between", "value": [100, 500]}, 5, "{guest_count} guests"),
    (
        "checkout_idle",
        {
            "all": [
                {"fact": "screen", "op": "eq", "value": "checkout"},
                {"fact": "inactivity_seconds", "op": "gt", "value": 60},
            ]
        },
        5,
        "inactive on checkout for {inactivity_seconds}",
    ),
    ("quantities", {"fact": "quantity_change_count", "op": "gt", "value": 5}, 5, "{quantity_change_count} changes"),
    ("payments", {"fact": "payment_failure_count", "op": "gt", "value": 2}, 20, "{payment_failure_count} failures"),
    ("comparing", {"fact": "menu_comparison_seconds", "op": "gt", "value": 180}, 5, "compares menus"),
    ("platters", {"fact": "platter_view_count", "op": "gt", "value": 3}, 5, "{platter_view_count} platters"),
    (
        "loyal",
        {
            "all": [
                {"fact": "tier", "op": "in", "value": ["GOLD", "SILVER"]},
                {"not": {"fact": "past_order_count", "op": "lt", "value": 3}},
            ]
        },
        -5,
        "a loyal customer",
    ),
]

TWELVE = RuleSetDocument(
    kind="bench",
    groups={"score": "sum"},
    settings={"cap": 100},
    rules=[rule for rule in SHIPPED.rules if rule.group == "score"]
    + [
        Rule(id=rule_id, label=rule_id, group="score", when=when, then={"points": points}, text=text)
        for rule_id, when, points, text in _EXTRA
    ],
)

IMPORTANT = frozenset({"WEDDING", "CORPORATE", "RELIGIOUS"})
LOYAL = frozenset({"GOLD", "SILVER"})


def judged_by_hand(facts: dict[str, Any]) -> tuple[bool, ...]:
    """The twelve conditions as a person would write them, with the same care for facts that are missing."""
    get = facts.get
    return (
        (v := get("inactivity_seconds")) is not None and v > 60,
        (v := get("back_navigation_count")) is not None and v > 3,
        (v := get("price_check_count")) is not None and v > 5,
        get("event_type") in IMPORTANT
        or ((v := get("cart_value")) is not None and v >= 25_000)
        or get("is_high_value_event") is True,
        get("is_first_time_user") is True,
        (v := get("guest_count")) is not None and 100 <= v <= 500,
        get("screen") == "checkout" and (v := get("inactivity_seconds")) is not None and v > 60,
        (v := get("quantity_change_count")) is not None and v > 5,
        (v := get("payment_failure_count")) is not None and v > 2,
        (v := get("menu_comparison_seconds")) is not None and v > 180,
        (v := get("platter_view_count")) is not None and v > 3,
        get("tier") in LOYAL and not ((v := get("past_order_count")) is not None and v < 3),
    )


def scored_by_hand(facts: dict[str, Any]) -> tuple[int, list[tuple[str, int, str]]]:
    """The score and each reason with its points, as a person would write it; texts with plain f-strings."""
    get = facts.get
    fired: list[tuple[str, int, str]] = []
    if (idle := get("inactivity_seconds")) is not None and idle > 60:
        fired.append(("inactive", 30, f"inactive for {idle} s"))
    if (v := get("back_navigation_count")) is not None and v > 3:
        fired.append(("going_back", 25, f"went back {v} times on one flow"))
    if (v := get("price_check_count")) is not None and v > 5:
        fired.append(("checking_prices", 20, f"checked the price {v} times"))
    if (
        get("event_type") in IMPORTANT
        or ((v := get("cart_value")) is not None and v >= 25_000)
        or get("is_high_value_event") is True
    ):
        fired.append(("high_value_event", 15, "high-value event"))
    if get("is_first_time_user") is True:
        fired.append(("first_time_user", 10, "first-time user"))
    if (v := get("guest_count")) is not None and 100 <= v <= 500:
        fired.append(("guests", 5, f"{v} guests"))
    if get("screen") == "checkout" and idle is not None and idle > 60:
        fired.append(("checkout_idle", 5, f"inactive on checkout for {idle} s"))
    if (v := get("quantity_change_count")) is not None and v > 5:
        fired.append(("quantities", 5, f"{v} changes"))
    if (v := get("payment_failure_count")) is not None and v > 2:
        fired.append(("payments", 20, f"{v} failures"))
    if (v := get("menu_comparison_seconds")) is not None and v > 180:
        fired.append(("comparing", 5, "compares menus"))
    if (v := get("platter_view_count")) is not None and v > 3:
        fired.append(("platters", 5, f"{v} platters"))
    if get("tier") in LOYAL and not ((v := get("past_order_count")) is not None and v < 3):
        fired.append(("loyal", -5, "a loyal customer"))
    return min(sum(points for _, points, _ in fired), 100), fired


def made_facts(count: int, seed: int = 7) -> list[dict[str, Any]]:
    """Customers as they come: most behave, a few struggle, and a tenth of all facts is unknown."""
    rng = random.Random(seed)
    counts = ("back_navigation", "price_check", "quantity_change", "payment_failure", "platter_view", "customization")
    made = []
    for _ in range(count):
        facts: dict[str, Any] = {f"{name}_count": int(rng.expovariate(0.5)) for name in counts}
        facts |= {
            "inactivity_seconds": int(rng.expovariate(1 / 30)),
            "menu_comparison_seconds": int(rng.expovariate(1 / 80)),
            "screen": rng.choice(["guest_count", "menu_comparison", "checkout", "payment"]),
            "cart_value": rng.randrange(0, 40_000, 250),
            "event_type": rng.choice(["WEDDING", "BIRTHDAY", "CORPORATE", "OTHER", "OTHER"]),
            "is_first_time_user": rng.random() < 0.3,
            "tier": rng.choice(["GOLD", "SILVER", "BRONZE", "BRONZE"]),
            "past_order_count": rng.randrange(8),
            "guest_count": rng.randrange(20, 400),
        }
        for name in rng.sample(sorted(facts), k=len(facts) // 10):
            facts[name] = None
        made.append(facts)
    return made


def bench_rules(contexts: int = 2_000, rounds: int = 7) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}; `floor` is what the name says, a target of None is no gate.

    Raises AssertionError when two ways of judging disagree, for then the floor is no floor.
    """
    return [*bench_twelve(contexts, rounds), *bench_library(contexts, 3), *bench_many()]


def bench_twelve(contexts: int, rounds: int) -> list[dict[str, Any]]:
    """Twelve rules against the same written by hand."""
    cases = made_facts(contexts)
    tests = [compile_condition(rule.when, CATALOGUE) for rule in TWELVE.rules]
    compiled = compile_rule_set(TWELVE, CATALOGUE, 1)
    for facts in cases:
        assert tuple(test(facts) for test in tests) == judged_by_hand(facts)
        verdict, (total, fired) = compiled.evaluate(facts, trace=False), scored_by_hand(facts)
        assert verdict.result == total
        assert [firing.rule_id for firing in verdict.fired] == [rule_id for rule_id, _, _ in fired]

    def judge() -> None:
        for facts in cases:
            [test(facts) for test in tests]

    def judge_by_hand() -> None:
        for facts in cases:
            judged_by_hand(facts)

    def score() -> None:
        for facts in cases:
            compiled.evaluate(facts, trace=False)

    def score_by_hand() -> None:
        for facts in cases:
            scored_by_hand(facts)

    def explain() -> None:
        for facts in cases:
            compiled.evaluate(facts, trace=True)

    conditions, conditions_floor, evaluate, evaluate_floor, traced = _best(
        (judge, judge_by_hand, score, score_by_hand, explain), contexts, rounds
    )
    return [
        _row("12 conditions", conditions, conditions_floor, TARGET),
        _row("12 rules scored, trace off", evaluate, evaluate_floor, TARGET),
        _row("12 rules scored, trace on", traced, evaluate_floor, None),
    ]


def bench_library(contexts: int, rounds: int) -> list[dict[str, Any]]:
    """Twelve rules with the trace on against the library's yes and no."""
    from rule_engine import Context, Rule  # type: ignore[import-untyped,unused-ignore]

    cases = made_facts(contexts)
    library = [Rule(text, context=Context(default_value=None)) for text in _OF_LIBRARY]
    compiled = compile_rule_set(TWELVE, CATALOGUE, 1)
    for facts in cases[:500]:
        assert tuple(rule.matches(facts) for rule in library) == judged_by_hand(facts)

    def match() -> None:
        for facts in cases:
            [rule.matches(facts) for rule in library]

    def explain() -> None:
        for facts in cases:
            compiled.evaluate(facts, trace=True)

    traced, floor = _best((explain, match), contexts, rounds)
    return [_row("12 rules scored, trace on, against rule-engine", traced, floor, LIBRARY_TARGET)]


_NUMBERS = ("back_navigation_count", "price_check_count", "quantity_change_count", "inactivity_seconds", "cart_value")


def made_rules(count: int, seed: int = 11) -> list[tuple[dict[str, Any], str]]:
    """Conditions as admins write them, each with the Python a person would write for it."""
    rng = random.Random(seed)
    made: list[tuple[dict[str, Any], str]] = []
    for _ in range(count):
        name, limit = rng.choice(_NUMBERS), rng.randrange(1, 30_000)
        leaf = {"fact": name, "op": "gt", "value": limit}
        python = f"((v := get({name!r})) is not None and v > {limit})"
        shape = rng.random()
        if shape < 0.3:
            screen = rng.choice(["checkout", "payment"])
            made.append(
                (
                    {"all": [{"fact": "screen", "op": "eq", "value": screen}, leaf]},
                    f"get('screen') == {screen!r} and {python}",
                )
            )
        elif shape < 0.5:
            tier = rng.choice(["GOLD", "SILVER"])
            made.append(
                ({"any": [leaf, {"fact": "tier", "op": "eq", "value": tier}]}, f"{python} or get('tier') == {tier!r}")
            )
        else:
            made.append((leaf, python))
    return made


def bench_many(rules: int = MANY_RULES, customers: int = MANY_CUSTOMERS, rounds: int = 2) -> list[dict[str, Any]]:
    """A thousand rules over the facts of ten thousand customers, against one function written out by hand."""
    cases, made = made_facts(customers), made_rules(rules)
    tests = [compile_condition(when, CATALOGUE) for when, _ in made]
    names: dict[str, Any] = {}
    exec(f"def by_hand(get):\n    return [{', '.join(python for _, python in made)}]", names)
    by_hand = names["by_hand"]
    for facts in cases[:50]:
        assert [test(facts) for test in tests] == [bool(held) for held in by_hand(facts.get)]

    def judge() -> None:
        for facts in cases:
            [test(facts) for test in tests]

    def judge_by_hand() -> None:
        for facts in cases:
            by_hand(facts.get)

    value, floor = _best((judge, judge_by_hand), customers, rounds)
    return [_row(f"{rules:,} rules over {customers:,} customers", value, floor, TARGET)]


def _best(runs: Sequence[Callable[[], None]], contexts: int, rounds: int) -> list[float]:
    """Contexts a second of each run, the best of its rounds; rounds take turns so that a busy machine is fair."""
    best = [0.0] * len(runs)
    for _ in range(rounds):
        for index, run in enumerate(runs):
            started = perf_counter()
            run()
            best[index] = max(best[index], contexts / (perf_counter() - started))
    return best


def _row(name: str, value: float, floor: float, target: float | None) -> dict[str, Any]:
    ratio = value / floor
    return {
        "name": name,
        "value": round(value),
        "unit": "contexts/s",
        "floor": round(floor),
        "ratio": round(ratio, 3),
        "target": target,
        "ok": target is None or ratio >= target,
    }
