"""Words: how values, conditions and reasons are told."""

from decimal import Decimal
from typing import Any

import pytest

from backend.rules.facts import Catalogue, Fact
from backend.rules.wording import check_template, compile_template, describe, duration_in_words, value_in_words

NUMBER = Fact("drop", "number", "usage drop", unit="%")
CATALOGUE = Catalogue(
    "test",
    NUMBER,
    Fact("checks", "integer", "price checks"),
    Fact("screen", "text", "screen"),
    Fact("is_new", "boolean", "new customer"),
    Fact("tags", "list", "tags"),
    Fact("idle", "duration_seconds", "idle time"),
)
A = {"fact": "checks", "op": "gt", "value": 5}
B = {"fact": "screen", "op": "eq", "value": "checkout"}
C = {"fact": "is_new", "op": "eq", "value": False}


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ({"all": [A, B]}, "price checks > 5 and screen is checkout"),
        ({"any": [{"all": [A, B]}, C]}, "(price checks > 5 and screen is checkout) or not new customer"),
        ({"all": [A, {"any": [B]}]}, "price checks > 5 and screen is checkout"),
        ({"not": {"any": [A, B]}}, "not (price checks > 5 or screen is checkout)"),
        ({"fact": "is_new", "op": "ne", "value": False}, "new customer"),
        ({"fact": "is_new", "op": "ne", "value": True}, "not new customer"),
        ({"fact": "drop", "op": "between", "value": [10, 25.5]}, "usage drop is between 10 % and 25.5 %"),
        ({"fact": "tags", "op": "contains_any", "value": ["a", "b"]}, "tags contains one of a, b"),
        ({"fact": "screen", "op": "exists", "value": True}, "screen is known"),
        ({"fact": "screen", "op": "eq", "value": "a\x1b[2Jb\u202e"}, "screen is a[2Jb"),
    ],
)
def test_describe(tree: dict[str, Any], words: str) -> None:
    assert describe(tree, CATALOGUE) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.5, "0.5 s"),
        (60, "60 s"),
        (119, "119 s"),
        (120, "2 min"),
        (180, "3 min"),
        (187.25, "3 min 7.2 s"),
        (3_600, "60 min"),
        (7_200, "2 h"),
        (86_400, "24 h"),
        (90_000, "25 h"),
        (176_461, "2 d 1 h 1 min 1 s"),
        (-5, "-5 s"),
        (float("inf"), "inf s"),
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "unknown"),
        (25_000, "25,000 %"),
        (25_000.0, "25,000 %"),
        (0.015, "0.015 %"),
        (0.1 + 0.2, "0.3 %"),
        (100 / 29, "3.45 %"),  # two digits say it
        (100 * 1_001 / 50_003, "2.0019 %"),  # and here they would not: it is more than 2
        (Decimal("12345.50"), "12,345.5 %"),
        (float("nan"), "nan %"),
        ("oops", "oops"),
        (["b", "a"], "b, a"),
    ],
)
def test_values(value: Any, words: str) -> None:
    assert value_in_words(NUMBER, value) == words


@pytest.mark.parametrize(("template", "message"), [("{chekcs} times", "there is no fact 'chekcs'"), ("a } b", "brace")])
def test_templates_are_checked(template: str, message: str) -> None:
    (problem,) = check_template(template, CATALOGUE, "text")
    assert message in problem.message


@pytest.mark.parametrize(
    "template", ["{checks.__class__}", "{checks!r}", "{checks:>9999999}", "{0}", "{}", "{{checks}}"]
)
def test_templates_know_no_format_tricks(template: str) -> None:
    assert check_template(template, CATALOGUE)


def test_templates_are_filled_and_cleaned() -> None:
    render = compile_template("{checks} on {screen} after {idle}", CATALOGUE)
    assert render is not None
    assert render({"checks": 1_000, "screen": "a\x07\x1b]0;x" + "y" * 200, "idle": 600.0}).startswith(
        "1,000 on a]0;xyy"
    )
    assert render({}) == "unknown on unknown after unknown"
    assert compile_template("nothing to fill", CATALOGUE) is None


@pytest.mark.parametrize(
    ("value", "said"), [(7, "7 s!"), (119, "119 s!"), (120, "2 min!"), (None, "unknown!"), (7.5, "7.5 s!")]
)
def test_one_duration_is_said_alike_on_the_short_way(value: Any, said: str) -> None:
    render = compile_template("{idle}!", CATALOGUE)
    assert render is not None
    assert render({"idle": value}) == said


@pytest.mark.parametrize(("value", "said"), [(1_500, "1,500"), (-3, "-3"), (True, "yes"), (None, "unknown")])
def test_one_number_is_said_alike_on_the_short_way(value: Any, said: str) -> None:
    render = compile_template("{checks}", CATALOGUE)
    assert render is not None
    assert render({"checks": value}) == said
