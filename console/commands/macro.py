"""`holdfast macro …`: what is done to many cases alike, under a name."""

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.commands.incidence import Id, Outcome
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Name = Annotated[str, typer.Argument(help="The macro's name.")]

group = typer.Typer(help="Macros: replies, notes and changes under a name.", no_args_is_help=True)


@group.command("list")
def list_all(url: twin.Url = "", json: twin.Json = False) -> None:
    """One's own and everybody's."""

    async def read(api: "Client") -> Any:
        return await api.macros.list()

    found = twin.told(twin.signed_in(url, read))
    rows = [
        (one["name"], "everybody's" if one["isShared"] else "yours", _words(one["steps"])) for one in found["items"]
    ]
    show(twin.table(rows) if rows else "There are none.", found, as_json=json)


@group.command()
def add(
    name: Name,
    reply: Annotated[str, typer.Option(help="To the customer, such as `Dear {customer.name}, …`.")] = "",
    note: Annotated[str, typer.Option(help="Among ourselves.")] = "",
    label: Annotated[list[str] | None, typer.Option(help="A label to put on.")] = None,
    unlabel: Annotated[list[str] | None, typer.Option(help="A label to take off.")] = None,
    agent: Annotated[str, typer.Option(help="Give it to `me` (whoever runs it), `none`, or a member's id.")] = "",
    priority: Annotated[int | None, typer.Option(min=1, max=4)] = None,
    status: Annotated[Literal["open", "waiting"] | None, typer.Option(case_sensitive=False)] = None,
    snooze: Annotated[int | None, typer.Option(min=1, help="Put it away for so many minutes.")] = None,
    solve: Annotated[Outcome | None, typer.Option(case_sensitive=False, help="Close it with an outcome.")] = None,
    shared: Annotated[bool, typer.Option("--shared", help="For everybody; supervisors keep these.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Make one."""
    from pydantic import ValidationError

    from backend.incidences.macro_schemas import MacroMake

    steps = {
        "reply": reply or None,
        "note": note or None,
        "add": label or None,
        "remove": unlabel or None,
        "agent": agent or None,
        "priority": priority,
        "status": status and status.upper(),
        "snoozeMinutes": snooze,
        "outcome": solve and solve.upper(),
    }
    given = {key: value for key, value in steps.items() if value is not None}
    try:
        body = MacroMake.model_validate({"name": name, "isShared": shared, "steps": given})
    except ValidationError as error:
        fail("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors()))

    async def made(api: "Client") -> Any:
        return await api.macros.make(body)

    found = twin.told(twin.signed_in(url, made))
    show(f"{found['name']} is there.", found, as_json=json)


@group.command()
def remove(name: Name, url: twin.Url = "") -> None:
    """Take one away; what it did stays."""

    async def gone(api: "Client") -> None:
        await api.macros.delete(await _id(api, name))

    twin.signed_in(url, gone)
    show(f"{name} is gone.", {}, as_json=False)


@group.command()
def run(
    name: Name,
    id: Id,
    text: Annotated[str, typer.Option(help="What to send instead of the macro's own reply.")] = "",
    seen: Annotated[int | None, typer.Option(help="The seq of the newest message you have read.", min=0)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what it comes to.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="The reply was looked at: do not ask.")] = False,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Do one to an incidence. A reply is shown first, and sent only when you say so."""
    from backend.core.ids import new_id
    from backend.incidences.macro_schemas import MacroRun

    async def done(api: "Client") -> Any:
        case, macro_id = await api.incidences.show(id), await _id(api, name)
        found = await api.macros.preview(case.incidence_id, macro_id)
        if dry_run:
            return found
        sent = (text or found.reply) if found.reply is not None else None
        if sent is not None and not yes:
            print(sent, file=sys.stderr)
            if not sys.stdin.isatty():
                fail("the customer would see this; say --yes once you have looked at it")
            if not typer.confirm("Send it?", err=True):
                fail("nothing was done")
        reply = {"text": sent, "lastSeenSeq": case.last_message_seq if seen is None else seen} if sent else {}
        body = MacroRun.model_validate({"macroId": macro_id, **reply})
        return await api.macros.run(case.incidence_id, body, idempotency_key=new_id())

    found = twin.told(twin.signed_in(url, done))
    show(_told(found), found, as_json=json)


async def _id(api: "Client", name: str) -> str:
    known = (await api.macros.list()).items
    found = [one.macro_id for one in known if one.name.casefold() == name.casefold()]
    if not found:
        fail(f"there is no macro {name!r}; there are {', '.join(one.name for one in known) or 'none'}.")
    return found[0]


def _words(steps: dict[str, Any]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in steps.items() if value not in (None, []))


def _told(found: dict[str, Any]) -> str:
    if "incidence" in found:
        return f"{found['incidence']['ref']}: done (version {found['incidence']['version']})."
    lines = [f"reply: {found['reply']}"] if found["reply"] else []
    lines += [f"note: {found['note']}"] if found["note"] else []
    lines += found["does"] + [f"nothing is known for {{{name}}}" for name in found["unresolved"]]
    return "\n".join(lines)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="macro")
