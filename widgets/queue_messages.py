"""What a queue table tells. Every message carries the table it came from."""

from typing import TYPE_CHECKING, Any

from textual.message import Message

from widgets.queue_model import Key

if TYPE_CHECKING:
    from widgets.queue_table import QueueTable


class QueueMessage(Message):
    """A message of a table."""

    def __init__(self, table: "QueueTable") -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> "QueueTable":
        """The table, for ``@on(..., "#id")``."""
        return self.table


class Highlighted(QueueMessage, namespace="queue_table"):
    """The cursor is on another key, or on none; ``by_removal`` when the row it was on left the table."""

    def __init__(self, table: "QueueTable", key: Key | None, by_removal: bool) -> None:
        super().__init__(table)
        self.key = key
        self.by_removal = by_removal


class Opened(QueueMessage, namespace="queue_table"):
    """A row was opened with enter or a double click; ``version`` is the one that stood on the screen."""

    def __init__(self, table: "QueueTable", key: Key, version: Any) -> None:
        super().__init__(table)
        self.key = key
        self.version = version


class MarksChanged(QueueMessage, namespace="queue_table"):
    """Other keys are marked now; ``keys`` in shown order."""

    def __init__(self, table: "QueueTable", keys: list[Key]) -> None:
        super().__init__(table)
        self.keys = keys


class AllChosen(QueueMessage, namespace="queue_table"):
    """All that match are chosen now, also those that the table does not have."""


class PendingChanged(QueueMessage, namespace="queue_table"):
    """Another number of rows waits to come, go or move."""

    def __init__(self, table: "QueueTable", count: int) -> None:
        super().__init__(table)
        self.count = count


class HeaderClicked(QueueMessage, namespace="queue_table"):
    """A column title was clicked; ``column`` is the column's key."""

    def __init__(self, table: "QueueTable", column: str) -> None:
        super().__init__(table)
        self.column = column
