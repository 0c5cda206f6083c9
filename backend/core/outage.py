"""A database that cannot do its work: it is gone, busy, or its disk is full. Said in words, and not as a defect of ours."""

from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneFree

from backend.core.errors import Said
from backend.core.log import logger

_NOTHING = "Nothing was changed."
FULL = (
    "STORAGE_FULL",
    f"The disk of the database is full. {_NOTHING} Whoever runs the server must make room; then try again.",
)
AWAY = "DATABASE_AWAY", f"The database does not answer at the moment. {_NOTHING} Try again soon."
BUSY = "DATABASE_BUSY", f"The database is busy with other work. {_NOTHING} Try again."
REFUSED = (
    "DATABASE_REFUSES",
    f"The database's files cannot be written. {_NOTHING} Whoever runs the server must mend their permissions or disk.",
)
DAMAGED = (
    "DATABASE_DAMAGED",
    "The database's file is damaged. Whoever runs the server must stop it and bring back a backup (`holdfast restore`).",
)
UNKNOWN = (
    "OUTCOME_UNKNOWN",
    "The database went away while it kept this: it may be done or not. Look before you do it again.",
)

# https://sqlite.org/rescode.html
_SQLITE = {5: BUSY, 6: BUSY, 8: REFUSED, 10: AWAY, 11: DAMAGED, 13: FULL, 14: AWAY, 26: DAMAGED}
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRES = {"53100": FULL, "53200": BUSY, "53300": BUSY, "55P03": BUSY, "XX001": DAMAGED, "XX002": DAMAGED}
_POSTGRES |= {"57P01": AWAY, "57P02": AWAY, "57P03": AWAY, "58030": AWAY}


class Outage(Said):
    """The database could not do it: 503 to who asked, another try for a job. `message` says what to do."""

    def __init__(self, kind: tuple[str, str], told: str = "") -> None:
        """`told` is what the database said of it, for the log."""
        self.told = told
        self.code, self.message = kind
        super().__init__(self.message)


def outage_of(error: BaseException, *, is_commit: bool = False) -> Outage | None:
    """The outage behind what a database raised, or what it raised while that was cleared away; None when there is none.

    What a unit says itself is none, whatever it was handling. `is_commit`: it was raised by a commit over a network, which
    may have been done when the line broke.
    """
    if isinstance(error, Said):
        return error if isinstance(error, Outage) else None
    link: BaseException | None = error
    while link is not None:
        if (link is error or isinstance(link, SQLAlchemyError)) and (kind := _kind_of(link, is_commit)) is not None:
            return Outage(kind, str(getattr(link, "orig", None) or link))
        link = link.__context__ if isinstance(error, SQLAlchemyError) else None
    return None


def _kind_of(error: BaseException, is_commit: bool) -> tuple[str, str] | None:
    if isinstance(error, NoneFree):  # all lines of the pool are taken
        return BUSY
    original: Any = getattr(error, "orig", None) or error
    if (code := getattr(original, "sqlite_errorcode", None)) is not None:
        return _SQLITE.get(code & 0xFF)
    state = getattr(original, "sqlstate", None) or ""
    is_gone = getattr(error, "connection_invalidated", False) or isinstance(original, OSError) or state[:2] == "08"
    if is_gone or state in ("57P01", "57P02"):
        return UNKNOWN if is_commit else AWAY
    return _POSTGRES.get(state)


class Health:
    """Whether a database does its work. The log says it once, when that changes."""

    outage: Outage | None = None
    """What kept the last write from being done, or a read since; None when it was done."""

    def note(self, outage: Outage | None) -> None:
        if outage is not None and self.outage is None:
            logger.error("the database is out", code=outage.code, told=outage.told)
        elif outage is None and self.outage is not None:
            logger.warning("the database is back", was=self.outage.code)
        self.outage = outage
