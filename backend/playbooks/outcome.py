"""What a step comes to."""

from datetime import datetime
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What became of a step. `until` is when a wait ends, `holds` what a condition came to."""

    told: str
    result: dict[str, Any] = {}
    state: str = "DONE"
    until: datetime | None = None
    holds: bool = True


def skipped(why: str) -> Outcome:
    """The step was left out, and the execution goes on."""
    return Outcome(f"skipped: {why}"[:400], state="SKIPPED")
