"""A playbook's document: what starts it, what it is for, and its steps. Plain types, no database.

A step is a rule's `then` with an id: like that it is checked against a model when it is written, and told in words.
Conditions are the rule machine's, over the facts of `facts.CATALOGUE`.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from backend.core.text import JsonObject, Key, Line, OptionalLine
from backend.core.wire import UtcInstant, Wire
from backend.incidences.macro_schemas import Words
from backend.interventions.schemas import AnyPriority, AnyType
from backend.retention.flow_schemas import Code, OfferType

Condition = dict[str, Any]
"""A condition tree of the rule machine."""
Occasion = Literal["risk_changed", "churn_changed", "payment_failed", "help_offered", "daily"]
MOST_STEPS = 40
_DEEPEST = 4
_LENGTH = re.compile(r"([1-9]\d{0,3})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=366)


def length_of(text: str) -> timedelta:
    """How long `45m`, `2h`, `3d` or `2w` is. ValueError for anything else, and for more than a year."""
    found = _LENGTH.fullmatch(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
    if length is None or length > _LONGEST:
        raise ValueError("must be a length of time such as 45m, 2h, 3d or 2w, of a year at most")
    return length


def _length(text: str) -> str:
    length_of(text)
    return text


Length = Annotated[str, Field(max_length=8), AfterValidator(_length)]


class Strict(Wire):
    """A part of a document: a field nobody knows is refused, because it would be lost silently."""

    model_config = ConfigDict(extra="forbid")


class _Step(Strict):
    id: Code


class NotifyStep(_Step):
    """Tells colleagues (an alert), or the customer (a notification in their app).

    `to`: customer, owner (who has the case), agents, supervisors, admins, or a member's id.
    """

    kind: Literal["notify"]
    to: Key
    text: Line


class MessageStep(_Step):
    """Writes to the customer: `by` case in their open case, as the desk does; by email to the address that is known of
    them; by either in the case when one is open, else by mail. Skipped when that cannot be."""

    kind: Literal["message"]
    by: Literal["case", "email", "either"] = "case"
    subject: Annotated[Words, Field(max_length=150)] | None = None
    """Of a mail; the name of the business without."""
    text: Words

    @model_validator(mode="after")
    def _one_line(self) -> Self:
        if self.subject is not None and self.by == "case":
            raise ValueError("subject: what is written in a case has none; it goes with `by: email` or `by: either`")
        if self.subject is not None and len(self.subject.splitlines()) > 1:
            raise ValueError("subject: must be one line")
        return self


class OfferStep(_Step):
    """Puts a retention offer before the customer: the best that limits allow, or the best of a type."""

    kind: Literal["offer"]
    offer_type: OfferType | None = None


class WaitStep(_Step):
    """Waits for a length of time, or until an instant; a person may move the end."""

    kind: Literal["wait"]
    length: Annotated[Length | None, Field(alias="for")] = None
    until: UtcInstant | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.length is None) == (self.until is None):
            raise ValueError("say either how long, with `for: 3d`, or until when, with `until:` and an instant")
        if self.until is not None and self.until.tzinfo is None:
            raise ValueError("until: say the time zone too, such as 2026-03-05T09:00:00+05:30")
        return self


class AssignStep(_Step):
    """Gives the customer's open case to somebody: `fair` (who has most room), `none`, or a member's id; or (`what`) the
    intervention that the execution began."""

    kind: Literal["assign"]
    what: Literal["incidence", "intervention"] = "incidence"
    to: Key = "fair"


class InterventionStep(_Step):
    """Begins an intervention: what somebody is to do for the customer, within a length of time.

    `to` is `none`, or a member's id. What is not said is filled from the customer's risk as it is then.
    """

    kind: Literal["intervention"]
    type: AnyType = "call"
    priority: AnyPriority | None = None
    description: Annotated[OptionalLine, Field(max_length=200)] = ""
    next_action: Annotated[OptionalLine, Field(max_length=200)] = ""
    to: Key = "none"
    due: Length = "2d"


class WebhookStep(_Step):
    """Tells a webhook endpoint of the business (by id or name), signed, at least once; `data` goes with it."""

    kind: Literal["webhook"]
    to: Key
    data: JsonObject = {}


class ConditionStep(_Step):
    """Goes on when the condition holds. Otherwise the steps of `else` are done instead of all that follow; without
    any, that is the end."""

    kind: Literal["condition"]
    when: Condition
    otherwise: Annotated[list["Step"], Field(alias="else", max_length=MOST_STEPS)] = []


KINDS = ("notify", "message", "offer", "wait", "assign", "intervention", "webhook", "condition")


def _kind_of(step: Any) -> str | None:
    kind = step.get("kind") if isinstance(step, dict) else getattr(step, "kind", None)
    return kind if isinstance(kind, str) else None


Step = Annotated[
    Annotated[NotifyStep, Tag("notify")]
    | Annotated[MessageStep, Tag("message")]
    | Annotated[OfferStep, Tag("offer")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[AssignStep, Tag("assign")]
    | Annotated[InterventionStep, Tag("intervention")]
    | Annotated[WebhookStep, Tag("webhook")]
    | Annotated[ConditionStep, Tag("condition")],
    Discriminator(_kind_of, custom_error_type="step", custom_error_message=f"kind must be one of {', '.join(KINDS)}"),
]


ConditionStep.model_rebuild()


class Trigger(Strict):
    """What starts it by itself, once somebody has let it: after these occasions, for whom `when` holds.

    Nobody is started for again within `cooldown_days`, and at most `at_most` are a day, those first whose loss is
    expected to be the greatest.
    """

    after: Annotated[list[Occasion], Field(min_length=1, max_length=5)]
    when: Condition = {"all": []}
    cooldown_days: Annotated[int, Field(ge=0, le=3650)] = 30
    at_most: Annotated[int, Field(ge=1, le=1000)] = 50


class PlaybookDocument(Strict):
    """`goal` is what has to hold when it ends for the execution to be a success; without one, coming to an end is."""

    trigger: Trigger | None = None
    goal: Condition | None = None
    steps: Annotated[list[Step], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        every = list(walk(self.steps))
        if len(every) > MOST_STEPS:
            raise ValueError(f"has {len(every)} steps; {MOST_STEPS} are the most")
        if any(depth >= _DEEPEST for _, depth in every):
            raise ValueError(f"conditions are nested deeper than {_DEEPEST - 1}")
        ids = [step.id for step, _ in every]
        twice = next((id for id in ids if ids.count(id) > 1), None)
        if twice is not None:
            raise ValueError(f"two steps are called {twice}")
        return self


def walk(steps: Sequence[Step], depth: int = 0) -> Iterator[tuple[Step, int]]:
    """Every step with how many conditions it stands under, in the order in which they are written."""
    for step in steps:
        yield step, depth
        if isinstance(step, ConditionStep):
            yield from walk(step.otherwise, depth + 1)


def step_of(document: PlaybookDocument, id: str) -> Step:
    """The step with that id. KeyError when there is none."""
    found = next((step for step, _ in walk(document.steps) if step.id == id), None)
    if found is None:
        raise KeyError(id)
    return found


def following(steps: Sequence[Step], id: str) -> str | None:
    """The id of the step after one, in the list that it stands in; None when that ends there."""
    for place, step in enumerate(steps):
        if step.id == id:
            return steps[place + 1].id if place + 1 < len(steps) else None
        if isinstance(step, ConditionStep) and any(inner.id == id for inner, _ in walk(step.otherwise)):
            return following(step.otherwise, id)
    return None


def conditions_of(document: PlaybookDocument) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    """Every condition in it, with where it stands."""
    if document.trigger is not None:
        yield ("trigger", "when"), document.trigger.when
    if document.goal is not None:
        yield ("goal",), document.goal
    yield from _conditions(document.steps, ("steps",))


def _conditions(
    steps: Sequence[Step], path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Condition]]:
    for place, step in enumerate(steps):
        if isinstance(step, ConditionStep):
            yield (*path, place, "when"), step.when
            yield from _conditions(step.otherwise, (*path, place, "else"))
