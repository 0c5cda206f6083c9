"""Flows: documents with versions, drafts that customers do not meet yet, YAML with the line of every mistake."""

from typing import Any

import pytest

from backend.client import ApiError
from backend.core.errors import Invalid
from backend.retention.flow_schemas import FlowActivate, FlowChange, FlowMake
from backend.retention.flow_text import read_yaml
from tests.support.backend import Backend
from tests.support.follows import frames

pytestmark = pytest.mark.alike

CONFIRM = {"kind": "confirm", "id": "bye"}
OFFER = {"kind": "offer", "id": "less", "offerType": "DISCOUNT", "params": {"percent": 20, "months": 3}}
YAML = """\
name: Short and sweet
steps:
- kind: survey
  id: why
  reasons:
  - code: too_expensive
    label: Too dear
- kind: offer
  offerType: DISCOUNT
  id: less
  params:
    percent: 20
    months: 3
  when:
    fact: reason
    op: eq
    value: too_expensive
- kind: confirm
  id: bye
"""


def document(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"steps": [*steps, CONFIRM]}


def make(name: str, *steps: dict[str, Any]) -> FlowMake:
    return FlowMake.model_validate({"name": name, "document": document(*steps)})


async def test_from_draft_to_archive(backend: Backend) -> None:
    owner = await backend.owner()
    as_of = (await owner.flows.list()).as_of
    made = await owner.flows.make(make("Mine", OFFER))
    assert (made.status, made.version, made.number, made.active_number, made.segments) == ("DRAFT", 1, 1, None, [])
    live = await owner.flows.activate(made.flow_id, FlowActivate(version=1))
    assert (live.status, live.active_number, live.version) == ("ACTIVE", 1, 2)

    deeper = {**OFFER, "params": {"percent": 30, "months": 3}}
    change = FlowChange.model_validate({"version": 2, "document": document(deeper), "reason": "more of them stay"})
    changed = await owner.flows.change(made.flow_id, change)
    assert (changed.number, changed.active_number) == (2, 1)  # customers meet the old one until it is activated
    diff = await owner.flows.diff(made.flow_id, 1, 2)
    assert diff.changes == ["less: offer 20 % off for 3 months → offer 30 % off for 3 months"]
    assert "-    percent: 20" in diff.text
    assert "+    percent: 30" in diff.text
    newest, first = (await owner.flows.versions("Mine")).items
    assert (newest.reason, newest.changes, newest.is_active, first.is_active) == (
        change.reason,
        diff.changes,
        False,
        True,
    )
    assert newest.by_name == "Owner 1"

    back = await owner.flows.activate(made.flow_id, FlowActivate(version=3, number=2))
    again = await owner.flows.activate(made.flow_id, FlowActivate(version=4, number=1))
    assert (back.active_number, again.active_number) == (2, 1)
    gone = await owner.flows.change(made.flow_id, FlowChange(version=5, status="ARCHIVED"))
    assert (gone.status, gone.active_number) == ("ARCHIVED", None)
    told = await frames(backend, owner, as_of or 0)
    assert [frame["type"].partition(".")[2] for frame in told] == [
        *("created", "activated", "changed", "activated", "activated", "archived")
    ]
    assert told[-1]["state"] == gone.model_dump(mode="json", by_alias=True)


async def test_who_saw_an_old_one_is_told_what_changed(backend: Backend) -> None:
    owner = await backend.owner()
    made = await owner.flows.make(make("Mine", OFFER))
    await owner.flows.change(made.flow_id, FlowChange.model_validate({"version": 1, "document": document()}))
    with pytest.raises(ApiError) as stale:
        await owner.flows.change(made.flow_id, FlowChange(version=1, name="Other"))
    assert (stale.value.status, stale.value.code) == (409, "STALE_VERSION")
    assert stale.value.details["current"]["version"] == 2
    assert stale.value.details["since"][0]["changes"] == ["less is gone: offer 20 % off for 3 months"]


async def test_every_business_starts_with_two_that_it_can_change(backend: Backend) -> None:
    owner, stranger = await backend.owner(), await backend.another_owner()
    leaving, trying = (await owner.flows.list()).items
    assert (leaving.name, trying.name) == ("Leaving", "Trying it out")
    assert (leaving.segments, trying.segments) == (["Everybody else"], ["Still in the trial"])
    assert leaving.is_shipped
    assert leaving.active_number == 1
    shown = await owner.flows.show("Leaving")
    change = FlowChange.model_validate({"version": 1, "yaml": shown.yaml.replace("percent: 20", "percent: 15")})
    changed = await owner.flows.change(leaving.flow_id, change)
    assert (changed.flow_id, changed.number, changed.is_shipped) == (leaving.flow_id, 2, False)
    assert [one.reason for one in (await owner.flows.versions("Leaving")).items] == ["changed", "as shipped"]
    assert all(one.is_shipped for one in (await stranger.flows.list()).items)
    with pytest.raises(ApiError) as unknown:
        await stranger.flows.show(leaving.flow_id)
    assert unknown.value.status == 404


async def test_names_are_for_one_and_rules_lead_by_them(backend: Backend) -> None:
    owner = await backend.owner()
    for name in ("Leaving", "Mine"):
        if name == "Mine":
            await owner.flows.make(make(name))
        with pytest.raises(ApiError) as taken:
            await owner.flows.make(make(name))
        assert taken.value.code == "NAME_TAKEN"
    with pytest.raises(ApiError) as led:
        await owner.flows.change("Leaving", FlowChange(version=1, name="Going"))
    assert (led.value.code, led.value.details["rules"]) == ("NAME_IN_USE", ["Everybody else"])
    assert [flow.is_shipped for flow in (await owner.flows.list()).items if flow.name == "Leaving"] == [True]


async def test_yaml_goes_in_and_comes_out_the_same(backend: Backend) -> None:
    owner = await backend.owner()
    made = await owner.flows.make(FlowMake(yaml=YAML))
    shown = await owner.flows.show(made.flow_id)
    assert (shown.name, shown.yaml) == ("Short and sweet", YAML)
    assert shown.words == [
        "ask why (1 reasons)",
        "offer 20 % off for 3 months, when reason is too_expensive",
        "confirm: cancel, or stay",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("percent: 20", "percent: 200", 12, "steps[1].params.percent: Input should be less than or equal to 100"),
        ("percent: 20", "procent: 20", 12, "steps[1].params.percent: Field required"),
        ("offerType: DISCOUNT", "offerType: GIFT", 8, "kind must be survey, message, confirm or offer"),
        ("fact: reason", "fact: raeson", 15, "did you mean reason?"),
        ("- kind: confirm\n  id: bye\n", "", 1, "the last step, and no other one, must be of kind confirm"),
        ("id: bye", "id: why", 1, "two steps are called why"),
        ("label: Too dear", "label: 'Too dear", 7, "is not YAML"),
        ("label: Too dear", "label: &a Too dear\n    feedback: *a", 7, "anchors and aliases are not read"),
        ("label: Too dear", "label: Too dear\n    feedback: dear", 8, "Stripe knows too_expensive"),
        (YAML, "- a", 1, "write `steps:`"),
        (YAML, "name: !!python/object/apply:os.system ['true']\nsteps: []", 1, "is not YAML"),
    ],
)
def test_mistakes_in_yaml_have_a_line(old: str, new: str, line: int, said: str) -> None:
    assert old in YAML
    with pytest.raises(Invalid) as wrong:
        read_yaml(YAML.replace(old, new, 1))
    assert said in wrong.value.message
    assert wrong.value.details["problems"][0]["line"] == line, wrong.value.message
    assert wrong.value.message.startswith(f"line {line}: ")


async def test_what_cannot_be_activated(backend: Backend) -> None:
    owner = await backend.owner()
    for body, code in (
        (FlowActivate(version=1), "ALREADY_ACTIVE"),
        (FlowActivate(version=1, number=7), "NOT_FOUND"),
        (FlowActivate(version=9), "STALE_VERSION"),
    ):
        with pytest.raises(ApiError) as refused:
            await owner.flows.activate("Leaving", body)
        assert refused.value.code == code


@pytest.mark.parametrize(
    "value", ["!!timestamp soon", "!!int ''", "!!bool perhaps", "!!float ''", "{[a]: b}", "!!null"]
)
def test_a_value_that_says_what_it_is_not_is_told(value: str) -> None:
    """These make the library for YAML fail in its own ways."""
    with pytest.raises(Invalid):
        read_yaml(f"steps:\n- kind: confirm\n  id: {value}\n")
