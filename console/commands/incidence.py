"""`holdfast incidence …`: everything that the workspace does to one incidence."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.commands.incidence_text import described
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Id = Annotated[str, typer.Argument(help="Its id, or its reference such as INC-1042.")]
Words = Annotated[str, typer.Argument(help="What to write.")]
Version = Annotated[int | None, typer.Option(help="Refuse unless it is still at this version.", min=1)]
Outcome = Literal["resolved", "dropped", "converted"]
Impact = Literal["placed", "modified", "lost"]
Status = Literal["open", "waiting"]

group = typer.Typer(help="One incidence: look at it and work on it.", no_args_is_help=True)


@group.command("show")
def display(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """All there is to know: customer, order, app, friction, what one may do, the timeline."""

    async def dashboard(api: "Client") -> Any:
        return await api.agent.dashboard((await api.incidences.show(id)).incidence_id)

    found = twin.told(twin.signed_in(url, dashboard))
    show(described(found), found, as_json=json)


@group.command()
def why(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """Why it is where it is in the queue: rules and versions, what they saw, friction, escalation, owner."""

    async def asked(api: "Client") -> Any:
        return await api.incidences.why(id)

    found = twin.signed_in(url, asked)
    show(twin.table([(line,) for line in (found["ref"], *found["lines"])]), found, as_json=json)


@group.command()
def take(id: Id, version: Version = None, url: twin.Url = "", json: twin.Json = False) -> None:
    """Make it yours."""
    done(url, json, lambda api: api.incidences.take(id, version), "is yours")


@group.command()
def reply(
    id: Id,
    text: Words,
    seen: Annotated[int | None, typer.Option(help="The seq of the newest message you have read.", min=0)] = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Write to the customer. Refused when something arrived that --seen does not cover."""
    from backend.core.ids import new_id
    from backend.incidences.schemas import MessageSend

    async def sent(api: "Client") -> Any:
        last = (await api.incidences.show(id)).last_message_seq if seen is None else seen
        return await api.incidences.send(id, MessageSend(text=text, last_seen_seq=last), idempotency_key=new_id())

    done(url, json, sent, "was answered")


@group.command()
def note(id: Id, text: Words, url: twin.Url = "", json: twin.Json = False) -> None:
    """Write a note that only the team sees."""
    from backend.core.ids import new_id
    from backend.incidences.schemas import NoteAdd

    done(url, json, lambda api: api.agent.note(id, NoteAdd(text=text), idempotency_key=new_id()), "has your note")


@group.command()
def assign(
    id: Id,
    member: Annotated[str, typer.Argument(help="A colleague's e-mail or name; `me` or `none`.")],
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Give it to somebody, or back."""

    async def assigned(api: "Client") -> Any:
        return await _changed(api, id, version, agent_id=await member_of(api, member))

    done(url, json, assigned, "is with {agentName}")


@group.command()
def status(
    id: Id,
    status: Annotated[Status, typer.Argument(case_sensitive=False)],
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Open, or waiting for the customer."""
    done(url, json, lambda api: _changed(api, id, version, status=status.upper()), "is {status}")


@group.command()
def snooze(
    id: Id,
    until: Annotated[str, typer.Argument(help="45m, 2h, 3d, 18:30, tomorrow, monday.")],
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Put it away until then, in the time zone of the business."""

    async def snoozed(api: "Client") -> Any:
        from zoneinfo import ZoneInfo

        from console.desk.until import Unclear, wake_at

        me = await api.identity.me()
        try:
            at = wake_at(until, me.time.astimezone(ZoneInfo(me.business.time_zone)))
        except Unclear as error:
            fail(str(error))
        return await _changed(api, id, version, status="SNOOZED", snoozed_until=at)

    done(url, json, snoozed, "sleeps until {snoozedUntil}")


@group.command()
def solve(
    id: Id,
    outcome: Annotated[Outcome, typer.Option(case_sensitive=False, help="How it ended.")] = "resolved",
    category: Annotated[str, typer.Option(help="What it was about.")] = "",
    cause: Annotated[str, typer.Option(help="Why it came to it.")] = "",
    resolution: Annotated[str, typer.Option(help="What solved it.")] = "",
    impact: Annotated[Impact | None, typer.Option(case_sensitive=False, help="What became of the order.")] = None,
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Close it with an outcome."""
    more = {"issue_category": category, "root_cause": cause, "resolution_type": resolution}
    given = {name: value for name, value in more.items() if value}
    if impact:
        given["order_impact"] = impact.upper()
    done(url, json, lambda api: _changed(api, id, version, outcome=outcome.upper(), **given), "is {outcome}")


@group.command()
def reopen(id: Id, version: Version = None, url: twin.Url = "", json: twin.Json = False) -> None:
    """Open a closed one again."""
    done(url, json, lambda api: _changed(api, id, version, status="OPEN"), "is open again")


@group.command()
def escalate(
    id: Id,
    reason: Annotated[str, typer.Argument(help="Why.")],
    version: Version = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Allow the customer the next channel."""
    from backend.incidences.schemas import ChannelEscalate

    async def climbed(api: "Client") -> Any:
        own = (await api.incidences.show(id)).incidence_id
        return await api.channels.escalate(ChannelEscalate(incidence_id=own, reason=reason, version=version))

    done(url, json, climbed, "may be reached by another channel")


async def _changed(api: "Client", id: str, version: int | None, **fields: Any) -> Any:
    """Change it at the version given, or the one it has when we look."""
    from backend.incidences.schemas import IncidenceChange

    at = version or (await api.incidences.show(id)).version
    return await api.incidences.change(id, IncidenceChange(version=at, **fields))


async def member_of(api: "Client", wanted: str) -> str | None:
    if wanted.lower() == "none":
        return None
    me = await api.identity.me()
    if wanted.lower() == "me":
        return me.member_id
    members = (await api.businesses.members(me.business.id)).items
    word = wanted.casefold()
    found = [one for one in members if word == one.email] or [one for one in members if word in one.name.casefold()]
    if len(found) != 1:
        names = ", ".join(f"{one.name} <{one.email}>" for one in found or members)
        fail(f"{wanted!r} is {'several colleagues' if found else 'nobody here'}; there are {names}.")
    return found[0].id


def done(url: str, json: bool, work: Callable[["Client"], Awaitable[Any]], words: str) -> None:
    """Do `work` and tell what became of the incidence."""
    answer = twin.told(twin.signed_in(url, work))
    row = answer.get("incidence", answer)
    known = {name: str(value or "nobody") for name, value in row.items()}
    show(f"{row['ref']} {words.format(**known)} (version {row['version']}).", answer, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="incidence")
