"""Documents: what they may say, in YAML with the line of each mistake, which step comes next, and words. No database."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from backend.core.errors import Invalid
from backend.playbooks import words
from backend.playbooks.conditions import answer
from backend.playbooks.documents import PlaybookDocument, following, length_of, step_of, walk
from backend.playbooks.figures import of_one
from backend.playbooks.playbook_text import read_yaml, write_yaml
from backend.playbooks.shipped import shipped
from tests.playbooks.trips import EVERY


@pytest.mark.parametrize(("text", "length"), [("45m", {"minutes": 45}), ("2h", {"hours": 2}), ("3d", {"days": 3}), ("52w", {"weeks": 52})])  # fmt: skip
def test_lengths_of_time(text: str, length: dict[str, int]) -> None:
    assert length_of(text) == timedelta(**length)


@pytest.mark.parametrize("text", ["", "3", "0d", "-1d", "3 d", "1.5h", "367d", "9999w", "3D", "d"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(ValueError, match="a year at most"):
        length_of(text)


def test_what_was_written_is_read_again() -> None:
    about, document = read_yaml(EVERY)
    assert about == {"name": "Every kind", "description": "One of each."}
    text = write_yaml(about["name"], about["description"], document)
    assert read_yaml(text) == (about, document)
    assert "else:\n  - kind: notify" in text, "the kind first, as people write it"
    for name, (description, one) in shipped().items():
        assert read_yaml(write_yaml(name, description, one)) == ({"name": name, "description": description}, one)


def test_the_step_after_each() -> None:
    _, document = read_yaml(EVERY)
    order = {step.id: following(document.steps, step.id) for step, _ in walk(document.steps)}
    assert order["staff"] == "customer"
    assert order["quiet"] == "offer", "when it holds, what follows; never its other branch"
    assert (order["owner"], order["offer"]) == (None, None), "the other branch ends where it ends"
    assert step_of(document, "owner").kind == "notify"


@pytest.mark.parametrize(
    ("yaml", "line", "words"),
    [
        ("steps:\n- {kind: wait, id: a, for: 3 days}", 2, "length of time"),
        ("steps:\n- {kind: wait, id: a}", 2, "say either how long"),
        ("steps:\n- {kind: wait, id: a, until: 2026-03-05T09:00:00}", 2, "time zone"),
        ("steps:\n- {kind: dance, id: a}", 2, "kind must be one of"),
        ("steps:\n- kind: message\n  id: a\n  text: 'Dear {customer.nmae}'", 4, "there is no {customer.nmae}"),
        ("steps:\n- {kind: offer, id: a}\n- {kind: offer, id: a}", 1, "two steps are called a"),
        ("steps:\n- kind: condition\n  id: a\n  when: {fact: mood, op: eq, value: 1}", 4, "there is no fact 'mood'"),
        ("steps:\n- kind: condition\n  id: a\n  when: {all: []}\n  else:\n  - {kind: wait, id: b, for: 1d, at: 9}", 6, "Extra inputs"),
        ("trigger: {after: [full_moon]}\nsteps:\n- {kind: offer, id: a}", 1, "risk_changed"),
        ("goal: {fact: mrr, op: above, value: 3}\nsteps:\n- {kind: offer, id: a}", 1, "there is no operator"),
        ("name: [x]\nsteps:\n- {kind: offer, id: a}", 1, "must be a text"),
        ("steps: &s\n- {kind: offer, id: a}\nmore: *s", 1, "anchors"),
        ("steps: [", 1, "is not YAML"),
        ("42", 1, "write `steps:`"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line(yaml: str, line: int, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_yaml(yaml)
    (problem, *_) = refused.value.details["problems"]
    assert (problem["line"], words in problem["reason"]) == (line, True), problem


def test_no_more_steps_and_no_deeper_than_people_can_follow() -> None:
    step = {"kind": "offer", "id": "a"}
    with pytest.raises(ValidationError, match=r"40 are the most|at most 40"):
        PlaybookDocument.model_validate({"steps": [{"kind": "offer", "id": f"a{n}"} for n in range(41)]})
    for depth in range(5):
        step = {"kind": "condition", "id": f"c{depth}", "when": {"all": []}, "else": [step]}
        if depth < 3:
            PlaybookDocument.model_validate({"steps": [step]})
    with pytest.raises(ValidationError, match="nested deeper than 3"):
        PlaybookDocument.model_validate({"steps": [step]})


def test_words_for_people() -> None:
    _, document = read_yaml(EVERY)
    said = [words.step_words(step, {}) for step, _ in walk(document.steps)]
    assert said == [
        "tell all supervisors: “Have a look”",
        "tell the customer, in their app: “May we help?”",
        "write in the open incidence: “Dear {customer.name}, about {ref}.”",
        "give the open incidence to whoever has most room",
        "wait 3 d",
        "if not the customer wrote: go on (else: see below)",
        "tell who has the case: “They wrote”",
        "offer the best that limits allow",
    ]
    _, payment = shipped()["Payment failed"]
    assert words.trigger_words(payment.trigger) == (
        "after a failed payment, if a payment is failing; each customer once in 14 days, at most 50 a day"
    )


def test_a_condition_says_what_decided_it() -> None:
    tree = {"all": [{"fact": "risk_level", "op": "eq", "value": "high"}, {"fact": "mrr", "op": "ge", "value": 500}]}
    assert answer(tree, {"risk_level": "high", "mrr": 1200}).because == "risk high, monthly value 1,200"
    missed = answer(tree, {"risk_level": "low", "mrr": 1200})
    assert (missed.holds, missed.facts) == (False, {"risk_level": "low"})
    assert answer(tree, {}).holds is False, "what is not known decides nothing"


def test_the_success_rate_is_of_those_that_completed_or_failed() -> None:

    def row(status: str, is_success: bool | None, count: int) -> object:
        return type("Row", (), {"status": status, "is_success": is_success, "count": count})()

    rows = [row("COMPLETED", True, 6), row("COMPLETED", False, 2), row("FAILED", False, 2), row("CANCELLED", None, 5), row("WAITING", None, 4)]  # fmt: skip
    _, document = shipped()["Payment failed"]
    found = of_one(rows, document)
    assert (found["started"], found["open"], found["succeeded"], found["successRate"]) == (19, 4, 6, 0.6)
    assert found["definition"] == (
        "Of the executions that completed or failed: the share at whose end not (a payment is failing). "
        "Those that are open or were cancelled do not count."
    )
    assert of_one([row("WAITING", None, 1)], document)["successRate"] is None, "nothing can be said yet"
