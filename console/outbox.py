"""What was done while offline. Notes go by themselves when the server answers again, unless their incidence is another
by then; replies never do: the customer sees them, so they wait as drafts marked "not sent". Either is a conflict when
something happened in between that may make it wrong, and says what.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from console.calls import describe
from console.files import read_json, write_json

if TYPE_CHECKING:
    from backend.client import Client

Row = dict[str, Any]
Kind = Literal["note", "reply"]
State = Literal["waiting", "sending", "conflict", "not sent"]

_TOLD = 6
"""Things that happened in between that are told."""

_WATCHED = ("status", "outcome", "agentId")
"""A note written on an open case may be wrong on a closed one, or on somebody else's; other changes do not matter."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something written offline. `id` is its Idempotency-Key, so that it arrives once; `base` is the incidence as it
    was: version, lastMessageSeq and what is watched."""

    id: str
    kind: Kind
    incidence_id: str
    ref: str
    text: str
    base: Row
    state: State
    why: str = ""
    since: tuple[str, ...] = ()
    """What happened in between, in words, the newest last."""

    @property
    def label(self) -> str:
        """Its state in words."""
        return f"{self.state}: {self.why}" if self.why else self.state


class Outbox:
    """The items of one member at one server, on disk before `put` returns."""

    def __init__(self, path: Path, on_change: Callable[[], Any] = lambda: None) -> None:
        self.path, self.on_change = path, on_change
        self._items = {item.id: item for item in _read(path)}
        self._sending = asyncio.Lock()

    @property
    def items(self) -> list[Item]:
        """Everything, oldest first."""
        return list(self._items.values())

    @property
    def is_waiting(self) -> bool:
        """Whether something may go by itself as soon as the server takes it."""
        return any(item.state in ("waiting", "sending") for item in self._items.values())

    def of(self, incidence_id: str) -> list[Item]:
        """What waits for one incidence."""
        return [item for item in self._items.values() if item.incidence_id == incidence_id]

    def put(self, kind: Kind, row: Row, text: str) -> Item:
        """Keep a note to be sent, or a reply to be looked at, on the incidence as it is displayed. OSError on a full disk."""
        base = {key: row[key] for key in ("version", "lastSeq", "lastMessageSeq", *_WATCHED)}
        if kind == "reply":  # one draft, one reply
            self.forget_reply(row["incidenceId"])
        state: State = "waiting" if kind == "note" else "not sent"
        item = Item(str(uuid4()), kind, row["incidenceId"], row["ref"], text, base, state)
        self._set(item)
        return item

    def drop(self, id: str) -> None:
        """Give an item up, or take it out because it was sent another way."""
        if self._items.pop(id, None) is not None:
            self._write()

    def forget_reply(self, incidence_id: str) -> None:
        """The reply on an incidence was sent, or given up."""
        for item in self.of(incidence_id):
            if item.kind == "reply":
                self.drop(item.id)

    def agree(self, id: str) -> None:
        """A person has looked at the conflict: send it all the same with the next flush."""
        item = self._items[id]
        if item.kind == "note":
            self._set(replace(item, state="waiting", why="", since=(), base={}))

    async def flush(self, api: "Client") -> tuple[int, int]:
        """Send the notes that wait, oldest first, and look what became of the incidences of replies.

        Answers (sent, conflicts); stops when the server does not answer, or cannot take them now.
        """
        from backend.client import ApiError, Offline

        sent = clashed = 0
        async with self._sending:
            for item in self.items:
                if item.state == "conflict" or item.id not in self._items:
                    continue
                try:
                    if item.kind == "reply":
                        clashed += await self._look(api, item)
                        continue
                    is_sent = await self._send(api, item)
                except (Offline, ApiError):
                    break
                sent += is_sent
                clashed += not is_sent
        return sent, clashed

    async def _look(self, api: "Client", item: Item) -> bool:
        """Whether a reply is a conflict by now: something was said that its writer has not seen, or the case is over."""
        from backend.client import ApiError

        try:
            now = await api.transport.call("GET", "/incidences/{incidence_id}", incidence_id=item.incidence_id)
            is_stale = bool(now["lastMessageSeq"] > item.base.get("lastMessageSeq", 0) or now["status"] == "CLOSED")
            if is_stale:
                await self._clash(api, item, now)
        except ApiError as error:
            if error.status != 404:
                return False
            self._set(replace(item, state="conflict", why=error.message))
            is_stale = True
        return is_stale

    async def _clash(self, api: "Client", item: Item, now: Row) -> None:
        """Write down that it is a conflict, and what happened in between."""
        from console.calls import told
        from console.desk import ages

        path = "/incidences/{incidence_id}/timeline"
        since: tuple[str, ...] = ()
        if (last := item.base.get("lastSeq")) is not None:
            page = await api.transport.call("GET", path, incidence_id=item.incidence_id, limit=50)
            newer = [entry for entry in page["items"] if entry["seq"] > last][-_TOLD:]
            since = tuple(told(entry, lambda _: "a colleague", ages.parsed(entry["at"])) for entry in newer)
        into = now.get("mergedInto")
        why = f"it is part of {into['ref']} now" if into else f"it changed meanwhile: {describe(now)}"
        self._set(replace(item, state="conflict", why=why, since=since))

    async def _send(self, api: "Client", item: Item) -> bool:
        from backend.client import ApiError
        from backend.incidences.schemas import NoteAdd

        try:
            now = await api.transport.call("GET", "/incidences/{incidence_id}", incidence_id=item.incidence_id)
            # A try whose answer was lost may have gone through; the key makes the second one the same.
            if item.state != "sending" and any(now[key] != item.base[key] for key in _WATCHED if key in item.base):
                await self._clash(api, item, now)
                return False
            self._set(replace(item, state="sending"))
            into = now.get("mergedInto")  # somebody has looked, or it is the second try: where the case goes on
            at = into["incidenceId"] if into and not item.base else item.incidence_id
            await api.agent.note(at, NoteAdd(text=item.text), idempotency_key=item.id)
        except ApiError as error:
            if error.status in (401, 429) or error.status >= 500:
                self._set(replace(item, state="waiting", why=error.message))
                raise
            self._set(replace(item, state="conflict", why=error.message))
            return False
        self.drop(item.id)
        return True

    def _set(self, item: Item) -> None:
        self._items[item.id] = item
        self._write()

    def _write(self) -> None:
        write_json(self.path, [asdict(item) for item in self._items.values()])
        self.on_change()


def _read(path: Path) -> list[Item]:
    found = read_json(path, [])
    try:
        return [Item(**{**content, "since": tuple(content.get("since", ()))}) for content in found]
    except TypeError:  # of another version: put aside, not lost
        path.replace(path.with_name(path.name + ".broken"))
        return []
