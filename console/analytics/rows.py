"""What is behind a number, row by row; enter opens the case."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.cells import set_cell_size
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as Line

from console.analytics import saving, telling
from console.analytics.days import Days
from console.desk import ages
from console.frame.screen import FrameScreen
from console.twin import told
from widgets.paint import cut
from widgets.plain import plain

PAGE = 100
_WORDS = {
    "opened": "opened",
    "helped": "first helped",
    "answered": "answered",
    "escalated": "escalated",
    "closed": "closed",
    "reopened": "reopened",
    "order": "order",
}


class RowsScreen(FrameScreen):
    """Pages of rows, newest first; the next page comes when the cursor nears the end."""

    family: ClassVar[str] = "rows"
    CSS_PATH = "rows.tcss"

    def __init__(self, metric: str, label: str, days: Days, dimension: str | None = None) -> None:
        super().__init__()
        self._metric, self._label, self._days, self._dimension = metric, label, days, dimension
        self._items: list[dict[str, Any]] = []
        self._next: str | None = None
        self._currency = ""

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Behind {self._label}"

    def compose_body(self) -> ComposeResult:
        yield Static(id="about", markup=False)
        yield OptionList(id="main", markup=False)

    def on_mount(self) -> None:
        """The first page."""
        super().on_mount()
        session = self.console.session
        self._currency = session.me.business.currency if session else ""
        self._read(None)

    def on_resize(self) -> None:
        """Other room: lines are cut elsewhere."""
        if self._items:
            lines = self.query_one(OptionList)
            for place, item in enumerate(self._items):
                lines.replace_option_prompt_at_index(place, Content(self._line(item)))

    def _read(self, cursor: str | None) -> None:
        api, days = self.console.api.analytics, self._days
        query = {"limit": PAGE, "cursor": cursor, "dimension": self._dimension}
        self.console.calls.start(
            "read the rows",
            lambda: api.rows(self._metric, days.first, days.last, **query),  # type: ignore[arg-type]
            done=self._show,
            failed=self._failed,
            group="rows",
            exclusive=True,
        )

    def _failed(self, _error: Exception) -> None:
        text = f" The rows could not be read. {self.console.key_of('retry')} tries again."
        self.query_one("#about", Static).update(Content(plain(text)))

    def _show(self, answer: Any) -> None:
        page, lines = told(answer), self.query_one(OptionList)
        is_first = not self._items
        self._items += page["items"]
        self._next = page["nextCursor"]
        counted = sum(item["isCounted"] for item in self._items)
        of = f" · ✓ {counted:,} of the {len(self._items):,} shown are counted" if counted < len(self._items) else ""
        about = f" {page['count']:,} rows · {self._days} · {page['zone']}{of}"
        self.query_one("#about", Static).update(Content(plain(about)))
        lines.add_options([Line(Content(self._line(item))) for item in page["items"]])
        if is_first and page["items"]:
            lines.highlighted = 0
        elif not self._items:
            lines.add_option(Line(Content("Nothing was counted in these days."), disabled=True))

    def _line(self, item: dict[str, Any]) -> str:
        when = ages.local(item["at"], self.console.now())
        size = ""
        if item["seconds"] is not None:
            size = telling.duration(item["seconds"])
        elif item["amount"] is not None:
            size = telling.amount(item["amount"], "money", self._currency)
        who = item["customerName"] or item["userId"] or ""
        about = item["summary"] if item["ref"] else "without a case" if item["kind"] == "order" else ""
        columns = (
            ("✓" if item["isCounted"] else "·", 1),
            (when, 12),
            (_WORDS.get(item["kind"], item["kind"]), 12),
            (f"{size:>13}", 13),
            (item["ref"] or "", 9),
            (who, 16),
            (item["category"] or "", 16),
        )
        line = "  ".join(set_cell_size(cut(plain(text), width), width) for text, width in columns)
        return cut(f"{line}  {plain(about or '')}".rstrip(), max(20, self.room - 4))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Near the end, the next page."""
        if self._next is not None and event.option_index >= len(self._items) - PAGE // 4:
            cursor, self._next = self._next, None
            self._read(cursor)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Its case, if it has one."""
        self._open(event.option_index)

    def _open(self, place: int | None) -> None:
        if place is None or place >= len(self._items):
            return
        id = self._items[place]["incidenceId"]
        if id is None:
            self.console.say("No case had to do with this order.", "information")
            return
        cases = list(dict.fromkeys(item["incidenceId"] for item in self._items if item["incidenceId"]))
        self.console.open_incidence(id, cases)

    def action_open(self, ref: str = "") -> None:
        """The case under the cursor, or the one named."""
        places = [place for place, item in enumerate(self._items) if item["ref"] == ref.upper()]
        self._open(places[0] if places else self.query_one(OptionList).highlighted)

    def action_export(self, format: str) -> None:
        """All rows of the metric to a file."""
        saving.export(self.console, "rows", self._days, format, metric=self._metric)

    def action_move_down(self) -> None:
        """The row below."""
        self.query_one(OptionList).action_cursor_down()

    def action_move_up(self) -> None:
        """The row above."""
        self.query_one(OptionList).action_cursor_up()

    def action_move_first(self) -> None:
        """The newest row."""
        self.query_one(OptionList).action_first()

    def action_move_last(self) -> None:
        """The last row that was read."""
        self.query_one(OptionList).action_last()

    def action_page_down(self) -> None:
        """A page down."""
        self.query_one(OptionList).action_page_down()  # type: ignore[no-untyped-call]

    def action_page_up(self) -> None:
        """A page up."""
        self.query_one(OptionList).action_page_up()  # type: ignore[no-untyped-call]
