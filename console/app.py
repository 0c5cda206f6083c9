"""The console as a Textual app: paints first, then connects; holds what all screens share."""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar, Literal
from zoneinfo import ZoneInfo

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input, TextArea

from console import actions, families
from console.actions import Action
from console.background import in_background
from console.calls import Calls
from console.connection import ENDED_IS_KNOWN, Connection, Target
from console.credentials import Vault
from console.files import write_down
from console.floor.words import mark
from console.frame.header import clock_words, feed_words
from console.frame.order import Order, apart, is_text
from console.frame.screen import FrameScreen
from console.history import LineHistory
from console.idle import Idle
from console.keymap import Keymap
from console.live import FeedState, Missed
from console.preferences import PreferenceFile
from console.setup.sign_in import SignInScreen
from console.setup.signing import START, Signing
from console.store import Store
from console.undo import Undo
from themes import DEFAULT_THEME, THEMES
from widgets.bar import Bar
from widgets.plain import plain
from widgets.queue_table import QueueTable

if TYPE_CHECKING:
    from backend.client import Client
    from backend.core.clock import Clock
    from console.session import Session

Severity = Literal["information", "warning", "error"]
TICK = 15.0
"""Seconds between looks at what depends on time alone."""
NEXT_TRY = 15.0
"""Seconds until notes that the server could not take go once more."""


class ConsoleApp(Signing):
    """`ConsoleApp(Target(url)).run()`. `modes` and `incidence` replace screens, for tests."""

    TITLE = "Holdfast"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "desk/queue.tcss"]
    """With that of the screen that is shown first: another file means another look at all rules."""
    ENABLE_COMMAND_PALETTE = False
    DEFAULT_MODE = START
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", "Quit", show=False, priority=True, system=True)]

    def __init__(
        self,
        target: Target,
        *,
        modes: dict[str, str] | None = None,
        incidence: str = families.INCIDENCE,
        idle: Idle | None = None,
    ) -> None:
        super().__init__()
        for theme in THEMES:  # before any stylesheet names a role
            self.register_theme(theme)
        self.theme = DEFAULT_THEME
        self.preferences = PreferenceFile()
        self.target = target
        self.connection = Connection(target)
        self.vault = Vault(is_lasting=not target.is_passing)
        self.history = LineHistory()
        self.calls = Calls(self)
        self.undo = Undo()
        self.idle = idle or Idle(is_watched=target.wall)
        self.store = Store()
        self.session: Session | None = None
        self.keymap = Keymap()
        self.feed = FeedState("connecting")
        self.last_verb: tuple[Action, str] | None = None
        self.troubles: list[Exception] = []
        """What went wrong inside, newest last; the log file has the whole story."""
        self._families = modes or families.MODES
        self._incidence = incidence
        self._came_from: list[str] = []
        self._clock: Clock | None = None
        self._order = Order()
        self.add_mode(START, lambda: SignInScreen(target.url, self._known_email()))
        self._add_families()

    # -- start

    def on_mount(self) -> None:
        """Paint the sign-in screen; everything that takes time comes after it is on the terminal."""
        self.apply_preferences()
        self.call_after_refresh(lambda: in_background(self, self._begin, group="start"))
        self.set_interval(TICK, self.tick)

    def _add_families(self) -> None:
        for name, place in self._families.items():
            self.add_mode(name, lambda place=place: families.screen_of(place))  # type: ignore[misc]

    @property
    def api(self) -> "Client":
        """The client."""
        return self.connection.api

    @property
    def clock(self) -> "Clock":
        """Where the present comes from; there once connected."""
        assert self._clock is not None, "connected before anything asks for the time"
        return self._clock

    @property
    def role(self) -> str:
        """What one is here."""
        return self.session.me.role if self.session else "agent"

    @property
    def is_online(self) -> bool:
        """Whether the server answers, as far as the feed knows."""
        return self.feed.is_online

    # -- going about

    async def go(self, family: str) -> None:
        """Show a family of screens."""
        if self.current_mode in self._families and self.current_mode != family:
            self._came_from = [*self._came_from, self.current_mode][-20:]
        await self.switch_mode(family)

    async def go_back(self) -> None:
        """The family shown before, else the queue."""
        family = self._came_from.pop() if self._came_from else families.HOME
        before = self.current_mode
        await self.switch_mode(family)
        if before in self._families and before != family:
            self._came_from.append(before)

    def open_incidence(self, incidence_id: str, neighbours: Sequence[str] = ()) -> None:
        """Open the workspace over this screen; `neighbours` is the order that J and K walk."""
        self.push_screen(families.screen_of(self._incidence, incidence_id, list(neighbours)))

    def open_named(self, ref: str) -> None:
        """Open the case of that name, which the mirror must have."""
        if (row := self.store.find(ref)) is None:
            self.say(f"{ref} is not in the mirror; open it from the queue.", "warning")
        else:
            self.open_incidence(row["incidenceId"])

    # -- what all screens show

    def frames(self) -> Iterator[FrameScreen]:
        """Every screen of the console that exists, shown or not."""
        for stack in self._screen_stacks.values():
            yield from (screen for screen in stack if isinstance(screen, FrameScreen))

    def show_header(self) -> None:
        """Who, where, as what, and how the feed is, on the screen in front."""
        screen = next((screen for screen in reversed(self.screen_stack) if isinstance(screen, FrameScreen)), None)
        if screen is None or self.session is None or not (bars := screen.query("#header")):
            return
        me = self.session.me
        left = [(" Holdfast ", "accent bold"), (f" {me.user.name} · {me.business.name} · {me.role}", "")]
        left += mark(self.store.members.get(me.member_id), self.now())
        held, unsent = self.store.held if self.store.is_paused else None, len(self.session.outbox.items)
        feed = feed_words(self.feed, self.zone, unsent=unsent, held=held, unread=self.session.inbox.unread)
        bars.first(Bar).show(left, screen.heading, [*feed, (f" {clock_words(self.now(), self.zone)} ", "muted")])

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone in which times are shown; None is this computer's."""
        if self.session is None or self.preferences.current.time_zone == "local":
            return None
        return ZoneInfo(self.session.me.business.time_zone)

    def now(self) -> datetime:
        """The present in the zone in which times are shown."""
        return self.clock.now().astimezone(self.zone)

    def tick(self) -> None:
        """What depends on time alone: views of time, the clock, the lock."""
        if self.session is None:
            return
        self.store.at(self.clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z"))
        self.show_header()
        if self.idle.is_over(self.preferences.current.lock_minutes):
            self.action_lock()

    def apply_preferences(self) -> None:
        """Put what is set in force: theme, keys, motion."""
        current = self.preferences.current
        self.theme = current.theme if current.theme in self.available_themes else DEFAULT_THEME
        self.animation_level = "none" if current.reduced_motion else "full"
        self.keymap = Keymap(current.keymap, current.keys)
        self.set_keymap(self.keymap.of_widgets())
        for problem in self.keymap.problems:
            self.say(problem, "warning")
        for screen in self.frames():
            screen.rebind()

    # -- feed

    def _feed_changed(self, state: FeedState) -> None:
        came_back = state.kind == "live" and self.feed.kind != "live"
        self.feed = state
        self.show_header()
        for screen in self.frames():
            screen.recheck()
        if state.kind == "offline":
            self.set_timer(ENDED_IS_KNOWN, self.tell_of_end)
        if state.why:
            self.say(f"The server refuses to be followed: {state.why}", "error")
        if state.kind == "ended":
            self.sign_in_ended("This sign-in has ended.")
        elif came_back and self.session is not None and self.session.outbox.items:
            self.flush_outbox()

    def flush_outbox(self) -> None:
        """Send what waits and may go by itself."""
        in_background(self, self._flush_outbox, group="outbox")

    async def _flush_outbox(self) -> None:
        assert self.session is not None, "flushed while signed in"
        with self.guard("send what was written offline"):
            sent, clashed = await self.session.outbox.flush(self.api)
            if sent:
                self.say(f"Sent {sent} {'note' if sent == 1 else 'notes'} written offline.")
            if clashed:
                self.say(
                    f"{clashed} written offline could not be sent as it is: look into the outbox ({self.key_of('go_outbox')}).",
                    "warning",
                )
        if self.feed.is_online and self.session is not None and self.session.outbox.is_waiting:
            self.set_timer(NEXT_TRY, self.flush_outbox)

    def _was_missed(self, missed: Missed) -> None:
        if not missed.is_whole:
            self.say("Back. Too much happened to tell; everything was read anew.")
            return
        mine = sum(self.store.is_in_view(id, "mine") for id in missed.incidences)
        events_, cases = sum(missed.types.values()), len(missed.incidences)
        self.say(f"Back. Missed: {events_} changes on {cases} incidences, {mine} of them yours.")

    # -- saying and failing

    def say(self, text: str, severity: Severity = "information") -> None:
        """A toast."""
        self.notify(plain(text), severity=severity, markup=False, timeout=8 if severity == "error" else 4)

    def refuse(self, action: Action, why: str) -> None:
        """Say why an action was not done."""
        self.say(f"{action.title}: {why}", "warning")

    def key_of(self, id: str) -> str:
        """The key of an action as it is shown."""
        action = actions.BY_ID[id]
        return self.keymap.label(action, (action.screens or ("queue",))[0])

    @contextlib.contextmanager
    def guard(self, what: str) -> Iterator[None]:
        """Whatever goes wrong inside is told and written down; the console goes on."""
        try:
            yield
        except Exception as error:
            self.report(what, error)

    def report(self, what: str, error: Exception) -> None:
        """Tell of an error that nobody foresaw, and write down where it came from."""
        self.troubles.append(error)
        log = write_down(what, error)
        self.say(f"Could not {what}: {type(error).__name__}: {error}. It is written down in {log}.", "error")

    # -- keys

    async def on_event(self, event: events.Event) -> None:
        """Every key and the mouse say that somebody is there. Keys are bound in the order in which they were pressed."""
        if isinstance(event, (events.Key, events.MouseEvent)):
            self.idle.touch()
        if isinstance(event, events.Key) and not event.is_forwarded:
            keys = apart(event)
            if len(keys) > 1 and event.key not in self.active_bindings:
                for key in keys:
                    await self.on_event(key)
                return
            await self._order.before(event, self)
            if await self._bind(event):
                return
        await super().on_event(event)

    async def _bind(self, event: events.Key) -> bool:
        """Run a key's binding at once, unless it may be text. Textual lets it travel through the focused widget first;
        when several come in one packet, as over a slow line, the second (`g` `s`, `:` `t`) would overtake the first."""
        if isinstance(self.screen, FrameScreen) and self.screen.takes(event):
            return True
        focused = self.focused
        if is_text(event, focused):
            return False
        if isinstance(focused, QueueTable):
            focused.touch()
        if await self._check_bindings(event.key, priority=True) or await self._check_bindings(event.key):
            return True
        if isinstance(self.screen, FrameScreen) and event.is_printable and not isinstance(focused, (Input, TextArea)):
            self._say_unknown(event.character or event.key)
        return False

    def _say_unknown(self, key: str) -> None:
        """Somebody pressed a key in hope: say where the keys are, once while it can be read."""
        text = f"does nothing here; {self.key_of('help')} lists the keys."
        if not any(note.message.endswith(text) for note in self._notifications):
            self.say(f"{key} {text}")

    async def on_unmount(self) -> None:
        """Drafts to disk, a child to its end."""
        if self.session is not None:
            await self.session.close()
        await self.connection.close()


def run(target: Target) -> None:
    """Run the console in this terminal until it is left."""
    os.environ.setdefault("TEXTUAL_COLOR_SYSTEM", "auto")
    if hasattr(signal, "SIGHUP"):  # whoever started us may have had it ignored: without a terminal nobody can leave us
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    ConsoleApp(target).run()
