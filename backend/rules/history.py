"""Where the past of each kind is found, for a dry run. Rules know no cases: the slices above say what they keep."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

from backend.rules.replay import Case
from backend.settings import Settings
from backend.work import Work


class PastPage(NamedTuple):
    """Some past decisions, and where the next page begins: None after the last."""

    cases: list[Case]
    next: Any


ReadPast: TypeAlias = Callable[[Work, Settings, datetime, Any], PastPage]
"""The page of decisions since an instant that begins at `next` of the page before (None for the first one)."""


@dataclass(frozen=True)
class History:
    """The past of one kind. `source` says in a sentence what is replayed, and what of it is not as it was."""

    source: str
    read: ReadPast


HISTORY: dict[str, History] = {}
"""By kind; filled by the modules called `rules` of the slices that keep the facts."""

NO_PAST: dict[str, str] = {
    "assignment": "Nothing was replayed: which case was best depended on everybody who was there and all that waited at "
    "that second, which is not kept. Publish, and look at why each case was given (its timeline says it).",
    "casework": "Nothing was replayed: these rules are asked when a customer writes after the end of a case, and what they "
    "saw then is not kept. Most of them are settings, which hold for what is done from now on.",
    "cost": "Nothing was replayed, and nothing need be: what is stored are quantities, and every figure of the past is "
    "priced by the rules in force. Publish, and the cost of any day is told by them.",
    "keeping": "Nothing was replayed: what is older than these days is forgotten the next night, and does not come back.",
}
"""By kind that has no history, why not, and what to do instead."""
