"""`holdfast queue` and `holdfast next`."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

View = Literal["mine", "unassigned", "all", "sla_risk", "high_friction", "high_churn", "escalated", "snoozed", "closed"]
Sort = Literal["queue", "sla", "updated", "created", "value", "friction"]
HEADINGS = ("ref", "prio", "status", "waits", "sla", "friction", "value", "agent", "customer", "summary")


def queue(
    view: Annotated[View, typer.Option(help="The tab.")] = "all",
    q: Annotated[str, typer.Option(help="A filter, such as `p1 churn>70 @me -waiting`.")] = "",
    sort: Annotated[Sort, typer.Option(help="The order.")] = "queue",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    counts: Annotated[bool, typer.Option("--counts", help="Only how many each tab holds.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """The queue, as its tabs show it."""

    async def listed(api: "Client") -> Any:
        return await api.incidences.list(view=view, q=q or None, sort=sort, limit=limit, cursor=cursor or None)

    async def counted(api: "Client") -> dict[str, int]:
        return await api.incidences.counts()

    if counts:
        found = twin.signed_in(url, counted)
        show(twin.table([(view, str(found.get(view, 0))) for view in get_args(View)]), found, as_json=json)
        return
    page = twin.told(twin.signed_in(url, listed))
    more = "\nThere are more: raise --limit, or go on with --cursor." if page["nextCursor"] else ""
    rows = [HEADINGS, *map(_cells, page["items"])]
    show((twin.table(rows) if page["items"] else "Nothing is there.") + more, page, as_json=json)


def next_best(
    force: Annotated[bool, typer.Option("--force", help="Also beyond what you can have, which is recorded.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Claim the incidence that most needs you, and say why."""

    async def claimed(api: "Client") -> Any:
        return await api.agent.next(force=force)

    best = twin.told(twin.signed_in(url, claimed))
    case, why = best["incidence"], [f"  because {reason}" for reason in best["reasons"]]
    text = "\n".join([twin.table([HEADINGS, _cells(case)]), *why]) if case else best["reasons"][0]
    show(text, best, as_json=json)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages, promise, wording

    now = RealClock().now()
    friction = "" if row["frictionScore"] is None else str(row["frictionScore"])
    return (
        row["ref"],
        f"P{row['priority']}",
        (row["outcome"] or row["status"]).lower(),
        ages.since(row["waitingSince"], now),
        "".join(text for text, _ in promise.left(row, now)),
        friction,
        wording.money(row["orderValue"], row["currency"]),
        row["agentName"] or ("self-service" if row["isSelfServe"] else "nobody"),
        wording.customer(row)[:32],
        row["summary"],
    )


def register(app: typer.Typer) -> None:
    app.command()(queue)
    app.command("next")(next_best)
