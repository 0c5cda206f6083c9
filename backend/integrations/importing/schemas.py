"""Wire types of imports."""

from typing import Annotated, Any, Literal

from pydantic import Field

from backend.core.wire import UtcInstant, Wire

ColumnField = Literal[
    "externalId", "name", "firstName", "lastName", "email", "phone", "language", "region", "tier", "pastOrderCount",
    "lastOrderDate", "emailOptOut",
]  # fmt: skip
ImportState = Literal["READING", "READY", "RUNNING", "DONE", "CANCELLED", "FAILED"]


class Columns(Wire):
    """Which field each column is, in the order of the file; null for one that is ignored."""

    columns: Annotated[list[ColumnField | None], Field(max_length=100)]


class Problem(Wire):
    """A row that is refused, by the line of the file that it begins at."""

    line: int
    reason: str


class ImportRead(Wire):
    """A file of customers and how far it is. `rows` are those of the file; `done` of them were read, `made`, `changed` and
    `refused` are parts of those. `problems` are the first that were refused; the report has all."""

    id: str
    filename: str
    state: ImportState
    encoding: str
    separator: str
    header: list[str]
    columns: list[ColumnField | None]
    rows: int
    done: int
    made: int
    changed: int
    refused: int
    problems: list[Problem] = []
    error: str | None
    created_at: UtcInstant
    started_at: UtcInstant | None
    ended_at: UtcInstant | None


class Shown(Wire):
    """A row as it would become a customer."""

    line: int
    external_id: str
    fields: dict[str, Any]
    reasons: list[str]


class Tried(Wire):
    """What an import would do. `shown` are the first rows, `problems` every one that would be refused, up to a thousand;
    `refused` counts all. `repeated` rows are about somebody who stood in an earlier one: the last one counts."""

    rows: int
    good: int
    refused: int
    repeated: int
    shown: list[Shown]
    problems: list[Problem]
