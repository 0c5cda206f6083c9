"""Customers out of files: which were brought in, how far one is, and a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.widgets import OptionList

from console.desk import ages
from console.files import save
from console.frame.outlined import OutlinedScreen, Said
from console.twin import told
from widgets.outline import Line
from widgets.paint import Cell

Row = Mapping[str, Any]
STATES = {
    "READY": ("·", "info", "not begun"),
    "RUNNING": ("»", "info", "under way"),
    "DONE": ("✓", "ok", "done"),
    "CANCELLED": ("‖", "muted", "cancelled"),
    "FAILED": ("✗", "danger", "failed"),
    "READING": ("·", "muted", "being read"),
}
_BAR = 20


def bar(one: Row) -> str:
    """How far an import is, drawn and in percent."""
    share = one["done"] / one["rows"] if one["rows"] else 0.0
    full = int(share * _BAR)
    return f"{'█' * full}{'░' * (_BAR - full)} {share:4.0%}"


class ImportsScreen(OutlinedScreen):
    """The imports, the newest first; enter opens one."""

    family: ClassVar[str] = "imports"
    heading: ClassVar[str] = "Imports"
    what: ClassVar[str] = "imports"
    topics: ClassVar[tuple[str, ...]] = ("import",)
    tick: ClassVar[float] = 1.0

    def __init__(self) -> None:
        super().__init__()
        self._imports: dict[str, dict[str, Any]] = {}

    def ask(self) -> Callable[[], Awaitable[Any]]:
        """What reads them, and the one under the cursor with what was refused of it."""
        api, id = self.console.api, self.key

        async def both() -> tuple[Any, Any]:
            page = await api.imports.list()
            known = any(one.id == id for one in page.items)
            return page, await api.imports.show(id) if known else None

        return both

    def take(self, answer: tuple[Any, Any]) -> None:
        """Keep them."""
        page, one = answer
        before = self._imports
        self._imports = {row["id"]: row for row in told(page)["items"]}
        for id, row in self._imports.items():
            if not row["problems"] and id in before:
                row["problems"] = before[id]["problems"]
        if one is not None:
            self._imports[one.id] = told(one)

    def lines(self) -> Sequence[Line]:
        """A line each."""
        wide = max((len(one["filename"]) for one in self._imports.values()), default=0)
        new = f"No file was imported yet; {self.console.key_of('import_file')} imports one."
        return [Line(id, one["filename"], _words(one), width=wide + 2) for id, one in self._imports.items()] or [
            Line("", new)
        ]

    def row(self) -> Row | None:
        """The import under the cursor."""
        return self._imports.get(self.key)

    def says(self) -> Said:
        """The import in full, and the first rows that were refused."""
        one, now = self.row(), self.console.now()
        if one is None:
            return "", (), ()
        sign, role, said = STATES[one["state"]]
        pairs: list[tuple[str, Cell]] = [
            ("state", [(f"{sign} {said}", role)]),
            ("progress", f"{bar(one)}  {one['done']} of {one['rows']}"),
            ("made", str(one["made"])),
            ("changed", str(one["changed"])),
            ("refused", [(str(one["refused"]), "warning" if one["refused"] else "")]),
            ("file", f"{one['encoding']}, separated by {one['separator']!r}"),
            ("read", ages.local(one["createdAt"], now)),
        ]
        problems: list[Cell] = [f"line {row['line']}: {row['reason']}" for row in one["problems"]]
        more = one["refused"] - len(problems)
        if problems and more > 0:
            problems.append([(f"… and {more} more: {self.console.key_of('import_report')} writes them all", "muted")])
        return one["filename"], pairs, ["", *problems] if problems else ()

    def verdicts(self) -> Mapping[str, str]:
        """What may be done with the one under the cursor."""
        one, refused = self.row(), {}
        if one is None:
            return dict.fromkeys(("import_cancel", "import_report"), "There is no import here.")
        if one["state"] not in ("READY", "RUNNING"):
            refused["import_cancel"] = f"It is {STATES[one['state']][2]} already."
        if not one["refused"]:
            refused["import_report"] = "Nothing of it was refused."
        return refused

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Say what its columns are, if it was not begun."""
        one = self.row()
        if one is not None and one["state"] == "READY":
            self._open(one)

    def _open(self, one: Row) -> None:
        from console.integrations.columns import ColumnsScreen

        self.app.push_screen(ColumnsScreen(one))

    # -- the verbs

    def action_import_file(self, path: str = "") -> None:
        """Read a file; nothing is brought in before its columns were agreed to."""
        api, file = self.console.api, Path(path.strip().strip("'\"")).expanduser()

        async def upload() -> Any:
            from backend.client import ApiError

            try:
                content = await asyncio.to_thread(file.read_bytes)
            except OSError as error:
                raise ApiError(404, "NO_FILE", f"{file}: {error.strerror or error}", {}) from None
            return await api.imports.upload(content, file.name)

        def done(answer: Any) -> None:
            self.read()
            if self.is_attached:
                self._open(told(answer))

        self.console.calls.start(f"read {file.name}", upload, done=done, group="upload", exclusive=True)

    def action_import_cancel(self) -> None:
        """Stop it."""
        one, api = self.row(), self.console.api
        if one is not None:
            self.console.calls.start(
                "cancel the import", lambda: api.imports.cancel(one["id"]), done=lambda _: self.read()
            )

    def action_import_report(self) -> None:
        """Write the refused rows to a file."""
        one, api = self.row(), self.console.api
        if one is None:
            return

        async def write() -> Path:
            content = await api.imports.refusals(one["id"])
            return await asyncio.to_thread(save, f"refused-{Path(one['filename']).stem}.csv", content)

        said = lambda place: self.console.say(f"{one['refused']} rows are in {place}.")  # noqa: E731
        self.console.calls.start("write the report", write, done=said)


def _words(one: Row) -> list[tuple[str, str]]:
    sign, role, said = STATES[one["state"]]
    drawn = f"  {bar(one)}" if one["state"] == "RUNNING" else f"  {one['rows']} rows"
    refused = [(f"  {one['refused']} refused", "warning")] if one["refused"] else []
    counts = f"  {one['made']} made, {one['changed']} changed" if one["done"] else ""
    return [(f"{sign} {said:<10}", role), (drawn, ""), (counts, "muted"), *refused]
