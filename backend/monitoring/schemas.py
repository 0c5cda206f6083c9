"""Wire types of monitoring."""

from typing import Literal

from backend.core.wire import UtcInstant, Wire

PartState = Literal["ok", "warning", "danger", "off"]


class Figure(Wire):
    """A number with its name and unit: "" counts things, `ms` and `s` are times, `%` is of a hundred, `MB` a size."""

    label: str
    value: float
    unit: str = ""


class PartRead(Wire):
    """A part of the whole. `words` say how it does and, when it does not do well, what to do; `off` is not set up."""

    name: str
    title: str
    state: PartState
    words: str
    figures: list[Figure] = []


class Monitored(Wire):
    """Every part at one moment. Times are those of the process that answers, since it began."""

    at: UtcInstant
    state: PartState
    """The worst of the parts."""
    parts: list[PartRead]
