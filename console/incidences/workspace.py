"""The Incidence workspace: what its keys do. What it shows is in `console.incidences.casework`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import TextArea

from console.frame.command import CommandLine
from console.incidences.acting import Acting
from console.incidences.casework import Casework
from console.incidences.deeds import CaseScreen
from widgets.composer import Composer
from widgets.timeline import Timeline

if TYPE_CHECKING:
    from backend.agent.schemas import Dashboard
    from backend.customers.schemas import CustomerRead

STEP = 4
"""Columns by which the panels grow and shrink."""


class IncidenceScreen(Casework):
    """`IncidenceScreen(incidence_id, neighbours)`; `neighbours` are the ids that J and K walk."""

    _words = ""
    _found = -1

    # -- writing

    def begin_writing(self, mode: str) -> None:
        """Begin with a reply or a note, as soon as the case is there."""
        self._begin_with = mode

    def action_reply(self) -> None:
        """Write to the customer."""
        self.remove_class("-side")
        self.writing.open("reply")

    def action_note(self, text: str = "") -> None:
        """Write a note, or put the one that was given."""
        if text and self._row is not None:
            self.add_note(self._row, text)
        else:
            self.remove_class("-side")
            self.writing.open("note")

    def action_send(self) -> None:
        """Send what is written."""
        self.composer.action_submit()

    def action_resend(self) -> None:
        """Have the answers that failed delivered after all, in their order; each only if it is not there."""
        ids, api = self.story.deliveries.failed, self.console.api

        async def again() -> int:
            for id in ids:
                await api.outgoing.retry(id)
            return len(ids)

        self.console.calls.start("deliver it again", again, done=lambda _: self.console.say("It is tried once more."))

    @on(TextArea.Changed)
    def _written_in(self) -> None:
        self.writing.changed()

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        self.writing.send(event.text, event.mode)

    @on(Composer.Left)
    def _left(self) -> None:
        self.set_focus(self.query_one(Timeline))  # at once: the next key may be here already

    def written(self) -> None:
        """It was sent: back to reading."""
        self.query_one(Timeline).action_last()
        self.query_one(Timeline).focus()

    def action_act(self, action: str = "") -> None:
        """What may be done by the rules as they are now, or the action that was named."""
        id, api = self.incidence_id, self.console.api

        def done(case: Dashboard) -> None:
            if not self.is_showing(id):
                return
            self._show_panels(case)
            acting = Acting(self, case)
            if not action:
                acting.choose()
            elif not acting.named(action):
                key = self.console.key_of("act")
                self.console.say(f"There is no one action {action!r}; {key} lists them.", "warning")

        self.console.calls.start("read what may be done", lambda: api.agent.dashboard(id), done=done, group="act")

    def action_subscription(self, kind: str = "") -> None:
        """What may be done to the customer's subscription, or the kind of change that was named."""
        self.paid.change(kind)

    def action_offer(self) -> None:
        """What the customer may be offered, the best first."""
        self.paid.offer()

    # -- going about

    def action_next_incidence(self) -> None:
        """The next one of the order it was opened from."""
        self._go(1)

    def action_previous_incidence(self) -> None:
        """The one before."""
        self._go(-1)

    def _go(self, by: int) -> None:
        if self.incidence_id not in self.neighbours:
            self.console.say("There is no next one: this was not opened from a list.", "warning")
            return
        place = self.neighbours.index(self.incidence_id) + by
        if not 0 <= place < len(self.neighbours):
            self.console.say("That was the last one." if by > 0 else "This is the first one.")
            return
        self._words, self._found = "", -1
        self.show_case(self.neighbours[place])
        for screen in self.app.screen_stack:
            if isinstance(screen, CaseScreen):
                screen.follow(self.incidence_id)
        self.query_one(Timeline).focus()

    def action_tab(self, number: str) -> None:
        """The panel with that number."""
        if number.isdigit() and 1 <= int(number) <= len(self.side.panels):
            self._to_side(int(number))

    def action_next_tab(self) -> None:
        """The next panel."""
        self._to_side(self.side.chosen + 1)

    def action_previous_tab(self) -> None:
        """The panel before."""
        self._to_side(self.side.chosen - 1 or len(self.side.panels))

    def action_section_right(self) -> None:
        """To the panels."""
        self._to_side(self.side.chosen or 1)

    def action_section_left(self) -> None:
        """To the story."""
        self.remove_class("-side")
        self.query_one(Timeline).focus()

    def _to_side(self, number: int) -> None:
        self.add_class("-side")
        self.side.choose(number)
        self.side.focus()

    def action_back(self) -> None:
        """Command line, panels where they hide the story, then back to where it was opened from."""
        if self.query_one(CommandLine).is_open:
            super().action_back()
        elif self.has_class("-side") and self.focused is self.side:
            self.action_section_left()
        else:
            super().action_back()

    def action_larger(self) -> None:
        """More room for the panels."""
        self._widen(STEP)

    def action_smaller(self) -> None:
        """Less room for the panels."""
        self._widen(-STEP)

    def _widen(self, by: int) -> None:
        if not self.has_class("-narrow"):
            self.side.styles.width = max(30, min(self.room - 50, self.side.size.width + by))

    # -- finding

    def action_search(self, words: str = "") -> None:
        """Look for words in what is loaded of the story, from the end."""
        if not words:
            self.action_command("search ")
            return
        self._words, self._found = words, 0
        self._find(-1)

    def action_next_match(self) -> None:
        """Further down."""
        self._find(1)

    def action_previous_match(self) -> None:
        """Further up."""
        self._find(-1)

    def _find(self, by: int) -> None:
        found = self.story.matches(self._words)
        if not found:
            self.console.say(f"{self._words!r} is nowhere here." if self._words else "Search first: /", "warning")
            return
        self._found = (self._found + by) % len(found)
        self.query_one(Timeline).go_to(found[self._found])
        more = "" if self.story.is_whole else "; older entries are not loaded yet"
        self.console.say(f"{self._found + 1} of {len(found)}{more}")

    @on(Timeline.ReachedStart)
    def _reached_start(self) -> None:
        self.story.add_older()

    # -- the customer

    def action_reveal(self) -> None:
        """E-mail and phone in full; the server records that they were asked for."""
        if self.case is None:
            return
        id, api = self.case.user_details.id, self.console.api

        def done(who: CustomerRead) -> None:
            if self.is_attached and self.case is not None and self.case.user_details.id == who.id:
                self.case.user_details = who
                self.show_panels()
                self._to_side(1)

        self.console.calls.start("show the customer in full", lambda: api.customers.show(id, reveal=True), done=done)

    def action_copy_email(self) -> None:
        """As far as it is revealed."""
        email = self.case.user_details.email if self.case else None
        if email:
            self.copy(email)
        else:
            self.console.say("No e-mail is known.", "warning")
