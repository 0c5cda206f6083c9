"""`FrameScreen`: what every screen of the console is. Subclasses say what is inside and supply `action_<id>` handlers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget

from console import actions
from console.actions import Action
from console.frame.choices import OWN_WORDS, Values
from console.frame.command import CommandLine
from console.frame.footer import Footer, Key
from console.frame.menus import confirmation, menu_of, titled
from console.frame.topic import Topic, of_case
from console.permission import Context, can
from console.store import Store
from widgets.bar import Bar
from widgets.prompt import Choice

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.copilot.panel import CopilotPanel


class FrameScreen(Screen[None]):
    """Header, body, command line, footer; one door (:meth:`perform`) for every action.

    A subclass sets `family` (the screen's name in the registry), yields its widgets in :meth:`compose_body`, answers
    what verbs act on in :meth:`selected`, :meth:`marked` and :meth:`verdicts`, and calls :meth:`recheck` when those
    change.
    """

    family: ClassVar[str] = ""
    heading: ClassVar[str] = ""
    AUTO_FOCUS = "#main"
    DEFAULT_CSS = """
    FrameScreen {
        overflow: hidden; layers: default over;
        & #foot { dock: bottom; height: auto; }
        &.-with-copilot { & > #header { split: top; } & > #foot { split: bottom; } }
    }
    """

    chord: reactive[str] = reactive("", bindings=True)
    """The prefix action whose menu of letters is open."""

    def __init__(self) -> None:
        super().__init__()
        self._waits_for_check = False
        self._unlisten: list[Callable[[], None]] = []
        self.copilot: CopilotPanel | None = None
        """The copilot beside this screen, while it is there."""
        self._taken = 0

    @property
    def is_attached(self) -> bool:
        """Whether it is there to stay: of a screen that is taken away the parts go first, and an answer may come in between."""
        return super().is_attached and not self._pruning

    @property
    def console(self) -> ConsoleApp:
        """The app, by its own type."""
        return self.app  # type: ignore[return-value]

    @property
    def store(self) -> Store:
        """The mirror."""
        return self.console.store

    # -- what a subclass says

    def compose_body(self) -> ComposeResult:
        """The widgets between header and footer; the main one has the id `main`."""
        yield from ()

    def selected(self) -> Mapping[str, Any] | None:
        """The incidence that a verb acts on, as it is displayed."""
        return None

    def marked(self) -> list[str]:
        """Ids of marked incidences."""
        return []

    def about(self) -> tuple[str, ...]:
        """The ids of what verbs act on."""
        return ()

    def topic(self) -> Topic:
        """What “this” means to somebody who asks the copilot here."""
        return of_case(self.selected())

    def verdicts(self) -> Mapping[str, str]:
        """Action id -> why the server would refuse it."""
        return {}

    def tells_of(self, action: Action) -> bool:
        """Whether the footer should mention an action now: what makes no sense here only takes room."""
        return True

    # -- the frame

    def compose(self) -> ComposeResult:
        yield Bar(id="header")
        yield from self.compose_body()
        with Vertical(id="foot"):
            yield CommandLine(self.family, self.console.history)
            yield Footer()

    def on_mount(self) -> None:
        """Take the keys, and follow what the header and the footer show."""
        self.rebind()
        self.recheck()

    def on_screen_resume(self) -> None:
        """In front again: what is shown may have changed meanwhile."""
        self.console.show_header()
        self.console.follow_copilot(self)
        self.recheck()

    def on_resize(self) -> None:
        """Subclasses arrange what they show; the copilot beside it has its own idea of room."""
        if self.copilot is not None and self.copilot.is_mounted:
            self.copilot.fit()

    @property
    def room(self) -> int:
        """Columns that the screen has: those of the terminal, less what the copilot takes beside it."""
        return self.size.width - self._taken

    def make_room(self, columns: int) -> None:
        """So many columns at the right are the copilot's from now on."""
        if columns != self._taken:
            self._taken = columns
            self.set_class(columns > 0, "-with-copilot")
            self.on_resize()

    def hand_to(self, widget: Widget) -> None:
        """Give the focus to what is in front now, unless somebody types to the copilot."""
        if self.copilot is None or not self.copilot.has_hand:
            self.set_focus(widget)  # at once: the next key may be here already

    def listen(self, topic: str, listener: Callable[[Any], None]) -> None:
        """Be told of a topic of the store for as long as the screen is there."""

        def told(update: Any) -> None:
            if not self._pruning:  # its widgets go before it does
                listener(update)

        self._unlisten.append(self.store.listen(topic, told))

    def on_unmount(self) -> None:
        """Listen no more."""
        for stop in self._unlisten:
            stop()

    def rebind(self) -> None:
        """Take the keys of the keymap in force."""
        own = BindingsMap(self.console.keymap.bindings(self.family))
        self._bindings = BindingsMap.merge([self._merged_bindings or BindingsMap(), own])
        self.refresh_bindings()
        self.recheck()

    def recheck(self) -> None:
        """Look again at what may be done; the footer follows with the next turn of the loop."""
        if not self._waits_for_check and self.is_attached:
            self._waits_for_check = True
            self.call_after_refresh(self._show_keys)

    def _show_keys(self) -> None:
        self._waits_for_check = False
        if self.is_attached and (footer := self.query(Footer)):
            footer.first().show(list(self._keys()), is_whole=bool(self.chord))
            if self.copilot is not None and self.copilot.is_mounted:
                self.copilot.show_about()

    def _keys(self) -> Iterable[Key]:
        keymap, context = self.console.keymap, self.context()
        if self.chord:
            for letter, action in keymap.chord(self.chord, self.family).items():
                yield Key(letter, action.title, action.id, self.refusal(action, context))
            yield Key("esc", "Back", "back")
            return
        for action in sorted(
            (action for action in actions.on(self.family) if action.foot), key=lambda action: action.foot
        ):
            label = keymap.label(action, self.family)
            if (len(label) == 1 or label == "enter") and self.copilot is not None and self.copilot.has_hand:
                continue  # it is for the question
            if self.handler(action) is not None and self.tells_of(action):
                yield Key(label, action.title, action.id, self.refusal(action, context))

    def watch_chord(self) -> None:
        """The footer turns into the menu of letters, and back."""
        self.recheck()

    # -- actions

    def context(self) -> Context:
        """What `can` judges by."""
        return Context(
            screen=self.family,
            role=self.console.role,
            member_id=self.store.member_id,
            is_online=self.console.is_online,
            incidence=self.selected(),
            marked=len(self.marked()),
            verdicts=self.verdicts(),
        )

    def refusal(self, action: Action, context: Context | None = None) -> str:
        """Why an action may not be done here and now; empty when it may."""
        if self.handler(action) is None:
            return "Not on this screen."
        return can(action, context or self.context())[1]

    def values(self) -> Values:
        """What arguments can be."""
        return Values(
            self.store.members,
            self.store.member_id,
            [name for name in self.app.available_themes if name.startswith("holdfast")],
            self.store.labels,
        )

    def handler(self, action: Action) -> Callable[..., Any] | None:
        """What does it: a menu of letters, this screen, one of its widgets, or the app."""
        if action.is_prefix:
            return lambda: setattr(self, "chord", action.id)
        for owner in (self, self.app):
            if found := getattr(owner, f"action_{action.id}", None):
                return found  # type: ignore[no-any-return]
        return self._widget_handler(action)

    def _widget_handler(self, action: Action) -> Callable[..., Any] | None:
        if not action.binds:
            return None
        nodes: list[Widget] = [self.focused] if self.focused is not None else []
        for node in (*nodes, *self.query("*")):
            for _, binding in node._bindings:
                if binding.id in action.binds:
                    return lambda node=node, does=binding.action: node.run_action(does)
        return None

    async def action_perform(self, id: str, value: str = "") -> None:
        """What every key does."""
        await self.perform(actions.BY_ID[id], value)

    async def perform(self, action: Action, value: str = "", *, is_agreed: bool = False) -> None:
        """Do an action: refuse in words, ask what is missing, ask before what is grave, then run its handler."""
        self.chord = ""
        context = self.context()
        if why := self.refusal(action, context):
            self.console.refuse(action, why)
            return
        if action.argument and not value and (options := self.values().of(action.argument.kind)):
            title = titled(action, context)
            if action.argument.kind in OWN_WORDS:
                asked = Choice(title, options, hint="type to filter, or type another", takes_others=True)
            else:
                asked = Choice(title, options)
            self._ask(action, asked)
            return
        if action.argument and action.argument.required and not value:
            self.action_command(f"{action.name} ")
            return
        if not is_agreed and (action.dangerous or (action.changes and context.marked > 1)):
            self._agree(action, value, context)
            return
        handler = self.handler(action)
        assert handler is not None, "refused above"
        if action.changes:
            self.console.last_verb = (action, value)
        with self.console.guard(action.title):
            done = handler(value) if action.argument else handler()
            if isawaitable(done):
                await done

    async def perform_asked(
        self, action: Action, value: str, about: tuple[str, ...], *, is_agreed: bool = False
    ) -> None:
        """Do what a question was answered with, unless it was `about` something else than verbs act on by now."""
        if about == self.about():
            await self.perform(action, value, is_agreed=is_agreed)
        else:
            self.console.refuse(action, "what was asked about is no longer under the cursor. Nothing was done.")

    def _ask(self, action: Action, choice: Choice) -> None:
        about = self.about()

        async def answered(value: str | None) -> None:
            if value is not None:
                await self.perform_asked(action, value, about)

        self.app.push_screen(choice, answered)

    def _agree(self, action: Action, value: str, context: Context) -> None:
        about = self.about()

        async def answered(is_yes: bool | None) -> None:
            if is_yes:
                await self.perform_asked(action, value, about, is_agreed=True)

        self.app.push_screen(confirmation(action, value, context, self.values()), answered)

    async def action_chord_key(self, letter: str) -> None:
        """A letter while a menu is open; one that is not in it closes it."""
        chosen = self.console.keymap.chord(self.chord, self.family).get(letter)
        self.chord = ""
        if chosen is not None:
            await self.perform(chosen)
        elif letter:
            self.app.bell()

    def takes(self, event: events.Key) -> bool:
        """Take a key before anything is done by it; whether it was taken."""
        return False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The letters of menus are keys only while one is open."""
        return bool(self.chord) if action == "chord_key" else super().check_action(action, parameters)

    async def on_footer_chosen(self, event: Footer.Chosen) -> None:
        """A click on the footer."""
        await self.perform(actions.BY_ID[event.id])

    async def on_command_line_entered(self, event: CommandLine.Entered) -> None:
        """A line was entered."""
        await self.perform(event.action, event.value)

    def action_command(self, text: str = "") -> None:
        """Open the command line."""
        self.query_one(CommandLine).open(self.values(), text)

    def action_palette(self) -> None:
        """Every action by its words."""
        self._run_chosen(menu_of(self, "Commands", every=True))

    def action_help(self) -> None:
        """The keys of this screen; enter runs one."""
        self._run_chosen(menu_of(self, f"Keys · {self.heading or self.family}", every=False))

    def _run_chosen(self, choice: Choice) -> None:
        async def chosen(id: str | None) -> None:
            if id is None:
                return
            action = actions.BY_ID[id]
            if action.argument and not self.values().of(action.argument.kind):
                self.action_command(f"{action.name} ")
            else:
                await self.perform(action)

        self.app.push_screen(choice, chosen)

    async def action_repeat(self) -> None:
        """The last verb, on what is selected now."""
        if self.console.last_verb is None:
            self.notify("There is nothing to repeat yet.")
        else:
            await self.perform(*self.console.last_verb)

    def action_back(self) -> None:
        """Close the uppermost layer. Screens put their own layers before this."""
        if self.query_one(CommandLine).is_open:
            self.query_one(CommandLine).action_shut()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()
