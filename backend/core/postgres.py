"""PostgreSQL: the same synchronous units through `AsyncSession.run_sync` on asyncpg, a transaction each."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import orjson
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from backend.core.db import MergedUnit, Waiting, answer, must_start_over
from backend.core.errors import Invalid
from backend.core.outage import Health, outage_of

T = TypeVar("T")
# PostgreSQL stores every character but that one, and normal forms of a text may be longer than the text was.
_IN_WORDS = dict.fromkeys(("22021", "22P05"), "A text holds the character NUL. Leave it out.")
_IN_WORDS["22001"] = "A text is longer than its field. Shorten it."
_TRIES = 6
_APART_SECONDS = 0.1
_GROUP_AT_MOST = 256
PATIENCE = 120.0
"""Seconds until a statement, or a new line, counts as unanswered: behind a network that swallows what it is given, writers
would wait for a quarter of an hour, until the system gives the line up, and everybody with them."""
_WRITERS = 4
"""Units that write at once in this process. One at a time has the log of a business, from its first event to its commit;
the more there are beside it, the longer each of its statements waits for the event loop, and so does everybody."""


class PostgresDatabase(Health):
    """See `core.db.Database`."""

    name = "postgresql"

    def __init__(self, url: str) -> None:
        _, rest = url.split("://", 1)
        self.url = url
        self.on_commit: Callable[[dict[str, Any]], None] = lambda _info: None
        self._engine = create_async_engine(
            f"postgresql+asyncpg://{rest}",
            pool_size=10,
            max_overflow=10,
            pool_pre_ping=False,
            connect_args={"timeout": PATIENCE, "command_timeout": PATIENCE},
            hide_parameters=True,  # what customers wrote has no place in logs and dead letters
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
        )
        # Each statement of a transaction sees its own moment otherwise, and the numbers of one answer disagree.
        self._snapshots = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._waiting: dict[MergedUnit[Any, Any], list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._merging: set[asyncio.Task[None]] = set()
        self._writers = asyncio.Semaphore(_WRITERS)

    async def start(self) -> None:
        async with self._engine.connect():
            pass

    async def read(self, unit: Callable[[Session], T]) -> T:
        for remaining in reversed(range(_TRIES)):
            try:
                async with AsyncSession(self._snapshots, autoflush=False, expire_on_commit=False) as session:
                    return await session.run_sync(unit)
            except Exception as error:
                if not remaining or not (_is_broken_line(error) or must_start_over(error)):
                    self._raise(error)
        raise AssertionError("unreachable")

    async def write(self, unit: Callable[[Session], T]) -> T:
        for remaining in reversed(range(_TRIES)):
            is_commit = False
            try:
                async with self._writers, AsyncSession(self._engine, expire_on_commit=False) as session:
                    result = await session.run_sync(unit)
                    is_commit = True
                    await session.commit()
            except Exception as error:
                if remaining and must_start_over(error):
                    await asyncio.sleep(random.uniform(0, _APART_SECONDS))  # so that they do not meet again
                    continue
                if remaining and not is_commit and _is_broken_line(error):
                    continue
                self._raise(error, is_commit=is_commit)
            if self.outage is not None:
                self.note(None)
            if session.info:
                self.on_commit(dict(session.info))
            return result
        raise AssertionError("unreachable")

    async def merge(self, unit: MergedUnit[Any, Any], item: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(unit)
        if waiting is not None:
            waiting.append((item, future))
        else:
            self._waiting[unit] = [(item, future)]
            task = asyncio.create_task(self._merge_all(unit))
            self._merging.add(task)
            task.add_done_callback(self._merging.discard)
        return await future

    async def _merge_all(self, unit: MergedUnit[Any, Any]) -> None:
        """Take what waits, commit it together, and again until nothing waits."""
        while waiting := self._waiting[unit]:
            group, self._waiting[unit] = waiting[:_GROUP_AT_MOST], waiting[_GROUP_AT_MOST:]
            items = [item for item, _ in group]
            try:
                results = await self.write(lambda session, items=items: _run(session, unit, items))  # type: ignore[misc]
            except Exception as error:
                results = [error] * len(group)
            for (_, future), result in zip(group, results, strict=True):
                answer(future, result)
        del self._waiting[unit]

    def _raise(self, error: Exception, *, is_commit: bool = False) -> NoReturn:
        """What the caller can mend as a typed error, an outage as such, everything else as it is."""
        words = _IN_WORDS.get(getattr(getattr(error, "orig", None), "sqlstate", None) or "")
        if words:
            raise Invalid(words) from error
        outage = outage_of(error, is_commit=is_commit)
        if outage is None:
            raise error
        self.note(outage)
        raise outage from error

    async def close(self) -> None:
        if self._merging:
            await asyncio.wait(self._merging)
        await self._engine.dispose()


def _is_broken_line(error: Exception) -> bool:
    """Whether a connection of the pool had been broken off, as by a restart: a new one may do."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _run(session: Session, unit: MergedUnit[Any, Any], items: list[Any]) -> list[Any]:
    @contextmanager
    def savepoint() -> Iterator[Session]:
        before = dict(session.info)
        try:
            with session.begin_nested():
                yield session
        except BaseException:
            session.info.clear()  # what is remembered of rows that have been rolled back is wrong
            session.info.update(before)
            raise

    return Waiting.run(savepoint, unit, items)
