"""`holdfast analytics …`: the numbers, what they mean, and what is behind them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from datetime import date

    from backend.client import Client

From = Annotated[str, typer.Option("--from", help="The first day, such as 2026-03-01.")]
To = Annotated[str, typer.Option(help="The last day, included.")]
Zone = Annotated[str, typer.Option(help="Whose days, such as Asia/Kolkata; the business's when left out.")]
Metric = Annotated[str, typer.Argument(help="The metric's name, as `kpis` lists it.")]
By = Literal["hour", "day", "week"]

group = typer.Typer(help="The numbers: seven days up to today, unless told otherwise.", no_args_is_help=True)


@group.command()
def kpis(start: From = "", to: To = "", zone: Zone = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """Every metric, beside as many days before."""
    from console.analytics import telling

    first, last = _day(start), _day(to)
    data = twin.told(twin.signed_in(url, lambda api: api.analytics.kpis(first, last, zone=zone or None)))
    rows = [("name", "value", "change", "what it is")]
    rows += [
        (
            kpi["name"],
            telling.value(kpi["value"], kpi["unit"], data["currency"]),
            telling.change(kpi, data["currency"])[0],
            kpi["definition"],
        )
        for kpi in data["kpis"]
    ]
    show(f"{_span(data)}\n{twin.table(rows)}", data, as_json=json)


@group.command()
def trend(
    metric: Metric,
    by: Annotated[By, typer.Option(help="How long each point is.")] = "day",
    start: From = "",
    to: To = "",
    zone: Zone = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """One metric, point by point."""
    from console.analytics import telling

    first, last = _day(start), _day(to)
    asked = lambda api: api.analytics.trend(metric, first, last, by=by, zone=zone or None)  # noqa: E731
    data = twin.told(twin.signed_in(url, asked))
    show(f"{data['label']}, {_span(data)}\n{data['definition']}\n{_lines(telling.points(data))}", data, as_json=json)


@group.command()
def rows(
    metric: Metric,
    dimension: Annotated[str, typer.Option(help="Only one issue category, or whatever it is told apart by.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many.")] = 50,
    cursor: Annotated[str, typer.Option(help="Where the page before ended.")] = "",
    start: From = "",
    to: To = "",
    zone: Zone = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """What is behind a number, newest first."""
    first, last = _day(start), _day(to)
    query: dict[str, Any] = {
        "dimension": dimension or None,
        "limit": limit,
        "cursor": cursor or None,
        "zone": zone or None,
    }
    data = twin.told(twin.signed_in(url, lambda api: api.analytics.rows(metric, first, last, **query)))
    cells = [("counted", "at", "what", "ref", "customer", "category")]
    cells += [
        (
            "yes" if row["isCounted"] else "no",
            row["at"],
            row["kind"],
            row["ref"] or "",
            row["userId"] or "",
            row["category"] or "",
        )
        for row in data["items"]
    ]
    more = f"\nmore: --cursor {data['nextCursor']}" if data["nextCursor"] else ""
    show(f"{data['count']:,} rows, {_span(data)}\n{twin.table(cells)}{more}", data, as_json=json)


@group.command()
def report(start: From = "", to: To = "", zone: Zone = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """The friction report: what customers struggled with, what repeats, what to mend."""
    from console.analytics import telling

    first, last = _day(start), _day(to)

    async def both(api: "Client") -> Any:
        made = await api.analytics.friction_report(first, last, zone=zone or None)
        return twin.told(made) | {"kept": twin.told(await api.analytics.friction_reports())["items"]}

    data = twin.signed_in(url, both)
    show(f"{_span(data)}\n{_lines(telling.friction(data, data['kept']))}", data, as_json=json)


@group.command()
def cost(start: From = "", to: To = "", zone: Zone = "", url: twin.Url = "", json: twin.Json = False) -> None:
    """What service cost, by channel and for each order."""
    from console.analytics import telling

    first, last = _day(start), _day(to)
    data = twin.told(twin.signed_in(url, lambda api: api.analytics.cost(first, last, zone=zone or None)))
    show(f"{_span(data)}\n{_lines(telling.cost(data))}", data, as_json=json)


@group.command()
def export(
    what: Annotated[Literal["kpis", "trend", "rows", "friction", "cost"], typer.Argument(help="What of it.")],
    file: Annotated[Path, typer.Option("--file", "-f", help="Where to; never over a file that is there.")] = Path(),
    format: Annotated[Literal["csv", "parquet"], typer.Option(help="Of the file.")] = "csv",
    metric: Annotated[str, typer.Option(help="Of a trend, or of rows.")] = "",
    by: Annotated[By, typer.Option(help="How long each point of a trend is.")] = "day",
    start: From = "",
    to: To = "",
    zone: Zone = "",
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Write numbers to a file, and say where."""
    first, last = _day(start), _day(to)

    async def asked(api: "Client") -> tuple[str, bytes]:
        options: dict[str, Any] = {"format": format, "metric": metric or None, "by": by, "zone": zone or None}
        return await api.analytics.export(what, first, last, **options)

    name, content = twin.signed_in(url, asked)
    path = file / name if file.is_dir() else file
    try:
        with path.open("xb") as target:
            target.write(content)
    except OSError as error:
        fail(f"could not write {path}: {error.strerror or error}")
    show(f"Written to {path}.", {"file": str(path), "bytes": len(content)}, as_json=json)


def _day(text: str) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"{text!r} is no day; write it as 2026-03-01")


def _span(data: dict[str, Any]) -> str:
    return f"{data['from']} to {data['to']} ({data['zone']})"


def _lines(cells: list[Any]) -> str:
    """Lines of spans without their colours."""
    from widgets.plain import plain

    return "\n".join(plain(cell if isinstance(cell, str) else "".join(text for text, _ in cell)) for cell in cells)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="analytics")
