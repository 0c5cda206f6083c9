"""`holdfast bulk …`: a verb on all incidences that match, tried first if one likes, and taken back."""

import asyncio
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.commands.incidence import Outcome, Status, member_of
from console.commands.queue import View
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

POLL_SECONDS = 0.2


def bulk(
    filter: Annotated[str, typer.Argument(help="Which: a filter such as `p3 -waiting #sale`.")] = "",
    view: Annotated[View | None, typer.Option(help="Only those of a tab.")] = None,
    take: Annotated[bool, typer.Option("--take", help="Make them yours.")] = False,
    assign: Annotated[str, typer.Option(help="Give them to a colleague, by e-mail or name; `me` or `none`.")] = "",
    status: Annotated[Status | None, typer.Option(case_sensitive=False, help="Open, or waiting.")] = None,
    priority: Annotated[int | None, typer.Option(min=1, max=4, help="1 is first, 4 last.")] = None,
    snooze: Annotated[str, typer.Option(help="Put them away until then: 2h, 18:30, tomorrow.")] = "",
    solve: Annotated[Outcome | None, typer.Option(case_sensitive=False, help="Close them with an outcome.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="Open closed ones again.")] = False,
    label: Annotated[list[str] | None, typer.Option(help="Put a label on them.")] = None,
    unlabel: Annotated[list[str] | None, typer.Option(help="Take a label off them.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Hear of them.")] = False,
    unwatch: Annotated[bool, typer.Option("--unwatch", help="Hear of them no more.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count, and say what would be left alone.")] = False,
    expect: Annotated[int | None, typer.Option(min=0, help="Refuse unless there are so many.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    results: Annotated[str, typer.Option(help="Tell what became of each: the id of an earlier one.")] = "",
    undo: Annotated[str, typer.Option(help="Take an earlier one back: its id.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Do a verb to all incidences that match, or tell what it would come to; see and take back earlier ones."""
    if results or undo:
        _earlier(results or undo, is_undo=bool(undo), url=url, json=json)
        return
    labels = {"add": label or [], "remove": unlabel or []}
    verbs: dict[str, Any] = {
        "take": {} if take else None,
        "assign": {"agentId": assign} if assign else None,
        "status": {"status": status.upper()} if status else None,
        "priority": {"priority": priority} if priority else None,
        "snooze": {"snoozedUntil": snooze} if snooze else None,
        "close": {"outcome": solve.upper()} if solve else None,
        "reopen": {} if reopen else None,
        "label": labels if label or unlabel else None,
        "watch": {} if watch else None,
        "unwatch": {} if unwatch else None,
    }
    wanted = {name: args for name, args in verbs.items() if args is not None}
    if len(wanted) != 1:
        fail(f"say one thing to do{f', not {len(wanted)}' if wanted else ''}: --take, --assign, --label, …; see --help")
    (name, args) = next(iter(wanted.items()))
    asked = {"q": filter or None, "view": view, "expectedCount": expect}

    async def run(api: "Client") -> Any:
        body = _body(name, await _exact(api, args), asked)
        if not dry_run and (yes or expect is not None):
            return await _done(api, body)
        found = await api.bulks.preview(body)
        if dry_run or not found.can:
            return found
        print(_tried(twin.told(found)), file=sys.stderr)
        if not sys.stdin.isatty():
            fail("there is nobody to ask; say --yes, or --expect with the number")
        if not typer.confirm(f"{name} all {found.can}?", err=True):
            fail("nothing was done")
        return await _done(api, body.model_copy(update={"expected_count": found.count}))

    found = twin.told(twin.signed_in(url, run))
    show(_tried(found) if found.get("dryRun") else _told(found), found, as_json=json)


def _body(name: str, args: dict[str, Any], asked: dict[str, Any]) -> Any:
    from pydantic import ValidationError

    from backend.incidences.bulk_schemas import BulkStart

    given = {key: value for key, value in asked.items() if value is not None}
    try:
        return BulkStart.model_validate({"verb": name, "args": args, **given})
    except ValidationError as error:
        fail("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors()))


async def _exact(api: "Client", args: dict[str, Any]) -> dict[str, Any]:
    """Arguments as the API takes them: whom and until when, as people say it."""
    if "agentId" in args:
        return {"agentId": await member_of(api, args["agentId"])}
    if "snoozedUntil" in args:
        from zoneinfo import ZoneInfo

        from console.desk.until import Unclear, wake_at

        me = await api.identity.me()
        try:
            return {"snoozedUntil": wake_at(args["snoozedUntil"], me.time.astimezone(ZoneInfo(me.business.time_zone)))}
        except Unclear as error:
            fail(str(error))
    return args


async def _done(api: "Client", body: Any) -> Any:
    from backend.core.ids import new_id

    return await _through(api, (await api.bulks.start(body, idempotency_key=new_id())).bulk_id)


async def _through(api: "Client", id: str) -> Any:
    """What became of each, once it is through."""
    while (now := await api.bulks.show(id)).state in ("RUNNING", "UNDOING"):  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(POLL_SECONDS)
    return now


def _earlier(id: str, *, is_undo: bool, url: str, json: bool) -> None:
    async def looked(api: "Client") -> Any:
        if is_undo:
            await api.bulks.undo(id)
        return await _through(api, id)

    found = twin.told(twin.signed_in(url, looked))
    show(_told(found), found, as_json=json)


def _reasons(found: dict[str, Any], key: str) -> list[str]:
    return [f"  {one['count']} left alone: {one['why']}" for one in found[key]]


def _tried(found: dict[str, Any]) -> str:
    head = f"{found['count']} match; {found['verb']} would be done to {found['can']}."
    rows = [(one["ref"], "yes" if one["can"] else f"no: {one['why']}", one["summary"]) for one in found["rows"]]
    return "\n".join([head, *_reasons(found, "cannot"), *([twin.table(rows)] if rows else [])])


def _told(found: dict[str, Any]) -> str:
    is_undone = found["state"] == "UNDONE"
    did = f"{found['undone']} taken back, {found['kept']} kept" if is_undone else f"{found['done']} done"
    rows = [(one["ref"], one["state"].lower(), one["why"] or "") for one in found["rows"]]
    head = f"{found['verb']}: {did}, {found['skipped']} left alone (bulk {found['bulkId']})."
    return "\n".join([head, *_reasons(found, "reasons"), twin.table(rows)])


def register(app: typer.Typer) -> None:
    app.command()(bulk)
