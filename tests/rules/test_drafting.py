"""A draft looked at as it is typed: everything wrong with it at its place, what it says, what it changes; nothing kept."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.client import ApiError, Client
from backend.rules.comparing import changes_between
from backend.rules.drafting import looked_at, parts_of
from backend.rules.operators import FITTING
from backend.rules.prose import MOST_FINDINGS
from backend.rules.service import KINDS
from tests.support.backend import Backend

pytestmark = pytest.mark.alike


async def routing(owner: Client) -> list[dict[str, Any]]:
    return copy.deepcopy((await owner.rules.show("routing"))["rules"])


def at(answer: dict[str, Any]) -> set[str]:
    return {problem["field"] for problem in answer["problems"]}


async def test_every_problem_is_told_at_its_place_and_hides_no_other(backend: Backend) -> None:
    owner = await backend.owner()
    head, rules = (await owner.audit.verify())["events"], await routing(owner)
    rules[0]["label"] = ""  # without the shape of a rule
    rules[1]["when"]["any"][1]["value"] = "many"
    rules[2]["then"]["priority"] = 9
    rules[2]["text"] = "{order_valu}"
    answer = await owner.rules.check("routing", {"rules": rules, "settings": {"aliases": {"FAX": "SMOKE"}}})
    assert at(answer) == {
        "rules[0].label",
        "rules[1].when.any[1].value",
        "rules[2].then.priority",
        "rules[2].text",
        "settings.aliases.FAX",
    }
    (hint,) = [problem["hint"] for problem in answer["problems"] if problem["field"] == "rules[2].text"]
    assert hint == "did you mean order_value?"
    assert answer["words"][:3] == [None, None, None]
    assert answer["words"][3].startswith("Large order: always")
    assert (answer["warnings"], answer["changes"]) == ([], [])
    assert (await owner.audit.verify())["events"] == head
    assert (await owner.rules.show("routing"))["version"] == 1


async def test_a_sound_draft_says_what_it_changes(backend: Backend) -> None:
    owner, rules = await backend.owner(), await routing(await backend.owner())
    rules[2]["when"]["value"] = 20_000
    extra = copy.deepcopy(rules[2]) | {"id": "tiny", "label": "Tiny order"}
    extra["when"]["value"] = 5
    del rules[3]
    answer = await owner.rules.check("routing", {"rules": [rules[1], rules[0], rules[2], extra]})
    assert answer["problems"] == []
    told = [(one["what"], one["rule"], one["fields"]) for one in answer["changes"]]
    assert told == [
        ("moved", "important_event", []),
        ("changed", "chat", ["when"]),
        ("added", "tiny", []),
        ("removed", "chat_and_call", []),
    ]
    changed = answer["changes"][1]
    assert "order value < 25,000" in changed["before"]
    assert "order value < 20,000" in changed["after"]
    gap, never = answer["findings"]
    assert (gap["kind"], gap["text"]) == ("gap", "Gap: no rule holds for certain when order value >= 20,000.")
    assert (never["kind"], never["rules"]) == ("unreachable", ["tiny"])
    assert answer["warnings"] == [gap["text"], never["text"]]


async def test_each_part_of_a_condition_reads_in_words(backend: Backend) -> None:
    owner, rules = await backend.owner(), await routing(await backend.owner())
    rules[1]["when"] = {"all": [rules[1]["when"], {"not": {"fact": "tier", "op": "eq", "value": "PLATINUM"}}]}
    answer = await owner.rules.check("routing", {"rules": rules})
    assert at(answer) == {"rules[1].when.all[1].not.value"}
    assert {part["path"]: part["words"] for part in answer["conditions"][1]} == {
        "when": "",
        "when.all[0]": "order value is unknown or order value < 5,000",
        "when.all[0].any[0]": "order value is unknown",
        "when.all[0].any[1]": "order value < 5,000",
        "when.all[1]": "",
        "when.all[1].not": "",
    }


async def test_versions_of_old_and_the_way_between_them(backend: Backend) -> None:
    owner, agent = await backend.owner(), await backend.member("agent")
    rules = await routing(owner)
    rules[2]["text"] = "a chat"
    await owner.rules.publish("routing", {"version": 1, "rules": rules, "reason": "plainer"})
    settings = (await owner.rules.show("routing"))["settings"]
    settings["aliases"] = {"IN_APP_CHAT": "CHAT", "WHATSAPP": "CALL"}
    await owner.rules.publish("routing", {"version": 2, "settings": settings, "reason": "WhatsApp calls"})
    second = await agent.rules.version("routing", 2)
    assert (second["version"], second["reason"], second["rules"]) == (2, "plainer", rules)
    assert (await agent.rules.version("routing", 1))["publishedAt"] is None
    (text,) = (await agent.rules.diff("routing", 1, 2))["changes"]
    assert (text["fields"], text["after"]) == (["text"], text["before"].partition(" · ")[0] + " · text: a chat")
    (setting,) = (await agent.rules.diff("routing", 2, 3))["changes"]
    assert (setting["what"], setting["after"]) == ("setting", "aliases IN APP CHAT CHAT, WHATSAPP CALL")
    assert (await agent.rules.diff("routing", 2, 2))["changes"] == []
    listed = next(one for one in (await agent.rules.list())["items"] if one["kind"] == "routing")
    assert (listed["version"], listed["reason"], listed["warnings"]) == (3, "WhatsApp calls", 0)
    for call in (agent.rules.version("routing", 4), agent.rules.diff("routing", 1, 4)):
        with pytest.raises(ApiError) as refusal:
            await call
        assert refusal.value.status == 404


async def test_the_vocabulary_holds_all_that_an_editor_needs(backend: Backend) -> None:
    agent = await backend.member("agent")
    for name in KINDS.names:
        told, kind = await agent.rules.vocabulary(name), KINDS[name]
        assert [fact["name"] for fact in told["facts"]] == [fact.name for fact in kind.catalogue]
        operators = {operator["name"] for operator in told["operators"]}
        assert all(set(fact["operators"]) == set(FITTING[fact["type"]]) <= operators for fact in told["facts"])
        for group, shape in told["groups"].items():
            kind.groups[group].then.model_validate(shape["template"], strict=True, by_alias=True, by_name=False)
            assert shape["then"]["properties"].keys() == shape["template"].keys()
        assert told["settings"]["properties"].keys() == kind.shipped.settings.keys()


async def test_what_is_too_large_or_no_draft_is_refused_whole(backend: Backend) -> None:
    owner = await backend.owner()
    deep: Any = {"all": []}
    for _ in range(40):
        deep = {"not": deep}
    wide = {"id": "a", "label": "x", "group": "channels", "when": {"all": [{}] * 21_000}, "then": {}}
    bodies: list[tuple[dict[str, Any], str]] = [
        ({"rules": [wide]}, "rules"),
        ({"rules": [{"when": deep}]}, "rules"),
        ({"settings": {"aliases": {str(number): "CHAT" for number in range(21_000)}}}, "settings"),
        ({"rules": [{}] * 201}, "rules"),
        ({"rules": "all of them"}, "rules"),
        ({"groups": {}}, "groups"),
    ]
    for body, field in bodies:
        publishing = {"version": 1, "reason": "x"} | body
        for call in (owner.rules.check("routing", body), owner.rules.publish("routing", publishing)):
            with pytest.raises(ApiError) as refusal:
                await call
            assert (refusal.value.status, refusal.value.code) == (400, "VALIDATION_ERROR")
            assert field in f"{refusal.value.message} {refusal.value.details}"
    assert (await owner.rules.show("routing"))["version"] == 1


async def test_texts_are_one_clean_line(backend: Backend) -> None:
    owner, rules = await backend.owner(), await routing(await backend.owner())
    rules[0]["label"], rules[0]["text"] = "Big\x1b[31m\n day\u202e", "a\tfeast\r\nfor {event_type}\x9b"
    state = await owner.rules.publish("routing", {"version": 1, "rules": rules, "reason": "dress up"})
    assert (state["rules"][0]["label"], state["rules"][0]["text"]) == ("Big[31m day", "a feast for {event_type}")


def test_the_fewest_moves_are_told() -> None:
    kind = KINDS["escalation"]
    old = kind.shipped
    first, *rest = old.rules
    new = old.model_copy(update={"rules": [*rest, first]})
    assert [(one["what"], one["rule"]) for one in changes_between(kind, old, new)] == [("moved", first.id)]
    assert changes_between(kind, old, old) == []


async def test_what_nobody_would_read_is_not_told(backend: Backend) -> None:
    owner = await backend.owner()
    (band,) = [rule for rule in await routing(owner) if rule["id"] == "chat"]
    rules = [
        band | {"id": f"band_{at}", "when": {"fact": "order_value", "op": "between", "value": [at, 1_000 + at]}}
        for at in range(60)
    ]
    answer = await owner.rules.check("routing", {"rules": rules})
    assert len(answer["findings"]) == len(answer["warnings"]) == MOST_FINDINGS + 1
    assert answer["warnings"][-1].startswith("And 1,")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["all", "any", "not", "tier", "eq", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["all", "any", "not", "fact", "op", "value", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(when=JSON, then=st.dictionaries(st.sampled_from(["channels", "priority", "autoEscalation"]), JSON), label=JSON)
def test_whatever_is_typed_is_told_of_and_never_breaks(when: Any, then: dict[str, Any], label: Any) -> None:
    kind = KINDS["routing"]
    shipped = kind.shipped.model_dump(mode="json", by_alias=True)
    rule = {"id": "odd", "label": label, "group": "channels", "when": when, "then": then}
    problems, rules = looked_at(kind, shipped | {"rules": [rule, *shipped["rules"]]})
    assert set(rules) >= {1, 2, 3, 4}, "one that cannot be read hides no other"
    assert all(problem.path.startswith("rules[0]") for problem in problems)
    assert problems or rules[0].when == when
    assert parts_of(kind, when, "when")[0]["path"] == "when"
