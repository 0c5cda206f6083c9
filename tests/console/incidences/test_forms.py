"""What is typed as the parameters of actions, and what it comes to in words."""

from typing import Any

import pytest

from console.incidences.forms import Unclear, form_of, is_money, number, said

ROW = {"currency": "INR"}


@pytest.mark.parametrize(
    ("words", "value"),
    [("15", 15), ("15 %", 15), ("4,650", 4_650), ("₹4650.50", 4_650.5), ("2k", 2_000), ("1.5k", 1_500), ("0", 0)],
)
def test_numbers(words: str, value: float) -> None:
    assert number(words) == value


@pytest.mark.parametrize("words", ["", "many", "-5", "nan", "inf", "1e", "k"])
def test_what_is_no_number(words: str) -> None:
    with pytest.raises(Unclear):
        number(words)


@pytest.mark.parametrize(
    ("action", "field", "words", "given"),
    [
        ("APPLY_DISCOUNT", "percent", "15", {"percent": 15}),
        ("MODIFY_ORDER", "eventDate", "2027-02-14", {"eventDate": "2027-02-14"}),
        ("MODIFY_ORDER", "selectedItems", "Thali, Lassi ,", {"selectedItems": ["Thali", "Lassi"]}),
        ("CLOSE_RESOLVED", "CONVERTED", "menu", {"outcome": "CONVERTED", "issueCategory": "menu"}),
        ("CLOSE_DROPPED", "DROPPED", "", {}),
        ("OFF_CATALOG_ITEM", "item", "Vegan cake, 2, 750", {"item": "Vegan cake", "quantity": 2, "price": 750}),
        ("REASSURE", "reason", "", {}),
        ("REASSURE", "reason", "spices", {"reason": "spices"}),
        ("ESCALATE", "EMOTIONAL", "she cried", {"reason": "EMOTIONAL", "note": "she cried"}),
        ("REASSIGN", "m-1", "", {"agentId": "m-1"}),
    ],
)
def test_answers(action: str, field: str, words: str, given: dict[str, Any]) -> None:
    assert form_of(action, [], []).reads(field, words) == given


@pytest.mark.parametrize(
    ("action", "field", "words"),
    [
        ("MODIFY_ORDER", "guestCount", "2.5"),
        ("MODIFY_ORDER", "eventDate", "soon"),
        ("MODIFY_ORDER", "selectedItems", " , "),
        ("OFF_CATALOG_ITEM", "item", ""),
        ("OFF_CATALOG_ITEM", "item", "a, 1, 2, 3"),
        ("CLOSE_RESOLVED", "RESOLVED", "x" * 65),
        ("REASSURE", "reason", "x" * 201),
    ],
)
def test_answers_that_are_unclear(action: str, field: str, words: str) -> None:
    with pytest.raises(Unclear):
        form_of(action, [], []).reads(field, words)


def test_in_words() -> None:
    assert said("APPLY_DISCOUNT", {"percent": 12.5}, ROW, 333.35) == "12.5 % of ₹333.35 = ₹41.66"
    assert said("APPLY_DISCOUNT", {"percent": 10}, ROW, None) == "10 % of an order of unknown value"
    assert said("CUSTOM_PRICING", {"orderValue": 900}, ROW, 1_000) == "₹1,000 → ₹900"
    assert said("REASSURE", {"reason": "x"}, ROW, 5) == "reassure"
    assert is_money("OFF_CATALOG_ITEM", {"item": "a", "price": 1})
    assert not is_money("OFF_CATALOG_ITEM", {"item": "a"})
