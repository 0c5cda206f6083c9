"""What people send to try, publish and take back rules. The document itself is checked by its kind."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from backend.core.text import Line
from backend.core.wire import Change, UtcInstant, Wire
from backend.rules.documents import MOST_RULES

MOST_DAYS = 90
MOST_CHANGES = 500
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
SettingsPart = dict[str, Any] | None
RulesPart = Annotated[list[dict[str, Any]], Field(max_length=MOST_RULES)] | None


class Draft(Wire):
    """Settings and rules to try; what is left out is as in force. `limit`: how many changed decisions to show."""

    model_config = ConfigDict(extra="forbid")

    settings: SettingsPart = None
    rules: RulesPart = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 7
    limit: Annotated[int, Field(ge=1, le=MOST_CHANGES)] = 100


class Publish(Change):
    """The next version; what is left out is as in force. `version` is the one that the author saw."""

    settings: SettingsPart = None
    rules: RulesPart = None
    reason: Line


class Rollback(Change):
    """Put the document of version `to` in force again, as a new version."""

    to: VersionNumber
    reason: Annotated[Line, Field(max_length=160)]


class KeptRead(Wire):
    """What is kept for so many days, and how much of it was forgotten: the last night, and in all."""

    name: str
    label: str
    days: int
    last_at: UtcInstant | None
    last_count: int
    total: int


class KeptList(Wire):
    items: list[KeptRead]
