"""`holdfast flow …`: the cancel flows, as YAML: list, show, edit, put before customers, try on the past."""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.commands.retention_figures import ranking
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Name = Annotated[str, typer.Argument(help="The flow's name, or its id.")]
File = Annotated[
    Path | None, typer.Option("--file", help="YAML, such as `holdfast flow show NAME` prints; - for stdin.")
]
Reason = Annotated[str, typer.Option(help="Why; kept with the version.")]
HEADINGS = ("flow", "status", "document", "met", "led to by", "id")

group = typer.Typer(help="Cancel flows.", no_args_is_help=True)
group.command("ranking")(ranking)


@group.command("list")
def list_flows(
    status: Annotated[str, typer.Option(help="draft, active or archived.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Every flow, those that customers meet first."""
    page = twin.told(twin.signed_in(url, lambda api: api.flows.list(status=status.upper() or None)))
    show(twin.table([HEADINGS, *map(_cells, page["items"])]), page, as_json=json)


@group.command("show")
def show_flow(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """A flow in YAML, as it is edited."""
    one = twin.told(twin.signed_in(url, lambda api: api.flows.show(name)))
    show(one["yaml"].rstrip(), one, as_json=json)


@group.command()
def add(file: File, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """A new flow from YAML with its name; customers meet it once it is activated."""
    text = read_text(file)

    async def made(api: "Client") -> Any:
        from backend.retention.flow_schemas import FlowMake

        return await api.flows.make(FlowMake(yaml=text, reason=reason))

    one = twin.told(twin.signed_in(url, made))
    show(f"{one['name']} is a draft. `holdfast flow activate` puts it before customers.", one, as_json=json)


@group.command()
def edit(name: Name, file: File = None, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Other steps, from a file or in $EDITOR. Customers meet them once they are activated."""

    async def found(api: "Client") -> Any:
        return await api.flows.show(name)

    seen = twin.told(twin.signed_in(url, found))
    text = read_text(file) if file else edited(seen["yaml"])
    if text == seen["yaml"]:
        show("Nothing was changed.", seen, as_json=json)
        return

    async def changed(api: "Client") -> Any:
        from backend.retention.flow_schemas import FlowChange

        body = FlowChange(version=seen["version"], yaml=text, reason=reason)
        return await api.flows.change(seen["flowId"], body)

    one = twin.told(twin.signed_in(url, changed))
    show(f"{one['name']}: document {one['number']}; {_met(one)}.", one, as_json=json)


@group.command()
def activate(
    name: Name,
    number: Annotated[int | None, typer.Option(min=1, help="Which document; the newest when left out.")] = None,
    reason: Annotated[str, typer.Option(help="Why; told to all who follow.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Let customers meet its newest document, or an earlier one again."""

    async def activated(api: "Client") -> Any:
        from backend.retention.flow_schemas import FlowActivate

        flow = await api.flows.show(name)
        return await api.flows.activate(flow.flow_id, FlowActivate(version=flow.version, number=number, reason=reason))

    one = twin.told(twin.signed_in(url, activated))
    show(f"{one['name']}: {_met(one)}.", one, as_json=json)


@group.command()
def archive(name: Name, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Nobody meets it any more."""

    async def archived(api: "Client") -> Any:
        from backend.retention.flow_schemas import FlowChange

        flow = await api.flows.show(name)
        return await api.flows.change(flow.flow_id, FlowChange(version=flow.version, status="ARCHIVED", reason=reason))

    one = twin.told(twin.signed_in(url, archived))
    show(f"{one['name']} is archived.", one, as_json=json)


@group.command()
def versions(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """Its documents, the newest first, each with what it changed."""
    page = twin.told(twin.signed_in(url, lambda api: api.flows.versions(name)))
    rows = [
        (
            f"{one['number']}{' ●' if one['isActive'] else ''}",
            one["at"] or "",
            one["byName"] or "",
            one["reason"],
            change,
        )
        for one in page["items"]
        for change in one["changes"] or [""]
    ]
    show(twin.table(rows), page, as_json=json)


@group.command()
def diff(
    name: Name,
    before: Annotated[int, typer.Argument(min=1, help="A document.")],
    after: Annotated[int, typer.Argument(min=1, help="Another one.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What one document has other than another, line by line."""
    one = twin.told(twin.signed_in(url, lambda api: api.flows.diff(name, before, after)))
    show(one["text"] or "They are the same.", one, as_json=json)


@group.command("dry-run")
def dry_run(
    name: Name,
    file: File = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far back.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many runs to show.")] = 20,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What the customers of the last days would have met. Changes nothing."""
    text = read_text(file) if file else None

    async def tried(api: "Client") -> Any:
        from backend.retention.flow_schemas import FlowTrial

        return await api.flows.dry_run(name, FlowTrial(yaml=text, days=days, limit=limit))

    answer = twin.told(twin.signed_in(url, tried))
    rows = [(f"{one['count']:,}", f"{one['before']}  →  {one['after']}") for one in answer["byOutcome"]]
    changed = [(one["customerName"] or one["customerId"], one["before"], one["after"]) for one in answer["changes"]]
    head = f"{answer['runs']:,} runs in {answer['days']} days: {answer['changed']:,} would have been otherwise."
    parts = [twin.table([(head,), (answer["source"],)]), *(twin.table(one) for one in (rows, changed) if one)]
    show("\n\n".join(parts), answer, as_json=json)


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    met = "–" if one["activeNumber"] is None else str(one["activeNumber"])
    return (one["name"], one["status"].lower(), str(one["number"]), met, ", ".join(one["segments"]), one["flowId"])


def _met(one: dict[str, Any]) -> str:
    if one["activeNumber"] is None:
        return "customers meet none"
    new = "" if one["activeNumber"] == one["number"] else f", document {one['number']} once it is activated"
    return f"customers meet document {one['activeNumber']}{new}"


def read_text(file: Path | None) -> str:
    """What a file, or standard input, holds. Exits with words when it cannot be read."""
    if file is None:
        fail("say which file: --file NAME.yaml, or --file - for what is piped in.")
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}.")


def edited(text: str) -> str:
    """The text as it was left in $EDITOR. Exits with words when there is none."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor:
        fail("set EDITOR, or give the steps with --file.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "document.yaml"
        file.write_text(text, encoding="utf-8")
        if subprocess.run([*shlex.split(editor), str(file)], check=False).returncode:
            fail("the editor ended with an error; nothing was changed.")
        return file.read_text(encoding="utf-8")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="flow")
