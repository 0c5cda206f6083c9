"""Jobs that the tests run, and a process that runs them: `python -m tests.jobs.sample <database url> <folder>`."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from backend.core.clock import RealClock
from backend.core.databases import connect
from backend.core.errors import Invalid, Unavailable
from backend.events.event import Event
from backend.jobs import janitor
from backend.jobs.models import PendingJob
from backend.jobs.registry import GiveUp, JobContext, job, on
from backend.jobs.worker import Worker


class SampleHappened(Event, type="sample.happened"):
    """Something that a sample job follows."""


def note(folder: str, line: str) -> None:
    """Append one line to the folder's log, in one write, so that processes do not mix theirs."""
    descriptor = os.open(Path(folder) / "log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def lines(folder: Path) -> list[str]:
    """What the jobs have noted."""
    log = folder / "log"
    return log.read_text().splitlines() if log.exists() else []


@job()
async def jot(ctx: JobContext, *, folder: str, line: str) -> None:
    note(folder, line)


@on(SampleHappened)
@job()
async def follow(ctx: JobContext, *, event_id: str, seq: int) -> None:
    note(ctx.runtime, f"{seq}")


@job()
async def tidy(ctx: JobContext) -> None:
    note(ctx.runtime, f"tidy {ctx.business_id or 'all'}")


@job()
async def peek(ctx: JobContext, *, folder: str) -> None:
    """Notes how many jobs of its key wait while it runs."""
    waiting = await ctx.read(lambda work: work.session.query(PendingJob).filter_by(key="peek").count())
    note(folder, f"{waiting} wait")


@job(retries=2, backoff_seconds=10)
async def stumble(ctx: JobContext, *, folder: str, times: int) -> None:
    note(folder, f"attempt {ctx.attempt}")
    if ctx.attempt <= times:
        raise Unavailable(f"down {ctx.attempt}")


@job(retries=5)
async def refuse(ctx: JobContext, *, folder: str, typed: bool) -> None:
    note(folder, f"attempt {ctx.attempt}")
    raise GiveUp("never \x1b[31mred\x1b[0m") if typed else Invalid("not like this")


@job(retries=0)
async def blurt(ctx: JobContext, *, said: str) -> None:
    int(said)


@job(retries=0, timeout_seconds=0.05)
async def dawdle(ctx: JobContext) -> None:
    await asyncio.sleep(30)


@job()
async def linger(ctx: JobContext, *, folder: str, seconds: float) -> None:
    """Notes when it begins and ends; the first time in a folder it takes for ever."""
    note(folder, f"begin {os.getpid()}")
    await asyncio.sleep(30 if len(lines(Path(folder))) == 1 else seconds)
    note(folder, f"end {os.getpid()}")


@job()
async def kill(ctx: JobContext, *, folder: str) -> None:
    """Takes its process with it."""
    note(folder, f"begin {os.getpid()}")
    os.kill(os.getpid(), 9)


async def serve(url: str, folder: str) -> None:
    """Run jobs until killed, with a janitor in a hurry, and say so in a file once it can."""
    janitor.BEAT_SECONDS, janitor.SWEEP_SECONDS = 0.2, 0.4
    database = connect(url)
    await database.start()
    worker = Worker(database, RealClock(), database_url=url, runtime=folder, businesses=lambda _session: [])
    await worker.start()
    note(folder + "/ready", f"{os.getpid()}")
    await asyncio.Event().wait()


def process(url: str, folder: Path) -> Any:
    """Start another process on the same database."""
    import subprocess

    (folder / "ready").mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, "-m", "tests.jobs.sample", url, str(folder)])


if __name__ == "__main__":
    from tests.jobs import sample  # so that the jobs carry this package's name, not `__main__`'s

    asyncio.run(sample.serve(sys.argv[1], sys.argv[2]))
