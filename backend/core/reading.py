"""One row out of its table, without the ORM's planning."""

from typing import Any, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session, class_mapper, make_transient_to_detached

from backend.core.rows import Base

Model = TypeVar("Model", bound=Base)


def read_one(session: Session, model: type[Model], query: Select[Any], asked: dict[str, Any]) -> Model | None:
    """The first row of `query`, a select of all columns of the bare table of `model`, as the session's; None when there
    is none. One that the session has already is left as it is.

    The same as `session.scalar`, whose planning for one row costs five times what reading it does.
    """
    session.flush()
    found = session.connection().execute(query, asked).first()
    if found is None:
        return None
    mapper: Any = class_mapper(model)
    values = found._asdict()
    key = mapper.identity_key_from_primary_key([values[column.key] for column in mapper.primary_key])
    known: Model | None = session.identity_map.get(key)
    if known is not None:
        return known
    row = as_read(model, values)
    session.add(row)
    return row


def as_read(model: type[Model], values: dict[str, Any]) -> Model:
    """A row with the `values` of its columns, as if it had just been read, that no session has yet."""
    row: Model = class_mapper(model).class_manager.new_instance()
    row.__dict__.update(values)
    make_transient_to_detached(row)
    return row
