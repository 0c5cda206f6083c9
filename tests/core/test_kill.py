"""`kill -9` in the middle of writing: everything that was acknowledged is there, and the file is whole."""

import asyncio
import subprocess
import sys

from sqlalchemy import select, text

from backend.core.databases import connect
from backend.identity.models import User
from tests.support.nursery import ROOT

WRITES = 300


def write_until_killed(url: str) -> list[str]:
    """What a writing process acknowledged before it was killed."""
    lines: list[str] = []
    command = [sys.executable, "-m", "tests.core.writer", url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if len(lines) == WRITES:
                process.kill()
    return [line.strip() for line in lines if line.endswith("\n")]


async def test_every_acknowledged_write_survives_a_kill(database_url: str) -> None:
    acknowledged = await asyncio.to_thread(write_until_killed, database_url)
    assert len(acknowledged) >= WRITES
    database = connect(database_url)
    await database.start()
    stored = await database.read(lambda session: set(session.scalars(select(User.name)).all()))
    assert set(acknowledged) <= stored
    if database.name == "sqlite":
        check = await database.read(lambda session: session.scalar(text("PRAGMA integrity_check")))
        assert check == "ok"
    await database.close()
