"""What the app itself does, wherever one is: going about, undoing, themes, leaving."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.app import App

from console.keymap import Keymap
from console.store import Store, Update

if TYPE_CHECKING:
    from console.calls import Calls
    from console.connection import Connection
    from console.frame.screen import FrameScreen
    from console.preferences import PreferenceFile
    from console.session import Session
    from console.undo import Undo


class Verbs(App[None]):
    """Handlers of the registry's actions that need no screen of their own. `console.app.ConsoleApp` is made of it."""

    calls: "Calls"
    preferences: "PreferenceFile"
    session: "Session | None"
    store: Store
    undo: "Undo"
    keymap: Keymap
    connection: "Connection"
    say: Callable[..., None]
    show_header: Callable[[], None]
    go: Callable[[str], Any]
    go_back: Callable[[], Any]
    apply_preferences: Callable[[], None]

    def action_retry(self) -> None:
        """Make the call again that failed last; without a connection, look for the server at once."""
        is_lost = self.session is not None and not self.session.live.state.is_online
        if is_lost and self.session is not None:
            self.session.live.try_now()
        if self.calls.last_failed is None and is_lost:
            self.say(self.connection.ended() or "Looking for the server …")
        else:
            self.calls.retry()

    def tell_of_end(self) -> None:
        """Say when a backend of our own has ended: nobody else will start it again."""
        if ended := self.connection.ended():
            self.say(ended, "error")

    def rules_published(self, update: Update) -> None:
        """Say that other rules are in force, whoever put them there; what shows rules follows by itself."""
        frame = update.frame or {}
        state, data = frame.get("state"), frame.get("data") or {}
        if frame.get("type") == "rules.published" and state:
            self.say(f"{state['label']} rules are now version {state['version']}: {data.get('reason', '')}")

    def action_undo(self) -> None:
        """Take the last change back."""
        title = self.undo.undo()
        self.say(f"Taking back: {title}" if title else "There is nothing to take back.")

    def action_redo(self) -> None:
        """Do it again."""
        title = self.undo.redo()
        self.say(f"Again: {title}" if title else "Nothing was taken back.")

    def action_pause(self) -> None:
        """Let the screens stand still, or go on."""
        if self.store.is_paused:
            self.store.resume()
        else:
            self.store.pause()
        self.show_header()

    async def action_go_queue(self) -> None:
        """The queue."""
        await self.go("queue")

    async def action_go_escalations(self) -> None:
        """The board of what is handed up."""
        await self.go("escalations")

    async def action_go_floor(self) -> None:
        """The supervisor's wall."""
        await self.go("floor")

    def action_availability(self, said: str = "") -> None:
        """At the desk, or away from it for a reason and until a time."""
        from console.floor.attendance import say

        say(self, said)

    def alerts_came(self, alerts: list[dict[str, Any]]) -> None:
        """New alerts are there: loud enough for what they are."""
        from console.alerts.loud import came

        came(self, alerts)

    async def action_go_alerts(self) -> None:
        """What one should know of."""
        await self.go("alerts")

    async def action_go_analytics(self) -> None:
        """The numbers."""
        await self.go("analytics")

    async def action_go_customers(self) -> None:
        """Who may leave."""
        await self.go("customers")

    async def action_go_retention(self) -> None:
        """The retention board."""
        await self.go("retention")

    async def action_go_finance(self) -> None:
        """The money."""
        await self.go("finance")

    async def action_go_playbooks(self) -> None:
        """The playbooks, and what goes on."""
        await self.go("playbooks")

    async def action_go_copilot(self) -> None:
        """Ask about what is on screen."""
        from console.copilot.screen import CopilotScreen
        from console.frame.screen import FrameScreen

        before = self.screen
        if isinstance(before, CopilotScreen) or not isinstance(before, FrameScreen):
            return
        topic = before.topic()
        await self.go("copilot")
        if isinstance(self.screen, CopilotScreen):
            self.screen.ask_about(topic)

    async def action_copilot_beside(self) -> None:
        """The copilot beside this screen, or away."""
        from console.copilot.panel import toggle

        await toggle(self)  # type: ignore[arg-type]

    def follow_copilot(self, screen: "FrameScreen") -> None:
        """A screen came to the front: the copilot, where it is wanted, stands beside that one."""
        if self.session is not None and self.session.talk.is_beside:
            from console.copilot.panel import follow

            self.call_later(follow, self, screen)

    def action_copilot_insert(self) -> None:
        """Put the proposed reply into the draft of its case."""
        from console.copilot.proposing import insert

        insert(self)  # type: ignore[arg-type]

    def action_copilot_do(self) -> None:
        """Carry out what was proposed."""
        from console.copilot.proposing import carry_out

        carry_out(self)  # type: ignore[arg-type]

    async def action_go_rules(self) -> None:
        """Every rule set."""
        await self.go("rules")

    async def action_go_macros(self) -> None:
        """The macros."""
        await self.go("macros")

    async def action_go_jobs(self) -> None:
        """What runs by itself."""
        await self.go("jobs")

    async def action_go_people(self) -> None:
        """To who works here."""
        await self.go("people")

    async def action_go_account(self) -> None:
        """To one's own account."""
        await self.go("account")

    async def action_go_delivery(self) -> None:
        """What leaves the house."""
        await self.go("delivery")

    async def action_go_integrations(self) -> None:
        """The chat platforms."""
        await self.go("integrations")

    async def action_go_interventions(self) -> None:
        """What is to be done for customers."""
        await self.go("interventions")

    async def action_go_outbox(self) -> None:
        """What was done offline."""
        await self.go("outbox")

    async def action_settings(self) -> None:
        """The settings."""
        await self.go("settings")

    async def action_last_screen(self) -> None:
        """The family of screens shown before this."""
        await self.go_back()

    async def action_close(self) -> None:
        """Close what was pushed, or go back to where one came from."""
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            await self.go_back()

    async def action_demo(self, command: str = "") -> None:
        """Change the pace of the demo's customers."""
        from console.connection import Unreachable

        if not command:
            await self.screen.run_action("command('demo ')")
            return
        try:
            await self.connection.tell(command)
        except Unreachable as error:
            self.say(str(error), "warning")
        else:
            self.say(f"Told the demo's customers: {command}.")

    def action_theme(self, name: str) -> None:
        """Another theme, kept."""
        self.preferences.change(theme=name)
        self.apply_preferences()

    def action_keymap(self, name: str) -> None:
        """Another keymap, kept."""
        self.preferences.change(keymap=name)
        self.apply_preferences()
