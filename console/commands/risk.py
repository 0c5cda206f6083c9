"""`holdfast risk …`: how well it can be told from the past who leaves."""

from pathlib import Path
from typing import Annotated

import typer

from console import twin
from console.output import fail, show

group = typer.Typer(help="Who leaves, and why.", no_args_is_help=True)


@group.command()
def backtest(
    csv: Annotated[Path, typer.Option(help="The table: a CSV file with a heading, or one packed as .gz.")],
    target: Annotated[str, typer.Option(help="The column that says yes or no.")],
    time: Annotated[str, typer.Option(help="A column to tell earlier rows from later ones by.")] = "",
    customer: Annotated[str, typer.Option(help="The column that says which rows are of one customer.")] = "",
    json: twin.Json = False,
) -> None:
    """Learn from any table and tell how good it would have been on rows it did not see. Needs no server."""
    from backend.risk.learning.choosing import learn
    from backend.risk.learning.reading import Unreadable, read_csv
    from backend.risk.learning.words import report_in_words

    try:
        table = read_csv(csv, target, time=time or None, group=customer or None)
    except (Unreadable, OSError) as error:
        fail(str(error))
    report = learn(table).report
    show(report_in_words(report), report, as_json=json)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="risk")
