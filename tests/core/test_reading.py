"""One row out of its table: the session's own from then on, as if the ORM had read it."""

from typing import Any

from sqlalchemy import bindparam, create_engine, insert, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from backend.core.reading import read_one


def test_a_row_is_read_once_and_is_the_sessions() -> None:
    class Own(DeclarativeBase):
        """Mappers of its own, which nothing has configured yet, as in a process that begins with this."""

    class Thing(Own):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    model: Any = Thing
    engine = create_engine("sqlite://")
    Own.metadata.create_all(engine)
    query = select(model.__table__).where(model.__table__.c.name == bindparam("name"))
    with Session(engine) as session:
        session.execute(insert(model.__table__), [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}])
        assert read_one(session, model, query, {"name": "none"}) is None
        one = read_one(session, model, query, {"name": "one"})
        assert one is not None
        assert (one.id, one.name, inspect(one).persistent) == (1, "one", True)
        assert not session.dirty
        one.name = "uno"
        assert read_one(session, model, query, {"name": "one"}) is None, "what was changed before is written first"
        assert read_one(session, model, query, {"name": "uno"}) is one
        assert session.get(model, 1) is one
        session.commit()
        assert session.scalars(select(model.name).order_by(model.id)).all() == ["uno", "two"]
    engine.dispose()
