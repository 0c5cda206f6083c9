"""Wire types: camelCase outside, snake_case inside."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from backend.core.clock import instant

T = TypeVar("T")


class Wire(BaseModel):
    """What goes over the wire. Unknown fields of a request are ignored, so that other programs may send more.

    Each kind is built when it is first used: half of them never are in a day, and all would be a tenth of the start.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, defer_build=True)


class Change(Wire):
    """A change of something that is there: a field nobody knows is refused, because it would be lost silently."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC) if value.tzinfo else value
    except OverflowError as error:
        raise ValueError("lies beyond the calendar") from error


UtcInstant = Annotated[datetime, AfterValidator(_in_utc), PlainSerializer(instant, return_type=str, when_used="json")]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal("1e12"), allow_inf_nan=False)]


class Page(Wire, Generic[T]):
    """One page of a list. `next_cursor` is None on the last; `as_of` is the feed's seq to follow from."""

    items: list[T]
    next_cursor: str | None = None
    as_of: int | None = None
