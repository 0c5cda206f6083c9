"""What an author types, read: conditions from the catalogue, fields from the models of every kind, and words for what is wrong."""

from typing import Any

import pytest

from backend.rules import vocabulary
from backend.rules.service import KINDS
from console.rules import conditions, forms, tree
from console.rules.draft import Draft, at, said
from console.rules.reading import Unreadable, number

ROUTING = conditions.catalogue_of(vocabulary.of("routing"))
FRICTION = conditions.catalogue_of(vocabulary.of("friction"))


@pytest.mark.parametrize(
    ("text", "leaf", "words"),
    [
        ("order_value < 25000", ("lt", 25_000), "order value < 25,000 INR"),
        ("order_value<25000", None, "There is no fact 'order_value<25000': did you mean order_value?."),
        ("order_value >= 4,999.50", ("ge", 4_999.5), "order value >= 4,999.5 INR"),
        ("order_value between 5000 and 25000", ("between", [5_000, 25_000]), "order value is between 5,000 and 25,000 INR"),
        ("order_value between 9, 5", None, "the low end is above the high end (write [5, 9])"),
        ("order_value exists no", ("exists", False), "order value is unknown"),
        ("order_value exists", ("exists", True), "order value is known"),
        ("event_type in wedding, Corporate", ("in", ["WEDDING", "CORPORATE"]), "event type is one of WEDDING, CORPORATE"),
        ("event_type contains ED", ("contains", "ED"), "event type contains ED"),
        ("tier = platinum", None, "must be one of GOLD, SILVER, BRONZE (tier is of type choice)"),
        ("tier > GOLD", None, "'>' does not fit tier: use one of =  !=  in  not_in  exists."),
        ("is_first_time_user = yes", ("eq", True), "first-time user"),
        ("is_first_time_user = perhaps", None, "Say yes or no."),
        ("guest_count > 10.5", None, "must be a whole number (guest_count is of type integer)"),
        ("guest_count >", None, "Then a value: 1000."),
        ("guest_count", None, "guest count: Guests the order is for. Then one of =  !=  >  >=  <  <=  between  in  not_in  exists."),
        ("", None, "A fact, an operator and a value: order_value < 25000."),
        ("order_value = 1e3", None, "'1e3' is no number."),
    ],
)  # fmt: skip
def test_conditions_are_read(text: str, leaf: tuple[str, Any] | None, words: str) -> None:
    reading = conditions.reader(ROUTING, "INR")(text)
    if leaf is None:
        assert (reading.value, reading.problem) == (None, words)
        return
    name = text.split()[0]
    assert reading.value == {"fact": name, "op": leaf[0], "value": leaf[1]}
    assert reading.said == words
    assert conditions.reader(ROUTING, "INR")(conditions.typed(reading.value)).value == reading.value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("45 s", 45), ("10 min", 600), ("1 h 30 min", 5_400), ("2d", 172_800), ("0.5 h", 1_800)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert number(text, is_duration=True) == seconds
    reading = conditions.reader(FRICTION, "INR")(f"inactivity_seconds > {text}")
    assert reading.value["value"] == seconds
    for bad in ("soon", "5 weeks", "", "10 min ago"):
        with pytest.raises(Unreadable):
            number(bad, is_duration=True)


def test_completion_leads_from_fact_to_value() -> None:
    complete = conditions.completer(ROUTING)
    assert [option.label for option in complete("gue")] == ["guest_count"]
    assert {option.label for option in complete("")} == {fact.name for fact in ROUTING}
    assert [option.key for option in complete("tier ")][:2] == ["tier = ", "tier != "]
    assert [option.key for option in complete("tier = s")] == ["tier = SILVER"]
    assert [option.key for option in complete("event_type in WEDDING, c")] == ["event_type in WEDDING, CORPORATE"]
    assert complete("nothing = ") == []


@pytest.mark.parametrize("kind", KINDS.names)
def test_every_field_of_every_kind_reads_back_what_it_shows(kind: str) -> None:
    told, document = vocabulary.of(kind), KINDS[kind].shipped.model_dump(mode="json", by_alias=True)
    seen = 0
    for place, rule in enumerate(document["rules"]):
        fields = forms.fields_of(told["groups"][rule["group"]]["then"], ("rules", place, "then"))
        seen += _read_back(fields, document)
    seen += _read_back(forms.fields_of(told["settings"], ("settings",)), document)
    assert seen >= len(document["settings"])


def _read_back(fields: list[forms.Field], document: dict[str, Any]) -> int:
    for field in fields:
        value = at(document, field.path)
        if value is None:
            continue
        reading = forms.reader(field)(forms.typed(field, value))
        assert (reading.problem, reading.value) == ("", value), field
        assert forms.shown(field, value)
        forms.completer(field)("")
    return len(fields)


def test_conditions_grow_and_shrink() -> None:
    leaf = {"fact": "tier", "op": "eq", "value": "GOLD"}
    other = {"fact": "guest_count", "op": "gt", "value": 9}
    draft = Draft("routing", 1, {"settings": {}, "rules": [{"when": leaf}]})
    top = ("rules", 0, "when")
    place = tree.add(draft, top, other)
    assert (place, said(place)) == ((*top, "all", 1), "rules[0].when.all[1]")
    assert at(draft.now, top) == {"all": [leaf, other]}
    assert tree.add(draft, (*top, "all", 0), leaf) == (*top, "all", 1)
    tree.wrap(draft, place)
    assert at(draft.now, place) == {"any": [leaf]}
    assert tree.switch(draft, (*place, "any", 0))
    assert at(draft.now, place) == {"all": [leaf]}
    turned = tree.negate(draft, place)
    assert (turned, at(draft.now, place)) == ((*place, "not"), {"not": {"all": [leaf]}})
    assert tree.negate(draft, turned) == place
    draft.move((*top, "all", 2), -2)
    assert at(draft.now, top)["all"][0] == other
    for _ in range(3):
        tree.remove(draft, (*top, "all", 0))
    assert at(draft.now, top) == {"all": []}
    assert tree.remove(draft, top) == top
    while draft.undo():
        pass
    assert at(draft.now, top) == leaf
    assert not draft.is_changed
    while draft.redo():
        pass
    assert at(draft.now, top) == {"all": []}


def test_hours_and_holidays_are_rows_of_words() -> None:
    fields = {field.label: field for field in forms.fields_of(vocabulary.of("sla")["settings"], ("settings",))}
    monday, holidays = fields["hours monday"], fields["holidays"]
    assert forms.reader(monday)("09:00 13:00; 14:00 18:00").value == [
        {"start": "09:00", "end": "13:00"},
        {"start": "14:00", "end": "18:00"},
    ]
    assert forms.reader(monday)("").value == []
    assert "has too little" in forms.reader(monday)("09:00").problem
    assert forms.reader(holidays)("2026-01-26 Republic Day").value == [{"date": "2026-01-26", "name": "Republic Day"}]
