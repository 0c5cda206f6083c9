"""`holdfast floor`, `holdfast availability` and `holdfast capacity`: who is there, and how much they can have."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

State = Literal["online", "away"]
HEADINGS = ("member", "role", "is", "since", "cases", "waiting", "longest", "closed/h", "speaks")
DUE_SHOWN = 10


def floor(url: twin.Url = "", json: twin.Json = False) -> None:
    """Everybody with their load, what waits for an owner, what is due next, and the last hour."""

    async def read(api: "Client") -> Any:
        return await api.agent.floor()

    found = twin.told(twin.signed_in(url, read))
    show("\n".join(_told(found)), found, as_json=json)


def availability(
    state: Annotated[State | None, typer.Argument(help="online or away; left out, how you are is shown.")] = None,
    reason: Annotated[str, typer.Option(help="Why you are away: lunch.")] = "",
    back: Annotated[str, typer.Option(help="When you are back: 30m, 13:30, tomorrow 9:00.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Say that you are at the desk, or away from it. Offline is who has no console connected."""
    from backend.core.clock import RealClock
    from backend.identity.schemas import AvailabilitySay
    from console.desk.until import Unclear, wake_at

    try:
        back_at = wake_at(back, RealClock().now().astimezone()) if back else None
    except Unclear as problem:
        fail(str(problem))

    async def said(api: "Client") -> Any:
        if state is None:
            me = (await api.identity.me()).member_id
            return next(one.member for one in (await api.agent.floor()).members if one.member.id == me)
        body = {"availability": state.upper(), "reason": reason or None, "backAt": back_at}
        return await api.agent.say_availability(AvailabilitySay.model_validate(body))

    member = twin.told(twin.signed_in(url, said))
    show(f"{member['name']} is {_is(member)}.", member, as_json=json)


def capacity(
    member: Annotated[str, typer.Argument(help="The member's id or e-mail.")],
    cases: Annotated[str, typer.Argument(help="How many cases; `role` for what their role has.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """How many cases a member can have at a time."""
    if cases != "role" and not cases.isdecimal():
        fail("say a number, or `role`")

    async def changed(api: "Client") -> Any:
        staff = [one.member for one in (await api.agent.floor()).members]
        id = next((one.id for one in staff if member.casefold() in (one.id, one.email)), member)
        return await api.agent.set_capacity(id, None if cases == "role" else int(cases))

    now = twin.told(twin.signed_in(url, changed))
    told = "what their role has" if now["capacity"] is None else f"{now['capacity']} cases"
    show(f"{now['name']} can have {told} at a time.", now, as_json=json)


def _told(found: dict[str, Any]) -> list[str]:
    from backend.core.clock import RealClock
    from console.desk import ages

    now, nobody, hour = RealClock().now(), found["unassigned"], found["lastHour"]
    rows = [HEADINGS, *(_cells(one, now) for one in found["members"])]
    waits = f"{nobody['waiting']} wait for an owner"
    if nobody["oldestWaitingSince"]:
        waits += f", the longest for {ages.since(nobody['oldestWaitingSince'], now)}"
    lines = [twin.table(rows), "", waits + (f"; {nobody['why']}" if nobody["why"] else "") + "."]
    lines.append(f"Last hour: {hour['opened']} opened, {hour['answered']} first answered, {hour['closed']} closed.")
    due = [
        (one["ref"], one["target"], _due(one["dueAt"], now), one["agentName"] or "nobody", one["summary"])
        for one in found["due"][:DUE_SHOWN]
    ]
    return [*lines, "", twin.table([("ref", "due", "in", "agent", "summary"), *due])] if due else lines


def _cells(one: dict[str, Any], now: Any) -> tuple[str, ...]:
    from console.desk import ages

    member = one["member"]
    return (
        member["name"],
        member["role"],
        _is(member),
        ages.since(member["availabilitySince"], now),
        f"{one['load']}/{one['capacity']}",
        str(one["waiting"]),
        ages.since(one["oldestWaitingSince"], now),
        str(one["closedLastHour"]),
        " ".join(member["languages"]),
    )


def _is(member: dict[str, Any]) -> str:
    reason = f" ({member['awayReason']})" if member["awayReason"] else ""
    return f"{member['availability'].lower()}{reason}"


def _due(at: str, now: Any) -> str:
    from console.desk import ages

    late = (now - ages.parsed(at)).total_seconds()
    return f"missed {ages.span(late)} ago" if late > 0 else ages.until(at, now)


def register(app: typer.Typer) -> None:
    for command in (floor, availability, capacity):
        app.command()(command)
