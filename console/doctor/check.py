"""One thing that was looked at."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Check:
    """What was found, and what to do when it is not `ok`."""

    name: str
    state: State
    said: str
    advice: str = ""


def ok(name: str, said: str) -> Check:
    """Nothing to do."""
    return Check(name, "ok", said)


def warn(name: str, said: str, advice: str) -> Check:
    """It works, but less well than it could."""
    return Check(name, "warn", said, advice)


def fail(name: str, said: str, advice: str) -> Check:
    """It does not work."""
    return Check(name, "fail", said, advice)
