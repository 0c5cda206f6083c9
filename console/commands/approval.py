"""`holdfast approval …`: what agents asked for, and deciding it."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="The approval's id, or the reference of its case when that has only one.")]
Note = Annotated[str, typer.Option(help="What to say with it.")]
Seen = Annotated[bool, typer.Option("--seen", help="Decide though the case has changed since it was asked for.")]
Status = Literal["pending", "approved", "denied", "expired", "used", "withdrawn", "all"]
HEADINGS = ("id", "ref", "status", "left", "asks", "what", "changed since")

group = typer.Typer(help="What agents asked for, and deciding it.", no_args_is_help=True)


@group.command("list")
def listed(
    status: Annotated[Status, typer.Option(case_sensitive=False, help="Only those.")] = "pending",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What is pending the oldest first, all else the newest first."""

    async def page_of(api: "Client") -> Any:
        wanted = None if status == "all" else status.upper()
        return await api.approvals.list(status=wanted, limit=limit, cursor=cursor or None)

    page = twin.told(twin.signed_in(url, page_of))
    more = "\nThere are more: raise --limit, or go on with --cursor." if page["nextCursor"] else ""
    rows = [HEADINGS, *map(_cells, page["items"])]
    show((twin.table(rows) if page["items"] else "Nothing is asked for.") + more, page, as_json=json)


@group.command()
def approve(id: Id, note: Note = "", seen: Seen = False, url: twin.Url = "", json: twin.Json = False) -> None:
    """Agree: it is carried out at once."""
    _decide(id, "approve", note, seen, url, json)


@group.command()
def deny(id: Id, note: Note = "", seen: Seen = False, url: twin.Url = "", json: twin.Json = False) -> None:
    """Refuse it."""
    _decide(id, "deny", note, seen, url, json)


def _decide(id: str, verb: str, note: str, seen: bool, url: str, json: bool) -> None:
    async def decided(api: "Client") -> Any:
        from backend.agent.schemas import ApprovalDecision

        one = await _own(api, id)
        now = one.incidence_version_now if seen else None
        body = ApprovalDecision(version=one.version, incidence_version=now, note=note or None)
        return await (api.approvals.approve if verb == "approve" else api.approvals.deny)(one.approval_id, body)

    from console.approvals import told_of

    answer = twin.told(twin.signed_in(url, decided))
    show(f"{told_of(answer)}.", answer, as_json=json)


async def _own(api: "Client", id: str) -> Any:
    """The approval of that id, or the one that is pending in the case of that reference."""
    by_ref, cursor = id.upper().startswith("INC-"), None
    found: list[Any] = []
    while True:
        page = await api.approvals.list(status="PENDING" if by_ref else None, limit=200, cursor=cursor)
        found += [one for one in page.items if id in (one.approval_id, one.incidence_id) or id.upper() == one.ref]
        cursor = page.next_cursor
        if cursor is None or (found and not by_ref):
            break
    if not found:
        fail(f"nothing is asked for in {id}." if by_ref else f"there is no approval {id!r}.")
    if len(found) > 1:
        fail(f"{id} has several: {', '.join(one.approval_id for one in found)}.")
    return found[0]


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.approvals import until_of

    left = until_of(one, RealClock().now())[0] if one["status"] == "PENDING" else ""
    what, changes = "; ".join(one["diff"]), "; ".join(one["changes"])
    return one["approvalId"], one["ref"], one["status"].lower(), left, one["requestedByName"], what, changes


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="approval")
