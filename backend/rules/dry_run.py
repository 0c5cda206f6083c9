"""Dry run: a draft over the business's real past, beside the rules in force. Reads page by page, stores nothing."""

from datetime import timedelta
from typing import Any

from backend.core.clock import instant
from backend.rules import service
from backend.rules.engine import Compiled
from backend.rules.history import HISTORY, NO_PAST
from backend.rules.kinds import Kind
from backend.rules.prose import warnings_of, words_of
from backend.rules.replay import Change, Diff, diff
from backend.rules.schemas import Draft
from backend.settings import Settings
from backend.work import Work

MOST_CASES = 50_000
"""Some seconds' worth; the answer says when the past is longer."""
_MOST_OUTCOMES = 50
_UNPUBLISHED = 0


class DryRun:
    """One dry run between its pages."""

    def __init__(self, work: Work, kind: Kind, old: Compiled, new: Compiled, body: Draft, settings: Settings) -> None:
        self.kind, self.old, self.new, self.days, self.limit = kind, old, new, body.days, body.limit
        self.since = work.now - timedelta(days=body.days)
        self.history = HISTORY.get(kind.name)
        self.settings = settings
        self.found = Diff()
        self.next: Any = None
        self.is_over = self.history is None

    def turn_page(self, work: Work) -> bool:
        """Replay the next page of the past; whether there may be more."""
        if self.history is None or self.is_over:
            return False
        page = self.history.read(work, self.settings, self.since, self.next)
        kind = self.kind
        diff(self.old, self.new, page.cases, decide=kind.decide, say=kind.say, keep=self.limit, found=self.found)
        self.next = page.next
        self.is_over = page.next is None
        return not self.is_over and self.found.cases < MOST_CASES

    def answer(self) -> dict[str, Any]:
        """What the draft would have changed, as it goes over the wire."""
        found, document = self.found, self.new.document
        return {
            "kind": self.kind.name,
            "version": self.old.version,
            "days": self.days,
            "since": instant(self.since),
            "source": self.history.source if self.history else NO_PAST.get(self.kind.name, "Nothing was replayed."),
            "isComplete": self.is_over,
            "cases": found.cases,
            "changed": found.changed,
            "byOutcome": [
                {"group": group, "before": before, "after": after, "count": count}
                for (group, before, after), count in found.by_outcome.most_common(_MOST_OUTCOMES)
            ],
            "changes": [_change_on_wire(change) for change in found.changes],
            "problems": [],  # a draft that has any is refused with all of them
            "warnings": warnings_of(self.kind, document),
            "words": words_of(self.kind, document),
        }


def _change_on_wire(change: Change) -> dict[str, Any]:
    return {
        "subjectId": change.case_id,
        "ref": change.ref,
        "group": change.group,
        "before": change.before,
        "after": change.after,
        "rulesBefore": list(change.fired_before),
        "rulesAfter": list(change.fired_after),
        "why": change.why,
    }


def begin(work: Work, name: str, body: Draft, settings: Settings) -> DryRun:
    """A dry run of the draft, before its first page. Invalid with every problem when the draft cannot run."""
    kind, old = service.kind_of(name), service.current(work, name)
    new = kind.compile(service.drafted(kind, old, body.model_dump(exclude_none=True)), _UNPUBLISHED)
    return DryRun(work, kind, old, new, body, settings)
