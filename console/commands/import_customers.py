"""`holdfast import FILE`: customers out of a CSV file, tried or brought in, and a report of what was refused."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client
    from backend.integrations.importing.schemas import ImportRead

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CSV file, in any usual encoding.")]
Map = Annotated[list[str] | None, typer.Option("--map", help="COLUMN=FIELD, or COLUMN= to ignore it; repeat it.")]
Report = Annotated[Path | None, typer.Option(help="Where to write the rows that were refused, as CSV.")]
LOOK_SECONDS = 0.5
_SHOWN = 20


def bring_in(
    file: File,
    map: Map = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    report: Report = None,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Bring customers in from a CSV file. Columns are known by their names; --map says what they are otherwise."""
    given = dict(_pair(one) for one in map or ())

    refused: list[bytes] = []

    async def done(api: "Client") -> Any:
        read = await api.imports.upload(file.read_bytes(), file.name)
        columns = _columns(read, given)
        if not dry_run:
            one = await _brought_in(api, read, columns)
            refused.append(await api.imports.refusals(read.id) if report else b"")
            return one
        try:
            tried = await api.imports.dry_run(read.id, columns)
        finally:
            await api.imports.cancel(read.id)
        return {"columns": dict(zip(read.header, columns.columns, strict=True)), **twin.told(tried)}

    told = twin.told(twin.signed_in(url, done))
    if report is not None and refused:
        report.write_bytes(refused[0])
    show(_tried(told) if dry_run else _ended(told), told, as_json=json)
    if not dry_run and told["state"] != "DONE":
        raise SystemExit(1)


async def _brought_in(api: "Client", read: "ImportRead", columns: Any) -> "ImportRead":
    one = await api.imports.start(read.id, columns)
    while one.state == "RUNNING":
        await asyncio.sleep(LOOK_SECONDS)
        one = await api.imports.show(read.id)
    return one


def _pair(given: str) -> tuple[str, str]:
    name, sign, field = given.rpartition("=")
    if not sign or not name:
        fail(f"{given!r}: write it as COLUMN=FIELD, or COLUMN= to ignore it")
    return name, field


def _columns(read: "ImportRead", given: dict[str, str]) -> Any:
    """What was guessed, with what was given instead: a field that is given elsewhere is nobody's guess any more."""
    from pydantic import ValidationError

    from backend.integrations.importing.schemas import Columns

    if unknown := [name for name in given if name not in read.header]:
        fail(f"{unknown[0]!r} is no column; there are {', '.join(map(repr, read.header))}")
    wanted = set(given.values())
    guessed = [None if field in wanted else field for field in read.columns]
    columns = [given.get(name, field) or None for name, field in zip(read.header, guessed, strict=True)]
    try:
        return Columns.model_validate({"columns": columns})
    except ValidationError:
        from backend.integrations.importing.fields import FIELDS

        wrong = next(field for field in columns if field and field not in FIELDS)
        fail(f"{wrong!r} is no field of a customer; there are {', '.join(FIELDS)}")


def _tried(told: dict[str, Any]) -> str:
    lines = [
        f"{told['rows']} rows: {told['good']} would be brought in, {told['refused']} refused. Nothing was done.",
        "Columns: " + ", ".join(f"{name} = {field or 'ignored'}" for name, field in told["columns"].items()),
    ]
    if told["repeated"]:
        lines.append(f"{told['repeated']} are about somebody who stood in an earlier row: the last one counts.")
    problems = [(f"line {one['line']}", one["reason"]) for one in told["problems"][:_SHOWN]]
    more = len(told["problems"]) - len(problems)
    return "\n".join([*lines, *([twin.table(problems)] if problems else []), *([f"… and {more} more"] if more else [])])


def _ended(told: dict[str, Any]) -> str:
    begins = f"{told['filename']}: {told['state'].lower()}. {told['done']} of {told['rows']} rows were read"
    return f"{begins}, {told['made']} customers made, {told['changed']} changed, {told['refused']} rows refused."


def register(app: typer.Typer) -> None:
    app.command("import")(bring_in)
