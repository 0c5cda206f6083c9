"""`holdfast jobs …` and `holdfast monitoring`: what runs by itself, what failed, and how every part does."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

JOBS = ("name", "status", "tries", "due", "error", "id")
SCHEDULES = ("name", "cron (UTC)", "last", "result", "next", "error")
DEAD = ("failed", "job", "tries", "replayed", "error", "id")
Id = Annotated[str, typer.Argument(help="Its id.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many.")]

group = typer.Typer(help="Jobs: what runs by itself.", no_args_is_help=True)


@group.command("list")
def list_jobs(
    status: Annotated[str, typer.Option(help="waiting, retrying, running, succeeded, failed or cancelled.")] = "",
    limit: Limit = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Those that wait, the next one first; then those that run or ran, the newest first."""
    query = {"status": status or None, "limit": limit, "cursor": cursor or None}
    page = twin.signed_in(url, lambda api: api.jobs.list(**query))
    rows = [JOBS, *map(_job, page["items"])]
    show(twin.table(rows) if page["items"] else "There is no job.", page, as_json=json)


@group.command()
def schedules(url: twin.Url = "", json: twin.Json = False) -> None:
    """What runs by itself: when it ran last and next, and how that went."""

    async def listed(api: "Client") -> Any:
        return await api.jobs.schedules()

    page = twin.told(twin.signed_in(url, listed))
    show(twin.table([SCHEDULES, *map(_schedule, page["items"])]), page, as_json=json)


@group.command()
def retry(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Run a waiting job now, or a failed or cancelled one once more."""
    told = twin.signed_in(url, lambda api: api.jobs.retry(id))
    show(f"It runs now: {told['id']}", told, as_json=json)


@group.command()
def cancel(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Forget a waiting job, or stop a running one."""
    told = twin.signed_in(url, lambda api: api.jobs.cancel(id))
    show("It is cancelled.", told, as_json=json)


@group.command()
def dead(limit: Limit = 50, url: twin.Url = "", json: twin.Json = False) -> None:
    """Jobs that failed for good, the newest first."""
    page = twin.signed_in(url, lambda api: api.jobs.dead_letters(limit=limit))
    rows = [DEAD, *map(_dead, page["items"])]
    show(twin.table(rows) if page["items"] else "Nothing failed for good.", page, as_json=json)


@group.command()
def replay(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Give a dead letter's job one more attempt."""
    told = twin.signed_in(url, lambda api: api.jobs.replay(id))
    show(f"{told['job']} is run once more.", told, as_json=json)


def monitoring(url: twin.Url = "", json: twin.Json = False) -> None:
    """How every part does: database, jobs, feed, Stripe, chat platforms, letters, backups, and this server."""

    async def shown(api: "Client") -> Any:
        return await api.system.monitoring()

    from console.jobs.words import PARTS, figure

    told = twin.told(twin.signed_in(url, shown))
    rows = [
        (
            PARTS[one["state"]][0],
            one["title"],
            one["words"],
            ", ".join(f"{each['label']} {figure(each)}" for each in one["figures"]),
        )
        for one in told["parts"]
    ]
    show(twin.table(rows), told, as_json=json)
    if told["state"] == "danger":
        raise typer.Exit(1)


def _when(instant: str | None) -> str:
    from backend.core.clock import RealClock
    from console.desk import ages

    return ages.local(instant, RealClock().now())


def _job(one: dict[str, Any]) -> tuple[str, ...]:
    due = _when(one["dueAt"]) if one["dueAt"] else ""
    return (one["name"], one["status"], str(one["attempts"]), due, (one["error"] or "")[:80], one["id"])


def _schedule(one: dict[str, Any]) -> tuple[str, ...]:
    last = _when(one["lastAt"]) if one["lastAt"] else "not yet"
    return (one["name"], one["cron"], last, one["status"] or "", _when(one["nextAt"]), (one["error"] or "")[:80])


def _dead(one: dict[str, Any]) -> tuple[str, ...]:
    replayed = _when(one["replayedAt"]) if one["replayedAt"] else ""
    return (_when(one["failedAt"]), one["job"], str(one["attempts"]), replayed, one["error"][:80], one["id"])


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="jobs")
    app.command()(monitoring)
