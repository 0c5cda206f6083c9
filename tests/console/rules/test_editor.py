"""The editor of rules against a real server, by keys only: read, change, try, publish, follow, go back."""

import json
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from console.rules.raw import RawScreen
from console.rules.reason_prompt import ReasonPrompt
from console.rules.rule import RuleScreen
from console.rules.rule_set import RuleSetScreen
from console.rules.trial import TrialScreen
from console.rules.typing_prompt import TypingPrompt
from console.rules.versions import VersionsScreen
from tests.console.desk.floor import Console, Floor, until
from tests.support.incidences import open_case
from tests.widgets.stage import said, text_of
from widgets.composer import Composer
from widgets.outline import Outline


def outline(app: Console) -> Outline:
    return app.screen.query_one(Outline)


async def shows(app: Console, text: str) -> None:
    try:
        await until(lambda: text in text_of(app), 6)
    except TimeoutError:
        raise AssertionError(f"{text!r} is not on the screen:\n{text_of(app)}") from None


async def opened(app: Console, pilot: Pilot[Any], kind: str = "routing") -> RuleSetScreen:
    """Open a rule set from the queue, as a person does."""
    await pilot.press("g", "r")
    await until(lambda: app.current_mode == "rules" and outline(app).key)
    while outline(app).key != kind:
        await pilot.press("j")
        await pilot.pause()
    await pilot.press("enter")
    await until(lambda: isinstance(app.screen, RuleSetScreen) and app.screen.editing is not None)
    await pilot.pause()
    assert isinstance(app.screen, RuleSetScreen)
    return app.screen


async def to(app: Console, pilot: Pilot[Any], key: str) -> None:
    """Move the cursor to a line."""
    await pilot.press("home")
    for _ in range(60):
        await pilot.pause()
        if outline(app).key == key:
            return
        await pilot.press("j")
    raise AssertionError(f"there is no line {key}: {[line.key for line in outline(app)._shown]}")


async def typed(app: Console, pilot: Pilot[Any], text: str) -> None:
    """Replace what stands in the prompt, and take it."""
    await until(lambda: isinstance(app.screen, TypingPrompt))
    prompt = app.screen
    assert isinstance(prompt, TypingPrompt)
    await pilot.press("ctrl+u" if prompt.entry.value else "end", *text)
    await pilot.pause()
    assert prompt.entry.value == text
    await pilot.press("enter")
    await until(lambda: app.screen is not prompt)
    await pilot.pause()


async def published(app: Console, pilot: Pilot[Any], reason: str) -> None:
    await pilot.press("P")
    await until(lambda: isinstance(app.screen, ReasonPrompt))
    await pilot.press(*reason, "enter")
    await until(lambda: not isinstance(app.screen, ReasonPrompt))


async def test_an_admin_moves_the_routing_band_and_the_next_incidence_obeys(floor: Floor) -> None:
    async with floor.console() as (app, pilot), floor.console(size=(80, 24)) as (other, others):
        old = await open_case(floor.api, orderValue=22_000)
        assert old.allowed_channels == ["CHAT"]
        await opened(app, pilot)
        await opened(other, others)
        await to(app, pilot, "rules/2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RuleScreen))
        await shows(app, "order value < 25,000 INR")
        assert outline(app).key == "rules/2/when"
        await pilot.press("enter")
        await typed(app, pilot, "order_value < 20000")
        await shows(app, "Medium order: when order value < 20,000 → chat")
        await pilot.press("t")
        await until(lambda: isinstance(app.screen, TrialScreen))
        await shows(app, "1 decisions in the last 7 days: 1 would have changed.")
        await shows(app, f"{old.ref}")
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, RuleScreen))
        await pilot.press("P")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await shows(app, "− Medium order: when order value < 25,000")
        await shows(app, "+ Medium order: when order value < 20,000")
        await pilot.press("enter")  # no reason: nothing happens
        assert (await floor.api.rules.show("routing"))["version"] == 1
        await pilot.press(*"calls sell", "enter")
        await until(lambda: "Channel routing rules are now version 2: calls sell" in said(app))
        assert (await open_case(floor.api, orderValue=22_000)).allowed_channels == ["CHAT", "CALL"]

        await until(lambda: "Channel routing rules are now version 2: calls sell" in said(other))
        await shows(other, "version 2 is in force")
        await shows(other, "order value < 20,000")
        (head, *_) = (await floor.api.rules.versions("routing"))["items"]
        assert (head["reason"], head["publishedBy"]) == ("calls sell", floor.me.member_id)
        assert not list(app.session.folder.glob("rules/*.json")) if app.session else False
        assert app.troubles == other.troubles == []


async def test_what_is_wrong_is_told_at_its_place_and_nothing_is_lost(floor: Floor) -> None:
    async with floor.console(size=(80, 24)) as (app, pilot):
        screen = await opened(app, pilot)
        await to(app, pilot, "rules/2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RuleScreen))
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, TypingPrompt))
        await pilot.press(*"gue")
        await shows(app, "guest_count")
        await pilot.press("tab")
        assert isinstance(app.screen, TypingPrompt)
        assert app.screen.entry.value == "guest_count "
        await pilot.press(*"> lots")
        await shows(app, "✗ 'lots' is no number.")
        await pilot.press("enter")  # not taken
        assert isinstance(app.screen, TypingPrompt)
        for _ in "lots":
            await pilot.press("backspace")
        await pilot.press(*"1,000")
        await shows(app, "guest count > 1,000")
        await shows(app, "25,000 and guest count > 1,000")  # the server's word on it, before it is taken
        await pilot.press("enter")
        await shows(app, "all of")
        await to(app, pilot, "rules/2/when/all/1")
        await pilot.press("n")
        await shows(app, "not (guest count > 1,000)")
        await pilot.press("z", "z")
        await until(lambda: not screen.at_hand.draft.is_changed)
        await pilot.press("Z")
        await shows(app, "guest count > 1,000")
        await to(app, pilot, "rules/2/text")
        await pilot.press("enter")
        await typed(app, pilot, "worth {order_valu}")
        await shows(app, "did you mean order_value?")
        await pilot.press("P")
        await pilot.pause()
        assert isinstance(app.screen, RuleScreen)
        assert any(message.startswith("Publish: rules[2].text") for message in said(app))
        # A crash: nothing is closed, and another console finds the draft.
        async with floor.console(size=(80, 24)) as (later, hands):
            await opened(later, hands)
            await shows(later, "draft of version 1 · ✗ 1 to put right")
            assert later.screen.editing.draft.now == screen.at_hand.draft.now  # type: ignore[attr-defined]
        assert app.troubles == []


async def test_lists_of_rules_settings_and_fields(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot)
        draft = lambda: screen.at_hand.draft  # noqa: E731
        await to(app, pilot, "rules/1")
        await pilot.press("d")
        await pilot.pause()
        assert [rule["id"] for rule in draft().rules[1:3]] == ["self_serve", "self_serve_2"]
        assert outline(app).key == "rules/2"
        await pilot.press("J")
        await pilot.pause()
        assert [rule["id"] for rule in draft().rules[2:4]] == ["chat", "self_serve_2"]
        await shows(app, "▲ Never: rule self_serve_2")
        await pilot.press("space")
        await shows(app, "(switched off)")
        await pilot.press("D")
        await pilot.pause()
        assert len(draft().rules) == 4
        await pilot.press("a")
        await until(lambda: isinstance(app.screen, RuleScreen))
        place = app.screen.place  # type: ignore[attr-defined]
        await to(app, pilot, f"rules/{place}/then/autoEscalation/afterSeconds")
        await pilot.press("enter")
        await typed(app, pilot, "10 min")
        await to(app, pilot, f"rules/{place}/then/channels")
        await pilot.press("enter")
        await typed(app, pilot, "call, chat")
        await to(app, pilot, f"rules/{place}/label")
        await pilot.press("enter")
        await typed(app, pilot, "Everybody else")
        rule = draft().rules[place]
        assert rule["then"] == rule["then"] | {"channels": ["CALL", "CHAT"], "autoEscalation": {"afterSeconds": 600}}
        await to(app, pilot, f"rules/{place}/then/autoEscalation/afterSeconds")
        await pilot.press("enter")
        await typed(app, pilot, "none")
        assert draft().rules[place]["then"]["autoEscalation"] is None
        await pilot.press("escape")
        await until(lambda: app.screen is screen)
        await to(app, pilot, "settings/aliases")
        await pilot.press("enter")
        await typed(app, pilot, "IN_APP_CHAT=CHAT, WHATSAPP=CALL")
        assert draft().now["settings"]["aliases"] == {"IN_APP_CHAT": "CHAT", "WHATSAPP": "CALL"}
        await published(app, pilot, "for all")
        await until(lambda: screen.at_hand.in_force["version"] == 2)
        state = await floor.api.rules.show("routing")
        assert any(rule["label"] == "Everybody else" for rule in state["rules"])
        assert app.troubles == []


async def test_who_was_slower_keeps_the_draft_and_sees_the_difference(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot)
        await to(app, pilot, "rules/0")
        await pilot.press("space")
        await shows(app, "(switched off)")
        rules = (await floor.api.rules.show("routing"))["rules"]
        rules[2]["when"]["value"] = 19_000
        await floor.api.rules.publish("routing", {"version": 1, "rules": rules, "reason": "theirs"})
        await shows(app, "version 2 was published meanwhile")
        await pilot.press("P")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await shows(app, "Meanwhile version 2 was published, which changed:")
        await shows(app, "+ Medium order: when order value < 19,000")
        await shows(app, "Yours in its place would change:")
        await pilot.press("escape")
        await pilot.pause()
        assert screen.at_hand.draft.rules[0]["enabled"] is False
        await pilot.press("R")
        await pilot.pause()
        await pilot.press("y")
        await shows(app, "order value < 19,000")
        assert not screen.at_hand.draft.is_changed
        await pilot.press("V")
        await until(lambda: isinstance(app.screen, VersionsScreen))
        await shows(app, "What version 2 changed of version 1")
        await pilot.press("R")
        await pilot.pause()
        assert "Roll back: Version 2 is in force." in said(app)
        await pilot.press("j")
        await shows(app, "The rules as they are shipped.")
        await pilot.press("R")
        await until(lambda: isinstance(app.screen, ReasonPrompt))
        await shows(app, "+ Medium order: when order value < 25,000")
        await pilot.press(*"it was better", "enter")
        await shows(app, "back to version 1: it was better")
        assert (await floor.api.rules.show("routing"))["version"] == 3
        assert app.troubles == []


async def test_the_json_of_an_expert_is_checked_as_it_is_typed(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        screen = await opened(app, pilot, "friction")
        await pilot.press("E")
        await until(lambda: isinstance(app.screen, RawScreen))
        composer = app.screen.query_one(Composer)
        document = json.loads(composer.text)
        composer.load_text(composer.text[:-3])
        await shows(app, "This is no JSON yet")
        document["rules"][0]["when"]["fact"] = "inactivity"
        composer.load_text(json.dumps(document))
        await shows(app, "did you mean inactivity_seconds?")
        document["rules"][0]["when"] = {"fact": "inactivity_seconds", "op": "gt", "value": 30}
        composer.load_text(json.dumps(document, indent=1))
        await pilot.press("f9")
        await until(lambda: app.screen is screen)
        await shows(app, "Inactive: when inactivity > 30 s")
        assert screen.at_hand.draft.rules[0]["when"]["value"] == 30
        odd = [
            {"group": ["x"], "when": {"all": 5}, "then": [], "id": {}, "label": 3, "enabled": "no"},
            {},
            {"group": "score"},
        ]
        screen.at_hand.attempt(lambda: screen.at_hand.draft.put(("rules",), odd))
        await shows(app, "✗ label: ")
        for place in range(3):  # whatever an expert typed can be looked at and put right
            await to(app, pilot, f"rules/{place}")
            await pilot.press("enter")
            await until(lambda: isinstance(app.screen, RuleScreen))
            await pilot.press("escape")
            await until(lambda: app.screen is screen)
        await pilot.press("d", "J", "space", "D", "z", "z", "z", "z", "z", "z")
        await shows(app, "Inactive: when inactivity")
        # What the server writes otherwise than the author is no change of theirs.
        rules = [{key: value for key, value in document["rules"][0].items() if key not in ("text", "enabled")}]
        rules[0]["label"] = "In\tactive"
        screen.at_hand.attempt(lambda: screen.at_hand.draft.put(("rules",), rules))
        await shows(app, "draft of version 1")
        await published(app, pilot, "shorter")
        await shows(app, "version 2 is in force")
        await shows(app, "Nothing is changed.")
        assert app.troubles == []


async def test_agents_read_and_are_told_why_they_change_nothing(floor: Floor) -> None:
    await floor.incidence("CUST-1", "Priya", order_value=22_000)
    async with as_agent(floor) as (app, pilot):
        await pilot.press("Y")
        await shows(app, "rule “Medium order” of the routing rules, version 1")
        await shows(app, "Nobody has it yet.")
        await pilot.press("escape")
        await opened(app, pilot)
        await shows(app, "Reading only")
        for key in ("a", "t", "P", "D"):
            await pilot.press(key)
        await pilot.pause()
        assert sum("needs the role admin" in message for message in said(app)) == 4
        await to(app, pilot, "rules/2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RuleScreen))
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, RuleScreen)
        assert app.troubles == []


@asynccontextmanager
async def as_agent(floor: Floor) -> Any:
    from console.connection import Target

    app = Console(Target(floor.url, email="ben@feast.co", password="correct horse"))
    app.frozen = floor.clock
    async with app.run_test(size=(140, 45)) as pilot:
        await until(lambda: app.feed.kind == "live" and app.current_mode == "queue")
        await pilot.press("3")
        await pilot.pause(0.1)
        yield app, pilot


async def test_a_server_that_is_gone_is_no_empty_list(floor: Floor) -> None:
    async with floor.console() as (app, pilot):

        async def refuse(*_: Any) -> Any:
            raise RuntimeError("no such luck")

        app.api.rules.list = refuse  # type: ignore[method-assign]
        await pilot.press("g", "r")
        await shows(app, "✗ The rules could not be read")
        del app.api.rules.list  # type: ignore[misc]
        await pilot.press("ctrl+r")


async def test_a_rule_that_others_move_is_followed_and_one_they_drop_is_left(floor: Floor) -> None:
    async with floor.console(size=(80, 24)) as (app, pilot):
        screen = await opened(app, pilot)
        await to(app, pilot, "rules/2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, RuleScreen))
        rules = (await floor.api.rules.show("routing"))["rules"]
        moved = [rules[2], *rules[:2], rules[3]]
        await floor.api.rules.publish("routing", {"version": 1, "rules": moved, "reason": "first"})
        await until(lambda: app.screen.place == 0)  # type: ignore[attr-defined]
        await shows(app, "Medium order: when order value < 25,000")
        await floor.api.rules.publish("routing", {"version": 2, "rules": moved[1:], "reason": "gone"})
        await until(lambda: app.screen is screen)
        await until(lambda: "This rule is no longer there." in said(app))
        assert app.troubles == []


async def test_a_draft_that_is_none_is_left_aside(floor: Floor) -> None:
    async with floor.console() as (app, pilot):
        assert app.session is not None
        folder = app.session.folder / "rules"
        folder.mkdir(parents=True)
        (folder / "routing.json").write_text('{"version": 1, "base": [], "settings": 3, "rules": [5]}')
        screen = await opened(app, pilot)
        assert not screen.at_hand.draft.is_changed
        assert app.troubles == []
