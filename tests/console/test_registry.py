"""The registry: every action can be reached in every way, keys mean one thing, the forbidden ones nothing."""

import pytest

from console import actions
from console.actions import ACTIONS, BY_ID
from console.frame.choices import FIXED, Values, resolve
from console.frame.command import completions, read
from console.keymap import FORBIDDEN, KEYMAPS, SCREENS, Keymap, table
from console.permission import NEEDS, Context, can

ON_EACH = [(screen, action) for screen in SCREENS for action in actions.on(screen)]
MEMBERS = {
    "m-1": {"id": "m-1", "name": "Asha Rao", "email": "asha@feast.co"},
    "m-2": {"id": "m-2", "name": "Ravi Kumar", "email": "ravi@feast.co"},
    "m-3": {"id": "m-3", "name": "Ravindra", "email": "rn@feast.co"},
}
VALUES = Values(MEMBERS, "m-1", ["holdfast-night", "holdfast-day"])


def test_ids_and_verbs_are_unique() -> None:
    assert len(BY_ID) == len(ACTIONS)
    for screen in SCREENS:
        names = [action.name for action in actions.on(screen)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("keymap", KEYMAPS)
def test_every_action_has_a_key_a_verb_and_help(keymap: str) -> None:
    keys = Keymap(keymap)
    for screen, action in ON_EACH:
        assert keys.keys(action, screen), f"{action.id} has no key on {screen}"
        assert keys.label(action, screen), action.id
        assert actions.named(action.name, screen) is action
        assert action.name in completions(action.name[:2], screen, VALUES)
        assert action.help.endswith("."), action.id
        assert action.title


@pytest.mark.parametrize("keymap", KEYMAPS)
def test_no_key_means_two_things(keymap: str) -> None:
    assert Keymap(keymap).clashes() == []


@pytest.mark.parametrize("keymap", KEYMAPS)
def test_forbidden_keys_are_absent(keymap: str) -> None:
    keys = Keymap(keymap)
    bound = {binding.key for screen in SCREENS for binding in keys.bindings(screen)}
    bound |= {key for text in keys.of_widgets().values() for key in text.split(",")}
    assert not bound & FORBIDDEN
    assert "ctrl+i" in FORBIDDEN


def test_arrows_leave_hjkl_alone() -> None:
    keys = Keymap("arrows")
    bound = {key for action in actions.on("queue") for key in keys.keys(action, "queue")}
    assert not bound & set("hjkl")


def test_widgets_take_their_keys_from_the_registry() -> None:
    from console.copilot.panel import CopilotPanel
    from console.copilot.talking import Talking
    from widgets.card_board import CardBoard
    from widgets.composer import Composer
    from widgets.outline import Outline
    from widgets.queue_table import QueueTable
    from widgets.timeline import Timeline

    widgets = (QueueTable, Timeline, Composer, Outline, CardBoard, Talking, CopilotPanel)
    known = {binding.id for widget in widgets for binding in widget.BINDINGS}  # type: ignore[union-attr]
    bound = set(Keymap().of_widgets())
    assert bound == known, "a widget has a key that the registry does not know, or the other way round"
    assert all(Keymap().of_widgets().values())


def test_chords_open_from_a_prefix() -> None:
    keys = Keymap()
    assert keys.chord("jump", "queue")["q"].id == "go_queue"
    assert keys.chord("jump", "queue")["g"].id == "move_first"
    assert set(keys.chord("copy", "incidence")) == {"i", "l", "e", "s"}
    assert keys.label(BY_ID["go_queue"], "queue") == "g q"


def test_overrides_rebind_and_are_refused_when_they_clash() -> None:
    keys = Keymap("default", {"take": "T", "go_queue": "jump y", "jump": "ctrl+g"})
    assert keys.problems == []
    assert keys.keys(BY_ID["take"], "queue") == ("T",)
    assert keys.label(BY_ID["go_queue"], "queue") == "ctrl+g y"
    for overrides, says in (
        ({"take": "j"}, "taken by 'Down'"),
        ({"take": "ctrl+h"}, "cannot be told apart"),
        ({"fly": "f"}, "no action"),
        ({"take": " , "}, "needs a key"),
        ({"take": "leap q"}, "no chord"),
    ):
        keys = Keymap("default", overrides)
        assert says in keys.problems[0]
        assert keys.clashes() == []
        assert keys.keys(BY_ID["take"], "queue") == ("t",)


def test_the_docs_name_every_action() -> None:
    text = table()
    assert all(f"`:{action.name}`" in text for action in ACTIONS)


OPEN = {"ref": "INC-1", "status": "OPEN", "agentId": None, "agentName": None, "customer": {"name": "Meera"}}


@pytest.mark.parametrize(
    ("action", "context", "says"),
    [
        ("take", Context("queue"), "Choose an incidence"),
        ("take", Context("queue", incidence=OPEN, is_online=False), "Offline"),
        ("take", Context("queue", incidence=OPEN | {"status": "CLOSED"}), "closed; reopen"),
        ("take", Context("queue", member_id="m-1", incidence=OPEN | {"agentId": "m-1"}), "yours already"),
        (
            "take",
            Context("queue", member_id="m-1", incidence=OPEN | {"agentId": "m-2", "agentName": "Ravi"}),
            "Ravi has",
        ),
        ("take", Context("queue", incidence=OPEN, verdicts={"take": "Blocked by a rule."}), "Blocked by a rule."),
        ("reopen", Context("queue", incidence=OPEN), "not closed"),
        ("filter", Context("incidence"), "Not on this screen"),
    ],
)
def test_refusals_say_why(action: str, context: Context, says: str) -> None:
    may, why = can(BY_ID[action], context)
    assert not may
    assert says in why


def test_allowed_is_allowed() -> None:
    assert can(BY_ID["take"], Context("queue", incidence=OPEN)) == (True, "")
    assert can(BY_ID["note"], Context("queue", incidence=OPEN, is_online=False)) == (True, ""), "notes queue offline"
    assert can(BY_ID["take"], Context("queue", marked=3, incidence=OPEN | {"status": "CLOSED"}))[0]
    assert all(need in NEEDS for action in ACTIONS for need in action.needs)


@pytest.mark.parametrize(
    ("line", "id", "value"),
    [
        ("take", "take", ""),
        (":take", "take", ""),
        ("assign me", "assign", "m-1"),
        ("assign @asha", "assign", "m-1"),
        ("assign ravindra", "assign", "m-3"),
        ("assign ravi@feast.co", "assign", "m-2"),
        ("assign none", "assign", "none"),
        ("solve conv", "solve", "CONVERTED"),
        ("snooze 45m", "snooze", "45m"),
        ("theme day", "theme", "holdfast-day"),
        ("filter p1 churn>70", "filter", "p1 churn>70"),
        ("sno tomorrow", "snooze", "tomorrow"),
        ("escalate emotional", "escalate", "EMOTIONAL"),
        ("escalate policy-exception wants it free", "escalate", "POLICY_EXCEPTION wants it free"),
        ("escalate Policy exception", "escalate", "POLICY_EXCEPTION"),
        ("escalate sys no tax on it", "escalate", "SYSTEM_BUG no tax on it"),
    ],
)
def test_lines_are_read(line: str, id: str, value: str) -> None:
    found = read(line, "queue", VALUES)
    assert not isinstance(found, str), found
    assert (found[0].id, found[1]) == (id, value)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("snoze", "There is no :snoze. Did you mean :snooze?"),
        ("fly", "There is no :fly"),
        ("s", "could be"),
        ("send", "not on this screen"),
        ("take it", "takes nothing"),
        ("assign ravi", "Ravi Kumar or Ravindra"),
        ("assign bob", "no member 'bob'"),
        ("solve maybe", "Resolved, Converted, Dropped"),
        ("priority 7", "There are 1, 2, 3, 4"),
        ("escalate because", "no reason 'because'"),
    ],
)
def test_lines_are_refused_in_words(line: str, says: str) -> None:
    found = read(line, "queue", VALUES)
    assert isinstance(found, str)
    assert says in found


def test_every_closed_kind_has_values() -> None:
    for action in ACTIONS:
        if action.argument and action.argument.kind in FIXED:
            first = FIXED[action.argument.kind][0][0]
            assert resolve(action.argument, first, VALUES) == (first, "")
