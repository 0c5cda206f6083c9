"""Why is this in my queue: the server's reasons for one case, over whatever screen asked."""

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from widgets.paint import Cell
from widgets.panel import Panel
from widgets.plain import plain

_PARTS = (("routing", "Route"), ("priority", "Place"), ("deadline", "Due"), ("friction", "Friction"), ("escalation", "Escalated"), ("owner", "Owner"))  # fmt: skip


class WhyScreen(ModalScreen[None]):
    """`WhyScreen(answer)`: what `incidences.why` answered."""

    CSS_PATH = "why.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,Y", "dismiss", show=False),
        Binding("j,down", "scroll(1)", show=False),
        Binding("k,up", "scroll(-1)", show=False),
    ]

    def __init__(self, answer: Mapping[str, Any]) -> None:
        super().__init__()
        self.answer = answer

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = Content(plain(f"Why {self.answer['ref']} is where it is"))
            with VerticalScroll(can_focus=False):
                yield Panel()
            yield Static("j k scroll · esc closes", markup=False)

    def on_mount(self) -> None:
        """Show the sentences, part by part."""
        pairs = []
        for part, label in _PARTS:
            lines = (self.answer.get(part) or {}).get("lines", ())
            pairs += [(label if number == 0 else "", line) for number, line in enumerate(lines)]
        words = (self.answer["routing"] or {}).get("words")
        rule: list[Cell] = ["", [("The rule says: ", "muted"), (words, "")]] if words else []
        self.query_one(Panel).show(pairs, rule)

    def action_scroll(self, by: int) -> None:
        """Read on."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)
