"""The menus made from the registry: palette, help, and the question before what is grave."""

from typing import TYPE_CHECKING

from console import actions
from console.actions import Action
from console.frame.choices import Values
from console.frame.topic import of_case
from console.permission import Context
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from console.frame.screen import FrameScreen


def menu_of(screen: "FrameScreen", title: str, *, every: bool) -> Choice:
    """The actions of a screen to choose from; with `every`, those without a handler here too, dimmed."""
    context, keymap = screen.context(), screen.console.keymap
    options = []
    for group in actions.GROUPS:
        for action in actions.on(screen.family):
            if action.group != group or (not every and screen.handler(action) is None):
                continue
            keys = keymap.label(action, screen.family, every=True)
            name = f"{action.title}  :{action.name}" if every else f"{keys:<12} {action.title}"
            detail = keys if every else action.help
            options.append(Option(action.id, name, detail, screen.refusal(action, context)))
    hint = "type to find a command; enter runs it" if every else "type to filter; enter runs it"
    return Choice(title, options, hint=hint)


def target_of(action: Action, context: Context) -> str:
    """What an action is about, in words: a case and its customer, or how many are marked; empty for neither."""
    if "incidence" not in action.needs:
        return ""
    if context.marked > 1:
        return f"{context.marked} marked incidences"
    return of_case(context.incidence).words


def titled(action: Action, context: Context) -> str:
    """The title of a question: the action, and what it is about."""
    return f"{action.title} {target_of(action, context)}".strip()


def confirmation(action: Action, value: str, context: Context, values: Values) -> Confirm:
    """The question: which action, on what, with what. No is the answer of enter."""
    on = target_of(action, context)
    target = [("On", on)] if on else []
    if action.argument and value:
        label = next((option.label for option in values.of(action.argument.kind) if option.key == value), value)
        target.append((action.argument.name.capitalize(), label))
    return Confirm(f"{action.title}?", target, lines=[action.help], yes=action.title)
