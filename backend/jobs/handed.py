"""One attempt of a job, as it is handed from the outbox to the job library and back: plain JSON values only."""

from dataclasses import asdict, dataclass
from typing import Any

from backend.jobs.models import PendingJob

_SEPARATOR = "~"


@dataclass(frozen=True)
class Handed:
    """One attempt. `id` is the workflow's id; all attempts of a job share the part before `~`."""

    id: str
    business_id: str
    job: str
    args: dict[str, Any]
    key: str | None
    request_id: str
    attempt: int
    last_attempt: int | None

    @classmethod
    def of(cls, row: PendingJob) -> "Handed":
        return cls(row.id, row.business_id, row.job, row.args, row.key, row.request_id, row.attempt, row.last_attempt)

    def as_json(self) -> dict[str, Any]:
        """A JSON value that `Handed(**value)` reads back."""
        return asdict(self)

    def next_id(self) -> str:
        """The id of the attempt after this one; the same whoever asks, so a retry and a replay cannot both run."""
        return next_id(self.id, self.attempt)


def next_id(id: str, attempt: int) -> str:
    """The id of the attempt after `attempt`, which ran under `id`."""
    return f"{first_id(id)}{_SEPARATOR}{attempt + 1}"


def first_id(id: str) -> str:
    """The id of the first attempt, which all attempts of a job share."""
    return id.partition(_SEPARATOR)[0]
