"""Mappings: what an expression comes to, and what is told of one that means nothing when it is saved."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from backend.integrations.mapping import RecordMap, Unfit, compiled, meant, records_in, value_of
from backend.integrations.sources import MAPPINGS

RECORD: dict[str, Any] = {
    "id": 7,
    "empty": "",
    "name": {"first": "Asha", "last": "Rao"},
    "amount": 129_950,
    "paid": True,
    "at": 1_772_442_000,
    "iso": "2026-03-02T09:00:00Z",
    "tags": [{"name": "vip"}, {"name": "late"}],
    "price": "1,299.50",
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("id", 7),
        ("name.first + name.last", "Asha Rao"),
        ("name.middle, empty, name.last", "Rao"),
        ("name.middle + name.last", "Rao"),
        ("nothing, 'GOLD'", "GOLD"),
        ("'a, b | c'", "a, b | c"),
        ("name.first | upper", "ASHA"),
        ("amount | hundredth", 1_299.5),
        ("price | number", 1_299.5),
        ("paid", True),
        ("at | instant", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("iso | instant", datetime(2026, 3, 2, 9, tzinfo=UTC)),
        ("iso | date", date(2026, 3, 2)),
        ("at | date", date(2026, 3, 2)),
        ("tags.1.name", "late"),
        ("tags.9.name", None),
        ("name", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_what_an_expression_comes_to(text: str, value: Any) -> None:
    assert value_of(text, RECORD) == value


@pytest.mark.parametrize(
    "text", ["a b", "a +", ", a", "a | shout", "a | lower upper", "a || lower", "a..b", "'open", "| lower", "a.b | "]
)
def test_what_is_no_expression_is_told_when_it_is_saved(text: str) -> None:
    with pytest.raises(ValidationError):
        RecordMap(external_id=text)


@pytest.mark.parametrize("text", ["name.first | number", "price | integer", "iso | integer", "id + name.last | date"])
def test_what_does_not_fit_is_told(text: str) -> None:
    with pytest.raises(Unfit):
        value_of(text, RECORD)


@settings(max_examples=100, deadline=None)
@given(some.text(max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        compiled(text)
    except ValueError:
        return
    value_of(text, RECORD) if not any(sign in text for sign in "|") else None


def test_a_mapping_that_means_nothing_is_refused() -> None:
    for wrong in (
        {"fields": {"salary": "a"}},
        {"externalID": "id"},
        {"signals": [{"type": "Payment Failed", "id": "id"}]},
        {"signals": [{"type": "x", "id": ""}]},
        {"signals": [{"type": "x", "id": "id", "properties": {"email": "email"}}]},
        {"records": "a b"},
    ):
        with pytest.raises(ValidationError):
            RecordMap.model_validate(wrong)
    for shipped in MAPPINGS.values():
        assert RecordMap.model_validate(shipped.model_dump(by_alias=True)) == shipped


def test_what_a_record_comes_to() -> None:
    mapping = RecordMap.model_validate(
        {
            "externalId": "id",
            "fields": {"name": "name.first", "pastOrderCount": "price | integer"},
            "signals": [
                {"type": "payment_failed", "when": {"paid": [True, 1]}, "id": "at", "at": "name.first"},
                {"type": "other", "when": {"paid": False}, "id": "at"},
                {"type": "nameless", "when": {"nothing": None}, "id": "nothing"},
            ],
            "incidences": [{"when": {"tags.0.name": "vip"}, "id": "id", "summary": "'Late: ' + name.first"}],
        }
    )
    found = meant(mapping, RECORD)
    assert (found.external_id, found.fields) == ("7", {"name": "Asha"})
    assert [(one.type, one.id, one.at) for one in found.signals] == [("payment_failed", "1772442000", None)]
    assert [(one.id, one.summary) for one in found.cases] == [("7", "Late: Asha")]
    assert found.problems == [
        "pastOrderCount: is not a whole number",
        "at: is not an instant such as 2026-03-02T09:00:00Z",
    ]


def test_the_records_of_a_webhook() -> None:
    assert records_in(RecordMap(), {"a": 1}) == [{"a": 1}]
    assert records_in(RecordMap(records="data.items"), {"data": {"items": [{"a": 1}, 2, {"b": 2}]}}) == [
        {"a": 1},
        {"b": 2},
    ]
    for wrong in ({}, {"data": {"items": []}}, {"data": {"items": "x"}}, {"data": {"items": [{}] * 1_001}}):
        with pytest.raises(Unfit):
            records_in(RecordMap(records="data.items"), wrong)
