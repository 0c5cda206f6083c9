"""Opening a copy and looking whether it is whole: the file, its references, every business's chain, and row counts."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backend.core.rows import Base
from backend.events import log
from backend.events.chain import GENESIS, first_broken
from backend.events.models import EventRow

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Found:
    """What a copy holds, and in words what is wrong with it; "" when it is whole."""

    trouble: str
    revision: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    events: int = 0


def check_file(path: Path) -> str:
    """What SQLite finds wrong with a file; "" for nothing."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as error:
        return f"{path.name} cannot be read: {error}"
    if said != "ok":
        return f"{path.name} is damaged: {said}"
    return f"a row of {broken[0]} points at nothing" if broken else ""


def check_sqlite(path: Path) -> Found:
    """What a copy of the app's file holds."""
    if trouble := check_file(path):
        return Found(trouble)
    return check(create_engine(f"sqlite:///{path}", poolclass=NullPool))


def check(engine: Engine) -> Found:
    """What a copy holds that is a database again."""
    try:
        with Session(engine) as session:
            revision = str(session.scalar(text("SELECT version_num FROM alembic_version")))
            tables = Base.metadata.sorted_tables
            rows = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
            events, trouble = 0, ""
            for business_id in session.scalars(select(EventRow.business_id).distinct()).all():
                seen, trouble = _chain(session, business_id)
                events += seen
                if trouble:
                    break
    finally:
        engine.dispose()
    return Found(trouble, revision, rows, events)


def _chain(session: Session, business_id: str) -> tuple[int, str]:
    """How many links of a business's chain fit, and what the first one is that does not."""
    seq, hash = 0, GENESIS
    while rows := log.after(session, business_id, seq, _AT_ONCE):
        if broken := first_broken(rows, hash, seq + 1):
            return broken[0] - 1, f"event {broken[0]} of business {business_id} {broken[1]}"
        seq, hash = rows[-1].seq, rows[-1].hash
    return seq, ""
