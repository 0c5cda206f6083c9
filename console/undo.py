"""What can be taken back: changes whose opposite is known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KEPT = 50


@dataclass(frozen=True, slots=True)
class Change:
    """Something done: what it was in words, and how it is undone and done again (both start a call)."""

    title: str
    undo: Callable[[], Any]
    redo: Callable[[], Any]


class Undo:
    """The changes of this sign-in, newest last."""

    def __init__(self) -> None:
        self._done: list[Change] = []
        self._undone: list[Change] = []

    def push(self, change: Change) -> None:
        """Something was done; what was undone before can no longer be done again."""
        self._done = [*self._done, change][-KEPT:]
        self._undone.clear()

    def undo(self) -> str | None:
        """Take the newest back and answer what it was; None when there is none."""
        if not self._done:
            return None
        change = self._done.pop()
        self._undone.append(change)
        change.undo()
        return change.title

    def redo(self) -> str | None:
        """Do the last undone again and answer what it was; None when there is none."""
        if not self._undone:
            return None
        change = self._undone.pop()
        self._done.append(change)
        change.redo()
        return change.title
