"""Starting a playbook for whom one chose: which one, whether really, and who was left out and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from console.playbooks.words import OCCASIONS, Row
from console.twin import told
from widgets.paint import Cell
from widgets.prompt import Choice, Confirm, Option

if TYPE_CHECKING:
    from backend.playbooks.schemas import TriggerAsk
    from console.app import ConsoleApp

SHOWN = 12
"""Names that are listed one by one."""
MOST = 200
"""Customers at once."""


def options_of(rows: Sequence[Row]) -> list[Option]:
    """Playbooks to choose from."""
    return [Option(row["playbookId"], row["name"], _detail(row)) for row in rows if row["status"] == "ACTIVE"]


def choose(app: ConsoleApp, name: str, whom: Mapping[str, str], *, are_cases: bool = False) -> None:
    """Let a playbook be chosen (or take the one named), ask with names and count, and start it.

    `whom` is what customers are called, by id; by the id of their case with `are_cases`.
    """
    if not whom:
        app.say("Choose a customer first.", "warning")
        return
    if len(whom) > MOST:
        app.say(f"{len(whom)} are more than {MOST} at once; mark fewer.", "warning")
        return

    def listed(page: Any) -> None:
        rows = [row for row in told(page)["items"] if row["status"] == "ACTIVE"]
        word = name.strip().casefold()
        near = [row for row in rows if row["name"].casefold() == word] or [
            row for row in rows if row["name"].casefold().startswith(word)
        ]
        if word and len(near) == 1:
            ask(app, near[0], whom, are_cases=are_cases)
        elif word and not near:
            app.say(f"There is no playbook {name.strip()!r}.", "warning")
        else:
            by_id = {row["playbookId"]: row for row in near}

            def chosen(id: str | None) -> None:
                if id is not None:
                    ask(app, by_id[id], whom, are_cases=are_cases)

            app.push_screen(Choice("Playbook", options_of(near)), chosen)

    app.calls.start("list the playbooks", app.api.playbooks.list, done=listed)


def ask(app: ConsoleApp, playbook: Row, whom: Mapping[str, str], *, are_cases: bool = False) -> None:
    """Name everybody and how many they are; a yes starts it."""
    names = list(whom.values())
    pairs: list[tuple[str, Cell]] = [
        ("Playbook", f"{playbook['name']}, document {playbook['number']}"),
        ("Customers", str(len(names))),
    ]
    lines: list[Cell] = [[("· ", "muted"), (one, "customer")] for one in names[:SHOWN]]
    lines += [[(f"… and {len(names) - SHOWN} more", "muted")]] if len(names) > SHOWN else []
    lines.append([(f"{len(playbook['document']['steps'])} steps; the first one is done at once.", "muted")])
    title = f"Start {playbook['name']}?"
    question = Confirm(title, pairs, lines=lines, yes=f"Start for {len(names)}", role="warning")

    def answered(is_yes: bool | None) -> None:
        if is_yes:
            _start(app, playbook, list(whom), are_cases)

    app.push_screen(question, answered)


def _start(app: ConsoleApp, playbook: Row, ids: list[str], are_cases: bool) -> None:
    key = str(uuid4())

    def body() -> TriggerAsk:
        from backend.playbooks.schemas import TriggerAsk

        chosen: dict[str, Any] = {"incidence_ids": ids} if are_cases else {"customer_ids": ids}
        return TriggerAsk(playbook_id=playbook["playbookId"], **chosen)

    def done(answer: Any) -> None:
        found = told(answer)
        started, refused = len(found["items"]), found["refused"]
        if not refused:
            app.say(f"{playbook['name']} goes on for {started}.")
            return
        pairs: list[tuple[str, Cell]] = [("Started", str(started)), ("Left out", [(str(len(refused)), "danger")])]
        pairs += [(one["customerName"], one["why"]) for one in refused[:SHOWN]]
        app.push_screen(Confirm(f"{playbook['name']}: not for all", pairs, yes="Close", no="Close", role="warning"))

    call = lambda: app.api.playbooks.trigger(body(), idempotency_key=key)  # noqa: E731
    app.calls.start(f"start {playbook['name']}", call, done=done)


def detail(row: Row) -> str:
    """A playbook in a few words."""
    return _detail(row)


def _detail(row: Row) -> str:
    count = len(row["document"]["steps"])
    trigger = row["document"].get("trigger")
    after = (
        f" · {', '.join(OCCASIONS.get(one, one) for one in trigger['after'])}" if row["isAutomatic"] and trigger else ""
    )
    return f"{count} steps{after}"
