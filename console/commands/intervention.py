"""`holdfast intervention …`: what is to be done for customers, by whom and by when, and whether it helped."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

HEADINGS = ("id", "due", "status", "priority", "type", "whose", "customer", "next")
Id = Annotated[str, typer.Argument(help="The intervention's id.")]
State = Literal["open", "active", "completed", "cancelled", "unfinished"]
Status = Literal["open", "active", "completed", "cancelled"]
Type = Literal["call", "email", "message", "meeting", "offer", "training", "payment", "other"]
Outcome = Literal["helped", "no_change", "not_reached", "lost"]
Priority = Literal["low", "medium", "high"]
To = Annotated[str | None, typer.Option("--to", help="Give it to `me`, `none`, or a member's id.")]
Due = Annotated[str | None, typer.Option(help="When it is due, such as 2026-05-01 or 2026-05-01T09:00Z; or `none`.")]

group = typer.Typer(help="Interventions: what is to be done for customers.", no_args_is_help=True)


@group.command("list")
def listing(
    status: Annotated[State | None, typer.Option(help="Unfinished are open and active ones.")] = "unfinished",
    assignee: Annotated[str, typer.Option(help="me, none, or a member's id.")] = "",
    customer: Annotated[str, typer.Option(help="Of one customer, by our id or the external one.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what is late.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Finished ones too.")] = False,
    sort: Annotated[Literal["due", "created"], typer.Option()] = "due",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What is to be done, what is due first."""
    query: dict[str, Any] = {"sort": sort, "limit": limit, "cursor": cursor or None, "overdue": overdue or None}
    query |= {"assignee": assignee or None, "customer": customer or None, "status": None if everything else status}
    page = twin.told(twin.signed_in(url, lambda api: api.interventions.list(**query)))
    told = twin.table([HEADINGS, *map(_cells, page["items"])]) if page["items"] else "There is none."
    show(f"{told}\n{page['unfinished']} unfinished, {page['overdue']} overdue.", page, as_json=json)


@group.command("show")
def display(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """One of them."""
    _tell(twin.told(twin.signed_in(url, lambda api: api.interventions.show(id))), json)


@group.command()
def add(
    customer: Annotated[str, typer.Argument(help="The customer, by our id or the external one.")],
    from_risk: Annotated[
        bool, typer.Option("--from-risk", help="Fill it from the customer's risk as it is now.")
    ] = False,
    type: Annotated[Type | None, typer.Option()] = None,
    priority: Annotated[Priority | None, typer.Option()] = None,
    to: To = None,
    description: Annotated[str, typer.Option(help="Why.")] = "",
    next: Annotated[str, typer.Option(help="What to do next.")] = "",
    notes: Annotated[str, typer.Option()] = "",
    due: Due = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Begin one."""
    given = {"type": type, "priority": priority, "assigneeId": None if to == "none" else to, "dueDate": _instant(due)}
    words = {"description": description, "nextAction": next, "notes": notes}
    body = {"customerId": customer, "fromRisk": from_risk, **words, **{k: v for k, v in given.items() if v is not None}}

    async def make(api: "Client") -> Any:
        from backend.interventions.schemas import InterventionCreate

        return await api.interventions.create(InterventionCreate.model_validate(body))

    _tell(twin.told(twin.signed_in(url, make)), json)


@group.command()
def change(
    id: Id,
    status: Annotated[Status | None, typer.Option()] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="What came of it: completes it.")] = None,
    priority: Annotated[Priority | None, typer.Option()] = None,
    to: To = None,
    description: Annotated[str | None, typer.Option()] = None,
    next: Annotated[str | None, typer.Option(help="What to do next.")] = None,
    notes: Annotated[str | None, typer.Option()] = None,
    due: Due = None,
    version: Annotated[int | None, typer.Option(help="The version you saw; the current one when left out.")] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Change what is given; an outcome completes it."""
    status = status or ("completed" if outcome else None)
    given = {"status": status, "outcome": outcome, "priority": priority, "description": description}
    given |= {"nextAction": next, "notes": notes}
    body: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if to is not None:
        body["assigneeId"] = None if to == "none" else to
    if due is not None:
        body["dueDate"] = _instant(due)
    if not body:
        fail("give at least one thing to change; --help lists them")

    async def changed(api: "Client") -> Any:
        from backend.interventions.schemas import InterventionChange

        seen = version or (await api.interventions.show(id)).version
        return await api.interventions.change(id, InterventionChange.model_validate({"version": seen, **body}))

    _tell(twin.told(twin.signed_in(url, changed)), json)


@group.command()
def effect(
    horizon: Annotated[Literal["30", "90"], typer.Option(help="Days after one began.")] = "30",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Whether they helped: against customers alike who got none."""
    told = twin.told(twin.signed_in(url, lambda api: api.interventions.effect(int(horizon))))
    lines = []
    for one in told["measures"]:
        lines += [
            f"{one['label']}: {one['words']}",
            f"  {one['helped']} helped, {one['alike']} alike, {one['unmatched']} without anybody alike",
            f"  {one['definition']}",
        ]
    show("\n".join(lines), told, as_json=json)


def _instant(text: str | None) -> str | None:
    """What was typed, as an instant in UTC; a day is its beginning there."""
    if text is None or text == "none":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no date: write 2026-05-01, or 2026-05-01T09:00Z")
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["id"],
        (one["dueDate"] or "")[:16].replace("T", " "),
        one["status"],
        one["priority"],
        one["type"],
        one["assigneeName"] or "nobody",
        one["customerName"] or one["userId"],
        one["nextAction"].replace("\n", " ")[:60],
    )


def _tell(one: dict[str, Any], json: bool) -> None:
    rows = [(name, "" if value in (None, {}, "") else str(value)) for name, value in one.items()]
    show(twin.table(rows), one, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="intervention")
