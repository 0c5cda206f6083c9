"""One row into its table: as a flush would have it, with its defaults, after what was changed before."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.core.inserting import insert_now
from backend.core.rows import Base, table_of
from backend.incidences.models import Escalation

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine, [table_of(Escalation)])
    with Session(engine) as session:
        yield session
    engine.dispose()


def escalation(**more: object) -> Escalation:
    fields = {"business_id": "b", "incidence_id": "i", "level": "SUPERVISOR", "reason": "emotional", "raised_at": AT}
    return Escalation(**fields | {"raised_by": None, "status": "OPEN", "rule": "R1", "rule_version": 1} | more)


def test_defaults_and_what_was_left_out_are_there_without_asking_again(session: Session) -> None:
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    row = escalation()
    insert_now(session, row)
    assert len(row.id) == 36
    assert (row.acknowledged_at, row.raised_at) == (None, AT)
    assert [statement.split()[0] for statement in asked] == ["INSERT"]
    assert inspect(row).persistent
    row.level = "TECH"
    session.flush()
    session.expire_all()
    found = session.get_one(Escalation, row.id)
    assert found is row
    assert (found.level, found.raised_at) == ("TECH", AT)


def test_what_was_changed_before_goes_first_and_a_row_of_the_session_is_changed(session: Session) -> None:
    first = escalation(id="1")
    insert_now(session, first)
    asked: list[str] = []
    event.listen(session.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2].split()[0]))
    first.status = "OVER"
    insert_now(session, escalation(id="2"))
    assert asked == ["UPDATE", "INSERT"]
    first.status = "OPEN"
    insert_now(session, first)
    assert asked == ["UPDATE", "INSERT", "UPDATE"]


def test_a_row_that_may_not_be_leaves_the_session_as_it_was(session: Session) -> None:
    insert_now(session, escalation(id="1"))
    refused = escalation(id="1")
    with pytest.raises(IntegrityError), session.begin_nested():
        insert_now(session, refused)
    assert inspect(refused).transient
    savepoint = session.begin_nested()
    insert_now(session, escalation(id="2"))
    savepoint.rollback()
    assert session.get(Escalation, "2") is None
    insert_now(session, escalation(id="2"))
    assert session.get_one(Escalation, "2").level == "SUPERVISOR"
