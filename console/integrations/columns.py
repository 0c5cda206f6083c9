"""Which column of a file is what: a line each, enter changes it; beside them what it comes to, tried on every row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.widgets import OptionList

from console.frame.outlined import OutlinedScreen, Said
from console.twin import told
from widgets.outline import Line
from widgets.paint import Cell
from widgets.prompt import Choice, Option

Row = Mapping[str, Any]
LABELS = {
    "externalId": ("Customer's id", "by which they are known again; needed"),
    "name": ("Name", ""),
    "firstName": ("First name", "goes into the name"),
    "lastName": ("Last name", "goes into the name"),
    "email": ("E-mail", ""),
    "phone": ("Phone", ""),
    "language": ("Language", "such as en or hi-IN"),
    "region": ("Region", "ISO 3166, such as IN or IN-KA"),
    "tier": ("Tier", "gold, silver or bronze"),
    "pastOrderCount": ("Past orders", "a whole number"),
    "lastOrderDate": ("Last order", "a date such as 2026-03-02"),
    "emailOptOut": ("Wants no mail", "yes or no; a no takes nothing back"),
}
_IGNORED = "ignore"
_SHOWN = 3
_PROBLEMS = 12


class ColumnsScreen(OutlinedScreen):
    """`ColumnsScreen(import)`, as the API tells it."""

    family: ClassVar[str] = "import"
    what: ClassVar[str] = "rows"

    def __init__(self, one: Row) -> None:
        super().__init__()
        self.one = one
        self.columns: list[str | None] = list(one["columns"])
        self._tried: Row | None = None
        self._wrong = ""

    @property
    def heading(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return f"Import {self.one['filename']}"

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What tries it on every row."""
        api, id, columns = self.console.api, self.one["id"], list(self.columns)

        async def tried() -> Any:
            from backend.client import ApiError
            from backend.integrations.importing.schemas import Columns

            try:
                return await api.imports.dry_run(id, Columns.model_validate({"columns": columns}))
            except ApiError as error:
                if error.status != 400:
                    raise
                return error.message

        return tried

    def take(self, answer: Any) -> None:
        """Keep what came of it."""
        self._wrong = answer if isinstance(answer, str) else ""
        self._tried = None if isinstance(answer, str) else told(answer)

    def lines(self) -> Sequence[Line]:
        """The columns."""
        wide = max(len(name) for name in self.one["header"])
        lines = [Line("", f"{self.one['rows']} rows, {self.one['encoding']}, separated by {self.one['separator']!r}")]
        for place, name in enumerate(self.one["header"]):
            field = self.columns[place]
            words = [(f"→ {LABELS[field][0]}", "accent")] if field else [("  ignored", "muted")]
            lines.append(Line(f"column:{place}", name, words, 1, width=wide + 4))
        return lines

    def says(self) -> Said:
        """What it would do, and what it would refuse."""
        if self._wrong:
            return "Tried", (), [[(f"✗ {self._wrong}", "danger")]]
        if self._tried is None:
            return "Tried", (), ["Trying it on every row …"]
        tried = self._tried
        pairs: list[tuple[str, Cell]] = [
            ("rows", str(tried["rows"])),
            ("good", [(str(tried["good"]), "ok")]),
            ("refused", [(str(tried["refused"]), "warning" if tried["refused"] else "")]),
        ]
        if tried["repeated"]:
            pairs.append(("again", f"{tried['repeated']} about somebody of an earlier row"))
        lines: list[Cell] = ["", [("The first rows", "bold")]]
        for row in tried["shown"][:_SHOWN]:
            said = ", ".join(str(value) for value in row["fields"].values())
            lines.append(f"{row['externalId'] or 'no id'}: {said or 'nothing but the id'}")
        if tried["problems"]:
            lines += ["", [("Refused", "bold")]]
            lines += [f"line {row['line']}: {row['reason']}" for row in tried["problems"][:_PROBLEMS]]
            more = tried["refused"] - min(len(tried["problems"]), _PROBLEMS)
            lines += [[(f"… and {more} more", "muted")]] if more > 0 else []
        return "Tried, nothing is done", pairs, lines

    def verdicts(self) -> Mapping[str, str]:
        """It begins when it was tried, and something would come of it."""
        if self._wrong:
            return {"import_start": self._wrong}
        if self._tried is None:
            return {"import_start": "It is being tried."}
        return {} if self._tried["good"] else {"import_start": "Every row would be refused."}

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say what the column is."""
        if not self.key.startswith("column:"):
            return
        place = int(self.key.removeprefix("column:"))
        options = [Option(_IGNORED, "Ignored", "nothing of it is kept")]
        for field, (label, detail) in LABELS.items():
            other = self.columns.index(field) if field in self.columns else place
            more = f"now {self.one['header'][other]}" if other != place else detail
            options.append(Option(field, label, more))

        def chosen(field: str | None) -> None:
            if field is None:
                return
            if field in self.columns:
                self.columns[self.columns.index(field)] = None
            self.columns[place] = None if field == _IGNORED else field
            self._tried, self._wrong = None, ""
            self.show()
            self.read()

        self.app.push_screen(Choice(self.one["header"][place], options), chosen)

    def action_import_start(self) -> None:
        """Bring it in."""
        api, id, columns = self.console.api, self.one["id"], list(self.columns)

        async def start() -> Any:
            from backend.integrations.importing.schemas import Columns

            return await api.imports.start(id, Columns.model_validate({"columns": columns}))

        def done(_: Any) -> None:
            self.console.say("It is being brought in; its progress shows here.")
            if self.is_attached:
                self.app.pop_screen()

        self.console.calls.start("begin the import", start, done=done, group="start-import", exclusive=True)
