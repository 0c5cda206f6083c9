"""What is asked of the database, as it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

_BY_ITSELF = ("BEGIN", "pending_jobs", "workflow_status", "events.seq > ", "FROM sign_ins", "FROM api_keys")
"""What the process does at any moment, whoever asks for what: the relay and DBOS look for jobs, the feed for events, and
who calls is looked up again as soon as it has been known for long enough."""


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """(SQL, parameters) of every statement of this process meanwhile, whichever engine runs it, but of what it does by
    itself."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, given: Any, _context: Any, _many: bool) -> None:
        if not any(words in sql for words in _BY_ITSELF):
            asked.append((sql, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)
