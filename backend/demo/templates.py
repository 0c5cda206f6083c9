"""Databases of earlier starts that a new one copies: the empty schema, and a world that is still fresh.

Nothing in a copied world is shifted in time; its cases have merely waited since it was made. So only one of the last
minutes is taken, and otherwise a new one is made.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from platformdirs import user_cache_path

from backend.core.clock import Clock
from backend.migrations import run as migrations

FRESH = timedelta(minutes=10)
"""How old a copied world may be: longer, and too much of what was about to happen would have happened."""


def copy_schema(database: Path) -> None:
    """An empty database of this release's schema: migrating takes half a second, a copy of the last one nothing."""
    template = _folder() / f"schema-{_schema()}.db"
    if template.exists():
        shutil.copyfile(template, database)
        return
    migrations.migrate(f"sqlite:///{database}")
    _keep(database, template)


def copy_world(database: Path, seed: int, clock: Clock) -> bool:
    """Whether a world of that seed was there and fresh enough to be copied."""
    template = _world(seed)
    with suppress(FileNotFoundError):
        age = timedelta(seconds=clock.now().timestamp() - template.stat().st_mtime)
        if timedelta(0) <= age < FRESH:
            shutil.copyfile(template, database)
            return True
    return False


def keep_world(database: Path, seed: int) -> None:
    """Keep a world just made for the next start, in place of the one before."""
    for earlier in _folder().glob("world-*.db"):
        with suppress(OSError):
            earlier.unlink()
    _keep(database, _world(seed))


def _folder() -> Path:
    return user_cache_path("holdfast") / "demo"


def _world(seed: int) -> Path:
    return _folder() / f"world-{_digest(Path(__file__).parent.glob('*.py'))}-{_schema()}-{seed}.db"


def _schema() -> str:
    """Names the schema by the revisions that make it."""
    return _digest((migrations.FOLDER / "versions").glob("[0-9]*.py"))


def _digest(paths: Iterable[Path]) -> str:
    told = hashlib.sha256()
    for path in sorted(paths):
        told.update(path.read_bytes())
    return told.hexdigest()[:16]


def _keep(database: Path, template: Path) -> None:
    with suppress(OSError):  # nowhere to keep it: the next start makes its own
        template.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=template.parent) as folder:
            shutil.copyfile(database, Path(folder) / "copy.db")
            (Path(folder) / "copy.db").replace(template)
