"""A draft of one rule set: plain JSON, every change a step that can be taken back, on disk until it is published."""

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from console.files import read_json, remove, write_json

Path_ = tuple[str | int, ...]
"""Where something is in the document: ("rules", 2, "when", "all", 0)."""

Document = dict[str, Any]
MOST_STEPS = 200
PARTS = ("settings", "rules")


def said(path: Sequence[str | int]) -> str:
    """A path as the server writes it: `rules[2].when.all[0]`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def at(document: Any, path: Sequence[str | int]) -> Any:
    """What is at a path; None where there is nothing."""
    for step in path:
        if isinstance(step, int):
            document = document[step] if isinstance(document, list) and step < len(document) else None
        else:
            document = document.get(step) if isinstance(document, Mapping) else None
    return document


class Draft:
    """The settings and rules of one kind, begun on a version. Changing is replacing: nothing handed out is changed."""

    def __init__(self, kind: str, version: int, document: Mapping[str, Any], path: Path | None = None) -> None:
        self.kind, self.version, self.path = kind, version, path
        self.base: Document = {part: document[part] for part in PARTS}
        self.now: Document = self.base
        self._before: list[Document] = []
        self._after: list[Document] = []

    @classmethod
    def kept(cls, folder: Path, kind: str, version: int, document: Mapping[str, Any]) -> "Draft":
        """What was begun and not published, else an unchanged draft of `document`."""
        path = folder / f"{kind}.json"
        found = read_json(path, None)
        if not (is_document(found) and isinstance(found.get("version"), int) and is_document(found.get("base"))):
            return cls(kind, version, document, path)
        draft = cls(kind, found["version"], found["base"], path)
        draft.now = {part: found[part] for part in PARTS}
        return draft

    @property
    def is_changed(self) -> bool:
        """Whether it says anything else than the version it was begun on."""
        return self.now != self.base

    @property
    def rules(self) -> list[dict[str, Any]]:
        """The rules as they are now."""
        rules: list[dict[str, Any]] = self.now["rules"]
        return rules

    def with_value(self, path: Path_, value: Any) -> Document:
        """The document with another value at a path."""

        def put(document: Document) -> None:
            at(document, path[:-1])[path[-1]] = value

        return self._changed(put)

    def put(self, path: Path_, value: Any) -> None:
        """Set a value."""
        self.become(self.with_value(path, value))

    def insert(self, path: Path_, value: Any) -> None:
        """Put a value into a list, before what is at its place."""

        def put(document: Document) -> None:
            at(document, path[:-1]).insert(path[-1], copy.deepcopy(value))

        self.become(self._changed(put))

    def take(self, path: Path_) -> None:
        """Take something out of a list."""

        def take(document: Document) -> None:
            del at(document, path[:-1])[path[-1]]

        self.become(self._changed(take))

    def move(self, path: Path_, by: int) -> Path_:
        """Move something within its list; where it is now."""
        parts, place = at(self.now, path[:-1]), path[-1]
        assert isinstance(place, int)
        to = max(0, min(place + by, len(parts) - 1))
        if to == place:
            return path

        def swap(document: Document) -> None:
            inside = at(document, path[:-1])
            inside.insert(to, inside.pop(place))

        self.become(self._changed(swap))
        return (*path[:-1], to)

    def _changed(self, change: Callable[[Document], None]) -> Document:
        document = copy.deepcopy(self.now)
        change(document)
        return document

    def become(self, document: Document) -> None:
        """Say something else; a step of its own."""
        if document == self.now:
            return
        self._before = [*self._before, self.now][-MOST_STEPS:]
        self._after.clear()
        self.now = document
        self.keep()

    def undo(self) -> bool:
        """Take the last step back, if there is one."""
        return self._step(self._before, self._after)

    def redo(self) -> bool:
        """Take it again."""
        return self._step(self._after, self._before)

    def _step(self, source: list[Document], target: list[Document]) -> bool:
        if not source:
            return False
        target.append(self.now)
        self.now = source.pop()
        self.keep()
        return True

    def rebase(self, version: int, document: Mapping[str, Any]) -> None:
        """Go on from another version, that its author has seen; what is written stays."""
        self.version, self.base = version, {part: document[part] for part in PARTS}
        self.keep()

    def keep(self) -> None:
        """On disk when this returns; a draft that says nothing new is no longer kept. OSError when it cannot be."""
        if self.path is None:
            return
        if self.is_changed:
            write_json(self.path, {"version": self.version, "base": self.base, **self.now})
        else:
            remove(self.path)


def is_document(found: Any) -> bool:
    """Whether something has the outermost shape of a rule set; what is inside, the server checks."""
    if not isinstance(found, dict) or not isinstance(found.get("settings"), dict):
        return False
    rules = found.get("rules")
    return isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)


def new_id(rules: Sequence[Mapping[str, Any]], like: str) -> str:
    """An id that no rule has, after that of another."""
    taken, number = {str(rule.get("id")) for rule in rules}, 2
    stem = like[:50].rstrip("0123456789_") or "rule"
    while f"{stem}_{number}" in taken:
        number += 1
    return f"{stem}_{number}"
