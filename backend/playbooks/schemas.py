"""Wire types of playbooks, of their executions, and of how they do."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from backend.core.text import Key, Line, OptionalLine
from backend.core.wire import Change, Page, UtcInstant, Wire
from backend.playbooks.documents import PlaybookDocument

PlaybookStatus = Literal["ACTIVE", "ARCHIVED"]
ExecutionStatus = Literal["RUNNING", "WAITING", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"]
StepState = Literal["WAITING", "DONE", "SKIPPED", "FAILED"]
MOST_AT_ONCE = 200
Name = Annotated[Line, Field(max_length=60)]
Description = Annotated[str, Field(max_length=400)]
Ids = Annotated[list[Key], Field(min_length=1, max_length=MOST_AT_ONCE)]


class Given(Wire):
    """A document as JSON, or the same in YAML; one of them."""

    document: PlaybookDocument | None = None
    yaml: Annotated[str, Field(max_length=65_536)] | None = None
    reason: OptionalLine = ""
    """Why; told with the event."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.document is not None and self.yaml is not None:
            raise ValueError("give the document as JSON or as YAML, not both")
        return self


class PlaybookMake(Given):
    """A new playbook. In YAML the name and the description may stand beside the steps."""

    name: Name | None = None
    description: Description | None = None


class PlaybookChange(Change, Given):
    """Other words or steps; executions that are under way keep theirs. `isAutomatic`: whether its trigger starts it."""

    name: Name | None = None
    description: Description | None = None
    status: PlaybookStatus | None = None
    is_automatic: bool | None = None


class PlaybookRead(Wire):
    playbook_id: str
    version: int
    name: str
    description: str
    status: PlaybookStatus
    is_automatic: bool
    number: int
    """Of its document."""
    document: PlaybookDocument
    is_shipped: bool
    """Whether it is as it was shipped."""
    created_at: UtcInstant | None
    created_by: str | None
    updated_at: UtcInstant | None


class Figures(Wire):
    """How a playbook did with those whose execution began in the last days."""

    days: int
    started: int
    open: int
    completed: int
    failed: int
    cancelled: int
    succeeded: int
    success_rate: float | None
    """Of those that completed or failed; None when none has."""
    definition: str
    """What counts as a success, and of what."""


class StepFigures(Wire):
    step_id: str
    reached: int
    waiting: int
    done: int
    skipped: int
    failed: int
    median_seconds: float | None
    """From when it was reached until it was done; None when it never was."""


class StepWords(Wire):
    """A step in words. `depth`: under how many conditions it stands."""

    step_id: str
    kind: str
    depth: int
    words: str


class PlaybookListed(PlaybookRead):
    figures: Figures


class PlaybookShown(PlaybookListed):
    """With its document in YAML, its trigger, goal and steps in words, and how each step did."""

    yaml: str
    trigger_words: str
    goal_words: str
    steps: list[StepWords]
    step_figures: list[StepFigures]


class Candidates(Given):
    """For whom a trigger would start it now: that of the document given, else of its own."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Candidate(Wire):
    customer_id: str
    user_id: str
    customer_name: str
    expected_loss: float | None
    """A month, in major units."""
    why: str


class CandidatesRead(Wire):
    """Those whose loss is expected to be the greatest first. `why`: why there is nobody, when there is nobody."""

    looked_at: int
    count: int
    left_out: int
    """For whom it holds, but who have it now, or had it within the cool-down."""
    currency: str
    items: list[Candidate]
    why: str


# -- executions


class TriggerAsk(Wire):
    """Start a playbook for a customer (ours or the external id), for several, or about several cases' customers."""

    playbook_id: Key
    customer_id: Key | None = None
    customer_ids: Ids | None = None
    incidence_ids: Ids | None = None
    incidence_id: Key | None = None
    """The case it is about, with one customer."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.customer_id, self.customer_ids, self.incidence_ids)) != 1:
            raise ValueError("say for whom: customerId, customerIds or incidenceIds, and one of them")
        if self.incidence_id is not None and self.customer_id is None:
            raise ValueError("incidenceId goes with one customerId")
        return self


class ExecutionRead(Wire):
    execution_id: str
    version: int
    playbook_id: str
    playbook_name: str
    number: int
    customer_id: str
    user_id: str
    customer_name: str
    incidence_id: str | None
    status: ExecutionStatus
    step_id: str | None
    """That comes next, or is waited in; the one that failed."""
    step_words: str
    done: int
    """Steps that are behind it, of `total`: all that there are, on every branch."""
    total: int
    next_at: UtcInstant | None
    why: str
    is_automatic: bool
    started_by: str | None
    started_at: UtcInstant
    ended_at: UtcInstant | None
    ended_how: str
    is_success: bool | None


class StepLog(Wire):
    """What a step did. `told` is in words."""

    step_id: str
    kind: str
    words: str
    state: StepState
    attempts: int
    started_at: UtcInstant
    done_at: UtcInstant | None
    told: str
    result: dict[str, Any]
    error: str | None


class ExecutionShown(ExecutionRead):
    """With its log, and the steps that may come."""

    log: list[StepLog]
    steps: list[StepWords]
    goal_words: str


class ExecutionPage(Page[ExecutionRead]):
    open: int
    """How many are not over."""


class NotStarted(Wire):
    """For whom it was not started, and why not."""

    customer_id: str
    customer_name: str
    code: str
    why: str


class Triggered(Wire):
    """What was started. `executionId` is that of the first."""

    execution_id: str | None
    items: list[ExecutionRead]
    refused: list[NotStarted]


class ExecutionAct(Wire):
    """`version`: as it was seen; without one, whatever it is at."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: OptionalLine = ""


class WaitChange(Change):
    """Another end of the wait that it is in; what has passed ends it now."""

    next_at: UtcInstant
