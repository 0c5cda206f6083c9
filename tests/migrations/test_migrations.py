"""Every database ends at the models, once, whole, and with what was in it still there."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from backend.core.rows import Base
from backend.migrations import run
from backend.migrations.foreign import is_described
from backend.migrations.run import Unusable, is_current, migrate, revisions


def engine_of(url: str) -> Any:
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)


def say(url: str, *statements: str) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def ask(url: str, query: str) -> list[Any]:
    engine = engine_of(url)
    with engine.connect() as connection:
        rows = list(connection.execute(text(query)))
    engine.dispose()
    return rows


def stop_at(monkeypatch: pytest.MonkeyPatch, url: str, revision: str) -> None:
    """Make `url` a database of the release whose newest revision was `revision`."""
    from alembic import command

    upgrade = command.upgrade
    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", lambda config, _head: upgrade(config, revision))
        migrate(url)


def test_the_migrated_schema_is_the_models(empty_database_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    migrate(empty_database_url)
    engine = engine_of(empty_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": is_described})
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()
    assert differences == [], "write a revision: python -m backend.migrations.new 'What changed'"


def test_the_guards_of_the_migrations_are_those_of_the_models(empty_database_url: str, tmp_path: Path) -> None:
    migrate(empty_database_url)
    if not empty_database_url.startswith("sqlite"):
        query = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'events'::regclass AND NOT tgisinternal"
        names = {name for (name,) in ask(empty_database_url, query)}
        assert names == {"events_refuse_update", "events_refuse_delete", "events_refuse_truncate"}
        return
    made = engine_of(f"sqlite:///{tmp_path / 'made.db'}")
    Base.metadata.create_all(made)
    made.dispose()
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
    assert ask(empty_database_url, query) == ask(f"sqlite:///{tmp_path / 'made.db'}", query) != []


def test_migrating_again_applies_nothing(empty_database_url: str) -> None:
    assert not is_current(empty_database_url)
    assert migrate(empty_database_url) == revisions()
    assert is_current(empty_database_url)
    assert migrate(empty_database_url) == []


def test_knowing_that_a_file_is_current_imports_no_alembic(tmp_path: Path) -> None:
    import subprocess
    import sys

    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    code = (
        "import sys; from backend.migrations.run import migrate\n"
        f"assert migrate({url!r}) == []\n"
        "assert not {'alembic', 'sqlalchemy'} & set(sys.modules), sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=run.FOLDER.parents[1])


def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    applied: list[list[str]] = []
    threads = [threading.Thread(target=lambda: applied.append(migrate(empty_database_url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(applied) == [[], [], [], revisions()]


def test_a_database_of_a_later_release_is_left_alone(empty_database_url: str) -> None:
    migrate(empty_database_url)
    say(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unusable, match="9999"):
        migrate(empty_database_url)
    assert ask(empty_database_url, "SELECT version_num FROM alembic_version") == [("9999",)]


@pytest.mark.parametrize("url", ["mysql://a@b/c", "postgresql://nobody@127.0.0.1:1/none", "sqlite:///{folder}/text.db"])
def test_what_is_no_database_is_refused_in_words(url: str, tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("certainly not a database, whatever its name says")
    with pytest.raises(Unusable):
        migrate(url.format(folder=tmp_path))


def test_rows_survive_and_the_file_is_backed_up_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    stop_at(monkeypatch, url, "0001")
    assert list(tmp_path.glob("*.before-*")) == [], "an empty file needs no backup"
    say(url, "INSERT INTO users (id, email, name, created_at) VALUES ('u', 'a@b.co', 'Asha', 0)")
    assert migrate(url) == revisions()[1:]
    assert ask(url, "SELECT name FROM users") == [("Asha",)]
    (backup,) = tmp_path.glob(f"a.db.before-{revisions()[-1]}-*")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT name FROM users").fetchall() == [("Asha",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_a_migration_that_fails_changes_nothing(empty_database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    stop_at(monkeypatch, empty_database_url, "0001")

    def fail(config: Any, _head: str) -> None:
        config.attributes["connection"].exec_driver_sql("CREATE TABLE half (done INTEGER)")
        raise OSError("the disk is full")

    monkeypatch.setattr(command, "upgrade", fail)
    with pytest.raises(OSError, match="disk is full"):
        migrate(empty_database_url)
    assert ask(empty_database_url, "SELECT version_num FROM alembic_version") == [("0001",)]
    with pytest.raises(DBAPIError, match="half"):
        ask(empty_database_url, "SELECT * FROM half")


def test_a_migration_that_leaves_a_dangling_row_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic import command

    url = f"sqlite:///{tmp_path / 'a.db'}"
    stop_at(monkeypatch, url, "0001")
    row = "INSERT INTO sign_ins (id, business_id, user_id, member_id, created_at) VALUES ('s', 'b', 'none', 'none', 0)"
    upgrade = command.upgrade

    def orphan(config: Any, head: str) -> None:
        upgrade(config, head)
        config.attributes["connection"].exec_driver_sql(row)

    monkeypatch.setattr(command, "upgrade", orphan)
    with pytest.raises(RuntimeError, match="sign_ins"):
        migrate(url)
    assert ask(url, "SELECT version_num FROM alembic_version") == [("0001",)]


def test_a_new_revision_of_unchanged_models_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from backend.migrations import new

    folder = tmp_path / "migrations"
    shutil.copytree(run.FOLDER, folder)
    monkeypatch.setattr(run, "FOLDER", folder)
    monkeypatch.setattr(new, "FOLDER", folder)
    written = new.write("Nothing at all")
    assert written.name == f"{int(revisions()[-2]) + 1:04}_nothing_at_all.py"
    assert written.read_text().rstrip().endswith("pass")
    first = new.write("Tables", first=True).read_text()
    assert all(f'"{table}"' in first for table in Base.metadata.tables)


def test_signals_that_were_there_lie_in_the_order_of_time_and_are_still_known(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_at(monkeypatch, empty_database_url, "0040")
    is_sqlite = empty_database_url.startswith("sqlite")
    first, second, third = range(1, 4) if is_sqlite else (f"'2026-01-0{day}T00:00:00Z'" for day in range(1, 4))
    business, customer = (
        "businesses (id, name, currency, time_zone, next_number, created_at, version)",
        ("customers (id, business_id, external_id, name, language, tier, past_order_count, created_at, version)"),
    )
    signals = "INSERT INTO signals (business_id, customer_id, id, type, occurred_at, received_at) VALUES"
    say(
        empty_database_url,
        f"INSERT INTO {business} VALUES ('b', 'Feast', 'INR', 'UTC', 1, {first}, 1)",
        f"INSERT INTO {customer} VALUES ('c', 'b', 'asha', 'Asha', 'en', 'GOLD', 0, {first}, 1)",
        f"{signals} ('b', 'c', 'last', 'login', {third}, {third}), ('b', 'c', 'first', 'login', {first}, {first})",
    )
    migrate(empty_database_url)
    told = ask(empty_database_url, "SELECT id, type, is_told FROM signals ORDER BY occurred_at, id")
    assert [tuple(row) for row in told] == [("first", "login", True), ("last", "login", True)]
    with pytest.raises(DBAPIError):
        say(empty_database_url, f"{signals} ('b', 'c', 'last', 'login', {second}, {second})")
    engine = engine_of(empty_database_url)
    key = inspect(engine).get_pk_constraint("signals")["constrained_columns"]
    engine.dispose()
    assert key == [column.name for column in Base.metadata.tables["signals"].primary_key]
    if is_sqlite:
        ((made,),) = ask(empty_database_url, "SELECT sql FROM sqlite_master WHERE name = 'signals'")
        assert "WITHOUT ROWID" in made
