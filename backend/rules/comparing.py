"""Two documents of one kind beside each other: what an author changed, rule by rule, in words."""

from collections.abc import Sequence
from typing import Any

from backend.rules.documents import Rule, RuleSetDocument
from backend.rules.kinds import Kind
from backend.rules.problems import InvalidRules
from backend.rules.prose import sentence
from backend.rules.tracing import cleaned
from backend.rules.wording import plainly

State = dict[str, Any]
_FIELDS = ("label", "group", "when", "then", "text", "enabled")


def changes_between(kind: Kind, old: RuleSetDocument, new: RuleSetDocument) -> list[State]:
    """What is different in `new`: {what, rule, fields, before, after}, settings first, then rules in their new order.

    `what` is setting, added, removed, changed or moved; `before` and `after` are sentences, None where there is none.
    A rule keeps its identity by its id.
    """
    before, after = {rule.id: rule for rule in old.rules}, {rule.id: rule for rule in new.rules}
    told = [
        _told("setting", name, [name], _value(old.settings, name), _value(new.settings, name))
        for name in dict.fromkeys([*old.settings, *new.settings])
        if old.settings.get(name) != new.settings.get(name)
    ]
    moved = _moved([id for id in before if id in after], [id for id in after if id in before])
    for id, rule in after.items():
        if id not in before:
            told.append(_told("added", id, [], None, _words(kind, rule, [])))
            continue
        fields = [name for name in _FIELDS if getattr(before[id], name) != getattr(rule, name)]
        if fields or id in moved:
            words = _words(kind, before[id], fields), _words(kind, rule, fields)
            told.append(_told("changed" if fields else "moved", id, fields, *words))
    return told + [
        _told("removed", id, [], _words(kind, rule, []), None) for id, rule in before.items() if id not in after
    ]


def _told(what: str, rule: str, fields: list[str], before: str | None, after: str | None) -> State:
    return {"what": what, "rule": rule, "fields": fields, "before": before, "after": after}


def _value(settings: dict[str, Any], name: str) -> str | None:
    return plainly({name: settings[name]}) if name in settings else None


def _words(kind: Kind, rule: Rule, fields: Sequence[str]) -> str:
    """The sentence of a rule, and beside it those changed fields that the sentence does not tell."""
    try:
        said = sentence(kind, rule)
    except InvalidRules:  # of a time when there were other facts
        said = cleaned(rule.label)
    more = [f"{name}: {cleaned(getattr(rule, name)) or '–'}" for name in ("group", "text") if name in fields]
    return " · ".join([said, *more])


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Of the same ids in two orders, the fewest that must have been moved: all but a longest run that kept its order."""
    place = {id: at for at, id in enumerate(old)}
    kept: list[str] = []
    longest: list[list[str]] = []
    for id in new:
        runs = [run for run in longest if place[run[-1]] < place[id]]
        longest.append([*(max(runs, key=lambda run: len(run)) if runs else []), id])
        kept = max(kept, longest[-1], key=lambda run: len(run))
    return set(new) - set(kept)
