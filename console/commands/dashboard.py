"""`holdfast dashboard …`: how the business stands, and churn and revenue by month or week."""

from typing import Annotated, Literal

import typer

from console import twin
from console.output import show

group = typer.Typer(help="How the business stands.", no_args_is_help=True)


@group.command()
def metrics(url: twin.Url = "", json: twin.Json = False) -> None:
    """Every number, with what it means."""
    from console.analytics import telling

    data = twin.told(twin.signed_in(url, lambda api: api.analytics.dashboard()))
    rows = [
        (one["label"], telling.value(one["value"], one["unit"], data["currency"]), one["definition"])
        for one in data["metrics"]
    ]
    show(twin.table(rows), data, as_json=json)


@group.command()
def chart(
    by: Annotated[Literal["month", "week"], typer.Option(help="How long each span is.")] = "month",
    count: Annotated[int, typer.Option(min=1, max=60, help="How many, the one that goes on included.")] = 12,
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Churn and revenue, span by span."""
    from console.analytics import business

    data = twin.told(twin.signed_in(url, lambda api: api.analytics.chart(by=by, count=count)))
    show(twin.table(business.rows(data)), data, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="dashboard")
