"""Wire types of verbs on many cases."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from backend.core.text import Key
from backend.core.wire import UtcInstant, Wire
from backend.incidences.schemas import Labels, Outcome, Status, View

BulkVerb = Literal["take", "assign", "status", "priority", "snooze", "close", "reopen", "label", "watch", "unwatch"]
BulkState = Literal["RUNNING", "DONE", "UNDOING", "UNDONE"]
RowState = Literal["PENDING", "DONE", "SKIPPED", "UNDONE", "KEPT"]

_TAKES: dict[str, tuple[set[str], set[str]]] = {
    # verb: (what it must have, what it may have beside)
    "assign": ({"agent_id"}, set()),
    "status": ({"status"}, set()),
    "priority": ({"priority"}, set()),
    "snooze": ({"snoozed_until"}, set()),
    "close": ({"outcome"}, {"issue_category"}),
    "label": (set(), {"add", "remove"}),
}


class BulkArgs(Wire):
    """What a verb takes: `assign` an agentId (null gives it back), `status` OPEN or WAITING, `label` add and remove …"""

    model_config = ConfigDict(extra="forbid")

    agent_id: Key | None = None
    status: Literal["OPEN", "WAITING"] | None = None
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    snoozed_until: UtcInstant | None = None
    outcome: Outcome | None = None
    issue_category: Annotated[Key, Field(max_length=64)] | None = None
    add: Labels = []
    remove: Labels = []


class BulkTarget(Wire):
    """A case as it was displayed."""

    incidence_id: Key
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class BulkStart(Wire):
    """A verb and what it is done to: cases by name, or all that fit `view`, `status`, `assignee` and `q`, which mean
    what they do for GET /incidences. With `expectedCount` nothing is done unless there are as many."""

    verb: BulkVerb
    args: BulkArgs = BulkArgs()
    ids: Annotated[list[BulkTarget], Field(min_length=1, max_length=2_000)] | None = None
    view: View | None = None
    status: Status | None = None
    assignee: Annotated[str, Field(max_length=64)] | None = None
    q: Annotated[str, Field(max_length=500)] | None = None
    dry_run: bool = False
    expected_count: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "BulkStart":
        filters = (self.view, self.status, self.assignee, self.q)
        if (self.ids is None) == all(one is None for one in filters):
            raise ValueError("say either which cases by ids, or by view, status, assignee or q which fit")
        needs, may = _TAKES.get(self.verb, (set(), set()))
        given = self.args.model_fields_set
        if missing := needs - given:
            raise ValueError(f"{self.verb} needs {', '.join(sorted(missing))}")
        if extra := given - needs - may:
            raise ValueError(f"{self.verb} takes no {', '.join(sorted(extra))}")
        empty = [name for name in needs - {"agent_id"} if getattr(self.args, name) is None]
        if empty or (self.verb == "label" and not self.args.add and not self.args.remove):
            raise ValueError(f"{self.verb} needs {', '.join(empty) or 'labels to add or to remove'}")
        return self


class BulkReason(Wire):
    """Why some cases would be, or were, left alone."""

    code: str
    why: str
    count: int


class BulkRowRead(Wire):
    """One case of a verb on many."""

    incidence_id: str
    ref: str
    state: RowState
    code: str | None
    why: str | None


class BulkTry(Wire):
    """One case of a dry run: whether it can be done, and why not."""

    incidence_id: str
    ref: str
    summary: str
    version: int
    can: bool
    code: str | None
    why: str | None


class BulkPreview(Wire):
    """What a verb on many would come to. Nothing was done."""

    dry_run: Literal[True] = True
    verb: BulkVerb
    count: int
    can: int
    cannot: list[BulkReason]
    rows: list[BulkTry]
    """The first 200, in the order of the queue."""
    as_of: int


class BulkRead(Wire):
    """A verb on many, as far as it is."""

    bulk_id: str
    verb: BulkVerb
    args: dict[str, Any]
    chosen: dict[str, Any]
    member_id: str
    state: BulkState
    total: int
    done: int
    skipped: int
    undone: int
    kept: int
    """Left as they are by undoing, because they are others by now."""
    created_at: UtcInstant
    finished_at: UtcInstant | None
    undone_at: UtcInstant | None
    undo_until: UtcInstant | None


class BulkDetail(BulkRead):
    """With what became of each, in pages; `state` and `cursor` of the query choose which."""

    reasons: list[BulkReason]
    rows: list[BulkRowRead]
    next_cursor: str | None
