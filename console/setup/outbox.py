"""What was written offline: each with its state; enter decides about one."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option as Line

from console.frame.screen import FrameScreen
from console.outbox import Item
from widgets.plain import plain
from widgets.prompt import Choice, Option

EMPTY = "Nothing waits here: all that was written has been sent."


class OutboxScreen(FrameScreen):
    """The outbox."""

    family: ClassVar[str] = "outbox"
    heading: ClassVar[str] = "Outbox"
    CSS_PATH = "outbox.tcss"

    def compose_body(self) -> ComposeResult:
        yield OptionList(id="main", markup=False)

    def on_mount(self) -> None:
        """Show what waits, and go on showing it."""
        super().on_mount()
        self.set_interval(1.0, self._show)
        self._show()

    def _items(self) -> list[Item]:
        return self.console.session.outbox.items if self.console.session else []

    def _show(self) -> None:
        lines = self.query_one(OptionList)
        wanted = [(item.id, _lines(item)) for item in self._items()]
        shown = [(option.id or "", str(option.prompt)) for option in lines.options]
        if wanted == shown or (not wanted and [text for _, text in shown] == [EMPTY]):
            return
        place = lines.highlighted or 0
        lines.clear_options()
        if wanted:
            lines.add_options([Line(Content(text), id=id) for id, text in wanted])
            lines.highlighted = min(place, len(wanted) - 1)
        else:
            lines.add_option(Line(Content(EMPTY), disabled=True))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """What to do with it."""
        item = next((item for item in self._items() if item.id == event.option_id), None)
        if item is None:
            return
        options = [Option("open", f"Open {item.ref}", "look at it first"), Option("drop", "Throw it away")]
        if item.kind == "note":
            options.insert(1, Option("send", "Send it all the same", "as a note on the incidence as it is now"))

        async def decided(what: str | None) -> None:
            session = self.console.session
            if session is None or what is None:
                return
            if what == "open":
                self.console.open_incidence(item.incidence_id)
            elif what == "drop":
                session.outbox.drop(item.id)
            else:
                session.outbox.agree(item.id)
                self.console.flush_outbox()
            self._show()

        self.app.push_screen(Choice(f"{item.kind.capitalize()} on {item.ref}", options), decided)


def _lines(item: Item) -> str:
    """Its state, what it is, and what happened in between."""
    between = [f"    meanwhile {line}" for line in item.since]
    return "\n".join(plain(line) for line in (item.label, f"  {item.kind} on {item.ref}: {item.text}", *between))
