"""Facts and catalogues: what is refused at declaration, and what does not fit when facts come from outside."""

from decimal import Decimal

import pytest

from backend.rules.facts import Catalogue, Fact
from backend.rules.shipped.friction import CATALOGUE


def test_fact_name_must_be_snake_case() -> None:
    with pytest.raises(ValueError, match="snake_case"):
        Fact("cartValue", "money_major", "cart value")


def test_choice_needs_choices() -> None:
    with pytest.raises(ValueError, match="without choices"):
        Fact("tier", "choice", "tier")


def test_catalogue_refuses_a_name_twice() -> None:
    fact = Fact("tier", "text", "tier")
    with pytest.raises(ValueError, match="twice"):
        Catalogue("x", fact, fact)


def test_good_facts_pass() -> None:
    facts = {"cart_value": Decimal("25000.50"), "guest_count": 5, "tier": "GOLD", "event_type": None, "screen": ""}
    assert CATALOGUE.check_facts(facts) == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cart_value", "25000", "must be a number"),
        ("cart_value", float("nan"), "must be a finite number"),
        ("cart_value", Decimal("NaN"), "must be a finite number"),
        ("cart_value", 10**16, "is too large a number"),
        ("cart_value", True, "must be a number"),
        ("guest_count", 2.5, "must be a whole number"),
        ("guest_count", 5.0, "must be a whole number"),
        ("tier", "TIN", "must be one of GOLD, SILVER, BRONZE"),
        ("is_first_time_user", 1, "must be true or false"),
        ("screen", "x" * 201, "must not be longer than 200 characters"),
    ],
)
def test_ill_typed_fact_is_named(name: str, value: object, message: str) -> None:
    (problem,) = CATALOGUE.check_facts({name: value})
    assert (problem.path, problem.message) == (name, message)


def test_list_facts_hold_texts() -> None:
    catalogue = Catalogue("x", Fact("tags", "list", "tags"))
    assert catalogue.check_facts({"tags": ["a", "b"]}) == []
    assert catalogue.check_facts({"tags": "a"})[0].message == "must be a list"
    assert catalogue.check_facts({"tags": ["a", 1]})[0].message == "must be a text"


def test_unknown_fact_gets_the_nearest_name() -> None:
    (problem,) = CATALOGUE.check_facts({"price_checks_count": 1})
    assert problem.hint == "did you mean price_check_count?"
