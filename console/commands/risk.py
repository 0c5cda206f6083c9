"""`holdfast risk …`: how well it can be told from the past who leaves."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console import twin
from console.output import fail, show

if TYPE_CHECKING:
    from backend.client import Client

Customer = Annotated[str, typer.Argument(help="Our id or the external one.")]
Target = Annotated[str, typer.Argument(help="voluntary or involuntary.")]
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


@group.command()
def predict(customer: Customer, url: twin.Url = "", json: twin.Json = False) -> None:
    """How likely a customer is to leave within a month, and why."""
    told = _told(url, lambda api: api.churn.predict(customer))
    show("\n".join([_heading(told), *_causes(told["topCauses"])]), told, as_json=json)


@group.command()
def explain(customer: Customer, url: twin.Url = "", json: twin.Json = False) -> None:
    """Everything that speaks for leaving, and what speaks against it."""
    told = _told(url, lambda api: api.churn.explain(customer))
    lines = [_heading(told), "For leaving:", *(_causes(told["causes"]) or ["  nothing"])]
    show("\n".join([*lines, "Against it:", *(_causes(told["protections"]) or ["  nothing"])]), told, as_json=json)


@group.command()
def causes(url: twin.Url = "", json: twin.Json = False) -> None:
    """The causes among all customers at risk."""
    told = _told(url, lambda api: api.churn.causes())
    rows = [(str(one["count"]), f"{one['percent']}%", one["impact"], one["cause"]) for one in told["items"]]
    heading = f"{told['atRisk']:,} of {told['predicted']:,} customers are at risk."
    table = [twin.table([("customers", "share", "impact", "cause"), *rows])] if rows else []
    show("\n".join([heading, *table]), told, as_json=json)


@group.command()
def models(url: twin.Url = "", json: twin.Json = False) -> None:
    """The models that were learned, the latest first, each with its card."""
    told = _told(url, lambda api: api.churn.models())
    cards = [f"{'* ' if one['isActive'] else '  '}{one['card']}" for one in told["items"]]
    show("\n\n".join(cards) or "Nothing was learned yet.", told, as_json=json)


@group.command()
def train(url: twin.Url = "", json: twin.Json = False) -> None:
    """Learn anew now; the better of old and new predicts afterwards."""
    twin.signed_in(url, lambda api: api.churn.train())
    show("It is learning; `holdfast risk models` tells what came of it.", {"asked": True}, as_json=json)


@group.command()
def rollback(
    target: Target,
    to: Annotated[int, typer.Option(min=1, help="The version that is to predict again.")],
    reason: Annotated[str, typer.Option(help="Why.")],
    url: twin.Url = "",
    json: twin.Json = False,
) -> None:
    """Let an earlier version predict again."""
    from pydantic import ValidationError

    from backend.risk.schemas import ModelPut

    if target not in ("voluntary", "involuntary"):
        fail("the target is voluntary or involuntary")
    try:
        ModelPut(version=0, to=to, reason=reason)
    except ValidationError as error:
        fail(f"reason: {error.errors()[0]['msg']}")

    async def put_back(api: "Client") -> Any:
        listed = (await api.churn.models()).items
        now = next((one.number for one in listed if one.target == target and one.is_active), 0)
        body = ModelPut(version=now, to=to, reason=reason)
        return await api.churn.put_back(target, body)  # type: ignore[arg-type]

    told = twin.told(twin.signed_in(url, put_back))
    show(f"Version {told['number']} predicts again.", told, as_json=json)


def _told(url: str, work: Callable[["Client"], Awaitable[Any]]) -> dict[str, Any]:
    told: dict[str, Any] = twin.told(twin.signed_in(url, work))
    return told


def _heading(told: dict[str, Any]) -> str:
    if told["model"]["kind"] == "rules":
        share = f"{told['churnProbability'] * 100:.0f} of 100"
        return f"{told['userId']}: {share}, {told['riskLevel']} risk. By {told['model']['label']}."
    chance = f"{told['churnProbability']:.0%} ({told['low']:.0%} to {told['high']:.0%})"
    return f"{told['userId']}: {chance} to leave within a month, {told['riskLevel']} risk. By {told['model']['label']}."


def _causes(found: list[dict[str, Any]]) -> list[str]:
    return [f"  {one['impact'] * 100:+.1f} points  {one['cause']}" for one in found]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="risk")
