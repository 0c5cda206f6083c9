"""What is being written: on disk within half a second of the last key, one file per incidence; survives a kill."""

import asyncio
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from console.files import read_json, remove, write_json

SAVE_AFTER = 0.4
"""Seconds from the first unsaved key to the disk."""

Mode = Literal["reply", "note"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A text that was not sent. `base_seq` is the newest message its writer had seen."""

    incidence_id: str
    mode: Mode
    text: str
    base_seq: int = 0


class Drafts:
    """The drafts of one member at one server. `keep` answers at once and writes soon, off the loop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drafts = {draft.incidence_id: draft for draft in _read_all(folder)}
        self._unsaved: set[str] = set()
        self._saving: asyncio.Task[None] | None = None

    def of(self, incidence_id: str) -> Draft | None:
        """The draft of an incidence."""
        return self._drafts.get(incidence_id)

    @property
    def incidence_ids(self) -> frozenset[str]:
        """Incidences that have one."""
        return frozenset(self._drafts)

    def keep(self, draft: Draft) -> None:
        """Keep a text; an empty one drops the draft. Call with every change, from the loop."""
        if not draft.text.strip():
            self.drop(draft.incidence_id)
        elif self._drafts.get(draft.incidence_id) != draft:
            self._drafts[draft.incidence_id] = draft
            self._save_soon(draft.incidence_id)

    def drop(self, incidence_id: str) -> None:
        """It was sent, or given up."""
        if self._drafts.pop(incidence_id, None) is not None:
            self._save_soon(incidence_id)

    def flush(self) -> None:
        """Write now what is not written. OSError when it cannot be."""
        ids, self._unsaved = self._unsaved, set()
        for id in ids:
            draft = self._drafts.get(id)
            path = self.folder / f"{_safe(id)}.json"
            if draft is None:
                remove(path)
            else:
                write_json(path, asdict(draft))

    def _save_soon(self, incidence_id: str) -> None:
        self._unsaved.add(incidence_id)
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
