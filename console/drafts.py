"""What is being written: on disk within half a second of the last key, one file each; survives a kill.

An incidence has a reply and a note that know nothing of each other: what was begun for the team is never sent to the
customer because the other key was pressed.
"""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from console.files import read_json, remove, write_json

SAVE_AFTER = 0.4
"""Seconds from the first unsaved key to the disk."""

Mode = Literal["reply", "note"]
MODES: tuple[Mode, ...] = ("reply", "note")
Key = tuple[str, Mode]
"""Incidence and mode."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was not sent. `base_seq` is the newest message its writer had seen; `macro_id` the macro whose other
    steps are done with it, `macro_said` what those are, in words."""

    incidence_id: str
    mode: Mode
    text: str
    base_seq: int = 0
    macro_id: str = ""
    macro_said: str = ""


class Drafts:
    """The drafts of one member at one server. `keep` answers at once and writes soon, off the loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drafts = {(draft.incidence_id, draft.mode): draft for draft in _read_all(folder)}
        self._unsaved: set[Key] = set()
        self._saving: asyncio.Task[None] | None = None

    def of(self, incidence_id: str, mode: Mode) -> Draft | None:
        """The reply or the note that was begun on an incidence."""
        return self._drafts.get((incidence_id, mode))

    @property
    def incidence_ids(self) -> frozenset[str]:
        """Incidences that have one."""
        return frozenset(incidence_id for incidence_id, _ in self._drafts)

    def keep(self, draft: Draft) -> None:
        """Keep a text; an empty one drops the draft. Call with every change, from the loop."""
        if not draft.text.strip():
            self.drop(draft.incidence_id, draft.mode)
        elif self._drafts.get(key := (draft.incidence_id, draft.mode)) != draft:
            self._drafts[key] = draft
            self._save_soon(key)

    def drop(self, incidence_id: str, mode: Mode) -> None:
        """It was sent, or given up."""
        if self._drafts.pop((incidence_id, mode), None) is not None:
            self._save_soon((incidence_id, mode))

    def move(self, incidence_id: str, into: str) -> None:
        """An incidence is part of another now: what was begun in it goes on there, after what was begun there."""
        for mode in MODES:
            draft, there = self.of(incidence_id, mode), self.of(into, mode)
            if draft is not None:
                text = f"{there.text.rstrip()}\n\n{draft.text}" if there else draft.text
                self.keep(Draft(into, mode, text, min(draft.base_seq, there.base_seq) if there else draft.base_seq))
                self.drop(incidence_id, mode)

    def flush(self) -> None:
        """Write now what is not written. OSError when it cannot be."""
        keys, self._unsaved = self._unsaved, set()
        for key in keys:
            draft = self._drafts.get(key)
            path = self.folder / f"{_safe(key[0])}.{key[1]}.json"
            if draft is None:
                remove(path)
            else:
                write_json(path, asdict(draft))

    def _save_soon(self, key: Key) -> None:
        self._unsaved.add(key)
        if self._saving is None or self._saving.done():
            self._saving = asyncio.get_running_loop().create_task(self._save())

    async def _save(self) -> None:
        while self._unsaved:
            await asyncio.sleep(SAVE_AFTER)
            await asyncio.to_thread(self.flush)

    async def close(self) -> None:
        """Write what is left."""
        if self._saving is not None:
            self._saving.cancel()
        await asyncio.to_thread(self.flush)


def _safe(id: str) -> str:
    return "".join(letter for letter in id if letter.isalnum() or letter in "-_")[:64]


def _read_all(folder: Path) -> list[Draft]:
    found = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        content: Any = read_json(path, None)
        try:
            found.append(Draft(**content))
        except TypeError:  # of another version: nothing is lost, the file stays
            continue
    return found
