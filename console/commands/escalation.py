"""`holdfast escalation …`: cases handed up, and what becomes of them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[
    str, typer.Argument(help="The incidence's id or its reference such as INC-1042, or the escalation's id.")
]
Reason = Literal["high-value", "system-bug", "policy-exception", "emotional", "unresolved"]
Level = Literal["senior-agent", "tech-team", "supervisor"]
Note = Annotated[str, typer.Option(help="What to say with it.")]
HEADINGS = ("ref", "level", "status", "for", "climbs in", "customer", "summary")

group = typer.Typer(help="Cases that were handed up.", no_args_is_help=True)


@group.command()
def trigger(
    id: Annotated[str, typer.Argument(help="The incidence's id, or its reference such as INC-1042.")],
    reason: Annotated[Reason, typer.Argument(case_sensitive=False, help="Why.")],
    note: Note = "",
    version: Annotated[int | None, typer.Option(help="Refuse unless it is still at this version.", min=1)] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Hand a case up; the rules say to whom."""
    from backend.core.ids import new_id
    from backend.incidences.schemas import EscalationTrigger

    body = {"incidenceId": id, "reason": _spelled(reason), "note": note or None, "version": version}
    wanted = EscalationTrigger.model_validate(body)
    _done(url, json, lambda api: api.escalations.trigger(wanted, idempotency_key=new_id()), "is with {level}")


@group.command()
def queue(
    level: Annotated[Level | None, typer.Option(case_sensitive=False, help="Only those at this level.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Go on after a page: its nextCursor.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What is handed up and not over: the highest level first, within a level the oldest first."""

    async def listed(api: "Client") -> Any:
        wanted = _spelled(level) if level else None
        return await api.escalations.queue(level=wanted, limit=limit, cursor=cursor or None)

    page = twin.told(twin.signed_in(url, listed))
    more = "\nThere are more: raise --limit, or go on with --cursor." if page["nextCursor"] else ""
    rows = [HEADINGS, *map(_cells, page["items"])]
    show((twin.table(rows) if page["items"] else "Nothing is escalated.") + more, page, as_json=json)


@group.command()
def acknowledge(id: Id, note: Note = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Take an escalation, which stops it from climbing."""

    async def acknowledged(api: "Client") -> Any:
        return await api.escalations.acknowledge(await _own(api, id), note or None)

    _done(url, json, acknowledged, "is yours to decide at {level}")


@group.command()
def take(id: Id, note: Note = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Take an escalation, and make its case yours."""

    async def taken(api: "Client") -> Any:
        from backend.incidences.schemas import IncidenceChange

        one = await api.escalations.acknowledge(await _own(api, id), note or None)
        me = (await api.identity.me()).member_id
        if one.incidence.agent_id != me:
            change = IncidenceChange(version=one.incidence.version, agent_id=me)
            one.incidence = await api.incidences.change(one.incidence_id, change)
        return one

    _done(url, json, taken, "is yours to decide at {level}")


@group.command("return")
def hand_back(id: Id, note: Note = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Hand a case back to who had it."""

    async def returned(api: "Client") -> Any:
        return await api.escalations.hand_back(await _own(api, id), note or None)

    _done(url, json, returned, "was handed back")


@group.command()
def resolve(id: Id, note: Note = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Settle what a case was handed up for; the case stays open."""

    async def resolved(api: "Client") -> Any:
        return await api.escalations.resolve(await _own(api, id), note or None)

    _done(url, json, resolved, "is settled at {level}")


async def _own(api: "Client", id: str) -> str:
    """The escalation's id, which the reference of its case stands for too."""
    from backend.client import ApiError
    from console.output import fail

    try:
        case = await api.incidences.show(id)
    except ApiError as error:
        if error.status != 404 or id.upper().startswith("INC-"):
            raise
        return id
    if case.escalation_id is None:
        fail(f"{case.ref} is not escalated.")
    return case.escalation_id


def _spelled(words: str) -> str:
    return words.upper().replace("-", "_")


def _worded(name: str) -> str:
    return name.replace("_", " ").lower()


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    from backend.core.clock import RealClock
    from console.desk import ages, wording

    now = RealClock().now()
    return (
        one["ref"],
        _worded(one["level"]),
        _worded(one["status"]),
        ages.since(one["raisedAt"], now),
        ages.until(one["nextClimbAt"], now),
        wording.customer(one["incidence"])[:32],
        f"{_worded(one['reason'])}: {one['incidence']['summary']}",
    )


def _done(url: str, json: bool, work: Callable[["Client"], Awaitable[Any]], words: str) -> None:
    """Do `work` and tell what became of the escalation."""
    one = twin.told(twin.signed_in(url, work))
    show(
        f"{one['ref']} {words.format(level=_worded(one['level']))} (escalation {one['escalationId']}).",
        one,
        as_json=json,
    )


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="escalation")
