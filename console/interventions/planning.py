"""Planning something for a customer, from wherever one is shown, and changing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from console.interventions import words

if TYPE_CHECKING:
    from backend.interventions.schemas import InterventionRead
    from console.app import ConsoleApp

Row = Mapping[str, Any]


def plan(console: ConsoleApp, customer_id: str, name: str, next_action: str) -> None:
    """Begin one from the customer's risk as it is now, for whoever asks; with the words given as what to do next."""
    api, text = console.api, next_action.strip()

    async def make() -> InterventionRead:
        from backend.interventions.schemas import InterventionCreate

        body = InterventionCreate(customer_id=customer_id, from_risk=True, assignee_id="me", next_action=text)
        return await api.interventions.create(body)

    def done(made: InterventionRead) -> None:
        console.say(f"Planned for {made.customer_name or made.user_id}: {made.next_action or made.type}. It is yours.")

    console.calls.start(f"plan something for {name}", make, done=done, group="plan")


def change(console: ConsoleApp, row: Row, what: str, fields: Mapping[str, Any], done: Callable[[Row], None]) -> None:
    """Change fields of one, as it was shown; after a clash, once more on what it is now and a yes."""
    api = console.api

    async def put(seen: Row) -> InterventionRead:
        from backend.interventions.schemas import InterventionChange

        return await api.interventions.change(
            row["id"], InterventionChange.model_validate({"version": seen["version"], **fields})
        )

    def told(answer: InterventionRead) -> None:
        done(answer.model_dump(mode="json", by_alias=True))

    console.calls.start(
        f"{what} for {words.customer(row)}", lambda: put(row), done=told, again=put, group="intervention"
    )
