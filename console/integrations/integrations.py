"""The integrations (`g i`): how each connection does, what was to be done on the platforms, and what failed there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.widgets import OptionList

from console.frame.screen import FrameScreen
from console.integrations import words
from console.twin import told
from widgets.outline import Line, Outline
from widgets.panel import Panel

Row = Mapping[str, Any]
WIDE = 110
"""Columns from which on what is under the cursor stands beside the list; below, it stands under it."""
TICK = 15.0
"""Seconds between looks: no event tells when a platform answered."""
MOST = 100
"""Outgoing calls, the newest; more are on the command line."""


class IntegrationsScreen(FrameScreen):
    """Connections and calls. Admins sweep; everybody tries a failed call again."""

    family: ClassVar[str] = "integrations"
    heading: ClassVar[str] = "Integrations"
    CSS_PATH = "integrations.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._connections: dict[str, Row] = {}
        self._calls: dict[str, Row] = {}
        self._is_read = False

    def compose_body(self) -> ComposeResult:
        with Container(id="panes"):
            yield Outline(id="main")
            with VerticalScroll(id="aside", can_focus=False):
                yield Panel(id="says")

    def on_mount(self) -> None:
        """Read them, and again whenever something happens there, or time passes."""
        super().on_mount()
        self.query_one(Outline).show([Line("", "Reading the connections …")])
        for topic in ("integration", "outgoing", "reset"):
            self.listen(topic, lambda _: self.read())
        self.set_interval(TICK, self._tick)
        self.read()

    def on_screen_resume(self) -> None:
        """In front again: it may be long ago."""
        super().on_screen_resume()
        if self._is_read and self.console.is_online:
            self.read()

    def on_resize(self) -> None:
        """Beside the list where there is room."""
        self.query_one("#panes").set_class(self.size.width < WIDE, "-narrow")

    def _tick(self) -> None:
        if self.is_current and self.console.is_online and not self.store.is_paused:
            self.read()

    def read(self) -> None:
        """Ask for both."""
        api = self.console.api

        async def both() -> tuple[Any, Any]:
            return await api.integrations.list(), await api.outgoing.list(limit=MOST)

        def done(answer: tuple[Any, Any]) -> None:
            connections, calls = (told(one)["items"] for one in answer)
            self._connections = {one["id"]: one for one in connections}
            self._calls = {one["id"]: one for one in calls}
            self._is_read = True
            if self.is_attached:
                self._show()

        def failed(error: Exception) -> None:
            if self.is_attached and not self._is_read:
                text = f"✗ The connections could not be read: {error}"
                self.query_one(Outline).show([Line("", text), Line("", f"{self.console.key_of('retry')} tries again.")])

        self.console.calls.start(
            "read the connections", both, done=done, failed=failed, group="integrations", exclusive=True
        )

    def _show(self) -> None:
        lines = words.of_all([*self._connections.values()], [*self._calls.values()], self._ref_of, self.console.now())
        self.query_one(Outline).show(lines)
        self._show_one()
        self.recheck()

    def _ref_of(self, incidence_id: str) -> str:
        row = self.store.incidences.get(incidence_id)
        return str(row["ref"]) if row else "a case"

    def _show_one(self) -> None:
        panel, now = self.query_one("#says", Panel), self.console.now()
        if (connection := self.connection()) is not None:
            panel.show(*words.of_connection(connection, now), title=connection["title"])
        elif (call := self.call()) is not None:
            panel.show(words.of_call(call, self._ref_of(call["incidenceId"]), now), title="Outgoing call")
        else:
            panel.show((), (), title="")

    # -- what verbs act on

    def _key(self, begins: str) -> str:
        key = self.query_one(Outline).key if self.is_mounted else ""
        return key.removeprefix(begins) if key.startswith(begins) else ""

    def connection(self) -> Row | None:
        """The connection under the cursor."""
        return self._connections.get(self._key(words.CONNECTION))

    def call(self) -> Row | None:
        """The call under the cursor."""
        return self._calls.get(self._key(words.CALL))

    def verdicts(self) -> Mapping[str, str]:
        """A sweep is of a connection that is set up; only what failed is tried again."""
        connection, call, refused = self.connection(), self.call(), {}
        if connection is None:
            refused["sync"] = "There is no connection under the cursor."
        elif connection["missing"]:
            refused["sync"] = f"Not set up: {', '.join(connection['missing'])} is missing."
        if call is None:
            refused["carry_again"] = "There is no call under the cursor."
        elif call["state"] != "FAILED":
            refused["carry_again"] = f"It has not failed: {words.STATES[call['state']][2]}."
        return refused

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show it in full."""
        self.query_one("#aside").scroll_home(animate=False)
        self._show_one()
        self.recheck()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The case that a call is about."""
        if (call := self.call()) is not None:
            self.console.open_incidence(call["incidenceId"])

    # -- the verbs

    def action_sync(self) -> None:
        """Read the platform's conversations now."""
        connection, api = self.connection(), self.console.api
        if connection is not None:
            title = connection["title"]
            said = lambda _: self.console.say(f"{title} is swept now; what was missed comes by itself.")  # noqa: E731
            self.console.calls.start(f"sweep {title}", lambda: api.integrations.sync(connection["id"]), done=said)

    def action_carry_again(self) -> None:
        """Try a failed call again."""
        call, api = self.call(), self.console.api

        def done(answer: Any) -> None:
            self._calls[answer.id] = told(answer)
            self.console.say("It is tried again; an answer only after a look whether it is there.")
            if self.is_attached:
                self._show()

        if call is not None:
            self.console.calls.start("try the call again", lambda: api.outgoing.retry(call["id"]), done=done)

    def action_read_again(self) -> None:
        """Both as they are now."""
        self.read()
