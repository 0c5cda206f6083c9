"""`holdfast playbook …`: what is done to one customer after another: list, write, start, and follow what goes on."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.commands.flow import edited, read_text
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Name = Annotated[str, typer.Argument(help="The playbook's name, or its id.")]
Id = Annotated[str, typer.Argument(help="The execution's id.")]
File = Annotated[
    Path | None, typer.Option("--file", help="YAML, such as `holdfast playbook show NAME` prints; - for stdin.")
]
Reason = Annotated[str, typer.Option(help="Why; told to all who follow.")]
HEADINGS = ("playbook", "starts", "now", "30 days", "failed", "success", "id")
_RUNS = ("customer", "playbook", "steps", "status", "stands", "id")

group = typer.Typer(help="Playbooks: steps done to one customer after another.", no_args_is_help=True)


@group.command("list")
def list_playbooks(
    status: Annotated[str, typer.Option(help="active or archived.")] = "", url: twin.Url = "", json: twin.Json = False
) -> None:
    """Every playbook with its numbers of the last 30 days."""
    page = twin.told(twin.signed_in(url, lambda api: api.playbooks.list(status=status.upper() or None)))
    show(twin.table([HEADINGS, *map(_cells, page["items"])]), page, as_json=json)


@group.command("show")
def show_playbook(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """A playbook in YAML, as it is edited."""
    one = twin.told(twin.signed_in(url, lambda api: api.playbooks.show(name)))
    show(one["yaml"].rstrip(), one, as_json=json)


@group.command()
def figures(name: Name, url: twin.Url = "", json: twin.Json = False) -> None:
    """How it did in the last 30 days, and each of its steps."""
    one = twin.told(twin.signed_in(url, lambda api: api.playbooks.show(name)))
    counted, said = one["figures"], {step["stepId"]: step for step in one["stepFigures"]}
    head = [
        (f"{counted['started']} started, {counted['open']} open, {counted['completed']} completed, "
         f"{counted['failed']} failed, {counted['cancelled']} cancelled",),
        (f"success {_rate(counted)}: {counted['definition']}",),
    ]  # fmt: skip
    rows = [("step", "reached", "done", "skipped", "failed", "median s")]
    for step in one["steps"]:
        its = said[step["stepId"]]
        took = "–" if its["medianSeconds"] is None else f"{its['medianSeconds']:g}"
        label = "  " * step["depth"] + step["words"]
        rows.append((label, *(str(its[key]) for key in ("reached", "done", "skipped", "failed")), took))
    show(f"{twin.table(head)}\n\n{twin.table(rows)}", one, as_json=json)


@group.command()
def add(file: File, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """A new playbook from YAML with its name; it starts nobody by itself."""
    text = read_text(file)

    async def made(api: "Client") -> Any:
        from backend.playbooks.schemas import PlaybookMake

        return await api.playbooks.make(PlaybookMake(yaml=text, reason=reason))

    one = twin.told(twin.signed_in(url, made))
    show(f"{one['name']} is there. `holdfast playbook automatic` lets it start by itself.", one, as_json=json)


@group.command()
def edit(name: Name, file: File = None, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Other words or steps, from a file or in $EDITOR. What is under way goes by what it began with."""
    seen = twin.told(twin.signed_in(url, lambda api: api.playbooks.show(name)))
    text = read_text(file) if file else edited(seen["yaml"])
    if text == seen["yaml"]:
        show("Nothing was changed.", seen, as_json=json)
        return
    one = _changed(url, seen, yaml=text, reason=reason)
    show(f"{one['name']}: document {one['number']}.", one, as_json=json)


@group.command()
def automatic(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="By hand only, from now on.")] = False,
    reason: Reason = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Let its trigger start it."""
    seen = twin.told(twin.signed_in(url, lambda api: api.playbooks.show(name)))
    one = _changed(url, seen, is_automatic=not off, reason=reason)
    how = "starts by itself" if one["isAutomatic"] else "is started by hand only"
    show(f"{one['name']} {how}.", one, as_json=json)


@group.command()
def archive(
    name: Name,
    back: Annotated[bool, typer.Option("--back", help="Bring it back instead.")] = False,
    reason: Reason = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Nobody starts it any more; what is under way goes on."""
    seen = twin.told(twin.signed_in(url, lambda api: api.playbooks.show(name)))
    one = _changed(url, seen, status="ACTIVE" if back else "ARCHIVED", reason=reason)
    show(f"{one['name']} is {one['status'].lower()}.", one, as_json=json)


@group.command()
def who(
    name: Name,
    file: File = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many to show.")] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Whom its trigger (or that of a file) fits now, the greatest expected loss first. Starts nobody."""
    text = read_text(file) if file else None

    async def found(api: "Client") -> Any:
        from backend.playbooks.schemas import Candidates

        return await api.playbooks.candidates(name, Candidates(yaml=text, limit=limit))

    answer = twin.told(twin.signed_in(url, found))
    rows = [
        (one["customerName"], f"{one['expectedLoss'] or 0:,.0f} {answer['currency']}", one["why"])
        for one in answer["items"]
    ]
    head = answer["why"] or f"{answer['count']} of {answer['lookedAt']} customers; {answer['leftOut']} had it lately."
    show("\n\n".join([head, *([twin.table(rows)] if rows else [])]), answer, as_json=json)


@group.command()
def run(
    name: Name,
    customers: Annotated[list[str], typer.Argument(help="Customers, by their ids.")],
    incidence: Annotated[str, typer.Option(help="The case it is about, with one customer.")] = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Start it for customers."""
    from backend.core.ids import new_id

    async def started(api: "Client") -> Any:
        from backend.playbooks.schemas import TriggerAsk

        playbook = await api.playbooks.show(name)
        whom: dict[str, Any] = {"customer_ids": customers}
        if len(customers) == 1:
            whom = {"customer_id": customers[0], "incidence_id": incidence or None}
        elif incidence:
            fail("a case goes with one customer.")
        body = TriggerAsk(playbook_id=playbook.playbook_id, **whom)
        return await api.playbooks.trigger(body, idempotency_key=new_id())

    answer = twin.told(twin.signed_in(url, started))
    rows = [(one["customerName"], "started", one["executionId"]) for one in answer["items"]]
    rows += [(one["customerName"], "left out", one["why"]) for one in answer["refused"]]
    show(twin.table(rows), answer, as_json=json)


@group.command()
def executions(
    status: Annotated[str, typer.Option(help="running, waiting, paused, completed, failed or cancelled.")] = "",
    playbook: Annotated[str, typer.Option(help="Of one playbook.")] = "",
    customer: Annotated[str, typer.Option(help="Of one customer.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What goes on and what is over, the newest first."""
    query = {"status": status.upper() or None, "playbookId": playbook or None, "customerId": customer or None}
    page = twin.told(twin.signed_in(url, lambda api: api.executions.list(limit=limit, **query)))
    show(twin.table([_RUNS, *map(_run_cells, page["items"])]), page, as_json=json)


@group.command()
def execution(id: Id, url: twin.Url = "", json: twin.Json = False) -> None:
    """One of them, with what each step did."""
    one = twin.told(twin.signed_in(url, lambda api: api.executions.show(id)))
    rows = [
        (step["state"].lower(), step["doneAt"] or "", step["words"], step["error"] or step["told"])
        for step in one["log"]
    ]
    head = twin.table([(one["customerName"], one["playbookName"], one["status"].lower(), _stands(one))])
    show("\n\n".join([head, *([twin.table(rows)] if rows else [])]), one, as_json=json)


@group.command()
def pause(id: Id, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Stop one before its next step."""
    _act(url, json, lambda api: api.executions.pause, id, reason)


@group.command()
def resume(id: Id, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Let it go on."""
    _act(url, json, lambda api: api.executions.resume, id, reason)


@group.command()
def cancel(id: Id, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """End it where it is; what its steps have done stays."""
    _act(url, json, lambda api: api.executions.cancel, id, reason)


@group.command()
def retry(id: Id, reason: Reason = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Do the step that failed once more."""
    _act(url, json, lambda api: api.executions.retry, id, reason)


@group.command()
def wait(
    id: Id,
    until: Annotated[str, typer.Argument(help="30m, 2h, 3d, 18:30, tomorrow, or an ISO instant.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Another end of the wait that it is in."""
    at = _instant(until)

    async def changed(api: "Client") -> Any:
        from backend.playbooks.schemas import WaitChange

        now = await api.executions.show(id)
        return await api.executions.change_wait(id, WaitChange(version=now.version, next_at=at))

    one = twin.told(twin.signed_in(url, changed))
    show(f"{one['customerName']}: waits until {one['nextAt']}.", one, as_json=json)


def _act(url: str, json: bool, verb: Callable[["Client"], Callable[..., Awaitable[Any]]], id: str, reason: str) -> None:
    async def done(api: "Client") -> Any:
        from backend.playbooks.schemas import ExecutionAct

        return await verb(api)(id, ExecutionAct(reason=reason))

    one = twin.told(twin.signed_in(url, done))
    show(f"{one['customerName']}: {one['status'].lower()}. {_stands(one)}", one, as_json=json)


def _changed(url: str, seen: dict[str, Any], **fields: Any) -> dict[str, Any]:
    async def changed(api: "Client") -> Any:
        from backend.playbooks.schemas import PlaybookChange

        return await api.playbooks.change(seen["playbookId"], PlaybookChange(version=seen["version"], **fields))

    answer: dict[str, Any] = twin.told(twin.signed_in(url, changed))
    return answer


def _instant(text: str) -> datetime:
    from console.desk.until import Unclear, wake_at

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            return wake_at(text, datetime.now(UTC).astimezone())
        except Unclear as problem:
            fail(str(problem))
    if found.tzinfo is None:
        fail("say the zone too, such as a Z at the end.")
    return found


def _cells(one: dict[str, Any]) -> tuple[str, ...]:
    counted = one["figures"]
    how = "archived" if one["status"] == "ARCHIVED" else "by itself" if one["isAutomatic"] else "by hand"
    numbers = (str(counted[name]) for name in ("open", "started", "failed"))
    return (one["name"], how, *numbers, _rate(counted), one["playbookId"])


def _rate(counted: dict[str, Any]) -> str:
    return "–" if counted["successRate"] is None else f"{counted['successRate']:.0%}"


def _run_cells(one: dict[str, Any]) -> tuple[str, ...]:
    steps = f"{one['done']}/{one['total']}"
    return (
        one["customerName"],
        one["playbookName"],
        steps,
        one["status"].lower(),
        _stands(one),
        one["executionId"],
    )


def _stands(one: dict[str, Any]) -> str:
    if one["endedAt"] is not None:
        return str(one["endedHow"])
    until = f" ({one['nextAt']})" if one["nextAt"] else ""
    return f"{one['stepWords']}{until}"


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="playbook")
