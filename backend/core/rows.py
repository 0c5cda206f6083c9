"""The base of every table: naming convention, column types, and the mixins that carry tenant and version."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, Row, String, Table, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from backend.core.ids import new_id

_NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime; on SQLite kept as integer microseconds since 1970, so it sorts and compares as a number."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime; give an aware one")
        return to_micros(value) if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], datetime | None]:
        # Chosen once for a statement, not for each value: there are hundreds in a page of the queue.
        if dialect.name == "sqlite":
            return lambda value: None if value is None else from_micros(value)
        return lambda value: None if value is None else value.astimezone(UTC)


def to_micros(value: datetime) -> int:
    """An aware datetime as integer microseconds since 1970."""
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    """The inverse of `to_micros`."""
    return _EPOCH + timedelta(0, 0, value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Json(TypeDecorator[Any]):
    """A JSON value: text on SQLite, jsonb on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        return orjson.dumps(value).decode() if dialect.name == "sqlite" else value

    def result_processor(self, dialect: Dialect, coltype: Any) -> Callable[[Any], Any] | None:
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)  # the driver has read it
        return lambda value: orjson.loads(value) if isinstance(value, str) else value


class JsonText(TypeDecorator[Any]):
    """A JSON value kept as text on both databases, byte for byte: jsonb would make 10000000000 of 1e10."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


class Base(DeclarativeBase):
    """Every table's base."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {datetime: Instant, dict[str, Any]: Json, list[Any]: Json, list[str]: Json, int: BigInteger}


def plain(row: Row[Any]) -> SimpleNamespace:
    """The same columns as attributes that are quick to read: those of a Row are looked up by their names anew each time,
    which took a fifth of a page of the queue."""
    return SimpleNamespace(**row._asdict())


def table_of(model: type[Base]) -> Table:
    """The bare table of a model, for statements that are built once and run often, without the ORM's planning."""
    return cast(Table, model.__table__)


class Identified:
    """A row with a UUIDv7 of its own."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)


class BusinessOwned:
    """A row that belongs to one business. `core.db` adds the business to every select; `Work.add` stamps it."""

    business_id: Mapped[str] = mapped_column(String(36), index=True)


class Versioned:
    """A row whose changes carry the version that the caller saw."""

    version: Mapped[int] = mapped_column(Integer, default=1)
