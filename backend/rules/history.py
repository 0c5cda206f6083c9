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
