"""What must agree before a member changes a case: slices above say so, since incidences know none of them."""

from collections.abc import Callable
from typing import Any, TypeAlias

from backend.incidences.models import Incidence
from backend.work import Work

Guard: TypeAlias = Callable[[Work, Incidence, dict[str, Any]], None]
"""Raises Denied when the member who acts may not change these fields of the case so."""

GUARDS: list[Guard] = []


def guards(guard: Guard) -> Guard:
    """Ask `guard` before each change by a member: put above it, in a module called `guards`."""
    GUARDS.append(guard)
    return guard


def ask(work: Work, row: Incidence, wanted: dict[str, Any]) -> None:
    """Denied unless every guard lets the member who acts change `wanted` (fields of IncidenceChange)."""
    if work.actor.kind == "member":
        for guard in GUARDS:
            guard(work, row, wanted)
