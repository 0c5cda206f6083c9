"""The integrations (`g i`): how each connection does, what was to be done on the platforms, and what failed there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.widgets import OptionList

from console.frame.outlined import OutlinedScreen, Said
from console.integrations import words
from console.twin import told
from widgets.outline import Line
from widgets.prompt import Choice, Confirm, Option

Row = Mapping[str, Any]
MOST = 100
"""Outgoing calls, the newest; more are on the command line."""
_NONE = "There is no connection under the cursor."


class IntegrationsScreen(OutlinedScreen):
    """Connections and calls. Admins connect, change and sweep; everybody tries a failed call again."""

    family: ClassVar[str] = "integrations"
    heading: ClassVar[str] = "Integrations"
    what: ClassVar[str] = "connections"
    topics: ClassVar[tuple[str, ...]] = ("integration", "outgoing")
    tick: ClassVar[float] = 15.0  # no event tells when a platform answered

    def __init__(self) -> None:
        super().__init__()
        self._connections: dict[str, Row] = {}
        self._calls: dict[str, Row] = {}
        self._kinds: dict[str, Row] = {}

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads connections, calls and kinds."""
        api = self.console.api

        async def all_three() -> tuple[Any, Any, Any]:
            return await api.integrations.list(), await api.outgoing.list(limit=MOST), await api.integrations.kinds()

        return all_three

    def take(self, answer: tuple[Any, Any, Any]) -> None:
        """Keep them."""
        connections, calls, kinds = (told(one)["items"] for one in answer)
        self._connections = {one["id"]: one for one in connections}
        self._calls = {one["id"]: one for one in calls}
        self._kinds = {one["name"]: one for one in kinds}

    def lines(self) -> Sequence[Line]:
        """The connections, then the calls."""
        new = self.console.key_of("connect")
        return words.of_all(
            [*self._connections.values()], [*self._calls.values()], self._ref_of, self.console.now(), new
        )

    def _ref_of(self, incidence_id: str) -> str:
        row = self.store.incidences.get(incidence_id)
        return str(row["ref"]) if row else "a case"

    def says(self) -> Said:
        """The connection or the call in full."""
        now = self.console.now()
        if (connection := self.connection()) is not None:
            kind = self._kinds.get(connection["platform"])
            return (connection["title"], *words.of_connection(connection, kind, now))
        if (call := self.call()) is not None:
            return "Outgoing call", words.of_call(call, self._ref_of(call["incidenceId"]), now), ()
        return "", (), ()

    # -- what verbs act on

    def _under(self, begins: str) -> str:
        return self.key.removeprefix(begins) if self.key.startswith(begins) else ""

    def connection(self) -> Row | None:
        """The connection under the cursor."""
        return self._connections.get(self._under(words.CONNECTION))

    def call(self) -> Row | None:
        """The call under the cursor."""
        return self._calls.get(self._under(words.CALL))

    def verdicts(self) -> Mapping[str, str]:
        """What is read back is a connection that is set up; only what failed is tried again."""
        connection, call = self.connection(), self.call()
        refused: dict[str, str] = {}
        if connection is None:
            about = ("sync", "connection_edit", "connection_remove", "connection_test", "connection_stop")
            refused |= dict.fromkeys(about, _NONE)
        elif connection["missing"]:
            refused["sync"] = f"Not set up: {', '.join(connection['missing'])} is missing."
        elif not self._kinds.get(connection["platform"], {}).get("isSynced", True):
            refused["sync"] = "Nothing is read from it: it is only told, or tells."
        if call is None:
            refused["carry_again"] = "There is no call under the cursor."
        elif call["state"] != "FAILED":
            refused["carry_again"] = f"It has not failed: {words.STATES[call['state']][2]}."
        return refused

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The case that a call is about, or what went between here and a connection."""
        if (call := self.call()) is not None:
            self.console.open_incidence(call["incidenceId"])
        elif (connection := self.connection()) is not None:
            from console.integrations.log_screen import LogScreen

            self.app.push_screen(LogScreen(connection))

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
                self.show()

        if call is not None:
            self.console.calls.start("try the call again", lambda: api.outgoing.retry(call["id"]), done=done)

    def action_connect(self) -> None:
        """Choose a kind, then tell what it needs."""
        connected = {one["platform"] for one in self._connections.values()}
        options = [
            Option(
                one["name"],
                one["title"],
                one["about"],
                "connected already" if one["name"] in connected and not one["isMany"] else "",
            )
            for one in self._kinds.values()
        ]

        def chosen(name: str | None) -> None:
            if name is not None:
                self._form(self._kinds[name], None)

        self.app.push_screen(Choice("Connect", options, is_wide=True), chosen)

    def action_connection_edit(self) -> None:
        """Change what it is told."""
        connection = self.connection()
        if connection is not None and (kind := self._kinds.get(connection["platform"])) is not None:
            self._form(kind, connection)

    def _form(self, kind: Row, connection: Row | None) -> None:
        from console.integrations.form import ConnectionForm

        self.app.push_screen(ConnectionForm(kind, connection))

    def action_connection_remove(self) -> None:
        """End it, after a yes."""
        connection, api = self.connection(), self.console.api
        if connection is None:
            return
        title = connection["title"]

        async def remove() -> bool:
            await api.integrations.remove(connection["id"])
            return True

        def answered(is_yes: bool | None) -> None:
            if is_yes:
                said = lambda _: self.console.say(f"{title} is not connected any more.")  # noqa: E731
                self.console.calls.start(f"remove {title}", remove, done=said)

        target = [("Connection", title), ("Address", connection["baseUrl"] or "none")]
        lines = ["Its credentials are forgotten; cases and customers stay."]
        self.app.push_screen(Confirm("Remove the connection?", target, lines=lines, yes="Remove it"), answered)

    def action_connection_test(self) -> None:
        """Call it once."""
        connection, api = self.connection(), self.console.api
        if connection is None:
            return

        def done(answer: Any) -> None:
            self.console.say(f"{connection['title']}: {answer.said}", "information" if answer.ok else "warning")
            self.read()

        title = connection["title"]
        self.console.calls.start(f"try {title}", lambda: api.integrations.test(connection["id"]), done=done)

    def action_connection_stop(self) -> None:
        """Stop it, or let it go on."""
        connection, api = self.connection(), self.console.api
        if connection is None:
            return
        is_stopped = connection["stoppedAt"] is None

        async def change() -> Any:
            from backend.integrations.schemas import IntegrationChange

            return await api.integrations.change(connection["id"], IntegrationChange(is_stopped=is_stopped))

        means = "is stopped: nothing is told, read or taken until it goes on" if is_stopped else "goes on"
        said = f"{connection['title']} {means}."
        self.console.calls.start("change the connection", change, done=lambda _: self.console.say(said))

    def action_imports(self) -> None:
        """Customers out of files."""
        from console.integrations.imports import ImportsScreen

        self.app.push_screen(ImportsScreen())
