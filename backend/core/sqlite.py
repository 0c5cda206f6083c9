"""SQLite: one writer thread that commits what waits together (synchronous=FULL), a few reader threads."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from backend.core.db import MergedUnit, Waiting, answer
from backend.core.outage import AWAY, Health, Outage, outage_of

T = TypeVar("T")
READERS = 3
_READER_CACHE_KB, _WRITER_CACHE_KB = 2_000, 12_000
"""Pages kept by each connection. Signals of a thousand customers touch two or three pages of each: what the writer has to
fetch again for them cost a fifth of storing a batch. Readers find what they lack in the system's own cache."""
_WAL_PAGES = 16_000
"""How long the write-ahead log grows (64 MB) until it is copied into the file: what is written again and again meanwhile is
copied once, and a batch that touches two thousand pages is not followed by a copy every other time."""
GROUP_AT_MOST = 256


class _Write(NamedTuple):
    unit: Callable[[Session], Any] | None
    merged: MergedUnit[Any, Any] | None
    item: Any
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop


def _engine(url: str, *, begin: str, cache_kb: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=READERS + 1,
        connect_args={"check_same_thread": False, "timeout": 30},
        hide_parameters=True,  # what customers wrote has no place in logs and dead letters
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy says BEGIN, not the driver
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "temp_store=MEMORY",
            f"cache_size=-{cache_kb}",
            f"wal_autocheckpoint={_WAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    # As plain text: compiling these anew for each unit cost a fifth of opening a case.
    dialect: Any = engine.dialect
    dialect.do_savepoint = lambda connection, name: connection.exec_driver_sql(f"SAVEPOINT {name}")
    dialect.do_release_savepoint = lambda connection, name: connection.exec_driver_sql(f"RELEASE {name}")
    dialect.do_rollback_to_savepoint = lambda connection, name: connection.exec_driver_sql(f"ROLLBACK TO {name}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


class SqliteDatabase(Health):
    """See `core.db.Database`."""

    name = "sqlite"

    def __init__(self, url: str) -> None:
        self.url = url
        self.on_commit: Callable[[dict[str, Any]], None] = lambda _info: None
        # BEGIN IMMEDIATE: with a plain BEGIN, concurrent read-modify-writes were lost.
        self._writer_engine = _engine(url, begin="BEGIN IMMEDIATE", cache_kb=_WRITER_CACHE_KB)
        self._reader_engine = _engine(url, begin="BEGIN", cache_kb=_READER_CACHE_KB)
        self._gathered: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
        self._waiting: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, "read")
        self._writer: threading.Thread | None = None

    async def start(self) -> None:
        self._writer = threading.Thread(target=self._write_forever, name="write", daemon=True)
        self._writer.start()

    async def read(self, unit: Callable[[Session], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, unit)

    def _read(self, unit: Callable[[Session], T]) -> T:
        try:
            with Session(self._reader_engine, autoflush=False) as session:
                return unit(session)
        except DBAPIError as error:
            if (outage := outage_of(error)) is None:
                raise
            self.note(outage)
            raise outage from error

    async def write(self, unit: Callable[[Session], T]) -> T:
        return await self._submit(unit, None, None)  # type: ignore[no-any-return]

    async def merge(self, unit: MergedUnit[Any, Any], item: Any) -> Any:
        return await self._submit(None, unit, item)

    def _submit(
        self, unit: Callable[[Session], Any] | None, merged: MergedUnit[Any, Any] | None, item: Any
    ) -> "asyncio.Future[Any]":
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        # What one turn of the loop wants is handed over together: a write at a time would wake the writer for the first
        # of them, and both threads would then fight for the interpreter.
        gathered = self._gathered.get(loop)
        if gathered is None:
            gathered = self._gathered[loop] = []
            loop.call_soon(self._hand_over, loop)
        gathered.append(_Write(unit, merged, item, future, loop))
        return future

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waiting.put(self._gathered.pop(loop))

    def _write_forever(self) -> None:
        while (group := self._waiting.get()) is not None:
            try:
                while len(group) < GROUP_AT_MOST:
                    following = self._waiting.get_nowait()
                    if following is None:
                        self._waiting.put(None)
                        break
                    group += following
            except queue.Empty:
                pass
            self._commit(group)

    def _commit(self, group: list[_Write]) -> None:
        infos: list[dict[str, Any]] = []
        try:
            with self._writer_engine.begin() as connection:
                results = self._run(connection, group, infos)
                self._must_be_open(connection)
            if self.outage is not None:
                self.note(None)
        except BaseException as error:  # the commit itself failed: nobody's change is there
            results, infos = [self._said(error)] * len(group), []
        for loop in {write.loop for write in group}:
            mine = [(write.future, result) for write, result in zip(group, results, strict=True) if write.loop is loop]
            try:
                loop.call_soon_threadsafe(self._settle, mine, infos)
            except RuntimeError:  # that loop has closed: its callers are gone, the commit stands
                continue

    def _run(self, connection: Connection, group: list[_Write], infos: list[dict[str, Any]]) -> list[Any]:
        @contextmanager
        def savepoint() -> Iterator[Session]:
            self._must_be_open(connection)
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                yield session
                session.commit()
                if session.info:
                    infos.append(dict(session.info))

        results: list[Any] = [None] * len(group)
        merged: dict[MergedUnit[Any, Any], list[int]] = {}
        for index, write in enumerate(group):
            if write.merged is not None:
                merged.setdefault(write.merged, []).append(index)
                continue
            assert write.unit is not None
            try:
                with savepoint() as session:
                    results[index] = write.unit(session)
            except Exception as error:
                results[index] = self._said(error)
        for unit, indexes in merged.items():
            for index, result in zip(
                indexes, Waiting.run(savepoint, unit, [group[index].item for index in indexes]), strict=True
            ):
                results[index] = result
        return results

    def _must_be_open(self, connection: Connection) -> None:
        """Outage when SQLite has rolled all back by itself, as it may when the disk is full: the next savepoint would begin
        a transaction of its own, and what was done before it would be gone though its commit was answered."""
        driver: Any = connection.connection.driver_connection
        if not driver.in_transaction:
            raise self.outage or Outage(AWAY)

    def _said(self, error: BaseException) -> BaseException:
        """The outage that an error stands for, noted; the error itself when it is none."""
        outage = outage_of(error)
        if outage is not None:
            self.note(outage)
        return outage or error

    def _settle(self, answers: list[tuple["asyncio.Future[Any]", Any]], infos: list[dict[str, Any]]) -> None:
        for future, result in answers:
            answer(future, result)
        for info in infos:
            self.on_commit(info)

    async def close(self) -> None:
        if self._writer is not None:
            await asyncio.sleep(0)  # what this turn of the loop still wants is handed over first
            self._waiting.put(None)
            await asyncio.to_thread(self._writer.join)
        self._readers.shutdown(wait=True)
        self._writer_engine.dispose()
        self._reader_engine.dispose()
