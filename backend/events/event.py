"""An event: a past-tense fact about one subject, with the subject's read schema after the change."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

Audience = Literal["staff", "supervisor", "admin"]
REGISTRY: dict[str, type["Event"]] = {}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. `kind` is member, key, customer, webhook or system; `name` is what a timeline shows."""

    kind: str
    id: str | None = None
    name: str = ""
    role: str | None = None


SYSTEM = Actor("system", None, "Holdfast")


@dataclass(kw_only=True)
class Event:
    """Subclasses declare a slice's events: `class IncidenceOpened(Event, type="incidence.opened")`.

    `state` is what a mirror stores for the subject after this event; None leaves the mirror alone.
    `data` is what a timeline tells: changes before and after, a message's text, the rules that fired.
    """

    type: ClassVar[str] = ""
    audience: ClassVar[Audience] = "staff"
    private: ClassVar[bool] = False
    """Whether only the members in `data.memberIds` see it in the feed."""
    erases: ClassVar[bool] = False
    """Whether the words of every event of its customer before it are gone."""

    subject_id: str
    state: dict[str, Any] | None = None
    data: dict[str, Any] = field(default_factory=dict)
    incidence_id: str | None = None
    customer_id: str | None = None
    occurred_at: datetime | None = None

    def __init_subclass__(
        cls, *, type: str, audience: Audience = "staff", private: bool = False, erases: bool = False
    ) -> None:
        cls.type, cls.audience, cls.private, cls.erases = type, audience, private, erases
        REGISTRY[type] = cls

    @property
    def subject_type(self) -> str:
        return self.type.partition(".")[0]
