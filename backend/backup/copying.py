"""One backup is a folder: the app's data, what the job library keeps, and `backup.json`, which tells what is in it.

The jobs' file is copied before the app's: a job that was still in its midst is then run once more, which jobs bear. The
other way round it would count as done while what it did is missing. No job begins or ends in between: one that began would
have left the app's file, and not be in the other.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from backend.backup import checking, postgres
from backend.core.clock import Clock, instant
from backend.core.errors import Said
from backend.core.files import jobs_file
from backend.settings import Settings

ABOUT = "backup.json"
APP, JOBS, DUMP = "app.db", "jobs.db", "app.dump"
_BEGUN = ".begun-"


class Spoiled(Said):
    """A backup that cannot be relied on; the text says why."""


@dataclass(frozen=True)
class Backup:
    """A backup that was opened and checked. `rows` counts those of each table, `sums` has the SHA-256 of each file."""

    name: str
    made_at: str
    database: str
    revision: str
    secret: str
    """A fingerprint of the installation's secret, without which sealed credentials cannot be opened."""
    bytes: int
    rows: dict[str, int]
    events: int
    """How many links of the businesses' chains were verified."""
    sums: dict[str, str]


def folder_of(settings: Settings) -> Path:
    """Where backups are kept."""
    return settings.backup_dir or settings.data_dir / "backups"


def list_backups(folder: Path) -> list[Backup]:
    """What is there, the newest first."""
    found = []
    for path in sorted(folder.glob(f"*/{ABOUT}"), reverse=True):
        with suppress(OSError, ValueError, TypeError):
            found.append(Backup(**json.loads(path.read_text())))
    return sorted(found, key=lambda one: one.made_at, reverse=True)


def make(settings: Settings, folder: Path, clock: Clock) -> Backup:
    """Copy everything into a new folder below `folder`, open the copy and check it. Spoiled when it is not whole, and then
    nothing of it stays. The server goes on meanwhile."""
    url, now = settings.resolved_database_url(), clock.now()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _beginning(folder, now) as (place, name):
        trouble = ""
        if url.startswith("sqlite:///"):
            _copy_files(Path(url.removeprefix("sqlite:///")), place)
            if (place / JOBS).exists():
                trouble = checking.check_file(place / JOBS)
            found = checking.check_sqlite(place / APP)
        else:
            postgres.dump(url, place / DUMP)
            found = postgres.check(url, place / DUMP)
        if trouble := trouble or found.trouble:
            raise Spoiled(trouble)
        files = sorted(path for path in place.iterdir() if path.is_file())
        made = Backup(
            name=name,
            made_at=instant(now),
            database="sqlite" if url.startswith("sqlite") else "postgresql",
            revision=found.revision,
            secret=fingerprint(settings),
            bytes=sum(path.stat().st_size for path in files),
            rows=found.rows,
            events=found.events,
            sums={path.name: _sum(path) for path in files},
        )
        _write(place / ABOUT, json.dumps(asdict(made), indent=2).encode())
    return made


def nightly(settings: Settings, clock: Clock) -> Backup:
    """Make one, and then remove all but the newest `keep_backups`: never before there is a good one more."""
    folder = folder_of(settings)
    made = make(settings, folder, clock)
    for old in list_backups(folder)[settings.keep_backups :]:
        shutil.rmtree(folder / old.name, ignore_errors=True)
    return made


def read(path: Path) -> Backup:
    """The backup in a folder, every file of which is as it was written. Spoiled otherwise."""
    try:
        known = Backup(**json.loads((path / ABOUT).read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise Spoiled(f"{path} holds no backup ({ABOUT} is missing or no longer readable)") from error
    for name, digest in known.sums.items():
        if Path(name).name != name or not (path / name).is_file() or _sum(path / name) != digest:
            raise Spoiled(f"{name} of the backup is missing or not as it was written")
    return known


def fingerprint(settings: Settings) -> str:
    """Tells one installation's secret from another's, and nothing else of it."""
    return hashlib.sha256(f"backup of {settings.resolved_secret()}".encode()).hexdigest()[:16]


@contextmanager
def _beginning(folder: Path, now: datetime) -> Iterator[tuple[Path, str]]:
    """A folder that gets its name when all is well, and is gone otherwise."""
    name = f"holdfast-{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while (folder / name).exists():
        number += 1
        name = f"holdfast-{now:%Y%m%dT%H%M%SZ}-{number}"
    place = folder / f"{_BEGUN}{name}-{os.getpid()}"
    place.mkdir(mode=0o700)
    try:
        yield place, name
        place.rename(folder / name)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _copy_files(app: Path, place: Path) -> None:
    """Both files, while whoever writes to the jobs' file waits: two seconds or so for each GB."""
    jobs = jobs_file(app)
    if not jobs.exists():
        _copy_sqlite(app, place / APP)
        return
    with closing(sqlite3.connect(jobs, timeout=60, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        _copy_sqlite(jobs, place / JOBS)
        _copy_sqlite(app, place / APP)


def _copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a file in use, by a reader that keeps no writer out."""
    _write(target, b"")  # with its mode before anything is in it
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=60)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
