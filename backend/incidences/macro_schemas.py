"""Wire types of macros."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.core.text import Body, Key, Line
from backend.core.wire import Change, UtcInstant, Wire
from backend.incidences.macro_texts import KNOWN, unknown_in
from backend.incidences.schemas import IncidenceRead, Labels, Outcome, Seq


def _fillable(text: str) -> str:
    if unknown := unknown_in(text):
        raise ValueError(f"there is no {{{unknown[0]}}}; there are {', '.join(f'{{{name}}}' for name in KNOWN)}")
    return text


Words = Annotated[Body, AfterValidator(_fillable)]
Name = Annotated[Line, Field(max_length=60)]


class MacroSteps(Wire):
    """What a macro does, in this order: reply, note, labels, and one change of the case."""

    model_config = ConfigDict(extra="forbid")

    reply: Words | None = None
    """To the customer, with placeholders. It is put before whoever runs the macro, and never sent by itself."""
    note: Words | None = None
    add: Labels = []
    remove: Labels = []
    agent: Key | None = None
    """`me` (whoever runs it), `none`, or a member's id."""
    priority: Annotated[int, Field(ge=1, le=4)] | None = None
    status: Literal["OPEN", "WAITING"] | None = None
    snooze_minutes: Annotated[int, Field(ge=1, le=365 * 24 * 60)] | None = None
    outcome: Outcome | None = None
    issue_category: Annotated[Key, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "MacroSteps":
        if not self.model_dump(exclude_defaults=True):
            raise ValueError("a macro does at least one thing")
        if sum(one is not None for one in (self.status, self.snooze_minutes, self.outcome)) > 1:
            raise ValueError("a macro sets a status, or snoozes, or closes: one of them")
        return self


class MacroMake(Wire):
    """A macro of one's own, or (supervisors) for everybody."""

    name: Name
    is_shared: bool = False
    steps: MacroSteps


class MacroChange(Change):
    name: Name | None = None
    is_shared: bool | None = None
    steps: MacroSteps | None = None


class MacroRead(Wire):
    macro_id: str
    version: int
    name: str
    is_shared: bool
    owner_id: str
    steps: MacroSteps
    updated_at: UtcInstant


class Macros(Wire):
    items: list[MacroRead]


class MacroRun(Wire):
    """A macro on a case. For one that replies, `text` is what goes to the customer: as it was put before the person,
    or as they made it; `lastSeenSeq` as for any message. With `dryRun` nothing is done."""

    macro_id: Key
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    text: Body | None = None
    last_seen_seq: Seq | None = None
    dry_run: bool = False


class MacroPreview(Wire):
    """What a macro comes to on a case as it is."""

    dry_run: Literal[True] = True
    macro_id: str
    name: str
    reply: str | None
    note: str | None
    unresolved: list[str]
    """Placeholders that nothing is known for: they are left in the texts, and refused when they are sent."""
    does: list[str]
    """The rest, in words."""
    version: int


class MacroDone(Wire):
    """The case after a macro, and the seqs of what it did."""

    incidence: IncidenceRead
    seqs: list[int]
    unknown_mentions: list[str]
