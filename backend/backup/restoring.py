"""The way back: a backup put in the place of a database, which is kept beside it, never overwritten."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from backend.backup import checking, postgres
from backend.backup.copying import APP, DUMP, JOBS, Backup, Spoiled, fingerprint, read
from backend.core.clock import Clock
from backend.core.errors import Said
from backend.core.files import jobs_file
from backend.core.processes import is_running, place
from backend.settings import Settings

_ASIDE = ("", "-wal", "-shm", "-journal")


class Refused(Said):
    """Nothing was changed; the text says why and what to do."""


def restore(settings: Settings, source: Path, clock: Clock, *, replaces: bool = False) -> tuple[Backup, list[str]]:
    """Put the backup in the folder `source` in the place of the settings' database; what to know of it, in words.

    Spoiled when it is not as it was written. Refused when there is a database already and it is not said that it is to
    be replaced, or when a server works on it.
    """
    backup, url = read(source), settings.resolved_database_url()
    said = []
    if backup.secret != fingerprint(settings):
        said.append(
            "It was made under another secret: credentials of other systems must be given again, or bring its secret."
        )
    if (backup.database == "sqlite") != url.startswith("sqlite"):
        raise Refused(f"This is a backup of {backup.database}; give --database-url of such a database.")
    if backup.database == "postgresql":
        if not postgres.is_empty(url):
            raise Refused("There is a database already. Make an empty one and give its --database-url.")
        postgres.load(url, source / DUMP)
        return backup, said
    app = Path(url.removeprefix("sqlite:///"))
    if app.exists():
        if not replaces:
            raise Refused(f"There is a database at {app} already. With --replace it is put aside, and kept.")
        if (pid := _server_at(app)) is not None:
            raise Refused(f"A server works on {app} (process {pid}). Stop it first.")
    app.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = _copied(source, app)
    said += _put_aside(app, f"{clock.now():%Y%m%dT%H%M%S}")
    for path, target in new:
        path.replace(target)
    return backup, said


def _copied(source: Path, app: Path) -> list[tuple[Path, Path]]:
    """The files beside where they belong, looked at once more: what is replaced is replaced by something whole."""
    new = []
    for name, target in ((JOBS, jobs_file(app)), (APP, app)):
        if (source / name).exists():
            beside = target.with_name(f".{target.name}.restored")
            shutil.copyfile(source / name, beside)
            os.chmod(beside, 0o600)
            if trouble := checking.check_file(beside):
                beside.unlink()
                raise Spoiled(trouble)
            new.append((beside, target))
    return new


def _put_aside(app: Path, at: str) -> list[str]:
    """Give what is there another name, so that nothing is lost and no journal of it meets the new file."""
    said = []
    for path in (app, jobs_file(app)):
        if path.exists():
            _fold(path)
            said.append(f"What was there is {path.name}.before-restore-{at} now.")
        for end in _ASIDE:
            with suppress(FileNotFoundError):
                path.with_name(path.name + end).rename(path.with_name(f"{path.name}.before-restore-{at}{end}"))
    return said


def _fold(path: Path) -> None:
    """Let SQLite write its journal back, as far as it can."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, timeout=5)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _server_at(app: Path) -> int | None:
    """The pid of a process of this place that works on the database, as far as the database knows."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{app.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as connection,
    ):
        for table in ("server_processes", "executors"):
            for pid, at in connection.execute(f"SELECT pid, place FROM {table}"):
                if at == place() and is_running(pid):
                    return int(pid)
    return None
