"""Wire types of merging and linking cases."""

from typing import Annotated, Literal

from pydantic import Field

from backend.core.text import Key, Line
from backend.core.wire import UtcInstant, Wire
from backend.incidences.schemas import IncidenceRead, Outcome, Status

LinkKind = Literal["RELATES_TO", "DUPLICATE_OF"]
AnyLinkKind = Literal["RELATES_TO", "DUPLICATE_OF", "CONTINUES", "MERGED_INTO"]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Merge(Wire):
    """A case to put into another (id or ref), both as they are on the screen. A case of another customer needs
    `otherCustomer` and a reason."""

    into: Key
    version: Version
    into_version: Version
    other_customer: bool = False
    reason: Line | None = None


class MergeRead(Wire):
    """Both cases after a merge, or after it was undone."""

    incidence: IncidenceRead
    into: IncidenceRead
    undo_until: UtcInstant | None
    """None when it was undone just now."""


class LinkMake(Wire):
    """Another case (id or ref) that this one relates to or is a duplicate of."""

    to: Key
    kind: LinkKind = "RELATES_TO"
    reason: Line | None = None


class LinkRead(Wire):
    """A link as one of its two cases has it: `incidenceId` is the other one. Outgoing is that way round: this one
    duplicates, continues or is merged into the other."""

    link_id: str
    kind: AnyLinkKind
    is_outgoing: bool
    incidence_id: str
    ref: str
    summary: str
    status: Status
    outcome: Outcome | None
    reason: str | None
    made_by: str | None
    """A member's id; None when it came by itself."""
    made_at: UtcInstant


class Links(Wire):
    items: list[LinkRead]
