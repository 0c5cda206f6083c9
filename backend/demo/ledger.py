"""The world's rows, gathered in memory and inserted in bulk; events go through the same chain as everybody's."""

from collections import defaultdict
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert

from backend.core.rows import Base
from backend.events import log
from backend.events.chain import GENESIS
from backend.events.event import Actor, Event
from backend.events.models import EventBody, EventRow


class Ledger:
    """Rows of one business by table, and the head of its chain. Ids come from `rng`, so a seed gives the same ones."""

    def __init__(self, rng: Random, at: datetime) -> None:
        self.rng = rng
        self.rows: dict[Table, list[dict[str, Any]]] = defaultdict(list)
        self.business_id = self.new_id(at)
        self.seq, self._hash = 0, GENESIS

    def new_id(self, at: datetime) -> str:
        """A UUIDv7 (RFC 9562) made at `at`, its random bits drawn from the seed."""
        millis, chance = int(at.timestamp() * 1000), self.rng.getrandbits(74)
        return str(UUID(int=millis << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & (1 << 62) - 1))

    def add(self, model: type[Base], **row: Any) -> dict[str, Any]:
        """Keep a row of this business; the answer may be changed until `insert`."""
        row["business_id"] = self.business_id
        self.rows[model.__table__].append(row)  # type: ignore[index]
        return row

    def emit(self, event: Event, actor: Actor, at: datetime) -> int:
        """Append `event` to the chain; its seq."""
        row, words = log.linked(
            event, self.seq, self._hash, id=self.new_id(at), business_id=self.business_id, actor=actor, now=at
        )
        self.seq, self._hash = row["seq"], row["hash"]
        self.rows[EventRow.__table__].append(row)  # type: ignore[index]
        self.rows[EventBody.__table__].append(words)  # type: ignore[index]
        return self.seq

    def insert(self, connection: Connection) -> None:
        """Write everything, parents first."""
        for table in Base.metadata.sorted_tables:
            if rows := self.rows.get(table):
                connection.execute(insert(table), rows)
