"""Where tests put their files, and what the processes that they start need not do again. Imported first by `conftest`."""

import gc
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

_MEMORY = Path("/dev/shm")
_ROOM = 2_000_000_000
"""Bytes that must be free there."""


def hurry() -> None:
    """Files in memory where there is such a place; bytecode kept, whatever the environment says of it; garbage left lying."""
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) and _free(_MEMORY) > _ROOM:
        # Nobody pulls the plug on a test, and a disk that syncs for each commit takes most of its time.
        os.environ["TMPDIR"] = tempfile.tempdir = str(_MEMORY)
    # Where it says that none is kept, each server that a test starts would compile all of our modules: half a second each.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    # Looking for garbage as often as Python does by itself takes a fifteenth of the suite's time.
    gc.set_threshold(50_000, 50, 100)
    _plan_once()
    _read_styles_once()
    _look_often_whether_idle()


def settle() -> None:
    """What was imported stays until the end: no search for garbage walks it again."""
    gc.collect()
    gc.freeze()


def _plan_once() -> None:
    """Let all engines of this process share what SQLAlchemy has compiled: each test has databases of its own, and planning
    the same statements for each of them anew takes a tenth of the suite's time."""
    from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
    from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
    from sqlalchemy.engine import Engine
    from sqlalchemy.util import LRUCache

    plans: Any = LRUCache(10_000)
    Engine._compiled_cache = property(lambda self: plans, lambda self, own: None)  # type: ignore[assignment]
    for dialect in (SQLiteDialect_pysqlite, PGDialect_asyncpg):  # dialects are a part of the key of a plan
        dialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign, assignment]
        dialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign, assignment]


def _read_styles_once() -> None:
    """Let all consoles of this process share what Textual has parsed: each has a stylesheet of its own, which it parses
    anew for each change of theme, and that takes a sixth of the time of the console's tests."""
    from textual.cache import LRUCache
    from textual.css.stylesheet import Stylesheet

    parse = Stylesheet._parse_rules
    rules: LRUCache[Any, Any] = LRUCache(5_000)

    def parse_once(self: Stylesheet, css: str, *about: Any, **named: Any) -> Any:
        key = (css, about, frozenset(named.items()), frozenset(self._variables.items()))
        if (found := rules.get(key)) is None:
            found = rules[key] = parse(self, css, *about, **named)
        return found

    Stylesheet._parse_rules = parse_once  # type: ignore[method-assign]


def _look_often_whether_idle() -> None:
    """After each key a pilot waits until a console rests, and looks fifty times a second whether it does: half of the time
    of a console's test is that wait."""
    from textual import _wait

    _wait.SLEEP_GRANULARITY = 1 / 250
    _wait.SLEEP_IDLE = _wait.SLEEP_GRANULARITY / 20


def _free(folder: Path) -> int:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize
