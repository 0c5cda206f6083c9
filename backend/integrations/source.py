"""What is read from another system again and again: records that changed, page by page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, Protocol


class Batch(NamedTuple):
    """One page, and the place of the next one; None on the last."""

    records: list[dict[str, Any]]
    cursor: str | None


class Source(Protocol):
    """One account. Both methods may raise a `Trouble`."""

    overlap_minutes: int
    """A reading begins so long before the one before it ended: what changed meanwhile may have slipped through."""
    first_days: int | None
    """How far back the first reading goes; None for everything."""

    async def read(self, since: datetime, cursor: str | None, now: datetime) -> Batch:
        """A page of the records that changed since; from `cursor` on, when one is given."""
        ...

    async def check(self) -> str:
        """One harmless question, and in words what was answered."""
        ...


class Hearing(Protocol):
    """How a system signs its webhooks, and what it tells by them."""

    nudges_after: float | None
    """None when a webhook tells all of it. Else it says only that something changed, and what it is can be read so many
    seconds later; then nothing of its body is kept."""

    def verify(self, raw: bytes, headers: Mapping[str, str], secret: str, now: datetime, url: str) -> str:
        """What is the same for every delivery of one webhook, and different for any other; "" when only its bytes are.
        Unauthenticated unless `secret` vouches for these very bytes, posted to `url`."""
        ...

    def read(self, body: dict[str, Any]) -> Any:
        """Where the records are, as the mapping is to see it."""
        ...
