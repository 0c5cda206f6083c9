"""Lines of the command line, kept between days."""

from pathlib import Path

from console.files import data_dir, read_json, write_json

KEPT = 200


class LineHistory:
    """The last lines, oldest first."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or data_dir() / "history.json"
        self.lines: list[str] = [str(line) for line in read_json(self.path, [])]

    def add(self, line: str) -> None:
        """Keep a line as the newest."""
        self.lines = [*(known for known in self.lines if known != line), line][-KEPT:]
        write_json(self.path, self.lines)
