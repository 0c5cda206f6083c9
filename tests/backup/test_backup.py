"""Backups of a database in use: whole, opened and checked, kept so many, and restored without losing what was there."""

import asyncio
import json
import shutil
import sqlite3
from concurrent.futures import Future, wait
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.backup import copying, postgres, restoring
from backend.backup.copying import ABOUT, APP, DUMP, JOBS, Spoiled
from backend.backup.restoring import Refused
from backend.copilot import pgvector
from backend.core.files import jobs_file
from backend.settings import Settings
from backend.work import Work
from console.cli import command_line
from tests.jobs import sample
from tests.support.backend import Backend
from tests.support.incidences import open_case

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def elsewhere(backend: Backend, folder: Path, name: str = "other.db", **more: Any) -> Settings:
    """The same installation with another database."""
    return Settings(database_url=f"sqlite:///{folder / name}", data_dir=backend.settings.data_dir, **more)


async def test_a_backup_is_whole_and_comes_back(backend: Backend, tmp_path: Path) -> None:
    owner = await backend.owner()
    case = await open_case(owner)
    await backend.drain()
    await (await backend.units()).write(pgvector.make)
    made = copying.make(backend.settings, tmp_path / "backups", backend.clock)
    kind = "sqlite" if backend.url.startswith("sqlite") else "postgresql"
    assert (made.database, made.rows["incidences"], made.rows["businesses"]) == (kind, 1, 1)
    assert made.events == (await owner.audit.verify())["events"]
    assert made.name == "holdfast-20260302T090000Z"
    place = tmp_path / "backups" / made.name
    assert copying.read(place) == made
    assert all(path.stat().st_mode & 0o077 == 0 for path in [place, *place.iterdir()]), "nobody else reads it"
    await open_case(owner, "after")  # what came later is not in it
    target = elsewhere(backend, tmp_path)
    if kind == "postgresql":
        assert b"knowledge_words" in (dumped := (place / DUMP).read_bytes())
        assert b"vector;" not in dumped, "it comes back without the extension, too"
        assert b"knowledge_vectors" not in dumped
        with pytest.raises(Refused, match="backup of postgresql"):
            restoring.restore(target, place, backend.clock)
        with pytest.raises(Refused, match="already"):
            restoring.restore(backend.settings, place, backend.clock)
        return  # that it comes back is how it was checked
    restored, said = restoring.restore(target, place, backend.clock)
    assert (restored, said) == (made, [])
    async with Backend(target.database_url, backend.settings.data_dir) as again:
        client = again.client()
        await client.identity.sign_in("owner1@example.com", "correct horse")
        assert [one.ref for one in (await client.incidences.list()).items] == [case.ref]
        assert (await client.audit.verify())["isWhole"] is True
        await again.drain()


@on_sqlite
async def test_a_job_that_begins_between_the_two_files_is_in_the_backup(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await backend.owner()
    await backend.drain()
    worker, loop, copy = backend.runtime.worker, asyncio.get_running_loop(), copying._copy_sqlite
    assert worker is not None
    await (await backend.units()).write(Work.enqueue, sample.linger, folder=str(tmp_path), seconds=0)
    taken: list[Future[int]] = []

    def copy_and_begin(source: Path, target: Path) -> None:
        copy(source, target)
        if target.name == JOBS:
            taken.append(asyncio.run_coroutine_threadsafe(worker.relay.take(), loop))
            wait(taken, timeout=0.5)  # or it waits until both are copied

    monkeypatch.setattr(copying, "_copy_sqlite", copy_and_begin)
    made = await asyncio.to_thread(copying.make, backend.settings, tmp_path / "backups", backend.clock)
    assert await asyncio.wrap_future(taken[0]) == 1
    async with asyncio.timeout(10):
        while not sample.lines(tmp_path):  # noqa: ASYNC110 - it shows in a file
            await asyncio.sleep(0.01)
    await worker.stop(grace_seconds=0)  # in the midst of it
    backend.runtime.worker = None
    target = elsewhere(backend, tmp_path)
    restoring.restore(target, tmp_path / "backups" / made.name, backend.clock)
    async with Backend(target.database_url, backend.settings.data_dir) as again:
        await again.drain()
        await again.rest()
    assert [line.split()[0] for line in sample.lines(tmp_path)] == ["begin", "begin", "end"], "it runs there, once"


@on_sqlite
async def test_what_is_there_is_never_overwritten(backend: Backend, tmp_path: Path) -> None:
    await open_case(await backend.owner())
    made = copying.make(backend.settings, tmp_path / "backups", backend.clock)
    place, target = tmp_path / "backups" / made.name, elsewhere(backend, tmp_path)
    restoring.restore(target, place, backend.clock)
    app = tmp_path / "other.db"
    with closing(sqlite3.connect(app)) as connection, connection:
        connection.execute("DELETE FROM incidences")
    with pytest.raises(Refused, match="--replace"):
        restoring.restore(target, place, backend.clock)
    _, said = restoring.restore(target, place, backend.clock, replaces=True)
    assert any("other.db.before-restore-20260302T090000 now" in one for one in said)
    aside = app.with_name("other.db.before-restore-20260302T090000")
    for path, count in ((app, 1), (aside, 0)):
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM incidences").fetchone() == (count,)
    _claim(app)
    with pytest.raises(Refused, match="A server works on"):
        restoring.restore(target, place, backend.clock, replaces=True)
    stranger = elsewhere(backend, tmp_path, "third.db", secret="another")
    assert "another secret" in restoring.restore(stranger, place, backend.clock)[1][0]


def _claim(app: Path) -> None:
    """Another process that lives works on the database: the one that started this one."""
    import os

    from backend.core.processes import place

    with closing(sqlite3.connect(app)) as connection, connection:
        row = ("p", 1, place(), os.getppid())
        connection.execute("INSERT INTO server_processes (id, beats, place, pid) VALUES (?, ?, ?, ?)", row)


@on_sqlite
async def test_a_damaged_backup_is_not_restored(backend: Backend, tmp_path: Path) -> None:
    await open_case(await backend.owner())
    made = copying.make(backend.settings, tmp_path, backend.clock)
    place, target = tmp_path / made.name, elsewhere(backend, tmp_path)
    whole = (place / APP).read_bytes()
    (place / APP).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(Spoiled, match="not as it was written"):
        restoring.restore(target, place, backend.clock)
    (place / APP).unlink()
    with pytest.raises(Spoiled, match="missing"):
        restoring.restore(target, place, backend.clock)
    (place / ABOUT).write_text(json.dumps({**json.loads((place / ABOUT).read_text()), "sums": {"../secret": "x"}}))
    with pytest.raises(Spoiled):
        copying.read(place)
    (place / ABOUT).write_text("{}")
    with pytest.raises(Spoiled, match="holds no backup"):
        restoring.restore(target, place, backend.clock)
    assert not (tmp_path / "other.db").exists()


@on_sqlite
async def test_a_broken_chain_makes_no_backup(backend: Backend, tmp_path: Path) -> None:
    await open_case(await backend.owner())
    app = Path(backend.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(app)) as connection, connection:
        connection.execute("UPDATE event_bodies SET body = '{}' WHERE seq = 2")
    with pytest.raises(Spoiled, match=r"event 2 of business .* its words were changed"):
        copying.make(backend.settings, tmp_path / "backups", backend.clock)
    assert list((tmp_path / "backups").iterdir()) == [], "nothing of it stays"


@on_sqlite
async def test_a_damaged_file_of_the_jobs_makes_no_backup(backend: Backend, tmp_path: Path) -> None:
    app = Path(backend.url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(jobs_file(app))) as connection, connection:
        connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY)")
        connection.execute("CREATE TABLE steps (run INTEGER REFERENCES runs (id))")
        connection.execute("INSERT INTO steps VALUES (7)")
    with pytest.raises(Spoiled, match="a row of steps points at nothing"):
        copying.make(backend.settings, tmp_path / "backups", backend.clock)
    assert list((tmp_path / "backups").iterdir()) == []


@on_sqlite
@pytest.mark.settings(keep_backups=2)
async def test_nightly_keeps_the_newest_of_them(backend: Backend, tmp_path: Path) -> None:
    await backend.owner()
    await backend.drain()
    for _ in range(4):
        backend.clock.advance(days=1)
        await backend.drain()
    found = copying.list_backups(copying.folder_of(backend.settings))
    assert [one.made_at[:10] for one in found] == ["2026-03-06", "2026-03-05"]
    assert {JOBS, APP} == set(found[0].sums)
    job = next(one for one in await _schedules(backend) if one.name == "backup.back_up")
    assert (job.status, job.is_of_installation, job.next_at.isoformat()) == (
        "succeeded",
        True,
        "2026-03-06T21:10:00+00:00",
    )
    app = Path(backend.url.removeprefix("sqlite:///"))
    shutil.rmtree(copying.folder_of(backend.settings))
    with closing(sqlite3.connect(app)) as connection, connection:
        connection.execute("UPDATE event_bodies SET body = '{}' WHERE seq = 1")
    backend.clock.advance(days=1)
    await backend.drain()
    job = next(one for one in await _schedules(backend) if one.name == "backup.back_up")
    assert (job.status, "words were changed" in (job.error or "")) == ("retrying", True)


async def _schedules(backend: Backend) -> Any:
    return (await (await backend.owner()).jobs.schedules()).items


@on_sqlite
async def test_the_commands_copy_list_and_bring_back(backend: Backend, tmp_path: Path) -> None:
    await open_case(await backend.owner())
    await backend.drain()
    at = ["--data-dir", str(backend.settings.data_dir)]

    def run(*args: str, url: str = backend.url) -> Any:
        return CliRunner().invoke(command_line(args[0]), [*args, "--database-url", url, *at])

    place = str(tmp_path / "kept")
    assert run("backups", "--at", place).stdout == "There is no backup.\n"
    made = json.loads(run("backup", "--to", place, "--json").stdout)
    assert (made["rows"]["incidences"], Path(made["path"]).parent) == (1, Path(place))
    assert f"{made['events']} events verified" in run("backup", "--to", str(tmp_path / "more")).stdout
    listed = run("backups", "--at", place).stdout
    assert made["name"] in listed
    assert "sqlite" in listed
    refused = run("restore", made["path"])
    assert (refused.exit_code, "nothing was restored:" in refused.stderr) == (1, True)
    other = f"sqlite:///{tmp_path / 'other.db'}"
    assert f"Restored {made['name']}" in run("restore", made["path"], url=other).stdout
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        assert connection.execute("SELECT count(*) FROM incidences").fetchone() == (1,)
    again = json.loads(run("restore", made["path"], "--replace", "--json", url=other).stdout)
    assert again["restored"] == made["name"]
    assert any("before-restore" in said for said in again["said"]), "what was there is kept"
    (Path(made["path"]) / APP).write_bytes(b"no database")
    spoiled = run("restore", made["path"], url=f"sqlite:///{tmp_path / 'third.db'}")
    assert (spoiled.exit_code, (tmp_path / "third.db").exists()) == (1, False)


def test_a_password_is_not_on_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: dict[str, Any] = {}

    def run(command: list[str], **more: Any) -> Any:
        told.update(command=command, environment=more["env"])
        raise postgres.subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(postgres.subprocess, "run", run)
    monkeypatch.setattr(postgres, "_server_major", lambda _url: 18)
    monkeypatch.setattr(postgres, "_found", lambda tool, _least: tool)
    with pytest.raises(postgres.Missing, match="not done within an hour"):
        postgres.dump("postgresql://asha:s3%20cret@db.example.com:5433/desk?sslmode=require", tmp_path / "x.dump")
    assert "--dbname=postgresql://asha@db.example.com:5433/desk?sslmode=require" in told["command"]
    assert not any("s3" in part for part in told["command"])
    assert told["environment"]["PGPASSWORD"] == "s3 cret"
    assert jobs_file(Path("/x/a.db")) == Path("/x/a.jobs.db")


def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    assert copying.list_backups(tmp_path) == []
    (tmp_path / "holdfast-1").mkdir()
    (tmp_path / "holdfast-1" / ABOUT).write_text("no json")
    assert copying.list_backups(tmp_path) == [], "what cannot be read is no backup"
    with pytest.raises(Spoiled):
        copying.read(tmp_path / "holdfast-1")
